"""Gradients by sampling, for as many factors as you like.

Enumerating 2^K states ends at K of about 20. The score-function estimator needs only samples
z ~ q and the value of log p(x | z) at them, whatever the network:

    grad_lambda E_q[f(z)] = E_q[(f(z) - baseline) grad_lambda log q(z)]
    d log q(z) / d logit_k = z_k - b_k

It is unbiased, and noisy. A *baseline* that does not depend on the sample it is used for leaves the
mean alone, because E_q[grad log q] = 0, and can take most of the variance away. Here
f = log p(x | z); the KL to the prior needs no sampling and is differentiated exactly.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from helpers.arguments import real_array, whole_number
from helpers.gradients.estimators import leave_one_out
from helpers.latent_factors.bound import backpropagate, check_logits, kl_slope
from helpers.latent_factors.model import chunks


@dataclass(frozen=True)
class Estimate:
    """elbos (D,) by sampling; gradient in the model (dictionary) and in q's logits (D, K)."""

    elbos: np.ndarray
    gradient: dict
    logit_gradient: np.ndarray


def score_function_gradient(model, counts, logits, rng, n_samples=8, baseline="leave_one_out"):
    """Unbiased estimates of what ``bound_gradient`` computes, by ``n_samples`` per document.

    logits (D, K): q's parameters. baseline: ``"leave_one_out"`` (the mean over the document's
    other samples; needs at least two), None, or numbers (D,) fixed before the samples were drawn.
    Returns :class:`Estimate`. O(D n_samples H V).
    """
    counts, q = check_logits(model, counts, logits)
    samples = q.sample(rng, n_samples)  # (n_samples, D, K)
    dense = counts.toarray() if scipy.sparse.issparse(counts) else counts
    evaluated = [_at(model, dense, samples[some]) for some in chunks(len(samples), dense.size)]
    values = np.concatenate([part for part, _ in evaluated])  # log p(x_d | z), (n_samples, D)
    advantage = values - baselines(values, baseline)
    slope = np.einsum("sd,sdk->dk", advantage, samples - q.probs) / len(samples)  # (4d.10)
    return Estimate(
        values.mean(0) - q.kl_to_prior(model.prior),
        {name: sum(g[name] for _, g in evaluated) / len(samples) for name in evaluated[0][1]},
        slope + kl_slope(q, model.prior),
    )


def _at(model, counts, z):
    """log p(x_d | z), (n, D), at samples z (n, D, K), and the gradient of all log p(x_d, z)."""
    hidden, log_words = model.hidden(z), model.word_log_probs(z)
    excess = counts - counts.sum(1, keepdims=True) * np.exp(log_words)
    rows = (array.reshape(-1, array.shape[-1]) for array in (z, hidden, excess))
    prior = {"prior_logits": (z - model.prior).sum((0, 1))}
    return np.vecdot(counts, log_words), prior | backpropagate(model, *rows)


def baselines(values, baseline):
    """What to subtract from log p(x | z) at each sample: values (S, D) -> (S, D), (D,) or 0."""
    if baseline is None:
        return 0.0
    if not isinstance(baseline, str):
        return real_array("baseline", baseline, shape=values.shape[1:])
    if baseline != "leave_one_out":
        raise ValueError(f"baseline: expected 'leave_one_out', None or numbers, got {baseline!r}")
    if len(values) < 2:
        raise ValueError("n_samples: leave_one_out needs at least two samples, got 1")
    return leave_one_out(values)


def sampled_elbos(model, counts, logits, rng, n_samples=8):
    """Unbiased estimates of each document's bound, (D,), without gradients."""
    counts, q = check_logits(model, counts, logits)
    total = np.zeros(len(q.logits))
    for _ in range(whole_number("n_samples", n_samples, maximum=10**6)):
        total += (counts * model.word_log_probs(q.sample(rng, 1)[0])).sum(1)
    return total / n_samples - q.kl_to_prior(model.prior)
