"""Differences of logarithms of gamma functions that keep their digits at 10^10 and beyond."""

import numpy as np
from scipy.special import gammaln, psi

LARGE = 1e4  # from here on two terms of Stirling's series are exact in double precision


def log_rising(a, n, raised=None):
    """log Gamma(a + n) - log Gamma(a), for a > 0 and a + n > 0, of their broadcast shape.

    For large a and a + n the two nearly cancel; Stirling's series gives the difference itself,
    (a - 1/2) log(1 + n / a) + n (log(a + n) - 1) + (1 / (a + n) - 1 / a) / 12. raised: a + n
    where it is at hand; beside a large a, the sum would have lost it.
    """
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    raised = a + n if raised is None else raised
    rising = gammaln(raised) - gammaln(a)
    large = np.minimum(raised, a) > LARGE
    if not large.any():
        return rising
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(raised < 0.5 * a, np.log(raised / a), np.log1p(n / a))
        series = (a - 0.5) * ratio + n * (np.log(raised) - 1)
        series += (1 / raised - 1 / a) / 12
    return np.where(large, series, rising)


def dirichlet_kl(concentration, prior, expected_log):
    """KL(Dir(concentration) || Dir(prior)) in nats along the last axis; both (..., K).

    expected_log: E_q[log x_k] under the first, which whoever asks has at hand.
    """
    n = concentration - prior
    total = log_rising(np.sum(prior, axis=-1), n.sum(axis=-1), concentration.sum(axis=-1))
    each = log_rising(prior, n, concentration)
    return total - each.sum(axis=-1) + np.vecdot(n, expected_log)


def gamma_entropy(a):
    """The entropy of a gamma density of shape a and scale one, nats, of the shape of a.

    a + log Gamma(a) + (1 - a) digamma(a); for large a, where that cancels, its series in 1 / a.
    """
    large = a > LARGE
    small, wide = np.where(large, 1.0, a), np.where(large, a, LARGE)
    entropy = small + gammaln(small) + (1 - small) * psi(small)
    series = 0.5 * (np.log(2 * np.pi * wide) + 1) - (1 + 0.25 / wide) / (3 * wide)
    return np.where(large, series, entropy)


def dirichlet_entropy(concentration):
    """The entropy of Dir(concentration), (..., K), nats, by entropies of gamma densities."""
    total = concentration.sum(axis=-1)
    of_total = gamma_entropy(total) + (concentration.shape[-1] - 1) * psi(total)
    return gamma_entropy(concentration).sum(axis=-1) - of_total
