"""The Gaussians q(w) over the tagger's weights w (F, T): independent weights, or any covariance.

Either makes the logits phi_n w of every token Gaussian too. A full covariance is (F T, F T), its
rows and columns in the order of w.ravel(), that is feature by feature.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import helmert

from helpers.arguments import finite_array, positive
from helpers.densities import LOG_2PI, Normal
from helpers.densities.batches import sample_shape
from helpers.fast.log_linear import logit_covariances


@dataclass(frozen=True)
class DiagonalGaussian:
    """q(w) = prod_ft Normal(w_ft; mean_ft, sd_ft): mean and sd are (F, T)."""

    mean: np.ndarray
    sd: np.ndarray

    def __post_init__(self):
        mean = finite_array("mean", self.mean, ndim=2)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "sd", positive("sd", self.sd, shape=mean.shape))

    def logits(self, features):
        """(mean (N, T), standard deviations (N, T)) of the logits, independent across tags."""
        return features @ self.mean, np.sqrt(squares(features) @ self.sd**2)

    def entropy(self):
        """H(q) = sum_ft log sd_ft + (log 2 pi + 1) / 2."""
        return float(np.log(self.sd).sum() + 0.5 * self.sd.size * (LOG_2PI + 1))

    def sample(self, rng, size=None):
        """Weights (F, T) drawn from q, or `size` of them."""
        return Normal(self.mean, self.sd).sample(rng, size)


@dataclass(frozen=True)
class FullGaussian:
    """q(w) = Normal(mean, covariance): mean (F, T), covariance (F T, F T).

    log_determinant: that of the covariance, where whoever made it knows it already.
    """

    mean: np.ndarray
    covariance: np.ndarray
    log_determinant: float | None = None

    def __post_init__(self):
        mean = finite_array("mean", self.mean, ndim=2)
        covariance, shape = self.covariance, (mean.size, mean.size)
        kept = isinstance(covariance, np.ndarray) and covariance.dtype == np.float64
        if not (kept and covariance.shape == shape and np.isfinite(covariance).all()):
            covariance = finite_array("covariance", covariance, shape=shape)  # may copy 288 MB
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", covariance)

    @property
    def sd(self):
        """Each weight's standard deviation, (F, T)."""
        return np.sqrt(np.diagonal(self.covariance)).reshape(self.mean.shape)

    def logits(self, features):
        """(mean (N, T), covariances (N, T, T)) of the logits."""
        return features @ self.mean, logit_covariances(features, self.covariance)

    def entropy(self):
        """H(q) = (log |covariance| + F T (log 2 pi + 1)) / 2."""
        log_det = self.log_determinant
        if log_det is None:
            log_det = 2 * np.log(np.diagonal(np.linalg.cholesky(self.covariance))).sum()
        return float(0.5 * (log_det + self.mean.size * (LOG_2PI + 1)))

    def sample(self, rng, size=None):
        """Weights (F, T) drawn from q, or `size` of them."""
        noise = rng.standard_normal(sample_shape(rng, size, (self.mean.size,)))
        noise = noise @ square_root(self.covariance).T
        return self.mean + noise.reshape(*noise.shape[:-1], *self.mean.shape)


def square_root(covariances):
    """Lower triangular L with L L' = covariance, (..., T, T); zero variances are allowed."""
    size = covariances.shape[-1]
    scale = np.trace(covariances, axis1=-2, axis2=-1)[..., None, None] / size
    return np.linalg.cholesky(covariances + (1e-13 * scale + 1e-300) * np.eye(size))


def logits_at(nodes, spread):
    """spread e at each node e: the logits less their mean, (N, T, K).

    spread: standard deviations (N, T) or covariances (N, T, T). nodes: (K, T), or (K, T - 1) for
    contrasts of the logits: then less the mean over the tags too, which a softmax does not see.
    """
    n_tags = spread.shape[1]
    if nodes.shape[1] < n_tags:
        contrasts = helmert(n_tags)  # orthonormal rows (T - 1, T)
        covariances = spread if spread.ndim == 3 else spread[:, :, None] ** 2 * np.eye(n_tags)
        return contrasts.T @ square_root(contrasts @ covariances @ contrasts.T) @ nodes.T
    return spread[:, :, None] * nodes.T if spread.ndim == 2 else square_root(spread) @ nodes.T


def squares(features):
    """phi_nf^2, (N, F), sparse where the features are."""
    return features.power(2) if sparse.issparse(features) else features**2
