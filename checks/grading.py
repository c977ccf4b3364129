"""Grading: the judge here, the submission behind walls, and nothing between them but plain results.

A sheet is the released exercise: it says which cells are graded and by which task. A submission is
run in a :class:`checks.sandbox.Sandbox`; each task draws new random inputs here, has the student's
function tried on them there, and is judged here, against references that the submission cannot
reach. What a submission overwrites, patches, prints or forges changes nothing but its answers.

    python -m checks.grading SHEET SUBMISSION      the marks of one submission, as JSON
"""

import json
import os
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import nbformat
import numpy as np

from checks.judging import as_case, call_of, verdict_on
from checks.marking import parts_of, verdict_of
from checks.sandbox import Sandbox, Stopped
from checks.tasks import Task, tasks_of
from checks.verdicts import CORRECT, WRONG, Verdict

IMPORT = re.compile(r"^from (?:helpers\.)?checks import (\w+) as check$", re.M)
ROOM = re.compile(r"nbgrader_config\.py: (\w+)")  # in the hidden lines, where the import is gone
CHECK = re.compile(r"^check\.(\w+)\((\w+)\)$", re.M)
STARTS = 4  # of a submission whose cells end or block its process: each is left out the next time
GONE = "Not graded: your notebook stopped answering here ({})."


class NotASubmission(ValueError):
    """A file that cannot be graded; the sentence says why."""


@dataclass(frozen=True)
class Mark:
    """One task of one submission: its graded cell, the verdict and the points."""

    cell: str
    task: str
    verdict: Verdict
    worth: float

    @property
    def points(self):
        """The points earned."""
        return self.verdict.points


@dataclass(frozen=True)
class Question:
    """A graded cell of a sheet: its id, its task and the name of the answer."""

    cell: str
    task: object
    answer: str

    @property
    def name(self):
        """The task's name."""
        return self.task.name

    @property
    def worth(self):
        """The points that a right answer earns."""
        return self.task.points


@dataclass(frozen=True)
class OwnTest:
    """A graded cell that a teacher wrote without a check: it runs beside the answer."""

    cell: str
    source: str
    worth: float
    answer = None

    @property
    def name(self):
        """The cell's id stands for a task's name."""
        return self.cell


def read(path):
    """A notebook of format 4, or :class:`NotASubmission`."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat has a different one for each damage
        said = f"{type(error).__name__}: {str(error)[:100]}"
        raise NotASubmission(f"{Path(path).name} is no notebook ({said})") from error


def room_of(notebook):
    """The module of checks that a notebook imports, or None."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    found = next((m for how in (IMPORT, ROOM) for m in map(how.search, sources) if m), None)
    return found and import_module(f"checks.{found[1]}")


def questions(sheet):
    """A :class:`Question` or :class:`OwnTest` for every graded cell of a sheet."""
    room = room_of(sheet)
    known = {task.name: task for task in tasks_of(room)} if room else {}
    asked = []
    for cell in sheet.cells:
        if cell.cell_type != "code":
            continue
        marks, called = cell.metadata.get("nbgrader", {}), CHECK.search(cell.source)
        if called and called[1] in known:
            asked.append(Question(cell_id(cell), known[called[1]], called[2]))
        elif marks.get("grade") and not marks.get("solution"):
            asked.append(OwnTest(cell_id(cell), cell.source, float(marks.get("points", 0))))
    return asked


def cell_id(cell):
    """nbgrader's name of a cell, which a copy of the cell shares, or its own id."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "")


def sheet_of(notebook, sheets):
    """Which of ``sheets`` (a dictionary) a submission answers, whatever its file is called.

    Decided by the ids and the text of its cells, so that a renamed file and a deleted import cost
    nothing; None where it shares hardly anything with any sheet.
    """

    def shared(sheet):
        theirs = {cell_id(c) for c in notebook.cells} | {c.source for c in notebook.cells}
        return sum(cell_id(c) in theirs or c.source in theirs for c in sheet.cells)

    best = max(sheets, key=lambda name: shared(sheets[name]), default=None)
    enough = best is not None and shared(sheets[best]) > len(sheets[best].cells) / 4
    return best if enough else None


# ---------------------------------------------------------------- one submission


def grade(submission, sheet, seed=None):
    """The :class:`Mark` of every question of ``sheet``, in its order.

    The submission's code cells are run once each, in their order; those that call a check are
    replaced by the judge. Outputs are put into the cells, so that the notebook is the feedback.
    Whatever a submission does, it gets marks: a cell that ends or blocks the process is left out.
    """
    asked = questions(sheet)
    seed = int.from_bytes(os.urandom(6), "big") if seed is None else seed
    first, skipped, marks, why = _imports(submission, sheet), {}, {}, ""
    for _ in range(STARTS):
        marks, culprit, why = _attempt(submission, first, asked, seed, skipped)
        if culprit is None:
            break
        skipped[culprit] = why
    return [marks.get(q.cell) or _zero(q, GONE.format(why)) for q in asked]


def _imports(submission, sheet):
    """The sheet's cells that only import, where the submission has lost them."""
    there = {cell_id(cell) for cell in submission.cells}
    code = (cell for cell in sheet.cells if cell.cell_type == "code")
    return [c.source for c in code if IMPORT.search(c.source) and cell_id(c) not in there]


def _attempt(submission, first, asked, seed, skipped):
    """One run from top to bottom: the marks, the index of the cell that ended it, and why."""
    marks, place = {}, None
    with Sandbox() as sandbox:
        try:
            for source in first:
                sandbox.run(source)
            for place, cell in enumerate(submission.cells):
                if cell.cell_type != "code":
                    continue
                question = _question(cell, asked)
                if place in skipped:
                    cell.outputs = shown(GONE.format(skipped[place]))
                elif question is None:
                    cell.outputs = _outputs(sandbox.run(cell.source))
                else:
                    marks[question.cell] = mark = _marked(question, sandbox, seed)
                    cell.outputs = shown(str(mark.verdict), mark.points)
            place = None
            for question in asked:  # whose cells were deleted
                if question.cell not in marks:
                    marks[question.cell] = _marked(question, sandbox, seed)
        except Stopped as error:
            return marks, place, str(error)
    return marks, None, "nothing came of it"


def _question(cell, asked):
    """What a cell of a submission asks, by nbgrader's name of it or by the check that it calls."""
    called = CHECK.search(cell.source)
    for question in asked:
        same_call = called and called.groups() == (question.name, question.answer)
        if same_call or (question.answer is None and cell_id(cell) == question.cell):
            return question
    return None


def _marked(question, sandbox, seed):
    if isinstance(question, OwnTest):
        outputs = _outputs(sandbox.run(question.source))
        failed = next((x for x in outputs if x.output_type == "error"), None)
        said = f"{failed.ename}: {failed.evalue}" if failed else "It passes."
        return Mark(question.cell, question.cell, _of(question, not failed, said), question.worth)
    try:
        verdict = _verdict(question, sandbox, seed)
    except Stopped as error:
        if not sandbox.alive():
            raise
        return _zero(question, f"Not graded: {error}.")
    return Mark(question.cell, question.name, verdict, question.worth)


def _of(question, ok, message):
    status = CORRECT if ok else WRONG
    return Verdict(bool(ok), message, question.name, status, question.worth)


def _zero(question, message):
    return Mark(question.cell, question.name, _of(question, False, message), question.worth)


def _verdict(question, sandbox, seed):
    task = question.task
    if not isinstance(task, Task):
        read = getattr(task, "read", None) or (lambda value: value)
        return verdict_of(task, sandbox.value(question.answer, lambda x: parts_of(read(x)))[0])
    cases = [as_case(x) for x in task.cases(np.random.default_rng(seed))]
    inputs = [case.inputs for case in cases]
    outcomes = sandbox.outcomes(question.answer, call_of(task), inputs, task.seconds)
    if outcomes is None:
        return verdict_on(task, [], [])
    finished = all(outcome.kind == "value" for outcome in outcomes)
    if not outcomes or len(outcomes) > len(cases) or (finished and len(outcomes) < len(cases)):
        return _of(question, False, f"{len(outcomes)} results came for {len(cases)} inputs.")
    return verdict_on(task, cases, outcomes)


def shown(text, points=None):
    """The outputs of a graded cell: what the judge says, and the points as the cell's value."""
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=text + "\n")]
    if points is not None:  # nbgrader counts a number that is a cell's value
        worth = {"text/plain": f"{points:g}"}
        outputs.append(nbformat.v4.new_output("execute_result", worth, execution_count=1))
    return outputs


def _outputs(given):
    """Outputs from behind the walls, rebuilt field by field."""
    kept = []
    for output in given if isinstance(given, list) else ():
        try:
            kind = output["output_type"]
            if kind == "stream":
                fields = {"name": "stdout", "text": str(output["text"])}
            elif kind == "error":
                fields = {k: str(output[k]) for k in ("ename", "evalue")}
                fields["traceback"] = [str(line) for line in output["traceback"]]
            else:
                kind = "display_data"
                data = output["data"].items()
                fields = {"data": {k: str(v) for k, v in data if k in ("text/plain", "image/png")}}
            kept.append(nbformat.v4.new_output(kind, **fields))
        except (AttributeError, KeyError, TypeError):
            continue
    return kept


def main():
    """Marks of one submission, for a program that asks."""
    sheet, submission = map(read, sys.argv[1:3])
    marks = grade(submission, sheet)
    rows = [
        {"task": m.task, "points": m.points, "of": m.worth, "said": str(m.verdict)} for m in marks
    ]
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
