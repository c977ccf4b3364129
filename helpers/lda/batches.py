"""Mean-field updates for many documents at once, and fast.

For word w of a document, phi_wk = E_k b_wk / sum_j E_j b_wj with E_k = exp(digamma(gamma_k)),
since exp(-digamma(sum gamma)) cancels, and b_wk = exp(E_q[log beta_kw]). One update is then

    gamma_k = alpha_k + E_k sum_w counts_w b_wk / (sum_j E_j b_wj)

two products of a document's (L, K) block of b with a vector, L being its number of different
words. Documents are sorted by length and padded in blocks small enough to stay in the
processor's cache while they are iterated: that is most of the speed.

Priors of 1e-4 make exp(digamma(gamma)) underflow to zero. Rows of b are scaled to a maximum
of one, and a document with a norm that has underflowed is redone in logarithms.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln, logsumexp, psi

BLOCK_BYTES = 2**21  # of a block's (n, L, K) scores: about the second-level cache
SMALLEST = 1e-280  # below this a norm has lost digits to underflow


@dataclass(frozen=True, eq=False)
class WordScores:
    """E_q[log beta_kw] by word, each row shifted by its maximum.

    weights: exp of the shifted scores, (V, K), maximum 1 in each row.
    shift: the maxima, (V,); -inf for a word that no topic has, whose weights are then all 1.
    """

    weights: np.ndarray
    shift: np.ndarray
    unshifted: np.ndarray | None = None

    @classmethod
    def of_expected_logs(cls, expected_log_topics):
        """From E_q[log beta], (V, K), finite."""
        shift = expected_log_topics.max(axis=1)
        return cls(np.exp(expected_log_topics - shift[:, None]), shift, expected_log_topics)

    @classmethod
    def of_topics(cls, topics):
        """From beta itself, words by topics, (V, K)."""
        top = topics.max(axis=1)
        held = top > 0
        weights = np.where(held[:, None], topics, 1.0) / np.where(held, top, 1.0)[:, None]
        with np.errstate(divide="ignore"):
            return cls(weights, np.log(top))

    @cached_property
    def logs(self):
        """The shifted scores, (V, K): not log(weights), where these have underflowed."""
        if self.unshifted is not None:
            return self.unshifted - self.shift[:, None]
        with np.errstate(divide="ignore"):
            return np.log(self.weights)

    def total_shift(self, counts):
        """sum_w counts_dw shift_w, (D,); -inf for a document with a word that no topic has."""
        held = np.isfinite(self.shift)
        total = counts @ np.where(held, self.shift, 0.0)
        if not held.all():
            total[counts @ ~held > 0] = -np.inf
        return total


@dataclass(frozen=True, eq=False)
class Block:
    """n documents of similar length, padded to L words; a padded place has count 0.

    documents (n,), words (n, L), counts (n, L), totals (n,) their tokens, scores (n, L, K).
    """

    documents: np.ndarray
    words: np.ndarray
    counts: np.ndarray
    totals: np.ndarray
    scores: np.ndarray

    def take(self, rows):
        """The block with only the given documents."""
        fields = (self.documents, self.words, self.counts, self.totals, self.scores)
        return Block(*(field[rows] for field in fields))


class Batches:
    """The documents of ``counts`` that have words, in blocks sorted by length."""

    def __init__(self, counts, n_topics):
        self.counts = counts
        self.lengths = np.diff(counts.indptr)
        self.totals = np.asarray(counts.sum(axis=1), dtype=float).ravel()
        order = np.argsort(self.lengths, kind="stable")
        self.order = order[self.totals[order] > 0]
        self.bytes_per_word = 8 * n_topics
        self.memory = np.empty(0)

    def documents(self, wanted=None):
        """Arrays of document numbers, a block each, of all documents or those ``wanted`` (D,)."""
        order = self.order if wanted is None else self.order[wanted[self.order]]
        for start, stop in _edges((self.lengths[order] * self.bytes_per_word).tolist()):
            yield order[start:stop]

    def block(self, documents, weights):
        """The padded :class:`Block` of these documents, which must be sorted by length.

        Its scores are overwritten by the next call: one block lives at a time.
        """
        slots, real = self.slots(documents)
        words = self.counts.indices[slots]
        counts = np.where(real, self.counts.data[slots], 0.0)
        room = self._room(words.size * weights.shape[1]).reshape(*words.shape, -1)
        scores = weights.take(words, axis=0, out=room, mode="clip")  # twice as fast as [words]
        return Block(documents, words, counts, self.totals[documents], scores)

    def _room(self, size):
        """The memory of every block's scores in turn: new memory costs more than filling it."""
        if len(self.memory) < size:
            self.memory = np.empty(max(size, BLOCK_BYTES // 8))
        return self.memory[:size]

    def slots(self, documents):
        """Places (n, L) of the documents' words in the CSR arrays, and which are not padding.

        Padding repeats the last word of its own document, so that no norm is ever zero there
        unless it is zero in a real place too.
        """
        lengths = self.lengths[documents][:, None]
        places = np.arange(lengths.max())
        slots = self.counts.indptr[documents][:, None] + np.minimum(places, lengths - 1)
        return slots, places < lengths


def update(block, gamma, alpha, scores):
    """One update of phi and then gamma for a block: (n, K) -> (n, K).

    scores: the :class:`WordScores`, for the documents that need logarithms.
    """
    share = psi(gamma)
    np.exp(share, out=share)
    norms = np.matvec(block.scores, share)
    if not norms.min() >= SMALLEST:
        return _careful_update(block, gamma, alpha, scores, norms, share)
    new = np.vecmat(np.divide(block.counts, norms, out=norms), block.scores)
    new *= share
    new += alpha
    return new


def _careful_update(block, gamma, alpha, scores, norms, share):
    """The same where a norm has underflowed: those documents' phi by logarithms."""
    lost = ~(norms.min(axis=1) >= SMALLEST)
    norms[lost] = 1.0
    new = np.vecmat(block.counts / norms, block.scores) * share
    phi, _ = in_logs(block.words[lost], gamma[lost], scores)
    new[lost] = np.vecmat(block.counts[lost], phi)
    return new + alpha


def in_logs(words, gamma, scores):
    """phi (n, L, K) and log sum_k exp(digamma(gamma_k)) b_wk (n, L), safe from underflow."""
    log_phi = psi(gamma)[:, None, :] + scores.logs[words]
    norms = logsumexp(log_phi, axis=2)
    log_phi -= norms[:, :, None]
    return np.exp(log_phi, out=log_phi), norms


def bounds(block, gamma, alpha, scores):
    """Each document's ELBO at phi's optimum, without the shifts of its words, (n,).

    sum_w counts_w log sum_k b_wk exp(E_q[log theta_k]) - KL(Dir(gamma) || Dir(alpha))
    """
    norms = np.matvec(block.scores, np.exp(psi(gamma)))
    lost = norms.min(axis=1) < SMALLEST
    with np.errstate(divide="ignore"):
        log_norms = np.log(norms, out=norms)
    if lost.any():
        log_norms[lost] = in_logs(block.words[lost], gamma[lost], scores)[1]
    tokens = np.vecdot(block.counts, log_norms) - block.totals * psi(gamma.sum(axis=1))
    return tokens - dirichlet_kl(gamma, alpha)


def dirichlet_kl(concentration, prior):
    """KL(Dir(concentration) || Dir(prior)) in nats along the last axis; prior is (K,)."""
    total = concentration.sum(axis=-1)
    constants = gammaln(total) - gammaln(prior.sum())
    constants -= (gammaln(concentration) - gammaln(prior)).sum(axis=-1)
    weight = concentration - prior
    return constants + np.vecdot(weight, psi(concentration)) - weight.sum(-1) * psi(total)


def _edges(bytes_per_document):
    """Pairs (start, stop) of blocks whose padded size stays below BLOCK_BYTES."""
    edges, start = [], 0
    for stop, longest in enumerate(bytes_per_document):
        if stop > start and (stop + 1 - start) * longest > BLOCK_BYTES:
            edges.append((start, stop))
            start = stop
    if len(bytes_per_document):
        edges.append((start, len(bytes_per_document)))
    return edges
