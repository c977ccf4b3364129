"""The exercises of notebook 03a, Deriving variational inference with Jensen's inequality.

q: q(z) for every z.  p: another distribution of the same z.  log_joint: log p(x, z) for the
observed x and every z, of the shape of q.
"""

import numpy as np
from scipy.special import entr, logsumexp, rel_entr

from checks.distributions import kl_not_negative, simplex
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case
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
    hints=Hints(
        nudge="Where does the average over a row stand: outside the logarithm, or inside?",
        equation=(
            r"$\frac{1}{NK}\sum_{nk} \log w_{nk}$ and "
            r"$\frac{1}{N} \sum_n \log \frac{1}{K} \sum_k w_{nk}$"
        ),
        shape="inside = logsumexp(log_weights, axis=...) - ...\nreturn log_weights.mean(), ...",
    ),
)
