"""Sentences with part-of-speech tags, and the CoNLL-U files of Universal Dependencies.

A sentence is a list of (word, tag) pairs, the tag one of the seventeen of `UPOS`. In the file a
token is a line of ten fields between tabs, of which we read the first (its number), the second (the
word) and the fourth (the tag); lines with # are comments, and an empty line ends a sentence.
Format: universaldependencies.org/format.html.
"""

import re

from helpers.data.ldac import text_lines

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM",
    "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
FIELDS = 10


def read_conllu(path):
    """The sentences of a CoNLL-U file: a list of [(word, tag), ...].

    Words are the syntactic ones, which are tagged: of "2-3 don't", "2 do", "3 n't" the last two.
    Multiword ranges (2-3) and empty nodes (2.1) are checked and left out. Raises ValueError,
    naming the file, the line and what is wrong with it, for anything malformed: a treebank is
    never silently shorter than its file.
    """
    sentences, sentence, comment = [], [], None
    for number, line in enumerate(text_lines(path), start=1):
        place = f"{path}, line {number}"
        if line.startswith("#"):
            if sentence:
                raise ValueError(f"{place}: a comment inside a sentence; is an empty line missing?")
            comment = place
        elif line:
            sentence.extend(_parse_token(line, len(sentence) + 1, place))
        elif sentence:
            sentences.append(sentence)
            sentence, comment = [], None
        elif comment:
            raise ValueError(f"{place}: the sentence ends without a word, after only comments")
    if sentence:
        sentences.append(sentence)
    elif comment:
        raise ValueError(f"{comment}: the file ends after a comment, without the sentence's words")
    if not sentences:
        raise ValueError(f"{path}: holds no sentence")
    return sentences


def _parse_token(line, expected, place):
    """[(word, tag)] of a token's line, [] of a multiword range or an empty node."""
    fields = line.split("\t")
    if len(fields) != FIELDS:
        hint = "; are there spaces where tabs should be?" if len(fields) == 1 else ""
        raise ValueError(f"{place}: {len(fields)} fields between tabs, expected {FIELDS}{hint}")
    identifier, word, _, tag = fields[:4]
    if not word.strip():
        raise ValueError(f"{place}: the word is empty, expected its form in the second field")
    if _is_range_or_empty_node(identifier, expected, place):
        return []
    if identifier != str(expected):
        raise ValueError(f"{place}: the token is numbered {identifier!r}, expected {expected}")
    if tag not in UPOS:
        raise ValueError(f"{place}: the tag is {tag!r}, expected one of {', '.join(UPOS)}")
    return [(word, tag)]


def _is_range_or_empty_node(identifier, expected, place):
    if match := re.fullmatch(r"([0-9]+)-([0-9]+)", identifier):
        first, last = int(match[1]), int(match[2])
        if first != expected or last < first:
            raise ValueError(
                f"{place}: the range {identifier} does not start at the next word, {expected}"
            )
        return True
    if match := re.fullmatch(r"([0-9]+)\.[1-9][0-9]*", identifier):
        if int(match[1]) != expected - 1:
            raise ValueError(
                f"{place}: empty node {identifier} does not follow word {expected - 1}"
            )
        return True
    return False
