"""Decks and the page that lists them, written anew only where something changed.

A deck's key is the hash of its notebook, of the files beside it that it may show, and of all that
makes slides of it. What was built is remembered in ``.built.json`` beside the decks, so that one
notebook rebuilt leaves the others in the list.
"""

import hashlib
import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

import nbformat

from slides import LectureSlides, track
from slides.contents import Lecture, contents, lecture
from slides.problems import NotebookProblem

ROOT = Path(__file__).resolve().parents[1]
RECORD = ".built.json"
MAKERS = ("slides", "helpers/show/palette.py", "helpers/show/formulas.py", "pyproject.toml")


def names(notebooks):
    """The decks' file names; those of the same name in two folders are told apart by the folder."""
    count = Counter(Path(notebook).stem for notebook in notebooks)
    found = {}
    for notebook in map(Path, notebooks):
        twin = count[notebook.stem] > 1
        stem = f"{notebook.resolve().parent.name}-{notebook.stem}" if twin else notebook.stem
        while f"{stem}.slides.html" in found.values():
            stem += "-2"
        found[notebook] = f"{stem}.slides.html"
    return found


def render(notebook):
    """A notebook file's deck as HTML, and sentences about what it cannot show."""
    notebook = Path(notebook)
    nb = nbformat.read(notebook, as_version=4)
    where = {"metadata": {"name": notebook.stem, "path": str(notebook.resolve().parent)}}
    html, resources = LectureSlides().from_notebook_node(nb, where)
    return html, list(dict.fromkeys(resources["lecture"]["lost"]))


def write(notebook, folder, name=None):
    """Write a notebook's deck into a folder; the deck's path. What is lost is said."""
    notebook = Path(notebook)
    deck = Path(folder) / (name or f"{notebook.stem}.slides.html")
    html, lost = render(notebook)
    deck.parent.mkdir(parents=True, exist_ok=True)
    deck.write_text(html, encoding="utf-8")
    for sentence in lost:
        print(f"{notebook}: {sentence}", file=sys.stderr)
    return deck


def write_track(path, folder):
    """Write the decks of a track, and say what time they take; their paths."""
    path, folder = Path(path), Path(folder)
    decks = track.read(path, ROOT / "notebooks")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, deck in enumerate(decks, start=1):
        stem = f"{path.stem}-{number:02d}" if len(decks) > 1 else path.stem
        where = {"metadata": {"name": stem, "path": str(ROOT / "notebooks")}}
        html, _ = LectureSlides().from_notebook_node(track.notebook(deck), where)
        written.append(folder / f"{stem}.slides.html")
        written[-1].write_text(html, encoding="utf-8")
        print(f"{written[-1]}: {deck.minutes:g} of {deck.slot:g} minutes")
    return written


def build(notebooks, folder):
    """Write the decks that changed and the page that lists all; (page, decks written)."""
    folder, notebooks = Path(folder), [Path(notebook).resolve() for notebook in notebooks]
    built = _read(folder)
    decks = names([*notebooks, *(Path(p) for p in built if Path(p) not in notebooks)])
    keys = {notebook: _key(notebook) for notebook in notebooks}
    stale = [
        notebook
        for notebook in notebooks
        if built.get(str(notebook), {}).get("key") != keys[notebook]
        or not (folder / decks[notebook]).is_file()
    ]
    problems = []
    for notebook, outcome in zip(stale, _map(_entry, stale, folder, decks), strict=True):
        if isinstance(outcome, str):
            problems.append(f"{notebook.name}: {outcome}")
        else:
            built[str(notebook)] = {"key": keys[notebook], "deck": outcome}
    kept = {path: entry for path, entry in sorted(built.items()) if Path(path).is_file()}
    page = folder / "index.html"
    if kept != _read(folder) or not page.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RECORD).write_text(json.dumps(kept), encoding="utf-8")
        page.write_text(contents([Lecture(**entry["deck"]) for entry in kept.values()]), "utf-8")
    if problems:
        raise NotebookProblem("\n".join(problems))
    return page, [folder / decks[notebook] for notebook in stale]


def _map(function, stale, folder, decks):
    """In two processes where it pays."""
    jobs = [(notebook, folder, decks[notebook]) for notebook in stale]
    if len(jobs) < 3:
        return [function(job) for job in jobs]
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(function, jobs))


def _entry(job):
    """One deck written: what the list says of it, or the sentence that says why not."""
    notebook, folder, name = job
    try:
        deck = write(notebook, folder, name)
        nb = nbformat.read(notebook, as_version=4)
        return asdict(lecture(nb, notebook, deck.name))
    except (NotebookProblem, ValueError, OSError) as error:
        return str(error)


def _read(folder):
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _key(notebook):
    digest = hashlib.sha256(_makers())
    digest.update(notebook.read_bytes())
    for beside in sorted(notebook.parent.iterdir()):
        if beside.is_file() and beside.suffix not in (".ipynb", ".py"):
            digest.update(f"{beside.name} {beside.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


@cache
def _makers():
    digest = hashlib.sha256(version("nbconvert").encode())
    for maker in MAKERS:
        path = ROOT / maker
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.read_bytes())
    return digest.digest()
