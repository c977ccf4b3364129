"""Two ways uphill: quasi-Newton where the gradient is exact, Adam where it is sampled.

Points are vectors; ``pack`` and ``unpack`` translate to and from dictionaries of arrays. An
objective takes such a dictionary and returns (value, gradient, by-product).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

MEMORY = 10  # pairs of (step, change of gradient) from which the curvature is guessed
SUFFICIENT = 1e-4  # the share of the promised gain that a step has to deliver
HALVINGS = 30


@dataclass(frozen=True)
class Point:
    """Where the ascent stands: x, the objective's value, gradient and by-products there."""

    x: np.ndarray
    value: float
    gradient: np.ndarray
    extra: Any
    memory: tuple = ()


def ascend(objective, values):
    """Yields (value, by-product) where it starts and after each quasi-Newton step, without end."""
    point = evaluate(objective, values, pack(values))
    while True:
        yield point.value, point.extra
        point = quasi_newton_step(objective, values, point)


def evaluate(objective, like, x, memory=()):
    """The :class:`Point` at x, a vector of numbers named and shaped as ``like``."""
    value, gradient, extra = objective(unpack(x, like))
    return Point(x, value, pack(gradient), extra, memory)


def quasi_newton_step(objective, like, point):
    """One step of limited-memory BFGS for a maximum; the value never falls.

    The step is halved until it delivers a share of the gain its slope promises; if none does,
    the point is returned as it was, without its memory.
    """
    direction = uphill(point.gradient, point.memory)
    slope = direction @ point.gradient
    size = 1.0 if point.memory else 1 / max(1.0, np.sqrt(point.gradient @ point.gradient))
    for _ in range(HALVINGS):
        with np.errstate(over="ignore", invalid="ignore"):
            new = evaluate(objective, like, point.x + size * direction)
        if new.value >= point.value + SUFFICIENT * size * slope:
            return Point(new.x, new.value, new.gradient, new.extra, remember(point, new))
        size /= 2
    return replace(point, memory=())


def remember(old, new):
    """The memory with the last pair added, if the objective curved downwards along it."""
    step, change = new.x - old.x, old.gradient - new.gradient
    if step @ change <= 1e-10 * (change @ change):
        return old.memory
    return (*old.memory, (step, change))[-MEMORY:]


def uphill(gradient, memory):
    """The inverse curvature guessed from ``memory``, times the gradient (two-loop recursion)."""
    direction, weights = gradient.copy(), []
    for step, change in reversed(memory):
        weights.append(step @ direction / (step @ change))
        direction -= weights[-1] * change
    if memory:
        step, change = memory[-1]
        direction *= (step @ change) / (change @ change)
    for (step, change), weight in zip(memory, reversed(weights), strict=True):
        direction += step * (weight - change @ direction / (step @ change))
    return direction


@dataclass(frozen=True)
class Adam:
    """Running averages of a noisy gradient and of its square (Kingma & Ba 2015, algorithm 1)."""

    mean: np.ndarray
    square: np.ndarray
    n_steps: int = 0

    @classmethod
    def start(cls, size):
        """No gradient seen yet, for a point of ``size`` numbers."""
        return cls(np.zeros(size), np.zeros(size))

    def step(self, gradient, rate, decay=(0.9, 0.999)):
        """Returns ``(new Adam, the step to add)`` for a maximum."""
        mean = decay[0] * self.mean + (1 - decay[0]) * gradient
        square = decay[1] * self.square + (1 - decay[1]) * gradient**2
        n_steps = self.n_steps + 1
        unbiased = mean / (1 - decay[0] ** n_steps)
        scale = np.sqrt(square / (1 - decay[1] ** n_steps)) + 1e-8
        return Adam(mean, square, n_steps), rate * unbiased / scale


def pack(values):
    """A dictionary of arrays as one vector, in the dictionary's order."""
    return np.concatenate([np.ravel(value) for value in values.values()])


def unpack(vector, like):
    """The inverse of :func:`pack`: views of ``vector`` with the names and shapes of ``like``."""
    values, start = {}, 0
    for name, value in like.items():
        values[name] = vector[start : start + value.size].reshape(value.shape)
        start += value.size
    return values
