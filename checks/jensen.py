"""The exercises of notebook 03a, Deriving variational inference with Jensen's inequality.

q: q(z) for every z.  p: another distribution of the same z.  log_joint: log p(x, z) for the
observed x and every z, of the shape of q.
"""

import numpy as np
from scipy.special import entr, logsumexp, ndtr, rel_entr

from checks.distributions import kl_not_negative, simplex
from checks.kinds import ChooseQ, FindBug, Foretell, Order, Paper, ReadRun
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case
from helpers.densities import Normal
from helpers.elbo import bound_by_quadrature
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
    minutes=5,
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
    minutes=3,
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
    minutes=5,
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
    minutes=3,
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
    minutes=4,
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
    minutes=8,
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


# ---------------------------------------------------------------- 8 choose a q for two hills

LEFT, RIGHT, ACROSS = (-1.866, 0.579), (1.798, 0.581), (-0.292, 1.642)  # the lecture's three tops


def _position(log_q):
    """The bound for the lecture's position behind a distance."""

    def log_joint(z):
        return Normal(-0.4, 2.0).log_prob(z) + Normal(np.abs(z), 0.6).log_prob(2.0)

    return bound_by_quadrature(log_joint, log_q, np.linspace(-24, 24, 193))


def _missed(q):
    """The gap of such a q, and the probability that it gives to z > 0."""
    log_hills = [Normal(*LEFT).log_prob, Normal(*RIGHT).log_prob]
    log_q, right = {
        "one normal": (log_hills[0], float(ndtr(LEFT[0] / LEFT[1]))),
        "two normals": (lambda z: logsumexp([f(z) for f in log_hills], 0, [[0.59], [0.41]]), 0.41),
        "uniform": (lambda z: np.where(np.abs(z) < 4, -np.log(8.0), -np.inf), 0.5),
    }[q]
    return {"gap": float(_position(log_q).kl), "right": right}


q_for_two_hills = ChooseQ(
    "q_for_two_hills",
    choices={
        "one normal": "The best of them sits on the left hill, and calls z > 0 impossible.",
        "two normals": "One for each hill: the gap all but closes, and each hill has its share.",
        "uniform": "It covers both hills, and knows nothing of their shares or their shape.",
    },
    good="two normals",
    foretell={
        "gap": Foretell("You foretold a gap of {told} nats, it is {measured}.", atol=0.2),
        "right": Foretell("You foretold {told} for z > 0, this q says {measured}.", atol=0.05),
    },
    measure=_missed,
    points=2,
    minutes=5,
    why="A family is chosen for what is asked of it: here, the share of the right hill.",
    hints=Hints(
        nudge="Which of the three can hold mass on two hills, and little between them?",
        equation=r"a $q$ that equals the posterior has the gap 0 and $q(z > 0) = 0.41$",
        shape='return {"q": "...", "gap": ..., "right": ...}',
    ),
)


# ---------------------------------------------------------------- 9 the derivation, in order

bound_in_order = Order(
    "bound_in_order",
    lines={
        "A": r"$\ge \mathbb{E}_{q(z)}[\log p(x, z) - \log q(z)]$",
        "B": r"$= -\mathrm{KL}(q(z) \,\|\, p(z \mid x)) + \log p(x)$",
        "C": r"$= \log \int q(z)\, \frac{p(x, z)}{q(z)}\, dz$",
        "D": r"$\ge \log p(x, \mathbb{E}_{q(z)}[z]) - \log q(\mathbb{E}_{q(z)}[z])$",
        "E": r"$= \mathbb{E}_{q(z)}[\log p(z \mid x) + \log p(x) - \log q(z)]$",
        "F": r"$\log p(x) = \log \int p(x, z)\, dz$",
        "G": r"$= \log \int \frac{p(x, z)}{q(z)}\, dz$",
        "H": r"$= \log \mathbb{E}_{q(z)}\left[\frac{p(x, z)}{q(z)}\right]$",
    },
    right="FCHAEB",
    reasons={
        "A": "Jensen's inequality moves the log into an expectation: one must stand there first.",
        "B": "The KL shows once posterior and q stand in one expectation.",
        "C": "q enters as q/q, under an integral that is there already.",
        "D": "The log is moved past the average of the ratio, not past the average of z.",
        "E": "The posterior appears when the joint is split, and the log stands inside by then.",
        "F": "It is where everything begins.",
        "G": "Dividing by q alone changes the integral: q/q is a one, 1/q is not.",
        "H": "An expectation under q needs q as a factor under the integral.",
    },
    points=2,
    minutes=4,
    why="One inequality among five steps; whoever places it can place the rest.",
    hints=Hints(
        nudge="Which single line is an inequality, and what must the line above it look like?",
        equation=r"$\log \mathbb{E}[Y] \ge \mathbb{E}[\log Y]$",
        shape="evidence, q/q, expectation, inequality, split of the joint, KL",
    ),
)


# ---------------------------------------------------------------- 10 find the bug


def _gap_with_a_bug(log_joint, q):
    total, bound = 0.0, 0.0
    for a, b in zip(log_joint, q, strict=True):
        if b > 0:
            bound = bound + b * (a - np.log(b))
            total = total + np.exp(a)
    return np.log(total) - bound


def _no_case(log_joint, q):
    log_joint, q = np.asarray(log_joint, float), np.asarray(q, float)
    if log_joint.ndim != 1 or log_joint.shape != q.shape:
        return "two lists of one length are needed: log p(x, z), then q(z)"
    if (q < 0).any() or abs(q.sum() - 1) > 1e-6:
        return f"q is no distribution, it sums to {q.sum():.3g}"
    return "" if np.isfinite(log_joint).all() else "take finite log p(x, z)"


gap_with_a_bug = FindBug(
    "gap_with_a_bug",
    buggy=_gap_with_a_bug,
    right=lambda log_joint, q: _posterior_gap(np.asarray(log_joint, float), np.asarray(q, float)),
    line=(6, 4),
    example=(np.log([0.2, 0.1]), np.array([1.0, 0.0])),
    reasons={
        2: "Both sums are empty at the start.",
        3: "Each z comes once, with its log p(x, z) and its q(z).",
        5: "A z that q takes adds q(z) (log p(x, z) - log q(z)) to the bound.",
        7: "log p(x) minus the bound is the gap, if both are right.",
    },
    refuse=_no_case,
    points=2,
    minutes=6,
    why="The evidence sums over all z, also over those that q leaves out.",
    hints=Hints(
        nudge="Which z must count in the bound, which in the evidence?",
        equation=r"$\log p(x) = \log \sum_z p(x, z)$, whatever $q$ is",
        shape="return LINE, (LOG_JOINT, Q)    # with a Q for which the two sums differ",
    ),
)


# ---------------------------------------------------------------- 11 paper: never negative

kl_on_paper = Paper(
    "kl_on_paper",
    rubric=(
        (1, "the tangent of the logarithm at 1 lies above it, and touches it at 1 alone"),
        (1, "applied to p/q, and averaged under q"),
        (1, "p summed where q > 0 is at most one, so that minus the KL is at most zero"),
        (1, "equal to zero only if p/q = 1 wherever q > 0"),
        (1, "and then no mass of p is left where q = 0: q = p; and q = p gives zero"),
    ),
    minutes=8,
)


# ---------------------------------------------------------------- 12 read eight runs

six_starts = ReadRun(
    "six_starts",
    question="Six runs of one program, from six starts: their last bounds. What is the matter?",
    choices={
        "local optima": (
            "The same few values come again, to the fourth digit: each is the top of a hill of "
            "the ELBO, and which one a run climbs depends on where it starts. Report the best."
        ),
        "sampling noise": (
            "With noise no two runs would agree to four digits, and here several do. Look for "
            "values that come again."
        ),
        "not converged": (
            "Runs that stopped early would end at as many different values as there are runs, "
            "strung out below one bound. Look for values that come again."
        ),
        "the evidence differs": (
            "log p(x) does not depend on the start: all six share one. What depends on the start "
            "is where the climb ends."
        ),
    },
    right="local optima",
    trace=lambda: [
        _position(Normal(*top).log_prob).elbo for top in (LEFT, LEFT, LEFT, ACROSS, RIGHT, RIGHT)
    ],
    minutes=3,
    hints=Hints(
        nudge="How many different numbers do you see, to four digits?",
        equation=r"the gap of a run is $\log p(x)$ minus its last bound; $\log p(x) = -1.4230$",
        shape='return "..."   # one of the four causes',
    ),
    room=__name__,
)
