"""The exercises of notebook 04c, The latent factor document model.

K binary factors, S = 2^K states, V words.  states: (S, K) of zeros and ones, the last factor
changing fastest.  prior: p(z_j = 1), (K,).  log_likelihood: log p(x | z) for every state, (S,).
x: word counts, (V,).  b: q(z_j = 1), (K,).  logits: log b / (1 - b), (K,).
"""

import numpy as np
from scipy.special import (
    expit,
    log_expit,
    log_softmax,
    logit,
    logsumexp,
    rel_entr,
    softmax,
)

from checks.sheets import Sheet
from checks.tasks import case
from helpers.latent_factors import factor_states

sheet = Sheet(__name__)
progress = sheet.progress


# ---------------------------------------------------------------- 1 the likelihood of a document


def _likelihood(logits, x):
    return log_softmax(logits, axis=1) @ x


def _document_cases(rng):
    for n_states, n_words in ((2, 3), (4, 5), (4, 2), (8, 6), (2, 9)):
        logits = rng.normal(size=(n_states, n_words)) + rng.normal(size=(n_states, 1))
        x = rng.integers(0, 4, size=n_words)
        x[rng.integers(n_words)] += 2
        yield case(logits, x)
    logits = rng.normal(size=(4, 3)) + rng.uniform(800, 900, size=(4, 1))
    label = "large logits (exp of 800 overflows)"
    yield case(logits, rng.integers(1, 4, size=3), label=label)


def _not_above_zero(value, *_):
    top = float(np.max(value))
    return f"one of yours is {top:.3g}: a log probability is never above 0" if top > 1e-9 else ""


document_likelihood = sheet.task(
    "document_likelihood",
    reference=_likelihood,
    cases=_document_cases,
    invariants=[_not_above_zero],
)


# ---------------------------------------------------------------- 2 the posterior by enumeration


def _log_prior(states, prior):
    return np.where(states == 1, np.log(prior), np.log1p(-prior)).sum(1)


def _posterior(states, prior, log_likelihood):
    joint = _log_prior(states, prior) + log_likelihood
    return logsumexp(joint), softmax(joint) @ states


def _enumeration_cases(rng):
    for n_factors in (1, 2, 3, 4):
        states = factor_states(n_factors).astype(int)
        ell = rng.normal(scale=1.5, size=len(states)) - rng.uniform(2, 6)
        yield case(states, rng.uniform(0.1, 0.9, n_factors), ell)
    states = factor_states(3).astype(int)
    ell = rng.normal(size=8) - rng.uniform(1500, 2500)
    label = "a long document (log p(x | z) around -2000)"
    yield case(states, rng.uniform(0.1, 0.9, 3), ell, label=label)


def _marginals_are_probabilities(result, *_):
    low, high = np.min(result[1]), np.max(result[1])
    if low < -1e-9 or high > 1 + 1e-9:
        return f"your marginals reach from {low:.3g} to {high:.3g}: probabilities lie in [0, 1]"
    return ""


def _posterior_spelt_out(states, prior, log_likelihood):
    log_prior = (states * np.log(prior) + (1 - states) * np.log(1 - prior)).sum(axis=1)
    log_joint = log_prior + log_likelihood
    log_evidence = logsumexp(log_joint)
    return log_evidence, np.exp(log_joint - log_evidence) @ states


posterior = sheet.task(
    "posterior",
    reference=_posterior,
    spelt_out=[_posterior_spelt_out],
    cases=_enumeration_cases,
    invariants=[_marginals_are_probabilities],
)

coupled_states = sheet.task("coupled_states")

update_lines = sheet.task("update_lines")


# ---------------------------------------------------------------- 5 one coordinate update


def _update(prior_j, on, off, others):
    return expit(logit(prior_j) + others @ (on - off))


def _update_cases(rng):
    for n_others in (2, 4, 8, 4):
        on, off = rng.normal(size=(2, n_others)) * 1.2 - rng.uniform(0.5, 2)
        yield case(rng.uniform(0.1, 0.9), on, off, rng.dirichlet(np.ones(n_others)))
    on, off = rng.normal(size=(2, 4)) - 2000
    label = "a long document (log p(x | z) around -2000)"
    yield case(rng.uniform(0.1, 0.9), on, off, rng.dirichlet(np.ones(4)), label=label)
    on = off + rng.uniform(6, 8, 4)  # the words leave next to no doubt
    yield case(rng.uniform(0.3, 0.7), on, off, rng.dirichlet(np.ones(4)), label="a sure factor")


def _in_unit_interval(value, *_):
    value = float(np.ravel(value)[0])
    if not -1e-9 <= value <= 1 + 1e-9:
        return f"you returned {value:.3g}, but b_j is a probability"
    return ""


def _coordinate_update_spelt_out(prior_j, on, off, others):
    log_odds = np.log(prior_j / (1 - prior_j)) + others @ (on - off)
    return expit(log_odds)


coordinate_update = sheet.task(
    "coordinate_update",
    reference=_update,
    spelt_out=[_coordinate_update_spelt_out],
    cases=_update_cases,
    invariants=[_in_unit_interval],
)


# ---------------------------------------------------------------- 6 entropy from logits


def _entropy(logits):
    b = expit(logits)
    return -np.sum(b * log_expit(logits) + (1 - b) * log_expit(-logits))


def _logit_cases(rng):
    for size in (1, 2, 3, 5):
        yield case(rng.normal(scale=1.5, size=size) + 0.3)
    logits = np.append(rng.normal(size=2), rng.choice([-900.0, 900.0], size=2))
    yield case(logits, label="logits of 900 (q is certain; 0 log 0 = 0)")
    sure = rng.choice([-27.0, 27.0], size=3)
    yield case(sure, label="logits of 27 (an entropy of 1e-10, lost where b is clipped)")


def _entropy_bounds(value, logits):
    value, most = float(np.ravel(value)[0]), len(logits) * np.log(2)
    if value < -1e-9:
        return f"your entropy is {value:.3g}: that of a discrete variable is never negative"
    if value > most + 1e-9:
        return f"your entropy is {value:.3g}, above K log 2 = {most:.3g}, that of fair coins"
    return ""


def _entropy_spelt_out(logits):
    log_b = -np.logaddexp(0, -logits)
    log_not_b = -np.logaddexp(0, logits)
    return -np.sum(expit(logits) * log_b + expit(-logits) * log_not_b)


entropy = sheet.task(
    "entropy",
    reference=_entropy,
    spelt_out=[_entropy_spelt_out],
    cases=_logit_cases,
    atol=1e-13,
    invariants=[_entropy_bounds],
)


# ---------------------------------------------------------------- 7 a derivation


def _minus_kl(b, prior):
    return -np.sum(rel_entr(b, prior) + rel_entr(1 - b, 1 - prior))


def _pair_cases(rng):
    for size in (1, 2, 3, 5):
        yield case(rng.uniform(0.05, 0.95, size), rng.uniform(0.05, 0.95, size))
    b = rng.uniform(0.1, 0.9, 3)
    b[rng.integers(3)] = 0.0
    yield case(b, rng.uniform(0.1, 0.9, 3), label="a b that is exactly 0 (0 log 0 = 0)")


prior_and_entropy = sheet.task("prior_and_entropy", reference=_minus_kl, cases=_pair_cases)


# ---------------------------------------------------------------- 8 find the bug


def _right_bound(b, prior, states, log_likelihood):
    q = np.where(states == 1, b, 1 - b).prod(axis=1)
    return q @ log_likelihood + _minus_kl(b, prior)


wrong_bound = sheet.task(
    "wrong_bound",
    right=_right_bound,
    example=(np.array([0.3]), np.array([0.2]), np.array([[0], [1]]), np.array([-1.0, -2.0])),
    refuse=lambda b, prior, states, log_likelihood: (
        "" if np.all((np.asarray(b) >= 0) & (np.asarray(b) <= 1)) else "b is no probability"
    ),
)


# ---------------------------------------------------------------- 9 stretch: a whole sweep


def _logits_of_factor(table, b, j):
    """E over the others of log p(x | z_j = 1) - log p(x | z_j = 0)."""
    moved = np.moveaxis(table, j, 0)
    for probability in np.delete(b, j):
        moved = (1 - probability) * moved[:, 0] + probability * moved[:, 1]
    return moved[1] - moved[0]


def _sweep(table, b, prior, order=None, old=False):
    new = np.array(b, dtype=float)
    for j in range(len(b)) if order is None else order:
        new[j] = expit(logit(prior[j]) + _logits_of_factor(table, b if old else new, j))
    return new


def _sweep_cases(rng):
    for n_factors in (2, 3, 4, 5):
        table = rng.normal(scale=1.5, size=(2,) * n_factors) - 5
        yield case(table, rng.uniform(0.1, 0.9, n_factors), rng.uniform(0.1, 0.9, n_factors))


def _sweep_spelt_out(table, b, prior):
    b = np.array(b, dtype=float)
    for j in range(len(b)):
        t = np.moveaxis(table, j, 0)
        for probability in np.delete(b, j):
            t = (1 - probability) * t[:, 0] + probability * t[:, 1]
        b[j] = expit(logit(prior[j]) + t[1] - t[0])
    return b


sweep = sheet.task(
    "sweep",
    reference=lambda table, b, prior: _sweep(table, b, prior),
    spelt_out=[_sweep_spelt_out],
    cases=_sweep_cases,
)


# ---------------------------------------------------------------- 10 read a run


def _low_run():
    """Bounds of coordinate ascent from b = (0.2, 0.2), where two states are hills."""
    table, b, prior, bounds = np.array([[-46.0, -60.0], [-60.0, -42.0]]), [0.2, 0.2], [0.5, 0.5], []
    for _ in range(6):
        q = np.outer([1 - b[0], b[0]], [1 - b[1], b[1]])
        bounds.append(np.sum(q * table) + _minus_kl(np.array(b), np.array(prior)))
        b = _sweep(table, b, prior)
    return bounds


settled_low = sheet.task("settled_low", trace=_low_run)

point_bound = sheet.task("point_bound")
