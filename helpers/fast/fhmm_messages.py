"""Forward-backward messages fast: one banded system for few states, a scan over time for many.

Both work with probabilities. If every state can follow every state, mass that underflows could
never have mattered; if not, lost mass is looked for, and where it is found the answer is None: the
plain algorithm in :mod:`helpers.fhmm.exact` has to do it.
"""

from dataclasses import dataclass
from functools import cached_property, partial, reduce

import numpy as np

from helpers.fast.fhmm_band import band_messages, band_pattern, guess_scale, row_sum
from helpers.fast.fhmm_moments import chunks
from helpers.fast.fhmm_scan import group_chains, scan_messages

LARGEST_BAND = 16  # states up to which the banded system is the fastest
SURE = 1e-50  # transitions this likely let no state's mass underflow unnoticed
LOST = 1e-200  # mass below this may be the shadow of an underflow
DEPTH, MOST_STEPS = 1e-250, 16  # how far mass may shrink before it is normalised, and how long


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
        return group_chains(self.transition)

    @cached_property
    def pattern(self):
        """See :func:`band_pattern`."""
        return band_pattern(self.groups[0])

    @cached_property
    def smallest_step(self):
        """The smallest probability of a step of all chains that is possible at all."""
        return float(np.where(self.transition > 0, self.transition, 1).min((1, 2)).prod())

    @cached_property
    def representable(self):
        """Whether no product over the chains, nor its mass one step on, can underflow."""
        smallest_start = np.where(self.initial > 0, self.initial, 1).min(1).prod()
        return min(self.smallest_step, smallest_start) > LOST**0.5

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

    def messages(self, log_rows, sequences, log_scale=None):
        """Forward, backward, evidence, log evidences and log scale; None where mass was lost.

        Arguments and results as in :func:`helpers.fhmm.exact.pass_messages`. log_scale:
        log p(x_t | x_1..t-1) less the largest log p(x_t | s_t), (T,), None after a scan.
        """
        if not self.representable:
            return None
        # in one piece: several would go back to the system, and cost a thousand page faults again
        shape = len(sequences.x), len(self.joint_initial)
        room = np.empty((1 if shape[1] <= LARGEST_BAND else 3, *shape))
        with np.errstate(all="ignore"):  # lost or overflown mass is looked for
            shift = _exponentials(log_rows, log_scale, room[-1])
            found = _in_a_band(self, room[0], sequences, log_scale) if len(room) == 1 else None
            if found is None and log_scale is None:  # else the former scale led out of range
                room = room if len(room) == 3 else np.repeat(room, 3, axis=0)
                found = _scan_sequences(self, room, sequences)
            kept = found is not None and (self.safe or _kept_its_mass(self, *found[:3], sequences))
        if not kept:  # a former scale may be to blame
            return None if log_scale is None else self.messages(log_rows, sequences)
        found[3][:] += np.add.reduceat(shift, sequences.first)
        return found


def _exponentials(log_rows, log_scale, out):
    """exp(log b - shift) into ``out``, (T, N); the shift (T,): maximum of a row plus log_scale."""
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


def _in_a_band(dynamics, b, sequences, log_scale):
    initial, matrix, log_guess = dynamics.joint_initial, dynamics.groups[0], 0.0
    if log_scale is None:
        guess = guess_scale(initial, matrix, b, sequences.first)
        b, log_scale = b / guess[:, None], np.log(guess)
        log_guess = log_scale
    solved = band_messages(initial, dynamics.pattern, matrix, b, sequences)
    if solved is None:
        return None
    forward, backward, scale = solved
    log_rest = np.log(scale)
    log_evidences = np.add.reduceat(log_rest + log_guess, sequences.first)
    return forward, backward, b, log_evidences, log_scale + log_rest


def _scan_sequences(dynamics, room, sequences):
    """Scan sequences of similar length together, the shorter ones filled up with ones."""
    every, chains = dynamics.steps_between_scalings, (dynamics.joint_initial, dynamics.groups)
    scan = partial(scan_messages, *chains, every=every)
    (forward, backward, b), lengths = room, np.array(sequences.lengths)
    log_evidences, size = np.empty(len(lengths)), np.ceil(np.log2(lengths))
    if len(dynamics.groups) > 2:  # so many states that each is as quick alone
        size = np.arange(len(lengths))
    for members in (np.flatnonzero(size == s) for s in set(size)):
        if len(members) == 1:
            rows = slice(sequences.first[members[0]], sequences.last[members[0]] + 1)
            log_evidences[members] = scan(b[rows, None], out=room[:2, rows, None])
            continue
        steps = np.arange(lengths[members].max())[:, None]
        inside = steps < lengths[members]
        rows = np.where(inside, sequences.first[members] + steps, 0)
        both = np.empty((2, *inside.shape, b.shape[1]))
        log_evidences[members] = scan(np.where(inside[..., None], b[rows], 1), out=both)
        room[:2, rows[inside]] = both[:, inside]
    return forward, backward, b, log_evidences, None


def _kept_its_mass(dynamics, forward, backward, b, sequences):
    """False if a state was reached and then fell to (nearly) nothing by its evidence alone."""
    evidence = b / row_maximum(b)[:, None]
    ahead = forward / row_sum(forward)[:, None]
    behind = backward / row_sum(backward)[:, None]
    arriving = np.roll(behind, -1, axis=0)
    for group in dynamics.groups:  # each moves its own axis, against time
        arriving = arriving.reshape(len(b), len(group), -1).swapaxes(1, 2) @ group.T
    arriving = arriving.reshape(b.shape)
    arriving[sequences.last] = 1
    lost = (ahead > 0) & (ahead * evidence < LOST)
    lost |= (arriving > 0) & (arriving * evidence < LOST)
    return not lost.any() and row_sum(ahead * behind).min() > LOST
