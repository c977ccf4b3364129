"""All 2^K factor states at once, and what documents look like to them.

    log p(x | z) = sum_v x_v (h(z) W2_v + b2_v) - N log Z(z)
                 = [x W2', x.b2, -N] . [h(z), 1, log Z(z)]

A document and a factor state meet in an inner product of H + 2 numbers. So the table of
log p(x_d | z), (D, 2^K), is one matrix product, and an array of documents x states x words is
never needed. Documents are rows and states are columns: both in the table and where they meet.

Symbols: as in :mod:`helpers.latent_factors.model`; S = 2^K states.
"""

import math
import threading
from dataclasses import dataclass

import numpy as np

from helpers.arguments import instance
from helpers.latent_factors.model import (
    LatentFactorModel,
    check_table,
    count_matrix,
    factor_states,
)

TABLE_SIZE = 2**22  # numbers in one working array: 32 MB
PIECE_SIZE = 2**17  # numbers in an array that is gone over several times: 1 MB, about a cache
SAFE = 600.0  # exp of this, summed over any vocabulary, is still far from overflow
UNDERFLOW = 1e-17  # a share of a sum that changes no digit of a double


@dataclass(frozen=True)
class Decoded:
    """The network's answer for S factor states.

    z (S, K); features (H + 2, S) = [h(z), 1, log Z(z)], a column per state; words (V, S),
    columns proportional to p(word | z), with totals (S,) their sums. ``words`` is None when they
    would not fit in one piece: to compute them again is then quicker than to fetch them.
    """

    z: np.ndarray
    features: np.ndarray
    words: np.ndarray | None
    totals: np.ndarray

    @property
    def hidden(self):
        """h(z), (H, S)."""
        return self.features[:-2]

    @property
    def hidden_and_one(self):
        """[h(z), 1], (H + 1, S): what meets a word's weights and bias."""
        return self.features[:-1]


@dataclass(frozen=True)
class Projected:
    """Documents as the states see them: features (D, H + 2) = [x W2', x.b2, -N]."""

    counts: np.ndarray
    features: np.ndarray


def chunks(n_rows, row_size, size=None):
    """Slices of rows (or columns) that hold no more than ``size`` numbers: a table, by default."""
    step = max(1, (size or TABLE_SIZE) // row_size)
    return [slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]


def stacked_output(model):
    """[W2; b2; -1], (H + 2, V): counts @ stacked' are a document's features."""
    stacked = np.full((len(model.hidden_bias) + 2, model.n_words), -1.0)
    stacked[:-2] = model.output_weights
    stacked[-2] = model.output_bias
    return stacked


def softmax_in_place(logits):
    """Turns rows of logits into probabilities and returns the log normalisers, (rows,)."""
    # Subtracting the maximum keeps exp within range; log-sum-exp adds it back.
    largest = logits.max(1)
    logits -= largest[:, None]
    np.exp(logits, out=logits)
    total = logits.sum(1)
    logits /= total[:, None]
    return largest + np.log(total)


class Memory(threading.local):
    """Working arrays that are used again: to be handed fresh pages costs more than to fill them.

    Each thread has its own. An array holds until the next one of its name is asked for, so it
    must not leave the function that asked.
    """

    def __init__(self):
        self.kept = {}

    def array(self, name, shape):
        """An array of this shape with anything in it; one of more than a piece is new."""
        size = math.prod(shape)
        if size > PIECE_SIZE:
            return np.empty(shape)
        if name not in self.kept:
            self.kept[name] = np.empty(PIECE_SIZE)
        return self.kept[name][:size].reshape(shape)


def word_weights(stacked, hidden_and_one, out=None):
    """Columns proportional to p(word | z), (V, n), and what to add to their sums' logs, (n,) or 0.

    tanh keeps |h| below one, so no logit passes H + 1 times the greatest of |stacked|; only where
    that could overflow exp is the maximum of each state subtracted.
    """
    logits = np.matmul(stacked[:-1].T, hidden_and_one, out=out)
    shift = 0.0
    if len(hidden_and_one) * np.abs(stacked).max() > SAFE:
        shift = logits.max(0)
        logits -= shift
    return np.exp(logits, out=logits), shift


def decode(model, z=None, memory=None):
    """Runs the network on states (S, K), all 2^K by default -> :class:`Decoded`.

    O(S H (K + V)); never more than ``PIECE_SIZE`` numbers of the S x V words at once, which are
    put into ``memory``, a :class:`Memory`, if there is one.
    """
    z = factor_states(model.n_factors) if z is None else z
    features, totals = np.empty((len(model.hidden_bias) + 2, len(z))), np.empty(len(z))
    hidden = np.matmul(model.hidden_weights.T, z.T, out=features[:-2])
    hidden += model.hidden_bias[:, None]
    np.tanh(hidden, out=hidden)
    features[-2] = 1
    stacked, pieces = stacked_output(model), chunks(len(z), model.n_words, PIECE_SIZE)
    for states in pieces:
        room = memory and memory.array("words", (model.n_words, states.stop - states.start))
        words, shift = word_weights(stacked, features[:-1, states], room)
        totals[states] = np.ones(model.n_words) @ words
        features[-1, states] = np.log(totals[states]) + shift
    return Decoded(z, features, words if len(pieces) == 1 else None, totals)


def project(model, counts):
    """What the documents contribute to log p(x | z) -> :class:`Projected`.

    Nearly every function of model and counts begins here: ValueError unless they are what they
    should be and fit together.
    """
    counts = count_matrix(counts, instance("model", model, LatentFactorModel).n_words)
    return Projected(counts, counts @ stacked_output(model).T)


def tables(documents, decoded, memory=None):
    """Yields ``rows, log p(x_d | z)`` for a few documents at a time: a slice and (rows, S)."""
    for rows in chunks(len(documents.features), len(decoded.z)):
        features = documents.features[rows]
        room = memory and memory.array("table", (len(features), len(decoded.z)))
        yield rows, np.matmul(features, decoded.features, out=room)


def log_likelihood(model, counts):
    """log p(x_d | z) for all documents and states, (D, 2^K), nats.

    The multinomial coefficient is left out. Columns are ordered as
    :func:`~helpers.latent_factors.factor_states`. ValueError where the table would take more
    than four gigabytes.
    """
    documents = project(model, counts)
    check_table("counts", len(documents.features), model.n_factors)
    decoded = decode(model)
    whole = np.empty((len(documents.features), len(decoded.z)))
    for rows, table in tables(documents, decoded):
        whole[rows] = table
    return whole


def log_joint(model, counts):
    """log p(x_d, z) for all documents and states, (D, 2^K), nats; -inf where the prior is 0."""
    table = log_likelihood(model, counts)
    table += model.log_prior(factor_states(model.n_factors))
    return table


def words_wanted(model, decoded, tokens, memory=None):
    """Yields ``states, words`` for some states at a time: words (V, n) as in :class:`Decoded`.

    tokens (S,): how many tokens the documents want from each state. Where the words have to be
    computed again, states that want next to nothing are left out: most of them, once a model
    with many factors has learned to tell documents apart.
    """
    if decoded.words is not None:
        yield slice(None), decoded.words
        return
    stacked, wanted = stacked_output(model), np.flatnonzero(matters(decoded.z, tokens))
    for piece in chunks(len(wanted), model.n_words, PIECE_SIZE):
        states = wanted[piece]
        room = memory and memory.array("words", (model.n_words, len(states)))
        yield states, word_weights(stacked, decoded.hidden_and_one[:, states], room)[0]


def matters(z, tokens):
    """Which states, (S,), change a digit of any sum over states that they are part of.

    A state is part of the sum over all states and, for each factor that is on in it, of the sum
    over the states with that factor on: a factor that is hardly ever on keeps its gradient.
    """
    smallest = np.full(len(tokens), tokens.sum())
    for on, total in zip(z.T, tokens @ z, strict=True):
        np.minimum(smallest, total, out=smallest, where=on == 1)
    return tokens > UNDERFLOW / len(tokens) * smallest
