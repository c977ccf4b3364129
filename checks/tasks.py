"""Tasks as data: what is asked, what is right, and what to say to each answer.

A guide for whoever writes one. A sheet's tasks stand in its module (``checks/jensen.py``), each
bound to its own name, in the order of the sheet: what is computed. Their words and numbers stand in
``checks/texts/03a_jensen.toml`` (:mod:`checks.sheets` puts the two together). An exercise calls
``check.<name>(answer)``.

    Task        write a function            reference, cases(rng), invariants
                the next line, as code      the same, and the line above
    Prediction  choose one answer           choices {answer: sentence}, right

and in checks/kinds.py, with an example each:

    Order       bring lines in order        lines {"A": TeX}, right ("BDAC",), reasons {"A": why}
    FindBug     (line, input that shows it) code, right, line, reasons {line: why it is right}
    ChooseQ     {"q": ..., what follows}    choices, good, foretell {part: Foretell}, measure
    ReadRun     the cause of a bad trace    as a Prediction; each choice says how it would look
    Number      a number, with a tolerance  right, rtol, ranges ((low, high, sentence), ...)
    OpenTask    {"elbos": ...} of own data  needs {key: what it is}, invariants of that dictionary
    Paper       nothing is called           rubric ((points, what for), ...), worked (line by line)

All take ``name`` first and by keyword ``hints``, ``minutes``, ``points``, ``difficulty``, ``why``
(what to say to a right answer) and ``answer`` (Markdown; what ``check.<name>.solution()`` shows
after a wrong attempt; without it, the solution notebook's cell). All but a Task take their answer
as a value or as a function without arguments that returns it.

On the sheet: a text with the line *core · 5 minutes · 1 point* (filled in from here), a cell with
the stub and ``### BEGIN SOLUTION`` ... ``### END SOLUTION``, and a cell ``check.NAME(FUNCTION)``;
before it ``check.NAME.show()`` where lines or code must be seen. For a Paper: one text cell whose
id is the name with dashes, the worked solution between ``<!-- BEGIN SOLUTION -->`` and
``<!-- END SOLUTION -->``, and no check. Then ``tools/exercises.py build``. Known mistakes, where
the machinery names one wrongly or not at all, are lines in ``checks/mistakes/SHEET.txt``.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

from checks.verdicts import Hints

DIFFICULTIES = ("warm-up", "core", "stretch")


@dataclass(frozen=True)
class Case:
    """One set of inputs; ``label`` says what is special about it, to end "it is wrong for ..."."""

    inputs: tuple
    label: str = ""


def case(*inputs, label=""):
    """The inputs of one call: ``case(q, p, label="a q with an exact zero")``."""
    return Case(inputs, label)


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer, a function like the student's, and the hint that it earns."""

    hint: str
    wrong: Callable


@dataclass(frozen=True, eq=False, kw_only=True)
class Exercise:
    """What all kinds of tasks have; ``room`` is the module that holds the task."""

    hints: Hints | None = None
    points: float = 1
    minutes: int = field(default=5, kw_only=True)
    difficulty: str = field(default="core", kw_only=True)
    why: str = ""
    answer: str = ""
    room: str = ""

    asked = None  # what a call, hint() and solution() do: checks/__init__.py puts it here

    def __post_init__(self):
        if self.difficulty not in DIFFICULTIES:
            raise ValueError(f"difficulty: expected one of {DIFFICULTIES}, got {self.difficulty!r}")

    def __call__(self, answer):
        """Check ``answer``: print the verdict and return it."""
        return Exercise.asked.check(self, answer)

    def hint(self, number=None):
        """Show one hint (1 a nudge, 2 the equation, 3 the shape of the code), or all three."""
        Exercise.asked.hint(self, number)

    def solution(self):
        """Show the answer with its explanation, once an attempt has been wrong."""
        Exercise.asked.solution(self)

    def reset(self):
        """Forget what this task's answers came to; the table of progress has it open again."""
        Exercise.asked.reset(self)

    def show(self):
        """Show what the task is about: lines to order, code to search, a trace to read."""
        Exercise.asked.show(self)


@dataclass(frozen=True, eq=False)
class Task(Exercise):
    """Write a function.

    reference: the right function.  cases(rng): its random inputs, a sequence of :func:`case`,
    the smallest first.  invariants: functions (result, *inputs) that return "" or a sentence that
    says what is broken, with numbers.  call(function, *inputs) turns what the student's function
    gives into numbers, where calling it is not enough (a generator of states to run, say).
    spelt_out: other ways to write the reference, as students would; slips of the pen are looked for
    in these formulas, too.
    rtol, atol: the agreement asked for; accept(expected, result, *inputs) replaces it, for answers
    that are random.
    """

    name: str
    reference: Callable
    cases: Callable
    invariants: tuple = ()
    returns: str = ""
    rtol: float = 1e-6
    atol: float = 1e-9
    seconds: float = 6.0
    accept: Callable | None = None
    call: Callable | None = None
    spelt_out: tuple = ()
    above: str = ""  # of a derivation: the line that this one must equal
    mistakes: tuple | None = None  # None: those in the sheet's file

    @property
    def arguments(self):
        """The names of the arguments."""
        return tuple(inspect.signature(self.reference).parameters)


class Question(Exercise):
    """A task whose answer is a value, not a function of inputs."""

    @property
    def reference(self):
        """A right answer, as the function that a student writes."""
        return self.right_answer


@dataclass(frozen=True, eq=False)
class Prediction(Question):
    """Foretell what a figure or a computation will show.

    choices maps each answer to what to say about it; ``right`` is the right one.
    """

    name: str
    question: str
    choices: dict
    right: str
    minutes: int = field(default=2, kw_only=True)
    difficulty: str = field(default="warm-up", kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        if self.right not in self.choices:
            raise ValueError(f"right: expected one of {tuple(self.choices)}, got {self.right!r}")

    def right_answer(self):
        return self.right


def tasks_of(module):
    """The tasks of a module of checks, in the order of its exercise notebook."""
    return [x for x in vars(module).values() if isinstance(x, Exercise)]
