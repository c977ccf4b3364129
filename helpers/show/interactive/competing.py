"""Explaining away: two factors, independent a priori, compete for the words of a document.

A latent factor document model with K = 2, small enough to enumerate. Source: the slides
"Original LFDM Inference" and "Mean field assumption".
"""

import numpy as np

from helpers.show.interactive.controls import steps
from helpers.show.interactive.figure import Interactive

VOCABULARY = ("bank", "loan", "water", "and")
DOCUMENT = ("bank", "and", "bank", "loan", "bank", "loan", "water", "water")


def two_factor_model():
    """Either topic raises "bank", money "loan", rivers "water"; priors 0.3 and 0.2."""
    from helpers.latent_factors import LatentFactorModel

    return LatentFactorModel(
        prior=np.array([0.3, 0.2]),
        hidden_weights=np.array([[3.0, 3.0, 0.0], [3.0, 0.0, 3.0]]),  # either, money, rivers
        hidden_bias=np.full(3, -1.5),
        output_weights=np.array([[1.3, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0]]),
        output_bias=np.array([-0.3, -1.0, -1.0, 0.8]),
    )


def as_words_come(model, words):
    """Exact posterior and best mean field after n = 0..N words, for the second of two factors.

    words: word numbers, (N,). Returns the figure's numbers by name, each (N + 1,): probabilities
    of z2 = 1, and log p(x), ELBO and KL in nats.
    """
    from helpers.latent_factors import as_words_arrive, best_mean_field, exact

    counts = np.vstack([np.zeros(model.n_words), np.eye(model.n_words)[words].cumsum(axis=0)])
    posterior = exact(model, counts)
    corners = [np.broadcast_to(p, posterior.marginals.shape) for p in ((0.9, 0.1), (0.1, 0.9))]
    best = best_mean_field(model, counts, [posterior.marginals, *corners])
    neither, second, first, both = as_words_arrive(model, words).T
    return {
        "second": second + both,
        "second_given_first": both / (first + both),
        "second_given_not_first": second / (neither + second),
        "q_second": best.q.probs[:, 1],
        "log_evidence": posterior.log_evidence,
        "elbo": best.elbos,
        "kl": posterior.log_evidence - best.elbos,
    }


def explaining_away():
    """Two factors compete for the words of a document as these come one by one."""
    words = [VOCABULARY.index(word) for word in DOCUMENT]
    numbers = as_words_come(two_factor_model(), words)
    data = {
        "title": "Explaining away: two factors compete for the same words",
        "controls": [steps("seen", "words seen", len(words), pause=1200, value=3)],
        "numbers": numbers,
        "words": DOCUMENT,
        "names": ("money", "rivers"),
        "deepest": float(numbers["kl"].max()),
    }
    return Interactive("explaining_away", data)
