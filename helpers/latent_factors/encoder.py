"""The inference network: one g(x; lambda) that predicts q's parameters for every document.

    logit b(x) = tanh(log(1 + x) A + a) B + c,          q(z | x) = prod_k Bernoulli(z_k | b_k(x))

(slide "Amortised variational inference": still mean field, but b_1..b_K = g(x; lambda) with
parameters shared by all documents.) The logarithm tames words that a document repeats often.

Symbols: V words, E hidden units, K factors; ``input_weights`` A (V, E), ``input_bias`` a (E,),
``factor_weights`` B (E, K), ``factor_bias`` c (K,).
"""

from dataclasses import dataclass, fields

import numpy as np
import scipy.sparse

from helpers.arguments import finite_array
from helpers.latent_factors.factors import Factors
from helpers.latent_factors.model import count_matrix


@dataclass(frozen=True)
class Encoder:
    """g(x; lambda): input_weights (V, E), input_bias (E,), factor_weights (E, K), factor_bias."""

    input_weights: np.ndarray
    input_bias: np.ndarray
    factor_weights: np.ndarray
    factor_bias: np.ndarray

    def __post_init__(self):
        into_hidden = finite_array("input_weights", self.input_weights, ndim=2)
        input_bias = finite_array("input_bias", self.input_bias, shape=into_hidden.shape[1:])
        factor_bias = finite_array("factor_bias", self.factor_bias, ndim=1)
        shape = len(input_bias), len(factor_bias)
        out_of_hidden = finite_array("factor_weights", self.factor_weights, shape=shape)
        checked = into_hidden, input_bias, out_of_hidden, factor_bias
        for field, value in zip(fields(self), checked, strict=True):
            object.__setattr__(self, field.name, value)

    def __call__(self, counts):
        """q(z | x_d) for every document: counts (D, V) -> :class:`Factors`. O(D V E)."""
        counts = count_matrix(counts, len(self.input_weights))
        hidden = self._hidden(log_counts(counts))
        return Factors(hidden @ self.factor_weights + self.factor_bias)  # (4d.2)

    def _hidden(self, inputs):
        return np.tanh(inputs @ self.input_weights + self.input_bias)

    def gradient(self, counts, logit_gradient):
        """Back-propagates a gradient in the logits, (D, K), to lambda -> dictionary."""
        inputs = log_counts(count_matrix(counts, len(self.input_weights)))
        shape = inputs.shape[0], len(self.factor_bias)
        logit_gradient = finite_array("logit_gradient", logit_gradient, shape=shape)
        hidden = self._hidden(inputs)
        slope = (logit_gradient @ self.factor_weights.T) * (1 - hidden**2)
        return {
            "input_weights": inputs.T @ slope,
            "input_bias": slope.sum(0),
            "factor_weights": hidden.T @ logit_gradient,
            "factor_bias": logit_gradient.sum(0),
        }

    def parameters(self):
        """lambda as a dictionary of arrays."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def log_counts(counts):
    """log(1 + x), sparse when ``counts`` is."""
    return counts.log1p() if scipy.sparse.issparse(counts) else np.log1p(counts)
