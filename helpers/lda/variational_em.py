"""Variational EM for LDA, in the order of the lecture: q, its updates, the bound, the topics.

    q(z, theta) = prod_d Dirichlet(theta_d | gamma_d) prod_i Categorical(z_di | phi_di)      (4b.1)

Down to :func:`variational_em` this is the algorithm as it is derived, complete; what follows is
for real corpora, the same with the E-step of :mod:`helpers.fast.lda`, some ten times as fast.

``log_topics`` (K, V) is log beta where the topics are parameters, E_q[log beta] where they have
a prior Dirichlet(eta) and a q(beta_k) = Dirichlet(lambda_k) of their own. ``words`` (N,) are the
tokens of a document; or its different words, if ``counts`` (N, 1) says how often each occurs,
since tokens of the same word have the same phi. Sources: the slides "Mean field LDA Inference"
and "Performing VI (Frequentist Case)"; Blei, Ng and Jordan (2003), their equations 6 to 9.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, psi

from helpers.arguments import generator, one_of, positive
from helpers.ascent import State, ascending
from helpers.densities import dirichlet_kl
from helpers.fast import lda as fast
from helpers.lda.model import LDA, MOST_CONCENTRATION, check_counts, check_topics
from helpers.lda.progress import Bar
from helpers.lda.starts import STARTS

UPDATES = 2  # of phi and gamma in each sweep; gamma goes on from the last one


@dataclass(frozen=True, eq=False)
class CorpusPosterior:
    """q of documents and topics (4b.2)."""

    gamma: np.ndarray  # (D, K)
    topics: np.ndarray | None = None  # lambda (K, V), or None when the topics are parameters

    def mean_theta(self):
        """E_q[theta], (D, K)."""
        return self.gamma / self.gamma.sum(axis=1, keepdims=True)


class EStep(NamedTuple):
    """gamma (D, K), the expected usage of words by topics (K, V), each document's bound (D,)."""

    gamma: np.ndarray
    usage: np.ndarray
    bounds: np.ndarray


def expected_log_theta(gamma):
    """E_q[log theta_k] = digamma(gamma_k) - digamma(sum_j gamma_j), for gamma (..., K)  (4b.6)."""
    gamma = positive("gamma", gamma)
    return psi(gamma) - psi(np.sum(gamma, axis=-1, keepdims=True))


def update_phi(gamma, log_topics, words):
    """phi_ik proportional to beta_{k, w_i} exp(E_q[log theta_k]), (N, K)                (4b.4).

    In logarithms, since exp(digamma(0.001)) is zero in double precision. A word that no topic
    has gets the phi of a word that all topics share: it says nothing about theta.
    """
    rows = log_topics[:, words].T
    scores = expected_log_theta(gamma) + np.where(np.isneginf(rows).all(1, keepdims=True), 0, rows)
    return np.exp(scores - logsumexp(scores, axis=1, keepdims=True))


def update_gamma(alpha, phi, counts=1.0):
    """gamma_k = alpha_k + sum_i phi_ik, (K,)                                            (4b.5)."""
    return alpha + np.sum(counts * phi, axis=0)


def document_elbo(alpha, log_topics, words, gamma, phi, counts=1.0):
    """One document's bound at any gamma and phi, nats                                   (4b.3).

    sum_ik phi_ik (E_q[log theta_k] + log beta_{k, w_i} - log phi_ik) - KL(q(theta) || p(theta))
    """
    log_theta, held = expected_log_theta(gamma), phi > 0  # 0 log 0 = 0, also with log beta = -inf
    terms = np.where(held, log_theta + log_topics[:, words].T - np.log(np.where(held, phi, 1)), 0)
    return float(np.sum(counts * phi * terms) - dirichlet_kl(gamma, alpha, log_theta))


def plain_e_step(counts, alpha, log_topics, gamma, updates):
    """Every document in turn: ``updates`` times phi and gamma, then what the M-step needs.

    counts (D, V) CSR, gamma (D, K) to begin at -> :class:`EStep`, phi at its optimum given gamma.
    """
    gamma, usage, bounds = gamma.copy(), np.zeros(log_topics.shape), np.zeros(len(gamma))
    for d in range(len(gamma)):
        words = counts.indices[counts.indptr[d] : counts.indptr[d + 1]]
        n = counts.data[counts.indptr[d] : counts.indptr[d + 1], None]
        for _ in range(updates):
            phi = update_phi(gamma[d], log_topics, words)  # (4b.4)
            gamma[d] = update_gamma(alpha, phi, n)  # (4b.5)
        phi = update_phi(gamma[d], log_topics, words)
        usage[:, words] += (n * phi).T
        bounds[d] = document_elbo(alpha, log_topics, words, gamma[d], phi, n)  # (4b.3)
    return EStep(gamma, usage, bounds)


def m_step(usage, topics, eta=None):
    """The topics beta (K, V), or lambda (K, V) where there is an eta                    (4b.7).

    beta_kw proportional to usage_kw, or lambda_kw = eta + usage_kw. A topic that no token uses
    keeps its ``topics``.
    """
    if eta is not None:
        return eta + usage
    totals = usage.sum(axis=1, keepdims=True)
    return np.where(totals > 0, usage / np.where(totals > 0, totals, 1.0), topics)


def expected_log_topics(topics, eta=None):
    """log beta or, for lambda, E_q[log beta], (K, V)                                    (4b.6)."""
    with np.errstate(divide="ignore"):
        return np.log(topics) if eta is None else expected_log_theta(topics)


def topics_kl(topics, log_topics, eta=None):
    """sum_k KL(Dirichlet(lambda_k) || Dirichlet(eta)), nats; zero where there is no eta."""
    if eta is None:
        return 0.0
    return float(np.sum(dirichlet_kl(topics, np.full(topics.shape[1], eta), log_topics)))


@ascending
def variational_em(e_step, alpha, topics, gamma, eta=None):
    """E-step and M-step in turn, from ``topics`` and gamma (D, K) on, without end.

    e_step: function of (log_topics, gamma) -> :class:`EStep`, plain or fast. topics: beta (K, V),
    or lambda where there is an eta.
    """
    while True:
        log_topics = expected_log_topics(topics, eta)
        gamma, usage, bounds = e_step(log_topics, gamma)
        q = CorpusPosterior(gamma, None if eta is None else topics)
        model = LDA(alpha, topics / topics.sum(axis=1, keepdims=True))
        yield State(q, float(bounds.sum()) - topics_kl(topics, log_topics, eta), model)
        topics = m_step(usage, topics, eta)


# -- for use -------------------------------------------------------------------------------


def fit(counts, n_topics, rng, alpha=0.1, eta=None, start="seeded", progress=True):
    """Learn the topics of a corpus: :func:`variational_em` with the fast E-step.

        ascent = climb(lda.fit(counts, 20, rng, eta=0.1))
        ascent.state.model.topics, ascent.state.q.gamma, ascent.elbos

    counts: (D, V), sparse or dense. n_topics: K. alpha: concentration of the documents' Dirichlet,
    one number or (K,), held fixed. eta: that of the topics' Dirichlet prior, or None for point
    estimates. start: "seeded" by unlike documents, or "random", which ends at worse bounds; both
    by ``rng``. progress: show a bar from the first second on. Yields states without end: ``q`` is a
    :class:`CorpusPosterior`, ``model`` has the topics, or their mean. ValueError where there are no
    tokens, or an argument is out of range.
    """
    counts = check_counts(counts)
    if not counts.nnz:
        raise ValueError("counts: expected at least one token, got only empty documents")
    alpha = check_alpha(alpha, check_topics(n_topics, counts))
    eta = None if eta is None else float(positive("eta", eta, ndim=0, maximum=MOST_CONCENTRATION))
    generator("rng", rng)
    one_of("start", start, STARTS)
    bar = Bar()
    e_step = partial(fast.EStep(counts, alpha, bar.tick), rule=fast.Rule(UPDATES, plain=True))

    @ascending
    def ascent():
        topics = m_step(STARTS[start](counts, n_topics, rng).T, 1 / counts.shape[1], eta)
        yield from variational_em(e_step, alpha, topics, first_gamma(alpha, counts), eta)

    return bar.watch(ascent(), f"{n_topics} topics") if progress else ascent()


def first_gamma(alpha, counts, start=None, name="gamma"):
    """gamma to begin at, (D, K): alpha + N_d / K, or ``start``; alpha if a document is empty."""
    totals = counts.sum(axis=1)[:, None]
    if start is None:
        return alpha + totals / len(alpha)
    start = positive(name, start, shape=(len(totals), len(alpha)))
    return np.where(totals > 0, start, alpha)


def check_alpha(alpha, n_topics):
    """Concentrations (K,), from one number or (K,)."""
    return LDA(alpha, np.ones((n_topics, 1))).alpha
