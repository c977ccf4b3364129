"""The text of the whole course as one PDF, with contents, equations and figures: `make book`.

    python tools/book.py [--out build/book] [NOTEBOOK ...]

Teachers' notes and code are left out; what code shows (figures, tables) stays, each figure with
the number of its notebook and its alternative text as a caption. Interactive figures stand as they
are at first. Without a browser there is the HTML page alone.
"""

import argparse
import html
import re
import sys
from pathlib import Path

import console
import nbformat
import printing
from nbconvert import HTMLExporter

from slides.problems import slide_type

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"<h([12])[^>]*?id=\"([^\"]*)\"[^>]*>(.*?)</h\1>", re.S)
FIGURE = re.compile(r"<(img|figure|svg)\b")
STYLE = """
section { break-before: page; } nav { break-before: page; } nav ol { list-style: none; }
nav li.h2 { margin-left: 1.5em; } figcaption { font-size: 9pt; color: #444; }
.jp-InputArea { display: none; } .jp-OutputPrompt, .jp-InputPrompt { display: none; }
"""


def chapter(path):
    """(title, HTML) of one notebook: its text and what its code shows."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if slide_type(cell) != "notes"]
    numbers = iter(range(1, 10**6))
    number = path.stem.partition("_")[0].lstrip("0")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = ""
    exporter = HTMLExporter(template_name="basic", exclude_input=True, exclude_output_prompt=True)
    parts = []
    for cell in notebook.cells:
        single = nbformat.v4.new_notebook(cells=[cell], metadata=notebook.metadata)
        text = exporter.from_notebook_node(single)[0]
        if cell.cell_type == "code" and FIGURE.search(text):
            alt = _alternative(cell)
            caption = f"<b>Figure {number}-{next(numbers)}.</b> {html.escape(alt)}"
            text = f"<figure>{text}<figcaption>{caption}</figcaption></figure>"
        parts.append(_own_ids(text, path.stem))
    body = "\n".join(parts)
    title = next((_plain(m[3]) for m in HEADING.finditer(body) if m[1] == "1"), path.stem)
    return title, f'<section id="{path.stem}">{body}</section>'


def _alternative(cell):
    """The alternative text of a cell's pictures, as the cell or its outputs say it."""
    places = [cell.metadata, *(output.get("metadata", {}) for output in cell.outputs)]
    places += [part for place in places for part in place.values() if isinstance(part, dict)]
    said = next((place["alt"] for place in places if place.get("alt")), "")
    return said if isinstance(said, str) else " ".join(said)


def _own_ids(text, stem):
    """Headings of all notebooks in one page: their ids begin with the notebook's name."""
    return re.sub(r'(<h\d[^>]*?id=")', rf"\g<1>{stem}--", text)


def _plain(text):
    return html.unescape(re.sub(r"<[^>]+>|¶", "", text)).strip()


def contents(chapters):
    """The list of headings, with links."""
    lines = [
        f'<li class="h{level}"><a href="#{where}">{html.escape(_plain(text))}</a></li>'
        for _, body in chapters
        for level, where, text in HEADING.findall(body)
    ]
    return f"<nav><h1>Contents</h1><ol>{''.join(lines)}</ol></nav>"


def book(paths):
    """The whole as one HTML page."""
    chapters = [chapter(path) for path in paths]
    title = "<h1>Variational inference: the basics</h1><p>The text of the course.</p>"
    body = title + contents(chapters) + "\n".join(body for _, body in chapters)
    return printing.page("Variational inference: the basics", body, STYLE)


def main(arguments=None):
    """Write it and say where."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "book")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    pages = {"variational_inference": book(paths)}
    print(*printing.write_all(pages, options.out, "Variational inference: the basics"), sep="\n")


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
