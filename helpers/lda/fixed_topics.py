"""Mean field for a corpus whose topics are known.

    q(theta, z) = prod_d Dirichlet(theta_d | gamma_d) prod_n Categorical(z_dn | phi_dn)

Source: the slide "Mean field LDA Inference". The documents are independent given the topics,
so that each has its own ascent; the ELBO is their sum.
"""

from copy import copy
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np

from helpers.arguments import positive, whole_number
from helpers.lda.batches import At, Batches, WordScores, bounds, update
from helpers.lda.model import check_counts, warn_unsupported

PLAIN = 2  # first updates of a run: extrapolating from the very start finds worse optima
LONGEST_STEP = 32.0  # of the extrapolation, in units of a plain step
FIRST_ROUND = 14  # updates that nearly all documents need
LONGEST_RUN = 81  # updates between two states at most


@dataclass(frozen=True, eq=False)
class Topics:
    """q of every document: ``gamma`` (D, K); phi is at its optimum given gamma."""

    gamma: np.ndarray

    def mean_theta(self):
        """E_q[theta], (D, K)."""
        return self.gamma / self.gamma.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class MeanFieldState:
    """q, each document's bound (D,) and their sum ``elbo``, nats; ``moving`` (D,) documents."""

    model: object
    q: Topics
    bounds: np.ndarray
    moving: np.ndarray

    @property
    def elbo(self):
        """The ELBO of the whole corpus."""
        return float(self.bounds.sum())


def mean_field(model, counts, start=None, updates=None, tolerance=1e-6):
    """Coordinate ascent on q(theta, z) with the model fixed.

        phi_dwk prop. to beta_kw exp(E_q[log theta_dk]),   gamma_dk = alpha_k + sum_w c_dw phi_dwk

    Args:
        model: an :class:`LDA`.
        counts: word counts, (D, V), sparse or dense; a document may be empty.
        start: gamma to begin at, (D, K); alpha + N_d / K if None. Empty documents are at
            their optimum, alpha, from the beginning.
        updates: updates of every document from one state to the next. None: 1, 3, 9, ... 81,
            since the bound rises ever more slowly; longer runs are also accelerated.
        tolerance: a document rests once an update moves gamma by less than this on average.
    Yields:
        :class:`MeanFieldState`, without end; no document's bound ever falls.
    Raises:
        ValueError: counts or start do not fit the model.
    Warns:
        a word that no topic has occurs: the bounds of its documents are -inf.
    """
    counts = check_counts(counts, model.n_words)
    scores = _scores(model, counts)
    batches = Batches(counts, model.n_topics)
    gamma = first_gamma(model.alpha, batches.totals, start)
    schedule = _schedule(updates)
    return _ascend(model, batches, scores, gamma, schedule, tolerance)


def infer(model, counts, tolerance=1e-3, max_updates=100):
    """The state that every document reaches by itself, in one go: the fastest way to q.

    tolerance: a document rests once an update moves gamma by less than this on average.
    max_updates: of each document. Otherwise as :func:`mean_field`.
    """
    counts, max_updates = (
        check_counts(counts, model.n_words),
        whole_number("max_updates", max_updates),
    )
    scores = _scores(model, counts)
    batches = Batches(counts, model.n_topics)
    gamma, moving = first_gamma(model.alpha, batches.totals), batches.totals > 0
    found, first = np.zeros(len(gamma)), min(FIRST_ROUND, max_updates)
    for n_updates in (first, max_updates - first):  # stragglers share their blocks afterwards
        for documents in batches.documents(moving) if n_updates else ():
            ascent = _Ascent(batches.block(documents, scores.weights), model, scores, tolerance)
            gamma[documents], moving[documents] = ascent.run(gamma[documents], n_updates)
            found[documents] = ascent.bounds(gamma[documents])
    return MeanFieldState(model, Topics(gamma), found + scores.total_shift(counts), moving)


def first_gamma(alpha, totals, start=None):
    """gamma to begin at, (D, K): alpha + N_d / K, or ``start``; alpha if a document is empty."""
    if start is not None:
        start = positive("start", start, shape=(len(totals), len(alpha)))
        return np.where(totals[:, None] > 0, start, alpha)
    return alpha + np.where(totals > 0, totals, 0.0)[:, None] / len(alpha)


def _scores(model, counts):
    scores = WordScores.of_topics(np.ascontiguousarray(model.topics.T))
    warn_unsupported(counts, np.isfinite(scores.shift))
    return scores


def _schedule(updates):
    """1, 3, 9, 27, 81, 81, ... or ``updates`` for ever."""
    if updates is not None:
        return repeat(whole_number("updates", updates))
    return (min(3**n, LONGEST_RUN) for n in chain(range(9), repeat(9)))


def _ascend(model, batches, scores, gamma, schedule, tolerance):
    found, moving = np.zeros(len(gamma)), batches.totals > 0
    for documents in batches.documents():
        block = batches.block(documents, scores.weights)
        found[documents] = bounds(block, At.of(block, gamma[documents]), model.alpha, scores)
    shift = scores.total_shift(batches.counts)
    for n_updates in schedule:
        yield MeanFieldState(model, Topics(gamma), found + shift, moving)
        gamma, found, moving = gamma.copy(), found.copy(), moving.copy()
        for documents in batches.documents(moving):
            ascent = _Ascent(batches.block(documents, scores.weights), model, scores, tolerance)
            gamma[documents], found[documents], moving[documents] = ascent.improve(
                gamma[documents], found[documents], n_updates
            )


class _Ascent:
    """The updates of one block, documents leaving it as they come to rest."""

    def __init__(self, block, model, scores, tolerance):
        self.block, self.alpha, self.scores = block, model.alpha, scores
        self.tolerance = tolerance * model.n_topics  # on the sum over topics

    def improve(self, gamma, before, n_updates):
        """(gamma, bounds, moving) after so many updates, from gamma with bounds ``before``.

        Extrapolation may overshoot: a document whose bound fell is done again without it.
        """
        new, moving = self.run(gamma, n_updates)
        after = self.bounds(new)
        fell = np.flatnonzero(after < before)
        if n_updates > PLAIN and len(fell):
            again = copy(self)
            again.block = self.block.take(fell)
            new[fell], moving[fell] = again.run(gamma[fell], n_updates, plain=n_updates)
            after[fell] = again.bounds(new[fell])
        return new, after, moving

    def run(self, gamma, n_updates, plain=PLAIN):
        """Update until ``n_updates`` are done or every document rests; the first ones plainly.

        Returns:
            gamma (n, K) and which documents still move, (n,).
        """
        block, result, rows = self.block, gamma.copy(), np.arange(len(gamma))
        moving, done = np.ones(len(gamma), dtype=bool), 0
        while True:
            step = self._plain if min(done, n_updates - 3) < plain else self._extrapolated
            gamma, rests, used = step(block, gamma)
            done += used
            moving[rows[rests]] = False
            if done >= n_updates or rests.all():
                break
            if 4 * np.count_nonzero(rests) > len(rows):  # leaving costs a copy of the block
                result[rows[rests]] = gamma[rests]
                block, gamma, rows = block.take(~rests), gamma[~rests], rows[~rests]
        result[rows] = gamma
        return result, moving

    def bounds(self, gamma):
        """Each document's bound, (n,), without its words' shifts."""
        return bounds(self.block, At.of(self.block, gamma), self.alpha, self.scores)

    def _update(self, block, gamma):
        return update(block, At.of(block, gamma), self.alpha, self.scores)

    def _plain(self, block, gamma):
        new = self._update(block, gamma)
        return new, np.abs(new - gamma).sum(axis=1) < self.tolerance, 1

    def _extrapolated(self, block, gamma):
        """Two updates, a step along their trend, and an update that makes it a proper gamma.

        The squared iterative method of Varadhan and Roland (2008), per document.
        """
        first = self._update(block, gamma)
        second = self._update(block, first)
        step, bend = first - gamma, second - first
        rests = np.abs(bend).sum(axis=1) < self.tolerance
        if rests.all():
            return second, rests, 2
        bend -= step
        sizes = np.vecdot(step, step) / np.maximum(np.vecdot(bend, bend), 1e-300)
        length = np.clip(np.sqrt(sizes), 1.0, LONGEST_STEP)[:, None]
        step *= 2 * length
        bend *= length * length
        ahead = np.add(gamma, step, out=step)
        ahead += bend
        lowest = 0.1 * second + 0.9 * self.alpha  # gamma never falls below alpha
        np.maximum(ahead, lowest, out=ahead)
        ahead[rests] = second[rests]
        return self._update(block, ahead), rests, 3
