"""Makes exercises/ from solutions/: `make exercises` calls this.

    python tools/exercises.py            mark the solutions for nbgrader, then write the exercises
    python tools/exercises.py check      change nothing; name every line that is not as it would be
    python tools/exercises.py --force    also overwrite exercises that somebody has worked in
    python tools/exercises.py build 03a_jensen        one notebook only; `check` takes names too

A solution is a notebook that imports its checks (`from checks import NAME as check`),
holds answers between `### BEGIN SOLUTION` and `### END SOLUTION`, and ends each task with a cell
`check.TASK(FUNCTION)`. A task on paper is one text cell, its id the task's name with dashes, its
solution between `<!-- BEGIN SOLUTION -->` and `<!-- END SOLUTION -->`. Marking adds what nbgrader
wants to know: the metadata, the points (they stand in the module of checks) and a hidden line by
which grading uses its own copy of the checks, and the rubrics of the tasks on paper.
The stripping is nbgrader's own. A file in exercises/ whose text is not what was last written there
is a student's work, and stays.
"""

import argparse
import copy
import difflib
import hashlib
import json
import re
import sys
from pathlib import Path

import console
import nbformat
from marks import mark
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
STUB = "# your code here\nraise NotImplementedError"
KEPT = ("title", "minutes", "kernelspec", "language_info")


def exercise(solution):
    """The exercise of a marked solution: answers, hidden tests and outputs gone."""
    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    notebook = copy.deepcopy(solution)
    answers = [line for cell in notebook.cells for line in _answers(cell)]
    for preprocessor in (ClearSolutions, ClearHiddenTests, ClearOutput):
        notebook, _ = preprocessor(config=config).preprocess(notebook, {})
    for cell in notebook.cells:
        _clean(cell)
    notebook.metadata = nbformat.from_dict(
        {key: notebook.metadata[key] for key in KEPT if key in notebook.metadata}
    )
    _refuse_leaks(notebook, answers)
    notebook.metadata["generated"] = fingerprint(notebook)
    return notebook


def _clean(cell):
    kept = ("tags", "slideshow", "nbgrader", "alt")
    cell.metadata = nbformat.from_dict({k: cell.metadata[k] for k in kept if k in cell.metadata})
    if cell.cell_type == "code":
        cell.execution_count, cell.outputs = None, []
        cell.pop("attachments", None)
    cell.source = cell.source.strip("\n")


def _answers(cell):
    """The lines between the marks that are long enough to give something away."""
    inside = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.S)
    lines = [line.strip() for block in inside for line in block.split("\n")]
    return [line for line in lines if len(line) > 15 and not line.startswith("#")]


def _refuse_leaks(notebook, answers):
    for cell in notebook.cells:
        text = json.dumps(cell, ensure_ascii=False)
        for line in answers:
            if json.dumps(line, ensure_ascii=False)[1:-1] in text:
                raise SystemExit(f"cell {cell.id} gives an answer away: {line}")


def fingerprint(notebook):
    """What a student would change: the cells' kinds and sources."""
    cells = [[cell.id, cell.cell_type, cell.source] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def untouched(path):
    """Is the file at ``path`` as this program once wrote it (outputs aside), or not there?"""
    if not path.exists():
        return True
    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, UnicodeDecodeError, KeyError):
        return False
    return notebook.metadata.get("generated") == fingerprint(notebook)


# ---------------------------------------------------------------- writing and comparing


def text_of(notebook):
    """The file's text."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def build(solution_path, exercise_path, force=False):
    """Mark one solution and write its exercise; a sentence about what happened."""
    old = solution_path.read_text(encoding="utf-8")
    solution = nbformat.reads(old, as_version=4)
    mark(solution)
    if text_of(solution) != old:
        solution_path.write_text(text_of(solution), encoding="utf-8")
    if not force and not untouched(exercise_path):
        return f"{exercise_path.name}: kept, because somebody has worked in it (--force overwrites)"
    new = text_of(exercise(solution))
    if exercise_path.exists() and exercise_path.read_text(encoding="utf-8") == new:
        return f"{exercise_path.name}: up to date"
    exercise_path.write_text(new, encoding="utf-8")
    return f"{exercise_path.name}: written"


def named(work, path, *arguments, **options):
    """``work(path, ...)``; whatever stops it says which notebook stopped it."""
    try:
        return work(path, *arguments, **options)
    except SystemExit as refusal:
        raise SystemExit(f"{path.parent.name}/{path.name}: {refusal}") from None
    except OSError as error:
        raise SystemExit(f"{error.filename}: {error.strerror}") from None
    except (ValueError, nbformat.ValidationError) as error:
        first = str(error).split("\n")[0]
        raise SystemExit(f"{path.parent.name}/{path.name} is no notebook: {first}") from None


def differences(solution_path, exercise_path):
    """Where solution or exercise are not as `build` leaves them: lines with their places."""
    old = nbformat.read(solution_path, as_version=4)
    marked = nbformat.read(solution_path, as_version=4)
    mark(marked)
    found = _compare(f"solutions/{solution_path.name}", old, marked)
    if not exercise_path.exists():
        return [*found, f"exercises/{exercise_path.name}: missing"]
    given, wanted = nbformat.read(exercise_path, as_version=4), exercise(marked)
    found += _compare(f"exercises/{exercise_path.name}", given, wanted)
    if not found and exercise_path.read_text(encoding="utf-8") != text_of(wanted):
        found.append(f"exercises/{exercise_path.name}: outputs or the form of the file differ")
    return found


def _compare(name, given, wanted):
    lines = []
    old, new = _cells(given), _cells(wanted)
    for key in [*new, *(k for k in old if k not in new)]:
        place = f"{name}, cell {key}"
        if key not in old or key not in new:
            lines.append(f"{place}: {'missing' if key in new else 'not in the solution'}")
            continue
        diff = difflib.unified_diff(old[key], new[key], n=0, lineterm="")
        at = {}
        for line in list(diff)[2:]:
            if line.startswith("@@"):
                at = dict(zip("-+", map(int, re.findall(r"[-+](\d+)", line)), strict=True))
            else:
                lines.append(f"{place}, line {at[line[0]]}: {line}")
                at[line[0]] += 1
    if not lines and list(old) != list(new):
        lines.append(f"{name}: the cells are in another order")
    return lines


def _cells(notebook):
    cells = {}
    for cell in notebook.cells:
        about = f"[{cell.cell_type}] {json.dumps(cell.metadata, sort_keys=True)}"
        cells[cell.id] = [*cell.source.split("\n"), about]
    return cells


def main(arguments=None, root=ROOT):
    """Build or check all; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="?", choices=("build", "check"), default="build")
    parser.add_argument("names", nargs="*", help="notebooks, without .ipynb; all if none is named")
    parser.add_argument("--force", action="store_true", help="overwrite exercises worked in")
    options = parser.parse_args(arguments)
    solutions = sorted((root / "solutions").glob("*.ipynb"))
    if not solutions:
        print("There are no solutions here, so exercises/ stays as it is.")
        return 0
    unknown = set(options.names) - {p.stem for p in solutions}
    if unknown:
        parser.error(f"solutions/ has no {', '.join(sorted(unknown))}")
    chosen = [p for p in solutions if p.stem in options.names or not options.names]
    pairs = [(p, root / "exercises" / p.name) for p in chosen]
    if options.what == "build":
        for pair in pairs:
            print(named(build, *pair, force=options.force))
        return 0
    found = [line for pair in pairs for line in named(differences, *pair)]
    names = {p.name for p in solutions}
    found += [
        f"exercises/{p.name}: has no solution"
        for p in sorted((root / "exercises").glob("*.ipynb"))
        if p.name not in names
    ]
    print("\n".join(found) or "exercises/ is what solutions/ give")
    return int(bool(found))


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
