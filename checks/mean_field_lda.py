"""The exercises of notebook 04b, Mean field for latent Dirichlet allocation.

One document with N tokens, K topics, V words.  alpha, gamma: concentrations of prior and q, (K,).
topics: p(word | topic), (K, V).  words: the tokens as word numbers, (N,).  phi: q(z_i = k), (N, K).
counts: how often each word occurs, (V,) of a document or (D, V).
"""

import numpy as np
from scipy.special import digamma, gammaln, xlogy

from checks import invariants
from checks.sheets import Sheet
from checks.tasks import case
from helpers import lda
from helpers.densities import Dirichlet
from helpers.lda.variational_em import m_step, plain_e_step

sheet = Sheet(__name__)
progress = sheet.progress


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


gamma_lines = sheet.task("gamma_lines")


def _log_theta(gamma):
    return digamma(gamma) - digamma(gamma.sum())


def _gammas(rng):
    for K in (2, 3, 4, 6):
        yield case(rng.uniform(0.3, 8.0, K))
    yield case(rng.uniform(0.01, 0.1, 3), label="concentrations far below one")


def _negative(result, *_):
    top = np.max(result)
    return "" if top < 0 else f"you have {top:.4g}: theta is below one, so log theta is negative"


expected_log_theta = sheet.task(
    "expected_log_theta", reference=_log_theta, cases=_gammas, invariants=[_negative]
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


update_phi = sheet.task(
    "update_phi", reference=_phi, cases=_phi_cases, invariants=[_rows_sum_to_one]
)


def _gamma(alpha, phi, counts):
    return alpha + counts @ phi


def _gamma_cases(rng):
    for K, V in ((2, 3), (3, 2), (3, 5), (4, 3), (2, 6)):
        counts = rng.integers(1, 7, V)
        yield case(rng.uniform(0.3, 2.0, K), rng.dirichlet(np.full(K, 1.5), V), counts)
    alpha, phi = rng.uniform(0.3, 2.0, 3), rng.dirichlet(np.ones(3), 4)
    yield case(alpha, phi, np.array([0, 3, 1, 0]), label="words that do not occur")


def _tokens_and_prior(result, alpha, phi, counts):
    total, expected = np.sum(result), alpha.sum() + counts.sum()
    if np.size(result) != len(alpha) or np.isclose(total, expected):
        return ""
    return (
        f"your gamma sums to {total:.4g}, but every token is of some topic: it must sum to "
        f"sum(alpha) + N = {expected:.4g}"
    )


update_gamma = sheet.task(
    "update_gamma", reference=_gamma, cases=_gamma_cases, invariants=[_tokens_and_prior]
)


def _token_expectation(gamma, phi, topics, words):
    log_theta = digamma(gamma) - digamma(gamma.sum())
    return np.sum(phi * (log_theta + np.log(topics[:, words].T)), axis=1)


def _token_expectation_spelt_out(gamma, phi, topics, words):
    log_theta = digamma(gamma) - digamma(gamma.sum())
    return phi @ log_theta + np.sum(phi * np.log(topics[:, words].T), axis=1)


def _token_cases(rng):
    for _, topics, words, gamma, phi in _documents(rng):
        yield case(gamma, phi, topics, words)


token_expectation = sheet.task(
    "token_expectation",
    reference=_token_expectation,
    spelt_out=[_token_expectation_spelt_out],
    cases=_token_cases,
    invariants=[_negative],
)


def _token_at_optimum(log_theta, beta):
    return float(np.log(np.sum(beta * np.exp(log_theta))))


def _optimum_cases(rng):
    for K in (2, 3, 4, 6, 3):
        yield case(_log_theta(rng.uniform(0.4, 6.0, K)), rng.uniform(0.01, 0.9, K))


token_at_optimum = sheet.task("token_at_optimum", reference=_token_at_optimum, cases=_optimum_cases)


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


elbo = sheet.task("elbo", reference=_elbo, cases=_elbo_cases)

sum_of_gamma = sheet.task("sum_of_gamma")


def _bag_ascent_right(alpha, topics, counts, gamma):
    phi = topics.T * np.exp(digamma(gamma))
    return alpha + counts @ (phi / phi.sum(axis=1, keepdims=True))


def _no_bag(alpha, topics, counts, gamma):
    if not np.allclose(np.sum(topics, axis=-1), 1) or (np.asarray(topics) < 0).any():
        return "the rows of topics are distributions over words"
    if (np.asarray(alpha) <= 0).any() or (np.asarray(gamma) <= 0).any():
        return "alpha and gamma hold positive concentrations"
    counts = np.asarray(counts)
    return "" if (counts == np.abs(np.round(counts))).all() else "counts holds whole numbers"


wrong_bag = sheet.task(
    "wrong_bag",
    right=_bag_ascent_right,
    example=(np.ones(2), np.array([[0.6, 0.4], [0.3, 0.7]]), np.array([3, 1]), np.array([2.0, 4])),
    refuse=_no_bag,
)


def _perplexity(bounds, counts):
    return float(np.exp(-np.sum(bounds) / np.sum(counts)))


def _perplexity_cases(rng):
    for D, V in ((2, 3), (3, 2), (4, 5), (1, 4)):
        counts = rng.integers(1, 6, (D, V))
        yield case(-counts.sum(axis=1) * rng.uniform(1.0, 3.0, D), counts)
    counts = np.array([[2, 0, 1], [0, 0, 0], [1, 3, 0]])
    yield case(np.array([-5.1, 0, -6.3]), counts, label="an empty document")


perplexity = sheet.task(
    "perplexity",
    reference=_perplexity,
    cases=_perplexity_cases,
    invariants=[
        lambda value, *_: (
            ""
            if np.min(value) >= 1
            else f"you have {np.min(value):.4g}: a perplexity is at least 1, a certain choice"
        )
    ],
)


def _em_sweep(alpha, topics, gamma, counts):
    phi = np.exp(digamma(gamma))[:, None, :] * topics.T[None, :, :]
    phi /= phi.sum(axis=2, keepdims=True)
    expected = counts[:, :, None] * phi
    usage = expected.sum(axis=0).T
    return alpha + expected.sum(axis=1), usage / usage.sum(axis=1, keepdims=True)


def _em_cases(rng):
    for D, V, K in ((2, 3, 2), (3, 4, 2), (2, 5, 3), (4, 3, 3)):
        counts = rng.integers(0, 6, (D, V)) + (rng.random((D, V)) < 0.8)
        counts[0] += 1
        topics = rng.dirichlet(np.full(V, 1.5), K)
        yield case(rng.uniform(0.3, 2.0, K), topics, rng.uniform(0.4, 6.0, (D, K)), counts)


em_sweep = sheet.task("em_sweep", reference=_em_sweep, cases=_em_cases)


def _flat_run():
    counts = lda.bags([[0, 0, 1, 2], [1, 1, 2, 3], [3, 3, 0, 3]], 4)
    alpha, topics, gamma, bounds = np.full(3, 0.5), np.full((3, 4), 0.25), None, []
    for _ in range(6):
        gamma = np.full((3, 3), 0.5 + 4 / 3) if gamma is None else gamma
        gamma, usage, each = plain_e_step(counts, alpha, np.log(topics), gamma, 2)
        topics = m_step(usage, topics)
        bounds.append(each.sum())
    return bounds


flat_run = sheet.task("flat_run", trace=_flat_run)


def _own_answer(answer):
    """An ascent of lda.fit, or a dictionary, as the parts of the answer."""
    state = getattr(answer, "state", None)
    return answer if state is None else {"elbos": answer.elbos, "theta": state.q.mean_theta()}


own_documents = sheet.task(
    "own_documents",
    invariants=(
        invariants.at_least("theta", 5, "documents"),
        invariants.rising(),
        invariants.normalised("theta"),
        invariants.positive("theta"),
    ),
    read=_own_answer,
    example=lambda: {"elbos": [-30.0, -28.5], "theta": np.full((5, 2), 0.5)},
)

lambda_update = sheet.task("lambda_update")
