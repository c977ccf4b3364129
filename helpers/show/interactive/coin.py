"""Bayes' rule as the data come, with a beta prior. Source: the slide "Bayes rule"."""

import numpy as np
from scipy.special import betaln

from helpers.show.interactive.controls import slider, steps
from helpers.show.interactive.figure import Interactive

OBSERVED = (1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1)
THETAS = (np.arange(100) + 0.5) / 100  # neither 0 nor 1, where a logarithm is infinite
LOGS = np.log([THETAS, 1 - THETAS])


def beta_update(observed, ones, zeros):
    """The posterior Beta(ones + heads, zeros + tails), and the evidence of the observations.

        log p(x) = log B(ones + heads, zeros + tails) - log B(ones, zeros)

    Returns a dict with heads, log_evidence, mean and sd of the posterior, and over ``THETAS``
    the densities prior and posterior and the log likelihood.
    """
    heads = int(np.sum(observed))
    a, b = ones + heads, zeros + len(observed) - heads
    mean = a / (a + b)
    return {
        "heads": heads,
        "log_evidence": float(betaln(a, b) - betaln(ones, zeros)),
        "mean": mean,
        "sd": float(np.sqrt(mean * (1 - mean) / (a + b + 1))),
        "prior": np.exp([ones - 1, zeros - 1] @ LOGS - betaln(ones, zeros)),
        "posterior": np.exp([a - 1, b - 1] @ LOGS - betaln(a, b)),
        "likelihood": [heads, len(observed) - heads] @ LOGS,
    }


def bayes():
    """Prior Beta(a, b), likelihood and posterior of p("bank" means money), document by document."""
    data = {
        "title": "Bayes' rule: prior to posterior as the data come",
        "controls": [
            slider("ones", "prior count of money, a", 1, 20, 1, 2),
            slider("zeros", "prior count of rivers, b", 1, 20, 1, 2),
            steps("seen", "documents seen", len(OBSERVED), pause=500, value=3),
        ],
        "observed": OBSERVED,
        "thetas": THETAS,
    }
    return Interactive(
        "bayes", data, lambda ones, zeros, seen: beta_update(OBSERVED[:seen], ones, zeros)
    )
