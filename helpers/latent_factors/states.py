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
SAFE = 600.0  # exp of this, summed over any vocabulary, is still far from overflow
UNDERFLOW = 1e-17  # a share of the corpus that changes no digit of a double


@dataclass(frozen=True)
class Decoded:
    """The network's answer for S factor states.

    z (S, K); features (S, H + 2) = [h(z), 1, log Z(z)]; words (S, V), proportional to
    p(word | z), with totals (S,) their sums; ``words`` is None when that array would be larger
    than ``TABLE_SIZE`` (it is then computed again, piece by piece).
    """

    z: np.ndarray
    features: np.ndarray
    words: np.ndarray | None
    totals: np.ndarray

    @property
    def hidden(self):
        """h(z), (S, H)."""
        return self.features[:, :-2]

    @property
    def hidden_and_one(self):
        """[h(z), 1], (S, H + 1): what meets the stacked weights."""
        return self.features[:, :-1]


@dataclass(frozen=True)
class Projected:
    """Documents as the states see them: features (D, H + 2) = [x W2', x.b2, -N]."""

    counts: np.ndarray
    features: np.ndarray


def chunks(n_rows, row_size):
    """Slices of rows whose arrays of ``row_size`` columns stay within ``TABLE_SIZE``."""
    step = max(1, TABLE_SIZE // row_size)
    return [slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]


def stacked_output(model):
    """W2 with b2 as its last row, (H + 1, V): logits = [h, 1] @ stacked, in one product."""
    return np.vstack([model.output_weights, model.output_bias])


def softmax_in_place(logits):
    """Turns rows of logits into probabilities and returns the log normalisers, (rows,)."""
    # Subtracting the maximum keeps exp within range; log-sum-exp adds it back.
    largest = logits.max(1)
    logits -= largest[:, None]
    np.exp(logits, out=logits)
    total = logits.sum(1)
    logits /= total[:, None]
    return largest + np.log(total)


def word_weights(stacked, hidden_and_one):
    """Rows proportional to p(word | z), (S, V), and what logarithms to add to their sums', (S,).

    tanh keeps |h| below one, so the logits are bounded by the column sums of |weights|; only
    where that bound could overflow exp is each row's maximum subtracted.
    """
    logits = hidden_and_one @ stacked
    shift = np.zeros(len(logits))
    if np.abs(stacked).sum(0).max() > SAFE:
        shift = logits.max(1)
        logits -= shift[:, None]
    return np.exp(logits, out=logits), shift


def decode(model, z=None):
    """Runs the network on states (S, K), all 2^K by default -> :class:`Decoded`.

    O(S H (K + V)); never more than ``TABLE_SIZE`` numbers of the S x V words at once.
    """
    z = factor_states(model.n_factors) if z is None else z
    features = np.ones((len(z), len(model.hidden_bias) + 2))
    features[:, :-2] = model.hidden(z)
    totals, stacked = np.empty(len(z)), stacked_output(model)
    pieces = chunks(len(z), model.n_words)
    for rows in pieces:
        words, shift = word_weights(stacked, features[rows, :-1])
        totals[rows] = words @ np.ones(model.n_words)
        features[rows, -1] = shift + np.log(totals[rows])
    return Decoded(z, features, words if len(pieces) == 1 else None, totals)


def project(model, counts):
    """What the documents contribute to log p(x | z) -> :class:`Projected`."""
    counts = count_matrix(counts, model.n_words)
    features = np.empty((counts.shape[0], len(model.hidden_bias) + 2))
    features[:, :-1] = counts @ stacked_output(model).T
    features[:, -1] = -(counts @ np.ones(model.n_words))
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


def expected_counts(stacked, decoded, tokens):
    """Yields ``states, tokens(z) p(word | z)`` for some states at a time: indices and (rows, V).

    tokens (S,): how many tokens the documents want from each state. States that want nothing
    are left out: most of them, once a model has learned to tell documents apart.
    """
    wanted = np.flatnonzero(tokens > UNDERFLOW / len(tokens) * tokens.sum())
    for piece in chunks(len(wanted), stacked.shape[1]):
        states = wanted[piece]
        if len(states) == len(tokens):
            states = slice(None)  # a view, not a copy
        scale = (tokens[states] / decoded.totals[states])[:, None]
        if decoded.words is None:
            words, _ = word_weights(stacked, decoded.hidden_and_one[states])
            yield states, np.multiply(words, scale, out=words)
        else:
            yield states, decoded.words[states] * scale
