"""The gap between log evidence and bound, taken apart.

    log p(x) - ELBO(encoder)  =  [log p(x) - best mean field bound]             the family's gap
                               + [best mean field bound - ELBO(encoder)]        the network's gap

The first is the price of independent factors: KL(q* || p(z | x)) of the best q there is in the
family. The second is the price of one network for all documents.
"""

from dataclasses import dataclass

import numpy as np

from helpers.arguments import generator, instance, whole_number
from helpers.latent_factors.bound import bound_gradient
from helpers.latent_factors.coordinate_ascent import best_mean_field
from helpers.latent_factors.encoder import Encoder
from helpers.latent_factors.posterior import exact


@dataclass(frozen=True)
class Gaps:
    """Per document, (D,), nats: the log evidence and two bounds below it."""

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
    """The two gaps of every document -> :class:`Gaps`.

    The best mean field bound is searched from the encoder's own q, the prior, the exact
    marginals, the posterior's mode and ``n_random`` random starts. So the network's gap cannot be
    negative, and the family's is at most -log p(mode | x).
    """
    rng = generator("rng", rng)
    posterior, encoded = exact(model, counts), instance("encoder", encoder, Encoder)(counts)
    shape = posterior.marginals.shape
    starts = [encoded, None, posterior.marginals, posterior.mode]
    starts += [
        rng.random(shape)
        for _ in range(whole_number("n_random", n_random, minimum=0, maximum=10_000))
    ]
    best = best_mean_field(model, counts, starts, rtol)
    amortised = bound_gradient(model, counts, encoded.logits)[0]
    return Gaps(posterior.log_evidence, best.elbos, amortised)
