"""What every function asks of its input: arrays of numbers, probabilities, sizes, generators.

Each function returns the checked value, ready for use, or raises a ``ValueError`` that names
the argument, what came and what was expected.
"""

import math
import numbers

import numpy as np
from scipy import sparse

MOST_NUMBERS = 2**29  # in one array: four gigabytes
SMALLEST = np.finfo(float).tiny  # 2e-308: smaller ones have few digits, and no finite inverse
SUM_TOLERANCE = 1e-8  # how far from one a student's probabilities may sum
ROUND_OFF = 1e-13  # sums further from one than this are divided out
SYMMETRY = 1e-8  # how far C_ij and C_ji may be apart, in units of sqrt(C_ii C_jj)


def real_array(name, value, ndim=None, shape=None):
    """``value`` as an array of doubles without NaN; infinities are allowed.

    ndim: how many axes, a number or several; shape: sizes, None where any will do.
    """
    array = plain_array(name, value)
    if array.dtype.kind not in "biuf":
        hint = "; were its .counts meant?" if hasattr(value, "vocabulary") else ""
        hint = "; .toarray() makes it dense" if sparse.issparse(value) else hint
        raise ValueError(f"{name}: expected real numbers, got {describe(value)}{hint}")
    refuse_large(name, *array.shape)
    array = array.astype(np.float64)
    allowed = ndim if isinstance(ndim, tuple) else (ndim,)
    if ndim is not None and array.ndim not in allowed:
        wanted = " or ".join(map(str, allowed))
        raise ValueError(f"{name}: expected {wanted} axes, got shape {array.shape}")
    sizes = array.shape if shape is None else shape
    fits = (want in (None, have) for want, have in zip(sizes, array.shape, strict=False))
    if array.ndim != len(sizes) or not all(fits):
        wanted = ", ".join("any" if n is None else str(n) for n in sizes)
        raise ValueError(f"{name}: expected shape ({wanted}), got {array.shape}")
    if np.isnan(array).any():
        raise ValueError(f"{name}: holds NaN in {np.isnan(array).sum()} of {array.size} places")
    return array


def finite_array(name, value, ndim=None, shape=None):
    """As :func:`real_array`, and every entry finite."""
    array = real_array(name, value, ndim, shape)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got {array[~np.isfinite(array)][0]}")
    return array


def positive(name, value, ndim=None, shape=None, maximum=np.inf):
    """As :func:`finite_array`, and every entry above zero, and none above ``maximum``."""
    array = finite_array(name, value, ndim, shape)
    if array.max(initial=0) > maximum:
        raise ValueError(f"{name}: expected at most {maximum:g}, got {array.max():g}")
    if not (array >= SMALLEST).all():
        raise ValueError(f"{name}: expected positive numbers, got {array[array < SMALLEST][0]:g}")
    return array


def probabilities(name, value, axis=-1, ndim=None, shape=None):
    """Non-negative numbers that sum to one along ``axis`` (``axis=None``: numbers in [0, 1]).

    A sum may be off by as much as the numbers' own type rounds; it is then divided out in doubles.
    """
    array, precision = finite_array(name, value, ndim, shape), _precision(value)
    if (array < 0).any():
        raise ValueError(f"{name}: expected probabilities, got the negative number {array.min():g}")
    if axis is None:
        if (array > 1 + 4 * precision).any():
            raise ValueError(f"{name}: expected probabilities in [0, 1], got {array.max():.10g}")
        return np.minimum(array, 1, out=array)
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"{name}: expected at least one probability, got shape {array.shape}")
    sums = array.sum(axis, keepdims=True)
    worst = sums.flat[np.argmax(np.abs(sums - 1))]
    rounded = min((10 + array.shape[axis]) * precision, math.sqrt(precision))
    if abs(worst - 1) > max(SUM_TOLERANCE, rounded):
        wanted = f"probabilities that sum to 1 along axis {axis}"
        raise ValueError(f"{name}: expected {wanted}, got a sum of {worst:.10g}")
    return array / sums if abs(worst - 1) > ROUND_OFF else array


def covariance(name, value, ndim=None, shape=None):
    """Symmetric positive definite matrices (..., P, P), both asked of their correlations.

    So columns of 1e9 and of 0.1 may stand side by side; rounding between C_ij and C_ji is averaged.
    """
    array, precision = finite_array(name, value, ndim, shape), _precision(value)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] == 0:
        raise ValueError(f"{name}: expected (..., P, P), P at least one, got {array.shape}")
    variances, wanted = np.diagonal(array, axis1=-2, axis2=-1), "a positive definite matrix"
    if not (variances > 0).all():
        raise ValueError(f"{name}: expected {wanted}, got the variance {variances.min():g}")
    sd = np.sqrt(variances)
    with np.errstate(over="ignore"):  # beyond 1 already, no covariance is left
        correlations = np.clip(array / sd[..., :, None] / sd[..., None, :], -2, 2)
    apart = np.abs(correlations - correlations.mT).max(initial=0)
    if apart > max(SYMMETRY, 100 * precision):
        by = f"by {apart:.3g} of the standard deviations' product"
        raise ValueError(f"{name}: expected a symmetric matrix; mirrored entries differ {by}")
    lowest = np.linalg.eigvalsh((correlations + correlations.mT) / 2).min(initial=1)
    if lowest < array.shape[-1] * np.finfo(float).eps:
        wrong = f"its correlations have the eigenvalue {lowest:.3g}"
        raise ValueError(f"{name}: expected {wanted}; {wrong}")
    return array / 2 + array.mT / 2


def real_csr(name, matrix, whole=np.float64):
    """A sparse matrix as a finite CSR array: in each row sorted columns, none twice, none for 0.

    Of doubles, or where the numbers are whole of the type ``whole``. Mostly no copy is made, and
    the matrix itself is never changed.
    """
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        got = f"{matrix.dtype} of shape {matrix.shape}"
        raise ValueError(f"{name}: expected real numbers on two axes, got {got}")
    # Wide first: SciPy adds up repeated entries in the numbers' own type, bytes for one.
    wide = np.float64 if matrix.dtype.kind == "f" else whole
    checked = sparse.csr_array(matrix.astype(wide, copy=False))
    if not (checked.has_canonical_format and checked.data.all()):
        checked = checked.copy()  # what follows is done in place, and the arrays are the caller's
        checked.sum_duplicates()
        checked.eliminate_zeros()  # 0 log 0 = 0, but 0 * -inf is NaN
    finite_array(name, checked.data)
    return checked


def count_matrix(name, value, n_words=None, whole=np.float64):
    """How often each document has each word, (D, V): finite, not negative, fractions allowed.

    An array of doubles, or what :func:`real_csr` makes of a sparse matrix; the caller's own where
    it can be used as it is, since each step of an ascent may ask. ValueError where an axis is
    missing or empty, or V is not ``n_words``.
    """
    doubles = type(value) is np.ndarray and value.dtype == np.float64 and value.ndim == 2
    if sparse.issparse(value):
        checked = real_csr(name, value, whole)
    elif doubles and value.size <= MOST_NUMBERS:
        checked = value
    else:
        checked = real_array(name, value, ndim=2)
    if 0 in checked.shape:
        raise ValueError(f"{name}: expected documents by words, got shape {checked.shape}")
    if n_words not in (None, checked.shape[1]):
        wanted = f"{n_words} columns, one a word"
        raise ValueError(f"{name}: expected {wanted}, got shape {checked.shape}")
    entries = checked.data if sparse.issparse(checked) else checked
    if not (entries.min(initial=0) >= 0 and entries.max(initial=0) < np.inf):  # NaN is neither
        least = finite_array(name, entries).min()
        raise ValueError(f"{name}: expected finite numbers of at least 0, got {least:g}")
    return checked


def whole_number(name, value, minimum=1, maximum=None):
    """An integer of at least ``minimum``, at most ``maximum``; 3.0 and True are refused."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name}: expected a whole number, got {describe(value)}")
    if value < minimum:
        raise ValueError(f"{name}: expected at least {minimum}, got {in_words(value)}")
    if maximum is not None and value > maximum:
        raise ValueError(f"{name}: expected at most {in_words(maximum)}, got {in_words(value)}")
    return int(value)


def whole_numbers(name, value, ndim=None):
    """An array of whole numbers, of at least 0; 3.0 and True are refused. An empty one will do."""
    array = plain_array(name, value)
    refuse_large(name, *array.shape)
    if (array.size and array.dtype.kind not in "iu") or ndim not in (None, array.ndim):
        axes = "" if ndim is None else f" on {ndim} axes"
        raise ValueError(f"{name}: expected whole numbers{axes}, got {describe(value)}")
    if array.size and array.min() < 0:
        raise ValueError(f"{name}: expected whole numbers of at least 0, got {array.min()}")
    if array.size and array.max() > np.iinfo(np.intp).max:
        raise ValueError(f"{name}: expected at most 2^63 - 1, got {array.max()}")
    return array.astype(np.intp)


def one_of(name, value, options):
    """One of the words ``options``."""
    if not (isinstance(value, str) and value in options):
        raise ValueError(f"{name}: expected one of {tuple(options)}, got {describe(value)}")
    return value


def refuse_large(name, *shape):
    """Refuse, before it is made, an array of this shape if it would not fit into memory."""
    if (size := math.prod(shape)) > MOST_NUMBERS:
        asked = f"{' x '.join(map(in_words, shape))} numbers, {in_words(size // 2**27)} gigabytes"
        most = f"{MOST_NUMBERS:,} numbers, four gigabytes"
        raise ValueError(f"{name}: asks for an array of {asked}; expected at most {most}")


def listed(name, value, what):
    """``value`` as a list; a string, None, a number or a mapping in its place is refused."""
    array, iterable = isinstance(value, np.ndarray), hasattr(value, "__iter__")
    if isinstance(value, str | bytes | dict) or not iterable or (array and value.ndim == 0):
        raise ValueError(f"{name}: expected a list of {what}, got {describe(value)}")
    refuse_large(name, *value.shape if array else ())
    return list(value)


def instance(name, value, kind):
    """A value of the class ``kind``; None or a bare array in its place is refused."""
    if not isinstance(value, kind):
        raise ValueError(f"{name}: expected {kind.__name__}(...), got {describe(value)}")
    return value


def function(name, value):
    """Something that can be called; its result in its place is refused."""
    if not callable(value):
        raise ValueError(f"{name}: expected a function, got {describe(value)}")
    return value


def generator(name, rng):
    """A ``numpy.random.Generator``; a seed or the old ``RandomState`` is refused."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"{name}: expected numpy.random.default_rng(seed), got {describe(rng)}")
    return rng


def broadcastable(**arrays):
    """The common shape of the named arrays (or of the shapes, given as tuples)."""
    shapes = {k: v if isinstance(v, tuple) else np.shape(v) for k, v in arrays.items()}
    try:
        common = np.broadcast_shapes(*shapes.values())
    except ValueError:
        seen = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"{'/'.join(shapes)}: shapes do not broadcast: {seen}") from None
    refuse_large("/".join(shapes), *common)
    return common


def in_words(number):
    """A whole number with its digits, or the power of ten that it is about."""
    if abs(number) < 10**15:
        return f"{number}"
    return f"about {'-' if number < 0 else ''}10^{math.log10(abs(number)):.0f}"


def describe(value):
    """A few words about a value, for error messages."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {value.shape}"
    if sparse.issparse(value):
        return f"a sparse array of {value.dtype} with shape {value.shape}"
    text = in_words(value) if type(value) is int else repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"


def plain_array(name, value):
    """``value`` as an array of its own type, which may be strings; nothing masked or ragged."""
    inside = value if isinstance(value, list | tuple) else ()
    if any(isinstance(part, np.ma.MaskedArray) and part.mask.any() for part in (value, *inside)):
        wanted = "a plain array, for example of the rows in which nothing is missing"
        wrong = "a masked array, whose missing values would be taken for numbers"
        raise ValueError(f"{name}: {wrong}; expected {wanted}")
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: rows of unequal length; expected an array of numbers") from None
    except Exception:  # whatever an object's own way to become an array may raise
        raise ValueError(f"{name}: expected an array, got {describe(value)}") from None


def _precision(value):
    """The relative rounding of the numbers' own type, at least that of doubles."""
    dtype = np.asarray(value).dtype
    own = np.finfo(dtype).eps if dtype.kind == "f" else 0.0
    return float(max(own, np.finfo(np.float64).eps))
