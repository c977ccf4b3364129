"""Mistakes with the inputs: one squared, left out, reversed, read with the wrong index, exchanged.

Whoever forgets the prior gets what the right function gives for a prior of ones; whoever transposes
a transition matrix, what it gives for the transposed one. So the reference itself, called with one
input replaced, is a catalogue of wrong answers for every task, and the replacement is the hint.
Fields of a model (a dataclass) are replaced like arguments.
"""

import copy
from dataclasses import fields, is_dataclass

import numpy as np
from scipy.special import softmax


def _without(a, k):
    a = a.copy()
    a[k] = 0
    return a


def _only(a, k):
    kept = np.zeros_like(a)
    kept[k] = a[k]
    return kept


def _decided(a):
    """A one at the largest entry of each row, zeros elsewhere."""
    return np.eye(a.shape[-1])[a.argmax(-1)]


# What stands in for an array called {0}, in words, and how to get it.
ARRAYS = (
    ("the factor {0} is missing: this is what comes out with ones in its place", np.ones_like),
    ("{0} is left out: this is what comes out with zeros in its place", np.zeros_like),
    ("all entries of {0} count the same: this comes out with its mean in place of each entry",
     lambda a: np.full_like(a, a.mean())),
    ("{0} goes in squared (or twice as a factor)", np.square),
    ("the square root of {0} goes in", np.sqrt),
    ("1 - {0} goes in where {0} belongs", lambda a: 1 - a),
    ("{0} goes in with the wrong sign", np.negative),
    ("the logarithm of {0} goes in where {0} itself belongs", np.log),
    ("{0} goes in exponentiated", np.exp),
    ("{0} goes in twice over (doubled)", lambda a: 2 * a),
    ("only half of {0} goes in", lambda a: a / 2),
    ("{0} goes in upside down, as one divided by it", lambda a: 1 / a),
    ("{0} goes in transposed: rows and columns are exchanged", np.transpose),
    ("the last two axes of {0} are exchanged", lambda a: np.swapaxes(a, -1, -2)),
    ("{0} goes in in reverse order", lambda a: a[::-1]),
    ("the last axis of {0} goes in in reverse order", lambda a: a[..., ::-1]),
    ("{0} is shifted by one place", lambda a: np.roll(a, 1, axis=0)),
    ("{0} is shifted by one place", lambda a: np.roll(a, -1, axis=0)),
    ("the first entry of {0} is left out: does a loop or a slice start too late?",
     lambda a: _without(a, 0)),
    ("the last entry of {0} is left out: does a loop or a slice stop too early?",
     lambda a: _without(a, -1)),
    ("the first entry of {0} is left out", lambda a: a[1:]),
    ("the last entry of {0} is left out", lambda a: a[:-1]),
    ("only the first entry of {0} counts", lambda a: _only(a, 0)),
    ("only the last entry of {0} counts", lambda a: _only(a, -1)),
    ("only the first two entries of {0} count", lambda a: _only(a, slice(2))),
    ("{0} is normalised to sum to one, which it should not be", lambda a: a / a.sum()),
    ("the rows of {0} are normalised, which they should not be",
     lambda a: a / a.sum(-1, keepdims=True)),
    ("the columns of {0} are normalised, which they should not be",
     lambda a: a / a.sum(0, keepdims=True)),
    ("{0} goes in through a softmax", softmax),
    ("{0} goes in through a softmax", lambda a: softmax(a, axis=-1)),
    ("{0} is averaged over its first axis: every row is taken for their mean",
     lambda a: np.broadcast_to(a.mean(0), a.shape).copy()),
    ("{0} is averaged over its last axis: every column is taken for their mean",
     lambda a: np.broadcast_to(a.mean(-1, keepdims=True), a.shape).copy()),
    ("every row of {0} is taken for its first",
     lambda a: np.broadcast_to(a[0], a.shape).copy()),
    ("{0} is taken for whether it is above zero (its counts are ignored)",
     lambda a: (a > 0).astype(a.dtype)),
    ("the largest entry (of each row) of {0} is taken for one and the others for zero", _decided),
    ("{0} goes in plus one", lambda a: a + 1),
    ("{0} goes in minus one", lambda a: a - 1),
    ("the off-diagonal entries of {0} are left out", lambda a: np.diag(np.diag(a))),
    ("{0} goes in as its inverse", np.linalg.inv),
)  # fmt: skip
NUMBERS = (
    ("the first is taken whatever {0} is", lambda n: 0),
    ("the last is taken whatever {0} is", lambda n: -1),
    ("{0} is too large by one", lambda n: n + 1),
    ("{0} is too small by one", lambda n: n - 1),
    ("the other value of {0} is taken", lambda n: 1 - n),
)


def substitutions(names, inputs):
    """Yield (sentence, function from inputs to inputs with something replaced) for these inputs."""
    for k, value in enumerate(inputs):
        name = f"`{names[k]}`" if k < len(names) else "an argument"
        if is_dataclass(value) and not isinstance(value, type):
            yield from _of_fields(k, name, value)
        else:
            yield from _of_value(k, name, value)
    yield from _exchanged(names, inputs)


def _of_value(k, name, value):
    for words, change in _changes(value):
        yield words.format(name), _at(k, change)


def _changes(value):
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "fiu":
        return ARRAYS
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return NUMBERS
    return ARRAYS[:11] if isinstance(value, float) else ()


def _at(k, change):
    def replaced(inputs):
        inputs = list(copy.deepcopy(inputs))
        inputs[k] = change(inputs[k])
        return tuple(inputs)

    return replaced


def _of_fields(k, name, value):
    for field in fields(value):
        inside = f"{name[:-1]}.{field.name}`"
        for words, change in _changes(getattr(value, field.name)):

            def changed(model, field=field.name, change=change):
                # Not through the constructor, which would refuse what is no proper model any more.
                model = copy.copy(model)
                object.__setattr__(model, field, change(getattr(model, field)))
                return model

            yield words.format(inside), _at(k, changed)


def _exchanged(names, inputs):
    shapes = [np.shape(x) if isinstance(x, (np.ndarray, float)) else None for x in inputs]
    for i in range(len(inputs)):
        for j in range(len(inputs)):
            if i == j or shapes[i] is None or shapes[i] != shapes[j] or max(i, j) >= len(names):
                continue
            a, b = f"`{names[i]}`", f"`{names[j]}`"
            if i < j:
                yield f"{a} and {b} are exchanged", _swap(i, j)
            yield f"{a} goes in where {b} belongs as well", _copied(i, j)


def _swap(i, j):
    def swapped(inputs):
        inputs = list(copy.deepcopy(inputs))
        inputs[i], inputs[j] = inputs[j], inputs[i]
        return tuple(inputs)

    return swapped


def _copied(i, j):
    return lambda inputs: tuple(
        copy.deepcopy(inputs[i if k == j else k]) for k in range(len(inputs))
    )
