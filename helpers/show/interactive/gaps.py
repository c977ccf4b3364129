"""The gap one can touch: log p(x) = ELBO + KL(q || p), for one z and a q that the hand moves.

Source: the slides "VI derivation I" and "VI derivation II".
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from helpers.arguments import real_array
from helpers.densities import Normal
from helpers.show.interactive import discrete
from helpers.show.interactive.controls import choice, preset, slider
from helpers.show.interactive.figure import Interactive

LOW, HIGH, POINTS = -12.0, 12.0, 481  # 0.05 apart: four points per sd of the narrowest q
MEANS, SDS = (-4.0, 4.0), (0.2, 3.0)
MEAN_GRID = np.linspace(*MEANS, 41)
EDGE = 1e-6  # mass at the ends of the grid from which on a density does not fit on it
LOG_EVIDENCE = -3.2  # of the ready-made posteriors: any number would do


def _mixture(z, *parts):
    return logsumexp([np.log(w) + Normal(m, sd).log_prob(z) for w, m, sd in parts], axis=0)


POSTERIORS = {
    "bimodal": lambda z: _mixture(z, (0.65, -1.6, 0.7), (0.35, 1.9, 0.55)),
    "normal": lambda z: Normal(1.0, 0.8).log_prob(z),
    "skewed": lambda z: _mixture(z, (0.45, -1.6, 0.5), (0.35, -0.4, 0.9), (0.2, 1.4, 1.4)),
    "heavy tails": lambda z: _mixture(z, (0.6, 0.0, 0.5), (0.4, 0.0, 2.0)),
}


def grid():
    """The points z on which everything is summed, (n,)."""
    return np.linspace(LOW, HIGH, POINTS)


def normal_gap(log_joint, mean, sd):
    """ELBO, both KLs and log evidence for a normal q, by summing over :func:`grid`.

    q is normalised on the grid, so that log p(x) = ELBO + KL holds to the last digit.

    log_joint: log p(x, z) on the grid, (n,).
    Returns a dict: elbo, kl = KL(q || p), reverse_kl = KL(p || q), log_evidence, in nats, and
    the densities q and p, (n,).
    """
    z, spacing = np.linspace(LOW, HIGH, len(log_joint), retstep=True)
    log_q = -0.5 * ((z - mean) / sd) ** 2
    log_q -= logsumexp(log_q) + np.log(spacing)
    evidence = float(logsumexp(log_joint) + np.log(spacing))
    q, p = np.exp(log_q), np.exp(log_joint - evidence)
    held, reached = q > 0, p > 0
    elbo = np.sum(q[held] * (log_joint[held] - log_q[held])) * spacing
    kl = np.sum(q[held] * (log_q[held] - log_joint[held] + evidence)) * spacing
    reverse = np.sum(p[reached] * (log_joint[reached] - evidence - log_q[reached])) * spacing
    return {
        "elbo": float(elbo),
        "kl": float(kl),
        "reverse_kl": float(reverse),
        "log_evidence": evidence,
        "q": q,
        "p": p,
    }


def best_covering(log_joint):
    """The mean and sd that minimise KL(p || q): those of the posterior itself."""
    z, p = grid(), np.exp(log_joint - logsumexp(log_joint))
    mean = p @ z
    return {"mean": float(mean), "sd": float(np.sqrt(p @ (z - mean) ** 2))}


def best_normal(log_joint):
    """The mean and sd, within the sliders' ends, that minimise KL(q || p)."""
    starts = [(mean, 0.8) for mean in (-2.0, 0.0, 2.0)]
    found = [
        minimize(
            lambda at: min(normal_gap(log_joint, *at)["kl"], 1e9),
            start,
            bounds=(MEANS, SDS),
            method="L-BFGS-B",
        )
        for start in starts
    ]
    mean, sd = min(found, key=lambda result: result.fun).x
    return {"mean": round(float(mean), 4), "sd": round(float(sd), 4)}


def gap(log_joint=None, posterior="bimodal", mean=0.0, sd=1.0, factorised=True, names=None):
    """log p(x) = ELBO + KL, with sliders for q.

    Args:
        log_joint: what to show. None: ready-made posteriors in one dimension, chosen by name
            in the figure. A function of an array of z giving log p(x, z): that density,
            your own for instance. An array (2, 2): two binary variables, such as
            ``helpers.small.bank().log_joint(1)``. An array (k,): one variable of k values.
        posterior: which ready-made posterior to start with.
        mean, sd: where the normal q starts.
        factorised: for two binary variables, whether q(z1, z2) = q(z1) q(z2), or any q.
        names: of the two variables, or of the k values; the bank model's by default.
    Raises:
        ValueError: an unknown posterior, or a log_joint that is NaN, +inf, -inf everywhere or
            of the wrong shape. A density that does not fit on the grid is shown, and named.
    """
    if log_joint is not None and not callable(log_joint):
        return discrete.gap(log_joint, factorised, names)
    if log_joint is None:
        return _continuous(*_ready_made(posterior), mean, sd)
    return _continuous([_tabulate(log_joint)], 0, mean, sd)


def kl_directions(posterior="bimodal", mean=0.0, sd=1.0):
    """KL(q || p) and KL(p || q), side by side, as functions of a normal q's mean.

    The first seeks a mode (it punishes q where p has nothing), the second covers the mass.
    The arguments are those of :func:`gap`.
    """
    tables, start = _ready_made(posterior)
    shared = _continuous(tables, start, mean, sd)
    data = shared.data | {
        "title": "The two directions of the KL divergence",
        "means": MEAN_GRID,
        "presets": [
            shared.data["presets"][0] | {"label": "minimise KL(q‖p)"},
            preset("minimise KL(p‖q)", [best_covering(table) for table in tables], by="target"),
        ],
    }

    def compute(target, mean, sd):
        along = [normal_gap(tables[target], m, sd) for m in MEAN_GRID]
        return normal_gap(tables[target], mean, sd) | {
            "kl_by_mean": np.array([numbers["kl"] for numbers in along]),
            "reverse_by_mean": np.array([numbers["reverse_kl"] for numbers in along]),
        }

    return Interactive("directions", data, compute)


def _ready_made(posterior):
    if posterior not in POSTERIORS:
        raise ValueError(f"posterior: expected one of {list(POSTERIORS)}, got {posterior!r}")
    tables = [np.round(LOG_EVIDENCE + f(grid()), 9) for f in POSTERIORS.values()]
    return tables, list(POSTERIORS).index(posterior)


def _tabulate(log_joint):
    values = real_array("log_joint(z)", log_joint(grid()), shape=(POINTS,))
    if (values == np.inf).any() or (values == -np.inf).all():
        raise ValueError("log_joint(z): expected log densities, finite somewhere and never inf")
    return np.round(values, 9)


def _warning(table):
    mass = np.exp(table - logsumexp(table))
    if mass[:2].sum() + mass[-2:].sum() > EDGE:
        return (
            f"Careful: p(x, z) does not fall to zero between {LOW:g} and {HIGH:g}, "
            "so this log evidence is only that of the part shown."
        )
    return ""


def _continuous(tables, start, mean, sd):
    spacing = (HIGH - LOW) / (POINTS - 1)
    evidences = [logsumexp(table) + np.log(spacing) for table in tables]
    ceiling, best = max(evidences), [best_normal(table) for table in tables]
    data = {
        "title": "The gap: log evidence = ELBO + KL",
        "controls": [
            choice("target", "posterior", POSTERIORS, start),
            slider("mean", "mean of q", *MEANS, 0.05, mean),
            slider("sd", "standard deviation of q", *SDS, 0.05, sd),
        ][len(tables) == 1 :],
        "presets": [
            preset("best q", best, by="target") if len(tables) > 1 else preset("best q", best[0])
        ],
        "grid": {"low": LOW, "spacing": spacing, "shown": [-6, 6]},
        "log_joint": tables,
        "top": max(np.exp(t - e).max() for t, e in zip(tables, evidences, strict=True)) * 1.25,
        "floor": ceiling - 6,
        "ceiling": ceiling,
        "warning": _warning(tables[start]) if len(tables) == 1 else "",
    }

    def compute(mean, sd, target=0):
        return normal_gap(tables[target], mean, sd)

    return Interactive("gap", data, compute)
