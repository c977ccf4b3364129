"""The exercises of notebook 01, Generative models.

prior: p(z), (Z,).  likelihood: p(x | z), (Z, X), a row for each z.  x: the observed outcome, a
number from 0 to X - 1.  log_joint: log p(x, z) for the observed x and every z, any shape.
"""

import numpy as np
from scipy.special import logsumexp

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case
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
    minutes=5,
    difficulty="warm-up",
    why="The joint distribution is all that a generative model says; the rest is bookkeeping.",
    invariants=[_sums_to_one],
    mistakes=[
        Mistake(
            "You returned the likelihood: each of its rows sums to one, so the whole table sums to "
            "the number of values of z. The prior must weight the rows.",
            lambda prior, likelihood: likelihood,
        ),
        Mistake(
            "Your table is transposed: z must go down the rows and x across the columns.",
            lambda prior, likelihood: (prior[:, None] * likelihood).T,
        ),
        Mistake(
            "You added prior and likelihood. The chain rule multiplies: p(x, z) = p(z) p(x | z).",
            lambda prior, likelihood: prior[:, None] + likelihood,
        ),
        Mistake(
            "You divided by the evidence: that is the posterior p(z | x), not the joint p(x, z).",
            lambda prior, likelihood: _joint(prior, likelihood) / _joint(prior, likelihood).sum(0),
        ),
        Mistake(
            "You summed over z: that is p(x), one number for each x; the joint keeps z.",
            lambda prior, likelihood: prior @ likelihood,
        ),
        Mistake(
            "You multiplied p(z) by p(x): that would be the joint if x and z were independent.",
            lambda prior, likelihood: np.outer(prior, prior @ likelihood),
        ),
        Mistake(
            "That is the logarithm of the joint; here the probabilities themselves are asked for.",
            lambda prior, likelihood: np.log(_joint(prior, likelihood)),
        ),
        Mistake(
            "You divided by the prior. Multiply: p(x, z) = p(z) p(x | z).",
            lambda prior, likelihood: likelihood / prior[:, None],
        ),
        Mistake(
            "You left the prior out by giving every z the same weight, 1 / Z.",
            lambda prior, likelihood: likelihood / len(prior),
        ),
        Mistake(
            "Wrong axis: the prior's entries must multiply the rows (axis 0 is z), but yours run "
            "along the columns. Give the prior a second axis: prior[:, None].",
            lambda prior, likelihood: np.resize(prior, likelihood.shape[1]) * likelihood,
        ),
        Mistake(
            "You kept the most probable z only: the joint has a row for every z, however "
            "improbable.",
            lambda prior, likelihood: (
                np.eye(len(prior))[prior.argmax()][:, None] * _joint(prior, likelihood)
            ),
        ),
        Mistake(
            "You averaged prior and likelihood. The chain rule multiplies: p(x, z) = p(z) p(x | "
            "z).",
            lambda prior, likelihood: (prior[:, None] + likelihood) / 2,
        ),
        Mistake(
            "You added the likelihoods of all z up before multiplying: each z has its own row, "
            "and its own prior belongs to that row only.",
            lambda prior, likelihood: np.outer(prior, likelihood.sum(axis=0)),
        ),
    ],
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
    minutes=5,
    why="A sum over all z: harmless for four values, hopeless for a sentence of forty words.",
    invariants=[_is_probability],
    mistakes=[
        Mistake(
            "You forgot the prior: the values of z are not all equally probable, and your sum of "
            "likelihoods is not a probability.",
            lambda prior, likelihood, x: likelihood[:, x].sum(),
        ),
        Mistake(
            "You averaged the likelihood over z as if all z were equally probable: weight each by "
            "its prior.",
            lambda prior, likelihood, x: likelihood[:, x].mean(),
        ),
        Mistake(
            "You stopped before the sum: those are the joint probabilities p(x, z); the evidence "
            "adds them up over z.",
            lambda prior, likelihood, x: prior * likelihood[:, x],
        ),
        Mistake(
            "You returned p(x) for every x: only the observed x is asked for.",
            lambda prior, likelihood, x: prior @ likelihood,
        ),
        Mistake(
            "You summed over x where z should be summed over: that gives the prior back.",
            lambda prior, likelihood, x: (prior[:, None] * likelihood).sum(1),
        ),
        Mistake(
            "You took the largest term instead of the sum: every z that could have made x counts.",
            lambda prior, likelihood, x: (prior * likelihood[:, x]).max(),
        ),
        Mistake(
            "That is the posterior p(z | x), not the evidence p(x), which is its denominator.",
            lambda prior, likelihood, x: prior * likelihood[:, x] / _evidence(prior, likelihood, x),
        ),
        Mistake(
            "You multiplied over z. Different values of z exclude each other: add.",
            lambda prior, likelihood, x: np.prod(prior * likelihood[:, x]),
        ),
        Mistake(
            "You averaged the joint over z (mean): the evidence is its sum.",
            lambda prior, likelihood, x: (prior * likelihood[:, x]).mean(),
        ),
        Mistake(
            "You summed the logarithms. The log of a sum is not the sum of the logs.",
            lambda prior, likelihood, x: np.log(prior * likelihood[:, x]).sum(),
        ),
        Mistake(
            "You summed the whole table: that is 1 in every model. Keep to the observed x.",
            lambda prior, likelihood, x: (prior[:, None] * likelihood).sum(),
        ),
        Mistake(
            "You looked only at one value of z: the observed x chooses the column, "
            "likelihood[:, x], and all of z is summed over.",
            lambda prior, likelihood, x: prior[0] * likelihood[0, x],
        ),
        Mistake(
            "You took x = 0 whatever was observed: choose the column with x.",
            lambda prior, likelihood, x: prior @ likelihood[:, 0],
        ),
        Mistake(
            "You took the likelihood at the z that is most probable a priori: every z counts, "
            "weighted by its prior.",
            lambda prior, likelihood, x: likelihood[prior.argmax(), x],
        ),
        Mistake(
            "You took the largest term instead of the sum: every z that could have made x counts.",
            lambda prior, likelihood, x: (prior * likelihood[:, x])[prior.argmax()],
        ),
        Mistake(
            "You used x to choose a value of z, in the prior: x chooses the column of the "
            "likelihood, and all of z is summed over.",
            lambda prior, likelihood, x: prior[x % len(prior)] * likelihood[x % len(prior), x],
        ),
        Mistake(
            "You averaged the log-likelihood over the prior: the likelihood itself is averaged.",
            lambda prior, likelihood, x: np.exp(prior @ np.log(likelihood[:, x])),
        ),
    ],
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
    minutes=8,
    why="Bayes' rule is the joint, read at the observed x and divided by the evidence.",
    mistakes=[
        Mistake(
            "You did not divide by the evidence: those are the joint probabilities p(x, z), and "
            "they sum to p(x), not to one.",
            lambda prior, likelihood, x: prior * likelihood[:, x],
        ),
        Mistake(
            "You returned the evidence p(x), the denominator; the posterior has a number for "
            "each z.",
            _evidence,
        ),
        Mistake(
            "You normalised the likelihood and forgot the prior: that would be right only if all "
            "z were equally probable beforehand.",
            lambda prior, likelihood, x: likelihood[:, x] / likelihood[:, x].sum(),
        ),
        Mistake(
            "You returned the likelihood p(x | z): Bayes' rule turns it round into p(z | x).",
            lambda prior, likelihood, x: likelihood[:, x],
        ),
        Mistake(
            "You returned the prior: nothing has been learnt from x.",
            lambda prior, likelihood, x: prior,
        ),
        Mistake(
            "You divided by the sum of the likelihoods instead of the evidence: the sum below the "
            "line must be weighted by the prior as well.",
            lambda prior, likelihood, x: prior * likelihood[:, x] / likelihood[:, x].sum(),
        ),
        Mistake(
            "You divided by the prior instead of by the evidence.",
            lambda prior, likelihood, x: likelihood[:, x] / prior,
        ),
        Mistake(
            "You returned the logarithm of the posterior.",
            lambda prior, likelihood, x: np.log(_posterior(prior, likelihood, x)),
        ),
        Mistake(
            "That is the most probable z (an argmax): the posterior is a whole distribution.",
            lambda prior, likelihood, x: np.argmax(prior * likelihood[:, x]),
        ),
        Mistake(
            "You added prior and likelihood: Bayes' rule multiplies them.",
            lambda prior, likelihood, x: prior + likelihood[:, x],
        ),
        Mistake(
            "You added prior and likelihood before normalising: Bayes' rule multiplies them.",
            lambda prior, likelihood, x: (
                (prior + likelihood[:, x]) / (prior + likelihood[:, x]).sum()
            ),
        ),
        Mistake(
            "You subtracted the evidence; it is divided by (only logarithms are subtracted).",
            lambda prior, likelihood, x: prior * likelihood[:, x] - _evidence(prior, likelihood, x),
        ),
        Mistake(
            "You took a softmax of the sum of probabilities: softmax expects logarithms.",
            lambda prior, likelihood, x: (
                np.exp(prior + likelihood[:, x]) / np.exp(prior + likelihood[:, x]).sum()
            ),
        ),
        Mistake(
            "You took a softmax of the likelihood: softmax expects logarithms, and the prior is "
            "missing.",
            lambda prior, likelihood, x: np.exp(likelihood[:, x]) / np.exp(likelihood[:, x]).sum(),
        ),
        Mistake(
            "You multiplied by the evidence instead of dividing by it.",
            lambda prior, likelihood, x: prior * likelihood[:, x] * _evidence(prior, likelihood, x),
        ),
        Mistake(
            "You divided by the largest entry: a distribution is divided by its sum.",
            lambda prior, likelihood, x: (
                prior * likelihood[:, x] / (prior * likelihood[:, x]).max()
            ),
        ),
        Mistake(
            "You took a softmax of probabilities: softmax expects logarithms. Divide by the sum.",
            lambda prior, likelihood, x: (
                np.exp(prior * likelihood[:, x]) / np.exp(prior * likelihood[:, x]).sum()
            ),
        ),
        Mistake(
            "You computed p(z | x) for every x; only the observed x is asked for.",
            lambda prior, likelihood, x: _joint(prior, likelihood) / (prior @ likelihood),
        ),
        Mistake(
            "You divided by p(x | z) summed over x, which is 1, so nothing was normalised over z.",
            lambda prior, likelihood, x: (
                prior * likelihood[:, x] / (prior[:, None] * likelihood).sum(1)
            ),
        ),
        Mistake(
            "You took x = 0 whatever was observed: choose the column with x.",
            lambda prior, likelihood, x: _posterior(prior, likelihood, 0),
        ),
        Mistake(
            "You put everything on the most probable z: the posterior is a whole distribution.",
            lambda prior, likelihood, x: np.eye(len(prior))[(prior * likelihood[:, x]).argmax()],
        ),
        Mistake(
            "You averaged the prior and the normalised likelihood: Bayes' rule multiplies them.",
            lambda prior, likelihood, x: (prior + likelihood[:, x] / likelihood[:, x].sum()) / 2,
        ),
        Mistake(
            "You normalised the logarithms: exponentiate first, then divide by the sum.",
            lambda prior, likelihood, x: (
                np.log(prior * likelihood[:, x]) / np.log(prior * likelihood[:, x]).sum()
            ),
        ),
        Mistake(
            "That is the log joint, log p(x, z): exponentiate and divide by the sum.",
            lambda prior, likelihood, x: np.log(prior) + np.log(likelihood[:, x]),
        ),
        Mistake(
            "You took the root of the joint before you normalised: divide the joint itself by its"
            " sum.",
            lambda prior, likelihood, x: (
                np.sqrt(prior * likelihood[:, x]) / np.sqrt(prior * likelihood[:, x]).sum()
            ),
        ),
    ],
    hints=Hints(
        nudge="Take the joint at the observed x. What must you divide by to make it sum to one?",
        equation=r"$p(z \mid x) = \dfrac{p(x \mid z)\, p(z)}{p(x)}$",
        shape="joint = prior * likelihood[:, x]\nreturn joint / ...",
    ),
)


# ---------------------------------------------------------------- 4 Bayes' rule in log space


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
    minutes=4,
    why="In log space Bayes' rule is an addition and a subtraction, and nothing underflows.",
    mistakes=[
        Mistake(
            "You added the log evidence; it is below the fraction line, so it is subtracted.",
            lambda a, b, c: a + b + c,
        ),
        Mistake(
            "The log evidence is missing: that is the log joint, log p(x, z).",
            lambda a, b, c: a + b,
        ),
        Mistake(
            "You multiplied the logarithms: the log of a product is the sum of the logs.",
            lambda a, b, c: a * b - c,
        ),
        Mistake(
            "You divided by the log evidence: the log of a fraction is a difference of logs.",
            lambda a, b, c: (a + b) / c,
        ),
        Mistake(
            "You carried the product and the fraction over unchanged: logarithms turn them into a "
            "sum and a difference.",
            lambda a, b, c: a * b / c,
        ),
        Mistake("The log prior is missing.", lambda a, b, c: b - c),
        Mistake("The log likelihood is missing.", lambda a, b, c: a - c),
        Mistake(
            "You subtracted the log prior: in Bayes' rule the prior stands above the line.",
            lambda a, b, c: b - a - c,
        ),
        Mistake(
            "You subtracted the log likelihood: it stands above the line.",
            lambda a, b, c: a - b - c,
        ),
        Mistake(
            "You exponentiated: that is the posterior; the line asks for its logarithm.",
            lambda a, b, c: np.exp(a + b - c),
        ),
        Mistake(
            "You exponentiated the log evidence before subtracting it: subtract log p(x) itself.",
            lambda a, b, c: a + b - np.exp(c),
        ),
        Mistake(
            "You took the logarithm once more; the arguments are logarithms already.",
            lambda a, b, c: np.log(np.abs(a)) + np.log(np.abs(b)) - np.log(np.abs(c)),
        ),
        Mistake(
            "You took the log of prior plus likelihood. They are multiplied, so that their logs "
            "are added.",
            lambda a, b, c: np.logaddexp(a, b) - c,
        ),
        Mistake(
            "You took the logarithm of the log evidence: it is a logarithm already, so subtract "
            "it as it is.",
            lambda a, b, c: a + b - np.log(np.abs(c)),
        ),
        Mistake(
            "You added up over z: the log posterior has an entry for each z.",
            lambda a, b, c: (a + b).sum() - c,
        ),
        Mistake(
            "You exponentiated the prior and the likelihood but not the evidence: stay with "
            "logarithms throughout.",
            lambda a, b, c: np.exp(a) * np.exp(b) - c,
        ),
        Mistake(
            "You exponentiated prior and likelihood: in log space their logarithms are added.",
            lambda a, b, c: np.exp(a) + np.exp(b) - np.exp(c),
        ),
        Mistake(
            "You divided the joint by the log evidence: mixing probabilities with logarithms. "
            "Stay with logarithms throughout.",
            lambda a, b, c: np.exp(a + b) / c,
        ),
        Mistake(
            "You normalised the likelihood over z and left the prior out.",
            lambda a, b, c: b - logsumexp(b),
        ),
        Mistake(
            "You took the log above the line of the fraction only: the evidence below it needs "
            "its log as well, and a fraction becomes a difference.",
            lambda a, b, c: (a + b) / np.exp(c),
        ),
    ],
)


# ---------------------------------------------------------------- 5 the evidence in log space


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


def _naive(log_joint):
    return np.log(np.exp(log_joint).sum())


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
    minutes=10,
    why="Subtracting the largest entry first costs one line and saves every model of this course.",
    invariants=[_above_largest_term],
    mistakes=[
        Mistake(
            "Right on paper, but exp(-2000) is 0 in the computer and log 0 is -inf: it underflows. "
            "Subtract the largest entry first and add it back at the end.",
            _naive,
        ),
        Mistake(
            "You summed the logarithms: that is the log of a product. The evidence is the log of "
            "a sum.",
            lambda log_joint: log_joint.sum(),
        ),
        Mistake(
            "The logarithm is missing at the end: you returned p(x) itself.",
            lambda log_joint: np.exp(log_joint).sum(),
        ),
        Mistake(
            "You forgot to add the maximum back after subtracting it.",
            lambda log_joint: logsumexp(log_joint) - log_joint.max(),
        ),
        Mistake(
            "The logarithm of the sum is missing: the sum of the shifted terms goes through log "
            "before the maximum is added back.",
            lambda log_joint: log_joint.max() + np.exp(log_joint - log_joint.max()).sum(),
        ),
        Mistake(
            "You multiplied by the maximum to undo the shift; a subtraction is undone by an "
            "addition.",
            lambda log_joint: log_joint.max() * np.log(np.exp(log_joint - log_joint.max()).sum()),
        ),
        Mistake(
            "You subtracted the log of the sum from the maximum: add it.",
            lambda log_joint: log_joint.max() - np.log(np.exp(log_joint - log_joint.max()).sum()),
        ),
        Mistake(
            "You weighted the logarithms by their probabilities: that is an expectation, not the "
            "log of a sum.",
            lambda log_joint: np.nansum(np.exp(log_joint) * log_joint),
        ),
        Mistake(
            "You returned only the largest entry: that ignores all other z.",
            lambda log_joint: log_joint.max(),
        ),
        Mistake(
            "You averaged over z (a mean where the sum belongs), so that log Z is missing.",
            lambda log_joint: logsumexp(log_joint) - np.log(log_joint.size),
        ),
        Mistake(
            "You averaged the logarithms. By Jensen's inequality that is below the log of the "
            "average, and the evidence is a sum anyway.",
            lambda log_joint: log_joint.mean(),
        ),
        Mistake(
            "You summed over one axis only: log p(x) is one number, summed over all of z.",
            lambda log_joint: logsumexp(log_joint, axis=-1),
        ),
        Mistake(
            "You summed over one axis only: log p(x) is one number, summed over all of z.",
            lambda log_joint: logsumexp(log_joint, axis=0),
        ),
        Mistake(
            "You added the maximum back twice, or never subtracted it before exp.",
            lambda log_joint: logsumexp(log_joint) + log_joint.max(),
        ),
        Mistake(
            "You subtracted something else than the largest entry (the smallest, or the mean): the "
            "largest is the one that keeps exp from overflowing and the sum from vanishing.",
            lambda log_joint: np.log(np.exp(log_joint - log_joint.min()).sum()) + log_joint.min(),
        ),
        Mistake(
            "You returned the log posterior, the entries minus log p(x): here log p(x) is asked.",
            lambda log_joint: log_joint - logsumexp(log_joint),
        ),
        Mistake(
            "You took the logarithm of logarithms: the entries are log p(x, z) already, so "
            "exponentiate them before you add.",
            lambda log_joint: np.log(np.abs(log_joint).sum()),
        ),
        Mistake(
            "A small constant inside the logarithm hides the underflow but gives a wrong number: "
            "subtract the largest entry first instead.",
            lambda log_joint: np.log(np.exp(log_joint).sum() + 1e-300),
        ),
        Mistake(
            "A small constant inside the logarithm hides the underflow but gives a wrong number: "
            "subtract the largest entry first instead.",
            lambda log_joint: np.log(np.exp(log_joint).sum() + 1e-10),
        ),
        Mistake(
            "You subtracted the maximum once more at the end instead of adding it back.",
            lambda log_joint: logsumexp(log_joint) - 2 * log_joint.max(),
        ),
        Mistake(
            "You added log of the number of z to the largest entry, as if all z were as probable "
            "as the best one.",
            lambda log_joint: log_joint.max() + np.log(log_joint.size),
        ),
        Mistake(
            "You averaged the logarithms and added log of the number of z, as if all z were "
            "equally probable: exponentiate before you add.",
            lambda log_joint: log_joint.mean() + np.log(log_joint.size),
        ),
        Mistake(
            "You averaged the logarithms and added log of the number of z, as if all z were "
            "equally probable: exponentiate before you add.",
            lambda log_joint: log_joint[np.isfinite(log_joint)].mean() + np.log(log_joint.size),
        ),
        Mistake(
            "You shifted by a fixed number that suits entries around -2000 only: take the largest"
            " entry of the table that you are given.",
            lambda log_joint: np.log(np.exp(log_joint + 2000).sum()) - 2000,
        ),
        Mistake(
            "You shifted by a fixed number that suits entries around -2000 only: take the largest"
            " entry of the table that you are given.",
            lambda log_joint: np.log(np.exp(log_joint + 1999).sum()) - 1999,
        ),
        Mistake(
            "You took -inf for 0: a z that is impossible then counts as if its probability were "
            "one (exp(0)). Leave -inf alone: exp turns it into 0.",
            lambda log_joint: logsumexp(np.where(np.isinf(log_joint), 0.0, log_joint)),
        ),
    ],
    hints=Hints(
        nudge="exp(-2000) is 0 in the computer. Can you shift all entries before exp, and undo it?",
        equation=r"$\log \sum_z e^{a_z} = m + \log \sum_z e^{a_z - m}, \quad m = \max_z a_z$",
        shape="top = log_joint.max()\nreturn top + np.log(...)",
    ),
)


# ---------------------------------------------------------------- 6 frequentist and Bayesian


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
    minutes=8,
    why="The Bayesian pays for a second sum. With theta on a grid it is cheap; theta is rarely so.",
    invariants=[_bayesian_between],
    mistakes=[
        Mistake(
            "Your Bayesian evidence weights all theta equally: p(theta) must weight them.",
            lambda weights, joint: (joint.sum(1), joint.sum(1).mean()),
        ),
        Mistake(
            "Your Bayesian evidence adds p(x | theta) up without p(theta): no probability.",
            lambda weights, joint: (joint.sum(1), joint.sum()),
        ),
        Mistake(
            "Your Bayesian evidence looks at one theta only (the best, or the most probable); the "
            "Bayesian one averages over all theta.",
            lambda weights, joint: (joint.sum(1), joint.sum(1).max()),
        ),
        Mistake(
            "Your p(x | theta) is weighted by p(theta) already: theta is given there, so it has no "
            "probability.",
            lambda weights, joint: (weights * joint.sum(1), weights @ joint.sum(1)),
        ),
        Mistake(
            "You still have a number for each theta: p(x) must be summed over theta too.",
            lambda weights, joint: (joint.sum(1), weights * joint.sum(1)),
        ),
        Mistake(
            "You summed over theta where z should be summed over: rows are theta, columns are z.",
            lambda weights, joint: (joint.sum(0), weights @ joint.sum(1)),
        ),
        Mistake(
            "Your p(x | theta) is not summed over z: both evidences must forget z.",
            lambda weights, joint: (joint, weights @ joint.sum(1)),
        ),
        Mistake(
            "The two are exchanged: first p(x | theta), one number for each theta, then p(x).",
            lambda weights, joint: (weights @ joint.sum(1), joint.sum(1)),
        ),
        Mistake(
            "You returned p(x) only; p(x | theta) is asked for as well.",
            lambda weights, joint: weights @ joint.sum(1),
        ),
        Mistake(
            "You returned p(x | theta) only; p(x) is asked for as well.",
            lambda weights, joint: joint.sum(1),
        ),
        Mistake(
            "You averaged over z (mean): the joint is summed over z.",
            lambda weights, joint: (joint.mean(1), weights @ joint.mean(1)),
        ),
        Mistake(
            "You returned p(x, z), summed over theta but not over z, as the Bayesian evidence.",
            lambda weights, joint: (joint.sum(1), weights @ joint),
        ),
        Mistake(
            "You took the largest term over z instead of the sum.",
            lambda weights, joint: (joint.max(1), weights @ joint.max(1)),
        ),
        Mistake(
            "Your Bayesian evidence looks at one theta only (the best, or the most probable); the "
            "Bayesian one averages over all theta.",
            lambda weights, joint: (joint.sum(1), joint.sum(1)[weights.argmax()]),
        ),
        Mistake(
            "Your first result is p(theta | x), by Bayes' rule over theta. What is asked is p(x | "
            "theta), the likelihood of each theta, which need not sum to one.",
            lambda weights, joint: (
                weights * joint.sum(1) / (weights @ joint.sum(1)),
                weights @ joint.sum(1),
            ),
        ),
        Mistake(
            "You normalised p(x | theta) over theta: as a function of theta it is a likelihood, "
            "which need not sum to one.",
            lambda weights, joint: (joint.sum(1) / joint.sum(), weights @ joint.sum(1)),
        ),
        Mistake(
            "Your Bayesian evidence averages the logarithms: the probabilities are averaged.",
            lambda weights, joint: (joint.sum(1), np.exp(weights @ np.log(joint.sum(1)))),
        ),
        Mistake(
            "Your first result is p(theta) p(x | theta), normalised or not, and your second adds "
            "p(x | theta) up: the prior belongs into the second.",
            lambda weights, joint: (weights * joint.sum(1), joint.sum()),
        ),
        Mistake(
            "You averaged over z in the first result: the joint is summed over z.",
            lambda weights, joint: (joint.mean(1), weights @ joint.sum(1)),
        ),
        Mistake(
            "You averaged over theta a second time: the weighted sum is an average already.",
            lambda weights, joint: (joint.sum(1), (weights * joint.sum(1)).mean()),
        ),
        Mistake(
            "Your Bayesian evidence is the average under the posterior p(theta | x): the prior "
            "p(theta) must weight it, as x would be counted twice otherwise.",
            lambda weights, joint: (
                joint.sum(1),
                weights @ joint.sum(1) ** 2 / (weights @ joint.sum(1)),
            ),
        ),
        Mistake(
            "Your Bayesian evidence keeps the largest p(theta) p(x | theta) only: all theta count.",
            lambda weights, joint: (joint.sum(1), (weights * joint.sum(1)).max()),
        ),
    ],
    hints=Hints(
        nudge="Sum over z first; that leaves a number for each theta. What are these weighted by?",
        equation=(
            r"$p(x \mid \theta) = \sum_z p(x, z \mid \theta)$ and "
            r"$p(x) = \sum_\theta p(\theta)\, p(x \mid \theta)$"
        ),
        shape="given_theta = joint.sum(...)\nreturn given_theta, weights @ ...",
    ),
)


# ---------------------------------------------------------------- 7 a prediction

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
    minutes=20,
    difficulty="stretch",
    why=(
        "Its error falls as one over the root of n in any dimension; a grid needs n^d points. But "
        "the constant grows with the distance between prior and posterior: hence this course."
    ),
    mistakes=[
        Mistake(
            "You averaged the log-likelihood. The evidence is the log of the average likelihood; "
            "by Jensen's inequality yours lies below it, and the gap is what section 3 studies.",
            lambda f, d, n, rng: f(rng.standard_normal((n, d))).mean(),
        ),
        Mistake(
            "Right on paper, but exp(-2000) is 0 in the computer: average in log space, with "
            "log-sum-exp.",
            lambda f, d, n, rng: np.log(np.exp(f(rng.standard_normal((n, d)))).mean()),
        ),
        Mistake(
            "You did not divide by the number of draws: an expectation is an average, so subtract "
            "log n.",
            lambda f, d, n, rng: logsumexp(f(rng.standard_normal((n, d)))),
        ),
        Mistake(
            "You returned p(x); its logarithm is asked for.",
            lambda f, d, n, rng: np.exp(f(rng.standard_normal((n, d)))).mean(),
        ),
        Mistake(
            "You drew z from a uniform distribution on [0, 1]; the prior is standard normal.",
            lambda f, d, n, rng: logsumexp(f(rng.random((n, d)))) - np.log(n),
        ),
        Mistake(
            "You added up the log-likelihoods of the draws: the draws are not data to be "
            "multiplied, but ways to have made x, to be averaged.",
            lambda f, d, n, rng: f(rng.standard_normal((n, d))).sum(),
        ),
        Mistake(
            "You kept the best draw only: all draws count.",
            lambda f, d, n, rng: f(rng.standard_normal((n, d))).max(),
        ),
        Mistake(
            "You returned the likelihood at the prior's mean, z = 0: average it over the prior.",
            lambda f, d, n, rng: f(np.zeros((1, d)))[0],
        ),
        Mistake(
            "You divided the log by n. Subtract log n: the division belongs inside the logarithm.",
            lambda f, d, n, rng: logsumexp(f(rng.standard_normal((n, d)))) / n,
        ),
        Mistake(
            "You returned one number for each draw: average them (in log space).",
            lambda f, d, n, rng: f(rng.standard_normal((n, d))),
        ),
        Mistake(
            "The sign of log n is wrong: dividing by n means subtracting its logarithm.",
            lambda f, d, n, rng: logsumexp(f(rng.standard_normal((n, d)))) + np.log(n),
        ),
        Mistake(
            "The sign is the wrong way round: log p(x) itself is asked for, not minus it.",
            lambda f, d, n, rng: np.log(n) - logsumexp(f(rng.standard_normal((n, d)))),
        ),
        Mistake(
            "You divided by the dimension: an average over n draws is divided by n.",
            lambda f, d, n, rng: logsumexp(f(rng.standard_normal((n, d)))) - np.log(d),
        ),
        Mistake(
            "You drew z from another distribution than the prior (uniform, over a wide range): the "
            "average must be taken over standard normal draws.",
            lambda f, d, n, rng: logsumexp(f(rng.uniform(-3, 3, size=(n, d)))) - np.log(n),
        ),
        Mistake(
            "Your draws have the wrong spread: the prior has standard deviation 1.",
            lambda f, d, n, rng: logsumexp(f(2 * rng.standard_normal((n, d)))) - np.log(n),
        ),
        Mistake(
            "You took the median of the draws: an expectation is a mean, and in log space at that.",
            lambda f, d, n, rng: np.median(f(rng.standard_normal((n, d)))),
        ),
        Mistake(
            "You weighted the draws by the prior's density too: drawing them from it has done so "
            "already.",
            lambda f, d, n, rng: _weighted_twice(f, rng.standard_normal((n, d))),
        ),
        Mistake(
            "You divided by n times the dimension: there are n draws, each of all dimensions at "
            "once.",
            lambda f, d, n, rng: logsumexp(f(rng.standard_normal((n, d)))) - np.log(n * d),
        ),
        Mistake(
            "You gave every dimension the same noise: each draw needs a number of its own for "
            "each dimension.",
            lambda f, d, n, rng: (
                logsumexp(f(np.repeat(rng.standard_normal((n, 1)), d, axis=1))) - np.log(n)
            ),
        ),
        Mistake(
            "You drew the noise in one dimension only and left the others at zero.",
            lambda f, d, n, rng: (
                logsumexp(f(rng.standard_normal((n, d)) * (np.arange(d) == 0))) - np.log(n)
            ),
        ),
        Mistake(
            "You divided by the root of n: that is how the error falls. An average is divided by "
            "n.",
            lambda f, d, n, rng: logsumexp(f(rng.standard_normal((n, d)))) - 0.5 * np.log(n),
        ),
        Mistake(
            "You forgot to add the largest log-likelihood back after subtracting it.",
            lambda f, d, n, rng: _shifted_back(f(rng.standard_normal((n, d))), 0),
        ),
        Mistake(
            "You subtracted the largest log-likelihood once more at the end instead of adding it "
            "back.",
            lambda f, d, n, rng: _shifted_back(f(rng.standard_normal((n, d))), -1),
        ),
        Mistake(
            "You divided by the prior's density: the draws come from the prior, so that a plain "
            "average is enough.",
            lambda f, d, n, rng: _prior_divided_out(f, rng.standard_normal((n, d))),
        ),
    ],
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


def _shifted_back(a, times):
    return np.log(np.mean(np.exp(a - a.max()))) + times * a.max()


def _prior_divided_out(log_likelihood, z):
    log_prior = -0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * np.log(2 * np.pi)
    return logsumexp(log_likelihood(z) - log_prior) - np.log(len(z))


def _weighted_twice(log_likelihood, z):
    log_prior = -0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * np.log(2 * np.pi)
    return logsumexp(log_likelihood(z) + log_prior) - np.log(len(z))
