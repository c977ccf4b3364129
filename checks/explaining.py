"""What to say of wrong results: the cause if it is known, the form, what is broken, an example."""

import numpy as np

from checks.plain import Odd, describe, describe_apart, has_nan, like, shape_in_words
from checks.recognising import recognise
from checks.searching import Search, matches, plain_shape
from checks.sentences import say

OF_NEGATIVE = ("log", "sqrt", "power")  # whose warning tells of a negative number


def what_is_wrong(task, trials, bad, outcomes, function):
    """The sentences on ``bad``, the wrong ones among ``trials``."""
    smallest = min(bad, key=_size)
    if any(t.got is None for t in bad):
        return _returned_none(task, trials, outcomes)
    warned = next((o.warned for o in outcomes if o.warned), "")
    known = _kind(task, smallest) or _of_negative(task, trials, bad, warned)
    known = known or recognise(task, trials, function) or _form(task, trials, bad, warned)
    if known:
        return known
    broken, shown = _broken_invariant(task, sorted(bad, key=_size))
    labelled = _only_where(trials, bad) or only_for_a_size(task, trials, bad)
    example = _example(task, shown or smallest, trials, bad)  # what the sentence is about
    return " ".join(x for x in (broken, labelled, example) if x)


def _size(trial):
    return sum(np.size(x) for x in trial.inputs if isinstance(x, (np.ndarray, int, float)))


def _returned_none(task, trials, outcomes):
    if not all(t.got is None for t in trials):
        trial = min((t for t in trials if t.got is None), key=_size)
        special = say("happens_for", label=trial.label) if trial.label else ""
        return say("sometimes_none", inputs=_inputs(task, trial), special=special).rstrip()
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
            return f"{sentence} {only_for_a_size(task, trials, bad)}".rstrip()
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


def only_for_a_size(task, trials, bad):
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
