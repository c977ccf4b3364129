"""Makes the edition for a class, without answers: `make students` calls this.

    python tools/students.py [FOLDER]      writes FOLDER (build/students/course) and FOLDER.zip

It holds lectures without the teacher's notes, exercises, the library, the environment and the
checks. There are no solutions; the right answers that a check compares with are sealed, so that
neither a look into a file nor an import shows them. (Who is set on taking a check apart will
succeed: marks come from grading, where the teacher's own copy decides.)
"""

import base64
import re
import shutil
import sys
import zlib
from pathlib import Path

import console
import nbformat
from lab import without_links_to_solutions

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tools" / "for_students"
TARGET = ROOT / "build" / "students" / "course"
FILES = (
    "pyproject.toml",
    "constraints.txt",
    "environment.yml",
    "LICENSE",
    "LICENSE-TEXT",
    "CITATION.cff",
    "tools/console.py",
    "tools/environment.py",
    "tools/lab.py",
    "tools/jupyterlab_settings.json",
)
PACKAGES = ("helpers", "checks", "slides")
SHEET = re.compile(r"^from checks import (\w+) as check$", re.M)
STUB = '''"""The tasks of this sheet; their answers are sealed in this edition."""

from checks.sealed import open_sheet

globals().update(open_sheet(__name__))
'''


def build(target):
    """Write the edition into ``target`` and beside it as a zip; the zip's path."""
    shutil.rmtree(target, ignore_errors=True)
    for name in FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    for name in PACKAGES:
        unwanted = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
        shutil.copytree(ROOT / name, target / name, ignore=unwanted)
    for name in ("README.md", "Makefile"):
        shutil.copy(OWN / name, target / name)
    for folder in ("notebooks", "exercises"):
        (target / folder).mkdir()
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            nbformat.write(without_answers(path), target / folder / path.name)
    seal(target)
    return Path(shutil.make_archive(str(target), "zip", target.parent, target.name))


def without_answers(path):
    """The notebook without the teacher's notes and without links to solutions."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.metadata.get("slideshow", {}).get("slide_type") != "notes"
    ]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = without_links_to_solutions(cell.source)
    return notebook


def seal(target):
    """Put what opens sealed sheets into the package of checks, and seal each sheet."""
    shutil.copy(OWN / "sealed.py", target / "checks")
    texts = [path.read_text(encoding="utf-8") for path in (target / "exercises").glob("*.ipynb")]
    cells = [cell.source for text in texts for cell in nbformat.reads(text, as_version=4).cells]
    for name in {name for source in cells for name in SHEET.findall(source)}:
        path = target / "checks" / f"{name}.py"
        pack(path)
        path.write_text(STUB, encoding="utf-8")
    for path in (target / "checks").glob("*/[0-9]*.t*"):  # known mistakes, and texts with answers
        pack(path)
        path.unlink()


def pack(path):
    """Write what is in a file beside it, so that one does not read it by chance."""
    packed = base64.b85encode(zlib.compress(path.read_bytes(), 9))
    path.with_suffix(".sealed").write_bytes(packed)


def main(arguments):
    """See the top of this file."""
    target = Path(arguments[0]).resolve() if arguments else TARGET
    if target.exists() and not (target / "checks" / "sealed.py").exists():
        return f"{target} is there and holds something else: name another folder"
    if (target / "work").exists():
        return f"{target} holds the work of somebody who opened it there: name another folder"
    try:
        print(f"For the class, without answers: {target} and {build(target)}")
    except OSError as error:
        return f"{target} could not be written: {error.strerror} ({error.filename})"
    return 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main(sys.argv[1:]))
