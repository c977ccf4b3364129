"""The exercises of notebook 03a, Deriving variational inference with Jensen's inequality.

q: q(z) for every z.  p: another distribution of the same z.  log_joint: log p(x, z) for the
observed x and every z, of the shape of q.
"""

import numpy as np
from scipy.special import entr, logsumexp, rel_entr, softmax

from checks.distributions import kl_not_negative, simplex
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case
from helpers.small import bank

progress = progress_for(__name__)


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


def _without_zeros(q, p):
    held = (q > 0) & (p > 0)
    return np.sum(q[held] * np.log(q[held] / p[held]))


def _kl_spelt_out(q, p):
    held = q > 0
    return np.sum(q[held] * np.log(q[held] / p[held]))


kl = Task(
    "kl",
    reference=_kl,
    spelt_out=[_kl_spelt_out],
    cases=_kl_cases,
    returns="one number, in nats",
    points=2,
    minutes=8,
    difficulty="warm-up",
    why="It is zero only where q = p, and infinite where q puts mass on the impossible.",
    invariants=[kl_not_negative],
    mistakes=[
        Mistake(
            "KL has a direction: you computed KL(p || q). The average is under q, the first one.",
            lambda q, p: _kl(p, q),
        ),
        Mistake(
            "Right except where q is zero: 0 log 0 counts as 0, but the computer says nan. Leave "
            "those terms out, or use scipy.special.rel_entr.",
            lambda q, p: np.sum(q * np.log(q / p)),
        ),
        Mistake(
            "You left out the terms with p = 0 as well. Where q has mass and p has none the "
            "divergence is infinite, and that is its most important property.",
            _without_zeros,
        ),
        Mistake(
            "The first argument must weight the log ratio: you averaged under p.",
            lambda q, p: np.sum(p * (np.log(q) - np.log(p))),
        ),
        Mistake(
            "That is the cross-entropy, -sum q log p: the entropy of q is missing.",
            lambda q, p: -np.sum(q * np.log(p)),
        ),
        Mistake(
            "That is the entropy of q alone: p does not appear in it.",
            lambda q, p: entr(q).sum(),
        ),
        Mistake(
            "You added the two terms instead of subtracting: log q - log p is the log of a ratio.",
            lambda q, p: np.sum(q * (np.log(q) + np.log(p))),
        ),
        Mistake(
            "Nothing weights the log ratios: the KL is their average under q.",
            lambda q, p: np.sum(np.log(q / p)),
        ),
        Mistake(
            "You divided by the number of values: q is the weight already, so sum.",
            lambda q, p: _kl(q, p) / len(q),
        ),
        Mistake(
            "You took the log of the average: the average of the logs is asked for.",
            lambda q, p: np.log(np.sum(q * q / p)),
        ),
        Mistake(
            "You added both directions. That is symmetric (Jeffreys' divergence), but not the KL.",
            lambda q, p: _kl(q, p) + _kl(p, q),
        ),
        Mistake(
            "A small constant inside the logarithm hides log 0, but makes every number a little "
            "wrong and an infinite divergence finite.",
            lambda q, p: np.sum(q * np.log((q + 1e-10) / (p + 1e-10))),
        ),
        Mistake(
            "That is the total variation distance. The KL averages log ratios.",
            lambda q, p: np.abs(q - p).sum() / 2,
        ),
        Mistake(
            "That is the Euclidean distance. The KL averages log ratios.",
            lambda q, p: np.sum((q - p) ** 2),
        ),
        Mistake(
            "That is the total variation distance. The KL averages log ratios.",
            lambda q, p: np.abs(q - p).sum(),
        ),
        Mistake(
            "You averaged both directions. That is symmetric, but not the KL.",
            lambda q, p: (_kl(q, p) + _kl(p, q)) / 2,
        ),
        Mistake(
            "That is the Jensen-Shannon divergence, to the average of q and p: compare q with p "
            "itself.",
            lambda q, p: (_kl(q, (q + p) / 2) + _kl(p, (q + p) / 2)) / 2,
        ),
        Mistake(
            "You subtracted two entropies. In the KL both logarithms are averaged under q.",
            lambda q, p: entr(p).sum() - entr(q).sum(),
        ),
        Mistake(
            "You took the size of each log ratio. The terms have signs, and some of them are "
            "negative.",
            lambda q, p: np.abs(rel_entr(q, p)).sum(),
        ),
        Mistake(
            "That is the chi-squared distance. The KL averages log ratios.",
            lambda q, p: np.sum((q - p) ** 2 / p),
        ),
        Mistake(
            "That is the squared Hellinger distance. The KL averages log ratios.",
            lambda q, p: np.sum((np.sqrt(q) - np.sqrt(p)) ** 2) / 2,
        ),
        Mistake(
            "KL has a direction: you computed KL(p || q). The average is under q, the first one.",
            lambda q, p: np.sum(p * np.log(p / q)),
        ),
        Mistake(
            "KL has a direction: you computed KL(p || q). The average is under q, the first one.",
            lambda q, p: _without_zeros(p, q),
        ),
        Mistake(
            "KL has a direction: you computed KL(p || q). The average is under q, the first one.",
            lambda q, p: np.sum(p[p > 0] * np.log(p[p > 0] / q[p > 0])),
        ),
        Mistake(
            "You took the log of the average: the average of the logs is asked for.",
            lambda q, p: np.log(np.sum(q[q > 0] ** 2 / p[q > 0])),
        ),
        Mistake(
            "You divided the logarithms: the log of a ratio is the difference of the logs.",
            lambda q, p: np.sum(q[q > 0] * np.log(q[q > 0]) / np.log(p[q > 0])),
        ),
        Mistake(
            "You divided the logarithms: the log of a ratio is the difference of the logs.",
            lambda q, p: np.sum(q * np.log(q) / np.log(p)),
        ),
        Mistake(
            "You set the negative terms to zero: a term is negative wherever q is below p, and "
            "counts.",
            lambda q, p: np.maximum(rel_entr(q, p), 0).sum(),
        ),
        Mistake(
            "A small constant inside the logarithm makes the infinite divergence finite: where q "
            "has mass and p has none it must be np.inf.",
            lambda q, p: np.sum(q * np.log((q + 1e-12) / (p + 1e-12))),
        ),
        Mistake(
            "A small constant inside the logarithm makes the infinite divergence finite: where q "
            "has mass and p has none it must be np.inf.",
            lambda q, p: np.sum(q[q > 0] * np.log(q[q > 0] / (p[q > 0] + 1e-12))),
        ),
        Mistake(
            "A small constant inside the logarithm makes the infinite divergence finite: where q "
            "has mass and p has none it must be np.inf.",
            lambda q, p: np.sum(q[q > 0] * np.log(q[q > 0] / np.maximum(p[q > 0], 1e-12))),
        ),
        Mistake(
            "The logarithm is missing: the KL averages the log of the ratio.",
            lambda q, p: np.sum(q[q > 0] ** 2 / p[q > 0]),
        ),
        Mistake(
            "Nothing weights the log ratios: the KL is their average under q.",
            lambda q, p: np.sum(np.log(q[q > 0] / p[q > 0])),
        ),
        Mistake(
            "You stopped before the sum: those are the terms of the KL.",
            lambda q, p: rel_entr(q, p),
        ),
        Mistake(
            "You took the difference q - p where the log of their ratio belongs.",
            lambda q, p: np.sum(q * (q - p)),
        ),
        Mistake(
            "That is the cross-entropy of the reversed direction, -sum p log q: average log(q / "
            "p) under q.",
            lambda q, p: -np.sum(p * np.log(q)),
        ),
        Mistake(
            "You compared q with the average of q and p: compare it with p itself.",
            lambda q, p: _kl(q, (q + p) / 2),
        ),
    ],
    hints=Hints(
        nudge="For each z: how surprised are you, in logs, to find q and not p? Average under q.",
        equation=r"$\mathrm{KL}(q \| p) = \sum_z q(z) \log \frac{q(z)}{p(z)}$, with $0 \log 0 = 0$",
        shape="terms = rel_entr(q, p)     # q log(q / p), with 0 log 0 = 0\nreturn ...",
    ),
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


jensen_gap = Task(
    "jensen_gap",
    reference=_gap,
    spelt_out=[_gap_spelt_out],
    cases=_gap_cases,
    returns="log E[Y] - E[log Y], one number",
    points=1,
    minutes=5,
    why="It is zero exactly where Y is constant: remember that when Y becomes p(x, z) / q(z).",
    invariants=[
        lambda value, *_: (
            f"your gap is {value:.4g}: by Jensen's inequality it cannot be negative"
            if np.ndim(value) == 0 and value < -1e-9
            else ""
        )
    ],
    mistakes=[
        Mistake(
            "You averaged with equal weights: the expectation is under the given weights.",
            lambda y, weights: np.log(y.mean()) - np.log(y).mean(),
        ),
        Mistake(
            "That is log E[Y] alone: subtract the average of the logarithms.",
            lambda y, weights: np.log(weights @ y),
        ),
        Mistake(
            "That is E[log Y] alone: the gap is between it and log E[Y].",
            lambda y, weights: weights @ np.log(y),
        ),
        Mistake(
            "You subtracted the average of the logs from the average itself: take the log of E[Y].",
            lambda y, weights: weights @ y - weights @ np.log(y),
        ),
        Mistake(
            "The first term is not averaged: log of the sum of Y, without the weights.",
            lambda y, weights: np.log(y.sum()) - weights @ np.log(y),
        ),
        Mistake(
            "The second term is not averaged: the sum of all logs, without the weights.",
            lambda y, weights: np.log(weights @ y) - np.log(y).sum(),
        ),
        Mistake(
            "You compared the largest value with the average of the logs.",
            lambda y, weights: np.log(y.max()) - weights @ np.log(y),
        ),
        Mistake(
            "You took the logarithm of weight times Y in the second term: the weights stay "
            "outside the logarithm.",
            lambda y, weights: np.log(weights @ y) - np.sum(np.log(weights * y)),
        ),
        Mistake(
            "You divided the averages. The gap is a difference of logarithms.",
            lambda y, weights: np.log(weights @ y) / (weights @ np.log(y) + 1e-300),
        ),
        Mistake(
            "You left the logarithm again: that is the arithmetic minus the geometric mean. The "
            "gap is the difference of their logarithms.",
            lambda y, weights: weights @ y - np.exp(weights @ np.log(y)),
        ),
        Mistake(
            "That is the first term of an expansion, variance over twice the squared mean. It is "
            "close, but the gap itself is asked for.",
            lambda y, weights: weights @ (y - weights @ y) ** 2 / (2 * (weights @ y) ** 2),
        ),
        Mistake(
            "The second average has equal weights: E[log Y] is under the given weights, too.",
            lambda y, weights: np.log(weights @ y) - np.log(y).mean(),
        ),
        Mistake(
            "The first average has equal weights: E[Y] is under the given weights, too.",
            lambda y, weights: np.log(y.mean()) - weights @ np.log(y),
        ),
        Mistake(
            "That is the variance of Y. It is zero where the gap is, but the gap is a difference "
            "of logarithms.",
            lambda y, weights: weights @ (y - weights @ y) ** 2,
        ),
        Mistake(
            "That is the standard deviation of Y. It is zero where the gap is, but the gap is a "
            "difference of logarithms.",
            lambda y, weights: np.sqrt(weights @ (y - weights @ y) ** 2),
        ),
        Mistake(
            "That is the gap of the exponential function; Jensen's inequality is applied to the "
            "logarithm here.",
            lambda y, weights: np.exp(weights @ y) - weights @ np.exp(y),
        ),
        Mistake(
            "That is the gap of the exponential function; Jensen's inequality is applied to the "
            "logarithm here.",
            lambda y, weights: weights @ np.exp(y) - np.exp(weights @ y),
        ),
        Mistake(
            "The second term averages Y log Y: the logarithm alone is averaged under the weights.",
            lambda y, weights: np.log(weights @ y) - np.sum(weights * y * np.log(y)),
        ),
        Mistake(
            "You did not sum: an expectation is a sum over the values, in both terms.",
            lambda y, weights: np.log(weights * y) - weights * np.log(y),
        ),
        Mistake(
            "You took logarithms of the weights; those of Y are averaged.",
            lambda y, weights: np.log(weights @ y) - y @ np.log(weights),
        ),
        Mistake(
            "You multiplied Y with the weights twice.",
            lambda y, weights: np.log(weights @ (weights * y)) - weights @ np.log(y),
        ),
        Mistake(
            "That is the entropy of the weights: Y does not appear in it.",
            lambda y, weights: entr(weights).sum(),
        ),
        Mistake(
            "You added the two: the gap is their difference.",
            lambda y, weights: np.log(weights @ y) + weights @ np.log(y),
        ),
        Mistake(
            "You took the log in the second term twice.",
            lambda y, weights: np.log(weights @ y) - np.log(np.abs(weights @ np.log(y))),
        ),
        Mistake(
            "You divided the second term by the number of values: the weights sum to one already.",
            lambda y, weights: np.log(weights @ y) - weights @ np.log(y) / len(y),
        ),
        Mistake(
            "You divided the first average by the number of values: the weights sum to one "
            "already.",
            lambda y, weights: np.log(weights @ y / len(y)) - weights @ np.log(y),
        ),
    ],
    hints=Hints(
        nudge="Two numbers: first average, then log; first log, then average. Which is larger?",
        equation=r"$\log \mathbb{E}[Y] - \mathbb{E}[\log Y] \ge 0$",
        shape="return np.log(weights @ y) - ...",
    ),
)


# ---------------------------------------------------------------- 3 a prediction

doubled_joint = Prediction(
    "doubled_joint",
    question="Every p(x, z) is doubled, q stays. What happens to the gap, log p(x) - ELBO?",
    choices={
        "doubles": (
            "The joint stands inside a logarithm: doubling adds log 2, and to both sides. "
            "Write down log p(x) and the ELBO before and after."
        ),
        "stays": (
            "Both log p(x) and the ELBO rise by log 2. The gap is KL(q || p(z | x)), and the "
            "posterior does not notice a constant factor: that is why an unnormalised joint is "
            "enough for inference."
        ),
        "shrinks": (
            "The ELBO rises by log 2, but so does log p(x). Which distribution does the gap "
            "compare q with, and does it change?"
        ),
    },
    right="stays",
    hints=Hints(
        nudge="The gap is a KL between q and something. Does that something change?",
        equation=r"$\log p(x) - \mathrm{ELBO} = \mathrm{KL}(q(z) \,\|\, p(z \mid x))$",
        shape="joint = 2 * np.exp(log_joint)\nposterior = joint / joint.sum()   # has it changed?",
    ),
    room=__name__,
)


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


def _elbo_of_ratios(log_joint, q):
    held = q > 0
    return np.sum(q[held] * np.log(np.exp(log_joint[held]) / q[held]))


def _posterior(log_joint):
    return np.exp(log_joint - logsumexp(log_joint))


def _held(formula):
    """A wrong answer from a formula of the log joint and q where q is positive."""
    return lambda log_joint, q: formula(log_joint[q > 0], q[q > 0])


elbo = Task(
    "elbo",
    reference=_elbo,
    spelt_out=[_elbo_spelt_out, _elbo_in_two_terms],
    cases=_joint_cases,
    returns="one number, in nats",
    points=2,
    minutes=8,
    why="No posterior and no evidence in it: that is why it can be computed.",
    invariants=[_below_evidence],
    mistakes=[
        Mistake(
            "You dropped -log q(z): that is E_q[log p(x, z)] alone. Without the entropy the best q "
            "would be a single z.",
            lambda log_joint, q: np.sum(q * log_joint),
        ),
        Mistake(
            "The entropy has the wrong sign: q stands in the denominator, so its log is "
            "subtracted.",
            lambda log_joint, q: np.sum(q * log_joint) - entr(q).sum(),
        ),
        Mistake(
            "Right except where q is zero: such z must not count at all, but 0 times log 0 is nan "
            "in the computer.",
            lambda log_joint, q: np.sum(q * (log_joint - np.log(q))),
        ),
        Mistake(
            "That is log p(x), whatever q is: you took the log after the average, or averaged "
            "under the posterior. The bound averages the logs, and under q.",
            lambda log_joint, q: logsumexp(log_joint),
        ),
        Mistake(
            "You summed log p(x, z) - log q(z) without the weights q(z): it is an expectation.",
            lambda log_joint, q: np.sum(log_joint - np.log(q)),
        ),
        Mistake(
            "You averaged with equal weights (a mean): the expectation is under q.",
            lambda log_joint, q: np.mean(log_joint - np.log(q)),
        ),
        Mistake(
            "That is the gap, log p(x) - ELBO. The bound itself is asked for.",
            lambda log_joint, q: logsumexp(log_joint) - _elbo(log_joint, q),
        ),
        Mistake(
            "That is minus the KL: you put the posterior where the joint belongs, so log p(x) is "
            "missing.",
            lambda log_joint, q: _elbo(log_joint, q) - logsumexp(log_joint),
        ),
        Mistake(
            "You averaged under the joint instead of under q.",
            lambda log_joint, q: np.sum(np.exp(log_joint) * (log_joint - np.log(q))),
        ),
        Mistake(
            "You averaged the probabilities: log p(x, z) must be averaged, not p(x, z).",
            lambda log_joint, q: np.sum(q * np.exp(log_joint)) + entr(q).sum(),
        ),
        Mistake(
            "You exponentiated the wrong way: the argument is log p(x, z) already, so subtract "
            "log q(z) from it, not q(z).",
            lambda log_joint, q: np.sum(q * (log_joint - q)),
        ),
        Mistake(
            "You took log p(x, z) at the most probable z only.",
            lambda log_joint, q: log_joint.max() + entr(q).sum(),
        ),
        Mistake(
            "Right on paper, but exp(-2000) is 0 in the computer: leave log p(x, z) as it is, and "
            "subtract log q(z) from it.",
            _elbo_of_ratios,
        ),
        Mistake(
            "The entropy is that of the posterior. In the bound stands the entropy of q, whatever "
            "q is.",
            lambda log_joint, q: np.sum(q * log_joint) + entr(_posterior(log_joint)).sum(),
        ),
        Mistake(
            "The first term is the log of the average joint: it is log p(x, z) that is averaged.",
            lambda log_joint, q: logsumexp(log_joint, b=q) + entr(q).sum(),
        ),
        Mistake(
            "Nothing weights the terms: the bound is their average under q.",
            _held(lambda a, q: np.sum(a - np.log(q))),
        ),
        Mistake(
            "You averaged with equal weights: the expectation is under q.",
            _held(lambda a, q: np.mean(a - np.log(q))),
        ),
        Mistake(
            "Nothing weights log q(z): both logarithms are averaged under q.",
            _held(lambda a, q: np.sum(q * a) - np.sum(np.log(q))),
        ),
        Mistake(
            "Nothing weights log p(x, z): both logarithms are averaged under q.",
            _held(lambda a, q: np.sum(a) - np.sum(q * np.log(q))),
        ),
        Mistake(
            "log q(z) has neither its weight nor its sign: it is averaged under q and subtracted.",
            _held(lambda a, q: np.sum(q * a) + np.sum(np.log(q))),
        ),
        Mistake(
            "You averaged under the posterior; the expectation is under q.",
            lambda log_joint, q: np.sum(
                _posterior(log_joint)[q > 0] * (log_joint[q > 0] - np.log(q[q > 0]))
            ),
        ),
        Mistake(
            "You divided the logarithms: the log of a ratio is the difference of the logs.",
            _held(lambda a, q: np.sum(q * a / np.log(q))),
        ),
        Mistake(
            "You took the log joint at the most probable z under q only: average it over all z.",
            lambda log_joint, q: log_joint.flat[q.argmax()] + entr(q).sum(),
        ),
        Mistake(
            "You left the average under q out and took log p(x) for it: the expected log joint is"
            " meant, not the evidence.",
            lambda log_joint, q: logsumexp(log_joint) + entr(q).sum(),
        ),
        Mistake(
            "You put log p(x) where the expected log joint belongs, and the entropy has the wrong"
            " sign.",
            lambda log_joint, q: logsumexp(log_joint) - entr(q).sum(),
        ),
        Mistake(
            "You took the log of the average joint, log E_q[p(x, z)], and left the entropy out: "
            "the bound averages the logarithm of p(x, z) / q(z).",
            lambda log_joint, q: logsumexp(log_joint, b=q),
        ),
        Mistake(
            "That is log p(x) of those z that q takes: you took the log after the average. The "
            "bound averages the logs.",
            _held(lambda a, q: logsumexp(a)),
        ),
        Mistake(
            "You divided by q(z) once more, so that nothing is weighted and the entropy is "
            "missing.",
            _held(lambda a, q: a.sum()),
        ),
        Mistake(
            "You exponentiated the log joint and compared it with q (rel_entr): that is minus the"
            " bound, as far as it does not underflow.",
            lambda log_joint, q: rel_entr(q, np.exp(log_joint)).sum(),
        ),
        Mistake(
            "You summed over one axis only: the bound is one number.",
            lambda log_joint, q: (np.where(q > 0, q * log_joint, 0) + entr(q)).sum(axis=0),
        ),
        Mistake(
            "You summed over one axis only: the bound is one number.",
            lambda log_joint, q: (np.where(q > 0, q * log_joint, 0) + entr(q)).sum(axis=-1),
        ),
        Mistake(
            "You stopped before the sum: those are the terms of the bound.",
            lambda log_joint, q: np.where(q > 0, q * log_joint, 0) + entr(q),
        ),
        Mistake(
            "That is the entropy of q alone: the expected log joint is missing.",
            lambda log_joint, q: entr(q).sum(),
        ),
        Mistake(
            "You took the mean of the terms; q is the weight already, so sum.",
            lambda log_joint, q: _elbo(log_joint, q) / q.size,
        ),
        Mistake(
            "That is the expected log joint under the posterior: the expectation is under q, and "
            "the entropy is missing.",
            lambda log_joint, q: np.sum(_posterior(log_joint) * log_joint),
        ),
        Mistake(
            "You subtracted the KL of the reversed direction: the bound is log p(x) minus KL(q ||"
            " p).",
            lambda log_joint, q: logsumexp(log_joint) - rel_entr(_posterior(log_joint), q).sum(),
        ),
        Mistake(
            "You added the KL to log p(x): the bound lies below it, log p(x) minus the KL.",
            lambda log_joint, q: 2 * logsumexp(log_joint) - _elbo(log_joint, q),
        ),
        Mistake(
            "You took the posterior for the joint and left the entropy out: log p(x) and the "
            "entropy of q are missing.",
            lambda log_joint, q: np.sum(q * log_joint) - logsumexp(log_joint),
        ),
        Mistake(
            "You took the largest term of the average: all z count, weighted by q.",
            _held(lambda a, q: np.max(a - np.log(q))),
        ),
        Mistake(
            "You took the entropy of a uniform q, the log of the number of z: the entropy is that"
            " of the given q.",
            lambda log_joint, q: np.sum(q * log_joint) + np.log(q.size),
        ),
    ],
    hints=Hints(
        nudge="Line (4) of the derivation, as an average under q. What about z with q(z) = 0?",
        equation=r"$\mathrm{ELBO} = \sum_z q(z) \left(\log p(x, z) - \log q(z)\right)$",
        shape="held = q > 0\nreturn np.sum(q[held] * (log_joint[held] - ...))",
    ),
)


# ---------------------------------------------------------------- 5 a line of the derivation


def _line_six(q, posterior, log_evidence):
    return np.sum(q * np.log(posterior / q)) + log_evidence


def _line_cases(rng):
    for size in (2, 3, 5):
        yield case(simplex(rng, size), simplex(rng, size), float(np.log(rng.uniform(0.01, 0.9))))


line_six = Derivation(
    "line_six",
    above=r"\mathbb{E}_{q(z)}\left[\log \frac{p(z \mid x)\, p(x)}{q(z)}\right]",
    reference=_line_six,
    cases=_line_cases,
    returns="one number",
    points=1,
    minutes=5,
    why="The first term is minus a KL, so the line says: log p(x) minus something positive.",
    hints=Hints(
        nudge="The log of a product is a sum. Which part does not depend on z?",
        equation=r"$\sum_z q(z) \log \frac{p(z \mid x)}{q(z)} + \log p(x)$",
        shape="return np.sum(q * np.log(...)) + ...",
    ),
    mistakes=[
        Mistake(
            "log p(x) went missing: it does not depend on z, but it stays in the line.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(posterior / q)),
        ),
        Mistake(
            "The ratio is upside down: q(z) stands below the line, the posterior above.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(q / posterior)) + log_evidence,
        ),
        Mistake(
            "You subtracted log p(x). p(x) stands above the line of the fraction, so its log is "
            "added.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(posterior / q)) - log_evidence,
        ),
        Mistake(
            "log p(x) is counted once for each z: it leaves the expectation because the q(z) sum "
            "to one.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(posterior / q) + log_evidence),
        ),
        Mistake(
            "You dropped -log q(z), the entropy of q.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(posterior)) + log_evidence,
        ),
        Mistake(
            "You averaged under the posterior; the expectation is under q.",
            lambda q, posterior, log_evidence: (
                np.sum(posterior * np.log(posterior / q)) + log_evidence
            ),
        ),
        Mistake(
            "log_evidence is a logarithm already: do not take its exponential.",
            lambda q, posterior, log_evidence: (
                np.sum(q * np.log(posterior / q)) + np.exp(log_evidence)
            ),
        ),
        Mistake(
            "The logarithm of the ratio is missing.",
            lambda q, posterior, log_evidence: np.sum(posterior) + log_evidence,
        ),
        Mistake(
            "That is log p(x) alone: the average of log p(z | x) / q(z) is missing. It would be "
            "zero only if the log were taken after the average.",
            lambda q, posterior, log_evidence: log_evidence,
        ),
        Mistake(
            "You multiplied by log p(x). The log of a product is a sum: it is added.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(posterior / q)) * log_evidence,
        ),
        Mistake(
            "You added log q(z). It stands below the line of the fraction, so it is subtracted.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(posterior * q)) + log_evidence,
        ),
        Mistake(
            "You lost the weights q in front of log q(z): the whole ratio is averaged.",
            lambda q, posterior, log_evidence: (
                np.sum(q * np.log(posterior) - np.log(q)) + log_evidence
            ),
        ),
        Mistake(
            "log_evidence is a logarithm already: do not take it again.",
            lambda q, posterior, log_evidence: (
                np.sum(q * np.log(posterior / q)) + np.log(np.abs(log_evidence))
            ),
        ),
        Mistake(
            "You divided the logarithms: the log of a ratio is the difference of the logs.",
            lambda q, posterior, log_evidence: (
                np.sum(q * np.log(posterior) / np.log(q)) + log_evidence
            ),
        ),
        Mistake(
            "The direction is reversed: you averaged log(q / p) under the posterior. The average "
            "is under q.",
            lambda q, posterior, log_evidence: (
                np.sum(posterior * np.log(q / posterior)) + log_evidence
            ),
        ),
        Mistake(
            "Nothing weights the log ratio: it is averaged under q.",
            lambda q, posterior, log_evidence: np.sum(np.log(posterior / q)) + log_evidence,
        ),
        Mistake(
            "The logarithm is missing: you averaged the fraction itself.",
            lambda q, posterior, log_evidence: np.exp(log_evidence) * np.sum(posterior),
        ),
        Mistake(
            "You multiplied by log p(x). The log of a product is a sum: it is added.",
            lambda q, posterior, log_evidence: np.sum(
                q * (np.log(posterior) * log_evidence - np.log(q))
            ),
        ),
        Mistake(
            "You did not sum over z: the expectation is one number.",
            lambda q, posterior, log_evidence: q * np.log(posterior / q) + log_evidence,
        ),
        Mistake(
            "You averaged over the number of z as well: q is the weight already, so sum.",
            lambda q, posterior, log_evidence: np.mean(q * np.log(posterior / q)) + log_evidence,
        ),
        Mistake(
            "You averaged with equal weights: the expectation is under q.",
            lambda q, posterior, log_evidence: np.mean(np.log(posterior / q)) + log_evidence,
        ),
        Mistake(
            "The posterior is missing: only -log q(z) and log p(x) are left.",
            lambda q, posterior, log_evidence: -np.sum(q * np.log(q)) + log_evidence,
        ),
        Mistake(
            "That is KL(q || posterior), positive: the line has its negative, and log p(x) is "
            "added.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(q / posterior)) + 0 * log_evidence,
        ),
        Mistake(
            "You divided by log p(x). The log of a product is a sum: it is added.",
            lambda q, posterior, log_evidence: np.sum(q * np.log(posterior / q)) / log_evidence,
        ),
        Mistake(
            "The posterior is not logged: both parts of the ratio are.",
            lambda q, posterior, log_evidence: np.sum(q * (posterior - np.log(q))) + log_evidence,
        ),
    ],
)


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


def _held_ratios(reduce):
    def wrong(log_joint, q):
        ratios = np.log(q[q > 0]) - np.log(_posterior(log_joint)[q > 0])
        return reduce(ratios)

    return wrong


def _without_last(log_joint, q):
    """The z at which q is zero left out of log p(x) as well."""
    return logsumexp(log_joint[q > 0]) - _elbo(log_joint, q)


gap = Task(
    "gap",
    reference=_posterior_gap,
    spelt_out=[_gap_from_the_bound, _gap_from_the_posterior],
    cases=_joint_cases,
    returns="KL(q(z) || p(z | x)), one number",
    points=2,
    minutes=8,
    rtol=1e-5,
    why="Two ways to one number: log p(x) - ELBO, or the KL to the normalised joint.",
    invariants=[kl_not_negative],
    mistakes=[
        Mistake(
            "You did not normalise: exp(log_joint) is the joint, not the posterior. What you have "
            "is minus the ELBO.",
            lambda log_joint, q: -_elbo(log_joint, q),
        ),
        Mistake(
            "The direction is reversed: that is KL(p(z | x) || q(z)), an average under the "
            "posterior.",
            lambda log_joint, q: rel_entr(np.exp(log_joint - logsumexp(log_joint)), q).sum(),
        ),
        Mistake(
            "That is the ELBO itself. The gap is what it lacks to log p(x).",
            lambda log_joint, q: _elbo(log_joint, q),
        ),
        Mistake(
            "That is log p(x), without the bound.",
            lambda log_joint, q: logsumexp(log_joint),
        ),
        Mistake(
            "You forgot the entropy of q in the bound: the gap comes out too large by it.",
            lambda log_joint, q: logsumexp(log_joint) - np.sum(q * log_joint),
        ),
        Mistake(
            "You added the ELBO to log p(x). The gap is their difference.",
            lambda log_joint, q: logsumexp(log_joint) + _elbo(log_joint, q),
        ),
        Mistake(
            "You used p(x) where its logarithm belongs.",
            lambda log_joint, q: np.exp(logsumexp(log_joint)) - _elbo(log_joint, q),
        ),
        Mistake(
            "You took the sum of the log joint for log p(x): the log of a sum is not the sum of "
            "the logs.",
            lambda log_joint, q: log_joint.sum() - _elbo(log_joint, q),
        ),
        Mistake(
            "You normalised the log joint by dividing by its sum. The joint itself must be "
            "normalised, exp(log_joint).",
            lambda log_joint, q: rel_entr(q, log_joint / log_joint.sum()).sum(),
        ),
        Mistake(
            "You did not normalise: exp(log_joint) is the joint, not the posterior. What you have "
            "is minus the ELBO.",
            lambda log_joint, q: rel_entr(q, np.exp(log_joint)).sum(),
        ),
        Mistake(
            "Right on paper, but exp(-2000) is 0 in the computer: subtract log p(x) before you "
            "take exp.",
            lambda log_joint, q: rel_entr(q, np.exp(log_joint) / np.exp(log_joint).sum()).sum(),
        ),
        Mistake(
            "You normalised over one axis only: z is the whole table, and the posterior sums to "
            "one over all of it.",
            lambda log_joint, q: rel_entr(q, softmax(log_joint, axis=-1)).sum(),
        ),
        Mistake(
            "You normalised over one axis only: z is the whole table, and the posterior sums to "
            "one over all of it.",
            lambda log_joint, q: rel_entr(q, softmax(log_joint, axis=0)).sum(),
        ),
        Mistake(
            "You compared q with log p(x, z). Make a distribution of it first: exponentiate and "
            "normalise.",
            lambda log_joint, q: rel_entr(q, log_joint).sum(),
        ),
        Mistake(
            "You took the largest entry for log p(x): all z count, logsumexp(log_joint).",
            lambda log_joint, q: log_joint.max() - _elbo(log_joint, q),
        ),
        Mistake(
            "You subtracted two entropies. In the KL both logarithms are averaged under q.",
            lambda log_joint, q: entr(_posterior(log_joint)).sum() - entr(q).sum(),
        ),
        Mistake(
            "You added up the differences of the probabilities. The KL averages log ratios under "
            "q.",
            lambda log_joint, q: np.abs(q - _posterior(log_joint)).sum(),
        ),
        Mistake(
            "You added up the squared differences of the probabilities. The KL averages log "
            "ratios under q.",
            lambda log_joint, q: np.sum((q - _posterior(log_joint)) ** 2),
        ),
        Mistake(
            "Right except where q is zero: such z must not count in the bound, but 0 times log 0 "
            "is nan in the computer.",
            lambda log_joint, q: logsumexp(log_joint) - np.sum(q * (log_joint - np.log(q))),
        ),
        Mistake(
            "Right except where q is zero: such z must not count in the bound, but 0 times log 0 "
            "is nan in the computer.",
            lambda log_joint, q: np.sum(q * (np.log(q) - log_joint + logsumexp(log_joint))),
        ),
        Mistake(
            "You left the z with q(z) = 0 out of log p(x), too: they do not count in the bound, "
            "but they do in the evidence.",
            _without_last,
        ),
        Mistake(
            "You took log p(x) along one axis only and added up: all of z is summed inside one "
            "logarithm.",
            lambda log_joint, q: logsumexp(log_joint, axis=0).sum() - _elbo(log_joint, q),
        ),
        Mistake(
            "You took log p(x) along one axis only and added up: all of z is summed inside one "
            "logarithm.",
            lambda log_joint, q: logsumexp(log_joint, axis=-1).sum() - _elbo(log_joint, q),
        ),
        Mistake(
            "You took log p(x) along one axis only: all of z is summed inside one logarithm.",
            lambda log_joint, q: logsumexp(log_joint, axis=0) - _elbo(log_joint, q),
        ),
        Mistake(
            "You took log p(x) along one axis only: all of z is summed inside one logarithm.",
            lambda log_joint, q: logsumexp(log_joint, axis=-1) - _elbo(log_joint, q),
        ),
        Mistake(
            "You divided log p(x) by the bound. The gap is a difference of logarithms.",
            lambda log_joint, q: logsumexp(log_joint) / _elbo(log_joint, q),
        ),
        Mistake(
            "You divided the bound by log p(x). The gap is a difference of logarithms.",
            lambda log_joint, q: _elbo(log_joint, q) / logsumexp(log_joint),
        ),
        Mistake(
            "The entropy of q has the wrong sign in the bound: log q(z) is subtracted there.",
            lambda log_joint, q: logsumexp(log_joint) - np.sum(q * log_joint) + entr(q).sum(),
        ),
        Mistake(
            "Nothing weights the log ratios: the KL is their average under q.",
            _held_ratios(np.sum),
        ),
        Mistake(
            "You averaged with equal weights: the KL is the average of the log ratios under q.",
            _held_ratios(np.mean),
        ),
        Mistake(
            "You took the mean of the terms; q is the weight already, so sum.",
            lambda log_joint, q: _posterior_gap(log_joint, q) / q.size,
        ),
        Mistake(
            "You took the mean of the terms where q is positive; q is the weight already, so sum.",
            lambda log_joint, q: _posterior_gap(log_joint, q) / np.count_nonzero(q),
        ),
        Mistake(
            "You exponentiated both: the gap is the difference of the logarithms, log p(x) and "
            "the bound.",
            lambda log_joint, q: np.exp(logsumexp(log_joint)) - np.exp(_elbo(log_joint, q)),
        ),
        Mistake(
            "You took the log of the average, log E_q[p(x, z)], for the bound: the bound averages"
            " logarithms.",
            lambda log_joint, q: logsumexp(log_joint) - logsumexp(log_joint, b=q),
        ),
        Mistake(
            "You took the mean of the log joint for log p(x): the log of a sum is not the average"
            " of the logs.",
            lambda log_joint, q: log_joint.mean() - _elbo(log_joint, q),
        ),
        Mistake(
            "You stopped before the sum: those are the terms of the KL.",
            lambda log_joint, q: rel_entr(q, _posterior(log_joint)),
        ),
        Mistake(
            "You added both directions. That is symmetric, but the gap is KL(q || p) alone.",
            lambda log_joint, q: (
                rel_entr(q, _posterior(log_joint)).sum() + rel_entr(_posterior(log_joint), q).sum()
            ),
        ),
        Mistake(
            "The log posterior is averaged, but the entropy of q is missing, and the sign: the KL"
            " averages log q minus the log posterior.",
            lambda log_joint, q: np.sum(q * log_joint) - logsumexp(log_joint),
        ),
        Mistake(
            "Right on paper, but exp(-2000) is 0 in the computer: take log p(x) by logsumexp.",
            lambda log_joint, q: np.log(np.exp(log_joint).sum()) - _elbo(log_joint, q),
        ),
    ],
    hints=Hints(
        nudge="You have log_joint, hence log p(x). You have just written the ELBO.",
        equation=r"$\mathrm{KL}(q(z) \,\|\, p(z \mid x)) = \log p(x) - \mathrm{ELBO}$",
        shape="return logsumexp(...) - elbo(...)",
    ),
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


def _second(formula):
    """A wrong answer whose first bound is right."""
    return lambda log_weights: (log_weights.mean(), formula(log_weights))


sampled_bounds = Task(
    "sampled_bounds",
    reference=_bounds,
    spelt_out=[_bounds_spelt_out],
    cases=_weight_cases,
    returns="first the ELBO's estimate, then the tighter one",
    points=3,
    minutes=15,
    difficulty="stretch",
    why=(
        "The more of the average stands inside the logarithm, the smaller is Jensen's gap; with "
        "infinitely many samples it is zero (Burda, Grosse and Salakhutdinov 2016)."
    ),
    invariants=[_second_above_first],
    mistakes=[
        Mistake(
            "The second bound averages over the wrong axis: the samples inside the logarithm run "
            "along the columns (axis 1).",
            lambda w: (w.mean(), (logsumexp(w, axis=0) - np.log(w.shape[0])).mean()),
        ),
        Mistake(
            "The second bound lacks -log K: the average of K weights is their sum divided by K.",
            lambda w: (w.mean(), logsumexp(w, axis=1).mean()),
        ),
        Mistake(
            "Right on paper, but exp(-1500) is 0 in the computer: average in log space.",
            lambda w: (w.mean(), np.log(np.exp(w).mean(axis=1)).mean()),
        ),
        Mistake(
            "The second bound puts all samples inside one logarithm: only the K of a row belong "
            "together; the rows are averaged outside.",
            lambda w: (w.mean(), logsumexp(w) - np.log(w.size)),
        ),
        Mistake(
            "The first bound is the log of the average: the ELBO is the average of the logs.",
            lambda w: (logsumexp(w) - np.log(w.size), _bounds(w)[1]),
        ),
        Mistake(
            "The first bound is a sum over all samples; an expectation is an average.",
            lambda w: (w.sum(), _bounds(w)[1]),
        ),
        Mistake(
            "The second bound is not averaged over the rows: you return one number for each.",
            lambda w: (w.mean(), logsumexp(w, axis=1) - np.log(w.shape[1])),
        ),
        Mistake(
            "The second bound takes the largest weight of each row: all of them count.",
            lambda w: (w.mean(), w.max(axis=1).mean()),
        ),
        Mistake(
            "The two are exchanged: the ELBO's estimate comes first.",
            lambda w: _bounds(w)[::-1],
        ),
        Mistake(
            "You returned one number; both bounds are asked for, first the ELBO's.",
            lambda w: _bounds(w)[1],
        ),
        Mistake(
            "You returned one number; both bounds are asked for, first the ELBO's.",
            lambda w: w.mean(),
        ),
        Mistake(
            "The second bound divides by N, the number of rows: inside the logarithm stand K "
            "weights.",
            lambda w: (w.mean(), (logsumexp(w, axis=1) - np.log(len(w))).mean()),
        ),
        Mistake(
            "The second bound forgot to add the maximum back after subtracting it.",
            lambda w: (w.mean(), _bounds(w)[1] - w.max()),
        ),
        Mistake(
            "The second bound forgot to add the maximum back after subtracting it.",
            lambda w: (w.mean(), _bounds(w)[1] - w.max(axis=1).mean()),
        ),
        Mistake(
            "The second bound is the first one once more: the average over a row stands inside "
            "the logarithm.",
            _second(lambda w: w.mean()),
        ),
        Mistake(
            "The second bound is a sum over the rows; it is averaged over them.",
            _second(lambda w: (logsumexp(w, axis=1) - np.log(w.shape[1])).sum()),
        ),
        Mistake(
            "The second bound has lost its logarithm, or was exponentiated at the end.",
            _second(lambda w: np.exp(_bounds(w)[1])),
        ),
        Mistake(
            "You averaged the log weights of a row and took the logarithm once more: exponentiate"
            " before you average inside the logarithm.",
            _second(lambda w: np.log(np.abs(w.mean(axis=1))).mean()),
        ),
        Mistake(
            "You divided the log-sum-exp by K: dividing inside the logarithm means subtracting "
            "log K.",
            _second(lambda w: (logsumexp(w, axis=1) / w.shape[1]).mean()),
        ),
        Mistake(
            "The sign of log K is wrong: dividing by K inside the logarithm means subtracting log"
            " K.",
            _second(lambda w: (logsumexp(w, axis=1) + np.log(w.shape[1])).mean()),
        ),
        Mistake(
            "You subtracted K itself: dividing by K inside the logarithm means subtracting log K.",
            _second(lambda w: (logsumexp(w, axis=1) - w.shape[1]).mean()),
        ),
        Mistake(
            "The second bound has the two averages the wrong way round: the row's average stands "
            "inside the logarithm, that over the rows outside.",
            _second(lambda w: logsumexp(w.mean(axis=1)) - np.log(len(w))),
        ),
        Mistake(
            "The second bound is that of the first row only: average over all rows.",
            _second(lambda w: logsumexp(w[0]) - np.log(w.shape[1])),
        ),
        Mistake(
            "The second bound is that of the last row only: average over all rows.",
            _second(lambda w: logsumexp(w[-1]) - np.log(w.shape[1])),
        ),
        Mistake(
            "The second bound averages over the wrong axis, and log K is missing.",
            _second(lambda w: logsumexp(w, axis=0).mean()),
        ),
        Mistake(
            "The first bound is a sum over each row, averaged over the rows; all N K log weights "
            "are averaged.",
            lambda w: (w.sum(axis=1).mean(), _bounds(w)[1]),
        ),
        Mistake(
            "The first bound averages the weights themselves: the ELBO averages their logarithms.",
            lambda w: (np.exp(w).mean(), _bounds(w)[1]),
        ),
        Mistake(
            "The first bound is the median; an expectation is a mean.",
            lambda w: (np.median(w), _bounds(w)[1]),
        ),
        Mistake(
            "The first bound is an average for each row: average over the rows as well.",
            lambda w: (w.mean(axis=1), _bounds(w)[1]),
        ),
        Mistake(
            "The second bound takes the median over the rows; it is averaged over them.",
            _second(lambda w: np.median(logsumexp(w, axis=1) - np.log(w.shape[1]))),
        ),
        Mistake(
            "The second bound takes the best row: it is averaged over all of them.",
            _second(lambda w: (logsumexp(w, axis=1) - np.log(w.shape[1])).max()),
        ),
        Mistake(
            "The second number is the difference of the two bounds: the bound itself is asked for.",
            _second(lambda w: _bounds(w)[1] - w.mean()),
        ),
        Mistake(
            "The second bound averages the logarithms with normalised weights: the average inside"
            " the logarithm is of the weights themselves.",
            _second(lambda w: (softmax(w, axis=1) * w).sum(axis=1).mean()),
        ),
        Mistake(
            "Both numbers are the log of the average over all samples: the first averages "
            "logarithms, the second has one logarithm for each row.",
            lambda w: (logsumexp(w) - np.log(w.size), logsumexp(w) - np.log(w.size)),
        ),
    ],
    hints=Hints(
        nudge="Where does the average over a row stand: outside the logarithm, or inside?",
        equation=(
            r"$\frac{1}{NK}\sum_{nk} \log w_{nk}$ and "
            r"$\frac{1}{N} \sum_n \log \frac{1}{K} \sum_k w_{nk}$"
        ),
        shape="inside = logsumexp(log_weights, axis=...) - ...\nreturn log_weights.mean(), ...",
    ),
)
