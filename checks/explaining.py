"""What to say of wrong results: the cause if it is known, the form, what is broken, an example."""

import numpy as np

from checks.plain import Odd, describe, describe_apart, has_nan, like, shape_in_words
from checks.recognising import recognise
from checks.searching import matches, plain_shape
from checks.sentences import as_sentence, listed, say

OF_NEGATIVE = ("in log", "in sqrt", "in power")  # a warning that tells of a negative number


def what_is_wrong(task, trials, bad, outcomes, function):
    """The sentences on ``bad``, the wrong ones among ``trials``."""
    bad = sorted(bad, key=_size)
    if any(t.got is None for t in bad):
        if all(t.got is None for t in trials):
            return say("prints" if outcomes[0].printed else "none")
        trial = next(t for t in bad if t.got is None)
        special = say("happens_for", label=trial.label) if trial.label else ""
        return say("sometimes_none", inputs=_inputs(task, trial), special=special).rstrip()
    warned = next((o.warned for o in outcomes if o.warned), "")
    known = _kind(task, bad[0]) or recognise(task, trials, function)
    known = known or next(filter(None, (_form(task, trials, bad, t, warned) for t in bad)), "")
    if known:
        return known
    broken, shown = _broken_invariant(task, bad)
    labelled = _only_where(trials, bad) or only_for_a_size(task, trials, bad)
    example = _example(task, shown or bad[0], trials, bad)  # what the sentence is about
    return " ".join(x for x in (broken, labelled, example) if x)


def _size(trial):
    return sum(np.size(x) for x in trial.inputs if isinstance(x, (np.ndarray, int, float)))


def _kind(task, trial):
    """A result of another kind than numbers, of which no comparison could make sense, or ""."""
    parts = trial.got if isinstance(trial.got, list) else [trial.got]
    odd = next((x for x in parts if isinstance(x, (Odd, str))), None)
    if odd is None or isinstance(trial.expected, type(odd)):
        return ""
    if odd is trial.got:
        return say("another_kind", came=shape_in_words(odd), asked=_asked(task, trial))
    return say("another_kind_among", came=describe(odd), asked=_asked(task, trial))


def _asked(task, trial):
    return shape_in_words(trial.expected) + (f" ({task.returns})" if task.returns else "")


def _form(task, trials, bad, trial, warned):
    """What is wrong with the shape or the finiteness of a result, or ""."""
    got, expected = like(trial.expected, trial.got), trial.expected
    if plain_shape(got) == plain_shape(expected):
        if not has_nan(got) or has_nan(expected):
            return ""
        kind = "nan_of_negative" if any(words in warned for words in OF_NEGATIVE) else "nan"
        special = say("happens_for", label=trial.label) if trial.label else ""
        return f"{say(kind, warning=warned)} {special}".rstrip()
    words = {"inputs": _inputs(task, trial)}
    if isinstance(got, list) and isinstance(expected, list) and len(got) == len(expected):
        pairs = enumerate(zip(got, expected, strict=True), 1)
        k, (g, e) = next((k, p) for k, p in pairs if plain_shape(p[0]) != plain_shape(p[1]))
        words |= {"count": len(got), "number": k, "came": shape_in_words(g)}
        return say("part_of_another_shape", asked=shape_in_words(e), **words)
    sentence = say("another_shape", came=shape_in_words(got), asked=_asked(task, trial), **words)
    return f"{sentence} {only_for_a_size(task, trials, bad)}".rstrip()


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
                return as_sentence(sentence), trial
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
    labels, others = {t.label for t in bad}, {t.label for t in trials if t not in bad}
    special = others and "" not in labels and not labels & others
    return say("only_special", labels=listed(sorted(labels))) if special else ""


def only_for_a_size(task, trials, bad):
    """Is it right for arrays of one or two entries along some axis, and wrong for more?"""
    right, found = [t for t in trials if matches(task, t.expected, t)], []
    for k, name in enumerate(task.arguments):
        arrays = [t.inputs[k] for t in (*right, *bad)]
        if not right or not all(isinstance(x, np.ndarray) for x in arrays):
            continue
        for axis in range(min(x.ndim for x in arrays)):
            sizes = [x.shape[axis] for x in arrays]
            here, there = set(sizes[: len(right)]), set(sizes[len(right) :])
            if len(here) == 1 and max(here) <= 2 and min(there) > max(here):
                found.append((max(here), axis, name))
    if not found:
        return ""
    size, axis, name = min(found, key=lambda entry: entry[0])
    kind = "only_for_one" if size == 1 else "only_for_a_size"
    return say(kind, name=name, size=size, axis=axis)


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
