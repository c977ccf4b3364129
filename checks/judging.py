"""From what a student's function did to the verdict.

The order matters: first what kept the function from answering, then known mistakes, then the form
of the result, then what is broken, and last the smallest input for which it is wrong.
"""

import inspect

import numpy as np

from checks.outcomes import (
    ENDED,
    ENDLESS,
    NO_MEMORY,
    UNWRITTEN,
    VALUE,
    observe,
)
from checks.plain import Odd, describe, has_nan, like, shape_in_words
from checks.recognising import Trial, matches, of_one, plain_shape, recognise, result_of
from checks.tasks import Case
from checks.verdicts import CORRECT, NOT_YET, WRONG, Verdict

_OWN_NUMPY = {
    (module, name): value
    for module in (np, np.linalg)
    for name, value in vars(module).items()
    if callable(value) and not name.startswith("_")
}
UNTOUCHED = (
    "Write your answer in the cell above, run that cell, then this one. "
    "(Three hints are waiting below, should you want them.)"
)


def judge(task, function, rng):
    """The verdict on a student's function; never raises, takes less than ten seconds."""
    try:
        return _judged(task, function, rng)
    except KeyboardInterrupt:
        return _no(task, "The check was interrupted.")
    except Exception as error:  # not the student's fault, but no traceback either
        return _no(task, f"The check itself failed ({type(error).__name__}: {error}).")


def _judged(task, function, rng):
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
    if not outcomes or outcomes[0].kind == UNWRITTEN or only_dots(outcomes[0], function):
        return _not_yet(task)
    trials = [
        Trial(c.inputs, result_of(task, task.reference, c.inputs), o.value, c.label)
        for c, o in zip(cases, outcomes, strict=False)
        if o.kind == VALUE
    ]
    failed = next((o for o in outcomes if o.kind != VALUE), None)
    wrong = [t for t in trials if not matches(task, t.expected, t)]
    if failed is not None:
        known = recognise(task, trials, function) if len(wrong) > 1 else of_one(task, wrong)
        case = cases[outcomes.index(failed)]
        sizes = "" if wrong else _only_for_a_size(task, trials, [case])
        return _no(task, known or f"{_stopped(task, failed, case, function)} {sizes}".rstrip())
    if wrong:
        return _no(task, _what_is_wrong(task, trials, wrong, outcomes, function))
    changed = next((o.changed for o in outcomes if o.changed), ())
    if changed:
        return _no(task, _changed(task, changed))
    return Verdict(True, task.why, task.name, CORRECT, task.points, task.hints)


def _no(task, message):
    return Verdict(False, message, task.name, WRONG, task.points, task.hints)


def _not_yet(task, message=UNTOUCHED):
    return Verdict(False, message, task.name, NOT_YET, task.points, task.hints)


# ---------------------------------------------------------------- before the first call


def _not_a_function(task, function):
    if function is Ellipsis or function is NotImplemented:
        return _not_yet(task)
    if isinstance(function, type) or not callable(function):
        came = (
            describe(function) if not isinstance(function, type) else f"class {function.__name__}"
        )
        return _no(
            task,
            f"The check needs your function itself, not {came}: write its name without brackets "
            "after it.",
        )
    return None


def _patched(task):
    changed = sorted(
        f"{module.__name__}.{name}"
        for (module, name), value in _OWN_NUMPY.items()
        if vars(module).get(name) is not value
    )
    if not changed:
        return None
    return _no(
        task,
        f"{changed[0]} is no longer NumPy's own: something in this notebook has replaced it. "
        "Restart the kernel, and let no cell assign to it.",
    )


def only_dots(outcome, function):
    """Is the body of the function still empty, or nothing but `...`?"""
    if outcome.kind != VALUE:
        return False
    if isinstance(outcome.value, Odd) and outcome.value.what == "nothing but a placeholder":
        return True
    compiled = getattr(function, "__code__", None)
    if outcome.value is not None or compiled is None:
        return False
    return len(compiled.co_names) == 0 and len(compiled.co_consts) <= 2 and _length(compiled) <= 4


def _length(compiled):
    return len(compiled.co_code) // 2


# ---------------------------------------------------------------- no result


def _stopped(task, outcome, case, function):
    if outcome.kind == ENDLESS:
        return (
            f"No answer after {task.seconds:g} seconds: is there a loop that never ends, or a much "
            "too long one?"
        )
    if outcome.kind == NO_MEMORY:
        return (
            "The computer's memory did not suffice: your function builds something far too large."
        )
    if outcome.kind == ENDED:
        return "Your function ended the program (exit, or a crash) instead of returning a result."
    return _raised(task, outcome, case, function)


_ADVICE = {
    "NameError": "Is it defined in a cell that you have not run, or is it a slip of the pen?",
    "UnboundLocalError": "A name is used before it gets its value: on every path?",
    "ZeroDivisionError": "Something is divided by zero: may it be zero here?",
    "RecursionError": "The function calls itself without end.",
    "IndexError": "An index points beyond the end: compare it with the array's .shape.",
    "AttributeError": "What has this attribute, and what do you have here?",
}


def _raised(task, outcome, case, function):
    name, _, text = outcome.error.partition(": ")
    if name == "TypeError" and outcome.line == 0 and _wrong_arguments(task, function):
        return _wrong_arguments(task, function)
    place = f" in line {outcome.line} of your function, `{outcome.code}`" if outcome.code else ""
    advice = _ADVICE.get(name, "")
    if name == "ValueError" and ("broadcast" in text or "shapes" in text or "mismatch" in text):
        advice = "Two arrays do not fit together: print their .shape."
    if case.label:
        advice = f"{advice} It happened for {case.label}.".strip()
    return f"Your code raised {name}{place}: {text.rstrip('.')}. {advice}".strip()


def _wrong_arguments(task, function):
    try:
        inspect.signature(function).bind(*task.arguments)
    except TypeError:
        count, names = len(task.arguments), ", ".join(task.arguments)
        return f"Your function must take {count} argument{'s' if count > 1 else ''}: ({names})."
    except ValueError:
        return ""
    return ""


# ---------------------------------------------------------------- a wrong result


def _what_is_wrong(task, trials, wrong, outcomes, function):
    first = min(wrong, key=_size)
    if any(t.got is None for t in wrong):
        return _returned_none(trials, outcomes)
    known = _kind(task, first) or recognise(task, trials, function) or _form(task, trials, wrong)
    if known:
        return known
    broken, shown = _broken_invariant(task, sorted(wrong, key=_size))
    labelled = _only_where(trials, wrong) or _only_for_a_size(task, trials, wrong)
    example = _example(task, shown or first, trials, wrong)  # the input that the sentence is about
    return " ".join(x for x in (broken, labelled, example) if x)


def _size(trial):
    return sum(np.size(x) for x in trial.inputs if isinstance(x, (np.ndarray, int, float)))


def _returned_none(trials, outcomes):
    if not all(t.got is None for t in trials):
        return "Your function sometimes returns nothing (None): is there a `return` on every path?"
    if outcomes[0].printed:
        return "Your function prints its result and returns None: write `return` for `print`."
    return "Your function returned None: is the `return` missing?"


def _kind(task, trial):
    """A result of another kind than numbers, of which no comparison could make sense, or ""."""
    parts = trial.got if isinstance(trial.got, list) else [trial.got]
    odd = next((x for x in parts if isinstance(x, (Odd, str))), None)
    if odd is None or isinstance(trial.expected, type(odd)):
        return ""
    came = shape_in_words(odd) if odd is trial.got else f"results among which is {describe(odd)}"
    return f"Your function returned {came}; expected is {_asked(task, trial)}."


def _asked(task, trial):
    return shape_in_words(trial.expected) + (f" ({task.returns})" if task.returns else "")


def _form(task, trials, wrong):
    """What is wrong with the shape or the finiteness of the results, or ""."""
    for trial in sorted(wrong, key=_size):
        got, expected = like(trial.expected, trial.got), trial.expected
        if plain_shape(got) != plain_shape(expected):
            if isinstance(got, list) and isinstance(expected, list) and len(got) == len(expected):
                return _part_of_another_shape(task, trial, got)
            return (
                f"Your function returned {shape_in_words(got)}; expected is {_asked(task, trial)}, "
                f"for {_inputs(task, trial)}. {_only_for_a_size(task, trials, wrong)}"
            ).rstrip()
        if has_nan(got) and not has_nan(expected):
            special = f" It happens for {trial.label}." if trial.label else ""
            return (
                "There is a nan (not a number) in your result. It comes from 0 * inf, inf - inf or "
                f"0 / 0: remember that 0 log 0 = 0, and that log 0 = -inf.{special}"
            )
    return ""


def _part_of_another_shape(task, trial, got):
    number, came, asked = next(
        (k + 1, shape_in_words(g), shape_in_words(e))
        for k, (g, e) in enumerate(zip(got, trial.expected, strict=True))
        if plain_shape(g) != plain_shape(e)
    )
    return (
        f"Of your {len(got)} results, number {number} is {came}; expected is {asked} there, for "
        f"{_inputs(task, trial)}."
    )


def _broken_invariant(task, wrong):
    """What every right result has and this one has not, and the trial that shows it."""
    for trial in wrong:
        got = like(trial.expected, trial.got)
        for invariant in task.invariants:
            try:
                with np.errstate(all="ignore"):
                    sentence = invariant(got, *trial.inputs)
            except Exception:  # a result so odd that the invariant makes no sense
                continue
            if sentence:
                return sentence[0].upper() + sentence[1:].rstrip(".") + ".", trial
    return _not_a_distribution(wrong)


def _not_a_distribution(wrong):
    """An invariant that needs no words from the task: probabilities sum to one."""
    for trial in wrong:
        expected, got = trial.expected, like(trial.expected, trial.got)
        if not (isinstance(expected, np.ndarray) and expected.ndim and expected.shape[-1] > 1):
            continue
        if (expected < 0).any() or not np.allclose(expected.sum(-1), 1):
            continue
        if (got < -1e-9).any():
            return f"Your probabilities hold {got.min():.4g}: none can be negative.", trial
        worst = got.sum(-1).ravel()[np.argmax(np.abs(got.sum(-1) - 1))]
        if abs(worst - 1) > 1e-6:
            return f"Your probabilities sum to {worst:.4g}, not to 1.", trial
    return "", None


def _only_where(trials, wrong):
    """What the failing inputs have in common that the others do not."""
    if len(wrong) == len(trials):
        return ""
    labels = {t.label for t in wrong}
    special = labels - {t.label for t in trials if t not in wrong} - {""}
    if labels <= special and special:
        return f"It is right for ordinary inputs, but not for {' and '.join(sorted(special))}."
    return ""


def _only_for_a_size(task, trials, wrong):
    """Is it right for arrays of one or two entries along some axis, and wrong for more?"""
    right = [t for t in trials if matches(task, t.expected, t)]
    found = _sizes_of_the_right(task, right, wrong)
    if not found:
        return ""
    size, axis, name = min(found, key=lambda entry: entry[0])
    where = f"It is right where `{name}` has length {size} along axis {axis}"
    if size == 1:
        return f"{where}: look at how several of them are put together."
    return f"{where}, and wrong for more: is that number written into the function?"


def _sizes_of_the_right(task, right, wrong):
    """Tuples (length, axis, argument): of all right trials, and exceeded in all wrong ones."""
    found = []
    for k, name in enumerate(task.arguments):
        arrays = [t.inputs[k] for t in (*right, *wrong)]
        if not right or not all(isinstance(x, np.ndarray) for x in arrays):
            continue
        for axis in range(min(x.ndim for x in arrays)):
            sizes = [x.shape[axis] for x in arrays]
            here, there = set(sizes[: len(right)]), set(sizes[len(right) :])
            if len(here) == 1 and max(here) <= 2 and min(there) > max(here):
                found.append((max(here), axis, name))
    return found


def _example(task, first, trials, wrong):
    got = like(first.expected, first.got)
    line = f" ({len(wrong)} of {len(trials)} inputs give a wrong result.)" if len(wrong) > 1 else ""
    equal = "the line above it is" if task.above else "the right result is"
    return (
        f"For {_inputs(task, first)} your function returned {describe(got)}, but {equal} "
        f"{describe(first.expected)}.{line}"
    )


def _inputs(task, trial):
    return ", ".join(
        f"{n} = {describe(x)}" for n, x in zip(task.arguments, trial.inputs, strict=False)
    )


def _changed(task, positions):
    names = " and ".join(f"`{task.arguments[i]}`" for i in positions if i < len(task.arguments))
    return (
        f"The result is right, but your function changes its argument {names} in place, so that "
        "whoever called it loses the original: work on a copy, or write x = x + y for x += y."
    )
