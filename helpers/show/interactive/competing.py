"""Explaining away: two factors, independent a priori, compete for the words of a document.

A latent factor document model with K = 2, small enough to enumerate. Source: the slides
"Original LFDM Inference" and "Mean field assumption".
"""

import numpy as np

from helpers.show.interactive.controls import steps
from helpers.show.interactive.figure import Interactive

VOCABULARY = ("bank", "loan", "water", "and")
DOCUMENT = ("bank", "and", "bank", "loan", "bank", "loan", "water", "water")
NAMES = ("money", "rivers")


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
    """Exact posterior and best mean field after n = 0..N words, as rows of numbers.

    words: word numbers, (N,). Returns (N + 1, 8): p(z1, z2 | x) in the order 00, 01, 10, 11,
    q(z1 = 1), q(z2 = 1), log p(x) and the ELBO, in nats.
    """
    from helpers.latent_factors import as_words_arrive, best_mean_field, exact

    counts = np.zeros((len(words) + 1, model.n_words))
    for n, word in enumerate(words):
        counts[n + 1 :, word] += 1
    posterior = exact(model, counts)
    corners = [np.broadcast_to(p, posterior.marginals.shape) for p in ((0.9, 0.1), (0.1, 0.9))]
    best = best_mean_field(model, counts, [posterior.marginals, *corners])
    columns = [posterior.log_evidence, best.elbos]
    return np.column_stack([as_words_arrive(model, words), best.q.probs, *columns])


def explaining_away(model=None, words=DOCUMENT, vocabulary=VOCABULARY, names=NAMES):
    """Two factors compete for the words of a document as these come one by one.

    Args:
        model: a :class:`helpers.latent_factors.LatentFactorModel` with K = 2; None for money
            and rivers. words, vocabulary: a document of at most 16 words of the vocabulary.
        names: of the two factors.
    """
    model = two_factor_model() if model is None else model
    factors = getattr(model, "n_factors", type(model).__name__)
    if factors != 2:
        raise ValueError(f"model: expected a LatentFactorModel of two factors, got {factors}")
    unknown = [word for word in words if word not in vocabulary]
    if unknown or not 1 <= len(words) <= 16:
        raise ValueError(f"words: expected 1 to 16 words of {list(vocabulary)}, got {list(words)}")
    rows = as_words_come(model, [list(vocabulary).index(word) for word in words])

    def compute(seen):
        neither, second, first, both = rows[seen, :4]
        evidence, elbo = float(rows[seen, 6]), float(rows[seen, 7])
        return {
            "second": float(second + both),
            "second_given_first": float(both / (first + both)),
            "second_given_not_first": float(second / (neither + second)),
            "q_second": float(rows[seen, 5]),
            "log_evidence": evidence,
            "elbo": elbo,
            "kl": evidence - elbo,
        }

    data = {
        "title": "Explaining away: two factors compete for the same words",
        "controls": [
            steps("seen", "words seen", len(words), pause=1200) | {"value": min(3, len(words))}
        ],
        "rows": np.round(rows, 12),
        "words": list(words),
        "names": list(names),
        "deepest": float((rows[:, 6] - rows[:, 7]).max()),
    }
    return Interactive("explaining_away", data, compute)
