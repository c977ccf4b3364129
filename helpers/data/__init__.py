"""Corpora and series that ship with the course, and readers for the field's formats."""

from helpers.data import shipped
from helpers.data.bags import Corpus
from helpers.data.conllu import UPOS, read_conllu
from helpers.data.ldac import read_ldac, write_ldac
from helpers.data.shipped import *  # noqa: F403 (a data set is named there alone)

__all__ = ["UPOS", "Corpus", "read_conllu", "read_ldac", "write_ldac", *shipped.__all__]
