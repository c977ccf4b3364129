"""Latent Dirichlet allocation with fixed topics: the model, its samples, its documents.

Symbols: D documents, N tokens of a document, K topics (the tutorial writes L), V words;
``alpha`` (K,) the Dirichlet's concentrations, ``topics`` (K, V) the components beta,
``theta`` (K,) a document's mixture weights, ``z`` (N,) its tokens' topics, ``words`` (N,) its
tokens as column numbers, ``counts`` (D, V) how often each word occurs in each document.

    theta_d ~ Dirichlet(alpha),   z_dn ~ Categorical(theta_d),   w_dn ~ Categorical(beta_{z_dn})

Source: the slide "Latent Dirichlet Allocation"; Blei, Ng and Jordan (2003).
"""

import warnings
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from helpers.arguments import (
    MOST_NUMBERS,
    count_matrix,
    finite_array,
    generator,
    listed,
    positive,
    probabilities,
    refuse_large,
    whole_number,
    whole_numbers,
)

MOST_CONCENTRATION = 1e150  # sums and squares of larger ones would overflow


@dataclass(frozen=True, eq=False)
class LDA:
    """The model p(theta, z, w | alpha, topics).

    alpha: concentrations of the Dirichlet over topics, (K,), or one number for all of them.
    topics: p(word | topic), (K, V); rows sum to one, exact zeros are allowed. n_topics and
    n_words, K and V, are made from them.
    """

    alpha: np.ndarray
    topics: np.ndarray
    n_topics: int = field(init=False)
    n_words: int = field(init=False)

    def __post_init__(self):
        topics = probabilities("topics", self.topics, ndim=2)
        alpha = positive("alpha", self.alpha, ndim=(0, 1), maximum=MOST_CONCENTRATION)
        if alpha.ndim == 1 and len(alpha) != len(topics):
            raise ValueError(
                f"alpha: expected one number or one for each of the {len(topics)} topics, "
                f"got shape {alpha.shape}"
            )
        n_topics, n_words = topics.shape
        alpha = np.broadcast_to(alpha, n_topics).copy()
        vars(self).update(alpha=alpha, topics=topics, n_topics=n_topics, n_words=n_words)

    def sample(self, rng, lengths):
        """A :class:`Sample` of the generative story: documents of ``lengths`` (D,) tokens."""
        generator("rng", rng)
        lengths = whole_numbers("lengths", lengths, ndim=1)
        refuse_large("lengths", len(lengths), self.n_topics)
        refuse_large("lengths", sum(map(int, lengths)))
        theta = rng.dirichlet(self.alpha, len(lengths))
        z = [rng.choice(self.n_topics, n, p=p) for n, p in zip(lengths, theta, strict=True)]
        words = [np.empty(n, dtype=np.intp) for n in lengths]
        for tokens, topics in zip(words, z, strict=True):
            for topic in np.unique(topics):
                here = topics == topic
                tokens[here] = rng.choice(self.n_words, here.sum(), p=self.topics[topic])
        return Sample(theta, z, words, bags(words, self.n_words))


@dataclass(frozen=True, eq=False)
class Sample:
    """Documents drawn from the model, with everything that a reader of them does not see."""

    theta: np.ndarray  # mixture weights, (D, K)
    z: list  # D arrays (N_d,) of topics
    words: list  # D arrays (N_d,)
    counts: sp.csr_array  # (D, V)


def bags(documents, n_words):
    """Counts (D, V), a CSR array, of documents given as sequences of word numbers."""
    n_words = whole_number("n_words", n_words, maximum=2**62)
    documents = listed("documents", documents, "documents, each a list of word numbers")
    documents = [word_numbers("documents", words, n_words) for words in documents]
    columns = np.concatenate([np.empty(0, dtype=np.intp), *documents])
    rows = np.repeat(np.arange(len(documents)), [len(words) for words in documents])
    ones = np.ones(len(columns), dtype=np.int64)
    return sp.csr_array((ones, (rows, columns)), shape=(len(documents), n_words))


def word_numbers(name, words, n_words):
    """A document's tokens as an array (N,) of whole numbers below ``n_words``; N may be 0."""
    words = whole_numbers(name, words, ndim=1)
    if words.size and not words.max() < n_words:
        raise ValueError(
            f"{name}: expected numbers from 0 to {n_words - 1}, got {words.min()} to {words.max()}"
        )
    return words


def tokens(counts, document):
    """The tokens of one row of ``counts`` as word numbers (N,), in the order of the words."""
    counts = check_counts(counts)
    last = counts.shape[0] - 1
    row = whole_counts(counts[[whole_number("document", document, -last - 1, last)]])
    refuse_large("counts", sum(row.data.tolist()))
    return np.repeat(row.indices, row.data).astype(np.intp)


def check_counts(counts, n_words=None, name="counts"):
    """``count_matrix`` as a CSR array (D, V) of int64 or float64, not copied where it is one."""
    return sp.csr_array(count_matrix(name, counts, n_words, whole=np.int64))


def at_least_zero(name, value):
    """A finite number that is not negative, as a float."""
    value = float(finite_array(name, value, ndim=0))
    if not 0 <= value <= MOST_CONCENTRATION:
        raise ValueError(f"{name}: expected a number from 0 to 1e150, got {value:g}")
    return value


def whole_counts(counts):
    """Checked counts as int64, unless a token is divided (ValueError)."""
    if (counts.data % 1).any():
        raise ValueError("counts: expected whole numbers, since tokens cannot be divided")
    if counts.data.max(initial=0) >= 2**63:
        raise ValueError(f"counts: expected at most 2^63 - 1, got {counts.data.max():g}")
    return counts.astype(np.int64)


def check_topics(n_topics, counts):
    """K, unless the tables (D, K) and (K, V) of these counts would not fit into memory."""
    return whole_number("n_topics", n_topics, maximum=max(1, MOST_NUMBERS // max(counts.shape)))


def warn_unsupported(counts, topics):
    """Warn where ``counts`` hold a word that no topic has."""
    missing = np.unique(counts.indices[~topics.any(axis=0)[counts.indices]])
    if len(missing):
        columns = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        warnings.warn(
            f"counts: {len(missing)} words (columns {columns}) have probability 0 under every "
            "topic; the bound of a document that holds one is -inf",
            stacklevel=3,
        )
