"""Quasi-Newton ascent, for exact gradients; sampled ones are for Adam, in helpers/gradients.

Points are vectors; ``pack`` and ``unpack`` translate to and from dictionaries of arrays. An
objective takes such a dictionary and returns (value, gradient, by-product).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from helpers.gradients.adam import pack, unpack

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
            step, change = new.x - point.x, point.gradient - new.gradient
            curved = step @ change > 1e-10 * (change @ change)  # downwards, along the step
            pairs = (*point.memory, (step, change))[-MEMORY:] if curved else point.memory
            return replace(new, memory=pairs)
        size /= 2
    return replace(point, memory=())


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
