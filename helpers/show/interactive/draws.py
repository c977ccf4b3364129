"""Gradients of the ELBO from draws of q, one draw at a time: score function against pathwise.

The position z whose distance from the origin was measured: prior N(-0.4, 2^2), x = 2 with
standard deviation 0.6, so that the posterior has two hills. Shown is the derivative by q's mean.
"""

import numpy as np
from scipy.special import ndtr

from helpers.densities import Normal
from helpers.gradients import best_baseline, normal_score, pathwise, score_function
from helpers.show.interactive.controls import choice, slider, steps
from helpers.show.interactive.figure import Interactive

PRIOR_MEAN, PRIOR_SD, DISTANCE, NOISE = -0.4, 2.0, 2.0, 0.6
DRAWS, SEED = 200, 3
BASELINES = ("none", "the ELBO", "the best constant")
NODES = np.linspace(-8, 8, 801)  # of the rule for the baselines, in sds of q


def log_joint(z):
    """log p(x = 2, z)."""
    return Normal(PRIOR_MEAN, PRIOR_SD).log_prob(z) + Normal(np.abs(z), NOISE).log_prob(DISTANCE)


def slope(z):
    """d log p(x = 2, z) / dz, which jumps at zero."""
    prior = (PRIOR_MEAN - z) / PRIOR_SD**2
    return prior + np.sign(z) * (DISTANCE - np.abs(z)) / NOISE**2


def by_draw(q, e, baseline):
    """The two estimators of dELBO/dmean, one row a draw: (score function, pathwise), each (S,).

    e: standard normal draws, (S,). baseline: one of ``BASELINES``, by its number.
    """
    z = q.loc + q.sd * e
    values = log_joint(z) - q.log_prob(z)
    constant = (0.0, *_constants(q))[baseline]
    score = score_function(values, normal_score(q, z)[:, 0], constant)
    return score, pathwise(slope, q, e, entropy="exact")[:, 0]


def exact(q):
    """dELBO/dmean = E_q[d log p(x, z) / dz], in closed form: E[sign z] = 1 - 2 Phi(-m / s)."""
    sign = 1 - 2 * ndtr(-q.loc / q.sd)
    return float((PRIOR_MEAN - q.loc) / PRIOR_SD**2 + (DISTANCE * sign - q.loc) / NOISE**2)


def estimators(mean=1.0, sd=1.0):
    """Draw z by z: the running means of both estimators close in on the exact gradient.

    The hill is grabbed; a baseline is chosen for the score function; a step of the chosen size
    follows either estimate. mean, sd: where q starts.
    """
    e = np.round(np.random.default_rng(SEED).standard_normal(DRAWS), 6)

    def compute(mean, sd, draws, baseline, size):
        q = Normal(mean, sd)
        score, path = (part[:draws] for part in by_draw(q, e, baseline))
        counts = np.arange(1, draws + 1)
        return {
            "exact": exact(q),
            "score": float(score.mean()),
            "path": float(path.mean()),
            "score_spread": float(score.std(ddof=1)),
            "path_spread": float(path.std(ddof=1)),
            "score_means": np.cumsum(score) / counts,
            "path_means": np.cumsum(path) / counts,
        }

    z = np.linspace(-5, 5, 201)
    joint = np.exp(log_joint(z))
    data = {
        "title": "Two gradients from draws: score function and pathwise",
        "controls": [
            slider("mean", "mean of q", -4, 4, 0.05, mean),
            slider("sd", "standard deviation of q", 0.3, 3, 0.05, sd),
            choice("baseline", "baseline of the score", BASELINES),
            slider("size", "step size", 0.02, 0.5, 0.02, 0.1),
            steps("draws", "draws of z", DRAWS, pause=60) | {"min": 2, "value": 10},
        ],
        "draws": e,
        "posterior": joint / (joint.sum() * 0.05),
        "model": [PRIOR_MEAN, PRIOR_SD, DISTANCE, NOISE],
    }
    return Interactive("estimators", data, compute)


def _constants(q):
    """E_q[f], which is the ELBO, and the constant of least variance."""
    z = q.loc + q.sd * NODES
    values = log_joint(z) - q.log_prob(z)
    best = best_baseline(values, normal_score(q, z)[:, :1], _weights())
    return float(_weights() @ values), float(best[0])


def _weights():
    weights = np.exp(-0.5 * NODES**2)
    return weights / weights.sum()
