"""The Bayesian log-linear POS tagger, and the Gaussian that we simply assume its posterior to be.

model.py: the joint density and its gradient. gaussian.py: the families q. bound.py: the ELBO of
any of them, and predictions. fit.py: the ELBO's maximum. laplace.py: Laplace's method. nodes.py:
where the expectations are evaluated. context.py: features of words in context. Numbers in brackets
are those of the lecture 02a.
"""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.log_linear.bound import gaussian_bound, predict, softmax_expectations
from helpers.log_linear.context import (
    feature_matrix,
    feature_names,
    flat_tags,
    token_features,
    unseen,
    word_shape,
)
from helpers.log_linear.fit import fit_gaussian
from helpers.log_linear.gaussian import DiagonalGaussian, FullGaussian
from helpers.log_linear.laplace import Laplace, fit_laplace, posterior_mode
from helpers.log_linear.model import LogLinearTagger, gradient, log_joint, tag_probabilities
from helpers.log_linear.nodes import normal_nodes
