"""Lectures in another language: `python tools/translate.py extract de`, then `apply de`.

    python tools/translate.py extract LANGUAGE [NOTEBOOK...]   texts into translations/LANGUAGE/*.po
    python tools/translate.py apply LANGUAGE                   lectures into build/LANGUAGE/

A .po file is what translators' programs read (Poedit, Weblate, an editor): one entry for each text
cell and for the title, named by the cell's id. Extracting again keeps what is translated; where
the English has changed since, the entry is marked "fuzzy" and stays English until somebody has
looked at it. Code, formulas and outputs stay as they are; so does what is not translated yet.
"""

import argparse
import sys
from pathlib import Path

import console
import nbformat
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
TITLE = "title of the notebook"


def texts(notebook):
    """{name of a text: the text} of a notebook: its title, then its text cells by their ids."""
    found = {TITLE: notebook.metadata["title"]} if notebook.metadata.get("title") else {}
    cells = (cell for cell in notebook.cells if cell.cell_type == "markdown" and cell.source)
    return found | {cell.id: cell.source for cell in cells}


def extract(path, po, language):
    """Write a notebook's texts into a .po file, and keep what it has; (translated, all)."""
    fresh = Catalog()
    for place, text in texts(nbformat.read(path, as_version=4)).items():
        fresh.add(text, context=place)
    catalog = _read(po, language) if po.exists() else Catalog(locale=language)
    catalog.update(_template(fresh, catalog), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    entries = [entry for entry in catalog if entry.id]
    for entry in entries:
        entry.flags.difference_update(("python-format", "python-brace-format"))
    po.parent.mkdir(parents=True, exist_ok=True)
    with po.open("wb") as file:
        write_po(file, catalog, width=0, sort_output=False, omit_header=False)
    return sum(bool(entry.string) and not entry.fuzzy for entry in entries), len(entries)


def _template(fresh, old):
    """The fresh texts; where one has changed, the old translation comes along, marked fuzzy."""
    by_place = {entry.context: entry for entry in old if entry.id}
    for entry in fresh:
        before = by_place.get(entry.context) if entry.id else None
        if before and before.id != entry.id and before.string:
            old.add(entry.id, before.string, context=entry.context, flags={"fuzzy"})
    return fresh


def apply(path, po, language, target):
    """Write the translated notebook, its links as seen from there; (translated, all)."""
    notebook = nbformat.read(path, as_version=4)
    catalog, current = _read(po, language) if po.exists() else Catalog(), texts(notebook)
    said = {(e.context, e.id): e.string for e in catalog if e.id and not e.fuzzy}
    known = {place: said[place, text] for place, text in current.items() if said.get((place, text))}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = known.get(cell.id, cell.source).replace("](../", "](../../")
    notebook.metadata["title"] = known.get(TITLE, notebook.metadata.get("title", ""))
    notebook.metadata["language"] = language
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    return len(known), len(current)


def _read(po, language):
    try:
        with po.open("rb") as file:
            return read_po(file, locale=language, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise SystemExit(f"{po}: {error}") from None


def main(arguments=None, root=ROOT):
    """See the top of this file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("extract", "apply"))
    parser.add_argument("language", help="a code such as de, pt_BR")
    parser.add_argument("notebooks", nargs="*", type=Path, help="all lectures, if none is named")
    options = parser.parse_args(arguments)
    try:
        language = str(Locale.parse(options.language))
    except (ValueError, UnknownLocaleError):
        parser.error(f"{options.language!r} is no language: expected a code such as de or pt_BR")
    folder = root / "translations" / language
    if options.what == "apply" and not folder.is_dir():
        parser.error(f"there is no {folder}: run `extract {language}` first")
    for path in options.notebooks or sorted((root / "notebooks").glob("*.ipynb")):
        po = folder / f"{path.stem}.po"
        if options.what == "extract":
            done, of = extract(path, po, language)
            print(f"{po}: {done} of {of} texts are translated")
        else:
            target = root / "build" / language / path.name
            done, of = apply(path, po, language, target)
            print(f"{target}: {done} of {of} texts are translated")
    return 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
