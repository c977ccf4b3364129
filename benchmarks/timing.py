"""Timing two ways of doing the same thing: taken in turn, so that a busy machine hits both.

``ratio`` runs the two alternately and reports the median of the ratios of neighbouring runs with
their quartiles. A ratio above one means that ours is faster. Every side runs on one thread, and
its processor time is what counts: on a quiet machine that is the time on the clock, on a busy one
it leaves out the turns of other programs.

A benchmark's ``measure()`` yields :class:`Row`, for the table, and :class:`Point`, for a figure.
"""

from dataclasses import dataclass
from time import process_time

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

    def row(self, what, against, goal=None, why="", note=""):
        """This ratio as a :class:`Row`; the note tells the two times."""
        times = f"ours {1e3 * self.ours:.3g} ms, theirs {1e3 * self.theirs:.3g} ms"
        note = f"{times}; {note}" if note else times
        return Row(what, against, self.median, "x", self.low, self.high, goal, why=why, note=note)


@dataclass(frozen=True)
class Row:
    """One measured number, with quartiles where it was measured more than once.

    goal: what it should reach, or stay below if ``at_most``; None where nothing was promised.
    why: what explains the number if the goal is missed.
    """

    what: str
    against: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    goal: float | None = None
    at_most: bool = False
    why: str = ""
    note: str = ""

    @property
    def met(self):
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        return bool(self.value <= self.goal if self.at_most else self.value >= self.goal)

    @property
    def spread(self):
        """The quartiles in words, or nothing."""
        return "" if self.low is None else f"{number(self.low)} to {number(self.high)}"

    @property
    def wanted(self):
        """The goal in words, or nothing."""
        if self.goal is None:
            return ""
        return (
            f"{'at most' if self.at_most else 'at least'} {number(self.goal)} {self.unit}".strip()
        )

    def __str__(self):
        verdict = {None: "", True: "  met", False: "  MISSED"}[self.met]
        spread = f" ({self.spread})" if self.spread else ""
        wanted = f"; wanted {self.wanted}{verdict}" if self.wanted else ""
        against = f" against {self.against}" if self.against else ""
        note = f"; {self.note}" if self.note else ""
        return f"{self.what}{against}: {number(self.value)} {self.unit}{spread}{wanted}{note}"


@dataclass(frozen=True)
class Point:
    """One point of a figure of cost against size: seconds at a size, on the curve of a name."""

    figure: str
    size_name: str
    curve: str
    size: float
    seconds: float

    def __str__(self):
        return f"  {self.size_name} {self.size:g}, {self.curve}: {1e3 * self.seconds:.3g} ms"


def number(value):
    """Three digits, or whole numbers in full."""
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def seconds(function):
    """How much of the processor's time one call takes."""
    start = process_time()
    function()
    return process_time() - start


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


def show(measured):
    """Prints the rows and points of a benchmark as they come."""
    for line in measured:
        print(line, flush=True)
