"""Sparse EM: most E-steps look only at the components that are plausible for each point.

A component with q[n, k] below a threshold keeps that value until the next full E-step; the
plausible ones share what is left in proportion to p(x_n, z_n = k). That is the maximum of the
bound over the q that keep those values, so the bound cannot fall, and the densities of the
frozen components need not be computed. Source: Neal and Hinton (1998), the sparse variant.
"""

import numbers
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from helpers.arguments import describe, whole_number
from helpers.mixture.em import State, first_model
from helpers.mixture.model import floor_of, m_step, table


@dataclass(frozen=True)
class SparseState(State):
    """As :class:`State`; ``evaluations`` counts the densities N(x_n; mean_k) computed so far."""

    evaluations: int = 0


def fit_sparse(x, n_components, rng, threshold=1e-3, full_every=5, start=None):
    """EM whose E-step is full only once in ``full_every``; states after each E- and M-step.

    Args:
        x: data, (N,) or (N, P).
        n_components: K, at most N.
        rng: numpy.random.Generator, for the starting point.
        threshold: responsibility below which a component is frozen, in [0, 1).
        full_every: E-steps from one full one to the next; 1 is ordinary EM.
        start: a GaussianMixture to begin with instead of a random one.
    Raises:
        ValueError: the threshold is outside [0, 1), or another argument is out of range.
    """
    x = table(x)
    full_every = whole_number("full_every", full_every)
    if not (isinstance(threshold, numbers.Real) and 0 <= threshold < 1):
        raise ValueError(f"threshold: expected a number in [0, 1), got {describe(threshold)}")
    start = first_model(x, n_components, rng, start)
    return _steps(x, start, threshold, full_every)


def sparse_e_step(model, x, q, plausible):
    """The best q that keeps ``q`` where not ``plausible``, (N, K); x is (N, P)."""
    joint = log_joint_where(model, x, plausible)
    free = 1 - np.where(plausible, 0, q).sum(1, keepdims=True)  # the mass to share out
    held = np.isfinite(joint).any(1, keepdims=True)
    shares = softmax(np.where(held, joint, 0), axis=1)
    return np.where(plausible & held, free * shares, q)


def log_joint_where(model, x, wanted):
    """log p(x_n, z_n = k) at the wanted places of (N, K), -inf at the others."""
    out = np.full(wanted.shape, -np.inf)
    for k in range(wanted.shape[1]):  # a component at a time: each has its own points
        rows = np.flatnonzero(wanted[:, k])
        out[rows, k] = model.log_joint(x[rows], [k])[:, 0]
    return out


def _steps(x, model, threshold, full_every):
    floor = floor_of(x)
    state = SparseState(x, model, model.posterior(x), evaluations=len(x) * len(model.weights))
    plausible = state.q >= threshold
    since_full = 0
    while True:
        yield state
        model = m_step(x, state.q, floor)
        state = replace(state, model=model, step="M", passes=state.passes + 1)
        yield state
        since_full = (since_full + 1) % full_every
        if since_full == 0:
            q, count = model.posterior(x), plausible.size
            plausible = q >= threshold
        else:
            q, count = sparse_e_step(model, x, state.q, plausible), int(plausible.sum())
        state = replace(state, q=q, step="E", evaluations=state.evaluations + count)
