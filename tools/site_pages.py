"""Renders every notebook, exercise and solution to static pages: `make site` calls this.

    python tools/site_pages.py      writes build/site/index.html and what it leads to; with
                                    SOLUTIONS=no in the environment, without solutions

The pages need no server and no network: navigation, search, formulas and the interactive
figures are inside. Decks that `make slides` has written are linked from their lectures. Where the
course has an address on GitHub, its pages offer to open in Binder and Colab, and in the browser
where `make lite` has been run.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import console
import nbformat
from lab import folders, without_links_to_solutions

from helpers.show.formulas import coloured
from slides import assets
from slides.outline import number_of

ROOT = Path(__file__).resolve().parent.parent
SOURCE, SITE = ROOT / "build" / "site-source", ROOT / "build" / "site"
SLIDES, LITE = ROOT / "build" / "slides", ROOT / "build" / "lite"
SHEETS = ROOT / "build" / "handout"
LINK_TO_HEADING = re.compile(r"(\]\([^()\s]+\.ipynb#)([^()\s]+)")
SECTIONS = {
    "Lectures": ("notebooks", "0[0-5]*"),
    "From the literature": ("notebooks", "06*"),
    "Beyond the tutorial": ("notebooks", "07*"),
    "Exercises": ("exercises", "*"),
    "Solutions": ("solutions", "*"),
}


def prepare():
    """The pages' sources: notebooks without the teacher's notes, and a table of contents."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    (SOURCE / "_static").mkdir(parents=True)
    shutil.copy(ROOT / "tools/site/conf.py", SOURCE)
    shutil.copy(ROOT / "tools/site/course.css", SOURCE / "_static")
    (SOURCE / "_static/palette.css").write_text(assets.page_colours(), encoding="utf-8")
    (SOURCE / "_static/dark.js").write_text(assets.dark_script(), encoding="utf-8")
    for folder in folders():
        (SOURCE / folder).mkdir()
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            nbformat.write(for_readers(path), SOURCE / folder / path.name)
    shutil.copytree(ROOT / "docs", SOURCE / "docs")
    (SOURCE / "index.md").write_text(contents(), encoding="utf-8")
    (SOURCE / "launch.json").write_text(json.dumps(launch_options()), encoding="utf-8")


def launch_options():
    """The theme's options for buttons that open a page's notebook elsewhere."""
    name, branch = repository()
    if not name:
        return {}
    buttons = {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    }
    if LITE.exists():
        buttons["jupyterlite_url"] = "../lite/lab/index.html"
    return {
        "repository_url": f"https://github.com/{name}",
        "repository_branch": branch,
        "launch_buttons": buttons,
    }


def repository():
    """The course's own OWNER/NAME on GitHub and its branch; ("", "") where it has none."""
    name, branch = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_REF_NAME", "main")
    if name:
        return name, branch
    address = _git("remote", "get-url", "origin")
    found = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", address)
    return (found[1], _git("rev-parse", "--abbrev-ref", "HEAD")) if found else ("", "")


def _git(*arguments):
    """What git says about the course, or "" where there is no git or no repository."""
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def for_readers(path):
    """The notebook as a page: its number in its title, links to what goes with it, no notes."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [c for c in notebook.cells if not _is_note(c)]
    notebook.cells[0].source = _titled(notebook.cells[0].source, path)
    links = _companions(path)
    if links:
        line = nbformat.v4.new_markdown_cell(" · ".join(links), id="companions")
        notebook.cells.insert(1, line)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                output.data["text/markdown"] = coloured(output.data["text/markdown"])
        if cell.cell_type == "markdown":
            cell.source = LINK_TO_HEADING.sub(_site_anchor, cell.source)
            if "solutions" not in folders():
                cell.source = without_links_to_solutions(cell.source)
            cell.source = coloured(cell.source)
    return notebook


def _titled(source, path):
    """A lecture's title with its number, a solution's with its kind: no two pages share one."""
    if path.parent.name == "solutions":
        return re.sub(r"\A# Exercises\b", "# Solutions", source)
    number = number_of(path.stem).lstrip("0")
    return re.sub(r"\A# ", f"# {number} · ", source) if number and _is_lecture(path) else source


def _companions(path):
    """Links from a lecture to its deck, its exercises and its sheet, where they are."""
    deck, sheet = SLIDES / f"{path.stem}.slides.html", SHEETS / f"{path.stem}.pdf"
    found = []
    if not _is_lecture(path):
        return found
    if deck.exists():
        found.append(f'<a href="../slides/{quote(deck.name)}">Slides</a>')
    if (ROOT / "exercises" / path.name).exists():
        found.append(f"[Exercises](../exercises/{path.name})")
    if sheet.exists():
        found.append(f'<a href="../handout/{quote(sheet.name)}">Sheet to print</a>')
    return found


def _is_lecture(path):
    return path.parent.name == "notebooks"


def contents():
    """The front page: the README's first part and a table of contents for each section."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    parts = [readme.split("## Two commands")[0].strip()]
    for caption, (folder, pattern) in SECTIONS.items():
        if folder not in folders():
            continue
        names = sorted(p.stem for p in (ROOT / folder).glob(f"{pattern}.ipynb"))
        listed = "\n".join(f"{folder}/{name}" for name in names)
        parts.append(f"```{{toctree}}\n:maxdepth: 1\n:caption: {caption}\n\n{listed}\n```")
    return "\n\n".join(parts) + "\n"


def build():
    """Run Sphinx; returns its exit code."""
    from sphinx.cmd.build import build_main

    shutil.rmtree(SITE, ignore_errors=True)
    code = build_main(["-q", "-b", "html", "-j", "2", str(SOURCE), str(SITE)])
    if code == 0 and SLIDES.exists():
        shutil.copytree(SLIDES, SITE / "slides")
    if code == 0 and SHEETS.exists():
        shutil.copytree(SHEETS, SITE / "handout")
    if code == 0 and LITE.exists():
        shutil.copytree(LITE, SITE / "lite")
    return code


def _site_anchor(match):
    """Jupyter's anchor of a heading, The-gap?, as the site writes it, the-gap."""
    return match[1] + re.sub(r"[^\w-]", "", match[2].lower())


def _is_note(cell):
    return cell.metadata.get("slideshow", {}).get("slide_type") == "notes"


def main():
    try:
        import myst_nb  # noqa: F401
        import sphinx_book_theme  # noqa: F401
    except ImportError:
        return "The site needs the extra 'site': python tools/environment.py site"
    try:
        prepare()
        code = build()
    except OSError as error:
        return f"The site could not be written: {error.strerror} ({error.filename})"
    if code == 0:
        print("The site is in build/site/index.html")
    return code


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
