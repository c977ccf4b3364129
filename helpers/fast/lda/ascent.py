"""The documents' own ascents: until each rests, with extrapolation, in blocks.

Two plain updates show a trend, along which the next pair starts further on (SQUAREM; Varadhan
and Roland 2008), the further, the more updates are done: with far steps from the start one
document in twelve ends in a worse optimum than by plain updates, so 11 of 3,600, and 18 in a
better one. :func:`two_tracks` goes both ways and keeps the better.
"""

from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import mul

import numpy as np
import scipy.sparse as sp

from helpers.fast.lda.blocks import At, Documents, WordScores, bounds, in_logs, update

LONGEST_STEP = 32.0  # of the extrapolation, in units of a plain step
SHORTEST = 0.1  # what an extrapolation leaves at least of gamma - alpha
ROUND_OFF = 1e-13  # of a bound, relative
FIRST_ROUND = 21  # updates that nearly all documents need
LONGEST_RUN = 81  # updates between two states of two_tracks at most
COARSE, FINER = 3e-5, 1e-3  # nats: where documents rest first there, and by how much less later on


@dataclass(frozen=True)
class Rule:
    """A document rests after ``updates``, or once one moves q by less than ``tolerance`` nats.

    plain: without extrapolation.
    """

    updates: int
    tolerance: float = 0.0
    plain: bool = False


class EStep:
    """The E-step of one corpus, for topics that may change from call to call.

    counts: CSR (D, V).  alpha: (K,).  tick: called after each block of documents.
    """

    def __init__(self, counts, alpha, tick=lambda: None):
        self.counts, self.alpha, self.tick = counts, alpha, tick
        self.documents = Documents(counts, len(alpha))
        self.values = self.documents.values
        self.layouts = [*self.documents.layouts()]

    def __call__(self, log_topics, gamma, rule):
        """gamma (D, K), expected usage of words by topics (K, V), bounds (D,), at E_q[log beta]."""
        scores = WordScores.of(log_topics)
        gamma, shares, norms = gamma.copy(), np.zeros(gamma.shape), np.ones(len(self.values))
        found, (lost, moving) = np.zeros(len(gamma)), np.zeros((2, len(gamma)), dtype=bool)
        for layouts, stage in self._stages(rule, moving):
            for block, at, moved in self.visit(layouts, gamma, scores, stage):
                here = block.documents
                gamma[here], shares[here] = at.gamma, at.shares
                moving[here], lost[here] = moved >= rule.tolerance, False
                lost[here[at.lost]] = True
                norms.put(block.slots, at.norms)  # padding repeats its document's last word
                found[here] = bounds(block, at, self.alpha, scores)
        shares[lost] = 0.0
        places = self.counts.indices, self.counts.indptr
        per_share = sp.csr_array((self.values / norms, *places), self.counts.shape)
        usage = (per_share.T @ shares) * scores.weights
        for document in np.flatnonzero(lost):
            layout = self.documents.layout(np.array([document]))
            phi, _ = in_logs(layout.words, gamma[[document]], scores)
            np.add.at(usage, layout.words, layout.counts[:, :, None] * phi)
        return gamma, usage.T, found + scores.total_shift(self.counts)

    def visit(self, layouts, gamma, scores, rule):
        """Each block in turn, :class:`At` its new gamma, and how far the last update moved q."""
        for layout in layouts:
            block = self.documents.fill(layout, scores.weights)
            new, moved = run(block, gamma[layout.documents], self.alpha, scores, rule)
            yield block, At.of(block, new), moved
            self.tick()

    def _stages(self, rule, moving):
        """All documents; then those that still move, which then share their blocks."""
        if rule.plain or rule.updates <= FIRST_ROUND:
            yield self.layouts, rule
            return
        yield self.layouts, Rule(FIRST_ROUND, rule.tolerance)
        later = Rule(rule.updates - FIRST_ROUND, rule.tolerance)
        yield self.documents.layouts(moving), later


def two_tracks(e_step, log_topics, gamma, tolerance):
    """Yield (gamma, bounds, moving): plain updates and accelerated ones side by side.

    Each document's best so far is what counts, so that none ends below plain ascent and no
    bound ever falls. tolerance: a document whose last update moves q by less is at its end.
    """
    scores, moving = WordScores.of(log_topics), np.tile(e_step.documents.totals > 0, (2, 1))
    plain, found, shift = gamma, np.zeros(len(gamma)), scores.total_shift(e_step.counts)
    for block, at, _ in e_step.visit(e_step.layouts, gamma, scores, Rule(0)):
        found[block.documents] = bounds(block, at, e_step.alpha, scores)
    for level in accumulate(repeat(FINER), mul, initial=COARSE):
        yield gamma, found + shift, moving.any(axis=0)
        gamma, found, plain, moving = gamma.copy(), found.copy(), plain.copy(), moving.copy()
        for track, start in enumerate((plain, gamma)):
            rule = Rule(LONGEST_RUN, max(tolerance, level), plain=track == 0)
            layouts = e_step.documents.layouts(moving[track])
            for block, at, moved in e_step.visit(layouts, start, scores, rule):
                here, value = block.documents, bounds(block, at, e_step.alpha, scores)
                better = value >= found[here] - ROUND_OFF * (1 + np.abs(found[here]))
                moving[track, here] = (moved >= tolerance) & (better | rule.plain)
                gamma[here[better]], found[here[better]] = at.gamma[better], value[better]
                if rule.plain:
                    plain[here] = at.gamma


def run(block, gamma, alpha, scores, rule):
    """Update until the rule lets each document rest; the first update is always plain.

    What counts is what an update returned, never an extrapolation, and a document's result is
    final once it rests. Returns gamma (n, K) and how far its last update moved q(theta), (n,) nats.
    """
    if rule.plain and rule.tolerance == 0:  # nobody rests before the others
        for _ in range(rule.updates):
            gamma = update(block, At.of(block, gamma), alpha, scores)
        return gamma, np.full(len(gamma), np.inf)
    result, rows, done = gamma.copy(), np.arange(len(gamma)), 0
    moved, awake = np.full(len(gamma), np.inf), np.ones(len(gamma), dtype=bool)
    while done < rule.updates:
        first = update(block, At.of(block, gamma), alpha, scores)
        pair = not rule.plain and 0 < done <= rule.updates - 2
        last, before = first, gamma
        if pair:
            last, before = update(block, At.of(block, first), alpha, scores), first
        done += 1 + pair
        change = _moved(before, last)
        final = np.flatnonzero(awake & (change < rule.tolerance) if done < rule.updates else awake)
        result[rows[final]], moved[rows[final]] = last[final], change[final]
        awake[final] = False
        n_awake = np.count_nonzero(awake)
        if n_awake == 0:
            break
        gamma = _along(gamma, first, last, alpha, min(LONGEST_STEP, done / 2)) if pair else last
        if 3 * n_awake < 2 * len(rows):  # leaving costs a copy of the block
            stay = np.flatnonzero(awake)
            block, gamma, rows, awake = block.take(stay), gamma[stay], rows[stay], awake[stay]
    return result, moved


def _moved(before, after):
    """About KL between Dirichlets of nearly the same concentrations (n, K), in nats: (n,).

    It is half the change, squared, times trigamma(gamma) < 1 / gamma + 1 / gamma^2.
    """
    change = (after - before) / before
    return 0.5 * np.vecdot(change * change, before + 1.0)


def _along(gamma, first, second, alpha, longest):
    """Where the trend of two updates leads, at most ``longest`` plain steps on."""
    step, bend = first - gamma, second - first
    bend -= step
    length = np.sqrt(np.vecdot(step, step) / np.maximum(np.vecdot(bend, bend), 1e-300))
    length = np.minimum(np.maximum(length, 1.0), longest)[:, None]
    step *= 2 * length
    bend *= length * length
    step += bend
    step += gamma
    # gamma never falls below alpha, and a topic given up too early does not come back
    return np.maximum(step, SHORTEST * second + (1 - SHORTEST) * alpha, out=step)
