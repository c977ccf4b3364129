"""Kinds of tasks beside writing a function; :mod:`checks.tasks` says what they share."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from checks.tasks import Exercise, Prediction, Question


@dataclass(frozen=True, eq=False)
class Order(Question):
    """Bring the lines of a derivation, or the steps of an algorithm, in order.

    lines: {letter: text, TeX in dollars}, in the order in which they are shown.  right: the right
    orders, ``("BDAC", "BDCA")``; a letter in none of them is a distractor.  reasons: for a letter,
    the sentence for whoever puts it where it cannot stand (for a distractor: what is wrong in it);
    for two letters, ``"AB"``, the sentence for an A that stands anywhere before B.

        Order("jensen_lines", lines={"A": r"$\\\\ge E_q[...]$", "B": ..., "X": ...}, right="BA",
              reasons={"A": "Jensen needs an expectation first.", "X": "This turns the sign."})

    The answer: "B A", "BA", "b, a" or ["B", "A"].
    """

    name: str
    lines: dict
    right: tuple
    reasons: dict = field(default_factory=dict)

    def __post_init__(self):
        super().__post_init__()
        right = (self.right,) if isinstance(self.right, str) else tuple(self.right)
        object.__setattr__(self, "right", tuple("".join(order) for order in right))
        unknown, letters = set("".join(self.right)) - set(self.lines), "".join(self.lines)
        if unknown or not self.right or len(letters) != len(self.lines):
            raise ValueError(f"right: expected orders of the letters {letters}, got {self.right}")

    def right_answer(self):
        return self.right[0]


@dataclass(frozen=True, eq=False)
class FindBug(Question):
    """Find the wrong line in code that runs, and an input that shows it.

    code: the source of a function with a bug, as the student sees it, numbered from 1 at its `def`;
    it sees the names of the module where ``right``, the function without the bug, is written, and
    can be called as ``check.NAME.buggy``.  line: the number of the wrong line, or several that may
    be meant.  reasons: {line: why it is right}, for whoever suspects it.  example: an input that
    shows the bug.  refuse(*inputs): "" or what is wrong with such an input (a q that does not sum
    to one, say).

    The answer: (line, input), the input a tuple where the function takes several arguments.
    """

    name: str
    code: str
    right: Callable
    line: int | tuple
    example: tuple
    reasons: dict = field(default_factory=dict)
    refuse: Callable | None = None
    rtol: float = 1e-6

    def __post_init__(self):
        lines = (self.line,) if isinstance(self.line, int) else tuple(self.line)
        object.__setattr__(self, "line", lines)
        if not all(1 < n <= len(self.listing) for n in lines):
            raise ValueError(f"line: expected 2 to {len(self.listing)}, got {lines}")

    @property
    def listing(self):
        """The lines of the code."""
        return self.code.splitlines()

    @functools.cached_property
    def buggy(self):
        """The function with the bug."""
        scope = dict(self.right.__globals__)
        exec(compile(self.code, f"<{self.name}>", "exec"), scope)
        return scope[self.code.removeprefix("def ").partition("(")[0]]

    @property
    def arguments(self):
        """The names of the arguments."""
        return tuple(inspect.signature(self.right).parameters)

    def right_answer(self):
        return (self.line[0], self.example)


@dataclass(frozen=True)
class Foretell:
    """One consequence of a choice, foretold and then measured.

    said: the sentence for a wrong foretelling, with {told} and, for a number, {than}: "more" or
    "less". What was measured is told to whoever foretold it.  choices: the words to choose among,
    none for a number.  rtol, atol: how near a number must be.  right: the sentence for a right one.
    """

    said: str
    choices: tuple = ()
    rtol: float = 0.1
    atol: float = 0.0
    right: str = ""


@dataclass(frozen=True, eq=False)
class ChooseQ(Question):
    """Choose a q for a model and foretell what it will miss; then it is measured.

    choices: {q: sentence about it}.  good: those that serve the purpose of the question.
    foretell: {part: Foretell}.  measure(q): {part: what really happens with this q}, computed.

        ChooseQ("q_for_a_ridge", choices={"diagonal": "...", "full": "..."}, good=("full",),
                foretell={"variance": Foretell("You foretold {told}, it is {than}: ...")},
                measure=lambda q: {"variance": fitted(q).variance})

    The answer: {"q": "full", "variance": 1.3}, or an object with these attributes.
    """

    name: str
    choices: dict
    good: tuple
    foretell: dict
    measure: Callable

    def __post_init__(self):
        super().__post_init__()
        good = (self.good,) if isinstance(self.good, str) else tuple(self.good)
        object.__setattr__(self, "good", good)
        if not good or set(good) - set(self.choices):
            raise ValueError(f"good: expected some of {tuple(self.choices)}, got {good}")

    def right_answer(self):
        return {"q": self.good[0], **self.measure(self.good[0])}


@dataclass(frozen=True, eq=False)
class ReadRun(Prediction):
    """Read a run that went wrong: which cause?

    trace: its numbers, or a function that computes them.  choices: {cause: how a run with that
    cause would have looked}, as in a Prediction.
    """

    trace: object = None
    minutes: int = field(default=5, kw_only=True)
    difficulty: str = field(default="core", kw_only=True)

    @property
    def numbers(self):
        """The trace as an array."""
        return np.asarray(self.trace() if callable(self.trace) else self.trace, dtype=float)


@dataclass(frozen=True, eq=False)
class Number(Question):
    """Foretell or work out a number.

    right: the number, or a function that computes it.  rtol, atol: how near the answer must be.
    ranges: (low, high, sentence) for wrong answers, the first that fits is told; a single value is
    a range from itself to itself, within the tolerance.
    """

    name: str
    question: str
    right: object
    rtol: float = 0.02
    atol: float = 0.0
    ranges: tuple = ()

    @property
    def value(self):
        """The right number."""
        return float(self.right() if callable(self.right) else self.right)

    def right_answer(self):
        return self.value


@dataclass(frozen=True, eq=False)
class OpenTask(Question):
    """Anything on data of one's own, of which only invariants are checked.

    needs: {key: what it is}, the parts of the answer.  invariants: functions of that dictionary of
    arrays that return "" or a sentence with numbers; :mod:`checks.invariants` has the usual ones.
    read(answer): turns what students naturally hand in (an Ascent, a State) into the dictionary.
    example: a function that returns an answer that passes.

    The answer: {"elbos": [...], "q": ...}, or an object with these attributes.
    """

    name: str
    needs: dict
    invariants: tuple
    example: Callable
    read: Callable | None = None
    minutes: int = field(default=20, kw_only=True)
    difficulty: str = field(default="stretch", kw_only=True)

    def right_answer(self):
        return self.example()


@dataclass(frozen=True, eq=False)
class Paper(Exercise):
    """A derivation with pen and paper: a person gives the points, and grading never asks here.

    rubric: (points, what for), shown in the solution only.  worked: the solution, line by line.

    The answer: ``check.NAME(points=3)``, what one gives oneself by the rubric.
    """

    name: str
    rubric: tuple
    worked: str = ""

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "points", sum(points for points, _ in self.rubric))

    def __call__(self, points=...):
        """Record one's own points: the table of progress shows the task as done."""
        return super().__call__(points)
