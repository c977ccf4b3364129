"""The latent factor document model: exact, mean field and amortised inference, and learning.

Symbols: K binary factors z, H hidden units, V words, D documents of N_d tokens; see
:mod:`helpers.latent_factors.model` for the arrays and their shapes. All bounds are in nats and
leave the multinomial coefficient out. posterior.py: exact inference. coordinate_ascent.py: mean
field. bound.py: bounds, gradients, gaps. training.py: learning, with an encoder or without.
"""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.latent_factors.bound import Gaps, bound_gradient, exact_gradient, split_gap
from helpers.latent_factors.coordinate_ascent import best_mean_field, mean_field
from helpers.latent_factors.factors import Encoder, Factors, initial_encoder
from helpers.latent_factors.model import (
    LatentFactorModel,
    factor_states,
    from_parameters,
    initial_model,
    log_joint,
    log_likelihood,
    parameters,
)
from helpers.latent_factors.posterior import Posterior, as_words_arrive, exact, posterior_table
from helpers.latent_factors.reading import factor_words, informative_words, reduced
from helpers.latent_factors.score_function import Estimate, sampled_elbos, score_function_gradient
from helpers.latent_factors.training import train
