"""Bayes' rule as the data come: a beta prior on one probability.

Source: the slide "Bayes rule".
"""

import numpy as np
from scipy.special import betaln, xlog1py, xlogy

from helpers.arguments import real_array
from helpers.show.interactive.controls import slider, steps
from helpers.show.interactive.figure import Interactive

OBSERVED = (1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1)
THETA = (np.arange(100) + 0.5) / 100  # neither 0 nor 1, where a logarithm is infinite


def beta_update(observed, ones, zeros):
    """The posterior Beta(ones + heads, zeros + tails), and the evidence of the observations.

        log p(x) = log B(ones + heads, zeros + tails) - log B(ones, zeros)

    Returns a dict with heads, log_evidence, mean and sd of the posterior, and over ``THETA``
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
        "prior": _density(ones, zeros),
        "posterior": _density(a, b),
        "likelihood": xlogy(heads, THETA) + xlog1py(len(observed) - heads, -THETA),
    }


def bayes(observed=OBSERVED):
    """Prior, likelihood and posterior of p("bank" means money) as documents are seen one by one.

    observed: zeros and ones, at most 30; the sliders choose the prior Beta(a, b).
    """
    observed = real_array("observed", observed, ndim=1)
    if len(observed) not in range(1, 31) or not np.isin(observed, (0, 1)).all():
        raise ValueError("observed: expected 1 to 30 numbers, each 0 or 1")

    def compute(ones, zeros, seen):
        return beta_update(observed[:seen], ones, zeros)

    data = {
        "title": "Bayes' rule: prior to posterior as the data come",
        "controls": [
            slider("ones", "prior count of money, a", 1, 20, 1, 2),
            slider("zeros", "prior count of rivers, b", 1, 20, 1, 2),
            steps("seen", "documents seen", len(observed), pause=500)
            | {"value": min(3, len(observed))},
        ],
        "observed": observed,
        "theta": THETA,
    }
    return Interactive("bayes", data, compute)


def _density(a, b):
    return np.exp(xlogy(a - 1, THETA) + xlog1py(b - 1, -THETA) - betaln(a, b))
