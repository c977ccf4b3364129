"""The exercises of notebook 03b, Deriving variational inference from the KL divergence.

q: q(z) for every z.  log_joint: log p(x, z) for the observed x and every z, of the shape of q.
mean, sd: of normal distributions; sd is the standard deviation.
"""

import numpy as np
from scipy.special import entr, logsumexp, rel_entr

from checks import invariants
from checks.distributions import kl_not_negative, simplex
from checks.kinds import ChooseQ, FindBug, Foretell, OpenTask, Order, Paper
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case
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
    minutes=3,
    difficulty="warm-up",
    why="It is largest where q is uniform, and zero where q has made up its mind.",
    invariants=[_entropy_in_range],
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


two_terms = Task(
    "two_terms",
    reference=_terms,
    cases=_joint_cases,
    returns="E_q[log p(x, z)], H(q) and their sum",
    points=2,
    minutes=4,
    why="The first term pulls q to where the joint is high, the second keeps it spread out.",
    invariants=[_below_evidence],
    hints=Hints(
        nudge="Which term needs the model, which only q?",
        equation=r"$\mathbb{E}_q[\log p(x, z)] + \mathbb{H}(q)$",
        shape="held = q > 0\nexpected = np.sum(q[held] * ...)\nreturn expected, entropy(q), ...",
    ),
)


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
    minutes=3,
    why="Only the last term needs the evidence, and it is the same for every q: it can be dropped.",
    hints=Hints(
        nudge="The log of a quotient with three parts is a sum with three terms; mind the signs.",
        equation=r"$\int q \log p(z, x)\, dz - \int q \log q\, dz - \log p(x)$",
        shape="return np.sum(q * log_joint) - np.sum(...) - ...",
    ),
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
    minutes=6,
    why="A small sd of p punishes q twice: for its distance, and for its width.",
    invariants=[kl_not_negative],
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


mass_covering = Task(
    "mass_covering",
    reference=_moments,
    cases=_density_cases,
    returns="the mean and the standard deviation of the best q",
    points=2,
    minutes=5,
    why=(
        "KL(p || q) matches moments, which are averages under the posterior: the one thing that "
        "is not to be had."
    ),
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


sampled_elbo = Task(
    "sampled_elbo",
    reference=_sampled,
    cases=_sampled_cases,
    accept=_as_good_as,
    returns="an estimate of the ELBO, one number",
    points=3,
    minutes=8,
    difficulty="stretch",
    why="It needs the joint at points, nothing else: this is how VI is done for models in general.",
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


# ---------------------------------------------------------------- 8 the derivation, in order

objective_in_order = Order(
    "objective_in_order",
    lines={
        "A": r"$\arg\max_q \int q \log p(z, x)\, dz - \int q \log q\, dz - \log p(x)$",
        "B": r"$\arg\max_q \int q(z) \log \frac{p(z, x)\, p(x)}{q(z)}\, dz$",
        "C": r"$\arg\max_q \mathbb{E}_{q(z)}[\log p(x, z)] + \mathbb{H}(q(z))$",
        "D": r"$\arg\max_q \int q(z) \log \frac{p(z \mid x)}{q(z)}\, dz$",
        "E": r"$\arg\max_q \mathbb{E}_{q(z)}[\log p(x, z)] + \mathbb{H}(p(z \mid x))$",
        "F": r"$\arg\min_q \mathrm{KL}(q(z) \,\|\, p(z \mid x))$",
        "G": r"$\arg\max_q \int q(z) \log \frac{p(z, x)}{p(x)\, q(z)}\, dz$",
    },
    right="FDGAC",
    reasons={
        "A": "Three logarithms: one fraction with three parts must stand above it.",
        "B": "The posterior is the joint divided by the evidence, not times it.",
        "C": "It is what remains once log p(x) stands alone and is dropped.",
        "D": "Minus the KL turns the fraction over; the posterior is still one piece.",
        "E": "The entropy is that of q, which we choose: minus the integral of q log q.",
        "F": "It is the wish with which everything begins.",
        "G": "It is the line in which Bayes' rule replaces the posterior.",
    },
    points=2,
    minutes=3,
    why="The value changes once, in the last step; the place of the maximum never.",
    hints=Hints(
        nudge="In which line does the posterior stand for the last time?",
        equation=r"$p(z \mid x) = p(z, x) / p(x)$",
        shape="the wish, its definition, Bayes' rule, three logarithms, without the constant",
    ),
)


# ---------------------------------------------------------------- 9 two KLs


def _two_kls(prior, likelihood, q):
    joint = prior * likelihood
    return rel_entr(q, prior).sum(), rel_entr(q, joint / joint.sum()).sum()


def _two_kls_spelt_out(prior, likelihood, q):
    posterior = prior * likelihood / np.sum(prior * likelihood)
    return np.sum(q * np.log(q / prior)), np.sum(q * np.log(q / posterior))


def _two_kls_cases(rng):
    for size in (2, 3, 5):
        yield case(simplex(rng, size), rng.uniform(0.05, 0.95, size), simplex(rng, size))
    prior = simplex(rng, 3)
    yield case(prior, rng.uniform(0.05, 0.95, 3), prior.copy(), label="a q that is the prior")


two_kls = Task(
    "two_kls",
    reference=_two_kls,
    spelt_out=[_two_kls_spelt_out],
    cases=_two_kls_cases,
    returns="KL(q || prior), then KL(q || posterior)",
    points=2,
    minutes=5,
    why="The first is paid within the bound, the second is what the bound lacks to log p(x).",
    hints=Hints(
        nudge="Which of the two needs the likelihood?",
        equation=r"$p(z \mid x) = p(z)\, p(x \mid z) / p(x)$",
        shape="posterior = ... / np.sum(...)\nreturn np.sum(q * np.log(q / prior)), np.sum(...)",
    ),
)


# ---------------------------------------------------------------- 10 choose a divergence


def _for_two_hills(divergence):
    """A normal q for two hills, 0.59 at -1.87 and 0.41 at 1.80, each with sd 0.575."""
    mean = 0.59 * -1.868 + 0.41 * 1.802
    spread = 0.575**2 + 0.59 * (-1.868 - mean) ** 2 + 0.41 * (1.802 - mean) ** 2
    covers = divergence == "KL(p || q)"
    return {"sd": float(np.sqrt(spread)) if covers else 0.579, "hills": "both" if covers else "one"}


which_divergence = ChooseQ(
    "which_divergence",
    choices={
        "KL(q || p)": "Its minimum sits on one hill and would never send anybody to the other.",
        "KL(p || q)": "It covers both hills. It needs the posterior, which here we do have.",
    },
    good="KL(p || q)",
    foretell={
        "hills": Foretell("You foretold {told}, it is {measured}.", choices=("one", "both")),
        "sd": Foretell("You foretold an sd of {told}, it is {measured}.", rtol=0.2),
    },
    measure=_for_two_hills,
    points=2,
    minutes=4,
    why="Which direction serves depends on which of the two errors is dear.",
    hints=Hints(
        nudge="Under which distribution is each of the two an average?",
        equation="the covering q has the posterior's mean and standard deviation",
        shape='return {"q": "KL(...)", "hills": "...", "sd": ...}',
    ),
)


# ---------------------------------------------------------------- 11 find the bug


def _bound_with_a_bug(log_joint, z, mean, sd):
    log_q = -0.5 * (z - mean) ** 2 / sd**2
    log_q = log_q - 0.5 * np.log(2 * np.pi)
    ratios = log_joint - log_q
    return np.mean(ratios)


def _bound_of_draws(log_joint, z, mean, sd):
    log_q = -0.5 * ((z - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return np.mean(log_joint - log_q)


def _no_draws(log_joint, z, mean, sd):
    if np.shape(log_joint) != np.shape(z) or np.ndim(mean) or np.ndim(sd):
        return "log_joint and z are of one length, mean and sd are numbers"
    return "" if sd > 0 else f"sd is {sd:.3g}: a standard deviation is positive"


bound_with_a_bug = FindBug(
    "bound_with_a_bug",
    buggy=_bound_with_a_bug,
    right=_bound_of_draws,
    line=3,
    example=(np.array([-1.0, -2.0]), np.array([0.0, 1.0]), 0.0, 2.0),
    reasons={
        2: "The exponent of a normal density: the squared distance over twice the variance.",
        4: "log p(x, z) - log q(z) is what the bound averages.",
        5: "The draws come from q already: an average with equal weights is right.",
    },
    refuse=_no_draws,
    points=2,
    minutes=5,
    why="The normaliser of q has its sd in it; with an sd of one nobody notices.",
    hints=Hints(
        nudge="Integrate exp(log_q) over z in your head: for which sd is it one?",
        equation=r"$\mathcal{N}(z; \mu, \sigma^2)$ has the factor $1 / (\sigma \sqrt{2 \pi})$",
        shape="return LINE, (LOG_JOINT, Z, MEAN, SD)",
    ),
)


# ---------------------------------------------------------------- 12 paper: two normals

normals_on_paper = Paper(
    "normals_on_paper",
    rubric=(
        (1, "the KL as the difference of two averages under q"),
        (1, "the average of log q, with the mean square of (z - its mean) being the variance"),
        (1, "the average of (z - mean of p) squared: variance plus squared distance"),
        (1, "the constants cancel, and the result is put together"),
        (1, "zero exactly where means and standard deviations agree"),
    ),
    minutes=8,
)


# ---------------------------------------------------------------- 13 your own model


def _own():
    log_joint, q = bank().log_joint(1), np.full((2, 2), 0.25)
    posterior = np.exp(log_joint - logsumexp(log_joint))
    return {
        "q": q,
        "elbo": _expected(log_joint, q) + _entropy(q),
        "kl": rel_entr(q, posterior).sum(),
        "log_evidence": logsumexp(log_joint),
    }


own_model = OpenTask(
    "own_model",
    needs={
        "q": "your q, a table",
        "elbo": "its bound",
        "kl": "its KL to the posterior, not computed from the other two",
        "log_evidence": "log p(x)",
    },
    invariants=(
        invariants.normalised("q", axis=None),
        invariants.below("elbo", "log_evidence"),
        invariants.adds_up("log_evidence", "elbo", "kl"),
        invariants.at_least("q", 2, "values"),
    ),
    example=_own,
    points=2,
    minutes=10,
    why="Three computations, one identity: on your model, too.",
    hints=Hints(
        nudge="Begin with a prior of three values and a likelihood for one observed x.",
        equation=r"$\log p(x) = \mathrm{ELBO} + \mathrm{KL}(q(z) \,\|\, p(z \mid x))$",
        shape='return {"q": q, "elbo": ..., "kl": ..., "log_evidence": ...}',
    ),
)
