"""From what a student's function did to the verdict.

The order matters: first what kept the function from answering, then known mistakes, then the form
of the result, then what is broken, and last the smallest input for which it is wrong.
"""

import inspect

import numpy as np

from checks.outcomes import ENDED, ENDLESS, NO_MEMORY, UNWRITTEN, VALUE
from checks.plain import Odd, describe, describe_apart, has_nan, like, shape_in_words
from checks.reading import unread_arguments, written_besides_the_stub
from checks.recognising import of_one, recognise
from checks.running import observe
from checks.searching import Search, Trial, matches, plain_shape, result_of
from checks.sentences import say
from checks.tasks import Case
from checks.verdicts import CORRECT, NOT_YET, WRONG, Verdict

OF_NEGATIVE = ("log", "sqrt", "power")  # whose warning tells of a negative number
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
        sizes = "" if bad else _only_for_a_size(task, trials, [case])
        return wrong(task, known or f"{_stopped(task, failed, case, function)} {sizes}".rstrip())
    if bad:
        return wrong(task, _what_is_wrong(task, trials, bad, outcomes, function))
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


# ---------------------------------------------------------------- a wrong result


def _what_is_wrong(task, trials, bad, outcomes, function):
    smallest = min(bad, key=_size)
    if any(t.got is None for t in bad):
        return _returned_none(trials, outcomes)
    warned = next((o.warned for o in outcomes if o.warned), "")
    known = _kind(task, smallest) or _of_negative(task, trials, bad, warned)
    known = known or recognise(task, trials, function) or _form(task, trials, bad, warned)
    if known:
        return known
    broken, shown = _broken_invariant(task, sorted(bad, key=_size))
    labelled = _only_where(trials, bad) or _only_for_a_size(task, trials, bad)
    example = _example(task, shown or smallest, trials, bad)  # what the sentence is about
    return " ".join(x for x in (broken, labelled, example) if x)


def _size(trial):
    return sum(np.size(x) for x in trial.inputs if isinstance(x, (np.ndarray, int, float)))


def _returned_none(trials, outcomes):
    if not all(t.got is None for t in trials):
        return say("sometimes_none")
    return say("prints" if outcomes[0].printed else "none")


def _kind(task, trial):
    """A result of another kind than numbers, of which no comparison could make sense, or ""."""
    parts = trial.got if isinstance(trial.got, list) else [trial.got]
    odd = next((x for x in parts if isinstance(x, (Odd, str))), None)
    if odd is None or isinstance(trial.expected, type(odd)):
        return ""
    kind = "another_kind" if odd is trial.got else "another_kind_among"
    came = shape_in_words(odd) if odd is trial.got else describe(odd)
    return say(kind, came=came, asked=_asked(task, trial))


def _asked(task, trial):
    return shape_in_words(trial.expected) + (f" ({task.returns})" if task.returns else "")


def _form(task, trials, bad, warned):
    """What is wrong with the shape or the finiteness of the results, or ""."""
    for trial in sorted(bad, key=_size):
        got, expected = like(trial.expected, trial.got), trial.expected
        if plain_shape(got) != plain_shape(expected):
            if isinstance(got, list) and isinstance(expected, list) and len(got) == len(expected):
                return _part_of_another_shape(task, trial, got)
            words = {"came": shape_in_words(got), "asked": _asked(task, trial)}
            sentence = say("another_shape", inputs=_inputs(task, trial), **words)
            return f"{sentence} {_only_for_a_size(task, trials, bad)}".rstrip()
        if has_nan(got) and not has_nan(expected):
            special = say("happens_for", label=trial.label) if trial.label else ""
            negative = any(f"in {name}" in warned for name in OF_NEGATIVE)
            sentence = say("nan_of_negative", warning=warned) if negative else say("nan")
            return f"{sentence} {special}".rstrip()
    return ""


def _of_negative(task, trials, bad, warned):
    """A nan of which NumPy said that a logarithm or a root made it, unless that is known."""
    made = any(f"in {name}" in warned for name in OF_NEGATIVE)
    if not made or not all(has_nan(t.got) and not has_nan(t.expected) for t in bad):
        return ""
    return Search(task, trials).known_mistake() or say("nan_of_negative", warning=warned)


def _part_of_another_shape(task, trial, got):
    number, came, asked = next(
        (k + 1, shape_in_words(g), shape_in_words(e))
        for k, (g, e) in enumerate(zip(got, trial.expected, strict=True))
        if plain_shape(g) != plain_shape(e)
    )
    parts = {"count": len(got), "number": number, "came": came, "asked": asked}
    return say("part_of_another_shape", inputs=_inputs(task, trial), **parts)


def _broken_invariant(task, bad):
    """What every right result has and this one has not, and the trial that shows it."""
    for trial in bad:
        got = like(trial.expected, trial.got)
        for invariant in task.invariants:
            try:
                sentence = invariant(got, *trial.inputs)
            except Exception:  # a result so odd that the invariant makes no sense
                continue
            if sentence:
                return sentence[0].upper() + sentence[1:].rstrip(".") + ".", trial
    return _not_a_distribution(bad)


def _not_a_distribution(bad):
    """An invariant that needs no words from the task: probabilities sum to one."""
    for trial in bad:
        expected, got = trial.expected, like(trial.expected, trial.got)
        if not (isinstance(expected, np.ndarray) and expected.ndim and expected.shape[-1] > 1):
            continue
        if (expected < 0).any() or not np.allclose(expected.sum(-1), 1):
            continue
        if (got < -1e-9).any():
            return say("negative_probability", least=f"{got.min():.4g}"), trial
        worst = got.sum(-1).ravel()[np.argmax(np.abs(got.sum(-1) - 1))]
        if abs(worst - 1) > 1e-6:
            return say("not_normalised", total=f"{worst:.4g}"), trial
    return "", None


def _only_where(trials, bad):
    """What the failing inputs have in common that the others do not."""
    if len(bad) == len(trials):
        return ""
    labels = {t.label for t in bad}
    special = labels - {t.label for t in trials if t not in bad} - {""}
    if labels <= special and special:
        return say("only_special", labels=f" {say('slip_and')} ".join(sorted(special)))
    return ""


def _only_for_a_size(task, trials, bad):
    """Is it right for arrays of one or two entries along some axis, and wrong for more?"""
    right = [t for t in trials if matches(task, t.expected, t)]
    found = _sizes_of_the_right(task, right, bad)
    if not found:
        return ""
    size, axis, name = min(found, key=lambda entry: entry[0])
    kind = "only_for_one" if size == 1 else "only_for_a_size"
    return say(kind, name=name, size=size, axis=axis)


def _sizes_of_the_right(task, right, bad):
    """Tuples (length, axis, argument): of all right trials, and exceeded in all wrong ones."""
    found = []
    for k, name in enumerate(task.arguments):
        arrays = [t.inputs[k] for t in (*right, *bad)]
        if not right or not all(isinstance(x, np.ndarray) for x in arrays):
            continue
        for axis in range(min(x.ndim for x in arrays)):
            sizes = [x.shape[axis] for x in arrays]
            here, there = set(sizes[: len(right)]), set(sizes[len(right) :])
            if len(here) == 1 and max(here) <= 2 and min(there) > max(here):
                found.append((max(here), axis, name))
    return found


def _example(task, shown, trials, bad):
    got, expected = describe_apart(like(shown.expected, shown.got), shown.expected)
    kind = "example_above" if task.above else "example"
    words = say(kind, inputs=_inputs(task, shown), got=got, expected=expected)
    count = say("so_many", wrong=len(bad), all=len(trials)) if len(bad) > 1 else ""
    return f"{words} {count}".rstrip()


def _inputs(task, trial):
    return ", ".join(
        f"{n} = {describe(x)}" for n, x in zip(task.arguments, trial.inputs, strict=False)
    )
