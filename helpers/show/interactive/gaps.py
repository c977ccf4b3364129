"""The gap one can touch: log p(x) = ELBO + KL(q || p), for one z and a q that the hand moves.

And why it is there: with u = p(x, z) / q(z) and z ~ q, log E[u] = log p(x) and E[log u] is the
ELBO (Jensen's inequality). Source: the slides "VI derivation I" and "VI derivation II".
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from helpers import small
from helpers.arguments import finite_array, real_array
from helpers.densities import Normal
from helpers.show.interactive import states
from helpers.show.interactive.controls import choice, normal_q, preset, slider, ticks
from helpers.show.interactive.figure import Interactive

LOW, HIGH, POINTS = -12.0, 12.0, 481  # 0.05 apart: four points per sd of the narrowest q
SPACING = (HIGH - LOW) / (POINTS - 1)
MEANS, SDS = (-4.0, 4.0), (0.2, 3.0)
MEAN_GRID = np.linspace(*MEANS, 41)
EDGE = 1e-6  # mass at the ends of the grid from which on a density does not fit on it
LOG_EVIDENCE = -3.2  # of the ready-made posteriors: any number would do
HILLS = ((0.65, -1.6, 0.7), (0.35, 1.9, 0.55))  # weight, mean, sd


def _mixture(z, *parts):
    return logsumexp([np.log(w) + Normal(m, sd).log_prob(z) for w, m, sd in parts], axis=0)


POSTERIORS = {
    "bimodal": lambda z: _mixture(z, *HILLS),
    "normal": lambda z: Normal(1.0, 0.8).log_prob(z),
    "skewed": lambda z: _mixture(z, (0.45, -1.6, 0.5), (0.35, -0.4, 0.9), (0.2, 1.4, 1.4)),
    "heavy tails": lambda z: _mixture(z, (0.6, 0.0, 0.5), (0.4, 0.0, 2.0)),
}


def grid():
    """The points z on which everything is summed, (n,)."""
    return np.linspace(LOW, HIGH, POINTS)


def normal_gap(log_joint, mean, sd, z=None):
    """:func:`states.bound` for a normal q that is normalised on the points z, :func:`grid`."""
    z = grid() if z is None else z
    log_q = -0.5 * ((z - mean) / sd) ** 2
    spacing = z[1] - z[0]
    return states.bound(log_joint, log_q - logsumexp(log_q) - np.log(spacing), spacing)


def best_covering(log_joint):
    """The mean and sd that minimise KL(p || q): those of the posterior itself."""
    z, p = grid(), np.exp(log_joint - logsumexp(log_joint))
    mean = p @ z
    return {"mean": float(mean), "sd": float(np.sqrt(p @ (z - mean) ** 2))}


def best_normal(log_joint):
    """The mean and sd, within the sliders' ends, that minimise KL(q || p)."""

    def lost(at):
        return min(normal_gap(log_joint, *at)["kl"], 1e9)

    starts = [(mean, 0.8) for mean in (-2.0, 0.0, 2.0)]
    found = [minimize(lost, s, bounds=(MEANS, SDS), method="L-BFGS-B") for s in starts]
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
        return states.gap(log_joint, factorised, names)
    if log_joint is None:
        return _continuous(*_ready_made(posterior), mean, sd)
    table = real_array("log_joint(z)", log_joint(grid()), shape=(POINTS,))
    return _continuous([states.checked("log_joint(z)", table)], 0, mean, sd)


def kl_directions(posterior="bimodal", mean=0.0, sd=1.0):
    """KL(q || p) and KL(p || q), side by side, as functions of a normal q's mean.

    The first seeks a mode (it punishes q where p has nothing), the second covers the mass.
    The arguments are those of :func:`gap`.
    """
    tables, start = _ready_made(posterior)
    shared = _continuous(tables, start, mean, sd).data
    covering = preset("minimise KL(p‖q)", [best_covering(table) for table in tables], by="target")
    presets = [shared["presets"][0] | {"label": "minimise KL(q‖p)"}, covering]
    title = "The two directions of the KL divergence"

    def compute(target, mean, sd):
        along = [normal_gap(tables[target], m, sd) for m in MEAN_GRID]
        return normal_gap(tables[target], mean, sd) | {
            "kl_by_mean": np.array([numbers["kl"] for numbers in along]),
            "reverse_by_mean": np.array([numbers["reverse_kl"] for numbers in along]),
        }

    data = shared | {"title": title, "means": MEAN_GRID, "presets": presets}
    return Interactive("directions", data, compute)


def _ready_made(posterior):
    """The tables of all ready-made posteriors on :func:`grid`, and the number of this one."""
    if posterior not in POSTERIORS:
        raise ValueError(f"posterior: expected one of {list(POSTERIORS)}, got {posterior!r}")
    tables = [np.round(LOG_EVIDENCE + f(grid()), 9) for f in POSTERIORS.values()]
    return tables, list(POSTERIORS).index(posterior)


def _continuous(tables, start, mean, sd):
    evidences = [logsumexp(table) + np.log(SPACING) for table in tables]
    best, one = [best_normal(table) for table in tables], len(tables) == 1
    ends = np.exp(tables[0][[0, 1, -2, -1]] - logsumexp(tables[0]))
    cut = f"Careful: p(x, z) does not fall to zero between {LOW:g} and {HIGH:g}, "
    cut += "so this log evidence is only that of the part shown."
    data = {
        "title": "The gap: log evidence = ELBO + KL",
        "controls": [choice("target", "posterior", POSTERIORS, start)][one:]
        + normal_q(MEANS, SDS, mean, sd),
        "presets": [preset("best q", best[0] if one else best, by=None if one else "target")],
        "grid": {"low": LOW, "spacing": SPACING},
        "log_joint": tables,
        "top": max(np.exp(t - e).max() for t, e in zip(tables, evidences, strict=True)) * 1.25,
        "ceiling": max(evidences),
        "warning": cut if one and ends.sum() > EDGE else "",
    }
    return Interactive("gap", data, lambda mean, sd, target=0: normal_gap(tables[target], mean, sd))


def jensen(log_joint=None, many=False, posterior="bimodal"):
    """u = p(x, z) / q(z) under the logarithm: two points and their chord, or many points.

    Args:
        log_joint: log p(x, z) of a binary z, (2,). None: "money" in the small discrete model.
        many: a continuous z instead, with a normal q: every point of the grid has its u.
        posterior: for many, as in :func:`helpers.show.interactive.gap`.
    """
    if many:
        tables, number = _ready_made(posterior)
        z, table = grid()[::2], tables[number][::2]
        spacing, best = z[1] - z[0], preset("best q", best_normal(tables[number]))
        data = {"grid": {"low": z[0], "spacing": spacing}, "grain": 18}
        controls = normal_q((-4, 4), (0.3, 2.5))
    else:
        if log_joint is None:
            log_joint = logsumexp(small.bank().log_joint(1), axis=1)
        table = np.round(finite_array("log_joint", log_joint, shape=(2,)), 9)
        spacing, exact = 1.0, np.exp(table - logsumexp(table))[1]
        best, data = preset("q = posterior", {"second": exact}), {"grain": 22}
        controls = [slider("second", "q(z = 1)", 0.02, 0.98, 0.01, 0.4)]

    def compute(second=None, **q):
        if many:
            return normal_gap(table, **q, z=z)
        return states.by_probability(table, [1 - second, second])

    evidence = spacing * np.exp(logsumexp(table))
    us = np.linspace(np.exp(-2.6) * evidence, 5 * evidence, 120)  # the curve's ends
    data |= {
        "title": f"Jensen's inequality{', many points' if many else ''}: the gap is the KL",
        "controls": controls,
        "presets": [best],
        "log_joint": table,
        "evidence": evidence,
        "us": us,
        "xticks": ticks(0, us[-1]),
        "yticks": np.ceil(np.log(us[0])) + np.arange(4),
    }
    return Interactive("jensen", data, compute)
