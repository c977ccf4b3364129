"""Gaussian mixtures by EM and its variants, each an ascent on the same bound.

Symbols: N data points x_n in P dimensions, K components; z_n is the component of point n and
q (N, K) its distribution ("responsibilities").

    p(x, z = k) = weights[k] N(x; means[k], covariances[k])
    ELBO = sum_n sum_k q[n, k] (log p(x_n, k) - log q[n, k])

EM sets q to the posterior, so that KL = 0 and the bound touches the log-likelihood, then the
parameters to their best given q. Source: the slides "Recap: EM Algorithm"; Bishop (2006),
section 9.4; Neal and Hinton (1998) for the incremental, sparse and hard variants.

BayesianMixture has a prior on its means; mean_field() is CAVI for it, gibbs() a sampler.
"""

from helpers.mixture.cavi import BayesianMixture, MeanFieldMixture, mean_field, random_means
from helpers.mixture.em import bound, fit, m_step
from helpers.mixture.model import GaussianMixture, random_start
from helpers.mixture.sampler import Sample, gibbs, predictive_of_samples
from helpers.mixture.sparse import fit_sparse

__all__ = [
    "BayesianMixture",
    "GaussianMixture",
    "MeanFieldMixture",
    "Sample",
    "bound",
    "fit",
    "fit_sparse",
    "gibbs",
    "m_step",
    "mean_field",
    "predictive_of_samples",
    "random_means",
    "random_start",
]
