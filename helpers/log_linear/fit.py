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
from functools import cached_property
from itertools import islice

import numpy as np

from helpers.arguments import describe, generator, instance, whole_number
from helpers.ascent import State, States
from helpers.elbo import Bound, SampledBound
from helpers.log_linear.expectations import (
    log_sum_expectations,
    normal_nodes,
    rules_in_turn,
    softmax_expectations,
)
from helpers.log_linear.gaussian import (
    DiagonalGaussian,
    FullGaussian,
    expected_log_prior,
    likelihood_expectations,
)
from helpers.log_linear.laplace import (
    HALVINGS,
    check_covariance,
    diagonal_precision,
    full_precision,
    inverse,
    newton_step,
)
from helpers.log_linear.model import LogLinearTagger, checked_features, one_hot

EVALUATIONS = 6e6  # exponentials a step may cost: they decide how many nodes there are
FEWEST_NODES, MOST_NODES = 96, 512
DIAGONAL_STEPS = 5


@dataclass(frozen=True, eq=False)
class GaussianState(State):
    """A state of the ascent; its ``elbo`` is the value of the rule that the ascent climbs on.

    ``bound`` has the elbo's two terms; ``expected`` serves the next step. A maximum over q finds
    where its rule errs upwards too: ``quadrature_error`` says by how much, from rules that q has
    not seen.
    """

    @cached_property
    def quadrature_error(self):
        """The true ELBO is above ``elbo`` less this many nats, and below ``elbo`` plus as many.

        The difference from a bound by fresh, larger rules and three of its standard errors.
        """
        fresh = gaussian_bound(self.tagger, self.q, np.random.default_rng(0))
        return abs(self.elbo - fresh.elbo) + 3 * fresh.standard_error


def fit_gaussian(tagger, rng, covariance="diagonal", n_nodes=None):
    """Maximise the ELBO over Gaussians; states with ``q`` and ``elbo``, without end.

        ascent = climb(fit_gaussian(tagger, rng))
        ascent.state.q.mean, ascent.state.elbo, ascent.state.quadrature_error

    covariance  "diagonal" (mean field) or "full"
    rng         draws the integration rule once; the states that follow are free of noise
    n_nodes     about how many nodes integrate over each token's logits; by default as many as a
                second or so a step allows

    The first state is the prior; with a full covariance, which costs a matrix inversion a step, it
    is a diagonal q after five steps. Raises ValueError for any other covariance, or a full one over
    more than 6000 weights.
    """
    check_covariance(tagger, covariance)
    rules = _rules(tagger, rng, n_nodes)
    prior = DiagonalGaussian(np.array(tagger.prior_mean), np.array(tagger.prior_sd))
    if covariance == "full":
        return States(_ascend_full(tagger, rules, prior))
    return States(_ascend(tagger, rules, prior, _diagonal_step))


def gaussian_bound(tagger, q, rng, n_nodes=4000):
    """The bound of any Gaussian q over the tagger's weights, Laplace's for example.

    Returns a SampledBound: with more than two tags or so the rule of ``n_nodes`` nodes is random,
    and ``standard_error`` is what it may be off, from one half of the nodes against the other.
    """
    instance("tagger", tagger, LogLinearTagger)
    mean, spread = checked_gaussian(q, tagger.shape).logits(tagger.features)
    halves = []
    for share in (0.5, 0.55):  # a product rule of as many nodes would be the same again
        size = max(1, int(share * whole_number("n_nodes", n_nodes, maximum=10**6)))
        rules = rules_in_turn(tagger.n_tags, size, generator("rng", rng))
        halves.append(log_sum_expectations(mean, spread, rules))
    apart = halves[0] - halves[1]  # tokens with one rule are off together, others independently
    of_rules = [apart[first :: len(rules)].sum() for first in range(len(rules))]
    observed = mean[np.arange(len(tagger.tags)), tagger.tags]
    log_likelihood = float(np.sum(observed - (halves[0] + halves[1]) / 2))
    error = float(np.sqrt(np.sum(np.square(of_rules)))) / 2
    expected = log_likelihood + expected_log_prior(tagger, q)
    return SampledBound(expected, q.entropy(), standard_error=error)


def predict(q, features):
    """p(y = t | phi, data) ~ E_q[softmax(phi w)_t], (N, T): averaged over the weights, not at them.

    q: a DiagonalGaussian or FullGaussian, or a state that carries one. features: (N, F) of any
    tokens. Raises ValueError where q is no Gaussian, or features do not fit its weights.
    """
    q = checked_gaussian(getattr(q, "q", q))
    features = checked_features(features, n_features=q.mean.shape[0])
    mean, spread = q.logits(features)
    # one rule, and always the same: a token's prediction depends on nothing but its features
    rule = normal_nodes(mean.shape[1], 512, np.random.default_rng(0))
    probs = softmax_expectations(mean, spread, [rule])[1]
    return probs / probs.sum(axis=1, keepdims=True)


def checked_gaussian(q, shape=None):
    """A Gaussian over the weights, of the tagger's shape (F, T) if that is given."""
    if not isinstance(q, DiagonalGaussian | FullGaussian):
        raise ValueError(f"q: expected a Gaussian over the weights, got {describe(q)}")
    if shape is not None and q.mean.shape != shape:
        raise ValueError(f"q: expected a Gaussian over weights {shape}, got {q.mean.shape}")
    return q


def _rules(tagger, rng, n_nodes):
    size = EVALUATIONS / (len(tagger.tags) * tagger.n_tags)
    if n_nodes is None:
        n_nodes = int(np.clip(size, FEWEST_NODES, MOST_NODES))
    n_nodes = whole_number("n_nodes", n_nodes, maximum=10**6)
    return rules_in_turn(tagger.n_tags, n_nodes, generator("rng", rng))


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
    info = {"bound": bound, "expected": tuple(expected), "tagger": tagger}
    return GaussianState(q, bound.elbo, info=info)


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
