"""Which mistake explains everything that a student's function returned?

A wrong answer is recognised by the known mistake, or the mutant of the reference, that gives the
same results for *all* random inputs. Failing that, by a relation between the results and the right
ones, by two mistakes at once, or part by part.
"""

import functools
from dataclasses import replace

import numpy as np

from checks import relations
from checks.outcomes import VALUE
from checks.plain import agree, finite, like, plain
from checks.reading import draws_at_random, swapped_arguments, unread_arguments, used_by
from checks.relations import related
from checks.running import observe
from checks.searching import Search, matches, says_something
from checks.sentences import listed, say
from checks.slips import rules

LAST_RESORT = 30.0  # seconds; ends what no count would


def recognise(task, trials, function=None):
    """The sentence for what went wrong in ``trials``, or "" if nothing known explains it."""
    search = Search(task, trials, used_by(function))
    steps = (
        search.known_mistake,
        lambda: relations.underflows(task, trials),
        lambda: swapped_arguments(task, function),
        lambda: relations.same_everywhere(task, trials),
        lambda: relations.argument_returned(task, trials),
        search.twist,
        lambda: related(task, trials, close=True),
        lambda: draws_at_random(task, function),
        lambda: unread_arguments(task, function),
        lambda: _apart_from_special_inputs(search),
    )
    known = _first(steps)
    if known or not any(says_something(t.got) for t in trials):  # nan agrees with too much
        return known
    return _guessed(search) or related(task, trials, close=False)


def _first(steps):
    """The first sentence that is not empty."""
    return next((words for words in (step() for step in steps) if words), "")


def _apart_from_special_inputs(search):
    """What explains all ordinary inputs, where special ones go wrong besides."""
    task, ordinary = search.task, [t for t in search.trials if not t.label]
    special = [t for t in search.trials if t.label and not matches(task, t.expected, t)]
    if len(ordinary) < 3 or not special or task.accept is not None:
        return ""

    def hints(trials):
        alone = Search(task, trials, search.used, search.spent)
        return alone.known_mistake(), alone.twist()

    hint = next(filter(None, hints(ordinary)), "")
    rest = [t for t in special if hint and hint not in hints([*ordinary, t])]
    if not rest:
        return hint
    kind = "special_more" if finite(rest[0].got) else "special_nan"
    return say(kind, hint=hint, label=rest[0].label)


def _guessed(search):
    """The sentence of a search through many wrong formulas, or "".

    Some of these take what is a number of draws for a dimension and the like, so they run under
    the limit on memory that students' functions run under.
    """
    parts = _Parts(search)
    steps = (
        search.mutant,
        lambda: related(search.task, search.trials, close=False),
        parts.reversed,
        lambda: parts.one_by_one(wholly=True),
        search.two_at_once,
        lambda: search.in_input_and((say("other_normaliser"), relations.up_to_a_factor)),
        lambda: parts.one_by_one(wholly=False),
        parts.which,
    )
    rules()  # read once, and not by every child
    outcome = observe(lambda steps: _first(steps), steps, [()], LAST_RESORT)[0]
    return outcome.value if outcome.kind == VALUE else ""


# ---------------------------------------------------------------- several results


class _Parts:
    """Of several results, which are wrong, and what explains those alone?"""

    def __init__(self, search):
        self.search, self.task, self.trials = search, search.task, search.trials
        self.pairs = [] if self.task.accept else _several(self.trials)
        self.count = len(self.pairs[0][0]) if self.pairs else 0
        self.bad = [
            k for k in range(self.count) if not all(agree(e[k], g[k]) for e, g in self.pairs)
        ]
        self.some = self.bad if len(self.bad) < self.count else []

    @functools.cached_property
    def hints(self):
        """{place: what explains this one, as if it alone had been asked for}"""
        return {k: self._hint(k) for k in self.bad}

    def _hint(self, k):
        def call(function, *inputs):
            return (self.task.call or (lambda f, *x: f(*x)))(function, *inputs)[k]

        task = replace(self.task, call=call)
        trials = [
            replace(t, expected=plain(e[k]), got=plain(g[k]))
            for t, (e, g) in zip(self.trials, self.pairs, strict=True)
        ]
        alone = Search(task, trials, self.search.used, self.search.spent)
        return _first(
            (
                alone.known_mistake,
                lambda: relations.same_everywhere(task, trials),
                alone.twist,
                lambda: related(task, trials, close=True),
                alone.mutant,
                lambda: related(task, trials, close=False),
            )
        )

    def one_by_one(self, wholly):
        """What explains each wrong one (or, if not ``wholly``, some)."""
        found = {k: hint for k, hint in self.hints.items() if hint}
        if not found or (wholly and len(found) < len(self.bad)):
            return ""
        if self.some and len(set(found.values())) == 1 and len(found) == len(self.bad):
            return self._told(min(found.values()))
        known = [say("number_k", number=k + 1, hint=hint) for k, hint in found.items()]
        rest = [k + 1 for k in self.bad if k not in found]
        more = say("one_more_wrong" if len(rest) == 1 else "more_wrong", numbers=listed(rest))
        words = {"known": " ".join(known), "more": more if rest else ""}
        return say("one_by_one", count=self.count, **words).rstrip()

    def reversed(self):
        """The right results in reverse order."""
        same = self.pairs and all(agree(e, g[::-1], self.task.rtol) for e, g in self.pairs)
        return say("reverse_results") if same else ""

    def which(self):
        """Which results are wrong, if not all of them."""
        return self._told("") if self.some else ""

    def _told(self, hint):
        kind = "one_result_wrong" if len(self.some) == 1 else "results_wrong"
        names = listed(k + 1 for k in self.some)
        return say(kind, count=self.count, names=names, hint=hint).rstrip()


def _several(trials):
    """Pairs (right results, the student's), each a list of equally many, or [] if there is one."""
    pairs = [(t.expected, like(t.expected, t.got)) for t in trials]
    if all(relations.is_short_row(x) for pair in pairs for x in pair):
        pairs = [([*map(np.asarray, e)], [*map(np.asarray, g)]) for e, g in pairs]
    if not all(isinstance(e, list) and isinstance(g, list) and len(e) == len(g) for e, g in pairs):
        return []
    return pairs if len({len(e) for e, _ in pairs}) == 1 else []
