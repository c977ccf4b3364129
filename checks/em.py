"""The exercises of notebook 03c, Relationship to the EM algorithm.

x: data, (N,).  weights, means, sds: of a mixture of K normals, (K,) each; sd is the standard
deviation.  q: responsibilities, (N, K), rows sum to one.  log_joint: log p(x_n, z_n = k), (N, K).
"""

import numpy as np
from scipy.special import entr, logsumexp, softmax

from checks.kinds import FindBug, Number, Order, Paper
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case

progress = progress_for(__name__)


# ---------------------------------------------------------------- random mixtures


def _mixture(rng, n_components):
    weights = rng.dirichlet(np.full(n_components, 3.0))
    return weights, rng.normal(size=n_components) * 2, rng.uniform(0.4, 1.8, size=n_components)


def _data(rng, n):
    return rng.normal(size=n) * 2 + 0.7


def _log_joint(x, weights, means, sds):
    squared = ((x[:, None] - means) / sds) ** 2
    return np.log(weights) - 0.5 * squared - np.log(sds) - 0.5 * np.log(2 * np.pi)


def _log_likelihood(log_joint):
    return logsumexp(log_joint, axis=1).sum()


# ---------------------------------------------------------------- 1 the E-step


def _responsibilities(x, weights, means, sds):
    return softmax(_log_joint(x, weights, means, sds), axis=1)


def _mixture_cases(rng):
    for n, k in ((3, 2), (5, 3), (4, 4), (7, 2)):
        yield case(_data(rng, n), *_mixture(rng, k))
    far = np.array([-90.0, 95.0, 100.0])
    yield case(far, *_mixture(rng, 2), label="points so far out that every density underflows")


def _rows_sum_to_one(q, x, *_):
    sums = q.sum(-1)
    if q.ndim == 2 and not np.allclose(sums, 1):
        return f"a row of your q sums to {sums[np.abs(sums - 1).argmax()]:.4g}, and q must sum to 1"
    return ""


def _far_out_undecided(q, x, *_):
    far = q[np.abs(x) > 50] if q.ndim == 2 and len(q) == len(x) else q[:0]
    if far.size and np.ptp(far, axis=1).min() < 1e-6:
        return (
            "far out, where every density is 0 in the computer, your row is the same for all "
            f"components ({far.ravel()[np.ptp(far, axis=1).argmin() * q.shape[1]]:.3g}): a small "
            "constant that is added to the densities only hides 0 / 0. Stay in logs"
        )
    return ""


def _responsibilities_spelt_out(x, weights, means, sds):
    squared = ((x[:, None] - means) / sds) ** 2
    log_joint = np.log(weights) - np.log(sds) - 0.5 * squared
    return softmax(log_joint, axis=1)


def _responsibilities_by_densities(x, weights, means, sds):
    joint = weights * np.exp(-0.5 * (x[:, None] - means) ** 2 / sds**2) / (sds * np.sqrt(2 * np.pi))
    return joint / joint.sum(axis=1, keepdims=True)


e_step = Task(
    "e_step",
    reference=_responsibilities,
    spelt_out=[_responsibilities_spelt_out, _responsibilities_by_densities],
    cases=_mixture_cases,
    returns="the posterior of z, (N, K)",
    points=2,
    minutes=10,
    why="The best q of all is the posterior: that is the whole E-step.",
    invariants=[_far_out_undecided, _rows_sum_to_one],
    hints=Hints(
        nudge="Bayes' rule for each point: prior times likelihood, divided by their sum over k.",
        equation=r"$q_{nk} \propto \pi_k\, \mathcal{N}(x_n; \mu_k, \sigma_k^2)$, rows sum to 1",
        shape=(
            "log_joint = np.log(weights) - np.log(sds) - 0.5 * ((x[:, None] - means) / ...) ** 2\n"
            "return softmax(log_joint, axis=...)"
        ),
    ),
)


# ---------------------------------------------------------------- 2 the bound


def _elbo(log_joint, q):
    held = q > 0
    return np.sum(q[held] * log_joint[held]) + entr(q).sum()


def _table_cases(rng):
    for n, k in ((2, 3), (4, 2), (5, 3)):
        log_joint = _log_joint(_data(rng, n), *_mixture(rng, k))
        yield case(log_joint, rng.dirichlet(np.ones(k), size=n))
    log_joint = _log_joint(_data(rng, 4), *_mixture(rng, 3))
    hard = np.eye(3)[rng.permutation([0, 1, 2, rng.integers(3)])]
    yield case(log_joint, hard, label="a q of zeros and ones")


def _below_likelihood(value, log_joint, q):
    top = _log_likelihood(log_joint)
    if np.ndim(value) == 0 and value > top + 1e-9:
        return (
            f"your bound is {value:.4g}, above the log-likelihood {top:.4g} by {value - top:.2g}: "
            "a lower bound cannot be"
        )
    return ""


def _elbo_spelt_out(log_joint, q):
    held = q > 0
    return np.sum(q[held] * log_joint[held]) - np.sum(q[held] * np.log(q[held]))


elbo = Task(
    "elbo",
    reference=_elbo,
    spelt_out=[_elbo_spelt_out],
    cases=_table_cases,
    returns="the bound for the whole data set, one number",
    points=1,
    minutes=6,
    why="It equals the log-likelihood exactly when q is the posterior: after each E-step.",
    invariants=[_below_likelihood],
    hints=Hints(
        nudge="The bound of 03b, summed over the points. What are its two terms?",
        equation=r"$\sum_{nk} q_{nk} \left(\log p(x_n, z_n = k) - \log q_{nk}\right)$",
        shape="return np.sum(q * log_joint) + entr(q).sum()   # which of these may be nan?",
    ),
)


# ---------------------------------------------------------------- 3 the M-step


def _m_step(x, q):
    counts = q.sum(0)
    means = q.T @ x / counts
    squares = np.sum(q * (x[:, None] - means) ** 2, axis=0)
    return counts / len(x), means, np.sqrt(squares / counts)


def _m_cases(rng):
    for n, k in ((6, 2), (9, 3), (16, 4), (5, 1)):
        yield case(_data(rng, n), _shares(rng, n, k))


def _shares(rng, n, k):
    """A random q in which every component is the most probable one of n / k points."""
    q = np.sort(rng.dirichlet(np.ones(k), size=n), axis=1)[:, ::-1]
    places = np.array([rng.permutation(k) for _ in range(n)])
    for row in range(n):  # the largest share to component n modulo k
        place = int(np.flatnonzero(places[row] == 0)[0])
        places[row, [place, row % k]] = places[row, [row % k, place]]
    return np.take_along_axis(q, places, axis=1)


m_step = Task(
    "m_step",
    reference=_m_step,
    cases=_m_cases,
    returns="weights, means and standard deviations, (K,) each",
    points=2,
    minutes=12,
    why="Counting, with fractions: maximum likelihood as if q were the data's own labels.",
    invariants=[
        lambda results, x, q: (
            f"your weights sum to {np.sum(results[0]):.4g}, and they are probabilities"
            if np.ndim(results[0]) == 1 and not np.isclose(np.sum(results[0]), 1)
            else ""
        )
    ],
    hints=Hints(
        nudge="How many points does component k have? What are their weighted mean and square?",
        equation=(
            r"$N_k = \sum_n q_{nk}, \; \pi_k = N_k / N, \; \mu_k = \sum_n q_{nk} x_n / N_k, \;"
            r" \sigma_k^2 = \sum_n q_{nk} (x_n - \mu_k)^2 / N_k$"
        ),
        shape=(
            "counts = q.sum(axis=0)\n"
            "means = ... / counts\n"
            "squares = np.sum(q * (x[:, None] - means) ** 2, axis=0)\n"
            "return ..., means, np.sqrt(...)"
        ),
    ),
)


# ---------------------------------------------------------------- 4 a prediction

after_m_step = Prediction(
    "after_m_step",
    question=(
        "After an E-step the KL between q and the posterior is zero. Then comes an M-step that "
        "changes the parameters. What is the KL now?"
    ),
    choices={
        "still zero": (
            "q has not changed, but the posterior has: it belongs to the new parameters. The gap "
            "opens, and the next E-step closes it."
        ),
        "positive": (
            "The posterior moved with the parameters, q did not. The log-likelihood has therefore "
            "risen by more than the bound: by the KL that just opened."
        ),
        "negative": "A KL is never negative, whatever q and the posterior are.",
    },
    right="positive",
    hints=Hints(
        nudge="Of which parameters is q the posterior now? Which posterior does the KL use?",
        equation=r"$\log p(x \mid \theta_{new}) = \mathrm{ELBO}(q, \theta_{new}) + \mathrm{KL}$",
        shape="states[1].bound.kl   # in the notebook: the state after the first M-step",
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 5 the gap of a data set


def _gap(log_joint, q):
    return _log_likelihood(log_joint) - _elbo(log_joint, q)


def _gap_spelt_out(log_joint, q):
    held = q > 0
    log_posterior = log_joint - logsumexp(log_joint, axis=1, keepdims=True)
    return np.sum(q[held] * (np.log(q[held]) - log_posterior[held]))


def _gap_by_two_terms(log_joint, q):
    held = q > 0
    log_posterior = log_joint - np.log(np.sum(np.exp(log_joint), axis=1, keepdims=True))
    return np.sum(q[held] * np.log(q[held])) - np.sum(q * log_posterior)


gap = Derivation(
    "gap",
    above=r"\log p(x \mid \theta) - \mathrm{ELBO}(q, \theta)",
    reference=_gap,
    spelt_out=[_gap_spelt_out, _gap_by_two_terms],
    cases=_table_cases,
    returns="one number for the whole data set",
    points=2,
    minutes=8,
    rtol=1e-5,
    atol=1e-8,
    why="The points are independent, so the KL of the whole data set is the sum of theirs.",
    hints=Hints(
        nudge="The posterior of each point is its row of the joint, normalised. Sum the KLs.",
        equation=r"$\sum_{nk} q_{nk} \log \frac{q_{nk}}{p(z_n = k \mid x_n)}$",
        shape="log_posterior = log_joint - logsumexp(log_joint, axis=1, keepdims=True)\nreturn ...",
    ),
    invariants=[
        lambda value, *_: (
            f"your gap is {value:.4g}: a KL cannot be negative"
            if np.ndim(value) == 0 and value < -1e-8
            else ""
        )
    ],
)


# ---------------------------------------------------------------- 6 a restricted E-step


def _hard(log_joint):
    return np.eye(log_joint.shape[1])[log_joint.argmax(1)]


def _hard_cases(rng):
    for n, k in ((3, 2), (4, 3), (2, 5), (6, 4)):
        yield case(_log_joint(_data(rng, n), *_mixture(rng, k)))
    shares = np.array([rng.permutation([0.42, 0.35, 0.23]) for _ in range(3)])
    yield case(rng.permutation(np.array([[3.1, -1.2, 1.3], [-0.4, 0.9, -2.2], [1.7, 0.2, -4.1]])))
    log_joint = np.log(shares) - rng.uniform(3.0, 5.0, size=(3, 1))
    yield case(log_joint, label="a point that no component takes with one half")


hard_e_step = Task(
    "hard_e_step",
    reference=_hard,
    cases=_hard_cases,
    returns="a table of zeros and ones, (N, K)",
    points=2,
    minutes=8,
    why="Nearly k-means. The bound still climbs, but it stays below the log-likelihood.",
    invariants=[_rows_sum_to_one],
    hints=Hints(
        nudge="Such a q has no entropy. What is left of the bound, and where is it largest?",
        equation=r"$q_{nk} = 1$ for $k = \arg\max_k \log p(x_n, z_n = k)$, else 0",
        shape="best = log_joint.argmax(axis=...)\nreturn np.eye(...)[best]",
    ),
)


# ---------------------------------------------------------------- 7 stretch: one point at a time


def _replaced(counts, sums, squares, x_n, old, new):
    change = new - old
    return counts + change, sums + change * x_n, squares + change * x_n**2


def _replaced_cases(rng):
    for n, k in ((4, 2), (5, 3), (8, 4)):
        x, q = _data(rng, n), rng.dirichlet(np.ones(k), size=n)
        chosen = int(rng.integers(n))
        new = rng.dirichlet(np.ones(k))
        yield case(q.sum(0), q.T @ x, q.T @ x**2, float(x[chosen]), q[chosen], new)


replace_point = Task(
    "replace_point",
    reference=_replaced,
    cases=_replaced_cases,
    returns="the new counts, sums and sums of squares, (K,) each",
    points=3,
    minutes=15,
    difficulty="stretch",
    why="Its cost does not depend on N: that is what makes an M-step after every point affordable.",
    hints=Hints(
        nudge="Only one row of q has changed. By how much does each sum over n change?",
        equation=r"$N_k \mathrel{+}= \Delta_k,\; S_k \mathrel{+}= \Delta_k x_n,\; \ldots$",
        shape="change = new - old\nreturn counts + change, sums + ..., squares + ...",
    ),
)


# ---------------------------------------------------------------- 8 the argument in order

never_falls = Order(
    "never_falls",
    lines={
        "A": r"$\ge \text{ELBO}(q, \theta_\text{old})$",
        "B": r"$\ge \text{ELBO}(q_\text{new}, \theta_\text{old})$",
        "C": r"$\log p(x \mid \theta_\text{new})$",
        "D": r"$= \log p(x \mid \theta_\text{old})$",
        "E": r"$= \text{ELBO}(q, \theta_\text{new})$",
        "F": r"$\ge \text{ELBO}(q, \theta_\text{new})$",
    },
    right="CFAD",
    reasons={
        "A": "The M-step compares two bounds with the same q: the new one stands above.",
        "B": "No new q has been chosen yet; the argument needs only the old one.",
        "C": "The chain begins with what is claimed to be large.",
        "D": "The E-step made the bound touch, so this equals the old bound: it needs that above.",
        "E": "After the M-step the bound no longer touches: there is a gap.",
        "F": "The bound holds for every theta: it comes right after the new evidence.",
    },
    points=1,
    minutes=3,
    why="Bound, M-step, E-step: each sign is the work of one of them.",
    hints=Hints(
        nudge="Which of the signs is due to the bound, which to the M-step, which to the E-step?",
        equation=r"$\log p(x \mid \theta) \ge \text{ELBO}(q, \theta)$ for every $q$ and $\theta$",
        shape="new evidence, bound there, bound before, old evidence",
    ),
)


# ---------------------------------------------------------------- 9 find the bug


def _e_step_with_a_bug(x, weights, means, sds):
    scores = np.log(weights) - 0.5 * ((x[:, None] - means) / sds) ** 2
    scores = scores - scores.max(axis=1, keepdims=True)
    q = np.exp(scores)
    return q / q.sum(axis=1, keepdims=True)


def _e_step_of_normals(x, weights, means, sds):
    scores = np.log(weights) - np.log(sds) - 0.5 * ((x[:, None] - means) / sds) ** 2
    return softmax(scores, axis=1)


def _no_mixture(x, weights, means, sds):
    if np.ndim(x) != 1 or not (np.shape(weights) == np.shape(means) == np.shape(sds)):
        return "x has one axis, and weights, means and sds are of one length"
    if np.min(sds) <= 0 or np.min(weights) <= 0 or not np.isclose(np.sum(weights), 1):
        return "sds and weights are positive, and the weights sum to one"
    return ""


e_step_with_a_bug = FindBug(
    "e_step_with_a_bug",
    buggy=_e_step_with_a_bug,
    right=_e_step_of_normals,
    line=2,
    example=(np.array([0.5]), np.array([0.5, 0.5]), np.array([0.0, 1.0]), np.array([1.0, 3.0])),
    reasons={
        3: "The same number taken from a whole row cancels in the last line.",
        4: "The scores are logarithms: here they become numbers again.",
        5: "Each row is divided by its own sum: a point's responsibilities sum to one.",
    },
    refuse=_no_mixture,
    points=2,
    minutes=5,
    why="A normal's density has one over its sd in it; with equal sds it cancels.",
    hints=Hints(
        nudge="Which part of a normal's density differs between components, but not with x?",
        equation=r"$\log \mathcal{N} = c - \log \sigma - \frac{(x - \mu)^2}{2 \sigma^2}$",
        shape="return LINE, (X, WEIGHTS, MEANS, SDS)",
    ),
)


# ---------------------------------------------------------------- 10 predict a number

undecided = Number(
    "undecided",
    question="100 points with posterior (1/2, 1/2) each; q puts each on one side: the gap?",
    right=lambda: 100 * np.log(2),
    rtol=0.01,
    ranges=(
        (0.69, 0.694, "That is the gap of a single point; there are a hundred."),
        (100, 100, "In bits it would be 100; the course's unit is the nat."),
        (0, 0, "Zero would need q to be the posterior, which is undecided."),
        (-np.inf, -1e-9, "A gap is a KL: it is never negative."),
        (50, 50, "A half is the posterior's probability; what it costs is its logarithm."),
        (np.inf, np.inf, "That is the other direction: here p is positive wherever q is."),
    ),
    minutes=3,
    why="A decision costs log 2 nats for each point that is undecided.",
)


# ---------------------------------------------------------------- 11 on paper

m_step_on_paper = Paper(
    "m_step_on_paper",
    rubric=(
        (1, "the objective: the expected log joint, with q held fixed; the entropy is a constant"),
        (1, "the mean: derivative set to zero, a weighted average"),
        (1, "the weights: the constraint that they sum to one is used"),
        (1, "the weights: N_k / N, and why it is a maximum"),
        (1, "what happens where no point has any share of a component"),
    ),
    minutes=10,
)
