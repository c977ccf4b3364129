"""A task: what is asked, what is right, and which mistakes are known.

A task is called with the student's function, prints its verdict and returns it. Predictions and
steps of a derivation are tasks too: of a choice, and of an expression.
"""

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from checks.judging import judge, judge_choice
from checks.verdicts import Hints

DIFFICULTIES = ("warm-up", "core", "stretch")
LATEST = {}  # (module, task) -> its last verdict in this session, for the table of progress


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
    """A plausible wrong answer and the hint it must earn.

    wrong is a function like the student's; the hint names the confusion and says why it is one.
    """

    hint: str
    wrong: Callable


@dataclass(frozen=True)
class Task:
    """Write a function.

    reference: the right function.  cases(rng): its random inputs, a sequence of :func:`case`,
    the smallest first.  mistakes: the catalogue.  invariants: functions (result, *inputs) that
    return "" or a sentence that says what is broken, with numbers.  call(function, *inputs) turns
    what the student's function gives into numbers, where calling it is not enough (a generator of
    states to run, say); it is applied to the reference and the mistakes as well.
    spelt_out: other ways to write the reference, as students would; slips of the pen are looked for
    in these formulas, too.
    rtol, atol: the agreement asked for; accept(expected, result, *inputs) replaces it, for answers
    that are random.  why: one sentence for a right answer, about what it means.
    """

    name: str
    reference: Callable
    cases: Callable
    hints: Hints
    mistakes: tuple = ()
    invariants: tuple = ()
    points: float = 1
    minutes: int = 5
    difficulty: str = "core"
    why: str = ""
    returns: str = ""
    rtol: float = 1e-6
    atol: float = 1e-9
    seconds: float = 6.0
    accept: Callable | None = None
    call: Callable | None = None
    room: str = field(default="", compare=False)  # the module, found out from the reference
    spelt_out: tuple = ()
    above: str = ""  # of a derivation: the line that this one must equal

    def __post_init__(self):
        if self.difficulty not in DIFFICULTIES:
            raise ValueError(f"difficulty: expected one of {DIFFICULTIES}, got {self.difficulty!r}")
        object.__setattr__(self, "mistakes", tuple(self.mistakes))
        object.__setattr__(self, "spelt_out", tuple(self.spelt_out))
        object.__setattr__(self, "invariants", tuple(self.invariants))
        object.__setattr__(self, "room", self.room or self.cases.__module__)

    def __call__(self, function):
        """Check ``function``: print the verdict and return it."""
        return _announce(self, judge(self, function, np.random.default_rng()))

    @property
    def arguments(self):
        """The names of the arguments."""
        return tuple(inspect.signature(self.reference).parameters)

    def hint(self, number=None):
        """Print one hint (1 a nudge, 2 the equation, 3 the shape of the code), or all three."""
        _print_hint(self.hints, number)


@dataclass(frozen=True)
class Prediction:
    """Foretell what a figure or a computation will show.

    choices maps each answer to what to say about it; ``right`` is the right one. The student's
    function has no arguments and returns its choice; the choice itself is taken as well.
    """

    name: str
    question: str
    choices: dict
    right: str
    hints: Hints
    room: str
    points: float = 1
    minutes: int = 2
    difficulty: str = "warm-up"

    def __post_init__(self):
        if self.right not in self.choices:
            raise ValueError(f"right: expected one of {tuple(self.choices)}, got {self.right!r}")

    def __call__(self, answer):
        """Check the choice: print the verdict, with the reason, and return it."""
        return _announce(self, judge_choice(self, answer))

    @property
    def reference(self):
        """The right answer, as the function that a student writes."""
        return lambda: self.right

    def hint(self, number=None):
        """Print one hint, or all three."""
        _print_hint(self.hints, number)


def Derivation(name, above, reference, cases, hints, **more):
    """Enter the next line of a derivation, as code; it must equal the line ``above`` (TeX).

    It is a :class:`Task` whose function gets only what the next line may use.
    """
    return Task(name, reference, cases, hints, above=above, **more)


def tasks_of(module):
    """The tasks of a module of checks, in the order of its exercise notebook."""
    return [x for x in vars(module).values() if isinstance(x, (Task, Prediction))]


def _announce(task, verdict):
    LATEST[task.room.rpartition(".")[2], task.name] = verdict
    print(wrapped(verdict))
    return verdict


def wrapped(verdict):
    """The verdict's text in lines that end between words: JupyterLab breaks long ones anywhere."""
    lines = str(verdict).splitlines()
    return "\n".join(
        textwrap.fill(line, 88, break_long_words=False, break_on_hyphens=False) for line in lines
    )


def _print_hint(hints, number):
    if number is None:
        print(hints)
    elif number in (1, 2, 3):
        print((hints.nudge, hints.equation, hints.shape)[number - 1])
    else:
        print(f"There are three hints: hint(1), hint(2) and hint(3), but no hint({number!r}).")
