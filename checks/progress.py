"""The table at the end of an exercise notebook: what is right, what is open."""

import html
import sys
from dataclasses import dataclass

from checks.session import LATEST
from checks.tasks import tasks_of
from checks.verdicts import CORRECT, NOT_YET


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


def progress_of(module):
    """The state of every task of a module of checks, from the last verdicts of this session."""
    rows = []
    for task in tasks_of(module):
        verdict = LATEST.get((module.__name__.rpartition(".")[2], task.name))
        status = "not checked" if verdict is None else verdict.status
        status = {CORRECT: "right", NOT_YET: "not yet"}.get(status, status)
        earned = 0 if verdict is None else verdict.points
        rows.append((task.name, task.difficulty, task.minutes, status, earned, task.points))
    return Progress(tuple(rows))


def progress_for(name):
    """The function ``progress`` of the module of checks called ``name``."""

    def progress():
        """The table of this notebook's tasks: what is right, what is open."""
        return progress_of(sys.modules[name])

    return progress
