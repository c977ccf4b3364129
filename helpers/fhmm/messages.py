"""What each time step hears from the past and from the future: the forward-backward algorithm.

Three ways to the same numbers: one banded system for few states, a scan over time for many, and
logarithms where the other two would underflow. If every state can follow every state, then mass
that underflows could never have mattered; if not, lost mass is looked for.
"""

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from scipy.special import logsumexp

from helpers.fhmm.band import band_messages, band_pattern, guess_scale, row_sum
from helpers.fhmm.log_domain import log_scan_messages
from helpers.fhmm.pairs import chunks
from helpers.fhmm.scan import LARGE_GROUP, SMALL_GROUP, group_chains, scan_messages

LARGEST_BAND = 16  # states up to which the banded system is the fastest
SURE = 1e-50  # transitions this likely let no state's mass underflow unnoticed
LOST = 1e-200  # mass below this may be the shadow of an underflow
DEPTH, MOST_STEPS = 1e-250, 16  # how far mass may shrink before it is normalised, and how long


@dataclass(frozen=True, eq=False)
class Messages:
    """Messages over all N = L^M joint states, the last chain's state the fastest.

    forward: p(s_t | x_<t), (T, N), each row up to a factor.
    backward: p(x_t, ..., x_T | s_t), (T, N), each row up to a factor.
    evidence: p(x_t | s_t), (T, N), each row up to a factor.
    log_evidences: log p(x) of each sequence in nats.
    log_scale: log p(x_t | x_<t) less the largest log p(x_t | s_t), (T,), or None.
    logs: True if the first three hold logarithms.
    """

    forward: np.ndarray
    backward: np.ndarray
    evidence: np.ndarray
    log_evidences: np.ndarray
    log_scale: np.ndarray | None = None
    logs: bool = False

    @cached_property
    def marginals(self):
        """p(s_t | x) for every row t, (T, N)."""
        return self.joint()

    def joint(self, rows=slice(None)):
        """p(s_t | x) for some rows t, (rows, N): forward times backward, normalised."""
        joint = self.unnormalised(rows)
        joint /= row_sum(joint)[:, None]
        return joint

    def unnormalised(self, rows=slice(None)):
        """p(s_t | x) for some rows t, (rows, N), each row up to a factor."""
        if self.logs:
            log_joint = self.forward[rows] + self.backward[rows]
            return np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
        return self.forward[rows] * self.backward[rows]


@dataclass(frozen=True, eq=False)
class Dynamics:
    """M chains without their data, initial (M, L) and transition (M, L, L), ready for messages."""

    initial: np.ndarray
    transition: np.ndarray

    @cached_property
    def joint_initial(self):
        """p(s_1) of the joint states, (N,)."""
        return reduce(np.kron, self.initial)

    @cached_property
    def groups(self):
        """Transitions of neighbouring chains together, see :func:`group_chains`."""
        return group_chains(self.transition, LARGE_GROUP)

    @cached_property
    def small_groups(self):
        """The same in smaller groups."""
        return group_chains(self.transition, SMALL_GROUP)

    @cached_property
    def pattern(self):
        """See :func:`band_pattern`."""
        return band_pattern(self.groups[0])

    @cached_property
    def smallest_step(self):
        """The smallest probability of a step of all chains that is possible at all."""
        return float(np.where(self.transition > 0, self.transition, 1).min((1, 2)).prod())

    @cached_property
    def safe(self):
        """Whether mass that underflows can never have mattered."""
        possible = (self.transition > 0).all() and self.joint_initial.min() > SURE
        return bool(possible and self.smallest_step > SURE)

    @cached_property
    def steps_between_scalings(self):
        """How many steps the scan may take before it normalises."""
        steps = np.log(DEPTH) / np.log(min(self.smallest_step, 0.5))
        return max(1, min(MOST_STEPS, int(steps))) if self.safe else 1

    def messages(self, log_b, sequences, log_scale=None):
        """:class:`Messages` given log p(x_t | s_t) of each joint state.

        Args:
            log_b: (T, L^M), in nats, or a function that computes some rows of it: then the
                whole table need not be held.
            sequences: a :class:`helpers.fhmm.model.Sequences` that cuts the T rows.
            log_scale: that of former messages for nearly the same numbers, which saves work.
        """
        log_rows = log_b if callable(log_b) else log_b.__getitem__
        # one piece of memory: given back in several, the system takes them, and the next call
        # waits for a thousand pages
        shape = len(sequences.x), len(self.joint_initial)
        room = np.empty((1 if shape[1] <= LARGEST_BAND else 3, *shape))
        found, kept = None, False
        with np.errstate(all="ignore"):  # lost or overflown mass is looked for
            shift = _exponentials(log_rows, log_scale, room[-1])
            if self.smallest_step > LOST**0.5:  # else what is not lost may underflow in one step
                found = _in_floats(self, room, sequences, log_scale)
                kept = found is not None and (self.safe or _kept_its_mass(self, found, sequences))
        if not kept and log_scale is not None:  # the former scale may be to blame
            return self.messages(log_b, sequences)
        if not kept:
            found = _in_logs(self, log_rows(slice(None)) - shift[:, None], sequences)
        found.log_evidences[:] += np.add.reduceat(shift, sequences.first)
        return found


def _exponentials(log_rows, log_scale, out):
    """exp(log b - shift) into ``out``, (T, N), and the shift of each row, (T,).

    The shift is the row's maximum, and log_scale where that is known.
    """
    shift = np.zeros(len(out)) if log_scale is None else log_scale.copy()
    for rows in chunks(*out.shape):  # each part is done with while it is in the cache
        log_b = log_rows(rows)
        shift[rows] += row_maximum(log_b)
        np.exp(np.subtract(log_b, shift[rows, None], out=out[rows]), out=out[rows])
    return shift


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


def _in_floats(dynamics, room, sequences, log_scale):
    """Messages in plain numbers; None if a former scale led out of their range.

    room: the evidence, (1, T, N), or (3, T, N) with memory for forward and backward before it.
    """
    if len(room) == 1:
        messages = _in_a_band(dynamics, room[0], sequences, log_scale)
        if messages is not None:
            return messages
        room = np.repeat(room, 3, axis=0)
    return None if log_scale is not None else _scan_sequences(dynamics, room, sequences)


def _in_a_band(dynamics, b, sequences, log_scale):
    initial, matrix = dynamics.joint_initial, dynamics.groups[0]
    log_guess = 0.0
    if log_scale is None:
        guess = guess_scale(initial, matrix, b, sequences.first)
        b, log_guess = b / guess[:, None], np.log(guess)
        log_scale = log_guess
    solved = band_messages(initial, dynamics.pattern, matrix, b, sequences)
    if solved is None:
        return None
    forward, backward, scale = solved
    log_rest = np.log(scale)
    log_evidences = np.add.reduceat(log_rest + log_guess, sequences.first)
    return Messages(forward, backward, b, log_evidences, log_scale + log_rest)


def _scan_sequences(dynamics, room, sequences):
    """Scan sequences of similar length together, the shorter ones filled up with ones."""
    arguments = dynamics.joint_initial, (dynamics.groups, dynamics.small_groups)
    every, lengths = dynamics.steps_between_scalings, np.array(sequences.lengths)
    forward, backward, b = room
    if len(lengths) == 1:
        log_evidences = scan_messages(*arguments, b[:, None], every, room[:2, :, None])
        return Messages(forward, backward, b, log_evidences)
    log_evidences, size = np.empty(len(lengths)), np.ceil(np.log2(lengths))
    if len(dynamics.groups) > 2:  # so many states that each is as quick alone
        size = np.arange(len(lengths))
    for members in (np.flatnonzero(size == s) for s in np.unique(size)):
        steps = np.arange(lengths[members].max())[:, None]
        inside = steps < lengths[members]
        rows = np.where(inside, sequences.first[members] + steps, 0)
        padded = np.where(inside[..., None], b[rows], 1)
        both = np.empty((2, *padded.shape))
        log_evidences[members] = scan_messages(*arguments, padded, every, both)
        room[:2, rows[inside]] = both[:, inside]
    return Messages(forward, backward, b, log_evidences)


def _kept_its_mass(dynamics, messages, sequences):
    """False if a state was reached and then fell to (nearly) nothing by its evidence alone."""
    evidence = messages.evidence / row_maximum(messages.evidence)[:, None]
    ahead = messages.forward / row_sum(messages.forward)[:, None]
    behind = messages.backward / row_sum(messages.backward)[:, None]
    arriving = np.ones_like(behind)
    arriving[:-1] = move(behind[1:], [group.T for group in dynamics.groups])
    arriving[sequences.last] = 1
    lost = (ahead > 0) & (ahead * evidence < LOST)
    lost |= (arriving > 0) & (arriving * evidence < LOST)
    together = row_sum(ahead * behind)
    return not lost.any() and together.min() > LOST


def _in_logs(dynamics, log_b, sequences):
    parts = [
        log_scan_messages(dynamics.joint_initial, dynamics.transition, part)
        for part in sequences.split(log_b)
    ]
    forward, backward = (np.concatenate(both) for both in zip(*parts, strict=True))
    last = forward[sequences.last] + log_b[sequences.last]
    return Messages(forward, backward, log_b, logsumexp(last, axis=1), logs=True)
