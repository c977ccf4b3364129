"""Quasi-Newton ascent, for exact gradients; sampled ones are for Adam, in helpers/gradients.

An objective takes a dictionary of arrays and returns (value, gradient, by-product).
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
    """Where the ascent stands: the parameters, and value, gradient and by-product there."""

    values: dict
    value: float
    gradient: np.ndarray  # packed into a vector
    extra: Any
    memory: tuple = ()


def ascend(objective, values):
    """Yields (value, by-product) where it starts and after each quasi-Newton step, without end."""
    point = evaluate(objective, values)
    while True:
        yield point.value, point.extra
        point = quasi_newton_step(objective, point)


def evaluate(objective, values, memory=()):
    """The :class:`Point` of these parameters."""
    value, gradient, extra = objective(values)
    return Point(values, value, pack(gradient), extra, memory)


def quasi_newton_step(objective, point):
    """One step of limited-memory BFGS for a maximum; the value never falls.

    The step is halved until it delivers a share of the gain its slope promises; if none does,
    the point is returned as it was, without its memory.
    """
    x, direction = pack(point.values), uphill(point.gradient, point.memory)
    slope = direction @ point.gradient
    size = 1.0 if point.memory else 1 / max(1.0, np.sqrt(point.gradient @ point.gradient))
    for _ in range(HALVINGS):
        with np.errstate(over="ignore", invalid="ignore"):
            new = evaluate(objective, unpack(x + size * direction, point.values))
        if new.value >= point.value + SUFFICIENT * size * slope:
            step, change = pack(new.values) - x, point.gradient - new.gradient
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
