"""Results that are computed when they are first asked for, and once."""

from collections.abc import Sequence


class Results(Sequence):
    """A result for each trial: ``compute(i)``."""

    def __init__(self, count, compute):
        self._count, self._compute, self._found = count, compute, {}

    def __len__(self):
        return self._count

    def __getitem__(self, i):
        if i >= self._count:
            raise IndexError(i)
        if i not in self._found:
            self._found[i] = self._compute(i)
        return self._found[i]
