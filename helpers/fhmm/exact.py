"""Exact inference by forward-backward: two verbs, and what is composed of them.

What is known about the states s_t of all chains is an array with an axis for each chain,
(L, ..., L), in logarithms, so that no product of probabilities underflows.

    condition   p(s_t | x_1..t) = p(s_t | x_1..t-1) p(x_t | s_t) / p(x_t | x_1..t-1)          (2b.4)
    predict     p(s_t+1 | x_1..t) = sum_(s_t) p(s_t | x_1..t) prod_m p(s_t+1^m | s_t^m)       (2b.5)

Taken in turn with time, they filter; against time, they tell what the future says of each state;
both together smooth. With a maximum in place of the sum they find the most probable path.
"""

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from scipy.special import softmax

from helpers.arguments import generator
from helpers.fast.fhmm_moments import coincidences, marginals, transition_counts
from helpers.fhmm.model import FactorialHMM, logarithm, observed
from helpers.fhmm.sequences import Sequences
from helpers.fhmm.size import check_size


def condition(log_belief, log_b):
    """Let the states hear x_t: log p(s_t | x_1..t), and log p(x_t | x_1..t-1) in nats.   (2b.4)

    log_belief: log p(s_t | x_1..t-1). log_b: log p(x_t | s_t). Both are (L, ..., L).
    """
    log_joint = log_belief + log_b
    log_evidence = np.logaddexp.reduce(log_joint, axis=None)
    return log_joint - log_evidence, log_evidence


def predict(log_belief, log_transition, total=np.logaddexp.reduce):
    """Let time pass: log p(s_t+1 | x_1..t) from log p(s_t | x_1..t), (L, ..., L).         (2b.5)

    Each chain moves along its own axis: O(M L^(M+1)), and no L^M x L^M matrix. total: the sum
    over s_t, or a maximum.
    """
    for log_matrix in log_transition:  # the first axis goes, the new one comes last
        step = log_matrix.reshape(len(log_matrix), *[1] * (log_belief.ndim - 1), -1)
        log_belief = total(log_belief[..., None] + step, axis=0)
    return log_belief


def forward_backward(initial, transition, log_b):
    """What each state of one sequence hears from the past and from the future, and log p(x).

    log_b: log p(x_t | s_t) for each t, (T, L, ..., L). Of that shape are forward,
    log p(s_t | x_1..t-1), and backward, log p(x_t..T | s_t) up to a constant for each t.
    """
    log_transition = logarithm(transition)
    forward, backward = np.empty_like(log_b), np.empty_like(log_b)
    belief, log_evidence = reduce(np.add.outer, logarithm(initial)), 0.0
    for t in range(len(log_b)):
        forward[t] = belief
        filtered, log_step = condition(belief, log_b[t])  # (2b.4)
        belief = predict(filtered, log_transition)  # (2b.5)
        log_evidence += log_step  # (2b.6) log p(x) = sum_t log p(x_t | x_1..t-1)
    told = np.zeros_like(belief)  # nothing comes after the last step
    for t in reversed(range(len(log_b))):
        backward[t], _ = condition(told, log_b[t])
        told = predict(backward[t], log_transition.swapaxes(1, 2))  # (2b.7) the same, against time
    return forward, backward, log_evidence


def pair_marginals(log_filtered, log_transition, log_backward):
    """p(s_t^m = i, s_(t+1)^m = j | x) of each chain at one step, (M, L, L).               (2b.9)

    All other chains take their step first; then only chain m's own is left.
    """
    tables = []
    for m, log_matrix in enumerate(log_transition):
        others = np.delete(log_transition, m, axis=0)
        now, then = np.moveaxis(log_filtered, m, 0), np.moveaxis(log_backward, m, 0)
        moved = [predict(part, others) for part in now]
        heard = [[np.logaddexp.reduce(np.ravel(i + j)) for j in then] for i in moved]
        tables.append(softmax(log_matrix + heard))
    return np.array(tables)


def best_path(initial, transition, log_b):
    """The most probable path of one sequence (Viterbi), (T, M): maxima in place of sums."""
    score, log_transition = reduce(np.add.outer, logarithm(initial)), logarithm(transition)
    scores = np.empty_like(log_b)  # of the best path that ends in each state
    for t in range(len(log_b)):
        scores[t] = score + log_b[t]
        score = predict(scores[t], log_transition, np.maximum.reduce)
    return trace_back(scores, log_transition, np.argmax)


def trace_back(log_filtered, log_transition, choose):
    """A path (T, M) from the last step to the first: choose s_T, then each s_t given s_(t+1).

    choose: from log scores (L, ..., L) to the number of a state, ``np.argmax`` or a draw.
    """
    path, log_step, chains = [], 0.0, np.arange(len(log_transition))
    for log_score in log_filtered[::-1]:
        path.append(np.unravel_index(choose(log_score + log_step), log_score.shape))
        log_step = reduce(np.add.outer, log_transition[chains, :, path[-1]])
    return np.array(path[::-1])


@dataclass(frozen=True, eq=False)
class Messages:
    """Messages of all sequences over the N = L^M joint states, the last chain's the fastest.

    forward: p(s_t | x_1..t-1), backward: p(x_t..T | s_t), evidence: p(x_t | s_t), all (T, N) and
    each row up to a factor. logs: True if these three are logarithms. log_evidences: log p(x) of
    each sequence. log_scale: what finds messages for nearly the same data faster, or None.
    """

    transition: np.ndarray  # of the chains, (M, L, L)
    sequences: Sequences
    forward: np.ndarray
    backward: np.ndarray
    evidence: np.ndarray
    log_evidences: np.ndarray
    log_scale: np.ndarray | None = None
    logs: bool = False

    def joint(self, rows=slice(None)):
        """p(s_t | x) for some rows t, (rows, N): past times future, normalised.          (2b.8)"""
        if self.logs:
            return softmax(self.forward[rows] + self.backward[rows], axis=1)
        joint = self.forward[rows] * self.backward[rows]
        return joint / (joint @ np.ones(joint.shape[1]))[:, None]

    def by_chains(self):
        """log p(s_t | x_1..t) and log p(x_t..T | s_t), up to constants, (T, L, ..., L)."""
        parts = self.forward, self.backward, self.evidence
        forward, backward, evidence = parts if self.logs else map(logarithm, parts)
        axes = (-1, *(self.transition.shape[1],) * len(self.transition))
        return (forward + evidence).reshape(axes), backward.reshape(axes)

    @cached_property
    def pair_marginals(self):
        """p(s_t^m = i, s_(t+1)^m = j | x) of each step, (T - number of sequences, M, L, L)."""
        (filtered, backward), log_a = self.by_chains(), logarithm(self.transition)
        rows = self.sequences.before_a_step
        tables = [pair_marginals(filtered[t], log_a, backward[t + 1]) for t in rows]
        return np.array(tables).reshape(-1, *log_a.shape)

    @cached_property
    def expected_transitions(self):
        """Expected number of steps from i to j in each chain, (M, L, L)."""
        return self.pair_marginals.sum(0) if self.logs else transition_counts(self)


def pass_messages(dynamics, log_b, sequences, log_scale=None):
    """:class:`Messages` of all sequences: the fast way where it can be trusted, else this page's.

    dynamics: the chains, :class:`helpers.fast.fhmm_messages.Dynamics`. log_b: log p(x_t | s_t),
    (T, N), or a function that computes some rows of it. log_scale: that of former messages.
    """
    log_rows = log_b if callable(log_b) else log_b.__getitem__
    found = dynamics.messages(log_rows, sequences, log_scale)
    if found is not None:
        return Messages(dynamics.transition, sequences, *found)
    (M, L), log_b = dynamics.initial.shape, log_rows(slice(None))
    parts = [part.reshape(-1, *(L,) * M) for part in sequences.split(log_b)]
    passed = [forward_backward(dynamics.initial, dynamics.transition, part) for part in parts]
    forward, backward, log_evidences = zip(*passed, strict=True)
    both = (np.concatenate(part).reshape(log_b.shape) for part in (forward, backward))
    found = *both, log_b, np.array(log_evidences)
    return Messages(dynamics.transition, sequences, *found, logs=True)


@dataclass(frozen=True, eq=False)
class Posterior:
    """p(s | x) of a factorial HMM; rows of all sequences one after the other.

    model, sequences: what it was computed from. log_evidences: log p(x) of each sequence in nats.
    marginals: p(s_t^m = i | x), (T, M, L). messages: those over the L^M joint states.
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
        return self.messages.joint().reshape(-1, *self.model.axes)

    @property
    def pair_marginals(self):
        """p(s_t^m = i, s_(t+1)^m = j | x) of each step, (T - number of sequences, M, L, L)."""
        return self.messages.pair_marginals

    @property
    def expected_transitions(self):
        """Expected number of steps from i to j in each chain, (M, L, L)."""
        return self.messages.expected_transitions

    @cached_property
    def expected_coincidences(self):
        """sum_t p(s_t^m = i, s_t^n = j | x), (M, L, M, L)."""
        return coincidences(self.messages)

    @cached_property
    def most_probable_path(self):
        """The states that maximise p(s | x), (T, M) whole numbers."""
        log_b = self.model.log_emissions(self.sequences.x)[0].reshape(-1, *self.model.axes)
        chains = self.model.initial, self.model.transition
        return np.concatenate([best_path(*chains, part) for part in self.sequences.split(log_b)])

    def sample(self, rng):
        """One draw of all states from p(s | x), (T, M), from the last step to the first."""
        rng, log_transition = generator("rng", rng), logarithm(self.model.transition)

        def draw(score):
            return rng.choice(score.size, p=softmax(score.ravel()))

        parts = self.sequences.split(self.messages.by_chains()[0])
        return np.concatenate([trace_back(part, log_transition, draw) for part in parts])


def exact(model, x):
    """Log evidence and posterior by the forward-backward algorithm over the product space.

        log p(x) = log sum_s p(x, s),   p(s_t | x), in O(T M L^(M+1)) steps

    x: observations (T, P), or a list of such arrays, one for each sequence. Returns a
    :class:`Posterior`, in nats; ValueError where the data do not fit the model, or the messages
    not into memory. Source: the slides "Factorial HMMs", which give the cost of the flat HMM,
    O(T L^(2M)); Ghahramani & Jordan (1997) for the factorial one.
    """
    sequences = observed(model, x)
    T = len(sequences.x)
    kept = f"to keep three numbers of each for all T = {T} steps (the forward pass alone keeps one)"
    check_size(model, kept, 3 * T)
    log_rows, offset = model.emission_rows(sequences.x)
    messages = pass_messages(model.dynamics, log_rows, sequences)
    log_evidences = messages.log_evidences + np.add.reduceat(offset, sequences.first)
    if not np.isfinite(log_evidences).all():
        raise ValueError("x: the model gives these data probability zero, or they are too large")
    return Posterior(model, sequences, log_evidences, marginals(messages), messages)
