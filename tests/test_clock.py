"""The notes of the slides are the only clock: every other number of minutes is their sum."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from sample_lecture import markdown

from slides.arrange import minutes, split
from slides.contents import lecture

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import clock  # noqa: E402

LECTURES = sorted(ROOT.glob("notebooks/*.ipynb"))


def test_lectures_and_map_tell_the_minutes_of_their_notes():
    stale = [p.name for p, text in clock.clocked().items() if p.read_text("utf-8") != text]
    assert not stale, f"run python tools/clock.py: {stale}"
    start = "\n".join(c.source for c in nbformat.read(LECTURES[0], as_version=4).cells)
    for path in LECTURES[1:]:
        (row,) = re.findall(rf"(?m)^\|.*\]\({path.name}\) \|.*$", start)
        cells = nbformat.read(path, as_version=4).cells
        said = sum(minutes(slide) for slide in split(cells))
        assert said <= float(row.split("|")[3]) < said + 1
        index = lecture(v4.new_notebook(cells=cells), path, "deck.html")
        assert index.minutes == said


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_every_slide_but_the_title_has_its_minutes(path):
    _title, *slides = split(nbformat.read(path, as_version=4).cells)
    assert not [slide[0].id for slide in slides if not minutes(slide)]


def test_a_note_that_changes_moves_every_number(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "exercises").mkdir()
    cells = [
        markdown("# A\n\n**Time.** About 7 minutes, and 5 for the [exercises](x).", "slide"),
        markdown("## B", "slide"),
        markdown("Say it, 2.5 min", "notes"),
    ]
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "notebooks/01_a.ipynb")
    sheet = v4.new_notebook(metadata={"minutes": 12})
    nbformat.write(sheet, tmp_path / "exercises/01_a.ipynb")
    row = "| 1 | [01 A](01_a.ipynb) | 9 | [8 min](../exercises/01_a.ipynb) |"
    start = [markdown(f"# S\n\n{row}\n\n**Time.** About 1 minutes.", "slide")]
    nbformat.write(v4.new_notebook(cells=start), tmp_path / "notebooks/00_start_here.ipynb")
    assert clock.write(tmp_path) == ["00_start_here.ipynb", "01_a.ipynb"]
    lecture = nbformat.read(tmp_path / "notebooks/01_a.ipynb", as_version=4)
    assert lecture.metadata.minutes == 3
    assert "About 3 minutes, and 12 for the [" in lecture.cells[0].source
    first = nbformat.read(tmp_path / "notebooks/00_start_here.ipynb", as_version=4)
    assert "| 3 | [12 min](../exercises/01_a.ipynb) |" in first.cells[0].source
    assert not clock.write(tmp_path)


def test_a_lecture_without_the_line_is_named(tmp_path):
    (tmp_path / "notebooks").mkdir()
    notebook = v4.new_notebook(cells=[markdown("# A", "slide")])
    nbformat.write(notebook, tmp_path / "notebooks/01_a.ipynb")
    with pytest.raises(SystemExit, match=r"01_a\.ipynb: .*Time"):
        clock.clocked(tmp_path)
