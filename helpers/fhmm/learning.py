"""Learning a factorial HMM by EM, with exact or approximate inference in the E-step.

    E-step  q given the model: exact, or some sweeps of structured or mean_field
    M-step  the model given q, in closed form: maximise

Each raises the same bound.
"""

from dataclasses import replace
from itertools import islice

import numpy as np

from helpers.arguments import generator, instance, one_of, refuse_large, whole_number
from helpers.ascent import State, ascending, climb
from helpers.fhmm.exact import Posterior, exact
from helpers.fhmm.families import checked_q
from helpers.fhmm.mean_field import mean_field
from helpers.fhmm.model import FactorialHMM, observed
from helpers.fhmm.sequences import as_sequences
from helpers.fhmm.starts import flat_model, floored, rounds_of_halving, some_pieces, wide_covariance
from helpers.fhmm.structured import structured

RESTARTS = 20  # about half of the starts end where the best does, in hard cases one in five
MOST_RESTARTS = 10_000  # more would only fill the memory
FEW = 64  # joint states up to which exact inference is as cheap as any
NOTABLE = 1e-4  # relative rise of the bound from which a new leader of the restarts is shown


def fit(
    sequences, n_chains, n_states, rng, inference="structured", restarts=RESTARTS, sweeps=5,
    warm_up=10, start=None,
):  # fmt: skip
    """EM from the best of several starts; states with ``model``, without end.

    With exact inference the bound is log p(x); with the others it is the ELBO, whose maximiser is
    in general not the maximum-likelihood estimate.

        ascent = climb(fit(sequences, n_chains=2, n_states=3, rng=rng))
        ascent.state.model, ascent.elbos

    Args:
        sequences: a list of arrays (T_n, P), or one array (T, P).
        n_chains, n_states: M and L; one chain gives the ordinary, flat HMM.
        rng: draws the starting models and starting points of q.
        inference: "exact", "structured" or "mean_field"; or an E-step of your own, a function of
            (model, sequences, the former q or None) that returns a State with q and elbo.
        restarts: starting models with flat transitions and random outputs. All take ``warm_up``
            steps, the better half twice as many, and so on until one is left. In these rounds
            inference is exact where joint states are few, else structured, on pieces of long data.
        sweeps: coordinate sweeps over q in each E-step, from where the last one ended.
        start: a model to start from, in place of random ones.
    Yields:
        The first starting model at once, the leader after each round where it is notably better,
        then a state after each step of EM. ValueError where an argument does not fit.
    Source: the slide "Performing VI (Frequentist Case)"; Ghahramani & Jordan (1997).
    """
    sizes = whole_number("n_chains", n_chains), whole_number("n_states", n_states)
    if start is not None and instance("start", start, FactorialHMM).means.shape[:2] != sizes:
        raise ValueError(
            f"start: expected a model of {sizes} chains and states, as n_chains and n_states say, "
            f"got one of {start.means.shape[:2]}"
        )
    x = as_sequences(sequences, getattr(start, "n_dimensions", None), "sequences")
    refuse_large("n_chains/n_states", *sizes, max(sizes[1], x.x.shape[1]))
    rng, sweeps = generator("rng", rng), whole_number("sweeps", sweeps)
    if not callable(inference):
        one_of("inference", inference, ("exact", "structured", "mean_field"))
    restarts = whole_number("restarts", restarts, maximum=MOST_RESTARTS)
    warm_up = whole_number("warm_up", warm_up)
    models = [flat_model(x, *sizes, rng) for _ in range(restarts)] if start is None else [start]
    return _ascent(models, x, rng, inference, sweeps, warm_up)


def _em(start, x, e_step):
    """Steps of EM from a start on, whose q is brought up to its model first."""
    q, model = start.q, start.model
    while True:
        found = instance("inference(model, sequences, q)", e_step(model, x, q), State)
        state = replace(found, model=model)
        yield state
        q, model = state.q, maximise(model, x, state.q)


def _e_step(inference, sweeps, rng):
    """A function that gives a state for a model, the data and the last q."""

    def step(model, x, q):
        if inference == "exact":
            q = exact(model, x)
            return State(q, q.log_evidence)
        infer = structured if inference == "structured" else mean_field
        return next(islice(infer(model, x, rng, start=q), sweeps, None))

    return inference if callable(inference) else step


def maximise(model, x, q):
    """The M-step: the model that maximises E_q[log p(x, s)], given the moments of q.

        initial = q(s_1^m),   transition[m, i, j] = E[steps i to j] / E[steps from i],
        means = least squares of x on the states,   covariance = what is left, on average

    model: the present one, whose rows remain where q never uses a state. x: (T, P), or a list of
    such arrays. q: :class:`Posterior`, :class:`Factorised`, :class:`Chains` or other moments.
    """
    x = observed(model, x)
    q = checked_q("q", model, x, q)
    steps = q.expected_transitions
    total = steps.sum(2, keepdims=True)
    transition = np.divide(steps, total, out=np.array(model.transition), where=total > 0)
    initial = q.marginals[x.first].mean(0)
    initial /= initial.sum(1, keepdims=True)
    transition /= transition.sum(2, keepdims=True)
    return FactorialHMM(initial, transition, *_regress(x.x, q))


def _regress(x, q):
    """Least squares of x on the states, and the covariance of what is left."""
    T, chains, states = q.marginals.shape
    centre = x.mean(0)
    residual = x - centre
    coincidences = q.expected_coincidences.reshape(chains * states, chains * states)
    outputs = q.marginals.reshape(T, -1).T @ residual
    # the states of each chain sum to one, so that the system has M - 1 directions without effect
    means = np.linalg.pinv(coincidences, rcond=1e-12, hermitian=True) @ outputs
    cross = outputs.T @ means
    left = (residual.T @ residual - cross - cross.T + means.T @ coincidences @ means) / T
    return (means + centre / chains).reshape(chains, states, -1), floored(left, x)


@ascending
def _ascent(models, x, rng, inference, sweeps, warm_up):
    e_step = _e_step(inference, sweeps, rng)
    best = _unknown(models[0])
    if len(models) > 1:
        shown = -np.inf
        for model in _leaders(models, x, rng, warm_up):
            state = next(_em(_unknown(model), x, e_step))
            if state.elbo - shown > NOTABLE * abs(state.elbo):
                yield state
                shown = state.elbo
            best = max(best, _light(state), key=lambda one: one.elbo)
        if inference != "exact":  # q is new to this model: see wide_covariance
            wide = replace(best.model, covariance=wide_covariance(x.x))
            *_, best = rounds_of_halving([best, _unknown(wide)], _advance(x, e_step), warm_up)
    first = next(steps := _em(best, x, e_step))
    if first.elbo > best.elbo or first.noisy:  # else it was there already
        yield first
    yield from steps


def _leaders(models, x, rng, warm_up):
    """The first model, then the best one after each round of EM on some pieces of the data."""
    yield models[0]
    few = models[0].n_states ** models[0].n_chains <= FEW
    advance = _advance(some_pieces(x, rng), _e_step("exact" if few else "structured", 1, rng))
    field = [_unknown(model) for model in models]
    yield from (leader.model for leader in rounds_of_halving(field, advance, warm_up))


def _unknown(model):
    return State(None, -np.inf, model)


def _advance(x, e_step):
    return lambda state, n: _light(climb(_em(state, x, e_step), max_steps=n).state)


def _light(state):
    """Without an exact posterior: it is large, and the next step does not begin with it."""
    return replace(state, q=None) if isinstance(state.q, Posterior) else state
