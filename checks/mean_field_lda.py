"""The exercises of notebook 04b, Mean field for latent Dirichlet allocation.

One document with N tokens, K topics, V words.  alpha, gamma: concentrations of prior and q, (K,).
topics: p(word | topic), (K, V).  words: the tokens as word numbers, (N,).  phi: q(z_i = k), (N, K).
counts: how often each word occurs, (V,) of a document or (D, V).
"""

import numpy as np
from scipy.special import digamma, gammaln, logsumexp, polygamma, softmax, xlogy

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case
from helpers.densities import Dirichlet

progress = progress_for(__name__)


# ---------------------------------------------------------------- random documents

SIZES = ((2, 3, 2), (3, 4, 2), (2, 5, 4), (3, 2, 5), (4, 6, 3))


def _documents(rng):
    """(alpha, topics, words, gamma, phi) of small documents, nothing square or symmetric."""
    for K, V, N in SIZES:
        yield (
            rng.uniform(0.3, 2.0, K),
            rng.dirichlet(np.full(V, 1.5), K),
            rng.integers(V, size=N),
            rng.uniform(0.4, 6.0, K),
            rng.dirichlet(np.full(K, 1.5), N),
        )


def _normalised(table, axis=1):
    return table / table.sum(axis=axis, keepdims=True)


# ---------------------------------------------------------------- 1 E[log theta]


def _log_theta(gamma):
    return digamma(gamma) - digamma(gamma.sum())


def _gammas(rng):
    for K in (2, 3, 4, 6):
        yield case(rng.uniform(0.3, 8.0, K))
    yield case(rng.uniform(0.01, 0.1, 3), label="concentrations far below one")


def _negative(result, *_):
    top = np.max(result)
    return "" if top < 0 else f"you have {top:.4g}: theta is below one, so log theta is negative"


def _expected_log_theta_spelt_out(gamma):
    return digamma(gamma) - digamma(gamma.sum())


def _log_mode(gamma):
    with np.errstate(all="ignore"):
        return np.log((gamma - 1) / (gamma.sum() - len(gamma)))


expected_log_theta = Task(
    "expected_log_theta",
    reference=_log_theta,
    spelt_out=[_expected_log_theta_spelt_out],
    cases=_gammas,
    returns="E_q[log theta_k], a number for each topic",
    points=1,
    minutes=4,
    difficulty="warm-up",
    why="By Jensen it is below log E[theta], and far below it for topics with few tokens.",
    invariants=[_negative],
    mistakes=[
        Mistake(
            "That is log E[theta], the logarithm of the mean. The mean of the logarithm is "
            "smaller (Jensen), and for a Dirichlet it needs the digamma.",
            lambda gamma: np.log(gamma / gamma.sum()),
        ),
        Mistake(
            "The normaliser is missing: the digamma of the sum of all gamma must be subtracted.",
            digamma,
        ),
        Mistake(
            "You subtracted the sum of the digammas; it is the digamma of the sum.",
            lambda gamma: digamma(gamma) - digamma(gamma).sum(),
        ),
        Mistake(
            "You took the digamma of the mean of theta; the digamma wants the concentrations.",
            lambda gamma: digamma(gamma / gamma.sum()),
        ),
        Mistake(
            "You used log Gamma itself; the expectation is its derivative, the digamma.",
            lambda gamma: gammaln(gamma) - gammaln(gamma.sum()),
        ),
        Mistake(
            "You used the trigamma, the second derivative: that is a variance, not a mean.",
            lambda gamma: polygamma(1, gamma) - polygamma(1, gamma.sum()),
        ),
        Mistake(
            "You subtracted the logarithm of the sum; there, too, the digamma is needed.",
            lambda gamma: digamma(gamma) - np.log(gamma.sum()),
        ),
        Mistake(
            "You took the logarithm of gamma_k and the digamma of the sum only: both are digammas.",
            lambda gamma: np.log(gamma) - digamma(gamma.sum()),
        ),
        Mistake(
            "That is E[theta]. Asked is the expectation of its logarithm.",
            lambda gamma: gamma / gamma.sum(),
        ),
        Mistake(
            "You divided the digammas; a fraction of Gamma functions has a difference of logs.",
            lambda gamma: digamma(gamma) / digamma(gamma.sum()),
        ),
        Mistake(
            "That is the logarithm of the mode, the most probable theta. The expectation of a "
            "logarithm needs the digamma.",
            _log_mode,
        ),
        Mistake(
            "You added one to the concentrations: that is the expectation after one more token of "
            "the topic.",
            lambda gamma: digamma(gamma + 1) - digamma(gamma.sum() + 1),
        ),
        Mistake(
            "You added one to the concentrations: the digamma takes them as they are.",
            lambda gamma: digamma(gamma + 1) - digamma(gamma.sum() + len(gamma)),
        ),
        Mistake(
            "You subtracted the digamma of the number of topics; it is the digamma of the sum of "
            "gamma.",
            lambda gamma: digamma(gamma) - digamma(len(gamma)),
        ),
        Mistake(
            "That is the log of a softmax: gamma is no logarithm. E[log theta] needs digammas.",
            lambda gamma: gamma - logsumexp(gamma),
        ),
        Mistake(
            "You subtracted one from the concentrations: the digamma takes them as they are.",
            lambda gamma: digamma(gamma - 1) - digamma(gamma.sum() - 1),
        ),
        Mistake(
            "You added the topics up: keep one number for each topic.",
            lambda gamma: digamma(gamma).sum() - digamma(gamma.sum()),
        ),
    ],
    hints=Hints(
        nudge="It is the derivative of log Gamma(gamma_k) - log Gamma(sum of gamma).",
        equation=r"$\mathbb{E}_q[\log \theta_k] = \psi(\gamma_k) - \psi\big(\sum_j \gamma_j\big)$",
        shape="return digamma(gamma) - digamma(...)",
    ),
)


# ---------------------------------------------------------------- 2 the update of phi


def _phi(gamma, topics, words):
    return _normalised(topics[:, words].T * np.exp(_log_theta(gamma)))


def _phi_cases(rng):
    for _, topics, words, gamma, _ in _documents(rng):
        yield case(gamma, topics, words)


def _rows_sum_to_one(result, *_):
    sums = np.sum(np.atleast_2d(result), axis=-1)
    worst = sums.flat[np.argmax(np.abs(sums - 1))]
    return "" if np.isclose(worst, 1) else f"one of your rows sums to {worst:.4g}, not to 1"


def _update_phi_spelt_out(gamma, topics, words):
    phi = topics[:, words].T * np.exp(digamma(gamma) - digamma(gamma.sum()))
    return phi / phi.sum(axis=1, keepdims=True)


update_phi = Task(
    "update_phi",
    reference=_phi,
    spelt_out=[_update_phi_spelt_out],
    cases=_phi_cases,
    returns="a row for each token, a column for each topic",
    points=2,
    minutes=8,
    why="Bayes' rule for a token, with exp E[log theta] in the place of the unknown theta.",
    invariants=[_rows_sum_to_one],
    mistakes=[
        Mistake(
            "You used E[theta] = gamma / sum(gamma): log where the digamma belongs. The update "
            "needs exp E[log theta], which punishes topics with few tokens harder.",
            lambda gamma, topics, words: _normalised(topics[:, words].T * gamma),
        ),
        Mistake(
            "You normalised over the tokens: each token's phi must sum to one over the topics.",
            lambda gamma, topics, words: _normalised(
                topics[:, words].T * np.exp(_log_theta(gamma)), axis=0
            ),
        ),
        Mistake(
            "You did not normalise: each token's phi is a distribution over topics.",
            lambda gamma, topics, words: topics[:, words].T * np.exp(_log_theta(gamma)),
        ),
        Mistake(
            "The word is missing: beta, the topic's probability of this word, is half of the "
            "update.",
            lambda gamma, topics, words: _normalised(
                np.tile(np.exp(_log_theta(gamma)), (len(words), 1))
            ),
        ),
        Mistake(
            "gamma is missing: the document's other tokens speak through E[log theta].",
            lambda gamma, topics, words: _normalised(topics[:, words].T),
        ),
        Mistake(
            "The exponential is missing: beta is multiplied by exp E[log theta], not by its "
            "exponent.",
            lambda gamma, topics, words: _normalised(topics[:, words].T * _log_theta(gamma)),
        ),
        Mistake(
            "You added beta and exp E[log theta]: the factors of a posterior multiply.",
            lambda gamma, topics, words: _normalised(
                topics[:, words].T + np.exp(_log_theta(gamma))
            ),
        ),
        Mistake(
            "You added beta to E[log theta] before the exponential: there its logarithm belongs.",
            lambda gamma, topics, words: _normalised(
                np.exp(topics[:, words].T + _log_theta(gamma))
            ),
        ),
        Mistake(
            "Those are log phi: exponentiate and normalise.",
            lambda gamma, topics, words: np.log(topics[:, words].T) + _log_theta(gamma),
        ),
        Mistake(
            "You used exp(gamma). E[log theta] is a difference of digammas of gamma.",
            lambda gamma, topics, words: _normalised(topics[:, words].T * np.exp(gamma)),
        ),
        Mistake(
            "You put in a one for the most probable topic: that is hard assignment. q(z) keeps "
            "its doubts.",
            lambda gamma, topics, words: np.eye(len(gamma))[_phi(gamma, topics, words).argmax(1)],
        ),
        Mistake(
            "Each row of beta was normalised over this document's words first: beta stays as it "
            "is, p(word | topic) over the whole vocabulary.",
            lambda gamma, topics, words: _normalised(
                _normalised(topics[:, words], axis=1).T * np.exp(_log_theta(gamma))
            ),
        ),
        Mistake(
            "You multiplied by the word's number. `words` says which column of topics to take; it "
            "is not a count.",
            lambda gamma, topics, words: _normalised(words[:, None] * _phi(gamma, topics, words)),
        ),
        Mistake(
            "You took column i for token i. The column is the token's word, words[i].",
            lambda gamma, topics, words: _phi(
                gamma, topics, np.arange(len(words)) % topics.shape[1]
            ),
        ),
        Mistake(
            "You put E[theta] into the exponential: there E[log theta] belongs, with the digamma.",
            lambda gamma, topics, words: _normalised(
                topics[:, words].T * np.exp(gamma / gamma.sum())
            ),
        ),
        Mistake(
            "You used log Gamma itself; the expectation is its derivative, the digamma.",
            lambda gamma, topics, words: _normalised(topics[:, words].T * np.exp(gammaln(gamma))),
        ),
        Mistake(
            "All tokens got the same phi, the average: each has its own, by its word.",
            lambda gamma, topics, words: np.tile(
                _phi(gamma, topics, words).mean(axis=0), (len(words), 1)
            ),
        ),
    ],
    hints=Hints(
        nudge="Prior times likelihood for each token. What stands in for log theta?",
        equation=r"$\phi_{ik} \propto \beta_{k, w_i} \exp \mathbb{E}_q[\log \theta_k]$",
        shape=(
            "phi = topics[:, words].T * np.exp(...)      # (N, K)\n"
            "return phi / phi.sum(axis=..., keepdims=True)"
        ),
    ),
)


# ---------------------------------------------------------------- 3 the update of gamma


def _gamma(alpha, phi, counts):
    return alpha + counts @ phi


def _gamma_cases(rng):
    for K, V in ((2, 3), (3, 2), (3, 5), (4, 3), (2, 6)):
        counts = rng.integers(1, 7, V).astype(float)
        yield case(rng.uniform(0.3, 2.0, K), rng.dirichlet(np.full(K, 1.5), V), counts)
    alpha, phi = rng.uniform(0.3, 2.0, 3), rng.dirichlet(np.ones(3), 4)
    yield case(alpha, phi, np.array([0.0, 3, 1, 0]), label="words that do not occur")


def _tokens_and_prior(result, alpha, phi, counts):
    total, expected = np.sum(result), alpha.sum() + counts.sum()
    if np.size(result) != len(alpha) or np.isclose(total, expected):
        return ""
    return (
        f"your gamma sums to {total:.4g}, but every token is of some topic: it must sum to "
        f"sum(alpha) + N = {expected:.4g}"
    )


def _update_gamma_spelt_out(alpha, phi, counts):
    return alpha + counts @ phi


update_gamma = Task(
    "update_gamma",
    reference=_gamma,
    spelt_out=[_update_gamma_spelt_out],
    cases=_gamma_cases,
    returns="a number for each topic",
    points=1,
    minutes=5,
    why="Expected counts plus the prior's: conjugacy survives the approximation.",
    invariants=[_tokens_and_prior],
    mistakes=[
        Mistake(
            "alpha is missing: the prior counts like tokens seen beforehand.",
            lambda alpha, phi, counts: counts @ phi,
        ),
        Mistake(
            "You counted types, not tokens: a word that occurs three times counts three times.",
            lambda alpha, phi, counts: alpha + phi.sum(axis=0),
        ),
        Mistake(
            "You counted each word that occurs once: three occurrences are three tokens.",
            lambda alpha, phi, counts: alpha + (counts > 0) @ phi,
        ),
        Mistake(
            "You added alpha once for each word; it is added once for the document.",
            lambda alpha, phi, counts: np.sum(alpha + counts[:, None] * phi, axis=0),
        ),
        Mistake(
            "You normalised: gamma holds concentrations, and their sum says how much is known.",
            lambda alpha, phi, counts: (
                _gamma(alpha, phi, counts) / _gamma(alpha, phi, counts).sum()
            ),
        ),
        Mistake(
            "You averaged over the tokens; the expected counts are a sum.",
            lambda alpha, phi, counts: alpha + counts @ phi / counts.sum(),
        ),
        Mistake(
            "You summed over the wrong axis: gamma has an entry for each topic, not for each word.",
            lambda alpha, phi, counts: counts * phi.sum(axis=1),
        ),
        Mistake(
            "You multiplied alpha by the expected counts: exponents of theta add.",
            lambda alpha, phi, counts: alpha * (counts @ phi),
        ),
        Mistake(
            "Those are the exponents of theta; a Dirichlet's concentrations are one more.",
            lambda alpha, phi, counts: alpha - 1 + counts @ phi,
        ),
        Mistake(
            "You gave each token to its most probable topic: expected counts are fractions.",
            lambda alpha, phi, counts: alpha + counts @ np.eye(len(alpha))[phi.argmax(axis=1)],
        ),
        Mistake(
            "You squared the counts: weight each word's phi by its count once.",
            lambda alpha, phi, counts: alpha + counts**2 @ phi,
        ),
        Mistake(
            "You added the sum of alpha to every topic: each topic has its own alpha_k.",
            lambda alpha, phi, counts: alpha.sum() + counts @ phi,
        ),
        Mistake(
            "You took the logarithm of the counts: three tokens count three times, not log 3.",
            lambda alpha, phi, counts: alpha + np.log1p(counts) @ phi,
        ),
        Mistake(
            "You weighted phi by alpha. The prior speaks once, as the alpha that is added; phi is "
            "given.",
            lambda alpha, phi, counts: alpha + counts @ _normalised(phi * alpha),
        ),
        Mistake(
            "You weighted phi by alpha. The prior speaks once, as the alpha that is added; phi is "
            "given.",
            lambda alpha, phi, counts: alpha + counts @ (phi * alpha),
        ),
        Mistake(
            "You did not sum over the words: the expected count of a topic is a sum over all.",
            lambda alpha, phi, counts: alpha + counts[:, None] * phi,
        ),
        Mistake(
            "You added alpha once for each token; it is added once for the document.",
            lambda alpha, phi, counts: counts.sum() * alpha + counts @ phi,
        ),
    ],
    hints=Hints(
        nudge="How many tokens of each topic does q expect? What did the prior count beforehand?",
        equation=r"$\gamma_k = \alpha_k + \sum_w c_w\, \phi_{wk}$",
        shape="return alpha + ...",
    ),
)


# ---------------------------------------------------------------- 4 a prediction

no_digamma = Prediction(
    "no_digamma",
    question=(
        "Somebody replaces exp E[log theta_k] in the update of phi by E[theta_k], the logarithm "
        "in place of the digamma, and iterates until nothing changes. Compared with the right "
        "updates: does the document end up with its tokens in more topics, in fewer, or in as many?"
    ),
    choices={
        "more": (
            "The digamma charges every topic about half a token, which a topic with few tokens "
            "cannot pay. Without the charge small topics survive."
        ),
        "fewer": (
            "It is the digamma that starves small topics: exp(digamma(0.5)) is 0.14, less than a "
            "third of 0.5. Without it they are weighed at their full gamma."
        ),
        "as many": (
            "For topics with many tokens the two hardly differ, but for small ones they do: "
            "compare exp(digamma(0.5)) = 0.14 with 0.5."
        ),
    },
    right="more",
    hints=Hints(
        nudge="Compare exp(digamma(g)) with g for g = 0.5 and for g = 50. Who suffers?",
        equation=r"$e^{\psi(\gamma)} \approx \gamma - \frac12$ for $\gamma$ above one",
        shape="np.exp(digamma(0.5)), np.exp(digamma(50.0))",
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 5 a token's expectation


def _token_expectation(gamma, phi, topics, words):
    return np.sum(phi * (_log_theta(gamma) + np.log(topics[:, words].T)), axis=1)


def _token_cases(rng):
    for _, topics, words, gamma, phi in _documents(rng):
        yield case(gamma, phi, topics, words)


def _token_expectation_spelt_out(gamma, phi, topics, words):
    log_theta = digamma(gamma) - digamma(gamma.sum())
    return np.sum(phi * (log_theta + np.log(topics[:, words].T)), axis=1)


token_expectation = Task(
    "token_expectation",
    reference=_token_expectation,
    spelt_out=[_token_expectation_spelt_out],
    cases=_token_cases,
    returns="a number for each token",
    points=2,
    minutes=8,
    why="Two expectations, and each needs one factor of q only: that is what independence buys.",
    invariants=[_negative],
    mistakes=[
        Mistake(
            "That is the logarithm of an expectation, log sum phi beta: the expectation of the "
            "logarithm has the logarithm inside the sum.",
            lambda gamma, phi, topics, words: np.log(np.sum(phi * topics[:, words].T, axis=1)),
        ),
        Mistake(
            "E[log theta] is missing: the token's topic was drawn, too.",
            lambda gamma, phi, topics, words: np.sum(phi * np.log(topics[:, words].T), axis=1),
        ),
        Mistake(
            "log beta is missing: the word itself was drawn, too.",
            lambda gamma, phi, topics, words: phi @ _log_theta(gamma),
        ),
        Mistake(
            "You used log E[theta] where E[log theta] belongs: the digamma, not the logarithm.",
            lambda gamma, phi, topics, words: np.sum(
                phi * (np.log(gamma / gamma.sum()) + np.log(topics[:, words].T)), axis=1
            ),
        ),
        Mistake(
            "phi is missing: you summed over topics as if each had probability one.",
            lambda gamma, phi, topics, words: np.sum(
                _log_theta(gamma) + np.log(topics[:, words].T), axis=1
            ),
        ),
        Mistake(
            "You included the entropy of q(z): part of the ELBO, but not of this expectation.",
            lambda gamma, phi, topics, words: (
                _token_expectation(gamma, phi, topics, words) - np.sum(phi * np.log(phi), axis=1)
            ),
        ),
        Mistake(
            "You subtracted the entropy of q(z): this expectation has none at all.",
            lambda gamma, phi, topics, words: (
                _token_expectation(gamma, phi, topics, words) + np.sum(phi * np.log(phi), axis=1)
            ),
        ),
        Mistake(
            "You summed over the tokens and kept the topics: it is the other way round.",
            lambda gamma, phi, topics, words: np.sum(
                phi * (_log_theta(gamma) + np.log(topics[:, words].T)), axis=0
            ),
        ),
        Mistake(
            "You added up all tokens: one number for each token is asked for.",
            lambda gamma, phi, topics, words: _token_expectation(gamma, phi, topics, words).sum(),
        ),
        Mistake(
            "beta came in without its logarithm.",
            lambda gamma, phi, topics, words: np.sum(
                phi * (_log_theta(gamma) + topics[:, words].T), axis=1
            ),
        ),
        Mistake(
            "You took the most probable topic only: the expectation weighs all of them.",
            lambda gamma, phi, topics, words: (_log_theta(gamma) + np.log(topics[:, words].T))[
                np.arange(len(words)), phi.argmax(axis=1)
            ],
        ),
        Mistake(
            "You averaged beta before the logarithm: it is log beta that is averaged under phi.",
            lambda gamma, phi, topics, words: (
                phi @ _log_theta(gamma) + np.log((phi * topics[:, words].T).sum(axis=1))
            ),
        ),
        Mistake(
            "The digamma of the sum of gamma is missing in E[log theta].",
            lambda gamma, phi, topics, words: (
                phi @ digamma(gamma) + (phi * np.log(topics[:, words].T)).sum(axis=1)
            ),
        ),
        Mistake(
            "You averaged the token's probability, beta times theta, and took the log at the end: "
            "the log is inside the expectation.",
            lambda gamma, phi, topics, words: np.log(
                (gamma / gamma.sum() * topics[:, words].T).sum(axis=1)
            ),
        ),
        Mistake(
            "That is the logarithm of an expectation, log E[theta beta]: by Jensen it is larger "
            "than the expectation of the logarithm. Take log theta and log beta, then average.",
            lambda gamma, phi, topics, words: np.log(
                (phi * gamma / gamma.sum() * topics[:, words].T).sum(axis=1)
            ),
        ),
        Mistake(
            "That is the logarithm of an expectation, log sum phi exp(E[log theta]) beta: by "
            "Jensen it is larger than the expectation of the logarithm. Average the logarithms.",
            lambda gamma, phi, topics, words: np.log(
                (phi * np.exp(_log_theta(gamma)) * topics[:, words].T).sum(axis=1)
            ),
        ),
        Mistake(
            "You put in the best phi. Here phi is given, and need not be at its optimum.",
            lambda gamma, phi, topics, words: _token_expectation(
                gamma, _phi(gamma, topics, words), topics, words
            ),
        ),
        Mistake(
            "You multiplied the two logarithms: log theta and log beta are added.",
            lambda gamma, phi, topics, words: (
                phi * _log_theta(gamma) * np.log(topics[:, words].T)
            ).sum(axis=1),
        ),
        Mistake(
            "E[log theta] is not weighted by phi: you summed it over all topics.",
            lambda gamma, phi, topics, words: (
                _log_theta(gamma).sum() + (phi * np.log(topics[:, words].T)).sum(axis=1)
            ),
        ),
        Mistake(
            "You took log gamma for E[log theta]: it is a difference of digammas, of gamma_k and "
            "of the sum.",
            lambda gamma, phi, topics, words: (
                phi * (np.log(gamma) + np.log(topics[:, words].T))
            ).sum(axis=1),
        ),
    ],
    hints=Hints(
        nudge="What is drawn for a token? Take the logarithms, and average each over q.",
        equation=r"$\sum_k \phi_{ik} \big(\mathbb{E}_q[\log \theta_k] + \log \beta_{k, w_i}\big)$",
        shape="scores = expected_log_theta(gamma) + np.log(topics[:, words].T)\nreturn np.sum(...)",
    ),
)


# ---------------------------------------------------------------- 6 a derivation: phi put in


def _token_at_optimum(log_theta, beta):
    return float(np.log(np.sum(beta * np.exp(log_theta))))


def _optimum_cases(rng):
    for K in (2, 3, 4, 6, 3):
        yield case(_log_theta(rng.uniform(0.4, 6.0, K)), rng.uniform(0.01, 0.9, K))


def _phi_of(log_theta, beta):
    return beta * np.exp(log_theta) / np.sum(beta * np.exp(log_theta))


def _token_at_optimum_spelt_out(log_theta, beta):
    return np.log(np.sum(beta * np.exp(log_theta)))


token_at_optimum = Derivation(
    "token_at_optimum",
    above=(
        r"\sum_k \phi_k \big( \mathbb{E}_q[\log \theta_k] + \log \beta_k - \log \phi_k \big)"
        r" \quad\text{with}\quad \phi_k \propto \beta_k \exp \mathbb{E}_q[\log \theta_k]"
    ),
    reference=_token_at_optimum,
    spelt_out=[_token_at_optimum_spelt_out],
    cases=_optimum_cases,
    returns="the token's share of the ELBO, without phi in it",
    points=2,
    minutes=8,
    why="At its optimum phi disappears from the bound: what remains is the log of its normaliser.",
    mistakes=[
        Mistake(
            "That is the normaliser itself; its logarithm is what remains.",
            lambda log_theta, beta: np.sum(beta * np.exp(log_theta)),
        ),
        Mistake(
            "You summed the logarithms: the sum over topics is inside the logarithm.",
            lambda log_theta, beta: np.sum(np.log(beta) + log_theta),
        ),
        Mistake(
            "The entropy is missing: you put phi into the first two terms, but - log phi is part "
            "of the line as well.",
            lambda log_theta, beta: _phi_of(log_theta, beta) @ (log_theta + np.log(beta)),
        ),
        Mistake(
            "That is the entropy of phi alone.",
            lambda log_theta, beta: -_phi_of(log_theta, beta) @ np.log(_phi_of(log_theta, beta)),
        ),
        Mistake(
            "The exponential of E[log theta] is missing inside the sum.",
            lambda log_theta, beta: np.log(np.abs(np.sum(beta * log_theta))),
        ),
        Mistake(
            "The normaliser enters with the other sign: -log phi holds + log of the normaliser.",
            lambda log_theta, beta: -_token_at_optimum(log_theta, beta),
        ),
        Mistake(
            "You took the largest term: the other topics count too.",
            lambda log_theta, beta: np.max(np.log(beta) + log_theta),
        ),
        Mistake(
            "E[log theta] is missing: the topics' shares are not equal.",
            lambda log_theta, beta: np.log(np.sum(beta)),
        ),
        Mistake(
            "beta is missing: the word's probability is part of the normaliser.",
            lambda log_theta, beta: np.log(np.sum(np.exp(log_theta))),
        ),
        Mistake(
            "You counted the entropy twice.",
            lambda log_theta, beta: (
                _phi_of(log_theta, beta)
                @ (log_theta + np.log(beta) - 2 * np.log(_phi_of(log_theta, beta)))
            ),
        ),
        Mistake(
            "You summed theta's and beta's parts separately: the sum runs over their product.",
            lambda log_theta, beta: np.log(np.exp(log_theta).sum() * beta.sum()),
        ),
        Mistake(
            "You left phi unnormalised. Then everything cancels, but phi must sum to one: its "
            "normaliser is what remains.",
            lambda log_theta, beta: 0.0,
        ),
        Mistake(
            "That is log phi itself, one for each topic. It is to be put into the line.",
            lambda log_theta, beta: np.log(_phi_of(log_theta, beta)),
        ),
        Mistake(
            "You normalised exp E[log theta] on its own. It sums to less than one (Jensen), and "
            "that belongs into the result: only phi is normalised.",
            lambda log_theta, beta: np.log(np.sum(softmax(log_theta) * beta)),
        ),
        Mistake(
            "Your phi lacks beta: the best phi_k is proportional to beta_k exp E[log theta_k].",
            lambda log_theta, beta: (
                softmax(log_theta) @ (log_theta + np.log(beta) - np.log(softmax(log_theta)))
            ),
        ),
        Mistake(
            "beta stands in the exponent as it is: multiply by it outside, or take its logarithm "
            "inside.",
            lambda log_theta, beta: np.log(np.sum(np.exp(log_theta + beta))),
        ),
        Mistake(
            "The entropy has the wrong sign: the line holds minus log phi.",
            lambda log_theta, beta: (
                _phi_of(log_theta, beta)
                @ (log_theta + np.log(beta) + np.log(_phi_of(log_theta, beta)))
            ),
        ),
        Mistake(
            "You weighted E[log theta] by beta. exp E[log theta] is weighted, and the log of the "
            "sum taken.",
            lambda log_theta, beta: beta @ log_theta,
        ),
        Mistake(
            "The sum over topics runs over theta's part only: beta_k stands inside it, too.",
            lambda log_theta, beta: logsumexp(log_theta) + np.log(beta).sum(),
        ),
        Mistake(
            "You took theta and beta apart: the log of a sum of products is no sum of two parts. "
            "Each topic's beta is multiplied by its own exp E[log theta] before summing.",
            lambda log_theta, beta: np.log(beta.sum()) + log_theta.sum(),
        ),
    ],
    hints=Hints(
        nudge="Write log phi with its normaliser. What cancels? And what does phi sum to?",
        equation=r"$\log \phi_k = \log \beta_k + \mathbb{E}_q[\log \theta_k] - \log S$",
        shape="return np.log(np.sum(beta * ...))",
    ),
)


# ---------------------------------------------------------------- 7 the ELBO of a document


def _parts(alpha, topics, words, gamma, phi):
    """Prior, tokens, entropy of theta, entropy of z: the four parts of the ELBO."""
    log_theta = _log_theta(gamma)
    prior = gammaln(alpha.sum()) - gammaln(alpha).sum() + (alpha - 1) @ log_theta
    tokens = np.sum(phi @ log_theta) + np.sum(phi * np.log(topics[:, words].T))
    return np.array([prior, tokens, Dirichlet(gamma).entropy(), -np.sum(xlogy(phi, phi))])


def _elbo(alpha, topics, words, gamma, phi):
    return float(_parts(alpha, topics, words, gamma, phi).sum())


def _elbo_cases(rng):
    documents = list(_documents(rng))
    yield from (case(*document) for document in documents)
    alpha, topics, words, gamma, phi = documents[1]
    phi = np.eye(len(alpha))[phi.argmax(axis=1)]
    yield case(alpha, topics, words, gamma, phi, label="a q(z) with exact zeros (0 log 0 = 0)")


def _weighted(*signs):
    return lambda *document: float(np.array(signs) @ _parts(*document))


def _kernel_only(alpha, topics, words, gamma, phi):
    constant = gammaln(alpha.sum()) - gammaln(alpha).sum()
    return _elbo(alpha, topics, words, gamma, phi) - constant


def _with_logarithm(alpha, topics, words, gamma, phi):
    wrong = np.log(gamma / gamma.sum())
    prior = gammaln(alpha.sum()) - gammaln(alpha).sum() + (alpha - 1) @ wrong
    tokens = np.sum(phi @ wrong) + np.sum(phi * np.log(topics[:, words].T))
    return prior + tokens + Dirichlet(gamma).entropy() - np.sum(xlogy(phi, phi))


def _no_zero_log_zero(alpha, topics, words, gamma, phi):
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = _parts(alpha, topics, words, gamma, phi)
        return parts[:3].sum() - np.sum(phi * np.log(phi))


def _elbo_spelt_out(alpha, topics, words, gamma, phi):
    log_theta = digamma(gamma) - digamma(gamma.sum())
    prior = gammaln(alpha.sum()) - gammaln(alpha).sum() + (alpha - 1) @ log_theta
    tokens = np.sum(phi * (log_theta + np.log(topics[:, words].T)))
    entropy = Dirichlet(gamma).entropy() - np.sum(xlogy(phi, phi))
    return prior + tokens + entropy


def _expectations_under_prior(alpha, topics, words, gamma, phi):
    parts = _parts(alpha, topics, words, alpha, phi)
    return parts[:2].sum() + _parts(alpha, topics, words, gamma, phi)[2:].sum()


elbo = Task(
    "elbo",
    reference=_elbo,
    spelt_out=[_elbo_spelt_out],
    cases=_elbo_cases,
    returns="one number, in nats",
    points=3,
    minutes=15,
    why="With this number you can tell whether an update was right: it may never fall.",
    mistakes=[
        Mistake(
            "The entropies are missing: that is the expected log joint alone.",
            _weighted(1, 1, 0, 0),
        ),
        Mistake(
            "The entropy of q(theta) is missing: theta is latent, too.",
            _weighted(1, 1, 0, 1),
        ),
        Mistake(
            "The entropy of q(z) is missing: the tokens' topics are latent, too.",
            _weighted(1, 1, 1, 0),
        ),
        Mistake("You subtracted both entropies; the ELBO adds them.", _weighted(1, 1, -1, -1)),
        Mistake("You subtracted the entropy of q(theta); add it.", _weighted(1, 1, -1, 1)),
        Mistake("You subtracted the entropy of q(z); add it.", _weighted(1, 1, 1, -1)),
        Mistake(
            "The prior of theta is missing: E[log p(theta | alpha)] belongs to the joint.",
            _weighted(0, 1, 1, 1),
        ),
        Mistake(
            "The tokens are missing: nothing in your bound depends on the words.",
            _weighted(1, 0, 1, 1),
        ),
        Mistake(
            "The normaliser of the prior is missing: log Gamma(sum alpha) - sum log Gamma(alpha).",
            _kernel_only,
        ),
        Mistake(
            "You used log E[theta] for E[log theta]: by Jensen that is too large, and your number "
            "may exceed the evidence.",
            _with_logarithm,
        ),
        Mistake(
            "0 log 0 became NaN: where phi is zero, its contribution is zero. scipy's xlogy knows.",
            _no_zero_log_zero,
        ),
        Mistake(
            "That is the ELBO per token: divide only when it is asked for.",
            lambda *document: _elbo(*document) / len(document[2]),
        ),
        Mistake(
            "E[log theta] of the tokens is missing: each token's topic was drawn, too.",
            lambda alpha, topics, words, gamma, phi: (
                _elbo(alpha, topics, words, gamma, phi) - np.sum(phi @ _log_theta(gamma))
            ),
        ),
        Mistake(
            "Your expectations of log theta are those of the prior: they are under q, with gamma.",
            _expectations_under_prior,
        ),
        Mistake(
            "You added the entropy of the prior. H(q) is that of q(theta), with gamma.",
            lambda alpha, topics, words, gamma, phi: (
                _weighted(1, 1, 0, 1)(alpha, topics, words, gamma, phi) + Dirichlet(alpha).entropy()
            ),
        ),
        Mistake(
            "The prior's normaliser lacks log Gamma(sum alpha).",
            lambda alpha, topics, words, gamma, phi: (
                _elbo(alpha, topics, words, gamma, phi) - gammaln(alpha.sum())
            ),
        ),
        Mistake(
            "The prior's normaliser lacks the sum of log Gamma(alpha_k).",
            lambda alpha, topics, words, gamma, phi: (
                _elbo(alpha, topics, words, gamma, phi) + gammaln(alpha).sum()
            ),
        ),
        Mistake(
            "The prior's exponents are alpha - 1, and you used alpha.",
            lambda alpha, topics, words, gamma, phi: (
                _elbo(alpha, topics, words, gamma, phi) + _log_theta(gamma).sum()
            ),
        ),
        Mistake(
            "You averaged over the tokens: each token adds its part to the ELBO.",
            lambda alpha, topics, words, gamma, phi: _weighted(
                1, 1 / len(words), 1, 1 / len(words)
            )(alpha, topics, words, gamma, phi),
        ),
        Mistake(
            "You averaged beta before the logarithm: it is log beta that is averaged under phi.",
            lambda alpha, topics, words, gamma, phi: (
                _elbo(alpha, topics, words, gamma, phi)
                - np.sum(phi * np.log(topics[:, words].T))
                + np.log((phi * topics[:, words].T).sum(axis=1)).sum()
            ),
        ),
    ],
    hints=Hints(
        nudge="Four parts: prior of theta, tokens, entropy of q(theta), entropy of q(z).",
        equation=(
            r"$\mathbb{E}_q[\log p(\theta)] + \sum_{ik} \phi_{ik} (\mathbb{E}_q[\log \theta_k] + "
            r"\log \beta_{k, w_i} - \log \phi_{ik}) + \mathbb{H}(q(\theta))$"
        ),
        shape=(
            "log_theta = ...\n"
            "prior = gammaln(alpha.sum()) - gammaln(alpha).sum() + (alpha - 1) @ log_theta\n"
            "tokens = np.sum(phi * (log_theta + ...))\n"
            "return prior + tokens + Dirichlet(gamma).entropy() - np.sum(xlogy(phi, phi))"
        ),
    ),
)


# ---------------------------------------------------------------- 8 perplexity


def _perplexity(bounds, counts):
    return float(np.exp(-np.sum(bounds) / np.sum(counts)))


def _perplexity_cases(rng):
    for D, V in ((2, 3), (3, 2), (4, 5), (1, 4)):
        counts = rng.integers(1, 6, (D, V)).astype(float)
        yield case(-counts.sum(axis=1) * rng.uniform(1.0, 3.0, D), counts)
    counts = np.array([[2.0, 0, 1], [0, 0, 0], [1, 3, 0]])
    yield case(np.array([-5.1, 0, -6.3]), counts, label="an empty document")


def _perplexity_spelt_out(bounds, counts):
    return np.exp(-bounds.sum() / counts.sum())


def _over_documents(bounds, counts, per_token_first):
    """Means over the documents that hold a token, of bounds per token or of perplexities."""
    held = counts.sum(axis=1) > 0
    each = -bounds[held] / counts[held].sum(axis=1)
    return np.exp(each.mean()) if per_token_first else np.exp(each).mean()


perplexity = Task(
    "perplexity",
    reference=_perplexity,
    spelt_out=[_perplexity_spelt_out],
    cases=_perplexity_cases,
    returns="one number",
    points=1,
    minutes=5,
    why="A perplexity of 400 is as uncertain as a fair choice among 400 words, token by token.",
    invariants=[
        lambda value, *_: (
            ""
            if np.min(value) >= 1
            else f"you have {np.min(value):.4g}: a perplexity is at least 1, a certain choice"
        )
    ],
    mistakes=[
        Mistake(
            "The minus sign is missing: better documents must have a lower perplexity.",
            lambda bounds, counts: np.exp(np.sum(bounds) / np.sum(counts)),
        ),
        Mistake(
            "You divided by the number of documents: perplexity is per token.",
            lambda bounds, counts: np.exp(-np.sum(bounds) / len(bounds)),
        ),
        Mistake(
            "You counted types, not tokens: a word that occurs three times is three tokens.",
            lambda bounds, counts: np.exp(-np.sum(bounds) / np.count_nonzero(counts)),
        ),
        Mistake(
            "You divided by the size of the vocabulary: perplexity is per token.",
            lambda bounds, counts: np.exp(-np.sum(bounds) / counts.shape[1]),
        ),
        Mistake(
            "You averaged the documents' perplexities. Add all bounds and all tokens first, so "
            "that each token counts alike.",
            lambda bounds, counts: np.mean(np.exp(-bounds / np.maximum(counts.sum(axis=1), 1))),
        ),
        Mistake(
            "You averaged bounds per token over documents: a short document then weighs as much "
            "as a long one.",
            lambda bounds, counts: np.exp(np.mean(-bounds / np.maximum(counts.sum(axis=1), 1))),
        ),
        Mistake(
            "The exponential is missing: that is the cross-entropy per token, in nats.",
            lambda bounds, counts: -np.sum(bounds) / np.sum(counts),
        ),
        Mistake(
            "You took 2 to the power, as for bits: the bounds are in nats, so use exp.",
            lambda bounds, counts: 2 ** (-np.sum(bounds) / np.sum(counts)),
        ),
        Mistake(
            "You did not divide by the number of tokens.",
            lambda bounds, counts: np.exp(-np.sum(bounds)),
        ),
        Mistake(
            "You returned one perplexity for each document; one for all of them is asked for.",
            lambda bounds, counts: np.exp(-bounds / np.maximum(counts.sum(axis=1), 1)),
        ),
        Mistake(
            "You averaged the documents' perplexities, if with weights. Add all bounds and all "
            "tokens first, and exponentiate at the end.",
            lambda bounds, counts: (
                np.sum(counts.sum(axis=1) * np.exp(-bounds / np.maximum(counts.sum(axis=1), 1)))
                / np.sum(counts)
            ),
        ),
        Mistake(
            "You averaged bounds per token over documents: a short document then weighs as much "
            "as a long one.",
            lambda bounds, counts: _over_documents(bounds, counts, per_token_first=True),
        ),
        Mistake(
            "You averaged the documents' perplexities. Add all bounds and all tokens first, so "
            "that each token counts alike.",
            lambda bounds, counts: _over_documents(bounds, counts, per_token_first=False),
        ),
        Mistake(
            "You divided the mean bound by all tokens: either both are sums over the documents or "
            "both are means.",
            lambda bounds, counts: np.exp(-np.mean(bounds) / np.sum(counts)),
        ),
        Mistake(
            "You divided by the number of entries of the table; the number of tokens is their sum.",
            lambda bounds, counts: np.exp(-np.sum(bounds) / np.size(counts)),
        ),
        Mistake(
            "You took the median of the documents' perplexities. Add all bounds and all tokens "
            "first, so that each token counts alike.",
            lambda bounds, counts: np.median(
                np.exp(-bounds / np.maximum(counts.sum(axis=1), 1))[counts.sum(axis=1) > 0]
            ),
        ),
    ],
    hints=Hints(
        nudge="What is the bound per token? And how large a fair die has that log probability?",
        equation=r"$\exp\big( -\sum_d \text{ELBO}_d \,/\, \sum_d N_d \big)$",
        shape="return np.exp(-bounds.sum() / ...)",
    ),
)


# ---------------------------------------------------------------- 9 stretch: variational EM


def _corpus_phi(topics, gamma):
    """phi (D, V, K) for every document and word."""
    log_theta = digamma(gamma) - digamma(gamma.sum(axis=1, keepdims=True))
    return _normalised(np.exp(log_theta)[:, None, :] * topics.T[None], axis=2)


def _em_sweep(alpha, topics, gamma, counts):
    expected = counts[:, :, None] * _corpus_phi(topics, gamma)
    return alpha + expected.sum(axis=1), _normalised(expected.sum(axis=0).T)


def _em_cases(rng):
    for D, V, K in ((2, 3, 2), (3, 4, 2), (2, 5, 3), (4, 3, 3)):
        counts = rng.integers(0, 6, (D, V)) + 1.0 * (rng.random((D, V)) < 0.8)
        counts[0] += 1
        topics = rng.dirichlet(np.full(V, 1.5), K)
        yield case(rng.uniform(0.3, 2.0, K), topics, rng.uniform(0.4, 6.0, (D, K)), counts)


def _sweep_with(phi_of, counts_of=lambda c: c, axis=1, prior=True):
    def wrong(alpha, topics, gamma, counts):
        expected = counts_of(counts)[:, :, None] * phi_of(topics, gamma)
        return alpha * prior + expected.sum(axis=1), _normalised(expected.sum(axis=0).T, axis)

    return wrong


def _mean_phi(topics, gamma):
    return _normalised(gamma[:, None, :] * topics.T[None], axis=2)


def _new_gamma_first(alpha, topics, gamma, counts):
    gamma, _ = _em_sweep(alpha, topics, gamma, counts)
    return gamma, _em_sweep(alpha, topics, gamma, counts)[1]


def _em_sweep_spelt_out(alpha, topics, gamma, counts):
    phi = np.exp(digamma(gamma))[:, None, :] * topics.T[None, :, :]
    phi /= phi.sum(axis=2, keepdims=True)
    expected = counts[:, :, None] * phi
    usage = expected.sum(axis=0).T
    return alpha + expected.sum(axis=1), usage / usage.sum(axis=1, keepdims=True)


def _with_topics(topics_of):
    """Right gamma, and topics from (phi weighted by counts (D, V, K), topics, gamma, counts)."""

    def wrong(alpha, topics, gamma, counts):
        expected = counts[:, :, None] * _corpus_phi(topics, gamma)
        usage = topics_of(expected, topics, alpha + expected.sum(axis=1), counts)
        return alpha + expected.sum(axis=1), _normalised(usage)

    return wrong


def _decided(phi):
    return np.eye(phi.shape[-1])[phi.argmax(axis=-1)]


def _unnormalised_phi(topics, gamma):
    log_theta = digamma(gamma) - digamma(gamma.sum(axis=1, keepdims=True))
    return np.exp(log_theta)[:, None, :] * topics.T[None]


em_sweep = Task(
    "em_sweep",
    reference=_em_sweep,
    spelt_out=[_em_sweep_spelt_out],
    cases=_em_cases,
    returns="first the new gamma (D, K), then the new topics (K, V)",
    points=3,
    minutes=20,
    difficulty="stretch",
    why="Repeat it and the topics of a corpus appear: that is all that variational EM does.",
    mistakes=[
        Mistake(
            "You used E[theta] for phi, log in place of the digamma: exp E[log theta] is right.",
            _sweep_with(_mean_phi),
        ),
        Mistake(
            "You counted types, not tokens: weight each word's phi by how often it occurs.",
            _sweep_with(_corpus_phi, lambda c: (c > 0).astype(float)),
        ),
        Mistake(
            "alpha is missing in the new gamma.",
            _sweep_with(_corpus_phi, prior=False),
        ),
        Mistake(
            "Your topics are normalised over topics: each topic is a distribution over words.",
            _sweep_with(_corpus_phi, axis=0),
        ),
        Mistake(
            "Your topics are not normalised: those are expected counts.",
            lambda alpha, topics, gamma, counts: (
                _em_sweep(alpha, topics, gamma, counts)[0],
                (counts[:, :, None] * _corpus_phi(topics, gamma)).sum(axis=0).T,
            ),
        ),
        Mistake(
            "You computed phi anew, from the new gamma, before the topics: here one phi serves "
            "both updates.",
            _new_gamma_first,
        ),
        Mistake(
            "Your topics have not moved: the M-step replaces them by normalised expected counts.",
            lambda alpha, topics, gamma, counts: (
                _em_sweep(alpha, topics, gamma, counts)[0],
                topics,
            ),
        ),
        Mistake(
            "Your gamma has not moved: the E-step replaces it by alpha plus expected counts.",
            lambda alpha, topics, gamma, counts: (
                gamma,
                _em_sweep(alpha, topics, gamma, counts)[1],
            ),
        ),
        Mistake(
            "You normalised phi over the words: each word's phi sums to one over the topics.",
            _sweep_with(
                lambda topics, gamma: _normalised(
                    np.exp(digamma(gamma))[:, None, :] * topics.T[None], axis=1
                )
            ),
        ),
        Mistake(
            "The topics are missing in phi: you distributed every word by the document's shares "
            "only.",
            _sweep_with(
                lambda topics, gamma: _normalised(
                    np.exp(digamma(gamma))[:, None, :] * np.ones_like(topics.T)[None], axis=2
                )
            ),
        ),
        Mistake(
            "The document is missing in phi: you distributed every word by beta only.",
            _sweep_with(
                lambda topics, gamma: _normalised(
                    np.ones_like(gamma)[:, None, :] * topics.T[None], axis=2
                )
            ),
        ),
        Mistake(
            "You did not normalise phi: for each word of a document it sums to one over topics.",
            _sweep_with(_unnormalised_phi),
        ),
        Mistake(
            "You multiplied the expected counts by the old topics: these are in phi already.",
            _with_topics(lambda expected, topics, *_: topics * expected.sum(axis=0).T),
        ),
        Mistake(
            "You added one to the expected counts (smoothing): that would be a prior on the "
            "topics, and here they have none.",
            _with_topics(lambda expected, *_: expected.sum(axis=0).T + 1),
        ),
        Mistake(
            "You shared out each word by the document's theta. Its phi knows the word as well: "
            "sum counts times phi.",
            _with_topics(lambda expected, topics, gamma, counts: _normalised(gamma).T @ counts),
        ),
        Mistake(
            "You shared out each word by the document's theta. Its phi knows the word as well: "
            "sum counts times phi.",
            _with_topics(lambda expected, topics, gamma, counts: gamma.T @ counts),
        ),
        Mistake(
            "Your topics come from the last document only: add up the expected counts of all.",
            _with_topics(lambda expected, *_: expected[-1].T),
        ),
        Mistake(
            "In the topics every document weighs alike, whatever its length: add up the expected "
            "counts, not shares of documents.",
            _with_topics(
                lambda expected, topics, gamma, counts: (
                    (expected / counts.sum(axis=1)[:, None, None]).sum(axis=0).T
                )
            ),
        ),
        Mistake(
            "You added to the old gamma; it is alpha to which the expected counts are added.",
            lambda alpha, topics, gamma, counts: (
                _em_sweep(alpha, topics, gamma, counts)[0] - alpha + gamma,
                _em_sweep(alpha, topics, gamma, counts)[1],
            ),
        ),
        Mistake(
            "You gave each word to its most probable topic: phi keeps its doubts.",
            _sweep_with(lambda topics, gamma: _decided(_corpus_phi(topics, gamma))),
        ),
        Mistake(
            "You summed gamma over the documents in the digamma: each document has its own sum, "
            "over the topics.",
            _sweep_with(
                lambda topics, gamma: _normalised(
                    np.exp(digamma(gamma) - digamma(gamma.sum(axis=0)))[:, None, :]
                    * topics.T[None],
                    axis=2,
                )
            ),
        ),
        Mistake(
            "You added alpha to the expected counts of the topics: it is the prior of theta only.",
            lambda alpha, topics, gamma, counts: (
                _em_sweep(alpha, topics, gamma, counts)[0],
                _normalised(
                    (counts[:, :, None] * _corpus_phi(topics, gamma)).sum(axis=0).T + alpha[:, None]
                ),
            ),
        ),
        Mistake(
            "You computed phi anew, from the new topics, before gamma: here one phi serves both "
            "updates.",
            lambda alpha, topics, gamma, counts: (
                _em_sweep(alpha, _em_sweep(alpha, topics, gamma, counts)[1], gamma, counts)[0],
                _em_sweep(alpha, topics, gamma, counts)[1],
            ),
        ),
    ],
    hints=Hints(
        nudge="phi has three axes: document, word, topic. Which one is summed for gamma?",
        equation=(
            r"$\phi_{dwk} \propto \beta_{kw}\, e^{\psi(\gamma_{dk})}$, then "
            r"$\gamma_{dk} = \alpha_k + \sum_w c_{dw} \phi_{dwk}$ and "
            r"$\beta_{kw} \propto \sum_d c_{dw} \phi_{dwk}$"
        ),
        shape=(
            "phi = np.exp(digamma(gamma))[:, None, :] * topics.T[None]   # (D, V, K)\n"
            "phi /= ...\nexpected = counts[:, :, None] * phi\n"
            "usage = expected.sum(axis=0).T\n"
            "return alpha + ..., usage / usage.sum(axis=1, keepdims=True)"
        ),
    ),
)
