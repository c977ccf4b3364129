"""Pairwise marginals of the exact posterior: neighbours in time, and neighbours across chains."""

from functools import cache

import numpy as np

CHUNK = 2**16  # numbers worked on at once: about what a cache holds
LARGEST_TABLE = 128  # joint states up to which one matrix product sums fastest


def chunks(T, N):
    """Slices that cover T rows of N numbers, each small enough for the cache."""
    step = max(1, CHUNK // N)
    return [slice(t, min(t + step, T)) for t in range(0, T, step)]


def marginals(joint, n_chains, n_states):
    """Sums of (T, L^M) over all chains but one, for each chain: (T, M, L)."""
    T, N = joint.shape
    if n_chains == 1:
        return joint[:, None, :]
    if N <= LARGEST_TABLE:
        return (joint @ _membership(n_chains, n_states)).reshape(T, n_chains, n_states)
    left = n_chains // 2
    table = joint.reshape(T, n_states**left, -1)
    first, last = (np.ones(size) for size in table.shape[1:])
    parts = (table @ last, left), (first @ table, n_chains - left)
    return np.concatenate([marginals(part, m, n_states) for part, m in parts], axis=1)


@cache
def _membership(n_chains, n_states):
    """Whether chain m is in state i in a joint state: (L^M, M L) ones and zeros."""
    states = np.indices((n_states,) * n_chains).reshape(n_chains, -1).T
    return (states[:, :, None] == np.arange(n_states)).reshape(len(states), -1).astype(float)


def coincidences(joint_sum, n_chains, n_states):
    """Sums of (L^M,) over all chains but two: (M, L, M, L), each chain's own on the diagonal."""
    table = joint_sum.reshape((n_states,) * n_chains)
    result = np.zeros((n_chains, n_states) * 2)
    for m in range(n_chains):
        for n in range(m, n_chains):
            rest = tuple(k for k in range(n_chains) if k not in (m, n))
            pair = np.diag(table.sum(rest)) if m == n else table.sum(rest)
            result[m, :, n], result[n, :, m] = pair, pair.T
    return result


def transition_marginals(messages, transition, rows):
    """p(s_t^m = i, s_(t+1)^m = j | x) for the steps from ``rows`` to ``rows + 1``: (len, M, L, L).

    The mass at t is moved through the transitions of the chains before m, the messages from
    t + 1 back through those of the chains after m; then only chain m's own step is left.
    """
    ahead, pair = _log_moves if messages.logs else _moves
    return np.stack(_each_chain(messages, transition, rows, ahead, pair), axis=1)


def transition_counts(messages, transition, rows):
    """The sum of :func:`transition_marginals` over ``rows``, (M, L, L).

    Outside the log domain one matrix product a chain adds up all steps, without a table for each:
    with the 243 states of a flat HMM that is many times as fast.
    """
    if messages.logs:
        return transition_marginals(messages, transition, rows).sum(0)
    return np.stack(_each_chain(messages, transition, rows, _move, _count))


def _each_chain(messages, transition, rows, ahead, pair):
    """``pair`` of each chain, from the mass before its step and the messages after it."""
    if messages.logs:
        with np.errstate(divide="ignore"):  # log 0 = -inf is right here
            transition = np.log(transition)
        mass = messages.forward[rows] + messages.evidence[rows]
    else:
        mass = messages.forward[rows] * messages.evidence[rows]
    chains, states = transition.shape[:2]
    shapes = [(len(rows), states**m, states, -1) for m in range(chains)]
    later = [messages.backward[rows + 1]]
    for m in range(chains - 1, 0, -1):
        later.append(ahead(later[-1].reshape(shapes[m]), transition[m].T))
    results = []
    for m, future in enumerate(reversed(later)):
        mass, future = mass.reshape(shapes[m]), future.reshape(shapes[m])
        results.append(pair(mass, transition[m], future))
        mass = ahead(mass, transition[m])
    return results


def _move(mass, matrix):
    return matrix.T @ mass


def _pair(mass, matrix, future):
    table = matrix * np.einsum("tpis,tpjs->tij", mass, future, optimize=True)
    return table / table.sum((1, 2), keepdims=True)


def _count(mass, matrix, future):
    norm = np.einsum("tpjs,tpjs->t", _move(mass, matrix), future)
    weighted = mass / norm[:, None, None, None]
    return matrix * np.tensordot(weighted, future, axes=((0, 1, 3), (0, 1, 3)))


def _log_move(mass, matrix):
    return np.logaddexp.reduce(mass[:, :, :, None, :] + matrix[:, :, None], axis=2)


def _log_pair(mass, matrix, future):
    between = mass[:, :, :, None, :] + future[:, :, None, :, :]
    table = matrix + np.logaddexp.reduce(between, axis=(1, 4))
    table = np.exp(table - table.max((1, 2), keepdims=True))
    return table / table.sum((1, 2), keepdims=True)


_moves, _log_moves = (_move, _pair), (_log_move, _log_pair)
