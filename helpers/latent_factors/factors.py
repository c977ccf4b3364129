"""The mean field family, and the network that predicts its parameters for every document.

    q(z | x_d) = prod_k Bernoulli(z_k | b_k)        slide "Mean field assumption"
    logit b(x) = tanh(log(1 + x) A + a) B + c       slide "Amortised variational inference"   (4d.2)

A coordinate update and an encoder both produce logits, log b / (1 - b), which stay accurate where b
rounds to 0 or 1. The encoder's parameters lambda are shared by all documents; the logarithm tames
words that a document repeats often. Symbols: D documents, V words, K factors, E hidden units;
``logits``, ``probs`` (D, K); ``input_weights`` A (V, E), ``input_bias`` a (E,),
``factor_weights`` B (E, K), ``factor_bias`` c (K,).
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from scipy.special import expit, rel_entr

from helpers.arguments import (
    count_matrix,
    finite_array,
    generator,
    probabilities,
    real_array,
    refuse_large,
    whole_number,
)
from helpers.latent_factors.model import check_arrays


@dataclass(frozen=True)
class Factors:
    """q(z | x_d) for D documents: logits (D, K), infinite where a factor is certain."""

    logits: np.ndarray

    def __post_init__(self):
        vars(self).update(logits=real_array("logits", self.logits, ndim=2))

    @property
    def probs(self):
        """b_k = q(z_k = 1), (D, K)."""
        return expit(self.logits)

    def entropy(self):
        """H(q) per document, (D,), nats. Exact for logits of any size."""
        return -self._relative_to(1, 1)

    def kl_to_prior(self, prior):
        """KL(q(z) || p(z)) per document, (D,), nats; inf where q has mass on a prior of zero."""
        prior = probabilities("prior", prior, axis=None, shape=self.logits.shape[1:])
        return self._relative_to(1 - prior, prior)

    def _relative_to(self, off, on):
        """E_q[log q(z)] less that of factors' values off and on, (D,)."""
        return (rel_entr(expit(-self.logits), off) + rel_entr(expit(self.logits), on)).sum(1)

    def table(self):
        """q(z) of all states, (D, 2^K), as ``factor_states(K)``; ValueError above 4 gigabytes."""
        refuse_large("logits", len(self.logits), 2 ** self.logits.shape[1])
        return outer_product(self.logits)

    def sample(self, rng, n_samples):
        """Factor states (n_samples, D, K) of zeros and ones."""
        shape = whole_number("n_samples", n_samples), *self.logits.shape
        refuse_large("n_samples", *shape)
        return (generator("rng", rng).random(shape) < self.probs).astype(float)


@dataclass(frozen=True)
class Encoder:
    """g(x; lambda): input_weights (V, E), input_bias (E,), factor_weights (E, K), factor_bias."""

    input_weights: np.ndarray
    input_bias: np.ndarray
    factor_weights: np.ndarray
    factor_bias: np.ndarray

    def __post_init__(self):
        axes = {"input_weights": "VE", "input_bias": "E", "factor_bias": "K"}
        check_arrays(self, **axes, factor_weights="EK")

    def __call__(self, counts):
        """q(z | x_d) for every document: counts (D, V) -> :class:`Factors`. O(D V E)."""
        _, hidden = self._layers(counts)
        return Factors(hidden @ self.factor_weights + self.factor_bias)  # (4d.2)

    def _layers(self, counts):
        """log(1 + x), sparse if the counts are, and the hidden units."""
        counts = count_matrix("counts", counts, len(self.input_weights))
        inputs = counts.log1p() if scipy.sparse.issparse(counts) else np.log1p(counts)
        return inputs, np.tanh(inputs @ self.input_weights + self.input_bias)

    def gradient(self, counts, logit_gradient):
        """Back-propagates a gradient in the logits, (D, K), to lambda -> dictionary."""
        inputs, hidden = self._layers(counts)
        shape = len(hidden), len(self.factor_bias)
        logit_gradient = finite_array("logit_gradient", logit_gradient, shape=shape)
        slope = (logit_gradient @ self.factor_weights.T) * (1 - hidden**2)
        return {
            "input_weights": inputs.T @ slope,
            "input_bias": slope.sum(0),
            "factor_weights": hidden.T @ logit_gradient,
            "factor_bias": logit_gradient.sum(0),
        }

    def parameters(self):
        """lambda as a dictionary of arrays."""
        return dict(vars(self))


def initial_encoder(n_words, n_factors, rng, n_hidden=32):
    """Small random weights: every q starts near one half."""
    rng, sizes = generator("rng", rng), {"n_words": n_words, "n_factors": n_factors}
    for name, size in (sizes | {"n_hidden": n_hidden}).items():
        whole_number(name, size)
    refuse_large("n_hidden/n_words/n_factors", n_hidden, max(n_words, n_factors))
    return Encoder(
        input_weights=rng.normal(scale=1 / np.sqrt(n_words), size=(n_words, n_hidden)),
        input_bias=np.zeros(n_hidden),
        factor_weights=rng.normal(scale=1 / np.sqrt(n_hidden), size=(n_hidden, n_factors)),
        factor_bias=np.zeros(n_factors),
    )


def outer_product(logits):
    """prod_k Bernoulli(z_k | b_k) for all z: (D, K) -> (D, 2^K), one factor at a time."""
    off_on = np.stack([expit(-logits), expit(logits)], axis=2)
    table = np.ones((len(logits), 1))
    for k in range(logits.shape[1]):
        table = (table[:, :, None] * off_on[:, k, None, :]).reshape(len(logits), -1)
    return table
