"""Fully factorised mean field: every latent variable is independent of all others under q."""

import numpy as np
from scipy.special import softmax

from helpers.arguments import generator, whole_number
from helpers.fhmm.families import Factorised, as_factorised, elbo, refuse_misfit
from helpers.fhmm.model import as_sequences
from helpers.fhmm.path import best_path
from helpers.fhmm.structured import State, effective_evidence


def mean_field(model, x, rng=None, start=None):
    """Coordinate ascent over single variables, q(s) = prod_t prod_m q(s_t^m).

    Given the others, the best factor is

        q(s_t^m = i) proportional to exp{ evidence_t(i) + sum_k q(s_(t-1)^m = k) log p(i | k)
                                          + sum_k q(s_(t+1)^m = k) log p(k | i) }

    with the effective evidence of :func:`structured`, and log initial[m, i] at t = 1. A sweep
    updates, chain by chain, all even and then all odd steps at once: neighbours in time never
    move together, so that each half is still one exact coordinate step.

    Args:
        model: :class:`FactorialHMM`. x: (T, P), or a list of such arrays.
        rng: a random starting point; without it q starts uniform. A chain with impossible
            steps starts at one possible path, since a uniform q would have a bound of -inf.
        start: a q to start from, or marginals (T, M, L).
    Yields:
        :class:`State`: the start, then one after each sweep; ``q.marginals`` is (T, M, L).
    Raises:
        ValueError: the data, or the start, do not fit the model.
    Source: the slide "Mean field FHMM Inference"; Ghahramani & Jordan (1997).
    """
    x = as_sequences(model, x)
    if start is None:
        start = starting_marginals(model, x, rng)
    return _ascent(model, x, as_factorised(model, x, getattr(start, "marginals", start)))


def update_factor(model, x, q, m, t):
    """The best factor q(s_t^m) given all others: a :class:`Factorised` q, changed there only.

    m and t count from zero.
    """
    x = as_sequences(model, x)
    refuse_misfit("q", model, x, q)
    m = whole_number("m", m, minimum=0, maximum=model.n_chains - 1)
    t = whole_number("t", t, minimum=0, maximum=len(x.x) - 1)
    marginals = q.marginals.copy()
    outputs = np.einsum("tml,mlp->mtp", marginals, model.whitened_means)
    residual = model.whiten(x.x) - np.delete(outputs, m, axis=0).sum(0)
    evidence = effective_evidence(model, residual, m)
    _update(marginals[:, m], np.array([t]), evidence, Steps(model, x, m))
    return Factorised(marginals, x)


def _ascent(model, x, q):
    yield State(q, elbo(model, x, q).elbo)
    whitened, means = model.whiten(x.x), model.whitened_means
    steps = [Steps(model, x, m) for m in range(model.n_chains)]
    while True:
        marginals = q.marginals.copy()
        residual = whitened - np.einsum("tml,mlp->tp", marginals, means, optimize=True)
        for m, step in enumerate(steps):
            residual += marginals[:, m] @ means[m]
            evidence = effective_evidence(model, residual, m)
            for rows in x.halves:
                _update(marginals[:, m], rows, evidence, step)
            residual -= marginals[:, m] @ means[m]
        q = Factorised(marginals, x)
        yield State(q, elbo(model, x, q).elbo)


def _update(marginals, rows, evidence, steps):
    """Replace some rows, no two of them neighbours, of one chain's marginals (T, L)."""
    logits = evidence[rows] + steps.expected_log_prior(marginals, rows)
    possible = np.isfinite(logits).any(1)  # else the neighbours leave no state: keep what is there
    marginals[rows[possible]] = softmax(logits[possible], axis=1)


class Steps:
    """The log prior of one chain's steps, with impossible ones kept apart (0 log 0 = 0)."""

    def __init__(self, model, x, m):
        with np.errstate(divide="ignore"):  # log 0 = -inf is right here
            self.log_initial = np.log(model.initial[m])
            log_transition = np.log(model.transition[m])
        self.impossible = np.isneginf(log_transition)
        self.log_transition = np.where(self.impossible, 0, log_transition)
        self.starts, self.ends = np.zeros(len(x.x), bool), np.zeros(len(x.x), bool)
        self.starts[x.first], self.ends[x.last] = True, True

    def expected_log_prior(self, marginals, rows):
        """E_q[log p(s_t | s_(t-1)) + log p(s_(t+1) | s_t)] for each s_t, (rows, L)."""
        result = np.zeros((len(rows), marginals.shape[1]))
        starts, ends = self.starts[rows], self.ends[rows]
        result[starts] = self.log_initial
        before, after = marginals[rows[~starts] - 1], marginals[rows[~ends] + 1]
        result[~starts] += self._expected(before, self.log_transition, self.impossible)
        result[~ends] += self._expected(after, self.log_transition.T, self.impossible.T)
        return result

    def _expected(self, mass, logs, impossible):
        expected = mass @ logs
        if impossible.any():
            expected[mass @ impossible > 0] = -np.inf
        return expected


def starting_marginals(model, x, rng=None):
    """Uniform or random marginals, (T, M, L); a single path where some steps are impossible."""
    shape = (len(x.x), model.n_chains, model.n_states)
    if rng is None:
        marginals = np.full(shape, 1 / model.n_states)
    else:
        marginals = generator("rng", rng).dirichlet(np.ones(shape[2]), shape[:2])
    whitened = model.whiten(x.x)
    for m in range(model.n_chains):
        if (model.initial[m] == 0).any() or (model.transition[m] == 0).any():
            evidence = effective_evidence(model, whitened, m)
            if rng is not None:
                evidence += rng.gumbel(size=evidence.shape)
            own = model.initial[m : m + 1], model.transition[m : m + 1]
            paths = [best_path(*own, part)[:, 0] for part in x.split(evidence)]
            marginals[:, m] = np.eye(model.n_states)[np.concatenate(paths)]
    return marginals
