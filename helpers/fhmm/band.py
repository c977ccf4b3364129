"""Messages along a chain of few states, as one banded triangular system.

The recursion f_(t+1) = A^T (b_t f_t) says that the stacked vector (f_1, ..., f_T) solves a lower
triangular system whose band is 2N wide. BLAS solves it in one call, which spares Python the
walk over time; the messages that go backwards solve the transposed system.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy.linalg.blas import dtbsv

BAND_ENTRIES = 2**17  # entries of the band that is solved at once: they fit into the cache
LONGEST = 2048  # steps solved at once, over which the scale may drift
DRIFT = 1e50  # how far it may drift
MEMORY = 4  # steps of the past from which an unknown scale is guessed


def band_messages(initial, matrix, b, first, last, scale=None):
    """Forward and backward messages of all sequences, or None if their scale is lost.

        forward_t = A^T (b_(t-1) forward_(t-1)) / scale_(t-1),   forward_1 = initial
        backward_t = b_t (A backward_(t+1)) / scale_t,           backward_T = b_T / scale_T

    Args:
        initial, matrix: (N,) and (N, N).
        b: evidence of each state, (T, N), at most about one.
        first, last: rows where sequences begin and end.
        scale: a guess of p(x_t | x_<t), up to the factor taken out of b, (T,).
    Returns:
        forward (T, N) and backward (T, N), each row up to a factor, and p(x_t | x_<t), (T,).
    """
    scale = _guess(initial, matrix, b, first) if scale is None else scale
    if not scale.min() > 0:
        return None
    linked = b / scale[:, None]
    forward, backward = np.zeros_like(b), np.zeros_like(b)
    forward[first], backward[last] = initial, linked[last]
    linked[last] = 0  # nothing flows from one sequence into the next
    segments = _segments(*b.shape)
    room = _room(segments[0][1], b.shape[1])
    for s, e in segments:
        if s:
            flow = (linked[s - 1] * forward[s - 1]) @ matrix
            forward[s] += flow / (flow.sum() or 1)
        band = _fill(room, matrix, linked[s:e])
        forward[s:e] = _solve(band, forward[s:e], transposed=0)
    for s, e in segments[::-1]:
        if e < len(b):
            backward[e - 1] += linked[e - 1] * (matrix @ backward[e]) / backward[e].sum()
        if e < len(b):  # the last segment's band is still there
            band = _fill(room, matrix, linked[s:e])
        backward[s:e] = _solve(band, backward[s:e], transposed=1)
    return _with_scale(forward, backward, b)


def _with_scale(forward, backward, b):
    """The messages with p(x_t | x_<t), unless they left the range in which they can be trusted."""
    ones = np.ones(b.shape[1])
    mass, reverse = forward @ ones, backward @ ones  # faster than .sum(1)
    low, high = min(mass.min(), reverse.min()), max(mass.max(), reverse.max())
    if not (low > 1 / DRIFT and high < DRIFT):  # also where they are NaN
        return None
    return forward, backward, np.einsum("tn,tn->t", forward, b) / mass


def _guess(initial, matrix, b, first):
    """p(x_t | the last few observations), which is close to p(x_t | x_<t) if chains forget."""
    predicted = np.full_like(b, 1 / b.shape[1])
    for _ in range(MEMORY):
        filtered = predicted[:-1] * b[:-1]
        predicted[1:] = filtered @ matrix
        predicted[first] = initial
        predicted /= np.maximum(predicted.sum(1, keepdims=True), 1 / DRIFT)
    return np.einsum("tn,tn->t", predicted, b)


def _segments(T, N):
    step = max(1, min(LONGEST, BAND_ENTRIES // (2 * N * N)))
    return [(s, min(s + step, T)) for s in range(0, T, step)]


def _room(steps, N):
    """An empty band, and a view on the places (t, i, j) where a segment's entries go.

    Column (t, i) of the system has an entry in row (t + 1, j), N + j - i below the diagonal.
    """
    band = np.zeros((steps, N, 2 * N))
    size = band.itemsize
    places = as_strided(band[:, :, N:], (steps, N, N), (2 * N * N * size, (2 * N - 1) * size, size))
    return band, places


def _fill(room, matrix, b):
    """The band of one segment, -b_t[i] matrix[i, j], as BLAS wants it."""
    band, places = room
    np.multiply(b[:, :, None], -matrix, out=places[: len(b)])
    return band[: len(b)].reshape(-1, band.shape[2]).T


def _solve(band, start, transposed):
    width = band.shape[0] - 1
    return dtbsv(width, band, start.ravel(), lower=1, diag=1, trans=transposed).reshape(start.shape)
