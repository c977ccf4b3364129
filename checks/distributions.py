"""Random distributions for the cases of several modules, and what is true of every KL."""

import numpy as np


def simplex(rng, shape):
    """Probabilities of the given shape that sum to one over all its axes, uniformly drawn."""
    return rng.dirichlet(np.ones(np.prod(shape))).reshape(shape)


def kl_not_negative(value, *_):
    """An invariant: "" or a sentence, for a KL divergence that came out below zero."""
    if np.ndim(value) == 0 and value < -1e-9:
        return f"your KL is {value:.4g}: it cannot be negative"
    return ""
