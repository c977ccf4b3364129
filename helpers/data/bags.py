"""A corpus as word counts: D documents, V words; counts (D, V) says how often each has each."""

from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
from scipy import sparse

from helpers.arguments import describe, finite_array, listed

LARGEST = 10**18  # below it a count has at most 18 digits, and fits into 64 bits


@dataclass(frozen=True)
class Corpus:
    """Documents as bags of words.

    counts      scipy.sparse.csr_array (D, V) of whole numbers; held as a copy
    vocabulary  V words, the columns' names
    names       D strings, the documents' names
    labels      D strings, what each document is about by its source ("" where unknown)

    ValueError where the four disagree in size, or a count is negative, not whole or above 64 bits.
    """

    counts: sparse.csr_array
    vocabulary: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...]

    def __post_init__(self):
        counts = _whole_counts(self.counts)
        words = _strings("vocabulary", self.vocabulary, counts, axis=1)
        vocabulary = tuple(normalize("NFC", word) for word in words)
        names, labels = (_strings(n, vars(self)[n], counts, axis=0) for n in ("names", "labels"))
        vars(self).update(counts=counts, vocabulary=vocabulary, names=names, labels=labels)

    def __len__(self):
        return self.counts.shape[0]

    def select(self, documents):
        """The corpus of the chosen documents: an array of indices, a mask, or a slice."""
        try:
            chosen = np.atleast_1d(np.arange(len(self))[documents])
        except Exception as error:  # an object's own way to become an array may raise anything
            raise ValueError(f"documents: choose none of the {len(self)}: {error}") from None
        if chosen.ndim != 1:
            raise ValueError(f"documents: expected indices on one axis, got {describe(documents)}")
        names, labels = ([texts[d] for d in chosen] for texts in (self.names, self.labels))
        return Corpus(self.counts[chosen], self.vocabulary, names, labels)


def _whole_counts(counts):
    """A copy of the counts as int64, each word once in a row, in order."""
    if not sparse.issparse(counts):
        counts = finite_array("counts", counts)
    if counts.ndim != 2:
        raise ValueError(f"counts: expected documents by words, got shape {counts.shape}")
    data = counts.data if sparse.issparse(counts) else counts
    real = data.dtype.kind in "biuf"
    if not (real and np.all((data >= 0) & (data < LARGEST) & (data == np.floor(data)))):
        raise ValueError("counts: expected whole numbers, none negative and all below 10^18")
    counts = sparse.csr_array(counts).astype(np.int64)
    counts.sum_duplicates()
    return counts


def _strings(name, value, counts, axis):
    """The strings that name an axis of the counts, as a tuple."""
    texts = tuple(listed(name, value, "strings"))
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(f"{name}: expected strings, got {describe(text)}")
    if len(texts) != counts.shape[axis]:
        wanted = f"{counts.shape[axis]}, since counts has shape {counts.shape}"
        raise ValueError(f"{name}: has {len(texts)} entries, expected {wanted}")
    return texts
