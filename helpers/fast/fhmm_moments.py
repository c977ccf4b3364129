"""Moments of messages fast: marginals, and pairs of neighbours in time and across chains."""

from itertools import combinations_with_replacement

import numpy as np

CHUNK = 2**16  # numbers worked on at once: about what a cache holds


def chunks(T, N):
    """Slices that cover T rows of N numbers, each small enough for the cache."""
    step = max(1, CHUNK // N)
    return [slice(t, min(t + step, T)) for t in range(0, T, step)]


def marginals(messages):
    """p(s_t^m = i | x), (T, M, L)."""
    rows, sizes = chunks(*messages.forward.shape), messages.transition.shape[:2]
    found = np.concatenate([each_chain(messages.joint(part), *sizes) for part in rows])
    return found / found.sum(-1, keepdims=True)


def each_chain(joint, n_chains, n_states):
    """Sums of (T, L^M) over all chains but one, for each chain: (T, M, L), half by half."""
    if n_chains == 1:
        return joint[:, None, :]
    left = n_chains // 2
    table = joint.reshape(len(joint), n_states**left, -1)
    first, last = (np.ones(size) for size in table.shape[1:])
    parts = (table @ last, left), (first @ table, n_chains - left)
    return np.concatenate([each_chain(part, m, n_states) for part, m in parts], axis=1)


def coincidences(messages):
    """sum_t p(s_t^m = i, s_t^n = j | x), (M, L, M, L); each chain's own on the diagonal."""
    chains, states = messages.transition.shape[:2]
    total = sum(messages.joint(rows).sum(0) for rows in chunks(*messages.forward.shape))
    table, result = total.reshape((states,) * chains), np.empty((chains, states) * 2)
    for m, n in combinations_with_replacement(range(chains), 2):
        pair = table.sum(tuple(set(range(chains)) - {m, n}))
        pair = np.diag(pair) if m == n else pair
        result[m, :, n], result[n, :, m] = pair, pair.T
    return result


def transition_counts(messages):
    """Expected steps from i to j in each chain, (M, L, L).

    The mass at t is moved through the chains before m, the messages from t + 1 back through those
    after m; then only chain m's own step is left, and one matrix product adds up many of them.
    """
    rows = messages.sequences.before_a_step
    parts = chunks(len(rows), messages.forward.shape[1])
    counts = (_counts(messages, rows[part]) for part in parts)
    return sum(counts, np.zeros_like(messages.transition))


def _counts(messages, rows):
    mass, transition = messages.forward[rows] * messages.evidence[rows], messages.transition
    chains, states = transition.shape[:2]
    shapes = [(len(rows), states**m, states, -1) for m in range(chains)]
    later = [messages.backward[rows + 1]]
    for m in range(chains - 1, 0, -1):
        later.append(transition[m] @ later[-1].reshape(shapes[m]))
    counts = []
    for m, future in enumerate(reversed(later)):
        mass, future = mass.reshape(shapes[m]), future.reshape(shapes[m])
        moved = transition[m].T @ mass
        norm = np.einsum("tpjs,tpjs->t", moved, future)
        weighted = mass / norm[:, None, None, None]
        counts.append(transition[m] * np.tensordot(weighted, future, axes=((0, 1, 3), (0, 1, 3))))
        mass = moved
    return np.array(counts)
