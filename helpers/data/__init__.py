"""Corpora and series that ship with the course, and readers for the field's formats."""

from helpers.data.chorales import Melody, music21_chorales, read_chorales
from helpers.data.conllu import UPOS, read_conllu
from helpers.data.ldac import Corpus, read_ldac, write_ldac
from helpers.data.shipped import corpus, faithful, tagged_sentences

__all__ = [
    "UPOS",
    "Corpus",
    "Melody",
    "corpus",
    "faithful",
    "music21_chorales",
    "read_chorales",
    "read_conllu",
    "read_ldac",
    "tagged_sentences",
    "write_ldac",
]
