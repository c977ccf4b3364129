"""Blei's LDA-C files, which hold a corpus as word counts.

One document a line, `M term:count term:count ...`, where M is the number of different terms on the
line and terms are numbered from 0; beside it a vocabulary, one word a line, in the order of the
numbers. (The format of David Blei's lda-c: `*.ldac` or `*.dat`, and `*.vocab` or `vocab.txt`.) As
Gensim writes it, a count may be 1.0 or 1e+06, and `---` may stand for every number without a word.
Words are in Unicode's composed form (NFC): an accent typed in two ways makes one word.
"""

import re
from collections import Counter
from decimal import Decimal
from unicodedata import normalize

import numpy as np
from scipy import sparse

from helpers.arguments import instance
from helpers.data.bags import LARGEST, Corpus
from helpers.data.lines import placed_lines, write_lines

UNUSED = "---"  # Gensim's word for a number that has none
WHOLE = re.compile("[0-9]{1,18}")
COUNT = re.compile(r"[0-9]{1,18}(\.[0-9]*)?([eE]\+?[0-9]{1,2})?")  # 3, 3.0, 1e+06
# what would end its line or its field, is no text, or is taken for the file's byte order mark
UNWRITABLE = re.compile(r"[\t\n\r\ud800-\udfff]|\A\ufeff")


def read_ldac(docs_path, vocabulary_path, names_path=None):
    """The Corpus in an LDA-C file, its vocabulary, and perhaps a file of names.

    names_path: one document a line, its name, a tab, its label; without it they are "1", "2", ...
    and "". ValueError, naming file, line and fault, for anything that is not in the format: a
    corpus is never silently shorter than its file.
    """
    vocabulary = _read_vocabulary(vocabulary_path)
    placed = placed_lines(docs_path, "docs_path")
    rows = [_parse_document(line, vocabulary, place) for place, line in placed]
    if not rows:
        raise ValueError(f"{docs_path}: holds no document")
    if names_path is None:
        names, labels = [str(d + 1) for d in range(len(rows))], [""] * len(rows)
    else:
        names, labels = _read_names(names_path, len(rows))
    terms = np.array([term for row in rows for term in row], dtype=np.int64)
    counts = np.array([count for row in rows for count in row.values()], dtype=np.int64)
    starts = np.cumsum([0, *map(len, rows)])
    matrix = sparse.csr_array((counts, terms, starts), shape=(len(rows), len(vocabulary)))
    return Corpus(matrix, vocabulary, names, labels)


def write_ldac(corpus, docs_path, vocabulary_path, names_path=None):
    """Write a Corpus so that read_ldac gives it back; see read_ldac for the files.

    ValueError, before anything is written, where that cannot be: no document or word, a word twice
    in the vocabulary or with a space at an end (readers drop these), or what would break its line.
    """
    _refuse_unwritable(instance("corpus", corpus, Corpus))
    counts = corpus.counts.copy()
    counts.eliminate_zeros()
    lines = []
    for start, end in zip(counts.indptr[:-1], counts.indptr[1:], strict=True):
        pairs = zip(counts.indices[start:end], counts.data[start:end], strict=True)
        lines.append(" ".join([str(end - start), *(f"{term}:{count}" for term, count in pairs)]))
    write_lines(docs_path, lines)
    write_lines(vocabulary_path, corpus.vocabulary)
    if names_path is not None:
        pairs = zip(corpus.names, corpus.labels, strict=True)
        write_lines(names_path, [f"{name}\t{label}" for name, label in pairs])


def _refuse_unwritable(corpus):
    if 0 in corpus.counts.shape:
        raise ValueError("corpus: expected at least one document and one word, to be read back")
    for kind, strings in [("word", corpus.vocabulary), ("name", corpus.names + corpus.labels)]:
        for string in strings:
            lost = kind == "word" and (not string or string.strip() != string)
            if lost or UNWRITABLE.search(string):
                wrong = "cannot be written on a line of its own and read back"
                raise ValueError(f"{kind} {string!r}: {wrong}")
    used = corpus.counts.sum(axis=0) > 0
    repeatable = (w for w, u in zip(corpus.vocabulary, used, strict=True) if u or w != UNUSED)
    for word, times in Counter(repeatable).most_common(1):
        if times > 1:
            raise ValueError(f"word {word!r}: is in the vocabulary twice, expected once")


def _read_vocabulary(path):
    words, lines = [], {}
    for place, line in placed_lines(path, "vocabulary_path"):
        words.append(word := normalize("NFC", line.strip()))
        if not word:
            raise ValueError(f"{place}: is empty, expected a word")
        if word in lines and word != UNUSED:
            raise ValueError(f"{place}: the word {word!r} is on line {lines[word]} already")
        lines[word] = len(words)
    if not words:
        raise ValueError(f"{path}: holds no word")
    return words


def _read_names(path, n_documents):
    pairs = []
    for place, line in placed_lines(path, "names_path"):
        pairs.append(line.split("\t"))
        if len(pairs[-1]) != 2:
            raise ValueError(f"{place}: expected a name, a tab and a label, got {line!r}")
    if len(pairs) != n_documents:
        raise ValueError(f"{path}: names {len(pairs)} documents, but there are {n_documents}")
    return zip(*pairs, strict=True)


def _parse_document(line, vocabulary, place):
    """{term: count} of one line; `place` names file and line in errors."""
    fields = line.split()
    if not fields:
        raise ValueError(f"{place}: is empty, expected 'M term:count ...' ('0' for no words)")
    wanted = "expected a whole number, not negative"
    announced = _whole(fields[0])
    if announced is None:
        raise ValueError(f"{place}: the number of terms is {fields[0]!r}, {wanted}")
    if announced != len(fields) - 1:
        raise ValueError(f"{place}: announces {announced} terms but lists {len(fields) - 1}")
    found = {}
    for field in fields[1:]:
        before, colon, after = field.partition(":")
        term, count, fault = _whole(before), _whole(after, COUNT), ""
        if not colon:
            fault = f"expected term:count, got {field!r}"
        elif term is None:
            fault = f"the term of {field!r} is {before!r}, {wanted}"
        elif count is None:
            fault = f"the count of {field!r} is {after!r}, {wanted}"
        elif term >= len(vocabulary):
            known = f"the vocabulary of {len(vocabulary)} words (terms are numbered from 0)"
            fault = f"term {term} is outside {known}"
        elif vocabulary[term] == UNUSED and vocabulary.count(UNUSED) > 1:
            fault = f"term {term} has no word, its line says {UNUSED!r}"
        elif count == 0:
            fault = f"the count of {field!r} is 0, expected at least 1"
        elif term in found:
            fault = f"term {term} is listed twice"
        if fault:
            raise ValueError(f"{place}: {fault}")
        found[term] = count
    return found


def _whole(text, written=WHOLE):
    """The number in `text`, or None; int() alone would also take '1_0', '+1' or Arabic digits."""
    if WHOLE.fullmatch(text):
        return int(text)
    number = Decimal(text) if written.fullmatch(text) else LARGEST
    return int(number) if number < LARGEST and number % 1 == 0 else None
