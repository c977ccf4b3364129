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

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import gammaln, logsumexp, psi

BLOCK_BYTES = 2**21  # of a block's (n, L, K) scores: about the second-level cache
SMALLEST = 1e-280  # below this a norm has lost digits to underflow
NONE = np.empty(0, dtype=int)


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
        weights = expected_log_topics - shift[:, None]
        return cls(np.exp(weights, out=weights), shift, expected_log_topics)

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

    documents (n,), words (n, L), which of them are real (n, L), counts (n, L), totals (n,) their
    tokens, scores (n, L, K) or None.
    """

    documents: np.ndarray
    words: np.ndarray
    real: np.ndarray
    counts: np.ndarray
    totals: np.ndarray
    scores: np.ndarray | None = None

    def take(self, rows):
        """The block with only the documents of the given rows, an array of numbers."""
        fields = (self.documents, self.words, self.real, self.counts, self.totals, self.scores)
        return Block(*(field.take(rows, axis=0) for field in fields))


class Batches:
    """The documents of ``counts`` that have words, in blocks sorted by length."""

    def __init__(self, counts, n_topics):
        self.counts, self.values = counts, counts.data.astype(float)
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
        return self.fill(self.layout(documents), weights)

    def layout(self, documents):
        """The :class:`Block` of these documents without its scores.

        Padding repeats the last word of its own document, so that no norm is ever zero there
        unless it is zero in a real place too.
        """
        lengths = self.lengths[documents][:, None]
        places = np.arange(lengths.max())
        slots = self.counts.indptr[documents][:, None] + np.minimum(places, lengths - 1)
        real = places < lengths
        counts = self.values.take(slots, mode="clip")  # faster than [slots]
        counts *= real
        words = self.counts.indices.take(slots, mode="clip")
        return Block(documents, words, real, counts, self.totals[documents])

    def fill(self, layout, weights):
        """The same :class:`Block` with scores, which the next call overwrites."""
        words = layout.words
        room = self._room(words.size * weights.shape[1]).reshape(*words.shape, -1)
        scores = weights.take(words, axis=0, out=room, mode="clip")  # twice as fast as [words]
        return replace(layout, scores=scores)

    def _room(self, size):
        """The memory of every block's scores in turn: new memory costs more than filling it."""
        if len(self.memory) < size:
            self.memory = np.empty(max(size, BLOCK_BYTES // 8))
        return self.memory[:size]


@dataclass(frozen=True, eq=False)
class At:
    """What bound, update and M-step need of a block at gamma (n, K).

    digammas: psi(gamma), (n, K).  shares: exp(psi(gamma)), (n, K).
    norms: sum_k b_wk shares_k, (n, L).
    lost: numbers of the documents of which a norm has underflowed; they need logarithms.
    """

    gamma: np.ndarray
    digammas: np.ndarray
    shares: np.ndarray
    norms: np.ndarray
    lost: np.ndarray

    @classmethod
    def of(cls, block, gamma):
        """The block at gamma, (n, K)."""
        digammas = psi(gamma)
        shares = np.exp(digammas)
        norms, lost = np.matvec(block.scores, shares), NONE
        if not norms.min() >= SMALLEST:
            lost = np.flatnonzero(~(norms.min(axis=1) >= SMALLEST))
            norms[lost] = 1.0
        return cls(gamma, digammas, shares, norms, lost)


def update(block, at, alpha, scores):
    """One update of phi and then gamma for a block: (n, K). Overwrites the norms of ``at``.

    scores: the :class:`WordScores`, for the documents that need logarithms.
    """
    new = np.vecmat(np.divide(block.counts, at.norms, out=at.norms), block.scores)
    new *= at.shares
    if len(at.lost):
        phi, _ = in_logs(block.words[at.lost], at.gamma[at.lost], scores)
        new[at.lost] = np.vecmat(block.counts[at.lost], phi)
    new += alpha
    return new


def in_logs(words, gamma, scores):
    """phi (n, L, K) and log sum_k exp(digamma(gamma_k)) b_wk (n, L), safe from underflow."""
    log_phi = psi(gamma)[:, None, :] + scores.logs[words]
    norms = logsumexp(log_phi, axis=2)
    log_phi -= norms[:, :, None]
    return np.exp(log_phi, out=log_phi), norms


def bounds(block, at, alpha, scores):
    """Each document's ELBO at phi's optimum, without the shifts of its words, (n,).

    sum_w counts_w log sum_k b_wk exp(E_q[log theta_k]) - KL(Dir(gamma) || Dir(alpha))
    """
    log_norms = np.log(at.norms)
    if len(at.lost):
        log_norms[at.lost] = in_logs(block.words[at.lost], at.gamma[at.lost], scores)[1]
    tokens = np.vecdot(block.counts, log_norms) - block.totals * psi(at.gamma.sum(axis=1))
    return tokens - dirichlet_kl(at.gamma, alpha, at.digammas)


def dirichlet_kl(concentration, prior, digammas):
    """KL(Dir(concentration) || Dir(prior)) in nats along the last axis; prior is (K,).

    digammas: psi(concentration), which whoever asks has at hand.
    """
    total = concentration.sum(axis=-1)
    constants = gammaln(total) - gammaln(prior.sum())
    constants -= gammaln(concentration).sum(axis=-1) - gammaln(prior).sum()
    weight = concentration - prior
    return constants + np.vecdot(weight, digammas) - weight.sum(-1) * psi(total)


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
