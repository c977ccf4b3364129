"""The two gaps of amortised inference over one encoder: a line fitted to dots that one places.

z ~ N(0, 1) and x ~ N(z^3 / 2, 0.5^2), so that the best mean of q is a curve in x. The encoder is
the line through the training dots, its sd that of the dots' best q. Source: the slide "Amortised
variational inference".

    log p(x) - ELBO(encoder) = [log p(x) - best ELBO of the family] + [best ELBO - ELBO(encoder)]
"""

from functools import lru_cache

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from helpers.densities import Normal
from helpers.show.interactive.controls import slider
from helpers.show.interactive.figure import Interactive

NOISE, STEP = 0.5, 0.1
XS = np.round(np.arange(-4, 4 + STEP / 2, STEP), 1)
DOTS = {"first": -1.0, "second": 0.0, "third": 1.0}  # where the training data start


def elbo(x, mean, sd):
    """The bound of q = N(mean, sd^2) in closed form, from the moments of a normal, in nats."""
    m2, s2 = mean**2, sd**2
    third = mean * (m2 + 3 * s2)
    sixth = m2**3 + 15 * m2**2 * s2 + 45 * m2 * s2**2 + 15 * s2**3
    misfit = (x**2 - x * third + sixth / 4) / NOISE**2
    return -0.5 * (m2 + s2 + misfit - 1) + np.log(sd / NOISE) - 0.5 * np.log(2 * np.pi)


def _lost(at, x):
    """The negative bound at (mean, log sd), and its gradient there."""
    mean, s2 = at[0], np.exp(2 * at[1])
    m2 = mean**2
    by_mean = (6 * mean * (m2**2 + 10 * m2 * s2 + 15 * s2**2) / 4 - 3 * x * (m2 + s2)) / NOISE**2
    by_variance = (15 * (m2**2 + 6 * m2 * s2 + 3 * s2**2) / 4 - 3 * x * mean) / NOISE**2
    gradient = np.array([mean + by_mean / 2, s2 * (1 + by_variance) - 1])
    return -elbo(x, mean, np.sqrt(s2)), gradient


@lru_cache
def tables():
    """(log p(x), best ELBO, its mean, its sd) for each of ``XS``; the best of three starts each."""
    z, spacing = np.linspace(-8, 8, 3201, retstep=True)
    rows = []
    for x in XS:
        joint = Normal(0.0, 1.0).log_prob(z) + Normal(z**3 / 2, NOISE).log_prob(x)
        ends = [
            minimize(_lost, (mean, np.log(0.4)), x, jac=True, tol=1e-10)
            for mean in (-1.0, 0.0, 1.0)
        ]
        best = min(ends, key=lambda end: end.fun)
        evidence = logsumexp(joint) + np.log(spacing)
        rows.append((float(evidence), float(-best.fun), float(best.x[0]), float(np.exp(best.x[1]))))
    return np.round(rows, 9)


def encoder_gaps(x=2.0):
    """The family's gap and the encoder's, stacked, for the x of a slider; the dots are dragged."""
    table = tables()

    def compute(x, **dots):
        places = np.array(list(dots.values()))
        (evidence, best, *_), (_, _, means, sds) = table[_index(x)], table[_index(places)].T
        offset = places - places.mean()
        slope = float(offset @ means / max(offset @ offset, 1e-9))
        mean = float(means.mean() + slope * (x - places.mean()))
        network = float(elbo(x, mean, sds.mean()))
        numbers = {"log_evidence": float(evidence), "elbo": network, "mean": mean, "rise": slope}
        gaps = {"family_gap": float(evidence - best), "network_gap": float(best - network)}
        return numbers | gaps

    data = {
        "title": "Two gaps over an encoder's line",
        "controls": [
            slider("x", "new x", -4, 4, STEP, x),
            *(slider(name, f"{name} training dot", -4, 4, STEP, at) for name, at in DOTS.items()),
        ],
        "table": table,
        "noise": NOISE,
    }
    return Interactive("encoder", data, compute)


def _index(x):
    return np.round((np.asarray(x) + 4) / STEP).astype(int)
