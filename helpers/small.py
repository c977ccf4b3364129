"""The small discrete model that every notebook carries along.

A document is about money or not (z1), about rivers or not (z2), and we see whether it holds
the word "bank" (x). Either topic can turn the word on (a "noisy or"), so that seeing it makes
the two topics compete: they are independent a priori and dependent a posteriori. With four
values of z everything can be enumerated. It is the latent factor document model with two
factors and one word. Source: the slides "Joint Distribution" and "Original LFDM Inference".
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp, softmax

from helpers.arguments import probabilities, real_array
from helpers.elbo import bound_by_enumeration


@dataclass(frozen=True)
class TwoTopics:
    """Two binary latent variables and one binary observation.

    prior: p(z1 = 1), p(z2 = 1), (2,).
    likelihood: p(x = 1 | z1, z2), (2, 2); the first axis is z1.
    """

    prior: np.ndarray
    likelihood: np.ndarray

    def __post_init__(self):
        for name, shape in (("prior", (2,)), ("likelihood", (2, 2))):
            value = probabilities(name, getattr(self, name), axis=None, shape=shape)
            object.__setattr__(self, name, value)

    def log_joint(self, x):
        """log p(x, z1, z2) for every z, (2, 2), in nats; x is 0 or 1."""
        if x not in (0, 1):
            raise ValueError(f"x: expected 0 or 1, got {x!r}")
        z1, z2 = self.prior
        prior = np.outer([1 - z1, z1], [1 - z2, z2])
        likelihood = self.likelihood if x else 1 - self.likelihood
        with np.errstate(divide="ignore"):  # log 0 = -inf is right here
            return np.log(prior) + np.log(likelihood)

    def log_evidence(self, x):
        """log p(x) = log sum_z p(x, z)."""
        return float(logsumexp(self.log_joint(x)))

    def posterior(self, x):
        """p(z1, z2 | x), (2, 2)."""
        return np.exp(self.log_joint(x) - self.log_evidence(x))


def bank():
    """The course's own numbers: p(money) = 0.3, p(rivers) = 0.2.

    Money turns the word on with probability 0.5, rivers with 0.4, and 1 % of all documents
    hold it for no reason: p(x = 1 | z) = 1 - 0.99 * 0.5^z1 * 0.6^z2.
    """
    absent = 0.99 * np.outer([1, 0.5], [1, 0.6])
    return TwoTopics(prior=np.array([0.3, 0.2]), likelihood=1 - absent)


@dataclass(frozen=True)
class MeanFieldState:
    """q(z1, z2) = q1(z1) q2(z2); ``probs`` is q1(1), q2(1), (2,)."""

    log_joint: np.ndarray
    probs: np.ndarray

    @property
    def factors(self):
        """q1 and q2, (2, 2): a row per factor."""
        return np.stack([1 - self.probs, self.probs], axis=1)

    @property
    def q(self):
        """q(z1, z2), (2, 2)."""
        return np.outer(*self.factors)

    @cached_property
    def bound(self):
        """The :class:`helpers.elbo.Bound`, with the enumerated evidence."""
        return bound_by_enumeration(self.log_joint, self.q)

    @property
    def elbo(self):
        """The bound in nats."""
        return self.bound.elbo


def update(state, i):
    """The best factor i given the other: q_i(z_i) proportional to exp E_{q_j}[log p(x, z)].

    Where p(x, z) = 0 the expectation is -inf. If it is -inf for every z_i, the update is the
    limit of ever smaller p(x, z): it first puts as little mass on the impossible as it can.
    """
    j = 1 - i
    table = state.log_joint if i == 0 else state.log_joint.T  # z_i down, z_j across
    impossible = np.isneginf(table)
    on_impossible = impossible @ state.factors[j]
    expected = np.where(impossible, 0.0, table) @ state.factors[j]
    expected[on_impossible > on_impossible.min()] = -np.inf
    probs = state.probs.copy()
    probs[i] = softmax(expected)[1]
    return MeanFieldState(state.log_joint, probs)


def mean_field(model, x, start=(0.5, 0.5)):
    """Coordinate ascent on q(z1) q(z2), one factor a step; an iterator of states.

    x: 0 or 1. start: q1(1) and q2(1) to begin with, (2,). ValueError for anything else.
    """
    start = probabilities("start", real_array("start", start, shape=(2,)), axis=None)
    state, i = MeanFieldState(model.log_joint(x), start), 0
    while True:
        yield state
        state, i = update(state, i), 1 - i
