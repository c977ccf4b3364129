"""Gradients of the exact log evidence and of the mean field bound, written out.

Both are averages over the factor states, with weights r_d(z):

    weights p(z | x_d):  the gradient of log p(x_d)            (exact)
    weights q(z | x_d):  the gradient of the ELBO in the model (mean field, amortised)

    sum_d sum_z r_d(z) grad log p(x_d, z)

and the gradient of log p(x | z) is the network's back-propagation of "observed minus expected
counts". Summing over the documents first leaves one back-propagation per factor *state*: an
array of documents x states x words never exists.

Symbols: as in :mod:`helpers.latent_factors.states`; r (D, S) the weights; a gradient is a
dictionary of arrays named and shaped as :func:`parameters`.
"""

import numpy as np
from scipy.special import expit, logit

from helpers.arguments import instance, real_array
from helpers.latent_factors.exact import posterior_rows
from helpers.latent_factors.factors import Factors
from helpers.latent_factors.model import LatentFactorModel
from helpers.latent_factors.states import (
    PIECE_SIZE,
    Memory,
    chunks,
    decode,
    project,
    tables,
    words_wanted,
)

MEMORY = Memory()


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
    rest = {name: value for name, value in values.items() if name != "prior_logits"}
    return LatentFactorModel(prior=expit(values["prior_logits"]), **rest)


def exact_gradient(model, counts):
    """sum_d log p(x_d) and its gradient -> (nats, dictionary). O(2^K H (V + D)).

    The gradient of the log evidence is the posterior's average of the gradient of the log joint:
    grad log p(x) = E_{p(z|x)}[grad log p(x, z)].
    """
    documents, decoded = project(model, counts), decode(model, memory=MEMORY)
    evidence = []

    def weighted():
        for rows, weights, log_evidence in posterior_rows(model, documents, decoded, MEMORY):
            evidence.append(log_evidence.sum())
            yield rows, weights

    gradient = log_joint_gradient(model, documents, decoded, weighted())
    return float(sum(evidence)), gradient


def bound_gradient(model, counts, logits):
    """The mean field bound of all documents and its gradients, exact by enumeration.

    ELBO = sum_d E_q[log p(x_d | z)] - KL(q || p(z)), q.probs = expit(logits), logits (D, K).

    Returns ``(elbos (D,), gradient in the model (dictionary), gradient in the logits (D, K))``.
    The last is b (1 - b) times what a coordinate update would change:

        d ELBO / d logit_k = cov_q(z_k, log p(x | z)) - b_k (1 - b_k) (logit_k - logit prior_k)
    """
    documents, decoded = project(model, counts), decode(model, memory=MEMORY)
    q = factors_of(model, documents, logits)
    expected, slope = np.empty(len(q.logits)), np.empty_like(q.logits)

    def weighted():
        for rows, table in tables(documents, decoded, MEMORY):
            weights = Factors(q.logits[rows]).table()
            table *= weights
            expected[rows] = table.sum(1)
            slope[rows] = table @ decoded.z - q.probs[rows] * expected[rows, None]
            yield rows, weights

    gradient = log_joint_gradient(model, documents, decoded, weighted())
    elbos = expected - q.kl_to_prior(model.prior)
    return elbos, gradient, slope + kl_slope(q, model.prior)


def factors_of(model, documents, logits):
    """q of these documents from its logits, ValueError unless they are (D, K)."""
    shape = (len(documents.features), model.n_factors)
    return Factors(real_array("logits", logits, shape=shape))


def kl_slope(q, prior):
    """The gradient of -KL(q || prior) in the logits, (D, K): -b (1 - b) (logit b - logit prior)."""
    return -q.probs * expit(-q.logits) * (q.logits - logit(prior))


def log_joint_gradient(model, documents, decoded, weighted):
    """sum_d sum_z r_d(z) grad log p(x_d, z) -> dictionary.

    weighted: yields ``rows, r`` with r (rows, S), each row summing to one.
    """
    occupied, seen, mean = summed(documents, decoded, weighted)
    return {
        "prior_logits": occupied @ decoded.z - occupied.sum() * model.prior,
        **network_gradient(model, decoded, seen, mean @ documents.counts),
    }


def summed(documents, decoded, weighted):
    """The documents summed over for each state, and the states averaged over for each document.

    sum_d r_d(z) (S,); sum_d r_d(z) [x_d W2', x_d.b2, -N_d] (H + 2, S); E_r[h(z), 1] (H + 1, D).
    """
    occupied, seen = np.zeros(len(decoded.z)), np.zeros_like(decoded.features)
    mean = np.empty((len(decoded.hidden_and_one), len(documents.features)))
    for rows, weights in weighted:
        occupied += weights.sum(0)
        seen += documents.features[rows].T @ weights
        mean[:, rows] = decoded.hidden_and_one @ weights.T
    return occupied, seen, mean


def network_gradient(model, decoded, seen, observed):
    """Back-propagation through the network for S factor states -> dictionary.

    seen (H + 2, S): the documents each state has to explain, projected and added up.
    observed (H + 1, V): their counts, weighted by [h, 1]: observed minus expected is the
    gradient of the output weights with the bias below them.
    """
    tokens = -seen[-1]
    slope = seen[:-2].copy()  # in h(z): W2 (observed - expected counts)
    output = observed
    for states, words in words_wanted(model, decoded, tokens, MEMORY):
        # The expected counts are rate * words. Scaling the smaller factors of both products
        # instead spares another array of words x states.
        rate = tokens[states] / decoded.totals[states]
        output = output - (rate * decoded.hidden_and_one[:, states]) @ words.T
        slope[:, states] -= rate * (model.output_weights @ words)
    for states in chunks(len(tokens), len(slope), PIECE_SIZE):
        slope[:, states] *= 1 - decoded.hidden[:, states] ** 2  # tanh' = 1 - tanh^2
    return {
        "hidden_weights": (slope @ decoded.z).T,
        "hidden_bias": slope.sum(1),
        "output_weights": output[:-1],
        "output_bias": output[-1],
    }
