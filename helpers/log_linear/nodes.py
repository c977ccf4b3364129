"""Nodes e_k and weights w_k of the tagger's expectations: E[f(e)] ~ sum_k w_k f(e_k).

A token keeps its nodes. The bound is then a smooth function of q, concave in the mean and the
standard deviations (log-sum-exp is convex), with no noise from step to step, so that an ascent on
it can be held to never falling. Neighbouring tokens use different rules, so that what is left of
the rules' errors averages out over a text.
"""

import numpy as np
from scipy.special import gammaincinv

RULES = 32  # rules that the tokens take in turn
FEWEST_PER_AXIS = 8  # Gauss-Hermite with fewer nodes an axis is not worth its product grid
MOST_PER_AXIS = 64  # beyond them its outermost weights underflow
FAR = 8.5  # standard deviations; what lies beyond is less than rounding


def normal_nodes(n_tags, size, rng):
    """About ``size`` nodes (K, T) and weights (K,) for e standard normal in T dimensions.

    Few tags: the product of Gauss-Hermite rules, or of trapezoid rules where an axis has many
    nodes. Otherwise a randomised spherical rule: the axes of random rotations, both ways, one
    rotation for each of several radii spread over the chi distribution. Each is exact for
    polynomials up to the third degree.
    """
    per_axis = nodes_per_axis(n_tags, size)
    if per_axis:
        nodes, weights = np.polynomial.hermite_e.hermegauss(min(per_axis, MOST_PER_AXIS))
        if per_axis > MOST_PER_AXIS:
            nodes = np.linspace(-FAR, FAR, per_axis)
            weights = np.exp(-0.5 * nodes**2)
        grid = np.stack(np.meshgrid(*[nodes] * n_tags, indexing="ij"), axis=-1)
        all_weights = np.prod(np.meshgrid(*[weights / weights.sum()] * n_tags), axis=0)
        return grid.reshape(-1, n_tags), all_weights.ravel()
    n_radii = max(2, int(np.ceil(size / (2 * n_tags))))
    strata = (np.arange(n_radii) + rng.uniform()) / n_radii
    radii = np.sqrt(2 * gammaincinv(n_tags / 2, strata))
    radii *= np.sqrt(n_tags / np.mean(radii**2))  # so that E[e e'] is the identity exactly
    rotations = np.linalg.qr(rng.standard_normal((n_radii, n_tags, n_tags)))[0]
    half = (radii[:, None, None] * rotations).reshape(-1, n_tags)
    return np.concatenate([half, -half]), np.full(2 * len(half), 0.5 / len(half))


def nodes_per_axis(n_tags, size):
    """Nodes an axis of a product grid of `size` nodes, or 0 where those are too few."""
    per_axis = int(size ** (1 / n_tags) + 1e-9)
    return per_axis if per_axis >= FEWEST_PER_AXIS else 0


def has_grid(n_tags, size):
    """Whether `size` nodes are enough for a grid over the T - 1 contrasts of T logits."""
    return nodes_per_axis(max(1, n_tags - 1), size) > 0


def rules_in_turn(n_tags, size, rng):
    """A list of rules of about `size` nodes for a softmax: several if random, else the one.

    A softmax sees no more of its logits than T - 1 contrasts. A grid is over those, (K, T - 1); two
    tags have one axis, on which the trapezoid rule is exact to rounding.
    """
    if has_grid(n_tags, size):
        return [normal_nodes(max(1, n_tags - 1), size, rng)]
    return [normal_nodes(n_tags, size, rng) for _ in range(RULES)]
