"""Gradients of the ELBO from draws of q: two ways to move a gradient inside an expectation.

    score function   grad E_q[f(z)] = E_q[f(z) grad log q(z)]                           (7a.4)
    pathwise         grad E_q[f(z)] = E[grad f(m + s e)],  e ~ Normal(0, 1)             (7a.7)

Symbols: S draws; q = Normal(m, s), of one coordinate or of D independent ones, whose parameters
here are lambda = (m, log s). Gradients are (S, ..., 2), one for each draw: whoever wants the
estimate averages them, whoever wants exact moments weights them by a rule (``normal_rule``).
Source: Mohamed et al. (2020), "Monte Carlo gradient estimation in machine learning".
"""

import numpy as np

from helpers.arguments import finite_array, one_of, real_array
from helpers.elbo import gauss_legendre

ENTROPIES = ("exact", "score dropped")


def pairs(rng, n_draws, *shape):
    """Standard normal draws e and -e, (n_draws, *shape)."""
    half = rng.standard_normal(((n_draws + 1) // 2, *shape))
    return np.concatenate([half, -half])[:n_draws]


def normal_score(q, z):
    """d log q(z) / d(m, log s) = ((z - m) / s^2, ((z - m) / s)^2 - 1): z (S, ...), (S, ..., 2)."""
    standard = (z - q.loc) / q.sd
    return np.stack([standard / q.sd, standard**2 - 1], axis=-1)


def bernoulli_score(probs, z):
    """d log q(z) / d logit_j = z_j - p_j for independent coins p (K,): z (S, K) -> (S, K)."""
    return np.asarray(z) - probs


def score_function(values, scores, baseline=0.0):
    """(f(z) - baseline) grad log q(z), one row a draw.

    values (S,): f(z) = log p(x, z) - log q(z), or without log q where the entropy's gradient is
    added exactly. scores (S, ...): grad log q(z). baseline: a number, or one for each parameter or
    each draw; it leaves the mean alone if it does not depend on its own draw.
    """
    values, scores = real_array("values", values, ndim=1), finite_array("scores", scores)
    if len(scores) != len(values):
        raise ValueError(f"scores: expected {len(values)} rows, one a draw, got {len(scores)}")
    column = (-1,) + (1,) * (scores.ndim - 1)
    if np.ndim(baseline) == 1 and len(baseline) == len(values):
        baseline = np.reshape(baseline, column)
    return (values.reshape(column) - baseline) * scores


def best_baseline(values, scores, weights):
    """The constant of least variance, E[f s^2] / E[s^2] for each parameter; weights (S,) of q."""
    squares = np.asarray(scores) ** 2
    return np.tensordot(weights * values, squares, 1) / np.tensordot(weights, squares, 1)


def leave_one_out(values):
    """A baseline for each of S draws, the mean of f at the S - 1 others: values (S, ...)."""
    values = real_array("values", values)
    if values.ndim == 0 or len(values) < 2:
        raise ValueError(f"values: expected those of two draws or more, got shape {values.shape}")
    return (values.sum(axis=0) - values) / (len(values) - 1)


def pathwise(gradient, q, e, entropy="score dropped"):
    """d/d(m, log s) of log p(x, z) - log q(z) along z = m + s e, one row a draw: (S, ..., 2).

    gradient: function of z (S, ...) giving d log p(x, z) / dz of the same shape. e: (S, ...).
    entropy: "exact" differentiates H(q) = log s + const by itself; "score dropped" follows z
    through -log q(z) and leaves out q's own parameters, whose gradient is zero on average
    (Roeder et al., 2017), so that nothing is left to vary where q is the posterior.
    """
    one_of("entropy", entropy, ENTROPIES)
    e = finite_array("e", e)
    z = q.loc + q.sd * e
    slope = real_array("gradient(z)", gradient(z), shape=z.shape)
    if entropy == "score dropped":
        slope = slope + e / q.sd  # - d log q(z) / dz
    return np.stack([slope, slope * q.sd * e + (entropy == "exact")], axis=-1)


def moments(draws, weights):
    """Exact mean and variance of one draw's gradient, from its values (S, ...) at the nodes."""
    mean = np.tensordot(weights, draws, 1)
    return mean, np.tensordot(weights, (draws - mean) ** 2, 1)


def normal_rule(breaks=(), reach=12.0, panels=96):
    """(e, weights) with E[f(e)] = sum weights f(e) for e ~ Normal(0, 1), to round-off.

    Eight Gauss-Legendre nodes a panel; breaks: where f has a kink, which becomes an edge.
    """
    edges = np.union1d(np.linspace(-reach, reach, panels + 1), finite_array("breaks", [*breaks, 0]))
    e, weights = gauss_legendre(edges)
    weights *= np.exp(-0.5 * e**2)
    return e, weights / weights.sum()
