"""Render the lectures as slides.

    python tools/slides.py build [NOTEBOOK...]              into build/slides, with an index page
    python tools/slides.py handout [NOTEBOOK...]            into build/handout, as tagged PDFs
    python tools/slides.py shots NOTEBOOK FOLDER [--dark] [--steps]   a picture of every slide
    python tools/slides.py check [NOTEBOOK...]              what is wrong with each slide

Without a notebook, all those in notebooks/.
"""

import sys
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parent))

import chromium

from helpers.slides import LectureSlides

ROOT = Path(__file__).resolve().parents[1]


def render(notebook):
    """A notebook file's deck, as HTML."""
    notebook = Path(notebook)
    nb = nbformat.read(notebook, as_version=4)
    where = {"metadata": {"name": notebook.stem, "path": str(notebook.resolve().parent)}}
    return LectureSlides().from_notebook_node(nb, where)[0]


def shots(notebook, folder, dark=False, steps=False):
    """Pictures of every slide, all build-ups shown; with ``steps`` one of every build-up."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    deck = folder / f"{Path(notebook).stem}.slides.html"
    deck.write_text(render(notebook), encoding="utf-8")
    with chromium.browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{deck.resolve().as_uri()}?theme={'dark' if dark else 'light'}")
        page.wait_for_selector("html[data-ready]", timeout=60_000)
        return _photograph(page, folder, steps)


def _photograph(page, folder, steps):
    paths = []
    while True:
        if not steps:
            page.evaluate("while (Reveal.availableFragments().next) Reveal.nextFragment()")
        place = page.evaluate("[Reveal.getState().indexh + 1, Reveal.getState().indexf ?? -1]")
        name = f"{place[0]:02d}" + (f"-{place[1] + 1:02d}" if steps else "")
        page.wait_for_timeout(60)
        paths.append(folder / f"{name}.png")
        page.screenshot(path=paths[-1])
        if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
            return paths
        page.evaluate("Reveal.next()")


if __name__ == "__main__":
    _, notebook, folder, *rest = sys.argv[1:]
    print(*shots(notebook, folder, "--dark" in rest, "--steps" in rest), sep="\n")
