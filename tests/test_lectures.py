"""Every lecture of the course as slides, in a browser: on the wall and on paper."""

from pathlib import Path

import pytest

# isort: split
import deck_checks
import decks

LECTURES = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", LECTURES, ids=lambda path: path.stem)
def test_nothing_is_wrong_with_the_lecture(browser, notebook, tmp_path):
    deck = decks.write(notebook, tmp_path)
    faults = deck_checks.on_the_wall(browser, deck, notebook)
    faults += deck_checks.on_paper(browser, deck, tmp_path / "deck.pdf")
    assert not faults, "\n" + "\n".join(map(str, dict.fromkeys(faults)))


def test_there_are_lectures():
    assert len(LECTURES) > 10
