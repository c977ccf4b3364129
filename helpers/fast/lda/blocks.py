"""Mean-field updates for many documents at once.

For word w of a document, phi_wk = E_k b_wk / sum_j E_j b_wj with E_k = exp(digamma(gamma_k)),
since exp(-digamma(sum gamma)) cancels, and b_wk = exp(E_q[log beta_kw]). One update is then

    gamma_k = alpha_k + E_k sum_w counts_w b_wk / (sum_j E_j b_wj)

two products of a document's (L, K) block of b with a vector, L being its number of different
words. Documents are sorted by length and padded in blocks that stay in the processor's cache: that
is most of the speed. Rows of b are scaled to a maximum of one; a document with a norm that has
underflowed, as priors of 1e-4 let it, is redone in logarithms.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp, psi

from helpers.densities import dirichlet_kl

BLOCK_BYTES = 2**21  # of a block's (n, L, K) scores: about the second-level cache
SMALLEST = 1e-280  # below this a norm has lost digits to underflow
NONE = np.empty(0, dtype=int)


@dataclass(frozen=True, eq=False)
class WordScores:
    """E_q[log beta_kw] by word, (V, K), as logs of at most 0 and weights of at most 1, exp(logs).

    shift: what each row is less by, its maximum, (V,); -inf for a word that no topic has, whose
    weights are 1.
    """

    logs: np.ndarray
    weights: np.ndarray
    shift: np.ndarray

    @classmethod
    def of(cls, log_topics):
        """From E_q[log beta] or log beta itself, (K, V); -inf is legal."""
        logs = np.array(log_topics.T, order="C")
        shift = logs.max(axis=1)
        absent = np.isneginf(shift)
        logs[absent] = 0.0
        logs -= np.where(absent, 0.0, shift)[:, None]
        return cls(logs, np.exp(logs), shift)

    def total_shift(self, counts):
        """sum_w counts_dw shift_w, (D,); -inf for a document with a word that no topic has."""
        return counts @ self.shift


@dataclass(frozen=True, eq=False)
class Block:
    """n documents of similar length, padded to L words; a padded place has count 0.

    documents (n,), slots (n, L) of the words' entries in ``counts``, which of them are real
    (n, L), counts (n, L), words (n, L), totals (n,) their tokens, scores (n, L, K) or None.
    """

    documents: np.ndarray
    slots: np.ndarray
    real: np.ndarray
    counts: np.ndarray
    words: np.ndarray
    totals: np.ndarray
    scores: np.ndarray | None = None

    def take(self, rows):
        """The block with only the documents of the given rows, an array of numbers."""
        return Block(*(field.take(rows, axis=0) for field in vars(self).values()))


class Documents:
    """The documents of ``counts``, a CSR array (D, V), that have words, sorted by length."""

    def __init__(self, counts, n_topics):
        self.counts, self.values = counts, counts.data.astype(float)
        self.lengths = np.diff(counts.indptr)
        self.totals = counts.sum(axis=1, dtype=float)
        order = np.argsort(self.lengths, kind="stable")
        self.order = order[self.totals[order] > 0]
        self.bytes_per_word = 8 * n_topics
        self.memory = np.empty(0)

    def layouts(self, wanted=None):
        """The layouts of all documents, or of those ``wanted`` (D,), a block each."""
        order = self.order if wanted is None else self.order[wanted[self.order]]
        sizes, start = (self.lengths[order] * self.bytes_per_word).tolist(), 0
        for stop, longest in enumerate(sizes):
            if stop > start and (stop + 1 - start) * longest > BLOCK_BYTES:
                yield self.layout(order[start:stop])
                start = stop
        if sizes:
            yield self.layout(order[start:])

    def layout(self, documents):
        """The :class:`Block` of these documents, sorted by length, without its scores.

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
        return Block(documents, slots, real, counts, words, self.totals[documents])

    def fill(self, layout, weights):
        """The same :class:`Block` with scores, in memory that is filled anew by the next call."""
        size = layout.words.size * weights.shape[1]
        if len(self.memory) < size:
            self.memory = np.empty(max(size, BLOCK_BYTES // 8))
        room = self.memory[:size].reshape(*layout.words.shape, -1)
        scores = weights.take(layout.words, axis=0, out=room, mode="clip")
        return replace(layout, scores=scores)


@dataclass(frozen=True, eq=False)
class At:
    """What bound, update and M-step need of a block at gamma (n, K).

    digammas: psi(gamma), shares: exp(psi(gamma)), (n, K). norms: sum_k b_wk shares_k, (n, L).
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
    """One update of phi and then gamma for a block: (n, K). Overwrites the norms of ``at``."""
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
    of_total = psi(at.gamma.sum(axis=1))
    tokens = np.vecdot(block.counts, log_norms) - block.totals * of_total
    return tokens - dirichlet_kl(at.gamma, alpha, at.digammas - of_total[:, None])
