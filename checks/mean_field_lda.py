"""The exercises of notebook 04b, Mean field for latent Dirichlet allocation.

One document with N tokens, K topics, V words.  alpha, gamma: concentrations of prior and q, (K,).
topics: p(word | topic), (K, V).  words: the tokens as word numbers, (N,).  phi: q(z_i = k), (N, K).
counts: how often each word occurs, (V,) of a document or (D, V).
"""

import numpy as np
from scipy.special import digamma, gammaln, xlogy

from checks import invariants
from checks.kinds import FindBug, Number, OpenTask, Order, Paper, ReadRun
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Task, case
from helpers import lda
from helpers.densities import Dirichlet
from helpers.lda.variational_em import m_step, plain_e_step

progress = progress_for(__name__)


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


gamma_lines = Order(
    "gamma_lines",
    lines={
        "A": r"$\log q(\theta) = \sum_k (\alpha_k - 1) \log \theta_k + \sum_{i,k} \phi_{ik}"
        r" \log \theta_k + \text{const}$",
        "B": r"$\gamma_k = \sum_i \phi_{ik}$",
        "C": r"$\log q(\theta) = \mathbb{E}_{q(z)}[\log p(\theta, z, w)] + \text{const}$",
        "D": r"$\log q(\theta) = \mathbb{E}_{q(\theta)}[\log p(\theta, z, w)] + \text{const}$",
        "E": r"$\gamma_k = \alpha_k + \sum_i \phi_{ik}$",
        "F": r"$\log q(\theta) = \sum_k (\alpha_k + \sum_i \phi_{ik} - 1) \log \theta_k"
        r" + \text{const}$",
        "G": r"$\log q(\theta) = \log p(\theta) + \mathbb{E}_{q(z)}[\sum_i \log \theta_{z_i}]"
        r" + \text{const}$",
    },
    right="CGAFE",
    reasons={
        "B": "B has lost the prior: its exponents add to the expected counts.",
        "D": "D averages over theta itself: the expectation is over the other factors.",
        "AG": "A has the Dirichlet's density and phi put in: G comes before it.",
        "GC": "G drops what does not hold theta: from the general solution, which is C.",
        "FA": "F collects the two sums of A.",
        "EF": "E is read off F, the log of a Dirichlet.",
    },
    points=2,
    minutes=4,
    difficulty="warm-up",
    why="Exponents add, and the sum is again a Dirichlet's.",
    hints=Hints(
        nudge="Begin with the general solution, and keep what holds theta.",
        equation=r"$q^*(z_j) \propto \exp \mathbb{E}_{q(z_{-j})}[\log p(x, z)]$",
        shape="five letters, such as 'ABCDE'; two lines are left over",
    ),
)


def _log_theta(gamma):
    return digamma(gamma) - digamma(gamma.sum())


def _gammas(rng):
    for K in (2, 3, 4, 6):
        yield case(rng.uniform(0.3, 8.0, K))
    yield case(rng.uniform(0.01, 0.1, 3), label="concentrations far below one")


def _negative(result, *_):
    top = np.max(result)
    return "" if top < 0 else f"you have {top:.4g}: theta is below one, so log theta is negative"


expected_log_theta = Task(
    "expected_log_theta",
    reference=_log_theta,
    cases=_gammas,
    returns="E_q[log theta_k], a number for each topic",
    points=1,
    minutes=4,
    difficulty="warm-up",
    why="By Jensen it is below log E[theta], and far below it for topics with few tokens.",
    invariants=[_negative],
    hints=Hints(
        nudge="Which derivative of the log normaliser is the mean of log theta_k?",
        equation=r"$\mathbb{E}_q[\log \theta_k] = \psi(\gamma_k) - \psi\big(\sum_j \gamma_j\big)$",
        shape="return digamma(gamma) - digamma(...)",
    ),
)


def _phi(gamma, topics, words):
    phi = topics[:, words].T * np.exp(digamma(gamma) - digamma(gamma.sum()))
    return phi / phi.sum(axis=1, keepdims=True)


def _phi_cases(rng):
    for _, topics, words, gamma, _ in _documents(rng):
        yield case(gamma, topics, words)


def _rows_sum_to_one(result, *_):
    sums = np.sum(np.atleast_2d(result), axis=-1)
    worst = sums.flat[np.argmax(np.abs(sums - 1))]
    return "" if np.isclose(worst, 1) else f"one of your rows sums to {worst:.4g}, not to 1"


update_phi = Task(
    "update_phi",
    reference=_phi,
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


update_gamma = Task(
    "update_gamma",
    reference=_gamma,
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


def _token_expectation(gamma, phi, topics, words):
    log_theta = digamma(gamma) - digamma(gamma.sum())
    return np.sum(phi * (log_theta + np.log(topics[:, words].T)), axis=1)


def _token_cases(rng):
    for _, topics, words, gamma, phi in _documents(rng):
        yield case(gamma, phi, topics, words)


token_expectation = Task(
    "token_expectation",
    reference=_token_expectation,
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


def _token_at_optimum(log_theta, beta):
    return float(np.log(np.sum(beta * np.exp(log_theta))))


def _optimum_cases(rng):
    for K in (2, 3, 4, 6, 3):
        yield case(_log_theta(rng.uniform(0.4, 6.0, K)), rng.uniform(0.01, 0.9, K))


token_at_optimum = Derivation(
    "token_at_optimum",
    above=(
        r"\sum_k \phi_k \big( \mathbb{E}_q[\log \theta_k] + \log \beta_k - \log \phi_k \big)"
        r" \quad\text{with}\quad \phi_k \propto \beta_k \exp \mathbb{E}_q[\log \theta_k]"
    ),
    reference=_token_at_optimum,
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


def _elbo(alpha, topics, words, gamma, phi):
    log_theta = digamma(gamma) - digamma(gamma.sum())
    prior = gammaln(alpha.sum()) - gammaln(alpha).sum() + (alpha - 1) @ log_theta
    tokens = np.sum(phi * (log_theta + np.log(topics[:, words].T)))
    entropy = Dirichlet(gamma).entropy() - np.sum(xlogy(phi, phi))
    return prior + tokens + entropy


def _elbo_cases(rng):
    documents = list(_documents(rng))
    yield from (case(*document) for document in documents)
    alpha, topics, words, gamma, phi = documents[1]
    phi = np.eye(len(alpha))[phi.argmax(axis=1)]
    yield case(alpha, topics, words, gamma, phi, label="a q(z) with exact zeros (0 log 0 = 0)")


elbo = Task(
    "elbo",
    reference=_elbo,
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


sum_of_gamma = Number(
    "sum_of_gamma",
    question="What do the four numbers of gamma add up to?",
    right=45.0,
    rtol=1e-6,
    ranges=(
        (43, 43, "Those are the tokens alone: each topic has its alpha besides."),
        (43.5, 43.5, "alpha is added to each topic, four times in all."),
        (1, 1, "gamma are concentrations; it is their shares that add up to one."),
    ),
    points=1,
    minutes=2,
    difficulty="warm-up",
    why="4 times 0.5, plus one for every token, after every sweep: a check for your own code.",
    hints=Hints(
        nudge="Add the update of gamma up over k. What do the rows of phi sum to?",
        equation=r"$\sum_k \big( \alpha_k + \sum_i \phi_{ik} \big)$",
        shape="one number",
    ),
)


def _bag_ascent(alpha, topics, counts, gamma):
    log_theta = digamma(gamma) - digamma(gamma.sum())
    phi = topics.T * np.exp(log_theta)
    phi = phi / phi.sum(axis=1, keepdims=True)
    seen = counts > 0
    return alpha + phi[seen].sum(axis=0)


def _bag_ascent_right(alpha, topics, counts, gamma):
    phi = topics.T * np.exp(digamma(gamma))
    return alpha + counts @ (phi / phi.sum(axis=1, keepdims=True))


wrong_bag = FindBug(
    "wrong_bag",
    buggy=_bag_ascent,
    right=_bag_ascent_right,
    line=(5, 6),
    example=(np.ones(2), np.array([[0.6, 0.4], [0.3, 0.7]]), np.array([3, 1]), np.array([2.0, 4])),
    reasons={
        2: "That is the expectation of log theta, with the digamma of the sum.",
        3: "A row for each word of the vocabulary, in the shape (V, K): it is right.",
        4: "Each word's phi sums to one over the topics, axis 1.",
    },
    points=2,
    minutes=5,
    why="Every token is counted, not every word: with no word twice, nobody would notice.",
    hints=Hints(
        nudge="What must the new gamma add up to?",
        equation=r"$\sum_k \gamma_k = \sum_k \alpha_k + N$",
        shape="(line, (alpha, topics, counts, gamma)) with a word that occurs twice",
    ),
)


def _perplexity(bounds, counts):
    return float(np.exp(-np.sum(bounds) / np.sum(counts)))


def _perplexity_cases(rng):
    for D, V in ((2, 3), (3, 2), (4, 5), (1, 4)):
        counts = rng.integers(1, 6, (D, V))
        yield case(-counts.sum(axis=1) * rng.uniform(1.0, 3.0, D), counts)
    counts = np.array([[2.0, 0, 1], [0, 0, 0], [1, 3, 0]])
    yield case(np.array([-5.1, 0, -6.3]), counts, label="an empty document")


perplexity = Task(
    "perplexity",
    reference=_perplexity,
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


def _em_sweep(alpha, topics, gamma, counts):
    phi = np.exp(digamma(gamma))[:, None, :] * topics.T[None, :, :]
    phi /= phi.sum(axis=2, keepdims=True)
    expected = counts[:, :, None] * phi
    usage = expected.sum(axis=0).T
    return alpha + expected.sum(axis=1), usage / usage.sum(axis=1, keepdims=True)


def _em_cases(rng):
    for D, V, K in ((2, 3, 2), (3, 4, 2), (2, 5, 3), (4, 3, 3)):
        counts = rng.integers(0, 6, (D, V)) + 1.0 * (rng.random((D, V)) < 0.8)
        counts[0] += 1
        topics = rng.dirichlet(np.full(V, 1.5), K)
        yield case(rng.uniform(0.3, 2.0, K), topics, rng.uniform(0.4, 6.0, (D, K)), counts)


em_sweep = Task(
    "em_sweep",
    reference=_em_sweep,
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


def _flat_run():
    counts = lda.bags([[0, 0, 1, 2], [1, 1, 2, 3], [3, 3, 0, 3]], 4)
    alpha, topics, gamma, bounds = np.full(3, 0.5), np.full((3, 4), 0.25), None, []
    for _ in range(6):
        gamma = np.full((3, 3), 0.5 + 4 / 3) if gamma is None else gamma
        gamma, usage, each = plain_e_step(counts, alpha, np.log(topics), gamma, 2)
        topics = m_step(usage, topics)
        bounds.append(each.sum())
    return bounds


flat_run = ReadRun(
    "flat_run",
    question="Variational EM: the bound after each sweep. Which cause?",
    choices={
        "all topics began alike": (
            "One M-step makes every topic the corpus's word frequencies, and there they stay."
        ),
        "no M-step": "Then the bound would not have risen after the first sweep as it has.",
        "alpha added twice": "A wrong gamma may lower the bound; it does not freeze the topics.",
        "converged": "On what? With three topics that differ, the bound goes higher than this.",
    },
    right="all topics began alike",
    trace=_flat_run,
    hints=Hints(
        nudge="One step up, then nothing, to the last digit. What has one M-step found?",
        equation=r"$\beta_{kw} \propto \sum_{d,i} \phi_{dik}$ with $\phi_{dik} = 1/K$",
        shape="one of the four sentences, as a text",
    ),
)


def _own_answer(answer):
    """An ascent of lda.fit, or a dictionary, as the parts of the answer."""
    state = getattr(answer, "state", None)
    return answer if state is None else {"elbos": answer.elbos, "theta": state.q.mean_theta()}


own_documents = OpenTask(
    "own_documents",
    needs={"elbos": "the bound after every sweep", "theta": "E_q[theta] of each document, (D, K)"},
    invariants=(
        invariants.at_least("theta", 5, "documents"),
        invariants.rising(),
        invariants.normalised("theta"),
        invariants.positive("theta"),
    ),
    read=_own_answer,
    example=lambda: {"elbos": [-30.0, -28.5], "theta": np.full((5, 2), 0.5)},
    why="Now read the topics aloud. Which would come back from another start?",
    hints=Hints(
        nudge="A bag of words for each document, and lda.fit.",
        equation="",
        shape="climb(lda.fit(lda.bags(tokens, V), 3, rng, progress=False))",
    ),
)

lambda_update = Paper(
    "lambda_update",
    rubric=(
        (1, "the general solution for beta_k, with the expectation over q(z) and q(theta)"),
        (1, "only the terms that hold beta_k are kept: its prior, and the tokens' log beta"),
        (1, "the expectation of the indicator z_di = k is phi_dik"),
        (1, "the exponents of each beta_kw are collected, and a Dirichlet is recognised"),
        (1, "log beta in (4b.4) becomes E_q[log beta], a difference of two digammas"),
    ),
    minutes=10,
)
