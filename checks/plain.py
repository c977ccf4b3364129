"""Results and inputs as plain data: numbers, arrays, text, lists and dictionaries of them.

What a student returns crosses from one process into another and is then compared with the
reference; both need it plain. What cannot be made plain becomes :class:`Odd`, in words.
"""

import numbers
import types
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

import numpy as np

LARGEST = 2_000_000  # numbers in one result; no task asks for so many


@dataclass(frozen=True)
class Odd:
    """A result that no task asks for, in words: "a generator", "complex numbers"."""

    what: str


def plain(value):
    """``value`` as float64 arrays, str, None, and lists and dicts of them, or :class:`Odd`."""
    if value is None or isinstance(value, str):
        return value[:1000] if value else value
    sparse = hasattr(value, "toarray") and hasattr(value, "shape")
    if (sparse or isinstance(value, np.ndarray)) and np.prod(value.shape) > LARGEST:
        return Odd(f"an array of shape {tuple(value.shape)}, far too large")
    if sparse:
        return plain(value.toarray())
    if isinstance(value, (numbers.Number, np.generic, np.ndarray)):  # a Fraction, a Decimal, too
        return _array(value)
    if isinstance(value, (list, tuple)):
        return _sequence(value)
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in list(value.items())[:100]}
    return Odd(_in_words(value))


def _array(value):
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and all(
            isinstance(x, (numbers.Number, np.number)) for x in array.flat
        ):
            complexes = any(isinstance(x, complex) for x in array.flat)
            array = array.astype(complex if complexes else float)
    except Exception:
        return Odd("a number too large for a float")
    if array.dtype.kind == "O":
        kinds = sorted({type(x).__name__ for x in array.flat})
        return Odd(f"an array of Python objects ({', '.join(kinds[:3])})")
    if array.dtype.kind == "c" and (np.abs(array.imag) <= 1e-12 * np.abs(array)).all():
        array = array.real  # but for rounding
    if array.dtype.kind not in "biuf":
        complexes = array.dtype.kind == "c"
        return Odd("complex numbers" if complexes else f"an array of {array.dtype.name}")
    return np.array(array, dtype=float)


def _sequence(value):
    if len(value) <= LARGEST and value and all(isinstance(x, (int, float)) for x in value):
        return _array([float(x) if abs(x) < 1e300 or x != x else x for x in value])
    if len(value) > 10_000:
        return Odd(f"a {type(value).__name__} of {len(value)} items")
    return [plain(part) for part in value]


def _in_words(value):
    if value is Ellipsis or value is NotImplemented:
        return "nothing but a placeholder"
    if isinstance(value, types.GeneratorType):
        return "a generator (is there a `yield` where `return` was meant?)"
    if isinstance(value, Iterator):
        return f"an iterator ({type(value).__name__}), not its values"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return "a function (are its brackets missing, so that it is never called?)"
    kind = type(value).__name__
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


def like(expected, got):
    """``got`` in the structure of ``expected`` where that is a matter of type, not of content.

    A list of rows becomes an array if an array is expected, an array a list of results if several
    results are expected, and a single number any of its types.
    """
    if isinstance(expected, np.ndarray) and isinstance(got, list):
        parts = [like(expected[0] if expected.ndim and len(expected) else expected, x) for x in got]
        if not all(isinstance(x, np.ndarray) for x in parts):
            return got
        return np.array(parts) if len({x.shape for x in parts}) <= 1 else got
    if isinstance(expected, list) and isinstance(got, np.ndarray) and got.ndim:
        got = [np.asarray(x) for x in got] if len(got) == len(expected) else got
    if isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
        return [like(e, g) for e, g in zip(expected, got, strict=True)]
    return got


def agree(expected, got, rtol=1e-6, atol=1e-9):
    """Do two plain results agree, in structure, shape and numbers? nan agrees with nan."""
    got = like(expected, got)
    if isinstance(expected, np.ndarray):
        return isinstance(got, np.ndarray) and _close(expected, got, rtol, atol)
    if isinstance(expected, list):
        same = isinstance(got, list) and len(got) == len(expected)
        return same and all(agree(e, g, rtol, atol) for e, g in zip(expected, got, strict=True))
    if isinstance(expected, dict):
        same = isinstance(got, dict) and got.keys() == expected.keys()
        return same and all(agree(expected[k], got[k], rtol, atol) for k in expected)
    return type(got) is type(expected) and got == expected


def _close(a, b, rtol, atol):
    if a.shape != b.shape:
        return False
    with np.errstate(all="ignore"):
        near = np.isfinite(a) & (np.abs(a - b) <= atol + rtol * np.abs(a))
    return bool((near | (a == b) | ((a != a) & (b != b))).all())


def arrays(value):
    """The arrays in a plain result."""
    if isinstance(value, np.ndarray):
        yield value
    if isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from arrays(part)


def finite(value):
    """Is every number in a plain result finite?"""
    return all(np.isfinite(x).all() for x in arrays(value))


def has_nan(value):
    """Is there a nan in a plain result?"""
    return any(np.isnan(x).any() for x in arrays(value))


def only_nan(value):
    """Is there no number in a plain result but nan? That agrees with too much."""
    found = [*arrays(value)]
    return bool(found) and all(np.isnan(x).all() for x in found)


def fingerprint(value):
    """A copy of everything in an input that an in-place change would alter."""
    if isinstance(value, np.random.Generator):
        return None  # drawing from it is what it is there for
    if hasattr(value, "toarray"):
        return fingerprint(value.toarray())
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(fingerprint(getattr(value, f.name)) for f in fields(value))
    if isinstance(value, dict):
        return tuple((str(k), fingerprint(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(fingerprint(x) for x in value)
    return repr(value) if isinstance(value, (bool, int, float, str)) else None


def describe(value, digits=4):
    """A plain result or an input in one short line."""
    if isinstance(value, np.ndarray) and value.size > 24:
        return f"an array of shape {value.shape}"
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=digits, separator=", ", suppress_small=True)
        return " ".join(text.replace("\n", " ").split())
    if isinstance(value, (float, np.floating)):
        return f"{value:.{digits}g}"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(describe(x, digits) for x in value[:6]) + ")"
    if isinstance(value, Odd):
        return value.what
    if isinstance(value, np.random.Generator):
        return "a random generator"
    if callable(value):
        return "a function"
    if is_dataclass(value):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= 80 else f"a {type(value).__name__}"


def describe_apart(got, expected):
    """Both in words, with so many digits that they differ."""
    pairs = [(describe(got, digits), describe(expected, digits)) for digits in (4, 8, 16)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[-1])


def shape_in_words(value):
    """What kind of result this is: "a single number", "an array of shape (2, 3)"."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a single number"
    if isinstance(value, list):
        return f"{len(value)} results" if len(value) != 1 else "a list of one result"
    if isinstance(value, dict):
        return "a dictionary with " + ", ".join(sorted(value)[:6])
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return value.what if isinstance(value, Odd) else "None"
