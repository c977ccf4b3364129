"""The latent factor document model: exact, mean field and amortised inference, and learning.

Symbols: K binary factors z, H hidden units, V words, D documents of N_d tokens; see
:mod:`helpers.latent_factors.model` for the arrays and their shapes. All bounds are in nats and
leave the multinomial coefficient out. posterior.py: exact inference. coordinate_ascent.py: mean
field. bound.py: bounds and gradients. training.py: learning, with an encoder.py or without.
"""

from helpers.latent_factors.bound import (
    bound_gradient,
    exact_gradient,
    from_parameters,
    parameters,
)
from helpers.latent_factors.coordinate_ascent import best_mean_field, mean_field
from helpers.latent_factors.encoder import Encoder
from helpers.latent_factors.factors import Factors
from helpers.latent_factors.gaps import Gaps, split_gap
from helpers.latent_factors.model import (
    LatentFactorModel,
    factor_states,
    log_joint,
    log_likelihood,
)
from helpers.latent_factors.posterior import (
    Posterior,
    as_words_arrive,
    exact,
    posterior_table,
)
from helpers.latent_factors.reading import factor_words, informative_words, reduced
from helpers.latent_factors.score_function import (
    Estimate,
    sampled_elbos,
    score_function_gradient,
)
from helpers.latent_factors.training import initial_encoder, initial_model, train

__all__ = [
    "Encoder", "Estimate", "Factors", "Gaps", "LatentFactorModel", "Posterior",
    "as_words_arrive", "best_mean_field", "bound_gradient", "exact", "exact_gradient",
    "factor_states", "factor_words", "from_parameters", "informative_words",
    "initial_encoder", "initial_model", "log_joint", "log_likelihood", "mean_field", "parameters",
    "posterior_table", "reduced", "sampled_elbos", "score_function_gradient", "split_gap", "train",
]  # fmt: skip
