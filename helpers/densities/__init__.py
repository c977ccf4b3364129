"""Distributions with one set of verbs, and the KL divergence between two of a family."""

from helpers.densities.divergence import kl_divergence
from helpers.densities.families import (
    Bernoulli,
    Categorical,
    Dirichlet,
    MultivariateNormal,
    Normal,
)

__all__ = [
    "Bernoulli",
    "Categorical",
    "Dirichlet",
    "MultivariateNormal",
    "Normal",
    "kl_divergence",
]
