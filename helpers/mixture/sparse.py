"""Sparse EM: most E-steps look only at the components that are plausible for each point.

A component with q[n, k] below a threshold keeps that value until the next full E-step; the
plausible ones share what is left in proportion to p(x_n, z_n = k). That is the maximum of the
bound over the q that keep those values, so the bound cannot fall, and the densities of the
frozen components need not be computed. Source: Neal and Hinton (1998), the sparse variant.
"""

import numbers

import numpy as np
from scipy.special import softmax

from helpers.arguments import describe, whole_number
from helpers.ascent import ascending
from helpers.mixture.em import first_model, m_step, state_of
from helpers.mixture.model import table


def fit_sparse(x, n_components, rng, threshold=1e-3, full_every=5, start=None):
    """EM whose E-step is full only once in ``full_every``; climb runs it as :func:`fit`.

    Args:
        x: data, (N,) or (N, P).
        n_components: K, at most N.
        rng: numpy.random.Generator, for the starting point.
        threshold: responsibility below which a component is frozen, in [0, 1).
        full_every: E-steps from one full one to the next; 1 is ordinary EM.
        start: a GaussianMixture to begin with instead of a random one.
    Yields:
        States without end, as :func:`fit`; ``evaluations`` counts the densities computed so far.
    Raises:
        ValueError: the threshold is outside [0, 1), or another argument is out of range.
    """
    x = table(x)
    full_every = whole_number("full_every", full_every)
    if not (isinstance(threshold, numbers.Real) and 0 <= threshold < 1):
        raise ValueError(f"threshold: expected a number in [0, 1), got {describe(threshold)}")
    return _steps(x, first_model(x, n_components, rng, start), threshold, full_every)


def sparse_e_step(model, x, q, plausible):
    """The best q that keeps ``q`` where not ``plausible``, (N, K); x is (N, P)."""
    joint = np.full(q.shape, -np.inf)
    for k in range(q.shape[1]):  # a component at a time: each has its own points
        rows = np.flatnonzero(plausible[:, k])
        joint[rows, k] = model.log_joint(x[rows], [k])[:, 0]
    free = 1 - np.where(plausible, 0, q).sum(1, keepdims=True)  # the mass to share out
    held = np.isfinite(joint).any(1, keepdims=True)
    shares = softmax(np.where(held, joint, 0), axis=1)
    return np.where(plausible & held, free * shares, q)


@ascending
def _steps(x, model, threshold, full_every):
    q, passes, evaluations = model.posterior(x), 0, len(x) * len(model.weights)
    plausible = q >= threshold
    yield state_of(model, x, q, "start", passes, evaluations=evaluations)
    while True:
        model, passes = m_step(x, q), passes + 1
        yield state_of(model, x, q, "M", passes, evaluations=evaluations)
        if passes % full_every == 0:
            q, count = model.posterior(x), plausible.size
            plausible = q >= threshold
        else:
            q, count = sparse_e_step(model, x, q, plausible), int(plausible.sum())
        evaluations += count
        yield state_of(model, x, q, "E", passes, evaluations=evaluations)
