"""The bound of the latent factor document model, the evidence, and the gradients of both.

Both gradients are averages over the factor states, with weights r_d(z):

    weights p(z | x_d):  the gradient of log p(x_d)            (exact)
    weights q(z | x_d):  the gradient of the ELBO in the model (mean field, amortised)

    sum_d sum_z r_d(z) grad log p(x_d, z)

and the gradient of log p(x | z) is the network's back-propagation of "observed minus expected
counts". Equations as in notebook 04d. Symbols: S = 2^K states; r (D, S) the weights; a gradient is
a dictionary of arrays named and shaped as :func:`parameters`.
"""

import numpy as np
from scipy.special import expit, logit, logsumexp

from helpers.arguments import instance, real_array
from helpers.fast import latent_factors as fast
from helpers.latent_factors.factors import Factors
from helpers.latent_factors.model import (
    LatentFactorModel,
    check_enumerable,
    document_counts,
    factor_states,
    log_joint,
    log_likelihood,
)


def evidence_and_gradient(model, counts):
    """sum_d log p(x_d) and its gradient: what :func:`exact_gradient` does sooner.

    grad log p(x) = E_{p(z|x)}[grad log p(x, z)].
    """
    log_p = log_joint(model, counts)
    log_evidence = logsumexp(log_p, axis=1)  # (4c.5)
    posterior = np.exp(log_p - log_evidence[:, None])
    return float(log_evidence.sum()), log_joint_gradient(model, counts, posterior)


def elbo_and_gradients(model, counts, q):
    """The bounds (D,), the gradient in the model and, (D, K), that in the logits of q.

    What :func:`bound_gradient` does sooner.
    """
    z, ell = factor_states(model.n_factors), log_likelihood(model, counts)
    weights, b = q.table(), q.probs
    expected = (weights * ell).sum(1)  # E_q[log p(x | z)]
    slope = (weights * ell) @ z - expected[:, None] * b  # cov_q(log p(x | z), z_k)    (4d.6)
    elbos = expected - q.kl_to_prior(model.prior)  # (4c.8)
    slope += kl_slope(q, model.prior)
    return elbos, log_joint_gradient(model, counts, weights), slope


def log_joint_gradient(model, counts, weights):
    """sum_d sum_z r_d(z) grad log p(x_d, z) -> dictionary; weights r (D, S), rows sum to one.

    Summing over the documents first leaves one back-propagation per factor state.
    """
    z = factor_states(model.n_factors)
    hidden, words = model.hidden(z), np.exp(model.word_log_probs(z))  # (S, H), (S, V)
    observed, tokens = (counts.T @ weights).T, weights.T @ counts.sum(1)
    excess = observed - tokens[:, None] * words  # observed minus expected counts, (S, V)
    prior = {"prior_logits": weights.sum(0) @ z - len(weights) * model.prior}
    return prior | backpropagate(model, z, hidden, excess)


def backpropagate(model, z, hidden, excess):
    """The network's gradient, a dictionary, from observed minus expected counts (S, V) at z."""
    slope = (excess @ model.output_weights.T) * (1 - hidden**2)  # tanh' = 1 - tanh^2
    return {
        "hidden_weights": z.T @ slope,
        "hidden_bias": slope.sum(0),
        "output_weights": hidden.T @ excess,
        "output_bias": excess.sum(0),
    }


def kl_slope(q, prior):
    """The gradient of -KL(q || prior) in the logits, (D, K): -b (1 - b) (logit b - logit prior)."""
    return -q.probs * expit(-q.logits) * (q.logits - logit(prior))  # (4d.7)


def exact_gradient(model, counts):
    """sum_d log p(x_d) and its gradient -> (nats, dictionary). O(2^K H (V + D)).

    As :func:`evidence_and_gradient`, without an array of states x words or of documents x states.
    """
    return fast.exact_gradient(model, document_counts(model, counts))


def bound_gradient(model, counts, logits):
    """The mean field bound of all documents and its gradients, exact by enumeration.

    ELBO = sum_d E_q[log p(x_d | z)] - KL(q || p(z)), q.probs = expit(logits), logits (D, K).

    Returns ``(elbos (D,), gradient in the model (dictionary), gradient in the logits (D, K))``.
    The last is b (1 - b) times what a coordinate update would change:

        d ELBO / d logit_k = cov_q(z_k, log p(x | z)) - b_k (1 - b_k) (logit_k - logit prior_k)

    As :func:`elbo_and_gradients`, without an array of states x words or of documents x states.
    """
    counts = document_counts(model, counts)
    check_enumerable(model.n_factors)
    q = factors_of(model, counts, logits)
    expected, slope, gradient = fast.bound_gradient(model, counts, q)
    return expected - q.kl_to_prior(model.prior), gradient, slope + kl_slope(q, model.prior)


def factors_of(model, counts, logits):
    """q of these documents from its logits, ValueError unless they are (D, K)."""
    return Factors(real_array("logits", logits, shape=(counts.shape[0], model.n_factors)))


def parameters(model):
    """The model's parameters without constraints: its arrays, with the prior as logits."""
    return {
        "prior_logits": logit(instance("model", model, LatentFactorModel).prior),
        "hidden_weights": model.hidden_weights,
        "hidden_bias": model.hidden_bias,
        "output_weights": model.output_weights,
        "output_bias": model.output_bias,
    }


def from_parameters(values):
    """The model of a dictionary as :func:`parameters` gives it."""
    missing = {"prior_logits"} - set(instance("values", values, dict))
    if missing:
        raise ValueError(f"values: expected what parameters() gives, {missing.pop()!r} is missing")
    rest = {name: value for name, value in values.items() if name != "prior_logits"}
    return LatentFactorModel(prior=expit(values["prior_logits"]), **rest)
