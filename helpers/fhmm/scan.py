"""Messages over the product of many chains, one time step after the other.

Chains that are neighbours are joined into groups of up to 32 states, and each group's transition
is applied along its own axis: O(L^M) numbers times the size of the groups, never the L^M x L^M
matrix. Matrix products of this size keep BLAS busy, where single chains of two or three states
would not. Both directions run in the same loop.

Where Python's part of a step costs more than the numbers in it, a long sequence is cut into
windows that are walked side by side. Chains forget, so that after a few walks no window's end
depends on where it started at first; then every window starts where its neighbour ended. That is
checked to the last digits, not hoped: where it fails, the sequence is walked in one piece.
"""

import math
from functools import reduce
from itertools import pairwise

import numpy as np

LARGEST_GROUP = 32  # states
CHUNK = 2**14  # numbers
OVERHEAD = 2e4  # multiplications that take as long as Python's part of a step
MEMORY = 50  # steps after which many chains have forgotten where they were
SAME = 1e-13  # relative difference of messages that counts as rounding


def group_chains(transition):
    """Kronecker products of neighbouring chains' transitions, as few as stay small."""
    chains, states = transition.shape[:2]
    per_group = max(1, int(np.log(LARGEST_GROUP) / np.log(states) + 1e-9)) if states > 1 else chains
    number = -(-chains // per_group)
    bounds = np.arange(number + 1) * chains // number  # the larger groups last, see _hops
    return [reduce(np.kron, transition[m:n]) for m, n in pairwise(bounds)]


def scan_messages(initial, groups, b, every=1):
    """Forward and backward messages of B sequences of one length.

        forward_t = p(s_t | x_<t),   backward_t = p(x_t, ..., x_T | s_t), each up to a factor

    Args:
        initial: (N,). groups: see :func:`group_chains`.
        b: evidence of each state, (T, B, N), at most one; ones where a sequence has ended.
        every: steps between two normalisations.
    Returns:
        forward (T, B, N), backward (T, B, N), and sum_t log p(x_t | x_<t), (B,).
    """
    T, B, N = b.shape
    length = _window_length(T, B * N * sum(map(len, groups)))
    found = _side_by_side(initial, groups, b, every, length) if length < T else None
    if found is None:
        spread, log_evidence, _ = _walk(_guess(initial, 1, B), groups, b[:, None], every)
        spread = _outwards(spread, (B, N))
        found = spread[:-1, 0], spread[-2::-1, 1], log_evidence[0]
    forward, backward, log_evidence = found
    backward *= b
    return forward, backward, log_evidence


def _window_length(T, multiplications):
    """That of the windows which cost least, or T where they would not save much."""
    length = max(MEMORY // 2, int(np.sqrt(T * MEMORY * multiplications / OVERHEAD)))
    in_one_piece = T * (1 + multiplications / OVERHEAD)
    in_windows = (length + MEMORY) * (1 + T / length * multiplications / OVERHEAD)
    return length if in_windows < 0.6 * in_one_piece else T


def _guess(initial, n_windows, B):
    """What the windows start with, (2, W, B, N): right at the ends of time, else uniform."""
    starts = np.full((2, n_windows, B, len(initial)), 1 / len(initial))
    starts[0, 0] = initial
    return starts


def _side_by_side(initial, groups, b, every, length):
    """forward, backward and log evidence of b (T, B, N), or None where chains do not forget."""
    T, B, N = b.shape
    n_windows = -(-T // length)
    padded = np.ones((n_windows, length, B, N))
    padded.reshape(-1, B, N)[:T] = b
    padded = padded.swapaxes(0, 1)
    starts, spread = _guess(initial, n_windows, B), None
    for _ in range(2 + MEMORY // length):
        spread, log_masses, ends = _walk(starts, groups, padded, every, spread)
        followed = starts.copy()
        followed[0, 1:], followed[1, :-1] = ends[0, :-1], ends[1, 1:]
        if (np.abs(starts - followed) <= SAME * followed).all():
            shape = length, spread.shape[2], n_windows, B, -1
            forward, backward = (
                messages.reshape(shape).transpose(2, 0, 3, 1, 4).reshape(-1, B, N)[:T]
                for messages in (spread[:-1, 0], spread[-2::-1, 1])
            )
            return forward, backward, log_masses.sum(0)
        starts = followed
    return None


def _walk(starts, groups, b, every, spread=None):
    """The messages that spread from both ends of all windows of all sequences at once.

    Args:
        starts: the first message of either direction, (2, W, B, N).
        b: (T, W, B, N). every: steps between two normalisations.
        spread: memory to use again, as an earlier walk returned it.
    Returns:
        spread, T + 1 messages inwards, the second of each pair running backwards in time;
        the logarithms of the forward mass that was seen, (W, B); and the messages that would
        arrive next, beyond the windows' ends, (2, W, B, N), each of sum one.
    """
    T, first = len(b), len(groups[0]) if len(groups) > 1 else 1
    start = _inwards(starts, first)
    seen, masses = np.empty(start.shape), []
    spread = np.empty((T + 1, *start.shape)) if spread is None else spread
    spread[0] = start
    *hops, (left, right, target) = _hops(groups, seen)
    targets = spread.reshape(T + 1, *target.shape)
    for t, evidence in _both_ways(b, first):
        np.multiply(spread[t], evidence, seen)
        if t % every == 0:
            mass = seen.sum((1, 3), keepdims=True)
            np.divide(seen, mass, seen)
            masses.append(mass[0].ravel())
        for hop in hops:
            np.matmul(*hop)
        np.matmul(left, right, targets[t + 1])
    log_masses = np.log([*masses, seen[0].sum((0, 2))]).sum(0)
    ends = _outwards(spread[T], starts.shape[1:])
    return spread, log_masses.reshape(b.shape[1:3]), ends / ends.sum(-1, keepdims=True)


def _inwards(messages, first):
    """(n, W, B, N) as (n, first, W B, N / first): see :func:`_hops`."""
    return messages.reshape(len(messages), -1, first, messages.shape[-1] // first).swapaxes(1, 2)


def _outwards(messages, shape):
    """(..., first, W B, N / first) as (..., *shape)."""
    return messages.swapaxes(-3, -2).reshape(*messages.shape[:-3], *shape)


def _both_ways(b, first):
    """Each t, and b at t and at T - 1 - t together; copied in parts that fit a cache."""
    steps = max(1, CHUNK // b[0].size)
    for s in range(0, len(b), steps):
        pairs = _inwards(b[s : s + steps], first), _inwards(b[::-1][s : s + steps], first)
        yield from enumerate(np.stack(pairs, axis=1), start=s)


def _hops(groups, seen):
    """(left, right, target) of each matrix product, from ``seen`` on.

    The sequences stand between the first group's states and the others, (2, first, B, rest): so
    the first group's product is one matrix from the left, and the last one's from the right, for
    all sequences at once.
    """
    hops, source, later = [], seen, math.prod(map(len, groups))
    for g, group in enumerate(groups):
        size, target = len(group), np.empty(seen.shape)
        there, back = (group, group.T) if g + 1 == len(groups) else (group.T, group)
        later //= size
        shape = (2, -1, size) if later == 1 else (2, size, -1) if g == 0 else (2, -1, size, later)
        matrix = np.stack([there, back])
        matrix = matrix if len(shape) == 3 else matrix[:, None]
        factors = source.reshape(shape), matrix
        hops.append((*(factors if later == 1 else factors[::-1]), target.reshape(shape)))
        source = target
    return hops
