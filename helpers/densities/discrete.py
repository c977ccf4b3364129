"""Over finitely many values: Bernoulli and categorical. Source: Bishop (2006), appendix B."""

from dataclasses import dataclass

import numpy as np
from scipy.special import entr, xlog1py, xlogy

from helpers.arguments import broadcastable, probabilities, real_array
from helpers.densities.batches import sample_shape, scalar, store


@dataclass(frozen=True)
class Bernoulli:
    """p(x) = prob^x (1 - prob)^(1 - x) for x in {0, 1}; ``prob`` has the batch shape."""

    prob: np.ndarray

    def __post_init__(self):
        store(self, prob=probabilities("prob", self.prob, axis=None))

    def log_prob(self, x):
        """log p(x), of the shape of x broadcast against the batch; x holds only 0 and 1."""
        x = real_array("x", x)
        if not np.isin(x, (0, 1)).all():
            raise ValueError(f"x: expected only 0 and 1, got {x[~np.isin(x, (0, 1))].flat[0]:g}")
        broadcastable(x=x, prob=self.prob)
        return scalar(xlogy(x, self.prob) + xlog1py(1 - x, -self.prob))

    def entropy(self):
        """H = -prob log prob - (1 - prob) log(1 - prob)."""
        return scalar(entr(self.prob) + entr(1 - self.prob))

    def mean(self):
        """E[x] = prob."""
        return scalar(self.prob)

    def sample(self, rng, size=None):
        """Zeros and ones, of shape ``size`` followed by the batch shape."""
        shape = sample_shape(rng, size, np.shape(self.prob))
        return scalar((rng.random(shape) < self.prob).astype(int))


@dataclass(frozen=True)
class Categorical:
    """p(x = k) = probs[k] for k in 0 .. K-1; ``probs`` is (..., K), rows sum to one."""

    probs: np.ndarray

    def __post_init__(self):
        store(self, probs=probabilities("probs", self.probs))

    def log_prob(self, x):
        """log probs[x], of the shape of x broadcast against the batch; x holds 0 .. K-1."""
        x, n_values = real_array("x", x), self.probs.shape[-1]
        if not ((x >= 0) & (x < n_values) & (x == np.floor(x))).all():
            raise ValueError(f"x: expected whole numbers from 0 to {n_values - 1}")
        shape = broadcastable(x=x, batch=self.probs.shape[:-1])
        probs = np.broadcast_to(self.probs, (*shape, n_values))
        chosen = np.broadcast_to(x.astype(int), shape)[..., None]
        with np.errstate(divide="ignore"):  # log 0 = -inf is right here
            return scalar(np.log(np.take_along_axis(probs, chosen, axis=-1)[..., 0]))

    def entropy(self):
        """H = -sum_k probs[k] log probs[k], with 0 log 0 = 0."""
        return scalar(entr(self.probs).sum(-1))

    def mean(self):
        """The mean of the one-hot vector of x, which is ``probs``, (..., K)."""
        return self.probs

    def sample(self, rng, size=None):
        """Integers, of shape ``size`` followed by the batch shape."""
        shape = sample_shape(rng, size, self.probs.shape[:-1])
        cumulative = np.cumsum(self.probs, -1)
        cumulative /= cumulative[..., -1:]  # so that no uniform number lies beyond the last
        return scalar((rng.random(shape)[..., None] >= cumulative).sum(-1))
