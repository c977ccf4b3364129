"""Mistakes that can happen in any task: the sign, the logarithm, the axis, the normaliser.

A twist turns a right result into a wrong one. If the same twist of the reference explains all that
a student's function returned, its sentence is the hint. Twists also combine with a task's own
catalogue: somebody may make two mistakes at once.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax


@dataclass(frozen=True)
class Twist:
    """A sentence about the mistake and the function from a right array to the wrong one."""

    hint: str
    apply: object


def _normalised(a):
    return a / a.sum()


def _rows(a):
    return a / a.sum(-1, keepdims=True)


def _columns(a):
    return a / a.sum(0, keepdims=True)


def _uniform(a):
    """Equal probabilities in place of those of a distribution, or of each row's."""
    if (a < 0).any() or a.size < 2:
        raise ValueError("no distribution")
    if np.isclose(a.sum(), 1):
        return np.full(a.shape, 1 / a.size)
    if a.shape[-1] > 1 and np.allclose(a.sum(-1), 1):
        return np.full(a.shape, 1 / a.shape[-1])
    raise ValueError("no distribution")


def _hard(a):
    """All of a distribution, or of that in each row, on its largest entry."""
    hard = np.zeros_like(a)
    if (a >= 0).all() and np.isclose(a.sum(), 1):
        hard.flat[a.argmax()] = 1
    elif a.shape[-1] > 1 and (a >= 0).all() and np.allclose(a.sum(-1), 1):
        np.put_along_axis(hard, a.argmax(-1, keepdims=True), 1, axis=-1)
    else:
        raise ValueError("no distribution")
    return hard


def _shifted(a, by):
    return np.roll(a, by, axis=0)


ANY_SHAPE = (
    Twist("The sign is the wrong way round: your result is minus the right one.", np.negative),
    Twist("You returned the logarithm of what is asked for.", np.log),
    Twist("You returned the negative logarithm of what is asked for.", lambda a: -np.log(a)),
    Twist("You exponentiated the right result: is there an exp too many?", np.exp),
    Twist(
        "That is in bits (logarithms to base 2). The course uses natural logarithms, nats: np.log.",
        lambda a: a / np.log(2),
    ),
    Twist(
        "Those are logarithms to base 10. The course uses natural logarithms: np.log.",
        lambda a: a / np.log(10),
    ),
    Twist("You returned one minus what is asked for: the complement.", lambda a: 1 - a),
    Twist(
        "You returned the square of what is asked for: a variance is the square of a standard "
        "deviation; which of the two is it?",
        np.square,
    ),
    Twist(
        "You returned the square root of what is asked for: a standard deviation is the root of a "
        "variance; which of the two is it?",
        np.sqrt,
    ),
    Twist("The fraction is upside down: you returned one divided by it.", lambda a: 1 / a),
    Twist("You dropped the sign: the result may be negative, so no absolute value.", np.abs),
    Twist("Half of it: a factor of 2 is missing.", lambda a: a / 2),
    Twist(
        "Twice as much as it should be: a factor of one half is missing, or something is counted "
        "double.",
        lambda a: 2 * a,
    ),
    Twist("A factor of one half too much, squared away: four times too small.", lambda a: a / 4),
    Twist("There is a 1 too many inside the logarithm.", lambda a: np.log1p(np.exp(a))),
    Twist("Everything is too large by exactly 1.", lambda a: a + 1),
    Twist("Everything is too small by exactly 1.", lambda a: a - 1),
)

ARRAYS = (
    Twist("You added everything up: keep one number for each entry.", np.sum),
    Twist("You averaged everything: keep one number for each entry.", np.mean),
    Twist("You added up over the first axis (axis=0): keep it.", lambda a: a.sum(0)),
    Twist("You added up over the last axis (axis=-1): keep it.", lambda a: a.sum(-1)),
    Twist("You averaged over the first axis (axis=0): keep it.", lambda a: a.mean(0)),
    Twist("You averaged over the last axis (axis=-1): keep it.", lambda a: a.mean(-1)),
    Twist("You kept only the largest entry.", np.max),
    Twist("You returned where the largest entry is (argmax), not the entries.", np.argmax),
    Twist(
        "You put everything on the most probable entry: a whole distribution is asked for, not "
        "its argmax.",
        _hard,
    ),
    Twist(
        "You gave every entry the same probability, a uniform distribution: what you know should "
        "make some entries more probable than others.",
        _uniform,
    ),
    Twist(
        "All of your result is zero. Is that a constant, or is everything too small for the "
        "computer (underflow)?",
        np.zeros_like,
    ),
    Twist("All entries of your result are one: compute them from the arguments.", np.ones_like),
    Twist("You returned the running sum (cumsum) of the right entries.", lambda a: a.cumsum(-1)),
    Twist("The entries are right, but in reverse order.", lambda a: a[::-1]),
    Twist("The last axis is in reverse order.", lambda a: a[..., ::-1]),
    Twist("The order of the entries is shifted by one, to the right.", lambda a: _shifted(a, 1)),
    Twist("The order of the entries is shifted by one, to the left.", lambda a: _shifted(a, -1)),
    Twist("The first entry is missing.", lambda a: a[1:]),
    Twist("The last entry is missing: does a loop or slice stop one too early?", lambda a: a[:-1]),
    Twist("You returned only the first entry.", lambda a: a[0]),
    Twist("You returned only the last entry.", lambda a: a[-1]),
    Twist("You normalised the whole result to sum to one; here it must not be.", _normalised),
    Twist("You normalised over the last axis; here it must not be.", _rows),
    Twist("You normalised over the first axis; here it must not be.", _columns),
    Twist("You took the softmax of the right result: that normalises it once more.", softmax),
    Twist(
        "You took the softmax over the last axis of the right result: one normalisation too many.",
        lambda a: softmax(a, axis=-1),
    ),
    Twist(
        "You subtracted the log-sum-exp of the right result: one normalisation too many.",
        lambda a: a - logsumexp(a),
    ),
    Twist("You subtracted the mean of the right result.", lambda a: a - a.mean()),
    Twist(
        "Everything is divided by the largest entry, so that this is 1. Probabilities are divided "
        "by their sum; other results are left as they are.",
        lambda a: a / a.max(),
    ),
    Twist("Rows and columns are exchanged: your result is the transpose.", np.transpose),
    Twist("You kept only the diagonal.", lambda a: np.diagonal(a)),
    Twist("You kept the diagonal and set all else to zero.", lambda a: np.diag(np.diag(a))),
    Twist("You returned the matrix inverse of what is asked for.", lambda a: np.linalg.inv(a)),
)


def twisted(twist, result):
    """The twist of a plain result, or None where it cannot be applied or changes nothing."""
    if isinstance(result, list):
        parts = [twisted(twist, x) for x in result]
        return None if any(x is None for x in parts) else parts
    if not isinstance(result, np.ndarray) or result.size == 0:
        return None
    if twist in ARRAYS and result.ndim == 0:
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(twist.apply(result), dtype=float)
    except (ValueError, IndexError, np.linalg.LinAlgError):
        return None
