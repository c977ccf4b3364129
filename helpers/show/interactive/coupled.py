"""The factorial HMM by coupling: exact, structured and fully factorised marginals and bounds.

Two chains of two states push a two-dimensional observation: chain 1 to the right, chain 2 to
the right as well (coupling 1: x tells only how many chains are on) or upwards (coupling 0: each
chain has a dimension of its own, and given x the chains are independent). Source: the slides
"Factorial HMMs" and "Mean field FHMM Inference".
"""

import numpy as np

from helpers.show.interactive.controls import indexed, ticks
from helpers.show.interactive.figure import Interactive

COUPLINGS = np.round(np.linspace(0, 1, 11), 2)
STATES = np.array([list("0011110000111100"), list("0000111110001110")], dtype=int).T  # (T, M)
STAY, REACH, NOISE = 0.8, 1.6, 0.9  # p(same state again), length of a push, sd of the noise
SEED = 5


def coupled_model(coupling):
    """Two chains whose pushes have the cosine ``coupling`` between them."""
    pushes = REACH * np.array([[1, 0], [coupling, np.sqrt(1 - coupling**2)]])
    return two_chains(pushes, NOISE**2)


def two_chains(pushes, variance):
    """A factorial HMM of two chains that are off or on; chain m, when on, adds pushes[m], (P,)."""
    from helpers.fhmm import FactorialHMM

    transition = np.array([[STAY, 1 - STAY], [1 - STAY, STAY]])
    means = np.stack([np.zeros_like(pushes), pushes], axis=1)
    noise = variance * np.eye(len(pushes[0]))
    return FactorialHMM(np.full((2, 2), 0.5), np.stack([transition] * 2), means, noise)


def three_posteriors(model, x):
    """p(s_t^m = 1) by exact inference and under both families, with their bounds in nats.

    Returns a dict: exact, structured, factorised, each (M, T); log_evidence; structured_elbo,
    factorised_elbo, and the gaps to the evidence. The structured ascent starts from the factorised
    optimum, which its family holds, so that it can only be the tighter of the two.
    """
    from helpers.ascent import climb
    from helpers.fhmm import exact, mean_field, structured

    posterior = exact(model, x)
    evidence = float(posterior.log_evidence)
    starts = (None, np.random.default_rng(0))
    singles = [climb(mean_field(model, x, rng), rtol=1e-10).state for rng in starts]
    chains = [climb(structured(model, x, start=s.q), rtol=1e-10).state for s in singles]
    numbers = {"log_evidence": evidence, "exact": posterior.marginals[:, :, 1].T}
    for family, ends in (("structured", chains), ("factorised", singles)):
        best = max(ends, key=lambda state: state.elbo)
        numbers[family] = best.q.marginals[:, :, 1].T
        numbers[f"{family}_elbo"] = float(best.elbo)
        numbers[f"{family}_gap"] = evidence - float(best.elbo)
    return numbers


def fhmm():
    """Marginals and bounds of two chains by their coupling, on the same states and noise."""
    noise = NOISE * np.random.default_rng(SEED).standard_normal((len(STATES), 2))
    models = map(coupled_model, COUPLINGS)
    tables = [three_posteriors(model, STATES @ model.means[:, 1] + noise) for model in models]
    numbers = {name: np.array([table[name] for table in tables]) for name in tables[0]}
    widest = 1.1 * max(numbers["structured_gap"].max(), numbers["factorised_gap"].max())
    data = {
        "title": "Factorial HMM: what each independence costs",
        "controls": [indexed("coupling", "coupling of the chains", COUPLINGS, len(COUPLINGS) - 1)],
        "numbers": numbers,
        "truth": STATES.T,
        "widest": widest,
        "yticks": ticks(-widest, 0),
    }
    return Interactive("fhmm", data)
