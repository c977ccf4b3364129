"""Kinds of tasks beside writing a function: right in any style, wrong by name."""

from dataclasses import dataclass

import numpy as np
import pytest

from checks import invariants, session
from checks.kinds import ChooseQ, FindBug, Foretell, Number, OpenTask, Order, Paper, ReadRun
from checks.latent_dirichlet_allocation import wrong_urn
from checks.marking import mark
from checks.tasks import Hints

HINTS = Hints("a nudge?", "$a = b$", "return ...")


def entropy(q):
    held = q[q > 0]
    return -np.sum(held * np.log(held))


HASTY = """\
def hasty_entropy(q):
    total = 0.0
    for value in q[:-1]:
        total -= value * np.log(value)
    return total"""


ORDER = Order(
    "jensen",
    lines={"A": "$a$", "B": "$b$", "C": "$c$", "D": "$d$", "X": "$x$"},
    right=("BDAC", "BADC"),
    reasons={"C": "C needs both A and D.", "X": "X turns the sign.", "AB": "A is B's consequence."},
    hints=HINTS,
    why="So it goes.",
)
BUG = FindBug(
    "loop",
    code=HASTY,
    right=entropy,
    line=3,
    example=(np.array([0.25, 0.75]),),
    reasons={2: "An empty sum is zero."},
    refuse=lambda q: "" if np.isclose(q.sum(), 1) else f"it sums to {q.sum():.3g}",
    hints=HINTS,
    why="The last value counts, too.",
)
CHOICE = ChooseQ(
    "ridge",
    choices={"diagonal": "It has no correlation.", "full": "It follows the ridge."},
    good="full",
    foretell={
        "variance": Foretell("You foretold {told}, it is {than}."),
        "coupling": Foretell("Not {told}.", choices=("kept", "lost")),
    },
    measure=lambda q: {
        "variance": 2.0 if q == "full" else 0.5,
        "coupling": "kept" if q == "full" else "lost",
    },
    hints=HINTS,
)
RUN = ReadRun(
    "falling",
    "Which cause?",
    {"old q": "Then every second step would fall.", "digamma": "It falls at the first step."},
    "digamma",
    trace=lambda: [1.0, 0.5, 0.7],
)
NUMBER = Number(
    "gap",
    "How large is the gap, in nats?",
    right=lambda: 2 * np.log(2),
    ranges=((2.0, 2.0, "That is in bits."), (-np.inf, 0, "A gap is no less than zero.")),
)
OPEN = OpenTask(
    "own",
    needs={"elbos": "the bound after every sweep", "q": "your q", "log_evidence": "log p(x)"},
    invariants=(
        invariants.rising(),
        invariants.below("elbos", "log_evidence"),
        invariants.normalised("q"),
        invariants.at_least("elbos", 2, "sweeps"),
    ),
    example=lambda: {"elbos": [-3, -2.5], "q": [[0.5, 0.5]], "log_evidence": -2},
)
PAPER = Paper("derive", rubric=((1, "Jensen"), (2, "the gap")), worked="$a = b$")
TASKS = (ORDER, BUG, CHOICE, RUN, NUMBER, OPEN)
Q = np.array([0.5, 0.2, 0.3])

RIGHT = {
    ORDER: ["BDAC", "b a d c", ["B", "D", "A", "C"], "B, D, A, C.", "B->D->A->C", tuple("BADC"),
            "1. B\n2. D\n3. A\n4. C", "line B = D = A = C", {1: "B", 2: "D", 3: "A", 4: "C"}],
    BUG: [(3, Q), [3, [0.5, 0.5]], ("3", Q), (3.0, (Q,)), ("for value in q[:-1]:", Q),
          {"line": 3, "input": Q}, (np.int64(3), Q), ("line 3", Q), (3, 0.3, 0.7)],
    CHOICE: [{"q": "full", "variance": 2.1, "coupling": "Kept"},
             {"q": "a full one", "variance": "2.0", "coupling": "kept"},
             {"Q": "FULL", "Variance": np.array(2.0), "coupling": "kept."}],
    RUN: ["digamma", "Digamma.", " DIGAMMA ", "digam", "the digammas", "it is a digamma"],
    NUMBER: [1.39, 1.4, "1.386", "693/500", "1,39", "1.39 nats",
             np.float32(1.386), np.array([1.3863]), 1.3863 + 0j],
    OPEN: [{"elbos": np.array([-3.0, -2.0]), "q": np.array([[1.0, 0.0]]), "log_evidence": -1.5}],
}  # fmt: skip
WRONG = {
    ORDER: {
        "DBAC": "goes wrong with the first line. Line D",
        "BXAC": "Line X, your number 2, does not belong here",
        "BCDA": "The first is right. Line C cannot stand at place 2. C needs both",
        "ABDC": "A is B's consequence",
        "BDX": "X turns the sign",
        "BD": "2 more must follow",
        "BDACX": "and then X too many. X turns",
        "BDAQ": "no line Q",
        "BBAC": "Line B stands there twice",
        "": "Expected are the letters",
        3: "Your answer is 3. Expected are the letters",
    },
    BUG: {
        (2, (0.5, 0.5)): "does what it should. An empty sum is zero. Your input shows",
        (3, (0.3, 0.7, 1.0)): "sums to 2",
        (3, (0.4, 0.6, 0.0)): "That is the line. But your input does not show it",
        (9, (0.5, 0.5)): "There is no line 9",
        ("total", (0.5, 0.5)): "not one line",
        3: "Expected are two things",
        (3, "half"): "Even the right code cannot do anything with your input",
    },
    CHOICE: {
        (("q", "diagonal"), ("variance", 0.5), ("coupling", "lost")): "correlation. Foretold as",
        (("q", "full"), ("variance", 1.0), ("coupling", "kept")): "You foretold 1, it is more",
        (("q", "full"), ("variance", 2.0), ("coupling", "lost")): "Not lost.",
        (("q", "full"), ("coupling", "lost")): 'Nothing is said about "variance"',
        (("q", "tree"), ("variance", 2.0), ("coupling", "kept")): "choose one of",
        (("q", "full"), ("variance", "big"), ("coupling", "kept")): "expected is a number",
        (("q", "full"), ("variance", 2), ("coupling", 3)): "expected is one of 'kept', 'lost'",
        (("q", "full"), ("variance", 2), ("coupling", "kept"), ("more", 1)): '"more", which is not',
        "full": "Expected is a dictionary",
    },
    RUN: {"old q": "every second step", "not digamma": "Answer with one of",
          "no idea": "Answer with one of", 3: "Answer with one of"},
    NUMBER: {2: "in bits", "0.693": "half the right", 0.7213: "one over it",
             -3: "no less than zero", 1.2: "too small. How large", 7: "too large",
             "two": "expected is one number", float("nan"): "nan", (1, 2): "one number"},
    OPEN: {
        (("elbos", (-3, -4)), ("q", (0.5, 0.5)), ("log_evidence", -2)): "falls from -3 to -4",
        (("elbos", (-3, -1)), ("q", (0.5, 0.5)), ("log_evidence", -2)): "above",
        (("elbos", (-3, -2)), ("q", (0.5, 0.6)), ("log_evidence", -2)): "sums to 1.1",
        (("elbos", (-3, -2)), ("q", (0.5, 0.5))): 'lacks "log_evidence" (log p(x))',
        (("elbos", (-3, -2)), ("q", (0.5, 0.5)), ("log_evidence", (-1, -1, -1))): "not fit",
        (("elbos", "none"), ("q", (0.5, 0.5)), ("log_evidence", -2)): "expected are numbers",
        (("elbos", (float("nan"), 1)), ("q", (0.5, 0.5)), ("log_evidence", -2)): "nan",
        (("elbos", ()), ("q", (0.5, 0.5)), ("log_evidence", -2)): '"elbos" is empty',
        3: "Expected is a dictionary",
    },
}  # fmt: skip


def as_answer(key):
    return dict(key) if isinstance(key, tuple) and key and isinstance(key[0], tuple) else key


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_right_answers_of_any_style(task):
    for answer in [*RIGHT[task], task.reference]:
        for given in (answer, lambda answer=answer: answer() if callable(answer) else answer):
            verdict = mark(task, given)
            assert verdict.ok and verdict.points == task.points, (answer, verdict.message)


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_wrong_answers_by_name(task):
    for key, words in WRONG[task].items():
        verdict = mark(task, as_answer(key))
        assert words in verdict.message, (key, verdict.message)
        assert "check itself failed" not in verdict.message, (key, verdict.message)
        assert not verdict.ok or not words


def unwritten():
    raise NotImplementedError


def raising():
    raise KeyError("q")


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_odd_answers_get_a_friendly_line(task):
    for untouched in (unwritten, ..., lambda: ...):
        assert mark(task, untouched).status == "not yet"
    for odd in (raising, lambda: print(), None, object(), 1j, np.ones((2, 3)), {}, [], "x", int):
        verdict = mark(task, odd)
        assert verdict.status == "not right" and len(verdict.message) > 15
        assert "check itself failed" not in verdict.message, verdict.message


def test_the_line_and_the_arguments_may_stand_in_a_row():
    alpha, z = [0.5, 1.5], [0, 1, 0]
    assert mark(wrong_urn, (5, (alpha, z))).ok and mark(wrong_urn, (5, alpha, z)).ok
    assert "positive" in mark(wrong_urn, (5, [-0.5, 1.5], z)).message


def test_a_range_of_one_value_is_met_by_its_rounding():
    third = Number("third", "?", right=0.5, ranges=((1 / 3, 1 / 3, "One of three."),))
    assert all("One of three" in mark(third, x).message for x in (0.33, 0.333, "1/3"))
    assert "One of three" not in mark(third, 0.3).message
    whole = Number("whole", "?", right=495, rtol=0.0)
    assert not mark(whole, 500).ok and "bits" not in mark(third, 0.5 / np.log(2)).message


def test_what_was_measured_is_told_to_whoever_foretold_it():
    wrong = {"q": "full", "variance": 1.0, "coupling": "kept"}
    assert "2" not in mark(CHOICE, wrong).message
    assert "variance 2" in mark(CHOICE, CHOICE.reference).message


def test_an_object_with_fields_is_an_answer():
    @dataclass
    class Mine:
        q: str
        variance: float
        coupling: str

    assert mark(CHOICE, Mine("full", 2.0, "kept")).ok


def test_the_solution_is_shown_after_an_attempt_and_not_before(capsys, monkeypatch):
    task = Number("late", "?", right=3.0, answer="It is **three**.", why="As always.")
    task.solution()
    assert "after an attempt" in capsys.readouterr().out
    task(4.0)
    task.solution()
    assert "It is **three**." in capsys.readouterr().out
    monkeypatch.setenv(session.SWITCH, "off")
    task.solution()
    assert "later" in capsys.readouterr().out
    monkeypatch.delenv(session.SWITCH)
    nowhere = Number("nowhere", "?", right=3.0)
    nowhere(3.0)
    nowhere.solution()
    assert "not handed out" in capsys.readouterr().out


def test_a_task_on_paper_shows_its_rubric(capsys):
    assert PAPER.points == 3 and "pen and paper" in PAPER().message
    PAPER.solution()
    assert "| 2 | the gap |" in capsys.readouterr().out


def test_tasks_show_what_they_are_about(capsys):
    ORDER.show(), BUG.show(), RUN.show(), NUMBER.show()
    shown = capsys.readouterr().out
    assert "- **A**: $a$" in shown and " 3      for value in q[:-1]:" in shown
    assert "0.7" in shown and "text above" in shown


def test_tasks_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="right"):
        Order("x", {"A": "a"}, ("AB",))
    with pytest.raises(ValueError, match="line"):
        FindBug("x", HASTY, entropy, 17, (Q,))
    with pytest.raises(ValueError, match="good"):
        ChooseQ("x", {"a": ""}, ("b",), {}, dict)
    with pytest.raises(ValueError, match="difficulty"):
        Number("x", "?", 1.0, difficulty="easy")


def test_the_best_of_many_starts_is_the_best():
    best = invariants.best_of()
    assert best({"ends": [-3, -2, -4], "elbos": [-5, -2]}) == ""
    assert "best of" in best({"ends": [-3, -2, -4], "elbos": [-5, -3]})
    assert "one place" in best({"ends": [-2, -2, -2], "elbos": [-5, -2]})
