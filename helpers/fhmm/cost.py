"""What inference costs: the flat HMM that a factorial one is equal to, and operation counts."""

from functools import reduce

import numpy as np

from helpers.arguments import whole_number
from helpers.fhmm.model import FactorialHMM
from helpers.fhmm.size import MOST_BYTES, in_bytes, in_words


def flatten(model):
    """The same distribution over x as one chain of L^M states, with an L^M x L^M transition.

    State k of the flat chain stands for np.unravel_index(k, (L,) * M) of the factorial one.

    Raises:
        ValueError: the transition matrix does not fit into memory; the message says how large
            it would be.
    """
    states = model.n_states**model.n_chains
    if 8 * states**2 > MOST_BYTES:
        raise ValueError(
            f"model: the flat HMM has {model.n_states}^{model.n_chains} = {in_words(states)} "
            f"states, and its transition matrix needs {in_bytes(8 * states**2)}, more than "
            f"{in_bytes(MOST_BYTES)}; exact() does without it"
        )
    means = np.zeros((1, model.n_dimensions))
    for chain in model.means:
        means = (means[:, None] + chain).reshape(-1, model.n_dimensions)
    return FactorialHMM(
        reduce(np.kron, model.initial)[None],
        reduce(np.kron, model.transition)[None],
        means[None],
        model.covariance,
    )


def multiplications(n_chains, n_states, T, algorithm="factorial"):
    """Multiplications to pass messages along T steps in both directions, as a whole number.

        flat: 2 T L^(2M)        factorial: 2 T M L^(M+1)
        structured: 2 T M L^2   mean_field: 2 T M L^2, these two for a single sweep

    The first is the cost on the tutorial's slide "Factorial HMMs", and that of the flat HMM; the
    second uses that each chain moves by itself (Ghahramani & Jordan, 1997).
    """
    M, L = whole_number("n_chains", n_chains), whole_number("n_states", n_states)
    steps = 2 * whole_number("T", T)
    counts = {
        "flat": L ** (2 * M),
        "factorial": M * L ** (M + 1),
        "structured": M * L**2,
        "mean_field": M * L**2,
    }
    if algorithm not in counts:
        raise ValueError(f"algorithm: expected one of {tuple(counts)}, got {algorithm!r}")
    return steps * counts[algorithm]
