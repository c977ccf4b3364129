"""The exercises of notebook 02a, the log-linear POS tagger.

features: (N, F).  tags: (N,), whole numbers from 0 to T - 1.  weights: (F, T).  prior_sd: one
number, the standard deviation of each weight's normal prior with mean zero.
"""

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from checks.sheets import Sheet
from checks.tasks import case

sheet = Sheet(__name__)
progress = sheet.progress

LOG_TAU = np.log(2 * np.pi)


def _data(rng):
    """(features, tags, weights, prior_sd) of sizes that are all different, smallest first."""
    for N, F, T in ((3, 1, 2), (4, 2, 3), (5, 3, 2), (7, 4, 3), (6, 5, 4)):
        features, weights = rng.normal(size=(N, F)), rng.normal(size=(F, T))
        yield features, rng.integers(T, size=N), weights, rng.uniform(0.4, 2.5)


def _far(rng):
    """Logits of about a thousand, where exp overflows."""
    return rng.uniform(500, 900, size=(3, 2)) * np.array([[1.0, -1.0]]), rng.normal(size=(2, 4))


def _apart(rng):
    """Two tokens, one of which has logits that lie about a thousand below the other's."""
    weights = np.stack([1000 + rng.normal(size=3), rng.normal(size=3)])
    return np.array([[1.0, 0.0], [0.0, 1.0]]), weights


# ---------------------------------------------------------------- 1 softmax


def _tag_probs(features, weights):
    return softmax(features @ weights, axis=1)


def _softmax_cases(rng):
    yield from (case(features, weights) for features, _, weights, _ in _data(rng))
    yield case(*_far(rng), label="logits around a thousand, where exp overflows")
    close = 1000 - rng.uniform(0.2, 2, size=(1, 3))
    yield case(np.ones((1, 1)), close, label="three logits just below a thousand")
    yield case(*_apart(rng), label="a token whose logits all lie a thousand below another's")


def _rows_sum_to_one(probs, features, weights):
    if np.shape(probs) != (features.shape[0], weights.shape[1]):
        return ""
    total = probs.sum(axis=1)[0]
    return "" if np.isclose(total, 1) else f"the first token's probabilities sum to {total:.4g}"


def _tag_probs_spelt_out(features, weights):
    logits = features @ weights
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


tag_probs = sheet.task(
    "tag_probs",
    reference=_tag_probs,
    spelt_out=[_tag_probs_spelt_out],
    cases=_softmax_cases,
    invariants=[_rows_sum_to_one],
)


# ---------------------------------------------------------------- 2 the log joint


def _picked(features, tags, weights):
    return log_softmax(features @ weights, axis=1)[np.arange(len(tags)), tags]


def _log_prior(weights, sd):
    return np.sum(-0.5 * (weights / sd) ** 2 - np.log(sd) - 0.5 * LOG_TAU)


def _log_joint(features, tags, weights, prior_sd):
    return _picked(features, tags, weights).sum() + _log_prior(weights, prior_sd)


def _data_cases(rng):
    yield from (case(*data) for data in _data(rng))


def _log_joint_spelt_out(features, tags, weights, prior_sd):
    logits = features @ weights
    log_probs = logits - logsumexp(logits, axis=1, keepdims=True)
    log_likelihood = log_probs[np.arange(len(tags)), tags].sum()
    log_prior = -0.5 * (weights / prior_sd) ** 2 - np.log(prior_sd) - 0.5 * np.log(2 * np.pi)
    return log_likelihood + log_prior.sum()


log_joint = sheet.task(
    "log_joint", reference=_log_joint, spelt_out=[_log_joint_spelt_out], cases=_data_cases
)


# ---------------------------------------------------------------- 3 Bayes' rule on a grid


def _grid_posterior(log_joint, cell):
    return np.exp(log_joint - logsumexp(log_joint)) / cell


def _grid_cases(rng):
    for rows, columns in ((2, 3), (3, 5), (6, 4), (9, 7)):
        yield case(rng.normal(size=(rows, columns)) - 2, rng.uniform(0.05, 0.4))
    label = "a log joint around -2000, where exp underflows"
    yield case(rng.normal(size=(4, 5)) - 2000, rng.uniform(0.05, 0.4), label=label)


def _integrates_to_one(density, log_joint, cell):
    if np.shape(density) != log_joint.shape:
        return ""
    total = np.sum(density) * cell
    return "" if np.isclose(total, 1) else f"your density integrates to {total:.4g}, not to 1"


grid_posterior = sheet.task(
    "grid_posterior", reference=_grid_posterior, cases=_grid_cases, invariants=[_integrates_to_one]
)


# ---------------------------------------------------------------- 4 the gradient


def _gradient(features, tags, weights, prior_sd):
    probs = softmax(features @ weights, axis=1)
    return features.T @ (np.eye(weights.shape[1])[tags] - probs) - weights / prior_sd**2


gradient = sheet.task("gradient", reference=_gradient, cases=_data_cases)


# ---------------------------------------------------------------- 5 a derivation


def _expected_log_prior(mean, sd, prior_sd):
    return -np.log(prior_sd) - 0.5 * LOG_TAU - (mean**2 + sd**2) / (2 * prior_sd**2)


def _normal_cases(rng):
    for _ in range(6):
        yield case(rng.uniform(0.5, 3) * rng.choice([-1, 1]), *rng.uniform(0.3, 2.5, size=2))


def _expected_log_prior_spelt_out(mean, sd, prior_sd):
    constant = -np.log(prior_sd) - 0.5 * np.log(2 * np.pi)
    return constant - (mean**2 + sd**2) / (2 * prior_sd**2)


expected_log_prior = sheet.task(
    "expected_log_prior",
    reference=_expected_log_prior,
    spelt_out=[_expected_log_prior_spelt_out],
    cases=_normal_cases,
)

never_contradicted = sheet.task("never_contradicted")


# ---------------------------------------------------------------- 7 averaging over q


def _average(weights, features):
    return softmax(features @ weights, axis=-1).mean(axis=0)


def _draw_cases(rng):
    for S, N, F, T in ((2, 1, 1, 3), (3, 2, 4, 2), (5, 4, 2, 3), (7, 3, 5, 4)):
        yield case(2 * rng.normal(size=(S, F, T)), rng.normal(size=(N, F)))


average_over_q = sheet.task("average_over_q", reference=_average, cases=_draw_cases)


# ---------------------------------------------------------------- 8 stretch: the ELBO


def _log_joint_one(features, is_noun, prior_sd):
    """log p(y, w) of one weight as a function of an array of w."""
    sign = np.where(is_noun, 1.0, -1.0)

    def joint(w):
        w = np.asarray(w, dtype=float)
        likelihood = -np.logaddexp(0, -sign * features * w[..., None]).sum(axis=-1)
        return likelihood - 0.5 * (w / prior_sd) ** 2 - np.log(prior_sd) - 0.5 * LOG_TAU

    return joint


def _elbo(mean, sd, log_joint, nodes, weights):
    return weights @ log_joint(mean + sd * nodes) + np.log(sd) + 0.5 * (LOG_TAU + 1)


def _elbo_cases(rng):
    for points, n in ((7, 1), (9, 3), (12, 6), (15, 10), (20, 25)):
        nodes, weights = np.polynomial.hermite_e.hermegauss(points)
        features, noun = rng.normal(size=n), rng.random(n) < 0.6
        joint = _log_joint_one(features, noun, rng.uniform(0.5, 2))
        mean, sd = 2 * rng.normal(), rng.uniform(0.3, 2)
        yield case(mean, sd, joint, nodes, weights / weights.sum())


def _below_evidence(elbo, mean, sd, log_joint, nodes, weights):
    if np.ndim(elbo) != 0:
        return ""
    w = np.linspace(-15, 15, 3001)
    log_evidence = logsumexp(log_joint(w)) + np.log(w[1] - w[0])
    if elbo <= log_evidence + 1e-6:
        return ""
    return f"your bound is {elbo - log_evidence:.3g} above log p(y): a lower bound cannot be"


elbo = sheet.task("elbo", reference=_elbo, cases=_elbo_cases, invariants=[_below_evidence])

laplace_in_order = sheet.task("laplace_in_order")


# ---------------------------------------------------------------- 10 find the bug


def _minus_kl(mean, sd, prior_sd):
    return _expected_log_prior(mean, sd, prior_sd) + np.log(sd) + 0.5 * (LOG_TAU + 1)


minus_kl_with_a_bug = sheet.task(
    "minus_kl_with_a_bug",
    right=_minus_kl,
    example=(0.0, 2.0, 1.0),
    refuse=lambda mean, sd, prior_sd: (
        "" if np.ndim(sd) == 0 and sd > 0 and prior_sd > 0 else "both sds must be positive numbers"
    ),
)


# ---------------------------------------------------------------- 11 choose a q

RIDGE = np.array([[1.0, -0.9], [-0.9, 1.0]])  # the posterior's covariance


def _measured_on_the_ridge(q):
    """What the greatest ELBO leaves of the ridge: a diagonal q keeps the precisions."""
    sds = {
        "full": np.sqrt(np.diag(RIDGE)),
        "diagonal": 1 / np.sqrt(np.diag(np.linalg.inv(RIDGE))),
        "the prior": np.full(2, 2.0),
    }
    return {"sd": float(sds[q][0]), "sum": "known well" if q == "full" else "too uncertain"}


q_for_two_endings = sheet.task("q_for_two_endings", measure=_measured_on_the_ridge)

numbers_of_a_q = sheet.task("numbers_of_a_q")

entropy_on_paper = sheet.task("entropy_on_paper")
