"""The mean field family: independent Bernoulli factors, q(z) = prod_k Bernoulli(z_k | b_k).

(Slide "Mean field assumption".) The parameters are kept as logits, log b / (1 - b): they are
what a coordinate update and an encoder produce, and they stay accurate where b rounds to 0 or 1.

Symbols: D documents, K factors; ``logits`` and ``probs`` (D, K).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, rel_entr

from helpers.arguments import generator, probabilities, real_array, refuse_large, whole_number
from helpers.latent_factors.model import check_table


@dataclass(frozen=True)
class Factors:
    """q(z | x_d) for D documents: logits (D, K), infinite where a factor is certain."""

    logits: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "logits", real_array("logits", self.logits, ndim=2))

    @classmethod
    def from_probs(cls, probs):
        """probs (D, K): q(z_k = 1)."""
        return cls(logit(probabilities("probs", probs, axis=None, ndim=2)))

    @property
    def probs(self):
        """b_k = q(z_k = 1), (D, K)."""
        return expit(self.logits)

    def entropy(self):
        """H(q) per document, (D,), nats. Exact for logits of any size."""
        off, on = expit(-self.logits), expit(self.logits)
        return -(rel_entr(off, 1) + rel_entr(on, 1)).sum(1)

    def kl_to_prior(self, prior):
        """KL(q(z) || p(z)) per document, (D,), nats; inf where q has mass on a prior of zero."""
        prior = probabilities("prior", prior, axis=None, shape=self.logits.shape[1:])
        off, on = expit(-self.logits), expit(self.logits)
        return (rel_entr(off, 1 - prior) + rel_entr(on, prior)).sum(1)

    def table(self):
        """q(z) for every factor state, (D, 2^K), ordered as ``factor_states(K)``.

        ValueError where it would take more than four gigabytes.
        """
        check_table("logits", *self.logits.shape)
        return outer_product(self.logits)

    def sample(self, rng, n_samples):
        """Factor states (n_samples, D, K) of zeros and ones."""
        shape = whole_number("n_samples", n_samples), *self.logits.shape
        refuse_large("n_samples", *shape)
        uniform = generator("rng", rng).random(shape)
        return (uniform < self.probs).astype(float)


def outer_product(logits):
    """prod_k Bernoulli(z_k | b_k) for all z: (D, K) -> (D, 2^K), one factor at a time."""
    off_on = np.stack([expit(-logits), expit(logits)], axis=2)
    table = np.ones((len(logits), 1))
    for k in range(logits.shape[1]):
        table = (table[:, :, None] * off_on[:, k, None, :]).reshape(len(logits), -1)
    return table
