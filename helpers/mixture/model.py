"""A mixture of Gaussians, and the parameters that fit it best when q is given.

    p(x, z = k) = weights[k] N(x; means[k], covariances[k])

Source: Bishop (2006), section 9.2.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax

from helpers.arguments import finite_array, probabilities
from helpers.densities import LOG_2PI, Categorical, MultivariateNormal

FLOOR = 1e-6  # smallest variance, relative to the data's: a component on one point has none


@dataclass(frozen=True)
class GaussianMixture:
    """weights (K,), means (K, P), covariances (K, P, P)."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def __post_init__(self):
        weights = probabilities("weights", self.weights, ndim=1)
        means = finite_array("means", self.means, shape=(len(weights), None))
        components = MultivariateNormal(means, self.covariances)
        if components.covariance.shape != (*means.shape, means.shape[1]):
            raise ValueError(
                f"covariances: expected shape {(*means.shape, means.shape[1])}, "
                f"got {components.covariance.shape}"
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "covariances", components.covariance)
        object.__setattr__(self, "_components", components)

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
        return float(logsumexp(self.log_joint(self._points(x)), axis=1).sum())

    def posterior(self, x):
        """p(z_n = k | x_n), (N, K)."""
        return softmax(self.log_joint(self._points(x)), axis=1)

    def _points(self, x):
        return finite_array("x", table(x), shape=(None, self.means.shape[1]))

    def sample(self, rng, n):
        """n components, (n,), and points, (n, P)."""
        z = Categorical(self.weights).sample(rng, n)
        noise = rng.standard_normal((n, self.means.shape[1]))
        return z, self.means[z] + np.matvec(self._components.cholesky[z], noise)


def m_step(x, q, floor=None):
    """The parameters that maximise E_q[log p(x, z)] given q (N, K) for x (N, P).

    floor: the smallest variance allowed in any direction.
    """
    x = table(x)
    q = probabilities("q", q, shape=(len(x), None))
    centre = x.mean(0)
    floor = floor_of(x) if floor is None else floor
    return from_statistics(statistics_of(x - centre, q), centre, floor)


def random_start(x, n_components, rng):
    """Means on points far from one another (as k-means++), the data's covariance for all."""
    x = table(x)
    covariance = np.atleast_2d(np.cov(x, rowvar=False, bias=True)) + floor_of(x) * np.eye(
        x.shape[1]
    )
    chosen = [int(rng.integers(len(x)))]
    while len(chosen) < n_components:
        distance = ((x[:, None] - x[chosen]) ** 2).sum(-1).min(1)
        total = distance.sum()
        chosen.append(int(rng.choice(len(x), p=distance / total if total > 0 else None)))
    return GaussianMixture(
        np.full(n_components, 1 / n_components),
        x[chosen],
        np.repeat(covariance[None], n_components, axis=0),
    )


def statistics_of(x, q):
    """Counts (K,), sums (K, P) and sums of squares (K, P, P), weighted by q (N, K)."""
    return [q.sum(0), q.T @ x, np.einsum("nk,np,nr->kpr", q, x, x, optimize=True)]


def from_statistics(statistics, centre, floor):
    """The maximising parameters; sums are of x - centre, so that squares keep their digits."""
    weights, means, values, vectors = _maximum(*statistics, floor)
    root = vectors * np.sqrt(values)[:, None, :]
    covariances = root @ np.swapaxes(root, 1, 2)
    covariances = (covariances + np.swapaxes(covariances, 1, 2)) / 2
    return GaussianMixture(weights, centre + means, covariances)


def log_joint_from_statistics(point, counts, sums, squares, floor):
    """log p(x, z = k) of one point (P,) less its centre, under the maximising parameters, (K,).

    The same numbers as from a :class:`GaussianMixture`, without building and checking one: an
    incremental step is taken for every point.
    """
    weights, means, values, vectors = _maximum(counts, sums, squares, floor)
    along = np.vecmat(point - means, vectors)  # in the directions of the eigenvectors
    constant = np.log(values).sum(1) + len(point) * LOG_2PI
    with np.errstate(divide="ignore"):  # an empty component has weight 0 and log -inf
        return np.log(weights) - 0.5 * ((along**2 / values).sum(1) + constant)


def _maximum(counts, sums, squares, floor):
    """Weights, means and the eigenvalues and -vectors of the covariances."""
    counts = np.maximum(counts, 0)  # incremental updates may leave -1e-17
    empty = counts < 1e-12 * counts.sum()  # no point wants it: anything is as good
    held = np.where(empty, 1, counts)
    means = np.where(empty[:, None], 0, sums / held[:, None])
    covariances = squares / held[:, None, None] - means[:, :, None] * means[:, None, :]
    # the best covariance with all variances above the floor clips the eigenvalues
    values, vectors = np.linalg.eigh(covariances)
    return counts / counts.sum(), means, np.maximum(values, floor), vectors


def floor_of(x):
    """The smallest variance a component may have; positive even where all points coincide."""
    return FLOOR * max(float(x.var(0).mean()), np.finfo(float).eps)


def table(x):
    """Data (N, P), or (N,) as one column, checked: finite, and at least one point."""
    x = finite_array("x", x, ndim=(1, 2))
    x = x[:, None] if x.ndim == 1 else x
    if x.size == 0:
        raise ValueError(f"x: expected at least one data point, got shape {x.shape}")
    return x
