"""Distributions with one set of verbs, and the KL divergence between two of a family.

The verbs are ``log_prob``, ``entropy``, ``mean`` and ``sample``. Leading axes of the parameters
are batch axes: ``Normal(np.zeros(3), np.ones(3))`` is three distributions. Everything is in nats.
"""
# ruff: noqa: F401  what is imported here is what the package offers

from helpers.densities.continuous import LOG_2PI, Dirichlet, MultivariateNormal, Normal
from helpers.densities.discrete import Bernoulli, Categorical
from helpers.densities.divergence import kl_divergence
from helpers.densities.gamma_functions import dirichlet_entropy, dirichlet_kl, log_rising
