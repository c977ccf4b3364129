"""Every lecture of the course as slides, in a browser: on the wall and on paper."""

from pathlib import Path

import pytest

# isort: split
import deck_checks
import decks
import weak_slides

LECTURES = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


PRINTED = LECTURES[1::5]  # paper and the dark theme show the same slides: a sample will do
# At most so many slides of all may be weak (tools/weak_slides.py) or text alone, and at least so
# much of a slide is its figure, in the middle: to be tightened, and never eased.
WEAK, ALONE, FIGURE = 15, 29, 0.60
measured = {}


@pytest.fixture(scope="module", params=LECTURES, ids=lambda path: path.stem)
def lecture(request, browser, tmp_path_factory):
    """One lecture rendered and looked at once: (notebook, deck, faults)."""
    notebook, slides = request.param, []
    deck = decks.write(notebook, tmp_path_factory.mktemp("deck"))
    themes = ("light", "dark") if notebook in PRINTED else ("light",)
    faults = deck_checks.on_the_wall(browser, deck, notebook, themes, slides)
    measured[notebook] = slides
    return notebook, deck, faults


def test_nothing_is_wrong_with_the_lecture(lecture, browser, tmp_path):
    notebook, deck, faults = lecture
    if notebook in PRINTED:
        faults = faults + deck_checks.on_paper(browser, deck, tmp_path / "deck.pdf")
    assert not faults, "\n" + "\n".join(map(str, dict.fromkeys(faults)))


def test_few_slides_are_weak():
    if set(measured) != set(LECTURES):
        pytest.skip("only counted when all lectures are looked at")
    slides = [slide for deck in measured.values() for slide in deck]
    shares = sorted(s["pictures"]["share"] for s in slides if s["pictures"]["count"])
    alone = [s for s in slides if not (s["pictures"]["count"] or s["content"] or s["title"])]
    assert len(weak_slides.weak(slides)) <= WEAK
    assert len(alone) <= ALONE
    assert shares[len(shares) // 2] >= FIGURE


def test_there_are_lectures():
    assert len(LECTURES) > 10
