"""The exercises of notebook 01, Generative models.

prior: p(z), (Z,).  likelihood: p(x | z), (Z, X), a row for each z.  x: the observed outcome, a
number from 0 to X - 1.  log_joint: log p(x, z) for the observed x and every z, any shape.
"""

import numpy as np
from scipy.special import logsumexp

from checks.invariants import normalised
from checks.kinds import FindBug, Number, OpenTask, Order, Paper
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case
from helpers.small import bank

progress = progress_for(__name__)


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


joint_table = Task(
    "joint_table",
    reference=_joint,
    spelt_out=[_joint_in_a_loop],
    cases=_table_cases,
    returns="a row for each z, a column for each x",
    points=1,
    minutes=2,
    difficulty="warm-up",
    why="The joint distribution is all that a generative model says; the rest is bookkeeping.",
    invariants=[_sums_to_one],
    hints=Hints(
        nudge="Each row of the likelihood belongs to one z. How probable is that z to begin with?",
        equation=r"$p(x, z) = p(z)\, p(x \mid z)$",
        shape="return prior[:, None] * ...",
    ),
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


evidence = Task(
    "evidence",
    reference=_evidence,
    spelt_out=[_evidence_spelt_out],
    cases=_observed_cases,
    returns="p(x), for the observed x only",
    points=1,
    minutes=2,
    why="A sum over all z: harmless for four values, hopeless for a sentence of forty words.",
    invariants=[_is_probability],
    hints=Hints(
        nudge="In how many ways, one for each z, can this x have come about? Add their chances.",
        equation=r"$p(x) = \sum_z p(z)\, p(x \mid z)$",
        shape="joint = prior * likelihood[:, x]\nreturn ...",
    ),
)


# ---------------------------------------------------------------- 3 the posterior


def _posterior(prior, likelihood, x):
    joint = prior * likelihood[:, x]
    return joint / joint.sum()


posterior = Task(
    "posterior",
    reference=_posterior,
    cases=_observed_cases,
    returns="p(z | x), a number for each z",
    points=2,
    minutes=4,
    why="Bayes' rule is the joint, read at the observed x and divided by the evidence.",
    hints=Hints(
        nudge="Take the joint at the observed x. What must you divide by to make it sum to one?",
        equation=r"$p(z \mid x) = \dfrac{p(x \mid z)\, p(z)}{p(x)}$",
        shape="joint = prior * likelihood[:, x]\nreturn joint / ...",
    ),
)


# ---------------------------------------------------------------- 4 a prediction

explaining_away = Prediction(
    "explaining_away",
    question=(
        'A document holds the word "bank". Now somebody tells us that it is about money. Does the '
        "probability that it is about rivers rise, fall or stay?"
    ),
    choices={
        "rises": (
            "Money explains the word already, so less is left for rivers to explain. Compute "
            "p(z2 = 1 | x = 1) and p(z2 = 1 | x = 1, z1 = 1) from the table."
        ),
        "falls": (
            "Money explains the word, so there is less need of rivers: explaining away. "
            "Independent causes become dependent once their common effect is seen, and that is "
            "what makes posteriors hard."
        ),
        "stays": (
            "It would stay if we had not seen the word: a priori the two topics are independent. "
            "But given the word they compete. Compute both probabilities from the table."
        ),
    },
    right="falls",
    hints=Hints(
        nudge="The word needs a cause. If one is certain, how much do we still need the other?",
        equation=r"Compare $p(z_2 = 1 \mid x = 1)$ with $p(z_2 = 1 \mid x = 1, z_1 = 1)$.",
        shape=(
            "joint = np.exp(bank().log_joint(1))\n"
            "joint[:, 1].sum() / joint.sum(), joint[1, 1] / ..."
        ),
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 5 Bayes' rule in log space


def _log_posterior(log_prior, log_likelihood, log_evidence):
    return log_prior + log_likelihood - log_evidence


def _log_cases(rng):
    for prior, likelihood in _models(rng):
        column = likelihood[:, rng.integers(likelihood.shape[1])]
        yield case(np.log(prior), np.log(column), float(np.log(prior @ column)))


log_posterior = Derivation(
    "log_posterior",
    above=r"p(z \mid x) = p(x \mid z)\, p(z) / p(x)",
    reference=_log_posterior,
    cases=_log_cases,
    hints=Hints(
        nudge="Take the logarithm of both sides of Bayes' rule. What becomes of the fraction?",
        equation=r"$\log \dfrac{ab}{c} = \log a + \log b - \log c$",
        shape="return log_prior + ... - ...",
    ),
    points=1,
    minutes=2,
    why="In log space Bayes' rule is an addition and a subtraction, and nothing underflows.",
)


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


log_evidence = Task(
    "log_evidence",
    reference=_log_evidence,
    spelt_out=[_log_evidence_spelt_out],
    cases=_log_joint_cases,
    returns="log p(x), one number",
    points=2,
    minutes=6,
    why="Subtracting the largest entry first costs one line and saves every model of this course.",
    invariants=[_above_largest_term],
    hints=Hints(
        nudge="exp(-2000) is 0 in the computer. Can you shift all entries before exp, and undo it?",
        equation=r"$\log \sum_z e^{a_z} = m + \log \sum_z e^{a_z - m}, \quad m = \max_z a_z$",
        shape="top = log_joint.max()\nreturn top + np.log(...)",
    ),
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


evidences = Task(
    "evidences",
    reference=_evidences,
    cases=_theta_cases,
    returns="first p(x | theta) for every theta, then p(x)",
    points=2,
    minutes=4,
    why="The Bayesian pays for a second sum. With theta on a grid it is cheap; theta is rarely so.",
    invariants=[_bayesian_between],
    hints=Hints(
        nudge="Sum over z first; that leaves a number for each theta. What are these weighted by?",
        equation=(
            r"$p(x \mid \theta) = \sum_z p(x, z \mid \theta)$ and "
            r"$p(x) = \sum_\theta p(\theta)\, p(x \mid \theta)$"
        ),
        shape="given_theta = joint.sum(...)\nreturn given_theta, weights @ ...",
    ),
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


evidence_by_sampling = Task(
    "evidence_by_sampling",
    reference=_by_sampling,
    cases=_sampling_cases,
    accept=_as_good_as,
    returns="an estimate of log p(x), one number",
    points=3,
    minutes=9,
    difficulty="stretch",
    why=(
        "Its error falls as one over the root of n in any dimension; a grid needs n^d points. But "
        "the constant grows with the distance between prior and posterior: hence this course."
    ),
    hints=Hints(
        nudge="The evidence is an expectation under the prior: of what? Draw, evaluate, average.",
        equation=r"$p(x) = E_{p(z)}[p(x \mid z)] \approx \frac{1}{n} \sum_i p(x \mid z_i)$",
        shape=(
            "z = rng.standard_normal((n, dimension))\n"
            "a = log_likelihood(z)        # (n,)\n"
            "return logsumexp(...) - ..."
        ),
    ),
)

# ---------------------------------------------------------------- 9 Bayes' rule, in order

bayes_in_order = Order(
    "bayes_in_order",
    lines={
        "A": r"$= \dfrac{p(z)\, p(x \mid z)}{\sum_{z'} p(z')\, p(x \mid z')}$",
        "B": r"$= \dfrac{p(z)\, p(x \mid z)}{\sum_{z'} p(x \mid z')}$",
        "C": r"$p(z \mid x) = \dfrac{p(x, z)}{p(x)}$",
        "D": r"$= \dfrac{p(x)\, p(z)}{\sum_{z'} p(x, z')}$",
        "E": r"$= \dfrac{p(x, z)}{\sum_{z'} p(x, z')}$",
    },
    right="CEA",
    reasons={
        "A": "The joint is taken apart last: in numerator and sum alike.",
        "B": "The terms of the sum are joints, and a joint has a prior: here it got lost.",
        "C": "It is where everything begins: what a conditional probability is.",
        "D": "The joint became p(x) p(z): that takes x and z for independent.",
        "E": "The evidence becomes a sum over z before the joint is taken apart.",
    },
    points=2,
    minutes=3,
    why="Numerator and denominator hold the same products; the sum runs over all z.",
    hints=Hints(
        nudge="What is a conditional probability? Then: how does p(x) come from the joint?",
        equation=r"$p(x) = \sum_z p(x, z)$",
        shape='return "..."    # three letters',
    ),
)


# ---------------------------------------------------------------- 10 find the bug


def _posterior_with_a_bug(prior, likelihood):
    joint = []
    for p_z, p_x in zip(prior, likelihood, strict=True):
        joint.append(p_z * p_x)
    evidence = sum(likelihood) / len(likelihood)
    return np.array(joint) / evidence


def _no_model(prior, likelihood):
    prior, likelihood = np.asarray(prior, float), np.asarray(likelihood, float)
    if prior.ndim != 1 or prior.shape != likelihood.shape:
        return "two lists of one length are needed: p(z), then p(x | z) for the x observed"
    if (prior < 0).any() or abs(prior.sum() - 1) > 1e-6:
        return f"p(z) is no distribution, it sums to {prior.sum():.3g}"
    return "" if ((likelihood > 0) & (likelihood <= 1)).all() else "p(x | z) lies between 0 and 1"


posterior_with_a_bug = FindBug(
    "posterior_with_a_bug",
    buggy=_posterior_with_a_bug,
    right=lambda prior, likelihood: _normalised(np.multiply(prior, likelihood)),
    line=5,
    example=([0.9, 0.1], [0.2, 0.7]),
    reasons={
        2: "The joint has one entry for each z, and begins without any.",
        3: "Each z comes once, with its prior and its likelihood.",
        4: "Prior times likelihood is the joint.",
        6: "Joint over evidence is the posterior, if both are right.",
    },
    refuse=_no_model,
    points=2,
    minutes=4,
    why="A plain average of the likelihood is the evidence under a uniform prior only.",
    hints=Hints(
        nudge="Which prior did the colleague try? Try another.",
        equation=r"$p(x) = \sum_z p(z)\, p(x \mid z)$",
        shape="return LINE, (PRIOR, LIKELIHOOD)",
    ),
)


def _normalised(joint):
    return joint / joint.sum()


# ---------------------------------------------------------------- 11 a number

three_documents = Number(
    "three_documents",
    question="Three independent documents, each with the word bank: what is log p(x1, x2, x3)?",
    right=lambda: 3 * bank().log_evidence(1),
    atol=0.02,
    rtol=0.0,
    ranges=(
        (0.0, 1.0, "A probability of what was seen is not asked for, but its logarithm."),
        (-1.55, -1.45, "That is the evidence of one document; there are three."),
        (-0.6, -0.4, "The evidences multiply, so that the logarithms add up; you divided."),
        (-4.0, -3.0, "The logarithms add up: three times the number to remember."),
        (1.4, 5.0, "The log of a probability is never positive."),
    ),
    minutes=2,
    difficulty="warm-up",
    why="Independent data: evidences multiply, and their logarithms add up.",
    hints=Hints(
        nudge="Each document has its own z. What becomes of the evidence of all?",
        equation=r"$\log p(x_1, x_2, x_3) = \sum_n \log p(x_n)$",
        shape="return ...    # nats",
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 12 on paper

average_on_paper = Paper(
    "average_on_paper",
    rubric=(
        (1, "p(x) written as an average of p(x | theta) under p(theta)"),
        (1, "every p(x | theta) is at most the maximum"),
        (1, "the maximum leaves the integral, and the prior integrates to one"),
        (1, "equality only if p(x | theta) is at its maximum wherever the prior has mass"),
    ),
    minutes=7,
)


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


your_own_model = OpenTask(
    "your_own_model",
    needs={
        "prior": "p(z) for at least two z",
        "likelihood": "p(x | z) for the x observed",
        "evidence": "p(x)",
        "posterior": "p(z | x)",
    },
    invariants=(normalised("prior"), normalised("posterior"), _bayes_holds),
    example=_own_model,
    points=2,
    minutes=10,
    why="Whatever the model: the joint, read at what was seen, and divided by its sum.",
    hints=Hints(
        nudge="What cannot be seen in your own work, and what gives it away?",
        equation=r"$p(z)\, p(x \mid z) = p(z \mid x)\, p(x)$",
        shape='return {"prior": ..., "likelihood": ..., "evidence": ..., "posterior": ...}',
    ),
)
