"""The Kullback-Leibler divergence between two distributions of one family, in nats."""

import numpy as np
from scipy.special import rel_entr

from helpers.arguments import broadcastable, describe
from helpers.densities.batches import scalar
from helpers.densities.continuous import Dirichlet, MultivariateNormal, Normal, whiten
from helpers.densities.discrete import Bernoulli, Categorical
from helpers.densities.gamma_functions import dirichlet_kl

FAMILIES = Bernoulli | Categorical | Normal | MultivariateNormal | Dirichlet


def kl_divergence(q, p):
    """KL(q || p) = E_q[log q(z) - log p(z)], in nats, of the broadcast batch shape.

    Never negative, zero where q = p, and inf where q puts mass on p = 0. ValueError: q and p are of
    different families or sizes. Source: the slides "Recap KL divergence"; Bishop (2006), section
    1.6.1 and appendix B.
    """
    if not isinstance(q, FAMILIES):
        raise ValueError(f"q: expected a distribution of helpers.densities, got {describe(q)}")
    if type(q) is not type(p):
        wanted = f"a {type(q).__name__}, as q is one"
        raise ValueError(f"p: expected {wanted}, got {describe(p).split('(')[0]}")
    with np.errstate(over="ignore"):  # inf is what such a divergence rounds to
        return scalar(np.maximum(_divergence(q, p), 0.0))  # round-off may take it below zero


def _divergence(q, p):
    """KL(q || p) for each family."""
    match q:
        case Bernoulli():
            broadcastable(q=q.prob, p=p.prob)
            return rel_entr(q.prob, p.prob) + rel_entr(1 - q.prob, 1 - p.prob)
        case Categorical():
            _same_size(q.probs, p.probs)
            return rel_entr(q.probs, p.probs).sum(-1)
        case Normal():
            broadcastable(**{"q.mean": q.loc, "q.sd": q.sd, "p.mean": p.loc, "p.sd": p.sd})
            return 0.5 * (_excess(q.sd, p.sd) + ((q.loc - p.loc) / p.sd) ** 2)
        case MultivariateNormal():
            _same_size(q.loc, p.loc)
            broadcastable(q=q.batch_shape, p=p.batch_shape)
            spread = (whiten(p.cholesky, q.cholesky) ** 2).sum((-2, -1))  # tr(Sigma_p^-1 Sigma_q)
            shift = (whiten(p.cholesky, (q.loc - p.loc)[..., None]) ** 2).sum((-2, -1))
            size = q.loc.shape[-1]
            return 0.5 * (spread - size + shift + p.log_determinant - q.log_determinant)
        case Dirichlet():
            _same_size(q.concentration, p.concentration)
            return dirichlet_kl(q.concentration, p.concentration, q.expected_log())


def _excess(above, below):
    """r^2 - 1 - log r^2 of r = above / below, which is never negative.

    log1p keeps its digits near r = 1 only; the difference of logs is finite for any r.
    """
    ratio = above / below
    near = np.abs(ratio - 1) < 0.5
    close = np.log1p(np.where(near, ratio - 1, 0))
    log_ratio = np.where(near, close, np.log(above) - np.log(below))
    return (ratio - 1) * (ratio + 1) - 2 * log_ratio


def _same_size(q, p):
    if q.shape[-1] != p.shape[-1]:
        raise ValueError(f"p: expected {q.shape[-1]} values, as q has, got {p.shape[-1]}")
    broadcastable(q=q.shape[:-1], p=p.shape[:-1])
