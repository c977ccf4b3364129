"""Structured mean field: the chains are independent under q, and each remains a Markov chain."""

from dataclasses import dataclass

import numpy as np

from helpers.arguments import generator, whole_number
from helpers.fhmm.families import (
    Chains,
    as_factorised,
    elbo,
    expected_log_likelihood,
    refuse_misfit,
)
from helpers.fhmm.messages import Dynamics
from helpers.fhmm.model import as_sequences


@dataclass(frozen=True, eq=False)
class State:
    """One point of an ascent: q and its bound in nats."""

    q: object
    elbo: float


def structured(model, x, rng=None, start=None):
    """Coordinate ascent over whole chains, q(s) = prod_m q(s_1^m, ..., s_T^m).

    Given the others, the best q(s^m) is a hidden Markov chain with the model's own initial and
    transition probabilities and, in place of p(x_t | s_t), the effective evidence

        evidence_t(i) = means_i . C^-1 (x_t - sum_(n != m) E_q[output of n at t])
                        - 1/2 means_i . C^-1 means_i

    so that forward-backward on one chain gives it: a sweep costs O(T M L^2).

    Args:
        model: :class:`FactorialHMM`. x: (T, P), or a list of such arrays.
        rng: a random starting point; without it q starts at the prior.
        start: a q to start from, :class:`Factorised`, :class:`Chains` or marginals (T, M, L);
            the bound never ends below that of the start.
    Yields:
        :class:`State`: the start, then one after each sweep over all chains.
    Raises:
        ValueError: the data, or the start, do not fit the model.
    Source: the slide "Factorial HMMs: Intuition"; Ghahramani & Jordan (1997).
    """
    x = as_sequences(model, x)
    if start is None:
        start = starting_chains(model, x, rng)
    elif not hasattr(start, "marginals"):
        start = as_factorised(model, x, start)
    refuse_misfit("start", model, x, start)
    return _ascent(model, x, start)


def starting_chains(model, x, rng=None):
    """q at the prior, or, with an rng, at the prior with random evidence of about one nat."""
    evidence = np.zeros((len(x.x), model.n_chains, model.n_states))
    if rng is not None:
        evidence = generator("rng", rng).standard_normal(evidence.shape)
    chains = [chain.messages(evidence[:, m], x) for m, chain in enumerate(_dynamics(model))]
    return _chains(model, x, list(evidence.swapaxes(0, 1)), chains)


def update_chain(model, x, q, m):
    """The best chain m given the other chains of q: a :class:`Chains` q that differs in m only.

    m counts from zero.
    """
    x, m = as_sequences(model, x), whole_number("m", m, minimum=0, maximum=model.n_chains - 1)
    refuse_misfit("q", model, x, q)
    others = np.delete(np.arange(model.n_chains), m)
    expected = np.einsum("tml,mlp->tp", q.marginals[:, others], model.whitened_means[others])
    evidence = list(q.evidence.swapaxes(0, 1))
    evidence[m] = effective_evidence(model, model.whiten(x.x) - expected, m)
    messages = list(q.messages)
    messages[m] = _dynamics(model)[m].messages(evidence[m], x)
    return _chains(model, x, evidence, messages)


def effective_evidence(model, residual, m):
    """log of what stands in for p(x_t | s_t^m = i), up to a constant: (T, L).

    residual: what the other chains leave of x, in whitened units, (T, P).
    """
    means = model.whitened_means[m]
    return residual @ means.T - 0.5 * (means**2).sum(1)


def _ascent(model, x, start):
    q = start
    yield State(q, elbo(model, x, q).elbo)
    whitened, dynamics = model.whiten(x.x), _dynamics(model)
    outputs = np.einsum("tml,mlp->mtp", q.marginals, model.whitened_means, optimize=True)
    evidence, messages, scales = ([None] * model.n_chains for _ in range(3))
    while True:
        residual = whitened - outputs.sum(0)
        for m, chain in enumerate(dynamics):
            residual += outputs[m]
            evidence[m] = effective_evidence(model, residual, m)
            messages[m] = chain.messages(evidence[m], x, scales[m])
            scales[m] = messages[m].log_scale
            outputs[m] = messages[m].marginals @ model.whitened_means[m]
            residual -= outputs[m]
        q = _chains(model, x, evidence, messages)
        yield State(q, _bound(model, whitened, q, outputs))


def _bound(model, whitened, q, outputs):
    """E_q[log p(x | s)] - sum_m KL(q(s^m) || p(s^m)); the KL is that of evidence alone."""
    kl = (q.marginals * q.evidence).sum() - q.log_normalisers.sum()
    return expected_log_likelihood(model, whitened, q.marginals, outputs) - float(kl)


def _dynamics(model):
    own = [slice(m, m + 1) for m in range(model.n_chains)]
    return [Dynamics(model.initial[m], model.transition[m]) for m in own]


def _chains(model, x, evidence, messages):
    marginals = np.array([chain.marginals for chain in messages]).swapaxes(0, 1)
    log_normalisers = np.array([chain.log_evidences.sum() for chain in messages])
    evidence = np.array(evidence).swapaxes(0, 1)
    return Chains(
        marginals, x, model.initial, model.transition, evidence, log_normalisers, tuple(messages)
    )
