"""Learning a factorial HMM by EM, with exact or approximate inference in the E-step."""

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from helpers.arguments import generator, instance, whole_number
from helpers.ascent import climb
from helpers.fhmm.exact import exact
from helpers.fhmm.gibbs import average_of_samples
from helpers.fhmm.mean_field import mean_field
from helpers.fhmm.model import FactorialHMM, as_sequences
from helpers.fhmm.starts import best_by_halves, flat_model, floored, softened, some_pieces
from helpers.fhmm.structured import structured

RESTARTS = 20  # about half of the starts end where the best does, in hard cases one in five
FEW = 64  # joint states up to which exact inference is as cheap as any
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
    restarts=RESTARTS,
    sweeps=5,
    warm_up=10,
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
        restarts: starting models, each with flat transitions and random outputs. All take
            ``warm_up`` steps, the better half of them twice as many, and so on until one is
            left, with which the ascent begins. In these rounds inference is exact where joint
            states are few, else structured, and of long data some pieces are seen.
        sweeps: coordinate sweeps over q in each E-step, from where the last one ended; samples
            in the E-step for "gibbs".
        warm_up: steps of EM in the first round.
        start: a model to start from, in place of random ones.
    Yields:
        :class:`FitState`: the starting model with its q, then one after each step.
    Raises:
        ValueError: the data are empty or hold NaN, an unknown inference, or, with exact
            inference, a product of states that does not fit into memory; a start of another
            size.
    Source: the slide "Performing VI (Frequentist Case)"; Ghahramani & Jordan (1997).
    """
    sizes = whole_number("n_chains", n_chains), whole_number("n_states", n_states)
    if start is not None:
        _check_start(start, sizes)
    x = as_sequences(start, sequences)
    rng, sweeps = generator("rng", rng), whole_number("sweeps", sweeps)
    if inference not in INFERENCES:
        raise ValueError(f"inference: expected one of {INFERENCES}, got {inference!r}")
    restarts, warm_up = whole_number("restarts", restarts), whole_number("warm_up", warm_up)
    if start is None:
        models = [flat_model(x, *sizes, rng) for _ in range(restarts)]
    else:
        models = [start]
    return _ascent(models, x, rng, inference, sweeps, warm_up)


def _check_start(start, sizes):
    given = instance("start", start, FactorialHMM).means.shape[:2]
    if given != sizes:
        raise ValueError(
            f"start: expected a model of {sizes} chains and states, as n_chains and n_states say, "
            f"got one of {given}"
        )


def _ascent(models, x, rng, inference, sweeps, warm_up):
    if len(models) > 1:
        model = _best(models, some_pieces(x, rng), rng, *_cheapest(models[0]), warm_up).model
        # q is new to this model: see softened
        models = [model] if inference == "exact" else [model, softened(model, x)]
    yield from _em(_best(models, x, rng, inference, sweeps, warm_up), x, rng, inference, sweeps)


def _cheapest(model):
    """Inference for the rounds, and its sweeps: exact where joint states are few."""
    return ("exact" if model.n_states**model.n_chains <= FEW else "structured"), 1


def _best(models, x, rng, inference, sweeps, warm_up):
    """The best of several models after rounds of EM, or a single one as it is."""

    def advance(state, n_steps):
        end = climb(_em(state, x, rng, inference, sweeps), max_steps=n_steps).state
        # the exact posterior is large, and the next step does not begin with it
        return replace(end, q=None) if inference == "exact" else end

    field = [FitState(None, -np.inf, model) for model in models]
    return best_by_halves(field, advance, warm_up)


def _em(start, x, rng, inference, sweeps):
    """Steps of EM from a start on, whose q is brought up to its model first."""
    q, model = start.q, start.model
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
    return (means + centre / chains).reshape(chains, states, -1), floored(covariance, x)
