"""Neal and Hinton (1998): incremental and sparse variants of EM, compared with EM by cost.

"A view of the EM algorithm that justifies incremental, sparse, and other variants."
"""

from itertools import islice

import numpy as np

from helpers import mixture
from helpers.data import faithful
from helpers.mixture import GaussianMixture


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


def sparse_trace(x, n_components, rng, full_every, steps, start):
    """ELBO after each E-step of sparse EM, and the densities evaluated until then."""
    states = mixture.fit_sparse(x, n_components, rng, full_every=full_every, start=start)
    kept = list(islice(states, 0, 2 * steps + 1, 2))
    return [s.elbo for s in kept], [s.evaluations for s in kept]
