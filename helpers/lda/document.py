"""Mean field for one document, written as the formulas are: what the fast code must equal.

    q(theta, z) = Dirichlet(theta | gamma) prod_n Categorical(z_n | phi_n)

with ``gamma`` (K,) and ``phi`` (N, K), one row for each token of ``words`` (N,). Source: the
slide "Mean field LDA Inference"; Blei, Ng and Jordan (2003), their equations 6 and 7.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.special import gammaln, logsumexp, psi, xlogy

from helpers.arguments import instance, positive, real_array, whole_number
from helpers.densities import Dirichlet
from helpers.elbo import Bound
from helpers.lda.model import LDA, word_numbers


@dataclass(frozen=True, eq=False)
class DocumentPosterior:
    """One document's q: ``gamma`` (K,) of the Dirichlet, ``phi`` (N, K) of its tokens."""

    gamma: np.ndarray
    phi: np.ndarray


@dataclass(frozen=True, eq=False)
class DocumentState:
    """A step of the ascent: q, its ELBO in nats, and what was ``updated`` to get here."""

    q: DocumentPosterior
    elbo: float
    updated: str


def expected_log_theta(gamma):
    """E_q[log theta_k] = digamma(gamma_k) - digamma(sum_j gamma_j), for gamma (..., K)."""
    return psi(gamma) - psi(np.sum(gamma, axis=-1, keepdims=True))


def update_phi(gamma, topics, words):
    """phi_nk proportional to beta_{k, w_n} exp(E_q[log theta_k]), (N, K).

    In logarithms, since exp(digamma(0.001)) is zero in double precision. A word that no topic
    has gets the phi of a word that all topics share: it says nothing about theta.
    """
    scores = _log_topics(topics, words) + expected_log_theta(gamma)
    return np.exp(scores - logsumexp(scores, axis=1, keepdims=True))


def update_gamma(alpha, phi):
    """gamma_k = alpha_k + sum_n phi_nk, (K,)."""
    return alpha + np.sum(phi, axis=0)


def document_bound(model, words, q, log_evidence=np.nan):
    """The two terms of one document's ELBO, for any gamma and phi.

    E_q[log p(theta, z, w)] = E_q[log p(theta | alpha)]
                              + sum_nk phi_nk (E_q[log theta_k] + log beta_{k, w_n})
    H(q) = H(Dirichlet(gamma)) - sum_nk phi_nk log phi_nk
    """
    words = check_words(model, words)
    q = check_posterior(model, words, q)
    return Bound(*_terms(model, words, q), log_evidence)


def _terms(model, words, q):
    log_theta = expected_log_theta(q.gamma)
    prior = _log_normaliser(model.alpha) + np.sum((model.alpha - 1) * log_theta)
    with np.errstate(divide="ignore"):
        log_topics = np.log(model.topics[:, words].T)
    held = q.phi > 0  # 0 log 0 = 0, also where a topic does not have the word
    tokens = np.sum(q.phi @ log_theta) + np.sum(q.phi[held] * log_topics[held])
    entropy = Dirichlet(q.gamma).entropy() - np.sum(xlogy(q.phi, q.phi))
    return float(prior + tokens), float(entropy)


def one_document(model, words, start=None):
    """Coordinate ascent on one document, one factor at a time: phi, gamma, phi, gamma, ...

    Args:
        model: an :class:`LDA`.
        words: the document's tokens as word numbers, (N,).
        start: gamma to begin at, (K,); alpha + N / K if None. phi begins uniform over the
            topics that have the word, since anything else would begin at a bound of -inf.
    Yields:
        :class:`DocumentState`, without end; the bound never falls from one to the next.
    """
    words = check_words(model, words)
    gamma = model.alpha + len(words) / model.n_topics
    if start is not None:
        gamma = positive("start", start, shape=(model.n_topics,))
    return _alternate(model, words, gamma)


def trajectory(model, words, n_states, start=None):
    """The first ``n_states`` steps of :func:`one_document` as arrays, for figures and widgets.

    Returns:
        A dict of ``gamma`` (n_states, K), ``phi`` (n_states, N, K), ``elbo`` (n_states,) in
        nats and ``updated``, a list of "start", "phi" and "gamma".
    """
    n_states = whole_number("n_states", n_states)
    states = list(islice(one_document(model, words, start), n_states))
    return {
        "gamma": np.array([s.q.gamma for s in states]),
        "phi": np.array([s.q.phi for s in states]),
        "elbo": np.array([s.elbo for s in states]),
        "updated": [s.updated for s in states],
    }


def check_words(model, words):
    """A document's word numbers, (N,), each below the model's V."""
    return word_numbers("words", words, instance("model", model, LDA).n_words)


def check_posterior(model, words, q):
    """A :class:`DocumentPosterior` with the shapes of the model and of the document's words."""
    instance("q", q, DocumentPosterior)
    positive("q.gamma", q.gamma, shape=(model.n_topics,))
    real_array("q.phi", q.phi, shape=(len(words), model.n_topics))
    return q


def _alternate(model, words, gamma):
    phi, updated = _uniform_phi(model.topics, words), "start"
    while True:
        q = DocumentPosterior(gamma, phi)
        yield DocumentState(q, sum(_terms(model, words, q)), updated)
        if updated == "phi":
            gamma, updated = update_gamma(model.alpha, phi), "gamma"
        else:
            phi, updated = update_phi(gamma, model.topics, words), "phi"


def _word_rows(topics, words):
    rows = topics[:, words].T
    return np.where(rows.any(axis=1, keepdims=True), rows, 1.0)


def _uniform_phi(topics, words):
    held = _word_rows(topics, words) > 0
    return held / held.sum(axis=1, keepdims=True)


def _log_topics(topics, words):
    with np.errstate(divide="ignore"):
        return np.log(_word_rows(topics, words))


def _log_normaliser(alpha):
    """The logarithm of the Dirichlet density's constant."""
    return gammaln(np.sum(alpha)) - np.sum(gammaln(alpha))
