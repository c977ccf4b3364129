"""From a list of cells to slides: what is written before and after each cell.

Slide types (``metadata.slideshow.slide_type``), as everywhere in Jupyter:
    slide, subslide   starts a slide
    fragment          comes with the next key press
    - (or nothing)    continues what the cell before it began
    notes             for the speaker view only
    skip              for readers of the notebook only

Tags:
    stepwise        each line of a derivation, list item and row of a table is a build-up, and so is
                    what follows them in the cell; likewise the groups "step-1", "step-2" ... of a
                    drawing; of several pictures each takes the place of the one before
    stepwise-braces also each labelled brace, in reading order or as metadata.braces says: for
                    every brace in reading order the number of the step at which it appears
    beside          stands at the right of the cell before it
    show-input      its code is shown open; otherwise it is folded, or with "remove-input" left out
    dense           smaller text and less space, for the slide whose first cell has the tag
"""

import re
from copy import deepcopy
from itertools import pairwise

from nbformat import NotebookNode

from helpers.show import palette
from helpers.slides.problems import HIDDEN, STARTS, slide_type, tags

MINUTES = re.compile(r"(\d+(?:[.,]\d+)?)\s*min\b", re.IGNORECASE)
HEADING = re.compile(r"#{1,6}\s[^\n]*")
STYLES = ("stepwise", "stepwise-braces", "show-input", "dense")


def arrange(cells):
    """The cells to be shown, with opening, closing, classes, data and code in metadata.lecture.

    Cells before the first slide are hidden, as are those of type "skip". The notes of a slide go
    to its end, so that no fragment hides them from the speaker.
    """
    slides = split(cells)
    return [
        cell
        for number, slide in enumerate(slides, start=1)
        for cell in _slide(slide, number, len(slides))
    ]


def split(cells):
    """Lists of cells, one per slide, without those of type "skip"."""
    slides = []
    for cell in cells:
        if slide_type(cell) in STARTS:
            slides.append([])
        if slides and slide_type(cell) != "skip" and _visible(cell):
            slides[-1].append(cell)
    return [slide for slide in slides if any(slide_type(cell) != "notes" for cell in slide)]


def minutes(cells):
    """The minutes that the speaker notes of one slide ask for ("3 min"); 0 where they do not."""
    found = [MINUTES.search(cell.source) for cell in cells if slide_type(cell) == "notes"]
    return sum(float(match.group(1).replace(",", ".")) for match in found if match)


def _visible(cell):
    """Raw cells and empty ones show nothing; they would only add space."""
    if cell.cell_type == "code":
        return bool(cell.outputs) or (cell.source.strip() and "remove-input" not in tags(cell))
    return cell.cell_type == "markdown" and bool(cell.source.strip())


def _slide(cells, number, total):
    body = [cell for cell in cells if slide_type(cell) not in HIDDEN]
    body = _heading_apart(body[0]) + body[1:]
    notes = [cell for cell in cells if slide_type(cell) == "notes"]
    for cell in body + notes:
        cell.metadata.lecture = _dressing(cell)
    _mark_fragments(body)
    _open_columns(body)
    below = body[1:] if HEADING.fullmatch(body[0].source.strip()) else body
    if below:
        _wrap(below[0], below[-1], '<div class="body">', "</div>")
    for cell in notes:
        _wrap(cell, cell, '<aside class="notes">', "</aside>")
    _wrap(body[0], (body + notes)[-1], _section(cells, body, number, total), "</section>")
    return body + notes


def _heading_apart(cell):
    """The slide's first cell as two, if it begins with a heading and goes on."""
    source = cell.source.strip()
    match = HEADING.match(source)
    rest = source[match.end() :].strip() if match else ""
    if cell.cell_type != "markdown" or not rest:
        return [cell]
    heading, below = deepcopy(cell), deepcopy(cell)
    heading.source, below.source = match.group(), rest
    heading.id = f"{cell.get('id', 'cell')[:50]}-heading"
    return [heading, below]


def _section(cells, body, number, total):
    classes = ["lecture"]
    if number == 1 and re.match(r"#\s", body[0].source):
        classes.append("title")
    if "dense" in tags(body[0]):
        classes.append("dense")
    seconds = round(60 * minutes(cells))
    timing = f' data-timing="{seconds}"' if seconds else ""
    ground = f' data-background-color="{palette.PAPER[palette.DARK]}"' if "title" in classes else ""
    place = f' data-number="{number} / {total}"'
    return f'<section class="{" ".join(classes)}"{place}{timing}{ground}>'


def _dressing(cell):
    classes = [tag for tag in STYLES if tag in tags(cell)]
    if "stepwise-braces" in classes and "stepwise" not in classes:
        classes.append("stepwise")
    steps = cell.metadata.get("braces")
    return NotebookNode(
        opening="",
        closing="",
        classes="".join(f" {name}" for name in classes),
        data=f' data-braces="{" ".join(map(str, steps))}"' if steps else "",
        code=_code(cell),
        where=cell.metadata.get("lecture", {}).get("where", "a cell"),
    )


def _code(cell):
    """How the cell's code is shown: "open", "folded" or "hidden"."""
    if cell.cell_type != "code" or not cell.source.strip() or "remove-input" in tags(cell):
        return "hidden"
    return "open" if "show-input" in tags(cell) else "folded"


def _mark_fragments(body):
    """A fragment lasts until the next one, or until the end of the slide."""
    inside = False
    for cell in body[1:]:
        starts = slide_type(cell) == "fragment"
        if starts or inside:
            cell.metadata.lecture.classes += " fragment" if starts else " fragment continued"
        inside = inside or starts


def _open_columns(body):
    """Put a cell tagged "beside" to the right of the one before it."""
    for left, right in pairwise(body):
        if "beside" in tags(right) and "beside" not in tags(left):
            _wrap(left, right, '<div class="columns">', "</div>")


def _wrap(first, last, opening, closing):
    """Put tags around a run of cells, outside those that are there."""
    first.metadata.lecture.opening = opening + first.metadata.lecture.opening
    last.metadata.lecture.closing += closing
