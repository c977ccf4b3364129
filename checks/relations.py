"""What wrong results show by themselves: a constant, an argument, a factor off, the terms of a sum.

Each looks at the trials of a task, with the right result and the student's, and returns a sentence
or "". Those of ``related`` take triples (right, got, trial) of arrays, all of them finite.
"""

import numpy as np
from scipy.special import logsumexp

from checks.plain import agree, describe, finite, like, plain, shape_in_words
from checks.searching import matches, plain_shape
from checks.sentences import say


def same_everywhere(task, trials):
    """One constant for all inputs."""
    if len(trials) < 3 or not finite(trials[0].got):
        return ""
    if any(plain_shape(like(t.expected, t.got)) != plain_shape(t.expected) for t in trials):
        return ""
    same = all(agree(trials[0].got, t.got) for t in trials[1:])
    if not same or all(agree(trials[0].expected, t.expected) for t in trials[1:]):
        return ""
    return say("same_everywhere", value=describe(trials[0].got))


def argument_returned(task, trials):
    """An argument, as it came in."""
    for k, name in enumerate(task.arguments):
        columns = [t.inputs[k] if k < len(t.inputs) else None for t in trials]
        if all(isinstance(x, (np.ndarray, float, int)) for x in columns):
            if all(matches(task, plain(x), t) for x, t in zip(columns, trials, strict=True)):
                return say("argument_returned", name=name)
    return ""


def underflows(task, trials):
    """Right on ordinary inputs, and where the result is wrong, no finite number came out."""
    right = [t for t in trials if matches(task, t.expected, t)]
    bad = [t for t in trials if t not in right]
    lost = all(finite(t.expected) and not finite(t.got) for t in bad)
    if (
        all(t.label for t in right)
        or not lost
        or any(_forbids_logs(x) for t in bad for x in t.inputs)
    ):
        return ""
    label = next((t.label for t in bad if t.label), "")
    return say("underflows", where=say("underflows_for", label=label, sep=" ") if label else "")


def _forbids_logs(value):
    """Is this log 0, or a distribution with a zero?"""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.ndim == 0:
        return False
    one = np.allclose(value.sum(-1), 1) or np.isclose(value.sum(), 1)
    return bool(np.isneginf(value).any() or (one and not value.all()))


def is_short_row(value):
    """Several numbers that are returned together are an array of a few entries by now."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and 1 < len(value) <= 6


# ---------------------------------------------------------------- between arrays


def related(task, trials, close):
    """The first relation that holds in all trials: one that says what happened (``close``).

    Or, if not ``close``, one that says as much as is left if no formula explains the results.
    """
    pairs = [(t.expected, like(t.expected, t.got), t) for t in trials]
    if task.accept is not None or not all(isinstance(x, np.ndarray) for p in pairs for x in p[:2]):
        return ""
    if not all(np.isfinite(g).all() for _, g, _ in pairs):
        return ""
    if any(e.shape != g.shape for e, g, _ in pairs):
        kinds = (_reshaped, _terms) if close else ()
    elif all(np.isfinite(e).all() and e.size for e, _, _ in pairs):
        kinds = (_almost, _shift) if close else (_factor,)
    else:
        kinds = (_almost,) if close else ()
    return next((words for words in (find(pairs) for find in kinds) if words), "")


def _equal(a, b):
    return agree(np.asarray(a), np.asarray(b))  # arithmetic on a single number gives no array


def _reshaped(pairs):
    if not all(e.size == g.size and _equal(e.ravel(), g.ravel()) for e, g, _ in pairs):
        return ""
    e, g, _ = next(p for p in pairs if p[0].shape != p[1].shape)
    return say("reshaped", came=shape_in_words(g), asked=shape_in_words(e))


REDUCE = {
    "terms_add": np.sum,
    "terms_average": np.mean,
    "terms_multiply": np.prod,
    "terms_logsumexp": logsumexp,
    "terms_last": lambda a, axis=None: a.take(-1, axis or 0),
}


def _terms(pairs):
    for sentence, reduce in REDUCE.items():
        for axis in (None, 0, -1, 1):
            if all(_reduces(reduce, e, g, axis) for e, g, _ in pairs):
                return say(sentence)
    return ""


def _reduces(reduce, expected, got, axis):
    if not got.size or got.ndim <= max(expected.ndim, axis or 0):
        return False
    with np.errstate(all="ignore"):
        return _equal(expected, np.asarray(reduce(got, axis=axis)))


def _almost(pairs):
    for digits in (0, 1, 2, 3, 4):
        if all(_equal(np.round(e, digits), g) for e, g, _ in pairs):
            in_unit = all((e >= 0).all() and (e <= 1).all() for e, _, _ in pairs)
            return say("decided") if digits == 0 and in_unit else say("rounded", digits=digits)
    if not all(agree(e, g, rtol=2e-3, atol=1e-3) for e, g, _ in pairs):
        return ""
    gap = max(float(np.max(np.abs(e - g)[np.isfinite(e)], initial=0.0)) for e, g, _ in pairs)
    return say("almost", gap=f"{gap:.1g}")


def _shift(pairs):
    """Off by the maximum that was to be taken away and added back."""
    for k in range(min(len(t.inputs) for _, _, t in pairs)):
        values = [t.inputs[k] for _, _, t in pairs]
        if not all(isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.ndim for x in values):
            continue
        for top in (np.max, lambda x: x.reshape(len(x), -1).max(axis=1).sum()):
            tops = [top(x) for x in values]
            for times in (-1, 1, 2, -2):
                shifted = zip(pairs, tops, strict=True)
                if all(_equal(e + times * m, g) and m for (e, g, _), m in shifted):
                    return say("shift")
    return ""


def _ratio(e, g):
    """The constant c with g = c e, or nan."""
    largest = e.flat[np.abs(e).argmax()]
    c = g.flat[np.abs(e).argmax()] / largest if largest else np.nan
    return c if np.isfinite(c) and _equal(c * e, g) else np.nan


def _factor(pairs):
    ratios = np.array([_ratio(e, g) for e, g, _ in pairs])
    if np.isnan(ratios).any() or np.allclose(ratios, 1):
        return ""
    if not ratios.any():
        return say("zeros")
    if np.allclose(ratios, ratios[0], rtol=1e-6):
        return say("times", factor=f"{ratios[0]:.4g}")
    for sentence, target in (("too_large_by_n", ratios), ("too_small_by_n", 1 / ratios)):
        if _is_a_size(target, pairs):
            return say(sentence)
    return say("factor_changes") if any(e.ndim for e, _, _ in pairs) else ""


def _is_a_size(factors, pairs):
    """Is the factor always a length of an input?"""
    sizes = [[n for x in t.inputs for n in _lengths(x)] for _, _, t in pairs]
    return any(np.allclose(column, factors, rtol=1e-6) for column in zip(*sizes, strict=False))


def _lengths(value):
    shape = value.shape if isinstance(value, np.ndarray) and value.ndim else (np.nan,)
    return np.prod(shape), shape[0], shape[1] if len(shape) > 1 else np.nan
