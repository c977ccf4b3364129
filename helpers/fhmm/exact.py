"""Exact inference: the evidence and the posterior, at a price exponential in M."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import softmax

from helpers.arguments import generator
from helpers.fhmm.messages import Messages
from helpers.fhmm.model import FactorialHMM, Sequences, as_sequences
from helpers.fhmm.pairs import (
    chunks,
    coincidences,
    marginals,
    transition_counts,
    transition_marginals,
)
from helpers.fhmm.path import most_probable_path, outer_sum
from helpers.fhmm.size import check_size


@dataclass(frozen=True, eq=False)
class Posterior:
    """p(s | x) of a factorial HMM; rows of all sequences one after the other.

    model, sequences: what it was computed from.
    log_evidences: log p(x) of each sequence in nats.
    marginals: p(s_t^m = i | x), (T, M, L).
    messages: forward and backward messages over the L^M joint states.
    """

    model: FactorialHMM
    sequences: Sequences
    log_evidences: np.ndarray
    marginals: np.ndarray
    messages: Messages

    @property
    def log_evidence(self):
        """log p(x) of all sequences in nats."""
        return float(self.log_evidences.sum())

    @cached_property
    def joint(self):
        """p(s_t | x) of all chains together, (T, L, ..., L) with an axis for each chain."""
        sizes = (self.model.n_states,) * self.model.n_chains
        return self.messages.joint().reshape(-1, *sizes)

    @cached_property
    def pair_marginals(self):
        """p(s_t^m = i, s_(t+1)^m = j | x), (T - 1, M, L, L).

        Several sequences: the steps of each one after the other, (T - number of them, ...).
        """
        rows = np.delete(np.arange(len(self.marginals)), self.sequences.last)
        parts = [
            transition_marginals(self.messages, self.model.transition, rows[chunk])
            for chunk in chunks(len(rows), self.messages.forward.shape[1])
        ]
        chains, states = self.marginals.shape[1:]
        return np.concatenate([np.empty((0, chains, states, states)), *parts])

    @cached_property
    def expected_transitions(self):
        """Expected number of steps from i to j in each chain, (M, L, L)."""
        rows = np.delete(np.arange(len(self.marginals)), self.sequences.last)
        counts = np.zeros_like(self.model.transition)
        for chunk in chunks(len(rows), self.messages.forward.shape[1]):
            counts += transition_counts(self.messages, self.model.transition, rows[chunk])
        return counts

    @cached_property
    def expected_coincidences(self):
        """sum_t p(s_t^m = i, s_t^n = j | x), (M, L, M, L)."""
        T, N = self.messages.forward.shape
        joint_sum = sum(self.messages.joint(rows).sum(0) for rows in chunks(T, N))
        return coincidences(joint_sum, *self.marginals.shape[1:])

    @cached_property
    def most_probable_path(self):
        """The states that maximise p(s | x), (T, M) whole numbers."""
        return most_probable_path(self.model, self.sequences)[0]

    def sample(self, rng):
        """One draw of all states from p(s | x), (T, M), from the last step to the first."""
        rng = generator("rng", rng)
        messages, model = self.messages, self.model
        with np.errstate(divide="ignore"):  # log 0 = -inf is right here
            terms = messages.forward, messages.evidence
            past = sum(terms if messages.logs else np.log(terms))
            log_transition = np.log(model.transition)
        sizes, chains = (model.n_states,) * model.n_chains, np.arange(model.n_chains)
        states, ends = np.empty((len(past), model.n_chains), int), set(self.sequences.last)
        for t in range(len(past) - 1, -1, -1):
            score = past[t]
            if t not in ends:
                score = score + outer_sum(log_transition[chains, :, states[t + 1]]).ravel()
            drawn = rng.choice(score.size, p=softmax(score))
            states[t] = np.unravel_index(drawn, sizes)
        return states


def exact(model, x):
    """Log evidence and posterior by the forward-backward algorithm over the product space.

        log p(x) = log sum_s p(x, s),   p(s_t | x), in O(T M L^(M+1)) steps

    Each chain's transition is applied along its own axis; the L^M x L^M matrix of the flat HMM,
    with its O(T L^(2M)), is never built.

    Args:
        model: :class:`FactorialHMM`.
        x: observations (T, P), or a list of such arrays, one for each sequence.
    Returns:
        :class:`Posterior`; everything in nats.
    Raises:
        ValueError: the data do not fit the model, or the messages do not fit into memory; the
            message says how large they would be.
    Source: the slides "Factorial HMMs", which give the cost of the flat HMM; Ghahramani &
    Jordan (1997) for the factorial one.
    """
    sequences = as_sequences(model, x)
    check_size(model, len(sequences.x), arrays=6)
    features, table, offset = model.emission_factors(sequences.x)
    messages = model.dynamics.messages(lambda rows: features[rows] @ table, sequences)
    log_evidences = messages.log_evidences + np.add.reduceat(offset, sequences.first)
    if not np.isfinite(log_evidences).all():
        raise ValueError("x: the model gives these data probability zero, or they are too large")
    sizes, every = (model.n_chains, model.n_states), chunks(*messages.forward.shape)
    found = np.concatenate([marginals(messages.unnormalised(rows), *sizes) for rows in every])
    found /= found.sum(-1, keepdims=True)
    return Posterior(model, sequences, log_evidences, found, messages)
