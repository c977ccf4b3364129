"""EM as coordinate ascent, on one parameter: the bound touches the likelihood, then moves.

Each x_i comes from N(theta, 1) or from N(-2, 1), one half each; theta is unknown. For a fixed q
the bound is a parabola in theta. Source: the slide "Recap: EM Algorithm".
"""

import numpy as np
from scipy.special import expit, logsumexp, xlogy

from helpers.densities import Normal
from helpers.show.interactive.controls import indexed, steps
from helpers.show.interactive.figure import Interactive

DATA = (-3.1, -2.6, -2.2, -2.0, -1.7, -1.3, -0.6, 0.4, 0.9, 1.3, 1.6, 1.9, 2.2, 2.4, 3.0, 3.6)
THETAS = np.linspace(-5.0, 7.0, 121)
STARTS = np.linspace(-4.5, 6.5, 23)
LAST = 16  # half steps: E, M, E, M, ...


def _known(x):
    """log density of the component whose mean is known."""
    return Normal(-2.0, 1.0).log_prob(x)


def log_likelihood(x, theta):
    """sum_i log [N(x_i; theta, 1) / 2 + N(x_i; -2, 1) / 2]; theta broadcasts against the data."""
    parts = [Normal(np.asarray(theta)[..., None], 1.0).log_prob(x), _known(x)]
    return logsumexp(np.stack(np.broadcast_arrays(*parts)), axis=0).sum(-1) - len(x) * np.log(2)


def parabola(x, r):
    """(c0, c1, c2) with ELBO(q, theta) = c0 + c1 theta + c2 theta^2, for q(z_i = 1) = r_i."""
    entropy = -np.sum(xlogy(r, r) + xlogy(1 - r, 1 - r))
    fixed = np.sum(r * Normal(0.0, 1.0).log_prob(x) + (1 - r) * _known(x))
    return fixed + entropy - len(x) * np.log(2), np.sum(r * x), -0.5 * np.sum(r)


def half_steps(x, theta, last=LAST):
    """(theta, log p(x | theta), c0, c1, c2) at the start and after each E- and M-step."""
    r, rows = np.full(len(x), 0.5), []
    for step in range(last + 1):
        if step % 2:
            r = expit(Normal(theta, 1.0).log_prob(x) - _known(x))  # E-step
        elif step:
            theta = np.sum(r * x) / np.sum(r)  # M-step
        rows.append((theta, float(log_likelihood(x, theta)), *parabola(x, r)))
    return rows


def em():
    """The bound and the log likelihood as curves over theta, half step by half step."""
    x = np.array(DATA)
    theta, evidence, *c = np.moveaxis([half_steps(x, start) for start in STARTS], -1, 0)
    elbo = c[0] + c[1] * theta + c[2] * theta**2
    curve = log_likelihood(x, THETAS)
    low, high = curve.min() - 16, curve.max() + 3
    numbers = {"theta": theta, "log_evidence": evidence, "elbo": elbo, "kl": evidence - elbo}
    data = {
        "title": "EM: the bound touches the likelihood, then θ moves to its top",
        "controls": [
            indexed("start", "start of θ", STARTS, 3),
            steps("step", "half steps: E, M, …", LAST, pause=900),
        ],
        "numbers": numbers | {"parabola": np.stack(c, axis=-1)},
        "thetas": THETAS,
        "log_likelihood": curve,
        "range": (low, high),
        "top": float(curve.max()),
        "xticks": (-4, -2, 0, 2, 4, 6),
        "yticks": np.arange(np.ceil(low / 20) * 20, high, 20),
    }
    return Interactive("em", data)
