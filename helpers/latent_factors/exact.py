"""The exact posterior of the latent factor document model, by enumeration.

    log p(x) = log sum_z p(z) p(x | z)             a sum over 2^K factor states
    p(z | x) = p(z) p(x | z) / p(x)

Given the words the factors are no longer independent: they explain each other away (tutorial:
"Original LFDM Inference"). ``Posterior.covariance`` shows it.
"""

from dataclasses import dataclass

import numpy as np

from helpers.arguments import instance, real_array, whole_number
from helpers.latent_factors.model import LatentFactorModel, check_table, factor_states
from helpers.latent_factors.states import decode, log_joint, project, softmax_in_place, tables

FEW = 8  # factors: a table of their pairs, states x K^2, is small and one product is quickest


@dataclass(frozen=True)
class Posterior:
    """What is kept of p(z | x_d) for D documents.

    log_evidence (D,): log p(x_d) in nats. marginals (D, K): p(z_k = 1 | x_d).
    pairs (D, K, K): p(z_j = 1, z_k = 1 | x_d); the marginals are on its diagonal.
    mode (D, K): the most probable factor state.
    """

    log_evidence: np.ndarray
    marginals: np.ndarray
    pairs: np.ndarray
    mode: np.ndarray

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


def posterior_rows(model, documents, decoded, memory=None):
    """Yields ``rows, p(z | x_d) (rows, S), log p(x_d) (rows,)`` a few documents at a time."""
    log_prior = model.log_prior(decoded.z)
    for rows, table in tables(documents, decoded, memory):
        table += log_prior
        log_evidence = softmax_in_place(table)
        yield rows, table, log_evidence


def exact(model, counts):
    """The exact posterior of each document, by enumeration -> :class:`Posterior`.

    counts: (D, V), dense or sparse. O(2^K (H V + D H + D K)) time. The tables are built for a
    few documents at a time; the states and the network's answer to them take 2^K (K + H) numbers,
    half a gigabyte for 20 factors and 32 hidden units.

    Raises:
        ValueError: counts do not fit the model, or there are more than 20 factors.
    """
    documents, decoded = project(model, counts), decode(model)
    log_evidence, pairs, modes = [], [], []
    for _, weights, evidence in posterior_rows(model, documents, decoded):
        log_evidence.append(evidence)
        pairs.append(pair_marginals(weights))
        modes.append(decoded.z[weights.argmax(1)])
    # Weights sum to one but for round-off, which must not make a probability of 1 + 1e-16.
    pairs = np.minimum(np.concatenate(pairs), 1)
    marginals = np.diagonal(pairs, axis1=1, axis2=2).copy()
    return Posterior(np.concatenate(log_evidence), marginals, pairs, np.concatenate(modes))


def pair_marginals(table):
    """p(z_j = 1, z_k = 1 | x_d), (D, K, K), from posterior tables (D, 2^K). O(D K 2^K).

    With the factors in two halves, the table of a document is a matrix P, states of the one half
    by states of the other: pairs across the halves are Z1' P Z2, pairs within a half need only
    its own marginal table, half as many factors.
    """
    n_factors = table.shape[1].bit_length() - 1
    if n_factors <= FEW:
        z = factor_states(n_factors)
        both_on = (z[:, :, None] * z[:, None, :]).reshape(len(z), -1)
        return (table @ both_on).reshape(-1, n_factors, n_factors)
    half = n_factors // 2
    table = table.reshape(len(table), 2**half, -1)
    pairs = np.empty((len(table), n_factors, n_factors))
    pairs[:, :half, :half] = pair_marginals(table.sum(2))
    pairs[:, half:, half:] = pair_marginals(table.sum(1))
    across = factor_states(half).T @ (table @ factor_states(n_factors - half))
    pairs[:, :half, half:], pairs[:, half:, :half] = across, across.mT
    return pairs


def posterior_table(model, counts):
    """p(z | x_d) for every state, (D, 2^K), ordered as ``factor_states(K)``."""
    table = log_joint(model, counts)
    softmax_in_place(table)
    return table


def given_factor(table, factor, value):
    """p(z_k = 1 | x, z_factor = value) for all k, (..., K), from a posterior table (..., 2^K).

    Comparing it with the marginals p(z_k = 1 | x) shows the factors explaining each other away.
    NaN where the condition has probability zero.
    """
    table = real_array("table", table)
    n_factors = table.shape[-1].bit_length() - 1 if table.ndim else 0
    if n_factors < 1 or table.shape[-1] != 2**n_factors:
        raise ValueError(f"table: expected 2^K columns, got shape {table.shape}")
    whole_number("factor", factor, minimum=0, maximum=n_factors - 1)
    if value not in (0, 1):
        raise ValueError(f"value: expected 0 or 1, got {value!r}")
    states = factor_states(n_factors)
    kept = table * (states[:, factor] == value)
    with np.errstate(invalid="ignore"):
        return (kept @ states) / kept.sum(-1, keepdims=True)


def as_words_arrive(model, words):
    """Posterior tables p(z | x_1..n) for n = 0..N, (N + 1, 2^K): how evidence accumulates.

    words: N word indices in the order in which they are read.
    """
    most = instance("model", model, LatentFactorModel).n_words - 1
    words = [whole_number("words", w, minimum=0, maximum=most) for w in words]
    check_table("words", len(words) + 1, model.n_factors)
    one_by_one = np.zeros((len(words) + 1, model.n_words))
    one_by_one[np.arange(1, len(words) + 1), words] = 1
    return posterior_table(model, one_by_one.cumsum(0))
