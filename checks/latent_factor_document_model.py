"""The exercises of notebook 04c, The latent factor document model.

K binary factors, S = 2^K states, V words.  states: (S, K) of zeros and ones, the last factor
changing fastest.  prior: p(z_j = 1), (K,).  log_likelihood: log p(x | z) for every state, (S,).
x: word counts, (V,).  b: q(z_j = 1), (K,).  logits: log b / (1 - b), (K,).
"""

import numpy as np
from scipy.special import (
    expit,
    log_expit,
    log_softmax,
    logit,
    logsumexp,
    rel_entr,
    softmax,
)

from checks.kinds import FindBug, Order, Paper, ReadRun
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case
from helpers.latent_factors import factor_states

progress = progress_for(__name__)


# ---------------------------------------------------------------- 1 the likelihood of a document


def _likelihood(logits, x):
    return log_softmax(logits, axis=1) @ x


def _document_cases(rng):
    for n_states, n_words in ((2, 3), (4, 5), (4, 2), (8, 6), (2, 9)):
        logits = rng.normal(size=(n_states, n_words)) + rng.normal(size=(n_states, 1))
        x = rng.integers(0, 4, size=n_words)
        x[rng.integers(n_words)] += 2
        yield case(logits, x)
    logits = rng.normal(size=(4, 3)) + rng.uniform(800, 900, size=(4, 1))
    label = "large logits (exp of 800 overflows)"
    yield case(logits, rng.integers(1, 4, size=3), label=label)


def _not_above_zero(value, *_):
    top = float(np.max(value))
    return f"one of yours is {top:.3g}: a log probability is never above 0" if top > 1e-9 else ""


document_likelihood = Task(
    "document_likelihood",
    reference=_likelihood,
    cases=_document_cases,
    returns="log p(x | z), a number for each state",
    minutes=4,
    difficulty="warm-up",
    why="A document enters through its counts only: its words are independent once z is known.",
    invariants=[_not_above_zero],
    hints=Hints(
        nudge="What is the log probability of one token? Of N independent ones?",
        equation=r"$\log p(x \mid z) = \sum_v x_v \log \mathrm{softmax}(\mathrm{logits}(z))_v$",
        shape="log_words = logits - logsumexp(logits, axis=..., keepdims=True)",
    ),
)


# ---------------------------------------------------------------- 2 the posterior by enumeration


def _log_prior(states, prior):
    return np.where(states == 1, np.log(prior), np.log1p(-prior)).sum(1)


def _posterior(states, prior, log_likelihood):
    joint = _log_prior(states, prior) + log_likelihood
    return logsumexp(joint), softmax(joint) @ states


def _enumeration_cases(rng):
    for n_factors in (1, 2, 3, 4):
        states = factor_states(n_factors).astype(int)
        ell = rng.normal(scale=1.5, size=len(states)) - rng.uniform(2, 6)
        yield case(states, rng.uniform(0.1, 0.9, n_factors), ell)
    states = factor_states(3).astype(int)
    ell = rng.normal(size=8) - rng.uniform(1500, 2500)
    label = "a long document (log p(x | z) around -2000)"
    yield case(states, rng.uniform(0.1, 0.9, 3), ell, label=label)


def _marginals_are_probabilities(result, *_):
    low, high = np.min(result[1]), np.max(result[1])
    if low < -1e-9 or high > 1 + 1e-9:
        return f"your marginals reach from {low:.3g} to {high:.3g}: probabilities lie in [0, 1]"
    return ""


def _posterior_spelt_out(states, prior, log_likelihood):
    log_prior = (states * np.log(prior) + (1 - states) * np.log(1 - prior)).sum(axis=1)
    log_joint = log_prior + log_likelihood
    log_evidence = logsumexp(log_joint)
    return log_evidence, np.exp(log_joint - log_evidence) @ states


posterior = Task(
    "posterior",
    reference=_posterior,
    spelt_out=[_posterior_spelt_out],
    cases=_enumeration_cases,
    returns="first log p(x), one number, then p(z_j = 1 | x), (K,)",
    points=2,
    minutes=6,
    why="With K factors this is a sum over 2^K states: exact, and doubling with every factor.",
    invariants=[_marginals_are_probabilities],
    hints=Hints(
        nudge="First log p(x, z) for every state; everything else is that table, summed.",
        equation=(
            r"$\log p(x) = \log \sum_z \exp(\log p(z) + \log p(x \mid z))$ and "
            r"$p(z_j = 1 \mid x) = \sum_z z_j\, p(z \mid x)$"
        ),
        shape="log_evidence = logsumexp(...)\nreturn log_evidence, np.exp(...) @ states",
    ),
)


# ---------------------------------------------------------------- 3 a prediction

coupled_states = Prediction(
    "coupled_states",
    question=(
        "A posterior over two factors has probability 1/2 on both off and 1/2 on both on. How "
        "large is KL(q || p) for the best mean field q?"
    ),
    choices={
        "zero": (
            "A product with b = (1/2, 1/2) has the right marginals, but it also puts 1/2 on the "
            "two states in between, where p is zero: its KL is infinite. Right marginals are not "
            "a right distribution."
        ),
        "log 2": (
            "Any mass on the two states in between makes the KL infinite, so q must take one of "
            "the two states and give up the other: KL = 1 log(1 / 0.5) = log 2."
        ),
        "infinite": (
            "It is infinite for every q with mass on the states in between. But q can avoid them "
            "altogether: put all its mass on one of the two good states, and compute the KL."
        ),
    },
    right="log 2",
    hints=Hints(
        nudge="On which states may q have no mass at all? Which products are left?",
        equation=r"$\mathrm{KL}(q \,\|\, p) = \sum_z q(z) \log \frac{q(z)}{p(z)}$",
        shape="q = [1, 0, 0, 0]; p = [1/2, 0, 0, 1/2]; sum q log(q / p) over the states with q > 0",
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 4 the update, in order

update_lines = Order(
    "update_lines",
    lines={
        "A": r"$\log \frac{b_j}{1 - b_j} = \log \frac{\alpha_j}{1 - \alpha_j} + A_1 - A_0$",
        "B": r"$\mathbb{E}_q[\log p(x \mid z)] - \sum_j \mathrm{KL}(b_j \,\|\, \alpha_j)$",
        "C": r"$\log \frac{b_j}{1 - b_j} = \log \frac{\alpha_j}{1 - \alpha_j} + \log (A_1 / A_0)$",
        "D": r"$A_1 - A_0 - \log \frac{b_j}{1 - b_j} + \log \frac{\alpha_j}{1 - \alpha_j} = 0$",
        "E": r"$b_j A_1 + (1 - b_j) A_0 - \mathrm{KL}(b_j \,\|\, \alpha_j) + \text{const}$",
        "F": r"$A_1 - A_0 - \log \frac{b_j}{1 - b_j} = 0$",
    },
    right="BEDA",
    reasons={
        "A": "The log odds are what one gets by solving for them: something must be zero first.",
        "B": "This is the whole bound: it is where one begins.",
        "C": "The A are averages of logs already: no further logarithm comes in.",
        "D": "A derivative is zero once the terms with b_j have been collected.",
        "E": "Collecting the terms with b_j comes after the bound and before any derivative.",
        "F": "The derivative of the KL brings the prior's log odds, too: here they are lost.",
    },
    points=2,
    difficulty="warm-up",
    why="Collect, differentiate, solve: the same three moves as in every mean field update.",
)


# ---------------------------------------------------------------- 5 one coordinate update


def _update(prior_j, on, off, others):
    return expit(logit(prior_j) + others @ (on - off))


def _update_cases(rng):
    for n_others in (2, 4, 8, 4):
        on, off = rng.normal(size=(2, n_others)) * 1.2 - rng.uniform(0.5, 2)
        yield case(rng.uniform(0.1, 0.9), on, off, rng.dirichlet(np.ones(n_others)))
    on, off = rng.normal(size=(2, 4)) - 2000
    label = "a long document (log p(x | z) around -2000)"
    yield case(rng.uniform(0.1, 0.9), on, off, rng.dirichlet(np.ones(4)), label=label)
    on = off + rng.uniform(6, 8, 4)  # the words leave next to no doubt
    yield case(rng.uniform(0.3, 0.7), on, off, rng.dirichlet(np.ones(4)), label="a sure factor")


def _in_unit_interval(value, *_):
    value = float(np.ravel(value)[0])
    if not -1e-9 <= value <= 1 + 1e-9:
        return f"you returned {value:.3g}, but b_j is a probability"
    return ""


def _coordinate_update_spelt_out(prior_j, on, off, others):
    log_odds = np.log(prior_j / (1 - prior_j)) + others @ (on - off)
    return expit(log_odds)


coordinate_update = Task(
    "coordinate_update",
    reference=_update,
    spelt_out=[_coordinate_update_spelt_out],
    cases=_update_cases,
    returns="the new b_j = q(z_j = 1), one number",
    points=2,
    minutes=5,
    why=(
        "Bayes' rule for one factor, with the average over what the others may be in place of "
        "what they are: prior log odds plus expected evidence."
    ),
    invariants=[_in_unit_interval],
    hints=Hints(
        nudge="What would the log odds be if the other factors were known? Average that.",
        equation=(
            r"$\log \frac{b_j}{1 - b_j} = \log \frac{\alpha_j}{1 - \alpha_j} + "
            r"\mathbb{E}_{q_{-j}}[\log p(x \mid z_j = 1) - \log p(x \mid z_j = 0)]$"
        ),
        shape="log_odds = np.log(prior_j / ...) + others @ (...)\nreturn 1 / (1 + ...)",
    ),
)


# ---------------------------------------------------------------- 6 entropy from logits


def _entropy(logits):
    b = expit(logits)
    return -np.sum(b * log_expit(logits) + (1 - b) * log_expit(-logits))


def _logit_cases(rng):
    for size in (1, 2, 3, 5):
        yield case(rng.normal(scale=1.5, size=size) + 0.3)
    logits = np.append(rng.normal(size=2), rng.choice([-900.0, 900.0], size=2))
    yield case(logits, label="logits of 900 (q is certain; 0 log 0 = 0)")
    sure = rng.choice([-27.0, 27.0], size=3)
    yield case(sure, label="logits of 27 (an entropy of 1e-10, lost where b is clipped)")


def _entropy_bounds(value, logits):
    value, most = float(np.ravel(value)[0]), len(logits) * np.log(2)
    if value < -1e-9:
        return f"your entropy is {value:.3g}: that of a discrete variable is never negative"
    if value > most + 1e-9:
        return f"your entropy is {value:.3g}, above K log 2 = {most:.3g}, that of fair coins"
    return ""


def _entropy_spelt_out(logits):
    log_b = -np.logaddexp(0, -logits)
    log_not_b = -np.logaddexp(0, logits)
    return -np.sum(expit(logits) * log_b + expit(-logits) * log_not_b)


entropy = Task(
    "entropy",
    reference=_entropy,
    spelt_out=[_entropy_spelt_out],
    cases=_logit_cases,
    atol=1e-13,
    returns="H(q), one number in nats",
    points=2,
    minutes=7,
    why="Factors are independent under q, so their entropies add; an encoder delivers logits.",
    invariants=[_entropy_bounds],
    hints=Hints(
        nudge="Write log b and log(1 - b) as functions of the logit. When do they overflow?",
        equation=(
            r"$\mathbb{H} = -\sum_j b_j \log b_j + (1 - b_j) \log (1 - b_j)$, with "
            r"$\log b_j = -\log(1 + e^{-g_j})$"
        ),
        shape="log_b = -np.logaddexp(0, ...)\nlog_1_minus_b = -np.logaddexp(0, ...)\nreturn ...",
    ),
)


# ---------------------------------------------------------------- 7 a derivation


def _minus_kl(b, prior):
    return -np.sum(rel_entr(b, prior) + rel_entr(1 - b, 1 - prior))


def _pair_cases(rng):
    for size in (1, 2, 3, 5):
        yield case(rng.uniform(0.05, 0.95, size), rng.uniform(0.05, 0.95, size))
    b = rng.uniform(0.1, 0.9, 3)
    b[rng.integers(3)] = 0.0
    yield case(b, rng.uniform(0.1, 0.9, 3), label="a b that is exactly 0 (0 log 0 = 0)")


prior_and_entropy = Derivation(
    "prior_and_entropy",
    above=r"\mathbb{E}_{q(z)}[\log p(z)] + \mathbb{H}(q(z))",
    reference=_minus_kl,
    cases=_pair_cases,
    returns="one number",
    points=2,
    minutes=5,
    why=(
        "Prior and entropy together are minus a KL that is a sum over factors: the only coupled "
        "term of the bound is the likelihood."
    ),
    hints=Hints(
        nudge="Both are expectations under q. Put them under one sum: log p(z) - log q(z).",
        equation=r"$-\sum_j \mathrm{KL}(b_j \,\|\, \alpha_j)$, a KL between two coins each",
        shape="return -np.sum(rel_entr(b, ...) + rel_entr(..., ...))",
    ),
)


# ---------------------------------------------------------------- 8 find the bug


def _right_bound(b, prior, states, log_likelihood):
    q = np.where(states == 1, b, 1 - b).prod(axis=1)
    return q @ log_likelihood + _minus_kl(b, prior)


def _forgetful_bound(b, prior, states, log_likelihood):
    q = np.where(states == 1, b, 1 - b).prod(axis=1)
    fit = q @ log_likelihood
    to_prior = np.sum(rel_entr(b, prior))
    return fit - to_prior


wrong_bound = FindBug(
    "wrong_bound",
    buggy=_forgetful_bound,
    right=_right_bound,
    line=4,
    example=(np.array([0.3]), np.array([0.5]), np.array([[0], [1]]), np.array([-1.0, -2.0])),
    reasons={
        2: "A factor that is on has probability b, one that is off 1 - b; the product is right.",
        3: "An average of log p(x | z) under q: that is the fit.",
        5: "Fit minus distance from the prior is the bound, if the distance is right.",
    },
    refuse=lambda b, prior, states, log_likelihood: (
        "" if np.all((np.asarray(b) >= 0) & (np.asarray(b) <= 1)) else "b is no probability"
    ),
    points=2,
    minutes=6,
    why="A coin has two sides: without the other one the KL may even be negative.",
)


# ---------------------------------------------------------------- 9 stretch: a whole sweep


def _logits_of_factor(table, b, j):
    """E over the others of log p(x | z_j = 1) - log p(x | z_j = 0)."""
    moved = np.moveaxis(table, j, 0)
    for probability in np.delete(b, j):
        moved = (1 - probability) * moved[:, 0] + probability * moved[:, 1]
    return moved[1] - moved[0]


def _sweep(table, b, prior, order=None, old=False):
    new = np.array(b, dtype=float)
    for j in range(len(b)) if order is None else order:
        new[j] = expit(logit(prior[j]) + _logits_of_factor(table, b if old else new, j))
    return new


def _sweep_cases(rng):
    for n_factors in (2, 3, 4, 5):
        table = rng.normal(scale=1.5, size=(2,) * n_factors) - 5
        yield case(table, rng.uniform(0.1, 0.9, n_factors), rng.uniform(0.1, 0.9, n_factors))


def _sweep_spelt_out(table, b, prior):
    b = np.array(b, dtype=float)
    for j in range(len(b)):
        t = np.moveaxis(table, j, 0)
        for probability in np.delete(b, j):
            t = (1 - probability) * t[:, 0] + probability * t[:, 1]
        b[j] = expit(logit(prior[j]) + t[1] - t[0])
    return b


sweep = Task(
    "sweep",
    reference=lambda table, b, prior: _sweep(table, b, prior),
    spelt_out=[_sweep_spelt_out],
    cases=_sweep_cases,
    returns="the new b, (K,)",
    points=3,
    minutes=14,
    difficulty="stretch",
    why="Each update uses the newest values of the others: that is why the bound cannot fall.",
    hints=Hints(
        nudge="Move axis j to the front, then average the remaining axes away, one after another.",
        equation=(
            r"$\mathrm{logit}\, b_j = \mathrm{logit}\, \alpha_j + \sum_{z_{-j}} q(z_{-j}) "
            r"[\log p(x \mid 1, z_{-j}) - \log p(x \mid 0, z_{-j})]$"
        ),
        shape="for each j: t = np.moveaxis(table, j, 0); for p in np.delete(b, j): t = ...",
    ),
)


# ---------------------------------------------------------------- 10 read a run


def _low_run():
    """Bounds of coordinate ascent from b = (0.2, 0.2), where two states are hills."""
    table, b, prior, bounds = np.array([[-46.0, -60.0], [-60.0, -42.0]]), [0.2, 0.2], [0.5, 0.5], []
    for _ in range(6):
        q = np.outer([1 - b[0], b[0]], [1 - b[1], b[1]])
        bounds.append(np.sum(q * table) + _minus_kl(np.array(b), np.array(prior)))
        b = _sweep(table, b, prior)
    return bounds


settled_low = ReadRun(
    "settled_low",
    question="Why does this run end four nats below log p(x)?",
    trace=_low_run,
    choices={
        "lower hill": (
            "It never fell, it rests, and another start of the same program and family gets "
            "within 0.02 nats: what was lost is search."
        ),
        "wrong update": "Then the bound would fall somewhere, or the other start suffer, too.",
        "family": "The other start's q is of the same family, and only 0.02 nats below.",
        "too few sweeps": "The last four bounds are equal: more sweeps change nothing.",
    },
    right="lower hill",
    room=__name__,
)


# ---------------------------------------------------------------- 11 on paper

point_bound = Paper(
    "point_bound",
    rubric=(
        (1, "a q with all its mass on one state is a product of coins"),
        (1, "its KL to the posterior is -log p(z* | x): one term, and 0 log 0 = 0 elsewhere"),
        (1, "the best q of the family is at least as good, so its gap is at most that"),
        (1, "the best z* is the mode; the largest such bound, over all posteriors, is K log 2"),
    ),
    worked=r"$\min_q \mathrm{KL}(q \| p) \le \mathrm{KL}(\delta_{z^*} \| p) = -\log p(z^* \mid x)$",
    minutes=10,
)
