"""The two tractable families of q, and the bound for either.

Both make the chains independent; they differ in whether a chain remembers its own past.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import xlogy

from helpers.arguments import describe, probabilities
from helpers.elbo import Bound
from helpers.fhmm.exact import Messages
from helpers.fhmm.model import FactorialHMM, log_likelihoods, logarithm, observed
from helpers.fhmm.sequences import Sequences


class IndependentChains:
    """What the families share: chains that know nothing of each other under q."""

    @cached_property
    def expected_coincidences(self):
        """sum_t q(s_t^m = i, s_t^n = j), (M, L, M, L)."""
        result, total = np.tensordot(self.marginals, self.marginals, (0, 0)), self.marginals.sum(0)
        own = np.arange(len(total))
        result[own, :, own] = total[:, :, None] * np.eye(total.shape[1])
        return result


@dataclass(frozen=True, eq=False)
class Factorised(IndependentChains):
    """q(s) = prod_t prod_m q(s_t^m): every variable on its own (the mean field family).

    marginals: q(s_t^m = i), (T, M, L). sequences: where each of them begins and ends.
    """

    marginals: np.ndarray
    sequences: Sequences

    def entropy(self):
        """H(q) = -sum_t sum_m sum_i q(s_t^m = i) log q(s_t^m = i), in nats."""
        return float(-xlogy(self.marginals, self.marginals).sum())

    def log_prob(self, states):
        """log q(s) of paths (..., T, M), in nats."""
        t, m = np.indices(self.marginals.shape[:2])
        return logarithm(self.marginals[t, m, states]).sum((-2, -1))

    @cached_property
    def expected_transitions(self):
        """sum_t q(s_t^m = i) q(s_(t+1)^m = j), (M, L, L)."""
        rows = self.sequences.before_a_step
        now, then = self.marginals[rows], self.marginals[rows + 1]
        return np.einsum("tmi,tmj->mij", now, then, optimize=True)


@dataclass(frozen=True, eq=False)
class Chains(IndependentChains):
    """q(s) = prod_m q(s_1^m, ..., s_T^m): independent chains, each a Markov chain.

        q(s^m) = p(s^m) prod_t exp evidence[t, m, s_t^m] / exp log_normalisers[m]

    marginals: q(s_t^m = i), (T, M, L). model: whose p(s^m) it is. evidence: the log of the
    effective evidence for each state, (T, M, L). messages: those of each chain.
    """

    marginals: np.ndarray
    sequences: Sequences
    model: FactorialHMM
    evidence: np.ndarray
    messages: tuple[Messages, ...]

    @property
    def log_normalisers(self):
        """log Z of each chain, (M,), in nats."""
        return np.array([messages.log_evidences.sum() for messages in self.messages])

    def log_prob(self, states):
        """log q(s) of paths (..., T, M) of all sequences together, in nats."""
        t, m = np.indices(self.marginals.shape[:2])
        told = self.evidence[t, m, states].sum((-2, -1))
        log_prior = self.model.log_prior(states, self.sequences)
        return log_prior + told - self.log_normalisers.sum()

    def entropy(self):
        """H(q) = sum_m (log Z_m - E_q[log p(s^m)] - sum_t E_q[evidence]), in nats.        (4a.8)"""
        told = (self.marginals * self.evidence).sum()
        return float(self.log_normalisers.sum() - expected_log_chains(self.model, self) - told)

    @cached_property
    def expected_transitions(self):
        """sum_t q(s_t^m = i, s_(t+1)^m = j), (M, L, L)."""
        return np.concatenate([chain.expected_transitions for chain in self.messages])


def elbo(model, x, q):
    """The bound of either family as its two terms: a :class:`helpers.elbo.Bound`, in nats.

        E_q[log p(x, s)] = E_q[log p(s)] + E_q[log p(x | s)],   H(q)                       (4a.5)

    q: of the data's length, else ValueError. -inf where q puts mass on an impossible step.
    """
    x = observed(model, x)
    q = checked_q("q", model, x, q)
    outputs = mean_outputs(model, q.marginals)
    log_likelihood = expected_log_likelihood(model, model.whiten(x.x), q.marginals, outputs)
    return Bound(float(expected_log_chains(model, q) + log_likelihood), q.entropy())


def expected_log_chains(model, q):
    """E_q[log p(s)] = E_q[sum_m log p(s_1^m) + sum_t log p(s_t^m | s_(t-1)^m)], in nats."""
    log_prior = xlogy(q.marginals[q.sequences.first].sum(0), model.initial).sum()
    return log_prior + xlogy(q.expected_transitions, model.transition).sum()


def mean_outputs(model, marginals):
    """E_q[output of chain m at t], in whitened units, (M, T, P)."""
    return np.einsum("tml,mlp->mtp", marginals, model.whitened_means, optimize=True)


def expected_log_likelihood(model, whitened, marginals, outputs):
    """E_q[log p(x | s)] where the chains are independent under q, in nats.                (4a.6)

        -1/2 sum_t [|x_t - sum_m E s_t^m|^2 + sum_m (E|s_t^m|^2 - |E s_t^m|^2)] + constant

    Here s_t^m stands for the chain's output, and all is whitened: x (T, P), outputs E s_t^m,
    (M, T, P). Each chain's own variance is sum_ij q_i q_j |means_i - means_j|^2 / 2: of means far
    apart the difference of squares would keep few digits.
    """
    pairs = marginals.transpose(1, 2, 0) @ marginals.swapaxes(0, 1)  # (M, L, L)
    columns = np.moveaxis(model.whitened_means, 2, 0)
    apart = sum((column[:, :, None] - column[:, None]) ** 2 for column in columns)
    misfit = ((whitened - outputs.sum(0)) ** 2).sum()
    variance = 0.5 * (pairs * apart).sum()
    return float(len(whitened) * model.log_normaliser - 0.5 * (misfit + variance))


def effective_evidence(model, residual, m):
    """What x_t says about s_t^m, less what the others are expected to explain, (T, L).    (4a.4)

        means_i . C^-1 (x_t - sum_(n != m) E_q[output of n at t]) - 1/2 means_i . C^-1 means_i

    up to a constant for each t. residual: the bracket, in whitened units, (T, P).
    """
    log_rows, _ = log_likelihoods(residual, model.whitened_means[m])
    return log_rows(slice(None))


def checked_q(name, model, x, q):
    """A q of the size of the model and the data, or marginals (T, M, L) as Factorised.

    ValueError for anything else.
    """
    shape = (len(x.x), *model.initial.shape)
    if isinstance(q, list | tuple) or hasattr(q, "__array__"):
        return Factorised(probabilities(name, q, shape=shape), x)
    if getattr(q, "marginals", None) is None:
        raise ValueError(f"{name}: expected Factorised, Chains or marginals, got {describe(q)}")
    if q.marginals.shape != shape:
        raise ValueError(f"{name}: expected marginals of shape {shape}, got {q.marginals.shape}")
    return q
