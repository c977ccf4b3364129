"""What might explain the results of a student's function: known mistakes, mutants, pairs of them.

Each wrong formula is computed once. The search counts what it computes, never seconds: the same
answer gets the same sentence on every machine.
"""

import copy
import functools
from dataclasses import dataclass
from itertools import product

import numpy as np

from checks.catalogue import known
from checks.mutants import replacements, twists
from checks.plain import agree, like, only_nan, plain
from checks.sentences import say
from checks.slips import slips

EVALUATIONS = 6000  # of wrong formulas, in the search for one sentence


@dataclass(frozen=True, eq=False)
class Trial:
    """One input with the right result and the student's, both plain."""

    inputs: tuple
    expected: object
    got: object
    label: str = ""


def matches(task, target, trial):
    """Does the student's result agree with ``target``, by the task's own measure?"""
    if target is None:
        return False
    if task.accept is None:
        return agree(target, trial.got, task.rtol, task.atol)
    got = like(target, trial.got)
    if plain_shape(got) != plain_shape(target):
        return False
    with np.errstate(all="ignore"):
        return bool(np.all(task.accept(target, got, *copy.deepcopy(trial.inputs))))


def plain_shape(value):
    """The shape of a plain result, in a form to compare."""
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, list):
        return [plain_shape(x) for x in value]
    return {k: plain_shape(v) for k, v in value.items()} if isinstance(value, dict) else type(value)


def call_of(task):
    """How the task calls a function: ``call(function, *inputs)``."""
    return task.call or (lambda function, *inputs: function(*inputs))


def result_of(task, function, inputs):
    """The plain result of a function of the course's own, on a copy of the inputs."""
    with np.errstate(all="ignore"):
        return plain(call_of(task)(function, *copy.deepcopy(inputs)))


class Search:
    """What might explain the results of one student's function.

    A candidate is a pair (sentence, results); ``results(i)`` is what the student got for trial i,
    if the sentence is true, and None if that cannot be had.
    """

    def __init__(self, task, trials, used=None, spent=None):
        self.task, self.trials = task, trials
        self.right = [matches(task, t.expected, t) for t in trials]
        self.order = sorted(range(len(trials)), key=lambda k: self.right[k])  # wrong ones first
        self.used = used  # by the answer, see checks.reading; None if it cannot be read
        self.spent = [0] if spent is None else spent  # evaluations, shared with searches in parts
        # Are the answers random, so that much would agree with them by chance?
        self.by_chance = task.accept is not None and any("rng" in x for x in task.arguments)

    def among(self, task, trials):
        """The same search for other results of the same answer."""
        return Search(task, trials, self.used, self.spent)

    def _of(self, function):
        def result(i):
            self.spent[0] += 1
            try:
                return result_of(self.task, function, self.trials[i].inputs)
            except Exception:  # a wrong formula may fail where the right one does not
                return None

        return functools.cache(result)

    @functools.cached_property
    def _known(self):
        return [(m.hint, self._of(m.wrong)) for m in known(self.task)]

    @functools.cached_property
    def _replaced(self):
        """The reference with an input replaced."""
        found = replacements(self.task.arguments, self.trials[self.order[0]].inputs)
        of = [(w, lambda *x, change=change: self.task.reference(*change(x))) for w, change in found]
        return [(words, self._of(function)) for words, function in of]

    @functools.cached_property
    def _slipped(self):
        """The reference with a slip of the pen."""
        formulas = (*self.task.spelt_out, self.task.reference)
        return [(words, self._of(f)) for formula in formulas for words, f in slips(formula)]

    @functools.cached_property
    def _twisted(self):
        """The right results twisted."""
        return [(words, _then(lambda i: self.trials[i].expected, how)) for words, how in twists()]

    def _first(self, candidates):
        """The first sentence that explains all results, at least one of them wrong."""
        if all(self.right) or all(only_nan(t.got) for t in self.trials):
            return ""
        for words, results in candidates:
            if self.spent[0] > EVALUATIONS:
                return ""
            if self._fits(words) and self._explained(results):
                return words
        return ""

    def _explained(self, results):
        return all(matches(self.task, results(k), self.trials[k]) for k in self.order)

    def _fits(self, words):
        """Does the answer use what a sentence says of it?"""
        needs = getattr(words, "needs", frozenset())
        return "loop" not in needs if self.used is None else needs <= self.used

    def known_mistake(self):
        """The sentence of the known mistake that explains all results."""
        return self._first(self._known)

    def twist(self):
        """The sentence of a twist of the right results."""
        return "" if self.by_chance else self._first(self._twisted)

    def mutant(self):
        """The sentence of a replaced input or of a slip, the surest first.

        An input that goes in through a function comes last: a lost `exp` looks like a log, too.
        """
        if self.by_chance:
            return "" if any(self.right) else self._first(self._slipped)
        sure = [pair for pair in self._replaced if pair[0].needs <= {"loop"}]
        return self._first(sure) or self._slip() or self._first(self._replaced)

    def _slip(self):
        wrong = [self.trials[k].got for k in self.order if not self.right[k]]
        if all(map(only_nan, wrong)):
            return ""  # for special inputs: many slips would do that
        return self._first(self._slipped)

    def two_at_once(self):
        """A known mistake or a twist, and a twist of that."""
        pairs = product([*self._known, *self._twisted], twists())
        return (
            ""
            if self.by_chance
            else self._first(
                (say("two_things", first=first, second=second), _then(results, change))
                for (first, results), (second, change) in pairs
            )
        )


def _then(results, change):
    """Results taken through ``change``."""
    return functools.cache(lambda i: None if results(i) is None else change(results(i)))
