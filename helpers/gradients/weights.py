"""Can I trust this q? Importance weights, their effective number, and how heavy their tail is.

For draws z_s ~ q the ratios r_s = p(x, z_s) / q(z_s) average to p(x) (7a.12). If few of them carry
the average, q misses mass; Pareto's k says how many moments the ratios have (fewer than 1 / k), and
above 0.7 no practical number of draws helps. Everything in logs: ratios overflow.
Source: Vehtari et al. (2024), "Pareto smoothed importance sampling"; Yao et al. (2018), "Yes, but
did it work?"; the fit of the tail is Zhang and Stephens (2009).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import boxcox1p, logsumexp

from helpers.arguments import describe, finite_array, positive, real_array

SMALLEST = np.log(np.finfo(float).tiny)


@dataclass(frozen=True)
class Smoothed:
    """k: Pareto's shape (inf: too few ratios to tell). log_weights (S,): smoothed, sum of exp one.

    log_evidence: log p(x) by the smoothed ratios, in nats.
    """

    k: float
    log_weights: np.ndarray
    log_evidence: float


def normalised(log_ratios):
    """log(r_s / sum r), (S,)."""
    log_ratios = _checked(log_ratios)
    return log_ratios - logsumexp(log_ratios)


def effective_sample_size(log_ratios):
    """1 / sum_s w_s^2 for the normalised weights w, (7a.13): between 1 and S."""
    return float(np.exp(-logsumexp(2 * normalised(log_ratios))))


def psis(log_ratios):
    """Replace the min(S / 5, 3 sqrt(S)) largest ratios by quantiles of a Pareto fitted to them.

    Returns a :class:`Smoothed`. ValueError: fewer than two ratios, NaN or inf, -inf everywhere.
    """
    log_ratios = _checked(log_ratios)
    highest = log_ratios.max()
    smooth = log_ratios - highest
    order = np.argsort(smooth, kind="stable")
    length = int(np.ceil(min(len(smooth) / 5, 3 * np.sqrt(len(smooth)))))
    cutoff = max(smooth[order[-length - 1]], SMALLEST)
    tail = order[smooth[order] > cutoff]  # from the smallest up
    k = np.inf
    if len(tail) > 4:
        k, scale = fit_pareto(np.exp(smooth[tail]) - np.exp(cutoff))
        p = (np.arange(len(tail)) + 0.5) / len(tail)
        quantiles = -scale * boxcox1p(-p, -k)  # scale ((1 - p)^-k - 1) / k
        smooth[tail] = np.log(quantiles + np.exp(cutoff))
        smooth = np.minimum(smooth, 0)
    total = logsumexp(smooth)
    return Smoothed(float(k), smooth - total, float(highest + total - np.log(len(smooth))))


def fit_pareto(excess):
    """(k, scale) of the generalised Pareto distribution of sorted positive numbers (n,).

    The posterior mean over a grid of scales, with k drawn towards 1/2 as by ten observations more.
    """
    n = len(excess)
    size = 30 + int(n**0.5)
    grid = 1 - np.sqrt(size / (np.arange(size) + 0.5))
    grid = grid / (3 * excess[int(n / 4 + 0.5) - 1]) + 1 / excess[-1]
    shapes = np.log1p(-grid[:, None] * excess).mean(axis=1)
    heights = n * (np.log(-grid / shapes) - shapes - 1)
    weights = np.exp(heights - logsumexp(heights))
    weights *= weights >= 10 * np.finfo(float).eps
    rate = grid @ weights / weights.sum()
    shape = np.log1p(-rate * excess).mean()
    return (n * shape + 5) / (n + 10), -shape / rate


def normal_k(sd, precision):
    """The exact k of q = Normal(m, diag(sd^2)) for a posterior Normal(m, precision^-1).

    Where q is standard the posterior's precision is A = diag(sd) precision diag(sd), a ratio grows
    like exp((1 - a) e^2 / 2) along an eigenvector, and so k = 1 - a for A's smallest eigenvalue
    a < 1. If all a > 1 the ratios are bounded, and k = -2 / D. sd: (D,), precision: (D, D).
    """
    sd = positive("sd", sd, ndim=1)
    precision = finite_array("precision", precision, shape=(len(sd), len(sd)))
    smallest = np.linalg.eigvalsh(sd[:, None] * precision * sd)[0]
    return float(1 - smallest) if smallest < 1 else -2 / len(sd)


def _checked(log_ratios):
    log_ratios = real_array("log_ratios", log_ratios, ndim=1)
    if len(log_ratios) < 2 or log_ratios.max() in (-np.inf, np.inf):
        wanted = "log p(x, z) - log q(z) at two draws or more, none inf and not all -inf"
        raise ValueError(f"log_ratios: expected {wanted}, got {describe(log_ratios)}")
    return log_ratios
