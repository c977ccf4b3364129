"""docs/teaching.md does what it says: its commands and snippets are run, in a copy of the course.

A fenced snippet's first line says where it belongs; blocks of `sh` are commands. The copy holds two
lectures and one sheet, so that nothing takes long; the pages are tried in their order.
"""

import csv
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat import v4

from slides.arrange import STYLES, minutes, split
from slides.problems import STARTS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "teaching.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
JENSEN, KL = "03a_jensen.ipynb", "03b_kl_divergence.ipynb"
pytestmark = [
    pytest.mark.solutions,
    pytest.mark.skipif(os.name == "nt" or not shutil.which("make"), reason="needs sh and make"),
]


def pages():
    """{heading: [(language, text), ...]} of the fenced blocks."""
    text, found = PAGE.read_text(encoding="utf-8"), {}
    outside = BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)  # of the same length
    starts = [*re.finditer(r"^## (.*)$", outside, re.M)]
    for start, end in zip(starts, [*(s.start() for s in starts[1:]), len(text)], strict=True):
        found[start[1]] = BLOCK.findall(text[start.end() : end])
    return found


def cell_of(language, text):
    """A snippet as a cell, of the type and with the tags that its first line says."""
    first, _, source = text.rstrip("\n").partition("\n")
    kind, *tags = re.sub(r"<!--|-->|#", "", first).replace(",", " ").split()
    make = v4.new_markdown_cell if language == "markdown" else v4.new_code_cell
    return make(source, metadata={"slideshow": {"slide_type": kind}, "tags": tags})


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A small copy of the course, and run(page): all commands of a page, one after the other."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("tools", "slides", "helpers", "checks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for name in (f"notebooks/{JENSEN}", f"notebooks/{KL}", f"solutions/{KL}", f"exercises/{KL}"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "docs" / "tracks").mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir(parents=True)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" "$@"\n', "utf-8")
    python.chmod(0o755)

    def run(commands):
        env = os.environ | {"MAKEFLAGS": "PYTHON=true"}  # nothing is installed
        done = subprocess.run(
            ["sh", "-e"], input=commands, cwd=folder, env=env, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return SimpleNamespace(folder=folder, run=run, pages=pages())


def commands(page):
    return [text for language, text in page if language == "sh"]


def append(course, text, comment="#"):
    """Put a snippet at the end of the file that its first line names."""
    where, _, rest = text.partition("\n")
    path = course.folder / where.removeprefix(f"{comment} ").split()[-1]
    with path.open("a", encoding="utf-8") as file:
        file.write("\n\n" + rest)
    return path


def change(path, edit):
    notebook = nbformat.read(path, as_version=4)
    edit(notebook)
    nbformat.write(notebook, path)


def test_every_page_is_tried():
    tried = [name for name in globals() if name.startswith("test_page_")]
    assert len(tried) == len(pages())


def test_page_change_a_slide(course):
    slides, clock = commands(course.pages["Change a slide"])
    lecture = course.folder / "notebooks" / JENSEN
    said = course.run(slides)
    assert "2 of 2 lectures" in said

    def edit(notebook):
        for cell in notebook.cells:
            cell.source = cell.source.replace("## Jensen", "## Changed by me, Jensen", 1)
        note = next(c for c in notebook.cells if c.metadata.slideshow.slide_type == "notes")
        note.source = re.sub(r"\d+ min", "5 min", note.source, count=1)

    before = nbformat.read(lecture, as_version=4).metadata.minutes
    change(lecture, edit)
    assert "1 of 2 lectures" in course.run(slides)
    deck = (course.folder / "build/slides/03a_jensen.slides.html").read_text(encoding="utf-8")
    index = (course.folder / "build/slides/index.html").read_text(encoding="utf-8")
    assert "Changed by me" in deck and JENSEN[:3] in index and KL[:3] in index
    course.run(clock)
    notebook = nbformat.read(lecture, as_version=4)
    assert notebook.metadata.minutes != before
    assert f"About {notebook.metadata.minutes} minutes" in str(notebook.cells)


def test_page_add_a_slide(course):
    page = course.pages["Add a slide"]
    cells = [cell_of(*block) for block in page if block[0] != "sh"]
    used = {tag for cell in cells for tag in cell.metadata.tags}
    assert used == {*STYLES, "beside", "remove-input"}  # every tag is shown
    for number, cell in enumerate(cells):
        cell.id = f"mine-{number}"
        if "stepwise-braces" in cell.metadata.tags:
            cell.metadata["braces"] = [2, 1]
    lecture = course.folder / "notebooks" / "08_mine.ipynb"
    title = v4.new_markdown_cell(
        "# Mine", id="title", metadata={"slideshow": {"slide_type": "slide"}}
    )
    nbformat.write(v4.new_notebook(cells=[title, *cells]), lecture)
    refresh = f"import notebooks; assert not notebooks.refresh('notebooks/{lecture.name}')"
    course.run(
        f".venv/bin/python - <<'END'\nimport sys\nsys.path[:0] = ['tools']\n{refresh}\nEND\n"
    )
    (slides,) = commands(page)
    course.run(slides)
    shown = split(nbformat.read(lecture, as_version=4).cells)
    assert [minutes(slide) for slide in shown] == [0, 2, 3, 4, 1]
    assert {c.metadata.slideshow.slide_type for c in cells} >= {*STARTS, "fragment", "notes", "-"}
    deck = (course.folder / "build/slides/08_mine.slides.html").read_text(encoding="utf-8")
    for part in ('data-braces="2 1"', "stepwise", "predict", "column", "0.1 to 0.9", "1.0297"):
        assert part in deck, part


def test_page_add_a_task(course):
    page = course.pages["Add a task and have it graded"]
    *data, text, stub, check, (_, exercises) = page
    for _, snippet in data:
        append(course, snippet)
    solution = course.folder / "solutions" / KL

    def edit(notebook):
        at = next(i for i, c in enumerate(notebook.cells) if c.source == "check.progress()")
        for number, block in enumerate((text, stub, check)):
            cell = cell_of(*block)
            cell.metadata, cell.id = {}, f"cross-entropy-{number}"
            notebook.cells.insert(at + number, cell)

    change(solution, edit)
    assert f"{KL}: written" in course.run(exercises)
    sheet = (course.folder / "exercises" / KL).read_text(encoding="utf-8")
    assert "*core · 3 minutes · 2 points*" in sheet and "np.log(p)" not in sheet
    assert "raise NotImplementedError" in sheet


def test_page_grade_a_class(course):
    """Three who did the new task: right, with the named mistake, and not at all."""
    answers = {"ann": "return -(q * np.log(p)).sum()", "bob": "return -(p * np.log(q)).sum()"}
    (course.folder / "class").mkdir()
    for student, answer in (answers | {"cid": ""}).items():
        notebook = nbformat.read(course.folder / "exercises" / KL, as_version=4)
        for cell in notebook.cells:
            if answer and cell.source.startswith("def cross_entropy"):
                cell.source = f"def cross_entropy(q, p):\n    {answer}"
        nbformat.write(notebook, course.folder / "class" / f"{student}.ipynb")
    (graded,) = commands(course.pages["Grade a class"])
    course.run(graded)
    with (course.folder / "build/grades/marks.csv").open(encoding="utf-8") as file:
        marks = {
            r["student"]: float(r["points"])
            for r in csv.DictReader(file)
            if r["task"] == "cross_entropy"
        }
    assert marks == {"ann": 2, "bob": 0, "cid": 0}
    html = course.folder / "build/grades/class.html"
    assert "You took the average under p" in html.read_text("utf-8")
    assert "bob" not in html.read_text("utf-8")


def test_page_take_another_corpus(course):
    page = course.pages["Take another corpus or treebank"]
    (_, script), (_, write), (_, corpus), (_, treebank) = page
    rng_words = [f"wort{chr(97 + i)}" for i in range(20)]
    (course.folder / "texts").mkdir()
    for n in range(12):
        words = [rng_words[(n * k + k * k) % 20] for k in range(1, 40)]
        (course.folder / "texts" / f"text{n}.txt").write_text(" ".join(words), encoding="utf-8")
    append(course, script)
    course.run(write)
    (course.folder / "mine.conllu").write_text("1\tJa\t_\tINTJ\t_\t_\t_\t_\t_\t_\n\n", "utf-8")
    said = corpus + treebank + "print(len(documents), documents.names[0], sentences)"
    done = course.run(f"cd notebooks\n../.venv/bin/python - <<'END'\n{said}\nEND\n")
    assert done.startswith("12 text0 [[('Ja', 'INTJ')]]")


def test_page_make_a_track(course):
    (_, track), (_, make) = course.pages["Make a track"]
    path = append(course, track)
    said = course.run(make)
    slot = tomllib.loads(path.read_text("utf-8"))["deck"][0]["slot"]
    assert f"of {slot} minutes" in said
    assert (course.folder / "build/tracks/mine.slides.html").exists()


def test_page_translate(course):
    page = course.pages["Translate"]
    extract, apply = commands(page)
    course.run(extract)
    (entry,) = (text for language, text in page if language == "po")
    path, _, said = entry.partition("\n")
    po = course.folder / path.split()[-1]
    english, german = said.splitlines()
    text = po.read_text("utf-8")
    assert f'{english}\nmsgstr ""' in text
    po.write_text(text.replace(f'{english}\nmsgstr ""', f"{english}\n{german}"), "utf-8")
    course.run(apply)
    deck = (course.folder / "build/de/03a_jensen.slides.html").read_text("utf-8")
    assert '<html lang="de">' in deck and german.split('"')[1] in deck
