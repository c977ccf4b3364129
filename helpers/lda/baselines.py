"""What LDA is measured against: a unigram model and a mixture of unigrams.

    unigram               p(w) = prod_n beta_{w_n}                         one topic for all
    mixture of unigrams   p(w) = sum_k pi_k prod_n beta_{k, w_n}           one topic a document

The mixture's posterior is exact, so that its EM climbs the log likelihood itself. Smoothing adds
``pseudo_count`` to every word of every topic, the posterior mode under a Dirichlet prior with
concentration 1 + pseudo_count. Source: Blei, Ng and Jordan (2003), the section "Relationship
with other latent variable models".
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, softmax, xlogy

from helpers.arguments import generator, probabilities
from helpers.ascent import State, ascending
from helpers.lda.held_out import per_token
from helpers.lda.model import at_least_zero, check_counts, check_topics, warn_unsupported
from helpers.lda.variational_em import m_step


@dataclass(frozen=True, eq=False)
class MixtureOfUnigrams:
    """weights pi (K,), topics beta (K, V); a unigram model is one with K = 1."""

    weights: np.ndarray
    topics: np.ndarray

    def __post_init__(self):
        topics = probabilities("topics", self.topics, ndim=2)
        weights = probabilities("weights", self.weights, shape=(len(topics),))
        vars(self).update(weights=weights, topics=topics)

    def log_joint(self, counts):
        """log p(w_d, z_d = k), (D, K), nats; -inf where topic k lacks a word of document d."""
        counts = check_counts(counts, self.topics.shape[1])
        with np.errstate(divide="ignore"):
            return np.log(self.weights) + counts @ np.log(self.topics).T

    def log_evidence(self, counts):
        """log p(w_d) of each document, (D,), nats."""
        return logsumexp(self.log_joint(counts), axis=1)

    def perplexity(self, counts):
        """exp(-log p(w) per token), no bound; inf where no topic holds all of a document."""
        counts = check_counts(counts, self.topics.shape[1])
        warn_unsupported(counts, self.topics)
        return per_token(float(self.log_evidence(counts).sum()), counts)


def fit_unigram(counts, pseudo_count=0.0):
    """The maximum-likelihood (or smoothed) unigram model, a mixture with one component."""
    counts, pseudo_count = check_counts(counts), at_least_zero("pseudo_count", pseudo_count)
    return _learned(counts, np.ones((counts.shape[0], 1)), pseudo_count)


def fit_mixture(counts, n_topics, rng, pseudo_count=0.0):
    """EM for the mixture of unigrams.

        climb(lda.fit_mixture(counts, 20, rng, pseudo_count=0.5)).state.model

    counts: (D, V). pseudo_count: added to each word of each topic; 0 for maximum likelihood.
    Yields states without end: q = p(z_d | w_d), (D, K), and the log likelihood as ``elbo``, plus
    the log prior (without its constant) where smoothed. It never falls.
    """
    counts, pseudo_count = check_counts(counts), at_least_zero("pseudo_count", pseudo_count)
    n_topics = check_topics(n_topics, counts)
    q = generator("rng", rng).dirichlet(np.ones(n_topics), counts.shape[0])
    return _ascent(counts, q, pseudo_count)


@ascending
def _ascent(counts, q, pseudo_count):
    while True:
        model = _learned(counts, q, pseudo_count)
        log_joint = model.log_joint(counts)
        q, log_prior = softmax(log_joint, axis=1), xlogy(pseudo_count, model.topics).sum()
        yield State(q, float(logsumexp(log_joint, axis=1).sum() + log_prior), model)


def _learned(counts, q, pseudo_count):
    """The mixture that q (D, K) makes of the documents; a topic without a word is uniform."""
    topics = m_step((counts.T @ q).T + pseudo_count, 1 / counts.shape[1])
    return MixtureOfUnigrams(q.mean(axis=0), topics)
