"""Sentences with part-of-speech tags, and the CoNLL-U files of Universal Dependencies.

A sentence is a list of (word, tag) pairs, the tag one of the seventeen of `UPOS`. In the file a
token is a line of ten fields between tabs: the first is its number, the second the word, the fourth
the tag. Lines with # are comments, and an empty line ends a sentence. Words are in Unicode's
composed form (NFC), without blanks around them. Format: universaldependencies.org/format.html.
"""

import re
from itertools import groupby
from unicodedata import normalize

from helpers.data.lines import placed_lines

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM",
    "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
FIELDS = 10
RANGE = re.compile("([1-9][0-9]{0,8})-([1-9][0-9]{0,8})")
EMPTY_NODE = re.compile(r"(0|[1-9][0-9]{0,8})\.([1-9][0-9]{0,8})")


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
    words, nodes = [], 0  # empty nodes after the last word
    covered, first, last, opened = "", 0, 0, ""  # a range, its words, and the place of its line
    for place, identifier, word, tag in (rows := _rows(block)):
        n, following, fault = len(words), len(words) + 1, ""
        if match := RANGE.fullmatch(identifier):
            if int(match[1]) != following or int(match[2]) < following:
                fault = f"the range {identifier} does not start at the next word, {following}"
            elif last >= following:
                fault = f"the range {identifier} starts inside the range {covered}"
            covered, first, last, opened = identifier, int(match[1]), int(match[2]), place
        elif match := EMPTY_NODE.fullmatch(identifier):
            nodes += 1
            if first == following:
                fault = f"empty node {identifier} after the range {covered}, expected before it"
            elif int(match[1]) != n:
                fault = f"empty node {identifier} does not follow word {n}"
            elif int(match[2]) != nodes:
                fault = f"empty node {identifier}, expected {n}.{nodes}"
        elif identifier != str(following):
            fault = f"the token is numbered {identifier!r}, expected {following}"
        elif tag not in UPOS:
            fault = f"the tag is {tag!r}, expected one of {', '.join(UPOS)}"
        else:
            words.append((word, tag))
            nodes = 0
        if fault:
            raise ValueError(f"{place}: {fault}")
    if last > len(words):
        beyond = f"ends beyond the last word of its sentence, {len(words)}"
        raise ValueError(f"{opened}: the range {covered} {beyond}")
    if not words:
        only = "empty nodes" if rows else "comments"
        raise ValueError(f"{block[-1][0]}: the sentence ends without a word, after only {only}")
    return words


def _rows(block):
    """(place, identifier, word, tag) of each line that is no comment."""
    rows = []
    for place, line in block:
        fields = line.split("\t")
        if line.startswith("#"):
            if rows:
                raise ValueError(f"{place}: a comment inside a sentence; is an empty line missing?")
            continue
        if len(fields) != FIELDS:
            hint = "; are there spaces where tabs should be?" if len(fields) == 1 else ""
            raise ValueError(f"{place}: {len(fields)} fields between tabs, expected {FIELDS}{hint}")
        identifier, word, _, tag = fields[:4]
        word = normalize("NFC", word.strip())
        if not word:
            raise ValueError(f"{place}: the word is empty, expected its form in the second field")
        rows.append((place, identifier, word, tag))
    return rows
