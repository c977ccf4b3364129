"""Lectures on a corpus or a treebank that is not ours: one cell is changed, and everything runs."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from scipy import sparse

from helpers.data import Corpus, read_conllu, read_ldac, write_ldac

ROOT = Path(__file__).resolve().parents[1]
OURS = re.compile(r"^(documents|sentences) = (data\.)?(corpus|tagged_sentences)\(\)", re.M)
N_DOCUMENTS, N_WORDS = 40, 50
TAGS = ("NOUN", "VERB", "DET", "ADJ", "PUNCT")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """What takes our data's place: forty short documents of invented words; a hundred sentences."""
    folder, rng = tmp_path_factory.mktemp("foreign"), np.random.default_rng(0)
    topics = rng.dirichlet(np.full(N_WORDS, 0.05), size=6)
    shares = rng.dirichlet(np.full(6, 0.1), size=N_DOCUMENTS)
    lengths = rng.poisson(40, N_DOCUMENTS) + 3
    counts = [rng.multinomial(n, share @ topics) for n, share in zip(lengths, shares, strict=True)]
    words, nothing = tuple(f"wort{i}" for i in range(N_WORDS)), ("",) * N_DOCUMENTS
    corpus = Corpus(sparse.csr_array(np.array(counts)), words, nothing, nothing)
    write_ldac(corpus, folder / "m.ldac", folder / "m.vocab")
    lines = []
    for _ in range(120):
        tags = rng.choice(TAGS, rng.integers(4, 9))
        for i, tag in enumerate(tags, 1):
            ending = "s" if rng.random() < 0.3 else "aeiourt"[rng.integers(7)]
            word = "the" if tag == "DET" else f"{tag.lower()[:2]}{rng.integers(25)}{ending}"
            lines.append("\t".join([str(i), word, "_", tag, *"______"]))
        lines.append("")
    (folder / "m.conllu").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "documents": read_ldac(folder / "m.ldac", folder / "m.vocab"),
        "sentences": read_conllu(folder / "m.conllu"),
    }


@pytest.mark.parametrize("number", ["02a", "02c", "04b", "04c", "04d"])
def test_a_lecture_runs_on_what_is_not_ours(number, foreign, monkeypatch):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    monkeypatch.chdir(path.parent)
    scope, replaced = {"__name__": "lecture", "display": lambda *_: None, "given": foreign}, 0
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            source, n = OURS.subn(r"\1 = given['\1']", cell.source)
            replaced += n
            try:
                exec(compile(source, f"{path.stem}, {cell.id}", "exec"), scope)
            except Exception as error:
                raise AssertionError(f"{path.stem}, cell {cell.id}: {error!r}") from error
    assert replaced == 1
    assert not scope["ours"]
