"""What might explain the results of a student's function: known mistakes, mutants, pairs of them.

Each wrong formula is computed once. The search counts what it computes, never seconds: the same
answer gets the same sentence on every machine.
"""

import copy
import functools
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from checks.catalogue import known
from checks.mutants import replacements, twisted, twists
from checks.plain import agree, describe, finite, like, plain
from checks.relations import is_short_row
from checks.results import Results
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


def result_of(task, function, inputs):
    """The plain result of a function of the course's own, on a copy of the inputs."""
    inputs = copy.deepcopy(inputs)
    with np.errstate(all="ignore"):
        return plain(function(*inputs) if task.call is None else task.call(function, *inputs))


def _forbids_logs(value):
    """Is this log 0, or a distribution with a zero?"""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.ndim == 0:
        return False
    one = np.allclose(value.sum(-1), 1) or np.isclose(value.sum(), 1)
    return bool(np.isneginf(value).any() or (one and not value.all()))


def _count(value):
    """How many results a plain value holds: of a list, or of a few numbers in a row."""
    if isinstance(value, list):
        return len(value)
    return len(value) if is_short_row(value) else 0


def says_something(value):
    """Is there a number in a plain result that is not nan? nan agrees with too much."""
    if isinstance(value, np.ndarray):
        return bool((~np.isnan(value)).any())
    return any(says_something(x) for x in value) if isinstance(value, list) else True


class Search:
    """What might explain the results of one student's function, each formula computed once."""

    def __init__(self, task, trials, spent=None, used=None):
        self.task, self.trials = task, trials
        self.right = [matches(task, t.expected, t) for t in trials]
        self.order = sorted(range(len(trials)), key=lambda k: self.right[k])  # wrong ones first
        self.used = used  # by the answer, see checks.reading; None if it cannot be read
        self._spent = [0] if spent is None else spent  # evaluations, shared with searches in parts

    def result(self, function, i):
        """The plain result of ``function`` for trial ``i``, None where it fails."""
        self._spent[0] += 1
        try:
            return result_of(self.task, function, self.trials[i].inputs)
        except Exception:  # a wrong formula may fail where the right one does not
            return None

    def _of(self, function):
        return Results(len(self.trials), functools.partial(self.result, function))

    def _then(self, results, change):
        """Results taken through ``change(result, what the student got)``."""

        def compute(i):
            return None if results[i] is None else change(results[i], self.trials[i].got)

        return Results(len(self.trials), compute)

    def _merged(self, merge, a, b):
        """Two mistakes in the terms of a sum or the factors of a product."""

        def compute(i):
            values = self.trials[i].expected, a[i], b[i]
            if not all(isinstance(x, np.ndarray) and x.shape == values[0].shape for x in values):
                return None
            with np.errstate(all="ignore"):
                return np.asarray(merge(*values))

        return Results(len(self.trials), compute)

    @functools.cached_property
    def mistakes(self):
        """Pairs (sentence, results) of the known mistakes."""
        return [(m.hint, self._of(m.wrong)) for m in known(self.task)]

    @functools.cached_property
    def replaced(self):
        """Pairs (sentence, results) of the reference with an input replaced."""
        trial = self.trials[self.order[0]]
        found = replacements(self.task.arguments, trial.inputs)
        return [(words, self._of(self._of_replaced(change))) for words, change in found]

    def _of_replaced(self, change):
        return lambda *inputs: self.task.reference(*change(inputs))

    @functools.cached_property
    def slipped(self):
        """Pairs (sentence, results) of the reference with a slip of the pen."""
        formulas = (*self.task.spelt_out, self.task.reference)
        return [(words, self._of(f)) for formula in formulas for words, f in slips(formula)]

    @functools.cached_property
    def twisted(self):
        """Pairs (sentence, results) of the right results twisted."""
        return [(t.hint, [twisted(t, x.expected) for x in self.trials]) for t in twists()]

    @property
    def by_chance(self):
        """Are the answers random, so that much would agree with them by chance?"""
        return self.task.accept is not None and any("rng" in x for x in self.task.arguments)

    def explained(self, results, everywhere=True, partly=False):
        """Do ``results`` agree with all of the student's (or all wrong ones), at least one wrong?

        With ``partly``, a result that is not to be had (None) counts as agreeing after the first.
        """
        apart = 0
        for n, k in enumerate(self.order):
            trial, result = self.trials[k], results[k]
            if (self.right[k] and not everywhere) or (partly and n and result is None):
                continue
            if not matches(self.task, result, trial):
                return False
            apart += not self.right[k]
        enough = apart >= 2 or apart == self.right.count(False)  # one alone may be by chance
        return bool(apart and enough) and any(says_something(t.got) for t in self.trials)

    def _first(self, pairs, **how):
        for words, results in pairs:
            if self._spent[0] > EVALUATIONS:
                return ""
            if self._fits(words) and self.explained(results, **how):
                return words
        return ""

    def _fits(self, words):
        """Does the answer use what a sentence says of it?"""
        needs = getattr(words, "needs", frozenset())
        return "loop" not in needs if self.used is None else needs <= self.used

    # ------------------------------------------------------------ one mistake

    def known_mistake(self, everywhere=True):
        """The sentence of the known mistake that explains all results (or all wrong ones)."""
        return self._first(self.mistakes, everywhere=everywhere)

    def twist(self):
        """The sentence of a twist of the right results."""
        return "" if self.by_chance else self._first(self.twisted)

    def replacement(self, then=(), sure=False):
        """The sentence of a replaced input, its result taken through one of ``then``.

        With ``sure``, of none that goes in through a function: a lost `exp` looks like a log, too.
        """
        if self.by_chance:
            return ""
        if not then:
            pairs = (p for p in self.replaced if not sure or p[0].needs <= {"loop"})
            return self._first(pairs, partly=True)
        for words, results in self.replaced:
            for second, apply in then if self._fits(words) else ():
                if self.explained(self._then(results, apply), partly=True):
                    return say("two_things", first=words, second=second)
        return ""

    def slip(self):
        """The sentence of a slip in the formula of the reference."""
        if self.by_chance and any(self.right):
            return ""
        if not any(says_something(self.trials[k].got) for k in self.order if not self.right[k]):
            return ""  # nan for special inputs: many slips would do that
        return self._first(self.slipped)

    def mutant(self):
        """The sentence of a replaced input or of a slip, the surest first."""
        return self.replacement(sure=True) or self.slip() or self.replacement()

    def same_everywhere(self):
        """One constant for all inputs."""
        trials = self.trials
        if len(trials) < 3 or finite(trials[0].got) is False:
            return ""
        if any(plain_shape(like(t.expected, t.got)) != plain_shape(t.expected) for t in trials):
            return ""
        same = all(agree(trials[0].got, t.got) for t in trials[1:])
        if not same or all(agree(trials[0].expected, t.expected) for t in trials[1:]):
            return ""
        return say("same_everywhere", value=describe(trials[0].got))

    def underflows(self):
        """Right on ordinary inputs, and where the result is wrong, no finite number came out."""
        bad = [t for t, right in zip(self.trials, self.right, strict=True) if not right]
        ordinary = any(r and not t.label for t, r in zip(self.trials, self.right, strict=True))
        lost = all(finite(t.expected) and not finite(t.got) for t in bad)
        if not ordinary or not lost or any(_forbids_logs(x) for t in bad for x in t.inputs):
            return ""
        label = next((t.label for t in bad if t.label), "")
        return say("underflows", where=say("underflows_for", label=label, sep=" ") if label else "")

    def count_of_results(self):
        """Not as many results as are asked for."""
        pairs = [(t.expected, t.got) for t in self.trials]
        counts = {(_count(e), _count(g)) for e, g in pairs}
        asked, came = min(counts) if len(counts) == 1 else (0, 0)
        if asked in (0, came) or came == 0:
            return ""
        return say("count_of_results", came=came, asked=asked)

    def argument_returned(self):
        """An argument, as it came in."""
        for k, name in enumerate(self.task.arguments):
            columns = [t.inputs[k] if k < len(t.inputs) else None for t in self.trials]
            if all(isinstance(x, (np.ndarray, float, int)) for x in columns):
                if self.explained([plain(x) for x in columns]):
                    return say("argument_returned", name=name)
        return ""

    def apart_from_special_inputs(self):
        """What explains all ordinary inputs, where special ones go wrong besides."""
        ordinary = [t for t in self.trials if not t.label]
        special = [t for t in self.trials if t.label and not matches(self.task, t.expected, t)]
        if len(ordinary) < 3 or not special or self.task.accept is not None:
            return ""
        search = Search(self.task, ordinary, self._spent, self.used)
        hint = search.known_mistake() or search.twist()
        rest = [t for t in special if hint and not self._explains(hint, [*ordinary, t])]
        if not rest:
            return hint
        kind = "special_nan" if finite(rest[0].got) is False else "special_more"
        return say(kind, hint=hint, label=rest[0].label)

    def _explains(self, hint, trials):
        """Is this the sentence for these trials, too?"""
        search = Search(self.task, trials, self._spent, self.used)
        return hint in (search.known_mistake(), search.twist())

    def two_at_once(self):
        """A known mistake or a twist, and a twist of that; or two mistakes in a sum."""
        if self.by_chance:
            return ""
        for words, results in [*self.mistakes, *self.twisted]:
            for twist in twists():
                if self.explained(self._then(results, functools.partial(_twisted, twist))):
                    return say("two_things", first=words, second=twist.hint)
        for (one, a), (other, b) in combinations(self.mistakes, 2):
            for merge in (lambda c, a, b: a + b - c, lambda c, a, b: a * b / c):
                if self.explained(self._merged(merge, a, b)):
                    return say("two_things", first=one, second=other)
        return ""


def _twisted(twist, result, _):
    return twisted(twist, result)
