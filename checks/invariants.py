"""What must be true of any answer on any data: for the invariants of an OpenTask.

Each name makes an invariant: ``rising("elbos")`` is a function of the answer's dictionary that
returns "" or a sentence with numbers.
"""

import functools

import numpy as np


def _maker(broken):
    """``broken(answer, ...)`` as a function of all but the answer."""

    @functools.wraps(broken)
    def made(*given, **named):
        return lambda answer: broken(answer, *given, **named)

    return made


@_maker
def rising(answer, key="elbos", rtol=1e-9):
    """The numbers never fall."""
    bounds = np.ravel(answer[key])
    fall = np.diff(bounds)
    if len(fall) == 0:
        return f'"{key}" holds one number: one for every sweep is needed'
    worst = int(fall.argmin())
    before, after = bounds[worst : worst + 2]
    if after - before >= -rtol * max(1.0, abs(before)):
        return ""
    return (
        f'"{key}" falls from {before:.6g} to {after:.6g} at step {worst + 1}: an exact update '
        "of one factor never lowers the bound"
    )


@_maker
def below(answer, lower="elbo", upper="log_evidence", because="a lower bound cannot", atol=1e-9):
    """Every number of the one is at most the other."""
    low, high = np.asarray(answer[lower]), np.asarray(answer[upper])
    worst = np.max(low - high)
    if worst <= atol * max(1.0, float(np.abs(high).max())):
        return ""
    return f'"{lower}" lies above "{upper}" by {worst:.4g}: {because}'


@_maker
def normalised(answer, key="q", axis=-1, atol=1e-6):
    """Probabilities: none negative, and they sum to one over ``axis`` (None: all of it)."""
    q = np.asarray(answer[key])
    if (q < 0).any():
        return f'"{key}" holds {q.min():.4g}: a probability is never negative'
    totals = np.ravel(q.sum(axis))
    worst = totals[np.abs(totals - 1).argmax()]
    where = "" if axis is None else f" over axis {axis}"
    return "" if abs(worst - 1) <= atol else f'"{key}" sums to {worst:.6g}{where}, not to 1'


@_maker
def positive(answer, key, strictly=True):
    """No number below zero (nor, ``strictly``, zero itself)."""
    least = np.min(answer[key])
    if least > 0 or (least == 0 and not strictly):
        return ""
    return f'"{key}" holds {least:.4g}: it is never {"zero or " * strictly}negative'


@_maker
def adds_up(answer, total, *parts, rtol=1e-6):
    """One number is the sum of others, each computed on its own."""
    right = sum(np.asarray(answer[p]) for p in parts)
    gap = np.max(np.abs(answer[total] - right))
    names = " + ".join(f'"{p}"' for p in parts)
    fine = gap <= rtol * max(1.0, float(np.max(np.abs(right))))
    return "" if fine else f'"{total}" and {names} differ by {gap:.4g}: they are equal'


@_maker
def at_least(answer, key, size, what):
    """There are enough entries (documents, sweeps) for the question to make sense."""
    count = np.shape(answer[key])[0] if np.ndim(answer[key]) else 1
    return "" if count >= size else f'"{key}" has {count} {what}: take {size} at least'


@_maker
def best_of(answer, ends="ends", bounds="elbos", rtol=1e-9):
    """The last bound is the highest of all starts' ends, and not all starts were the same."""
    found, last = np.ravel(answer[ends]), np.ravel(answer[bounds])[-1]
    if abs(found.max() - last) > rtol * max(1.0, abs(last)):
        return f'the best of "{ends}" is {found.max():.6g}, and "{bounds}" ends at {last:.6g}'
    if len(found) > 1 and np.ptp(found) == 0:
        return f'"{ends}" are the same to the last digit: did every start begin at one place?'
    return ""
