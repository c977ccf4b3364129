"""The exercises of notebook 04a, Mean field and the factorial HMM.

initial: p(s_1), (M, L).  transition: (M, L, L), transition[m, i, j] is the probability that chain
m steps from i to j.  means: (M, L), the output of each state of each chain; observations x (T,)
are single numbers.  variance: of the noise.  q: (T, M, L), q[t, m, i] = q(s_t^m = i).
"""

import numpy as np
from scipy.special import entr, logsumexp, softmax

from checks.invariants import at_least, below, normalised, rising
from checks.kinds import ChooseQ, FindBug, Foretell, Number, OpenTask, Order, Paper, ReadRun
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Task, case

progress = progress_for(__name__)


# ---------------------------------------------------------------- 1 the derivation, in order

best_factor_lines = Order(
    "best_factor_lines",
    lines={
        "A": r"$= -\mathrm{KL}\big(q(z_1) \,\|\, q^*(z_1)\big) + c_2$",
        "B": r"$= \mathbb{E}_{q(z_1)}\big[\log \mathbb{E}_{q(z_2)}[p(x, z)]\big] + "
        r"\mathbb{H}(q(z_1)) + c_1$",
        "C": r"$= \mathbb{E}_{q(z_1)}\big[\log q^*(z_1)\big] + \mathbb{H}(q(z_1)) + c_2$",
        "D": r"$\mathrm{ELBO} = \mathbb{E}_{q(z)}[\log p(x, z)] + \mathbb{H}(q(z_1)) + "
        r"\mathbb{H}(q(z_2))$",
        "E": r"$= -\mathrm{KL}\big(q^*(z_1) \,\|\, q(z_1)\big) + c_2$",
        "F": r"$= \mathbb{E}_{q(z_1)}\big[\mathbb{E}_{q(z_2)}[\log p(x, z)]\big] + "
        r"\mathbb{H}(q(z_1)) + c_1$",
    },
    right="DFCA",
    reasons={
        "A": "The KL needs an expected log of one distribution plus the entropy of the other.",
        "B": "The expectation stands outside of the log, and Jensen forbids to move it inside.",
        "C": "q* is made from the inner expectation: that line has to come first.",
        "D": "Everything begins with the ELBO.",
        "E": "The expectations are under q(z1), so q(z1) comes first in the KL.",
        "F": "The expectation can be split once there is one, over both variables.",
    },
    points=2,
    minutes=4,
    difficulty="warm-up",
    why="The best q(z1) makes the KL zero: q* itself.",
    hints=Hints(
        nudge="Which terms depend on q(z1)? The others go into the constants.",
        equation=r"$\sum_i q_i \log p_i + \mathbb{H}(q) = -\mathrm{KL}(q \,\|\, p)$",
        shape="the ELBO, the split expectation, q* put in, the KL",
    ),
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
    minutes=4,
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
    minutes=3,
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
    minutes=5,
    why="The mean moves with the other factor; the variance never does, and is too small.",
    hints=Hints(
        nudge="A log density a z^2 + b z + const with a < 0 is a Gaussian. Which one?",
        equation=r"$-\tfrac12 \Lambda (z - c)^2 = -\tfrac12 \Lambda z^2 + \Lambda c z + "
        r"\text{const}$",
        shape="return mean[0] - ... / precision[0, 0] * (...), 1 / ...",
    ),
)


# ---------------------------------------------------------------- 5 foretell: three variables

variance_of_q = Number(
    "variance_of_q",
    question="The variance of q(z1) where three variables have variance 1 and correlations 1/2.",
    right=2 / 3,
    rtol=0.01,
    ranges=(
        (0.75, 0.75, "That is 1 - rho^2, which holds for two variables: here there are three."),
        (1.0, 1.0, "That is the marginal variance, which mean field does not find."),
        (1.5, 1.5, "That is the precision Lambda_11: the variance is one over it."),
        (0.5, 0.5, "That is 1 - rho. Invert the 3 x 3 matrix and look at its first entry."),
        (-np.inf, 0.0, "A variance is positive."),
        (
            1.0,
            np.inf,
            "It cannot exceed the marginal variance, 1: q(z1) is too narrow, not too wide.",
        ),
    ),
    points=2,
    minutes=5,
    why="The more neighbours z1 has, the more they tell of it, and the narrower is q(z1).",
    hints=Hints(
        nudge="Which number of the precision matrix is it?",
        equation=r"$\Lambda_{11} = \tfrac32$ for $\Sigma_{ii} = 1$, $\Sigma_{ij} = \tfrac12$",
        shape="return 1 / np.linalg.inv(...)[0, 0]",
    ),
)


# ---------------------------------------------------------------- 6 choose a q

POSTERIOR = np.array([[1, 0.9, 0.27], [0.9, 1, 0.3], [0.27, 0.3, 1]])
BLOCKS = {
    "all apart": ([0], [1], [2]),
    "z1 with z2": ([0, 1], [2]),
    "z2 with z3": ([0], [1, 2]),
}


def _measured(q):
    """Variance of q(z1), and the gap, of the best q with these blocks."""
    precision, covariance = np.linalg.inv(POSTERIOR), np.zeros((3, 3))
    for block in BLOCKS[q]:
        own = np.ix_(block, block)
        covariance[own] = np.linalg.inv(precision[own])
    gap = 0.5 * np.log(np.linalg.det(POSTERIOR) / np.linalg.det(covariance))
    return {"variance": covariance[0, 0], "gap": gap}


one_pair = ChooseQ(
    "one_pair",
    choices={
        "all apart": "You could have kept one pair, and the bound would be the better for it.",
        "z1 with z2": "It cuts only the weak links, to z3.",
        "z2 with z3": "It keeps a weak link and cuts the strong one, between z1 and z2.",
    },
    good="z1 with z2",
    foretell={
        "variance": Foretell(
            "You foretold a variance of {told} for z1; the best q of this shape has {measured}: "
            "that of z1 given whatever stands outside its block.",
            rtol=0.05,
        ),
        "gap": Foretell(
            "You foretold a gap of {told} nats, it is {measured}: the mutual information of the "
            "blocks, -1/2 log(1 - rho^2) where only one correlation rho counts.",
            rtol=0.2,
        ),
    },
    measure=_measured,
    points=3,
    minutes=8,
    why="A family costs little that cuts where the posterior is nearly cut already.",
    hints=Hints(
        nudge="Which link is the strongest? For a Gaussian, what does a block know of the rest?",
        equation=r"$\mathrm{Cov}_q(\text{block}) = (\Lambda_{\text{block}})^{-1}$, the covariance "
        "of the block given the rest; gap = mutual information of the blocks",
        shape='{"q": "...", "variance": 1 - ...**2, "gap": -0.5 * np.log(1 - ...**2)}',
    ),
)


# ---------------------------------------------------------------- 7 the effective evidence


def _evidence(x, means, variance, q, m):
    outputs = (q * means).sum(axis=2)
    others = outputs.sum(axis=1) - outputs[:, m]
    return ((x - others)[:, None] * means[m] - 0.5 * means[m] ** 2) / variance


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


effective_evidence = Task(
    "effective_evidence",
    reference=_evidence,
    cases=_observation_cases,
    returns="h, (T, L): a row for each step, a column for each state of chain m",
    points=2,
    minutes=6,
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


# ---------------------------------------------------------------- 8 the update of one factor


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
    minutes=5,
    why="Two neighbours and one observation: all that a state of the mean field hears of the rest.",
    invariants=[_is_distribution],
    hints=Hints(
        nudge="Equation (4a.3) has three terms. What becomes of the first at t = 0, of the second "
        "at the end?",
        equation=r"$\log q^*(s_t = i) = \sum_k q_{t-1}(k) \log A_{ki} + \sum_k q_{t+1}(k) \log "
        r"A_{ik} + h_t(i) + \text{const}$",
        shape=(
            "before = np.log(initial) if t == 0 else q[t - 1] @ ...\n"
            "after = ... if t + 1 < len(q) else 0"
        ),
    ),
)


# ---------------------------------------------------------------- 9 find the bug


def _sweep(log_A, h, q):
    """One sweep of coordinate ascent over the factors of a chain, from the first to the last."""
    new = q.copy()
    for t in range(len(q)):
        log_factor = h[t].copy()
        if t > 0:
            log_factor += q[t - 1] @ log_A
        if t + 1 < len(q):
            log_factor += log_A @ q[t + 1]
        new[t] = np.exp(log_factor) / np.exp(log_factor).sum()
    return new


def _right_sweep(log_A, h, q):
    new = np.array(q, dtype=float)
    for t in range(len(new)):
        before = new[t - 1] @ log_A if t else 0
        after = log_A @ new[t + 1] if t + 1 < len(new) else 0
        new[t] = softmax(before + after + h[t])
    return new


stale_sweep = FindBug(
    "stale_sweep",
    buggy=_sweep,
    right=_right_sweep,
    line=(6, 2),
    example=(np.log([[0.9, 0.1], [0.1, 0.9]]), np.eye(2), np.full((2, 2), 0.5)),
    reasons={
        4: "The effective evidence of this step belongs in, as it is.",
        8: "The factor after t has not been updated yet: its present value is the right one.",
        9: "Exponentiated and divided by the sum: that is right (if not safe from overflow).",
    },
    refuse=lambda log_A, h, q: (
        "" if np.allclose(np.sum(q, axis=-1), 1) else "the rows of q do not sum to 1"
    ),
    points=2,
    minutes=6,
    why="The factor before t is the one of the last sweep: no coordinate ascent, and the bound "
    "may fall.",
    hints=Hints(
        nudge="Which of its neighbours has a factor already been updated when its turn comes?",
        equation=r"$q(s_t)$ is the best factor given the *present* $q(s_{t-1})$ and $q(s_{t+1})$",
        shape="(line, (log_A, h, q)) with two steps or more, and an h that moves the first",
    ),
)


# ---------------------------------------------------------------- 10 the bound


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
    minutes=8,
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


# ---------------------------------------------------------------- 11 who broke it?


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
    for label, bounds in {
        "a bound that falls at the first update": [-60, -64, -50, -45],
        "a bound that falls three times": [-90, -70, -60, -66, -55, -73, -50, -52],
        "a fall of only 0.00001 nats, far above round-off": [-90, -70, -60, -60 - 1e-5, -52],
        "": [-60, -55, -70, -50],
        "a bound that falls at the last update": [-90, -70, -60, -55, -57.5],
    }.items():
        yield case(np.array(bounds) + rng.normal(), label=label)
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
    minutes=4,
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


# ---------------------------------------------------------------- 12 read a run


def _together(n=9):
    """Bounds of a run on two variables."""
    log_joint, q1, q2 = (
        np.array([[-2.0, -6.0], [-7.0, -1.5]]),
        np.array([0.9, 0.1]),
        np.array([0.2, 0.8]),
    )
    elbos = []
    for _ in range(n):
        elbos.append(q1 @ log_joint @ q2 + entr(q1).sum() + entr(q2).sum())
        q1, q2 = softmax(log_joint @ q2), softmax(q1 @ log_joint)
    return elbos


to_and_fro = ReadRun(
    "to_and_fro",
    question="Which mistake makes the bound go to and fro without end?",
    choices={
        "stale factors": "Both factors move at once, each answering what the other was: like two "
        "people in a corridor they step aside to the same side, again and again.",
        "local optimum": "At a local optimum the bound would stand still.",
        "wrong sign of the entropy": "The update would be the same, and so would the end: the "
        "reported numbers would be too low, but they would settle.",
        "too few sweeps": "A right ascent rises at every sweep, however many there are.",
    },
    right="stale factors",
    minutes=3,
    trace=_together,
    hints=Hints(
        nudge="Every second number is nearly the same. What must q1 and q2 be doing?",
        equation=r"$q_1 \leftarrow f(q_2),\; q_2 \leftarrow g(q_1)$: with which $q_1$?",
        shape='return one of "stale factors", "local optimum", "wrong sign of the entropy", '
        '"too few sweeps"',
    ),
)


# ---------------------------------------------------------------- 13 a whole chain


def _chain(initial, transition, h):
    log_A = np.log(transition)
    forward = [np.log(initial) + h[0]]
    for row in h[1:]:
        forward.append(logsumexp(forward[-1][:, None] + log_A, axis=0) + row)
    backward = [np.zeros(len(initial))]
    for row in h[:0:-1]:
        backward.append(logsumexp(log_A + row + backward[-1], axis=1))
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


chain = Task(
    "chain",
    reference=_chain,
    cases=_chain_cases,
    returns="two results: the marginals (T, L), and one number in nats",
    points=3,
    minutes=10,
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


# ---------------------------------------------------------------- 14 on paper

structured_bound = Paper(
    "structured_bound",
    rubric=(
        (1, "log q(s^m) written as log p(s^m) plus the sum of h minus log Z_m"),
        (1, "the entropy as minus its expectation under q"),
        (1, "the expected log priors cancel"),
        (1, "the result, with one log Z_m a chain and the expected log-likelihood once"),
        (
            1,
            "besides log Z_m only marginals of single states are needed: nothing runs over paths",
        ),
    ),
    worked=r"$\mathrm{ELBO} = \sum_m (\log Z_m - \sum_t \mathbb{E}_q[h_t^m]) + "
    r"\sum_t \mathbb{E}_q[\log p(x_t \mid s_t)]$",
    minutes=10,
)


# ---------------------------------------------------------------- 15 your own data


def _own_example():
    from helpers.ascent import climb
    from helpers.fhmm import FactorialHMM, exact, structured

    A, rng = [[0.9, 0.1], [0.2, 0.8]], np.random.default_rng(0)
    model = FactorialHMM(np.full((2, 2), 0.5), [A, A], [[[0], [1]], [[0], [3]]], [[0.2]])
    x = np.array([0, 0.1, 1.2, 4.1, 3.9, 3.1, 0.2])[:, None]
    runs = [climb(structured(model, x, rng)) for _ in range(5)]
    best = max(runs, key=lambda run: run.state.elbo)
    return {
        "elbos": best.elbos,
        "ends": [run.state.elbo for run in runs],
        "marginals": best.state.q.marginals,
        "log_evidence": exact(model, x).log_evidence,
    }


own_series = OpenTask(
    "own_series",
    needs={
        "elbos": "the bounds of your best run, one for each sweep",
        "ends": "the bound at the end of each start",
        "marginals": "the marginals of your best q, (T, M, L)",
        "log_evidence": "log p(x) by exact inference",
    },
    invariants=(
        rising("elbos"),
        below("elbos", "log_evidence"),
        below("ends", "log_evidence"),
        at_least("ends", 5, "starts"),
        normalised("marginals"),
    ),
    example=_own_example,
    minutes=15,
    points=3,
    why="The gap that you report is the best of several starts, and the evidence is exact.",
    hints=Hints(
        nudge="Which causes are on and off in your series, and what does each add when it is on?",
        equation=r"$x_t = \sum_m \mu^m_{s_t^m} + \text{noise}$; gap $= \log p(x) - \max_k "
        r"\text{ELBO}_k$",
        shape="runs = [climb(structured(model, x, rng)) for _ in range(5)]",
    ),
)
