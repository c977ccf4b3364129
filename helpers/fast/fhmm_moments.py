"""Moments of messages fast: marginals, and pairs of neighbours in time and across chains."""

import numpy as np

CHUNK = 2**16  # numbers worked on at once: about what a cache holds


def chunks(T, N):
    """Slices that cover T rows of N numbers, each small enough for the cache."""
    step = max(1, CHUNK // N)
    return [slice(t, min(t + step, T)) for t in range(0, T, step)]


def marginals(messages, n_chains, n_states):
    """p(s_t^m = i | x), (T, M, L)."""
    rows = chunks(*messages.forward.shape)
    found = np.concatenate([each_chain(messages.joint(part), n_chains, n_states) for part in rows])
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


def coincidences(messages, n_chains, n_states):
    """sum_t p(s_t^m = i, s_t^n = j | x), (M, L, M, L); each chain's own on the diagonal."""
    total = sum(messages.joint(rows).sum(0) for rows in chunks(*messages.forward.shape))
    table, result = total.reshape((n_states,) * n_chains), np.zeros((n_chains, n_states) * 2)
    for m in range(n_chains):
        for n in range(m, n_chains):
            rest = tuple(k for k in range(n_chains) if k not in (m, n))
            pair = np.diag(table.sum(rest)) if m == n else table.sum(rest)
            result[m, :, n], result[n, :, m] = pair, pair.T
    return result


def transition_counts(messages, transition, rows):
    """Expected steps from i to j in each chain, (M, L, L), over those from rows to rows + 1.

    The mass at t is moved through the chains before m, the messages from t + 1 back through those
    after m; then only chain m's own step is left, and one matrix product adds up many of them.
    """
    counts = np.zeros_like(transition)
    for chunk in chunks(len(rows), messages.forward.shape[1]):
        counts += _counts(messages, transition, rows[chunk])
    return counts


def _counts(messages, transition, rows):
    mass = messages.forward[rows] * messages.evidence[rows]
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
