"""The exercises of notebook 04b, Mean field for latent Dirichlet allocation.

One document with N tokens, K topics, V words.  alpha, gamma: concentrations of prior and q, (K,).
topics: p(word | topic), (K, V).  words: the tokens as word numbers, (N,).  phi: q(z_i = k), (N, K).
counts: how often each word occurs, (V,) of a document or (D, V).
"""

import numpy as np
from scipy.special import digamma, gammaln, xlogy

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case
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
        counts = rng.integers(1, 7, V)
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


def _elbo_spelt_out(alpha, topics, words, gamma, phi):
    log_theta = digamma(gamma) - digamma(gamma.sum())
    prior = gammaln(alpha.sum()) - gammaln(alpha).sum() + (alpha - 1) @ log_theta
    tokens = np.sum(phi * (log_theta + np.log(topics[:, words].T)))
    entropy = Dirichlet(gamma).entropy() - np.sum(xlogy(phi, phi))
    return prior + tokens + entropy


elbo = Task(
    "elbo",
    reference=_elbo,
    spelt_out=[_elbo_spelt_out],
    cases=_elbo_cases,
    returns="one number, in nats",
    points=3,
    minutes=15,
    why="With this number you can tell whether an update was right: it may never fall.",
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
        counts = rng.integers(1, 6, (D, V))
        yield case(-counts.sum(axis=1) * rng.uniform(1.0, 3.0, D), counts)
    counts = np.array([[2.0, 0, 1], [0, 0, 0], [1, 3, 0]])
    yield case(np.array([-5.1, 0, -6.3]), counts, label="an empty document")


def _perplexity_spelt_out(bounds, counts):
    return np.exp(-bounds.sum() / counts.sum())


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


def _em_sweep_spelt_out(alpha, topics, gamma, counts):
    phi = np.exp(digamma(gamma))[:, None, :] * topics.T[None, :, :]
    phi /= phi.sum(axis=2, keepdims=True)
    expected = counts[:, :, None] * phi
    usage = expected.sum(axis=0).T
    return alpha + expected.sum(axis=1), usage / usage.sum(axis=1, keepdims=True)


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
