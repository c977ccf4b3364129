"""The gap for a discrete z: q is chosen state by state, and everything is enumerated."""

import numpy as np
from scipy.special import expit, logsumexp

from helpers.arguments import real_array
from helpers.show.interactive.controls import preset, slider
from helpers.show.interactive.figure import Interactive

MOST_STATES = 6  # a slider each


def bound(log_joint, log_q, spacing=1.0):
    """ELBO, both KLs and log evidence by sums over states, or over a grid; each from its own sum.

    log_joint: log p(x, z), (n,). log_q: log q(z), (n,); q sums to 1 / spacing.
    Returns a dict: elbo = expected_log_joint + entropy, kl = KL(q || p), reverse_kl = KL(p || q)
    and log_evidence, in nats, and q and p, (n,).
    """
    evidence = float(logsumexp(log_joint) + np.log(spacing))
    log_p = log_joint - evidence
    q, p = np.exp(log_q), np.exp(log_p)

    def over(density, *values):
        held = density > 0
        return float(density[held] @ sum(v[held] for v in values) * spacing)

    expected, entropy = over(q, log_joint), over(q, -log_q)
    return {
        "elbo": expected + entropy,
        "kl": over(q, log_q, -log_p),
        "reverse_kl": over(p, log_p, -log_q),
        "log_evidence": evidence,
        "expected_log_joint": expected,
        "entropy": entropy,
        "q": q,
        "p": p,
    }


def by_probability(log_joint, q):
    """:func:`bound` for probabilities q, which may be zero."""
    with np.errstate(divide="ignore"):
        return bound(np.ravel(log_joint), np.log(np.ravel(q)))


def checked(name, log_joint):
    """A table of log probabilities with nine decimals, which is what the ES module gets."""
    if (log_joint == np.inf).any() or (log_joint == -np.inf).all():
        raise ValueError(f"{name}: expected log probabilities, finite somewhere and never inf")
    return np.round(log_joint, 9)


def gap(log_joint, factorised=True, names=None):
    """The discrete gap of :func:`helpers.show.interactive.gap`."""
    table = checked("log_joint", real_array("log_joint", log_joint, ndim=(1, 2)))
    if table.ndim == 2:
        if table.shape != (2, 2):
            raise ValueError(f"log_joint: expected shape (2, 2) or (k,), got {table.shape}")
        return _two_variables(table, factorised, names or ("money", "rivers"))
    if not 2 <= len(table) <= MOST_STATES:
        raise ValueError(f"log_joint: expected 2 to {MOST_STATES} states, got {len(table)}")
    return _weights(table, names or [f"z = {k}" for k in range(len(table))])


def _two_variables(table, factorised, names):
    first, second = names
    posterior = np.exp(table - logsumexp(table))
    exact = {"first": posterior[1].sum(), "second": posterior[0, 1] / posterior[0].sum()}
    if factorised:
        labels = {"first": f"{first} = 1", "second": f"{second} = 1"}
        marginals = exact | {"second": posterior[:, 1].sum()}
        presets = [
            preset("the posterior's marginals", marginals),
            preset("best factorised q", _best_factorised(table)),
        ]
    else:
        labels = {"first": f"{first} = 1", "second": f"{second} = 1 | {first} = 0"}
        labels["second_given_first"] = f"{second} = 1 | {first} = 1"
        exact["second_given_first"] = posterior[1, 1] / posterior[1].sum()
        presets = [preset("the posterior", exact)]
    controls = [slider(name, f"q({what})", 0, 1, 0.01, 0.5) for name, what in labels.items()]
    states = [f"{first} {i}\n{second} {j}" for i in (0, 1) for j in (0, 1)]

    def compute(first, second, second_given_first=None):
        other = second if second_given_first is None else second_given_first
        q = [[(1 - first) * (1 - second), (1 - first) * second]]
        return by_probability(table, [*q, [first * (1 - other), first * other]])

    return _figure(table, states, controls, presets, compute)


def _weights(table, states):
    keys = [f"weight{k}" for k in range(len(table))]
    controls = [  # the weights are normalised: they cannot all be zero
        slider(key, f"weight of {state}", 0.01, 1, 0.01, 0.5)
        for key, state in zip(keys, states, strict=True)
    ]
    posterior = np.exp(table - logsumexp(table))
    presets = [preset("the posterior", dict(zip(keys, posterior, strict=True)))]

    def compute(**weights):
        return by_probability(table, np.array(list(weights.values())) / sum(weights.values()))

    return _figure(table, list(states), controls, presets, compute)


def _figure(table, states, controls, presets, compute):
    data = {
        "title": "The gap, state by state: log evidence = ELBO + KL",
        "controls": controls,
        "presets": presets,
        "log_joint": table.ravel(),
        "states": states,
        "ceiling": logsumexp(table),
    }
    return Interactive("discrete", data, compute)


def _best_factorised(table):
    """The factorised q with the highest bound: coordinate ascent from both corners."""
    finite = np.maximum(table, -1e6)  # 0 * -inf = 0
    ends = []
    for first, second in ((0.9, 0.1), (0.1, 0.9)):
        for _ in range(200):
            first = expit([1 - second, second] @ (finite[1] - finite[0]))
            second = expit([1 - first, first] @ (finite[:, 1] - finite[:, 0]))
        q = np.outer([1 - first, first], [1 - second, second])
        ends.append((by_probability(table, q)["elbo"], float(first), float(second)))
    return dict(zip(("first", "second"), max(ends)[1:], strict=True))
