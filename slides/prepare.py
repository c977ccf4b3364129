"""The preprocessor that makes a notebook into slides, before the template writes them down."""

import functools
import re
from copy import deepcopy
from html import escape
from pathlib import Path

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from helpers.show.formulas import coloured
from slides import assets, outline, pictures, problems
from slides.arrange import arrange
from slides.problems import STARTS


class PrepareLecture(Preprocessor):
    """Refuses what would be a broken deck, arranges the slides, hands the template its assets."""

    def preprocess(self, nb, resources):
        """The notebook with its cells arranged; ``resources["lecture"]`` for the template."""
        problems.check(nb.cells)
        nb = deepcopy(nb)
        for index, cell in enumerate(nb.cells):
            cell.metadata.lecture = NotebookNode(where=problems.name(nb.cells, index))
        name = resources.get("metadata", {}).get("name", "")
        section = outline.section_of(nb, name)
        nb.cells = arrange(_with_outline(nb.cells, section, name), section)
        for number, cell in enumerate(nb.cells):
            if cell.cell_type == "markdown":
                cell.source = coloured(cell.source)
            prepare_outputs(cell, number)
        _add_to_title(nb, outline.imprint() if outline.number_of(name) else "")
        folder = resources.get("metadata", {}).get("path") or "."
        resources["lecture"] = {
            "title": title(nb, resources),
            "language": resources.get("language_code", "en"),
            "policy": assets.POLICY,
            "styles": assets.styles(),
            "before": assets.theme_script(),
            "scripts": assets.scripts(),
            "tidy": functools.partial(_tidy, folder=Path(folder)),
            "size": pictures.size,
        }
        return nb, resources


def _with_outline(cells, section, name):
    """The cells with the course's outline after the title, unless they bring an own one."""
    starts = [index for index, cell in enumerate(cells) if problems.slide_type(cell) in STARTS]
    has_own = any("outline" in problems.tags(cell) for cell in cells)
    begins_with_title = cells[starts[0]].source.lstrip().startswith("# ")
    if not section or has_own or not begins_with_title or len(starts) < 2:
        return cells
    added = outline.outline(section, outline.number_of(name))
    added.metadata.lecture = NotebookNode(where="the outline")
    return [*cells[: starts[1]], added, *cells[starts[1] :]]


def _add_to_title(nb, imprint):
    """On the title slide: a picture of the lecture's own, and who made it, in which version."""
    first = next((cell for cell in nb.cells if "</section>" in cell.metadata.lecture.closing), None)
    if first is None or 'class="lecture title' not in nb.cells[0].metadata.lecture.opening:
        return
    added = f'<div class="own" aria-hidden="true">{_own_picture(nb)}</div>'
    imprint = nb.metadata.get("imprint", imprint)
    added += f'<p class="imprint">{escape(imprint)}</p>' if imprint else ""
    closing = first.metadata.lecture.closing
    first.metadata.lecture.closing = closing.replace("</section>", added + "</section>")


def _own_picture(nb):
    """The first graph of a lecture, else its first figure; a cell tagged "title" comes first."""
    found = {}
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/svg+xml", "")
            if picture.startswith("<img"):
                graph = 'alt="Graphical model' in picture
                rank = 0 if "title" in problems.tags(cell) else 1 if graph else 2
                found.setdefault(rank, re.sub(r'\balt="[^"]*"', 'alt=""', picture))
    return found[min(found)] if found else ""


def title(nb, resources=None):
    """The notebook's title: its metadata's, else its first heading, else its file's name."""
    if nb.metadata.get("title"):
        return nb.metadata.title
    for cell in nb.cells:
        heading = re.search(r"^#\s+(.+)$", cell.source, flags=re.MULTILINE)
        if cell.cell_type == "markdown" and heading:
            return heading.group(1).strip()
    return (resources or {}).get("metadata", {}).get("name", "Slides")


def prepare_outputs(cell, number):
    """Each output in one form, with its text alternative, and asking for nothing."""
    if cell.cell_type != "code":
        return
    for output in cell.outputs:
        pictures.choose(output)
    unfolded = [pictures.unfold(output) for output in cell.outputs]
    if any(len(grown) > 1 for grown in unfolded):
        cell.metadata.lecture.classes += " stepwise"
    cell.outputs = [picture for grown in unfolded for picture in grown]
    shown = 0
    for output in cell.outputs:
        shown += _prepare_output(cell, output, shown, f"c{number}p{shown}-")


def _prepare_output(cell, output, shown, prefix):
    """Prepare one output; whether it is a picture."""
    data = output.get("data", {})
    alt = pictures.alternative(cell, output, shown)
    if "<svg" in data.get("image/svg+xml", ""):  # not an <img>, in which nothing can clash
        data["image/svg+xml"] = pictures.inline_svg(data["image/svg+xml"], prefix, alt)
    if "text/html" in data:
        data["text/html"] = pictures.offline_html(data["text/html"])
    if "text/markdown" in data:
        data["text/markdown"] = coloured(data["text/markdown"])
    if "metadata" in output:
        output.metadata["alt"] = alt
    return any(kind.startswith("image/") for kind in data)


def _tidy(html, cell, folder):
    return pictures.tidy(html, cell, folder, cell.metadata.lecture.where)
