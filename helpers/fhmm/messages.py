"""What each time step hears from the past and from the future: the forward-backward algorithm.

Three ways to the same numbers: one banded system for few states, a scan over time for many, and
logarithms where the other two would underflow. If every state can follow every state, then mass
that underflows could never have mattered; if not, lost mass is looked for.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy.special import logsumexp

from helpers.fhmm.band import band_messages
from helpers.fhmm.log_domain import log_scan_messages
from helpers.fhmm.scan import group_chains, scan_messages

LARGEST_BAND = 16
SURE = 1e-50  # transitions this likely let no state's mass underflow unnoticed
LOST = 1e-200  # mass below this may be the shadow of an underflow
DEPTH, MOST_STEPS = 1e-150, 16  # how far mass may shrink before it is normalised, and how long


@dataclass(frozen=True, eq=False)
class Messages:
    """Messages over all N = L^M joint states, the last chain's state the fastest.

    forward: p(s_t | x_<t), (T, N), each row up to a factor.
    backward: p(x_t, ..., x_T | s_t), (T, N), each row up to a factor.
    evidence: p(x_t | s_t), (T, N), each row up to a factor.
    log_evidences: log p(x) of each sequence in nats.
    scale: p(x_t | x_<t) up to the factor taken out of evidence, (T,), or None.
    logs: True if the three hold logarithms.
    """

    forward: np.ndarray
    backward: np.ndarray
    evidence: np.ndarray
    log_evidences: np.ndarray
    scale: np.ndarray | None = None
    logs: bool = False

    def joint(self, rows=slice(None)):
        """p(s_t | x) for some rows t, (rows, N): forward times backward, normalised."""
        if self.logs:
            log_joint = self.forward[rows] + self.backward[rows]
            return np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))
        joint = self.forward[rows] * self.backward[rows]
        joint /= joint.sum(1, keepdims=True)
        return joint


def pass_messages(initial, transition, log_b, sequences, scale=None):
    """Messages of M chains given the log evidence of each joint state.

    Args:
        initial, transition: (M, L), (M, L, L).
        log_b: log p(x_t | s_t), (T, L^M), in nats; overwritten.
        sequences: a :class:`helpers.fhmm.model.Sequences` that cuts the T rows.
        scale: a former ``scale`` for nearly the same numbers, which saves work.
    """
    peak = row_maximum(log_b)
    log_b -= peak[:, None]
    joint_initial = reduce(np.kron, initial)
    step, kept = _smallest_step(transition), False
    safe = (transition > 0).all() and joint_initial.min() > SURE and step > SURE
    with np.errstate(divide="ignore", invalid="ignore"):  # mass that is lost is looked for below
        if step > LOST**0.5:  # else even what is not lost may underflow in a single step
            every = min(MOST_STEPS, int(np.log(DEPTH) / np.log(min(step, 0.5)))) if safe else 1
            b = np.exp(log_b)
            messages = _in_floats(joint_initial, transition, b, sequences, scale, max(1, every))
            kept = safe or _kept_its_mass(messages, transition, sequences)
    if not kept:
        messages = _in_logs(joint_initial, transition, log_b, sequences)
    messages.log_evidences[:] += np.add.reduceat(peak, sequences.first)
    return messages


def row_maximum(rows):
    """The largest entry of each row; for a few columns faster than ``rows.max(1)``."""
    few = rows.shape[1] <= LARGEST_BAND
    return reduce(np.maximum, rows.T[1:], rows[:, 0].copy()) if few else rows.max(1)


def move(mass, groups):
    """sum_i mass_i prod_m transition[m, i_m, j_m] for every j and every row, (T, N)."""
    T, N = mass.shape
    for group in groups:
        mass = mass.reshape(T, len(group), N // len(group)).swapaxes(1, 2) @ group
    return mass.reshape(T, N)


def _smallest_step(transition):
    """The smallest probability of a step of all chains that is possible at all."""
    return np.where(transition > 0, transition, 1).min((1, 2)).prod()


def _in_floats(initial, transition, b, sequences, scale, every):
    groups = group_chains(transition)
    if b.shape[1] > LARGEST_BAND:
        return _scan_sequences(initial, groups, b, sequences, every)
    first, last = sequences.first, sequences.last
    matrix = groups[0]
    solved = band_messages(initial, matrix, b, first, last, scale)
    if solved is None and scale is not None:  # the old scale was too far off
        solved = band_messages(initial, matrix, b, first, last)
    if solved is None:
        return _scan_sequences(initial, groups, b, sequences, every)
    forward, backward, scale = solved
    log_evidences = np.add.reduceat(np.log(scale), first)
    return Messages(forward, backward, b, log_evidences, scale)


def _scan_sequences(initial, groups, b, sequences, every):
    """Scan sequences of similar length together, the shorter ones filled up with ones."""
    lengths = np.array(sequences.lengths)
    log_evidences = np.empty(len(lengths))
    if len(lengths) == 1:
        forward, backward, log_evidences = scan_messages(initial, groups, b[:, None], every)
        return Messages(forward[:, 0], backward[:, 0], b, log_evidences)
    forward, backward = np.empty_like(b), np.empty_like(b)
    size = np.ceil(np.log2(lengths))
    for members in (np.flatnonzero(size == s) for s in np.unique(size)):
        steps = np.arange(lengths[members].max())[:, None]
        inside = steps < lengths[members]
        rows = np.where(inside, sequences.first[members] + steps, 0)
        padded = np.where(inside[..., None], b[rows], 1)
        f, w, log_evidences[members] = scan_messages(initial, groups, padded, every)
        forward[rows[inside]], backward[rows[inside]] = f[inside], w[inside]
    return Messages(forward, backward, b, log_evidences)


def _kept_its_mass(messages, transition, sequences):
    """False if a state was reached and then fell to (nearly) nothing by its evidence alone."""
    groups = group_chains(transition)
    ahead, behind = messages.forward, messages.backward
    ahead = ahead / ahead.sum(1, keepdims=True)
    behind = behind / behind.sum(1, keepdims=True)
    arriving = np.ones_like(behind)
    arriving[:-1] = move(behind[1:], [group.T for group in groups])
    arriving[sequences.last] = 1
    lost = (ahead > 0) & (ahead * messages.evidence < LOST)
    lost |= (arriving > 0) & (arriving * messages.evidence < LOST)
    together = (ahead * behind).sum(1)
    return not lost.any() and together.min() > LOST


def _in_logs(initial, transition, log_b, sequences):
    parts = [log_scan_messages(initial, transition, part) for part in sequences.split(log_b)]
    forward, backward = (np.concatenate(both) for both in zip(*parts, strict=True))
    last = forward[sequences.last] + log_b[sequences.last]
    return Messages(forward, backward, log_b, logsumexp(last, axis=1), logs=True)
