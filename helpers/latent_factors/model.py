"""The latent factor document model: K binary factors, a small network, a bag of words.

    z_k ~ Bernoulli(prior_k)                                    k = 1..K
    x_i | z ~ Categorical(softmax(h(z) W2 + b2))                i = 1..N
    h(z) = tanh(z W1 + b1)

(slide "Latent Factor Document Model"; equations as in notebook 04c). A document enters only through
its word counts, and the multinomial coefficient, which depends on no parameter, is left out of
every probability: p(x | z) is that of the words in their order.

Symbols: K factors, H hidden units, V words, D documents, N_d tokens of document d;
``prior`` (K,), ``hidden_weights`` W1 (K, H), ``hidden_bias`` b1 (H,), ``output_weights`` W2 (H, V),
``output_bias`` b2 (V,); ``z`` (..., K) of zeros and ones; ``counts`` (D, V), dense or sparse.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit, log_softmax, logit, logsumexp

from helpers.arguments import (
    MOST_NUMBERS,
    count_matrix,
    describe,
    finite_array,
    generator,
    in_words,
    instance,
    plain_array,
    probabilities,
    refuse_large,
    whole_number,
    whole_numbers,
)

MAX_FACTORS = 20  # 2^20 states: about as far as enumeration goes on a laptop
AT_ONCE = 2**22  # numbers in one working array: 32 MB


@dataclass(frozen=True)
class LatentFactorModel:
    """Bernoulli factors and the network that turns them into a distribution over words.

    prior (K,), hidden_weights (K, H), hidden_bias (H,), output_weights (H, V), output_bias (V,).
    """

    prior: np.ndarray
    hidden_weights: np.ndarray
    hidden_bias: np.ndarray
    output_weights: np.ndarray
    output_bias: np.ndarray

    def __post_init__(self):
        vars(self).update(prior=probabilities("prior", self.prior, axis=None, ndim=1))
        axes = {"prior": "K", "hidden_bias": "H", "output_bias": "V"}
        check_arrays(self, **axes, hidden_weights="KH", output_weights="HV")

    @property
    def n_factors(self):
        """K."""
        return len(self.prior)

    @property
    def n_words(self):
        """V."""
        return len(self.output_bias)

    def hidden(self, z):
        """h(z) = tanh(z W1 + b1): (..., K) -> (..., H)."""
        return np.tanh(z @ self.hidden_weights + self.hidden_bias)  # (4c.3)

    def word_log_probs(self, z):
        """log p(word | z): (..., K) -> (..., V)."""
        z = finite_array("z", z)
        if z.shape[-1:] != self.prior.shape:
            raise ValueError(f"z: expected (..., {self.n_factors}), got shape {z.shape}")
        return log_softmax(self.hidden(z) @ self.output_weights + self.output_bias, axis=-1)

    def sample(self, rng, lengths):
        """Documents of the given lengths, (D,) whole numbers: z (D, K) and counts (D, V)."""
        rng, lengths = generator("rng", rng), np.atleast_1d(plain_array("lengths", lengths))
        lengths = whole_numbers("lengths", lengths, ndim=1)
        refuse_large("lengths", len(lengths), self.n_words)
        z = (rng.random((len(lengths), self.n_factors)) < self.prior).astype(float)
        words = np.exp(self.word_log_probs(z))
        counts = [rng.multinomial(n, p / p.sum()) for n, p in zip(lengths, words, strict=True)]
        return z, np.array(counts, dtype=float)


def initial_model(counts, n_factors, rng, n_hidden=32):
    """A model whose factors differ a little around the unigram distribution of the words."""
    rng, frequencies = generator("rng", rng), count_matrix("counts", counts).sum(0) + 1.0
    n_hidden = whole_number("n_hidden", n_hidden, maximum=MOST_NUMBERS // len(frequencies))
    n_factors = whole_number("n_factors", n_factors, maximum=MOST_NUMBERS // n_hidden)
    return LatentFactorModel(
        prior=np.full(n_factors, 0.5),
        hidden_weights=rng.normal(size=(n_factors, n_hidden)),
        hidden_bias=-0.5 * np.ones(n_hidden),
        output_weights=rng.normal(scale=0.1, size=(n_hidden, len(frequencies))),
        output_bias=np.log(frequencies / frequencies.sum()),
    )


def parameters(model):
    """The model's parameters without constraints: its arrays, with the prior as logits."""
    values = dict(vars(instance("model", model, LatentFactorModel)))
    return {"prior_logits": logit(values.pop("prior"))} | values


def from_parameters(values):
    """The model of a dictionary as :func:`parameters` gives it."""
    if not isinstance(values, dict) or "prior_logits" not in values:
        raise ValueError(f"values: expected what parameters() gives, got {describe(values)}")
    rest = dict(values)
    return LatentFactorModel(prior=expit(rest.pop("prior_logits")), **rest)


def check_arrays(owner, **axes):
    """Check a frozen dataclass's arrays: finite, not empty, axes of one letter of one length."""
    sizes = {}
    for name, letters in axes.items():
        shape = tuple(sizes.get(letter) for letter in letters)
        array = finite_array(name, getattr(owner, name), shape=shape)
        if array.size == 0:
            raise ValueError(f"{name}: expected at least one number, got none")
        sizes.update(zip(letters, array.shape, strict=True))
        vars(owner)[name] = array


def log_bernoulli(z, probs):
    """sum_k log Bernoulli(z_k | probs_k) for z of zeros and ones: (..., K) -> (...)."""
    with np.errstate(divide="ignore"):  # log 0 = -inf is what a certain factor means
        on, off = np.log(probs), np.log1p(-probs)
    return np.where(z == 1, on, off).sum(-1)  # (4c.1)


def log_likelihood(model, counts):
    """log p(x_d | z) for all documents and states, (D, 2^K), nats; states as in factor_states.

    No array of documents x states x words is needed: a document and a state meet in an inner
    product of H + 2 numbers. ValueError where the table would take more than four gigabytes.
    """
    counts = check_counts(model, counts)
    refuse_large("counts", counts.shape[0], 2**model.n_factors)
    hidden = model.hidden(factor_states(model.n_factors))
    log_normaliser = np.concatenate([
        logsumexp(hidden[some] @ model.output_weights + model.output_bias, axis=1)  # log Z(z)
        for some in chunks(len(hidden), model.n_words)
    ])  # fmt: skip
    of_words = (counts @ model.output_weights.T) @ hidden.T + (counts @ model.output_bias)[:, None]
    return of_words - np.outer(counts.sum(1), log_normaliser)  # (4c.6)


def log_joint(model, counts):
    """log p(x_d, z) for all documents and states, (D, 2^K), nats; -inf where the prior is 0."""
    table, z = log_likelihood(model, counts), factor_states(model.n_factors)
    return table + log_bernoulli(z, model.prior)


def check_counts(model, counts):
    """``counts`` (D, V) checked against a model; nearly every function of both begins here."""
    return count_matrix("counts", counts, instance("model", model, LatentFactorModel).n_words)


def chunks(n_rows, row_size, size=None):
    """Slices of rows that hold no more than ``size`` numbers, and one row at least."""
    step = max(1, (size or AT_ONCE) // row_size)
    return [slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]


def factor_states(n_factors):
    """All 2^K configurations, (2^K, K) of zeros and ones; the last factor changes fastest.

    Read-only. A table over states (..., 2^K) reshaped to (..., 2, ..., 2) has an axis per factor.
    ValueError for more than 20 factors.
    """
    if whole_number("n_factors", n_factors) > MAX_FACTORS:
        raise ValueError(
            f"n_factors: expected at most {MAX_FACTORS} for enumeration, "
            f"got {in_words(n_factors)}, that is 2^{in_words(n_factors)} states"
        )
    return _factor_states(n_factors)


@lru_cache(maxsize=MAX_FACTORS)
def _factor_states(n_factors):
    states = np.indices((2,) * n_factors, dtype=float).reshape(n_factors, -1).T
    states.flags.writeable = False  # shared by everybody who asks
    return states
