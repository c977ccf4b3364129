"""From draws of q, one at a time: the ELBO, and its gradient in two ways.

    mean of log p(x, z) - log q(z)  ->  ELBO            without bias
    log of the mean of p(x, z)/q(z) ->  log p(x)        too low on average: Jensen once more

For the gradient: the position z whose distance from the origin was measured, prior N(-0.4, 2^2),
x = 2 with standard deviation 0.6. Shown is the derivative by q's mean. Source: the slide "VI
derivation I", and Burda, Grosse & Salakhutdinov (2016) for the second line.
"""

import numpy as np
from scipy.special import logsumexp, ndtr

from helpers.densities import Normal
from helpers.gradients import best_baseline, normal_score, pathwise, score_function
from helpers.show.interactive.controls import choice, normal_q, slider, steps
from helpers.show.interactive.figure import Interactive
from helpers.show.interactive.gaps import HILLS, LOG_EVIDENCE, POSTERIORS

RUNS = 50
PRIOR_MEAN, PRIOR_SD, DISTANCE, NOISE = -0.4, 2.0, 2.0, 0.6
BASELINES = ("none", "the ELBO", "the best constant")
NODES, SPACING = np.linspace(-8, 8, 801, retstep=True)  # of exact expectations, in sds of q
WEIGHTS = np.exp(Normal(0.0, 1.0).log_prob(NODES)) * SPACING


def log_ratios(mean, sd, e):
    """log p(x, z) - log q(z) at z = mean + sd e, for the posterior with two hills."""
    z = mean + sd * np.asarray(e)
    return LOG_EVIDENCE + POSTERIORS["bimodal"](z) - Normal(mean, sd).log_prob(z)


def sampled_elbo(mean=0.0, sd=1.5):
    """One z after the other is thrown from q: log p - log q drops onto a strip and averages.

    The first strip's mean settles on the ELBO, the log-mean-exp on the evidence; how much too
    low the latter is on average is taken from 50 such runs. mean, sd: where q starts.
    """
    noise = np.random.default_rng(1).standard_normal((RUNS, 100)).round(3)

    def compute(mean, sd, draws):
        logs = log_ratios(mean, sd, noise[:, :draws])
        runs = logsumexp(logs, axis=1) - np.log(draws)
        return {
            "average": float(logs[0].mean()),
            "error": float(logs[0].std(ddof=1) / np.sqrt(draws)),
            "log_mean": float(runs[0]),
            "bias": float(runs.mean() - LOG_EVIDENCE),
            "elbo": float(WEIGHTS @ log_ratios(mean, sd, NODES)),
            "log_evidence": LOG_EVIDENCE,
            "logs": logs[0],
        }

    data = {
        "title": "The ELBO, one draw at a time",
        "controls": [
            *normal_q((-3, 3), (0.4, 3), mean, sd),
            steps("draws", "draws of z", 100, pause=150, first=2),
        ],
        "parts": HILLS,
        "shift": LOG_EVIDENCE,
        "noise": noise,
    }
    return Interactive("sampled", data, compute)


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

    def drawn(e):
        z = q.loc + q.sd * e
        return log_joint(z) - q.log_prob(z), normal_score(q, z)[:, :1]

    values, scores = drawn(NODES)
    constant = (0.0, WEIGHTS @ values, best_baseline(values, scores, WEIGHTS)[0])[baseline]
    values, scores = drawn(e)
    score = score_function(values, scores[:, 0], constant)
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
    e = np.random.default_rng(3).standard_normal(200).round(6)

    def compute(mean, sd, draws, baseline, size):
        q, counts = Normal(mean, sd), np.arange(1, draws + 1)
        numbers = {"exact": exact(q)}
        for name, values in zip(("score", "path"), by_draw(q, e[:draws], baseline), strict=True):
            numbers[name] = float(values.mean())
            numbers[f"{name}_spread"] = float(values.std(ddof=1))
            numbers[f"{name}_means"] = np.cumsum(values) / counts
        return numbers

    z = np.linspace(-5, 5, 201)
    joint = np.exp(log_joint(z))
    data = {
        "title": "Two gradients from draws: score function and pathwise",
        "controls": [
            *normal_q((-4, 4), (0.3, 3), mean, sd),
            choice("baseline", "baseline of the score", BASELINES),
            slider("size", "step size", 0.02, 0.5, 0.02, 0.1),
            steps("draws", "draws of z", 200, pause=60, first=2, value=10),
        ],
        "draws": e,
        "posterior": joint / (joint.sum() * 0.05),
        "model": [PRIOR_MEAN, PRIOR_SD, DISTANCE, NOISE],
    }
    return Interactive("estimators", data, compute)
