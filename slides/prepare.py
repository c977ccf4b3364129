"""The preprocessor that makes a notebook into slides, before the template writes them down."""

import functools
import re
from copy import deepcopy
from html import escape
from pathlib import Path

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from helpers.show.formulas import coloured
from slides import assets, carried, outline, pictures, problems
from slides.arrange import arrange
from slides.problems import STARTS

# HTML that may ask for something: a style sheet, a frame, a file, an animation's icons
FOREIGN = re.compile(r"<link\b|<iframe\b|<object\b|<embed\b|_anim_|\bsrc\s*=\s*[\"'](?!data:)")


class PrepareLecture(Preprocessor):
    """Refuses what would be a broken deck, arranges the slides, hands the template its assets."""

    def preprocess(self, nb, resources):
        """The notebook with its cells arranged; ``resources["lecture"]`` for the template."""
        getattr(self.log, "logger", self.log).addFilter(problems.in_one_sentence)
        problems.check(nb.cells)
        nb = deepcopy(nb)
        for index, cell in enumerate(nb.cells):
            cell.metadata.lecture = NotebookNode(where=problems.name(nb.cells, index))
        name = resources.get("metadata", {}).get("name", "")
        section = outline.section_of(nb, name)
        lost = []
        nb.cells = arrange(_with_outline(nb.cells, section, name), section)
        folder = Path(resources.get("metadata", {}).get("path") or ".")
        for number, cell in enumerate(nb.cells):
            prepare_text(cell, lost)
            prepare_outputs(cell, number, folder, lost)
        _add_to_title(nb, outline.imprint() if outline.number_of(name) else "")
        resources["lecture"] = {
            "title": title(nb, resources),
            "language": nb.metadata.get("language", resources.get("language_code", "en")),
            "policy": assets.POLICY,
            "styles": assets.styles(),
            "before": assets.theme_script(),
            "scripts": assets.scripts(),
            "tidy": functools.partial(_tidy, folder=folder, lost=lost),
            "lost": lost,
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
    added = f'<div class="own" aria-hidden="true">{own_picture(nb.cells)}</div>'
    imprint = nb.metadata.get("imprint", imprint)
    added += f'<p class="imprint">{escape(imprint)}</p>' if imprint else ""
    closing = first.metadata.lecture.closing
    first.metadata.lecture.closing = closing.replace("</section>", added + "</section>")


def own_picture(cells):
    """The first graph of a lecture, else its first figure; one tagged "title" comes first."""
    found = {}
    for cell in cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            picture = pictures.IMAGE.search(
                data.get("image/svg+xml", "") + data.get("text/html", "")
            )
            if picture:
                graph = 'alt="Graphical model' in picture[0]
                rank = 0 if "title" in problems.tags(cell) else 1 if graph else 2
                found.setdefault(rank, re.sub(r'\b(alt|style)="[^"]*"', "", picture[0]))
    return found[min(found)].replace("<img", '<img alt=""') if found else ""


def title(nb, resources=None):
    """The notebook's title: its metadata's, else its first heading, else its file's name."""
    if nb.metadata.get("title"):
        return nb.metadata.title
    for cell in nb.cells:
        text = carried.without_fences(cell.source)
        heading = re.search(r"^#\s+(.+)$", text, flags=re.MULTILINE)
        if cell.cell_type == "markdown" and heading:
            return plain(heading.group(1))
    return (resources or {}).get("metadata", {}).get("name", "Slides")


def plain(markdown):
    """A line of Markdown as it reads: no asterisks, backticks or tags; formulas stay as written."""
    parts = re.split(r"(\$[^$\n]+\$)", markdown.strip())
    return "".join(
        part if i % 2 else re.sub(r"(?<!\\)(\*\*|\*|`|(?<!\w)_|_(?!\w))", "", part)
        for i, part in enumerate(parts)
    )


def prepare_text(cell, lost):
    """A Markdown cell with its attachments in it, its formulas coloured and safe in tables."""
    if cell.cell_type == "markdown":
        where = cell.metadata.lecture.where
        cell.source = carried.attachments(cell, where)
        cell.source = coloured(carried.tables(carried.mermaid(cell.source, where, lost)))


def prepare_outputs(cell, number, folder, lost):
    """Each output in one form, with its text alternative, and asking for nothing."""
    if cell.cell_type != "code":
        return
    for place, output in enumerate(cell.outputs):
        pictures.choose(output, cell, place)
        if output.output_type == "stream":
            output.text = carried.terminal(output.text)
        elif "text/html" in output.get("data", {}):
            html, where = output.data["text/html"], cell.metadata.lecture.where
            if FOREIGN.search(html):
                output.data["text/html"] = carried.offline(html, folder, where, lost)
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
    if "text/markdown" in data:
        data["text/markdown"] = coloured(data["text/markdown"])
    if "metadata" in output:
        output.metadata["alt"] = alt
    return any(kind.startswith("image/") for kind in data)


def _tidy(html, cell, folder, lost):
    return pictures.tidy(html, cell, folder, cell.metadata.lecture.where, lost)
