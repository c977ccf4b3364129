"""The exact posterior of tiny documents, twice: by every z, and by the counts of topics.

Given z the topic weights integrate analytically, since the Dirichlet is conjugate:

    p(z, w) = [prod_n beta_{z_n, w_n}] int Dir(theta | alpha) prod_k theta_k^{n_k(z)} dtheta
            = [prod_n beta_{z_n, w_n}] Gamma(A) / Gamma(A + N)
              prod_k Gamma(alpha_k + n_k) / Gamma(alpha_k),                   A = sum_k alpha_k

with n_k(z) the tokens that z gives to topic k. Enumeration sums this over all K^N values of z.
But it depends on z only through the sums n = (n_1 .. n_K) once the products of beta are added
up for each n, and those are the coefficients of the polynomial prod_n sum_k beta_{k, w_n} y_k:
only binomial(N + K - 1, K - 1) of them. That is polynomial in N while K is fixed, of degree
K - 1: cheap for two or three topics, hopeless for twenty. Source: the slide "Latent Dirichlet
Allocation" (complexity of inference), made precise.
"""

from dataclasses import dataclass
from math import log10

import numpy as np
from scipy.special import logsumexp

from helpers.densities import dirichlet_kl, log_rising
from helpers.elbo import MOST_ASSIGNMENTS, enumerate_assignments, expectation
from helpers.lda.fixed_topics import check_document, check_words
from helpers.lda.variational_em import expected_log_theta, expected_log_topics


@dataclass(frozen=True, eq=False)
class Posterior:
    """Everything about p(theta, z | w) of one document, by enumeration."""

    log_evidence: float  # log p(w), nats
    assignments: np.ndarray  # every z, (K^N, N)
    log_joint: np.ndarray  # log p(z, w), (K^N,)
    probs: np.ndarray  # p(z | w), (K^N,)
    marginals: np.ndarray  # p(z_n = k | w), (N, K)
    concentrations: np.ndarray  # of the Dirichlet p(theta | z, w), (K^N, K)
    mean_theta: np.ndarray  # E[theta | w], (K,)


@dataclass(frozen=True, eq=False)
class CountPosterior:
    """What the counts of topics suffice for: p(theta | w), a mixture of Dirichlet(alpha + n)."""

    log_evidence: float  # log p(w), nats
    topic_counts: np.ndarray  # every n = (n_1 .. n_K) of the document's N tokens, (C, K)
    probs: np.ndarray  # p(n | w), the mixture's weights, (C,)
    mean_theta: np.ndarray  # E[theta | w], (K,)


def exact(model, words):
    """p(theta, z | w) of one document by summing over all K^N values of z: a :class:`Posterior`.

    words: the document's tokens as word numbers, (N,); N may be 0. ValueError for K^N beyond
    2^24, or a word that no topic has.
    """
    words, K = _supported_words(model, words), model.n_topics
    _refuse_more(len(words), K, len(words) * log10(K), "assignments")
    z = enumerate_assignments([K] * len(words))
    topic_counts = np.stack([np.count_nonzero(z == k, axis=1) for k in range(K)], axis=1)
    log_joint = log_prior_of_counts(model.alpha, topic_counts)
    log_topics = expected_log_topics(model.topics)
    for n, word in enumerate(words):  # token by token: a table of all would be as large as z
        log_joint += log_topics[z[:, n], word]
    log_evidence = float(logsumexp(log_joint))
    probs = np.exp(log_joint - log_evidence)
    concentrations = model.alpha + topic_counts
    marginals = np.array([np.bincount(column, probs, K) for column in z.T]).reshape(-1, K)
    mean_theta = probs @ concentrations / (model.alpha.sum() + len(words))
    return Posterior(log_evidence, z, log_joint, probs, marginals, concentrations, mean_theta)


def exact_by_counts(model, words):
    """The evidence and E[theta | w] of one document by the counts of topics.

        p(w) = sum_n coefficient_n(beta, w) p(n),   O(N K (N + 1)^(K - 1)) operations

    As :func:`exact`, but what may not pass 2^24 is the table of (N + 1)^(K - 1) coefficients.
    """
    words = _supported_words(model, words)
    log_coefficients, topic_counts = _coefficients(model.topics[:, words])
    log_joint = log_coefficients + log_prior_of_counts(model.alpha, topic_counts)
    log_evidence = float(logsumexp(log_joint))
    probs = np.exp(log_joint - log_evidence)
    mean = probs @ (model.alpha + topic_counts) / (model.alpha.sum() + len(words))
    return CountPosterior(log_evidence, topic_counts, probs, mean)


def log_prior_of_counts(alpha, topic_counts):
    """log of int Dir(theta | alpha) prod_k theta_k^{n_k} dtheta, for n (..., K)."""
    of_total = log_rising(alpha.sum(), topic_counts.sum(axis=-1))
    return log_rising(alpha, topic_counts).sum(axis=-1) - of_total


def kl_to_posterior(model, words, q):
    """KL(q(theta, z) || p(theta, z | w)) in nats, summed over every z, theta integrated.

        KL = sum_z q(z) [log q(z) - log p(z | w) + KL(Dir(gamma) || Dir(alpha + n(z)))]

    q is a :class:`DocumentPosterior`. Computed without the ELBO, so that ELBO + KL =
    log p(w) is a test of both; inf where q puts mass on an impossible z.
    """
    words, q = check_document(model, words, q)
    posterior = exact(model, words)
    theta = dirichlet_kl(q.gamma, posterior.concentrations, expected_log_theta(q.gamma))
    with np.errstate(divide="ignore", invalid="ignore"):  # -inf + inf only where q(z) is zero
        log_q = np.log(q.phi)[np.arange(len(words)), posterior.assignments].sum(axis=1)
        log_ratio = log_q - posterior.log_joint + posterior.log_evidence
    return expectation(np.exp(log_q), log_ratio + theta)


def _coefficients(likelihoods):
    """log of the coefficients of prod_n sum_k likelihoods[k, n] y_k, and their exponents.

    The table has one axis for each topic but the last, whose exponent is what is left of N.
    It is rescaled after each token: the product of N probabilities underflows.
    """
    n_topics, n_tokens = likelihoods.shape
    sizes, digits = (n_tokens + 1,) * (n_topics - 1), (n_topics - 1) * log10(n_tokens + 1)
    _refuse_more(n_tokens, n_topics, digits, "coefficients")
    table, log_scale = np.zeros(sizes), 0.0
    table[(0,) * (n_topics - 1)] = 1.0
    for *first, p_last in likelihoods.T:
        # times y_k: one step along axis k, at whose end there is nothing yet to come round
        moved = (p * np.roll(table, 1, axis) for axis, p in enumerate(first))
        table = sum(moved, start=p_last * table)
        log_scale += np.log(table.max())
        table = table / table.max()
    exponents = np.indices(sizes).reshape(n_topics - 1, table.size).T
    last = n_tokens - exponents.sum(axis=1)
    held = (last >= 0) & (table.ravel() > 0)
    topic_counts = np.column_stack([exponents, last])[held].astype(float)
    return np.log(table.ravel()[held]) + log_scale, topic_counts


def _refuse_more(n_tokens, n_topics, digits, what):
    """Refuse 10^digits of what has to be enumerated, if they are too many."""
    if digits > log10(MOST_ASSIGNMENTS):
        raise ValueError(
            f"words: {n_tokens} tokens and {n_topics} topics have about 10^{digits:.1f} {what}, "
            f"more than the {MOST_ASSIGNMENTS:,} that can be enumerated here"
        )


def _supported_words(model, words):
    """The checked words (N,) of a document that the model can have written."""
    words = check_words(model, words)
    missing = words[~model.topics[:, words].any(axis=0)]
    if len(missing):
        raise ValueError(
            f"words: expected words that some topic has; word {missing[0]} has probability 0 "
            "under every topic, so that p(w) = 0 and there is no posterior"
        )
    return words
