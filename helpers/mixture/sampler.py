"""Gibbs sampling for the Bayesian mixture: what mean field is measured against."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from helpers.arguments import finite_array, generator, instance
from helpers.mixture.cavi import BayesianMixture, log_mixture_density, random_means, update_means
from helpers.mixture.model import table


@dataclass(frozen=True)
class Sample:
    """One draw from (nearly) p(mu, z | x): means (K, P), assignments (N,)."""

    means: np.ndarray
    assignments: np.ndarray


def gibbs(model, x, rng, start=None):
    """Samples of p(mu, z | x): all assignments given the means, all means given the assignments.

        z_n | mu, x: probability proportional to exp(-|x_n - mu_k|^2 / 2)
        mu_k | z, x: N(m_k, s_k^2 I), with s_k^2 = 1 / (1 / prior_sd^2 + n_k), m_k = s_k^2 sum x

    The same two conditionals of which mean field takes expectations.

    Args:
        model: :class:`BayesianMixture`. x: data, (N, P) or (N,).
        rng: numpy.random.Generator.
        start: means (K, P); otherwise drawn as for :func:`mean_field`.
    Yields:
        :class:`Sample` after each sweep; successive ones are correlated.
    Raises:
        ValueError: bad data, or a start of the wrong shape.
    """
    x, rng = table(x), generator("rng", rng)
    instance("model", model, BayesianMixture)
    start = random_means(model, x, rng) if start is None else start
    means = finite_array("start", start, shape=(model.n_components, x.shape[1]))
    return _sweeps(model, x, means, rng)


def _sweeps(model, x, means, rng):
    while True:
        logits = x @ means.T - 0.5 * (means**2).sum(1)
        # adding Gumbel noise makes the largest logit a draw from their softmax
        assignments = (logits + rng.gumbel(size=logits.shape)).argmax(1)
        chosen = np.eye(model.n_components)[assignments]
        centres, variances = update_means(model, x, chosen)
        means = centres + np.sqrt(variances)[:, None] * rng.standard_normal(centres.shape)
        yield Sample(means, assignments)


def predictive_of_samples(samples, x):
    """log of the density averaged over samples, at the points x (n, P): (n,), in nats.

    log 1/S sum_s 1/K sum_k N(x; mu_k^s, I)
    """
    if len(samples) == 0:
        raise ValueError("samples: expected at least one, got none")
    each = [log_mixture_density(x, s.means, np.ones(len(s.means))) for s in samples]
    return logsumexp(each, axis=0) - np.log(len(each))
