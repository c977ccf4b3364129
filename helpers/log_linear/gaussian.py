"""Gaussian distributions over the weights w (F, T), and the ELBO that each attains.

A Gaussian q(w) makes the logits of every token Gaussian, so that with y the observed tags

    ELBO = sum_n (E_q[phi_n w_(y_n)] - E_q[log sum_t exp(phi_n w_t)]) - KL(q || prior).

Symbols as in model.py; a full covariance is (F T, F T), its rows and columns in the order of
w.ravel(), that is feature by feature. Source: the slide "Bayesian Log-Linear POS Tagger"
(Intuition).
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from helpers.arguments import finite_array, generator, positive, whole_number
from helpers.densities import LOG_2PI
from helpers.log_linear.expectations import softmax_expectations, square_root

LARGEST_FULL = 6000  # weights; a covariance of 6000 x 6000 takes 288 MB


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
        squared = features.power(2) if sparse.issparse(features) else features**2
        return features @ self.mean, np.sqrt(squared @ self.sd**2)

    def entropy(self):
        """H(q) = sum_ft log sd_ft + (log 2 pi + 1) / 2."""
        return float(np.log(self.sd).sum() + 0.5 * self.sd.size * (LOG_2PI + 1))

    def sample(self, rng, size=None):
        """Weights (F, T) drawn from q, or `size` of them."""
        shape = self.mean.shape if size is None else (size, *self.mean.shape)
        return self.mean + self.sd * generator("rng", rng).standard_normal(shape)


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
        covariance = np.asarray(self.covariance, float)  # as it is: a copy may be 288 MB
        if covariance.shape != (mean.size, mean.size):
            raise ValueError(
                f"covariance: expected shape {(mean.size, mean.size)}, (F T, F T), for a mean "
                f"{mean.shape}, got {covariance.shape}"
            )
        if not np.isfinite(covariance).all():
            raise ValueError("covariance: expected finite numbers")
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
        count = 1 if size is None else whole_number("size", size, minimum=0)
        standard = generator("rng", rng).standard_normal((count, self.mean.size))
        moved = standard @ square_root(self.covariance).T
        draws = self.mean + moved.reshape(count, *self.mean.shape)
        return draws[0] if size is None else draws


def expected_log_prior(tagger, q):
    """E_q[log p(w)] = -sum_ft (log sd_ft + (log 2 pi + E_q[(w_ft - mu_ft)^2] / sd_ft^2) / 2)."""
    second_moment = (q.mean - tagger.prior_mean) ** 2 + q.sd**2
    squares = second_moment / tagger.prior_sd**2
    return float(-np.sum(np.log(tagger.prior_sd) + 0.5 * (LOG_2PI + squares)))


def likelihood_expectations(tagger, q, rules):
    """(E_q[log p(y | phi, w)], E_q[p] (N, T), curvature): see softmax_expectations."""
    mean, spread = q.logits(tagger.features)
    log_sums, probs, curvature = softmax_expectations(mean, spread, rules)
    observed = mean[np.arange(len(tagger.tags)), tagger.tags]
    return float(np.sum(observed - log_sums)), probs, curvature


def logit_covariances(features, covariance):
    """Cov[phi_n w] = sum_fg phi_nf phi_ng covariance[f, :, g, :], for each token: (N, T, T)."""
    n_features = features.shape[1]
    n_tags = len(covariance) // n_features
    blocks = covariance.reshape(n_features, n_tags, n_features, n_tags)
    if pays_as_pairs(features):
        by_pair = blocks.transpose(0, 2, 1, 3).reshape(n_features**2, n_tags**2)
        return (pairs_of(features) @ by_pair).reshape(-1, n_tags, n_tags)
    dense = features.toarray() if sparse.issparse(features) else features
    result = np.empty((len(dense), n_tags, n_tags))
    for t in range(n_tags):
        half_way = dense @ blocks[:, t].reshape(n_features, -1)
        result[:, t] = np.vecmat(dense, half_way.reshape(-1, n_features, n_tags))
    return result


def summed_curvature(features, curvature):
    """sum_n (phi_n phi_n') (x) C_n, (F T, F T), from the logits' curvature (N, T, T)."""
    n_features, n_tags = features.shape[1], curvature.shape[1]
    if pays_as_pairs(features):
        by_pair = pairs_of(features).T @ curvature.reshape(-1, n_tags**2)
        blocks = by_pair.reshape(n_features, n_features, n_tags, n_tags).transpose(0, 2, 1, 3)
        return np.ascontiguousarray(blocks).reshape(n_features * n_tags, -1)
    dense = features.toarray() if sparse.issparse(features) else features
    blocks = np.empty((n_features, n_tags, n_features, n_tags))
    for t in range(n_tags):
        for u in range(t + 1):
            block = dense.T @ (curvature[:, t, u, None] * dense)
            blocks[:, t, :, u] = block
            blocks[:, u, :, t] = block
    return blocks.reshape(n_features * n_tags, -1)


def pays_as_pairs(features):
    """Whether few enough pairs of features meet in a token for a table of pairs to be cheaper."""
    if not sparse.issparse(features):
        return False
    pairs = np.sum(np.diff(features.indptr).astype(float) ** 2)
    return bool(pairs < 0.05 * features.shape[0] * features.shape[1] ** 2)


def pairs_of(features):
    """Each token's products of two features, sparse (N, F^2): (n, f F + g) is phi_nf phi_ng."""
    n_tokens, n_features = features.shape
    per_token = np.diff(features.indptr)
    # every entry i of a token once for every entry j of the same token
    first = np.repeat(np.arange(features.nnz), np.repeat(per_token, per_token))
    starts = np.repeat(features.indptr[:-1], per_token**2)
    within = np.arange(len(first)) - np.repeat(np.cumsum(per_token**2) - per_token**2, per_token**2)
    second = starts + within % np.repeat(per_token, per_token**2)
    columns = features.indices[first].astype(np.int64) * n_features + features.indices[second]
    ends = np.concatenate([[0], np.cumsum(per_token**2)])
    values = features.data[first] * features.data[second]
    return sparse.csr_array((values, columns, ends), shape=(n_tokens, n_features**2))
