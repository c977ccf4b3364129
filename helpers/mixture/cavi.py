"""A Bayesian mixture of Gaussians with unknown means, and mean field for it (CAVI).

    mu_k ~ N(0, prior_sd^2 I),   z_n uniform over K components,   x_n | z_n, mu ~ N(mu_{z_n}, I)

Here the means are latent variables, not parameters: they have a posterior, and q a factor for
each. Source: Blei, Kucukelbir and McAuliffe (2016), "Variational inference: a review for
statisticians", whose running example this is.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import entr, logsumexp, softmax

from helpers.arguments import (
    describe,
    finite_array,
    generator,
    instance,
    positive,
    probabilities,
    refuse_large,
    whole_number,
    whole_numbers,
)
from helpers.ascent import State, ascending
from helpers.densities import LOG_2PI
from helpers.elbo import MOST_ASSIGNMENTS, Bound, enumerate_assignments
from helpers.mixture.model import table


@dataclass(frozen=True)
class BayesianMixture:
    """K components of unit variance, the prior of each mean N(0, prior_sd^2 I)."""

    n_components: int
    prior_sd: float

    def __post_init__(self):
        whole_number("n_components", self.n_components)
        vars(self).update(prior_sd=float(positive("prior_sd", self.prior_sd, ndim=0)))

    def sample(self, rng, n, n_dimensions):
        """Means (K, P), assignments (n,) and points (n, P), drawn from the model."""
        rng, n = generator("rng", rng), whole_number("n", n)
        n_dimensions = whole_number("n_dimensions", n_dimensions)
        refuse_large("n/n_dimensions", max(n, self.n_components), n_dimensions)
        means = self.prior_sd * rng.standard_normal((self.n_components, n_dimensions))
        z = rng.integers(self.n_components, size=n)
        return means, z, means[z] + rng.standard_normal((n, n_dimensions))

    def log_joint_of_assignments(self, x, z):
        """log p(x, z) with the means integrated out, for z (..., N); shape (...), in nats.

        The n_k points of component k are jointly normal with covariance I + prior_sd^2 11', so

            log p(x_k | z) = -1/2 [n_k P log 2 pi + P log(1 + n_k prior_sd^2) + sum x^2
                                   - prior_sd^2 / (1 + n_k prior_sd^2) |sum x|^2]
        """
        x, z, K = table(x), whole_numbers("z", z), self.n_components
        if z.shape[-1:] != x.shape[:1] or (z >= K).any():
            shape = f"shape (..., {len(x)})"
            raise ValueError(f"z: expected components below {K}, {shape}, got {describe(z)}")
        total = np.full(z.shape[:-1], -len(x) * np.log(K))
        total -= 0.5 * (x.size * LOG_2PI + (x**2).sum())
        for k in range(K):
            chosen = (z == k).astype(float)
            inflation = 1 + chosen.sum(-1) * self.prior_sd**2
            square = ((chosen @ x) ** 2).sum(-1)
            total -= 0.5 * x.shape[1] * np.log(inflation)
            total += 0.5 * self.prior_sd**2 / inflation * square
        return total

    def log_evidence(self, x):
        """log p(x) in nats, by a sum over all K^N assignments: for a handful of points only."""
        x = table(x)
        if len(x) * np.log(self.n_components) > np.log(MOST_ASSIGNMENTS):
            many = f"{self.n_components}^{len(x)} assignments"
            most = f"at most {MOST_ASSIGNMENTS:,} can be enumerated"
            raise ValueError(f"x: {len(x)} points have {many}, of which {most}")
        assignments = enumerate_assignments([self.n_components] * len(x))
        return float(logsumexp(self.log_joint_of_assignments(x, assignments)))


@dataclass(frozen=True)
class MeanFieldMixture:
    """q(mu, z) = prod_k N(mu_k; means[k], variances[k] I) prod_n q(z_n).

    assignments: q(z_n = k), (N, K). means: (K, P). variances: (K,), not standard deviations.
    """

    assignments: np.ndarray = field(repr=False)
    means: np.ndarray
    variances: np.ndarray

    def __post_init__(self):
        means = finite_array("means", self.means, ndim=2)
        variances = positive("variances", self.variances, shape=means.shape[:1])
        q = probabilities("assignments", self.assignments, shape=(None, len(means)))
        vars(self).update(means=means, variances=variances, assignments=q)

    def predictive(self, x):
        """log of the density that q predicts for new points x (n, P), in nats: (n,)."""
        return log_mixture_density(x, self.means, 1 + self.variances)  # of a point and of its mean


def mean_field(model, x, rng=None, start=None):
    """Coordinate ascent on the bound (CAVI): all q(z_n), then all q(mu_k), again and again.

        ascent = climb(mixture.mean_field(model, x, rng))
        ascent.state.q.means, ascent.state.q.assignments, ascent.elbos

        q(z_n = k) proportional to exp(x_n . m_k - (|m_k|^2 + P s_k^2) / 2)
        s_k^2 = 1 / (1 / prior_sd^2 + sum_n q(z_n = k)),   m_k = s_k^2 sum_n q(z_n = k) x_n

    model: :class:`BayesianMixture`. x: data, (N, P) or (N,). start: means (K, P) to begin with,
    or else rng draws them by :func:`random_means`. States without end: the start, with the best
    q(z) for it, then one after each sweep; ``q`` is a :class:`MeanFieldMixture`, ``bound`` has the
    two terms of the ELBO. ValueError for bad data, or neither rng nor start.
    """
    x = table(x)
    start = random_means(model, x, rng) if start is None else start
    shape = instance("model", model, BayesianMixture).n_components, x.shape[1]
    return _sweeps(model, x, finite_array("start", start, shape=shape))


def random_means(model, x, rng):
    """Means (K, P) to begin with: normal, with the mean and the spread of the data."""
    x, n_components = table(x), instance("model", model, BayesianMixture).n_components
    noise = generator("rng", rng).standard_normal((n_components, x.shape[1]))
    return x.mean(0) + x.std(0) * noise


@ascending
def _sweeps(model, x, means):
    variances = np.ones(model.n_components)
    while True:
        assignments = update_assignments(x, means, variances)
        q = MeanFieldMixture(assignments, means, variances)
        parts = bound(model, x, q)
        yield State(q, parts.elbo, model, info={"bound": parts})
        means, variances = update_means(model, x, assignments)


def update_assignments(x, means, variances):
    """The best q(z_n) given the means' factors, (N, K)."""
    return softmax(-0.5 * expected_squares(x, means, variances), axis=1)


def update_means(model, x, assignments):
    """The best q(mu_k) given the assignments' factors: means (K, P), variances (K,)."""
    variances = 1 / (1 / model.prior_sd**2 + assignments.sum(0))
    return variances[:, None] * (assignments.T @ x), variances


def bound(model, x, q):
    """E_q[log p(x, z, mu)] and H(q), as a Bound in nats."""
    x = table(x)
    n_components, n_dimensions = q.means.shape
    squares = (q.means**2).sum() + n_dimensions * q.variances.sum()
    constant = q.means.size * (LOG_2PI + 2 * np.log(model.prior_sd))
    log_prior = -0.5 * (constant + squares / model.prior_sd**2) - len(x) * np.log(n_components)
    distances = (q.assignments * expected_squares(x, q.means, q.variances)).sum()
    log_likelihood = -0.5 * (x.size * LOG_2PI + distances)
    entropy = 0.5 * n_dimensions * (1 + LOG_2PI + np.log(q.variances)).sum()
    entropy += entr(q.assignments).sum()
    return Bound(float(log_prior + log_likelihood), float(entropy))


def expected_squares(x, means, variances):
    """E_q |x_n - mu_k|^2 = |x_n - m_k|^2 + P s_k^2, (N, K)."""
    return ((x[:, None] - means) ** 2).sum(-1) + x.shape[1] * variances


def log_mixture_density(x, means, variances):
    """log 1/K sum_k N(x; means[k], variances[k] I) for x (n, P), in nats: (n,)."""
    x = table(x)
    squares = ((x[:, None] - means) ** 2).sum(-1) / variances
    log_normaliser = 0.5 * x.shape[1] * (LOG_2PI + np.log(variances))
    return logsumexp(-0.5 * squares - log_normaliser, axis=1) - np.log(len(means))
