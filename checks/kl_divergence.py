"""The exercises of notebook 03b, Deriving variational inference from the KL divergence.

q: q(z) for every z.  log_joint: log p(x, z) for the observed x and every z, of the shape of q.
mean, sd: of normal distributions; sd is the standard deviation.
"""

import numpy as np
from scipy.special import entr, logsumexp, rel_entr

from checks import invariants
from checks.distributions import kl_not_negative, simplex
from checks.sheets import Sheet
from checks.tasks import case
from helpers.small import bank

sheet = Sheet(__name__)
progress = sheet.progress


# ---------------------------------------------------------------- 1 entropy


def _entropy(q):
    return entr(q).sum()


def _entropy_cases(rng):
    for shape in ((2,), (3,), (2, 3), (6,)):
        yield case(simplex(rng, shape))
    yield case(np.insert(simplex(rng, 3), 1, 0.0), label="a q with an exact zero")


def _entropy_in_range(value, q):
    if np.ndim(value) == 0 and not -1e-9 <= value <= np.log(q.size) + 1e-9:
        return (
            f"your entropy is {value:.4g}; for {q.size} values it lies between 0 and "
            f"log {q.size} = {np.log(q.size):.4g}"
        )
    return ""


def _entropy_spelt_out(q):
    held = q[q > 0]
    return -np.sum(held * np.log(held))


entropy = sheet.task(
    "entropy",
    reference=_entropy,
    spelt_out=[_entropy_spelt_out],
    cases=_entropy_cases,
    invariants=[_entropy_in_range],
)


# ---------------------------------------------------------------- 2 the two terms of the bound


def _expected(log_joint, q):
    held = q > 0
    return np.sum(q[held] * log_joint[held])


def _terms(log_joint, q):
    return _expected(log_joint, q), _entropy(q), _expected(log_joint, q) + _entropy(q)


def _joint_cases(rng):
    yield case(bank().log_joint(1), simplex(rng, (2, 2)))
    for shape in ((3,), (2, 3), (5,)):
        yield case(np.log(simplex(rng, shape)) - rng.exponential(2.0), simplex(rng, shape))
    q = np.append(simplex(rng, 3), 0.0)
    log_joint = np.append(np.log(simplex(rng, 3)) - 1, -np.inf)
    yield case(log_joint, q, label="an impossible z, log p(x, z) = -inf, which q never takes")


def _below_evidence(results, log_joint, q):
    elbo, evidence = results[2], logsumexp(log_joint)
    if np.ndim(elbo) == 0 and elbo > evidence + 1e-9:
        return (
            f"your ELBO is {elbo:.4g}, above log p(x) = {evidence:.4g} by {elbo - evidence:.2g}: "
            "a lower bound cannot be"
        )
    return ""


two_terms = sheet.task(
    "two_terms", reference=_terms, cases=_joint_cases, invariants=[_below_evidence]
)


# ---------------------------------------------------------------- 3 a line of the derivation


def _line_five(q, log_joint, log_evidence):
    return _expected(log_joint, q), _entropy(q), -log_evidence


def _line_cases(rng):
    for shape in ((2,), (3,), (2, 2)):
        log_joint = np.log(simplex(rng, shape)) - rng.exponential(2.0)
        yield case(simplex(rng, shape), log_joint, float(logsumexp(log_joint)))


def _line_five_spelt_out(q, log_joint, log_evidence):
    return np.sum(q * log_joint), -np.sum(q * np.log(q)), -log_evidence


line_five = sheet.task(
    "line_five", reference=_line_five, spelt_out=[_line_five_spelt_out], cases=_line_cases
)


# ---------------------------------------------------------------- 4 two normals


def _kl_normal(mean_q, sd_q, mean_p, sd_p):
    ratio = sd_q / sd_p
    return 0.5 * (ratio**2 - 1 + ((mean_q - mean_p) / sd_p) ** 2) - np.log(ratio)


def _normal_cases(rng):
    for _ in range(5):
        yield case(*(float(v) for v in (rng.normal(), *rng.uniform(0.3, 3, 1))), *_normal(rng))
    mean, sd = _normal(rng)
    yield case(mean, sd, mean, sd, label="two equal distributions, whose KL is 0")


def _normal(rng):
    return float(rng.normal() * 2), float(rng.uniform(0.3, 3))


def _kl_normal_spelt_out(mean_q, sd_q, mean_p, sd_p):
    squared = sd_q**2 + (mean_q - mean_p) ** 2
    return np.log(sd_p / sd_q) + squared / (2 * sd_p**2) - 0.5


def _kl_normal_in_variances(mean_q, sd_q, mean_p, sd_p):
    ratio = sd_q**2 / sd_p**2
    return 0.5 * (ratio - 1 - np.log(ratio) + (mean_q - mean_p) ** 2 / sd_p**2)


kl_normal = sheet.task(
    "kl_normal",
    reference=_kl_normal,
    spelt_out=[_kl_normal_spelt_out, _kl_normal_in_variances],
    cases=_normal_cases,
    invariants=[kl_not_negative],
)

two_hills = sheet.task("two_hills")


# ---------------------------------------------------------------- 6 mass-covering


def _moments(z, density):
    weights = density / density.sum()
    mean = np.sum(weights * z)
    return mean, np.sqrt(np.sum(weights * (z - mean) ** 2))


def _density_cases(rng):
    for n in (60, 81, 120):
        z = np.linspace(rng.uniform(-7, -6), rng.uniform(5.5, 6), n)
        first, second = rng.uniform(-2.5, 0.5), rng.uniform(0.5, 2.5)
        density = rng.uniform(0.2, 0.8) * np.exp(-0.5 * ((z - first) / 0.6) ** 2)
        density += rng.uniform(0.2, 0.8) * np.exp(-0.5 * ((z - second) / 0.4) ** 2)
        yield case(z, rng.uniform(0.01, 3) * density)


mass_covering = sheet.task("mass_covering", reference=_moments, cases=_density_cases)


# ---------------------------------------------------------------- 7 stretch: a sampled bound


def _sampled(log_joint, mean, sd, n, rng):
    z = mean + sd * rng.standard_normal(n)
    log_q = -0.5 * ((z - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return np.mean(log_joint(z) - log_q)


def _target(rng, near):
    location, width, height = near + rng.normal() / 2, rng.uniform(1.15, 1.25), rng.normal() * 3

    def log_joint(z):
        return height - 0.5 * ((z - location) / width) ** 2

    return log_joint


def _sampled_cases(rng):
    for low, high in ((0.2, 0.3), (1.7, 1.9), (0.25, 0.35), (1.75, 1.95)):
        mean = float(rng.choice([-1, 1]) * rng.uniform(1, 2))  # far enough from 0 to be missed
        yield case(_target(rng, mean), mean, float(rng.uniform(low, high)), 40_000, rng)


def _as_good_as(expected, got, *_):
    """Two estimates from 40,000 draws; each has a standard error of at most 0.02."""
    return np.abs(expected - got) < 0.12


sampled_elbo = sheet.task(
    "sampled_elbo", reference=_sampled, cases=_sampled_cases, accept=_as_good_as
)

objective_in_order = sheet.task("objective_in_order")


# ---------------------------------------------------------------- 9 two KLs


def _two_kls(prior, likelihood, q):
    joint = prior * likelihood
    return rel_entr(q, prior).sum(), rel_entr(q, joint / joint.sum()).sum()


def _two_kls_spelt_out(prior, likelihood, q):
    posterior = prior * likelihood / np.sum(prior * likelihood)
    return np.sum(q * np.log(q / prior)), np.sum(q * np.log(q / posterior))


def _two_kls_cases(rng):
    for size in (2, 3, 5):
        yield case(simplex(rng, size), rng.uniform(0.05, 0.95, size), simplex(rng, size))
    prior = simplex(rng, 3)
    yield case(prior, rng.uniform(0.05, 0.95, 3), prior.copy(), label="a q that is the prior")


two_kls = sheet.task(
    "two_kls", reference=_two_kls, spelt_out=[_two_kls_spelt_out], cases=_two_kls_cases
)


# ---------------------------------------------------------------- 10 choose a divergence


def _for_two_hills(divergence):
    """A normal q for two hills, 0.59 at -1.87 and 0.41 at 1.80, each with sd 0.575."""
    mean = 0.59 * -1.868 + 0.41 * 1.802
    spread = 0.575**2 + 0.59 * (-1.868 - mean) ** 2 + 0.41 * (1.802 - mean) ** 2
    covers = divergence == "KL(p || q)"
    return {"sd": float(np.sqrt(spread)) if covers else 0.579, "hills": "both" if covers else "one"}


which_divergence = sheet.task("which_divergence", measure=_for_two_hills)


# ---------------------------------------------------------------- 11 find the bug


def _bound_of_draws(log_joint, z, mean, sd):
    log_q = -0.5 * ((z - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return np.mean(log_joint - log_q)


def _no_draws(log_joint, z, mean, sd):
    if np.shape(log_joint) != np.shape(z) or np.ndim(mean) or np.ndim(sd):
        return "log_joint and z are of one length, mean and sd are numbers"
    return "" if sd > 0 else f"sd is {sd:.3g}: a standard deviation is positive"


bound_with_a_bug = sheet.task(
    "bound_with_a_bug",
    right=_bound_of_draws,
    example=(np.array([-1.0, -2.0]), np.array([0.0, 1.0]), 0.0, 2.0),
    refuse=_no_draws,
)

normals_on_paper = sheet.task("normals_on_paper")


# ---------------------------------------------------------------- 13 your own model


def _of_this_model(answer):
    """The three numbers are those of the prior, the likelihood and the q."""
    prior, likelihood, q = (np.asarray(answer[k], float) for k in ("prior", "likelihood", "q"))
    if not prior.shape == likelihood.shape == q.shape:
        return '"prior", "likelihood" and "q" need one number each for every z'
    if (likelihood < 0).any() or (likelihood > 1).any():
        return '"likelihood" holds probabilities of one x, each from 0 to 1'
    joint = prior * likelihood
    right = {
        "log_evidence": np.log(joint.sum()),
        "elbo": -rel_entr(q, joint).sum(),
        "kl": rel_entr(q, joint / joint.sum()).sum(),
    }
    wrong = [key for key in right if not np.isclose(answer[key], right[key], rtol=1e-3, atol=1e-4)]
    return f'"{wrong[0]}" is not that of your prior, likelihood and q' if wrong else ""


def _own():
    prior, likelihood = np.array([0.8, 0.15, 0.05]), np.array([0.2, 0.4, 0.9])
    q, joint = np.array([0.5, 0.25, 0.25]), prior * likelihood
    return {
        "prior": prior,
        "likelihood": likelihood,
        "q": q,
        "elbo": -rel_entr(q, joint).sum(),
        "kl": rel_entr(q, joint / joint.sum()).sum(),
        "log_evidence": np.log(joint.sum()),
    }


own_model = sheet.task(
    "own_model",
    invariants=(
        invariants.normalised("q", axis=None),
        invariants.normalised("prior", axis=None),
        invariants.at_least("q", 2, "values"),
        invariants.below("elbo", "log_evidence"),
        invariants.adds_up("log_evidence", "elbo", "kl"),
        _of_this_model,
    ),
    example=_own,
)
