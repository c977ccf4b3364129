"""Gradients by sampling, for as many factors as you like.

Enumerating 2^K states ends at K of about 20. The score-function estimator needs only samples
z ~ q and the value of log p(x | z) at them, whatever the network:

    grad_lambda E_q[f(z)] = E_q[f(z) grad_lambda log q(z)]
    d log q(z) / d logit_k = z_k - b_k

It is unbiased, and noisy. A *baseline* that does not depend on the sample it is used for,

    E_q[(f(z) - baseline) grad log q(z)],

leaves the mean alone, because E_q[grad log q] = 0, and can take most of the variance away. Here
f = log p(x | z); the KL to the prior needs no sampling and is differentiated exactly.
"""

from dataclasses import dataclass

import numpy as np

from helpers.arguments import generator, real_array, whole_number
from helpers.latent_factors.gradients import factors_of, kl_slope, network_gradient
from helpers.latent_factors.states import decode, project


@dataclass(frozen=True)
class Estimate:
    """elbos (D,) by sampling; gradient in the model (dictionary) and in q's logits (D, K)."""

    elbos: np.ndarray
    gradient: dict
    logit_gradient: np.ndarray


def score_function_gradient(model, counts, logits, rng, n_samples=8, baseline="leave_one_out"):
    """Unbiased estimates of the bound and its gradients from ``n_samples`` per document.

    logits (D, K): q's parameters. baseline: ``"leave_one_out"`` (the mean over the document's
    other samples; needs at least two), None, or numbers (D,) fixed before the samples were drawn.
    Returns :class:`Estimate`, of the same quantities as ``bound_gradient``. O(D n_samples H V).
    """
    documents = project(model, counts)
    q = factors_of(model, documents, logits)
    samples = q.sample(generator("rng", rng), whole_number("n_samples", n_samples))
    decoded = decode(model, samples.reshape(-1, model.n_factors))
    # log p(x_d | z) for the samples of document d: (n_samples, D)
    features = decoded.features.T.reshape(*samples.shape[:2], -1)
    values = np.vecdot(features, documents.features)
    advantage = values - baselines(values, baseline)
    slope = np.einsum("sd,sdk->dk", advantage, samples - q.probs) / n_samples
    return Estimate(
        values.mean(0) - q.kl_to_prior(model.prior),
        sampled_model_gradient(model, documents, decoded, n_samples),
        slope + kl_slope(q, model.prior),
    )


def baselines(values, baseline):
    """What to subtract from log p(x | z) at each sample: values (S, D) -> (S, D) or (D,)."""
    if baseline is None:
        return np.zeros_like(values)
    if isinstance(baseline, str) and baseline == "leave_one_out":
        if len(values) < 2:
            raise ValueError("n_samples: leave_one_out needs at least two samples, got 1")
        return (values.sum(0) - values) / (len(values) - 1)
    if isinstance(baseline, str):
        raise ValueError(f"baseline: expected 'leave_one_out', None or numbers, got {baseline!r}")
    return real_array("baseline", baseline, shape=values.shape[1:])


def sampled_model_gradient(model, documents, decoded, n_samples):
    """The average over samples of sum_d grad log p(x_d, z) -> dictionary."""
    n_documents = len(documents.features)
    seen = np.tile(documents.features.T, n_samples) / n_samples
    mean = decoded.hidden_and_one.T.reshape(n_samples, n_documents, -1).mean(0)
    return {
        "prior_logits": decoded.z.sum(0) / n_samples - n_documents * model.prior,
        **network_gradient(model, decoded, seen, mean.T @ documents.counts),
    }


def sampled_elbos(model, counts, logits, rng, n_samples=8):
    """Unbiased estimates of each document's bound, (D,), without gradients."""
    documents = project(model, counts)
    q = factors_of(model, documents, logits)
    total = np.zeros(len(q.logits))
    for _ in range(whole_number("n_samples", n_samples)):
        features = decode(model, q.sample(generator("rng", rng), 1)[0]).features
        total += np.vecdot(features.T, documents.features)
    return total / n_samples - q.kl_to_prior(model.prior)
