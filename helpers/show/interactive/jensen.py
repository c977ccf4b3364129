"""Jensen's inequality for the logarithm, and why its gap is the KL.

With u = p(x, z) / q(z) and z ~ q, log E[u] = log p(x) and E[log u] is the ELBO. Source: the
slide "VI derivation I".
"""

import numpy as np
from scipy.special import logsumexp

from helpers import small
from helpers.arguments import finite_array
from helpers.show.interactive.controls import preset, slider, ticks
from helpers.show.interactive.figure import Interactive
from helpers.show.interactive.gaps import LOG_EVIDENCE, POSTERIORS, best_normal, grid

BELL_MEANS, BELL_SDS = (-4.0, 4.0), (0.3, 2.5)
EVERY = 2  # of the grid's points, one is drawn


def ratios(log_joint, q):
    """u = p(x, z) / q(z) for each z, with log E[u], E[log u] and their gap, in nats.

    log_joint: log p(x, z), (k,). q: q(z), (k,); where it is zero, u is inf and does not count.
    """
    held = q > 0
    mean = float(np.exp(log_joint[held]).sum())
    elbo = float(np.sum(q[held] * (log_joint[held] - np.log(q[held]))))
    with np.errstate(over="ignore"):
        u = np.exp(log_joint - np.log(q, where=held, out=np.full(q.shape, -np.inf)))
    return {
        "mean_ratio": mean,
        "log_evidence": float(np.log(mean)),
        "elbo": elbo,
        "kl": float(np.log(mean)) - elbo,
        "ratios": u,
        "q": q,
    }


def jensen(log_joint=None, many=False, posterior="bimodal"):
    """u = p(x, z) / q(z) under the logarithm: two points and their chord, or many points.

    Args:
        log_joint: log p(x, z) of a binary z, (2,). None: "money" in the small discrete model.
        many: a continuous z instead, with a normal q: every point of the grid has its u.
        posterior: for many, as in :func:`helpers.show.interactive.gap`.
    """
    if many:
        return _many(posterior)
    if log_joint is None:
        log_joint = logsumexp(small.bank().log_joint(1), axis=1)
    log_joint = np.round(finite_array("log_joint", log_joint, shape=(2,)), 9)
    exact = np.exp(log_joint - logsumexp(log_joint))[1]

    def compute(second):
        return ratios(log_joint, np.array([1 - second, second]))

    data = {
        "title": "Jensen's inequality: the gap is the KL",
        "controls": [slider("second", "q(z = 1)", 0.02, 0.98, 0.01, 0.4)],
        "presets": [preset("q = posterior", {"second": exact})],
        "log_joint": log_joint,
        "grain": 22,
    } | _axes(log_joint)
    return Interactive("jensen", data, compute)


def _many(posterior):
    if posterior not in POSTERIORS:
        raise ValueError(f"posterior: expected one of {list(POSTERIORS)}, got {posterior!r}")
    fine = LOG_EVIDENCE + POSTERIORS[posterior](grid())
    z = grid()[::EVERY]
    spacing = z[1] - z[0]
    table = np.round(fine[::EVERY] + np.log(spacing), 9)  # a sum over z instead of an integral

    def compute(mean, sd):
        log_q = -0.5 * ((z - mean) / sd) ** 2
        return ratios(table, np.exp(log_q - logsumexp(log_q)))

    best = best_normal(fine)
    data = {
        "title": "Jensen's inequality, many points: the gap is the KL",
        "controls": [
            slider("mean", "mean of q", *BELL_MEANS, 0.05, 0.0),
            slider("sd", "standard deviation of q", *BELL_SDS, 0.05, 1.0),
        ],
        "presets": [preset("best q", best)],
        "log_joint": table,
        "means": True,
        "low": z[0],
        "spacing": spacing,
        "grain": 18,
    } | _axes(table)
    return Interactive("jensen", data, compute)


def _axes(log_joint):
    """The curve's ends, five times p(x) and e^2.6 times less than it, and the ticks."""
    evidence = np.exp(logsumexp(log_joint))
    us = np.linspace(np.exp(-2.6) * evidence, 5 * evidence, 120)
    lowest = np.ceil(np.log(us[0]))
    return {
        "evidence": evidence,
        "us": us,
        "xticks": ticks(0, us[-1]),
        "yticks": lowest + np.arange(4),
    }
