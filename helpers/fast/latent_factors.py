"""What makes the latent factor document model fast; the lecture's own is in helpers/latent_factors.

    log p(x | z) = [x W2', x.b2, -N] . [h(z), 1, log Z(z)]

A document and a factor state, a column, meet in an inner product of H + 2 numbers. Documents are
taken a few at a time and so are the states' words, in memory that is used again. S = 2^K states.
"""

import math
import threading

import numpy as np
from scipy.special import expit

from helpers.latent_factors.factors import outer_product
from helpers.latent_factors.model import AT_ONCE, chunks, factor_states, log_bernoulli

PIECE_SIZE = 2**17  # numbers in an array that is gone over several times: 1 MB, about a cache
SAFE = 600.0  # exp of this, summed over any vocabulary, is still far from overflow
UNDERFLOW = 1e-17  # a share of a sum that changes no digit of a double
FEW = 8  # factors: a table of their pairs, states x K^2, is small and one product is quickest


class Memory(threading.local):
    """Working arrays that are used again: to be handed fresh pages costs more than to fill them.

    Each thread has its own. An array holds until the next one of its name is asked for.
    """

    def __init__(self):
        self.kept = {}

    def array(self, name, *shape):
        """An array of this shape with anything in it; one of more than a piece is new."""
        size = math.prod(shape)
        if size > PIECE_SIZE:
            return np.empty(shape)
        if name not in self.kept:
            self.kept[name] = np.empty(PIECE_SIZE)
        return self.kept[name][:size].reshape(shape)


MEMORY = Memory()


def softmax_in_place(logits):
    """Turns rows of logits into probabilities and returns the log normalisers, (rows,)."""
    largest = logits.max(1)  # without it exp may overflow
    logits -= largest[:, None]
    np.exp(logits, out=logits)
    total = logits.sum(1)
    logits /= total[:, None]
    return largest + np.log(total)


class Likelihoods:
    """log p(x_d | z) of all states, (rows, S), for a few documents at a time; again and again.

    features (D, H + 2): the documents as states see them. columns (H + 2, S): the states. words
    (V, S): columns proportional to p(word | z) with sums ``totals``, or None where they are more
    than a piece: to compute them again is then quicker than to fetch them.
    """

    def __init__(self, model, counts):
        self.model, self.counts, self.z = model, counts, factor_states(model.n_factors)
        self.stacked = np.full((len(model.hidden_bias) + 2, model.n_words), -1.0)
        self.stacked[:-2], self.stacked[-2] = model.output_weights, model.output_bias
        self.features = counts @ self.stacked.T
        self.columns = np.empty((len(self.stacked), len(self.z)))
        hidden = np.matmul(model.hidden_weights.T, self.z.T, out=self.columns[:-2])
        hidden += model.hidden_bias[:, None]
        np.tanh(hidden, out=hidden)
        self.columns[-2] = 1
        self.totals, pieces = np.empty(len(self.z)), chunks(len(self.z), model.n_words, PIECE_SIZE)
        for states in pieces:
            words, shift = self.word_weights(states)
            self.totals[states] = np.ones(model.n_words) @ words
            self.columns[-1, states] = np.log(self.totals[states]) + shift
        self.words = words if len(pieces) == 1 else None

    def word_weights(self, states):
        """Columns proportional to p(word | z), (V, n), and what to add to their sums' logs.

        tanh keeps |h| below one, so no logit passes H + 1 times the greatest of |stacked|; only
        where that could overflow exp is the maximum of each state subtracted.
        """
        hidden_and_one, shift = self.columns[:-1, states], 0.0
        room = MEMORY.array("words", self.model.n_words, hidden_and_one.shape[1])
        logits = np.matmul(self.stacked[:-1].T, hidden_and_one, out=room)
        if len(hidden_and_one) * np.abs(self.stacked).max() > SAFE:
            shift = logits.max(0)
            logits -= shift
        return np.exp(logits, out=logits), shift

    def to_be_repeated(self):
        """The same to go through again and again, and not to be changed: kept if it is small."""
        if len(self.features) * len(self.z) > AT_ONCE:
            return self
        return [(slice(None), self.features @ self.columns)]

    def __iter__(self):
        """``rows, log p(x_d | z)``: a slice and an array that the next one may overwrite."""
        for rows in chunks(len(self.features), len(self.z)):
            room = MEMORY.array("table", rows.stop - rows.start, len(self.z))
            yield rows, np.matmul(self.features[rows], self.columns, out=room)


class Gradient:
    """Adds up sum_d sum_z r_d(z) grad log p(x_d, z), a few documents at a time."""

    def __init__(self, likelihoods):
        self.of, self.occupied = likelihoods, np.zeros(len(likelihoods.z))
        self.seen = np.zeros_like(likelihoods.columns)  # documents summed over, for each state
        n_documents = len(likelihoods.features)
        self.mean = np.empty((len(likelihoods.columns) - 1, n_documents))  # E_r[h(z), 1]

    def add(self, rows, weights):
        """Some documents with r, (rows, S), each row summing to one."""
        self.occupied += weights.sum(0)
        self.seen += self.of.features[rows].T @ weights
        self.mean[:, rows] = self.of.columns[:-1] @ weights.T

    def total(self):
        """The gradient as a dictionary: back-propagation for S states."""
        of, model, tokens = self.of, self.of.model, -self.seen[-1]
        slope = self.seen[:-2].copy()  # in h(z): W2 (observed - expected counts)
        output = self.mean @ of.counts  # observed minus expected, weighted by [h, 1]
        for states, words in self._words_wanted(tokens):
            # The expected counts are rate * words. Scaling the smaller factors of both products
            # instead spares another array of words x states.
            rate = tokens[states] / of.totals[states]
            output = output - (rate * of.columns[:-1, states]) @ words.T
            slope[:, states] -= rate * (model.output_weights @ words)
        for states in chunks(len(tokens), len(slope), PIECE_SIZE):
            slope[:, states] *= 1 - of.columns[:-2, states] ** 2  # tanh' = 1 - tanh^2
        return {
            "prior_logits": self.occupied @ of.z - self.occupied.sum() * model.prior,
            "hidden_weights": (slope @ of.z).T,
            "hidden_bias": slope.sum(1),
            "output_weights": output[:-1],
            "output_bias": output[-1],
        }

    def _words_wanted(self, tokens):
        """Yields ``states, words`` for some states at a time.

        tokens (S,): how many tokens the documents want from each state. States that want next to
        nothing are left out where words have to be computed again: most, in a model that has
        learned to tell documents apart.
        """
        if self.of.words is not None:
            yield slice(None), self.of.words
            return
        wanted = np.flatnonzero(matters(self.of.z, tokens))
        for piece in chunks(len(wanted), self.of.model.n_words, PIECE_SIZE):
            yield wanted[piece], self.of.word_weights(wanted[piece])[0]


def matters(z, tokens):
    """Which states, (S,), change a digit of any sum over states that they are part of.

    A state is part of the sum over all states and over those that share a factor that is on in it:
    a factor that is hardly ever on keeps its gradient.
    """
    smallest = np.full(len(tokens), tokens.sum())
    for on, total in zip(z.T, tokens @ z, strict=True):
        np.minimum(smallest, total, out=smallest, where=on == 1)
    return tokens > UNDERFLOW / len(tokens) * smallest


def exact_gradient(model, counts):
    """sum_d log p(x_d) and its gradient."""
    likelihoods, log_evidence = Likelihoods(model, counts), 0.0
    gradient, log_prior = Gradient(likelihoods), log_bernoulli(likelihoods.z, model.prior)
    for rows, table in likelihoods:
        table = np.add(table, log_prior, out=table)
        log_evidence += softmax_in_place(table).sum()
        gradient.add(rows, table)
    return float(log_evidence), gradient.total()


def bound_gradient(model, counts, q):
    """E_q[log p(x_d | z)] (D,), its gradient in q's logits (D, K), and the model's dictionary."""
    likelihoods = Likelihoods(model, counts)
    gradient, expected = Gradient(likelihoods), np.empty(len(q.logits))
    slope = np.empty_like(q.logits)
    for rows, table in likelihoods:
        weights = outer_product(q.logits[rows])
        table = np.multiply(table, weights, out=table)
        expected[rows] = table.sum(1)
        slope[rows] = table @ likelihoods.z - q.probs[rows] * expected[rows, None]
        gradient.add(rows, weights)
    return expected, slope, gradient.total()


def posterior(model, counts):
    """log p(x_d) (D,), marginals (D, K), pairs (D, K, K) and modes (D, K)."""
    likelihoods, found = Likelihoods(model, counts), []
    log_prior = log_bernoulli(likelihoods.z, model.prior)
    for _, table in likelihoods:
        table = np.add(table, log_prior, out=table)
        log_evidence = softmax_in_place(table)
        # Weights sum to one but for round-off, which must not make a probability of 1 + 1e-16.
        pairs = np.minimum(pair_marginals(table), 1)
        marginals = np.diagonal(pairs, axis1=1, axis2=2)
        found.append((log_evidence, marginals, pairs, likelihoods.z[table.argmax(1)]))
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def pair_marginals(table):
    """p(z_j = 1, z_k = 1 | x_d), (D, K, K), from posterior tables (D, 2^K). O(D K 2^K).

    With the factors in two halves, the table is a matrix P, states of the one half by those of the
    other: pairs across are Z1' P Z2, pairs within need only their half's own table.
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


def sweep(table, logits, prior_logits):
    """Updates every coordinate once, first to last, in place; returns E_q[log p(x | z)], (D,).

    table: log p(x | z), (D, 2^K). logits (D, K): q's parameters. prior_logits (K,). To average the
    table afresh for every k would cost K 2^K; halving the factors again and again, about 2 . 2^K.
    """
    n_documents, n_factors = logits.shape
    if n_factors == 1:
        off, on = table[:, 0], table[:, 1]
        logits[:, 0] = prior_logits[0] + on - off
        return expit(-logits[:, 0]) * off + expit(logits[:, 0]) * on
    half = n_factors // 2
    table = table.reshape(n_documents, 2**half, -1)
    # The later factors averaged out under their old q, then the earlier ones under their new q.
    first = np.matvec(table, outer_product(logits[:, half:]))
    sweep(first, logits[:, :half], prior_logits[:half])
    second = np.vecmat(outer_product(logits[:, :half]), table)
    return sweep(second, logits[:, half:], prior_logits[half:])
