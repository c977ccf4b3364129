"""Messages along a chain of few states, as one banded triangular system.

The recursion f_(t+1) = A^T (b_t f_t) says that the stacked vector (f_1, ..., f_T) solves a lower
triangular system whose band is 2N wide. BLAS solves it in one call, which spares Python the
walk over time; the messages that go backwards solve the transposed system.
"""

import numpy as np
from scipy.linalg.blas import dtbsv

BAND_ENTRIES = 2**17  # entries of the band that is solved at once: they fit into the cache
LONGEST = 2048  # steps solved at once, over which the scale may drift
DRIFT = 1e50  # how far it may drift
MEMORY = 4  # steps of the past from which an unknown scale is guessed


def band_messages(initial, pattern, matrix, b, sequences):
    """Forward and backward messages of all sequences, or None if their scale is lost.

        forward_t = A^T (b_(t-1) forward_(t-1)),   forward_1 = initial
        backward_t = b_t (A backward_(t+1)),       backward_T = b_T

    initial, matrix: (N,) and (N, N). pattern: see :func:`band_pattern`. b: evidence of each state,
    (T, N), scaled so that sum_n forward_t[n] b_t[n] is about one. Returns both, (T, N), each row up
    to a factor, and p(x_t | x_<t), (T,), in the units of b.
    """
    first, last = sequences.first, sequences.last
    linked, forward, backward = b.copy(), np.zeros_like(b), np.zeros_like(b)
    linked[last] = 0  # nothing flows from one sequence into the next
    forward[first], backward[last] = initial, b[last]
    T, N = b.shape
    step = max(1, min(LONGEST, BAND_ENTRIES // (2 * N * N)))
    segments = [(s, min(s + step, T)) for s in range(0, T, step)]
    for s, e in segments:
        if s:
            flow = (linked[s - 1] * forward[s - 1]) @ matrix
            forward[s] += flow / (flow.sum() or 1)
        band = _band(pattern, linked[s:e])
        forward[s:e] = _solve(band, forward[s:e], transposed=0)
    for s, e in segments[::-1]:
        if e < T:  # the last segment's band is still there
            backward[e - 1] += linked[e - 1] * (matrix @ backward[e]) / backward[e].sum()
            band = _band(pattern, linked[s:e])
        backward[s:e] = _solve(band, backward[s:e], transposed=1)
    mass, reverse = row_sum(forward), row_sum(backward)
    low, high = min(mass.min(), reverse.min()), max(mass.max(), reverse.max())
    if not (low > 1 / DRIFT and high < DRIFT):  # also where they are NaN
        return None
    return forward, backward, row_sum(forward * b) / mass


def guess_scale(initial, matrix, b, first):
    """p(x_t | the last few observations), which is close to p(x_t | x_<t) if chains forget."""
    predicted = np.full_like(b, 1 / b.shape[1])
    for _ in range(MEMORY):
        filtered = predicted[:-1] * b[:-1]
        predicted[1:] = filtered @ matrix
        predicted[first] = initial
        predicted /= np.maximum(row_sum(predicted), 1 / DRIFT)[:, None]
    return row_sum(predicted * b)


def row_sum(rows):
    """The sum of each row; for a few columns faster than ``rows.sum(1)``."""
    return rows @ np.ones(rows.shape[1])


def band_pattern(matrix):
    """What turns a row b_t into its part of the band, (N, N 2N).

    In column (t, i) of the system and row (t + 1, j), N + j - i lower, is -b_t[i] matrix[i, j].
    """
    N = len(matrix)
    pattern = np.zeros((N, N, 2 * N))
    for i in range(N):
        pattern[i, i, N - i : 2 * N - i] = -matrix[i]
    return pattern.reshape(N, -1)


def _band(pattern, b):
    return (b @ pattern).reshape(b.size, -1).T


def _solve(band, start, transposed):
    width = band.shape[0] - 1
    return dtbsv(width, band, start.ravel(), lower=1, diag=1, trans=transposed).reshape(start.shape)
