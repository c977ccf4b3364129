"""Mean field with the topics known: for one document step by step, for a corpus fast.

    q(theta, z) = prod_d Dirichlet(theta_d | gamma_d) prod_i Categorical(z_di | phi_di)

Source: the slide "Mean field LDA Inference". The documents are independent given the topics,
so that each has its own ascent; the ELBO is their sum.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.special import xlogy

from helpers.arguments import instance, positive, probabilities, refuse_large, whole_number
from helpers.ascent import State, ascending
from helpers.densities import dirichlet_entropy
from helpers.elbo import Bound, log_probs
from helpers.fast import lda as fast
from helpers.lda.model import LDA, at_least_zero, check_counts, warn_unsupported, word_numbers
from helpers.lda.variational_em import (
    CorpusPosterior,
    EStep,
    check_alpha,
    document_elbo,
    expected_log_topics,
    first_gamma,
    update_gamma,
    update_phi,
)


@dataclass(frozen=True, eq=False)
class DocumentPosterior:
    """One document's q: ``gamma`` (K,) of the Dirichlet, ``phi`` (N, K) of its tokens."""

    gamma: np.ndarray
    phi: np.ndarray


def document_bound(model, words, q, log_evidence=np.nan):
    """The two terms of one document's ELBO, for any gamma and phi, as a Bound in nats.

    E_q[log p(theta, z, w)] = E_q[log p(theta | alpha)]
                              + sum_ik phi_ik (E_q[log theta_k] + log beta_{k, w_i})
    H(q) = H(Dirichlet(gamma)) - sum_ik phi_ik log phi_ik
    """
    words, q = check_document(model, words, q)
    log_topics = expected_log_topics(model.topics)
    elbo = document_elbo(model.alpha, log_topics, words, q.gamma, q.phi)
    entropy = float(dirichlet_entropy(q.gamma) - np.sum(xlogy(q.phi, q.phi)))
    return Bound(elbo - entropy, entropy, log_evidence)


def document_mean_field(model, words, start=None):
    """Coordinate ascent on one document, one factor at a time: phi, gamma, phi, gamma, ...

        ascent = climb(lda.document_mean_field(model, words))
        ascent.state.q.gamma, ascent.state.q.phi, ascent.elbos

    words: the document's tokens as word numbers, (N,). start: gamma to begin at, (K,);
    alpha + N / K if None. phi begins uniform over the topics that have the word, since anything
    else would begin at a bound of -inf. Yields states without end: ``q`` is a
    :class:`DocumentPosterior`, ``updated`` says "start", "phi" or "gamma".
    """
    words = check_words(model, words)
    start = model.alpha + len(words) / model.n_topics if start is None else start
    return _alternate(model, words, positive("start", start, shape=(model.n_topics,)))


@ascending
def _alternate(model, words, gamma):
    log_topics, has = expected_log_topics(model.topics), model.topics[:, words].T > 0
    phi, updated = has | ~has.any(axis=1, keepdims=True), "start"
    phi = phi / phi.sum(axis=1, keepdims=True)
    while True:
        elbo = document_elbo(model.alpha, log_topics, words, gamma, phi)
        yield State(DocumentPosterior(gamma, phi), elbo, model, info={"updated": updated})
        if updated == "phi":
            gamma, updated = update_gamma(model.alpha, phi), "gamma"
        else:
            phi, updated = update_phi(gamma, log_topics, words), "phi"


def trajectory(model, words, n_states, start=None):
    """The first ``n_states`` steps of :func:`document_mean_field` as arrays, for figures.

    A dict of ``gamma`` (n_states, K), ``phi`` (n_states, N, K), ``elbo`` (n_states,) in nats and
    ``updated``, a list of "start", "phi" and "gamma".
    """
    states = document_mean_field(model, words, start)
    refuse_large("n_states", whole_number("n_states", n_states), len(words), model.n_topics)
    states = list(islice(states, n_states))
    return {
        "gamma": np.array([state.q.gamma for state in states]),
        "phi": np.array([state.q.phi for state in states]),
        "elbo": np.array([state.elbo for state in states]),
        "updated": [state.updated for state in states],
    }


def mean_field(model, counts, start=None, tolerance=1e-12):
    """Coordinate ascent on q(theta, z) for every document of a corpus, the model fixed.

        ascent = climb(lda.mean_field(model, counts))
        ascent.state.q.gamma, ascent.state.bounds, ascent.elbos

    From one state to the next each document is updated until it rests, first at a coarse
    tolerance, then at finer ones, plainly and with acceleration side by side; the better counts,
    so that no document ends below plain ascent, and no bound ever falls.

    counts: (D, V), sparse or dense; a document may be empty. start: gamma to begin at, (D, K);
    alpha + N_d / K if None. tolerance: a document rests once an update moves q(theta) by less than
    about this, nats. Yields states without end: ``q`` is a :class:`CorpusPosterior`, ``bounds``
    (D,) are the documents', ``moving`` (D,) says which are not at rest. ValueError where counts or
    start do not fit; a warning where a word has no topic: the bounds of its documents are -inf.
    """
    counts = check_counts(counts, instance("model", model, LDA).n_words)
    warn_unsupported(counts, model.topics)
    tolerance = at_least_zero("tolerance", tolerance)
    gamma = first_gamma(model.alpha, counts, start, "start")
    return _ascend(model, fast.EStep(counts, model.alpha), gamma, tolerance)


@ascending
def _ascend(model, e_step, gamma, tolerance):
    log_topics = expected_log_topics(model.topics)
    for best, bounds, moving in fast.two_tracks(e_step, log_topics, gamma, tolerance):
        info = {"bounds": bounds, "moving": moving}
        yield State(CorpusPosterior(best), float(bounds.sum()), model, info=info)


def e_step(counts, alpha, expected_log_topics, gamma=None, tolerance=3e-5, max_updates=100):
    """gamma of every document, until it rests, for topics that are known by E_q[log beta].

        gamma, usage, bounds = lda.e_step(counts, alpha, psi(lam) - psi(lam.sum(1, keepdims=True)))

    Updates are extrapolated: about 1 document in 100 ends in another optimum than by plain ones,
    a lower one in 1 of 300. :func:`mean_field`, at about six times the price, never ends lower.

    counts, gamma to begin at, tolerance: as for :func:`mean_field`. alpha: one number or (K,).
    expected_log_topics: E_q[log beta], or log beta for known topics; (K, V), -inf is legal.
    max_updates: of each document; 0 scores the gamma that was given. Returns an :class:`EStep`:
    gamma (D, K), the expected usage sum_d c_dw phi_dwk of words by topics (K, V), and each
    document's bound (D,) without the topics' KL, all for phi at its optimum. ValueError where
    arguments do not fit each other.
    """
    scores = log_probs("expected_log_topics", expected_log_topics, (None, None), posterior=False)
    counts, alpha = check_counts(counts, scores.shape[1]), check_alpha(alpha, len(scores))
    tolerance = at_least_zero("tolerance", tolerance)
    rule = fast.Rule(whole_number("max_updates", max_updates, minimum=0), tolerance)
    return EStep(*fast.EStep(counts, alpha)(scores, first_gamma(alpha, counts, gamma), rule))


def check_words(model, words):
    """A document's word numbers, (N,), each below the model's V."""
    return word_numbers("words", words, instance("model", model, LDA).n_words)


def check_document(model, words, q):
    """Word numbers (N,) and their posterior: gamma (K,) above zero, phi (N, K) probabilities."""
    words, q = check_words(model, words), instance("q", q, DocumentPosterior)
    gamma = positive("q.gamma", q.gamma, shape=(model.n_topics,))
    shape = len(words), model.n_topics
    phi = probabilities("q.phi", q.phi, shape=shape) if len(words) else np.empty(shape)
    return words, DocumentPosterior(gamma, phi)
