"""What all distributions do with their parameters, sample sizes and results."""

import numpy as np

from helpers.arguments import generator, refuse_large, whole_number


def sample_shape(rng, size, each):
    """The shape of ``size`` samples of shape ``each``; checks the generator as well."""
    generator("rng", rng)
    sizes = size if isinstance(size, tuple | list) else () if size is None else (size,)
    shape = (*(whole_number("size", n, minimum=0) for n in sizes), *each)
    refuse_large("size", *shape)
    return shape


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
