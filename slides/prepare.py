"""The preprocessor that makes a notebook into slides, before the template writes them down."""

import functools
import re
from copy import deepcopy
from pathlib import Path

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from helpers.show.formulas import coloured
from slides import assets, pictures, problems
from slides.arrange import arrange


class PrepareLecture(Preprocessor):
    """Refuses what would be a broken deck, arranges the slides, hands the template its assets."""

    def preprocess(self, nb, resources):
        """The notebook with its cells arranged; ``resources["lecture"]`` for the template."""
        problems.check(nb.cells)
        nb = deepcopy(nb)
        for index, cell in enumerate(nb.cells):
            cell.metadata.lecture = NotebookNode(where=problems.name(nb.cells, index))
        nb.cells = arrange(nb.cells)
        for number, cell in enumerate(nb.cells):
            if cell.cell_type == "markdown":
                cell.source = coloured(cell.source)
            prepare_outputs(cell, number)
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
