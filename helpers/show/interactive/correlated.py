"""Mean field on a correlated normal: q is upright, its variances too small.

p(z | x) = N(0, [[1, rho], [rho, 1]]), normalised, so that log p(x) = 0 and the ELBO is -KL.
Source: Blei, Kucukelbir & McAuliffe, "Variational inference: a review for statisticians".
"""

import numpy as np

from helpers.densities import MultivariateNormal, kl_divergence
from helpers.show.interactive.controls import indexed, steps
from helpers.show.interactive.figure import Interactive

CORRELATIONS = np.round(np.linspace(-0.95, 0.95, 39), 2)
START = (-2.0, -2.0)  # means to begin with; the standard deviations begin at one
LAST = 40


def updates(correlation, last=LAST):
    """(mean 1, mean 2, sd 1, sd 2, ELBO) at the start and after each update, (last + 1, 5).

    The best factor given the other has mean rho m_other and variance 1 - rho^2: the inverse of
    the precision's diagonal, not the marginal variance, which is 1.
    """
    mean, sd = np.tile(START, (last + 1, 1)), np.ones((last + 1, 2))
    for step in range(last):
        i = step % 2
        mean[step + 1 :, i] = correlation * mean[step, 1 - i]
        sd[step + 1 :, i] = np.sqrt(1 - correlation**2)
    q = MultivariateNormal(mean, sd[:, None] ** 2 * np.eye(2))
    p = MultivariateNormal(np.zeros(2), np.array([[1, correlation], [correlation, 1]]))
    return np.column_stack([mean, sd, -kl_divergence(q, p)])


def mean_field(correlation=0.8):
    """Coordinate updates of q(z1) q(z2) for a normal posterior, at first of this correlation."""
    runs = np.array([updates(rho) for rho in CORRELATIONS])
    start = int(np.argmin(np.abs(CORRELATIONS - correlation)))
    data = {
        "title": "Mean field on a correlated normal posterior",
        "controls": [
            indexed("correlation", "correlation of z₁ and z₂", CORRELATIONS, start),
            steps("step", "updates", LAST),
        ],
        "numbers": {"mean": runs[..., :2], "sd": runs[..., 2:4], "elbo": runs[..., 4]},
        "last": LAST,
        "correlations": CORRELATIONS,
    }
    return Interactive("mean_field", data)
