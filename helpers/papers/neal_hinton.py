"""Neal and Hinton (1998): incremental and sparse variants of EM, compared with EM by cost.

"A view of the EM algorithm that justifies incremental, sparse, and other variants."
"""

import numbers
from itertools import islice

import numpy as np
from scipy.special import softmax

from helpers import mixture
from helpers.arguments import describe, whole_number
from helpers.ascent import ascending
from helpers.data import faithful
from helpers.mixture import GaussianMixture
from helpers.mixture.em import first_model, m_step, state_of
from helpers.mixture.model import table


def data_sets(rng):
    """Three data sets of different difficulty: name -> (x (N, P), number of components)."""
    two = GaussianMixture([0.5, 0.5], [[-1.0], [1.5]], [[[1.0]], [[1.0]]])
    centres = 2.2 * np.array([[0, 0], [1, 1], [2, 0], [1, -1]])
    four = GaussianMixture(np.full(4, 0.25), centres, [0.6 * np.eye(2)] * 4)
    return {
        "Old Faithful": (faithful(), 2),
        "two that overlap": (two.sample(rng, 500)[1], 2),
        "four in the plane": (four.sample(rng, 500)[1], 4),
    }


def bounds_by_pass(x, n_components, rng, passes):
    """ELBO and log-likelihood after each pass, from one random start.

    Returns {"EM" | "incremental EM": {"elbo": (passes + 1,), "log_likelihood": (passes + 1,)}};
    EM is looked at after the E-steps.
    """
    start = mixture.random_start(x, n_components, rng)
    traces = {}
    for name, incremental in {"EM": False, "incremental EM": True}.items():
        states = mixture.fit(x, n_components, rng, incremental=incremental, start=start)
        every = 1 if incremental else 2  # EM has two states a pass
        kept = list(islice(states, 0, every * passes + 1, every))
        traces[name] = {
            "elbo": np.array([state.elbo for state in kept]),
            "log_likelihood": np.array([state.log_likelihood for state in kept]),
        }
    return traces


def passes_needed(elbos, top, tolerance=0.01):
    """The first pass after which the bound is within ``tolerance`` nats of ``top``, or None."""
    reached = np.flatnonzero(np.asarray(elbos) >= top - tolerance)
    return int(reached[0]) if len(reached) else None


def compare_passes(seed, starts, passes):
    """For each data set and start: passes that EM and incremental EM need, and their optima.

    Only starts whose two runs end within 0.01 nats of one another are counted; "same optimum"
    says how many of the starts that were.
    """
    rng = np.random.default_rng(seed)
    results = {}
    for name, (x, n_components) in data_sets(rng).items():
        pairs, same = [], 0
        for _ in range(starts):
            traces = bounds_by_pass(x, n_components, rng, passes)
            elbos = [traces[kind]["elbo"] for kind in ("EM", "incremental EM")]
            if abs(elbos[0][-1] - elbos[1][-1]) > 0.01:
                continue
            same += 1
            top = max(e[-1] for e in elbos)
            pairs.append([passes_needed(e, top, 0.02) for e in elbos])
        results[name] = {"passes": pairs, "same optimum": same, "starts": starts}
    return results


def fit_sparse(x, n_components, rng, threshold=1e-3, full_every=5, start=None):
    """Sparse EM: most E-steps look only at the components that are plausible for each point.

    A component with q[n, k] below a threshold keeps that value until the next full E-step; the
    plausible ones share what is left in proportion to p(x_n, z_n = k). That is the maximum of the
    bound over the q that keep those values, so the bound cannot fall, and the densities of the
    frozen components need not be computed. ``climb`` runs it as ``mixture.fit``.

    Args:
        x: data, (N,) or (N, P).
        n_components: K, at most N.
        rng: numpy.random.Generator, for the starting point.
        threshold: responsibility below which a component is frozen, in [0, 1).
        full_every: E-steps from one full one to the next; 1 is ordinary EM.
        start: a GaussianMixture to begin with instead of a random one.
    Yields:
        States without end as ``mixture.fit``; ``evaluations`` counts the densities until then.
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


def sparse_trace(x, n_components, rng, full_every, steps, start):
    """ELBO after each E-step of sparse EM, and the densities evaluated until then."""
    states = fit_sparse(x, n_components, rng, full_every=full_every, start=start)
    kept = list(islice(states, 0, 2 * steps + 1, 2))
    return [s.elbo for s in kept], [s.evaluations for s in kept]
