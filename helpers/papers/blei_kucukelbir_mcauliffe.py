"""Blei, Kucukelbir and McAuliffe: mean field reviewed for statisticians, its figures rerun.

"Variational inference: a review for statisticians" (2016). Mean field against a correlated
normal; coordinate ascent (CAVI) on a Bayesian mixture from several starts; and CAVI against a
long run of a Gibbs sampler.
"""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from helpers.arguments import finite_array, generator, instance, whole_number
from helpers.ascent import climb
from helpers.densities import MultivariateNormal, Normal, kl_divergence
from helpers.mixture import BayesianMixture, mean_field, random_means
from helpers.mixture.cavi import log_mixture_density, update_means
from helpers.mixture.model import table

RTOL = 1e-9  # relative rise of the bound at which CAVI stops: below any elbow
BURN_IN = 20  # sweeps of the sampler that are thrown away


@dataclass(frozen=True)
class NormalState:
    """q, a :class:`Normal` for each coordinate, and its bound in nats."""

    q: Normal
    elbo: float


def mean_field_of_normal(target, start):
    """Mean field on p(z) = N(mean, covariance), normalised so that the bound is -KL(q || p).

    With the precision L = covariance^-1, the best factor given the others is normal with

        variance 1 / L_ii,   mean mu_i - sum_(j != i) L_ij (m_j - mu_j) / L_ii

    Args:
        target: :class:`MultivariateNormal`. start: the means of q to begin with, (P,); the
            variances begin at those of the target.
    Yields:
        :class:`NormalState`: the start, then one after each sweep over the coordinates.
    """
    precision = np.linalg.inv(target.covariance)
    mean = finite_array("start", start, shape=(len(precision),)).copy()
    sd = np.sqrt(np.diag(target.covariance))
    while True:
        q = MultivariateNormal(mean, np.diag(sd**2))
        yield NormalState(Normal(mean.copy(), sd), -float(kl_divergence(q, target)))
        sd = 1 / np.sqrt(np.diag(precision))
        for i in range(len(mean)):
            pull = precision[i] @ (mean - target.mean()) - (mean[i] - target.mean()[i]) / sd[i] ** 2
            mean[i] = target.mean()[i] - pull * sd[i] ** 2


def equicorrelated(n_dimensions, correlation):
    """A normal of unit variances, all pairs with the same correlation."""
    covariance = np.full((n_dimensions, n_dimensions), float(correlation))
    np.fill_diagonal(covariance, 1)
    return MultivariateNormal(np.zeros(n_dimensions), covariance)


def several_starts(model, x, rng, starts):
    """CAVI to convergence from random starts: a list of :class:`helpers.ascent.Ascent`."""
    starts = whole_number("starts", starts)
    return [climb(mean_field(model, x, rng), rtol=RTOL, max_steps=5000) for _ in range(starts)]


def elbows(elbos, least=1.0):
    """Steps at which an ascent, having slowed down, was fastest again.

    The rise of the bound has a local maximum there, and the ascent gained more than ``least``
    nats from the slowest step before it to the slowest step after it. (n,) whole numbers.
    """
    rises = np.diff(finite_array("elbos", elbos, ndim=1))
    inner = np.arange(1, len(rises) - 1)
    peaks = inner[(rises[inner] > rises[inner - 1]) & (rises[inner] >= rises[inner + 1])]
    valleys = inner[(rises[inner] <= rises[inner - 1]) & (rises[inner] < rises[inner + 1])]
    gains = []
    for peak in peaks:
        before = valleys[valleys < peak].max(initial=0)
        after = valleys[valleys > peak].min(initial=len(rises) - 1)
        gains.append(elbos[after + 1] - elbos[before])
    return peaks[np.array(gains) > least] + 1 if gains else peaks


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
        start: means (K, P); otherwise drawn as for ``mixture.mean_field``.
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


def predictions_of_cavi(model, x, held_out, start, steps):
    """Seconds and average log predictive density of the held-out points, after each sweep."""
    seconds, scores, clock = [], [], 0.0
    states = mean_field(model, x, start=start)
    for _ in range(steps + 1):
        began = perf_counter()
        state = next(states)
        clock += perf_counter() - began  # the score is not part of the algorithm
        seconds.append(clock)
        scores.append(float(state.q.predictive(held_out).mean()))
    return np.array(seconds), np.array(scores), state.q


def predictions_of_gibbs(model, x, held_out, start, steps, rng):
    """The same for a sampler whose predictive density is averaged over its samples so far.

    Returns seconds, scores and the means of all kept samples, (steps, K, P).
    """
    seconds, scores, means, clock = [], [], [], 0.0
    samples, unit = gibbs(model, x, rng, start), np.ones(model.n_components)
    total = np.full(len(held_out), -np.inf)
    for step in range(1 - BURN_IN, steps + 1):
        began = perf_counter()
        sample = next(samples)
        clock += perf_counter() - began
        if step < 1:
            continue
        total = np.logaddexp(total, log_mixture_density(held_out, sample.means, unit))
        seconds.append(clock)
        scores.append(float(total.mean() - np.log(step)))
        means.append(sample.means)
    return np.array(seconds), np.array(scores), np.array(means)


def scores_at(times, seconds, scores):
    """The last score reached by each of the times; NaN before the first. Shape of ``times``."""
    place = np.searchsorted(seconds, times, side="right") - 1
    return np.where(place >= 0, np.asarray(scores)[place], np.nan)


def time_to_reach(seconds, scores, level):
    """Seconds after which the score stays at ``level`` or above until the end, or infinity."""
    below = np.flatnonzero(np.asarray(scores) < level)
    first = below[-1] + 1 if len(below) else 0
    return float(seconds[first]) if first < len(seconds) else float("inf")
