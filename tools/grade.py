"""From a folder of submissions to marks, feedback and one page for the teacher: `make grade`.

    python tools/grade.py SUBMISSIONS [--out build/grades] [--sheets exercises] [--names] [--jobs N]

SUBMISSIONS holds a notebook or a folder of notebooks for each student, called as the student is.
Files may have any name: a sheet is known by its cells. Written are marks.csv, feedback/STUDENT/
with each graded notebook and its verdicts, and class.html: task by task, what went wrong, how
often, and which hint to give, without names unless --names asks for them. Each submission runs
behind walls (see docs/classroom.md). What cannot be graded is named in one line; the rest goes on.
"""

import argparse
import csv
import html
import os
import re
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import console
import nbformat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from checks import grading, sandbox  # noqa: E402
from checks.sentences import sentences  # noqa: E402

COLUMNS = ("student", "sheet", "task", "points", "of", "verdict")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
STYLE = """body { font: 18px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto;
padding: 0 1em; color-scheme: light dark; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3em .8em; border-top: 1px solid #8888; }
td.number, th.number { text-align: right; } caption { text-align: left; font-weight: bold; }"""


@dataclass(frozen=True)
class Row:
    """One task of one student."""

    student: str
    sheet: str
    task: str
    points: float
    of: float
    verdict: str


def submissions(folder):
    """Pairs (student, path): notebooks in a folder of the student's, or a single file.

    A folder without any that can be read is a path too, so that nobody is passed over.
    """
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and _is_text(p, path))
            yield from ((path.name, file) for file in files or [path])
        else:
            yield path.stem, path


def _is_text(path, folder):
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix == ".ipynb" and not hidden


def grade_one(student, path, sheets, feedback):
    """The rows of one submission and, where something is wrong with the file, a sentence."""
    if path.is_dir():
        return [], f"{path}: holds no notebook that you may read"
    try:
        notebook = grading.read(path)
        name = grading.sheet_of(notebook, sheets)
        if name is None:
            return [], f"{path}: answers none of the sheets {', '.join(sheets)}"
        marks = grading.grade(notebook, sheets[name])
    except grading.NotASubmission as error:
        return [], f"{path}: {error}"
    except Exception as error:  # one odd file must not cost the others their marks
        return [], f"{path}: not graded ({type(error).__name__}: {error})"
    _write_feedback(feedback / student / f"{name}.ipynb", notebook, marks)
    rows = [Row(student, name, m.task, m.points, m.worth, str(m.verdict)) for m in marks]
    renamed = "" if path.stem == name else f"{path}: graded as {name}"
    return rows, renamed


def _write_feedback(path, notebook, marks):
    path.parent.mkdir(parents=True, exist_ok=True)
    total, possible = sum(m.points for m in marks), sum(m.worth for m in marks)
    lines = [f"| {m.task} | {m.points:g} of {m.worth:g} | {_cell(str(m.verdict))} |" for m in marks]
    head = [f"# {total:g} of {possible:g} points", "", "| task | points | |", "|---|---|---|"]
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("\n".join([*head, *lines])))
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    nbformat.write(nbformat.v4.upgrade(notebook), path)


def _cell(text):
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def grade_all(folder, sheets, out, jobs):
    """The rows of all submissions and the sentences about files that are odd."""
    rows, problems, found = [], [], list(submissions(folder))
    with ProcessPoolExecutor(jobs) as pool:
        work = [pool.submit(grade_one, *pair, sheets, out / "feedback") for pair in found]
        for i, done in enumerate(work):
            some, problem = done.result()
            rows += some
            if problem:
                problems.append(problem)
            print(f"\r{i + 1} of {len(work)} submissions", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows, problems


# ---------------------------------------------------------------- the teacher's page


def _pattern(sentence):
    """A sentence of the checks as a pattern, anything in its gaps."""
    return re.sub(r"\\\{\w+\\\}", "(?s:.+?)", re.escape(sentences()[sentence]))


EXAMPLE = re.compile("|".join(_pattern(name) for name in ("example", "example_above", "so_many")))


def cause(verdict):
    """What a verdict says, without its mark, its example and its numbers, so that it repeats."""
    said = verdict.partition(". ")[2] or verdict
    return NUMBER.sub("…", EXAMPLE.sub("", said)).strip()


def named(verdict):
    """Does a verdict say more than what came out for one input?"""
    return bool(re.search(r"\w", cause(verdict)))


def wrong_rows(rows):
    """What was answered, can be judged here, and lost points."""
    return [row for row in rows if row.points < row.of and row.verdict[:1] not in ("…", "✓")]


def class_page(rows, names=False):
    """HTML: for each sheet and task, how many are right, what went wrong and a hint to give."""
    by_task = defaultdict(list)
    for row in rows:
        by_task[row.sheet, row.task].append(row)
    students = len({row.student for row in rows})
    wrong = wrong_rows(rows)
    with_name = sum(named(row.verdict) for row in wrong)
    said = (
        f"{students} students. {len(wrong)} answers are wrong; of {with_name} the cause is named."
    )
    parts = [f"<h1>What the class got wrong</h1><p>{said}</p>"]
    for sheet in dict.fromkeys(sheet for sheet, _ in by_task):
        parts.append(_sheet_table(sheet, by_task, names))
    title = "<title>What the class got wrong</title>"
    head = f'<meta charset="utf-8">{title}<style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _sheet_table(sheet, by_task, names):
    tasks = {task: rows for (of, task), rows in by_task.items() if of == sheet}
    hardest = sorted(tasks, key=lambda task: _share_right(tasks[task]))
    body = "".join(_task_row(sheet, task, tasks[task], names) for task in hardest)
    head = "".join(
        f'<th scope="col"{kind}>{text}</th>'
        for text, kind in (
            ("Task", ""),
            ("Right", ' class="number"'),
            ("Untouched", ' class="number"'),
            ("What went wrong, and how often", ""),
            ("A hint to give", ""),
        )
    )
    return f"<table><caption>{html.escape(sheet)}</caption><tr>{head}</tr>{body}</table>"


def _share_right(rows):
    return sum(row.points == row.of for row in rows) / len(rows)


def _task_row(sheet, task, rows, names):
    right = sum(row.points == row.of for row in rows)
    untouched = [row for row in rows if row.verdict.startswith("…")]
    wrong = wrong_rows(rows)
    said = Counter(cause(row.verdict) for row in wrong)
    lines = []
    for text, count in said.most_common():
        those = [row for row in wrong if cause(row.verdict) == text]
        who = ", ".join(row.student for row in those)
        if not text:
            text = f"wrong, in ways without a name. One: {those[0].verdict.partition('. ')[2]}"
        line = f"{count} × {html.escape(text)}" + (f" <i>({html.escape(who)})</i>" if names else "")
        lines.append(f"<li>{line}</li>")
    cells = (
        f'<td class="number">{right} of {len(rows)}</td><td class="number">{len(untouched)}</td>'
    )
    hint = html.escape(_hint(sheet, task)) if wrong else ""
    return (
        f'<tr><th scope="row">{html.escape(task)}</th>{cells}'
        f"<td><ul>{''.join(lines)}</ul></td><td>{hint}</td></tr>"
    )


def _hint(sheet, task):
    room = grading.room_of(_SHEETS[sheet]) if sheet in _SHEETS else None
    found = getattr(room, task, None)
    return found.hints.nudge if getattr(found, "hints", None) else ""


_SHEETS = {}


def read_sheets(folder):
    """The released sheets of a folder by name; SystemExit names a file that is none."""
    sheets = {}
    for path in sorted(Path(folder).glob("*.ipynb")):
        try:
            sheets[path.stem] = grading.read(path)
        except grading.NotASubmission as error:
            raise SystemExit(f"{path}: {error}") from error
    if not sheets:
        raise SystemExit(f"{folder}: there are no sheets (notebooks) in this folder")
    return sheets


def _make_folder(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise SystemExit(f"{error}\nChoose a folder that you may write with --out.") from None


def main(arguments=None):
    """Grade, write, and say where; 0 unless nothing could be graded."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "grades")
    parser.add_argument("--sheets", type=Path, default=ROOT / "exercises")
    parser.add_argument("--names", action="store_true", help="name students on the class's page")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)
    if not (options.submissions.is_dir() and os.access(options.submissions, os.R_OK | os.X_OK)):
        raise SystemExit(f"{options.submissions}: expected a folder of submissions to read")
    _make_folder(options.out / "feedback")
    sheets = read_sheets(options.sheets)
    _SHEETS.update(sheets)
    if not sandbox.walls():
        print(
            "This system offers no walls: submissions can read your files. See docs/classroom.md."
        )
    rows, problems = grade_all(options.submissions, sheets, options.out, options.jobs)
    with open(options.out / "marks.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows([getattr(row, name) for name in COLUMNS] for row in rows)
    (options.out / "class.html").write_text(class_page(rows, options.names), encoding="utf-8")
    print("\n".join([*problems, f"{options.out}: marks.csv, feedback/, class.html"]))
    return 0 if rows else 1


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
