"""Every module of checks: its tasks, its catalogue of wrong answers, its hints. Found by itself."""

import copy
import importlib
import itertools
import pkgutil
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

import checks
from checks.judging import as_case, call_of, judge, verdict_on
from checks.kinds import Paper
from checks.marking import mark
from checks.outcomes import VALUE, Outcome, one_call
from checks.plain import agree, finite
from checks.recognising import Trial, matches, result_of
from checks.slips import slips
from checks.tasks import Prediction, Task, tasks_of

ROOT = Path(__file__).resolve().parent.parent
MODULES = [
    module
    for name in sorted(m.name for m in pkgutil.iter_modules(checks.__path__))
    for module in [importlib.import_module(f"checks.{name}")]
    if tasks_of(module)
]
TASKS = [
    pytest.param(module, task, id=f"{module.__name__.rpartition('.')[2]}-{task.name}")
    for module in MODULES
    for task in tasks_of(module)
]
WRITTEN = [p for p in TASKS if isinstance(p.values[1], Task)]
PREDICTIONS = [p for p in TASKS if isinstance(p.values[1], Prediction)]
MISTAKES = [
    pytest.param(p.values[1], k, id=f"{p.id}-{k}")
    for p in WRITTEN
    for k in range(len(p.values[1].mistakes))
]


def outcomes_of(task, function, cases):
    """As the student's process would give them, without the process."""
    return [Outcome(VALUE, result_of(task, function, c.inputs)) for c in cases]


def said_of(task, function):
    """The verdict as from the real run, but in this process: many forks would take minutes."""
    cases = cases_of(task, 0)
    outcomes = [one_call(call_of(task), function, c.inputs) for c in cases]
    return verdict_on(task, cases, outcomes, function)


def solution_functions(module):
    """The functions of the solution notebook, by the name of the task that checks them."""
    name = module.__name__.rpartition(".")[2]
    (path,) = (ROOT / "solutions").glob(f"[0-9]*_{name}.ipynb")
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    scope = {"display": lambda *_: None}
    found = {}
    for source in cells:
        called = re.search(r"^check\.(\w+)\((\w+)\)$", source, re.M)
        if called:
            found[called[1]] = scope[called[2]]
        elif "check.progress" not in source:
            exec(compile(source, str(path), "exec"), scope)
    return found


def cases_of(task, seed):
    return [as_case(x) for x in task.cases(np.random.default_rng(seed))]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__.rpartition(".")[2])
def test_a_module_has_enough_of_everything(module):
    tasks = tasks_of(module)
    assert len(tasks) >= 4
    assert any(task.difficulty == "stretch" for task in tasks)
    assert len({task.name for task in tasks}) == len(tasks)
    assert all(getattr(module, task.name) is task for task in tasks)
    assert all(0 < task.minutes <= 45 and task.points > 0 for task in tasks)
    assert module.progress().possible == sum(task.points for task in tasks)


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_a_task_knows_its_field(module, task):
    assert len(task.mistakes) >= 6
    assert task.why
    assert all(len(m.hint) > 20 for m in task.mistakes)
    assert all(h.strip() for h in (task.hints.nudge, task.hints.equation, task.hints.shape))
    assert len(cases_of(task, 0)) >= 3


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_the_reference_is_accepted_on_a_hundred_random_inputs(module, task):
    tried = 0
    for seed in itertools.count():
        cases = cases_of(task, seed)
        verdict = verdict_on(task, cases, outcomes_of(task, task.reference, cases))
        assert verdict.ok, f"seed {seed}: {verdict.message}"
        tried += len(cases)
        if tried >= 100:
            break


@pytest.mark.parametrize(("module", "task"), [p for p in WRITTEN if p.values[1].spelt_out])
def test_other_ways_to_write_the_reference_are_right(module, task):
    for formula in task.spelt_out:
        assert slips(formula), "its source cannot be read, or it holds nothing to slip on"
        right = 0
        for seed in range(3):
            for c in cases_of(task, seed):
                expected = result_of(task, task.reference, c.inputs)
                trial = Trial(c.inputs, expected, result_of(task, formula, c.inputs))
                right += matches(task, expected, trial)
                assert matches(task, expected, trial) or c.label  # may stumble over special inputs
        assert right > 0


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_the_reference_changes_no_input_and_survives_the_real_run(module, task):
    verdict = judge(task, task.reference, np.random.default_rng(5))
    assert verdict.ok and verdict.points == task.points, verdict.message


@pytest.mark.parametrize(("task", "k"), MISTAKES)
def test_a_known_mistake_earns_its_own_hint_and_no_other(task, k):
    mistake = task.mistakes[k]
    for seed in range(3):
        cases = cases_of(task, seed)
        outcomes = outcomes_of(task, mistake.wrong, cases)
        verdict = verdict_on(task, cases, outcomes, mistake.wrong)
        assert not verdict.ok and verdict.points == 0
        assert verdict.message == mistake.hint


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_new_inputs_each_time(module, task):
    first, second = cases_of(task, 1), cases_of(task, 2)
    results = [[result_of(task, task.reference, c.inputs) for c in x] for x in (first, second)]
    assert not all(agree(a, b) for a, b in zip(*results, strict=False))


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_invariants_hold_for_the_right_answer_and_catch_something(module, task):
    for seed in range(5):
        for c in cases_of(task, seed):
            result = result_of(task, task.reference, c.inputs)
            with np.errstate(all="ignore"):
                assert not any(invariant(result, *c.inputs) for invariant in task.invariants)
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
            return isinstance(invariant(changed(result), *c.inputs), str) and bool(
                invariant(changed(result), *c.inputs)
            )
    except Exception:
        return False


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
    "shape": (lambda *_: np.ones((1, 1, 1, 1, 7)), "(1, 1, 1, 1, 7)"),
    "constant": (lambda *_: 0.123, ("0.123", "a single number")),
    "function": (lambda *_: np.sum, "function"),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(("module", "task"), [p for p in WRITTEN if not p.values[1].call])
def test_an_odd_answer_gets_a_friendly_line(module, task, kind):
    function, word = ODD[kind]
    verdict = said_of(task, function)
    assert not verdict.ok and "Traceback" not in verdict.message
    assert "check itself failed" not in verdict.message
    words = word if isinstance(word, tuple) else (word,)
    known = {m.hint for m in task.mistakes}
    assert any(w in verdict.message for w in words) or verdict.message in known


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_odd_answers_never_break_a_task_with_its_own_call(module, task):
    for function in (_raise, _none, lambda *_: 3, lambda *_: "no", lambda *_: np.ones(3)):
        verdict = said_of(task, function)
        assert not verdict.ok and "check itself failed" not in verdict.message
        assert verdict.status == "not right"


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_nan_is_named(module, task):
    if task.call is not None:
        pytest.skip("what the function returns is not what is compared")

    def spoilt(*inputs):
        result = task.reference(*inputs)
        return tuple(x * np.nan for x in result) if isinstance(result, tuple) else result * np.nan

    if not all(finite(result_of(task, task.reference, c.inputs)) for c in cases_of(task, 0)):
        pytest.skip("infinite results are right here")
    verdict = said_of(task, spoilt)
    assert not verdict.ok and "nan" in verdict.message


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_changing_an_input_in_place_is_named(module, task):
    for k, name in enumerate(task.arguments):
        if not all(isinstance(c.inputs[k], np.ndarray) for c in cases_of(task, 0)):
            continue

        def spoil(*inputs, k=k):
            result = task.reference(*copy.deepcopy(inputs))
            np.copyto(inputs[k], inputs[k] + 1, casting="unsafe")
            return result

        if task.call is None:
            verdict = said_of(task, spoil)
            assert not verdict.ok and f"`{name}`" in verdict.message


@pytest.mark.parametrize(("module", "task"), WRITTEN)
def test_the_untouched_stub_is_not_yet(module, task):
    verdict = said_of(task, _unwritten)
    assert verdict.status == "not yet" and verdict.points == 0


@pytest.mark.parametrize(("module", "task"), PREDICTIONS)
def test_a_prediction_explains_every_choice(module, task):
    assert len(task.choices) >= 2 and all(len(words) > 30 for words in task.choices.values())
    for choice, words in task.choices.items():
        for answer in (choice, choice.upper(), lambda choice=choice: choice):
            verdict = mark(task, answer)
            assert verdict.ok is (choice == task.right) and verdict.message == words
    for answer in (_unwritten, ...):
        assert mark(task, answer).status == "not yet"
    for answer in ("perhaps", 3, None, _none, _raise, lambda: 1j, [task.right]):
        verdict = mark(task, answer)
        assert verdict.status == "not right" and verdict.message


@pytest.mark.solutions
@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__.rpartition(".")[2])
def test_the_written_solutions_pass_on_a_hundred_random_inputs(module):
    functions = solution_functions(module)
    tasks = [task for task in tasks_of(module) if not isinstance(task, Paper)]
    assert set(functions) == {task.name for task in tasks}
    for task in tasks:
        if not isinstance(task, Task):
            assert mark(task, functions[task.name]).ok
            continue
        for seed in range(100 // len(cases_of(task, 0)) + 1):
            cases = cases_of(task, seed)
            outcomes = outcomes_of(task, functions[task.name], cases)
            verdict = verdict_on(task, cases, outcomes)
            assert verdict.ok, f"{task.name}, seed {seed}: {verdict.message}"
