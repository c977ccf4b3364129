"""What every function asks of its input: arrays of numbers, probabilities, sizes, generators.

Each function returns the checked value, ready for use, or raises a ``ValueError`` that names
the argument, what came and what was expected.
"""

import numbers

import numpy as np
from scipy import sparse

MOST_NUMBERS = 2**29  # in one array: four gigabytes
SUM_TOLERANCE = 1e-8  # how far from one a student's probabilities may sum


def real_array(name, value, ndim=None, shape=None):
    """``value`` as an array of doubles without NaN; infinities are allowed.

    ndim: the number of axes expected, or a tuple of numbers.
    shape: a tuple of sizes, None where any size will do.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: rows of unequal length; expected an array of numbers") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected real numbers, got {describe(value)}")
    array = array.astype(np.float64)
    _check_shape(name, array, ndim, shape)
    if np.isnan(array).any():
        raise ValueError(f"{name}: holds NaN in {np.isnan(array).sum()} of {array.size} places")
    return array


def finite_array(name, value, ndim=None, shape=None):
    """As :func:`real_array`, and every entry finite."""
    array = real_array(name, value, ndim, shape)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got {array[~np.isfinite(array)][0]}")
    return array


def positive(name, value, ndim=None, shape=None):
    """As :func:`finite_array`, and every entry above zero."""
    array = finite_array(name, value, ndim, shape)
    if not (array > 0).all():
        raise ValueError(f"{name}: expected positive numbers, got {array[array <= 0][0]:g}")
    return array


def probabilities(name, value, axis=-1, ndim=None, shape=None):
    """Non-negative numbers that sum to one along ``axis`` (``axis=None``: numbers in [0, 1])."""
    array = finite_array(name, value, ndim, shape)
    if (array < 0).any():
        raise ValueError(f"{name}: expected probabilities, got the negative number {array.min():g}")
    if axis is None:
        if (array > 1).any():
            raise ValueError(f"{name}: expected probabilities in [0, 1], got {array.max():g}")
        return array
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"{name}: expected at least one probability, got shape {array.shape}")
    sums = array.sum(axis)
    worst = np.argmax(np.abs(sums - 1))
    if abs(sums.flat[worst] - 1) > SUM_TOLERANCE:
        raise ValueError(
            f"{name}: expected probabilities that sum to 1 along axis {axis}, "
            f"got a sum of {sums.flat[worst]:.10g}"
        )
    return array


def canonical(matrix):
    """A CSR array whose rows have sorted columns and none twice: a copy, unless it is so already.

    SciPy sorts and adds up in place whenever it needs to, in arrays that are the caller's too.
    """
    if matrix.has_canonical_format:
        return matrix
    matrix = matrix.copy()
    matrix.sum_duplicates()
    return matrix


def real_csr(name, matrix):
    """A sparse matrix as a :func:`canonical` CSR array of finite doubles; never changed itself."""
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        raise ValueError(
            f"{name}: expected real numbers on two axes, got {matrix.dtype} of shape {matrix.shape}"
        )
    # Doubles first: SciPy adds up repeated entries in the numbers' own type, bytes for one.
    checked = canonical(sparse.csr_array(matrix.astype(np.float64, copy=False)))
    finite_array(name, checked.data)
    return checked


def whole_number(name, value, minimum=1, maximum=None):
    """An integer of at least ``minimum``, at most ``maximum``; 3.0 and True are refused."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name}: expected a whole number, got {describe(value)}")
    if value < minimum:
        raise ValueError(f"{name}: expected at least {minimum}, got {value}")
    if maximum is not None and value > maximum:
        raise ValueError(f"{name}: expected at most {maximum}, got {value}")
    return int(value)


def instance(name, value, kind):
    """A value of the class ``kind``; None or a bare array in its place is refused."""
    if not isinstance(value, kind):
        raise ValueError(f"{name}: expected {kind.__name__}(...), got {describe(value)}")
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
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"shapes do not broadcast: {listed}") from None


def describe(value):
    """A few words about a value, for error messages."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {value.shape}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"


def _check_shape(name, array, ndim, shape):
    allowed = ndim if isinstance(ndim, tuple) or ndim is None else (ndim,)
    if allowed is not None and array.ndim not in allowed:
        wanted = " or ".join(str(n) for n in allowed)
        raise ValueError(f"{name}: expected {wanted} axes, got shape {array.shape}")
    if shape is None:
        return
    fits = array.ndim == len(shape) and all(
        want is None or want == have for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise ValueError(f"{name}: expected shape {wanted}, got {array.shape}")
