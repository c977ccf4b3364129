"""Structured mean field: the chains are independent under q, and each remains a Markov chain."""

from dataclasses import replace
from itertools import islice

import numpy as np
from scipy.special import xlogy

from helpers.arguments import generator, instance
from helpers.ascent import State, ascending
from helpers.fast.fhmm_messages import Dynamics, row_maximum
from helpers.fhmm.exact import pass_messages
from helpers.fhmm.families import (
    Chains,
    checked_q,
    effective_evidence,
    elbo,
    expected_log_likelihood,
    mean_outputs,
)
from helpers.fhmm.model import FactorialHMM, observed

LARGE = 1e4  # evidence, in nats, from which on differences lack digits that a bound needs


def structured(model, x, rng=None, start=None):
    """Coordinate ascent over whole chains, q(s) = prod_m q(s_1^m, ..., s_T^m).

    Given the others, the best q(s^m) is a hidden Markov chain with the model's own initial and
    transition probabilities and, in place of log p(x_t | s_t), the effective evidence h:

        log q(s^m) = log p(s_1^m) + sum_t log p(s_t^m | s_(t-1)^m) + sum_t h_t^m(s_t^m)    (4a.7)

    so that forward-backward on one chain gives it: a sweep costs O(T M L^2). The states, the start
    and one after each sweep over all chains, have no end:

        ascent = climb(structured(model, x))
        ascent.state.q.marginals, ascent.elbos

    x: (T, P), or a list of such arrays. rng: a random starting point; without it q starts at the
    prior, :func:`annealed` is a better one. start: a q to start from, of either family, or
    marginals (T, M, L). ValueError where x or start does not fit. Source: the slide "Factorial
    HMMs: Intuition"; Ghahramani & Jordan (1997).
    """
    x = observed(model, x)
    chains = [Dynamics(model.initial[[m]], model.transition[[m]]) for m in range(model.n_chains)]
    if start is None:
        evidence = np.zeros((len(x.x), *model.initial.shape))
        if rng is not None:
            evidence += generator("rng", rng).standard_normal(evidence.shape)  # about one nat
        evidence = evidence.swapaxes(0, 1)
        messages = [pass_messages(chain, evidence[m], x) for m, chain in enumerate(chains)]
        start = _chains(model, x, evidence, messages, [chain.joint() for chain in messages])
    return _ascent(model, x, checked_q("start", model, x, start), chains)


def annealed(model, x):
    """A q to start from: two sweeps each with 64, 32, ... and 2 times the model's covariance.

        ascent = climb(structured(model, x, start=annealed(model, x)))

    Of 390 random models (2 to 4 chains of 2 to 4 states) 111 end more than a nat below the best of
    twelve starts if they begin at the prior, 124 at a random q, 13 here. It draws nothing.
    x: (T, P), or a list of such arrays. Returns a :class:`Chains`. Source: Ueda & Nakano (1998).
    """
    instance("model", model, FactorialHMM)
    q = None
    for heat in (64, 32, 16, 8, 4, 2):
        hot = replace(model, covariance=heat * model.covariance)
        q = next(islice(structured(hot, x, start=q), 2, None)).q
    return q


@ascending
def _ascent(model, x, q, chains):
    yield State(q, elbo(model, x, q).elbo)
    whitened, outputs = model.whiten(x.x), mean_outputs(model, q.marginals)
    evidence, messages, marginals, scales = ([None] * model.n_chains for _ in range(4))
    while True:
        residual = whitened - outputs.sum(0)
        for m, chain in enumerate(chains):
            residual += outputs[m]
            evidence[m] = effective_evidence(model, residual, m)  # (4a.4)
            evidence[m] -= row_maximum(evidence[m])[:, None]  # else log Z - told rounds (4a.9)
            messages[m] = pass_messages(chain, evidence[m], x, scales[m])  # (4a.7)
            scales[m] = messages[m].log_scale
            marginals[m] = messages[m].joint()
            outputs[m] = marginals[m] @ model.whitened_means[m]
            residual -= outputs[m]
        q = _chains(model, x, evidence, messages, marginals)
        told = (q.marginals * q.evidence).sum()
        log_likelihood = expected_log_likelihood(model, whitened, q.marginals, outputs)
        yield State(q, float(q.log_normalisers.sum() - told + log_likelihood))  # (4a.9)


def _chains(model, x, evidence, messages, marginals):
    """The chains as one q, with evidence less what q expects of it where that is large.

    A chain that may not go where the evidence is has log Z and E_q[evidence] of that size, and
    their difference few digits; measured from E_q[evidence], log Z is -KL(q(s^m) || p(s^m)).
    """
    marginals, evidence = np.stack(marginals, axis=1), np.stack(evidence, axis=1)
    if not any(chain.logs for chain in messages):
        return Chains(marginals, x, model, evidence, tuple(messages))
    told = (marginals * evidence).sum(-1, keepdims=True)  # (T, M, 1)
    if told.min() < -LARGE:
        evidence = evidence - told
        chains = zip(messages, model.initial, strict=True)
        messages = [replace(one, log_evidences=-_kl_to_prior(one, first)) for one, first in chains]
    return Chains(marginals, x, model, evidence, tuple(messages))


def _kl_to_prior(messages, initial):
    """KL(q(s^m) || p(s^m)) of one chain as a sum over its steps, (1,)."""
    first, pairs = messages.joint(messages.sequences.first), messages.pair_marginals[:, 0]
    leaving = pairs.sum(-1, keepdims=True)
    start = xlogy(first, first) - xlogy(first, initial)
    steps = xlogy(pairs, pairs) - xlogy(pairs, leaving) - xlogy(pairs, messages.transition[0])
    return np.array([start.sum() + steps.sum()])
