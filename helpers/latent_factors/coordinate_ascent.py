"""Mean field for the latent factor document model: coordinate ascent, one document at a time.

    ELBO = E_q[log p(x | z)] - KL(q(z) || p(z)),     q(z) = prod_k Bernoulli(z_k | b_k)    (4c.8)

With all other factors fixed the best b_k is known (slide "Mean field assumption"), (4c.11):

    logit b_k = logit prior_k + E_{q without k}[log p(x | z_k = 1, z) - log p(x | z_k = 0, z)]

The expectation runs over the 2^(K-1) states of the other factors.
"""

import numpy as np
from scipy.special import logit

from helpers.arguments import listed, probabilities, real_array
from helpers.ascent import State, ascending, climb
from helpers.fast import latent_factors as fast
from helpers.latent_factors.factors import Factors, outer_product
from helpers.latent_factors.model import check_counts


def sweep(log_p, logits, prior):
    """q's logits (D, K) after one update of every factor, first to last.

    log_p: log p(x_d | z), (D, 2^K). prior (K,). :func:`mean_field` shares work between factors.
    """
    logits, n_factors = logits.copy(), logits.shape[1]
    for k in range(n_factors):
        off_or_on = log_p.reshape(len(log_p), 2**k, 2, -1)  # factors before k, k, factors after
        others = outer_product(np.delete(logits, k, axis=1)).reshape(len(log_p), 2**k, -1)
        gain = (others * (off_or_on[:, :, 1] - off_or_on[:, :, 0])).sum((1, 2))
        logits[:, k] = logit(prior[k]) + gain  # (4c.11)
    return logits


def mean_field(model, counts, start=None):
    """Coordinate ascent on q(z | x_d) = prod_k q(z_k); states without end, one a sweep.

        ascent = climb(mean_field(model, counts))
        ascent.state.q.probs, ascent.state.elbos, ascent.elbos

    counts: (D, V), dense or sparse. start: the q to begin with, and the first state, as
    :class:`Factors` or probabilities (D, K); the prior by default. ``q`` is a :class:`Factors`,
    ``elbos`` (D,) are the documents' bounds, in nats. A sweep costs O(D 2^K). ValueError above 20
    factors, or where counts or start do not fit the model. Source: "Mean field assumption".
    """
    counts = check_counts(model, counts)
    shape = counts.shape[0], model.n_factors
    if isinstance(start, Factors):
        logits = real_array("start", start.logits, shape=shape)
    else:
        start = np.broadcast_to(model.prior, shape) if start is None else start
        logits = logit(probabilities("start", start, axis=None, shape=shape))
    return _ascent(model, fast.Likelihoods(model, counts).to_be_repeated(), Factors(logits))


@ascending
def _ascent(model, likelihoods, q):
    expected = np.empty(len(q.logits))  # E_q[log p(x_d | z)]
    for rows, log_p in likelihoods:
        expected[rows] = np.vecdot(outer_product(q.logits[rows]), log_p)
    while True:
        yield _state(model, q, expected - q.kl_to_prior(model.prior))  # (4c.8)
        logits, expected = q.logits.copy(), np.empty(len(q.logits))
        for rows, log_p in likelihoods:
            expected[rows] = fast.sweep(log_p, logits[rows], logit(model.prior))
        q = Factors(logits)


def best_mean_field(model, counts, starts, rtol=1e-12, max_steps=1000):
    """The best bound over several starts, chosen for each document -> a state of mean_field.

    starts: :class:`Factors` or probabilities (D, K). Where factors explain each other away the
    bound has several local optima, and coordinate ascent finds the one its start leads to.
    """
    counts, starts = check_counts(model, counts), listed("starts", starts, "starts")
    ends = [climb(mean_field(model, counts, one), rtol, max_steps).state for one in starts]
    if not ends:
        raise ValueError("starts: expected at least one start, got none")
    elbos = np.array([end.elbos for end in ends])
    winner, each = elbos.argmax(0), np.arange(elbos.shape[1])
    q = Factors(np.array([end.q.logits for end in ends])[winner, each])
    return _state(model, q, elbos[winner, each])


def _state(model, q, elbos):
    return State(q, float(elbos.sum()), model, info={"elbos": elbos})
