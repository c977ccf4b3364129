"""Adam: gradient ascent in which each coordinate has a step of its own.

    m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,
    x <- x + step m_hat / (sqrt(v_hat) + 1e-8),   m_hat = m / (1 - b1^n),  v_hat = v / (1 - b2^n)

Source: Kingma and Ba (2015), algorithm 1, with b1 = 0.9 and b2 = 0.999.
"""

from dataclasses import dataclass

import numpy as np

B1, B2, TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Adam:
    """The two running averages of an ascent, and the number of steps taken."""

    first: object = 0.0
    second: object = 0.0
    steps: int = 0

    def step(self, x, slope, size):
        """(x moved along a slope of its shape, the Adam of the next step)."""
        first = B1 * self.first + (1 - B1) * slope
        second = B2 * self.second + (1 - B2) * slope**2
        n = self.steps + 1
        scale = np.sqrt(second / (1 - B2**n)) + TINY
        return x + size * first / (1 - B1**n) / scale, Adam(first, second, n)


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
