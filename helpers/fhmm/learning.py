"""Learning a factorial HMM by EM, with exact or approximate inference in the E-step."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from helpers.arguments import generator, whole_number
from helpers.fhmm.exact import exact
from helpers.fhmm.gibbs import average_of_samples
from helpers.fhmm.mean_field import mean_field
from helpers.fhmm.model import FactorialHMM, as_sequences
from helpers.fhmm.structured import structured

FLOOR = 1e-6  # of the data's average variance: the least variance of the noise in any direction
INFERENCES = ("exact", "structured", "mean_field", "gibbs")


@dataclass(frozen=True, eq=False)
class FitState:
    """One step of EM: the model, q fitted to it, and the bound in nats of that pair.

    noisy is True where q comes from samples, so that the bound may fall.
    """

    q: object
    elbo: float
    model: FactorialHMM
    noisy: bool = False


def fit(
    sequences,
    n_chains,
    n_states,
    rng,
    inference="structured",
    restarts=1,
    sweeps=5,
    warm_up=20,
    start=None,
):
    """EM: q given the model, then the model given q, each step raising the same bound.

    The M-step is in closed form: expected counts for initial and transition, linear regression
    of x on the expected states for the means, what is left for the covariance. With exact
    inference the bound is log p(x); with the others it is the ELBO, whose maximiser is in
    general not the maximum-likelihood estimate.

    Args:
        sequences: a list of arrays (T_n, P), or one array (T, P).
        n_chains, n_states: M and L; one chain gives the ordinary, flat HMM.
        rng: draws the starting models, starting points of q, and Gibbs samples.
        inference: "exact", "structured", "mean_field" or "gibbs".
        restarts: starting models; each takes ``warm_up`` steps, and the best goes on.
        sweeps: coordinate sweeps over q in each E-step, from where the last one ended; samples
            in the E-step for "gibbs".
        start: a model to start from, in place of random ones.
    Yields:
        :class:`FitState`: the starting model with its q, then one after each step.
    Raises:
        ValueError: the data are empty or hold NaN, an unknown inference, or, with exact
            inference, a product of states that does not fit into memory.
    Source: the slide "Performing VI (Frequentist Case)"; Ghahramani & Jordan (1997).
    """
    x = as_sequences(start, sequences)
    sizes = whole_number("n_chains", n_chains), whole_number("n_states", n_states)
    rng, sweeps = generator("rng", rng), whole_number("sweeps", sweeps)
    if inference not in INFERENCES:
        raise ValueError(f"inference: expected one of {INFERENCES}, got {inference!r}")
    restarts, warm_up = whole_number("restarts", restarts), whole_number("warm_up", warm_up)
    models = [random_model(x, *sizes, rng) for _ in range(restarts)] if start is None else [start]
    return _best(models, x, rng, inference, sweeps, warm_up)


def _best(models, x, rng, inference, sweeps, warm_up):
    ascents = [_em(model, x, rng, inference, sweeps) for model in models]
    if len(ascents) == 1:
        yield from ascents[0]
        return
    warm = [list(islice(ascent, warm_up)) for ascent in ascents]
    best = int(np.argmax([states[-1].elbo for states in warm]))
    yield from warm[best]
    yield from ascents[best]


def _em(model, x, rng, inference, sweeps):
    q = None
    while True:
        q, elbo = _e_step(model, x, q, rng, inference, sweeps)
        yield FitState(q, elbo, model, noisy=inference == "gibbs")
        model = maximise(model, x, q)


def _e_step(model, x, q, rng, inference, sweeps):
    """q for this model, from the last q on, and its bound."""
    if inference == "exact":
        q = exact(model, x)
        return q, q.log_evidence
    if inference == "gibbs":
        return average_of_samples(model, x, rng, sweeps, q)
    infer = {"structured": structured, "mean_field": mean_field}[inference]
    state = list(islice(infer(model, x, rng, start=q), sweeps + 1))[-1]
    return state.q, state.elbo


def maximise(model, x, q):
    """The M-step: the model that maximises E_q[log p(x, s)], given the moments of q.

    Args:
        model: the present model, whose rows remain where q never uses a state.
        x: (T, P), or a list of such arrays.
        q: with marginals, expected_transitions and expected_coincidences; a
            :class:`Posterior`, :class:`Factorised` or :class:`Chains`.
    """
    x = as_sequences(model, x)
    steps = q.expected_transitions
    total = steps.sum(2, keepdims=True)
    transition = np.where(total > 0, steps / np.where(total > 0, total, 1), model.transition)
    initial = q.marginals[x.first].mean(0)
    means, covariance = _regress(x.x, q)
    return FactorialHMM(
        initial / initial.sum(1, keepdims=True),
        transition / transition.sum(2, keepdims=True),
        means,
        covariance,
    )


def _regress(x, q):
    """Least squares of x on the states, and the covariance of what is left."""
    T, chains, states = q.marginals.shape
    centre = x.mean(0)
    x = x - centre
    coincidences = q.expected_coincidences.reshape(chains * states, chains * states)
    outputs = q.marginals.reshape(T, -1).T @ x
    # the states of each chain sum to one, so that the system has M - 1 directions without effect
    means = np.linalg.pinv(coincidences, rcond=1e-12, hermitian=True) @ outputs
    cross = outputs.T @ means
    covariance = (x.T @ x - cross - cross.T + means.T @ coincidences @ means) / T
    return (means + centre / chains).reshape(chains, states, -1), _floored(covariance, x)


def _floored(covariance, x):
    """The likeliest covariance with no variance below the floor: eigenvalues are raised to it."""
    floor = FLOOR * x.var(0).mean() or FLOOR  # data without any variance
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return (vectors * np.maximum(values, floor)) @ vectors.T


def random_model(x, n_chains, n_states, rng):
    """A model to start from: any chains, outputs as wide as the data, the data's covariance."""
    data = as_sequences(None, x).x
    covariance = _floored(np.atleast_2d(np.cov(data.T, bias=True)), data)
    noise = rng.standard_normal((n_chains, n_states, data.shape[1]))
    spread = noise @ np.linalg.cholesky(covariance).T / n_chains**0.5
    return FactorialHMM(
        rng.dirichlet(np.ones(n_states), n_chains),
        rng.dirichlet(np.ones(n_states), (n_chains, n_states)),
        spread + data.mean(0) / n_chains,
        covariance,
    )
