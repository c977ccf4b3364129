"""How wrong results relate to the right ones: a factor, an offset, the terms of a sum, one end.

Each relation takes triples (right, got, trial), arrays of all trials, and returns a sentence or "".
"""

import numpy as np
from scipy.special import logsumexp

from checks.plain import agree, like, shape_in_words
from checks.sentences import say


def related(task, trials, kinds):
    """The sentence of the first relation that holds in all trials, or ""."""
    if task.accept is not None:
        return ""
    pairs = [(t.expected, like(t.expected, t.got), t) for t in trials]
    if not all(isinstance(e, np.ndarray) and isinstance(g, np.ndarray) for e, g, _ in pairs):
        return ""
    if not all(np.isfinite(g).all() for _, g, _ in pairs):
        return ""
    return next((words for words in (find(pairs) for find in kinds) if words), "")


def _equal(a, b):
    return agree(np.asarray(a), np.asarray(b))  # arithmetic on a single number gives no array


def _same_shapes(pairs):
    return all(e.shape == g.shape for e, g, _ in pairs)


def _reshaped(pairs):
    if _same_shapes(pairs):
        return ""
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
    if _same_shapes(pairs):
        return ""
    for sentence, reduce in REDUCE.items():
        for axis in (None, 0, -1, 1):
            if all(_reduces(reduce, e, g, axis) for e, g, _ in pairs):
                return say(sentence)
    return ""


def _reduces(reduce, expected, got, axis):
    if not got.size or got.ndim <= expected.ndim:
        return False
    if axis is not None and not -got.ndim <= axis < got.ndim:
        return False
    with np.errstate(all="ignore"):
        return _equal(expected, np.asarray(reduce(got, axis=axis)))


def _almost(pairs):
    if not _same_shapes(pairs):
        return ""
    for digits in (0, 1, 2, 3, 4):
        if all(_equal(np.round(e, digits), g) for e, g, _ in pairs):
            in_unit = all((e >= 0).all() and (e <= 1).all() for e, _, _ in pairs)
            return say("decided") if digits == 0 and in_unit else say("rounded", digits=digits)
    if not all(agree(e, g, rtol=2e-3, atol=1e-3) for e, g, _ in pairs):
        return ""
    if all((g.astype(np.float16) == g).all() for _, g, _ in pairs):
        return say("half_precision")
    gap = max(float(np.max(np.abs(e - g)[np.isfinite(e)], initial=0.0)) for e, g, _ in pairs)
    return say("almost", gap=f"{gap:.1g}")


def _ratio(e, g):
    """The constant c with g = c e, or nan."""
    if e.shape != g.shape or e.size == 0 or not np.isfinite(e).all():
        return np.nan
    k = np.unravel_index(np.argmax(np.abs(e)), e.shape) if e.ndim else ()
    c = g[k] / e[k] if e[k] else np.nan
    return c if np.isfinite(c) and _equal(c * e, g) else np.nan


def up_to_a_factor(result, got):
    """The result with the student's normaliser, if that is the only other difference."""
    if not isinstance(result, np.ndarray) or not isinstance(got, np.ndarray):
        return None
    if result.shape != got.shape or result.size < 2:
        return None
    factor = _ratio(result, got)
    return None if np.isnan(factor) else factor * result


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
    for k in range(max(len(t.inputs) for _, _, t in pairs)):
        for axis in (0, 1, None):
            sizes = [_length(t.inputs[k], axis) for _, _, t in pairs if k < len(t.inputs)]
            if len(sizes) == len(factors) and np.allclose(sizes, factors, rtol=1e-6):
                return True
    return False


def _length(value, axis):
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return np.nan
    if axis is None:
        return value.size
    return value.shape[axis] if axis < value.ndim else np.nan


def _shift(pairs):
    """Off by the maximum that was to be taken away and added back."""
    if not all(e.shape == g.shape and np.isfinite(e).all() for e, g, _ in pairs):
        return ""
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


def _offset(pairs):
    gaps = []
    for e, g, _ in pairs:
        if e.shape != g.shape or e.size == 0 or not np.isfinite(e).all():
            return ""
        gap = (g - e).ravel()[0]
        if not _equal(e + gap, g):
            return ""
        gaps.append(gap)
    if np.allclose(gaps, gaps[0], rtol=1e-6, atol=1e-9):
        return say("offset", gap=f"{gaps[0]:+.4f}")
    return say("offset_changes") if any(e.ndim for e, _, _ in pairs) else ""


def _rows_up_to_factor(pairs):
    if not all(e.shape == g.shape and e.ndim == 2 and min(e.shape) > 1 for e, g, _ in pairs):
        return ""
    for axis, words in ((-1, "rows"), (0, "columns")):
        for kind, rest in (("factor", np.divide), ("constant", np.subtract)):
            with np.errstate(all="ignore"):
                rests = [rest(g, e) for e, g, _ in pairs]
            if all(np.isfinite(r).all() and _flat(r, axis) for r in rests):
                return say(f"{words}_up_to_{kind}")
    return ""


def _flat(rest, axis):
    return bool((np.ptp(rest, axis=axis) <= 1e-6 * (1 + np.abs(rest).max())).all())


def _one_end(pairs):
    if not all(e.shape == g.shape and e.ndim and len(e) > 1 for e, g, _ in pairs):
        return ""
    if len({len(e) for e, _, _ in pairs}) == 1 and is_short_row(pairs[0][0]):
        return ""  # not a series, but a few different results
    for part, words in ((slice(1, None), "first"), (slice(None, -1), "last")):
        if all(_equal(e[part], g[part]) for e, g, _ in pairs):
            return say(f"all_but_the_{words}")
    return ""


def is_short_row(value):
    """Several numbers that are returned together are an array of a few entries by now."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and 1 < len(value) <= 6


# Relations that say what happened, and those that say as much as is left if no formula explains it.
CLOSE = (_reshaped, _terms, _almost, _shift)
LOOSE = (_factor, _offset, _rows_up_to_factor, _one_end)
