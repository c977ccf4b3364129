"""Messages over the product of many chains, one time step after the other.

Chains that are neighbours are joined into groups of up to 32 states, and each group's transition
is applied along its own axis: O(L^M) numbers times the size of the groups, never the L^M x L^M
matrix. Matrix products of this size keep BLAS busy, where single chains of two or three states
would not. Both directions run in the same loop.
"""

from functools import reduce

import numpy as np

LARGEST_GROUP = 32  # states
CHUNK = 2**15  # numbers


def group_chains(transition):
    """Kronecker products of neighbouring chains' transitions, as few as stay small."""
    chains, states = transition.shape[:2]
    per_group = max(1, int(np.log(LARGEST_GROUP) / np.log(states) + 1e-9)) if states > 1 else chains
    parts = np.array_split(transition, -(-chains // per_group))
    return [reduce(np.kron, part) for part in parts]


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
    spread = np.empty((T, 2, B, N))  # the second of each pair runs backwards in time
    spread[0, 0], spread[0, 1] = initial, 1
    seen, masses = spread[0] * np.stack([b[0], b[-1]]), []
    *hops, (source, matrix, shape) = _hops(groups, seen)
    seen_there, targets = seen.reshape(shape), spread.reshape(T, *shape)
    for t, evidence in _both_ways(b, shape):
        for hop in hops:
            np.matmul(*hop)
        arrived = targets[t]
        np.matmul(source, matrix, arrived)
        np.multiply(arrived, evidence, seen_there)
        if t % every == 0:
            mass = seen.sum(-1, keepdims=True)
            seen /= mass
            masses.append(mass[0, :, 0])
    log_evidence = np.log([*masses, seen[0].sum(-1)]).sum(0)
    backward = spread[::-1, 1]
    backward *= b
    return spread[:, 0], backward, log_evidence


def _both_ways(b, shape):
    """Each t from 1 on, and b at t and at T - 1 - t together; copied in parts that fit a cache."""
    steps = max(1, CHUNK // b[0].size)
    for s in range(1, len(b), steps):
        pairs = np.stack([b[s : s + steps], b[::-1][s : s + steps]], axis=1)
        yield from enumerate(pairs.reshape(-1, *shape), start=s)


def _hops(groups, seen):
    """(source, matrix, target) of each product, the shape in place of the last target.

    Each product sums over the first axis and appends the new one at the end, so that after the
    last group the axes are in their old order.
    """
    if len(groups) == 1:
        return [(seen, np.stack([groups[0], groups[0].T]), seen.shape)]
    hops, source = [], seen
    for group in groups:
        matrix = np.stack([group, group.T])[:, None]
        source = source.reshape(*seen.shape[:2], len(group), -1).swapaxes(2, 3)
        target = np.empty(source.shape)
        hops.append((source, matrix, target))
        source = target
    hops[-1] = (*hops[-1][:2], target.shape)
    return hops
