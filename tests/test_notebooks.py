"""What can be said about every notebook without running it; nbval runs them."""

import functools
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
LECTURES = sorted(ROOT.glob("notebooks/*.ipynb"))
WRITTEN = [*LECTURES, *sorted(ROOT.glob("solutions/*.ipynb"))]
EXERCISES = sorted(ROOT.glob("exercises/*.ipynb"))
LONGEST_CELL = 25  # lines
SLIDE_TYPES = {"slide", "subslide", "fragment", "-", "skip", "notes"}
WEB_ADDRESS = re.compile(
    r"""(src|href)=\\?["']https?:|url\(https?:|import [^;]* from ["']https?:"""
)


@functools.cache
def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda p: f"{p.parent.name}/{p.stem}")


def test_there_are_notebooks_and_each_lecture_has_its_exercises():
    names = {p.name for p in LECTURES}
    if (ROOT / "solutions").exists():
        assert {p.name for p in EXERCISES} == {p.name for p in ROOT.glob("solutions/*.ipynb")}
    assert {p.name for p in EXERCISES} <= names
    taught = {n for n in names if n[:2] in ("01", "02", "03", "04", "07")}
    assert taught and taught == {p.name for p in EXERCISES}


@named(WRITTEN)
def test_was_run_from_top_to_bottom(path):
    """nbval compares nothing in a cell without an execution count."""
    counts = [c.execution_count for c in code_cells(read(path))]
    assert counts == list(range(1, len(counts) + 1))


@named(WRITTEN)
def test_no_output_is_an_error_or_asks_for_the_network(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            raised = output.output_type == "error"
            assert not raised or "raises-exception" in cell.metadata.get("tags", []), cell.id
            page = "".join(output.get("data", {}).get("text/html", ""))
            assert not WEB_ADDRESS.search(page), cell.id


@named([*WRITTEN, *EXERCISES])
def test_cells_are_short_and_named(path):
    notebook = read(path)
    ids = [c.id for c in notebook.cells]
    assert len(ids) == len(set(ids))
    for cell in notebook.cells:
        assert not re.fullmatch(r"[0-9a-f]{8}", cell.id), f"{cell.id}: give the cell a stable name"
    for cell in code_cells(notebook):
        assert cell.source.count("\n") < LONGEST_CELL, cell.id
        assert not cell.source.rstrip().endswith(";"), f"{cell.id}: nbval does not obey it"


@named([*WRITTEN, *EXERCISES])
def test_is_in_canonical_form(path):
    text = path.read_text(encoding="utf-8")
    notebook = read(path)
    assert notebook.metadata.get("language_info") == {"name": "python"}
    assert "application/vnd.jupyter.widget-view+json" not in text
    assert text.endswith("}\n")


@named(LECTURES)
def test_lecture_has_a_title_its_minutes_and_slide_types(path):
    notebook = read(path)
    assert notebook.metadata.get("title")
    assert isinstance(notebook.metadata.get("minutes"), int)
    for cell in notebook.cells:
        assert cell.metadata.get("slideshow", {}).get("slide_type") in SLIDE_TYPES, cell.id
    first = notebook.cells[0]
    assert first.source.startswith("# ") and first.metadata.slideshow.slide_type == "slide"


@named(LECTURES)
def test_every_picture_has_a_text_alternative(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            data = output.get("data", {})
            assert "image/png" not in data and "image/svg+xml" not in data, (
                f"{cell.id}: show it with show.figure(fig, alt=...)"
            )
            for tag in re.findall(r"<img[^>]*>", "".join(data.get("text/html", ""))):
                alt = re.search(r'alt="([^"]*)"', tag)
                assert alt and len(alt[1]) > 20, f"{cell.id}: {tag[:60]}"


@named([*WRITTEN, *EXERCISES])
def test_links_lead_somewhere(path):
    for cell in read(path).cells:
        if cell.cell_type != "markdown":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", cell.source):
            if not target.startswith(("http:", "https:", "mailto:", "attachment:")):
                withheld = "solutions" in target and not (ROOT / "solutions").exists()
                assert withheld or (path.parent / target).exists(), f"{cell.id}: {target}"


@named(WRITTEN)
def test_links_to_headings_hit(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            for target, anchor in re.findall(r"\]\(([^)#\s]+\.ipynb)#([^)\s]+)\)", cell.source):
                text = "\n".join(c.source for c in read(path.parent / target).cells)
                headings = re.findall(r"(?m)^#+ (.*)$", text)
                assert anchor in [h.replace(" ", "-") for h in headings], f"{cell.id}: #{anchor}"


def equations_of(path):
    """The numbers of a notebook's equations, in the order of their first appearance."""
    text = "\n".join(c.source for c in read(path).cells)
    found = re.findall(r"\\tag\{([^}]*)\}|\"(\d[a-d]\.\d+)\"", text)  # or of show.derivation
    return list(dict.fromkeys("".join(pair) for pair in found))


@named(LECTURES)
def test_equations_are_numbered_by_notebook(path):
    own = path.name.split("_")[0].lstrip("0")
    assert equations_of(path) == [f"{own}.{i + 1}" for i in range(len(equations_of(path)))]


@named([*WRITTEN, *EXERCISES])
def test_equations_that_are_cited_exist(path):
    known = {number for lecture in LECTURES for number in equations_of(lecture)}
    for cell in read(path).cells:
        cited = re.findall(r"(?:\(|\\tag\{)(\d[a-d]\.\d+)[)}]", cell.source)
        assert set(cited) <= known, cell.id
        assert not re.search(r"\beqs?\. \d[a-d]?\.\d", cell.source), f"{cell.id}: write (4b.3)"
