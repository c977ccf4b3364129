"""Two divergences that are easily confused: KL(q, prior) is a part of the bound, KL(q, posterior)
is what the bound lacks.

    E_q[log p(x | z)] - KL(q(z) || p(z)) = ELBO         ELBO + KL(q(z) || p(z | x)) = log p(x)

Prior N(0, 1) and likelihood N(x; z, noise^2), so that everything has a closed form. Source:
beyond the tutorial, whose slides write the bound in the first way for the tagger and in the
second for everything else.
"""

import numpy as np

from helpers.densities import Normal, kl_divergence
from helpers.show.interactive.controls import normal_q, preset, slider, ticks
from helpers.show.interactive.figure import Interactive

FLOOR = -8.0  # nats: what lies deeper is cut, and says so


def decompositions(x, mean, sd, noise):
    """fit = E_q[log p(x | z)], kl_prior, kl (to the posterior), elbo, log_evidence, in nats.

    Each is computed on its own from the densities' closed forms; q is N(mean, sd^2), noise the
    likelihood's standard deviation.
    """
    posterior = Normal(x / (1 + noise**2), noise / np.sqrt(1 + noise**2))
    q = Normal(mean, sd)
    fit = float(Normal(mean, noise).log_prob(x)) - 0.5 * (sd / noise) ** 2
    kl_prior = float(kl_divergence(q, Normal(0.0, 1.0)))
    return {
        "fit": fit,
        "kl_prior": kl_prior,
        "kl": float(kl_divergence(q, posterior)),
        "elbo": fit - kl_prior,
        "log_evidence": float(Normal(0.0, np.sqrt(1 + noise**2)).log_prob(x)),
        "posterior_mean": float(posterior.mean()),
        "posterior_sd": noise / np.sqrt(1 + noise**2),
    }


def two_kls(x=2.0, noise=0.7):
    """KL(q, prior) and KL(q, posterior) while q is trained from the prior to the posterior.

    The hill is grabbed, moved by sliders, or trained by gradient ascent from where it stands.
    x: where the observation starts, between 0 and 3. noise: sd of x given z, 0.5 to 2.
    """
    if not 0 <= x <= 3 or not 0.5 <= noise <= 2:
        raise ValueError(f"x, noise: expected 0 to 3 and 0.5 to 2, got {x}, {noise}")
    data = {
        "title": "Two divergences: what q pays, and what it misses",
        "controls": [
            slider("x", "observation x", 0, 3, 0.1, x),
            *normal_q((-2, 3), (0.2, 2)),
        ],
        "presets": [preset("q = prior", {"mean": 0.0, "sd": 1.0})],
        "noise": noise,
        "floor": FLOOR,
        "yticks": ticks(FLOOR, 0),
    }
    return Interactive("two_kls", data, lambda x, mean, sd: decompositions(x, mean, sd, noise))
