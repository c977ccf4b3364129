"""The exercises of notebook 03a, Deriving variational inference with Jensen's inequality.

q: q(z) for every z.  p: another distribution of the same z.  log_joint: log p(x, z) for the
observed x and every z, of the shape of q.
"""

import numpy as np
from scipy.special import entr, logsumexp, ndtr, rel_entr

from checks.distributions import kl_not_negative, simplex
from checks.sheets import Sheet
from checks.tasks import case
from helpers.densities import Normal
from helpers.elbo import bound_by_quadrature
from helpers.small import bank

sheet = Sheet(__name__)
progress = sheet.progress


# ---------------------------------------------------------------- random distributions


def _pairs(rng):
    """Pairs (q, p) of different sizes, none uniform."""
    for size in (2, 3, 4, 6):
        yield simplex(rng, size), simplex(rng, size)


def _kl_cases(rng):
    yield from (case(q, p) for q, p in _pairs(rng))
    q, p = simplex(rng, 3), simplex(rng, 4)
    yield case(np.append(q, 0.0), p, label="a q with an exact zero")
    q, p = simplex(rng, 4), simplex(rng, 3)
    yield case(q, np.append(p, 0.0), label="a p with a zero where q has mass")


def _joint_cases(rng):
    """The course's own model, then tables of log p(x, z) with some q of their shape."""
    yield case(bank().log_joint(1), simplex(rng, (2, 2)))
    for shape in ((3,), (2, 3), (5,), (2, 2, 3)):
        log_joint = np.log(simplex(rng, shape)) - rng.exponential(2.0)
        yield case(log_joint, simplex(rng, shape))
    q = np.append(simplex(rng, 3), 0.0)
    yield case(np.log(simplex(rng, 4)) - 1.3, q, label="a q with an exact zero")
    label = "log probabilities around -2000"
    yield case(rng.normal(size=4) - 2000, simplex(rng, 4), label=label)


# ---------------------------------------------------------------- 1 the KL divergence


def _kl(q, p):
    return rel_entr(q, p).sum()


def _kl_spelt_out(q, p):
    held = q > 0
    return np.sum(q[held] * np.log(q[held] / p[held]))


kl = sheet.task(
    "kl", reference=_kl, spelt_out=[_kl_spelt_out], cases=_kl_cases, invariants=[kl_not_negative]
)


# ---------------------------------------------------------------- 2 Jensen's gap


def _gap(y, weights):
    return np.log(weights @ y) - weights @ np.log(y)


def _gap_cases(rng):
    for size in (2, 3, 5, 8):
        yield case(rng.gamma(2.0, size=size) + 0.05, simplex(rng, size))
    yield case(np.full(4, 2.5), simplex(rng, 4), label="a Y that is constant")


def _gap_spelt_out(y, weights):
    return np.log(np.sum(weights * y)) - np.sum(weights * np.log(y))


jensen_gap = sheet.task(
    "jensen_gap",
    reference=_gap,
    spelt_out=[_gap_spelt_out],
    cases=_gap_cases,
    invariants=[
        lambda value, *_: (
            f"your gap is {value:.4g}: by Jensen's inequality it cannot be negative"
            if np.ndim(value) == 0 and value < -1e-9
            else ""
        )
    ],
)

doubled_joint = sheet.task("doubled_joint")


# ---------------------------------------------------------------- 4 the bound


def _elbo(log_joint, q):
    held = q > 0
    return np.sum(q[held] * log_joint[held]) + entr(q).sum()


def _below_evidence(value, log_joint, q):
    evidence = logsumexp(log_joint)
    if np.ndim(value) == 0 and value > evidence + 1e-9:
        return (
            f"your bound is {value:.4g}, above log p(x) = {evidence:.4g} by "
            f"{value - evidence:.2g}: a lower bound cannot be"
        )
    return ""


def _elbo_spelt_out(log_joint, q):
    held = q > 0
    return np.sum(q[held] * (log_joint[held] - np.log(q[held])))


def _elbo_in_two_terms(log_joint, q):
    held = q > 0
    return np.sum(q[held] * log_joint[held]) - np.sum(q[held] * np.log(q[held]))


elbo = sheet.task(
    "elbo",
    reference=_elbo,
    spelt_out=[_elbo_spelt_out, _elbo_in_two_terms],
    cases=_joint_cases,
    invariants=[_below_evidence],
)


# ---------------------------------------------------------------- 5 a line of the derivation


def _line_six(q, posterior, log_evidence):
    return np.sum(q * np.log(posterior / q)), log_evidence


def _line_cases(rng):
    for size in (2, 3, 5):
        yield case(simplex(rng, size), simplex(rng, size), float(np.log(rng.uniform(0.01, 0.9))))


line_six = sheet.task("line_six", reference=_line_six, cases=_line_cases)


# ---------------------------------------------------------------- 6 the gap


def _posterior_gap(log_joint, q):
    return logsumexp(log_joint) - _elbo(log_joint, q)


def _gap_from_the_bound(log_joint, q):
    held = q > 0
    bound = np.sum(q[held] * (log_joint[held] - np.log(q[held])))
    return np.log(np.sum(np.exp(log_joint - log_joint.max()))) + log_joint.max() - bound


def _gap_from_the_posterior(log_joint, q):
    held = q > 0
    log_posterior = log_joint - logsumexp(log_joint)
    return np.sum(q[held] * (np.log(q[held]) - log_posterior[held]))


gap = sheet.task(
    "gap",
    reference=_posterior_gap,
    spelt_out=[_gap_from_the_bound, _gap_from_the_posterior],
    cases=_joint_cases,
    rtol=1e-5,
    invariants=[kl_not_negative],
)


# ---------------------------------------------------------------- 7 stretch: many samples inside


def _bounds(log_weights):
    n_inside = log_weights.shape[1]
    return log_weights.mean(), (logsumexp(log_weights, axis=1) - np.log(n_inside)).mean()


def _weight_cases(rng):
    for shape in ((3, 2), (4, 5), (2, 7), (6, 1)):
        yield case(rng.normal(size=shape) * 2 - 3)
    yield case(rng.normal(size=(3, 4)) - 1500, label="log weights around -1500")


def _second_above_first(results, log_weights):
    first, second = results
    if np.ndim(first) == np.ndim(second) == 0 and second < first - 1e-9:
        return (
            f"your second bound is {second:.4g}, below the first, {first:.4g}: averaging inside "
            "the logarithm cannot lower it"
        )
    return ""


def _bounds_spelt_out(log_weights):
    top = log_weights.max(axis=1, keepdims=True)
    inside = np.log(np.mean(np.exp(log_weights - top), axis=1)) + top[:, 0]
    return np.mean(log_weights), np.mean(inside)


sampled_bounds = sheet.task(
    "sampled_bounds",
    reference=_bounds,
    spelt_out=[_bounds_spelt_out],
    cases=_weight_cases,
    invariants=[_second_above_first],
)


# ---------------------------------------------------------------- 8 choose a q for two hills

LEFT, RIGHT, ACROSS = (-1.866, 0.579), (1.798, 0.581), (-0.292, 1.642)  # the lecture's three tops


def _position(log_q):
    """The bound for the lecture's position behind a distance."""

    def log_joint(z):
        return Normal(-0.4, 2.0).log_prob(z) + Normal(np.abs(z), 0.6).log_prob(2.0)

    return bound_by_quadrature(log_joint, log_q, np.linspace(-24, 24, 193))


def _missed(q):
    """The gap of such a q, and the probability that it gives to z > 0."""
    log_hills = [Normal(*LEFT).log_prob, Normal(*RIGHT).log_prob]
    log_q, right = {
        "one normal": (log_hills[0], float(ndtr(LEFT[0] / LEFT[1]))),
        "two normals": (lambda z: logsumexp([f(z) for f in log_hills], 0, [[0.59], [0.41]]), 0.41),
        "uniform": (lambda z: np.where(np.abs(z) < 4, -np.log(8.0), -np.inf), 0.5),
    }[q]
    return {"gap": float(_position(log_q).kl), "right": right}


q_for_two_hills = sheet.task("q_for_two_hills", measure=_missed)

bound_in_order = sheet.task("bound_in_order")


# ---------------------------------------------------------------- 10 find the bug


def _no_case(log_joint, q):
    log_joint, q = np.asarray(log_joint, float), np.asarray(q, float)
    if log_joint.ndim != 1 or log_joint.shape != q.shape:
        return "two lists of one length are needed: log p(x, z), then q(z)"
    if (q < 0).any() or abs(q.sum() - 1) > 1e-6:
        return f"q is no distribution, it sums to {q.sum():.3g}"
    return "" if np.isfinite(log_joint).all() else "take finite log p(x, z)"


gap_with_a_bug = sheet.task(
    "gap_with_a_bug",
    right=lambda log_joint, q: _posterior_gap(np.asarray(log_joint, float), np.asarray(q, float)),
    example=(np.log([0.2, 0.1]), np.array([1.0, 0.0])),
    refuse=_no_case,
)

kl_on_paper = sheet.task("kl_on_paper")


# ---------------------------------------------------------------- 12 read eight runs

six_starts = sheet.task(
    "six_starts",
    trace=lambda: [
        _position(Normal(*top).log_prob).elbo for top in (LEFT, LEFT, LEFT, ACROSS, RIGHT, RIGHT)
    ],
)
