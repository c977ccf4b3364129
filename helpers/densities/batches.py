"""What all distributions do with their parameters, sample sizes and results."""

import numpy as np

from helpers.arguments import generator, whole_number


def sample_shape(rng, size):
    """``size`` as a tuple of whole numbers, () for None; checks the generator as well."""
    generator("rng", rng)
    if size is None:
        return ()
    sizes = size if isinstance(size, tuple | list) else (size,)
    return tuple(whole_number("size", n, minimum=0) for n in sizes)


def store(distribution, **fields):
    """Sets a frozen distribution's parameters, to copies that cannot be written to."""
    for name, array in fields.items():
        array = array.copy()
        array.flags.writeable = False  # a frozen distribution must not change under a student
        object.__setattr__(distribution, name, array)


def scalar(array):
    """A zero-dimensional result as a plain number, so that it prints as one."""
    array = np.asarray(array)
    return array.item() if array.ndim == 0 else array
