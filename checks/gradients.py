"""The exercises of notebook 07a, Gradients.

z, e: draws (S,).  q = Normal(mean, sd).  log_p: log p(x, z) at the draws; slopes: its derivative.
Gradients have a column for the mean and one for log sd.
"""

import numpy as np
from scipy.special import logsumexp

from checks.kinds import FindBug, Number, Order, Paper
from checks.progress import progress_for
from checks.tasks import Hints, Prediction, Task, case
from helpers.gradients import normal_rule

progress = progress_for(__name__)

LOG_2PI = np.log(2 * np.pi)

# ---------------------------------------------------------------- 1 the score function, in order

score_lines = Order(
    "score_lines",
    lines={
        "A": r"$= \int q_\lambda(z)\, \nabla_\lambda \log q_\lambda(z)\, f(z)\, dz$",
        "B": r"$= \int \nabla_\lambda q_\lambda(z)\; f(z)\, dz$",
        "C": r"$= \mathbb{E}_{q}\big[f(z)\, \nabla_\lambda \log q_\lambda(z)\big]$",
        "D": r"$= \mathbb{E}_{q}\big[\nabla_z f(z)\, \nabla_\lambda \log q_\lambda(z)\big]$",
        "E": r"$\nabla_\lambda \mathbb{E}_{q}[f(z)] = \nabla_\lambda \int q_\lambda(z) f(z)\, dz$",
        "F": r"$= \int \nabla_\lambda \log q_\lambda(z)\; f(z)\, dz$",
    },
    right="EBAC",
    reasons={
        "A": "The score appears once the gradient of q itself stands under the integral.",
        "B": "The gradient can move inside only where there is an integral with q in it.",
        "C": "An expectation needs q as a factor under the integral.",
        "D": "The slope of f belongs to the other way, along the path: here f is only evaluated.",
        "E": "It is where everything begins.",
        "F": "The gradient of q is q times the gradient of log q; here the factor q got lost.",
    },
    points=2,
    minutes=4,
    difficulty="warm-up",
    why="f was never differentiated: it may have jumps, and z may be discrete.",
    hints=Hints(
        nudge="Which of the two factors under the integral depends on the parameters?",
        equation=r"$\nabla q = q\, \nabla \log q$",
        shape="first line, gradient inside, rewrite the gradient of q, read it as an expectation",
    ),
)

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


score_gradient = Task(
    "score_gradient",
    reference=_score_gradient,
    spelt_out=[_score_spelt_out],
    cases=lambda rng: _draw_cases(rng, True),
    returns="one row a draw: by the mean, by log sd, (S, 2)",
    points=3,
    minutes=10,
    why="Averaged over the nodes of a quadrature rule it is the bound's own gradient, to 1e-8.",
    hints=Hints(
        nudge="Two factors for each draw: how good was it, and which way does q become likelier?",
        equation=r"$(\log p - \log q)\,\nabla\log q$, with $\nabla \log q = "
        r"\big(\tfrac{z - m}{s^2},\; \tfrac{(z - m)^2}{s^2} - 1\big)$",
        shape="f = log_p - log_q\nreturn np.column_stack([f * ..., f * ...])",
    ),
)

# ---------------------------------------------------------------- 3 along the path


def _path_gradient(e, slopes, sd):
    return np.stack([slopes, slopes * sd * e + 1], axis=1)


def _path_spelt_out(e, slopes, sd):
    entropy = np.array([0.0, 1.0])
    return slopes[:, None] * np.column_stack([np.ones(len(e)), sd * e]) + entropy


path_gradient = Task(
    "path_gradient",
    reference=_path_gradient,
    spelt_out=[_path_spelt_out],
    cases=lambda rng: _draw_cases(rng, False),
    returns="one row a draw: by the mean, by log sd, (S, 2)",
    points=2,
    minutes=8,
    why="No log q was differentiated along the path: the entropy's own gradient took its place.",
    hints=Hints(
        nudge="By how much does the draw z = mean + sd e move if the mean moves? If log sd does?",
        equation=r"$\frac{\partial z}{\partial m} = 1$, $\frac{\partial z}{\partial \log s} = s\,"
        r"\epsilon$, and $\mathbb{H}(q) = \log s + $ const",
        shape="return np.column_stack([slopes * ..., slopes * ... + ...])",
    ),
)

# ---------------------------------------------------------------- 4 paper: the mean of the score

zero_mean = Paper(
    "zero_mean",
    rubric=(
        (1, "the expectation written as an integral (or sum) of q times the gradient of log q"),
        (1, "q times the gradient of log q is the gradient of q"),
        (1, "gradient and integral change places, and it is said that this needs q to be smooth in "
         "its parameters and its support not to move with them"),
        (1, "the integral of q is one, whose gradient is zero"),
        (1, "a constant b therefore adds nothing; a b that depends on z may add something"),
    ),
    worked=r"$\mathbb{E}_q[\nabla_\lambda \log q] = \int q\,\tfrac{\nabla_\lambda q}{q} = "
    r"\nabla_\lambda \int q = \nabla_\lambda 1 = 0$",
    minutes=10,
)  # fmt: skip

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


leave_one_out = Task(
    "leave_one_out",
    reference=_leave_one_out,
    spelt_out=[_loo_spelt_out],
    cases=_loo_cases,
    returns="the estimate from all draws, one number for each parameter",
    points=2,
    minutes=8,
    why="A baseline must not have seen its own draw; the others' mean is the best simple one.",
    hints=Hints(
        nudge="What does each draw's baseline know, and which draw must it not know?",
        equation=r"$b_s = \frac{1}{S-1}\sum_{r \neq s} f_r$, then the mean over $s$ of "
        r"$(f_s - b_s)\, u_s$",
        shape="others = (values.sum() - values) / ...\nreturn np.mean(... * scores, axis=0)",
    ),
)

# ---------------------------------------------------------------- 6 find the bug


def _ascend(mean, sd, e, slopes, size):
    """One step of plain gradient ascent on the ELBO, with the gradient along the path."""
    by_mean = np.mean(slopes)
    by_log_sd = np.mean(slopes * e) + 1
    mean = mean + size * by_mean
    log_sd = np.log(sd) + size * by_log_sd
    return mean, np.exp(log_sd)


def _ascend_right(mean, sd, e, slopes, size):
    by_log_sd = np.mean(slopes * sd * e) + 1
    return mean + size * np.mean(slopes), sd * np.exp(size * by_log_sd)


wrong_step = FindBug(
    "wrong_step",
    buggy=_ascend,
    right=_ascend_right,
    line=3,
    example=(0.0, 2.0, np.array([1.0, -0.5]), np.array([0.3, 0.2]), 0.1),
    reasons={
        2: "Along the path dz/dm = 1: the mean of the slopes it is.",
        4: "Ascent goes up the gradient: plus is right.",
        5: "The step is taken in log sd, and that is where the gradient belongs.",
        6: "Both are returned as they came: a mean and a standard deviation.",
    },
    refuse=lambda mean, sd, e, slopes, size: (
        "" if np.all(np.asarray(sd) > 0) else "sd is not above 0"
    ),
    points=2,
    minutes=6,
    why="dz / d log s = s e, and not e, which is dz / ds: with sd = 1 nobody would notice.",
    hints=Hints(
        nudge="Which parameter is the step taken in, and which derivative is computed for it?",
        equation=r"$\frac{\partial z}{\partial \log s} = s\,\epsilon$",
        shape="(line, (mean, sd, e, slopes, size)) with an sd that is not one",
    ),
)

# ---------------------------------------------------------------- 7 foretell: dropping the score

dropped = Number(
    "dropped",
    question="Compare the variances of one draw's gradient in m, not standard deviations.",
    right=0.8**2 / (1 / 0.8 - 0.8) ** 2,
    rtol=0.02,
    ranges=(
        (1.7778, 1.7778, "That is the ratio of the standard deviations: square it."),
        (0.3164, 0.3164, "The other way round: how many times as LARGE is the first variance?"),
        (1.0, 1.0, "They are equal only in what they average to."),
        (-np.inf, 0.0, "A ratio of variances is positive."),
    ),
    points=2,
    minutes=8,
    why="Had q been the posterior, s = 1, the second would have had no variance at all.",
    hints=Hints(
        nudge="The slope of log p(x, z) at z = s e is -s e. What does -log q(z) add to it?",
        equation=r"$-s\,\epsilon$ against $-s\,\epsilon + \epsilon/s$",
        shape="s**2 / (1 / s - s)**2",
    ),
)

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


natural_step = Task(
    "natural_step",
    reference=_natural_step,
    spelt_out=[_natural_spelt_out],
    cases=_natural_cases,
    returns="the new mean and the new precision, both of shape (D,)",
    points=2,
    minutes=8,
    why="With rho = 1 and a quadratic log p(x, z) this one step is the exact posterior.",
    hints=Hints(
        nudge="Which parameter of a normal moves on a straight line: sd, variance or precision?",
        equation=r"$\Lambda \leftarrow (1-\rho)\Lambda + \rho\, \mathbb{E}_q[-H]$, then "
        r"$m \leftarrow m + \rho\, \Lambda^{-1} \mathbb{E}_q[g]$ with the new $\Lambda$",
        shape="new = ...\nreturn mean + ... / new, new",
    ),
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


curvature = Task(
    "curvature",
    reference=_curvature,
    spelt_out=[_curvature_spelt_out],
    cases=_curvature_cases,
    returns="an estimate of E_q[-d2 log p / dz_i^2] for each coordinate, (D,)",
    points=3,
    minutes=12,
    difficulty="stretch",
    why="With it the natural step needs no second derivative of any model.",
    hints=Hints(
        nudge="Integrate by parts: what is E[g(m + s e) e] for standard normal e?",
        equation=r"$\mathbb{E}[g(m + s\,\epsilon)\,\epsilon] = s\,\mathbb{E}[g'(m + s\,\epsilon)]$",
        shape="return -np.mean(..., axis=0) / ...",
    ),
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


effective_sample_size = Task(
    "effective_sample_size",
    reference=_effective,
    spelt_out=[_effective_spelt_out],
    cases=_effective_cases,
    returns="one number between 1 and the number of draws",
    points=2,
    minutes=8,
    why="It is S for equal ratios, 1 where one draw carries all, and sees only what was drawn.",
    invariants=[
        lambda value, log_ratios: (
            f"your number is {value:.4g} for {len(log_ratios)} draws: it lies between 1 and that"
            if np.ndim(value) == 0 and not 1 - 1e-9 <= value <= len(log_ratios) + 1e-9
            else ""
        )
    ],
    hints=Hints(
        nudge="A common factor of all ratios changes nothing: which one keeps exp() in its range?",
        equation=r"$\frac{(\sum_s r_s)^2}{\sum_s r_s^2}$",
        shape="r = np.exp(log_ratios - ...)\nreturn ...",
    ),
)

# ---------------------------------------------------------------- 11 the k of a normal

narrow_k = Number(
    "narrow_k",
    question="How does p / q grow in the tail, and how often does q draw from there?",
    right=0.75,
    rtol=1e-3,
    ranges=(
        (0.5, 0.5, "You compared standard deviations: variances stand in the exponents."),
        (0.25, 0.25, "That is s^2 / sigma^2, the share that q has; k is what is missing to one."),
        (4.0, 4.0, "That is the ratio of the variances; k is below one for every normal pair."),
        (-np.inf, 0.0, "Below zero the ratios would be bounded; a narrow q's are not."),
    ),
    points=1,
    minutes=8,
    why="k above 0.7: this q is too narrow for its draws to be reweighted.",
    hints=Hints(
        nudge="log p - log q = (1/s^2 - 1/sigma^2) z^2 / 2 + const, and z = s e.",
        equation=r"$P(r > t) \approx t^{-1/k}$ with $r = e^{(1 - s^2/\sigma^2)\epsilon^2/2}$",
        shape="1 - s**2 / sigma**2",
    ),
)

# ---------------------------------------------------------------- 12 which q would you reweight?

missed_hill = Prediction(
    "missed_hill",
    question="What do k-hat and the effective sample size say?",
    choices={
        "both warn": "They would have to have seen a ratio that is large: no draw ever gave one.",
        "only k-hat warns": "The tail that k-hat is fitted to is the tail of q's own hill.",
        "neither warns": "Every ratio is fine; the evidence comes out too small by log 2, and "
        "nothing in the draws knows it.",
        "it depends on the seed": "Ten sds away is once in 10^23 draws: no seed will do.",
    },
    right="neither warns",
    hints=Hints(
        nudge="Which ratios are computed, and which never are?",
        equation=r"$\frac1S \sum_s r_s$ with $z_s$ on one hill only",
        shape='"both warn", "only k-hat warns", "neither warns" or "it depends on the seed"',
    ),
)
