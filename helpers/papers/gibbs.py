"""Gibbs sampling of a factorial HMM's states given the data, the Monte Carlo rival of mean field.

The same conditional that mean field averages over its neighbours' distributions is here computed
from one sampled value of each neighbour, and a value is drawn from it. Source: Ghahramani & Jordan
(1997), section 3.3.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from helpers.arguments import generator
from helpers.ascent import State
from helpers.fhmm.families import Factorised, effective_evidence, elbo
from helpers.fhmm.mean_field import expected_log_prior, starting_marginals
from helpers.fhmm.model import observed
from helpers.fhmm.sequences import Sequences


@dataclass(frozen=True, eq=False)
class SampleAverage:
    """Moments of p(s | x) as averages over samples.

    marginals (T, M, L), expected_transitions (M, L, L), expected_coincidences (M, L, M, L);
    states: the last sample, (T, M), from which a chain may go on.
    """

    marginals: np.ndarray
    expected_transitions: np.ndarray
    expected_coincidences: np.ndarray
    sequences: Sequences
    states: np.ndarray


def gibbs(model, x, rng, start=None):
    """Samples of p(s | x): each sweep draws every s_t^m given all other variables.

    Args:
        model: :class:`FactorialHMM`. x: (T, P), or a list of such arrays.
        rng: numpy.random.Generator.
        start: states to begin with, (T, M) whole numbers; otherwise each chain starts at random.
    Yields:
        states (T, M) after each sweep, without end; successive samples are correlated.
    Raises:
        ValueError: the data, or the start, do not fit the model.
    """
    x, rng = observed(model, x), generator("rng", rng)
    if start is None:
        start = starting_marginals(model, x, rng).argmax(2)
    return _sweeps(model, x, rng, model.checked_states(start, len(x.x), "start"))


def _sweeps(model, x, rng, states):
    whitened, means = model.whiten(x.x), model.whitened_means
    while True:
        chosen = np.eye(model.n_states)[states]  # (T, M, L), ones and zeros
        residual = whitened - np.einsum("tml,mlp->tp", chosen, means, optimize=True)
        for m in range(model.n_chains):
            residual += means[m][states[:, m]]
            evidence, states = effective_evidence(model, residual, m), states.copy()
            for rows in x.halves:
                prior = expected_log_prior(model, x, chosen[:, m], m, rows)
                logits = evidence[rows] + prior
                # adding Gumbel noise makes the largest logit a draw from their softmax
                drawn = (logits + rng.gumbel(size=logits.shape)).argmax(1)
                states[rows, m], chosen[rows, m] = drawn, np.eye(model.n_states)[drawn]
            residual -= means[m][states[:, m]]
        yield states


def sampled_e_step(n_samples, rng):
    """An E-step for :func:`helpers.fhmm.fit` that averages over Gibbs samples.

    The samples themselves have no bound; that of the factorised q with their marginals is loose,
    and only there to be watched: the state is noisy.
    """

    def e_step(model, x, former):
        sweeps = gibbs(model, x, rng, getattr(former, "states", None))
        samples = list(islice(sweeps, n_samples))
        each = [Factorised(np.eye(model.n_states)[states], x) for states in samples]
        average = SampleAverage(
            sum(one.marginals for one in each) / n_samples,
            sum(one.expected_transitions for one in each) / n_samples,
            sum(one.expected_coincidences for one in each) / n_samples,
            x,
            samples[-1],
        )
        bound = elbo(model, x, Factorised(average.marginals, x)).elbo
        return State(average, bound, noisy=True)

    return e_step
