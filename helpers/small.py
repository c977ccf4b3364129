"""The small discrete model that every notebook carries along.

A document is about money or not (z1), about rivers or not (z2), and we see whether it holds
the word "bank" (x). Either topic can turn the word on (a "noisy or"), so that seeing it makes
the two topics compete: they are independent a priori and dependent a posteriori. With four
values of z everything can be enumerated. It is the latent factor document model with two
factors and one word. Source: the slides "Joint Distribution" and "Original LFDM Inference".
"""

from dataclasses import dataclass
from itertools import cycle
from numbers import Real

import numpy as np
from scipy.special import logsumexp, softmax

from helpers.arguments import describe, instance, probabilities, whole_number
from helpers.ascent import State, States
from helpers.elbo import bound_by_enumeration


@dataclass(frozen=True)
class TwoTopics:
    """prior (2,): p(z1 = 1), p(z2 = 1). likelihood (2, 2): p(x = 1 | z1, z2), the first axis z1."""

    prior: np.ndarray
    likelihood: np.ndarray

    def __post_init__(self):
        prior = probabilities("prior", self.prior, axis=None, shape=(2,))
        likelihood = probabilities("likelihood", self.likelihood, axis=None, shape=(2, 2))
        vars(self).update(prior=prior, likelihood=likelihood)

    def log_joint(self, x):
        """log p(x, z1, z2) for every z, (2, 2), in nats; x is 0 or 1."""
        if not (isinstance(x, Real) and x in (0, 1)):
            raise ValueError(f"x: expected 0 or 1, got {describe(x)}")
        with np.errstate(divide="ignore"):  # log 0 = -inf is right here
            z1, z2 = np.transpose([np.log1p(-self.prior), np.log(self.prior)])
            likelihood = np.log(self.likelihood) if x else np.log1p(-self.likelihood)
        return z1[:, None] + z2 + likelihood  # of tiny priors no product underflows

    def log_evidence(self, x):
        """log p(x) = log sum_z p(x, z)."""
        return float(logsumexp(self.log_joint(x)))

    def posterior(self, x):
        """p(z1, z2 | x), (2, 2)."""
        if self.log_evidence(x) == -np.inf:
            raise ValueError(f"x: p(x = {x}) = 0 under this model, so that no posterior exists")
        return np.exp(self.log_joint(x) - self.log_evidence(x))


def bank():
    """The course's own numbers: p(money) = 0.3, p(rivers) = 0.2.

    Money turns the word on with probability 0.5, rivers with 0.4, and 1 % of all documents
    hold it for no reason: p(x = 1 | z) = 1 - 0.99 * 0.5^z1 * 0.6^z2.
    """
    absent = 0.99 * np.outer([1, 0.5], [1, 0.6])
    return TwoTopics(prior=np.array([0.3, 0.2]), likelihood=1 - absent)


def mean_field(model, x, start=(0.5, 0.5)):
    """Coordinate ascent on q(z1) q(z2), one factor a step; states without end.

        ascent = climb(mean_field(bank(), 1))
        ascent.state.q, ascent.state.bound.kl

    x: 0 or 1. start: q1(1) and q2(1) to begin with, (2,). ValueError for anything else.
    """
    start = probabilities("start", start, axis=None, shape=(2,))
    return States(_ascent(_state(instance("model", model, TwoTopics).log_joint(x), start)))


def update(state, i):
    """The best factor i given the other: q_i(z_i) proportional to exp E_{q_j}[log p(x, z)].

    Where that is -inf for every z_i, the update is the limit of ever smaller p(x, z): it first puts
    as little mass on the impossible as it can.
    """
    j = 1 - whole_number("i", i, minimum=0, maximum=1)
    log_joint = instance("state", state, State).log_joint
    table = log_joint if i == 0 else log_joint.T  # z_i down, z_j across
    impossible = np.isneginf(table)
    on_impossible = impossible @ state.factors[j]
    expected = np.where(impossible, 0.0, table) @ state.factors[j]
    expected[on_impossible > on_impossible.min()] = -np.inf
    probs = state.probs.copy()
    probs[i] = softmax(expected)[1]
    return _state(log_joint, probs)


def _ascent(state):
    for i in cycle((0, 1)):
        yield state
        state = update(state, i)


def _state(log_joint, probs):
    """q(z1, z2) = q1(z1) q2(z2), (2, 2), of ``probs`` = q1(1), q2(1); with a row a factor."""
    factors = np.stack([1 - probs, probs], axis=1)
    q = np.outer(*factors)
    bound = bound_by_enumeration(log_joint, q)
    info = {"log_joint": log_joint, "probs": probs, "factors": factors, "bound": bound}
    return State(q, bound.elbo, info=info)
