"""The answer that a check gives, and the hints that go with a task."""

import html
from dataclasses import dataclass

CORRECT, NOT_YET, WRONG, DONE = "correct", "not yet", "not right", "done"
_MARKS = {CORRECT: "✓", NOT_YET: "…", WRONG: "✗", DONE: "✓"}


@dataclass(frozen=True)
class Hints:
    """Three hints, each saying more: a nudge, the equation, the shape of the code.

    The equation may hold TeX between dollars; the shape is code with gaps, shown as it is written.
    """

    nudge: str
    equation: str
    shape: str

    def _repr_html_(self):
        """Three closed boxes: each opens with one key or click, and nothing is recorded."""
        nudge, equation, shape = (html.escape(x, quote=False) for x in vars(self).values())
        boxes = {
            "Hint 1: a nudge": f"<p>{nudge}</p>",
            "Hint 2: the equation": f"<p>{equation}</p>",
            "Hint 3: the answer's shape": f"<pre>{shape}</pre>",
        }
        box = "<details><summary>{}</summary>{}</details>"
        return "\n".join(box.format(*pair) for pair in boxes.items())


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a check found.

    ok: is the task solved?  message: what the student reads.  task: its name.
    status: "correct", "not yet" (nothing written so far), "not right", or "done" (on paper).
    points: earned, ``worth`` or 0.  hints: those of the task, shown unless it is solved.

    As text it is the number of points, so that nbgrader counts the value of a cell that ends in a
    check as its grade; a notebook shows the points in words, and the hints, closed.
    """

    ok: bool
    message: str
    task: str = ""
    status: str = WRONG
    worth: float = 1
    hints: Hints | None = None

    @property
    def points(self):
        """The points earned."""
        return self.worth if self.ok else 0

    def __bool__(self):
        return self.ok

    def __float__(self):
        return float(self.points)

    def __repr__(self):
        return f"{self.points:g}"

    def __str__(self):
        return f"{_MARKS[self.status]} {self.task}: {self.status}. {self.message}".rstrip()

    def _repr_markdown_(self):
        return f"**{self.task}: {self.status}.** {self.message}".rstrip()

    def _repr_html_(self):
        """The points and the hints; the message itself has been printed above."""
        unit = "point" if self.worth == 1 else "points"
        earned = f"<p>{self.points:g} of {self.worth:g} {unit}</p>"
        return earned if self.ok or self.hints is None else earned + "\n" + self.hints._repr_html_()
