"""The exercises of notebook 04d, Amortised inference.

D documents, V words, E hidden units of the inference network, K binary factors, S samples or
states.  logits: g = log b / (1 - b), (K,), with b = q(z = 1).  states, samples: (S, K) of zeros
and ones.  values: log p(x | z), (S,).  slope: the bound's gradient in the logits, (D, K).
"""

import numpy as np
from scipy.special import expit, logit

from checks import invariants
from checks.sheets import Sheet
from checks.tasks import case
from helpers.latent_factors import factor_states

sheet = Sheet(__name__)
progress = sheet.progress


# ---------------------------------------------------------------- 1 the inference network


def _encode(x, A, a, B, c):
    return expit(np.tanh(np.log1p(x) @ A + a) @ B + c)


def _network_cases(rng):
    for n_documents, n_words, n_hidden, n_factors in ((1, 3, 2, 2), (2, 4, 3, 2), (3, 5, 2, 4)):
        x = rng.integers(0, 6, size=(n_documents, n_words))
        x[0, 0], x[-1, -1] = 0, 7
        yield case(
            x,
            0.5 * rng.normal(size=(n_words, n_hidden)),
            rng.normal(size=n_hidden),
            rng.normal(size=(n_hidden, n_factors)),
            rng.normal(size=n_factors),
        )


def _all_in_unit_interval(value, *_):
    low, high = np.min(value), np.max(value)
    if low < -1e-9 or high > 1 + 1e-9:
        return f"your b reach from {low:.3g} to {high:.3g}, but they are probabilities"
    return ""


encode = sheet.task(
    "encode", reference=_encode, cases=_network_cases, invariants=[_all_in_unit_interval]
)

overfitted_inference = sheet.task("overfitted_inference")


# ---------------------------------------------------------------- 3 a derivation: the score


def _score(z, g):
    return z - expit(g)


def _score_cases(rng):
    for size in (1, 2, 4, 6):
        z = (rng.random(size) < 0.5).astype(int)
        z[0] = rng.integers(2)
        yield case(z, rng.normal(scale=1.5, size=size) + 0.4)
    sure = rng.permutation([-900.0, -900.0, 900.0, 900.0])
    yield case(np.array([0, 1, 0, 1]), sure, label="logits of 900")


score = sheet.task("score", reference=_score, cases=_score_cases)


# ---------------------------------------------------------------- 4 the bound's slope in the logits


def _weights(states, logits):
    return np.where(states == 1, expit(logits), expit(-logits)).prod(1)


def _likelihood_slope(states, weights, values, logits):
    return (weights * values) @ (states - expit(logits))


def _kl_slope(logits, prior):
    return expit(logits) * expit(-logits) * (logits - logit(prior))


def _bound_slope(states, weights, values, logits, prior):
    return _likelihood_slope(states, weights, values, logits) - _kl_slope(logits, prior)


def _slope_cases(rng):
    for n_factors in (1, 2, 3, 4):
        states, logits = factor_states(n_factors).astype(int), rng.normal(size=n_factors)
        values = rng.normal(scale=2, size=len(states)) - 6
        yield case(
            states, _weights(states, logits), values, logits, rng.uniform(0.1, 0.9, n_factors)
        )


def _bound_slope_spelt_out(states, weights, values, logits, prior):
    b = expit(logits)
    from_likelihood = (weights * values) @ (states - b)
    from_prior = b * (1 - b) * (logits - logit(prior))
    return from_likelihood - from_prior


bound_slope = sheet.task(
    "bound_slope", reference=_bound_slope, spelt_out=[_bound_slope_spelt_out], cases=_slope_cases
)


# ---------------------------------------------------------------- 5 the chain rule through the net


def _backward(inputs, hidden, B, slope):
    return inputs.T @ ((slope @ B.T) * (1 - hidden**2)), hidden.T @ slope


def _backward_cases(rng):
    for n_documents, n_words, n_hidden, n_factors in ((1, 2, 3, 2), (2, 4, 3, 2), (4, 5, 2, 3)):
        inputs = np.log1p(rng.integers(0, 6, size=(n_documents, n_words)))
        inputs[:, 0] += 0.7
        hidden = np.tanh(rng.normal(size=(n_documents, n_hidden)))
        B, slope = rng.normal(size=(n_hidden, n_factors)), rng.normal(size=(n_documents, n_factors))
        yield case(inputs, hidden, B, slope)


encoder_gradient = sheet.task("encoder_gradient", reference=_backward, cases=_backward_cases)


# ---------------------------------------------------------------- 6 the score-function estimator


def _others(values):
    return (values.sum() - values) / (len(values) - 1)


def _estimate(values, samples, b, baseline=_others):
    return (values - baseline(values)) @ (samples - b) / len(values)


def _sample_cases(rng):
    for n_samples, n_factors in ((2, 1), (3, 2), (5, 3), (8, 4)):
        b = rng.uniform(0.2, 0.8, n_factors)
        samples = (rng.random((n_samples, n_factors)) < b).astype(int)
        samples[0], samples[1] = 1 - samples[1], samples[1]  # not all alike
        yield case(rng.normal(scale=3, size=n_samples) - 200, samples, b)


def _score_function_spelt_out(values, samples, b):
    others = (values.sum() - values) / (len(values) - 1)
    return (values - others) @ (samples - b) / len(values)


score_function = sheet.task(
    "score_function",
    reference=lambda values, samples, b: _estimate(values, samples, b),
    spelt_out=[_score_function_spelt_out],
    cases=_sample_cases,
)


# ---------------------------------------------------------------- 7 find the bug


wrong_baseline = sheet.task(
    "wrong_baseline",
    right=_score_function_spelt_out,
    example=(np.array([-3.0, -1.0]), np.array([[1], [0]]), np.array([0.5])),
    refuse=lambda values, samples, b: (
        "" if np.isin(samples, (0, 1)).all() else "samples holds zeros and ones, a row a draw"
    ),
)


# ---------------------------------------------------------------- 8 splitting the gap


def _split(log_evidence, bounds, amortised):
    best = np.maximum(bounds.max(0), amortised)
    return log_evidence - best, best - amortised


def _gap_cases(rng):
    for n_starts, n_documents in ((2, 1), (2, 3), (3, 2), (4, 5)):
        evidence = -rng.uniform(50, 300, n_documents)
        bounds = evidence - rng.exponential(2, size=(n_starts, n_documents)) - 0.05
        amortised = evidence - rng.exponential(4, size=n_documents) - 0.1
        yield case(evidence, bounds, np.minimum(amortised, bounds.max(0) - 0.01))
    evidence = -rng.uniform(50, 300, 4)
    bounds = evidence - rng.uniform(2, 6, size=(3, 4))
    amortised = evidence - rng.uniform(3, 8, 4)
    amortised[rng.integers(4)] = (evidence - rng.uniform(0.1, 0.5, 4)).min()
    amortised = np.minimum(amortised, evidence - 0.05)
    amortised[1] = evidence[1] - 0.3
    yield case(evidence, bounds, amortised, label="a document where the network beats every start")


def _gaps_not_negative(result, *_):
    family, network = (np.min(part) for part in result)
    if family < -1e-9:
        return f"one of your family's gaps is {family:.3g}: a bound cannot be above log p(x)"
    if network < -1e-9:
        return (
            f"one of your network's gaps is {network:.3g}: the network's q is in the family, so "
            "the family's best cannot be below it"
        )
    return ""


split_gap = sheet.task(
    "split_gap", reference=_split, cases=_gap_cases, invariants=[_gaps_not_negative]
)


# ---------------------------------------------------------------- 9 a bill, paper, your own


when_paid = sheet.task("when_paid", right=1.2e9 / (150_000 - 30_000))

own_sample = sheet.task("own_sample")

own_documents = sheet.task(
    "own_documents",
    invariants=(
        invariants.below("mean_field", "log_evidence"),
        invariants.below("network", "mean_field", "the best q of the family is no worse"),
        invariants.at_least("network", 4, "documents"),
    ),
    example=lambda: {
        "log_evidence": [-9.0, -8.0, -7.0, -9.5],
        "mean_field": [-9.1, -8.0, -7.2, -9.5],
        "network": [-9.5, -8.3, -7.2, -9.9],
    },
)


# ---------------------------------------------------------------- 12 stretch: the best baseline


def _best_baseline(values, states, weights, b):
    squared = (states - b) ** 2
    return (weights * values) @ squared / (weights @ squared)


def _baseline_cases(rng):
    for n_factors in (1, 2, 3, 4):
        states, b = factor_states(n_factors).astype(int), rng.uniform(0.15, 0.85, n_factors)
        values = rng.normal(scale=3, size=len(states)) - rng.uniform(5, 30)
        yield case(values, states, _weights(states, logit(b)), b)


def _infinite_where_nothing_divides(function, *inputs):
    """The student's constants; the values lie within hundreds, a division by zero far beyond."""
    found = function(*inputs)
    if isinstance(found, list) and all(isinstance(x, float) for x in found):
        found = np.array(found)
    if isinstance(found, np.ndarray) and found.dtype.kind == "f":
        return np.where(np.abs(found) > 1e6, np.inf, found)
    return found


best_baseline = sheet.task(
    "best_baseline",
    reference=_best_baseline,
    cases=_baseline_cases,
    call=_infinite_where_nothing_divides,
)
