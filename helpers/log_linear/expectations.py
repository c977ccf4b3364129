"""What a Gaussian over logits expects of the softmax: there is no closed form, so we integrate.

Symbols: N tokens, T tags, K nodes. The logits of a token are a = mean + spread e with standard
normal e, and we need E[log sum_t exp a_t], E[p] and E[diag(p) - p p'] for p = softmax(a).

A token keeps its nodes. The bound is then a smooth function of q, concave in the mean and the
standard deviations (log-sum-exp is convex), with no noise from step to step, so that an ascent on
it can be held to never falling. Neighbouring tokens use different rules, so that what is left of
the rules' errors averages out over a text.
"""

import numpy as np
from scipy.special import gammaincinv

CHUNK = 2**18  # doubles worked on at a time: they stay in the processor's cache
RULES = 32  # rules that the tokens take in turn
FEWEST_PER_AXIS = 8  # Gauss-Hermite with fewer nodes an axis is not worth its product grid
MOST_PER_AXIS = 64  # beyond them the outermost weights underflow


def normal_nodes(n_tags, size, rng):
    """(nodes (K, T), weights (K,)) with E[f(e)] ~ sum_k weights_k f(nodes_k), about `size` of them.

    Few tags: the product of Gauss-Hermite rules. Otherwise a randomised spherical rule: the axes of
    random rotations, both ways, one rotation for each of several radii spread over the chi
    distribution. Either is exact for polynomials up to the third degree.
    """
    per_axis = nodes_per_axis(n_tags, size)
    if per_axis:
        nodes, weights = np.polynomial.hermite_e.hermegauss(per_axis)
        grid = np.stack(np.meshgrid(*[nodes] * n_tags, indexing="ij"), axis=-1)
        all_weights = np.prod(np.meshgrid(*[weights / weights.sum()] * n_tags), axis=0)
        return grid.reshape(-1, n_tags), all_weights.ravel()
    n_radii = max(2, int(np.ceil(size / (2 * n_tags))))
    strata = (np.arange(n_radii) + rng.uniform()) / n_radii
    radii = np.sqrt(2 * gammaincinv(n_tags / 2, strata))
    radii *= np.sqrt(n_tags / np.mean(radii**2))  # so that E[e e'] is the identity exactly
    rotations = np.linalg.qr(rng.standard_normal((n_radii, n_tags, n_tags)))[0]
    half = (radii[:, None, None] * rotations).reshape(-1, n_tags)
    return np.concatenate([half, -half]), np.full(2 * len(half), 0.5 / len(half))


def nodes_per_axis(n_tags, size):
    """Nodes an axis of a Gauss-Hermite product of `size` nodes, or 0 where those are too few."""
    per_axis = int(size ** (1 / n_tags) + 1e-9)
    return min(per_axis, MOST_PER_AXIS) if per_axis >= FEWEST_PER_AXIS else 0


def rules_in_turn(n_tags, size, rng):
    """A list of rules of about `size` nodes: several where a rule is random, else the one."""
    count = 1 if nodes_per_axis(n_tags, size) else RULES
    return [normal_nodes(n_tags, size, rng) for _ in range(count)]


def softmax_expectations(mean, spread, rules):
    """(E[log sum exp a] (N,), E[p] (N, T), curvature) for logits a = mean + spread e.

    mean    (N, T)
    spread  (N, T): standard deviations of independent logits; the curvature is then
            E[p (1 - p)], (N, T), the diagonal of what follows.
            (N, T, T): their covariance; the curvature is E[diag(p) - p p'], (N, T, T).
    rules   a list of (nodes, weights) from normal_nodes; token n takes rule n modulo their number
    """
    results = np.empty(len(mean)), np.empty(mean.shape), np.empty(spread.shape)
    for some, rule in _in_turn(mean, rules):
        for result, part in zip(results, _at(mean[some], spread[some], rule), strict=True):
            result[some] = part
    return results


def log_sum_expectations(mean, spread, rules):
    """E[log sum exp a], (N,), alone: a third of the work of :func:`softmax_expectations`."""
    log_sums = np.empty(len(mean))
    for some, rule in _in_turn(mean, rules):
        logits, highest, weights = _logits(mean[some], spread[some], rule)
        totals = np.exp(logits, out=logits).sum(axis=1)
        log_sums[some] = (highest + np.log(totals)) @ weights
    return log_sums


def _in_turn(mean, rules):
    """Yields (which tokens, their rule): token n takes rule n modulo their number."""
    for first, rule in enumerate(rules):
        step = len(rules) * max(1, CHUNK // (mean.shape[1] * len(rule[1])))
        for start in range(first, len(mean), step):
            yield slice(start, start + step, len(rules)), rule


def _logits(mean, spread, rule):
    """Logits at the nodes less their maximum, (n, T, K), that maximum, (n, K), and weights (K,)."""
    nodes, weights = rule
    if spread.ndim == 2:
        logits = spread[:, :, None] * nodes.T
    else:
        logits = square_root(spread) @ nodes.T
    logits += mean[:, :, None]
    highest = logits.max(axis=1)
    return np.subtract(logits, highest[:, None], out=logits), highest, weights


def _at(mean, spread, rule):
    logits, highest, weights = _logits(mean, spread, rule)
    probs = np.exp(logits, out=logits)
    totals = probs.sum(axis=1)
    log_sums = (highest + np.log(totals)) @ weights
    probs /= totals[:, None]
    expected = probs @ weights
    if spread.ndim == 2:
        return log_sums, expected, expected - (probs * probs) @ weights
    products = (probs * weights) @ probs.transpose(0, 2, 1)
    return log_sums, expected, expected[:, :, None] * np.eye(mean.shape[1]) - products


def square_root(covariances):
    """Lower triangular L with L L' = covariance, (..., T, T); zero variances are allowed."""
    size = covariances.shape[-1]
    scale = np.trace(covariances, axis1=-2, axis2=-1)[..., None, None] / size
    return np.linalg.cholesky(covariances + (1e-13 * scale + 1e-300) * np.eye(size))
