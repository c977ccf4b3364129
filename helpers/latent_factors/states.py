"""All 2^K factor states at once, and what documents look like to them.

    log p(x | z) = sum_v x_v (h(z) W2_v + b2_v) - N log Z(z)
                 = [x W2', x.b2, -N] . [h(z), 1, log Z(z)]

A document and a factor state meet in an inner product of H + 2 numbers. So the table of
log p(x_d | z), (D, 2^K), is one matrix product, and an array of documents x states x words is
never needed.

Symbols: as in :mod:`helpers.latent_factors.model`; S = 2^K states.
"""

from dataclasses import dataclass

import numpy as np

from helpers.latent_factors.model import count_matrix, factor_states

TABLE_SIZE = 2**22  # numbers in one working array: 32 MB


@dataclass(frozen=True)
class Decoded:
    """The network's answer for every factor state.

    z (S, K); features (S, H + 2) = [h(z), 1, log Z(z)]; word_probs (S, V), or None when that
    array would be larger than ``TABLE_SIZE`` (it is then computed again, piece by piece).
    """

    z: np.ndarray
    features: np.ndarray
    word_probs: np.ndarray | None

    @property
    def hidden(self):
        return self.features[:, :-2]

    @property
    def log_normaliser(self):
        return self.features[:, -1]


@dataclass(frozen=True)
class Projected:
    """Documents as the states see them: features (D, H + 2) = [x W2', x.b2, -N]."""

    counts: np.ndarray
    features: np.ndarray


def chunks(n_rows, row_size):
    """Slices of rows whose arrays of ``row_size`` columns stay within ``TABLE_SIZE``."""
    step = max(1, TABLE_SIZE // row_size)
    return [slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]


def softmax_in_place(logits):
    """Turns rows of logits into probabilities and returns the log normalisers, (rows,)."""
    # Subtracting the maximum keeps exp within range; log-sum-exp adds it back.
    largest = logits.max(1)
    logits -= largest[:, None]
    np.exp(logits, out=logits)
    total = logits.sum(1)
    logits /= total[:, None]
    return largest + np.log(total)


def decode(model):
    """Runs the network on all 2^K states -> :class:`Decoded`. O(2^K H (K + V))."""
    z = factor_states(model.n_factors)
    n_states, n_hidden = len(z), len(model.hidden_bias)
    features = np.ones((n_states, n_hidden + 2))
    features[:, :-2] = model.hidden(z)
    pieces = chunks(n_states, model.n_words)
    for rows in pieces:
        words = word_logits(model, features[rows, :-2])
        features[rows, -1] = softmax_in_place(words)
    return Decoded(z, features, words if len(pieces) == 1 else None)


def word_logits(model, hidden):
    """h W2 + b2: (S, H) -> (S, V)."""
    logits = hidden @ model.output_weights
    logits += model.output_bias
    return logits


def project(model, counts):
    """What the documents contribute to log p(x | z) -> :class:`Projected`."""
    counts = count_matrix(counts, model.n_words)
    features = np.empty((counts.shape[0], len(model.hidden_bias) + 2))
    features[:, :-2] = counts @ model.output_weights.T
    features[:, -2] = counts @ model.output_bias
    features[:, -1] = -counts.sum(1)
    return Projected(counts, features)


def tables(documents, decoded):
    """Yields ``rows, log p(x_d | z)`` for a few documents at a time: a slice and (rows, S)."""
    for rows in chunks(len(documents.features), len(decoded.z)):
        yield rows, documents.features[rows] @ decoded.features.T


def log_likelihood(model, counts):
    """log p(x_d | z) for all documents and states, (D, 2^K), nats.

    The multinomial coefficient is left out. Columns are ordered as
    :func:`~helpers.latent_factors.factor_states`.
    """
    documents, decoded = project(model, counts), decode(model)
    return np.concatenate([table for _, table in tables(documents, decoded)])


def log_joint(model, counts):
    """log p(x_d, z) for all documents and states, (D, 2^K), nats; -inf where the prior is 0."""
    table = log_likelihood(model, counts)
    table += model.log_prior(factor_states(model.n_factors))
    return table
