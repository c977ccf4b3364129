"""Translations: what is done survives a new edition, and what has changed stays English."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from sample_lecture import markdown

from slides import LectureSlides

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import translate  # noqa: E402


@pytest.fixture
def course(tmp_path):
    """A course of one lecture, extracted for German."""
    cells = [
        markdown("# A lecture", "slide"),
        markdown("## One\n\nSee [the sheet](../exercises/01_a.ipynb), 100 % of $p(x)$.", "slide"),
        markdown("Say it, 3 min.", "notes"),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    cells.append(v4.new_code_cell("print(1)", id="code", execution_count=1))
    (tmp_path / "notebooks").mkdir()
    notebook = v4.new_notebook(cells=cells, metadata={"title": "A lecture"})
    nbformat.write(notebook, tmp_path / "notebooks/01_a.ipynb")
    assert translate.main(["extract", "de"], tmp_path) == 0
    return tmp_path


def say(course, english, german):
    po = course / "translations/de/01_a.po"
    text = po.read_text("utf-8")
    before = f'msgid "{english}"\nmsgstr ""'
    assert before in text
    po.write_text(text.replace(before, f'msgid "{english}"\nmsgstr "{german}"'), "utf-8")


def applied(course):
    assert translate.main(["apply", "de"], course) == 0
    return nbformat.read(course / "build/de/01_a.ipynb", as_version=4)


def test_what_is_translated_is_shown_and_the_rest_stays_english(course, capsys):
    say(course, "# A lecture", "# Eine Vorlesung")
    say(course, "A lecture", "Eine Vorlesung")
    notebook = applied(course)
    assert "2 of 4 texts" in capsys.readouterr().out
    assert [c.source.split("\n")[0] for c in notebook.cells[:2]] == ["# Eine Vorlesung", "## One"]
    assert "](../../exercises/01_a.ipynb)" in notebook.cells[1].source  # seen from build/de
    assert notebook.cells[3].source == "print(1)" and notebook.metadata.title == "Eine Vorlesung"
    html = LectureSlides().from_notebook_node(notebook)[0]
    assert '<html lang="de">' in html and "Eine Vorlesung" in html


def test_english_that_has_changed_is_marked_and_not_shown(course):
    say(course, "# A lecture", "# Eine Vorlesung")
    say(course, "Say it, 3 min.", "Sagen, 3 min.")
    path = course / "notebooks/01_a.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "# Another lecture"
    nbformat.write(notebook, path)
    assert applied(course).cells[0].source == "# Another lecture"  # also before extracting again
    assert translate.main(["extract", "de"], course) == 0
    text = (course / "translations/de/01_a.po").read_text("utf-8")
    assert "#, fuzzy" in text.partition('msgctxt "c0"')[0].rpartition("\n\n")[2]
    assert "Eine Vorlesung" in text  # the old words stay, to be mended
    notebook = applied(course)
    assert (notebook.cells[0].source, notebook.cells[2].source) == (
        "# Another lecture",
        "Sagen, 3 min.",
    )


def test_bad_input_is_one_sentence(course, capsys):
    with pytest.raises(SystemExit):
        translate.main(["extract", "klingon"], course)
    assert "'klingon' is no language" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        translate.main(["apply", "fr"], course)
    assert "extract fr" in capsys.readouterr().err
    (course / "translations/de/01_a.po").write_text("msgid rubbish", "utf-8")
    with pytest.raises(SystemExit, match=r"01_a\.po: "):
        translate.main(["apply", "de"], course)
