"""Gives every lecture the minutes that its slides' notes add up to: `make notebooks` calls this.

    python tools/clock.py          write them into the lectures and the map of the start page
    python tools/clock.py check    change nothing; name what differs

The notes are the only clock ("3 min" in the notes of a slide); a sheet's minutes are those of its
tasks, and `make exercises` sets them. Written are the notebook's own metadata, its line
"**Time.** About N minutes, and M for the [exercises]", and its row of the map.
"""

import math
import re
import sys
from pathlib import Path

import console
import nbformat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from slides.arrange import minutes, split  # noqa: E402

START = "00_start_here.ipynb"
TIME = re.compile(r"(?<=^\*\*Time\.\*\* About )\d+(?= minutes)", re.M)
SHEET = re.compile(r"\d+(?= for the \[exercises\])")


def lecture_minutes(notebook):
    """The sum over the slides, in whole minutes."""
    return math.ceil(sum(minutes(slide) for slide in split(notebook.cells)))


def set_clock(notebook, sheet=None):
    """Write a lecture's minutes into its metadata and its line "Time"; sheet: its exercises'."""
    said = notebook.metadata["minutes"] = lecture_minutes(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and TIME.search(cell.source):
            cell.source = TIME.sub(str(said), cell.source)
            if sheet:
                cell.source = SHEET.sub(str(sheet), cell.source)
            return
    raise SystemExit(f"{notebook.metadata.get('title')}: no line says **Time.** About N minutes")


def set_map(start, clocks):
    """Write each lecture's minutes, and its sheet's, into the map; clocks: {file: (N, M)}."""
    for cell in start.cells:
        for file, (own, sheet) in clocks.items():
            row = rf"(?m)^(\|[^|\n]*\|[^|\n]*\]\({re.escape(file)}\) \|) *\d+ *\|"
            cell.source = re.sub(row, rf"\1 {own} |", cell.source)
            link = rf"\[\d+ min\](?=\(\.\./exercises/{re.escape(file)}\))"
            cell.source = re.sub(link, f"[{sheet} min]", cell.source)


def clocked(root=ROOT):
    """{path: text as it should be} of every lecture."""
    notebooks = {p: nbformat.read(p, as_version=4) for p in sorted(root.glob("notebooks/*.ipynb"))}
    clocks = {}
    for path, notebook in notebooks.items():
        sheet = root / "exercises" / path.name
        own = nbformat.read(sheet, as_version=4).metadata.get("minutes") if sheet.exists() else None
        try:
            set_clock(notebook, own)
        except SystemExit as refusal:
            raise SystemExit(f"{path.name}: {refusal}") from None
        clocks[path.name] = notebook.metadata.minutes, own
    if root / "notebooks" / START in notebooks:
        set_map(notebooks[root / "notebooks" / START], clocks)
    return {path: nbformat.writes(nb).rstrip("\n") + "\n" for path, nb in notebooks.items()}


def write(root=ROOT):
    """Write what differs; the names of the files written."""
    stale = [(p, t) for p, t in clocked(root).items() if p.read_text(encoding="utf-8") != t]
    for path, text in stale:
        path.write_text(text, encoding="utf-8")
    return [path.name for path, _ in stale]


def main(arguments):
    """See the top of this file."""
    if arguments == ["check"]:
        wrong = [p.name for p, t in clocked().items() if p.read_text(encoding="utf-8") != t]
        print("\n".join(f"{name}: minutes differ from its notes'" for name in wrong) or "all agree")
        return int(bool(wrong))
    print("\n".join(write()) or "all agree")
    return 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main(sys.argv[1:]))
