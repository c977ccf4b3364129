"""Latent Dirichlet allocation: exact for tiny documents, mean field, variational EM.

``LDA(alpha, topics)`` is the model; :func:`exact` enumerates; :func:`one_document` is mean field
as the formulas read; :func:`mean_field` the same for a corpus, fast; :func:`fit` learns the
topics; :func:`perplexity` scores documents that were held out.
"""

from helpers.lda.baselines import MixtureOfUnigrams, fit_mixture, fit_unigram
from helpers.lda.document import (
    DocumentPosterior,
    document_bound,
    expected_log_theta,
    one_document,
    trajectory,
    update_gamma,
    update_phi,
)
from helpers.lda.enumeration import exact, exact_by_counts, kl_to_posterior
from helpers.lda.fixed_topics import infer, mean_field
from helpers.lda.held_out import completion_perplexity, perplexity, split_tokens
from helpers.lda.model import LDA, bags, tokens
from helpers.lda.variational_em import fit, learning_bound

__all__ = [
    "LDA",
    "DocumentPosterior",
    "MixtureOfUnigrams",
    "bags",
    "completion_perplexity",
    "document_bound",
    "exact",
    "exact_by_counts",
    "expected_log_theta",
    "fit",
    "fit_mixture",
    "fit_unigram",
    "infer",
    "kl_to_posterior",
    "learning_bound",
    "mean_field",
    "one_document",
    "perplexity",
    "split_tokens",
    "tokens",
    "trajectory",
    "update_gamma",
    "update_phi",
]
