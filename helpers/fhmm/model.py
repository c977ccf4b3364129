"""The factorial hidden Markov model: M Markov chains, and what they emit together."""

from dataclasses import dataclass, field
from functools import cached_property, reduce

import numpy as np
from scipy.linalg import solve_triangular

from helpers.arguments import (
    covariance,
    finite_array,
    generator,
    instance,
    plain_array,
    probabilities,
    refuse_large,
    whole_number,
)
from helpers.densities import LOG_2PI
from helpers.densities.batches import store
from helpers.fast.fhmm_messages import Dynamics
from helpers.fast.fhmm_moments import chunks
from helpers.fhmm.sequences import as_sequences
from helpers.fhmm.size import check_size

FAR = 5e5  # half the square of a mean, in standard deviations of the noise, above which digits lack


@dataclass(frozen=True, eq=False)
class FactorialHMM:
    """M Markov chains of L states each, whose outputs add up to the mean of what is observed.

        p(s_1^m) = initial[m],   p(s_t^m = j | s_(t-1)^m = i) = transition[m, i, j]
        p(x_t | s_t) = N(x_t; sum_m means[m, s_t^m], covariance)

    initial: (M, L), rows sum to one.
    transition: (M, L, L), rows sum to one; exact zeros are allowed.
    means: (M, L, P), the output of each state of each chain.
    covariance: (P, P), symmetric and positive definite; a covariance, not a standard deviation.
    n_chains, n_states, n_dimensions: M, L and P, made from means.

    Raises ``ValueError`` where shapes disagree or a row is no distribution. Source: the slides
    "Factorial HMMs"; Ghahramani & Jordan (1997), whose emissions these are.
    """

    initial: np.ndarray
    transition: np.ndarray
    means: np.ndarray
    covariance: np.ndarray
    n_chains: int = field(init=False)
    n_states: int = field(init=False)
    n_dimensions: int = field(init=False)

    def __post_init__(self):
        initial = probabilities("initial", self.initial, ndim=2)
        chains, states = initial.shape
        transition = probabilities("transition", self.transition, shape=(chains, states, states))
        means = finite_array("means", self.means, shape=(chains, states, None))
        if not means.shape[2]:
            raise ValueError(f"means: expected at least one dimension of x, got {means.shape}")
        noise = covariance("covariance", self.covariance, shape=(means.shape[2],) * 2)
        # a model never changes: an EM step makes a new one
        store(self, initial=initial, transition=transition, means=means, covariance=noise)
        for name, size in zip(("n_chains", "n_states", "n_dimensions"), means.shape, strict=True):
            object.__setattr__(self, name, size)

    @property
    def axes(self):
        """(L, ..., L), the shape of a table of the joint states of all chains."""
        return (self.n_states,) * self.n_chains

    @cached_property
    def dynamics(self):
        """The chains without what they emit, ready for messages."""
        return Dynamics(self.initial, self.transition)

    @cached_property
    def _cholesky(self):
        return np.linalg.cholesky(self.covariance)

    @cached_property
    def whitened_means(self):
        """means in units in which the covariance is I, each chain centred on zero, (M, L, P)."""
        centred = self.means - self.means.mean(1, keepdims=True)
        return self._whiten(centred.reshape(-1, self.n_dimensions)).reshape(self.means.shape)

    def whiten(self, x):
        """x in the units of :attr:`whitened_means`, (T, P).

        The centres of the chains are taken off, so that data far from zero lose no digits.
        """
        return self._whiten(x - self.means.mean(1).sum(0))

    def _whiten(self, rows):
        return np.ascontiguousarray(solve_triangular(self._cholesky, rows.T, lower=True).T)

    def log_emissions(self, x):
        """log p(x_t | s_t) for all L^M joint states, in two parts: (T, L^M) plus (T,), in nats.

        The second, which no state changes, may be so large that the first would drown in its
        rounding. ValueError where the table does not fit into memory.
        """
        x = finite_array("x", x, shape=(None, self.n_dimensions))
        check_size(self, "a table of them at each step", len(x))
        log_rows, offset = self.emission_rows(x)
        return log_rows(slice(None)), offset

    def emission_rows(self, x):
        """The first part of :meth:`log_emissions` as a function of rows, and the second, (T,)."""
        check_size(self, "the table of their means", self.n_dimensions + 1)
        with np.errstate(over="ignore", invalid="ignore"):  # exact() refuses data so far away
            log_rows, rest = log_likelihoods(self.whiten(x), self._joint_means)
            return log_rows, self.log_normaliser - 0.5 * (rest**2).sum(1)

    @cached_property
    def _joint_means(self):
        return joint_means(self.whitened_means)

    @cached_property
    def log_normaliser(self):
        """log of the Gaussian's constant, -1/2 log det(2 pi covariance), in nats."""
        log_determinant = 2 * np.log(np.diag(self._cholesky)).sum()
        return float(-0.5 * (self.n_dimensions * LOG_2PI + log_determinant))

    def sample(self, rng, T):
        """Draw states, (T, M) integers, and observations, (T, P)."""
        rng, T = generator("rng", rng), whole_number("T", T)
        refuse_large("T", T, max(self.n_chains, self.n_dimensions))
        states, chains = np.empty((T, self.n_chains), int), np.arange(self.n_chains)
        uniforms = rng.random((T, self.n_chains, 1))
        initial, transition = self.initial.cumsum(-1), self.transition.cumsum(-1)
        for t in range(T):
            steps = initial if t == 0 else transition[chains, states[t - 1]]
            # a cumulative sum may end just below one, and a draw above it
            states[t] = (uniforms[t] * steps[:, -1:] >= steps).sum(-1)
        noise = rng.standard_normal((T, self.n_dimensions)) @ self._cholesky.T
        return states, self.output(states) + noise

    def output(self, states):
        """The mean of x given the states, sum_m means[m, s_t^m], (T, P)."""
        states = self.checked_states(states)
        return self.means[np.arange(self.n_chains), states].sum(-2)

    def log_joint(self, states, x):
        """log p(x, s) in nats: x (T, P), states (..., T, M); -inf if impossible.

        log p(x, s) = sum_m [log p(s_1^m) + sum_t log p(s_t^m | s_(t-1)^m)]              (2b.1)
                      + sum_t log N(x_t; sum_m means[m, s_t^m], covariance)              (2b.2)
        """
        sequences = observed(self, x)
        states = self.checked_states(states, len(sequences.x))
        expected = self.whitened_means[np.arange(self.n_chains), states].sum(-2)
        square = ((self.whiten(sequences.x) - expected) ** 2).sum((-2, -1))
        log_likelihood = len(sequences.x) * self.log_normaliser - 0.5 * square
        return self.log_prior(states, sequences) + log_likelihood  # (2b.3)

    def log_prior(self, states, sequences):
        """log p(s) of paths (..., T, M) of these sequences, in nats.                     (2b.1)"""
        chains, rows = np.arange(self.n_chains), sequences.before_a_step
        first = self.initial[chains, states[..., sequences.first, :]]
        steps = self.transition[chains, states[..., rows, :], states[..., rows + 1, :]]
        return logarithm(first).sum((-2, -1)) + logarithm(steps).sum((-2, -1))

    def checked_states(self, states, T=None, name="states"):
        """Paths (..., T, M) of states 0 .. L-1 as an array; ValueError for anything else."""
        states = plain_array(name, states)
        fits = states.ndim > 1 and states.shape[-1] == self.n_chains
        if not fits or T not in (None, states.shape[-2]) or states.dtype.kind not in "iu":
            raise ValueError(
                f"{name}: expected whole numbers of shape (..., {T or 'T'}, {self.n_chains}), "
                f"got {states.dtype} of shape {states.shape}"
            )
        if len(outside := states[(states < 0) | (states >= self.n_states)]):
            raise ValueError(f"{name}: expected 0 to {self.n_states - 1}, got {outside[0]}")
        return states


def log_likelihoods(x, means):
    """log N(x_t; mean_n, I) but for -1/2 |rest_t|^2: a function of rows, (rows, N), and the rest.

        x_t . mean_n - 1/2 |mean_n|^2,   rest = x, (T, P)

    Where means (N, P) are so far apart that their squares would leave too few digits, x_t and the
    means are measured from the mean that is nearest to x_t.
    """
    half_squares = 0.5 * (means**2).sum(1)

    def log_rows(rows):
        scores = x[rows] @ means.T
        return np.subtract(scores, half_squares, out=scores)

    if half_squares.max() < FAR:
        return log_rows, x
    closest = [log_rows(part).argmax(1) for part in chunks(len(x), len(means))]
    nearest = means[np.concatenate(closest)]
    rest = x - nearest

    def measured_rows(rows):
        steps = (means.T[p] - nearest[rows, p, None] for p in range(means.shape[1]))
        return sum(step * (rest[rows, p, None] - 0.5 * step) for p, step in enumerate(steps))

    return measured_rows, rest


def logarithm(probabilities):
    """log p, with log 0 = -inf."""
    with np.errstate(divide="ignore"):
        return np.log(probabilities)


def observed(model, x):
    """Data for a model: (T, P) or a list of such arrays as Sequences; ValueError if they misfit."""
    return as_sequences(x, instance("model", model, FactorialHMM).n_dimensions)


def flatten(model):
    """The same distribution over x as one chain of L^M states, with an L^M x L^M transition.

    State k of the flat chain stands for np.unravel_index(k, (L,) * M) of the factorial one.
    ValueError where the transition matrix does not fit into memory.
    """
    states = instance("model", model, FactorialHMM).n_states ** model.n_chains
    check_size(model, "the transition matrix of the flat HMM", states)
    initial, transition = (reduce(np.kron, chains) for chains in (model.initial, model.transition))
    means = joint_means(model.means)
    return FactorialHMM(initial[None], transition[None], means[None], model.covariance)


def joint_means(means):
    """The sum of a row of each chain's means, (L^M, P), the last chain's state the fastest."""
    return reduce(lambda joint, chain: (joint[:, None] + chain).reshape(-1, chain.shape[1]), means)
