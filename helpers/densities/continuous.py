"""Densities: normal with one axis or several, and Dirichlet. Source: Bishop (2006), appendix B.

A normal stores its argument ``mean`` as ``loc``, since ``mean()`` is a verb; batch_shape: (...).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import digamma, gammaln, xlogy

from helpers.arguments import broadcastable, finite_array, positive, probabilities, real_array
from helpers.arguments import covariance as checked_covariance
from helpers.densities.batches import sample_shape, scalar, store
from helpers.densities.gamma_functions import dirichlet_entropy

LOG_2PI = np.log(2 * np.pi)


@dataclass(frozen=True)
class Normal:
    """p(x) = exp(-(x - mean)^2 / (2 sd^2)) / (sd sqrt(2 pi)); sd: standard deviation; loc: mean."""

    loc: np.ndarray
    sd: np.ndarray

    def __init__(self, mean, sd):
        store(self, loc=finite_array("mean", mean), sd=positive("sd", sd))
        vars(self).update(batch_shape=broadcastable(mean=self.loc, sd=self.sd))

    def log_prob(self, x):
        """log p(x), of the shape of x broadcast against the batch."""
        x = real_array("x", x)
        broadcastable(x=x, mean=self.loc, sd=self.sd)
        with np.errstate(over="ignore"):  # so far out that log p(x) is -inf
            squared = ((x - self.loc) / self.sd) ** 2
        return scalar(-0.5 * squared - np.log(self.sd) - 0.5 * LOG_2PI)

    def entropy(self):
        """H = log sd + (1 + log 2 pi) / 2."""
        return scalar(np.broadcast_to(np.log(self.sd) + 0.5 * (1 + LOG_2PI), self.batch_shape))

    def mean(self):
        """E[x]."""
        return scalar(np.broadcast_to(self.loc, self.batch_shape))

    def sample(self, rng, size=None):
        """Numbers, of shape ``size`` followed by the batch shape."""
        shape = sample_shape(rng, size, self.batch_shape)
        return scalar(self.loc + self.sd * rng.standard_normal(shape))


@dataclass(frozen=True)
class MultivariateNormal:
    """N(x; mean, covariance), mean (..., P), stored as loc, and positive covariance (..., P, P)."""

    loc: np.ndarray
    covariance: np.ndarray

    def __init__(self, mean, covariance):
        mean, covariance = finite_array("mean", mean), checked_covariance("covariance", covariance)
        if mean.shape[-1:] != covariance.shape[-1:]:
            shapes = f"{covariance.shape} for {mean.shape}"
            raise ValueError(f"covariance: expected (..., P, P) for a mean (..., P), got {shapes}")
        store(self, loc=mean, covariance=covariance)
        batch = broadcastable(mean=mean.shape[:-1], covariance=covariance.shape[:-2])
        vars(self).update(batch_shape=batch)

    @cached_property
    def cholesky(self):
        """The lower triangular root of the covariance, (..., P, P)."""
        return np.linalg.cholesky(self.covariance)

    @property
    def log_determinant(self):
        """log |covariance|, (...)."""
        return 2 * np.log(np.diagonal(self.cholesky, axis1=-2, axis2=-1)).sum(-1)

    def log_prob(self, x):
        """log p(x) for finite x (..., P)."""
        x = finite_array("x", x)
        if x.shape[-1:] != self.loc.shape[-1:]:
            raise ValueError(f"x: expected (..., {self.loc.shape[-1]}), got shape {x.shape}")
        broadcastable(x=x.shape[:-1], mean=self.loc.shape[:-1], covariance=self.batch_shape)
        with np.errstate(over="ignore"):  # so far out that log p(x) is -inf
            squared = (whiten(self.cholesky, (x - self.loc)[..., None]) ** 2).sum((-2, -1))
        return scalar(-0.5 * (squared + self.log_determinant + x.shape[-1] * LOG_2PI))

    def entropy(self):
        """H = (log |covariance| + P (1 + log 2 pi)) / 2."""
        entropy = 0.5 * (self.log_determinant + self.loc.shape[-1] * (1 + LOG_2PI))
        return scalar(np.broadcast_to(entropy, self.batch_shape))

    def mean(self):
        """E[x], (..., P)."""
        return np.broadcast_to(self.loc, self.batch_shape + self.loc.shape[-1:])

    def sample(self, rng, size=None):
        """Vectors, of shape ``size``, the batch shape, P."""
        shape = sample_shape(rng, size, self.batch_shape + self.loc.shape[-1:])
        return self.loc + np.matvec(self.cholesky, rng.standard_normal(shape))


@dataclass(frozen=True)
class Dirichlet:
    """p(x) = Gamma(sum a) / prod Gamma(a_k) prod x_k^(a_k - 1); concentration a is (..., K).

    Concentrations below 1e-300 or above 1e12 are refused: digamma overflows, or log Gamma keeps
    no digit of what tells two densities apart.
    """

    concentration: np.ndarray

    def __post_init__(self):
        a = positive("concentration", self.concentration, maximum=1e12)
        if a.ndim == 0 or a.shape[-1] == 0:
            raise ValueError("concentration: expected (..., K) with K of at least one")
        if a.min(initial=1) < 1e-300:
            raise ValueError(f"concentration: expected at least 1e-300, got {a.min():g}")
        store(self, concentration=a)

    def log_prob(self, x):
        """log p(x) for x (..., K) on the simplex, a density with respect to K - 1 of its axes.

        Where x_k = 0 it is -inf if a_k > 1 and inf if a_k < 1; ValueError where both meet in one
        corner, since the density has no limit there.
        """
        x = probabilities("x", x)
        broadcastable(x=x, concentration=self.concentration)
        logs = xlogy(self.concentration - 1, x)
        if ((logs == np.inf).any(-1) & (logs == -np.inf).any(-1)).any():
            both = "a concentration above one and one below"
            raise ValueError(f"x: the density has no limit where x_k = 0 for both {both}")
        return scalar(logs.sum(-1) - self.log_normaliser)

    @property
    def log_normaliser(self):
        """log B(a) = sum_k log Gamma(a_k) - log Gamma(sum_k a_k), (...)."""
        return gammaln(self.concentration).sum(-1) - gammaln(self.concentration.sum(-1))

    def expected_log(self):
        """E[log x_k] = digamma(a_k) - digamma(sum a), (..., K)."""
        total = self.concentration.sum(-1, keepdims=True)
        return digamma(self.concentration) - digamma(total)

    def entropy(self):
        """H = log B(a) - sum_k (a_k - 1) E[log x_k]."""
        return scalar(dirichlet_entropy(self.concentration))

    def mean(self):
        """E[x] = a / sum a, (..., K)."""
        return self.concentration / self.concentration.sum(-1, keepdims=True)

    def sample(self, rng, size=None):
        """Points of the simplex, of shape ``size``, the batch shape, K."""
        shape = sample_shape(rng, size, self.concentration.shape)
        # Gamma(a) = Gamma(a + 1) U^(1/a), in logs: for small a every Gamma(a) underflows to 0
        log_gamma = np.log(rng.standard_gamma(self.concentration + 1, shape))
        log_gamma += np.log1p(-rng.random(shape)) / self.concentration
        weights = np.exp(log_gamma - log_gamma.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True)


def whiten(lower, columns):
    """Solves lower @ y = columns for the last two axes, with batch axes before them."""
    if lower.ndim == 2 and columns.ndim == 2:
        return solve_triangular(lower, columns, lower=True)
    return np.linalg.solve(lower, columns)
