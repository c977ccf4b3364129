"""The exact posterior of the latent factor document model, by enumeration.

    log p(x) = log sum_z p(z) p(x | z)             a sum over 2^K factor states     (4c.5)
    p(z | x) = p(z) p(x | z) / p(x)

Given the words the factors are no longer independent: they explain each other away (slide
"Original LFDM Inference"). ``Posterior.covariance`` shows it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax

from helpers.arguments import instance, listed, refuse_large, whole_number
from helpers.fast import latent_factors as fast
from helpers.latent_factors.model import LatentFactorModel, check_counts, factor_states, log_joint


@dataclass(frozen=True)
class Posterior:
    """What is kept of p(z | x_d) for D documents."""

    log_evidence: np.ndarray  # log p(x_d), nats, (D,)
    marginals: np.ndarray  # p(z_k = 1 | x_d), (D, K)
    pairs: np.ndarray  # p(z_j = 1, z_k = 1 | x_d), the marginals on the diagonal, (D, K, K)
    mode: np.ndarray  # the most probable state, (D, K)

    @property
    def elbo(self):
        """sum_d log p(x_d): with q the posterior the bound is tight."""
        return float(self.log_evidence.sum())

    @property
    def probs(self):
        """The marginals, under the name they have in a mean field q."""
        return self.marginals

    @property
    def covariance(self):
        """cov(z_j, z_k | x_d), (D, K, K): negative where factors explain each other away."""
        return self.pairs - self.marginals[:, :, None] * self.marginals[:, None, :]


def by_enumeration(model, counts):
    """The :class:`Posterior`, state by state as it is defined; what :func:`exact` does sooner."""
    z, log_p = factor_states(model.n_factors), log_joint(model, counts)
    log_evidence = logsumexp(log_p, axis=1)  # (4c.5)
    table = np.exp(log_p - log_evidence[:, None])  # p(z | x_d), (D, 2^K)
    marginals = table @ z  # sum_z p(z | x) z_k
    pairs = np.einsum("ds,sj,sk->djk", table, z, z)  # sum_z p(z | x) z_j z_k
    return Posterior(log_evidence, marginals, pairs, z[table.argmax(1)])


def exact(model, counts):
    """log p(x_d) (D,), marginals (D, K), pairs (D, K, K), mode (D, K) -> :class:`Posterior`.

    counts (D, V), dense or sparse. As :func:`by_enumeration`, a few documents at a time, in
    O(D (V H + 2^K (H + K)) + 2^K H (K + V)); the states take 2^K (K + H) numbers, half a gigabyte
    for 20 factors and 32 hidden units. ValueError: counts do not fit the model, or there are more
    than 20 factors. Source: the slide "Original LFDM Inference".
    """
    counts = check_counts(model, counts)
    refuse_large("counts", counts.shape[0], model.n_factors, model.n_factors)
    return Posterior(*fast.posterior(model, counts))


def posterior_table(model, counts):
    """p(z | x_d) for every state, (D, 2^K), ordered as ``factor_states(K)``."""
    return softmax(log_joint(model, counts), axis=1)


def as_words_arrive(model, words):
    """Posterior tables p(z | x_1..n) for n = 0..N, (N + 1, 2^K): how evidence accumulates.

    words: N word indices in the order in which they are read.
    """
    most = instance("model", model, LatentFactorModel).n_words - 1
    words = [whole_number("words", w, 0, most) for w in listed("words", words, "word numbers")]
    refuse_large("words", len(words) + 1, max(2**model.n_factors, model.n_words))
    one_by_one = np.zeros((len(words) + 1, model.n_words))
    one_by_one[np.arange(1, len(words) + 1), words] = 1
    return posterior_table(model, one_by_one.cumsum(0))
