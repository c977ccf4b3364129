"""The exercises of notebook 03b, Deriving variational inference from the KL divergence.

q: q(z) for every z.  log_joint: log p(x, z) for the observed x and every z, of the shape of q.
mean, sd: of normal distributions; sd is the standard deviation.
"""

import numpy as np
from scipy.special import entr, logsumexp

from checks.distributions import kl_not_negative, simplex
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case
from helpers.small import bank

progress = progress_for(__name__)


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


entropy = Task(
    "entropy",
    reference=_entropy,
    spelt_out=[_entropy_spelt_out],
    cases=_entropy_cases,
    returns="one number, in nats",
    points=1,
    minutes=5,
    difficulty="warm-up",
    why="It is largest where q is uniform, and zero where q has made up its mind.",
    invariants=[_entropy_in_range],
    mistakes=[
        Mistake(
            "The minus sign is missing: log q is negative, and the entropy is its size on average.",
            lambda q: np.sum(np.where(q > 0, q * np.log(np.where(q > 0, q, 1)), 0)),
        ),
        Mistake(
            "Right except where q is zero: 0 log 0 counts as 0, but the computer says nan. Leave "
            "those terms out, or use scipy.special.entr.",
            lambda q: -np.sum(q * np.log(q)),
        ),
        Mistake(
            "You summed -log q without the weights q: the entropy is an average under q.",
            lambda q: -np.sum(np.log(q[q > 0])),
        ),
        Mistake(
            "You averaged with equal weights: q itself is the weight, so sum.",
            lambda q: entr(q).mean(),
        ),
        Mistake(
            "You took the log of the average of q: the average of the logs is asked for.",
            lambda q: -np.log(np.sum(q * q)),
        ),
        Mistake(
            "In bits (log2). The course measures in nats: np.log.",
            lambda q: entr(q).sum() / np.log(2),
        ),
        Mistake(
            "You returned log n, the largest entropy possible: only a uniform q has it.",
            lambda q: np.log(np.count_nonzero(q)),
        ),
        Mistake(
            "You stopped before the sum: those are the terms -q log q.",
            lambda q: entr(q),
        ),
        Mistake(
            "You summed over one axis only. q may be a table; the entropy is one number.",
            lambda q: entr(q).sum(axis=-1),
        ),
        Mistake(
            "1 - sum q^2 is the Gini impurity, not the entropy.",
            lambda q: 1 - np.sum(q**2),
        ),
        Mistake(
            "You summed over one axis only. q may be a table; the entropy is one number.",
            lambda q: entr(q).sum(axis=0),
        ),
        Mistake(
            "You averaged the entropies of the rows; the whole table is one distribution: sum.",
            lambda q: entr(q).sum(axis=-1).mean(),
        ),
        Mistake(
            "That is the surprise at the most probable value only: average -log q over all of "
            "them.",
            lambda q: -np.log(q.max()),
        ),
        Mistake(
            "That is what the entropy lacks to its largest value, log n: the KL from q to the "
            "uniform distribution.",
            lambda q: np.log(q.size) - entr(q).sum(),
        ),
        Mistake(
            "You averaged -log q with equal weights: the entropy is its average under q.",
            lambda q: -np.mean(np.log(q[q > 0])),
        ),
        Mistake(
            "A constant inside the logarithm keeps log 0 away but changes every term: leave out "
            "the terms with q = 0 instead.",
            lambda q: -np.sum(q * np.log(q + 1e-3)),
        ),
        Mistake(
            "A constant inside the logarithm keeps log 0 away but changes every term: leave out "
            "the terms with q = 0 instead.",
            lambda q: -np.sum(q * np.log(q + 1e-2)),
        ),
        Mistake(
            "A constant inside the logarithm keeps log 0 away but changes every term: leave out "
            "the terms with q = 0 instead.",
            lambda q: -np.sum(q * np.log(q + 1e-4)),
        ),
        Mistake(
            "A constant inside the logarithm keeps log 0 away but changes every term: leave out "
            "the terms with q = 0 instead.",
            lambda q: -np.sum(q * np.log(q + 1)),
        ),
        Mistake(
            "You took the entropy for that of a uniform q, log n: only a uniform q has it.",
            lambda q: np.log(q.size),
        ),
        Mistake(
            "You added up the entropies of the marginals, along each axis: that is the entropy of"
            " q only if the axes are independent.",
            lambda q: sum(entr(q.sum(axis=k)).sum() for k in range(q.ndim)),
        ),
        Mistake(
            "You added the terms of 1 - q as well: that treats each value as a coin of its own, "
            "and q is one distribution.",
            lambda q: entr(q).sum() + entr(1 - q).sum(),
        ),
        Mistake(
            "You weighted -log q with 1 - q: the average is under q itself.",
            lambda q: -np.sum((1 - q[q > 0]) * np.log(q[q > 0])),
        ),
        Mistake(
            "You took the log of 1 - q: the average of -log q is asked for.",
            lambda q: -np.sum(q * np.log(1 - q)),
        ),
        Mistake(
            "That is the variance of the numbers in q: the entropy averages -log q.",
            lambda q: q.var(),
        ),
        Mistake(
            "You replaced nan by 0 after the sum, so that a single zero in q makes the whole "
            "entropy 0: leave out the term.",
            lambda q: np.nan_to_num(-np.sum(q * np.log(q))),
        ),
        Mistake(
            "You took the first row only: the entropy is summed over the whole table.",
            lambda q: entr(np.atleast_2d(q)[0]).sum(),
        ),
        Mistake(
            "The weight q enters squared: each -log q is weighted with q once.",
            lambda q: -np.sum(q[q > 0] ** 2 * np.log(q[q > 0])),
        ),
        Mistake(
            "You took the logarithm of the sum of q, which is 0: average the logarithms.",
            lambda q: -np.log(q.sum()) + 0.0,
        ),
        Mistake(
            "The logarithm is missing: that is minus the sum of the squares.",
            lambda q: -np.sum(q * q),
        ),
        Mistake(
            "You divided by log n: that scales the entropy to 1 at most. Nats are asked for.",
            lambda q: entr(q).sum() / np.log(q.size),
        ),
        Mistake(
            "That is the perplexity, exp of the entropy: the entropy itself is asked for.",
            lambda q: np.exp(entr(q).sum()),
        ),
        Mistake(
            "One minus the largest probability is how often the best guess is wrong: uncertainty,"
            " too, but the entropy averages -log q.",
            lambda q: 1 - q.max(),
        ),
        Mistake(
            "That is the largest probability: the entropy averages -log q over all values.",
            lambda q: q.max(),
        ),
    ],
    hints=Hints(
        nudge="How surprised are you on average, in logs, by a draw from q?",
        equation=r"$\mathbb{H}(q) = -\sum_z q(z) \log q(z)$, with $0 \log 0 = 0$",
        shape="held = q[q > 0]\nreturn -np.sum(...)",
    ),
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


def _replaced(expected=_expected, entropy=lambda log_joint, q: _entropy(q), total=np.add):
    def wrong(log_joint, q):
        first, second = expected(log_joint, q), entropy(log_joint, q)
        return first, second, total(first, second)

    return wrong


two_terms = Task(
    "two_terms",
    reference=_terms,
    cases=_joint_cases,
    returns="E_q[log p(x, z)], H(q) and their sum",
    points=2,
    minutes=8,
    why="The first term pulls q to where the joint is high, the second keeps it spread out.",
    invariants=[_below_evidence],
    mistakes=[
        Mistake(
            "Your bound is the first term minus the entropy. The entropy is added: -E_q[log q] "
            "already holds the minus.",
            _replaced(total=np.subtract),
        ),
        Mistake(
            "The entropy is that of the posterior. The one that belongs here is the entropy of q, "
            "of the distribution that is optimised.",
            _replaced(entropy=lambda log_joint, q: _entropy(_posterior(log_joint))),
        ),
        Mistake(
            "The first term averages under the posterior; the expectation is under q.",
            _replaced(expected=lambda log_joint, q: _expected(log_joint, _posterior(log_joint))),
        ),
        Mistake(
            "The first term is the log of the average joint, log E_q[p(x, z)]: exchange the two.",
            _replaced(expected=lambda log_joint, q: logsumexp(log_joint, b=q)),
        ),
        Mistake(
            "The first term averages the joint instead of its logarithm.",
            _replaced(expected=lambda log_joint, q: np.sum(q * np.exp(log_joint))),
        ),
        Mistake(
            "The first term is not finite or nan where q is zero: 0 times -inf must count as 0. "
            "Look only at the z that q takes.",
            _replaced(expected=lambda log_joint, q: np.sum(q * log_joint)),
        ),
        Mistake(
            "The first term lacks the weights q.",
            _replaced(expected=lambda log_joint, q: log_joint[q > 0].sum()),
        ),
        Mistake(
            "The entropy has the wrong sign: it is never negative.",
            _replaced(entropy=lambda log_joint, q: -_entropy(q)),
        ),
        Mistake(
            "The first term already holds -log q, so the entropy counts twice.",
            _replaced(expected=lambda log_joint, q: _expected(log_joint, q) + _entropy(q)),
        ),
        Mistake(
            "Your third number is log p(x). The ELBO is the sum of the first two.",
            lambda log_joint, q: (*_terms(log_joint, q)[:2], logsumexp(log_joint)),
        ),
        Mistake(
            "Your third number is the gap. The ELBO is the sum of the first two.",
            lambda log_joint, q: (
                *_terms(log_joint, q)[:2],
                logsumexp(log_joint) - _terms(log_joint, q)[2],
            ),
        ),
        Mistake(
            "The first two are exchanged: first the expected log joint, then the entropy.",
            lambda log_joint, q: (_entropy(q), _expected(log_joint, q), _terms(log_joint, q)[2]),
        ),
        Mistake(
            "You returned the ELBO only: its two terms are asked for as well.",
            lambda log_joint, q: _terms(log_joint, q)[2],
        ),
        Mistake(
            "The entropy is that of the joint table, exp(log_joint). The entropy of q belongs "
            "here.",
            _replaced(entropy=lambda log_joint, q: entr(np.exp(log_joint)).sum()),
        ),
        Mistake(
            "The first term averages the log posterior: that is the log joint minus log p(x), "
            "which is not to be had. Average the log joint.",
            _replaced(expected=lambda log_joint, q: _expected(log_joint, q) - logsumexp(log_joint)),
        ),
        Mistake(
            "The first term is an average with equal weights: the expectation is under q.",
            _replaced(expected=lambda log_joint, q: log_joint[q > 0].mean()),
        ),
        Mistake(
            "The first term is the log joint at the best z. It is averaged under q.",
            _replaced(expected=lambda log_joint, q: log_joint.max()),
        ),
        Mistake(
            "Your third number is minus the KL: log p(x) is not subtracted in the ELBO.",
            lambda log_joint, q: (
                *_terms(log_joint, q)[:2],
                _terms(log_joint, q)[2] - logsumexp(log_joint),
            ),
        ),
        Mistake(
            "Your third number is the product of the two. The ELBO is their sum.",
            _replaced(total=np.multiply),
        ),
        Mistake(
            "Your entropy is log n, that of the uniform distribution. The entropy of q belongs "
            "here.",
            _replaced(entropy=lambda log_joint, q: np.log(q.size)),
        ),
        Mistake(
            "The first term is log p(x), the log of a sum over all z: the expected log joint is "
            "the average of the logs under q.",
            _replaced(expected=lambda log_joint, q: logsumexp(log_joint)),
        ),
        Mistake(
            "The first term is the log joint at q's most probable z only: it is averaged under q.",
            _replaced(expected=lambda log_joint, q: log_joint.flat[q.argmax()]),
        ),
        Mistake(
            "The entropy is nan where q is zero: 0 times log 0 must count as 0. Look only at the "
            "z that q takes.",
            _replaced(entropy=lambda log_joint, q: -np.sum(q * np.log(q))),
        ),
        Mistake(
            "You did not sum: an expectation is one number, and so is the entropy.",
            lambda log_joint, q: (q * log_joint, entr(q), q * log_joint + entr(q)),
        ),
        Mistake(
            "The first term has the wrong sign: it is the expected log joint itself, a negative "
            "number as a rule.",
            _replaced(expected=lambda log_joint, q: -_expected(log_joint, q)),
        ),
        Mistake(
            "The entropy is in bits, and so the ELBO is a mixture: natural logarithms in both "
            "terms.",
            _replaced(entropy=lambda log_joint, q: _entropy(q) / np.log(2)),
        ),
        Mistake(
            "Your second number is minus the entropy, E_q[log q]; the ELBO is right.",
            lambda log_joint, q: (_expected(log_joint, q), -_entropy(q), _terms(log_joint, q)[2]),
        ),
        Mistake(
            "Your ELBO stands first: first the expected log joint, then the entropy, and the ELBO"
            " last.",
            lambda log_joint, q: (_terms(log_joint, q)[2], *_terms(log_joint, q)[:2]),
        ),
        Mistake(
            "The first term is averaged over the number of z as well: q is the weight already, so"
            " sum.",
            _replaced(expected=lambda log_joint, q: _expected(log_joint, q) / q.size),
        ),
        Mistake(
            "The entropy is averaged over the number of z: q is the weight already, so sum.",
            _replaced(entropy=lambda log_joint, q: _entropy(q) / q.size),
        ),
        Mistake(
            "Nothing weights the logarithms in your entropy: they are averaged under q.",
            _replaced(entropy=lambda log_joint, q: -np.sum(np.log(q[q > 0]))),
        ),
        Mistake(
            "The first term is exponentiated: it is the average of the logarithms.",
            _replaced(expected=lambda log_joint, q: np.exp(_expected(log_joint, q))),
        ),
        Mistake(
            "Your second number is the KL to the posterior: the entropy of q alone is asked for.",
            _replaced(entropy=lambda log_joint, q: logsumexp(log_joint) - _terms(log_joint, q)[2]),
        ),
    ],
    hints=Hints(
        nudge="Which term needs the model, which only q?",
        equation=r"$\mathbb{E}_q[\log p(x, z)] + \mathbb{H}(q)$",
        shape="held = q > 0\nexpected = np.sum(q[held] * ...)\nreturn expected, entropy(q), ...",
    ),
)


def _posterior(log_joint):
    return np.exp(log_joint - logsumexp(log_joint))


# ---------------------------------------------------------------- 3 a line of the derivation


def _line_five(q, log_joint, log_evidence):
    return _expected(log_joint, q) + _entropy(q) - log_evidence


def _line_cases(rng):
    for shape in ((2,), (3,), (2, 2)):
        log_joint = np.log(simplex(rng, shape)) - rng.exponential(2.0)
        yield case(simplex(rng, shape), log_joint, float(logsumexp(log_joint)))


def _line_five_spelt_out(q, log_joint, log_evidence):
    return np.sum(q * log_joint) - np.sum(q * np.log(q)) - log_evidence


line_five = Derivation(
    "line_five",
    above=r"\int q(z) \log \frac{p(z, x)}{p(x)\, q(z)}\, dz",
    reference=_line_five,
    spelt_out=[_line_five_spelt_out],
    cases=_line_cases,
    returns="one number",
    points=1,
    minutes=5,
    why="Only the last term needs the evidence, and it is the same for every q: it can be dropped.",
    hints=Hints(
        nudge="The log of a quotient with three parts is a sum with three terms; mind the signs.",
        equation=r"$\int q \log p(z, x)\, dz - \int q \log q\, dz - \log p(x)$",
        shape="return np.sum(q * log_joint) - np.sum(...) - ...",
    ),
    mistakes=[
        Mistake(
            "You dropped log p(x). That comes one line later, and only because arg max allows it: "
            "this line is an equality.",
            lambda q, log_joint, log_evidence: _expected(log_joint, q) + _entropy(q),
        ),
        Mistake(
            "The sign of log p(x) is wrong: it stands below the line of the fraction.",
            lambda q, log_joint, log_evidence: _expected(log_joint, q) + _entropy(q) + log_evidence,
        ),
        Mistake(
            "You added the integral of q log q. It is subtracted: q stands below the line.",
            lambda q, log_joint, log_evidence: _expected(log_joint, q) - _entropy(q) - log_evidence,
        ),
        Mistake(
            "The entropy term is missing: q(z) stands below the line too.",
            lambda q, log_joint, log_evidence: _expected(log_joint, q) - log_evidence,
        ),
        Mistake(
            "log p(x) is counted once for each z: since q sums to one, it leaves the integral as "
            "it is.",
            lambda q, log_joint, log_evidence: np.sum(q * (log_joint - np.log(q)) - log_evidence),
        ),
        Mistake(
            "You lost the weights q in front of the first logarithm.",
            lambda q, log_joint, log_evidence: log_joint.sum() + _entropy(q) - log_evidence,
        ),
        Mistake(
            "log_evidence is a logarithm already.",
            lambda q, log_joint, log_evidence: (
                _expected(log_joint, q) + _entropy(q) - np.log(np.abs(log_evidence))
            ),
        ),
        Mistake(
            "You lost the weights q: each of the integrals is an average under q.",
            lambda q, log_joint, log_evidence: np.sum(log_joint - np.log(q)) - log_evidence,
        ),
        Mistake(
            "The entropy counts twice.",
            lambda q, log_joint, log_evidence: _line_five(q, log_joint, log_evidence) + _entropy(q),
        ),
        Mistake(
            "You multiplied log p(x) into the entropy: it is a term of its own, subtracted.",
            lambda q, log_joint, log_evidence: _expected(log_joint, q) + _entropy(q) * log_evidence,
        ),
        Mistake(
            "You divided by the log evidence: the log of a fraction is a difference of logs.",
            lambda q, log_joint, log_evidence: _expected(log_joint, q) / log_evidence + _entropy(q),
        ),
        Mistake(
            "You divided by the log evidence: the log of a fraction is a difference of logs.",
            lambda q, log_joint, log_evidence: (
                (_expected(log_joint, q) + _entropy(q)) / log_evidence
            ),
        ),
        Mistake(
            "You divided the logarithms: the log of a ratio is the difference of the logs.",
            lambda q, log_joint, log_evidence: np.sum(q * log_joint / np.log(q)) - log_evidence,
        ),
        Mistake(
            "log_joint is a logarithm already: do not take it again.",
            lambda q, log_joint, log_evidence: (
                np.sum(q * np.log(np.abs(log_joint))) + _entropy(q) - log_evidence
            ),
        ),
        Mistake(
            "log_joint is a logarithm already: do not exponentiate it.",
            lambda q, log_joint, log_evidence: (
                np.sum(q * np.exp(log_joint)) + _entropy(q) - log_evidence
            ),
        ),
        Mistake(
            "log_evidence is a logarithm already: do not exponentiate it.",
            lambda q, log_joint, log_evidence: (
                _expected(log_joint, q) + _entropy(q) - np.exp(log_evidence)
            ),
        ),
        Mistake(
            "The signs are mixed up: log p(z, x) stands above the line and is added; log p(x) and"
            " log q(z) stand below and are subtracted.",
            lambda q, log_joint, log_evidence: log_evidence - _expected(log_joint, q) + _entropy(q),
        ),
        Mistake(
            "You lost the weights q in front of log q: it is an average under q, too.",
            lambda q, log_joint, log_evidence: (
                _expected(log_joint, q) - np.log(q).sum() - log_evidence
            ),
        ),
        Mistake(
            "The logarithm of q is missing in the second integral.",
            lambda q, log_joint, log_evidence: (
                _expected(log_joint, q) - np.sum(q * q) - log_evidence
            ),
        ),
        Mistake(
            "You did not sum: the line is one number.",
            lambda q, log_joint, log_evidence: q * (log_joint - np.log(q)) - log_evidence,
        ),
        Mistake(
            "You did not sum: the line is one number.",
            lambda q, log_joint, log_evidence: q * (log_joint - np.log(q) - log_evidence),
        ),
        Mistake(
            "You averaged over the number of z as well: q is the weight already, so sum.",
            lambda q, log_joint, log_evidence: np.mean(q * (log_joint - np.log(q))) - log_evidence,
        ),
        Mistake(
            "You averaged over the number of z as well: q is the weight already, so sum.",
            lambda q, log_joint, log_evidence: np.mean(q * (log_joint - np.log(q) - log_evidence)),
        ),
        Mistake(
            "You weighted log p(x) with the average of q, 1 / Z: since q sums to one, it leaves "
            "the integral as it is.",
            lambda q, log_joint, log_evidence: (
                _expected(log_joint, q) + _entropy(q) - q.mean() * log_evidence
            ),
        ),
        Mistake(
            "log p(z, x) is missing: it stands above the line of the fraction.",
            lambda q, log_joint, log_evidence: _entropy(q) - log_evidence,
        ),
        Mistake(
            "You took the log after the average, so that p(x) cancels: the logarithm stands "
            "inside the integral.",
            lambda q, log_joint, log_evidence: np.log(np.sum(np.exp(log_joint))) - log_evidence,
        ),
        Mistake(
            "You carried the fraction over with logarithms in it: the log of a fraction is a "
            "difference of logs, one term for each part.",
            lambda q, log_joint, log_evidence: np.sum(q * log_joint / (log_evidence * q)),
        ),
        Mistake(
            "You carried the fraction over with logarithms in it: the log of a fraction is a "
            "difference of logs, one term for each part.",
            lambda q, log_joint, log_evidence: np.sum(q * log_joint / (log_evidence * np.log(q))),
        ),
        Mistake(
            "The logarithm is missing: you averaged the fraction itself.",
            lambda q, log_joint, log_evidence: np.exp(log_joint - log_evidence).sum(),
        ),
    ],
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


kl_normal = Task(
    "kl_normal",
    reference=_kl_normal,
    spelt_out=[_kl_normal_spelt_out, _kl_normal_in_variances],
    cases=_normal_cases,
    returns="KL(q || p), one number",
    points=2,
    minutes=10,
    why="A small sd of p punishes q twice: for its distance, and for its width.",
    invariants=[kl_not_negative],
    mistakes=[
        Mistake(
            "The direction is reversed: that is KL(p || q).",
            lambda mq, sq, mp, sp: _kl_normal(mp, sp, mq, sq),
        ),
        Mistake(
            "You took the standard deviations for variances: sd is the root, so square it.",
            lambda mq, sq, mp, sp: _kl_normal(mq, np.sqrt(sq), mp, np.sqrt(sp)),
        ),
        Mistake(
            "The ratio of the widths enters squared: variances, not standard deviations.",
            lambda mq, sq, mp, sp: 0.5 * (sq / sp - 1 + ((mq - mp) / sp) ** 2) - np.log(sq / sp),
        ),
        Mistake(
            "The difference of the means is measured in the sd of p, not of q: look whose "
            "logarithm holds the square.",
            lambda mq, sq, mp, sp: (
                0.5 * ((sq / sp) ** 2 - 1 + ((mq - mp) / sq) ** 2) - np.log(sq / sp)
            ),
        ),
        Mistake(
            "The log of the ratio of the widths is missing, log(sd_p / sd_q).",
            lambda mq, sq, mp, sp: 0.5 * ((sq / sp) ** 2 - 1 + ((mq - mp) / sp) ** 2),
        ),
        Mistake(
            "The log of the ratio has the wrong sign.",
            lambda mq, sq, mp, sp: (
                0.5 * ((sq / sp) ** 2 - 1 + ((mq - mp) / sp) ** 2) + np.log(sq / sp)
            ),
        ),
        Mistake(
            "The -1/2 is missing: for two equal distributions the KL must be zero.",
            lambda mq, sq, mp, sp: 0.5 * ((sq / sp) ** 2 + ((mq - mp) / sp) ** 2) - np.log(sq / sp),
        ),
        Mistake(
            "The difference of the means is not squared.",
            lambda mq, sq, mp, sp: 0.5 * ((sq / sp) ** 2 - 1 + abs(mq - mp) / sp) - np.log(sq / sp),
        ),
        Mistake(
            "The means do not appear: two normals of equal width may still be far apart.",
            lambda mq, sq, mp, sp: 0.5 * ((sq / sp) ** 2 - 1) - np.log(sq / sp),
        ),
        Mistake(
            "The widths are not compared: you look at the distance of the means only.",
            lambda mq, sq, mp, sp: 0.5 * ((mq - mp) / sp) ** 2,
        ),
        Mistake(
            "You halved the logarithm too: log(sd_p / sd_q) stands without the factor 1/2 (half "
            "the log of the ratio of *variances*).",
            lambda mq, sq, mp, sp: (
                0.5 * ((sq / sp) ** 2 - 1 + ((mq - mp) / sp) ** 2 - np.log(sq / sp))
            ),
        ),
        Mistake(
            "The log of the ratio of the variances needs the factor 1/2 too: it is twice that of "
            "the standard deviations.",
            lambda mq, sq, mp, sp: (
                0.5 * ((sq / sp) ** 2 - 1 + ((mq - mp) / sp) ** 2) - 2 * np.log(sq / sp)
            ),
        ),
        Mistake(
            "The 2 below the line is missing: the squares are divided by twice the variance of p.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq - mp) ** 2) / sp**2 - 0.5,
        ),
        Mistake(
            "The average of (z - mean_p)^2 under q is the sum of two squares, not the square of a "
            "sum.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq + mq - mp) ** 2 / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "The square of the difference of the means is not the difference of their squares.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + mq**2 - mp**2) / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "That is the cross-entropy, -E_q[log p]: the entropy of q must be subtracted.",
            lambda mq, sq, mp, sp: (
                _kl_normal(mq, sq, mp, sp) + np.log(sq) + 0.5 * np.log(2 * np.pi * np.e)
            ),
        ),
        Mistake(
            "log(2 pi) / 2 stands in both logarithms, with opposite signs: it cancels.",
            lambda mq, sq, mp, sp: _kl_normal(mq, sq, mp, sp) + 0.5 * np.log(2 * np.pi),
        ),
        Mistake(
            "You averaged both directions. KL(q || p) alone is asked for.",
            lambda mq, sq, mp, sp: (_kl_normal(mq, sq, mp, sp) + _kl_normal(mp, sp, mq, sq)) / 2,
        ),
        Mistake(
            "The squares are divided by twice the variance of p, not by the product of the two "
            "sds.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq - mp) ** 2) / (2 * sp * sq) - 0.5,
        ),
        Mistake(
            "You took the standard deviations for variances in the quotient: square them.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq + (mq - mp) ** 2) / (2 * sp) - 0.5,
        ),
        Mistake(
            "The variance of q is missing above the line: E_q[(z - mean_p)^2] is sd_q^2 plus the "
            "squared distance.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (mq - mp) ** 2 / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "That is the log ratio of the densities at the mean of q: average over q, whose "
            "spread adds sd_q^2 to the square and 1/2 to the other logarithm.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (mq - mp) ** 2 / (2 * sp**2),
        ),
        Mistake(
            "The squares are divided by twice the variance of p, whose logarithm holds them; you "
            "took that of q.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq - mp) ** 2) / (2 * sq**2) - 0.5,
        ),
        Mistake(
            "The difference of the means is not squared.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + np.abs(mq - mp)) / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "The difference of the means is not squared.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq - mp)) / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "The squared distance of the means is added to the variance of q, not subtracted.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 - (mq - mp) ** 2) / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "The distance of the means is their difference; you added them.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq + mp) ** 2) / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "You divided by the sum of both variances: the log density of p has its own variance "
            "only, 2 sd_p^2.",
            lambda mq, sq, mp, sp: (
                np.log(sp / sq) + (sq**2 + (mq - mp) ** 2) / (sp**2 + sq**2) - 0.5
            ),
        ),
        Mistake(
            "The logarithm of the ratio of the widths is missing: log(sd_p / sd_q), not the ratio"
            " itself.",
            lambda mq, sq, mp, sp: sp / sq + (sq**2 + (mq - mp) ** 2) / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "The constant is 1/2, not 1: it is half of E_q[(z - mean_q)^2] / sd_q^2.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq - mp) ** 2) / (2 * sp**2) - 1.0,
        ),
        Mistake(
            "The 1/2 is subtracted: E_q[log q] holds it with a minus. For two equal distributions"
            " the KL must be zero.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq - mp) ** 2) / (2 * sp**2) + 0.5,
        ),
        Mistake(
            "The standard deviation of q is not squared: a variance is added to the squared "
            "distance.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq + (mq - mp) ** 2) / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "The variance of p is missing below the line: you divided by twice its standard "
            "deviation.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq - mp) ** 2) / (2 * sp) - 0.5,
        ),
        Mistake(
            "You left the variance of p out below the line.",
            lambda mq, sq, mp, sp: np.log(sp / sq) + (sq**2 + (mq - mp) ** 2) / 2 - 0.5,
        ),
        Mistake(
            "You took p for a standard normal: its mean and sd are given.",
            lambda mq, sq, mp, sp: -np.log(sq) + (sq**2 + mq**2) / 2 - 0.5,
        ),
        Mistake(
            "The mean of the squared distance is divided by 2, but not the other one: the "
            "quotient is (sd_q^2 + distance^2) / (2 sd_p^2).",
            lambda mq, sq, mp, sp: (
                np.log(sp / sq) + sq**2 / sp**2 + (mq - mp) ** 2 / (2 * sp**2) - 0.5
            ),
        ),
        Mistake(
            "The distance's square lacks the 2 below the line.",
            lambda mq, sq, mp, sp: (
                np.log(sp / sq) + sq**2 / (2 * sp**2) + (mq - mp) ** 2 / sp**2 - 0.5
            ),
        ),
        Mistake(
            "That is the entropy of q, or of p: the KL compares the two.",
            lambda mq, sq, mp, sp: np.log(sq) + 0.5 * np.log(2 * np.pi * np.e),
        ),
        Mistake(
            "That is the squared Wasserstein distance: the KL averages the log ratio of the "
            "densities.",
            lambda mq, sq, mp, sp: (mq - mp) ** 2 + (sq - sp) ** 2,
        ),
        Mistake(
            "The logarithm is to base 10: the course uses natural logarithms.",
            lambda mq, sq, mp, sp: np.log10(sp / sq) + (sq**2 + (mq - mp) ** 2) / (2 * sp**2) - 0.5,
        ),
        Mistake(
            "You squared the difference of the standard deviations: E_q[(z - mean_p)^2] holds "
            "sd_q^2, and -1/2 comes from the other logarithm.",
            lambda mq, sq, mp, sp: (
                np.log(sp / sq) + ((sq - sp) ** 2 + (mq - mp) ** 2) / (2 * sp**2)
            ),
        ),
        Mistake(
            "That is the difference of the entropies only: the means and the variances above the "
            "line are missing.",
            lambda mq, sq, mp, sp: np.log(sp / sq),
        ),
    ],
    hints=Hints(
        nudge="E_q[log q] is minus the entropy of q. What is E_q[(z - mean_p)^2]?",
        equation=(
            r"$\log \frac{\sigma_p}{\sigma_q} + "
            r"\frac{\sigma_q^2 + (\mu_q - \mu_p)^2}{2 \sigma_p^2} - \frac{1}{2}$"
        ),
        shape="return np.log(sd_p / sd_q) + (... + ...) / (2 * sd_p**2) - ...",
    ),
)


# ---------------------------------------------------------------- 5 a prediction

two_hills = Prediction(
    "two_hills",
    question=(
        "The posterior has two narrow hills far apart, q is a single normal. Somebody shows you "
        "a q that lies in the valley between them, wide enough to cover both. What was minimised?"
    ),
    choices={
        "KL(q || p)": (
            "This q has much of its mass in the valley, where p is nearly zero: log(q / p) is "
            "huge there, and KL(q || p) averages it under q. It would rather take one hill."
        ),
        "KL(p || q)": (
            "KL(p || q) averages log(p / q) under p: it is infinite where p has mass and q has "
            "none, so q must cover both hills, whatever it does in the valley. Mass-covering."
        ),
        "the ELBO": (
            "The ELBO is maximised, not minimised, and maximising it is minimising KL(q || p). "
            "Would that put q into the valley, where p is nearly zero?"
        ),
    },
    right="KL(p || q)",
    hints=Hints(
        nudge="Under which distribution is the log ratio averaged? Where is it huge?",
        equation=r"$\mathrm{KL}(p \| q) = \mathbb{E}_p[\log p(z) - \log q(z)]$",
        shape="compare log(q / p) in the valley with log(p / q) on a hill that q ignores",
    ),
    room=__name__,
)


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


def _median(z, density):
    return z[np.searchsorted(np.cumsum(density) / density.sum(), 0.5)]


def _curvature_at_the_mode(z, density):
    """Mode and width of the normal with the same height and curvature: Laplace's."""
    k, step = density.argmax(), z[1] - z[0]
    curvature = np.diff(np.log(density[k - 1 : k + 2]), 2)[0] / step**2
    return z[k], 1 / np.sqrt(-curvature)


def _around(z, density, centre):
    return centre, np.sqrt(density @ (z - centre) ** 2 / density.sum())


def _times_step(z, density):
    weights = density * (z[1] - z[0])
    mean = weights @ z
    return mean, np.sqrt(weights @ (z - mean) ** 2)


mass_covering = Task(
    "mass_covering",
    reference=_moments,
    cases=_density_cases,
    returns="the mean and the standard deviation of the best q",
    points=2,
    minutes=10,
    why=(
        "KL(p || q) matches moments, which are averages under the posterior: the one thing that "
        "is not to be had."
    ),
    mistakes=[
        Mistake(
            "You returned the variance; q is described by its standard deviation.",
            lambda z, density: (_moments(z, density)[0], _moments(z, density)[1] ** 2),
        ),
        Mistake(
            "You did not normalise the density: its sum is not one.",
            lambda z, density: (
                np.sum(density * z),
                np.sqrt(np.sum(density * (z - np.sum(density * z)) ** 2)),
            ),
        ),
        Mistake(
            "You returned the position of the highest point: that is the mode, and the best q for "
            "KL(p || q) is centred on the mean.",
            lambda z, density: (z[density.argmax()], _moments(z, density)[1]),
        ),
        Mistake(
            "The density does not appear: you took the mean and sd of the grid.",
            lambda z, density: (z.mean(), z.std()),
        ),
        Mistake(
            "The squares are taken around zero. The variance is around the mean.",
            lambda z, density: (
                _moments(z, density)[0],
                np.sqrt(np.sum(density / density.sum() * z**2)),
            ),
        ),
        Mistake(
            "You took the moments of the density's values, not of z.",
            lambda z, density: (density.mean(), density.std()),
        ),
        Mistake(
            "You weighted with the squared density.",
            lambda z, density: _moments(z, density**2),
        ),
        Mistake(
            "You weighted with the logarithm of the density.",
            lambda z, density: _moments(z, np.log(density) - np.log(density).min()),
        ),
        Mistake(
            "The two are exchanged: first the mean, then the sd.",
            lambda z, density: _moments(z, density)[::-1],
        ),
        Mistake(
            "You returned the position of the highest point: that is the mode, and the best q for "
            "KL(p || q) is centred on the mean.",
            lambda z, density: _around(z, density, z[density.argmax()]),
        ),
        Mistake(
            "You took density times the step of the grid for probabilities. It is known up to a "
            "factor only: divide by its sum.",
            lambda z, density: _times_step(z, density),
        ),
        Mistake(
            "You averaged the distances from the mean. The standard deviation is the root of the "
            "average square.",
            lambda z, density: (
                _moments(z, density)[0],
                density @ np.abs(z - _moments(z, density)[0]) / density.sum(),
            ),
        ),
        Mistake(
            "You divided by n - 1, as for a sample. These are probabilities, not draws.",
            lambda z, density: (
                _moments(z, density)[0],
                _moments(z, density)[1] * np.sqrt(len(z) / (len(z) - 1)),
            ),
        ),
        Mistake(
            "You returned the median; q takes the mean, and the spread around it.",
            lambda z, density: (_median(z, density), _moments(z, density)[1]),
        ),
        Mistake(
            "You returned the median; q takes the mean, and the spread around it.",
            lambda z, density: _around(z, density, _median(z, density)),
        ),
        Mistake(
            "You returned the middle of the grid: where the grid ends says nothing about p.",
            lambda z, density: ((z[0] + z[-1]) / 2, _moments(z, density)[1]),
        ),
        Mistake(
            "You returned the middle of the grid: where the grid ends says nothing about p.",
            lambda z, density: _around(z, density, (z[0] + z[-1]) / 2),
        ),
        Mistake(
            "The mean is right, but your second number is the spread of the grid, without the "
            "density.",
            lambda z, density: (_moments(z, density)[0], z.std()),
        ),
        Mistake(
            "The mean is right, but your second number is the spread of the products density "
            "times z: weight the squared distances of z instead.",
            lambda z, density: (_moments(z, density)[0], np.std(density / density.sum() * z)),
        ),
        Mistake(
            "The mean is right, but the squares are weighted with a density that does not sum to "
            "one: normalise it there, too.",
            lambda z, density: (
                _moments(z, density)[0],
                np.sqrt(density @ (z - _moments(z, density)[0]) ** 2),
            ),
        ),
        Mistake(
            "The mean is not subtracted as a square: the variance is E[z^2] - mean^2.",
            lambda z, density: (
                _moments(z, density)[0],
                np.sqrt(np.abs(density @ z**2 / density.sum() - _moments(z, density)[0])),
            ),
        ),
        Mistake(
            "You added the squared mean: the variance is E[z^2] minus mean^2.",
            lambda z, density: (
                _moments(z, density)[0],
                np.sqrt(density @ z**2 / density.sum() + _moments(z, density)[0] ** 2),
            ),
        ),
        Mistake(
            "You divided by the number of points of the grid: divide by the sum of the density.",
            lambda z, density: (
                np.mean(density * z),
                np.sqrt(np.mean(density * (z - np.mean(density * z)) ** 2)),
            ),
        ),
        Mistake(
            "You averaged the distances themselves, which cancel: square them, average, and take "
            "the root.",
            lambda z, density: (
                _moments(z, density)[0],
                density @ (z - _moments(z, density)[0]) / density.sum(),
            ),
        ),
        Mistake(
            "You averaged the distances themselves, which cancel: square them, average, and take "
            "the root.",
            lambda z, density: (_moments(z, density)[0], 0.0),
        ),
        Mistake(
            "You divided by the largest value of the density: divide by its sum.",
            lambda z, density: (
                density @ z / density.max(),
                np.sqrt(density @ (z - density @ z / density.max()) ** 2 / density.max()),
            ),
        ),
        Mistake(
            "You put the density through a softmax: it is a density already, up to a factor. "
            "Divide by its sum.",
            lambda z, density: _moments(z, np.exp(density)),
        ),
        Mistake(
            "That is Laplace's approximation, the highest hill and its curvature: the "
            "mass-covering q takes the mean and the spread of all of p.",
            _curvature_at_the_mode,
        ),
        Mistake(
            "You took the width from the entropy of p: q takes the standard deviation of p.",
            lambda z, density: (
                _moments(z, density)[0],
                np.exp(entr(density / density.sum()).sum()) / np.sqrt(2 * np.pi * np.e),
            ),
        ),
        Mistake(
            "You returned the mean only; the standard deviation is asked for as well.",
            lambda z, density: _moments(z, density)[0],
        ),
        Mistake(
            "You took the root twice: the standard deviation is the root of the variance.",
            lambda z, density: (_moments(z, density)[0], np.sqrt(_moments(z, density)[1])),
        ),
        Mistake(
            "You took the width of the grid for the standard deviation of p.",
            lambda z, density: (_moments(z, density)[0], 0.5 * (z[-1] - z[0])),
        ),
    ],
    hints=Hints(
        nudge="Which two numbers of the covering q agreed with those of the posterior?",
        equation=r"$\mu = \mathbb{E}_p[z], \quad \sigma^2 = \mathbb{E}_p[(z - \mu)^2]$",
        shape="weights = density / ...\nmean = np.sum(weights * z)\nreturn mean, np.sqrt(...)",
    ),
)


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


def _wrong_sampled(term=None, draw=None):
    """The same estimate with another way to draw z or another term to average."""

    def wrong(log_joint, mean, sd, n, rng):
        noise = rng.standard_normal(n)
        z = (draw or (lambda m, s, e: m + s * e))(mean, sd, noise)
        log_q = -0.5 * ((z - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        return (term or (lambda p, q: np.mean(p - q)))(log_joint(z), log_q)

    return wrong


def _noise_times_variance(log_joint, mean, sd, n, rng):
    noise = rng.standard_normal(n)
    log_q = -0.5 * noise**2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return np.mean(log_joint(mean + sd**2 * noise) - log_q)


def _distance_not_scaled(log_joint, mean, sd, n, rng):
    z = mean + sd * rng.standard_normal(n)
    log_q = -0.5 * (z - mean) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return np.mean(log_joint(z) - log_q)


def _other_log_q(log_q):
    """The estimate with another formula for log q, of z, mean and sd."""

    def wrong(log_joint, mean, sd, n, rng):
        z = mean + sd * rng.standard_normal(n)
        return np.mean(log_joint(z) - log_q(z, mean, sd))

    return wrong


def _joint_at_the_mean(log_joint, mean, sd, n, rng):
    return log_joint(np.array([mean]))[0] + np.log(sd) + 0.5 * np.log(2 * np.pi * np.e)


def _drawn_uniformly(log_joint, mean, sd, n, rng):
    z = mean + sd * rng.random(n)
    log_q = -0.5 * ((z - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return np.mean(log_joint(z) - log_q)


sampled_elbo = Task(
    "sampled_elbo",
    reference=_sampled,
    cases=_sampled_cases,
    accept=_as_good_as,
    returns="an estimate of the ELBO, one number",
    points=3,
    minutes=15,
    difficulty="stretch",
    why="It needs the joint at points, nothing else: this is how VI is done for models in general.",
    mistakes=[
        Mistake(
            "You left log q out: that estimates E_q[log p(x, z)], without the entropy.",
            _wrong_sampled(term=lambda p, q: np.mean(p)),
        ),
        Mistake(
            "You added log q. It is subtracted.",
            _wrong_sampled(term=lambda p, q: np.mean(p + q)),
        ),
        Mistake(
            "You took the log of the average weight: that estimates log p(x), with a bias, and "
            "not the ELBO.",
            _wrong_sampled(term=lambda p, q: logsumexp(p - q) - np.log(len(p))),
        ),
        Mistake(
            "You added the draws up: an expectation is an average.",
            _wrong_sampled(term=lambda p, q: np.sum(p - q)),
        ),
        Mistake(
            "You drew from a standard normal: the average must be under q, with its mean and sd.",
            _wrong_sampled(draw=lambda m, s, e: e),
        ),
        Mistake(
            "You multiplied the noise with the variance: mean + sd * noise has the right width.",
            _wrong_sampled(draw=lambda m, s, e: m + s**2 * e),
        ),
        Mistake(
            "The density of q lacks its normaliser, -log sd - log(2 pi) / 2: in the ELBO it does "
            "not cancel.",
            lambda log_joint, mean, sd, n, rng: (
                _sampled(log_joint, mean, sd, n, rng) - np.log(sd) - 0.5 * np.log(2 * np.pi)
            ),
        ),
        Mistake(
            "Either log(2 pi) / 2 is missing in log q, or its square has the wrong sign; that is "
            "nearly the same here.",
            lambda log_joint, mean, sd, n, rng: (
                _sampled(log_joint, mean, sd, n, rng) - 0.5 * np.log(2 * np.pi)
            ),
        ),
        Mistake(
            "You evaluated everything at one point only, the mean of q or a single draw: average "
            "over n draws.",
            _wrong_sampled(draw=lambda m, s, e: m + 0 * e),
        ),
        Mistake(
            "You returned one number for each draw: average them.",
            _wrong_sampled(term=lambda p, q: p - q),
        ),
        Mistake(
            "You multiplied the noise with the variance: mean + sd * noise has the right width.",
            _noise_times_variance,
        ),
        Mistake(
            "In log q the distance from the mean must be divided by sd before it is squared.",
            _distance_not_scaled,
        ),
        Mistake(
            "log q is subtracted twice: once is the entropy already.",
            _wrong_sampled(term=lambda p, q: np.mean(p - 2 * q)),
        ),
        Mistake(
            "log sd is missing from log q: the density of q depends on its width.",
            _other_log_q(lambda z, m, s: -0.5 * ((z - m) / s) ** 2 - 0.5 * np.log(2 * np.pi)),
        ),
        Mistake(
            "The half is missing from the exponent of log q.",
            _other_log_q(
                lambda z, m, s: -(((z - m) / s) ** 2) - np.log(s) - 0.5 * np.log(2 * np.pi)
            ),
        ),
        Mistake(
            "You took sd for the variance in log q: it is -(z - mean)^2 / (2 sd^2) - log sd - "
            "log(2 pi) / 2.",
            _other_log_q(lambda z, m, s: -0.5 * (z - m) ** 2 / s - 0.5 * np.log(2 * np.pi * s)),
        ),
        Mistake(
            "In the normaliser of q you took sd for the variance: it is log(2 pi sd^2) / 2, which"
            " is log sd + log(2 pi) / 2.",
            _other_log_q(lambda z, m, s: -0.5 * ((z - m) / s) ** 2 - 0.5 * np.log(2 * np.pi * s)),
        ),
        Mistake(
            "log sd counts twice: half the log of the variance is the log of the standard "
            "deviation.",
            _other_log_q(
                lambda z, m, s: -0.5 * ((z - m) / s) ** 2 - 2 * np.log(s) - 0.5 * np.log(2 * np.pi)
            ),
        ),
        Mistake(
            "You took the density of a standard normal for q: q has its own mean and sd.",
            _other_log_q(lambda z, m, s: -0.5 * z**2 - 0.5 * np.log(2 * np.pi)),
        ),
        Mistake(
            "The entropy of q lacks the 1/2: (z - mean)^2 / sd^2 is one on average, and half of "
            "it belongs to log q.",
            _other_log_q(lambda z, m, s: -np.log(s) - 0.5 * np.log(2 * np.pi)),
        ),
        Mistake(
            "Either log(2 pi) / 2 is missing in log q, or its square has the wrong sign; that is "
            "nearly the same here.",
            _other_log_q(
                lambda z, m, s: 0.5 * ((z - m) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)
            ),
        ),
        Mistake(
            "You forgot the mean of q: z is mean + sd * noise.",
            _wrong_sampled(draw=lambda m, s, e: s * e),
        ),
        Mistake(
            "You forgot the sd of q: z is mean + sd * noise.",
            _wrong_sampled(draw=lambda m, s, e: m + e),
        ),
        Mistake(
            "You drew from a uniform distribution: the average must be over draws from q, a "
            "normal.",
            _drawn_uniformly,
        ),
        Mistake(
            "You multiplied by the density of q: the draws come from q already, so a plain "
            "average is enough.",
            _wrong_sampled(term=lambda p, q: np.mean(np.exp(q) * (p - q))),
        ),
        Mistake(
            "You subtracted the density of q: its logarithm is subtracted.",
            _wrong_sampled(term=lambda p, q: np.mean(p - np.exp(q))),
        ),
        Mistake(
            "The sign is wrong: that is log q minus log p(x, z), which estimates minus the bound.",
            _wrong_sampled(term=lambda p, q: np.mean(q - p)),
        ),
        Mistake(
            "You averaged the weights p(x, z) / q(z) themselves: that estimates p(x). The bound "
            "averages their logarithms.",
            _wrong_sampled(term=lambda p, q: np.mean(np.exp(p - q))),
        ),
        Mistake(
            "You kept the largest draw: all draws are averaged.",
            _wrong_sampled(term=lambda p, q: np.max(p - q)),
        ),
        Mistake(
            "You divided the logarithms: the log of a ratio is the difference of the logs.",
            _wrong_sampled(term=lambda p, q: np.mean(p / q)),
        ),
        Mistake(
            "You evaluated everything at one point only, the mean of q or a single draw: average "
            "over n draws.",
            _wrong_sampled(term=lambda p, q: p[0] - q[0]),
        ),
        Mistake(
            "You evaluated the log joint at the mean of q only: average it over the draws.",
            _joint_at_the_mean,
        ),
        Mistake(
            "You averaged the joint itself and took the logarithm afterwards: the bound averages "
            "log p(x, z).",
            _wrong_sampled(term=lambda p, q: logsumexp(p) - np.log(len(p)) - np.mean(q)),
        ),
        Mistake(
            "Only half of log q is subtracted.",
            _wrong_sampled(term=lambda p, q: np.mean(p - 0.5 * q)),
        ),
        Mistake(
            "You took the standard error of the estimate: the estimate itself is asked for.",
            _wrong_sampled(term=lambda p, q: np.std(p - q) / np.sqrt(len(p))),
        ),
        Mistake(
            "You exponentiated the bound: it is a bound on log p(x).",
            _wrong_sampled(term=lambda p, q: np.exp(np.mean(p - q))),
        ),
        Mistake(
            "You added the KL to a standard normal prior: the log joint holds the prior already, "
            "so that only log q is subtracted.",
            lambda log_joint, mean, sd, n, rng: (
                np.mean(log_joint(mean + sd * rng.standard_normal(n)))
                - 0.5 * (sd**2 + mean**2 - 1)
                + np.log(sd)
            ),
        ),
        Mistake(
            "You added the log joint of the draws up: an expectation is an average.",
            _wrong_sampled(term=lambda p, q: np.sum(p) - np.mean(q)),
        ),
        Mistake(
            "You added log q of the draws up: its expectation is an average, too.",
            _wrong_sampled(term=lambda p, q: np.mean(p) - np.sum(q)),
        ),
    ],
    hints=Hints(
        nudge="Draw z from q; what do you average over the draws?",
        equation=r"$\frac{1}{n} \sum_i \log p(x, z_i) - \log q(z_i), \quad z_i \sim q$",
        shape=(
            "z = mean + sd * rng.standard_normal(n)\n"
            "log_q = -0.5 * ((z - mean) / sd) ** 2 - ...\n"
            "return np.mean(...)"
        ),
    ),
)
