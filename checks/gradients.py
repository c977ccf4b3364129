"""The exercises of notebook 07a, Gradients.

z, e: draws (S,).  q = Normal(mean, sd).  log_p: log p(x, z) at the draws; slopes: its derivative.
Gradients have a column for the mean and one for log sd.
"""

import numpy as np
from scipy.special import logsumexp

from checks.sheets import Sheet
from checks.tasks import case
from helpers.gradients import normal_rule

sheet = Sheet(__name__)
progress = sheet.progress

LOG_2PI = np.log(2 * np.pi)

score_lines = sheet.task("score_lines")

# ---------------------------------------------------------------- 2 the score function


def _score_gradient(z, log_p, mean, sd):
    standard = (z - mean) / sd
    f = log_p + 0.5 * standard**2 + np.log(sd) + 0.5 * LOG_2PI
    return f[:, None] * np.stack([standard / sd, standard**2 - 1], axis=1)


def _score_spelt_out(z, log_p, mean, sd):
    log_q = -0.5 * np.log(2 * np.pi) - np.log(sd) - (z - mean) ** 2 / (2 * sd**2)
    by_mean = (log_p - log_q) * (z - mean) / sd**2
    by_log_sd = (log_p - log_q) * ((z - mean) ** 2 / sd**2 - 1)
    return np.column_stack([by_mean, by_log_sd])


def _nodes(rng, size=5):
    """Some nodes of the rule under which the estimators are unbiased without any noise."""
    e, _ = normal_rule(panels=4)
    return np.sort(rng.choice(e[np.abs(e) < 4], size, replace=False))


def _draw_cases(rng, with_value):
    for size, sd in ((3, 1.0), (5, 0.4), (7, 2.5)):
        e, mean = _nodes(rng, size), rng.normal()
        z = mean + sd * e
        value = -np.abs(z - 1) - 0.3 * z**2 - rng.exponential()
        yield case(z, value, mean, sd) if with_value else case(e, value, sd)
    e = _nodes(rng, 4)
    if with_value:
        yield case(e - 2, rng.normal(size=4) - 3000, -2.0, 0.7, label="log p around -3000")
    else:
        yield case(np.zeros(2), rng.normal(size=2), 0.7, label="draws that are the mean itself")


score_gradient = sheet.task(
    "score_gradient",
    reference=_score_gradient,
    spelt_out=[_score_spelt_out],
    cases=lambda rng: _draw_cases(rng, True),
)

# ---------------------------------------------------------------- 3 along the path


def _path_gradient(e, slopes, sd):
    return np.stack([slopes, slopes * sd * e + 1], axis=1)


def _path_spelt_out(e, slopes, sd):
    entropy = np.array([0.0, 1.0])
    return slopes[:, None] * np.column_stack([np.ones(len(e)), sd * e]) + entropy


path_gradient = sheet.task(
    "path_gradient",
    reference=_path_gradient,
    spelt_out=[_path_spelt_out],
    cases=lambda rng: _draw_cases(rng, False),
)

zero_mean = sheet.task("zero_mean")

# ---------------------------------------------------------------- 5 a baseline


def _leave_one_out(values, scores):
    others = (values.sum() - values) / (len(values) - 1)
    return ((values - others)[:, None] * scores).mean(axis=0)


def _loo_spelt_out(values, scores):
    n = len(values)
    total = np.zeros(scores.shape[1])
    for s in range(n):
        total = total + (values[s] - np.delete(values, s).mean()) * scores[s]
    return total / n


def _loo_cases(rng):
    for n, k in ((2, 1), (4, 2), (6, 3)):
        yield case(rng.normal(size=n) - 2, rng.normal(size=(n, k)))
    yield case(rng.normal(size=5) - 4000, rng.normal(size=(5, 2)), label="values around -4000")


leave_one_out = sheet.task(
    "leave_one_out", reference=_leave_one_out, spelt_out=[_loo_spelt_out], cases=_loo_cases
)

# ---------------------------------------------------------------- 6 find the bug


def _ascend_right(mean, sd, e, slopes, size):
    by_log_sd = np.mean(slopes * sd * e) + 1
    return mean + size * np.mean(slopes), sd * np.exp(size * by_log_sd)


def _no_step(mean, sd, e, slopes, size):
    if np.shape(e) != np.shape(slopes):
        return "e and slopes need one entry for each draw"
    return "" if np.all(np.asarray(sd) > 0) else "sd is not above 0"


wrong_step = sheet.task(
    "wrong_step",
    right=_ascend_right,
    example=(0.0, 2.0, np.array([1.0, -0.5]), np.array([0.3, 0.2]), 0.1),
    refuse=_no_step,
)

# ---------------------------------------------------------------- 7 foretell: dropping the score

dropped = sheet.task("dropped", right=0.8**2 / (1 / 0.8 - 0.8) ** 2)

# ---------------------------------------------------------------- 8 the natural step


def _natural_step(mean, precision, slope, curvature, rho):
    new = (1 - rho) * precision + rho * curvature
    return mean + rho * slope / new, new


def _natural_spelt_out(mean, precision, slope, curvature, rho):
    precision = precision + rho * (curvature - precision)
    variance = 1 / precision
    return mean + rho * variance * slope, precision


def _natural_cases(rng):
    for size, rho in ((1, 0.5), (3, 0.1), (4, 0.8)):
        positive = rng.gamma(3.0, size=(2, size)) + 0.2
        yield case(rng.normal(size=size), positive[0], rng.normal(size=size), positive[1], rho)
    positive = rng.gamma(3.0, size=(2, 2)) + 0.2
    yield case(rng.normal(size=2), positive[0], rng.normal(size=2), positive[1], 1.0,
               label="a step of size one")  # fmt: skip


natural_step = sheet.task(
    "natural_step", reference=_natural_step, spelt_out=[_natural_spelt_out], cases=_natural_cases
)

# ---------------------------------------------------------------- 9 a curvature from slopes alone


def _curvature(e, slopes, sd):
    return -np.mean(slopes * e, axis=0) / sd


def _curvature_spelt_out(e, slopes, sd):
    total = np.zeros(len(sd))
    for s in range(len(e)):
        total = total + slopes[s] * e[s] / sd
    return -total / len(e)


def _curvature_cases(rng):
    for n, d in ((2, 1), (5, 2), (8, 3)):
        e = np.concatenate([(half := rng.normal(size=(n, d))), -half])
        yield case(e, rng.normal(size=(2 * n, d)) - e, rng.gamma(2.0, size=d) + 0.3)
    half = rng.normal(size=(4, 2))
    e, sd = np.concatenate([half, -half]), np.array([0.5, 2.0])
    yield case(e, -3 * sd * e, sd, label="a quadratic log p(x, z)")


curvature = sheet.task(
    "curvature", reference=_curvature, spelt_out=[_curvature_spelt_out], cases=_curvature_cases
)

# ---------------------------------------------------------------- 10 effective sample size


def _effective(log_ratios):
    return np.exp(2 * logsumexp(log_ratios) - logsumexp(2 * log_ratios))


def _effective_spelt_out(log_ratios):
    weights = np.exp(log_ratios - log_ratios.max())
    return weights.sum() ** 2 / (weights**2).sum()


def _effective_cases(rng):
    for size in (2, 5, 20):
        yield case(rng.normal(size=size) - 1)
    yield case(2 * rng.normal(size=6) - 2500, label="ratios around exp(-2500)")
    yield case(rng.normal(size=6) + 900, label="ratios around exp(900)")


effective_sample_size = sheet.task(
    "effective_sample_size",
    reference=_effective,
    spelt_out=[_effective_spelt_out],
    cases=_effective_cases,
    invariants=[
        lambda value, log_ratios: (
            f"your number is {value:.4g} for {len(log_ratios)} draws: it lies between 1 and that"
            if np.ndim(value) == 0 and not 1 - 1e-9 <= value <= len(log_ratios) + 1e-9
            else ""
        )
    ],
)

narrow_k = sheet.task("narrow_k")

missed_hill = sheet.task("missed_hill")
