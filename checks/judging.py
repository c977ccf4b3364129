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
from checks.recognising import recognise
from checks.running import observe
from checks.searching import Search, Trial, call_of, matches, result_of
from checks.sentences import listed, say
from checks.tasks import Case
from checks.verdicts import CORRECT, NOT_YET, WRONG, Verdict

OWN_NUMPY = {
    (module, name): value
    for module in (np, np.linalg)
    for name, value in vars(module).items()
    if callable(value) and not name.startswith("_")
}


def judge(task, function, rng):
    """The verdict on a student's function."""
    if function is Ellipsis or function is NotImplemented:
        return not_yet(task)
    if isinstance(function, type):
        return wrong(task, say("a_class", name=function.__name__))
    if not callable(function):
        return wrong(task, say("not_a_function", came=describe(function)))
    patched = [(m, name) for (m, name), f in OWN_NUMPY.items() if vars(m).get(name) is not f]
    if patched:
        return wrong(task, say("patched", name=min(f"{m.__name__}.{name}" for m, name in patched)))
    cases = [as_case(x) for x in task.cases(rng)]
    outcomes = observe(call_of(task), function, [c.inputs for c in cases], task.seconds)
    return verdict_on(task, cases, outcomes, function)


def as_case(given):
    """A case, also from a bare tuple of inputs."""
    return given if isinstance(given, Case) else Case(tuple(given))


def verdict_on(task, cases, outcomes, function=None):
    """The verdict, from the outcomes of the student's function for ``cases``."""
    with np.errstate(all="ignore"):  # wrong answers overflow, and so do attempts to explain them
        if not outcomes or only_dots(outcomes[0], function):
            return not_yet(task)
        unwritten = next((o for o in outcomes if o.kind == UNWRITTEN), None)
        if unwritten is not None:
            return not_yet(task, _unwritten(unwritten, function))
        message = _what_is_wrong(task, cases, outcomes, function)
    return concluded(task, CORRECT, task.why) if message is None else wrong(task, message)


def _what_is_wrong(task, cases, outcomes, function):
    """The sentences on an answer; None if nothing is wrong."""
    trials = [
        Trial(c.inputs, result_of(task, task.reference, c.inputs), o.value, c.label)
        for c, o in zip(cases, outcomes, strict=False)
        if o.kind == VALUE
    ]
    bad = [t for t in trials if not matches(task, t.expected, t)]
    failed = next((o for o in outcomes if o.kind != VALUE), None)
    if failed is not None:
        known = recognise(task, trials, function) if len(bad) > 1 else ""
        case = cases[outcomes.index(failed)]
        sizes = "" if bad else only_for_a_size(task, trials, [case])
        return known or f"{_stopped(task, failed, case, function)} {sizes}".rstrip()
    if Search(task, trials).by_chance and unread_arguments(task, function):
        return unread_arguments(task, function)  # much is right by chance
    if bad:
        return what_is_wrong(task, trials, bad, outcomes, function)
    changed = next((o.changed for o in outcomes if o.changed), ())
    names = [f"`{task.arguments[i]}`" for i in changed if i < len(task.arguments)]
    return say("changed", names=listed(names)) if changed else None


def wrong(task, message):
    """The verdict "not right"."""
    return concluded(task, WRONG, message)


def not_yet(task, message=""):
    """The verdict "not yet"."""
    return concluded(task, NOT_YET, message or say("write_first"))


def concluded(task, status, message):
    """The verdict of that status, with the task's name, points and hints."""
    return Verdict(status == CORRECT, message, task.name, status, task.points, task.hints)


# ---------------------------------------------------------------- nothing written


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


def _unwritten(outcome, function):
    if outcome.helper:
        return say("helper_unwritten", name=outcome.helper)
    left = function is not None and written_besides_the_stub(function)
    return say("stub_left", line=outcome.line) if left else ""


# ---------------------------------------------------------------- no result

STOPPED = {ENDLESS: "endless", NO_MEMORY: "no_memory", ENDED: "ended"}
ADVICE = ("NameError", "UnboundLocalError", "ZeroDivisionError", "RecursionError", "IndexError",
          "AttributeError")  # fmt: skip


def _stopped(task, outcome, case, function):
    if outcome.kind in STOPPED:
        return say(STOPPED[outcome.kind])
    name, _, text = outcome.error.partition(": ")
    if name == "TypeError" and outcome.line == 0 and _wrong_arguments(task, function):
        return _wrong_arguments(task, function)
    sentence = f"raised{'_in_line' if outcome.code else ''}{'' if text else '_bare'}"
    if name == "AssertionError" and outcome.code:
        sentence = "assert_failed"
    where = {"name": name, "line": outcome.line, "code": outcome.code, "text": text.rstrip(".")}
    advice = say(f"advice_{name}") if name in ADVICE else ""
    if name == "ValueError" and any(x in text for x in ("broadcast", "shapes", "mismatch")):
        advice = say("advice_shapes")
    shapes = say("shapes_met", shapes=outcome.shapes) if outcome.shapes else ""
    label = say("happened_for", label=case.label) if case.label else ""
    return " ".join(x for x in (say(sentence, **where), shapes, advice, label) if x)


def _wrong_arguments(task, function):
    try:
        inspect.signature(function).bind(*task.arguments)
    except TypeError:
        kind = "one_argument" if len(task.arguments) == 1 else "so_many_arguments"
        return say(kind, count=len(task.arguments), names=", ".join(task.arguments))
    except ValueError:  # a function that shows none
        pass
    return ""
