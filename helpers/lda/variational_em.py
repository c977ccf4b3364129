"""Variational EM: mean field for the documents and, in the M-step, the topics.

With ``eta = None`` the topics are parameters, estimated by maximum likelihood of the bound;
with a number they have the prior Dirichlet(eta) and a q of their own,

    q(beta_k) = Dirichlet(lambda_k),   lambda_kw = eta + sum_d counts_dw phi_dwk

Sources: the slide "Performing VI (Frequentist Case)"; Blei, Ng and Jordan (2003), the sections
"Parameter estimation" and "Smoothing".
"""

from collections import deque
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
import scipy.sparse as sp
from scipy.special import gammaln, psi

from helpers.arguments import generator, positive, whole_number
from helpers.lda.batches import At, Batches, WordScores, bounds, in_logs, update
from helpers.lda.first_topics import random_topics, seeded_topics
from helpers.lda.fixed_topics import first_gamma
from helpers.lda.model import LDA, check_counts, check_topics
from helpers.lda.progress import watched

TRIAL_SWEEPS = 10  # of each restart, before the best one goes on
STARTS = {"seeded": seeded_topics, "random": random_topics}


@dataclass(frozen=True, eq=False)
class CorpusPosterior:
    """q of documents and topics.

    gamma: (D, K).  topics: lambda (K, V), the Dirichlets' concentrations, or None when the
    topics are parameters.
    """

    gamma: np.ndarray
    topics: np.ndarray | None

    def mean_theta(self):
        """E_q[theta], (D, K)."""
        return self.gamma / self.gamma.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class LearningState:
    """A sweep of variational EM: the model (its topics the mean of q), q, the ELBO in nats."""

    model: LDA
    q: CorpusPosterior
    elbo: float


def fit(
    counts, n_topics, rng, alpha=0.1, eta=None, restarts=1, start="seeded", updates=2, progress=True
):
    """Learn the topics of a corpus by variational EM.

    Args:
        counts: word counts, (D, V), sparse or dense.
        n_topics: K.
        rng: numpy.random.Generator, for the first topics.
        alpha: concentration of the documents' Dirichlet, one number or (K,); held fixed.
        eta: concentration of the topics' Dirichlet prior, or None for point estimates.
        restarts: starting points; each has ten sweeps, then the best one goes on.
        start: "seeded" by documents that are unlike each other, or "random", which ends at
            worse bounds.
        updates: updates of phi and gamma in each sweep; gamma goes on from the last sweep.
        progress: show a bar once the ascent has taken more than two seconds.
    Yields:
        :class:`LearningState`, without end; the bound never falls.
    Raises:
        ValueError: there are no tokens, or an argument is out of range.
    """
    counts = check_counts(counts)
    n_topics = check_topics(n_topics, counts)
    alpha = LDA(alpha, np.ones((n_topics, 1))).alpha
    if eta is not None:
        eta = float(positive("eta", eta, ndim=0))
    generator("rng", rng)
    if not (isinstance(start, str) and start in STARTS):
        raise ValueError(f"start: expected one of {', '.join(STARTS)}, got {start!r}")
    learner = _Learner(counts, alpha, eta, whole_number("updates", updates))
    if not len(learner.batches.order):
        raise ValueError("counts: expected at least one token, got only empty documents")
    n_starts = whole_number("restarts", restarts)
    starts = (learner.first(STARTS[start](counts, n_topics, rng)) for _ in range(n_starts))
    if n_starts == 1:
        states = learner.ascend(next(starts))
    else:
        states = learner.ascend(*max(map(learner.trial, starts), key=lambda trial: trial[0])[1:])
    return watched(states, f"{n_topics} topics") if progress else states


def learning_bound(counts, gamma, concentrations, alpha, eta):
    """The ELBO at any q(theta) and q(beta), phi at its optimum: one measure for all programs.

    gamma (D, K), concentrations lambda (K, V), alpha a number or (K,), eta a number; nats.
    """
    counts, eta = check_counts(counts), float(positive("eta", eta, ndim=0))
    gamma = positive("gamma", gamma, shape=(counts.shape[0], None))
    n_topics = gamma.shape[1]
    weights = positive("concentrations", concentrations, shape=(n_topics, counts.shape[1])).T
    learner = _Learner(counts, LDA(alpha, np.ones((n_topics, 1))).alpha, eta, 1)
    gamma = first_gamma(learner.alpha, learner.batches.totals, gamma)
    scores = learner.scores(weights)
    return learner.sweep(scores, gamma)[0] - learner.topics_kl(weights, scores)


class _Learner:
    """What stays the same from sweep to sweep."""

    def __init__(self, counts, alpha, eta, updates):
        self.counts, self.alpha, self.eta, self.updates = counts, alpha, eta, updates
        self.batches = Batches(counts, len(alpha))
        self.sorted = counts[self.batches.order]  # as the blocks have them
        self.layouts = [self.batches.layout(d) for d in self.batches.documents()]
        ends = np.cumsum([len(layout.documents) for layout in self.layouts]).tolist()
        self.rows = [slice(*edges) for edges in pairwise([0, *ends])]

    def ascend(self, weights, gamma=None):
        """States from topics (V, K) and gamma (D, K) on; each is one behind :meth:`sweep`."""
        gamma = first_gamma(self.alpha, self.batches.totals, gamma)
        while True:
            scores = self.scores(weights)
            elbo, next_gamma, usage = self.sweep(scores, gamma)
            yield self.state(weights, gamma, elbo - self.topics_kl(weights, scores))
            weights, gamma = self.maximise(usage, weights), next_gamma

    def sweep(self, scores, gamma):
        """One visit to every document with the topics given.

        The bound at (gamma, topics) needs the very sums that begin gamma's next update, so
        that one visit gives the old bound, the new gamma (D, K) and the expected usage (V, K)
        of each word by each topic, on which the M-step rests.
        """
        elbo, gamma = float(scores.total_shift(self.counts).sum()), gamma.copy()
        ratios, extra = [], np.zeros_like(scores.weights)
        shares = np.empty((len(self.batches.order), len(self.alpha)))
        for layout, rows in zip(self.layouts, self.rows, strict=True):
            block = self.batches.fill(layout, scores.weights)
            at = At.of(block, gamma[block.documents])
            elbo += float(bounds(block, at, self.alpha, scores).sum())
            for _ in range(self.updates):
                at = At.of(block, update(block, at, self.alpha, scores))
            gamma[block.documents], shares[rows] = at.gamma, at.shares
            ratios.append(self._ratios(block, at, scores, extra))
        entries = np.concatenate([np.empty(0), *ratios]), self.sorted.indices, self.sorted.indptr
        table = sp.csr_array(entries, shape=self.sorted.shape)
        return elbo, gamma, (table.T @ shares) * scores.weights + extra

    def _ratios(self, block, at, scores, extra):
        """counts / norms of a block's words, one for each entry of its documents.

        Where a norm has underflowed, the documents' usage goes to ``extra`` by logarithms.
        """
        if len(at.lost):
            words = block.words[at.lost]
            phi, _ = in_logs(words, at.gamma[at.lost], scores)
            np.add.at(extra, words, block.counts[at.lost][:, :, None] * phi)
            at.norms[at.lost] = np.inf
        return np.divide(block.counts, at.norms, out=at.norms)[block.real]

    def scores(self, weights):
        """The :class:`WordScores` of lambda (V, K), or of the topics themselves."""
        if self.eta is None:
            return WordScores.of_topics(weights)
        expected_logs = psi(weights)
        expected_logs -= psi(weights.sum(axis=0))
        return WordScores.of_expected_logs(expected_logs)

    def topics_kl(self, weights, scores):
        """sum_k KL(Dir(lambda_k) || Dir(eta)), nats; zero for point estimates.

        The scores hold E_q[log beta], and with it all the digammas that are needed.
        """
        if self.eta is None:
            return 0.0
        n_words, n_topics = weights.shape
        constants = np.sum(gammaln(weights.sum(axis=0))) - np.sum(gammaln(weights))
        constants -= n_topics * (gammaln(n_words * self.eta) - n_words * gammaln(self.eta))
        return float(constants + np.vdot(weights - self.eta, scores.unshifted))

    def maximise(self, usage, weights):
        """The M-step: lambda (V, K), or the topics themselves (V, K)."""
        if self.eta is not None:
            return self.eta + usage
        totals = usage.sum(axis=0)
        return np.where(totals > 0, usage / np.where(totals > 0, totals, 1.0), weights)

    def state(self, weights, gamma, elbo):
        topics = np.ascontiguousarray((weights / weights.sum(axis=0)).T)
        q = CorpusPosterior(gamma, None if self.eta is None else weights.T)
        return LearningState(LDA(self.alpha, topics), q, elbo)

    def first(self, usage):
        """The first topics, (V, K), from their first usage of words."""
        return self.maximise(usage, np.full_like(usage, 1 / len(usage)))

    def trial(self, start):
        """(bound, topics, gamma) after a few sweeps from ``start``."""
        last = deque(islice(self.ascend(start), TRIAL_SWEEPS), maxlen=1).pop()
        topics = last.model.topics if self.eta is None else last.q.topics
        return last.elbo, np.ascontiguousarray(topics.T), last.q.gamma
