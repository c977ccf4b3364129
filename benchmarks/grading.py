"""Grading a class: what of its mistakes the teacher's page names, and what a submission costs.

    python benchmarks/grading.py [N]      N submissions (30) with mistakes: what is not named

Every submission is a solution with one mistake in three or four of its tasks, planted in the text
of the answer as people make them: a sign, an axis, a logarithm, a half, two arguments exchanged.
A mistake counts as named where the page says more about it than the result for one input.
"""

import copy
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from timing import Row

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import grade as grade_tool  # noqa: E402

from checks import grading  # noqa: E402

CLASS, PLANTED = 200, 30
INSIDE = re.compile(r"(### BEGIN SOLUTION\n)(.*?)(?= *### END SOLUTION)", re.S)
PLANTS = (
    (r"return -", "return "),
    (r"(?<=[\w)\]]) - (?=[\w(])", " + "),
    (r"(?<=[\w)\]]) \+ (?=[\w(])", " - "),
    (r"(?<=[\w)\]]) / (?=[\w(])", " * "),
    (r"np\.log\(", "np.exp("),
    (r"np\.log\(", "np.log2("),
    (r"np\.log\(", "("),
    (r"np\.exp\(", "("),
    (r"digamma\(", "np.log("),
    (r"axis=1\b", "axis=0"),
    (r"axis=-1\b", "axis=0"),
    (r"axis=0\b", "axis=-1"),
    (r"0\.5 \* ", ""),
    (r"\b1 - ", ""),
    (r" ?\*\* ?2\b", ""),
    (r"\.sum\(", ".mean("),
    (r"np\.sum\(", "np.mean("),
    (r"\[1:\]", "[:-1]"),
    (r"(?<=\()(\w+), (\w+)(?=\))", r"\2, \1"),
    (r"\.T\b", ""),
)


def sheets():
    """{name: (released sheet, solution)}."""
    folder = ROOT / "exercises"
    return {
        path.stem: (grading.read(path), grading.read(ROOT / "solutions" / path.name))
        for path in sorted(folder.glob("*.ipynb"))
    }


def submission(sheet, solution, rng, mistakes):
    """The sheet, answered as in the solution but for some planted mistakes: their cells' ids."""
    notebook, answers = copy.deepcopy(sheet), {cell.id: cell.source for cell in solution.cells}
    solved = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    for cell in solved:
        cell.source = answers[cell.id]
    planted = []
    for place in rng.permutation(len(solved)):
        cell = solved[place]
        wrong = [
            INSIDE.sub(lambda m, plant=plant: m[1] + re.sub(*plant, m[2], count=1), cell.source)
            for plant in PLANTS
        ]
        wrong = [text for text in wrong if text != cell.source]
        if cell.cell_type == "code" and wrong and len(planted) < mistakes:
            cell.source = wrong[rng.integers(len(wrong))]
            planted.append(cell.id)
    return notebook, planted


def write_class(folder, n, seed=0):
    """n submissions, spread over the sheets."""
    rng, all_sheets = np.random.default_rng(seed), sheets()
    names = list(all_sheets)
    for student in range(n):
        name = names[student % len(names)]
        notebook, _ = submission(*all_sheets[name], rng, mistakes=3 + student % 2)
        nbformat.write(notebook, folder / f"student{student:03d}.ipynb")
    return {name: sheet for name, (sheet, _) in all_sheets.items()}


def graded(n, jobs, seed=0):
    """(rows, seconds on the clock, seconds of the page, MB of the largest process)."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "class"
        folder.mkdir()
        released = write_class(folder, n, seed)
        start = time.perf_counter()
        rows, _ = grade_tool.grade_all(folder, released, Path(scratch) / "out", jobs)
        middle = time.perf_counter()
        grade_tool._SHEETS.update(released)
        grade_tool.class_page(rows)
        end = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return rows, middle - start, end - middle, memory


def measure():
    """Rows for the page of results."""
    start = time.process_time()
    rows, seconds, page, memory = graded(CLASS, jobs=1)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() - start + children.ru_utime + children.ru_stime
    wrong = grade_tool.wrong_rows(rows)
    named = np.mean([grade_tool.named(row.verdict) for row in wrong])
    yield Row("planted mistakes that the teacher's page names", "", named, "", goal=0.95,
              note=f"{len(wrong)} mistakes in {CLASS} submissions")  # fmt: skip
    yield Row(
        "one submission, the judge's processor time",
        "",
        cpu / CLASS,
        unit="s",
        note="what runs behind walls is not counted",
    )
    yield Row("a class of 200, one process, on the clock", "", seconds, unit="s")
    yield Row("the page after grading", "", page, unit="s", goal=60, at_most=True)
    yield Row("largest process", "", memory, unit="MB")


def main():
    """Name what is not named, for whoever writes the checks."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else PLANTED
    rows, seconds, page, memory = graded(n, jobs=1)
    wrong = grade_tool.wrong_rows(rows)
    unnamed = [row for row in wrong if not grade_tool.named(row.verdict)]
    for row in unnamed:
        print(f"{row.student} {row.sheet} {row.task}: {row.verdict}\n")
    print(f"{len(wrong) - len(unnamed)} of {len(wrong)} mistakes are named on the page")
    print(f"{n} submissions in {seconds:.0f} s, the page in {page:.2f} s, {memory:.0f} MB at most")


if __name__ == "__main__":
    main()
