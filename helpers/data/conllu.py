"""Sentences with part-of-speech tags, and the CoNLL-U files of Universal Dependencies.

A sentence is a list of (word, tag) pairs, the tag one of the seventeen of `UPOS`. In the file a
token is a line of ten fields between tabs: the first is its number, the second the word, the fourth
the tag. Lines with # are comments, and an empty line ends a sentence. Words are in Unicode's
composed form (NFC), without blanks around them. Format: universaldependencies.org/format.html.
"""

import re
from itertools import groupby
from typing import NamedTuple
from unicodedata import normalize

from helpers.data.lines import placed_lines

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM",
    "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
FIELDS = 10
RANGE = re.compile("([1-9][0-9]{0,8})-([1-9][0-9]{0,8})")
EMPTY_NODE = re.compile(r"(0|[1-9][0-9]{0,8})\.([1-9][0-9]{0,8})")


class Range(NamedTuple):
    """A multiword token such as 2-3: its ``first`` and ``last`` words, and where it is written."""

    identifier: str
    first: int
    last: int
    place: str


def read_conllu(path):
    """The sentences of a CoNLL-U file: a list of [(word, tag), ...].

    Words are the syntactic ones, which are tagged: of "2-3 don't", "2 do", "3 n't" the last two.
    Multiword ranges (2-3) and empty nodes (2.1) are checked and left out. ValueError, naming file,
    line and fault, for anything malformed: a treebank is never silently shorter than its file.
    """
    blocks = groupby(placed_lines(path), key=lambda placed: placed[1] != "")
    sentences = [_sentence([*block]) for full, block in blocks if full]
    if not sentences:
        raise ValueError(f"{path}: holds no sentence")
    return sentences


def _sentence(block):
    """[(word, tag), ...] of lines with their places, without an empty one among them."""
    words, nodes, covered = [], 0, None  # empty nodes after this word; the last range
    rows = _rows(block)
    for place, identifier, word, tag in rows:
        if match := RANGE.fullmatch(identifier):
            covered = _range(match, len(words) + 1, covered, place)
        elif match := EMPTY_NODE.fullmatch(identifier):
            nodes += 1
            _check_empty_node(match, len(words), nodes, covered, place)
        else:
            words.append(_word(identifier, word, tag, len(words) + 1, place))
            nodes = 0
    if covered and covered.last > len(words):
        beyond = f"ends beyond the last word of its sentence, {len(words)}"
        raise ValueError(f"{covered.place}: the range {covered.identifier} {beyond}")
    if not words:
        only = "empty nodes" if rows else "comments"
        raise ValueError(f"{block[-1][0]}: the sentence ends without a word, after only {only}")
    return words


def _rows(block):
    """(place, identifier, word, tag) of each line that is no comment."""
    rows = []
    for place, line in block:
        if not line.startswith("#"):
            rows.append((place, *_fields(line, place)))
        elif rows:
            raise ValueError(f"{place}: a comment inside a sentence; is an empty line missing?")
    return rows


def _fields(line, place):
    fields = line.split("\t")
    if len(fields) != FIELDS:
        hint = "; are there spaces where tabs should be?" if len(fields) == 1 else ""
        raise ValueError(f"{place}: {len(fields)} fields between tabs, expected {FIELDS}{hint}")
    identifier, word, _, tag = fields[:4]
    word = normalize("NFC", word.strip())
    if not word:
        raise ValueError(f"{place}: the word is empty, expected its form in the second field")
    return identifier, word, tag


def _word(identifier, word, tag, expected, place):
    if identifier != str(expected):
        raise ValueError(f"{place}: the token is numbered {identifier!r}, expected {expected}")
    if tag not in UPOS:
        raise ValueError(f"{place}: the tag is {tag!r}, expected one of {', '.join(UPOS)}")
    return word, tag


def _range(match, following, before, place):
    """A :class:`Range` that starts at the ``following`` word, the range ``before`` being over."""
    found = Range(match[0], int(match[1]), int(match[2]), place)
    if found.first != following or found.last < following:
        wrong = f"does not start at the next word, {following}"
        raise ValueError(f"{place}: the range {match[0]} {wrong}")
    if before and before.last >= following:
        inside = f"starts inside the range {before.identifier}"
        raise ValueError(f"{place}: the range {match[0]} {inside}")
    return found


def _check_empty_node(match, word, expected, covered, place):
    """Empty nodes after a word are numbered 1, 2, ... and stand before the next word's range."""
    if covered and covered.first == word + 1:
        late = f"after the range {covered.identifier}, expected before it"
        raise ValueError(f"{place}: empty node {match[0]} {late}")
    if int(match[1]) != word:
        raise ValueError(f"{place}: empty node {match[0]} does not follow word {word}")
    if int(match[2]) != expected:
        raise ValueError(f"{place}: empty node {match[0]}, expected {word}.{expected}")
