"""The Bayesian log-linear POS tagger, and the Gaussian that we simply assume its posterior to be.

In the order of the lecture 02a, whose numbers stand in brackets: context.py (features), model.py,
gaussian.py (q), bound.py with nodes.py, laplace.py, fit.py.
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
