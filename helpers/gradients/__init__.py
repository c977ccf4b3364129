"""Gradients of the ELBO for any model, and whether to trust the q that they find.

estimators.py: two ways to move a gradient inside an expectation, and their exact variances.
natural.py: natural parameters, Fisher's metric. adam.py: Adam. fit.py: a Gaussian q for any
log_joint. tagger.py: the same for the tagger, by drawing its logits. weights.py: importance
weights and Pareto's k.
"""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.gradients.adam import Adam
from helpers.gradients.estimators import (
    bernoulli_score,
    best_baseline,
    leave_one_out,
    moments,
    normal_rule,
    normal_score,
    pathwise,
    score_function,
)
from helpers.gradients.fit import NotFinite, fit
from helpers.gradients.natural import (
    coin_fisher,
    dirichlet_fisher,
    gaussian_step,
    natural_gradient,
    normal_fisher,
    normal_from_natural,
    normal_natural,
)
from helpers.gradients.tagger import fit_tagger
from helpers.gradients.weights import effective_sample_size, normal_k, normalised, psis
