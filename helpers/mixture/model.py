"""A mixture of Gaussians, and where EM begins.

    p(x, z = k) = weights[k] N(x; means[k], covariances[k])

Each column of the data is measured in its own standard deviation wherever a size matters: for the
smallest variance that a component may have, and for which points lie far apart. Source: Bishop
(2006), section 9.2.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax

from helpers.arguments import finite_array, generator, probabilities, refuse_large, whole_number
from helpers.densities import LOG_2PI, Categorical, MultivariateNormal

FLOOR = 1e-6  # smallest variance, in the columns' own: a component on one point has none


@dataclass(frozen=True)
class GaussianMixture:
    """weights (K,), means (K, P), covariances (K, P, P)."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def __post_init__(self):
        weights = probabilities("weights", self.weights, ndim=1)
        means = finite_array("means", self.means, shape=(len(weights), None))
        shape = (*means.shape, means.shape[1])
        covariances = finite_array("covariances", self.covariances, shape=shape)
        components = MultivariateNormal(means, covariances)
        vars(self).update(weights=weights, means=means, covariances=components.covariance)
        vars(self).update(_components=components)

    def log_joint(self, x, components=slice(None)):
        """log p(x_n, z_n = k) for x (N, P), as (N, K); ``components``: the k that are wanted."""
        lower = self._components.cholesky[components]
        inverse = np.linalg.solve(lower, np.broadcast_to(np.eye(lower.shape[-1]), lower.shape))
        whitened = np.matvec(inverse, x[:, None, :] - self.means[components])  # (N, K, P)
        constant = self._components.log_determinant[components] + x.shape[1] * LOG_2PI
        with np.errstate(divide="ignore"):  # an empty component has weight 0 and log -inf
            return np.log(self.weights[components]) - 0.5 * ((whitened**2).sum(-1) + constant)

    def log_likelihood(self, x):
        """sum_n log p(x_n) in nats, for x (N, P) or, with P = 1, (N,)."""
        return float(logsumexp(self.log_joint(self.points(x)), axis=1).sum())

    def posterior(self, x):
        """p(z_n = k | x_n), (N, K)."""
        return softmax(self.log_joint(self.points(x)), axis=1)

    def points(self, x):
        """x as (N, P), if it has this model's P."""
        return finite_array("x", table(x), shape=(None, self.means.shape[1]))

    def sample(self, rng, n):
        """n components, (n,), and points, (n, P)."""
        n = whole_number("n", n, minimum=0)
        refuse_large("n", n, self.means.shape[1])
        z = Categorical(self.weights).sample(rng, n)
        noise = rng.standard_normal((n, self.means.shape[1]))
        return z, self.means[z] + np.matvec(self._components.cholesky[z], noise)


def random_start(x, n_components, rng):
    """Means on points far from one another (as k-means++), the data's covariance for all."""
    x = table(x)
    n_components = whole_number("n_components", n_components, maximum=len(x))
    centre, scale = units(x)
    u = (x - centre) / scale
    chosen = [int(generator("rng", rng).integers(len(x)))]
    while len(chosen) < n_components:
        distance = ((u[:, None] - u[chosen]) ** 2).sum(-1).min(1)
        total = distance.sum()
        chosen.append(int(rng.choice(len(x), p=distance / total if total > 0 else None)))
    covariance = (u.T @ u / len(u) + FLOOR * np.eye(len(scale))) * scale[:, None] * scale
    weights = np.full(n_components, 1 / n_components)
    return GaussianMixture(weights, x[chosen], np.repeat(covariance[None], n_components, axis=0))


def units(x):
    """Mean and standard deviation of each column, (P,) each; one where a column is constant."""
    centre, scale = x.mean(0), x.std(0)
    return centre, np.where(np.ptp(x, axis=0) > 0, scale, 1.0)


def table(x):
    """Data (N, P), or (N,) as one column, checked: finite, and at least one point."""
    x = finite_array("x", x, ndim=(1, 2))
    x = x[:, None] if x.ndim == 1 else x
    if x.size == 0:
        raise ValueError(f"x: expected at least one data point, got shape {x.shape}")
    return x
