"""The Bayesian log-linear tagger: its joint density, gradient and curvature.

Symbols: N tokens, F features, T tags; features phi (N, F), dense or sparse; tags y (N,), numbers
from 0 to T - 1; weights w (F, T), one column a tag.

    w_ft ~ Normal(mu_ft, sd_ft),     p(y_n = t | phi_n, w) = exp(phi_n w_t) / sum_u exp(phi_n w_u)

Source: the slide "Bayesian Log-Linear POS Tagger". Everything is in nats.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.special import log_softmax, softmax

from helpers.arguments import (
    finite_array,
    instance,
    plain_array,
    positive,
    real_csr,
    refuse_large,
    whole_number,
    whole_numbers,
)
from helpers.densities import LOG_2PI


@dataclass(frozen=True)
class LogLinearTagger:
    """The model and the data that it has seen.

    features    (N, F), an array or a scipy.sparse array of finite numbers
    tags        N whole numbers in [0, T), or N strings, which are numbered in sorted order
    prior_sd    standard deviation of the weights' normal prior: a number, or broadcast to (F, T)
    prior_mean  mean of that prior, likewise
    n_tags      T; without it, the greatest tag plus one, or the number of different strings
    tag_names   the T names, made from tags

    Raises ValueError for anything else.
    """

    features: object
    tags: np.ndarray
    prior_sd: np.ndarray
    prior_mean: np.ndarray = 0.0
    n_tags: int | None = None
    tag_names: tuple = field(init=False)

    def __post_init__(self):
        features = checked_features(self.features)
        tags, names = _numbered_tags(self.tags, self.n_tags, max(features.shape))
        if features.shape[0] != len(tags):
            raise ValueError(
                f"tags: {len(tags)} tags for {features.shape[0]} rows of features; expected as many"
            )
        settings = {"features": features, "tags": tags, "tag_names": names, "n_tags": len(names)}
        shape = features.shape[1], len(names)
        for name, check in {"prior_sd": positive, "prior_mean": finite_array}.items():
            value = check(name, getattr(self, name))
            try:
                settings[name] = np.broadcast_to(value, shape)
            except ValueError:
                wrong = f"shape {value.shape} does not broadcast to the weights' {shape}"
                raise ValueError(f"{name}: {wrong}") from None
        for name, value in settings.items():
            object.__setattr__(self, name, value)

    @property
    def shape(self):
        """(F, T), the shape of the weights."""
        return self.prior_sd.shape


def log_joint(tagger, weights):
    """log p(y, w | phi) = sum_n log p(y_n | phi_n, w) + sum_ft log Normal(w_ft)."""
    weights = checked_weights(tagger, weights)
    log_probs = log_softmax(tagger.features @ weights, axis=1)  # (2a.1)
    standard = (weights - tagger.prior_mean) / tagger.prior_sd
    log_prior = -0.5 * standard**2 - np.log(tagger.prior_sd) - 0.5 * LOG_2PI
    return float(observed(tagger, log_probs).sum() + log_prior.sum())


def gradient(tagger, weights):
    """d log_joint / dw = phi' (onehot(y) - p) - (w - mu) / sd^2, of the shape (F, T)."""
    weights = checked_weights(tagger, weights)
    return score(tagger, weights, softmax(tagger.features @ weights, axis=1))


def score(tagger, weights, probs):
    """:func:`gradient` for tag probabilities (N, T) that are known, or expected under some q."""
    pull = (weights - tagger.prior_mean) / tagger.prior_sd**2
    return tagger.features.T @ (np.eye(tagger.n_tags)[tagger.tags] - probs) - pull


def tag_probabilities(weights, features):
    """softmax(phi w), (N, T): what one setting of the weights, (F, T), predicts.     (2a.1)"""
    features = checked_features(features)
    weights = finite_array("weights", weights, shape=(features.shape[1], None))
    if not weights.size:
        raise ValueError(f"weights: expected a column for each tag, got shape {weights.shape}")
    return softmax(features @ weights, axis=1)


def observed(tagger, logits):
    """The numbers (N,) of the observed tags out of (N, T), logits for example."""
    return logits[np.arange(len(logits)), tagger.tags]


def checked_features(features, n_features=None):
    """Features as a float array (N, F) or CSR array, finite, with n_features columns if given."""
    if sparse.issparse(features):
        checked = real_csr("features", features).copy()  # a tagger keeps what it was given
    else:
        checked = finite_array("features", features, ndim=2)
    if 0 in checked.shape:
        raise ValueError(f"features: expected at least one row and column, got {checked.shape}")
    if n_features is not None and checked.shape[1] != n_features:
        raise ValueError(
            f"features: {checked.shape[1]} columns, expected the {n_features} that have weights"
        )
    return checked


def checked_weights(tagger, weights):
    """Weights as a finite float array of the tagger's shape (F, T)."""
    return finite_array("weights", weights, shape=instance("tagger", tagger, LogLinearTagger).shape)


def _numbered_tags(tags, n_tags, n_rows):
    """(numbers (N,), names) of tags given as numbers or as strings; n_rows: max(N, F)."""
    tags = plain_array("tags", tags)
    if tags.dtype.kind == "O" and all(isinstance(tag, str) for tag in tags.ravel()):
        tags = tags.astype(str)  # a column of a table
    if tags.ndim != 1 or tags.size == 0:
        raise ValueError(f"tags: expected one tag a token, got an array of shape {tags.shape}")
    if tags.dtype.kind in "US":
        names, tags = np.unique(tags, return_inverse=True)
        if n_tags not in (None, len(names)):
            raise ValueError(f"n_tags: is {n_tags}, but tags holds {len(names)} different strings")
    elif tags.dtype.kind in "iu":
        tags = whole_numbers("tags", tags)
        n_tags = whole_number("n_tags", int(tags.max()) + 1 if n_tags is None else n_tags)
        if tags.max() >= n_tags:
            raise ValueError(f"tags: holds {tags.max()}, expected numbers below n_tags = {n_tags}")
        refuse_large("tags/n_tags", n_tags, max(n_tags, n_rows))  # (N, T), (F, T), T x T in score
        names = range(n_tags)
    else:
        raise ValueError(f"tags: expected whole numbers or strings, got {tags.dtype}")
    return tags.astype(np.int64), tuple(map(str, names))
