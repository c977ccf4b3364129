"""The exercises of notebook 03c, Relationship to the EM algorithm.

x: data, (N,).  weights, means, sds: of a mixture of K normals, (K,) each; sd is the standard
deviation.  q: responsibilities, (N, K), rows sum to one.  log_joint: log p(x_n, z_n = k), (N, K).
"""

import numpy as np
from scipy.special import entr, log_softmax, logsumexp, rel_entr, softmax

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case

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


def _by_distance(cost):
    """Responsibilities that know the means only."""
    return lambda x, weights, means, sds: softmax(-cost(x[:, None] - means), axis=1)


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
    mistakes=[
        Mistake(
            "The weights of the components are missing: they are the prior of z.",
            lambda x, w, m, s: softmax(_log_joint(x, np.ones_like(w), m, s), axis=1),
        ),
        Mistake(
            "Each density lacks its factor 1 / sd. It does not cancel, since the components have "
            "different widths.",
            lambda x, w, m, s: softmax(np.log(w) - 0.5 * ((x[:, None] - m) / s) ** 2, axis=1),
        ),
        Mistake(
            "You took the standard deviation for the variance: the exponent holds sd squared.",
            lambda x, w, m, s: softmax(_log_joint(x, w, m, np.sqrt(s)), axis=1),
        ),
        Mistake(
            "You divided the squared distance by sd: the exponent has sd squared below the line.",
            lambda x, w, m, s: softmax(
                np.log(w) - np.log(s) - 0.5 * (x[:, None] - m) ** 2 / s, axis=1
            ),
        ),
        Mistake(
            "You normalised over the data points (columns): each point has its own distribution "
            "over the components, so the rows must sum to one.",
            lambda x, w, m, s: softmax(_log_joint(x, w, m, s), axis=0),
        ),
        Mistake(
            "You did not normalise: that is the joint p(x, z), not the posterior.",
            lambda x, w, m, s: np.exp(_log_joint(x, w, m, s)),
        ),
        Mistake(
            "That is the log joint: exponentiate and normalise each row.",
            lambda x, w, m, s: _log_joint(x, w, m, s),
        ),
        Mistake(
            "You normalised the whole table to one. Each row must sum to one.",
            lambda x, w, m, s: softmax(_log_joint(x, w, m, s)),
        ),
        Mistake(
            "Right on paper, but far out all densities are 0 in the computer and 0 / 0 is nan: "
            "stay in logs until the row's largest entry is subtracted (scipy.special.softmax).",
            lambda x, w, m, s: _naive(np.exp(_log_joint(x, w, m, s))),
        ),
        Mistake(
            "You chose one component for each point; the posterior keeps all of them.",
            lambda x, w, m, s: np.eye(len(w))[_log_joint(x, w, m, s).argmax(1)],
        ),
        Mistake(
            "The factor 1/2 in the exponent is missing.",
            lambda x, w, m, s: softmax(np.log(w) - np.log(s) - ((x[:, None] - m) / s) ** 2, axis=1),
        ),
        Mistake(
            "The distance is not squared.",
            lambda x, w, m, s: softmax(
                np.log(w) - np.log(s) - 0.5 * np.abs(x[:, None] - m) / s, axis=1
            ),
        ),
        Mistake(
            "You returned the prior for every point: the data do not appear.",
            lambda x, w, m, s: np.tile(w, (len(x), 1)),
        ),
        Mistake(
            "You wrote the logarithm of the weights for the weights themselves, or the reverse: "
            "add log weights to log densities.",
            lambda x, w, m, s: softmax(_log_joint(x, np.ones_like(w), m, s) + w, axis=1),
        ),
        Mistake(
            "That is the logarithm of the posterior: exponentiate it.",
            lambda x, w, m, s: log_softmax(_log_joint(x, w, m, s), axis=1),
        ),
        Mistake(
            "You took a softmax of probabilities: softmax expects logarithms.",
            lambda x, w, m, s: softmax(np.exp(_log_joint(x, w, m, s)), axis=1),
        ),
        Mistake(
            "You multiplied with the weights after normalising: they are the prior, and belong "
            "inside, before it.",
            lambda x, w, m, s: w * softmax(_log_joint(x, np.ones_like(w), m, s), axis=1),
        ),
        Mistake(
            "The exponent has the wrong sign: the farther a point is, the less probable.",
            lambda x, w, m, s: softmax(
                np.log(w) - np.log(s) + 0.5 * ((x[:, None] - m) / s) ** 2, axis=1
            ),
        ),
        Mistake(
            "A small constant below the line hides 0 / 0, but far out the rows are then zero: "
            "stay in logs until the row's largest entry is subtracted.",
            lambda x, w, m, s: _naive_with_constant(np.exp(_log_joint(x, w, m, s))),
        ),
        Mistake(
            "You gave each point to the nearest mean. The posterior weighs the components, by "
            "weight and width too.",
            lambda x, w, m, s: np.eye(len(w))[np.abs(x[:, None] - m).argmin(1)],
        ),
        Mistake(
            "The distance is not squared.",
            lambda x, w, m, s: softmax(np.log(w) - np.log(s) - np.abs(x[:, None] - m) / s, axis=1),
        ),
        Mistake(
            "You exponentiated, but did not normalise: divide each row by its sum. (Subtracting "
            "the maximum beforehand only keeps exp from underflowing.)",
            lambda x, w, m, s: _largest_is_one(_log_joint(x, w, m, s)),
        ),
        Mistake(
            "You added the weights to the normalised densities. Prior and likelihood are "
            "multiplied, and normalised afterwards.",
            lambda x, w, m, s: (softmax(_log_joint(x, np.ones_like(w), m, s), axis=1) + w) / 2,
        ),
        Mistake(
            "Each point goes by its distance to the means alone: the components' weights and "
            "widths count as well, log weight - log sd - distance squared / (2 sd^2).",
            _by_distance(np.abs),
        ),
        Mistake(
            "Each point goes by its distance to the means alone: the components' weights and "
            "widths count as well, log weight - log sd - distance squared / (2 sd^2).",
            _by_distance(np.square),
        ),
        Mistake(
            "Each point goes by its distance to the means alone: the components' weights and "
            "widths count as well, log weight - log sd - distance squared / (2 sd^2).",
            _by_distance(lambda d: d**2 / 2),
        ),
    ],
    hints=Hints(
        nudge="Bayes' rule for each point: prior times likelihood, divided by their sum over k.",
        equation=r"$q_{nk} \propto \pi_k\, \mathcal{N}(x_n; \mu_k, \sigma_k^2)$, rows sum to 1",
        shape=(
            "log_joint = np.log(weights) - np.log(sds) - 0.5 * ((x[:, None] - means) / ...) ** 2\n"
            "return softmax(log_joint, axis=...)"
        ),
    ),
)


def _naive(joint):
    return joint / joint.sum(axis=1, keepdims=True)


def _naive_with_constant(joint):
    return joint / (joint.sum(axis=1, keepdims=True) + 1e-300)


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


def _largest_is_one(log_joint):
    return np.exp(log_joint - log_joint.max(axis=1, keepdims=True))


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
    mistakes=[
        Mistake(
            "The entropy is missing: that is the expected log joint alone.",
            lambda log_joint, q: np.sum(q * log_joint),
        ),
        Mistake(
            "The entropy is subtracted; it must be added.",
            lambda log_joint, q: np.sum(q * log_joint) - entr(q).sum(),
        ),
        Mistake(
            "The entropy is that of the posterior. In the bound stands the entropy of q, whatever "
            "q is: see the note on the E-step's slide.",
            lambda log_joint, q: np.sum(q * log_joint) + entr(softmax(log_joint, axis=1)).sum(),
        ),
        Mistake(
            "That is the log-likelihood: q does not appear in it.",
            lambda log_joint, q: _log_likelihood(log_joint),
        ),
        Mistake(
            "Right except where q is zero: 0 log 0 counts as 0, but the computer says nan.",
            lambda log_joint, q: np.sum(q * (log_joint - np.log(q))),
        ),
        Mistake(
            "That is the gap, log-likelihood minus ELBO.",
            lambda log_joint, q: _log_likelihood(log_joint) - _elbo(log_joint, q),
        ),
        Mistake(
            "You averaged over the points: the bound of a data set is the sum.",
            lambda log_joint, q: _elbo(log_joint, q) / len(q),
        ),
        Mistake(
            "You have one number for each point: sum over the points too.",
            lambda log_joint, q: (q * log_joint + entr(q)).sum(1),
        ),
        Mistake(
            "You took only the most probable component of each point.",
            lambda log_joint, q: log_joint.max(1).sum() + entr(q).sum(),
        ),
        Mistake(
            "The weights q are missing in the first term.",
            lambda log_joint, q: log_joint.sum() + entr(q).sum(),
        ),
        Mistake(
            "You took the entropy of the average q. Each point has its own q, and its own "
            "entropy: sum them.",
            lambda log_joint, q: np.sum(q * log_joint) + entr(q.mean(0)).sum(),
        ),
        Mistake(
            "You took the entropy of the average q. Each point has its own q, and its own "
            "entropy: sum them.",
            lambda log_joint, q: np.sum(q * log_joint) + len(q) * entr(q.mean(0)).sum(),
        ),
        Mistake(
            "You averaged the entropy over the points, but summed the first term: both are sums.",
            lambda log_joint, q: np.sum(q * log_joint) + entr(q).sum() / len(q),
        ),
        Mistake(
            "You took only the most probable component of each point.",
            lambda log_joint, q: np.sum(np.eye(q.shape[1])[q.argmax(1)] * log_joint),
        ),
        Mistake(
            "You averaged before the logarithm: it is the log joint that is averaged under q.",
            lambda log_joint, q: logsumexp(log_joint, b=q, axis=1).sum(),
        ),
        Mistake(
            "The first term is averaged under the posterior; the expectation is under q.",
            lambda log_joint, q: np.sum(softmax(log_joint, axis=1) * log_joint) + entr(q).sum(),
        ),
        Mistake(
            "You averaged before the logarithm: it is the log joint that is averaged under q.",
            lambda log_joint, q: logsumexp(log_joint, b=q, axis=1).sum() + entr(q).sum(),
        ),
        Mistake(
            "You averaged before the logarithm: it is the log joint that is averaged under q.",
            lambda log_joint, q: logsumexp(log_joint, b=q),
        ),
        Mistake(
            "Only the first component is in it: sum over all components.",
            lambda log_joint, q: np.sum(
                np.where(q[:, 0] > 0, q[:, 0] * log_joint[:, 0], 0) + entr(q[:, 0])
            ),
        ),
    ],
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


def _m_wrong(weights=None, means=None, sds=None):
    """The M-step with some of the three results replaced by functions of (x, q)."""

    def wrong(x, q):
        right = _m_step(x, q)
        changed = (weights, means, sds)
        return tuple(f(x, q) if f else r for f, r in zip(changed, right, strict=True))

    return wrong


def _pooled(x, q):
    squares = np.sum(q * (x[:, None] - _m_step(x, q)[1]) ** 2)
    return np.full(q.shape[1], np.sqrt(squares / len(x)))


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
    mistakes=[
        Mistake(
            "You returned the variances; the standard deviations are asked for.",
            _m_wrong(sds=lambda x, q: _m_step(x, q)[2] ** 2),
        ),
        Mistake(
            "Your weights are the counts: divide by the number of points.",
            _m_wrong(weights=lambda x, q: q.sum(0)),
        ),
        Mistake(
            "You divided the means by N. Each component has its own number of points, the sum of "
            "its column of q.",
            _m_wrong(means=lambda x, q: q.T @ x / len(x)),
        ),
        Mistake(
            "You divided the squares by N. Each component has its own number of points, the sum "
            "of its column of q.",
            _m_wrong(
                sds=lambda x, q: np.sqrt(
                    np.sum(q * (x[:, None] - _m_step(x, q)[1]) ** 2, axis=0) / len(x)
                )
            ),
        ),
        Mistake(
            "You divided by N throughout: means and squares of a component are divided by the sum "
            "of its column of q.",
            _m_wrong(
                means=lambda x, q: q.T @ x / len(x),
                sds=lambda x, q: np.sqrt(
                    np.sum(q * (x[:, None] - q.T @ x / len(x)) ** 2, axis=0) / len(x)
                ),
            ),
        ),
        Mistake(
            "Your squares are taken around the mean of all data, not around the component's own "
            "mean.",
            _m_wrong(
                sds=lambda x, q: np.sqrt(
                    np.sum(q * (x[:, None] - x.mean()) ** 2, axis=0) / q.sum(0)
                )
            ),
        ),
        Mistake(
            "Your squares are taken around zero, not around the component's mean.",
            _m_wrong(sds=lambda x, q: np.sqrt(q.T @ x**2 / q.sum(0))),
        ),
        Mistake(
            "The responsibilities are missing: every component gets the mean of all data.",
            _m_wrong(means=lambda x, q: np.full(q.shape[1], x.mean())),
        ),
        Mistake(
            "You gave each point to its most probable component: fractions count too.",
            lambda x, q: _hard_m_step(x, q),
        ),
        Mistake(
            "You divided by the count minus one. The maximum of the bound divides by the count.",
            _m_wrong(
                sds=lambda x, q: np.sqrt(
                    np.sum(q * (x[:, None] - _m_step(x, q)[1]) ** 2, axis=0) / (q.sum(0) - 1)
                )
            ),
        ),
        Mistake(
            "Your weights do not look at q: 1 / K is the start, not the maximum.",
            _m_wrong(weights=lambda x, q: np.full(q.shape[1], 1 / q.shape[1])),
        ),
        Mistake(
            "The three are in another order: weights, means, standard deviations.",
            lambda x, q: (*_m_step(x, q)[1:], _m_step(x, q)[0]),
        ),
        Mistake(
            "The three are in another order: weights, means, standard deviations.",
            lambda x, q: _m_step(x, q)[::-1],
        ),
        Mistake(
            "The weights are asked for as well: the share of the points that each component has.",
            lambda x, q: _m_step(x, q)[1:],
        ),
        Mistake(
            "You summed q over the components: that is one for every point. Sum over the points.",
            _m_wrong(weights=lambda x, q: q.sum(1) / len(x)),
        ),
        Mistake(
            "You divided the means by N. Each component has its own number of points, the sum of "
            "its column of q.",
            _m_wrong(
                means=lambda x, q: q.T @ x / len(x),
                sds=lambda x, q: np.sqrt(
                    np.sum(q * (x[:, None] - q.T @ x / len(x)) ** 2, axis=0) / q.sum(0)
                ),
            ),
        ),
        Mistake(
            "All components got the same width: each has its own, from its own column of q.",
            _m_wrong(sds=lambda x, q: np.full(q.shape[1], x.std())),
        ),
        Mistake(
            "All components got the same width: each has its own, from its own column of q.",
            _m_wrong(sds=_pooled),
        ),
        Mistake(
            "You averaged the distances from the mean. The standard deviation is the root of the "
            "average square.",
            _m_wrong(
                sds=lambda x, q: (
                    np.sum(q * np.abs(x[:, None] - _m_step(x, q)[1]), axis=0) / q.sum(0)
                )
            ),
        ),
        Mistake(
            "The responsibilities go into the squares as well: q is a weight, outside the square.",
            _m_wrong(
                sds=lambda x, q: np.sqrt(
                    np.sum((q * (x[:, None] - _m_step(x, q)[1])) ** 2, axis=0) / q.sum(0)
                )
            ),
        ),
        Mistake(
            "The responsibilities go into the squares as well: q is a weight, outside the square.",
            _m_wrong(
                sds=lambda x, q: np.sqrt(
                    np.sum((q * x[:, None] - _m_step(x, q)[1]) ** 2, axis=0) / q.sum(0)
                )
            ),
        ),
        Mistake(
            "From the average square the *square* of the mean is subtracted, not the mean.",
            _m_wrong(sds=lambda x, q: np.sqrt(q.T @ x**2 / q.sum(0) - _m_step(x, q)[1])),
        ),
        Mistake(
            "You added a count to each component (smoothing). That is a prior; the maximum of the "
            "bound has none.",
            _m_wrong(weights=lambda x, q: (q.sum(0) + 1) / (len(x) + q.shape[1])),
        ),
        Mistake(
            "You took the standard deviation of the weighted data. The squares are weighted, not "
            "the data.",
            _m_wrong(sds=lambda x, q: (q * x[:, None]).std(0)),
        ),
        Mistake(
            "The responsibilities are missing: every component gets the mean of all data.",
            _m_wrong(
                means=lambda x, q: np.full(q.shape[1], x.mean()),
                sds=lambda x, q: np.sqrt(
                    np.sum(q * (x[:, None] - x.mean()) ** 2, axis=0) / q.sum(0)
                ),
            ),
        ),
        Mistake(
            "The variance is the mean square minus the squared mean, divided by the count once, "
            "inside the root.",
            _m_wrong(
                sds=lambda x, q: np.sqrt(np.abs(_m_step(x, q)[1] ** 2 - q.T @ x**2)) / q.sum(0)
            ),
        ),
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


def _hard_m_step(x, q):
    hard = np.eye(q.shape[1])[q.argmax(1)]
    with np.errstate(all="ignore"):
        return _m_step(x, np.maximum(hard, 1e-12))


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
    mistakes=[
        Mistake(
            "You did not normalise: exp(log_joint) is the joint, so what you have is minus the "
            "ELBO.",
            lambda log_joint, q: -_elbo(log_joint, q),
        ),
        Mistake(
            "You normalised over all points together: every point has its own posterior.",
            lambda log_joint, q: logsumexp(log_joint) - _elbo(log_joint, q),
        ),
        Mistake(
            "You normalised over the points (axis 0): the posterior of a point is a distribution "
            "over the components.",
            lambda log_joint, q: np.sum(q * logsumexp(log_joint, axis=0)) - _elbo(log_joint, q),
        ),
        Mistake(
            "The direction is reversed: that is the KL from the posterior to q.",
            lambda log_joint, q: _reverse_gap(log_joint, q),
        ),
        Mistake(
            "The entropy of q is missing, -E_q[log q].",
            lambda log_joint, q: _log_likelihood(log_joint) - np.sum(q * log_joint),
        ),
        Mistake(
            "Right except where q is zero: 0 log 0 counts as 0, but the computer says nan.",
            lambda log_joint, q: _log_likelihood(log_joint) - np.sum(q * (log_joint - np.log(q))),
        ),
        Mistake(
            "You averaged over the points; the gap of the data set is the sum.",
            lambda log_joint, q: _gap(log_joint, q) / len(q),
        ),
        Mistake(
            "You kept one number for each point: sum them.",
            lambda log_joint, q: logsumexp(log_joint, axis=1) - (q * log_joint + entr(q)).sum(1),
        ),
        Mistake(
            "You normalised over all points together: every point has its own posterior.",
            lambda log_joint, q: rel_entr(q, softmax(log_joint)).sum(),
        ),
        Mistake(
            "You took the largest entry of each row for its log p(x_n): all components count.",
            lambda log_joint, q: log_joint.max(1).sum() - _elbo(log_joint, q),
        ),
        Mistake(
            "You subtracted two entropies. In the KL both logarithms are averaged under q.",
            lambda log_joint, q: entr(softmax(log_joint, axis=1)).sum() - entr(q).sum(),
        ),
        Mistake(
            "You added up the differences of the probabilities. The KL averages log ratios under "
            "q.",
            lambda log_joint, q: np.abs(q - softmax(log_joint, axis=1)).sum(),
        ),
        Mistake("That is the ELBO itself, not what it lacks of the log-likelihood.", _elbo),
        Mistake(
            "That is the log-likelihood alone: the gap depends on q.",
            lambda log_joint, q: _log_likelihood(log_joint),
        ),
        Mistake(
            "You took both directions of the KL together. The gap is one of them: the one with the "
            "expectation under q.",
            lambda log_joint, q: (_gap(log_joint, q) + _reverse_gap(log_joint, q)) / 2,
        ),
        Mistake(
            "You took both directions of the KL together. The gap is one of them: the one with the "
            "expectation under q.",
            lambda log_joint, q: _gap(log_joint, q) + _reverse_gap(log_joint, q),
        ),
        Mistake(
            "You squared the differences of the probabilities. The KL averages log ratios under q.",
            lambda log_joint, q: np.sum((q - softmax(log_joint, axis=1)) ** 2),
        ),
        Mistake(
            "You compared every q with the average posterior: each point has its own.",
            lambda log_joint, q: rel_entr(q, softmax(log_joint, axis=1).mean(0)).sum(),
        ),
    ],
)


def _reverse_gap(log_joint, q):
    log_posterior = log_joint - logsumexp(log_joint, axis=1, keepdims=True)
    return np.sum(np.exp(log_posterior) * (log_posterior - np.log(q)))


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
    mistakes=[
        Mistake(
            "That is the posterior, the best q of all; here q may only hold zeros and ones.",
            lambda log_joint: softmax(log_joint, axis=1),
        ),
        Mistake(
            "You chose, for each component, its best point (axis 0). Each point chooses its best "
            "component.",
            lambda log_joint: (log_joint == log_joint.max(axis=0)).astype(float),
        ),
        Mistake(
            "You chose the least probable component: argmin for argmax.",
            lambda log_joint: np.eye(log_joint.shape[1])[log_joint.argmin(1)],
        ),
        Mistake(
            "You returned the number of the component for each point. q is a table with a one in "
            "that column.",
            lambda log_joint: log_joint.argmax(1),
        ),
        Mistake(
            "You returned the value of the largest entry, not a table of zeros and ones.",
            lambda log_joint: log_joint.max(1),
        ),
        Mistake(
            "You put one single 1 into the whole table: every point needs its own.",
            lambda log_joint: (log_joint == log_joint.max()).astype(float),
        ),
        Mistake(
            "You rounded the posterior: with three components or more, all of them may be below "
            "one half, and the row would be zero.",
            lambda log_joint: _rounded(log_joint),
        ),
        Mistake(
            "You put all points into the component that is best for the sum of all: each point "
            "chooses for itself.",
            lambda log_joint: np.tile(
                np.eye(log_joint.shape[1])[log_joint.sum(0).argmax()], (len(log_joint), 1)
            ),
        ),
        Mistake(
            "You kept the posterior's largest entry as it is: q must be one there, for its row to "
            "sum to one.",
            lambda log_joint: _largest_kept(softmax(log_joint, axis=1)),
        ),
        Mistake(
            "You kept the largest log joint as it is: q must be one there.",
            lambda log_joint: _largest_kept(log_joint),
        ),
        Mistake(
            "You marked every component above the row's average: each row holds a single 1, at "
            "its largest entry.",
            lambda log_joint: (log_joint > log_joint.mean(1, keepdims=True)).astype(float),
        ),
        Mistake(
            "You marked every component whose posterior is above 1 / K: a row may then hold more "
            "than one 1. Only the largest entry gets it.",
            lambda log_joint: (softmax(log_joint, axis=1) > 1 / log_joint.shape[1]).astype(float),
        ),
        Mistake(
            "You compared absolute values. A log joint far below zero is a small probability, not "
            "a large one.",
            lambda log_joint: np.eye(log_joint.shape[1])[np.abs(log_joint).argmax(1)],
        ),
        Mistake(
            "You divided by the row's largest entry, which gives it a one, but the others are not "
            "zero: q must choose.",
            lambda log_joint: _largest_is_one(log_joint),
        ),
        Mistake(
            "You chose the second best component: the last of an ascending order is the best.",
            lambda log_joint: np.eye(log_joint.shape[1])[np.argsort(log_joint, axis=1)[:, -2]],
        ),
        Mistake(
            "You returned an order (argsort). q holds a 1 for the best component and zeros else.",
            lambda log_joint: np.argsort(log_joint, axis=1),
        ),
        Mistake(
            "You chose the first component for every point, whatever the log joint is.",
            lambda log_joint: np.eye(log_joint.shape[1])[np.zeros(len(log_joint), dtype=int)],
        ),
    ],
    hints=Hints(
        nudge="Such a q has no entropy. What is left of the bound, and where is it largest?",
        equation=r"$q_{nk} = 1$ for $k = \arg\max_k \log p(x_n, z_n = k)$, else 0",
        shape="best = log_joint.argmax(axis=...)\nreturn np.eye(...)[best]",
    ),
)


def _largest_kept(table):
    return np.where(table == table.max(1, keepdims=True), table, 0.0)


def _rounded(log_joint):
    return np.round(softmax(log_joint, axis=1))


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


def _as_parameters(counts, sums, squares):
    return counts, sums / counts, np.sqrt(squares / counts - (sums / counts) ** 2)


def _as_weights(counts, sums, squares):
    return counts / counts.sum(), *_as_parameters(counts, sums, squares)[1:]


replace_point = Task(
    "replace_point",
    reference=_replaced,
    cases=_replaced_cases,
    returns="the new counts, sums and sums of squares, (K,) each",
    points=3,
    minutes=15,
    difficulty="stretch",
    why="Its cost does not depend on N: that is what makes an M-step after every point affordable.",
    mistakes=[
        Mistake(
            "You added the new share without taking the old one away: the point would count twice.",
            lambda c, s, r, x, old, new: (c + new, s + new * x, r + new * x**2),
        ),
        Mistake(
            "You took the old share away, but did not add the new one.",
            lambda c, s, r, x, old, new: (c - old, s - old * x, r - old * x**2),
        ),
        Mistake(
            "Old and new are exchanged: add the new share, subtract the old one.",
            lambda c, s, r, x, old, new: _replaced(c, s, r, x, new, old),
        ),
        Mistake(
            "The sums lack the factor x_n.",
            lambda c, s, r, x, old, new: (c + new - old, s + new - old, r + (new - old) * x**2),
        ),
        Mistake(
            "The sums of squares hold x_n, not its square.",
            lambda c, s, r, x, old, new: (c + new - old, s + (new - old) * x, r + (new - old) * x),
        ),
        Mistake(
            "The squares: the change times x_n is squared as a whole, but only x_n must be.",
            lambda c, s, r, x, old, new: (
                c + new - old,
                s + (new - old) * x,
                r + ((new - old) * x) ** 2,
            ),
        ),
        Mistake(
            "The sums of squares did not change.",
            lambda c, s, r, x, old, new: (c + new - old, s + (new - old) * x, r),
        ),
        Mistake(
            "The counts did not change: the point's shares move between the components.",
            lambda c, s, r, x, old, new: (c, s + (new - old) * x, r + (new - old) * x**2),
        ),
        Mistake(
            "You returned means instead of sums: the next point needs the sums.",
            lambda c, s, r, x, old, new: (
                c + new - old,
                (s + (new - old) * x) / (c + new - old),
                r + (new - old) * x**2,
            ),
        ),
        Mistake(
            "The three are in another order: counts, sums, sums of squares.",
            lambda c, s, r, x, old, new: (*_replaced(c, s, r, x, old, new)[1:], c + new - old),
        ),
        Mistake(
            "You returned the parameters, means and standard deviations: the next point needs the "
            "sums.",
            lambda c, s, r, x, old, new: _as_parameters(*_replaced(c, s, r, x, old, new)),
        ),
        Mistake(
            "You added the whole point to every component: its shares change from old to new.",
            lambda c, s, r, x, old, new: (c + 1, s + (new - old) * x, r + (new - old) * x**2),
        ),
        Mistake(
            "You returned the changes: add them to the sums.",
            lambda c, s, r, x, old, new: (new - old, (new - old) * x, (new - old) * x**2),
        ),
        Mistake(
            "The squares: the shares are squared together with x_n, but they are weights, outside "
            "the square.",
            lambda c, s, r, x, old, new: (
                c + new - old,
                s + (new - old) * x,
                r + (new * x) ** 2 - (old * x) ** 2,
            ),
        ),
        Mistake(
            "The old share is taken away from the counts only: it must leave the other two sums "
            "as well.",
            lambda c, s, r, x, old, new: (c + new - old, s + new * x, r + new * x**2),
        ),
        Mistake(
            "You returned the parameters, means and standard deviations: the next point needs the "
            "sums.",
            lambda c, s, r, x, old, new: _as_weights(*_replaced(c, s, r, x, old, new)),
        ),
        Mistake(
            "You divided the changes by the counts, as for a running mean. These are sums: add the "
            "changes as they are.",
            lambda c, s, r, x, old, new: (
                c + new - old,
                s + (new - old) * x / (c + new - old),
                r + (new - old) * x**2 / (c + new - old),
            ),
        ),
        Mistake(
            "The sums of squares are not the squares of the sums: each x_n is squared on its own.",
            lambda c, s, r, x, old, new: (
                c + new - old,
                s + (new - old) * x,
                (s + (new - old) * x) ** 2,
            ),
        ),
        Mistake(
            "The whole x_n is added to every component. It enters with the change of its share.",
            lambda c, s, r, x, old, new: (c + new - old, s + x, r + x**2),
        ),
        Mistake(
            "You moved the whole point from its most probable component to the new one. The shares "
            "are fractions.",
            lambda c, s, r, x, old, new: _replaced(
                c, s, r, x, np.eye(len(old))[old.argmax()], np.eye(len(new))[new.argmax()]
            ),
        ),
        Mistake(
            "You scaled the sums as the counts changed, as if the whole component had grown or "
            "shrunk: only the one point changed, by (new - old) times x_n and its square.",
            lambda c, s, r, x, old, new: (
                c + new - old,
                s * (c + new - old) / c,
                r * (c + new - old) / c,
            ),
        ),
    ],
    hints=Hints(
        nudge="Only one row of q has changed. By how much does each sum over n change?",
        equation=r"$N_k \mathrel{+}= \Delta_k,\; S_k \mathrel{+}= \Delta_k x_n,\; \ldots$",
        shape="change = new - old\nreturn counts + change, sums + ..., squares + ...",
    ),
)
