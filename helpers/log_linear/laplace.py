"""Newton's method to the posterior's mode, and Laplace's Gaussian there.

Symbols as in model.py. The curvature of -log p(y, w | phi) is

    sum_n phi_n phi_n' (x) (diag(p_n) - p_n p_n') + diag(1 / sd^2),     p_n = softmax(phi_n w).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from helpers.arguments import instance, one_of
from helpers.densities import LOG_2PI
from helpers.fast.log_linear import inverse, solve_curvature, summed_curvature
from helpers.log_linear.gaussian import DiagonalGaussian, FullGaussian, squares
from helpers.log_linear.model import LogLinearTagger, log_joint, score

TOLERANCE, MOST_STEPS = 1e-8, 100  # nats that Newton's last step promises; its steps
LARGEST_FULL = 6000  # weights; a covariance of 6000 x 6000 takes 288 MB


@dataclass(frozen=True)
class Laplace:
    """The Gaussian at the posterior's mode with the curvature found there.

    log_evidence is an approximation, which, unlike an ELBO, bounds nothing.
    """

    q: object
    log_evidence: float


def fit_laplace(tagger, covariance="full"):
    """A Gaussian by Laplace's method: mean at the posterior's mode, precision its curvature there.

        log p(y | phi) ~ log p(y, mode | phi) + (F T log 2 pi + log |covariance|) / 2

    covariance: "full", for at most 6000 weights, or "diagonal", which inverts only the diagonal of
    the curvature; ValueError for any other. Source: Bishop (2006), section 4.4.
    """
    check_covariance(tagger, covariance)
    mode = posterior_mode(tagger)
    probs = softmax(tagger.features @ mode, axis=1)
    if covariance == "diagonal":
        q = DiagonalGaussian(mode, diagonal_precision(tagger, probs * (1 - probs)) ** -0.5)
    else:
        curvature = probs[:, :, None] * (np.eye(tagger.n_tags) - probs[:, None, :])
        q = FullGaussian(mode, *inverse(full_precision(tagger, curvature)))
    log_det = 2 * q.entropy() - mode.size * (LOG_2PI + 1)
    return Laplace(q, log_joint(tagger, mode) + 0.5 * (mode.size * LOG_2PI + log_det))


def posterior_mode(tagger):
    """The weights (F, T) of the greatest log p(y, w | phi), which is concave: Newton's method."""
    weights = np.array(instance("tagger", tagger, LogLinearTagger).prior_mean)
    height = log_joint(tagger, weights)
    for _ in range(MOST_STEPS):
        probs = softmax(tagger.features @ weights, axis=1)
        slope = score(tagger, weights, probs)
        accuracy = min(0.1, np.abs(slope * tagger.prior_sd).max())  # in no unit of a feature
        diagonal = diagonal_precision(tagger, probs * (1 - probs))
        step = solve_curvature(tagger, probs, slope, diagonal, accuracy)
        gain = np.sum(step * slope)  # what the step promises, twice over
        if gain < TOLERANCE:
            return weights + step
        rate = 1.0
        while (new := log_joint(tagger, weights + rate * step)) < height + 1e-4 * rate * gain:
            rate /= 2
            if rate < 2.0**-12:
                return weights
        weights, height = weights + rate * step, new
    return weights


def check_covariance(tagger, covariance):
    """Raise ValueError unless it is "diagonal", or "full" where that fits into memory."""
    size = instance("tagger", tagger, LogLinearTagger).prior_sd.size
    one_of("covariance", covariance, ("diagonal", "full"))
    if covariance == "full" and size > LARGEST_FULL:
        raise ValueError(
            f"covariance: 'full' over {size} weights is {size} x {size}, {8e-9 * size**2:.1f} GB; "
            f"expected at most {LARGEST_FULL} weights, or covariance='diagonal'"
        )


def diagonal_precision(tagger, curvature):
    """sum_n phi_nf^2 C_nt + 1 / sd_ft^2, (F, T), from the curvature C (N, T) of the logits."""
    return squares(tagger.features).T @ curvature + tagger.prior_sd**-2.0


def full_precision(tagger, curvature):
    """sum_n phi_n phi_n' (x) C_n + diag(1 / sd^2), (F T, F T), from the curvature C (N, T, T)."""
    precision = summed_curvature(tagger.features, curvature)
    precision[np.diag_indices_from(precision)] += tagger.prior_sd.ravel() ** -2.0
    return precision
