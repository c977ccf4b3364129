"""What the autoencoder's two coordinates allow: exact evidence, exact bounds, the gap in parts.

log p(x) is a sum over a grid of z, and one matrix product serves all pictures. Each quantity of
log p(x) = ELBO + KL is computed on nodes of its own, so that the equality can fail:

    log p(x)   a grid on [-8, 8]^2
    ELBO       trapezoid in q's own coordinates, z = m + L u, and H(q) in closed form
    KL         p(z | x) and q on the grid

Symbols as in :mod:`helpers.autoencoder.model`; D pictures, G^2 nodes.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from helpers.arguments import instance, real_array
from helpers.autoencoder.model import Autoencoder
from helpers.densities import LOG_2PI
from helpers.elbo import expectation

WIDTH, NODES = 8.0, 321  # of the grid, on each axis from -WIDTH to WIDTH
REACH, POINTS = 8.0, 97  # of q's own coordinates, in standard deviations
RULE = 20  # Gauss-Hermite nodes an axis, while the best q is searched for
BOX = [(-8, 8)] * 2 + [(-6, 2)] * 2 + [(-5, 5)]  # mean, logs of root's diagonal, its corner
SEARCH = {"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500}


def grid(width=WIDTH, nodes=NODES):
    """Equally spaced nodes z (G^2, 2) of a square, and log of the area that each stands for.

    Beyond the square the prior has nothing to add.
    """
    axis = np.linspace(-width, width, nodes)
    return pairs(axis), 2 * np.log(axis[1] - axis[0])


def pairs(axis):
    """All pairs of numbers of an axis (n,), the second fastest: (n^2, 2)."""
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def log_joint_on(model, x, z):
    """log p(x, z), (D, G^2), at every node z (G^2, 2) for pictures x (D, V)."""
    logits = instance("model", model, Autoencoder).logits(z)
    constant = log_prior(z) - np.logaddexp(0, logits).sum(axis=1)
    return real_array("x", x, shape=(None, logits.shape[1])) @ logits.T + constant


def log_prior(z):
    """log Normal(z | 0, I), (...,) for z (..., 2)."""
    return -0.5 * (z**2 + LOG_2PI).sum(axis=-1)


def log_evidence(model, x, nodes=None):
    """log p(x) of each picture, (D,) nats."""
    z, log_area = nodes or grid()
    return logsumexp(log_joint_on(model, x, z), axis=1) + log_area


def kl_on_grid(model, x, mean, root):
    """KL(q || p(z | x)) of each picture on the grid, (D,); q = Normal(mean, root root')."""
    z, _ = grid()
    log_posterior = log_joint_on(model, x, z)
    log_posterior -= logsumexp(log_posterior, axis=1, keepdims=True)
    found = np.empty(len(mean))
    for d, (m, L) in enumerate(zip(mean, root, strict=True)):
        log_q = log_prior(np.linalg.solve(L, (z - m).T).T)  # but for a constant
        log_q -= logsumexp(log_q)
        found[d] = expectation(np.exp(log_q), log_q - log_posterior[d])
    return found


def elbo(model, x, mean, root):
    """The ELBO of each picture, (D,) nats, for q = Normal(mean, root root'): (D, 2), (D, 2, 2)."""
    u = pairs(np.linspace(-REACH, REACH, POINTS))
    weights = np.exp(log_prior(u))
    weights /= weights.sum()
    found = np.empty(len(mean))
    for d, (m, L) in enumerate(zip(mean, root, strict=True)):
        z = m + u @ L.T
        entropy = 1 + LOG_2PI + np.log(np.abs(np.linalg.det(L)))
        found[d] = weights @ (model.log_likelihood(x[d], z) + log_prior(z)) + entropy
    return found


def gauss_hermite(n=RULE):
    """The product rule of n nodes an axis for a standard normal in two dimensions."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n)
    weights = np.outer(weights, weights).ravel()
    return pairs(nodes), weights / weights.sum()


def best_gaussian(model, x, starts, full=False):
    """The best q of one picture x (V,), of several starts: (mean (2,), root (2, 2)).

    starts: pairs (mean, root), more than one, since a posterior may have hills. full: with a
    correlation. L-BFGS on (mean, log of root's diagonal, its corner), with pathwise gradients at
    the fixed nodes of a Gaussian rule.
    """
    results, data, free = [], (model, x, gauss_hermite()), 5 if full else 4
    options = {"method": "L-BFGS-B", "jac": True, "bounds": BOX[:free], "options": SEARCH}
    for mean, root in starts:
        first = [*mean, *np.log(np.diag(root)), root[1, 0]][:free]
        results.append(minimize(_negative_elbo, first, data, **options))
    return _unpack(min(results, key=lambda result: result.fun).x)


def _unpack(parameters):
    root = np.diag(np.exp(parameters[2:4]))
    root[1, 0] = parameters[4] if len(parameters) == 5 else 0  # of a diagonal q there are four
    return parameters[:2], root


def _negative_elbo(parameters, model, x, rule):
    (u, weights), (mean, root) = rule, _unpack(parameters)
    z = mean + u @ root.T
    h = np.tanh(z @ model.A + model.a)
    logits = h @ model.B + model.b
    values = logits @ x - np.logaddexp(0, logits).sum(axis=1) + log_prior(z)
    to_logits = x - 0.5 * (1 + np.tanh(logits / 2))
    to_z = (to_logits @ model.B.T * (1 - h**2)) @ model.A.T - z
    to_root = (weights[:, None] * to_z).T @ u
    slope = np.array([*(weights @ to_z), *(np.diag(to_root * root) + 1), to_root[1, 0]])
    return -(weights @ values + parameters[2] + parameters[3]), -slope[: len(parameters)]


class Gaps(NamedTuple):
    """log p(x), and what the network's ELBO misses of it in parts that add up, (D,) nats each."""

    log_evidence: np.ndarray
    shape: np.ndarray  # what the best full Gaussian misses
    correlation: np.ndarray  # the best diagonal one besides
    network: np.ndarray  # the encoder besides


def gaps(model, x):
    """The gap of each picture split by what is to blame: a :class:`Gaps`.

    The best q's begin at the network's and at the posterior's mode on the grid; the full one
    also at the diagonal one, so that no part is negative but by a search that failed.
    """
    z, log_area = grid()
    joint = log_joint_on(model, x, z)
    evidence, modes = logsumexp(joint, axis=1) + log_area, z[joint.argmax(axis=1)]
    bounds = []  # of network's, best diagonal and best full q
    for x_d, mode, m, s in zip(x, modes, *model.encode(x), strict=True):
        network, at_mode = (m, np.diag(s)), [(mode, np.diag(s)), (mode, 0.3 * np.eye(2))]
        diagonal = best_gaussian(model, x_d, [network, *at_mode])
        full = best_gaussian(model, x_d, [diagonal, *at_mode], full=True)
        means, roots = zip(network, diagonal, full, strict=True)
        bounds.append(elbo(model, [x_d] * 3, means, roots))
    a, b, c = np.transpose(bounds)
    return Gaps(evidence, shape=evidence - c, correlation=c - b, network=b - a)
