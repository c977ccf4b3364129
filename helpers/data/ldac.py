"""A corpus as word counts, and Blei's LDA-C files that hold one.

Symbols: D documents, V words in the vocabulary; `counts` (D, V), counts[d, v] = how often word v
occurs in document d.

LDA-C, one document a line, `M term:count term:count ...`, where M is the number of different
terms on the line and terms are numbered from 0; beside it a vocabulary, one word a line, in the
order of the numbers. (The format of David Blei's lda-c program and of the data sets that came with
it, usually `*.ldac` or `*.dat`, and `*.vocab` or `vocab.txt`.) As Gensim writes it, a count may be
1.0 or 1e+06, and `---` may stand for every number without a word. Words are in Unicode's composed
form (NFC), so that an accent typed in two ways makes one word.
"""

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from unicodedata import normalize

import numpy as np
from scipy import sparse

from helpers.arguments import (
    describe,
    finite_array,
    generator,
    instance,
    listed,
    whole_number,
)

LARGEST = 10**18  # below it a count has at most 18 digits, and fits into 64 bits
UNUSED = "---"  # Gensim's word for a number that has none
COUNT = re.compile(r"[0-9]{1,18}(\.[0-9]*)?([eE]\+?[0-9]{1,2})?")
# what would end its line or its field, is no text, or is taken for the file's byte order mark
UNWRITABLE = re.compile(r"[\t\n\r\ud800-\udfff]|\A\ufeff")


@dataclass(frozen=True)
class Corpus:
    """Documents as bags of words.

    counts      scipy.sparse.csr_array (D, V) of whole numbers; held as a copy
    vocabulary  V words, the columns' names
    names       D strings, the documents' names
    labels      D strings, what each document is about by its source ("" where unknown)

    Raises ValueError when the four disagree in size, or a count is negative, not whole or so large
    that it has no place in 64 bits.
    """

    counts: sparse.csr_array
    vocabulary: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...]

    def __post_init__(self):
        counts = _whole_counts(self.counts)
        for name, size in [("vocabulary", 1), ("names", 0), ("labels", 0)]:
            value = strings(name, getattr(self, name))
            if len(value) != counts.shape[size]:
                raise ValueError(
                    f"{name}: has {len(value)} entries, expected {counts.shape[size]}, "
                    f"since counts has shape {counts.shape}"
                )
            object.__setattr__(self, name, tuple(value))
        object.__setattr__(self, "vocabulary", tuple(normalize("NFC", w) for w in self.vocabulary))
        object.__setattr__(self, "counts", counts)

    def __len__(self):
        return self.counts.shape[0]

    def select(self, documents):
        """The corpus of the chosen documents: an array of indices, a mask, or a slice."""
        try:
            chosen = np.atleast_1d(np.arange(len(self))[documents])
        except (IndexError, ValueError) as error:
            raise ValueError(f"documents: choose none of the {len(self)}: {error}") from None
        if chosen.ndim != 1:
            raise ValueError(f"documents: expected indices on one axis, got {describe(documents)}")
        return Corpus(
            self.counts[chosen],
            self.vocabulary,
            tuple(self.names[d] for d in chosen),
            tuple(self.labels[d] for d in chosen),
        )

    def words(self, document, rng=None):
        """The document's words, each as often as it is counted; in random order if given an rng."""
        row = self.counts[[whole_number("document", document, -len(self), len(self) - 1)]]
        tokens = np.repeat(row.indices, row.data)
        if rng is not None:
            tokens = generator("rng", rng).permutation(tokens)
        return [self.vocabulary[v] for v in tokens]


def read_ldac(docs_path, vocabulary_path, names_path=None):
    """The Corpus in an LDA-C file, its vocabulary, and perhaps a file of names.

    names_path: one document a line, its name, a tab, its label. Without it documents are called
    "1", "2", ... and labels are empty.

    Raises ValueError, naming the file, the line and what is wrong with it, for anything that is
    not in the format: a corpus is never silently shorter than its file.
    """
    vocabulary = _read_vocabulary(vocabulary_path)
    rows = [
        _parse_document(line, vocabulary, f"{docs_path}, line {number}")
        for number, line in enumerate(text_lines(docs_path, "docs_path"), start=1)
    ]
    if not rows:
        raise ValueError(f"{docs_path}: holds no document")
    if names_path is None:
        names, labels = [str(d + 1) for d in range(len(rows))], [""] * len(rows)
    else:
        names, labels = _read_names(names_path, len(rows))
    terms = np.concatenate([row[0] for row in rows])
    counts = np.concatenate([row[1] for row in rows])
    starts = np.cumsum([0] + [len(row[0]) for row in rows])
    matrix = sparse.csr_array((counts, terms, starts), shape=(len(rows), len(vocabulary)))
    matrix.sort_indices()
    return Corpus(matrix, vocabulary, names, labels)


def write_ldac(corpus, docs_path, vocabulary_path, names_path=None):
    """Write a Corpus so that read_ldac gives it back; see read_ldac for the files.

    Raises ValueError, before anything is written, where that cannot be: a corpus without documents
    or words, a word that stands in the vocabulary twice or has a space at its beginning or end
    (readers of a vocabulary drop these), a word or a name that would break its line.
    """
    _refuse_unwritable(instance("corpus", corpus, Corpus))
    counts = corpus.counts.copy()
    counts.eliminate_zeros()
    lines = []
    for start, end in zip(counts.indptr[:-1], counts.indptr[1:], strict=True):
        pairs = zip(counts.indices[start:end], counts.data[start:end], strict=True)
        lines.append(" ".join([str(end - start), *(f"{term}:{count}" for term, count in pairs)]))
    _write(docs_path, lines)
    _write(vocabulary_path, corpus.vocabulary)
    if names_path is not None:
        pairs = zip(corpus.names, corpus.labels, strict=True)
        _write(names_path, [f"{name}\t{label}" for name, label in pairs])


def _whole_counts(counts):
    """A copy of the counts as int64, each word once in a row, in order."""
    if not sparse.issparse(counts):
        counts = finite_array("counts", counts)
    if counts.ndim != 2:
        raise ValueError(f"counts: expected documents by words, got shape {counts.shape}")
    data = counts.data if sparse.issparse(counts) else counts
    whole = data.dtype.kind in "biuf" and np.all(
        (data >= 0) & (data < LARGEST) & (data == np.floor(data))
    )
    if not whole:
        raise ValueError("counts: expected whole numbers, none negative and all below 10^18")
    counts = sparse.csr_array(counts).astype(np.int64)
    counts.sum_duplicates()
    return counts


def _refuse_unwritable(corpus):
    if 0 in corpus.counts.shape:
        raise ValueError("corpus: expected at least one document and one word, to be read back")
    for kind, strings in [("word", corpus.vocabulary), ("name", corpus.names + corpus.labels)]:
        for string in strings:
            stripped = string.strip() if kind == "word" else string
            if UNWRITABLE.search(string) or stripped != string or (kind == "word" and not string):
                raise ValueError(
                    f"{kind} {string!r}: cannot be written on a line of its own and read back"
                )
    used = corpus.counts.sum(axis=0) > 0
    repeatable = (w for w, u in zip(corpus.vocabulary, used, strict=True) if u or w != UNUSED)
    for word, times in Counter(repeatable).most_common(1):
        if times > 1:
            raise ValueError(f"word {word!r}: is in the vocabulary twice, expected once")


def strings(name, value):
    """``value`` as a list of strings; a single string in its place is refused."""
    texts = listed(name, value, "strings")
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(f"{name}: expected strings, got {describe(text)}")
    return texts


def text_lines(path, name="path"):
    """The lines of a text file; a newline at its very end does not open another line."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except TypeError:
        raise ValueError(f"{name}: expected the name of a file, got {describe(path)}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 text ({error})") from None
    lines = text.split("\n")
    return [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


def _write(path, lines):
    Path(path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _read_vocabulary(path):
    first_line = {}
    words = []
    for number, line in enumerate(text_lines(path, "vocabulary_path"), start=1):
        words.append(word := normalize("NFC", line.strip()))
        if not word:
            raise ValueError(f"{path}, line {number}: is empty, expected a word")
        if word in first_line and word != UNUSED:
            raise ValueError(
                f"{path}, line {number}: the word {word!r} is on line {first_line[word]} already"
            )
        first_line[word] = number
    if not words:
        raise ValueError(f"{path}: holds no word")
    return words


def _read_names(path, n_documents):
    names, labels = [], []
    for number, line in enumerate(text_lines(path, "names_path"), start=1):
        fields = line.split("\t")
        if len(fields) != 2:
            raise ValueError(
                f"{path}, line {number}: expected a name, a tab and a label, got {line!r}"
            )
        names.append(fields[0])
        labels.append(fields[1])
    if len(names) != n_documents:
        raise ValueError(f"{path}: names {len(names)} documents, but there are {n_documents}")
    return names, labels


def _parse_document(line, vocabulary, place):
    """(terms, counts) of one line; `place` names file and line in errors."""
    fields = line.split()
    if not fields:
        raise ValueError(f"{place}: is empty, expected 'M term:count ...' ('0' for no words)")
    announced = _whole(fields[0], f"{place}: the number of terms")
    if announced != len(fields) - 1:
        raise ValueError(f"{place}: announces {announced} terms but lists {len(fields) - 1}")
    terms, counts = np.empty(announced, dtype=np.int64), np.empty(announced, dtype=np.int64)
    for i, field in enumerate(fields[1:]):
        term, colon, count = field.partition(":")
        if not colon:
            raise ValueError(f"{place}: expected term:count, got {field!r}")
        terms[i] = _whole(term, f"{place}: the term of {field!r}")
        counts[i] = _count(count, f"{place}: the count of {field!r}")
        if terms[i] >= len(vocabulary):
            raise ValueError(
                f"{place}: term {term} is outside the vocabulary of {len(vocabulary)} words "
                f"(terms are numbered from 0)"
            )
        if vocabulary[terms[i]] == UNUSED and vocabulary.count(UNUSED) > 1:
            raise ValueError(f"{place}: term {term} has no word, its line says {UNUSED!r}")
        if counts[i] == 0:
            raise ValueError(f"{place}: the count of {field!r} is 0, expected at least 1")
    if len(np.unique(terms)) < announced:
        repeated = next(t for t in terms if np.sum(terms == t) > 1)
        raise ValueError(f"{place}: term {repeated} is listed twice")
    return terms, counts


def _whole(text, what):
    """The number in `text`, which int() alone would also take from '1_0', '+1' or Arabic digits."""
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise ValueError(f"{what} is {text!r}, expected a whole number, not negative")
    return int(text)


def _count(text, what):
    """A whole number as LDA-C or Gensim writes it: 3, 3.0, 1e+06."""
    if not COUNT.fullmatch(text) or Decimal(text) >= LARGEST or Decimal(text) % 1:
        raise ValueError(f"{what} is {text!r}, expected a whole number, not negative")
    return int(Decimal(text))
