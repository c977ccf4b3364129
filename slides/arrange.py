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
    beside          stands in a column at the right of the cell before it, below other such cells
    predict         a question for the room: 44 px, its list as options that can be counted
    show-input      its code is shown open; otherwise it is folded, or with "remove-input" left out
    outline         this slide is the outline, and none is generated after the title
    title           of a figure: it is the picture on the title slide
    dense           smaller text and less space, for the slide whose first cell has the tag
"""

import re
from copy import deepcopy
from itertools import groupby

from nbconvert.filters import markdown2html
from nbformat import NotebookNode

from helpers.show import palette
from helpers.show.formulas import coloured
from slides.outline import strip
from slides.problems import HIDDEN, STARTS, slide_type, tags

MINUTES = re.compile(r"(\d+(?:[.,]\d+)?)\s*min\b", re.IGNORECASE)
HEADING = re.compile(r"#{1,6}\s[^\n]*")
STYLES = ("stepwise", "stepwise-braces", "show-input", "dense", "predict")
OF_SLIDE = ("dense", "outline", "generated")


def arrange(cells, section=""):
    """The cells to be shown, with opening, closing, classes, data and code in metadata.lecture.

    Cells before the first slide are hidden, as are those of type "skip". The notes of a slide go
    to its end, so that no fragment hides them from the speaker. section: the course's section
    that is lit in the strip; a cell's own metadata.section comes first.
    """
    slides = split(cells)
    shown, running = [], ""
    for number, slide in enumerate(slides, start=1):
        heading = heading_of(_first(slide))
        where = _first(slide).metadata.get("section", section)
        place = f"{number} / {len(slides)}"
        shown += _slide(slide, place, "" if heading else running, strip(where))
        running = heading or running
    return shown


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
    """The minutes of one slide: its first cell's metadata.minutes, else those of its notes.

    "3 min" in the notes; 0 where nothing is said.
    """
    if cells and cells[0].metadata.get("minutes"):
        return float(cells[0].metadata.minutes)
    found = [MINUTES.search(cell.source) for cell in cells if slide_type(cell) == "notes"]
    return sum(float(match.group(1).replace(",", ".")) for match in found if match)


def _visible(cell):
    """Raw cells and empty ones show nothing; they would only add space."""
    if cell.cell_type == "code":
        return bool(cell.outputs) or (cell.source.strip() and "remove-input" not in tags(cell))
    return cell.cell_type == "markdown" and bool(cell.source.strip())


def heading_of(cell):
    """The text of the heading that a Markdown cell begins with, else ""."""
    match = HEADING.match(cell.source.strip()) if cell.cell_type == "markdown" else None
    return match.group().lstrip("#").strip() if match else ""


def _first(cells):
    return next(cell for cell in cells if slide_type(cell) not in HIDDEN)


def _slide(cells, place, running, above):
    """The cells of one slide, its notes last; running is the heading it continues."""
    first, *others = (cell for cell in cells if slide_type(cell) not in HIDDEN)
    notes = [cell for cell in cells if slide_type(cell) == "notes"]
    section = _section(cells, place)
    heading, below = _heading_apart(first, 'class="lecture title' in section)
    body = below + others
    for cell in heading + body + notes:
        cell.metadata.lecture = _dressing(cell)
        cell.metadata.lecture.where = f"slide {place.split()[0]}, {cell.metadata.lecture.where}"
    _mark_fragments(heading + body)
    _open_columns(body)
    if body:
        _wrap(body[0], body[-1], '<div class="body">', "</div>")
    for cell in notes:
        _wrap(cell, cell, '<aside class="notes">', "</aside>")
    shown = heading + body + notes
    header = f'<p class="running">{_inline(running)}</p>' if running else ""
    _wrap(shown[0], shown[-1], section + above + header, "</section>")
    return shown


def _inline(text):
    """A line of Markdown as HTML without the paragraph around it."""
    return re.sub(r"\A<p>|</p>\Z", "", markdown2html(coloured(text)).strip())


def _heading_apart(cell, is_title):
    """The slide's first cell as ([heading], [what follows it]); all headings are of one level."""
    if not heading_of(cell):
        return [], [cell]
    source = cell.source.strip()
    end = HEADING.match(source).end()
    heading, below = deepcopy(cell), deepcopy(cell)
    heading.source, below.source = source[:end], source[end:].strip()
    if not is_title:
        heading.source = f"## {heading_of(cell)}"
    heading.id = f"{cell.get('id', 'cell')[:50]}-heading"
    heading.metadata.tags = []
    return [heading], [below] if below.source else []


def _section(cells, place):
    first = _first(cells)
    is_title = place.startswith("1 ") and heading_of(first) and re.match(r"\s*#\s", first.source)
    classes = [
        "lecture",
        *(["title"] if is_title else []),
        *({"dense", "outline", "generated"} & set(tags(first))),
    ]
    attributes = {"class": " ".join(classes), "data-number": place}
    if minutes(cells):
        attributes["data-timing"] = round(60 * minutes(cells))
    if is_title:
        attributes["data-background-color"] = palette.PAPER[palette.DARK]
    return "<section " + " ".join(f'{key}="{value}"' for key, value in attributes.items()) + ">"


def _dressing(cell):
    classes = [tag for tag in STYLES if tag in tags(cell)]
    if "stepwise-braces" in classes and "stepwise" not in classes:
        classes.append("stepwise")
    steps = cell.metadata.get("braces")
    return NotebookNode(
        opening="",
        closing="",
        classes="".join(f" {name}" for name in classes) + " answer" * ("answers" in cell.metadata),
        data=f' data-braces="{" ".join(map(str, steps))}"' if steps else "",
        code=_code(cell),
        where=cell.metadata.get("lecture", {}).get("where", "a cell"),
    )


def _code(cell):
    """How the cell's code is shown: "open", "open small", "folded" or "hidden"."""
    if cell.cell_type != "code" or not cell.source.strip() or "remove-input" in tags(cell):
        return "hidden"
    if "show-input" not in tags(cell):
        return "folded"
    lines = cell.source.splitlines()
    return "open" if len(lines) <= 8 and max(map(len, lines)) <= 76 else "open small"


def _mark_fragments(body):
    """A fragment lasts until the next one, or until the end of the slide."""
    inside = False
    for cell in body[1:]:
        starts = slide_type(cell) == "fragment"
        if starts or inside:
            cell.metadata.lecture.classes += " fragment" if starts else " fragment continued"
        inside = inside or starts


def _open_columns(body):
    """Put cells tagged "beside" into a column at the right of the cell before them."""
    start = 0
    for is_right, run in groupby(body, lambda cell: "beside" in tags(cell)):
        right = list(run)
        if is_right and start:
            _wrap(right[0], right[-1], '<div class="column">', "</div>")
            _wrap(body[start - 1], right[-1], '<div class="columns">', "</div>")
        start += len(right)


def _wrap(first, last, opening, closing):
    """Put tags around a run of cells, outside those that are there."""
    first.metadata.lecture.opening = opening + first.metadata.lecture.opening
    last.metadata.lecture.closing += closing
