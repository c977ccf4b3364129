"""Wrong answers made by machine, from the right one: each with the sentence it earns.

Results: the sign, the logarithm, the axis, the normaliser (``twists``). Inputs: one squared, left
out, reversed, exchanged with another (``replacements``): whoever forgets the prior gets what the
reference gives for a prior of ones.
The lines for both stand in mistakes/any_task.txt; :mod:`checks.slips` changes the formula itself.
"""

import copy
import functools
from itertools import permutations

import numpy as np

from checks.catalogue import FOLDER, read
from checks.sentences import Claim, say


@functools.lru_cache
def any_task():
    """The lines of mistakes/any_task.txt, by their headings."""
    return read(FOLDER / "any_task.txt", {})


def twists():
    """Pairs (sentence, change) of what can happen to any right result."""
    kinds = [(kind, t) for kind in ("any_result", "array_result") for t in any_task()[kind]]
    return [(t.hint, functools.partial(_twisted, t.wrong, kind)) for kind, t in kinds]


def _twisted(change, kind, result):
    """A plain result, changed, or None where that cannot be."""
    if isinstance(result, list):
        parts = [_twisted(change, kind, x) for x in result]
        return None if any(x is None for x in parts) else parts
    if not isinstance(result, np.ndarray) or result.size == 0:
        return None
    if result.ndim == 0 and kind == "array_result":
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(change(result), dtype=float)
    except (ValueError, IndexError, np.linalg.LinAlgError):
        return None


def replacements(names, inputs):
    """Yield (sentence, function from inputs to inputs with something replaced) for these inputs."""
    for k, value in enumerate(inputs[: len(names)]):
        for mistake in _changes(value):
            needs = mistake.wrong.code.partition("#")[2].split()  # what an answer must use
            how = functools.partial(_replaced, k, mistake.wrong)
            yield Claim(mistake.hint.format(f"`{names[k]}`"), needs), how
    shapes = [np.shape(x) if isinstance(x, (np.ndarray, float)) else None for x in inputs]
    for i, j in permutations(range(min(len(inputs), len(names))), 2):
        if shapes[i] is not None and shapes[i] == shapes[j]:
            words = {"a": names[i], "b": names[j]}
            if i < j:
                yield Claim(say("exchanged", **words)), functools.partial(_taken, {i: j, j: i})
            yield Claim(say("goes_in_for", **words)), functools.partial(_taken, {j: i})


def _changes(value):
    """What may stand in for a value of this kind."""
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "fiu":
        return any_task()["array_input"]
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return any_task()["number_input"]
    return any_task()["array_input"][:11] if isinstance(value, float) else ()


def _replaced(k, change, inputs):
    """The inputs with one of them changed."""
    inputs = list(copy.deepcopy(inputs))
    inputs[k] = change(inputs[k])
    return tuple(inputs)


def _taken(places, inputs):
    """The inputs with others in some places: {place: where its value comes from}."""
    return tuple(copy.deepcopy(inputs[places.get(k, k)]) for k in range(len(inputs)))
