"""The sequences that a factorial HMM is shown, one after the other."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from helpers.arguments import finite_array


@dataclass(frozen=True, eq=False)
class Sequences:
    """Observations of several sequences one after the other, x (T, P), T the sum of lengths."""

    x: np.ndarray
    lengths: tuple

    @cached_property
    def first(self):
        """Row of each sequence's first observation."""
        return np.cumsum([0, *self.lengths[:-1]])

    @cached_property
    def last(self):
        """Row of each sequence's last observation."""
        return np.cumsum(self.lengths) - 1

    @cached_property
    def before_a_step(self):
        """Rows after which the same sequence goes on."""
        return np.delete(np.arange(len(self.x)), self.last)

    @cached_property
    def halves(self):
        """Rows of the steps 0, 2, ... of each sequence, and of its steps 1, 3, ..."""
        odd = (np.arange(len(self.x)) - np.repeat(self.first, self.lengths)) % 2 == 1
        return np.flatnonzero(~odd), np.flatnonzero(odd)

    def split(self, rows):
        """An array with a row per observation, cut into a list with an array per sequence."""
        return np.split(rows, self.first[1:])


def as_sequences(x, n_dimensions=None, name="x"):
    """One array (T, P), or a list of arrays (T_n, P), as :class:`Sequences`.

    n_dimensions: the P that the data must have, None for any; else, and for empty data, NaN,
    infinities or series without an axis for P, ValueError.
    """
    if isinstance(x, Sequences):
        return x
    parts = []
    for place, part in _named_parts(x, name):
        part = finite_array(place, part, ndim=2)
        if 0 in part.shape:
            raise ValueError(f"{place}: expected at least one observation, got shape {part.shape}")
        n_dimensions = n_dimensions or part.shape[1]
        if part.shape[1] != n_dimensions:
            raise ValueError(f"{place}: expected shape (T, {n_dimensions}), got {part.shape}")
        parts.append(part)
    return Sequences(np.concatenate(parts), tuple(len(part) for part in parts))


def _named_parts(x, name):
    """What is meant as one sequence each, with its name; rows may be lists, series may not."""
    x = list(x) if isinstance(x, np.ndarray) and x.ndim == 3 else x
    if not isinstance(x, list | tuple) or len(x) == 0:
        return [(name, x)]
    if not isinstance(x[0], list | tuple) and np.ndim(x[0]) == 1:
        raise ValueError(
            f"{name}: got a list of {len(x)} one-dimensional arrays; a list holds one array (T, P) "
            "a sequence, and a series of single numbers is series[:, None]"
        )
    first = np.ndim(x[0][0]) + 1 if isinstance(x[0], list | tuple) and len(x[0]) else np.ndim(x[0])
    return [(f"{name}[{n}]", part) for n, part in enumerate(x)] if first == 2 else [(name, x)]
