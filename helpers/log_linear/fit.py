"""Fitting a Gaussian to the tagger's posterior: the maximum of (2a.2) over mean and covariance.

There (symbols as in model.py),

    0 = E_q[d log p(y, w | phi) / dw]                         for the mean,
    covariance^-1 = diag(1 / sd^2) + E_q[curvature]           for the covariance,

since the bound's derivative by the mean is the expected gradient and that by the covariance half
the expected Hessian plus half the inverse covariance (theorems of Bonnet and Price). A step moves
the precision to the right-hand side and the mean by Newton's method, and is halved until the bound
does not fall. (Laplace's method, laplace.py, asks for the same two without the expectations.)
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from helpers.arguments import generator, whole_number
from helpers.ascent import State, ascending
from helpers.fast.log_linear import inverse, solve_curvature
from helpers.log_linear.bound import elbo, gaussian_bound
from helpers.log_linear.gaussian import DiagonalGaussian, FullGaussian
from helpers.log_linear.laplace import check_covariance, diagonal_precision, full_precision
from helpers.log_linear.model import score
from helpers.log_linear.nodes import rules_in_turn

EVALUATIONS = 6e6  # exponentials a step may cost: they decide how many nodes there are
FEWEST_NODES, MOST_NODES = 96, 2048
WIDEST = 30.0  # standard deviation of a logit at the start: beyond it nodes miss where p bends
DIAGONAL_STEPS = 5
HALVINGS = 12
ACCURACY = 0.05  # to which a step in the mean is solved for


@dataclass(frozen=True, eq=False)
class GaussianState(State):
    """A state that says how exact its ``elbo`` is, the value of the nodes that it climbs on."""

    @cached_property
    def quadrature_error(self):
        """The true ELBO is within so many nats of ``elbo`` (in 99 % of cases).

        The difference from a bound by fresh, larger rules and three of its standard errors: a
        maximum over q finds where its own nodes err upwards too.
        """
        fresh = gaussian_bound(self.tagger, self.q, np.random.default_rng(0))
        return abs(self.elbo - fresh.elbo) + 3 * fresh.standard_error


def fit_gaussian(tagger, rng, covariance="diagonal", n_nodes=None):
    """Maximise the ELBO over Gaussians; states with ``q`` and ``elbo``, without end.

        ascent = climb(fit_gaussian(tagger, rng))
        ascent.state.q.mean, ascent.state.elbo, ascent.state.quadrature_error

    covariance: "diagonal" (mean field), from the prior on (narrowed where it is very vague), or
    "full", from a diagonal q after five steps, for at most 6000 weights. rng draws the nodes once,
    so that the states are free of noise; n_nodes: about how many for each token's logits, by
    default as many as a second or so a step allows. Raises ValueError for any other covariance.
    """
    check_covariance(tagger, covariance)
    if n_nodes is None:
        affordable = EVALUATIONS / (len(tagger.tags) * tagger.n_tags)
        n_nodes = int(np.clip(affordable, FEWEST_NODES, MOST_NODES))
    n_nodes = whole_number("n_nodes", n_nodes, maximum=10**6)
    rules = rules_in_turn(tagger.n_tags, n_nodes, generator("rng", rng))
    return _ascend(tagger, rules, covariance)


@ascending
def _ascend(tagger, rules, covariance):
    prior = DiagonalGaussian(np.array(tagger.prior_mean), np.array(tagger.prior_sd))
    widest = max(WIDEST, prior.logits(tagger.features)[1].max())
    start = DiagonalGaussian(prior.mean, prior.sd * (WIDEST / widest))
    states = _steps(tagger, rules, start, _diagonal_step)
    if covariance == "full":  # after some cheap steps: each full one inverts a matrix of w's size
        *_, state = islice(states, DIAGONAL_STEPS + 1)
        start = FullGaussian(state.q.mean, np.diag(state.q.sd.ravel() ** 2))
        states = _steps(tagger, rules, start, _full_step)
    yield from states


def _steps(tagger, rules, q, propose):
    """Along each path proposed, the first of its points 1, 1/2, 1/4, ... that is no worse."""
    state = _state(tagger, rules, q)
    while True:
        yield state
        path = propose(tagger, state.q, *state.expected)
        points = (_state(tagger, rules, path(0.5**n)) for n in range(HALVINGS))
        state = next((new for new in points if new.elbo >= state.elbo), state)


def _state(tagger, rules, q):
    bound, *expected = elbo(tagger, q, rules)
    info = {"bound": bound, "expected": expected, "tagger": tagger}
    return GaussianState(q, bound.elbo, info=info)


def _diagonal_step(tagger, q, probs, curvature):
    slope = score(tagger, q.mean, probs)
    diagonal = diagonal_precision(tagger, probs * (1 - probs))
    step = solve_curvature(tagger, probs, slope, diagonal, ACCURACY)
    old, new = q.sd**-2.0, diagonal_precision(tagger, curvature)
    return lambda rate: DiagonalGaussian(q.mean + rate * step, (old + rate * (new - old)) ** -0.5)


def _full_step(tagger, q, probs, curvature):
    new, log_determinant = inverse(full_precision(tagger, curvature))
    step = (new @ score(tagger, q.mean, probs).ravel()).reshape(tagger.shape)

    def path(rate):
        if rate == 1:
            return FullGaussian(q.mean + step, new, log_determinant)
        return FullGaussian(q.mean + rate * step, q.covariance + rate * (new - q.covariance))

    return path
