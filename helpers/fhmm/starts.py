"""Where EM for a factorial HMM begins, which decides where it ends.

A start with random transitions has made up its mind about time before it has seen any data, and
EM then ends more often than not in a solution where chains copy one another, or where one does
the work of two. With flat transitions the outputs come first: each step in time is told from its
own observation, and what persists shows in the first M-step. A single start may still go astray,
so that several compete by successive halving (Karnin, Koren & Somekh 2013), and the winner's q
is annealed (in the spirit of Ueda & Nakano 1998), see :func:`wide_covariance`.
"""

import numpy as np

from helpers.fhmm.model import FactorialHMM
from helpers.fhmm.sequences import as_sequences

FLOOR = 1e-6  # least variance of the noise in any direction, where each column has variance one
CONSTANT = 1e-12  # of its mean: a standard deviation below is rounding
ROWS, PIECE = 2000, 500  # observations at most by which starts are compared, and in one piece


def flat_model(x, n_chains, n_states, rng):
    """A model to start from: every step as likely as any other, outputs as wide as the data.

    means[m, i] ~ N(centre / M, covariance / M), where both are the data's.
    """
    x, M, L = as_sequences(x), n_chains, n_states
    covariance, flat = wide_covariance(x.x), np.full((M, L, L), 1 / L)
    noise = rng.standard_normal((M, L, len(covariance)))
    means = noise @ np.linalg.cholesky(covariance).T / M**0.5 + x.x.mean(0) / M
    return FactorialHMM(flat[:, 0], flat, means, covariance)


def wide_covariance(x):
    """The data's own covariance, which as a model's noise anneals on EM's own schedule.

    Where the noise is small, coordinate ascent from a new q stays in the nearest of many local
    optima. Where it is wide, q is vague at first, and both sharpen together.
    """
    return floored(np.atleast_2d(np.cov(x.T, bias=True)), x)


def floored(covariance, x):
    """The likeliest covariance with no variance below the floor, to which eigenvalues are raised.

    Each column is measured by its own standard deviation in x; one that is constant, by its mean.
    """
    sd, size = x.std(0), np.abs(x.mean(0))
    unit = np.where(sd > CONSTANT * size, sd, np.where(size > 0, size, 1))
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2 / unit / unit[:, None])
    correlation = (vectors * np.maximum(values, FLOOR)) @ vectors.T
    return correlation * unit * unit[:, None]


def rounds_of_halving(states, advance, n_steps):
    """The leader of states of EM after each round: all take steps, and the best half go on.

    The rounds are of n_steps, 2 n_steps, 4 n_steps ... steps, since those that are left lie closer
    together, and only the bound of an ascent that has settled can be trusted.
    advance: (state, number of steps) -> state.
    """
    while len(states) > 1:
        states = [advance(state, n_steps) for state in states]
        states.sort(key=lambda state: -state.elbo)
        states, n_steps = states[: (len(states) + 1) // 2], 2 * n_steps
        yield states[0]


def some_pieces(x, rng, rows=ROWS, piece=PIECE):
    """Pieces of the sequences from all over, at most about ``rows`` observations in all."""
    if len(x.x) <= rows:
        return x
    wholes = x.split(x.x)
    pieces = [part for one in wholes for part in np.array_split(one, -(-len(one) // piece))]
    order = rng.permutation(len(pieces))
    enough = np.searchsorted(np.cumsum([len(pieces[n]) for n in order]), rows) + 1
    return as_sequences([pieces[n] for n in sorted(order[:enough])])
