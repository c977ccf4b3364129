"""Timing two ways of doing the same thing: taken in turn, so that a busy machine hits both.

``ratio`` runs the two alternately and reports the median of the ratios of neighbouring runs with
their quartiles. A ratio above one means that ours is faster.
"""

from dataclasses import dataclass
from time import perf_counter

import numpy as np


@dataclass(frozen=True)
class Ratio:
    """theirs / ours: median and quartiles; and the median seconds of both."""

    median: float
    low: float
    high: float
    ours: float
    theirs: float

    def __str__(self):
        return (
            f"{self.median:5.2f}x  (quartiles {self.low:.2f} to {self.high:.2f}; "
            f"ours {1e3 * self.ours:.3g} ms, theirs {1e3 * self.theirs:.3g} ms)"
        )


def seconds(function):
    """How long one call takes."""
    start = perf_counter()
    function()
    return perf_counter() - start


def ratio(ours, theirs, repeats=50):
    """Runs ``ours()`` and ``theirs()`` in turn after one warm-up each -> :class:`Ratio`."""
    ours(), theirs()
    pairs = np.array([(seconds(ours), seconds(theirs)) for _ in range(repeats)])
    low, median, high = np.quantile(pairs[:, 1] / pairs[:, 0], [0.25, 0.5, 0.75])
    return Ratio(median, low, high, *np.median(pairs, axis=0))


def median_seconds(function, repeats=5):
    """The median time of a call after one warm-up."""
    function()
    return float(np.median([seconds(function) for _ in range(repeats)]))
