"""What a solution tells nbgrader: `tools/exercises.py` marks with it.

Each cell that checks a task gets its metadata, its points (they stand with the module of checks)
and a hidden line by which grading uses its own copy of the checks; each text its badge; each task
on paper its rubric. Marks that this program did not make stay.
"""

import importlib
import re

import nbformat

from checks.session import rubric
from checks.tasks import tasks_of

IMPORT = re.compile(r"^from checks import (\w+) as check$", re.M)
CHECK = re.compile(r"^check\.(\w+)\((\w+)\)$", re.M)
BADGE = re.compile(r"^\*(?:warm-up|core|stretch) · .* points?\*$", re.M)
HIDDEN = """\
### BEGIN HIDDEN TESTS
# The judge gives the points, in a process of its own (see checks/grading.py); without it, none.
import os
assert os.environ.get("NBGRADER_EXECUTION") != "autograde", "use nbgrader_config.py: {module}"
### END HIDDEN TESTS
"""


def mark(notebook):
    """Set nbgrader's metadata, the hidden line and each task's badge; the notebook's tasks."""
    module = checks_of(notebook)
    name, seen, start = module.__name__.rpartition(".")[2], [], 0
    for i, cell in enumerate(notebook.cells):
        source = cell.source
        called = CHECK.search(source) if cell.cell_type == "code" else None
        if called and called[1] != "progress":
            task = _task(module, called[1], cell)
            seen.append(task)
            _refuse_more_than(called[0], cell)
            cell.source = HIDDEN.format(module=name) + called[0]
            cell.metadata["nbgrader"] = _metadata(cell, grade=True, points=task.points)
            _set_badge(notebook.cells[start:i], task)
            start = i + 1
        elif cell.cell_type == "markdown" and "BEGIN SOLUTION" in source:
            task = _task(module, cell.id.replace("-", "_"), cell)
            seen.append(task)
            _set_rubric(cell, task)
            cell.metadata["nbgrader"] = _metadata(
                cell, grade=True, solution=True, locked=False, points=task.points
            )
            _set_badge(notebook.cells[start : i + 1], task)
            start = i + 1
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            continue  # a teacher's own: asserts, or an answer that is marked by hand
        elif "### BEGIN SOLUTION" in source:
            cell.metadata["nbgrader"] = _metadata(cell, solution=True)
        elif cell.cell_type == "code" and IMPORT.search(source):
            cell.metadata["nbgrader"] = _metadata(cell, locked=True)
    missing = [t.name for t in tasks_of(module) if t not in seen]
    if missing:
        raise SystemExit(f"no cell checks {', '.join(missing)} of checks/{name}.py")
    notebook.metadata["minutes"] = sum(task.minutes for task in seen)
    return seen


def checks_of(notebook):
    """The module of checks that a notebook imports."""
    for cell in notebook.cells:
        found = IMPORT.search(cell.source) if cell.cell_type == "code" else None
        if found:
            return importlib.import_module(f"checks.{found[1]}")
    raise SystemExit("no cell says: from checks import NAME as check")


def _task(module, name, cell):
    for task in tasks_of(module):
        if task.name == name:
            return task
    raise SystemExit(f"cell {cell.id}: {module.__name__} has no task {name!r}")


def _set_rubric(cell, task):
    """Write the rubric of a task on paper under its worked solution."""
    end = "<!-- END SOLUTION -->"
    if end not in cell.source or not hasattr(task, "rubric"):
        raise SystemExit(f"cell {cell.id}: expected the solution of a Paper, ended by {end}")
    worked = cell.source.partition(end)[0].partition("\n| points | for |")[0].rstrip()
    cell.source = f"{worked}\n\n{rubric(task)}\n{end}"


def _refuse_more_than(call, cell):
    """The cell of a check is written anew, so nothing of a teacher's may stand in it."""
    rest = re.sub(r"(?s)### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", cell.source)
    if rest.replace(call, "", 1).strip():
        raise SystemExit(f"cell {cell.id}: move what is not {call} to a cell of its own")


def _metadata(cell, grade=False, solution=False, locked=None, points=None):
    kind = {"grade": grade, "grade_id": cell.id, "locked": grade if locked is None else locked}
    worth = {} if points is None else {"points": points}
    return nbformat.from_dict(
        kind | worth | {"schema_version": 3, "solution": solution, "task": False}
    )


def _set_badge(cells, task):
    """Rewrite "*core · 5 minutes · 1 point*" in the nearest text of the task that has the line."""
    minutes = f"{task.minutes} minute{'' if task.minutes == 1 else 's'}"
    points = f"{task.points:g} point{'' if task.points == 1 else 's'}"
    for cell in reversed(cells):
        if cell.cell_type == "markdown" and BADGE.search(cell.source):
            badge = f"*{task.difficulty} · {minutes} · {points}*"
            cell.source = BADGE.sub(badge, cell.source, count=1)
            return
    raise SystemExit(
        f"{task.name}: no text between the task before it and its check has a line like "
        "*core · 5 minutes · 1 point*"
    )
