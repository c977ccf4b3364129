"""The Bayesian log-linear POS tagger, and the Gaussian that we simply assume its posterior to be.

model.py: the joint density and its gradient. expectations.py: softmax under a Gaussian.
gaussian.py: the families q. fit.py: the ELBO's maximum, predictions. laplace.py: Laplace's method.
context.py: features of words in context.
"""

from helpers.log_linear.context import (
    feature_matrix,
    feature_names,
    flat_tags,
    token_features,
    unseen,
    word_shape,
)
from helpers.log_linear.fit import (
    GaussianState,
    fit_gaussian,
    gaussian_bound,
    predict,
)
from helpers.log_linear.gaussian import DiagonalGaussian, FullGaussian
from helpers.log_linear.laplace import Laplace, fit_laplace, posterior_mode
from helpers.log_linear.model import (
    LogLinearTagger,
    gradient,
    log_joint,
    log_likelihoods,
    tag_probabilities,
)

__all__ = [
    "DiagonalGaussian",
    "FullGaussian",
    "GaussianState",
    "Laplace",
    "LogLinearTagger",
    "feature_matrix",
    "feature_names",
    "fit_gaussian",
    "fit_laplace",
    "flat_tags",
    "gaussian_bound",
    "gradient",
    "log_joint",
    "log_likelihoods",
    "posterior_mode",
    "predict",
    "tag_probabilities",
    "token_features",
    "unseen",
    "word_shape",
]
