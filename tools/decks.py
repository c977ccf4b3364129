"""Render the lectures as slides.

    python tools/decks.py build [NOTEBOOK...]        into build/slides, or --into FOLDER, with a
                                                      page that lists them
    python tools/decks.py watch [NOTEBOOK...]        the same on a local page, renewed when saved
    python tools/decks.py track TRACK                a track of docs/tracks, into build/tracks
    python tools/decks.py handout [NOTEBOOK...]      into build/handout, as PDFs; --per-page 1 to 6,
                                                      --teacher: with notes and answers
    python tools/decks.py check [NOTEBOOK...]        what is wrong, and which slides are weak
    python tools/decks.py shots NOTEBOOK FOLDER      a picture of every slide; --dark, and --steps
                                                      for a picture of every build-up

Only lectures that changed are rendered. Without a notebook, all those in notebooks/. Pictures,
PDFs and checks need Chromium
(tools/chromium.py finds or installs it); the decks themselves need nothing.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import chromium
import console
import deck_build
import deck_checks
import deck_watch
import weak_slides
from deck_build import write
from nbformat.reader import NotJSONError

from slides.problems import NotebookProblem

ROOT = Path(__file__).resolve().parents[1]
WAIT = deck_checks.WAIT
SHOW_ALL = "while (Reveal.availableFragments().next) Reveal.nextFragment()"


def handout(notebooks, folder, per_page=3, teacher=False):
    """Print each deck on paper: slides of one size with room to write; the PDFs' paths.

    per_page: 1 (the slide is the page) to 6. teacher: with notes and answers.
    """
    folder = Path(folder)
    kind = "-teacher" if teacher else ""
    pdfs = [folder / f"{Path(notebook).stem}{kind}.pdf" for notebook in notebooks]
    folder.mkdir(parents=True, exist_ok=True)
    with chromium.browser() as browser, tempfile.TemporaryDirectory() as scratch:
        for notebook, pdf in zip(notebooks, pdfs, strict=True):
            deck = write(notebook, scratch)
            if per_page == 1:
                deck_checks.print_deck(browser, deck, pdf)
            else:
                deck_checks.print_handout(browser, deck, pdf, per_page, teacher)
    return pdfs


def check(notebooks):
    """The faults of each notebook's deck, on the wall and on paper, and what is on its slides.

    {notebook: ([Fault, ...], [measured slide, ...])}
    """
    found = {}
    with chromium.browser() as browser, tempfile.TemporaryDirectory() as scratch:
        for notebook in notebooks:
            deck = write(notebook, scratch)
            slides = []
            faults = deck_checks.on_the_wall(browser, deck, notebook, slides=slides)
            faults += deck_checks.on_paper(browser, deck, deck.with_suffix(".pdf"))
            found[notebook] = list(dict.fromkeys(faults)), slides
    return found


def shots(notebook, folder, dark=False, steps=False):
    """Pictures of every slide with its build-ups shown, or of every build-up; their paths."""
    deck = write(notebook, folder)
    with chromium.browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{deck.resolve().as_uri()}?theme={'dark' if dark else 'light'}")
        page.wait_for_selector("html[data-ready]", timeout=WAIT)
        return list(_photographs(page, Path(folder), steps))


def _photographs(page, folder, steps):
    while True:
        if not steps:
            page.evaluate(SHOW_ALL)
        slide, step = page.evaluate(
            "[Reveal.getIndices().h + 1, (Reveal.getIndices().f ?? -1) + 1]"
        )
        page.wait_for_timeout(60)
        path = folder / (f"{slide:02d}-{step:02d}.png" if steps else f"{slide:02d}.png")
        page.screenshot(path=path)
        yield path
        if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
            return
        page.evaluate("Reveal.next()")


def _arguments():
    parser = argparse.ArgumentParser(description="Render the lectures as slides.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("build", "watch", "handout", "check"):
        command = commands.add_parser(name)
        command.add_argument("notebooks", nargs="*", type=Path)
        if name == "build":
            command.add_argument("--into", type=Path, default=ROOT / "build" / "slides")
        if name == "handout":
            command.add_argument("--per-page", type=int, choices=range(1, 7), default=3)
            command.add_argument("--teacher", action="store_true")
    commands.add_parser("track").add_argument("track")
    pictures = commands.add_parser("shots")
    pictures.add_argument("notebook", type=Path)
    pictures.add_argument("folder", type=Path)
    pictures.add_argument("--dark", action="store_true")
    pictures.add_argument("--steps", action="store_true")
    return parser.parse_args()


def _run(arguments):
    if arguments.command == "shots":
        for path in shots(arguments.notebook, arguments.folder, arguments.dark, arguments.steps):
            print(path)
        return 0
    if arguments.command == "track":
        deck_build.write_track(_track_file(arguments.track), ROOT / "build" / "tracks")
        return 0
    notebooks = arguments.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    if arguments.command == "build":
        page, decks = deck_build.build(notebooks, arguments.into)
        print(f"{page}: {len(decks)} of {len(notebooks)} lectures were rendered")
    elif arguments.command == "watch":
        deck_watch.watch(notebooks, ROOT / "build" / "slides")
    elif arguments.command == "handout":
        folder = ROOT / "build" / "handout"
        print(*handout(notebooks, folder, arguments.per_page, arguments.teacher), sep="\n")
    else:
        return _report(check(notebooks))
    return 0


def _track_file(name):
    """A track's file: a path, or the name of one of docs/tracks."""
    path = Path(name) if name.endswith(".toml") else ROOT / "docs" / "tracks" / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (ROOT / "docs" / "tracks").glob("*.toml")))
        raise NotebookProblem(f"{path}: there is no such track; those of the course are {known}")
    return path


def _report(checked):
    """Print faults and weak slides of each deck; 1 where there are faults."""
    for notebook, (faults, slides) in checked.items():
        print(f"{notebook}: {weak_slides.summary(slides)}", *faults, sep="\n  ")
        for number, reasons in weak_slides.weak(slides).items():
            print(f"  weak {number:2d}  {'; '.join(reasons)}  [{slides[number - 1]['heading']}]")
        missing = ", ".join(map(str, weak_slides.untimed(slides)))
        if missing:
            print(f"  no minutes in the notes of slides {missing}")
    return 1 if any(faults for faults, _ in checked.values()) else 0


def main():
    """Run one command; a notebook that cannot be read or shown is one sentence, no traceback."""
    try:
        return _run(_arguments())
    except (NotebookProblem, NotJSONError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
