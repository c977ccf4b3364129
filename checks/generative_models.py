"""The exercises of notebook 01, Generative models.

prior: p(z), (Z,).  likelihood: p(x | z), (Z, X), a row for each z.  x: the observed outcome, a
number from 0 to X - 1.  log_joint: log p(x, z) for the observed x and every z, any shape.
"""

import numpy as np
from scipy.special import logsumexp

from checks.invariants import normalised
from checks.sheets import Sheet
from checks.tasks import case
from helpers.small import bank

sheet = Sheet(__name__)
progress = sheet.progress


# ---------------------------------------------------------------- random models


def _bank_tables():
    """The course's own model with its four values of z in one row: p(z) (4,), p(x | z) (4, 2)."""
    model = bank()
    z1, z2 = model.prior
    on = model.likelihood.ravel()
    return np.outer([1 - z1, z1], [1 - z2, z2]).ravel(), np.stack([1 - on, on], axis=1)


def _models(rng):
    """Pairs (prior, likelihood): small and not square, the course's model, one with zeros."""
    for Z, X in ((3, 3), (2, 3), (3, 2), (4, 3), (5, 2)):
        yield rng.dirichlet(np.ones(Z)), rng.dirichlet(np.ones(X), size=Z)
    yield _bank_tables()


def _with_zeros(rng):
    prior, likelihood = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4), size=3)
    prior[rng.integers(3)] = 0
    return prior / prior.sum(), likelihood


def _table_cases(rng):
    yield from (case(*model) for model in _models(rng))
    yield case(*_with_zeros(rng), label="a prior with an exact zero")


def _observed_cases(rng):
    for prior, likelihood in [*_models(rng), _with_zeros(rng)]:
        yield case(prior, likelihood, int(rng.integers(likelihood.shape[1])))


# ---------------------------------------------------------------- 1 the joint table


def _joint(prior, likelihood):
    return prior[:, None] * likelihood


def _sums_to_one(joint, prior, likelihood):
    total = joint.sum()
    return "" if np.isclose(total, 1) else f"your table sums to {total:.4g}, and a joint sums to 1"


def _joint_in_a_loop(prior, likelihood):
    return np.array([prior[z] * likelihood[z] for z in range(len(prior))])


joint_table = sheet.task(
    "joint_table",
    reference=_joint,
    spelt_out=[_joint_in_a_loop],
    cases=_table_cases,
    invariants=[_sums_to_one],
)


# ---------------------------------------------------------------- 2 the evidence


def _evidence(prior, likelihood, x):
    return prior @ likelihood[:, x]


def _is_probability(value, *_):
    low, high = np.min(value), np.max(value)
    if low < 0:
        return f"you returned {low:.4g}: a probability cannot be negative"
    return f"you returned {high:.4g}: a probability cannot exceed 1" if high > 1 + 1e-9 else ""


def _evidence_spelt_out(prior, likelihood, x):
    return np.sum(prior * likelihood[:, x])


evidence = sheet.task(
    "evidence",
    reference=_evidence,
    spelt_out=[_evidence_spelt_out],
    cases=_observed_cases,
    invariants=[_is_probability],
)


# ---------------------------------------------------------------- 3 the posterior


def _posterior(prior, likelihood, x):
    joint = prior * likelihood[:, x]
    return joint / joint.sum()


posterior = sheet.task("posterior", reference=_posterior, cases=_observed_cases)

explaining_away = sheet.task("explaining_away")


# ---------------------------------------------------------------- 5 Bayes' rule in log space


def _log_posterior(log_prior, log_likelihood, log_evidence):
    return log_prior + log_likelihood - log_evidence


def _log_cases(rng):
    for prior, likelihood in _models(rng):
        column = likelihood[:, rng.integers(likelihood.shape[1])]
        yield case(np.log(prior), np.log(column), float(np.log(prior @ column)))


log_posterior = sheet.task("log_posterior", reference=_log_posterior, cases=_log_cases)


# ---------------------------------------------------------------- 6 the evidence in log space


def _log_evidence(log_joint):
    return logsumexp(log_joint)


def _log_joint_cases(rng):
    yield case(bank().log_joint(1))
    for shape in ((3,), (2, 3), (4, 2), (2, 2, 2)):
        yield case(
            np.log(rng.dirichlet(np.ones(np.prod(shape)))).reshape(shape) - rng.exponential()
        )
    yield case(rng.normal(size=5) - 2000, label="log probabilities around -2000")
    with_zero = rng.normal(size=4)
    with_zero[rng.integers(4)] = -np.inf
    yield case(with_zero, label="a z with probability zero (log 0 = -inf)")


def _above_largest_term(value, log_joint):
    top = log_joint.max()
    if np.ndim(value) == 0 and value < top - 1e-9:
        return (
            f"your log p(x) is {value:.4g}, but one z alone gives {top:.4g}: adding the others can "
            "only make it larger"
        )
    return ""


def _log_evidence_spelt_out(log_joint):
    top = log_joint.max()
    return top + np.log(np.sum(np.exp(log_joint - top)))


log_evidence = sheet.task(
    "log_evidence",
    reference=_log_evidence,
    spelt_out=[_log_evidence_spelt_out],
    cases=_log_joint_cases,
    invariants=[_above_largest_term],
)


# ---------------------------------------------------------------- 7 frequentist and Bayesian


def _evidences(weights, joint):
    return joint.sum(1), weights @ joint.sum(1)


def _theta_cases(rng):
    for K, Z in ((2, 3), (3, 2), (4, 4), (5, 3)):
        likelihood = rng.uniform(0.05, 0.95, size=(K, Z))
        yield case(rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(Z), size=K) * likelihood)


def _bayesian_between(results, weights, joint):
    per_theta, total = results
    if np.ndim(total) == 0 and np.size(per_theta) == len(weights):
        if not per_theta.min() - 1e-9 <= total <= per_theta.max() + 1e-9:
            return (
                f"your Bayesian evidence, {float(total):.4g}, lies beyond all p(x | theta), "
                "but it is their weighted average"
            )
    return ""


evidences = sheet.task(
    "evidences", reference=_evidences, cases=_theta_cases, invariants=[_bayesian_between]
)


# ---------------------------------------------------------------- 8 stretch: Monte Carlo


def _by_sampling(log_likelihood, dimension, n, rng):
    return logsumexp(log_likelihood(rng.standard_normal((n, dimension)))) - np.log(n)


def _gaussian(x, offset):
    """log N(x; z, I) + offset as a function of z (n, d)."""

    def log_likelihood(z):
        if np.ndim(z) != 2 or np.shape(z)[1] != len(x):
            raise ValueError(f"z: expected the shape (n, {len(x)}), got {np.shape(z)}")
        constant = 0.5 * len(x) * np.log(2 * np.pi)
        return offset - 0.5 * ((x - z) ** 2).sum(1) - constant

    return log_likelihood


def _sampling_cases(rng):
    for dimension, offset in ((1, 0.0), (2, 0.0), (3, 1.5), (5, -1.0)):
        x = rng.uniform(-1, 1, size=dimension)
        yield case(_gaussian(x, offset), dimension, 20_000, rng)
    label = "a likelihood so small that it underflows (log p(x | z) around -2000)"
    yield case(_gaussian(rng.uniform(-1, 1, size=2), -2000.0), 2, 20_000, rng, label=label)


def _as_good_as(expected, got, *_):
    """Two estimates from 20000 draws: each is within 0.03 nats of the truth, if it is right."""
    return (expected == got) | (np.abs(expected - got) < 0.12)


evidence_by_sampling = sheet.task(
    "evidence_by_sampling", reference=_by_sampling, cases=_sampling_cases, accept=_as_good_as
)

bayes_in_order = sheet.task("bayes_in_order")


# ---------------------------------------------------------------- 10 find the bug


def _no_model(prior, likelihood):
    prior, likelihood = np.asarray(prior, float), np.asarray(likelihood, float)
    if prior.ndim != 1 or prior.shape != likelihood.shape:
        return "two lists of one length are needed: p(z), then p(x | z) for the x observed"
    if (prior < 0).any() or abs(prior.sum() - 1) > 1e-6:
        return f"p(z) is no distribution, it sums to {prior.sum():.3g}"
    return "" if ((likelihood > 0) & (likelihood <= 1)).all() else "p(x | z) lies between 0 and 1"


posterior_with_a_bug = sheet.task(
    "posterior_with_a_bug",
    right=lambda prior, likelihood: _normalised(np.multiply(prior, likelihood)),
    example=([0.9, 0.1], [0.2, 0.7]),
    refuse=_no_model,
)


def _normalised(joint):
    return joint / joint.sum()


# ---------------------------------------------------------------- 11 a number

three_documents = sheet.task("three_documents", right=lambda: 3 * bank().log_evidence(1))

average_on_paper = sheet.task("average_on_paper")


# ---------------------------------------------------------------- 13 a model of your own


def _bayes_holds(answer):
    joint = np.asarray(answer["prior"]) * np.asarray(answer["likelihood"])
    told = np.asarray(answer["posterior"]) * answer["evidence"]
    if np.shape(joint) != np.shape(told):
        return "prior, likelihood and posterior need one entry for each of your z"
    worst = np.max(np.abs(joint - told))
    if worst < 1e-8:
        return ""
    return f"prior times likelihood and posterior times evidence differ by {worst:.3g}"


def _own_model():
    joint = np.array([0.7, 0.2, 0.1]) * np.array([0.05, 0.5, 0.9])
    parts = {"prior": [0.7, 0.2, 0.1], "likelihood": [0.05, 0.5, 0.9]}
    return parts | {"evidence": joint.sum(), "posterior": joint / joint.sum()}


your_own_model = sheet.task(
    "your_own_model",
    invariants=(normalised("prior"), normalised("posterior"), _bayes_holds),
    example=_own_model,
)
