"""From what a student's function did to the verdict.

The order matters: first what kept the function from answering, then known mistakes, then the form
of the result, then what is broken, and last the smallest input for which it is wrong.
"""

import inspect

import numpy as np

from checks.explaining import only_for_a_size, what_is_wrong
from checks.outcomes import ENDED, ENDLESS, NO_MEMORY, UNWRITTEN, VALUE
from checks.plain import Odd, describe
from checks.reading import unread_arguments, written_besides_the_stub
from checks.recognising import of_one, recognise
from checks.running import observe
from checks.searching import Search, Trial, matches, result_of
from checks.sentences import say
from checks.tasks import Case
from checks.verdicts import CORRECT, NOT_YET, WRONG, Verdict

_OWN_NUMPY = {
    (module, name): value
    for module in (np, np.linalg)
    for name, value in vars(module).items()
    if callable(value) and not name.startswith("_")
}


def judge(task, function, rng):
    """The verdict on a student's function."""
    for verdict in (_not_a_function(task, function), _patched(task)):
        if verdict is not None:
            return verdict
    cases = [as_case(x) for x in task.cases(rng)]
    outcomes = observe(call_of(task), function, [c.inputs for c in cases], task.seconds)
    return verdict_on(task, cases, outcomes, function)


def as_case(given):
    """A case, also from a bare tuple of inputs."""
    return given if isinstance(given, Case) else Case(tuple(given))


def call_of(task):
    """How the task calls a function: ``call(function, *inputs)``."""
    return task.call or (lambda function, *inputs: function(*inputs))


def verdict_on(task, cases, outcomes, function=None):
    """The verdict, from the outcomes of the student's function for ``cases``."""
    with np.errstate(all="ignore"):  # wrong answers overflow, and so do attempts to explain them
        return _verdict_on(task, cases, outcomes, function)


def _verdict_on(task, cases, outcomes, function):
    if not outcomes or only_dots(outcomes[0], function):
        return not_yet(task)
    unwritten = next((o for o in outcomes if o.kind == UNWRITTEN), None)
    if unwritten is not None:
        return _unwritten(task, unwritten, function)
    trials = [
        Trial(c.inputs, result_of(task, task.reference, c.inputs), o.value, c.label)
        for c, o in zip(cases, outcomes, strict=False)
        if o.kind == VALUE
    ]
    failed = next((o for o in outcomes if o.kind != VALUE), None)
    if failed is None and Search(task, trials).by_chance and unread_arguments(task, function):
        return wrong(task, unread_arguments(task, function))  # much is right by chance
    bad = [t for t in trials if not matches(task, t.expected, t)]
    if failed is not None:
        known = recognise(task, trials, function) if len(bad) > 1 else of_one(task, bad)
        case = cases[outcomes.index(failed)]
        sizes = "" if bad else only_for_a_size(task, trials, [case])
        return wrong(task, known or f"{_stopped(task, failed, case, function)} {sizes}".rstrip())
    if bad:
        return wrong(task, what_is_wrong(task, trials, bad, outcomes, function))
    changed = next((o.changed for o in outcomes if o.changed), ())
    if changed:
        names = [f"`{task.arguments[i]}`" for i in changed if i < len(task.arguments)]
        return wrong(task, say("changed", names=f" {say('slip_and')} ".join(names)))
    return Verdict(True, task.why, task.name, CORRECT, task.points, task.hints)


def wrong(task, message):
    """The verdict "not right"."""
    return Verdict(False, message, task.name, WRONG, task.points, task.hints)


def not_yet(task, message=""):
    """The verdict "not yet"."""
    message = message or say("write_first")
    return Verdict(False, message, task.name, NOT_YET, task.points, task.hints)


# ---------------------------------------------------------------- before the first call


def _not_a_function(task, function):
    if function is Ellipsis or function is NotImplemented:
        return not_yet(task)
    if isinstance(function, type):
        return wrong(task, say("a_class", name=function.__name__))
    if not callable(function):
        return wrong(task, say("not_a_function", came=describe(function)))
    return None


def _patched(task):
    changed = sorted(
        f"{module.__name__}.{name}"
        for (module, name), value in _OWN_NUMPY.items()
        if vars(module).get(name) is not value
    )
    return wrong(task, say("patched", name=changed[0])) if changed else None


def only_dots(outcome, function):
    """Is the body of the function still empty, or nothing but `...`?"""
    if outcome.kind != VALUE:
        return False
    if isinstance(outcome.value, Odd) and outcome.value.what == "nothing but a placeholder":
        return True
    compiled = getattr(function, "__code__", None)
    if outcome.value is not None or compiled is None:
        return False
    short = len(compiled.co_code) // 2 <= 4
    return len(compiled.co_names) == 0 and len(compiled.co_consts) <= 2 and short


def _unwritten(task, outcome, function):
    if outcome.helper:
        return not_yet(task, say("helper_unwritten", name=outcome.helper))
    if function is not None and written_besides_the_stub(function):
        return not_yet(task, say("stub_left", line=outcome.line))
    return not_yet(task)


# ---------------------------------------------------------------- no result


def _stopped(task, outcome, case, function):
    if outcome.kind == ENDLESS:
        return say("endless")
    if outcome.kind == NO_MEMORY:
        return say("no_memory")
    if outcome.kind == ENDED:
        return say("ended")
    return _raised(task, outcome, case, function)


ADVICE = ("NameError", "UnboundLocalError", "ZeroDivisionError", "RecursionError", "IndexError",
          "AttributeError")  # fmt: skip


def _raised(task, outcome, case, function):
    name, _, text = outcome.error.partition(": ")
    if name == "TypeError" and outcome.line == 0 and _wrong_arguments(task, function):
        return _wrong_arguments(task, function)
    where = {"name": name, "line": outcome.line, "code": outcome.code, "text": text.rstrip(".")}
    if name == "AssertionError" and outcome.code:
        words = say("assert_failed", **where)
    elif outcome.code:
        words = say("raised_in_line" if text else "raised_in_line_bare", **where)
    else:
        words = say("raised" if text else "raised_bare", **where)
    advice = say(f"advice_{name}") if name in ADVICE else ""
    if name == "ValueError" and any(x in text for x in ("broadcast", "shapes", "mismatch")):
        advice = say("advice_shapes")
    shapes = say("shapes_met", shapes=outcome.shapes) if outcome.shapes else ""
    label = say("happened_for", label=case.label) if case.label else ""
    return " ".join(x for x in (words, shapes, advice, label) if x)


def _wrong_arguments(task, function):
    try:
        inspect.signature(function).bind(*task.arguments)
    except TypeError:
        kind = "one_argument" if len(task.arguments) == 1 else "so_many_arguments"
        return say(kind, count=len(task.arguments), names=", ".join(task.arguments))
    except ValueError:
        return ""
    return ""
