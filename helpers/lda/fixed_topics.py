"""Mean field for a corpus whose topics are known.

    q(theta, z) = prod_d Dirichlet(theta_d | gamma_d) prod_n Categorical(z_dn | phi_dn)

Source: the slide "Mean field LDA Inference". The documents are independent given the topics,
so that each has its own ascent; the ELBO is their sum.
"""

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, repeat
from operator import mul

import numpy as np
import scipy.sparse as sp

from helpers.arguments import finite_array, instance, positive, whole_number
from helpers.lda.batches import At, Batches, WordScores, bounds, update
from helpers.lda.model import LDA, check_counts, warn_unsupported

PLAIN = 1  # first updates of a run: extrapolating from the very start finds worse optima
LONGEST_STEP = 32.0  # of the extrapolation, in units of a plain step
SHORTEST = 0.1  # what an extrapolation leaves at least of gamma - alpha
FIRST_ROUND = 21  # updates that nearly all documents need
LONGEST_RUN = 81  # updates between two states at most
COARSE, FINER = 3e-5, 1e-3  # nats: where documents rest first, and by how much less later on


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


@dataclass(frozen=True, eq=False)
class Inferred:
    """What :func:`infer` found: q, and ``moving`` (D,), the documents that have not come to rest.

    ``bounds`` (D,) and their sum ``elbo``, in nats, are worked out once somebody asks for them.
    """

    model: object
    counts: sp.csr_array
    q: Topics
    moving: np.ndarray

    @cached_property
    def bounds(self):
        """Each document's bound, (D,)."""
        return next(mean_field(self.model, self.counts, start=self.q.gamma)).bounds

    @property
    def elbo(self):
        """The ELBO of the whole corpus."""
        return float(self.bounds.sum())


def mean_field(model, counts, start=None, updates=None, tolerance=1e-12):
    """Coordinate ascent on q(theta, z) with the model fixed.

        phi_dwk prop. to beta_kw exp(E_q[log theta_dk]),   gamma_dk = alpha_k + sum_w c_dw phi_dwk

    Args:
        model: an :class:`LDA`.
        counts: word counts, (D, V), sparse or dense; a document may be empty.
        start: gamma to begin at, (D, K); alpha + N_d / K if None. Empty documents are at
            their optimum, alpha, from the beginning.
        updates: updates of every document from one state to the next. None: until each rests,
            first at a coarse tolerance, then at finer ones, 81 at most. Runs are accelerated.
        tolerance: a document rests once an update moves q(theta) by a KL divergence of less
            than about this, in nats.
    Yields:
        :class:`MeanFieldState`, without end; no document's bound ever falls.
    Raises:
        ValueError: counts or start do not fit the model.
    Warns:
        a word that no topic has occurs: the bounds of its documents are -inf.
    """
    counts = check_counts(counts, instance("model", model, LDA).n_words)
    tolerance = _checked_tolerance(tolerance)
    scores = _scores(model, counts)
    batches = Batches(counts, model.n_topics)
    gamma = first_gamma(model.alpha, batches.totals, start)
    schedule = _schedule(updates, tolerance)
    return _ascend(model, batches, scores, gamma, schedule, tolerance)


def infer(model, counts, tolerance=COARSE, max_updates=100):
    """The q that every document reaches by itself, in one go -> :class:`Inferred`.

    The fastest way to q. A document ends where it would end alone, whatever its company.

    Args:
        tolerance: as in :func:`mean_field`.
        max_updates: of each document. Otherwise as :func:`mean_field`.
    """
    counts = check_counts(counts, instance("model", model, LDA).n_words)
    tolerance = _checked_tolerance(tolerance)
    max_updates = whole_number("max_updates", max_updates)
    scores = _scores(model, counts)
    batches = Batches(counts, model.n_topics)
    gamma, moving = first_gamma(model.alpha, batches.totals), batches.totals > 0
    first = min(FIRST_ROUND, max_updates)
    for n_updates in (first, max_updates - first):  # stragglers share their blocks afterwards
        for documents in batches.documents(moving) if n_updates else ():
            ascent = _Ascent(batches.block(documents, scores.weights), model, scores, tolerance)
            gamma[documents], moved = ascent.run(gamma[documents], n_updates)
            moving[documents] = moved >= tolerance
    return Inferred(model, counts, Topics(gamma), moving)


def first_gamma(alpha, totals, start=None):
    """gamma to begin at, (D, K): alpha + N_d / K, or ``start``; alpha if a document is empty."""
    if start is not None:
        start = positive("start", start, shape=(len(totals), len(alpha)))
        return np.where(totals[:, None] > 0, start, alpha)
    return alpha + np.where(totals > 0, totals, 0.0)[:, None] / len(alpha)


def _checked_tolerance(tolerance):
    tolerance = float(finite_array("tolerance", tolerance, ndim=0))
    if tolerance < 0:
        raise ValueError(f"tolerance: expected nats, zero or more, got {tolerance:g}")
    return tolerance


def _scores(model, counts):
    scores = WordScores.of_topics(np.ascontiguousarray(model.topics.T))
    warn_unsupported(counts, np.isfinite(scores.shift))
    return scores


def _schedule(updates, tolerance):
    """(updates, tolerance) from each state to the next."""
    if updates is not None:
        return repeat((whole_number("updates", updates), tolerance))
    finer = accumulate(repeat(FINER), mul, initial=COARSE)
    return ((LONGEST_RUN, max(tolerance, level)) for level in finer)


def _ascend(model, batches, scores, gamma, schedule, tolerance):
    found, moving = np.zeros(len(gamma)), batches.totals > 0
    for documents in batches.documents():
        block = batches.block(documents, scores.weights)
        found[documents] = bounds(block, At.of(block, gamma[documents]), model.alpha, scores)
    shift = scores.total_shift(batches.counts)
    for n_updates, level in schedule:
        yield MeanFieldState(model, Topics(gamma), found + shift, moving)
        gamma, found, moving = gamma.copy(), found.copy(), moving.copy()
        for documents in batches.documents(moving):
            ascent = _Ascent(batches.block(documents, scores.weights), model, scores, level)
            gamma[documents], found[documents], moved = ascent.improve(
                gamma[documents], found[documents], n_updates
            )
            moving[documents] = moved >= tolerance


class _Ascent:
    """The updates of one block, documents leaving it as they come to rest."""

    def __init__(self, block, model, scores, tolerance):
        self.block, self.alpha, self.scores = block, model.alpha, scores
        self.tolerance = tolerance

    def improve(self, gamma, before, n_updates):
        """(gamma, bounds, moved) after so many updates, from gamma with bounds ``before``.

        Extrapolation may overshoot: a document whose bound fell is done again without it.
        """
        new, moved = self.run(gamma, n_updates)
        after = self.bounds(new)
        fell = np.flatnonzero(after < before)
        if n_updates > PLAIN and len(fell):
            again = copy(self)
            again.block = self.block.take(fell)
            new[fell], moved[fell] = again.run(gamma[fell], n_updates, plain=n_updates)
            after[fell] = again.bounds(new[fell])
        return new, after, moved

    def run(self, gamma, n_updates, plain=PLAIN):
        """Update until ``n_updates`` are done or every document rests; the first ones plainly.

        Two updates show a trend, along which the next pair starts further on. What counts is
        what an update returned, never an extrapolation, and a document's result is final once
        it rests, though it may stay in the block for some more updates.

        Returns:
            gamma (n, K) and how far its last update moved each q(theta), (n,) nats.
        """
        block, result, rows = self.block, gamma.copy(), np.arange(len(gamma))
        moved, awake, done = np.empty(len(gamma)), np.ones(len(gamma), dtype=bool), 0
        while True:
            first = self._update(block, gamma)
            pair = done >= plain and done + 2 <= n_updates
            last, before = (self._update(block, first), first) if pair else (first, gamma)
            done += 1 + pair
            change = _moved(before, last)
            final = np.flatnonzero(awake & (change < self.tolerance) if done < n_updates else awake)
            result[rows[final]], moved[rows[final]] = last[final], change[final]
            awake[final] = False
            n_awake = np.count_nonzero(awake)
            if n_awake == 0:
                return result, moved
            gamma = _along(gamma, first, last, self.alpha) if pair else last
            if 3 * n_awake < 2 * len(rows):  # leaving costs a copy of the block
                stay = np.flatnonzero(awake)
                block, gamma, rows, awake = block.take(stay), gamma[stay], rows[stay], awake[stay]

    def bounds(self, gamma):
        """Each document's bound, (n,), without its words' shifts."""
        return bounds(self.block, At.of(self.block, gamma), self.alpha, self.scores)

    def _update(self, block, gamma):
        return update(block, At.of(block, gamma), self.alpha, self.scores)


def _moved(before, after):
    """About KL between Dirichlets of nearly the same concentrations (n, K), in nats: (n,).

    It is half the change, squared, times trigamma(gamma) < 1 / gamma + 1 / gamma^2.
    """
    change = (after - before) / before
    return 0.5 * np.vecdot(change * change, before + 1.0)


def _along(gamma, first, second, alpha):
    """Where the trend of two updates leads: the extrapolation of Varadhan and Roland (2008)."""
    step, bend = first - gamma, second - first
    bend -= step
    length = np.sqrt(np.vecdot(step, step) / np.maximum(np.vecdot(bend, bend), 1e-300))
    length = np.minimum(np.maximum(length, 1.0), LONGEST_STEP)[:, None]
    step *= 2 * length
    bend *= length * length
    step += bend
    step += gamma
    # gamma never falls below alpha, and a topic given up too early does not come back
    return np.maximum(step, SHORTEST * second + (1 - SHORTEST) * alpha, out=step)
