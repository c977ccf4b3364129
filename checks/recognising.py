"""Which mistake explains everything that a student's function returned?

A wrong answer is recognised by the known mistake, or the mutant of the reference, that gives the
same results for *all* random inputs. Failing that, by a relation between the results and the right
ones, by two mistakes at once, or part by part.
"""

import functools

import numpy as np

from checks.mutants import twisted, twists
from checks.outcomes import VALUE
from checks.parts import Parts
from checks.reading import draws_at_random, swapped_arguments, unread_arguments, used_by
from checks.relations import CLOSE, LOOSE, related, up_to_a_factor
from checks.running import observe
from checks.searching import Search, says_something
from checks.sentences import say

SIMPLE = 6  # so many twists are tried after a mistake in the inputs
LAST_RESORT = 30.0  # seconds; ends what no count would


def recognise(task, trials, function=None):
    """The sentence for what went wrong in ``trials``, or "" if nothing known explains it."""
    search = Search(task, trials, used=used_by(function))
    steps = (
        search.known_mistake,
        search.underflows,
        search.count_of_results,
        lambda: swapped_arguments(task, function),
        search.same_everywhere,
        search.argument_returned,
        search.twist,
        lambda: related(task, trials, CLOSE),
        lambda: search.known_mistake(everywhere=False),
        lambda: draws_at_random(task, function),
        lambda: unread_arguments(task, function),
        search.apart_from_special_inputs,
    )
    known = first(steps)
    if known or not any(says_something(t.got) for t in trials):  # nan agrees with too much
        return known
    return _guessed(search) or related(task, trials, LOOSE)


def first(steps):
    """The first sentence that is not empty."""
    return next((words for words in (step() for step in steps) if words), "")


def of_one(task, wrong):
    """The known mistake behind a single wrong result, if it holds enough numbers to be sure."""
    if not wrong or np.size(wrong[0].got) < 4 or isinstance(wrong[0].got, list):
        return ""
    return Search(task, wrong).known_mistake()


def _guessed(search):
    """The sentence of a search through many wrong formulas, or "".

    Some of these take what is a number of draws for a dimension and the like, so they run under
    the limit on memory that students' functions run under.
    """
    parts = Parts(search)
    simple = [(t.hint, functools.partial(_twisted, t)) for t in twists()[:SIMPLE]]
    steps = (
        search.mutant,
        lambda: related(search.task, search.trials, LOOSE),
        parts.together,
        lambda: parts.one_by_one(wholly=True),
        search.two_at_once,
        lambda: search.replacement(simple),
        lambda: search.replacement([(say("other_normaliser"), up_to_a_factor)]),
        parts.one_by_one,
        parts.which,
    )
    outcome = observe(lambda steps: first(steps), steps, [()], LAST_RESORT)[0]
    return outcome.value if outcome.kind == VALUE else ""


def _twisted(twist, result, _):
    return twisted(twist, result)
