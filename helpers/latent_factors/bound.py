"""The bound of the latent factor document model, the evidence, and the gradients of both.

Both gradients are averages over the factor states, sum_d sum_z r_d(z) grad log p(x_d, z):

    r = p(z | x_d):  the gradient of log p(x_d)            (exact)
    r = q(z | x_d):  the gradient of the ELBO in the model (mean field, amortised)

and the gradient of log p(x | z) is the network's back-propagation of "observed minus expected
counts". At the end the gap between evidence and bound is taken apart. Equations as in notebook
04d. Symbols: S = 2^K states; r (D, S) the weights; a gradient is a dictionary of arrays named and
shaped as :func:`parameters`.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, logsumexp

from helpers.arguments import generator, instance, real_array, whole_number
from helpers.fast import latent_factors as fast
from helpers.latent_factors.coordinate_ascent import best_mean_field
from helpers.latent_factors.factors import Encoder, Factors
from helpers.latent_factors.model import check_counts, factor_states, log_joint, log_likelihood
from helpers.latent_factors.posterior import exact


def evidence_and_gradient(model, counts):
    """sum_d log p(x_d) and its gradient E_{p(z|x)}[grad log p(x, z)]; see exact_gradient."""
    log_p = log_joint(model, counts)
    log_evidence = logsumexp(log_p, axis=1)  # (4c.5)
    posterior = np.exp(log_p - log_evidence[:, None])
    return float(log_evidence.sum()), log_joint_gradient(model, counts, posterior)


def elbo_and_gradients(model, counts, q):
    """The bounds (D,), the gradient in the model and, (D, K), that in the logits of q."""
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
    variance = q.probs * expit(-q.logits)
    with np.errstate(invalid="ignore"):  # where a factor is certain, the slope's limit is zero
        return np.where(variance > 0, -variance * (q.logits - logit(prior)), 0.0)  # (4d.7)


def exact_gradient(model, counts):
    """sum_d log p(x_d) and its gradient -> (nats, dictionary). O(2^K H (V + D)).

    As :func:`evidence_and_gradient`, with no array of states by words or by documents.
    """
    return fast.exact_gradient(model, check_counts(model, counts))


def bound_gradient(model, counts, logits):
    """The bounds (D,), the gradient in the model (dictionary) and that in q's logits (D, K), exact.

        ELBO = sum_d E_q[log p(x_d | z)] - KL(q || p(z)),   q.probs = b = expit(logits)
        d ELBO / d logit_k = cov_q(z_k, log p(x | z)) - b_k (1 - b_k) (logit_k - logit prior_k)

    As :func:`elbo_and_gradients`, with no array of states by words or by documents.
    """
    counts, q = check_logits(model, counts, logits)
    expected, slope, gradient = fast.bound_gradient(model, counts, q)
    return expected - q.kl_to_prior(model.prior), gradient, slope + kl_slope(q, model.prior)


def check_logits(model, counts, logits):
    """The model's counts (D, V), and q by its logits (D, K), ValueError unless all fit."""
    counts = check_counts(model, counts)
    return counts, Factors(real_array("logits", logits, shape=(counts.shape[0], model.n_factors)))


@dataclass(frozen=True)
class Gaps:
    """Per document, (D,), nats: the log evidence and the bounds of best q and encoder below it."""

    log_evidence: np.ndarray
    mean_field: np.ndarray
    amortised: np.ndarray

    @property
    def family(self):
        """log p(x) - the best mean field bound: at least 0."""
        return self.log_evidence - self.mean_field

    @property
    def network(self):
        """The best mean field bound - the encoder's: at least 0."""
        return self.mean_field - self.amortised


def split_gap(model, encoder, counts, rng, n_random=3, rtol=1e-12):
    """What every document's bound loses -> :class:`Gaps`.

    log p(x) - ELBO(encoder) = [log p(x) - best mean field bound]             the family's gap
                             + [best mean field bound - ELBO(encoder)]        the network's gap

    The first is the price of independent factors, the second that of one network for all. The best
    bound is searched from the encoder's own q, the prior, the exact marginals, the posterior's mode
    and ``n_random`` random starts: the network's gap is not negative, the family's at most
    -log p(mode | x).
    """
    rng, n_random = generator("rng", rng), whole_number("n_random", n_random, 0, 10_000)
    posterior, encoded = exact(model, counts), instance("encoder", encoder, Encoder)(counts)
    starts = [encoded, None, posterior.marginals, posterior.mode]
    starts += [rng.random(posterior.mode.shape) for _ in range(n_random)]
    best = best_mean_field(model, counts, starts, rtol)
    amortised = bound_gradient(model, counts, encoded.logits)[0]
    return Gaps(posterior.log_evidence, best.elbos, amortised)
