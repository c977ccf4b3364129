"""The evidence lower bound and its parts, and exact references for both.

For a joint p(x, z) with x observed and any q(z),

    log p(x) = ELBO + KL(q(z) || p(z | x)),     ELBO = E_q[log p(x, z)] + H(q).

Everything is in nats. Source: the slides "VI derivation I" and "VI derivation II".
"""

from dataclasses import dataclass
from math import nan, prod

import numpy as np
from scipy.special import entr, logsumexp

from helpers.arguments import (
    describe,
    finite_array,
    function,
    generator,
    in_words,
    listed,
    probabilities,
    real_array,
    refuse_large,
    whole_number,
)

MOST_ASSIGNMENTS = 2**24  # rows; beyond this a table of assignments fills a laptop's memory
NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True)
class Bound:
    """The ELBO's two terms and log p(x), in nats; unless that is known, it and ``kl`` are NaN."""

    expected_log_joint: float
    entropy: float
    log_evidence: float = nan

    @property
    def elbo(self):
        """E_q[log p(x, z)] + H(q)."""
        return self.expected_log_joint + self.entropy

    @property
    def kl(self):
        """KL(q(z) || p(z | x)) = log p(x) - ELBO."""
        return self.log_evidence - self.elbo


@dataclass(frozen=True)
class SampledBound(Bound):
    """A Monte Carlo estimate of the bound; ``standard_error`` is that of its ``elbo``."""

    standard_error: float = nan


def bound_by_enumeration(log_joint, q):
    """The bound and the evidence by summing over every value of a discrete z.

        ELBO = sum_z q(z) (log p(x, z) - log q(z)),   log p(x) = log sum_z p(x, z)

    log_joint: log p(x, z) for every z, of any shape; -inf where p(x, z) = 0. q: q(z), of the same
    shape, summing to one. Where q puts mass on p(x, z) = 0 the ELBO is -inf and the KL inf.
    ValueError: the shapes differ, q is not a distribution, log_joint is NaN or +inf, or
    p(x, z) = 0 for every z, so that there is no posterior.
    """
    log_joint = real_array("log_joint", log_joint)
    if np.shape(real_array("q", q)) != log_joint.shape:
        raise ValueError(f"q: expected shape {log_joint.shape} as log_joint has, got {np.shape(q)}")
    q = probabilities("q", np.ravel(q)).reshape(log_joint.shape)
    log_joint = log_probs("log_joint", log_joint)
    expected_log_joint, entropy = expectation(q, log_joint), float(entr(q).sum())
    return Bound(expected_log_joint, entropy, float(logsumexp(log_joint)))


def expectation(q, values):
    """sum_z q(z) v(z), where 0 times -inf is 0, as 0 log 0 is."""
    held = q > 0
    return float(np.sum(q[held] * values[held]))


def bound_by_quadrature(log_joint, q_log_prob, grid):
    """The bound and the evidence for one continuous z, by Gauss-Legendre on each panel.

        ELBO = int q(z) (log p(x, z) - log q(z)) dz,   log p(x) = log int p(x, z) dz

    log_joint, q_log_prob: functions of an array of z, giving log p(x, z), which may be -inf, and
    log q(z). grid: increasing edges of the panels, (n,) with n >= 2, which together must hold all
    but 1e-6 of q; with eight nodes a panel, one per half standard deviation gives many digits.
    ValueError: the grid does not increase or does not cover q, a function returns the wrong shape
    or NaN, or log_joint inf, or -inf everywhere.
    """
    grid = finite_array("grid", grid, ndim=1)
    if len(grid) < 2 or not (np.diff(grid) > 0).all():
        raise ValueError("grid: expected at least two increasing numbers")
    z, dz = gauss_legendre(grid)
    log_p = log_probs("log_joint(z)", function("log_joint", log_joint)(z), z.shape)
    log_q = real_array("q_log_prob(z)", function("q_log_prob", q_log_prob)(z), shape=z.shape)
    q = np.exp(log_q) * dz
    if abs(q.sum() - 1) > 1e-6:
        mass = f"exp(q_log_prob) has mass {q.sum():.8g} on it"
        raise ValueError(f"grid: expected to hold all of q, but {mass}")
    log_evidence = float(logsumexp(log_p, b=dz))
    return Bound(expectation(q, log_p), -expectation(q, log_q), log_evidence)


def gauss_legendre(edges):
    """Eight nodes in each panel between ``edges`` (n,), and their weights: (8 (n - 1),) each."""
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * NODES).ravel(), (half * WEIGHTS).ravel()


def bound_by_sampling(log_joint, q, rng, n):
    """An unbiased Monte Carlo estimate of the ELBO from n samples of q.

        ELBO ~ 1/n sum_s [log p(x, z_s) - log q(z_s)],   z_s ~ q

    Both terms use the same samples: where q is the posterior the estimate is exact, with standard
    error zero. log_joint: function of samples (n, ...) giving log p(x, z), (n,). q: a distribution
    of :mod:`helpers.densities`, its batch axes independent factors. ValueError: n is below two, or
    log_joint returns the wrong shape, NaN or inf; -inf gives the ELBO -inf, its error NaN.
    """
    refuse_large("n", whole_number("n", n, minimum=2))
    if not (hasattr(q, "sample") and hasattr(q, "log_prob")):
        raise ValueError(f"q: expected a distribution of helpers.densities, got {describe(q)}")
    z = q.sample(generator("rng", rng), n)
    log_p = log_probs("log_joint(z)", function("log_joint", log_joint)(z), (n,), posterior=False)
    log_q = q.log_prob(z).reshape(n, -1).sum(axis=1)
    difference = log_p - log_q
    spread = float(difference.std(ddof=1)) if np.isfinite(difference).all() else nan
    return SampledBound(float(log_p.mean()), float(-log_q.mean()), standard_error=spread / n**0.5)


def enumerate_assignments(sizes):
    """Every assignment of variables with ``sizes`` (n,) values, a row each, the last one fastest.

    Integers, (prod(sizes), n). ValueError, which says how many, for more than 2^24 assignments.
    """
    sizes = [whole_number("sizes", size) for size in listed("sizes", sizes, "whole numbers")]
    count = prod(sizes)
    if count > MOST_ASSIGNMENTS:
        many = f"{in_words(count)} assignments, more than the {MOST_ASSIGNMENTS:,}"
        raise ValueError(f"sizes: {len(sizes)} variables have {many} that can be enumerated here")
    refuse_large("sizes", count, len(sizes))
    # how many rows a value stays: numpy.indices counts no more than 64 variables
    runs = count // np.cumprod(sizes, dtype=np.int64)
    return np.arange(count)[:, None] // runs % np.array(sizes, dtype=np.int64)


def log_probs(name, value, shape=None, posterior=True):
    """Logarithms of probabilities, and unless ``posterior`` is False not all of them -inf."""
    log_p = real_array(name, value, shape=shape)
    if (log_p == np.inf).any():
        raise ValueError(f"{name}: expected log probabilities, got inf")
    if posterior and (log_p == -np.inf).all():
        raise ValueError(f"{name}: -inf everywhere, so that p(x) = 0 and no posterior exists")
    return log_p
