"""Messages over the product of many chains, one time step after the other.

Neighbouring chains are joined into groups of a few states, and each group's transition is applied
along its own axis: O(L^M) numbers times the size of the groups, and matrix products that keep BLAS
busy, as single chains would not. Backwards the matrices are transposed.

Where Python's part of a step costs more than its numbers, a long sequence is cut into windows that
are walked side by side. Chains forget, so that after a few walks each window starts where its
neighbour ended, to the last digits; where not, the sequence is walked in one piece.
"""

from functools import reduce
from itertools import chain, pairwise, repeat

import numpy as np

LARGEST_GROUP = 32  # states that are moved by one matrix
OVERHEAD = 5e4  # multiplications that take as long as Python's part of a step
MEMORY = 48  # steps after which many chains have forgotten where they were
SAME = 1e-13  # relative difference of messages that counts as rounding


def group_chains(transition):
    """Kronecker products of neighbouring chains' transitions, as few as stay small."""
    chains, states = transition.shape[:2]
    per_group = max(1, int(np.log(LARGEST_GROUP) / np.log(max(states, 2)) + 1e-9))
    number = -(-chains // per_group)
    bounds = np.arange(number + 1) * chains // number
    return [reduce(np.kron, transition[m:n]) for m, n in pairwise(bounds)]


def scan_messages(initial, groups, b, every, out):
    """Forward and backward messages of B sequences of one length; sum_t log p(x_t | x_<t), (B,).

        forward_t = p(s_t | x_<t),   backward_t = p(x_t, ..., x_T | s_t), each up to a factor

    initial: (N,). groups: see :func:`group_chains`; more than two for a single sequence only.
    b: evidence of each state, (T, B, N), at most one; ones where a sequence has ended. every: steps
    between two normalisations. out: where forward and backward are put, (2, T, B, N).
    """
    T, B, N = b.shape
    groups = [np.ones((1, 1)), *groups] if len(groups) == 1 else groups
    length = _window_length(T, B * N * sum(map(len, groups))) if len(groups) == 2 else T
    found = _in_windows(initial, groups, b, every, out, length) if length < T else None
    return _in_windows(initial, groups, b, every, out, T) if found is None else found


def _window_length(T, multiplications):
    """That of the windows which cost least, or T where they would not save much."""
    length = max(3 * MEMORY // 4, int(np.sqrt(T * MEMORY * multiplications / OVERHEAD)))
    in_one_piece = T * (1 + multiplications / OVERHEAD)
    in_windows = (length + MEMORY) * (1 + T / length * multiplications / OVERHEAD)
    return length if in_windows < 0.6 * in_one_piece else T


def _in_windows(initial, groups, b, every, out, length):
    """Both directions in windows: sum_t log p(x_t | x_<t), or None where chains do not forget."""
    T, B, N = b.shape
    first, W = len(groups[0]), -(-T // length)
    shape = length, first, W * B, N // first
    alone = W * B == 1  # then nothing needs to be rearranged
    evidence = b.reshape(shape) if alone else np.ones(shape)
    messages = None if alone else np.empty(shape)
    if not alone:
        for window, rows in _windows(evidence, b):
            window[:] = rows
    starts = np.full((W, B, N), 1 / N)  # a guess, but right at the end of time
    ahead = starts.copy()
    ahead[0] = initial
    ways = (ahead, groups, 1), (starts, [group.T for group in groups], -1)
    log_masses = []
    for kept, (start, matrices, way) in zip(out, ways, strict=True):
        rows = kept.reshape(shape) if alone else messages
        log_masses.append(_settle(start, matrices, evidence, every, rows, way))
        if log_masses[-1] is None:
            return None
        if not alone:
            for window, rows in _windows(messages, kept):
                rows[:] = window
    return log_masses[0].reshape(-1, B).sum(0)


def _windows(sided, rows):
    """Each window as a part of ``sided``, (length, first, W B, N / first), and of ``rows``.

    There windows and sequences stand between the first group's states and the others, so that one
    matrix from the left, or the right, moves all of them. Both parts are (steps, B, first,
    N / first); the last window may have fewer steps.
    """
    length, first, _, rest = sided.shape
    T, B, _ = rows.shape
    sided = sided.reshape(length, first, -1, B, rest).transpose(2, 0, 3, 1, 4)
    rows = rows.reshape(T, B, first, rest)
    for window, start in zip(sided, range(0, T, length), strict=True):
        part = rows[start : start + length]
        yield window[: len(part)], part


def _settle(starts, groups, b, every, messages, way):
    """Walk until each window starts where its neighbour ended; then the log masses, else None.

    starts: the first message of each window, (W, B, N). way: 1 with time, -1 against it.
    """
    for _ in range(2 + MEMORY // len(b)):
        log_masses, ends = _walk(starts, groups, b, every, messages, way)
        followed = starts.copy()
        followed[::way][1:] = ends[::way][:-1]
        if (np.abs(starts - followed) <= SAME * followed).all():
            return log_masses
        starts = followed
    return None


def _walk(starts, groups, b, every, messages, way):
    """One direction's messages in all windows of all sequences, step by step.

        product_t = message_t b_t,   message_(t+1) = product_t moved by all groups

    b: (T, first, W B, N / first). messages: where they are put, in that shape: with time what
    arrives at t, message_t; against it what leaves t, product_t. Returns the logarithm of the mass
    that was seen, (W B,), and what would arrive beyond the ends, as ``starts``, with sums of one.
    """
    T, *apart = b.shape
    first, width, rest = apart
    move = _mover(groups, width)
    evidence, rows = (array.reshape(T, first, -1)[::way] for array in (b, messages))
    passing, arriving = np.empty((2, *rows[0].shape))  # for what is not kept
    last = len(groups[-1])
    target = arriving.reshape(-1, last)
    if way == 1:
        targets = chain(messages.reshape(T, -1, last)[1:], [target])
        start, steps = rows[0], zip(rows, evidence, repeat(passing), targets, strict=False)
    else:
        start, steps = arriving, zip(repeat(arriving), evidence, rows, repeat(target), strict=False)
    start.reshape(apart)[:] = starts.reshape(width, first, rest).swapaxes(0, 1)
    masses = []
    for t, (message, seen, product, target) in enumerate(steps):
        np.multiply(message, seen, product)
        if t % every == 0:
            mass = product.reshape(apart).sum((0, 2), keepdims=True)
            np.divide(product.reshape(apart), mass, product.reshape(apart))
            masses.append(mass.ravel())
        move(product, target)
    log_masses = np.log([*masses, product.reshape(apart).sum((0, 2))]).sum(0)
    ends = arriving.reshape(apart).swapaxes(0, 1).reshape(starts.shape)
    return log_masses, ends / ends.sum(-1, keepdims=True)


def _mover(groups, width):
    """A function that moves the mass in ``product``, (first, W B rest), into ``target``.

    Two groups take one matrix from either side; with more, for a single sequence, each product
    moves the first axis and makes it the last. The method ``dot`` is a tenth of a step quicker than
    np.dot, which looks for overrides, and BLAS with matrices in memory order.
    """
    first, *others, last = groups
    left, right = np.ascontiguousarray(first.T), np.ascontiguousarray(last)
    moved = np.empty((len(first), width * len(last)))
    move_first, move_last = left.dot, moved.reshape(-1, len(last)).dot

    def move_both(product, target):
        move_first(product, moved)
        move_last(right, target)

    def move_in_turn(product, target):
        for group in (first, *others):
            product = product.reshape(len(group), -1).T @ group
        product.reshape(len(last), -1).T.dot(right, target)

    return move_in_turn if others else move_both
