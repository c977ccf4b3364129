"""The tagger's ELBO for a Gaussian q, whole, and predictions that are averages over q.

    ELBO = sum_n E_q[phi_n w_(y_n)] - sum_n E_q[log sum_t exp(phi_n w_t)] - KL(q || p(w))   (2a.2)

Under q the logits of token n are a = mean + spread e with e standard normal, and the second term
has no closed form: it is a sum over nodes e_k with weights. Symbols as in model.py, K nodes.
Source: the slide "Bayesian Log-Linear POS Tagger" (Intuition).
"""

import numpy as np

from helpers.arguments import describe, generator, instance, whole_number
from helpers.densities import LOG_2PI
from helpers.elbo import Bound, SampledBound
from helpers.log_linear.gaussian import DiagonalGaussian, FullGaussian, logits_at
from helpers.log_linear.model import LogLinearTagger, checked_features, observed
from helpers.log_linear.nodes import RULES, has_grid, rules_in_turn

AT_ONCE = 2**18  # doubles worked on at a time: they stay in the processor's cache


def elbo(tagger, q, rules):
    """The two terms of (2a.2) as a Bound; with E_q[p] (N, T) and curvature, which a step needs."""
    mean, spread = q.logits(tagger.features)
    log_sums, probs, curvature = softmax_expectations(mean, spread, rules)
    log_likelihood = float(np.sum(observed(tagger, mean) - log_sums))
    bound = Bound(log_likelihood + expected_log_prior(tagger, q), q.entropy())
    return bound, probs, curvature


def expected_log_prior(tagger, q):
    """E_q[log p(w)] = -sum_ft (log sd_ft + (log 2 pi + E_q[(w_ft - mu_ft)^2] / sd_ft^2) / 2).

    With q's entropy it is the last term of (2a.2), -KL(q || p(w)).
    """
    second_moment = (q.mean - tagger.prior_mean) ** 2 + q.sd**2
    standard = second_moment / tagger.prior_sd**2
    return float(-np.sum(np.log(tagger.prior_sd) + 0.5 * (LOG_2PI + standard)))


def softmax_expectations(mean, spread, rules):
    """(E[log sum exp a] (N,), E[p] (N, T), curvature) for logits a = mean + spread e.

    spread: standard deviations (N, T) of independent logits, and the curvature is E[p (1 - p)],
    (N, T); or a covariance (N, T, T), and it is E[diag(p) - p p'], (N, T, T), whose diagonal that
    is. rules: a list of (nodes, weights (K,)), the nodes (K, T) or (K, T - 1) for contrasts of the
    logits; token n takes rule n modulo their number.
    """
    results = np.empty(len(mean)), np.empty(mean.shape), np.empty(spread.shape)
    for tokens, weights, log_sums, exps, totals in _at_nodes(mean, spread, rules):
        exps /= totals[:, None]  # p at each node, (n, T, K)
        expected = exps @ weights
        if spread.ndim == 2:
            curvature = expected - (exps * exps) @ weights
        else:
            curvature = expected[:, :, None] * np.eye(mean.shape[1]) - (exps * weights) @ exps.mT
        for result, part in zip(results, (log_sums @ weights, expected, curvature), strict=True):
            result[tokens] = part
    return results


def _at_nodes(mean, spread, rules):
    """Yields some tokens, as many as stay in the cache, the weights of their nodes, and there

    log sum_t exp a (n, K), exp(a - max) (n, T, K), and the sums of these over t (n, K).
    """
    for first, (nodes, weights) in enumerate(rules):
        step = len(rules) * max(1, AT_ONCE // (mean.shape[1] * len(weights)))
        for start in range(first, len(mean), step):
            tokens = slice(start, start + step, len(rules))
            logits = logits_at(nodes, spread[tokens])
            logits += mean[tokens][:, :, None]
            highest = logits.max(axis=1)
            exps = np.exp(np.subtract(logits, highest[:, None], out=logits), out=logits)
            totals = exps.sum(axis=1)
            yield tokens, weights, highest + np.log(totals), exps, totals


def gaussian_bound(tagger, q, rng, n_nodes=4000):
    """The bound of any Gaussian q over the tagger's weights, Laplace's for example.

    Returns a SampledBound; ``standard_error`` says how far off the sums over ``n_nodes`` nodes are.
    Up to four tags have a grid, whose distance from one of half as many nodes it is, token by token
    (two tags: rounding). More have two random halves, or four times two where tokens are few.
    """
    instance("tagger", tagger, LogLinearTagger)
    rng, n_nodes = generator("rng", rng), whole_number("n_nodes", n_nodes, maximum=10**6)
    mean, spread = checked_gaussian(q, tagger.shape).logits(tagger.features)
    grid = has_grid(tagger.n_tags, n_nodes // 2)
    shares = (1.0, 0.5) if grid else (0.5, 0.55) * (1 if len(mean) >= RULES else 4)
    sizes = [max(1, int(share * n_nodes)) for share in shares]
    sums = np.empty((len(sizes), len(mean)))  # E[log sum exp a], by each part of the nodes
    for part, size in zip(sums, sizes, strict=True):
        rules = rules_in_turn(tagger.n_tags, size, rng)
        for tokens, weights, log_sums, *_ in _at_nodes(mean, spread, rules):
            part[tokens] = log_sums @ weights
    if grid:
        best, error = sums[0], np.abs(sums[0] - sums[1]).sum()
    else:  # tokens with one rule are off together, others independently
        of_rules = [sums[:, first :: len(rules)].sum(axis=1) for first in range(len(rules))]
        best = sums.mean(axis=0)
        error = np.sqrt(np.var(of_rules, axis=1, ddof=1).sum() / len(sizes))
    log_likelihood = float(np.sum(observed(tagger, mean) - best))
    expected = log_likelihood + expected_log_prior(tagger, q)
    return SampledBound(expected, q.entropy(), standard_error=float(error))


def predict(q, features):
    """p(y = t | phi, data) ~ E_q[softmax(phi w)_t], (N, T), averaged over the weights.   (2a.3)

    q: a DiagonalGaussian or FullGaussian, or a state that carries one. features: (N, F) of any
    tokens. Raises ValueError where q is no Gaussian, or features do not fit its weights.
    """
    q = checked_gaussian(getattr(q, "q", q))
    features = checked_features(features, n_features=q.mean.shape[0])
    mean, spread = q.logits(features)
    # one rule, and always the same: a token's prediction depends on nothing but its features
    rule = rules_in_turn(mean.shape[1], 512, np.random.default_rng(0))[:1]
    probs = softmax_expectations(mean, spread, rule)[1]
    return probs / probs.sum(axis=1, keepdims=True)


def checked_gaussian(q, shape=None):
    """A Gaussian over the weights, of the tagger's shape (F, T) if that is given."""
    if not isinstance(q, DiagonalGaussian | FullGaussian):
        raise ValueError(f"q: expected a Gaussian over the weights, got {describe(q)}")
    if shape not in (None, q.mean.shape):
        raise ValueError(f"q: expected a Gaussian over weights {shape}, got {q.mean.shape}")
    return q
