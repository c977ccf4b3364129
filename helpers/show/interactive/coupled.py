"""The factorial HMM by coupling: exact, structured and fully factorised marginals and bounds.

Two chains of two states push a two-dimensional observation: chain 1 to the right, chain 2 to
the right as well (coupling 1: x tells only how many chains are on) or upwards (coupling 0: each
chain has a dimension of its own, and given x the chains are independent). Source: the slides
"Factorial HMMs" and "Mean field FHMM Inference".
"""

import numpy as np

from helpers.arguments import real_array
from helpers.show.interactive.controls import indexed, ticks
from helpers.show.interactive.figure import Interactive

COUPLINGS = np.round(np.linspace(0, 1, 11), 2)
STATES = np.array([list("0011110000111100"), list("0000111110001110")], dtype=int).T  # (T, M)
STAY, REACH, NOISE = 0.8, 1.6, 0.9  # p(same state again), length of a push, sd of the noise
SEED = 5


def coupled_model(coupling):
    """Two chains whose pushes have the cosine ``coupling`` between them."""
    from helpers.fhmm import FactorialHMM

    pushes = REACH * np.array([[1, 0], [coupling, np.sqrt(1 - coupling**2)]])
    transition = np.array([[STAY, 1 - STAY], [1 - STAY, STAY]])
    return FactorialHMM(
        initial=np.full((2, 2), 0.5),
        transition=np.stack([transition, transition]),
        means=np.stack([np.zeros((2, 2)), pushes], axis=1),
        covariance=NOISE**2 * np.eye(2),
    )


def three_posteriors(model, x):
    """p(s_t^m = 1) by exact inference and under both families, with the three numbers in nats.

    Returns a dict: exact, structured, factorised, each (M, T); log_evidence, structured_elbo,
    factorised_elbo. The structured ascent starts from the factorised optimum, which its family
    holds, so that it can only be the tighter of the two.
    """
    from helpers.ascent import climb
    from helpers.fhmm import exact, mean_field, structured

    posterior = exact(model, x)
    starts = (None, np.random.default_rng(0))
    ends = [climb(mean_field(model, x, rng), rtol=1e-10).state for rng in starts]
    factorised = max(ends, key=lambda state: state.elbo)
    ends = [climb(structured(model, x, start=s.q), rtol=1e-10).state for s in ends]
    chains = max(ends, key=lambda state: state.elbo)
    return {
        "exact": posterior.marginals[:, :, 1].T,
        "structured": chains.q.marginals[:, :, 1].T,
        "factorised": factorised.q.marginals[:, :, 1].T,
        "log_evidence": float(posterior.log_evidence),
        "structured_elbo": float(chains.elbo),
        "factorised_elbo": float(factorised.elbo),
    }


def default_tables():
    """:func:`three_posteriors` for each of ``COUPLINGS``, on the same states and noise."""
    noise = NOISE * np.random.default_rng(SEED).standard_normal((len(STATES), 2))
    tables = []
    for coupling in COUPLINGS:
        model = coupled_model(coupling)
        tables.append(three_posteriors(model, STATES @ model.means[:, 1] + noise))
    return tables


def fhmm(tables=None, labels=COUPLINGS, label="coupling of the chains", truth=None):
    """Marginals and bounds of a factorial HMM, exact, structured and factorised, by a slider.

    Args:
        tables: what :func:`three_posteriors` returns, for each value of the slider; None for
            the two chains of this module, by coupling.
        labels: the slider's values, one for each table. label: what the slider is.
        truth: the states that made the data, (T, M) zeros and ones, if they are known.
    """
    if tables is None:
        tables, truth = default_tables(), STATES
    if not isinstance(tables, list | tuple) or not all(isinstance(t, dict) for t in tables):
        raise ValueError(f"tables: expected a list of three_posteriors(...), got {tables!r:.60}")
    if len(tables) != len(labels):
        raise ValueError(f"labels: expected {len(tables)}, one for each table, got {len(labels)}")
    kinds = ("exact", "structured", "factorised")
    curves = [[real_array(k, t[k], ndim=2) for k in kinds] for t in tables]
    bounds = [[t["log_evidence"], t["structured_elbo"], t["factorised_elbo"]] for t in tables]
    widest = max(row[0] - min(row[1:]) for row in bounds)

    def compute(coupling):
        evidence, chains, single = (float(v) for v in bounds[coupling])
        numbers = {"log_evidence": evidence, "structured_elbo": chains, "factorised_elbo": single}
        gaps = {"structured_gap": evidence - chains, "factorised_gap": evidence - single}
        return numbers | gaps | dict(zip(kinds, curves[coupling], strict=True))

    data = {
        "title": "Factorial HMM: what each independence costs",
        "controls": [indexed("coupling", label, labels, len(labels) - 1)],
        "curves": np.round(curves, 6),
        "bounds": bounds,
        "truth": None if truth is None else np.asarray(truth).T,
        "widest": max(1.1 * widest, 1e-3),
        "yticks": ticks(-max(1.1 * widest, 1e-3), 0),
    }
    return Interactive("fhmm", data, compute)
