"""The data that ships with the course; files/README.md says where each file comes from."""

from importlib.resources import files

import numpy as np

from helpers.data.conllu import read_conllu
from helpers.data.ldac import read_ldac

__all__ = ["corpus", "faithful", "tagged_sentences"]
FILES = files("helpers.data") / "files"


def corpus():
    """Docstrings of NumPy, SciPy and Matplotlib as a Corpus: 1,413 documents, 1,891 words.

    A document is one docstring, its label the module it documents ("numpy.fft"); about 78 tokens a
    document, since boilerplate, code and stop words were left out. Random numbers, FFTs, sparse
    matrices, plotting: topics that a reader of this course can check at a glance.
    """
    return read_ldac(
        FILES / "docstrings.ldac", FILES / "docstrings.vocab", FILES / "docstrings.names"
    )


def faithful():
    """The geyser Old Faithful, (272, 2): minutes an eruption lasted, minutes until the next."""
    with (FILES / "faithful.csv").open(encoding="utf-8") as lines:
        return np.loadtxt(lines, delimiter=",", skiprows=1)


def tagged_sentences():
    """300 English sentences, hand-tagged: a list of [(word, tag), ...], 2,661 tokens.

    Tags are the seventeen of Universal Dependencies; talk, news, science, recipes, stories and
    letters, in the file's order. They are the course's own.
    """
    return read_conllu(FILES / "sentences.conllu")
