"""The tables of progress: of one sheet at its end, of all sheets on the start page."""

import html
import importlib
from dataclasses import dataclass
from pathlib import Path

from checks import session, store
from checks.session import key_of
from checks.tasks import tasks_of
from checks.verdicts import CORRECT, DONE, NOT_YET

WORDS = {CORRECT: "right", NOT_YET: "not yet", "": "not checked"}
SETTLED = ("right", DONE)


@dataclass(frozen=True, repr=False)
class Progress:
    """Rows of (task, difficulty, minutes, status, points earned, points possible)."""

    rows: tuple

    @property
    def points(self):
        """The points earned so far."""
        return sum(row[4] for row in self.rows)

    @property
    def possible(self):
        """All points of the notebook."""
        return sum(row[5] for row in self.rows)

    def __repr__(self):
        width = max((len(row[0]) for row in self.rows), default=4)
        lines = [
            f"{name:<{width}}  {difficulty:<8} {minutes:>3} min  {status:<9} {earned:g}/{worth:g}"
            for name, difficulty, minutes, status, earned, worth in self.rows
        ]
        return "\n".join([*lines, f"{self.points:g} of {self.possible:g} points"])

    def _repr_html_(self):
        head = "".join(
            f'<th scope="col">{x}</th>'
            for x in ("Task", "Difficulty", "Minutes", "So far", "Points")
        )
        body = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th><td>{difficulty}</td><td>{minutes}</td>'
            f"<td>{status}</td><td>{earned:g} of {worth:g}</td></tr>"
            for name, difficulty, minutes, status, earned, worth in self.rows
        )
        total = f"{self.points:g} of {self.possible:g} points"
        return (
            f"<table><caption>{total}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )


@dataclass(frozen=True, repr=False)
class Overview:
    """All sheets: pairs (file's name, its :class:`Progress`), in the order of the course."""

    sheets: tuple

    def __repr__(self):
        right = sum(row[3] in SETTLED for _, sheet in self.sheets for row in sheet.rows)
        tasks = sum(len(sheet.rows) for _, sheet in self.sheets)
        points = sum(sheet.points for _, sheet in self.sheets)
        possible = sum(sheet.possible for _, sheet in self.sheets)
        return f"{right} of {tasks} tasks done, {points:g} of {possible:g} points{self._next()}"

    def _next(self):
        """What to take up: an open task of the last sheet that was worked on, or the first."""
        worked = [s for s in self.sheets if any(row[3] != "not checked" for row in s[1].rows)]
        for name, sheet in [*worked[-1:], *self.sheets]:
            task = next((row[0] for row in sheet.rows if row[3] not in SETTLED), None)
            if task:
                return f"; next: {task} in {name}"
        return ""

    def _repr_html_(self):
        titles = ("Sheet", "Task", "Difficulty", "Minutes", "So far", "Points")
        head = "".join(f'<th scope="col">{x}</th>' for x in titles)
        body = "".join(self._rows(name, sheet) for name, sheet in self.sheets)
        return (
            '<div style="max-height: 32em; overflow: auto" tabindex="0" role="region" '
            'aria-label="All tasks of the course">'
            f"<table><caption>{html.escape(repr(self))}</caption>"
            f"<thead><tr>{head}</tr></thead>{body}</table></div>"
        )

    def _rows(self, name, sheet):
        title = name.removesuffix(".ipynb").replace("_", " ")
        link = f'<a href="../exercises/{name}">{html.escape(title)}</a>'
        total = f"<br>{sheet.points:g} of {sheet.possible:g} points"
        first = f'<th scope="rowgroup" rowspan="{len(sheet.rows)}">{link}{total}</th>'
        rows = []
        for task, difficulty, minutes, status, earned, worth in sheet.rows:
            rows.append(
                f'<tr>{first}<th scope="row">{html.escape(task)}</th><td>{difficulty}</td>'
                f"<td>{minutes}</td><td>{status}</td><td>{earned:g} of {worth:g}</td></tr>"
            )
            first = ""
        return f"<tbody>{''.join(rows)}</tbody>"


def overview(exercises=None):
    """Every task of every sheet in the folder ``exercises``, with what is kept of it.

    The start page shows it; without a folder it is the one beside the notebook's own.
    """
    folder = Path(exercises) if exercises else Path.cwd().parent / "exercises"
    sheets = []
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        module = f"checks.{path.stem.partition('_')[2]}"
        if importlib.util.find_spec(module):  # a copy that an update put beside it has none
            sheets.append((path.name, progress_of(importlib.import_module(module))))
    return Overview(tuple(sheets))


def progress_of(module):
    """The state of every task of a module of checks, of this session and those before."""
    before, rows = store.kept(), []
    for task in tasks_of(module):
        verdict = session.BEST.get(key_of(task))
        status, earned = before.get(key_of(task), ("", 0.0))
        if verdict is not None and verdict.points >= earned:
            status, earned = verdict.status, verdict.points
        row = WORDS.get(status, status), earned, task.points
        rows.append((task.name, task.difficulty, task.minutes, *row))
    return Progress(tuple(rows))
