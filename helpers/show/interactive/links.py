"""From exact inference to mean field by hand: the links of a posterior, to be cut one by one.

Two chains s and z of two steps each and one sum of both a step: given x the posterior has four
links, s1-s2 and z1-z2 along time, s1-z1 and s2-z2 between the chains. For each set of links kept
there is a family of q, and in it a best one.

    q(s, z) proportional to exp{sum_i a_i v_i + sum_(i, j) kept b_ij v_i v_j},   v = -1 or 1

Source: the slides "Original FHMM inference" and "Mean field FHMM inference".
"""

from functools import lru_cache

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

from helpers.elbo import enumerate_assignments
from helpers.show.interactive import coupled
from helpers.show.interactive.controls import choice, preset
from helpers.show.interactive.figure import Interactive
from helpers.show.interactive.states import bound

NODES = ("s₁", "s₂", "z₁", "z₂")
LINKS = {"early": (0, 2), "late": (1, 3), "first": (0, 1), "second": (2, 3)}
X = np.array([[1.0], [1.2]])  # about one: one of the chains is on, but which?
STARTS = 8


def two_chains():
    """A factorial HMM whose outputs add up: each chain that is on gives 1, chain z a bit more."""
    return coupled.two_chains(np.array([[1.0], [1.15]]), 0.16)


@lru_cache
def tables():
    """The assignments (16, 4), log p of each, and log q of the best by cuts, (2, 2, 2, 2, 16)."""
    bits = enumerate_assignments([2] * 4).reshape(-1, 4)
    states = bits.reshape(-1, 2, 2).swapaxes(1, 2)  # (16, T, M): s and z are the chains
    log_joint = two_chains().log_joint(states, X)
    signs = 2.0 * bits - 1
    pairs = np.stack([signs[:, i] * signs[:, j] for i, j in LINKS.values()], axis=1)
    kept = [pairs[:, np.array(cut) == 0] for cut in np.ndindex(2, 2, 2, 2)]
    best = [_best(log_joint, np.hstack([signs, links])) for links in kept]
    return bits, log_joint, np.reshape(best, (2, 2, 2, 2, 16))


def _best(log_joint, features):
    """log q of an exponential family on the assignments that has the highest bound."""

    def lost(weights):
        log_q = log_softmax(features @ weights)
        q, excess = np.exp(log_q), log_q - log_joint
        kl = q @ excess
        return kl, features.T @ (q * (excess - kl))

    starts = np.random.default_rng(0).normal(size=(STARTS, features.shape[1]))
    ends = [minimize(lost, start, jac=True, options={"gtol": 1e-8}) for start in starts]
    return log_softmax(features @ min(ends, key=lambda end: end.fun).x)


def cut_links():
    """The posterior of two short chains as a graph whose links are cut, and the gap that opens."""
    bits, log_joint, best = tables()
    parts = [bound(log_joint, log_q) for log_q in best.reshape(-1, 16)]
    numbers = {
        name: np.reshape([part[name] for part in parts], (2, 2, 2, 2))
        for name in ("elbo", "kl", "log_evidence")
    }
    names = [f"link {NODES[i]}–{NODES[j]}" for i, j in LINKS.values()]
    cuts = {"exact": (0, 0, 0, 0), "structured": (1, 1, 0, 0)}
    cuts |= {"cut along time": (0, 0, 1, 1), "mean field": (1, 1, 1, 1)}
    evidence = logsumexp(log_joint)
    data = {
        "title": "Cut the links: from exact inference to mean field",
        "controls": [choice(*link, ("kept", "cut")) for link in zip(LINKS, names, strict=True)],
        "presets": [preset(k, dict(zip(LINKS, cut, strict=True))) for k, cut in cuts.items()],
        "nodes": NODES,
        "links": [[name, *ends] for name, ends in LINKS.items()],
        "numbers": numbers | {"q_on": np.exp(best) @ bits},
        "p_on": np.exp(log_joint - evidence) @ bits,
        "ceiling": evidence,
    }
    return Interactive("links", data)
