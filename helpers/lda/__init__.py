"""Latent Dirichlet allocation: exact for tiny documents, mean field, variational EM.

``LDA(alpha, topics)`` is the model; :func:`exact` enumerates; :func:`mean_field` approximates
for a corpus, :func:`document_mean_field` step by step for one document; :func:`fit` learns the
topics, :func:`fit_stream` those of a stream, and :func:`e_step` is half of both;
:func:`perplexity` scores documents that were held out. The algorithm itself, as the lecture
derives it, is variational_em.py.
"""

from helpers.lda.baselines import MixtureOfUnigrams, fit_mixture, fit_unigram
from helpers.lda.enumeration import exact, exact_by_counts, kl_to_posterior
from helpers.lda.fixed_topics import (
    DocumentPosterior,
    document_bound,
    document_mean_field,
    e_step,
    learning_bound,
    mean_field,
    trajectory,
)
from helpers.lda.held_out import completion_perplexity, perplexity, split_tokens
from helpers.lda.model import LDA, bags, tokens
from helpers.lda.stochastic import fit_stream, natural_step, step_size
from helpers.lda.variational_em import expected_log_theta, fit, update_gamma, update_phi

__all__ = [
    "LDA", "DocumentPosterior", "MixtureOfUnigrams", "bags", "completion_perplexity",
    "document_bound", "document_mean_field", "e_step", "exact", "exact_by_counts",
    "expected_log_theta", "fit", "fit_mixture", "fit_stream", "fit_unigram", "kl_to_posterior",
    "learning_bound", "mean_field", "natural_step", "perplexity", "split_tokens", "step_size",
    "tokens", "trajectory", "update_gamma", "update_phi",
]  # fmt: skip
