"""Every module of checks, found by itself: its tasks, its known mistakes, its hints, its sheet."""

import copy
import importlib
import pkgutil
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

import checks
from checks import bugs, catalogue, judging, marking, relations, running, searching, sheets
from checks.judging import as_case, call_of, verdict_on
from checks.kinds import Order, Paper
from checks.marking import mark
from checks.outcomes import VALUE, Outcome, one_call
from checks.plain import agree, finite
from checks.running import _in_this_process as here
from checks.searching import Search, Trial, matches, result_of
from checks.slips import slips
from checks.tasks import Prediction, Task, tasks_of

ROOT = Path(__file__).resolve().parent.parent
MODULES = [
    module
    for name in sorted(m.name for m in pkgutil.iter_modules(checks.__path__))
    for module in [importlib.import_module(f"checks.{name}")]
    if hasattr(module, "progress") and tasks_of(module)
]
TASKS = [
    pytest.param(task, id=f"{module.__name__.rpartition('.')[2]}-{task.name}")
    for module in MODULES
    for task in tasks_of(module)
]
WRITTEN = [p for p in TASKS if isinstance(p.values[0], Task)]
OTHERS = [p for p in TASKS if not isinstance(p.values[0], (Task, Paper))]
SHEETS = pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__.rpartition(".")[2])


REAL = {id(next(t for t in tasks_of(m) if isinstance(t, Task))) for m in MODULES}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """test_checks.py proves what a child process is for; a thousand of them would take minutes."""
    for module in (judging, marking, bugs):
        monkeypatch.setattr(module, "observe", lambda call, f, cases, *_: here(call, f, cases))


def cases_of(task, seed):
    return [as_case(x) for x in task.cases(np.random.default_rng(seed))]


def outcomes_of(task, function, cases):
    """As the student's process would give them, without the process."""
    return [Outcome(VALUE, result_of(task, function, c.inputs)) for c in cases]


def said_of(task, function):
    """The verdict as from the real run, but in this process: many forks would take minutes."""
    cases = cases_of(task, 0)
    outcomes = [one_call(call_of(task), function, c.inputs) for c in cases]
    return verdict_on(task, cases, outcomes, function)


def sheet_of(module):
    (path,) = (ROOT / "solutions").glob(f"[0-9]*_{module.__name__.rpartition('.')[2]}.ipynb")
    return path, nbformat.read(path, as_version=4).cells


def solution_functions(module):
    """The answers of the solution notebook, by the name of the task that checks them, in order."""
    path, cells = sheet_of(module)
    scope, found = {"display": lambda *_: None}, {}
    for source in (c.source for c in cells if c.cell_type == "code"):
        called = re.search(r"^check\.(\w+)\((\w+)\)$", source, re.M)
        if called:
            found[called[1]] = scope[called[2]]
        elif not re.search(r"^check\.\w+(\.show)?\(\)", source, re.M):
            exec(compile(source, str(path), "exec"), scope)
    return found


# ---------------------------------------------------------------- the sheets


@SHEETS
def test_a_module_has_enough_of_everything(module):
    tasks = tasks_of(module)
    assert len(tasks) >= 4 and len({task.name for task in tasks}) == len(tasks)
    assert any(task.difficulty == "stretch" for task in tasks)
    assert all(getattr(module, task.name) is task for task in tasks)
    assert all(task.room == module.__name__ for task in tasks)
    assert all(0 < task.minutes <= 45 and task.points > 0 for task in tasks)
    assert module.progress().possible == sum(task.points for task in tasks)


@pytest.mark.solutions
@SHEETS
def test_the_written_solutions_pass(module):
    functions = solution_functions(module)
    tasks = [task for task in tasks_of(module) if not isinstance(task, Paper)]
    assert list(functions) == [task.name for task in tasks], "in the order of the sheet"
    for task in tasks:
        if not isinstance(task, Task):
            assert mark(task, functions[task.name]).ok, task.name
            continue
        for seed in range(3):
            cases = cases_of(task, seed)
            outcomes = [one_call(call_of(task), functions[task.name], c.inputs) for c in cases]
            verdict = verdict_on(task, cases, outcomes, functions[task.name])
            assert verdict.ok, f"{task.name}, seed {seed}: {verdict.message}"


@pytest.mark.parametrize("task", OTHERS)
def test_answers_of_other_kinds(task):
    assert mark(task, task.reference).ok and mark(task, task.reference()).ok
    assert mark(task, _unwritten).status == "not yet"
    for odd in ("perhaps", 3.25, None, _raise, [], {}, object()):
        verdict = mark(task, odd)
        assert not verdict.ok and "check itself failed" not in verdict.message
    if isinstance(task, Prediction):
        assert len(task.choices) >= 2 and all(len(words) > 30 for words in task.choices.values())
        for choice, words in task.choices.items():
            verdict = mark(task, choice.upper())
            assert verdict.ok is (choice == task.right) and verdict.message == words
    if isinstance(task, Order):
        used = set("".join(task.right))
        assert set(task.lines) - used, "no line is there to tempt"
        assert all(task.reasons.get(x) for x in set(task.lines) - used), "unexplained"


# ---------------------------------------------------------------- the functions to write


@pytest.mark.parametrize("task", WRITTEN)
def test_the_reference_is_right_on_new_inputs_each_time(task):
    results = []
    for seed in range(3):
        cases = cases_of(task, seed)
        assert len(cases) >= 3
        outcomes = outcomes_of(task, task.reference, cases)
        verdict = verdict_on(task, cases, outcomes)
        assert verdict.ok, f"seed {seed}: {verdict.message}"
        results.append([o.value for o in outcomes])
        for c, outcome in zip(cases, outcomes, strict=True):
            with np.errstate(all="ignore"):
                assert not any(broken(outcome.value, *c.inputs) for broken in task.invariants)
    assert not all(agree(a, b) for a, b in zip(*results[:2], strict=False))


@pytest.mark.parametrize("task", WRITTEN)
def test_the_reference_survives_the_real_run_and_the_stub_is_not_yet(task, monkeypatch):
    if id(task) in REAL:  # one of each sheet in a child process
        monkeypatch.setattr(judging, "observe", running.observe)
    verdict = mark(task, task.reference, np.random.default_rng(5))
    assert verdict.ok and verdict.points == task.points, verdict.message
    assert said_of(task, _unwritten).status == "not yet"


@pytest.mark.parametrize("task", [p for p in WRITTEN if p.values[0].spelt_out])
def test_other_ways_to_write_the_reference_are_right(task):
    for formula in task.spelt_out:
        assert slips(formula), "its source cannot be read, or it holds nothing to slip on"
        right = 0
        for c in cases_of(task, 0):
            expected = result_of(task, task.reference, c.inputs)
            trial = Trial(c.inputs, expected, result_of(task, formula, c.inputs))
            right += matches(task, expected, trial)
            assert matches(task, expected, trial) or c.label  # may stumble over special inputs
        assert right > 0


@pytest.mark.parametrize("task", WRITTEN)
def test_known_mistakes_earn_their_own_hints(task, monkeypatch):
    """Each result is computed once: what a mistake gives does not depend on who asks."""
    found = {}

    def once(task, function, inputs):
        key = id(function), id(inputs)
        if key not in found:
            found[key] = result_of(task, function, inputs), function
        return found[key][0]

    monkeypatch.setattr(searching, "result_of", once)
    for seed in range(2):
        cases = cases_of(task, seed)
        for mistake in catalogue.known(task):
            assert len(mistake.hint) > 20
            outcomes = [Outcome(VALUE, once(task, mistake.wrong, c.inputs)) for c in cases]
            verdict = verdict_on(task, cases, outcomes, mistake.wrong)
            assert not verdict.ok and verdict.points == 0, mistake.wrong.code
            assert verdict.message == mistake.hint, mistake.wrong.code


@pytest.mark.parametrize("task", [p for p in WRITTEN if p.values[0].invariants])
def test_invariants_catch_something(task):
    for invariant in task.invariants:
        assert any(
            _speaks(invariant, task, change, c) for c in cases_of(task, 0) for change in CHANGES
        )


CHANGES = (
    lambda a: a + 1.7, lambda a: a - 1.7, lambda a: -a, lambda a: 2 * a, lambda a: a / 3,
    lambda a: a + 1000, lambda a: a - 1000, lambda a: 0 * a, lambda a: a * np.nan,
)  # fmt: skip


def _speaks(invariant, task, change, c):
    def changed(x):
        return [changed(y) for y in x] if isinstance(x, list) else change(x)

    result = result_of(task, task.reference, c.inputs)
    try:
        with np.errstate(all="ignore"):
            return bool(invariant(changed(result), *c.inputs))
    except Exception:
        return False


# ---------------------------------------------------------------- whatever comes back


def _raise(*_):
    return {}["nothing"]


def _none(*inputs):
    list(inputs)  # does something, and forgets to return


def _unwritten(*_):
    raise NotImplementedError


ODD = {
    "raises": (_raise, "KeyError"),
    "none": (_none, "None"),
    "string": (lambda *_: "0.5", "text"),
    "generator": (lambda *_: (x for x in (1, 2)), "generator"),
    "complex": (lambda *_: 1j + np.ones(3), "complex"),
    "objects": (lambda *_: np.array([object()]), "objects"),
    "function": (lambda *_: np.sum, "function"),
}


@pytest.mark.parametrize("task", WRITTEN)
def test_odd_answers_get_a_friendly_line(task):
    known = {m.hint for m in catalogue.known(task)}
    for function, word in ODD.values():
        verdict = said_of(task, function)
        assert verdict.status == "not right" and "Traceback" not in verdict.message
        assert "check itself failed" not in verdict.message
        assert task.call or word in verdict.message or verdict.message in known


@pytest.mark.parametrize("task", WRITTEN)
def test_a_constant_is_not_enough(task):
    """A number or an array written into a function, of the form that is asked for."""
    cases = cases_of(task, 0)
    fixed = result_of(task, task.reference, cases[0].inputs)
    trials = [
        Trial(c.inputs, result_of(task, task.reference, c.inputs), fixed, c.label) for c in cases
    ]
    assert not all(matches(task, t.expected, t) for t in trials)
    shapes = {str(searching.plain_shape(t.expected)) for t in trials}
    if not task.call and finite(fixed) and len(shapes) == 1:
        known = Search(task, trials).known_mistake()
        assert known or "whatever" in relations.same_everywhere(task, trials)


@pytest.mark.parametrize("task", [p for p in WRITTEN if not p.values[0].call])
def test_nan_and_changed_inputs_are_named(task):
    def spoilt(*inputs):
        result = task.reference(*inputs)
        return tuple(x * np.nan for x in result) if isinstance(result, tuple) else result * np.nan

    cases = cases_of(task, 0)
    if all(finite(result_of(task, task.reference, c.inputs)) for c in cases):
        assert "nan" in said_of(task, spoilt).message
    for k, name in enumerate(task.arguments):
        if not all(isinstance(c.inputs[k], np.ndarray) for c in cases):
            continue

        def spoil(*inputs, k=k):
            result = task.reference(*copy.deepcopy(inputs))
            np.copyto(inputs[k], inputs[k] + 1, casting="unsafe")
            return result

        verdict = said_of(task, spoil)
        assert not verdict.ok and f"`{name}`" in verdict.message


# ---------------------------------------------------------------- the files of texts


WRONG_TEXTS = {
    "points = ": r"own.toml: Invalid value",
    "points = 1": r"own.toml, \[points\]: expected a table",
    "[own]\nkind = 'Ordre'": r"own.toml, \[own\]: kind is one of .*Order",
    "[own]\nminuts = 3": r"no Task has 'minuts'; it has .*minutes",
    "[own.hints]\nnudge = 'a?'": r"\[own\], hints: Hints missing 2 .*'equation' and 'shape'",
    "[own.hints]\nnuge = 'a?'": r"\[own\], hints: .*'nuge'",
}


@pytest.mark.parametrize("text", WRONG_TEXTS)
def test_a_text_that_makes_no_sense_is_refused_with_its_place(text):
    with pytest.raises(ValueError, match=f"(?s){WRONG_TEXTS[text]}"):
        sheets.read(text, Path("own.toml"))


def test_the_lines_of_a_text_are_joined_and_those_of_code_are_not(monkeypatch):
    text = """[own]\nwhy = '''\nBoth\nlines.'''\n[own.hints]\nnudge = "a?"\nequation = "b"
shape = '''\nx = 1\nreturn x\n'''\n"""
    monkeypatch.setattr(sheets, "of_sheet", lambda room: sheets.read(text, Path("own.toml")))
    own = sheets.Sheet("own").task("own", reference=_one_more, cases=lambda rng: [(1.0,)])
    assert own.why == "Both lines." and own.hints.shape == "x = 1\nreturn x"
    with pytest.raises(ValueError, match=r"own, task own: .*'reference'"):
        sheets.Sheet("own").task("own")
    with pytest.raises(ValueError, match="no text for a task 'other'"):
        sheets.Sheet("own").task("other")


def test_every_text_is_of_a_task():
    for module in MODULES:
        assert list(sheets.of_sheet(module.__name__)) == [task.name for task in tasks_of(module)]


# ---------------------------------------------------------------- the files of mistakes


def test_mistakes_are_read_only_when_an_answer_is_wrong():
    import subprocess
    import sys

    program = (
        "from pathlib import Path; read = Path.read_text\n"
        "def watched(self, *a, **k):\n"
        "    assert self.suffix != '.txt', self\n"
        "    return read(self, *a, **k)\n"
        "Path.read_text = watched\n"
        "from checks import kl_divergence as check\n"
        "assert check.entropy(check.entropy.reference).ok\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_a_file_of_mistakes_names_tasks_that_exist():
    for path in catalogue.FOLDER.glob("[0-9]*.txt"):
        module = importlib.import_module(f"checks.{path.stem.partition('_')[2]}")
        named = re.findall(r"^== (\w+)\(", path.read_text(encoding="utf-8"), re.M)
        assert set(named) <= {task.name for task in tasks_of(module)} and named


def _one_more(x):
    return x + 1


def test_a_task_needs_no_known_mistakes():
    own = Task("own", _one_more, cases=lambda rng: [(x,) for x in rng.random(3)])
    assert catalogue.known(own) == () and mark(own, lambda x: x + 1).ok
    assert "a minus stands" in mark(own, lambda x: x - 1).message
