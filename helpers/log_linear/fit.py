"""Fitting a Gaussian to the tagger's posterior by the ELBO, and predicting with it.

At the maximum of the ELBO over Gaussians (symbols as in model.py),

    0 = E_q[d log p(y, w | phi) / dw]                         for the mean,
    covariance^-1 = diag(1 / sd^2) + E_q[curvature]           for the covariance,

since the bound's derivative by the mean is the expected gradient and that by the covariance half
the expected Hessian plus half the inverse covariance (theorems of Bonnet and Price). A step moves
the precision to the right-hand side and the mean by Newton's method, and is halved until the bound
does not fall. (Laplace's method, laplace.py, asks for the same two without the expectations.)
Source: the slide "Bayesian Log-Linear POS Tagger" (Intuition).
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from helpers.arguments import describe, generator, whole_number
from helpers.elbo import Bound
from helpers.log_linear.expectations import normal_nodes, rules_in_turn, softmax_expectations
from helpers.log_linear.gaussian import (
    DiagonalGaussian,
    FullGaussian,
    expected_log_prior,
    likelihood_expectations,
)
from helpers.log_linear.laplace import (
    HALVINGS,
    diagonal_precision,
    full_precision,
    inverse,
    newton_step,
    refuse_too_large,
)
from helpers.log_linear.model import checked_features, one_hot

EVALUATIONS = 6e6  # exponentials a step may cost: they decide how many nodes there are
FEWEST_NODES, MOST_NODES = 96, 512
DIAGONAL_STEPS = 5


@dataclass(frozen=True)
class GaussianFit:
    """A step of the ascent: q, and its bound; `expected` serves the next step."""

    q: object
    bound: Bound
    expected: tuple

    @property
    def elbo(self):
        """E_q[log p(y, w | phi)] + H(q), in nats."""
        return self.bound.elbo


def fit_gaussian(tagger, rng, covariance="diagonal", n_nodes=None):
    """Maximise the ELBO over Gaussians; an endless iterator of states with .q and .elbo.

    covariance  "diagonal" (mean field) or "full"
    rng         draws the integration rule once; the states that follow are free of noise
    n_nodes     about how many nodes integrate over each token's logits; by default as many as a
                second or so a step allows

    The first state is the prior; with a full covariance, which costs a matrix inversion a step, it
    is a diagonal q after five steps. Raises ValueError for any other covariance, or a full one over
    more than 6000 weights.
    """
    generator("rng", rng)
    if covariance not in ("diagonal", "full"):
        raise ValueError(f"covariance: is {covariance!r}, expected 'diagonal' or 'full'")
    if covariance == "full":
        refuse_too_large(tagger)
    rules = _rules(tagger, rng, n_nodes)
    prior = DiagonalGaussian(np.array(tagger.prior_mean), np.array(tagger.prior_sd))
    if covariance == "full":
        return _ascend_full(tagger, rules, prior)
    return _ascend(tagger, rules, prior, _diagonal_step)


def gaussian_bound(tagger, q, rng, n_nodes=None):
    """The Bound of any Gaussian q over the tagger's weights, Laplace's for example."""
    return _evaluate(tagger, q, _rules(tagger, generator("rng", rng), n_nodes)).bound


def predict(q, features):
    """p(y = t | phi, data) ~ E_q[softmax(phi w)_t], (N, T): averaged over the weights, not at them.

    q: a DiagonalGaussian or FullGaussian, or a state that carries one. features: (N, F) of any
    tokens. Raises ValueError where q is no Gaussian, or features do not fit its weights.
    """
    q = getattr(q, "q", q)
    if not isinstance(q, DiagonalGaussian | FullGaussian):
        raise ValueError(f"q: expected a Gaussian over the weights, got {describe(q)}")
    features = checked_features(features, n_features=q.mean.shape[0])
    mean, spread = q.logits(features)
    # one rule, and always the same: a token's prediction depends on nothing but its features
    rule = normal_nodes(mean.shape[1], 512, np.random.default_rng(0))
    probs = softmax_expectations(mean, spread, [rule])[1]
    return probs / probs.sum(axis=1, keepdims=True)


def _rules(tagger, rng, n_nodes):
    size = EVALUATIONS / (len(tagger.tags) * tagger.n_tags)
    if n_nodes is None:
        n_nodes = int(np.clip(size, FEWEST_NODES, MOST_NODES))
    return rules_in_turn(tagger.n_tags, whole_number("n_nodes", n_nodes), rng)


def _ascend(tagger, rules, q, propose):
    state = _evaluate(tagger, q, rules)
    while True:
        yield state
        state = _climb_along(propose(tagger, state), tagger, state, rules)


def _ascend_full(tagger, rules, prior):
    """From a few cheap diagonal steps: each full one inverts a matrix of the size of w."""
    *_, start = islice(_ascend(tagger, rules, prior, _diagonal_step), DIAGONAL_STEPS + 1)
    q = FullGaussian(start.q.mean, np.diag(start.q.sd.ravel() ** 2))
    yield from _ascend(tagger, rules, q, _full_step)


def _climb_along(path, tagger, state, rules):
    """The first of the steps 1, 1/2, 1/4, ... along a path that does not lower the bound."""
    for halving in range(HALVINGS):
        new = _evaluate(tagger, path(0.5**halving), rules)
        if new.elbo >= state.elbo:
            return new
    return state


def _evaluate(tagger, q, rules):
    log_likelihood, *expected = likelihood_expectations(tagger, q, rules)
    bound = Bound(log_likelihood + expected_log_prior(tagger, q), q.entropy())
    return GaussianFit(q, bound, tuple(expected))


def _expected_gradient(tagger, q, probs):
    pull = (q.mean - tagger.prior_mean) / tagger.prior_sd**2
    return tagger.features.T @ (one_hot(tagger) - probs) - pull


def _diagonal_step(tagger, state):
    probs, curvature = state.expected
    step = newton_step(tagger, probs, _expected_gradient(tagger, state.q, probs))
    old, new = state.q.sd**-2.0, diagonal_precision(tagger, curvature)
    return lambda rate: DiagonalGaussian(
        state.q.mean + rate * step, 1 / np.sqrt(old + rate * (new - old))
    )


def _full_step(tagger, state):
    probs, curvature = state.expected
    new, log_determinant = inverse(full_precision(tagger, curvature))
    slope = _expected_gradient(tagger, state.q, probs).ravel()
    step = (new @ slope).reshape(tagger.shape)

    def path(rate):
        mean = state.q.mean + rate * step
        if rate == 1:
            return FullGaussian(mean, new, log_determinant)
        return FullGaussian(mean, state.q.covariance + rate * (new - state.q.covariance))

    return path
