"""Tracks: every slide exists, the minutes fit, and what is wrong is one sentence with its place."""

from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from sample_lecture import markdown

from slides import LectureSlides, track
from slides.arrange import split
from slides.problems import NotebookProblem

ROOT = Path(__file__).resolve().parents[1]
TRACKS = sorted((ROOT / "docs" / "tracks").glob("*.toml"))
HEAD = """title = "Mine"
[[deck]]
title = "Mine"
slot = {slot}
exercises = ["01: one"]
[[deck.part]]
notebook = "{notebook}"
slides = {slides}
"""


@pytest.fixture
def lectures(tmp_path):
    """A folder with one lecture of three slides, the second in two pieces."""
    cells = [
        markdown("# A lecture", "slide"),
        markdown("## One", "slide"),
        markdown("Say it, 3 min.", "notes"),
        markdown("## Two *formatted*", "slide"),
        markdown("goes on", "subslide"),
        markdown("## Same", "slide"),
        markdown("## Same", "slide"),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "01_a.ipynb")
    return tmp_path


def read(folder, slides, slot=20, notebook="01_a"):
    path = folder / "mine.toml"
    path.write_text(HEAD.format(slot=slot, notebook=notebook, slides=slides), encoding="utf-8")
    return track.read(path, folder)[0]


@pytest.mark.parametrize("path", TRACKS, ids=lambda path: path.stem)
def test_a_track_of_the_course_fits_its_slots(path):
    for deck in track.read(path, ROOT / "notebooks"):
        assert 0.5 * deck.slot < deck.minutes <= 0.9 * deck.slot
        assert deck.exercises


def test_a_track_is_one_deck_with_title_outline_and_exercises(lectures):
    deck = read(lectures, '["One", "Two formatted | 4 min", "#c5 | 1 min"]')
    assert [slide.minutes for slide in deck.parts[0]] == [3, 2, 2, 1] and deck.minutes == 8
    nb = track.notebook(deck)
    headings = [slide[0].source.split("\n")[0] for slide in split(nb.cells)]
    assert headings[:4] == ["# Mine", "## Outline", "## One", "## Two *formatted*"]
    assert headings[4:] == ["goes on", "## Same", "## Exercises"]
    html = LectureSlides().from_notebook_node(nb)[0]
    timed = html.count('data-timing="180"'), html.count('data-timing="120"')
    assert timed == (1, 2) and html.count(">Generative models</li>") == 5  # a strip on each


@pytest.mark.parametrize(
    ("slides", "more", "message"),
    [
        ('["Three"]', {}, r"mine.toml, deck 1, part 1: 01_a has no slide 'Three'"),
        ('["Same | 1 min"]', {}, "several slides 'Same': say #c5, #c6"),
        ('["One | x min"]', {}, "part 1: 'One | x min': minutes: expected a number, got 'x'"),
        ('["#c5"]', {}, "'Same' of 01_a has no minutes"),
        ('["One | 19 min"]', {}, "take 19 minutes; a slot of 20 with a tenth .* room for 18"),
        ('["One"]', {"slot": '"x"'}, "deck 1: slot: expected minutes, a number, got 'x'"),
        ('["One"]', {"notebook": "02"}, "part 1: there is no notebook '02'"),
        ("[", {}, "mine.toml: "),
    ],
)
def test_what_is_wrong_is_said_with_file_and_place(lectures, slides, more, message):
    with pytest.raises(NotebookProblem, match=message.replace("|", r"\|")):
        read(lectures, slides, **more)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[[deck]]", "[deck]"), r"mine.toml: deck: expected tables, each begun by \[\[deck\]\]"),
        (("[[deck.part]]", "[deck.part]"), "deck 1: part: expected tables"),
        (('["One"]', "5"), "part 1: slides: expected a list of strings, got 5"),
        (('["One"]', "[5]"), "part 1: slides: expected a list of strings"),
        (('["One"]', "[]"), "part 1: slides: expected at least one slide of 01_a"),
        (('["One"]', '["One | 3"]'), "has no slide 'One | 3'; minutes are written '| 3 min'"),
        (('["01: one"]', "3"), "deck 1: exercises: expected a list of strings, got 3"),
        (("slot = 20", "slot = nan"), "deck 1: slot: expected minutes, a number, got nan"),
        (("slides", "slide"), "part 1: slide: expected one of notebook, slides"),
        (("slot = 20", "slot = 20\ntitle = 7"), "mine.toml: "),
        (("01_a", "02_b"), "02_b.ipynb is no notebook"),
    ],
)
def test_a_file_of_another_form_is_one_sentence(lectures, change, message):
    (lectures / "02_b.ipynb").write_text("no notebook", encoding="utf-8")
    text = HEAD.format(slot=20, notebook="01_a", slides='["One"]').replace(*change)
    (lectures / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(NotebookProblem, match=message.replace("|", r"\|")):
        track.read(lectures / "mine.toml", lectures)
    (lectures / "mine.toml").write_bytes(text.encode("utf-16"))
    with pytest.raises(NotebookProblem, match=r"mine\.toml: "):
        track.read(lectures / "mine.toml", lectures)
