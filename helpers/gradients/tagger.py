"""The tagger's Gaussian by natural gradients from draws of its logits, not of its weights.

Under q(w) a token's logits are normal: a draw of T logits a token stands for one of F T weights,
and spares most of the noise ("local reparameterisation"). With p the softmax of a draw,

    E_q[g] = phi' (onehot(y) - p) - (mean - mu) / sd^2,     E_q[-Hessian] = curvature(p) + 1 / sd^2,

and the step of natural.py does the rest. It is the step of log_linear.fit_gaussian, which has a
rule of many nodes where we draw. Symbols as in helpers/log_linear/model.py. Source: Kingma,
Salimans and Welling (2015); Khan and Rue (2023).
"""

from itertools import count

import numpy as np

from helpers.arguments import generator, instance, one_of, refuse_large, whole_number
from helpers.ascent import State, States
from helpers.fast.log_linear import inverse
from helpers.gradients.estimators import pairs
from helpers.gradients.fit import checked_size
from helpers.log_linear.bound import expected_log_prior
from helpers.log_linear.gaussian import DiagonalGaussian, FullGaussian, square_root, squares
from helpers.log_linear.laplace import full_precision
from helpers.log_linear.model import LogLinearTagger, score

BURN_IN = 8  # iterates before q is their running mean
FORGETTING = 3  # of that running mean: the higher, the sooner it forgets its first iterates
CAUTION = 0.3  # of the step in the mean: a token's weights move together, unknown to a diagonal


def fit_tagger(tagger, rng, covariance="diagonal", step_size=None, n_draws=None):
    """A Gaussian over the tagger's weights; an endless iterator of noisy states with .q, .elbo.

        ascent = climb(fit_tagger(tagger, rng), max_steps=200)
        ascent.state.q

    covariance: "diagonal", whose q has the running mean of the iterates' means and variances
    (Polyak and Juditsky, 1992), or "full", for at most 6000 weights. step_size: by default 0.5 or,
    if full, 1; n_draws: 2 or 16. The elbo, in nats, has only its likelihood by draws.
    """
    generator("rng", rng)
    instance("tagger", tagger, LogLinearTagger)
    kinds = {"diagonal": (_diagonal, 0.5, 2), "full": (_full, 1.0, 16)}
    ascend, size, draws = kinds[one_of("covariance", covariance, kinds)]
    size = checked_size(size if step_size is None else step_size)
    n_draws = whole_number("n_draws", draws if n_draws is None else n_draws)
    refuse_large("n_draws", n_draws, tagger.features.shape[0], tagger.n_tags)
    return States(_refusing(ascend(tagger, rng, size, n_draws), size))


def _refusing(states, size):
    try:
        yield from states
    except (ValueError, np.linalg.LinAlgError) as error:
        message = f"step_size: steps of {size:g} lead to no distribution ({error})"
        raise ValueError(message) from None


def _diagonal(tagger, rng, size, n_draws):
    features, squared = tagger.features, squares(tagger.features)
    prior_precision = tagger.prior_sd**-2.0
    mean, precision = np.array(tagger.prior_mean), prior_precision
    averages = [0.0] * 4
    for n in count(1):
        variance = 1 / precision
        now = mean, variance, features @ mean, squared @ variance  # what is linear in q's
        share = (FORGETTING + 1) / (FORGETTING + max(1, n - BURN_IN))
        averages = [a + share * (x - a) for a, x in zip(averages, now, strict=True)]
        q = DiagonalGaussian(averages[0], np.sqrt(averages[1]))
        e = pairs(rng, n_draws, features.shape[0], tagger.n_tags)
        log_likelihood = drawn(tagger, averages[2], np.sqrt(averages[3]), e[:1])[0]
        yield State(q, log_likelihood + expected_log_prior(tagger, q) + q.entropy(), noisy=True)
        _, probs, curvature = drawn(tagger, now[2], np.sqrt(now[3]), e)
        slope = score(tagger, mean, probs)
        precision = precision + size * (squared.T @ curvature + prior_precision - precision)
        mean = mean + CAUTION * size * slope / precision


def _full(tagger, rng, size, n_draws):
    variance = tagger.prior_sd.ravel() ** 2
    precision = np.diag(1 / variance)
    q = FullGaussian(np.array(tagger.prior_mean), np.diag(variance))
    while True:
        mean, covariances = q.logits(tagger.features)
        e = pairs(rng, n_draws, *mean.shape)
        log_likelihood, probs, curvature = drawn(tagger, mean, covariances, e)
        elbo = log_likelihood + expected_log_prior(tagger, q) + q.entropy()
        yield State(q, elbo, noisy=True)
        precision = precision + size * (full_precision(tagger, curvature) - precision)
        covariance, log_determinant = inverse(precision.copy())
        step = size * (covariance @ score(tagger, q.mean, probs).ravel()).reshape(tagger.shape)
        q = FullGaussian(q.mean + step, covariance, log_determinant)


def drawn(tagger, mean, spread, e):
    """(E_q[log p(y | phi, w)], E_q[p] (N, T), curvature) by logits drawn for each token.

    mean (N, T); spread and curvature as in ``softmax_expectations``; e: standard normal draws
    (S, N, T).
    """
    logits = spread * e if spread.ndim == 2 else np.matvec(square_root(spread), e)
    logits += mean
    logits -= logits.max(axis=-1, keepdims=True)
    observed = logits[:, np.arange(len(mean)), tagger.tags]
    probs = np.exp(logits, out=logits)
    totals = probs.sum(axis=-1)
    probs /= totals[..., None]
    log_likelihood = (observed - np.log(totals)).mean(axis=0).sum()
    expected = probs.mean(axis=0)
    if spread.ndim == 2:
        return log_likelihood, expected, expected - (probs**2).mean(axis=0)
    products = np.einsum("snt,snu->ntu", probs, probs) / len(e)
    return log_likelihood, expected, expected[:, :, None] * np.eye(mean.shape[1]) - products
