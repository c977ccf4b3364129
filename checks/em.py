"""The exercises of notebook 03c, Relationship to the EM algorithm.

x: data, (N,).  weights, means, sds: of a mixture of K normals, (K,) each; sd is the standard
deviation.  q: responsibilities, (N, K), rows sum to one.  log_joint: log p(x_n, z_n = k), (N, K).
"""

import numpy as np
from scipy.special import entr, logsumexp, softmax

from checks.sheets import Sheet
from checks.tasks import case

sheet = Sheet(__name__)
progress = sheet.progress


# ---------------------------------------------------------------- random mixtures


def _mixture(rng, n_components):
    weights = rng.dirichlet(np.full(n_components, 3.0))
    return weights, rng.normal(size=n_components) * 2, rng.uniform(0.4, 1.8, size=n_components)


def _data(rng, n):
    return rng.normal(size=n) * 2 + 0.7


def _log_joint(x, weights, means, sds):
    squared = ((x[:, None] - means) / sds) ** 2
    return np.log(weights) - 0.5 * squared - np.log(sds) - 0.5 * np.log(2 * np.pi)


def _log_likelihood(log_joint):
    return logsumexp(log_joint, axis=1).sum()


# ---------------------------------------------------------------- 1 the E-step


def _responsibilities(x, weights, means, sds):
    return softmax(_log_joint(x, weights, means, sds), axis=1)


def _mixture_cases(rng):
    for n, k in ((3, 2), (5, 3), (4, 4), (7, 2)):
        yield case(_data(rng, n), *_mixture(rng, k))
    far = np.array([-90.0, 95.0, 100.0])
    yield case(far, *_mixture(rng, 2), label="points so far out that every density underflows")


def _rows_sum_to_one(q, x, *_):
    sums = q.sum(-1)
    if q.ndim == 2 and not np.allclose(sums, 1):
        return f"a row of your q sums to {sums[np.abs(sums - 1).argmax()]:.4g}, and q must sum to 1"
    return ""


def _far_out_undecided(q, x, *_):
    far = q[np.abs(x) > 50] if q.ndim == 2 and len(q) == len(x) else q[:0]
    if far.size and np.ptp(far, axis=1).min() < 1e-6:
        return (
            "far out, where every density is 0 in the computer, your row is the same for all "
            f"components ({far.ravel()[np.ptp(far, axis=1).argmin() * q.shape[1]]:.3g}): a small "
            "constant that is added to the densities only hides 0 / 0. Stay in logs"
        )
    return ""


def _responsibilities_spelt_out(x, weights, means, sds):
    squared = ((x[:, None] - means) / sds) ** 2
    log_joint = np.log(weights) - np.log(sds) - 0.5 * squared
    return softmax(log_joint, axis=1)


def _responsibilities_by_densities(x, weights, means, sds):
    joint = weights * np.exp(-0.5 * (x[:, None] - means) ** 2 / sds**2) / (sds * np.sqrt(2 * np.pi))
    return joint / joint.sum(axis=1, keepdims=True)


e_step = sheet.task(
    "e_step",
    reference=_responsibilities,
    spelt_out=[_responsibilities_spelt_out, _responsibilities_by_densities],
    cases=_mixture_cases,
    invariants=[_far_out_undecided, _rows_sum_to_one],
)


# ---------------------------------------------------------------- 2 the bound


def _elbo(log_joint, q):
    held = q > 0
    return np.sum(q[held] * log_joint[held]) + entr(q).sum()


def _table_cases(rng):
    for n, k in ((2, 3), (4, 2), (5, 3)):
        log_joint = _log_joint(_data(rng, n), *_mixture(rng, k))
        yield case(log_joint, rng.dirichlet(np.ones(k), size=n))
    log_joint = _log_joint(_data(rng, 4), *_mixture(rng, 3))
    hard = np.eye(3)[rng.permutation([0, 1, 2, rng.integers(3)])]
    yield case(log_joint, hard, label="a q of zeros and ones")


def _below_likelihood(value, log_joint, q):
    top = _log_likelihood(log_joint)
    if np.ndim(value) == 0 and value > top + 1e-9:
        return (
            f"your bound is {value:.4g}, above the log-likelihood {top:.4g} by {value - top:.2g}: "
            "a lower bound cannot be"
        )
    return ""


def _elbo_spelt_out(log_joint, q):
    held = q > 0
    return np.sum(q[held] * log_joint[held]) - np.sum(q[held] * np.log(q[held]))


elbo = sheet.task(
    "elbo",
    reference=_elbo,
    spelt_out=[_elbo_spelt_out],
    cases=_table_cases,
    invariants=[_below_likelihood],
)


# ---------------------------------------------------------------- 3 the M-step


def _m_step(x, q):
    counts = q.sum(0)
    means = q.T @ x / counts
    squares = np.sum(q * (x[:, None] - means) ** 2, axis=0)
    return counts / len(x), means, np.sqrt(squares / counts)


def _m_cases(rng):
    for n, k in ((6, 2), (9, 3), (16, 4), (5, 1)):
        yield case(_data(rng, n), _shares(rng, n, k))


def _shares(rng, n, k):
    """A random q in which every component is the most probable one of n / k points."""
    q = np.sort(rng.dirichlet(np.ones(k), size=n), axis=1)[:, ::-1]
    places = np.array([rng.permutation(k) for _ in range(n)])
    for row in range(n):  # the largest share to component n modulo k
        place = int(np.flatnonzero(places[row] == 0)[0])
        places[row, [place, row % k]] = places[row, [row % k, place]]
    return np.take_along_axis(q, places, axis=1)


m_step = sheet.task(
    "m_step",
    reference=_m_step,
    cases=_m_cases,
    invariants=[
        lambda results, x, q: (
            f"your weights sum to {np.sum(results[0]):.4g}, and they are probabilities"
            if np.ndim(results[0]) == 1 and not np.isclose(np.sum(results[0]), 1)
            else ""
        )
    ],
)

after_m_step = sheet.task("after_m_step")


# ---------------------------------------------------------------- 5 the gap of a data set


def _gap(log_joint, q):
    return logsumexp(log_joint, axis=1).sum() - _elbo(log_joint, q)


def _gap_spelt_out(log_joint, q):
    held = q > 0
    log_posterior = log_joint - logsumexp(log_joint, axis=1, keepdims=True)
    return np.sum(q[held] * (np.log(q[held]) - log_posterior[held]))


def _gap_by_two_terms(log_joint, q):
    held = q > 0
    log_posterior = log_joint - np.log(np.sum(np.exp(log_joint), axis=1, keepdims=True))
    return np.sum(q[held] * np.log(q[held])) - np.sum(q * log_posterior)


gap = sheet.task(
    "gap",
    reference=_gap,
    spelt_out=[_gap_spelt_out, _gap_by_two_terms],
    cases=_table_cases,
    invariants=[
        lambda value, *_: (
            f"your gap is {value:.4g}: a KL cannot be negative"
            if np.ndim(value) == 0 and value < -1e-8
            else ""
        )
    ],
)


# ---------------------------------------------------------------- 6 a restricted E-step


def _hard(log_joint):
    return np.eye(log_joint.shape[1])[log_joint.argmax(1)]


def _hard_cases(rng):
    for n, k in ((3, 2), (4, 3), (2, 5), (6, 4)):
        yield case(_log_joint(_data(rng, n), *_mixture(rng, k)))
    shares = np.array([rng.permutation([0.42, 0.35, 0.23]) for _ in range(3)])
    yield case(rng.permutation(np.array([[3.1, -1.2, 1.3], [-0.4, 0.9, -2.2], [1.7, 0.2, -4.1]])))
    log_joint = np.log(shares) - rng.uniform(3.0, 5.0, size=(3, 1))
    yield case(log_joint, label="a point that no component takes with one half")


hard_e_step = sheet.task(
    "hard_e_step", reference=_hard, cases=_hard_cases, invariants=[_rows_sum_to_one]
)


# ---------------------------------------------------------------- 7 stretch: one point at a time


def _replaced(counts, sums, squares, x_n, old, new):
    change = new - old
    return counts + change, sums + change * x_n, squares + change * x_n**2


def _replaced_cases(rng):
    for n, k in ((4, 2), (5, 3), (8, 4)):
        x, q = _data(rng, n), rng.dirichlet(np.ones(k), size=n)
        chosen = int(rng.integers(n))
        new = rng.dirichlet(np.ones(k))
        yield case(q.sum(0), q.T @ x, q.T @ x**2, float(x[chosen]), q[chosen], new)


replace_point = sheet.task("replace_point", reference=_replaced, cases=_replaced_cases)

never_falls = sheet.task("never_falls")


# ---------------------------------------------------------------- 9 find the bug


def _e_step_of_normals(x, weights, means, sds):
    scores = np.log(weights) - np.log(sds) - 0.5 * ((x[:, None] - means) / sds) ** 2
    return softmax(scores, axis=1)


def _no_mixture(x, weights, means, sds):
    if np.ndim(x) != 1 or not (np.shape(weights) == np.shape(means) == np.shape(sds)):
        return "x has one axis, and weights, means and sds are of one length"
    if np.min(sds) <= 0 or np.min(weights) <= 0 or not np.isclose(np.sum(weights), 1):
        return "sds and weights are positive, and the weights sum to one"
    return ""


e_step_with_a_bug = sheet.task(
    "e_step_with_a_bug",
    right=_e_step_of_normals,
    example=(np.array([0.5]), np.array([0.5, 0.5]), np.array([0.0, 1.0]), np.array([1.0, 3.0])),
    refuse=_no_mixture,
)


# ---------------------------------------------------------------- 10 predict a number

undecided = sheet.task("undecided", right=lambda: 100 * np.log(2))

m_step_on_paper = sheet.task("m_step_on_paper")
