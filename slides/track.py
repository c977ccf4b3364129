"""Tracks: which slides of which lectures fill a slot, read from a file that a teacher can copy.

A track (docs/tracks/NAME.toml) is one deck or several; a deck has a title, a slot in minutes and
parts; a part names a notebook and its slides, in order:

    title = "Variational inference in ninety minutes"

    [[deck]]
    title = "Variational inference in ninety minutes"
    slot = 90
    exercises = ["03a_jensen: the first three tasks"]

    [[deck.part]]
    notebook = "03a_jensen"
    slides = ["Two hills", "#derivation | 6 min"]

A slide is named by its heading, or by "#" and the id of its first cell; the slides without a
heading that continue it come with it. "all" takes the whole lecture. Minutes are those of the
slide's notes unless the track says others; a tenth of the slot stays in reserve.
"""

import re
import tomllib
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import v4
from nbformat.reader import NotJSONError

from slides import outline
from slides.arrange import heading_of, minutes, split
from slides.prepare import plain
from slides.problems import NotebookProblem, slide_type, tags

RESERVE = 0.1  # of a slot
NAMED = re.compile(r"(?P<name>.*?)(?:\s*\|\s*(?P<minutes>.*?)\s*min)?", re.DOTALL)


@dataclass(frozen=True)
class Chosen:
    """A slide of a track: its cells, the notebook they are from, its minutes."""

    cells: tuple
    notebook: str
    minutes: float


@dataclass(frozen=True)
class Deck:
    """One deck of a track; minutes is the sum over its slides, slot what there is."""

    title: str
    slot: float
    parts: tuple
    exercises: tuple = ()

    @property
    def minutes(self):
        """What the slides take together."""
        return sum(slide.minutes for part in self.parts for slide in part)


def read(path, notebooks):
    """The decks of a track; NotebookProblem says in one sentence what is wrong where.

    path: the track's file. notebooks: the folder of the lectures.
    """
    path = Path(path)
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no TOML, or no UTF-8
        raise NotebookProblem(f"{path}: {error}") from None
    _known_keys(said, ("title", "deck"), path)
    found = _listed(said, "deck", dict, path)
    if not found:
        raise NotebookProblem(f"{path}: a track needs at least one [[deck]]")
    return [
        _deck(deck, f"{path}, deck {n}", Path(notebooks)) for n, deck in enumerate(found, start=1)
    ]


def notebook(deck):
    """A deck of a track as a notebook: title, outline before each part, slides, exercises."""
    cells = [_cell(f"# {deck.title}", "title")]
    for number, part in enumerate(deck.parts, start=1):
        stem = part[0].notebook
        section = outline.section_of(v4.new_notebook(), stem)
        if section:
            cells.append(outline.outline(section, outline.number_of(stem)))
            cells[-1].id = f"outline-{number}"
            cells[-1].metadata["section"] = section
        for place, slide in enumerate(part):
            cells += _copied(slide, section, f"p{number}s{place}")
    if deck.exercises:
        tasks = "\n".join(f"- {task}" for task in deck.exercises)
        cells.append(_cell(f"## Exercises\n\n{tasks}", "exercises"))
    whole = {"title": deck.title, "imprint": outline.imprint()}
    return v4.new_notebook(cells=cells, metadata=whole)


def _cell(source, identity):
    cell = v4.new_markdown_cell(source, id=identity)
    cell.metadata.update({"slideshow": {"slide_type": "slide"}, "tags": ["generated"]})
    return cell


def _copied(slide, section, prefix):
    """A slide's cells with ids of their own, its section and its minutes."""
    cells = [deepcopy(cell) for cell in slide.cells]
    for number, cell in enumerate(cells):
        cell.id = f"{prefix}c{number}"
    cells[0].metadata["section"] = section
    cells[0].metadata["minutes"] = slide.minutes
    return cells


def _known_keys(said, keys, where):
    for key in said:
        if key not in keys:
            raise NotebookProblem(f"{where}: {key}: expected one of {', '.join(keys)}")


def _listed(said, key, kind, where):
    """The list under a key, its entries all of a kind."""
    found = said.get(key, [])
    if not isinstance(found, list) or not all(isinstance(entry, kind) for entry in found):
        begin = "[[deck]]" if key == "deck" else "[[deck.part]]"
        expected = f"tables, each begun by {begin}" if kind is dict else "a list of strings"
        raise NotebookProblem(f"{where}: {key}: expected {expected}, got {found!r}")
    return found


def _deck(said, where, notebooks):
    _known_keys(said, ("title", "slot", "part", "exercises"), where)
    title, slot = said.get("title", ""), said.get("slot")
    if not isinstance(title, str):
        raise NotebookProblem(f"{where}: title: expected a string, got {title!r}")
    if isinstance(slot, bool) or not isinstance(slot, int | float) or not 0 < slot < 10_000:
        raise NotebookProblem(f"{where}: slot: expected minutes, a number, got {slot!r}")
    parts = [
        _part(part, f"{where}, part {n}", notebooks)
        for n, part in enumerate(_listed(said, "part", dict, where), start=1)
    ]
    if not parts:
        raise NotebookProblem(f"{where}: a deck needs at least one [[deck.part]]")
    deck = Deck(title, slot, tuple(parts), tuple(_listed(said, "exercises", str, where)))
    room = (1 - RESERVE) * slot
    if deck.minutes > room + 1e-9:
        raise NotebookProblem(
            f"{where}: its slides take {deck.minutes:g} minutes; a slot of {slot:g} with a tenth "
            f"in reserve has room for {room:g}"
        )
    return deck


def _part(said, where, notebooks):
    name = str(said.get("notebook", "")).removesuffix(".ipynb")
    file = notebooks / f"{name}.ipynb"
    if not file.is_file():
        raise NotebookProblem(f"{where}: there is no notebook {name!r} in {notebooks}")
    _known_keys(said, ("notebook", "slides"), where)
    try:
        slides = _slides(nbformat.read(file, as_version=4).cells)
    except NotJSONError as error:
        raise NotebookProblem(f"{where}: {file} is no notebook: {error}") from None
    if said.get("slides", "all") == "all":
        wanted = [f"#{key}" for key, _, _ in slides[1:]]
    else:
        wanted = _listed(said, "slides", str, where)
    if not wanted:
        raise NotebookProblem(f"{where}: slides: expected at least one slide of {name}, or 'all'")
    return tuple(slide for entry in wanted for slide in _chosen(entry, slides, name, where))


def _slides(cells):
    """[(id of the first cell, heading, cells), ...] of a lecture."""
    found = []
    for slide in split(cells):
        first = next(cell for cell in slide if slide_type(cell) not in ("skip", "notes"))
        if not {"outline", "generated"} & set(tags(first)):
            found.append((first.id, plain(heading_of(first)), slide))
    return found


def _chosen(entry, slides, name, where):
    """The slides that an entry of a track names."""
    match = NAMED.fullmatch(str(entry).strip())
    wanted, own = match["name"].strip(), _number(match["minutes"], entry, where)
    column = 0 if wanted.startswith("#") else 1
    key = wanted.removeprefix("#") if column == 0 else plain(wanted)
    places = [i for i, slide in enumerate(slides) if slide[column] == key]
    if not places:
        how = "; minutes are written '| 3 min'" if "|" in wanted else ""
        raise NotebookProblem(f"{where}: {name} has no slide {wanted!r}{how}")
    if len(places) > 1:
        ids = ", ".join(f"#{slides[i][0]}" for i in places)
        raise NotebookProblem(f"{where}: {name} has several slides {wanted!r}: say {ids}")
    start = stop = places[0]
    while column and stop + 1 < len(slides) and not slides[stop + 1][1]:
        stop += 1
    for _, heading, cells in slides[start : stop + 1]:
        takes = minutes(cells) if own is None else own / (stop + 1 - start)
        if not takes:
            raise NotebookProblem(
                f"{where}: {heading or wanted!r} of {name} has no minutes: write '2 min' into its "
                f"notes, or '{wanted} | 2 min' here"
            )
        yield Chosen(tuple(cells), name, takes)


def _number(text, entry, where):
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1000:
        raise NotebookProblem(f"{where}: {entry!r}: minutes: expected a number, got {text!r}")
    return value
