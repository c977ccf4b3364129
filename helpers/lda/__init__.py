"""Latent Dirichlet allocation: exact for tiny documents, mean field, variational EM.

The algorithm, as the lecture derives it, is variational_em.py. ``mean_field`` is for a corpus,
``document_mean_field`` goes step by step through one document; ``e_step`` is half of ``fit`` and
``fit_stream``.
"""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.lda.baselines import MixtureOfUnigrams, fit_mixture, fit_unigram
from helpers.lda.enumeration import exact, exact_by_counts, kl_to_posterior
from helpers.lda.fixed_topics import (
    DocumentPosterior,
    document_bound,
    document_mean_field,
    e_step,
    mean_field,
    trajectory,
)
from helpers.lda.held_out import completion_perplexity, perplexity, split_tokens
from helpers.lda.model import LDA, bags, tokens
from helpers.lda.stochastic import fit_stream, natural_step, step_size
from helpers.lda.variational_em import expected_log_theta, fit, update_gamma, update_phi
