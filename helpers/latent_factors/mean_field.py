"""Mean field for the latent factor document model: coordinate ascent, one document at a time.

    ELBO = E_q[log p(x | z)] - KL(q(z) || p(z)),         q(z) = prod_k Bernoulli(z_k | b_k)

With all other factors fixed the best b_k is known (tutorial: "Mean field assumption"):

    logit b_k = logit prior_k + E_{q without k}[log p(x | z_k = 1, z) - log p(x | z_k = 0, z)]

The expectation runs over the 2^(K-1) states of the other factors. Averaging the table afresh for
every k would cost K 2^K; halving the factors again and again shares the work between
coordinates, and a whole sweep costs about 2 . 2^K per document, its ELBO included.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from helpers.arguments import probabilities, real_array
from helpers.ascent import climb
from helpers.latent_factors.factors import Factors, outer_product
from helpers.latent_factors.model import LatentFactorModel
from helpers.latent_factors.states import TABLE_SIZE, decode, project, tables


@dataclass(frozen=True)
class MeanFieldState:
    """q for D documents and its bound: elbos (D,) per document, in nats."""

    model: LatentFactorModel
    q: Factors
    elbos: np.ndarray

    @property
    def elbo(self):
        """The bound summed over documents, in nats."""
        return float(self.elbos.sum())


def mean_field(model, counts, start=None):
    """Coordinate ascent on q(z | x_d) = prod_k q(z_k), yielding states; never ends by itself.

    counts: (D, V), dense or sparse. start: the q to begin with, as :class:`Factors` or as
    probabilities (D, K); the prior by default.
    A sweep costs O(D 2^K). The first state is the start itself. ValueError above 20 factors,
    or where counts or start do not fit the model.
    """
    documents, decoded = project(model, counts), decode(model)
    return _ascent(model, documents, decoded, start_factors(model, len(documents.features), start))


def _ascent(model, documents, decoded, q):
    small = len(documents.features) * len(decoded.z) <= TABLE_SIZE
    kept = list(tables(documents, decoded)) if small else None
    expected = np.concatenate(
        [
            np.vecdot(outer_product(q.logits[rows]), table)
            for rows, table in kept or tables(documents, decoded)
        ]
    )
    while True:
        yield MeanFieldState(model, q, expected - q.kl_to_prior(model.prior))
        logits = q.logits.copy()
        expected = np.concatenate(
            [
                sweep(table, logits[rows], logit(model.prior))
                for rows, table in kept or tables(documents, decoded)
            ]
        )
        q = Factors(logits)


def start_factors(model, n_documents, start=None):
    """The q to begin with: ``start`` checked, or the prior for every document."""
    shape = (n_documents, model.n_factors)
    if isinstance(start, Factors):
        return Factors(real_array("start", start.logits, shape=shape))
    start = np.broadcast_to(model.prior, shape) if start is None else start
    return Factors.from_probs(probabilities("start", start, axis=None, shape=shape))


def sweep(table, logits, prior_logits):
    """Updates every coordinate once, first to last, in place; returns E_q[log p(x | z)], (D,).

    table: log p(x | z), (D, 2^K). logits (D, K): q's parameters. prior_logits (K,).
    """
    n_documents, n_factors = logits.shape
    if n_factors == 1:
        off, on = table[:, 0], table[:, 1]
        logits[:, 0] = prior_logits[0] + on - off
        return expit(-logits[:, 0]) * off + expit(logits[:, 0]) * on
    half = n_factors // 2
    table = table.reshape(n_documents, 2**half, -1)
    # The later factors averaged out under their old q, then the earlier ones under their new q.
    first = np.matvec(table, outer_product(logits[:, half:]))
    sweep(first, logits[:, :half], prior_logits[:half])
    second = np.vecmat(outer_product(logits[:, :half]), table)
    return sweep(second, logits[:, half:], prior_logits[half:])


def best_mean_field(model, counts, starts, rtol=1e-12, max_steps=1000):
    """The best bound over several starts, chosen for each document -> :class:`MeanFieldState`.

    starts: a sequence of :class:`Factors` or probabilities (D, K). The bound has several local
    optima where factors explain each other away, and coordinate ascent finds the one its start
    leads to.
    """
    ends = [
        climb(mean_field(model, counts, start), rtol=rtol, max_steps=max_steps).state
        for start in starts
    ]
    if not ends:
        raise ValueError("starts: expected at least one start, got none")
    elbos = np.array([end.elbos for end in ends])
    logits = np.array([end.q.logits for end in ends])
    winner = elbos.argmax(0)
    each = np.arange(elbos.shape[1])
    return MeanFieldState(model, Factors(logits[winner, each]), elbos[winner, each])
