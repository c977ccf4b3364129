"""Wrong answers made by machine, from the right one: each with the sentence it earns.

Results: the sign, the logarithm, the axis, the normaliser (``twists``). Inputs: one squared, left
out, reversed, exchanged with another (``replacements``): whoever forgets the prior gets what the
reference gives for a prior of ones. Fields of a model (a dataclass) are replaced like arguments.
The lines for both stand in mistakes/any_task.txt; :mod:`checks.slips` changes the formula itself.
"""

import copy
import functools
from dataclasses import fields, is_dataclass

import numpy as np

from checks.catalogue import FOLDER, read
from checks.sentences import claim, say


@functools.lru_cache
def _any_task():
    return read(FOLDER / "any_task.txt", {})


def twists():
    """The mistakes that can happen to any right result."""
    return _any_task()["any_result"] + _any_task()["array_result"]


def twisted(twist, result):
    """The twist of a plain result, or None where it cannot be applied or changes nothing."""
    if isinstance(result, list):
        parts = [twisted(twist, x) for x in result]
        return None if any(x is None for x in parts) else parts
    if not isinstance(result, np.ndarray) or result.size == 0:
        return None
    if result.ndim == 0 and twist in _any_task()["array_result"]:
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(twist.wrong(result), dtype=float)
    except (ValueError, IndexError, np.linalg.LinAlgError):
        return None


def replacements(names, inputs):
    """Yield (sentence, function from inputs to inputs with something replaced) for these inputs."""
    for k, value in enumerate(inputs[: len(names)]):
        if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                for mistake in _changes(getattr(value, field.name)):
                    sentence = _said(mistake, f"{names[k]}.{field.name}")
                    yield sentence, _at(k, _in_field(field.name, mistake.wrong))
        else:
            for mistake in _changes(value):
                yield _said(mistake, names[k]), _at(k, mistake.wrong)
    yield from _exchanges(names, inputs)


def _said(mistake, name):
    """The sentence on an input; what an answer must use for it to fit stands after the code."""
    return claim(mistake.hint.format(f"`{name}`"), mistake.wrong.code.partition("#")[2].split())


def _changes(value):
    """What may stand in for a value of this kind."""
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "fiu":
        return _any_task()["array_input"]
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return _any_task()["number_input"]
    return _any_task()["array_input"][:11] if isinstance(value, float) else ()


def _at(k, change):
    def replaced(inputs):
        inputs = list(copy.deepcopy(inputs))
        inputs[k] = change(inputs[k])
        return tuple(inputs)

    return replaced


def _in_field(name, change):
    def changed(model):
        # Not through the constructor, which would refuse what is no proper model any more.
        model = copy.copy(model)
        object.__setattr__(model, name, change(getattr(model, name)))
        return model

    return changed


def _exchanges(names, inputs):
    shapes = [np.shape(x) if isinstance(x, (np.ndarray, float)) else None for x in inputs]
    places = range(min(len(inputs), len(names)))
    for i, j in ((i, j) for i in places for j in places):
        if i == j or shapes[i] is None or shapes[i] != shapes[j]:
            continue
        if i < j:
            yield claim(say("exchanged", a=names[i], b=names[j]), ()), _taking({i: j, j: i})
        yield claim(say("goes_in_for", a=names[i], b=names[j]), ()), _taking({j: i})


def _taking(places):
    """Inputs with others in some places: {place: where its value comes from}."""
    return lambda inputs: tuple(copy.deepcopy(inputs[places.get(k, k)]) for k in range(len(inputs)))
