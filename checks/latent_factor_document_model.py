"""The exercises of notebook 04c, The latent factor document model.

K binary factors, S = 2^K states, V words.  states: (S, K) of zeros and ones, the last factor
changing fastest.  prior: p(z_j = 1), (K,).  log_likelihood: log p(x | z) for every state, (S,).
x: word counts, (V,).  b: q(z_j = 1), (K,).  logits: log b / (1 - b), (K,).
"""

import numpy as np
from scipy.special import (
    entr,
    expit,
    gammaln,
    log_expit,
    log_softmax,
    logit,
    logsumexp,
    rel_entr,
    softmax,
)

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case
from helpers.latent_factors import factor_states

progress = progress_for(__name__)


# ---------------------------------------------------------------- 1 the likelihood of a document


def _likelihood(logits, x):
    return log_softmax(logits, axis=1) @ x


def _document_cases(rng):
    for n_states, n_words in ((2, 3), (4, 5), (4, 2), (8, 6), (2, 9)):
        logits = rng.normal(size=(n_states, n_words)) + rng.normal(size=(n_states, 1))
        x = rng.integers(0, 4, size=n_words).astype(float)
        x[rng.integers(n_words)] += 2
        yield case(logits, x)
    logits = rng.normal(size=(4, 3)) + rng.uniform(800, 900, size=(4, 1))
    label = "large logits (exp of 800 overflows)"
    yield case(logits, rng.integers(1, 4, size=3).astype(float), label=label)


def _not_above_zero(value, *_):
    top = float(np.max(value))
    return f"one of yours is {top:.3g}: a log probability is never above 0" if top > 1e-9 else ""


document_likelihood = Task(
    "document_likelihood",
    reference=_likelihood,
    cases=_document_cases,
    returns="log p(x | z), a number for each state",
    minutes=6,
    difficulty="warm-up",
    why="A document enters through its counts only: its words are independent once z is known.",
    invariants=[_not_above_zero],
    mistakes=[
        Mistake(
            "You left the softmax's normaliser out: logits are not log probabilities until "
            "log Z(z) is subtracted, once for every token.",
            lambda logits, x: logits @ x,
        ),
        Mistake(
            "You subtracted log Z(z) once, but every one of the N tokens brings a log Z(z).",
            lambda logits, x: logits @ x - logsumexp(logits, axis=1),
        ),
        Mistake(
            "You ignored the counts: a word that occurs three times contributes three times.",
            lambda logits, x: log_softmax(logits, axis=1) @ (x > 0),
        ),
        Mistake(
            "You normalised over the states (axis 0). Each state is a distribution over words, "
            "so each row must be normalised.",
            lambda logits, x: log_softmax(logits, axis=0) @ x,
        ),
        Mistake(
            "You averaged the probabilities of the words and took the log. Independent tokens "
            "multiply, so their logs are added.",
            lambda logits, x: np.log(softmax(logits, axis=1) @ x),
        ),
        Mistake(
            "The logarithm is missing: those are probabilities, weighted by the counts and added. "
            "Take the log of the softmax first; independent tokens multiply, so their logs are "
            "added.",
            lambda logits, x: softmax(logits, axis=1) @ x,
        ),
        Mistake(
            "The logarithm is missing: that is the mean probability of the document's tokens. "
            "Take the log of the softmax first, and add over all tokens.",
            lambda logits, x: softmax(logits, axis=1) @ x / x.sum(),
        ),
        Mistake(
            "You averaged the probabilities of the tokens and took the log. Independent tokens "
            "multiply, so their logs are added.",
            lambda logits, x: np.log(softmax(logits, axis=1) @ x / x.sum()),
        ),
        Mistake(
            "Those are log probabilities per word, divided by the number of tokens; the whole "
            "document is asked for.",
            lambda logits, x: log_softmax(logits, axis=1) @ x / x.sum(),
        ),
        Mistake(
            "You added the log probabilities of all words of the vocabulary, whether they occur "
            "or not: weight them by the counts.",
            lambda logits, x: log_softmax(logits, axis=1).sum(1),
        ),
        Mistake(
            "You counted the orders in which the words could have come (the multinomial "
            "coefficient): the document is one sequence of words, so it is left out.",
            lambda logits, x: _likelihood(logits, x) + gammaln(x.sum() + 1) - gammaln(x + 1).sum(),
        ),
        Mistake(
            "You subtracted each row's maximum, which only keeps exp in range; the normaliser is "
            "the log of the sum of the exponentials.",
            lambda logits, x: (logits - logits.max(1, keepdims=True)) @ x,
        ),
        Mistake(
            "Right on paper, but exp(800) overflows: subtract the row's maximum first, or use "
            "logsumexp.",
            lambda logits, x: (logits - np.log(np.exp(logits).sum(1, keepdims=True))) @ x,
        ),
        Mistake(
            "You took a sigmoid of each logit. The words of the vocabulary exclude each other: a "
            "row becomes one distribution, by the softmax.",
            lambda logits, x: log_expit(logits) @ x,
        ),
        Mistake(
            "You treated each word as a coin of its own (a sigmoid, and 1 - sigmoid for absence). "
            "Each token is one draw from all words, by the softmax of the row.",
            lambda logits, x: log_expit(logits) @ x + log_expit(-logits) @ (1 - x),
        ),
        Mistake(
            "You treated each word as a coin of its own (a sigmoid, and 1 - sigmoid for absence). "
            "Each token is one draw from all words, by the softmax of the row.",
            lambda logits, x: log_expit(logits) @ (x > 0) + log_expit(-logits) @ (x == 0),
        ),
        Mistake(
            "You multiplied the logits by the counts before the softmax: the counts are powers of "
            "the probabilities, so they multiply the log probabilities after it.",
            lambda logits, x: log_softmax(logits * x, axis=1).sum(axis=1),
        ),
        Mistake(
            "You multiplied the logits by the counts before the softmax: the counts are powers of "
            "the probabilities, so they multiply the log probabilities after it.",
            lambda logits, x: log_softmax(logits * x, axis=1) @ x,
        ),
        Mistake(
            "You divided the logits by their sum. Logits may be negative: the softmax "
            "exponentiates them first.",
            lambda logits, x: np.log(np.abs(logits / logits.sum(axis=1, keepdims=True))) @ x,
        ),
        Mistake(
            "You divided the logits by their sum. Logits may be negative: the softmax "
            "exponentiates them first.",
            lambda logits, x: (
                np.log(np.abs(logits) / np.abs(logits).sum(axis=1, keepdims=True)) @ x
            ),
        ),
        Mistake(
            "You normalised the whole table to one. Each row is a distribution of its own.",
            lambda logits, x: (logits - logsumexp(logits)) @ x,
        ),
        Mistake(
            "You took the logarithm of the counts: three occurrences count three times.",
            lambda logits, x: log_softmax(logits, axis=1) @ np.log1p(x),
        ),
        Mistake(
            "You multiplied the probabilities by the counts; a word that comes three times has its "
            "probability to the third power.",
            lambda logits, x: np.log(np.prod(softmax(logits, axis=1) * x, axis=1)),
        ),
    ],
    hints=Hints(
        nudge="What is the log probability of one token? Of N independent ones?",
        equation=r"$\log p(x \mid z) = \sum_v x_v \log \mathrm{softmax}(\mathrm{logits}(z))_v$",
        shape=(
            "log_words = logits - logsumexp(logits, axis=..., keepdims=True)\n"
            "return log_words @ ..."
        ),
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
        states = np.array(factor_states(n_factors))
        ell = rng.normal(scale=1.5, size=len(states)) - rng.uniform(2, 6)
        yield case(states, rng.uniform(0.1, 0.9, n_factors), ell)
    states = np.array(factor_states(3))
    ell = rng.normal(size=8) - rng.uniform(1500, 2500)
    label = "a long document (log p(x | z) around -2000)"
    yield case(states, rng.uniform(0.1, 0.9, 3), ell, label=label)


def _marginals_are_probabilities(result, *_):
    low, high = np.min(result[1]), np.max(result[1])
    if low < -1e-9 or high > 1 + 1e-9:
        return f"your marginals reach from {low:.3g} to {high:.3g}: probabilities lie in [0, 1]"
    return ""


def _with_joint(joint, states):
    return logsumexp(joint), softmax(joint) @ states


def _naive(states, prior, ell):
    joint = np.exp(_log_prior(states, prior)) * np.exp(ell)
    return np.log(joint.sum()), joint / joint.sum() @ states


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
    minutes=10,
    why="With K factors this is a sum over 2^K states: exact, and doubling with every factor.",
    invariants=[_marginals_are_probabilities],
    mistakes=[
        Mistake(
            "You forgot the prior p(z): you treat all states as equally probable beforehand.",
            lambda z, prior, ell: _with_joint(ell, z),
        ),
        Mistake(
            "You averaged the likelihood over all states, as if each had prior probability "
            "1 / 2^K: weight it by p(z).",
            lambda z, prior, ell: _with_joint(ell - np.log(len(ell)), z),
        ),
        Mistake(
            "Your prior counts only the factors that are on. A factor that is off has a "
            "probability too, 1 - prior.",
            lambda z, prior, ell: _with_joint(ell + z @ np.log(prior), z),
        ),
        Mistake(
            "You took log prior for every factor, on or off: a factor that is off has probability "
            "1 - prior.",
            lambda z, prior, ell: (
                logsumexp(ell + np.log(prior).sum()),
                softmax(ell) @ z,
            ),
        ),
        Mistake(
            "You added the prior's probability where its logarithm belongs.",
            lambda z, prior, ell: _with_joint(ell + np.exp(_log_prior(z, prior)), z),
        ),
        Mistake(
            "You have on and off exchanged in the prior: z = 1 has probability prior.",
            lambda z, prior, ell: _with_joint(_log_prior(z, 1 - prior) + ell, z),
        ),
        Mistake(
            "Right on paper, but exp(-2000) is 0 in the computer: stay in log space, with "
            "log-sum-exp.",
            _naive,
        ),
        Mistake(
            "You returned the most probable state instead of the marginals: average z over the "
            "posterior.",
            lambda z, prior, ell: (
                logsumexp(_log_prior(z, prior) + ell),
                z[np.argmax(_log_prior(z, prior) + ell)],
            ),
        ),
        Mistake(
            "You returned the posterior of every state; the marginals p(z_j = 1 | x), one for "
            "each factor, are asked for: sum over the states in which factor j is on.",
            lambda z, prior, ell: (
                logsumexp(_log_prior(z, prior) + ell),
                softmax(_log_prior(z, prior) + ell),
            ),
        ),
        Mistake(
            "Your first number is not the evidence but the largest log joint: all states count.",
            lambda z, prior, ell: (
                np.max(_log_prior(z, prior) + ell),
                _posterior(z, prior, ell)[1],
            ),
        ),
        Mistake(
            "You summed the log joint over the states. The evidence is the log of the sum, not "
            "the sum of the logs.",
            lambda z, prior, ell: (
                np.sum(_log_prior(z, prior) + ell),
                _posterior(z, prior, ell)[1],
            ),
        ),
        Mistake(
            "Your marginals are not divided by the evidence: those are p(x, z_j = 1).",
            lambda z, prior, ell: (
                _posterior(z, prior, ell)[0],
                np.exp(_log_prior(z, prior) + ell) @ z,
            ),
        ),
        Mistake(
            "Your marginals are those of the states off, p(z_j = 0 | x).",
            lambda z, prior, ell: (_posterior(z, prior, ell)[0], 1 - _posterior(z, prior, ell)[1]),
        ),
        Mistake(
            "Your first number is the expected log likelihood under the prior. The evidence is the "
            "log of the expected likelihood: the log comes last.",
            lambda states, prior, ell: (
                np.exp(_log_prior(states, prior)) @ ell,
                _posterior(states, prior, ell)[1],
            ),
        ),
        Mistake(
            "You added the factors' prior probabilities: independent factors multiply.",
            lambda states, prior, ell: _with_joint(
                np.log(np.where(states == 1, prior, 1 - prior).sum(axis=1)) + ell, states
            ),
        ),
        Mistake(
            "You returned the prior for the marginals: the document does not appear in them.",
            lambda states, prior, ell: (_posterior(states, prior, ell)[0], prior),
        ),
        Mistake(
            "You averaged the states without weights: weight them by their posterior.",
            lambda states, prior, ell: (_posterior(states, prior, ell)[0], states.mean(0)),
        ),
    ],
    hints=Hints(
        nudge="First log p(x, z) for every state; everything else is that table, summed.",
        equation=(
            r"$\log p(x) = \log \sum_z \exp(\log p(z) + \log p(x \mid z))$ and "
            r"$p(z_j = 1 \mid x) = \sum_z z_j\, p(z \mid x)$"
        ),
        shape=(
            "log_prior = (states * np.log(prior) + ...).sum(axis=1)\n"
            "log_joint = log_prior + log_likelihood\n"
            "log_evidence = logsumexp(...)\n"
            "return log_evidence, np.exp(...) @ states"
        ),
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


# ---------------------------------------------------------------- 4 one coordinate update


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
    minutes=10,
    why=(
        "Bayes' rule for one factor, with the average over what the others may be in place of "
        "what they are: prior log odds plus expected evidence."
    ),
    invariants=[_in_unit_interval],
    mistakes=[
        Mistake(
            "You forgot the factor's prior: its log odds are where the evidence is added.",
            lambda a, on, off, others: expit(others @ (on - off)),
        ),
        Mistake(
            "You added the prior probability itself; what is added is its log odds, "
            "log(prior / (1 - prior)).",
            lambda a, on, off, others: expit(a + others @ (on - off)),
        ),
        Mistake(
            "You added log prior, and forgot the log(1 - prior) of the factor being off.",
            lambda a, on, off, others: expit(np.log(a) + others @ (on - off)),
        ),
        Mistake(
            "On and off are exchanged: evidence for the factor must raise b_j.",
            lambda a, on, off, others: expit(logit(a) - others @ (on - off)),
        ),
        Mistake(
            "You averaged the probabilities over the other factors and took the log afterwards. "
            "Mean field averages the log likelihoods: the log is inside the expectation.",
            lambda a, on, off, others: expit(
                logit(a) + logsumexp(on, b=others) - logsumexp(off, b=others)
            ),
        ),
        Mistake(
            "You averaged over the other factors as if all their states were equally probable: "
            "weight them by their q.",
            lambda a, on, off, others: expit(logit(a) + np.mean(on - off)),
        ),
        Mistake(
            "You added over the other factors' states without weighting them by their q.",
            lambda a, on, off, others: expit(logit(a) + np.sum(on - off)),
        ),
        Mistake(
            "Those are the new log odds; b_j is their sigmoid.",
            lambda a, on, off, others: logit(a) + others @ (on - off),
        ),
        Mistake(
            "You left out what the words say when the factor is off: it is the difference that "
            "counts.",
            lambda a, on, off, others: expit(logit(a) + others @ on),
        ),
        Mistake(
            "You took the most probable state of the other factors only; average over all.",
            lambda a, on, off, others: expit(logit(a) + (on - off)[np.argmax(others)]),
        ),
        Mistake(
            "Right on paper, but exp of -2000 is 0 twice: use the difference of the two "
            "expectations, in log space.",
            lambda a, on, off, others: (
                a * np.exp(others @ on) / (a * np.exp(others @ on) + (1 - a) * np.exp(others @ off))
            ),
        ),
        Mistake(
            "You averaged the conditional probabilities p(z_j = 1 | x, others). Mean field "
            "averages the log odds, and takes the sigmoid at the end.",
            lambda prior_j, on, off, others: others @ expit(logit(prior_j) + on - off),
        ),
        Mistake(
            "You multiplied by the prior after the sigmoid. It belongs inside, as log odds that "
            "are added to the evidence.",
            lambda prior_j, on, off, others: prior_j * expit(others @ (on - off)),
        ),
        Mistake(
            "You decided whether the factor is on. Asked is its probability, with its doubts.",
            lambda prior_j, on, off, others: np.round(_update(prior_j, on, off, others)),
        ),
        Mistake(
            "You left out the state without the factor: b_j compares being on with being off.",
            lambda prior_j, on, off, others: expit(np.log(prior_j) + others @ on),
        ),
        Mistake(
            "You divided logarithms by their sum. Exponentiate before you normalise, as the "
            "sigmoid does.",
            lambda prior_j, on, off, others: (
                (np.log(prior_j) + others @ on)
                / (np.log(prior_j) + others @ on + np.log(1 - prior_j) + others @ off)
            ),
        ),
        Mistake(
            "You took tanh for the sigmoid: tanh reaches from -1 to 1.",
            lambda prior_j, on, off, others: np.tanh(logit(prior_j) + others @ (on - off)),
        ),
    ],
    hints=Hints(
        nudge="What would the log odds be if the other factors were known? Average that.",
        equation=(
            r"$\log \frac{b_j}{1 - b_j} = \log \frac{\alpha_j}{1 - \alpha_j} + "
            r"\mathbb{E}_{q_{-j}}[\log p(x \mid z_j = 1) - \log p(x \mid z_j = 0)]$"
        ),
        shape="log_odds = np.log(prior_j / ...) + others @ (...)\nreturn 1 / (1 + ...)",
    ),
)


# ---------------------------------------------------------------- 5 entropy from logits


def _entropy(logits):
    b = expit(logits)
    return -np.sum(b * log_expit(logits) + (1 - b) * log_expit(-logits))


def _logit_cases(rng):
    for size in (1, 2, 3, 5):
        yield case(rng.normal(scale=1.5, size=size) + 0.3)
    logits = np.append(rng.normal(size=2), rng.choice([-900.0, 900.0], size=2))
    yield case(logits, label="logits of 900 (q is certain; 0 log 0 = 0)")


def _entropy_bounds(value, logits):
    value, most = float(np.ravel(value)[0]), len(logits) * np.log(2)
    if value < -1e-9:
        return f"your entropy is {value:.3g}: that of a discrete variable is never negative"
    if value > most + 1e-9:
        return f"your entropy is {value:.3g}, above K log 2 = {most:.3g}, that of fair coins"
    return ""


def _entropy_naive(logits):
    b = 1 / (1 + np.exp(-logits))
    return -np.sum(b * np.log(b) + (1 - b) * np.log(1 - b))


def _entropy_spelt_out(logits):
    log_b = -np.logaddexp(0, -logits)
    log_not_b = -np.logaddexp(0, logits)
    return -np.sum(expit(logits) * log_b + expit(-logits) * log_not_b)


entropy = Task(
    "entropy",
    reference=_entropy,
    spelt_out=[_entropy_spelt_out],
    cases=_logit_cases,
    returns="H(q), one number in nats",
    points=2,
    minutes=10,
    why="Factors are independent under q, so their entropies add; an encoder delivers logits.",
    invariants=[_entropy_bounds],
    mistakes=[
        Mistake(
            "Each factor has two terms, - b log b and - (1 - b) log(1 - b); yours has only the "
            "first.",
            lambda g: -np.sum(expit(g) * log_expit(g)),
        ),
        Mistake(
            "Right for moderate logits. At 900, b is exactly 1 and log(1 - b) is -inf: 0 log 0 "
            "must give 0. Work with the logits, not with b.",
            _entropy_naive,
        ),
        Mistake(
            "That is the variance b (1 - b) of the factors, not their entropy.",
            lambda g: np.sum(expit(g) * expit(-g)),
        ),
        Mistake(
            "You took a softmax over the factors: they are K independent coins, not one K-sided "
            "die.",
            lambda g: -np.sum(softmax(g) * log_softmax(g)),
        ),
        Mistake(
            "You used the logits where the probabilities belong.",
            lambda g: -np.sum(g * log_expit(g) + (1 - g) * log_expit(-g)),
        ),
        Mistake(
            "You forgot to weight the logarithms by their probabilities.",
            lambda g: -np.sum(log_expit(g) + log_expit(-g)),
        ),
        Mistake(
            "Those are the entropies of the single factors; H(q) is their sum.",
            lambda g: -(expit(g) * log_expit(g) + expit(-g) * log_expit(-g)),
        ),
        Mistake(
            "You multiplied both logs by b; the second belongs to 1 - b.",
            lambda g: -np.sum(expit(g) * (log_expit(g) + log_expit(-g))),
        ),
        Mistake(
            "That is the KL to fair coins; the entropy is K log 2 minus it.",
            lambda g: len(g) * np.log(2) - _entropy(g),
        ),
        Mistake(
            "You took the logits for probabilities: b is their sigmoid.",
            lambda logits: np.sum(entr(np.clip(logits, 0, 1)) + entr(1 - np.clip(logits, 0, 1))),
        ),
        Mistake(
            "That is -log b, summed: the log probability of all factors being on. The entropy is "
            "an expectation: weight both outcomes by their probabilities.",
            lambda logits: -np.sum(log_expit(logits)),
        ),
        Mistake(
            "That is -log(1 - b), summed: the log probability of all factors being off. The "
            "entropy is an expectation: weight both outcomes by their probabilities.",
            lambda logits: -np.sum(log_expit(-logits)),
        ),
        Mistake(
            "You multiplied the factors' entropies: those of independent factors add up.",
            lambda logits: np.prod(entr(expit(logits)) + entr(expit(-logits))),
        ),
        Mistake(
            "That is the entropy of a normal distribution. The factors are coins, with "
            "probability b of being on.",
            lambda logits: np.sum(0.5 * np.log(2 * np.pi * np.e * (1 + logits**2))),
        ),
        Mistake(
            "You used the logit for the logarithm: log b is not log b - log(1 - b).",
            lambda logits: -np.sum(expit(logits) * logits),
        ),
    ],
    hints=Hints(
        nudge="Write log b and log(1 - b) as functions of the logit. When do they overflow?",
        equation=(
            r"$\mathbb{H} = -\sum_j b_j \log b_j + (1 - b_j) \log (1 - b_j)$, with "
            r"$\log b_j = -\log(1 + e^{-g_j})$"
        ),
        shape="log_b = -np.logaddexp(0, ...)\nlog_1_minus_b = -np.logaddexp(0, ...)\nreturn ...",
    ),
)


# ---------------------------------------------------------------- 6 a derivation


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
    minutes=8,
    why=(
        "Prior and entropy together are minus a KL that is a sum over factors: the only coupled "
        "term of the bound is the likelihood."
    ),
    mistakes=[
        Mistake(
            "That is the KL itself; the two terms together are minus it.",
            lambda b, prior: -_minus_kl(b, prior),
        ),
        Mistake(
            "Your KL runs the other way round, KL(p || q): the expectation is under q.",
            lambda b, prior: _minus_kl(prior, b),
        ),
        Mistake(
            "Only the factors being on are counted: add the terms of (1 - b) against (1 - prior).",
            lambda b, prior: -np.sum(rel_entr(b, prior)),
        ),
        Mistake(
            "The entropy is missing: that is E_q[log p(z)] alone.",
            lambda b, prior: np.sum(b * np.log(prior) + (1 - b) * np.log1p(-prior)),
        ),
        Mistake(
            "The prior is missing: that is the entropy of q alone.",
            lambda b, prior: -np.sum(rel_entr(b, 1) + rel_entr(1 - b, 1)),
        ),
        Mistake(
            "The entropy has the wrong sign: H(q) = - E_q[log q].",
            lambda b, prior: np.sum(
                b * np.log(prior) + (1 - b) * np.log1p(-prior) + rel_entr(b, 1) + rel_entr(1 - b, 1)
            ),
        ),
        Mistake(
            "With b = 0 yours is not a number: 0 log 0 must count as 0.",
            lambda b, prior: (
                -np.sum(b * np.log(b / prior) + (1 - b) * np.log((1 - b) / (1 - prior)))
            ),
        ),
        Mistake(
            "You left the weights b and 1 - b out: an expectation weights the logarithms.",
            lambda b, prior: np.sum(np.log(prior / b) + np.log((1 - prior) / (1 - b))),
        ),
        Mistake(
            "The entropy is that of the prior. H(q) is that of the coins b.",
            lambda b, prior: (
                np.sum(b * np.log(prior) + (1 - b) * np.log(1 - prior))
                + np.sum(entr(prior) + entr(1 - prior))
            ),
        ),
        Mistake(
            "You averaged the prior before its logarithm: it is log p(z) that is averaged under q.",
            lambda b, prior: (
                np.sum(np.log(b * prior + (1 - b) * (1 - prior))) + np.sum(entr(b) + entr(1 - b))
            ),
        ),
        Mistake(
            "A factor that is off has prior probability 1 - prior, not prior.",
            lambda b, prior: -np.sum(rel_entr(b, prior) + rel_entr(1 - b, prior)),
        ),
        Mistake(
            "You multiplied over the factors: the probabilities multiply, so these logs add up.",
            lambda b, prior: -np.prod(rel_entr(b, prior) + rel_entr(1 - b, 1 - prior)),
        ),
        Mistake(
            "You averaged over the factors: they are independent, so their terms add up.",
            lambda b, prior: _minus_kl(b, prior) / len(b),
        ),
        Mistake(
            "You squared the differences of the probabilities; the line holds logarithms, weighted "
            "by b and 1 - b.",
            lambda b, prior: -np.sum((b - prior) ** 2),
        ),
        Mistake(
            "E[log p(z)] is under q: weight the logs of the prior by b, not by the prior itself.",
            lambda b, prior: np.sum(entr(b) + entr(1 - b)) - np.sum(entr(prior) + entr(1 - prior)),
        ),
        Mistake(
            "You used the prior's log odds: the log of a factor's prior is log prior if it is on, "
            "and log(1 - prior) if it is off.",
            lambda b, prior: np.sum(b * logit(prior)) + np.sum(entr(b) + entr(1 - b)),
        ),
    ],
    hints=Hints(
        nudge="Both are expectations under q. Put them under one sum: log p(z) - log q(z).",
        equation=r"$-\sum_j \mathrm{KL}(b_j \,\|\, \alpha_j)$, a KL between two coins each",
        shape="return -np.sum(rel_entr(b, ...) + rel_entr(..., ...))",
    ),
)


# ---------------------------------------------------------------- 7 stretch: a whole sweep


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


def _sweep_with(evidence=_logits_of_factor, prior_of=None, finish=expit, sweeps=1):
    """A sweep with another evidence for a factor, prior odds, last step, or number of sweeps."""

    def wrong(table, b, prior):
        b = np.array(b, dtype=float)
        for j in list(range(len(b))) * sweeps:
            odds = logit(prior[j]) if prior_of is None else prior_of(b, prior, j)
            b[j] = finish(odds + evidence(table, b, j))
        return b

    return wrong


def _at_probable_others(table, b, j):
    return _logits_of_factor(table, np.round(b), j)


def _others_inside_out(table, b, j):
    return _logits_of_factor(table, 1 - b, j)


def _logits_of_sweep(table, b, prior):
    new = np.array(b, dtype=float)
    logits = np.zeros(len(b))
    for j in range(len(b)):
        logits[j] = logit(prior[j]) + _logits_of_factor(table, new, j)
        new[j] = expit(logits[j])
    return logits


def _half_way(table, b, prior):
    new = np.array(b, dtype=float)
    for j in range(len(b)):
        new[j] = (new[j] + expit(logit(prior[j]) + _logits_of_factor(table, new, j))) / 2
    return new


def _exact_marginals(table, b, prior):
    states = factor_states(len(b))
    at_states = table[tuple(states.astype(int).T)]
    return _posterior(states, prior, at_states)[1]


def _only_last(table, b, prior):
    new = np.array(b, dtype=float)
    new[-1] = _sweep(table, b, prior, old=True)[-1]
    return new


sweep = Task(
    "sweep",
    reference=lambda table, b, prior: _sweep(table, b, prior),
    spelt_out=[_sweep_spelt_out],
    cases=_sweep_cases,
    returns="the new b, (K,)",
    points=3,
    minutes=20,
    difficulty="stretch",
    why="Each update uses the newest values of the others: that is why the bound cannot fall.",
    mistakes=[
        Mistake(
            "You updated all factors from the old b at once. Then two factors can both claim the "
            "same words, and the bound may fall: use the new values as soon as they are there.",
            lambda table, b, prior: _sweep(table, b, prior, old=True),
        ),
        Mistake(
            "You went through the factors from the last to the first; the task says first to last.",
            lambda table, b, prior: _sweep(table, b, prior, order=range(len(b))[::-1]),
        ),
        Mistake(
            "You forgot the prior's log odds.",
            lambda table, b, prior: _sweep(table, b, np.full(len(b), 0.5)),
        ),
        Mistake(
            "You updated only the first factor: a sweep updates each one once.",
            lambda table, b, prior: _sweep(table, b, prior, order=[0]),
        ),
        Mistake(
            "You left out the last factor.",
            lambda table, b, prior: _sweep(table, b, prior, order=range(len(b) - 1)),
        ),
        Mistake(
            "You swept twice; one sweep is asked for.",
            lambda table, b, prior: _sweep(table, b, prior, order=[*range(len(b))] * 2),
        ),
        Mistake(
            "Axis j of the table belongs to factor j; yours are in the opposite order.",
            lambda table, b, prior: _sweep(np.transpose(table), b, prior),
        ),
        Mistake(
            "On and off are exchanged: evidence for a factor must raise its b.",
            lambda table, b, prior: _sweep(-table, b, prior),
        ),
        Mistake(
            "You averaged the other factors out with weight one half each, whatever their b.",
            lambda table, b, prior: np.array(
                [
                    expit(logit(a) + _logits_of_factor(table, np.full(len(b), 0.5), j))
                    for j, a in enumerate(prior)
                ]
            ),
        ),
        Mistake(
            "You averaged the probabilities over the other factors; mean field averages the logs.",
            lambda table, b, prior: _sweep_of_probabilities(table, b, prior),
        ),
        Mistake(
            "You took the old b for the prior: the log odds that are added are those of prior, "
            "whatever b was. (The old b speaks only through the other factors.)",
            _sweep_with(prior_of=lambda b, prior, j: logit(b[j])),
        ),
        Mistake(
            "You multiplied with the old b on top of the prior: the new b_j does not depend on the "
            "old b_j.",
            _sweep_with(prior_of=lambda b, prior, j: logit(prior[j]) + logit(b[j])),
        ),
        Mistake(
            "You added log prior, and forgot the log(1 - prior) of the factor being off.",
            _sweep_with(prior_of=lambda b, prior, j: np.log(prior[j])),
        ),
        Mistake(
            "You updated only the last factor: a sweep updates each one once. (Is the old b "
            "restored in each turn?)",
            _only_last,
        ),
        Mistake(
            "You went on until nothing changes; a single sweep is asked for.",
            _sweep_with(sweeps=200),
        ),
        Mistake(
            "Those are the exact marginals p(z_j = 1 | x). A sweep is one step towards the best "
            "factorised q, which starts from b.",
            _exact_marginals,
        ),
        Mistake(
            "You have on and off of the other factors exchanged: index 1 of an axis has "
            "probability b, index 0 has 1 - b.",
            _sweep_with(evidence=_others_inside_out),
        ),
        Mistake(
            "You took the most probable state of the other factors; average over all of them.",
            _sweep_with(evidence=_at_probable_others),
        ),
        Mistake(
            "Those are the new log odds; b_j is their sigmoid.",
            _logits_of_sweep,
        ),
        Mistake(
            "You rounded each factor to 0 or 1: its probability is asked for, and the next factor "
            "needs it, too.",
            _sweep_with(finish=lambda logits: float(logits > 0)),
        ),
        Mistake(
            "You added over the other factors' states without weighting them by their q.",
            _sweep_with(
                evidence=lambda table, b, j: np.diff(
                    np.moveaxis(table, j, 0).reshape(2, -1).sum(axis=1)
                )[0]
            ),
        ),
        Mistake(
            "You went only a part of the way from the old b to the best one. The best b_j for the "
            "present others is the new one.",
            _half_way,
        ),
        Mistake(
            "You added the prior probability itself; what is added is its log odds, "
            "log(prior / (1 - prior)).",
            _sweep_with(prior_of=lambda b, prior, j: prior[j]),
        ),
    ],
    hints=Hints(
        nudge="Move axis j to the front, then average the remaining axes away, one after another.",
        equation=(
            r"$\mathrm{logit}\, b_j = \mathrm{logit}\, \alpha_j + \sum_{z_{-j}} q(z_{-j}) "
            r"[\log p(x \mid 1, z_{-j}) - \log p(x \mid 0, z_{-j})]$"
        ),
        shape=(
            "b = b.copy()\n"
            "for j in range(len(b)):\n"
            "    t = np.moveaxis(table, j, 0)\n"
            "    for p in np.delete(b, j):\n"
            "        t = ...              # axis 1 averaged away\n"
            "    b[j] = ...\n"
            "return b"
        ),
    ),
)


def _sweep_of_probabilities(table, b, prior):
    new = np.array(b, dtype=float)
    for j in range(len(b)):
        moved = np.moveaxis(np.exp(table), j, 0)
        for probability in np.delete(new, j):
            moved = (1 - probability) * moved[:, 0] + probability * moved[:, 1]
        new[j] = expit(logit(prior[j]) + np.log(moved[1] / moved[0]))
    return new
