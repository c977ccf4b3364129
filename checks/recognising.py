"""Which mistake explains everything that a student's function returned?

A wrong answer is recognised by the known mistake, or the mutant of the reference, that gives the
same results for *all* random inputs. Failing that, by a relation between the results and the right
ones, by two mistakes at once, or part by part.
"""

from dataclasses import replace

import numpy as np

from checks import relations
from checks.outcomes import VALUE
from checks.plain import agree, finite, like, only_nan, plain
from checks.reading import draws_at_random, swapped_arguments, unread_arguments, used_by
from checks.relations import related
from checks.running import observe
from checks.searching import Search, call_of, matches
from checks.sentences import listed, say
from checks.slips import rules

LAST_RESORT = 30.0  # seconds; ends what no count would


def recognise(task, trials, function=None):
    """The sentence for what went wrong in ``trials``, or "" if nothing known explains it."""
    search = Search(task, trials, used_by(function))
    known = _seen(search, function)
    if known or all(only_nan(t.got) for t in trials):
        return known
    # Some wrong formulas take what is a number of draws for a dimension and the like, so they run
    # under the limit on memory that students' functions run under.
    rules()  # read once, and not by every child
    steps = (
        lambda: _guessed(search),
        search.two_at_once,
        lambda: _apart_from_special_inputs(search, Search.mutant),
        lambda: _part_by_part(search),
    )
    outcome = observe(_first, steps, [()], LAST_RESORT)[0]
    return outcome.value if outcome.kind == VALUE else ""


def _first(steps):
    """The first sentence that is not empty."""
    return next((words for words in (step() for step in steps) if words), "")


def _seen(search, function=None):
    """What the results and the answer's text show by themselves."""
    task, trials = search.task, search.trials
    return _first(
        (
            search.known_mistake,
            lambda: relations.underflows(task, trials),
            lambda: swapped_arguments(task, function),
            lambda: relations.same_everywhere(task, trials),
            lambda: relations.argument_returned(task, trials),
            search.twist,
            lambda: related(task, trials, close=True),
            lambda: draws_at_random(task, function),
            lambda: unread_arguments(task, function),
        )
    )


def _guessed(search):
    """What a search through many wrong formulas finds."""
    return _first(
        (
            lambda: _apart_from_special_inputs(search, Search.known_mistake),
            lambda: _apart_from_special_inputs(search, Search.twist),
            search.mutant,
            lambda: related(search.task, search.trials, close=False),
        )
    )


def _apart_from_special_inputs(search, how):
    """What explains all ordinary inputs, where special ones go wrong besides."""
    task, ordinary = search.task, [t for t in search.trials if not t.label]
    special = [t for t in search.trials if t.label and not matches(task, t.expected, t)]
    if len(ordinary) < 3 or not special or task.accept is not None:
        return ""
    hint = how(search.among(task, ordinary))
    rest = [t for t in special if hint and how(search.among(task, [*ordinary, t])) != hint]
    if not rest:
        return hint
    kind = "special_more" if finite(rest[0].got) else "special_nan"
    return say(kind, hint=hint, label=rest[0].label)


# ---------------------------------------------------------------- several results


def _part_by_part(search):
    """Of several results, which are wrong, and what explains each of those alone?"""
    task, pairs = search.task, _several(search.trials)
    if not pairs or task.accept:
        return ""
    if all(agree(e, g[::-1], task.rtol) for e, g in pairs):
        return say("reverse_results")
    count = len(pairs[0][0])
    bad = [k for k in range(count) if not all(agree(e[k], g[k]) for e, g in pairs)]
    found = {k: _alone(search, pairs, k) for k in bad}
    if len(bad) < count and len({*found.values()}) == 1:
        kind = "one_result_wrong" if len(bad) == 1 else "results_wrong"
        return say(kind, count=count, names=listed(k + 1 for k in bad), hint=found[bad[0]]).rstrip()
    known = [say("number_k", number=k + 1, hint=hint) for k, hint in found.items() if hint]
    rest = [k + 1 for k in bad if not found[k]]
    more = say("one_more_wrong" if len(rest) == 1 else "more_wrong", numbers=listed(rest))
    words = {"known": " ".join(known), "more": more if rest else ""}
    return say("one_by_one", count=count, **words).rstrip() if known else ""


def _alone(search, pairs, k):
    """What explains the result at place k, as if it alone had been asked for."""
    whole = call_of(search.task)
    task = replace(search.task, call=lambda function, *inputs: whole(function, *inputs)[k])
    trials = [
        replace(t, expected=plain(e[k]), got=plain(g[k]))
        for t, (e, g) in zip(search.trials, pairs, strict=True)
    ]
    alone = search.among(task, trials)
    return _seen(alone) or _guessed(alone)


def _several(trials):
    """Pairs (right results, the student's), each a list of equally many, or [] if there is one."""
    pairs = [(t.expected, like(t.expected, t.got)) for t in trials]
    if all(relations.is_short_row(x) for pair in pairs for x in pair):
        pairs = [([*map(np.asarray, e)], [*map(np.asarray, g)]) for e, g in pairs]
    if not all(isinstance(e, list) and isinstance(g, list) and len(e) == len(g) for e, g in pairs):
        return []
    return pairs if len({len(e) for e, _ in pairs}) == 1 else []
