"""Corpora and series that ship with the course, and readers for the field's formats."""

from helpers.data.ldac import Corpus, read_ldac, write_ldac
from helpers.data.shipped import corpus, faithful

__all__ = ["Corpus", "corpus", "faithful", "read_ldac", "write_ldac"]
