"""The gap for a discrete z: q is chosen state by state, and everything is enumerated."""

import numpy as np
from scipy.special import logsumexp, rel_entr, xlogy

from helpers.arguments import real_array
from helpers.show.interactive.controls import preset, slider
from helpers.show.interactive.figure import Interactive

MOST_STATES = 6  # a slider each


def enumerated_gap(log_joint, q):
    """ELBO, both KLs and log evidence by summing over the k states, in nats.

    log_joint: log p(x, z) for every z, (k,). q: q(z), (k,).
    Returns a dict: elbo = expected_log_joint + entropy, kl = KL(q || p), reverse_kl, log_evidence,
    and the probabilities q and p, (k,).
    """
    evidence = float(logsumexp(log_joint))
    p = np.exp(log_joint - evidence)
    held = q > 0
    expected, entropy = float(np.sum(q[held] * log_joint[held])), float(-xlogy(q, q).sum())
    return {
        "elbo": expected + entropy,
        "kl": evidence - expected - entropy,
        "reverse_kl": float(rel_entr(p, q).sum()),
        "log_evidence": evidence,
        "expected_log_joint": expected,
        "entropy": entropy,
        "q": q,
        "p": p,
    }


def gap(log_joint, factorised=True, names=None):
    """The discrete gap of :func:`helpers.show.interactive.gap`."""
    log_joint = np.round(real_array("log_joint", log_joint, ndim=(1, 2)), 9)
    if (log_joint == np.inf).any() or (log_joint == -np.inf).all():
        raise ValueError("log_joint: expected log probabilities, finite somewhere and never inf")
    if log_joint.ndim == 2:
        if log_joint.shape != (2, 2):
            raise ValueError(f"log_joint: expected shape (2, 2) or (k,), got {log_joint.shape}")
        return _two_variables(log_joint, factorised, names or ("money", "rivers"))
    if not 2 <= len(log_joint) <= MOST_STATES:
        raise ValueError(f"log_joint: expected 2 to {MOST_STATES} states, got {len(log_joint)}")
    return _states(log_joint, names or [f"z = {k}" for k in range(len(log_joint))])


def _two_variables(table, factorised, names):
    first, second = names
    posterior = np.exp(table - logsumexp(table))
    exact = {"first": posterior[1].sum(), "second": posterior[0, 1] / posterior[0].sum()}
    controls = [_probability("first", f"q({first} = 1)")]
    if factorised:
        controls.append(_probability("second", f"q({second} = 1)"))
        marginals = exact | {"second": posterior[:, 1].sum()}
        presets = [
            preset("the posterior's marginals", marginals),
            preset("best factorised q", _best_factorised(table)),
        ]
    else:
        controls.append(_probability("second", f"q({second} = 1 | {first} = 0)"))
        controls.append(_probability("second_given_first", f"q({second} = 1 | {first} = 1)"))
        exact["second_given_first"] = posterior[1, 1] / posterior[1].sum()
        presets = [preset("the posterior", exact)]
    states = [f"{first} {i}\n{second} {j}" for i in (0, 1) for j in (0, 1)]

    def compute(first, second, second_given_first=None):
        other = second if second_given_first is None else second_given_first
        rows = [(1 - first) * np.array([1 - second, second]), first * np.array([1 - other, other])]
        return enumerated_gap(table.ravel(), np.concatenate(rows))

    return _figure(table, states, controls, presets, "tree", compute)


def _states(table, names):
    controls = [  # the weights are normalised: they cannot all be zero
        slider(f"weight{k}", f"weight of {name}", 0.01, 1, 0.01, 0.5)
        for k, name in enumerate(names)
    ]
    posterior = np.exp(table - logsumexp(table))
    settings = {f"weight{k}": p for k, p in enumerate(posterior)}
    presets = [preset("the posterior", settings)]

    def compute(**weights):
        q = np.array([weights[f"weight{k}"] for k in range(len(table))])
        return enumerated_gap(table, q / q.sum())

    return _figure(table, list(names), controls, presets, "weights", compute)


def _figure(table, states, controls, presets, family, compute):
    evidence = logsumexp(table)
    data = {
        "title": "The gap, state by state: log evidence = ELBO + KL",
        "controls": controls,
        "presets": presets,
        "log_joint": table.ravel(),
        "states": states,
        "family": family,
        "floor": evidence - 2.5,
        "ceiling": evidence,
    }
    return Interactive("discrete", data, compute)


def _probability(name, label):
    return slider(name, label, 0, 1, 0.01, 0.5)


def _best_factorised(table, steps=200):
    """The factorised q with the highest bound: coordinate ascent from both corners."""
    results = [_ascend(table, np.array(start), steps) for start in ((0.9, 0.1), (0.1, 0.9))]
    return dict(zip(("first", "second"), max(results, key=lambda r: r[0])[1], strict=True))


def _ascend(table, probs, steps):
    finite = np.maximum(table, -1e6)  # 0 * -inf = 0
    for _ in range(steps):
        probs[0] = _sigmoid(finite[1] - finite[0], probs[1])
        probs[1] = _sigmoid(finite[:, 1] - finite[:, 0], probs[0])
    q = np.outer([1 - probs[0], probs[0]], [1 - probs[1], probs[1]])
    return enumerated_gap(table.ravel(), q.ravel())["elbo"], probs.tolist()


def _sigmoid(log_odds, prob):
    return 0.5 * (1 + np.tanh(0.5 * ((1 - prob) * log_odds[0] + prob * log_odds[1])))
