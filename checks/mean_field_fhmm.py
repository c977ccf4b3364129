"""The exercises of notebook 04a, Mean field and the factorial HMM.

initial: p(s_1), (M, L).  transition: (M, L, L), transition[m, i, j] is the probability that chain
m steps from i to j.  means: (M, L), the output of each state of each chain; observations x (T,)
are single numbers.  variance: of the noise.  q: (T, M, L), q[t, m, i] = q(s_t^m = i).
"""

import numpy as np
from scipy.special import entr, logsumexp, softmax

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case

progress = progress_for(__name__)


# ---------------------------------------------------------------- 1 predict

variance_of_q = Prediction(
    "variance_of_q",
    question="The posterior of z1 and z2 is Gaussian, both have variance 1, and their correlation "
    "grows from 0 to 1. What happens to the variance of the best q(z1) in q(z1) q(z2)?",
    choices={
        "grows": "That would be the other KL: minimising KL(p || q) makes q cover p. KL(q || p) "
        "punishes q for mass where p has none, so q has to shrink into the narrow ellipse.",
        "stays": "The marginal variance stays 1, but mean field does not find it: the best q(z1) "
        "has the variance of z1 given z2, which is 1 - rho^2.",
        "shrinks": "It is 1 - rho^2, the variance of z1 given z2. An upright ellipse has to be "
        "small to fit into a narrow slanted one.",
    },
    right="shrinks",
    hints=Hints(
        nudge="Draw a narrow slanted ellipse. Which upright ellipse stays where p has mass?",
        equation=r"$q^*(z_1) = \mathcal{N}(\cdot,\, 1 / \Lambda_{11})$",
        shape='return "grows", "stays" or "shrinks"',
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 2 one factor of two


def _best_factor(log_joint, q2):
    return softmax(log_joint @ q2)


def _table_cases(rng):
    for rows, columns in ((2, 3), (3, 2), (4, 3), (2, 5)):
        yield case(rng.normal(size=(rows, columns)) * 2 - 3, rng.dirichlet(np.ones(columns)))
    log_joint = rng.normal(size=(3, 4)) - 800
    yield case(log_joint, rng.dirichlet(np.ones(4)), label="a joint of about exp(-800)")


def _is_distribution(result, *_):
    total, low = np.sum(result), np.min(result)
    if low < -1e-9:
        return f"your factor holds {low:.4g}; probabilities are not negative"
    return "" if np.isclose(total, 1) else f"your factor sums to {total:.4g}, not to 1"


def _with_floats(function):
    def wrong(*inputs):
        with np.errstate(all="ignore"):
            return function(*inputs)

    return wrong


best_factor = Task(
    "best_factor",
    reference=_best_factor,
    cases=_table_cases,
    returns="q(z1), a number for each z1",
    points=2,
    minutes=8,
    why="Equation (4a.1): every mean field algorithm of this course is this line, over and over.",
    invariants=[_is_distribution],
    mistakes=[
        Mistake(
            "You averaged the probabilities, not their logarithms: that is E[p(x, z)] (a log after "
            "the average changes nothing), and mean field needs exp E[log p(x, z)].",
            _with_floats(
                lambda lj, q2: np.exp(lj - lj.max()) @ q2 / (np.exp(lj - lj.max()) @ q2).sum()
            ),
        ),
        Mistake(
            "That is p(z1 | x), the posterior's own marginal: you summed z2 out of the joint. Mean "
            "field averages log p(x, z) over q(z2) instead.",
            lambda lj, q2: softmax(logsumexp(lj, axis=1)),
        ),
        Mistake(
            "The normaliser is missing: exp of the expected log joint does not sum to one.",
            lambda lj, q2: np.exp(lj @ q2),
        ),
        Mistake(
            "That is the expected log joint itself: exponentiate it and normalise.",
            lambda lj, q2: lj @ q2,
        ),
        Mistake(
            "You averaged over z2 as if q(z2) were uniform: weight the columns by q2.",
            lambda lj, q2: softmax(lj.mean(1)),
        ),
        Mistake(
            "You added the columns up without weights: the expectation is under q(z2).",
            lambda lj, q2: softmax(lj.sum(1)),
        ),
        Mistake(
            "You took the most probable z2 only: mean field averages over all of q(z2).",
            lambda lj, q2: softmax(lj[:, q2.argmax()]),
        ),
        Mistake(
            "You weighted by log q2: the expectation weighs by q2 itself.",
            lambda lj, q2: softmax(lj @ np.log(q2)),
        ),
        Mistake(
            "The sign is wrong: probable values of z1 have a LARGE expected log joint.",
            lambda lj, q2: softmax(-(lj @ q2)),
        ),
        Mistake(
            "You divided the expected log joint by its sum: exponentiate first.",
            lambda lj, q2: lj @ q2 / (lj @ q2).sum(),
        ),
        Mistake(
            "It underflows: exp(-800) is 0 in a computer. Subtract the maximum before you "
            "exponentiate, or use scipy.special.softmax.",
            _with_floats(lambda lj, q2: np.exp(lj @ q2) / np.exp(lj @ q2).sum()),
        ),
        Mistake(
            "You exponentiated, but did not normalise: divide by the sum. (Subtracting the maximum "
            "beforehand only keeps exp from underflowing.)",
            lambda lj, q2: np.exp(lj @ q2 - (lj @ q2).max()),
        ),
        Mistake(
            "You normalised first, to p(z1 | x, z2), and averaged these over q(z2). Mean field "
            "averages the logs, and normalises at the end.",
            lambda lj, q2: softmax(lj, axis=0) @ q2,
        ),
        Mistake(
            "You took the best z2 for each z1, whatever q(z2) says: mean field averages over "
            "q(z2).",
            lambda lj, q2: softmax(lj.max(1)),
        ),
        Mistake(
            "You normalised over both variables and summed afterwards: average the log joint over "
            "z2 first, then normalise over z1.",
            lambda lj, q2: softmax(lj * q2).sum(1),
        ),
        Mistake(
            "You normalised over z2 (the rows) and averaged. The new factor is a distribution over "
            "z1: average the log joint over z2, then normalise over z1.",
            lambda lj, q2: softmax(lj, axis=1) @ q2,
        ),
    ],
    hints=Hints(
        nudge="For each z1: what is log p(x, z1, z2) on average, if z2 is distributed like q2?",
        equation=r"$q^*(z_1) \propto \exp \sum_{z_2} q(z_2) \log p(x, z_1, z_2)$",
        shape="expected = log_joint @ ...\nreturn softmax(...)",
    ),
)


# ---------------------------------------------------------------- 3 the entropy of a product


def _entropy(q):
    return entr(q).sum()


def _factors(rng, T, M, L):
    return rng.dirichlet(np.ones(L), (T, M))


def _factor_cases(rng):
    for T, M, L in ((2, 2, 3), (3, 2, 2), (5, 3, 4), (4, 1, 3)):
        yield case(_factors(rng, T, M, L))
    q = _factors(rng, 3, 2, 3)
    q[1, 0] = [0, 1, 0]
    yield case(q, label="a q that is certain of one state (0 log 0 = 0)")


def _entropy_range(value, q):
    top = q.shape[0] * q.shape[1] * np.log(q.shape[2])
    if np.ndim(value) == 0 and not -1e-9 <= value <= top + 1e-9:
        return f"your entropy is {value:.4g}; it lies between 0 and T M log L = {top:.4g}"
    return ""


entropy = Task(
    "entropy",
    reference=_entropy,
    cases=_factor_cases,
    returns="one number, in nats",
    points=1,
    minutes=5,
    difficulty="warm-up",
    why="L^(M T) paths, and only T M L terms: that is what independence buys.",
    invariants=[_entropy_range],
    mistakes=[
        Mistake(
            "The minus sign is missing: log q is negative, and the entropy is not.",
            lambda q: -entr(q).sum(),
        ),
        Mistake(
            "0 log 0 counts as 0, but the computer says nan: leave those terms out, or use "
            "scipy.special.entr.",
            _with_floats(lambda q: -(q * np.log(q)).sum()),
        ),
        Mistake(
            "You averaged over the time steps: the entropies of independent factors add up.",
            lambda q: entr(q).sum((1, 2)).mean(),
        ),
        Mistake(
            "You averaged over the chains: the entropies of independent factors add up.",
            lambda q: entr(q).sum((0, 2)).mean(),
        ),
        Mistake(
            "That is the entropy of each factor: add them up to get that of the product.",
            lambda q: entr(q).sum(2),
        ),
        Mistake(
            "You multiplied the factors' entropies: probabilities multiply, entropies add.",
            lambda q: np.prod(entr(q).sum(2)),
        ),
        Mistake(
            "You summed log q without weighting by q: the entropy is an expectation.",
            _with_floats(lambda q: -np.log(q[q > 0]).sum()),
        ),
        Mistake(
            "You used logarithms to the base 2: that is bits, and this course uses nats.",
            lambda q: entr(q).sum() / np.log(2),
        ),
        Mistake(
            "You added up the factors of all times before taking logarithms: the entropy of the "
            "average is not the sum of the entropies.",
            lambda q: entr(q.mean(0)).sum(),
        ),
        Mistake(
            "You took the entropy at the first time step only.",
            lambda q: entr(q[0]).sum(),
        ),
        Mistake(
            "You took the entropy of the first chain only.",
            lambda q: entr(q[:, 0]).sum(),
        ),
        Mistake(
            "You multiplied the entropies of the chains: those of independent variables add up.",
            lambda q: np.prod(entr(q).sum(2), axis=1).sum(),
        ),
        Mistake(
            "You averaged the entropies of the factors: those of independent factors add up.",
            lambda q: entr(q).sum(2).mean(),
        ),
        Mistake(
            "There is no logarithm in it: q (1 - q) measures spread, too, but the entropy is the "
            "expectation of -log q.",
            lambda q: np.sum(q * (1 - q)),
        ),
        Mistake(
            "You left out the last chain.",
            lambda q: entr(q[:, :-1]).sum(),
        ),
        Mistake(
            "You took the logarithm last: the entropy is the expectation of -log q, not minus the "
            "log of an expectation.",
            lambda q: -np.log((q**2).sum(2)).sum(),
        ),
    ],
    hints=Hints(
        nudge="The log of a product is a sum. What is the expectation of each term?",
        equation=r"$\mathbb{H}(q) = -\sum_{t, m, i} q(s_t^m = i) \log q(s_t^m = i)$",
        shape="return entr(q)...   # entr(p) = -p log p, and 0 for p = 0",
    ),
)


# ---------------------------------------------------------------- 4 derive: a Gaussian factor


def _gaussian_factor(mean, precision, m2):
    shift = precision[0, 1] / precision[0, 0] * (m2 - mean[1])
    return mean[0] - shift, 1 / precision[0, 0]


def _gaussian_cases(rng):
    for _ in range(6):
        root = rng.normal(size=(2, 2))
        yield case(rng.normal(size=2) * 2, root @ root.T + 0.3 * np.eye(2), float(rng.normal() * 3))


def _covariance(precision):
    return np.linalg.inv(precision)


gaussian_factor = Derivation(
    "gaussian_factor",
    above=r"\log q^*(z_1) = -\tfrac12 \Lambda_{11} (z_1 - \mu_1)^2 - \Lambda_{12} (z_1 - \mu_1) "
    r"(m_2 - \mu_2) + \text{const}",
    reference=_gaussian_factor,
    cases=_gaussian_cases,
    returns="two numbers: mean and variance of q(z1)",
    points=2,
    minutes=8,
    why="The mean moves with the other factor; the variance never does, and is too small.",
    mistakes=[
        Mistake(
            "The sign of the shift is wrong: complete the square, and mind the minus before "
            "Lambda_12.",
            lambda mu, p, m2: (mu[0] + p[0, 1] / p[0, 0] * (m2 - mu[1]), 1 / p[0, 0]),
        ),
        Mistake(
            "The variance is one over the precision's diagonal entry; you returned the marginal "
            "variance of the posterior, which mean field does not find.",
            lambda mu, p, m2: (_gaussian_factor(mu, p, m2)[0], _covariance(p)[0, 0]),
        ),
        Mistake(
            "You returned the precision Lambda_11; the variance is one over it.",
            lambda mu, p, m2: (_gaussian_factor(mu, p, m2)[0], p[0, 0]),
        ),
        Mistake(
            "You returned the standard deviation; the variance is asked for.",
            lambda mu, p, m2: (_gaussian_factor(mu, p, m2)[0], p[0, 0] ** -0.5),
        ),
        Mistake(
            "The mean ignores the other factor: that is the posterior's mean, where the updates "
            "will end, not this update.",
            lambda mu, p, m2: (mu[0], 1 / p[0, 0]),
        ),
        Mistake(
            "Lambda_12 has to be divided by Lambda_11 when you complete the square.",
            lambda mu, p, m2: (mu[0] - p[0, 1] * (m2 - mu[1]), 1 / p[0, 0]),
        ),
        Mistake(
            "You divided by Lambda_22; the square to complete is that of z_1.",
            lambda mu, p, m2: (mu[0] - p[0, 1] / p[1, 1] * (m2 - mu[1]), 1 / p[0, 0]),
        ),
        Mistake(
            "The mean of z_2, mu_2, has to be subtracted from m_2.",
            lambda mu, p, m2: (mu[0] - p[0, 1] / p[0, 0] * m2, 1 / p[0, 0]),
        ),
        Mistake(
            "You forgot to add mu_1 back: the square is in z_1 - mu_1.",
            lambda mu, p, m2: (-p[0, 1] / p[0, 0] * (m2 - mu[1]), 1 / p[0, 0]),
        ),
        Mistake(
            "You conditioned with the covariance's entries as if they were the precision's.",
            lambda mu, p, m2: _gaussian_factor(mu, _covariance(p), m2),
        ),
        Mistake(
            "Mean and variance are exchanged.",
            lambda mu, p, m2: _gaussian_factor(mu, p, m2)[::-1],
        ),
        Mistake(
            "You divided by Lambda_22; the square to complete is that of z_1.",
            lambda mu, p, m2: (mu[0] - p[0, 1] / p[1, 1] * (m2 - mu[1]), 1 / p[1, 1]),
        ),
        Mistake(
            "The variance is one over Lambda_11; Lambda_22 belongs to z_2.",
            lambda mu, p, m2: (_gaussian_factor(mu, p, m2)[0], 1 / p[1, 1]),
        ),
        Mistake(
            "You subtracted mu_1 from m_2: m_2 deviates from the mean of z_2, mu_2.",
            lambda mu, p, m2: (mu[0] - p[0, 1] / p[0, 0] * (m2 - mu[0]), 1 / p[0, 0]),
        ),
        Mistake(
            "The factor 1/2 is in the way: a Gaussian's exponent is -(z - mean)^2 / (2 variance), "
            "with a 1/2 of its own.",
            lambda mu, p, m2: (mu[0] - 2 * p[0, 1] / p[0, 0] * (m2 - mu[1]), 2 / p[0, 0]),
        ),
        Mistake(
            "The factor 1/2 is in the way: a Gaussian's exponent is -(z - mean)^2 / (2 variance), "
            "with a 1/2 of its own.",
            lambda mu, p, m2: (_gaussian_factor(mu, p, m2)[0], 2 / p[0, 0]),
        ),
        Mistake(
            "You took 1 - rho^2 for the variance: that holds if both variances are 1.",
            lambda mu, p, m2: (
                _gaussian_factor(mu, p, m2)[0],
                1 - p[0, 1] ** 2 / (p[0, 0] * p[1, 1]),
            ),
        ),
        Mistake(
            "You divided by the root of Lambda_11 Lambda_22, as for a correlation. The square to "
            "complete has Lambda_11 alone.",
            lambda mu, p, m2: (
                mu[0] - p[0, 1] / np.sqrt(p[0, 0] * p[1, 1]) * (m2 - mu[1]),
                1 / p[0, 0],
            ),
        ),
    ],
    hints=Hints(
        nudge="A log density a z^2 + b z + const with a < 0 is a Gaussian. Which one?",
        equation=r"$-\tfrac12 \Lambda (z - c)^2 = -\tfrac12 \Lambda z^2 + \Lambda c z + "
        r"\text{const}$",
        shape="return mean[0] - ... / precision[0, 0] * (...), 1 / ...",
    ),
)


# ---------------------------------------------------------------- 5 the effective evidence


def _evidence(x, means, variance, q, m):
    outputs = (q * means).sum(2)
    residual = x - outputs.sum(1) + outputs[:, m]
    return (residual[:, None] * means[m] - 0.5 * means[m] ** 2) / variance


def _observation_cases(rng):
    for T, M, L in ((2, 2, 3), (4, 3, 2), (3, 4, 5), (5, 2, 2)):
        q, means = _factors(rng, T, M, L), rng.normal(size=(M, L)) * 2
        x = rng.normal(size=T) * 3
        yield case(x, means, float(rng.uniform(0.3, 3)), q, int(rng.integers(M)))


def _same_up_to_constants(expected, got, *_):
    expected, got = np.asarray(expected, dtype=float), np.asarray(got, dtype=float)
    if got.shape != expected.shape or got.ndim != 2:
        return False
    return np.allclose(_centred(got), _centred(expected), rtol=1e-6, atol=1e-8)


def _centred(h):
    return h - h.mean(1, keepdims=True)


def _effective_evidence_spelt_out(x, means, variance, q, m):
    outputs = (q * means).sum(axis=2)
    others = outputs.sum(axis=1) - outputs[:, m]
    return ((x - others)[:, None] * means[m] - 0.5 * means[m] ** 2) / variance


def _residual(x, means, q, m):
    outputs = (q * means).sum(2)
    return (x - outputs.sum(1) + outputs[:, m])[:, None]


def _share_of_others(x, means, variance, q, m):
    outputs = (q * means).sum(2)
    others = (outputs.sum(1) - outputs[:, m]) / max(len(means) - 1, 1)
    return ((x - others)[:, None] * means[m] - 0.5 * means[m] ** 2) / variance


def _outputs_of_chain(k):
    """The effective evidence of chain m, as if chain k's outputs were its own."""

    def wrong(x, means, variance, q, m):
        return (_residual(x, means, q, m) * means[k] - 0.5 * means[k] ** 2) / variance

    return wrong


effective_evidence = Task(
    "effective_evidence",
    reference=_evidence,
    spelt_out=[_effective_evidence_spelt_out],
    cases=_observation_cases,
    returns="h, (T, L): a row for each step, a column for each state of chain m",
    points=2,
    minutes=12,
    why="What x has to say about chain m, after the other chains have been heard.",
    mistakes=[
        Mistake(
            "The other chains are missing: subtract from x what they are expected to put out.",
            lambda x, mu, v, q, m: (x[:, None] * mu[m] - 0.5 * mu[m] ** 2) / v,
        ),
        Mistake(
            "You subtracted the output of chain m as well: leave it out of the sum, or it "
            "explains itself away.",
            lambda x, mu, v, q, m: (
                ((x - (q * mu).sum((1, 2)))[:, None] * mu[m] - 0.5 * mu[m] ** 2) / v
            ),
        ),
        Mistake(
            "The second term, -1/2 of the squared output, is missing: without it the state with "
            "the largest output always looks best.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, m) + 0.5 * mu[m] ** 2 / v,
        ),
        Mistake(
            "The factor 1/2 before the squared output is missing.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, m) - 0.5 * mu[m] ** 2 / v,
        ),
        Mistake(
            "The squared output has the wrong sign.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, m) + mu[m] ** 2 / v,
        ),
        Mistake(
            "You added the other chains' outputs; they are subtracted from x.",
            lambda x, mu, v, q, m: _evidence(
                x + 2 * ((q * mu).sum((1, 2)) - (q * mu).sum(2)[:, m]), mu, v, q, m
            ),
        ),
        Mistake(
            "You did not divide by the variance: the noisier the data, the less they say.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, m) * v,
        ),
        Mistake(
            "You divided by the standard deviation instead of the variance.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, m) * v**0.5,
        ),
        Mistake(
            "You divided by the square of the variance: it is not squared again.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, m) / v,
        ),
        Mistake(
            "You used the most probable output of the other chains: mean field uses the mean.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, np.eye(q.shape[2])[q.argmax(2)], m),
        ),
        Mistake(
            "You used the plain average of the other chains' outputs: weight them by q.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, np.full_like(q, 1 / q.shape[2]), m),
        ),
        Mistake(
            "You used the other chains' expected output averaged over time: each step has its own.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, np.broadcast_to(q.mean(0), q.shape), m),
        ),
        Mistake(
            "That is for chain 0, whatever m is.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, 0),
        ),
        Mistake(
            "You multiplied by q(s_t^m) of the chain that is being updated: its old factor has no "
            "say in the new one.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, m) * q[:, m],
        ),
        Mistake(
            "You subtracted what chain m itself is expected to put out, and left the other chains "
            "in: it is the other way round.",
            lambda x, mu, v, q, m: ((x - q[:, m] @ mu[m])[:, None] * mu[m] - 0.5 * mu[m] ** 2) / v,
        ),
        Mistake(
            "You exponentiated: h is a logarithm, and is added to other logarithms.",
            lambda x, mu, v, q, m: np.exp(-0.5 * (_residual(x, mu, q, m) - mu[m]) ** 2 / v),
        ),
        Mistake(
            "You exponentiated: h is a logarithm, and is added to other logarithms.",
            lambda x, mu, v, q, m: np.exp(_evidence(x, mu, v, q, m)),
        ),
        Mistake(
            "You made a distribution of it (softmax): h stays a logarithm, since the steps from "
            "and to the neighbours in time have yet to be added.",
            lambda x, mu, v, q, m: softmax(_evidence(x, mu, v, q, m), axis=1),
        ),
        Mistake(
            "Only the first term is divided by the variance: it divides the squared output, too.",
            lambda x, mu, v, q, m: _residual(x, mu, q, m) * mu[m] / v - 0.5 * mu[m] ** 2,
        ),
        Mistake(
            "Only the second term is divided by the variance: it divides the product with x, too.",
            lambda x, mu, v, q, m: _residual(x, mu, q, m) * mu[m] - 0.5 * mu[m] ** 2 / v,
        ),
        Mistake(
            "You subtracted the average of the other chains' outputs; x is the sum of all chains.",
            _share_of_others,
        ),
        Mistake(
            "You took the other chains' factors at one time step for all: each step has its own.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, np.broadcast_to(q[-1], q.shape), m),
        ),
        Mistake(
            "You took the other chains' factors at one time step for all: each step has its own.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, np.broadcast_to(q[0], q.shape), m),
        ),
        Mistake(
            "You took the first observation for all steps: h_t looks at x_t.",
            lambda x, mu, v, q, m: _evidence(np.full_like(x, x[0]), mu, v, q, m),
        ),
        Mistake(
            "Rows and columns are exchanged: a row for each time step, a column for each state.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, m).T,
        ),
        Mistake(
            "The distance is not squared: a Gaussian's log density holds the squared distance.",
            lambda x, mu, v, q, m: -np.abs(_residual(x, mu, q, m) - mu[m]) / np.sqrt(v),
        ),
        Mistake(
            "That is the evidence for another chain: the states are those of chain m.",
            lambda x, mu, v, q, m: _evidence(x, mu, v, q, (m + 1) % len(mu)),
        ),
        Mistake(
            "The factor 1/2 of the Gaussian's exponent is missing: the squared distance is "
            "divided by twice the variance.",
            lambda x, mu, v, q, m: 2 * _evidence(x, mu, v, q, m),
        ),
        Mistake(
            "You compared with the outputs of the first chain, whatever m is: h is about the "
            "states of chain m.",
            _outputs_of_chain(0),
        ),
        Mistake(
            "You compared with the outputs of the last chain, whatever m is: h is about the "
            "states of chain m.",
            _outputs_of_chain(-1),
        ),
    ],
    accept=_same_up_to_constants,
    hints=Hints(
        nudge="Write out -(x_t - sum of outputs)^2 / (2 variance). Which terms hold the output of "
        "chain m in state i?",
        equation=r"$h_t(i) = \frac{1}{\sigma^2} \Big[\mu^m_i \big(x_t - \sum_{n \neq m} "
        r"\mathbb{E}_q[\mu^n]\big) - \tfrac12 (\mu^m_i)^2\Big]$",
        shape=(
            "outputs = (q * means).sum(axis=2)      # (T, M), the mean output of each chain\n"
            "others = outputs.sum(axis=1) - ...\n"
            "return ((x - others)[:, None] * ... - 0.5 * ...) / variance"
        ),
    ),
)


# ---------------------------------------------------------------- 6 the update of one factor


def _update(initial, transition, h, q, t):
    log_a = np.log(transition)
    before = np.log(initial) if t == 0 else q[t - 1] @ log_a
    after = log_a @ q[t + 1] if t + 1 < len(q) else 0
    return softmax(before + after + h[t])


def _update_cases(rng):
    for L, T, t in ((2, 4, 1), (3, 5, 2), (3, 4, 0), (4, 5, 4), (2, 3, 1), (3, 1, 0)):
        q = rng.dirichlet(np.ones(L), T)
        label = {0: "the first step", T - 1: "the last step"}.get(t, "")
        inputs = rng.dirichlet(np.ones(L)), rng.dirichlet(np.ones(L), L), rng.normal(size=(T, L))
        yield case(*inputs, q, t, label=label)


def _update_with(before=None, after=None, h=None):
    """A wrong update: parts replaced by functions of (initial, log transition, q, t) or (h, t)."""

    def wrong(initial, transition, evidence, q, t):
        log_a = np.log(transition)
        right_before = np.log(initial) if t == 0 else q[t - 1] @ log_a
        right_after = log_a @ q[t + 1] if t + 1 < len(q) else 0
        first = right_before if before is None else before(initial, log_a, q, t)
        second = right_after if after is None else after(initial, log_a, q, t)
        return softmax(first + second + (evidence[t] if h is None else h(evidence, t)))

    return wrong


def _before(initial, log_a, q, t, step=None):
    return np.log(initial) if t == 0 else (q[t - 1] @ log_a if step is None else step)


def _log_update(initial, transition, h, q, t):
    log_a = np.log(transition)
    before = np.log(initial) if t == 0 else q[t - 1] @ log_a
    return before + (log_a @ q[t + 1] if t + 1 < len(q) else 0) + h[t]


update = Task(
    "update",
    reference=_update,
    cases=_update_cases,
    returns="the new q(s_t), a number for each state",
    points=2,
    minutes=10,
    why="Two neighbours and one observation: all that a state of the mean field hears of the rest.",
    invariants=[_is_distribution],
    mistakes=[
        Mistake(
            "The step INTO s_t has its matrix the wrong way round: the neighbour before comes "
            "first in transition[i, j], and it is summed over.",
            _update_with(
                before=lambda i, a, q, t: _before(i, a, q, t, None if t == 0 else a @ q[t - 1])
            ),
        ),
        Mistake(
            "The step OUT OF s_t has its matrix the wrong way round: s_t comes first in "
            "transition[i, j], the neighbour after it is summed over.",
            _update_with(after=lambda i, a, q, t: q[t + 1] @ a if t + 1 < len(q) else 0),
        ),
        Mistake(
            "The neighbour after is missing: the future tells about the present as well.",
            _update_with(after=lambda i, a, q, t: 0),
        ),
        Mistake(
            "The neighbour before is missing.",
            _update_with(before=lambda i, a, q, t: np.log(i) if t == 0 else 0),
        ),
        Mistake(
            "At the first step log initial stands in for the step into it; you left it out.",
            _update_with(before=lambda i, a, q, t: 0 if t == 0 else q[t - 1] @ a),
        ),
        Mistake(
            "The initial distribution belongs to the first step only; you added it everywhere.",
            _update_with(before=lambda i, a, q, t: np.log(i) + (0 if t == 0 else q[t - 1] @ a)),
        ),
        Mistake(
            "You took the log of the average transition probability; mean field averages the log.",
            _update_with(
                before=lambda i, a, q, t: np.log(i) if t == 0 else np.log(q[t - 1] @ np.exp(a)),
                after=lambda i, a, q, t: np.log(np.exp(a) @ q[t + 1]) if t + 1 < len(q) else 0,
            ),
        ),
        Mistake(
            "The effective evidence h is missing: the factor never looks at the data.",
            _update_with(h=lambda h, t: 0),
        ),
        Mistake(
            "You used the transition probabilities where their logarithms belong.",
            _update_with(
                before=lambda i, a, q, t: np.log(i) if t == 0 else q[t - 1] @ np.exp(a),
                after=lambda i, a, q, t: np.exp(a) @ q[t + 1] if t + 1 < len(q) else 0,
            ),
        ),
        Mistake(
            "At the first step t - 1 is -1, which in Python is the LAST step.",
            _update_with(before=lambda i, a, q, t: q[t - 1] @ a),
        ),
        Mistake(
            "You used the neighbours' most probable states only: that is a different algorithm "
            "(iterated conditional modes). Average over q.",
            lambda i, a, h, q, t: _update(i, a, h, np.eye(q.shape[1])[q.argmax(1)], t),
        ),
        Mistake(
            "You multiplied the result with the old factor: the new one does not depend on it.",
            lambda i, a, h, q, t: _update(i, a, h, q, t) * q[t] / (_update(i, a, h, q, t) @ q[t]),
        ),
        Mistake(
            "You added the effective evidence of all time steps: s_t sees x_t only.",
            _update_with(h=lambda h, t: h.sum(0)),
        ),
        Mistake(
            "h is a logarithm already; you took its exponential before adding it.",
            _update_with(h=lambda h, t: np.exp(h[t])),
        ),
        Mistake(
            "You returned the whole q, with its row t updated: only the new factor q(s_t) is asked "
            "for.",
            lambda i, a, h, q, t: np.vstack([q[:t], _update(i, a, h, q, t), q[t + 1 :]]),
        ),
        Mistake(
            "The initial probability is added as it is: its logarithm belongs there.",
            _update_with(before=lambda i, log_a, q, t: i if t == 0 else q[t - 1] @ log_a),
        ),
        Mistake(
            "You took the effective evidence of the next step: s_t sees x_t.",
            _update_with(h=lambda h, t: h[min(t + 1, len(h) - 1)]),
        ),
        Mistake(
            "You took the effective evidence of the step before: s_t sees x_t.",
            _update_with(h=lambda h, t: h[max(t - 1, 0)]),
        ),
        Mistake(
            "You averaged over q(s_t) itself. The neighbours in time are q(s_t-1) and q(s_t+1).",
            _update_with(
                before=lambda i, log_a, q, t: np.log(i) if t == 0 else q[t] @ log_a,
                after=lambda i, log_a, q, t: log_a @ q[t] if t + 1 < len(q) else 0,
            ),
        ),
        Mistake(
            "The neighbours are exchanged: the one before goes with the step into s_t, the one "
            "after with the step out of it.",
            _update_with(
                before=lambda i, log_a, q, t: (
                    np.log(i) if t == 0 else q[min(t + 1, len(q) - 1)] @ log_a
                ),
                after=lambda i, log_a, q, t: log_a @ q[t - 1] if t + 1 < len(q) else 0,
            ),
        ),
        Mistake(
            "You chose the most probable state. A factor is a distribution: all states keep their "
            "probabilities.",
            lambda i, a, h, q, t: np.eye(len(i))[_update(i, a, h, q, t).argmax()],
        ),
        Mistake(
            "You divided the logs by their sum: exponentiate first.",
            lambda i, a, h, q, t: _log_update(i, a, h, q, t) / _log_update(i, a, h, q, t).sum(),
        ),
        Mistake(
            "At the last step there is no step out of s_t; you took t + 1 round to the first one.",
            _update_with(after=lambda i, log_a, q, t: log_a @ q[(t + 1) % len(q)]),
        ),
        Mistake(
            "That is a step of filtering: the log of an average for the past, and no future. Mean "
            "field averages logs, over both neighbours.",
            _update_with(
                before=lambda i, log_a, q, t: np.log(i if t == 0 else q[t - 1] @ np.exp(log_a)),
                after=lambda i, log_a, q, t: 0,
            ),
        ),
        Mistake(
            "The last step has no neighbour after it, but it has one before.",
            _update_with(
                before=lambda i, log_a, q, t: (
                    np.log(i) if t == 0 else (q[t - 1] @ log_a if t + 1 < len(q) else 0)
                )
            ),
        ),
        Mistake(
            "You averaged the terms; they are the logs of factors, and add up.",
            lambda i, a, h, q, t: softmax(
                _log_update(i, a, h, q, t) / (3 if t + 1 < len(q) else 2)
            ),
        ),
        Mistake(
            "The neighbours are missing, and the start: that is the evidence of this step alone.",
            lambda initial, transition, h, q, t: softmax(h[t]),
        ),
    ],
    hints=Hints(
        nudge="Equation (4a.3) has three terms. What becomes of the first at t = 0, of the second "
        "at the end?",
        equation=r"$\log q^*(s_t = i) = \sum_k q_{t-1}(k) \log A_{ki} + \sum_k q_{t+1}(k) \log "
        r"A_{ik} + h_t(i) + \text{const}$",
        shape=(
            "log_A = np.log(transition)\n"
            "before = np.log(initial) if t == 0 else q[t - 1] @ ...\n"
            "after = ... if t + 1 < len(q) else 0\n"
            "return softmax(...)"
        ),
    ),
)


# ---------------------------------------------------------------- 7 the bound


def _prior_terms(initial, transition, q):
    pairs = np.einsum("tmi,tmj->mij", q[:-1], q[1:])
    return (q[0] * np.log(initial)).sum() + (pairs * np.log(transition)).sum()


def _likelihood_terms(means, variance, q, x, spread=1.0):
    outputs = (q * means).sum(2)
    own = (q * means**2).sum(2) - outputs**2
    square = (x - outputs.sum(1)) ** 2 + spread * own.sum(1)
    return (-0.5 * np.log(2 * np.pi * variance) - 0.5 * square / variance).sum()


def _elbo(initial, transition, means, variance, q, x):
    prior = _prior_terms(initial, transition, q)
    return prior + _likelihood_terms(means, variance, q, x) + _entropy(q)


def _bound_cases(rng):
    for T, M, L in ((2, 2, 2), (3, 2, 3), (4, 3, 2), (5, 1, 4), (3, 4, 3)):
        initial, transition = rng.dirichlet(np.ones(L), M), rng.dirichlet(np.ones(L), (M, L))
        means, q = rng.normal(size=(M, L)) * 2, _factors(rng, T, M, L)
        yield case(
            initial, transition, means, float(rng.uniform(0.3, 3)), q, rng.normal(size=T) * 3
        )


def _below_the_evidence(value, initial, transition, means, variance, q, x):
    """A bound above the exact evidence is none."""
    from helpers.fhmm import FactorialHMM, exact

    model = FactorialHMM(initial, transition, means[..., None], [[variance]])
    top = exact(model, x[:, None]).log_evidence
    if np.ndim(value) == 0 and value > top + 1e-9:
        return f"your bound is {value - top:.4g} above log p(x) = {top:.4g}: no bound can be"
    return ""


def _elbo_spelt_out(initial, transition, means, variance, q, x):
    start = (q[0] * np.log(initial)).sum()
    steps = np.einsum("tmi,mij,tmj->", q[:-1], np.log(transition), q[1:])
    output = (q * means).sum(axis=2)
    own = (q * means**2).sum(axis=2) - output**2
    square = (x - output.sum(axis=1)) ** 2 + own.sum(axis=1)
    noise = -0.5 * len(x) * np.log(2 * np.pi * variance) - 0.5 * square.sum() / variance
    return start + steps + noise + entr(q).sum()


def _each_chain_alone(initial, transition, means, variance, q, x):
    square = (x[:, None, None] - means) ** 2
    noise = -0.5 * np.log(2 * np.pi * variance) - 0.5 * square / variance
    return _prior_terms(initial, transition, q) + (q * noise).sum() + _entropy(q)


def _of_probable_states(initial, transition, means, variance, q, x):
    hard = np.eye(q.shape[2])[q.argmax(2)]
    return _elbo(initial, transition, means, variance, hard, x)


elbo = Task(
    "elbo",
    reference=_elbo,
    spelt_out=[_elbo_spelt_out],
    cases=_bound_cases,
    returns="one number, in nats",
    points=3,
    minutes=15,
    why="With this number you can tell whether an update was right, without knowing the posterior.",
    invariants=[_below_the_evidence],
    mistakes=[
        Mistake(
            "The entropy is missing: that is the expected log joint.",
            lambda i, a, mu, v, q, x: _elbo(i, a, mu, v, q, x) - _entropy(q),
        ),
        Mistake(
            "The entropy has the wrong sign: the ELBO is the expected log joint PLUS H(q).",
            lambda i, a, mu, v, q, x: _elbo(i, a, mu, v, q, x) - 2 * _entropy(q),
        ),
        Mistake(
            "You put the expected outputs into the Gaussian, but E[(x - s)^2] is not (x - E[s])^2: "
            "each chain's own variance is missing, and the result can exceed log p(x).",
            lambda i, a, mu, v, q, x: (
                _prior_terms(i, a, q) + _likelihood_terms(mu, v, q, x, 0.0) + _entropy(q)
            ),
        ),
        Mistake(
            "The chains' own variance has the wrong sign: it adds to the squared distance.",
            lambda i, a, mu, v, q, x: (
                _prior_terms(i, a, q) + _likelihood_terms(mu, v, q, x, -1.0) + _entropy(q)
            ),
        ),
        Mistake(
            "You added E[output^2] without subtracting (E[output])^2: the variance is their "
            "difference.",
            lambda i, a, mu, v, q, x: (
                _elbo(i, a, mu, v, q, x) - 0.5 * ((q * mu).sum(2) ** 2).sum() / v
            ),
        ),
        Mistake(
            "The initial probabilities are missing.",
            lambda i, a, mu, v, q, x: _elbo(i, a, mu, v, q, x) - (q[0] * np.log(i)).sum(),
        ),
        Mistake(
            "The transitions are missing.",
            lambda i, a, mu, v, q, x: (
                (q[0] * np.log(i)).sum() + _likelihood_terms(mu, v, q, x) + _entropy(q)
            ),
        ),
        Mistake(
            "The transition matrix is transposed: transition[m, i, j] goes with q_t(i) q_t+1(j).",
            lambda i, a, mu, v, q, x: _elbo(i, a.swapaxes(1, 2), mu, v, q, x),
        ),
        Mistake(
            "The observations are missing: those are the prior's terms and the entropy.",
            lambda i, a, mu, v, q, x: _prior_terms(i, a, q) + _entropy(q),
        ),
        Mistake(
            "The Gaussian's normaliser is missing.",
            lambda i, a, mu, v, q, x: (
                _elbo(i, a, mu, v, q, x) + 0.5 * len(x) * np.log(2 * np.pi * v)
            ),
        ),
        Mistake(
            "You used the variance as a standard deviation: it is not squared again.",
            lambda i, a, mu, v, q, x: _elbo(i, a, mu, v**2, q, x),
        ),
        Mistake(
            "You took the root of the variance where the variance itself belongs.",
            lambda i, a, mu, v, q, x: _elbo(i, a, mu, v**0.5, q, x),
        ),
        Mistake(
            "You used p(s_1) at every step; after the first the transitions take over.",
            lambda i, a, mu, v, q, x: (
                (q * np.log(i)).sum() + _likelihood_terms(mu, v, q, x) + _entropy(q)
            ),
        ),
        Mistake(
            "You took the log of the expected transition probability; the bound has the expected "
            "log.",
            lambda i, a, mu, v, q, x: (
                _elbo(i, a, mu, v, q, x)
                - _prior_terms(np.ones_like(i), a, q)
                + np.log(np.einsum("tmi,mij,tmj->tm", q[:-1], a, q[1:])).sum()
            ),
        ),
        Mistake(
            "You added log p(s_1) at every step: it belongs to the first one; the others have "
            "their transitions.",
            lambda i, a, mu, v, q, x: _elbo(i, a, mu, v, q, x) + (q[1:] * np.log(i)).sum(),
        ),
        Mistake(
            "The Gaussian's normaliser is there once; every time step brings one.",
            lambda i, a, mu, v, q, x: (
                _elbo(i, a, mu, v, q, x) + 0.5 * (len(x) - 1) * np.log(2 * np.pi * v)
            ),
        ),
        Mistake(
            "You let every chain explain x on its own. The chains' outputs add up to x: subtract "
            "their sum.",
            _each_chain_alone,
        ),
        Mistake(
            "You put in the most probable states. The bound is an expectation over all of q.",
            _of_probable_states,
        ),
        Mistake(
            "You put in the most probable states. The bound is an expectation over all of q.",
            lambda i, a, mu, v, q, x: _of_probable_states(i, a, mu, v, q, x) + _entropy(q),
        ),
        Mistake(
            "The factor 1/2 before the Gaussian's log normaliser is missing.",
            lambda i, a, mu, v, q, x: (
                _elbo(i, a, mu, v, q, x) - 0.5 * len(x) * np.log(2 * np.pi * v)
            ),
        ),
        Mistake(
            "The two factors of a step are of the same time. A step goes from q_t to q_t+1.",
            lambda i, a, mu, v, q, x: (
                _elbo(i, a, mu, v, q, x)
                - np.einsum("tmi,tmj,mij->", q[:-1], q[1:], np.log(a))
                + np.einsum("tmi,tmj,mij->", q[1:], q[1:], np.log(a))
            ),
        ),
        Mistake(
            "The two factors of a step are of the same time. A step goes from q_t to q_t+1.",
            lambda i, a, mu, v, q, x: (
                _elbo(i, a, mu, v, q, x)
                - np.einsum("tmi,tmj,mij->", q[:-1], q[1:], np.log(a))
                + np.einsum("tmi,tmj,mij->", q[:-1], q[:-1], np.log(a))
            ),
        ),
        Mistake(
            "You averaged the entropies of the chains: they add up.",
            lambda i, a, mu, v, q, x: _elbo(i, a, mu, v, q, x) - _entropy(q) * (1 - 1 / q.shape[1]),
        ),
        Mistake(
            "In the Gaussian's normaliser the variance is squared: it is a variance already.",
            lambda i, a, mu, v, q, x: _elbo(i, a, mu, v, q, x) - 0.5 * len(x) * np.log(v),
        ),
    ],
    hints=Hints(
        nudge="Four parts: start, steps, observations, entropy. For the observations: what is the "
        "expectation of a square?",
        equation=r"$\mathbb{E}\big(x - \sum_m s^m\big)^2 = \big(x - \sum_m \mathbb{E} s^m\big)^2 "
        r"+ \sum_m \mathrm{Var}(s^m)$",
        shape=(
            "start = (q[0] * np.log(initial)).sum()\n"
            'steps = np.einsum("tmi,mij,tmj->", q[:-1], ..., q[1:])\n'
            "output = (q * means).sum(axis=2)\n"
            "own = (q * means**2).sum(axis=2) - ...\n"
            "square = (x - output.sum(axis=1)) ** 2 + ...\n"
            "noise = -0.5 * len(x) * np.log(...) - 0.5 * square.sum() / variance\n"
            "return start + steps + noise + entr(q).sum()"
        ),
    ),
)


# ---------------------------------------------------------------- 8 who broke it?


def _culprit(elbos):
    for step in range(1, len(elbos)):
        if elbos[step] < elbos[step - 1] - 1e-9 * abs(elbos[step - 1]):
            return step
    return -1


def _trace_cases(rng):
    rising = -50 - 40 * np.exp(-np.cumsum(rng.uniform(0.1, 1, 7)))
    yield case(rising, label="a bound that never falls")
    for n in (4, 6, 9):
        broken = -30 - 20 * np.exp(-np.cumsum(rng.uniform(0.1, 1, n)))
        step = int(rng.integers(2, n))
        broken[step:] -= 1.5 * (broken[step] - broken[step - 1]) + rng.uniform(0.5, 3)
        yield case(broken)
    at_once = np.array([-60.0, -64, -50, -45]) + rng.normal()
    yield case(at_once, label="a bound that falls at the first update")
    twice = np.array([-90.0, -70, -60, -66, -55, -73, -50, -52]) + rng.normal()
    yield case(twice, label="a bound that falls three times")
    slight = np.array([-90.0, -70, -60, -60 - 1e-5, -52]) + rng.normal()
    yield case(slight, label="a fall of only 0.00001 nats, far above round-off")
    yield case(np.array([-60.0, -55, -70, -50]) + rng.normal())
    late = np.array([-90.0, -70, -60, -55, -57.5]) + rng.normal()
    yield case(late, label="a bound that falls at the last update")
    huge = -1e9 + np.array([-3.0, -1, 0, -0.25, 0, -0.125, 0])
    yield case(huge, label="a converged bound of -1000000000 that trembles by 0.2")
    settled = -1e5 + np.array([-3.0, -1, 0, -1e-8, 0, -2e-8, 1e-8])
    yield case(settled, label="a converged bound of -100000 that trembles in its last digits")


def _first_fall(by):
    """The first fall by more than ``by``, or by more than ``by(bound)``, or -1."""

    def wrong(e):
        size = by(np.abs(e[:-1])) if callable(by) else by
        return int(np.append(np.flatnonzero(np.diff(e) < -size) + 1, -1)[0])

    return wrong


culprit = Task(
    "culprit",
    reference=_culprit,
    cases=_trace_cases,
    returns="one whole number",
    points=1,
    minutes=6,
    why="This is what climb does for every algorithm of the course, yours included.",
    mistakes=[
        Mistake(
            "You counted round-off as a fall: the last digits of -100000 tremble by 1e-8. Allow "
            "for a relative error of 1e-9.",
            lambda e: int(np.append(np.flatnonzero(np.diff(e) < 0) + 1, -1)[0]),
        ),
        Mistake(
            "One too early: that is the step before the fall. The state that is lower than its "
            "predecessor is the broken one.",
            lambda e: _culprit(e) - 1 if _culprit(e) > 0 else -1,
        ),
        Mistake(
            "You returned the last fall; the first one is asked for, for later ones may only be "
            "its consequence.",
            lambda e: len(e) - 1 - _last_fall(e),
        ),
        Mistake(
            "You returned where the bound RISES first; a coordinate update is allowed to raise it.",
            lambda e: int(np.argmax(np.diff(e) > 0)) + 1,
        ),
        Mistake(
            "You returned the place of the lowest bound; the start is usually the lowest.",
            lambda e: int(np.argmin(e)),
        ),
        Mistake(
            "You returned the place of the highest bound.",
            lambda e: int(np.argmax(e)),
        ),
        Mistake(
            "If the bound never falls, -1 is asked for.",
            lambda e: max(_culprit(e), 0),
        ),
        Mistake(
            "You compared with the first bound only: compare each with the one before.",
            lambda e: int(np.append(np.flatnonzero(e < e[0]), -1)[0]),
        ),
        Mistake(
            "You returned whether the bound falls; asked for is where.",
            lambda e: float(_culprit(e) > 0),
        ),
        Mistake(
            "Your tolerance is a fixed number of nats. For a small bound it hides real falls, for "
            "a huge one it takes round-off for a fall: compare with the size of the bound.",
            _first_fall(1e-6),
        ),
        Mistake(
            "Your tolerance is a fixed number of nats. For a small bound it hides real falls, for "
            "a huge one it takes round-off for a fall: compare with the size of the bound.",
            _first_fall(1e-3),
        ),
        Mistake(
            "Your tolerance is too large: it hides real falls. Only 1e-9 of the bound's own size "
            "passes for round-off.",
            _first_fall(0.3),
        ),
        Mistake(
            "Your tolerance is too large: it hides real falls. Only 1e-9 of the bound's own size "
            "passes for round-off.",
            _first_fall(1.0),
        ),
        Mistake(
            "Your tolerance is too large: it hides real falls. Only 1e-9 of the bound's own size "
            "passes for round-off.",
            _first_fall(lambda size: 1e-6 * size),
        ),
        Mistake(
            "Your tolerance is too large: it hides real falls. Only 1e-9 of the bound's own size "
            "passes for round-off.",
            _first_fall(lambda size: 1e-2 * size),
        ),
        Mistake(
            "You returned the largest fall; the first one is asked for, for later ones may only be "
            "its consequence.",
            lambda e: int(np.argmin(np.diff(e))) + 1 if _culprit(e) > 0 else -1,
        ),
        Mistake(
            "You did not look at the last update.",
            lambda e: _culprit(e[:-1]),
        ),
        Mistake(
            "You gave up after the first comparison: go on until a fall, and return -1 only after "
            "the loop.",
            lambda e: _culprit(e[:2]),
        ),
        Mistake(
            "Where the bound never falls you return 1: argmax of nothing but False is 0. Ask first "
            "whether there is any fall.",
            lambda e: abs(_culprit(e)),
        ),
        Mistake(
            "You returned all falls; only the first one is asked for (and -1 if there is none).",
            lambda e: np.flatnonzero(np.diff(e) < -1e-9 * np.abs(e[:-1])) + 1,
        ),
        Mistake(
            "You returned how far the bound falls; asked for is the number of the update.",
            lambda e: float(np.min(np.diff(e))),
        ),
        Mistake(
            "You counted the falls; asked for is the number of the first one.",
            lambda e: int(np.sum(np.diff(e) < -1e-9 * np.abs(e[:-1]))) or -1,
        ),
        Mistake(
            "You compared with the sorted bounds. Compare each bound with the one before it.",
            lambda e: int(np.append(np.flatnonzero(e != np.sort(e)), -1)[0]),
        ),
        Mistake(
            "You compared with the bound two updates before; each is compared with the last one.",
            lambda e: int(
                np.append(np.flatnonzero(e[2:] < e[:-2] - 1e-9 * np.abs(e[:-2])) + 2, -1)[0]
            ),
        ),
    ],
    hints=Hints(
        nudge="Compare each bound with the one before it. How large a fall is not a fall?",
        equation=r"$\text{elbo}_n < \text{elbo}_{n-1} - 10^{-9} |\text{elbo}_{n-1}|$",
        shape=(
            "for step in range(1, len(elbos)):\n"
            "    if elbos[step] < elbos[step - 1] - ...:\n"
            "        return ...\n"
            "return -1"
        ),
    ),
)


def _last_fall(elbos):
    """Steps from the end to the last fall, or len(elbos) if there is none."""
    falls = [n for n in range(1, len(elbos)) if _culprit(elbos[n - 1 : n + 1]) > 0]
    return len(elbos) - 1 - falls[-1] if falls else len(elbos)


# ---------------------------------------------------------------- 9 a whole chain


def _chain(initial, transition, h):
    forward = [np.log(initial) + h[0]]
    for row in h[1:]:
        step = forward[-1][:, None] + np.log(transition)
        forward.append(logsumexp(step, axis=0) + row)
    backward = [np.zeros(len(initial))]
    for row in h[:0:-1]:
        backward.append(logsumexp(np.log(transition) + row + backward[-1], axis=1))
    joint = np.array(forward) + np.array(backward[::-1])
    return softmax(joint, axis=1), logsumexp(forward[-1])


def _chain_cases(rng):
    for L, T in ((2, 3), (3, 4), (4, 2), (3, 6)):
        h = rng.normal(size=(T, L)) * 2
        yield case(rng.dirichlet(np.ones(L)), rng.dirichlet(np.ones(L), L), h)
    h = rng.normal(size=(4, 2)) - 600
    yield case(
        rng.dirichlet(np.ones(2)),
        rng.dirichlet(np.ones(2), 2),
        h,
        label="an effective evidence so low that exp(h) is 0 in a computer",
    )


def _messages(initial, transition, h, total=logsumexp, later=None, last=None):
    """Forward and backward messages in logs; ``later`` is the h that the backward ones use."""
    log_a, later = np.log(transition), h[1:] if later is None else later
    forward = [np.log(initial) + h[0]]
    for row in h[1:]:
        forward.append(total(forward[-1][:, None] + log_a, axis=0) + row)
    backward = [np.zeros(len(initial)) if last is None else last]
    for row in later[::-1]:
        backward.append(total(log_a + row + backward[-1], axis=1))
    return np.array(forward), np.array(backward[::-1])


def _best_paths(initial, transition, h):
    forward, backward = _messages(initial, transition, h, total=np.max)
    return softmax(forward + backward, axis=1), np.max(forward[-1])


def _own_evidence_twice(initial, transition, h):
    forward, backward = _messages(initial, transition, h)
    return softmax(forward + backward + h, axis=1), logsumexp(forward[-1])


def _backward_only(initial, transition, h):
    forward, backward = _messages(initial, transition, h)
    return softmax(backward, axis=1), logsumexp(forward[-1])


def _backward_and_evidence(initial, transition, h):
    forward, backward = _messages(initial, transition, h)
    return softmax(backward + h, axis=1), logsumexp(forward[-1])


def _all_forward_added(initial, transition, h):
    forward, backward = _messages(initial, transition, h)
    return softmax(forward + backward, axis=1), logsumexp(forward)


def _every_step_added(initial, transition, h):
    forward, backward = _messages(initial, transition, h)
    return softmax(forward + backward, axis=1), logsumexp(forward + backward, axis=1).sum()


def _backward_transposed(initial, transition, h):
    forward, _ = _messages(initial, transition, h)
    _, backward = _messages(initial, transition.T, h)
    return softmax(forward + backward, axis=1), logsumexp(forward[-1])


def _averaged_messages(initial, transition, h):
    forward, backward = _messages(initial, transition, h)
    both = softmax(forward, axis=1) + softmax(forward + backward, axis=1)
    return both / 2, logsumexp(forward[-1])


def _averaged_past_and_future(initial, transition, h):
    forward, backward = _messages(initial, transition, h)
    return (softmax(forward, axis=1) + softmax(backward, axis=1)) / 2, logsumexp(forward[-1])


def _over_time(initial, transition, h):
    forward, backward = _messages(initial, transition, h)
    return softmax(forward + backward, axis=0), logsumexp(forward[-1])


def _filter_only(initial, transition, h):
    forward = [np.log(initial) + h[0]]
    for row in h[1:]:
        forward.append(logsumexp(forward[-1][:, None] + np.log(transition), axis=0) + row)
    return softmax(np.array(forward), axis=1), logsumexp(forward[-1])


def _chain_in_plain_numbers(initial, transition, h):
    b = np.exp(h)
    forward, backward = [initial * b[0]], [np.ones(len(initial))]
    for row in b[1:]:
        forward.append(forward[-1] @ transition * row)
    for row in b[:0:-1]:
        backward.append(transition @ (row * backward[-1]))
    joint = np.array(forward) * np.array(backward[::-1])
    return joint / joint.sum(1, keepdims=True), np.log(forward[-1].sum())


def _chain_spelt_out(initial, transition, h):
    log_A = np.log(transition)
    forward = [np.log(initial) + h[0]]
    for row in h[1:]:
        forward.append(logsumexp(forward[-1][:, None] + log_A, axis=0) + row)
    backward = [np.zeros(len(initial))]
    for row in h[:0:-1]:
        backward.append(logsumexp(log_A + row + backward[-1], axis=1))
    joint = np.array(forward) + np.array(backward[::-1])
    return softmax(joint, axis=1), logsumexp(forward[-1])


def _prior_and_own_evidence(initial, transition, h):
    priors = [initial]
    for _ in h[1:]:
        priors.append(priors[-1] @ transition)
    table = np.log(priors) + h
    return softmax(table, axis=1), logsumexp(table, axis=1).sum()


def _last_normaliser(initial, transition, h):
    whole, before = _chain(initial, transition, h), 0.0
    if len(h) > 1:
        before = _chain(initial, transition, h[:-1])[1]
    return whole[0], whole[1] - before


chain = Task(
    "chain",
    reference=_chain,
    spelt_out=[_chain_spelt_out],
    cases=_chain_cases,
    returns="two results: the marginals (T, L), and one number in nats",
    points=3,
    minutes=20,
    difficulty="stretch",
    why="Structured mean field is this function, once for each chain, over and over.",
    mistakes=[
        Mistake(
            "Your marginals look only backwards in time (filtering): the future counts as well.",
            _filter_only,
        ),
        Mistake(
            "The transition matrix is transposed.",
            lambda i, a, h: _chain(i, a.T, h),
        ),
        Mistake(
            "h is the LOG of the effective evidence: you used it in place of its exponential.",
            lambda i, a, h: _with_floats(_chain)(i, a, np.log(np.abs(h))),
        ),
        Mistake(
            "It underflows: exp(-600) squared is 0 in a computer. Work with logarithms, or take "
            "the largest entry of each row out.",
            _with_floats(_chain_in_plain_numbers),
        ),
        Mistake(
            "The initial probabilities are missing: you started from all states alike.",
            lambda i, a, h: _chain(np.full_like(i, 1 / len(i)), a, h),
        ),
        Mistake(
            "The steps are treated as independent: the transitions are missing.",
            lambda i, a, h: (
                softmax(np.log(i) + h, axis=1),
                logsumexp(np.log(i) + h, axis=1).sum(),
            ),
        ),
        Mistake(
            "The marginals are right; the normaliser is the log of the sum over all paths, not "
            "that of the last step's evidence.",
            lambda i, a, h: (_chain(i, a, h)[0], logsumexp(h[-1])),
        ),
        Mistake(
            "The marginals are right; you returned the normaliser itself, and its log is asked "
            "for.",
            _with_floats(lambda i, a, h: (_chain(i, a, h)[0], np.exp(_chain(i, a, h)[1]))),
        ),
        Mistake(
            "The first row of h is missing.",
            lambda i, a, h: _chain(i, a, np.concatenate([0 * h[:1], h[1:]])),
        ),
        Mistake(
            "You made a step before the first observation: initial is the distribution at t = 1.",
            lambda i, a, h: _chain(i @ a, a, h),
        ),
        Mistake(
            "You took the best path (a maximum) where the sum over all paths belongs: that is "
            "Viterbi's algorithm.",
            _best_paths,
        ),
        Mistake(
            "The evidence of each step enters twice, in the forward and in the backward message: "
            "it belongs into one of them.",
            _own_evidence_twice,
        ),
        Mistake(
            "Your marginals look only forwards in time: the past counts as well.",
            _backward_only,
        ),
        Mistake(
            "Your marginals look only forwards in time: the past counts as well.",
            _backward_and_evidence,
        ),
        Mistake(
            "You added up the forward messages of all steps: Z is the sum over the states of the "
            "last one.",
            _all_forward_added,
        ),
        Mistake(
            "You added log Z up over the time steps: every step gives the whole log Z already.",
            _every_step_added,
        ),
        Mistake(
            "You normalised over time (axis 0): the marginal of each step sums to one over its "
            "states.",
            _over_time,
        ),
        Mistake(
            "The marginals alone: log Z is asked for as well.",
            lambda i, a, h: _chain(i, a, h)[0],
        ),
        Mistake(
            "The marginals are right; Z sums over whole paths, with the steps in it, not over the "
            "entries of h.",
            lambda i, a, h: (_chain(i, a, h)[0], logsumexp(h)),
        ),
        Mistake(
            "In the backward messages the transition matrix is transposed: they sum over the state "
            "after, the second index.",
            _backward_transposed,
        ),
        Mistake(
            "You averaged what the past and what the future say. They are two independent "
            "messages: multiply them (add their logs) and normalise.",
            _averaged_messages,
        ),
        Mistake(
            "You averaged what the past and what the future say. They are two independent "
            "messages: multiply them (add their logs) and normalise.",
            _averaged_past_and_future,
        ),
        Mistake(
            "The marginals are right; Z is the sum over the last forward message, and you took the "
            "one before it.",
            lambda i, a, h: (_chain(i, a, h)[0], logsumexp(_messages(i, a, h)[0][-2])),
        ),
        Mistake(
            "You went forward with the initial distribution alone: what the observations said "
            "about the step before must travel along with it.",
            _prior_and_own_evidence,
        ),
        Mistake(
            "The steps are treated as independent: the initial probabilities and the transitions "
            "are missing.",
            lambda i, a, h: (softmax(h, axis=1), logsumexp(h, axis=1).sum()),
        ),
        Mistake(
            "The marginals are right; your log Z is the normaliser of the last step only: the "
            "logs of all steps' normalisers are added up.",
            _last_normaliser,
        ),
        Mistake(
            "The marginals are right; your log Z is zero, since the messages were normalised on "
            "the way: add the logs of their normalisers up.",
            lambda i, a, h: (_chain(i, a, h)[0], 0.0),
        ),
    ],
    hints=Hints(
        nudge="It is the forward-backward algorithm of an ordinary HMM. What stands in for "
        "log p(x_t | s_t)?",
        equation=r"$\alpha_t(j) = \Big[\sum_i \alpha_{t-1}(i) A_{ij}\Big] e^{h_t(j)}, \quad "
        r"\beta_t(i) = \sum_j A_{ij}\, e^{h_{t+1}(j)} \beta_{t+1}(j)$",
        shape=(
            "log_A = np.log(transition)\n"
            "forward = [np.log(initial) + h[0]]\n"
            "for row in h[1:]:\n"
            "    forward.append(logsumexp(forward[-1][:, None] + ..., axis=0) + row)\n"
            "backward = [np.zeros(len(initial))]\n"
            "for row in h[:0:-1]:\n"
            "    backward.append(logsumexp(log_A + ..., axis=1))\n"
            "joint = np.array(forward) + np.array(backward[::-1])\n"
            "return softmax(joint, axis=1), logsumexp(...)"
        ),
    ),
)
