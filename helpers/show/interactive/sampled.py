"""The ELBO from draws of q, one z at a time, and what the logarithm does to their average.

    mean of log p(x, z) - log q(z)  ->  ELBO            without bias
    log of the mean of p(x, z)/q(z) ->  log p(x)        too low on average: Jensen once more

Source: the slide "VI derivation I", and Burda, Grosse & Salakhutdinov (2016) for the second.
"""

import numpy as np
from scipy.special import logsumexp

from helpers.densities import Normal
from helpers.show.interactive.controls import slider, steps
from helpers.show.interactive.figure import Interactive
from helpers.show.interactive.gaps import LOG_EVIDENCE, POSTERIORS

DRAWS, RUNS, SEED = 100, 50, 1
NODES, SPACING = np.linspace(-8, 8, 801, retstep=True)  # of the exact ELBO, in sds of q
PARTS = ((0.65, -1.6, 0.7), (0.35, 1.9, 0.55))  # the two hills: weight, mean, sd


def log_ratios(mean, sd, e):
    """log p(x, z) - log q(z) at z = mean + sd e, for the posterior with two hills."""
    z = mean + sd * np.asarray(e)
    return LOG_EVIDENCE + POSTERIORS["bimodal"](z) - Normal(mean, sd).log_prob(z)


def sampled_elbo(mean=0.0, sd=1.5):
    """One z after the other is thrown from q: log p - log q drops onto a strip and averages.

    The first strip's mean settles on the ELBO, the log-mean-exp on the evidence; how much too
    low the latter is on average is taken from 50 such runs. mean, sd: where q starts.
    """
    noise = np.random.default_rng(SEED).standard_normal((RUNS, DRAWS)).round(3)

    def compute(mean, sd, draws):
        logs = log_ratios(mean, sd, noise[:, :draws])
        runs = logsumexp(logs, axis=1) - np.log(draws)
        return {
            "average": float(logs[0].mean()),
            "error": float(logs[0].std(ddof=1) / np.sqrt(draws)),
            "log_mean": float(runs[0]),
            "bias": float(runs.mean() - LOG_EVIDENCE),
            "elbo": float(
                np.exp(Normal(0.0, 1.0).log_prob(NODES)) @ log_ratios(mean, sd, NODES) * SPACING
            ),
            "log_evidence": LOG_EVIDENCE,
            "logs": logs[0],
        }

    data = {
        "title": "The ELBO, one draw at a time",
        "controls": [
            slider("mean", "mean of q", -3, 3, 0.05, mean),
            slider("sd", "standard deviation of q", 0.4, 3, 0.05, sd),
            steps("draws", "draws of z", DRAWS, pause=150) | {"min": 2, "value": 2},
        ],
        "parts": PARTS,
        "shift": LOG_EVIDENCE,
        "noise": noise,
    }
    return Interactive("sampled", data, compute)
