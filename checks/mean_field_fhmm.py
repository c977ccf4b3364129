"""The exercises of notebook 04a, Mean field and the factorial HMM.

initial: p(s_1), (M, L).  transition: (M, L, L), transition[m, i, j] is the probability that chain
m steps from i to j.  means: (M, L), the output of each state of each chain; observations x (T,)
are single numbers.  variance: of the noise.  q: (T, M, L), q[t, m, i] = q(s_t^m = i).
"""

import numpy as np
from scipy.special import entr, logsumexp, softmax

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case

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


best_factor = Task(
    "best_factor",
    reference=_best_factor,
    cases=_table_cases,
    returns="q(z1), a number for each z1",
    points=2,
    minutes=8,
    why="Equation (4a.1): every mean field algorithm of this course is this line, over and over.",
    invariants=[_is_distribution],
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


effective_evidence = Task(
    "effective_evidence",
    reference=_evidence,
    spelt_out=[_effective_evidence_spelt_out],
    cases=_observation_cases,
    returns="h, (T, L): a row for each step, a column for each state of chain m",
    points=2,
    minutes=12,
    why="What x has to say about chain m, after the other chains have been heard.",
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


update = Task(
    "update",
    reference=_update,
    cases=_update_cases,
    returns="the new q(s_t), a number for each state",
    points=2,
    minutes=10,
    why="Two neighbours and one observation: all that a state of the mean field hears of the rest.",
    invariants=[_is_distribution],
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


culprit = Task(
    "culprit",
    reference=_culprit,
    cases=_trace_cases,
    returns="one whole number",
    points=1,
    minutes=6,
    why="This is what climb does for every algorithm of the course, yours included.",
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
