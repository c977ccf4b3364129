"""The machinery of the checks: running anything, and naming any mistake."""

import importlib
import itertools
import os
import re
import sys
import threading
import time

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma, gammaln, logsumexp

from checks import catalogue, jensen, running
from checks import generative_models as check
from checks import latent_dirichlet_allocation as lda_check
from checks.judging import verdict_on
from checks.kinds import Number
from checks.marking import mark
from checks.outcomes import ENDED, ENDLESS, NO_MEMORY, RAISED, UNWRITTEN, VALUE
from checks.plain import Odd, agree, describe, fingerprint, like, plain
from checks.reading import used_by
from checks.running import observe
from checks.slips import RULES as RULES_FILE
from checks.slips import slips
from checks.tasks import Hints, Mistake, Prediction, Task, case
from checks.verdicts import Verdict

HINTS = Hints("a nudge?", "$a = b$", "return ...")


def kl(q, p):
    held = q > 0
    return np.sum(q[held] * np.log(q[held] / p[held]))


def pairs(rng):
    for n in (2, 3, 4, 5):
        yield case(rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n)))
    yield case(np.array([0.25, 0.75, 0.0]), rng.dirichlet(np.ones(3)), label="a q with a zero")


def entropy(q):
    return -np.sum(q[q > 0] * np.log(q[q > 0]))


TASK = Task(
    "kl",
    reference=kl,
    cases=pairs,
    hints=HINTS,
    seconds=1.5,
    mistakes=[
        Mistake("KL has a direction: you computed KL(p || q).", lambda q, p: kl(p, q)),
        Mistake("The entropy of q is missing.", lambda q, p: -np.sum(q * np.log(p))),
    ],
    invariants=[lambda got, q, p: f"your KL is {got:.3f}, below zero" if got < 0 else ""],
)
VECTOR = Task(
    "posterior",
    reference=lambda table, x: table[:, x] / table[:, x].sum(),
    cases=lambda rng: [case(rng.random((n, 3)), int(rng.integers(3))) for n in (2, 3, 4, 5)],
    hints=HINTS,
)


def said(task, function):
    verdict = mark(task, function, np.random.default_rng(3))
    assert not verdict.ok and "check itself failed" not in verdict.message
    return verdict.message


# ---------------------------------------------------------------- the verdict


def test_a_verdict_is_its_points_and_its_words(capsys):
    verdict = TASK(kl)
    assert capsys.readouterr().out.startswith("✓ kl: correct.")
    assert verdict.ok and bool(verdict) and float(verdict) == 1 and float(repr(verdict)) == 1
    wrong = TASK(lambda q, p: kl(p, q))
    assert not wrong and repr(wrong) == "0" and "direction" in wrong.message
    assert wrong._repr_html_().count("<details>") == 3 and "direction" in wrong._repr_markdown_()
    assert "<details>" not in verdict._repr_html_()


def test_hints_are_given_one_by_one(capsys):
    for number, text in ((1, "nudge"), (2, "$a = b$"), (3, "return"), (4, "three hints")):
        TASK.hint(number)
        assert text in capsys.readouterr().out
    TASK.hint()
    assert "a nudge" in capsys.readouterr().out


def test_points_may_be_fractions():
    assert repr(Verdict(True, "", worth=2.5)) == "2.5" and repr(Verdict(False, "")) == "0"


def test_the_table_of_progress_keeps_the_best_verdicts(capsys):
    check.joint_table(lambda prior, likelihood: prior[:, None] * likelihood)
    before = check.progress().points
    check.joint_table(lambda prior, likelihood: likelihood)
    capsys.readouterr()
    assert check.progress().points == before
    assert "joint_table" in repr(check.progress()) and "<table>" in check.progress()._repr_html_()


# ---------------------------------------------------------------- whatever a function does


def endless(*_):
    while True:
        pass


def stubborn(*_):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            pass


def forgiving(*_):
    while True:
        try:
            abs(abs(abs(-1)))
        except BaseException:
            pass


def in_compiled_code(*_):
    return sum(range(10**13))


def deep(*args):
    return deep(*args) + 1


def very_deep(*args):
    sys.setrecursionlimit(10**9)
    return deep(*args)


def hungry(*_):
    kept = []
    while True:
        kept.append(np.ones(10_000_000))


def patches_numpy(q, p):
    np.sum = lambda *_, **__: 0.0
    return 0.0


def floods(q, p):
    for _ in range(20_000):
        print("x" * 100)
    return kl(q, p)


RUNAWAYS = {
    endless: "loop",
    stubborn: "loop",
    in_compiled_code: "loop",
    deep: "RecursionError",
    very_deep: "",
    hungry: "",
    (lambda *_: sys.exit()): "ended the program",
    (lambda *_: os._exit(3)): "ended the program",
    (lambda *_: os.kill(os.getpid(), 11)): "ended the program",
    (lambda *_: input()): "input()",
    (lambda *_: 10**400): "too large",
    (lambda *_: np.empty((10**5, 10**4))): "too large",
    (lambda *_: [0.0] * 3_000_000): "3000000 items",
    (lambda *_: {"kl": object()}): "",
    patches_numpy: "",
    (lambda q: 0.0): "must take 2 arguments: (q, p)",
    (lambda q, p: unknown): "NameError",  # noqa: F821
    (lambda q, p: q @ np.ones((7, 2))): "do not fit together",
    (lambda q, p: 1 / 0): "ZeroDivisionError",
    (lambda q, p: q[17]): "IndexError",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only a child process survives all of these")
@pytest.mark.parametrize("function", RUNAWAYS, ids=range(len(RUNAWAYS)))
def test_a_function_may_do_anything(function):
    start = time.monotonic()
    assert RUNAWAYS[function] in said(TASK, function)
    assert time.monotonic() - start < 8
    assert mark(TASK, kl, np.random.default_rng(0)).ok  # and the next check is as good as ever


@pytest.mark.skipif(sys.platform != "linux", reason="only a child process survives this")
def test_printing_and_plotting_do_not_matter(capsys):
    def draws(q, p):
        plt.plot(q)
        plt.show()
        return kl(q, p)

    assert mark(TASK, floods, np.random.default_rng(0)).ok
    assert mark(TASK, draws, np.random.default_rng(0)).ok
    assert capsys.readouterr().out == ""


def test_a_patched_numpy_is_named(monkeypatch):
    monkeypatch.setattr(np, "log", np.exp)
    assert "numpy.log is no longer NumPy's own" in said(TASK, kl)


def test_the_line_that_raised_is_quoted():
    def mine(q, p):
        z = 1
        return q[99] * z

    message = said(TASK, mine)
    assert "line 3 of your function, `return q[99] * z`" in message


def test_a_mistake_for_one_kind_of_input_is_placed():
    def no_zeros(q, p):
        return np.sum(q * np.log(q / p))

    assert "a q with a zero" in said(TASK, no_zeros)

    def half(q, p):
        return kl(q, p) if (q > 0).all() else 7.0

    assert "right for ordinary inputs, but not for a q with a zero" in said(TASK, half)


def test_from_another_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(said(TASK, endless)))
    thread.start()
    thread.join()
    assert "loop" in found[0]


@pytest.mark.parametrize(
    ("function", "kind"),
    [(kl, VALUE), (endless, ENDLESS), (deep, RAISED), (lambda *_: sys.exit(), ENDED)],
)
def test_without_a_child_process(monkeypatch, function, kind):
    monkeypatch.setattr(running.sys, "platform", "win32")
    q = np.array([0.25, 0.75])
    found = observe(lambda f, *x: f(*x), function, [(q, q)], seconds=0.5)
    assert found[-1].kind == kind
    time.sleep(0.1)  # no late exception may arrive from the watchdog


def test_without_processes_and_threads(monkeypatch):
    def none(*_, **__):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(running.sys, "platform", "emscripten")
    monkeypatch.setattr(threading.Thread, "start", none)
    monkeypatch.setattr(running, "STEPS", 100_000)
    q = np.array([0.25, 0.75])
    ends = [(kl, VALUE), (endless, ENDLESS), (deep, RAISED)]
    ends += [(forgiving, ENDLESS)] if hasattr(sys, "monitoring") else []  # since Python 3.12
    for function, kind in ends:
        assert observe(lambda f, *x: f(*x), function, [(q, q)])[-1].kind == kind
    assert mark(TASK, kl).ok and "direction" in said(TASK, lambda q, p: kl(p, q))


def test_kinds_of_outcomes():
    def not_written(q):
        raise NotImplementedError

    def no_memory(q):
        raise MemoryError

    q = np.ones(2)
    for function, kind in ((not_written, UNWRITTEN), (no_memory, NO_MEMORY)):
        assert observe(lambda f, *x: f(*x), function, [(q,)])[0].kind == kind


def test_not_a_function():
    assert mark(TASK, ..., np.random.default_rng(0)).status == "not yet"
    for value in (0.3, None, "kl", np.ones(2)):
        assert "without brackets" in said(TASK, value)
    assert "`int` is a class" in said(TASK, int)


def test_an_empty_body_is_not_yet():
    def dots(q, p):
        """Words."""
        ...

    assert mark(TASK, dots, np.random.default_rng(0)).status == "not yet"
    assert mark(TASK, lambda q, p: ..., np.random.default_rng(0)).status == "not yet"
    assert "None" in said(TASK, lambda q, p: print(q))


def test_printing_instead_of_returning_is_named():
    assert "prints its result" in said(TASK, lambda q, p: print(kl(q, p)))


def test_a_missing_return_is_told_with_its_input():
    words = said(TASK, lambda q, p: kl(q, p) if len(q) < 3 else None)
    assert "returns nothing (None) for q = [" in words and "on every path" in words


def test_in_place_changes_are_named():
    def spoils(q, p):
        result = kl(q, p)
        q += 1
        return result

    assert "changes its argument `q` in place" in said(TASK, spoils)


def test_lists_and_numbers_of_any_type_are_taken():
    as_list = lambda t, x: [float(v) for v in t[:, x] / t[:, x].sum()]  # noqa: E731
    assert mark(VECTOR, as_list, np.random.default_rng(0)).ok
    for kind in (np.float64, np.longdouble, float, np.asarray):
        assert mark(TASK, lambda q, p, kind=kind: kind(kl(q, p)), np.random.default_rng(0)).ok


# ---------------------------------------------------------------- naming the mistake

GENERIC = {
    "sign": lambda q, p: -kl(q, p),
    "bits": lambda q, p: kl(q, p) / np.log(2),
    "base 10": lambda q, p: kl(q, p) / np.log(10),
    "logarithm of": lambda q, p: np.log(kl(q, p)),
    "an exp too many": lambda q, p: np.exp(kl(q, p)),
    "Half": lambda q, p: kl(q, p) / 2,
    "Twice": lambda q, p: 2 * kl(q, p),
    "3.7 times": lambda q, p: 3.7 * kl(q, p),
    "square of": lambda q, p: kl(q, p) ** 2,
    "factor of N": lambda q, p: kl(q, p) / len(q),
    "single terms": lambda q, p: np.where(q > 0, q * np.log(np.where(q > 0, q, 1) / p), 0),
    "instead of a single number": lambda q, p: [kl(q, p)],
    "whatever its inputs are": lambda q, p: 0.3137,
    "never uses its argument `p`": lambda q, p: entropy(q),
    "rounded to 3": lambda q, p: np.round(kl(q, p), 3),
    "Almost": lambda q, p: kl(q, p) * (1 + 1e-4 * np.sin(99 * q[0])),
    "direction": lambda q, p: kl(p, q),
    "Two things at once. First: KL has a direction": lambda q, p: -kl(p, q),
    "Two things at once. First: The entropy": lambda q, p: -np.sum(q * np.log(p)) / np.log(2),
    "below zero": lambda q, p: -kl(q, p) - q[0],
}


@pytest.mark.parametrize("words", GENERIC)
def test_mistakes_of_any_task(words):
    assert words in said(TASK, GENERIC[words])


VECTORS = {
    "first entry is missing": lambda t, x: (t[:, x] / t[:, x].sum())[1:],
    "reverse order": lambda t, x: (t[:, x] / t[:, x].sum())[::-1],
    "up to a factor": lambda t, x: t[:, x],
    "argmax": lambda t, x: np.argmax(t[:, x]),
    "added everything up": lambda t, x: 1.0,
    "running sum": lambda t, x: np.cumsum(t[:, x]) / t[:, x].sum(),
    "numbers are right, but come as an array of shape (2, 1)": lambda t, x: (
        t[:, [x]] / t[:, x].sum()
    ),
    "returned 2 results; expected is an array": lambda t, x: (t[:, x] / t[:, x].sum(), t),
    "sum to 2": lambda t, x: t[:, x] / t[:, x].sum() + np.linspace(0.5, 1.5, len(t)) / len(t),
    "none can be negative": lambda t, x: np.sin(9 * t[:, x]) - 1.1,
    "returned the argument `x`": lambda t, x: x,
    "everything on the most probable entry": lambda t, x: np.eye(len(t))[t[:, x].argmax()],
}


@pytest.mark.parametrize("words", VECTORS)
def test_mistakes_of_any_array(words):
    assert words in said(VECTOR, VECTORS[words])


def two_terms(a, b, c):
    return np.sum(a * np.log(b), axis=0) - np.exp(c) / (2 * b.sum())


SLIPS = {
    "plus stands where a minus": lambda a, b, c: np.sum(a * np.log(b)) + np.exp(c) / (2 * b.sum()),
    "`mean` stands where `sum`": lambda a, b, c: np.mean(a * np.log(b)) - np.exp(c) / 2 / b.sum(),
    "`log2` stands where `log`": lambda a, b, c: np.sum(a * np.log2(b)) - np.exp(c) / 2 / b.sum(),
    "`a` stands in one place": lambda a, b, c: np.sum(a * np.log(b)) - np.exp(c) / 2 / a.sum(),
    "a `log` is missing": lambda a, b, c: np.sum(a * b) - np.exp(c) / 2 / b.sum(),
    "a factor is missing": lambda a, b, c: np.sum(a * np.log(b)) - np.exp(c) / b.sum(),
    "a factor is missing, the number 2": lambda a, b, c: (
        np.sum(a * np.log(b)) - np.exp(c) / b.sum()
    ),
    "a term is missing, the one with `exp` of `b` and `c`": lambda a, b, c: (
        np.sum(a * np.log(b)) + 0 * c
    ),
    "are added that should": lambda a, b, c: np.sum(a + np.log(b)) - np.exp(c) / 2 / b.sum(),
}


@pytest.mark.parametrize("words", SLIPS)
def test_slips_of_the_pen(words):
    task = Task(
        "formula",
        reference=two_terms,
        cases=lambda rng: [case(*rng.random((2, n)), rng.normal()) for n in (2, 3, 4, 5)],
        hints=HINTS,
    )
    assert words in said(task, SLIPS[words])


def test_slips_are_not_looked_for_where_a_loop_may_not_end():
    def looping(x):
        while x > 1:
            x = x / 2
        return x + 1

    assert slips(looping) == () and slips(np.sum) == () and len(slips(two_terms)) > 20
    assert any("first entry (or row) is left out of a `sum`" in x for x, _ in slips(two_terms))


RULES = [m for m in catalogue.read(RULES_FILE, {})["any_formula"] if "A[:-1], " not in m.wrong.code]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.wrong.code.partition("->")[0].strip())
def test_every_rule_for_slips_fits_its_own_pattern(rule, tmp_path, monkeypatch):
    pattern = rule.wrong.code.partition("->")[0].replace("^", "+").replace("f(", "diff(")
    formula = " + ".join(pattern.strip("( )").split(", ")) if pattern[0] == "(" else pattern.strip()
    (tmp_path / "formula.py").write_text(
        f"def formula(A, B, C, I, X, Y):\n    return {formula.replace('N', '3')}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = slips(importlib.reload(importlib.import_module("formula")).formula)
    other = re.match(r"\w*", rule.wrong.code.partition("->")[2].strip())[0]
    start = rule.hint.replace("{other}", other).partition("{")[0]
    assert any(words.startswith(start) for words, _ in found)


def test_a_guess_that_explodes_costs_little():
    def estimate(f, n, d):
        return f(np.ones((n, d))).mean()  # with d and n mixed up: 3 GB, and many seconds

    task = Task(
        "estimate",
        reference=estimate,
        cases=lambda rng: [
            case(lambda z, s=s: np.sort(z).sum(1) * s, 20_000, d) for d, s in ((2, 1.5), (3, 0.3))
        ],
        hints=HINTS,
    )
    start = time.monotonic()
    assert "expected is a single number" in said(
        task, lambda f, n, d: np.full((d, 7), n * f(np.eye(d))[0])
    )
    assert time.monotonic() - start < 8


def sines(x, n):
    return sum(np.sin(k) for k in range(n, 2 * n)) + x


def test_a_loop_that_starts_too_late_or_ends_too_early():
    task = Task(
        "looping",
        reference=sines,
        cases=lambda rng: [case(rng.random(), n) for n in (3, 4, 6)],
        hints=HINTS,
    )
    assert "starts one too late" in said(task, lambda x, n: sines(x, n) - np.sin(n))
    assert "ends one too early" in said(task, lambda x, n: sines(x, n) - np.sin(2 * n - 1))


def test_a_known_mistake_is_known_where_special_inputs_fail_besides():
    reversed_and_nan = said(TASK, lambda q, p: np.sum(p * np.log(p / q)) * (1 + 0 / q.min()))
    assert reversed_and_nan.startswith("KL has a direction") and "nan" in reversed_and_nan


def test_the_same_mistake_in_two_of_three_results():
    task = Task(
        "three",
        reference=lambda a, n: (a * n, a + np.sqrt(n), a - n**2),
        cases=lambda rng: [case(rng.random(), n) for n in (3, 5, 9, 17)],
        hints=HINTS,
    )
    assert "numbers 2 and 3 are wrong; the rest is right. It looks as if `n` is too small" in said(
        task, lambda a, n: (a * n, a + np.sqrt(n - 1), a - (n - 1) ** 2)
    )


SUBSTITUTED = {
    "`p` goes in squared": lambda q, p: kl(q, p**2),
    "`q` and `p` are exchanged": lambda q, p: kl(p, q),
    "taken in reverse order": lambda q, p: kl(q, p[::-1]),
    "the first entry of `q` is left out": lambda q, p: kl(q[1:], p[1:]),
    "1 - `p` goes in": lambda q, p: kl(q, 1 - p),
}


@pytest.mark.parametrize("words", SUBSTITUTED)
def test_mistakes_in_the_inputs(words):
    plain_task = Task("kl", reference=kl, cases=lambda rng: list(pairs(rng))[1:4], hints=HINTS)
    assert words in said(plain_task, SUBSTITUTED[words])


def test_the_fall_back_shows_the_smallest_input():
    message = said(TASK, lambda q, p: float(np.sum(np.sin(q) + p**2)))
    assert "For q = [" in message and "but the right result is" in message
    assert message.count(",") < 10  # two entries each, not five


def test_one_of_several_results_is_named():
    task = Task(
        "moments",
        reference=lambda x: (x.mean(), x.var()),
        cases=lambda rng: [case(rng.normal(size=n)) for n in (3, 4, 5)],
        hints=HINTS,
    )
    message = said(task, lambda x: (x.mean(), x.std()))
    assert "number 2 is wrong" in message and "square root" in message
    assert "reverse order" in said(task, lambda x: (x.var(), x.mean()))
    assert mark(task, lambda x: [x.mean(), x.var()], np.random.default_rng(0)).ok
    assert mark(task, lambda x: np.array([x.mean(), x.var()]), np.random.default_rng(0)).ok


def test_a_reference_that_fails_gives_a_line_and_no_traceback():
    broken = Task("broken", reference=lambda x: 1 / 0, cases=lambda rng: [case(1.0)], hints=HINTS)
    verdict = mark(broken, lambda x: x, np.random.default_rng(0))
    assert not verdict.ok and "check itself failed" in verdict.message


def test_tasks_refuse_what_makes_no_sense():
    with pytest.raises(ValueError, match="difficulty"):
        Task("x", reference=kl, cases=pairs, hints=HINTS, difficulty="easy")
    with pytest.raises(ValueError, match="right"):
        Prediction("x", "?", {"a": "why"}, "b", hints=HINTS)


def test_too_few_outcomes_are_not_enough():
    cases = list(pairs(np.random.default_rng(0)))
    verdict = verdict_on(TASK, cases, [])
    assert not verdict.ok


# ---------------------------------------------------------------- plain data


@settings(max_examples=40)
@given(st.recursive(st.none() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_anything_plain_agrees_with_itself(value):
    assert agree(plain(value), plain(value))
    assert isinstance(describe(plain(value)), str)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(1e-3, 1e3))
def test_a_change_beyond_the_tolerance_is_seen(values, change):
    right = np.array(values)
    wrong = right.copy()
    wrong[-1] += change * (1 + np.abs(wrong[-1]) * 1e-2)
    assert agree(right, plain(right.tolist())) and not agree(right, wrong)


def test_infinity_agrees_only_with_itself():
    assert agree(np.array([-np.inf]), plain([-np.inf]))
    assert not agree(np.array([-np.inf]), np.array([-1e300]))
    assert not agree(np.array([1.0]), np.array([np.inf]))


def test_fingerprints_see_changes_deep_inside():
    x = {"a": [np.zeros(2), 1]}
    before = fingerprint(x)
    x["a"][0][1] = 1
    assert fingerprint(x) != before


def test_odd_values_are_described():
    assert plain(x for x in ()) == Odd("a generator (is there a `yield` where `return` was meant?)")
    assert "iterator" in plain(iter([1])).what and "class" in plain(int).what
    assert "complex" in plain(1j).what and "objects" in plain(np.array([{}])).what
    assert like(np.zeros(2), [1, 2]) is not None


def test_random_numbers_are_named_where_nothing_is_drawn():
    def guess(q, p):
        return float(np.random.default_rng(0).random() + q.sum() + p[0])

    assert "draws random numbers" in said(Task("kl", kl, pairs, hints=HINTS), guess)


def normalised(scores):
    return np.exp(scores) / np.exp(scores).sum()


def coins(scores):
    return 1 / (1 + np.exp(-scores))


def scores(rng):
    for n in (3, 4, 5):
        yield case(rng.normal(size=n))


def test_a_decision_is_told_from_a_distribution():
    task = Task("normalised", normalised, scores, hints=HINTS)
    assert "most probable entry" in said(task, lambda s: np.eye(len(s))[s.argmax()])
    task = Task("coins", coins, scores, hints=HINTS)
    assert "You decided" in said(task, lambda s: (s > 0) * 1.0)


def test_a_function_that_is_right_for_one_size_only():
    task = Task(
        "sums",
        reference=lambda table: table.sum(axis=1),
        cases=lambda rng: [case(rng.random((n, k))) for n, k in ((3, 2), (4, 2), (2, 3), (3, 5))],
        hints=HINTS,
    )
    words = "right where `table` has length 2 along axis 1"
    assert words in said(task, lambda t: np.sqrt((t[:, 0] + t[:, 1]) ** 2))
    left_over = "right where `table` has length 2 along axis 1, and wrong for more"
    assert left_over in said(task, lambda t: [a + b for a, b in t])  # raises for three


def prior(alpha):
    return gammaln(alpha.sum()) - gammaln(alpha).sum()


def test_one_function_is_taken_for_another_wherever_it_is_called():
    task = Task(
        "prior", prior, lambda rng: [case(rng.random(n) + 1) for n in (2, 3, 4)], hints=HINTS
    )
    assert "`digamma` stands where `gammaln` belongs" in said(
        task, lambda a: digamma(a.sum()) - digamma(a).sum()
    )


def test_different_mistakes_in_different_results():
    def two(a, b):
        return a @ b, a - b

    task = Task(
        "two",
        reference=two,
        cases=lambda rng: [case(rng.random((n, n)), rng.random((n, n))) for n in (2, 3, 4)],
        mistakes=[
            Mistake("the product is that of the entries", lambda a, b: (a * b, a - b)),
            Mistake("the difference is a sum", lambda a, b: (a @ b, a + b)),
        ],
        hints=HINTS,
    )
    message = said(task, lambda a, b: (a * b, a + b))
    assert "Number 1: the product is that of the entries" in message
    assert "Number 2: the difference is a sum" in message


# ---------------------------------------------------------------- what has no line of its own


def of_logs(log_p):
    """log of the sum of exp, by the largest."""
    top = log_p.max()
    return top + np.log(np.sum(np.exp(log_p - top)))


LOGS = Task(
    "logs",
    of_logs,
    lambda rng: [
        *((rng.normal(size=n),) for n in (2, 3, 5)),
        case(rng.normal(size=4) - 2000, label="logs around -2000"),
    ],
    mistakes=(),
)


def walk(steps, states):
    """log of the product of steps from each state to the next."""
    return np.log(steps[states[:-1], states[1:]]).sum()


WALK = Task(
    "walk",
    walk,
    lambda rng: [(rng.dirichlet(np.ones(3), 3), rng.integers(3, size=n)) for n in (3, 4, 6, 7)],
    mistakes=(),
)


def on_and_off(table, b):
    """A sum over two rows."""
    return (1 - b) * table[0] + b**2 * table[1]


COIN = Task(
    "coin", on_and_off, lambda rng: [(rng.normal(size=(3, 3)), rng.random()) for _ in range(4)]
)
NO_ENTRY = {
    "Right on paper": (LOGS, lambda log_p: np.log(np.exp(log_p).sum())),
    "off by the largest entry": (LOGS, lambda log_p: np.log(np.exp(log_p - log_p.max()).sum())),
    "t - 1 is -1": (WALK, lambda steps, states: np.log(steps[np.roll(states, 1), states]).sum()),
    "entries 0 and 1": (COIN, lambda table, b: b**2 * table[0] + (1 - b) * table[1]),
}


@pytest.mark.parametrize("words", NO_ENTRY)
def test_what_no_entry_is_needed_for(words):
    task, function = NO_ENTRY[words]
    assert words in said(task, function), said(task, function)


def test_a_log_of_a_logarithm_is_named_and_so_are_too_few_results():
    assert "a logarithm already" in said(LOGS, lambda log_p: np.log(log_p - 9.0).sum())
    three = Task("three", lambda a: (a.sum(), a.min(), a.max()), lambda rng: rng.random((4, 1, 3)))
    assert "last entry is missing" in said(three, lambda a: (a.sum(), a.min()))


def test_a_slip_is_named_before_the_nan_of_special_inputs():
    def with_its_sign_turned(log_joint, q):
        return np.sum(q * log_joint) + np.sum(q * np.log(q))

    words = said(jensen.elbo, with_its_sign_turned)
    assert words.startswith("It looks as if a plus stands where a minus belongs")
    assert "for a q with an exact zero there is a nan" in words.lower()


def _log_of_the_sum_of_logs(log_joint, q):
    return np.log(abs(log_joint.sum())) - jensen.elbo.reference(log_joint, q)


def _products_among_logs(alpha, topics, words):
    paths = itertools.product(range(len(alpha)), repeat=len(words))
    log_prior = lda_check.log_prior_of_z.reference
    return logsumexp([log_prior(alpha, np.array(z)) + topics[list(z), words].prod() for z in paths])


def test_logs_that_are_taken_for_what_they_are_the_logs_of():
    assert "added up and a log is taken" in said(jensen.gap, _log_of_the_sum_of_logs)
    assert "a product stands" in said(lda_check.log_evidence, _products_among_logs)


# ---------------------------------------------------------------- sentences that fit the answer


def _sum_of_both(x, y):
    return np.log(np.sum(x * np.exp(y)))


BOTH = Task("both", reference=_sum_of_both, cases=lambda rng: [
    case(rng.uniform(0.2, 2, n), rng.uniform(0.2, 2, n)) for n in (2, 3, 4, 3)
])  # fmt: skip


def _last_left_out_by_a_slice(x, y):
    return np.log(np.sum(x[:-1] * np.exp(y[:-1])))


def _last_left_out_by_a_mask(x, y):
    return np.log(np.sum(x * np.exp(y), where=np.not_equal(y, y.take(-1))))


def test_a_loop_or_a_function_is_blamed_only_where_there_is_one():
    def own(x, y):
        return [y for _ in x] and inner(x)

    def inner(x):
        return np.average(x**2)

    assert "loop" in used_by(own) and "loop" not in used_by(inner)
    assert {"mean", "square"} <= used_by(inner) and used_by(np.sum) is None
    with_a_slice = BOTH(_last_left_out_by_a_slice).message
    assert "does a loop or a slice stop too early" in with_a_slice
    without = BOTH(_last_left_out_by_a_mask).message
    assert "last entry" in without and "loop" not in without
    sum_of_logs = BOTH(lambda x, y: np.sum(np.log(x * np.exp(y)))).message
    assert "`sum(log(...))` stands where `log(sum(...))` belongs" in sum_of_logs
    assert "`prod` stands" in BOTH(lambda x, y: np.log(np.prod(x * np.exp(y)))).message
    assert "an `exp` is missing" in BOTH(lambda x, y: np.log(np.sum(x * y))).message


def test_a_number_is_named_only_if_nothing_else_gives_it():
    two = Number("two", "Which?", right=2.0)
    assert "square" not in two(4.0).message and "twice" not in two(4.0).message
    assert "logarithm" in two(float(np.log(2))).message
