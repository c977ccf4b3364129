"""Fully factorised mean field: every latent variable is independent of all others under q."""

import numpy as np
from scipy.special import softmax, xlogy

from helpers.arguments import generator, whole_number
from helpers.ascent import State, ascending
from helpers.fhmm.exact import best_path
from helpers.fhmm.families import Factorised, checked_q, effective_evidence, elbo, mean_outputs
from helpers.fhmm.model import logarithm, observed


def mean_field(model, x, rng=None, start=None):
    """Coordinate ascent over single variables, q(s) = prod_t prod_m q(s_t^m).

    Given the others, with the effective evidence h of :func:`effective_evidence`, the best factor
    is, up to a constant,

        log q(s_t^m = i) = sum_k q(s_(t-1)^m = k) log p(i | k)
                           + sum_k q(s_(t+1)^m = k) log p(k | i) + h_t^m(i)                (4a.3)

    with log initial[m, i] first at t = 1. A sweep updates, chain by chain, all even and then all
    odd steps at once: neighbours in time never move together, so that each half is still one
    exact coordinate step. The states, the start and one after each sweep, have no end:

        ascent = climb(mean_field(model, x))
        ascent.state.q.marginals, ascent.elbos

    x: (T, P), or a list of such arrays. rng: a random starting point; without it q starts uniform.
    A chain with impossible steps starts at one possible path, since a uniform q would have a bound
    of -inf. start: a q to start from, or marginals (T, M, L). ValueError where x or start does not
    fit. Source: the slide "Mean field FHMM Inference"; Ghahramani & Jordan (1997).
    """
    x = observed(model, x)
    start = starting_marginals(model, x, rng) if start is None else start
    return _ascent(model, x, Factorised(checked_q("start", model, x, start).marginals, x))


def update_factor(model, x, q, m, t):
    """The best factor q(s_t^m) given all others: a :class:`Factorised` q, changed there only.

    m and t count from zero.
    """
    x = observed(model, x)
    q = checked_q("q", model, x, q)
    m = whole_number("m", m, minimum=0, maximum=model.n_chains - 1)
    t = whole_number("t", t, minimum=0, maximum=len(x.x) - 1)
    marginals, outputs = q.marginals.copy(), mean_outputs(model, q.marginals)
    residual = model.whiten(x.x) - outputs.sum(0) + outputs[m]
    _update(model, x, marginals[:, m], m, np.array([t]), effective_evidence(model, residual, m))
    return Factorised(marginals, x)


@ascending
def _ascent(model, x, q):
    whitened, means = model.whiten(x.x), model.whitened_means
    while True:
        yield State(q, elbo(model, x, q).elbo)
        marginals = q.marginals.copy()
        residual = whitened - mean_outputs(model, marginals).sum(0)
        for m in range(model.n_chains):
            residual += marginals[:, m] @ means[m]
            evidence = effective_evidence(model, residual, m)  # (4a.4)
            for rows in x.halves:
                _update(model, x, marginals[:, m], m, rows, evidence)  # (4a.3)
            residual -= marginals[:, m] @ means[m]
        q = Factorised(marginals, x)


def _update(model, x, marginals, m, rows, evidence):
    """Replace some rows, no two of them neighbours, of one chain's marginals (T, L)."""
    logits = evidence[rows] + expected_log_prior(model, x, marginals, m, rows)
    possible = np.isfinite(logits).any(1)  # else the neighbours leave no state: keep what is there
    marginals[rows[possible]] = softmax(logits[possible], axis=1)


def expected_log_prior(model, x, marginals, m, rows):
    """E_q[log p(s_t | s_(t-1)) + log p(s_(t+1) | s_t)] for each s_t of chain m, (rows, L)."""
    result = np.zeros((len(rows), model.n_states))
    starts, ends = np.isin(rows, x.first), np.isin(rows, x.last)
    result[starts] = logarithm(model.initial[m])
    result[~starts] += _expected_log(marginals[rows[~starts] - 1], model.transition[m])
    result[~ends] += _expected_log(marginals[rows[~ends] + 1], model.transition[m].T)
    return result


def _expected_log(mass, matrix):
    """sum_k mass_k log matrix[k, i] with 0 log 0 = 0, (rows, L)."""
    if (matrix > 0).all():
        return mass @ np.log(matrix)
    return xlogy(mass[:, :, None], matrix).sum(1)


def starting_marginals(model, x, rng=None):
    """Uniform or random marginals, (T, M, L); a single path where some steps are impossible."""
    shape = (len(x.x), model.n_chains, model.n_states)
    if rng is None:
        marginals = np.full(shape, 1 / model.n_states)
    else:
        marginals = generator("rng", rng).dirichlet(np.ones(shape[2]), shape[:2])
    whitened = model.whiten(x.x)
    for m in range(model.n_chains):
        own = model.initial[[m]], model.transition[[m]]
        if not all((table > 0).all() for table in own):
            evidence = effective_evidence(model, whitened, m)
            if rng is not None:
                evidence += rng.gumbel(size=evidence.shape)
            path = np.concatenate([best_path(*own, part)[:, 0] for part in x.split(evidence)])
            marginals[:, m] = np.eye(model.n_states)[path]
    return marginals
