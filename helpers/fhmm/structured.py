"""Structured mean field: the chains are independent under q, and each remains a Markov chain."""

from dataclasses import replace

import numpy as np
from scipy.special import xlogy

from helpers.arguments import generator
from helpers.ascent import State, ascending
from helpers.fast.fhmm_messages import Dynamics, row_maximum
from helpers.fhmm.exact import pass_messages
from helpers.fhmm.families import (
    Chains,
    effective_evidence,
    elbo,
    expected_log_likelihood,
    mean_outputs,
    starting_q,
)
from helpers.fhmm.model import observed

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
    prior. start: a q to start from, of either family, or marginals (T, M, L). ValueError where x or
    start does not fit. Source: the slide "Factorial HMMs: Intuition"; Ghahramani & Jordan (1997).
    """
    x = observed(model, x)
    if start is not None:
        return _ascent(model, x, starting_q(model, x, start))
    shape, dynamics = (len(x.x), *model.initial.shape), _dynamics(model)
    evidence = np.zeros(shape)
    if rng is not None:  # about one nat
        evidence = generator("rng", rng).standard_normal(shape)
    messages = [pass_messages(chain, evidence[:, m], x) for m, chain in enumerate(dynamics)]
    marginals = [chain.joint() for chain in messages]
    return _ascent(model, x, _chains(model, x, evidence.swapaxes(0, 1), messages, marginals))


@ascending
def _ascent(model, x, q):
    yield State(q, elbo(model, x, q).elbo)
    whitened, dynamics = model.whiten(x.x), _dynamics(model)
    outputs = mean_outputs(model, q.marginals)
    evidence, messages, marginals, scales = ([None] * model.n_chains for _ in range(4))
    while True:
        residual = whitened - outputs.sum(0)
        for m, chain in enumerate(dynamics):
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


def _dynamics(model):
    return [Dynamics(model.initial[[m]], model.transition[[m]]) for m in range(model.n_chains)]


def _chains(model, x, evidence, messages, marginals):
    marginals, evidence = np.stack(marginals, axis=1), np.stack(evidence, axis=1)
    q = Chains(marginals, x, model, evidence, tuple(messages))
    return q if not any(chain.logs for chain in messages) else _less_its_own(q)


def _less_its_own(q):
    """The same q, with evidence less what q expects of it where that is large.

    A chain that may not go where the evidence is has log Z and E_q[evidence] of that size, and
    their difference few digits; measured from E_q[evidence], log Z is -KL(q(s^m) || p(s^m)).
    """
    told = (q.marginals * q.evidence).sum(-1, keepdims=True)  # (T, M, 1)
    if told.min() > -LARGE:
        return q
    chains = zip(q.messages, _kl_to_prior(q), strict=True)
    messages = [replace(chain, log_evidences=-kl) for chain, kl in chains]
    return replace(q, evidence=q.evidence - told, messages=tuple(messages))


def _kl_to_prior(q):
    """KL(q(s^m) || p(s^m)) of each chain as a sum over its steps, (M, 1)."""
    rows, transition = q.sequences.before_a_step, q.model.transition
    first = q.marginals[q.sequences.first]
    start = xlogy(first, first) - xlogy(first, q.model.initial)
    kl = start.sum((0, 2))
    for m, chain in enumerate(q.messages):
        pairs = chain.pair_marginals(transition[[m]], rows)[:, 0]  # (rows, L, L)
        leaving = pairs.sum(-1, keepdims=True)
        kl[m] += (xlogy(pairs, pairs) - xlogy(pairs, leaving) - xlogy(pairs, transition[m])).sum()
    return kl[:, None]
