"""Which mistake explains everything that a student's function returned?

A wrong answer is recognised by the entry of the catalogue, or the twist of the reference, that
gives the same results for *all* random inputs. Failing that, by a relation between the results
and the right ones (a constant factor, an offset, the terms of a sum), by two mistakes at once, or
by an argument that the function never reads.
"""

import copy
import dis
import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.special import logsumexp

from checks.outcomes import VALUE, observe
from checks.plain import agree, describe, finite, like, plain, shape_in_words
from checks.slips import slips
from checks.substitutions import substitutions
from checks.twists import ANY_SHAPE, ARRAYS, Twist, twisted


@dataclass(frozen=True, eq=False)
class Trial:
    """One input with the right result and the student's, both plain."""

    inputs: tuple
    expected: object
    got: object
    label: str = ""


PATIENCE = 0.6  # seconds for each search through the replacements of inputs
GUESSING = 3.0  # seconds for all of them
SIMPLE = ANY_SHAPE[:6]  # twists that people combine with a mistake in the inputs


def recognise(task, trials, function=None):
    """The hint for what went wrong in ``trials``, or "" if no known mistake explains it."""
    wrong = _catalogue(task, trials)
    steps = (
        lambda: _of_catalogue(task, trials, wrong, everywhere=True),
        lambda: _same_everywhere(trials),
        lambda: _input_returned(task, trials),
        lambda: _of_twists(task, trials, [t.expected for t in trials]),
        lambda: _relation(task, trials, CLOSE),
        lambda: _of_catalogue(task, trials, wrong, everywhere=False),
        lambda: _drawn_at_random(task, function),
        lambda: _unread_argument(task, function),
        lambda: _apart_from_special_inputs(task, trials),
    )
    return _first(steps) or _guessed(task, trials, wrong) or _relation(task, trials, LOOSE)


def of_one(task, wrong):
    """The catalogue's hint for a single wrong result, if it holds enough numbers to be sure."""
    if not wrong or np.size(wrong[0].got) < 4 or isinstance(wrong[0].got, list):
        return ""
    return _of_catalogue(task, wrong, _catalogue(task, wrong), everywhere=True)


def _apart_from_special_inputs(task, trials):
    """A known mistake that explains all ordinary inputs, where special ones go wrong besides."""
    ordinary = [t for t in trials if not t.label]
    special = [t for t in trials if t.label and not matches(task, t.expected, t)]
    if len(ordinary) < 3 or not special or task.accept is not None:
        return ""
    hint = _of_catalogue(task, ordinary, _catalogue(task, ordinary), everywhere=True)
    hint = hint or _of_twists(task, ordinary, [t.expected for t in ordinary])
    odd = "there is a nan or an infinity" if finite(special[0].got) is False else "more goes wrong"
    return hint and f"{hint} (For {special[0].label} {odd} besides.)"


def _catalogue(task, trials):
    return [_Results(task, mistake.wrong, trials) for mistake in (task.mistakes or ())]


def _guessed(task, trials, wrong):
    """The hint of a search through many wrong formulas, or "".

    Some of these take what is a number of draws for a dimension and the like, so they run under the
    limits on time and memory that students' functions run under.
    """
    steps = (
        lambda: _of_substitutions(task, trials),
        lambda: _of_slips(task, trials),
        lambda: _relation(task, trials, LOOSE),
        lambda: _some_of_several(task, trials),
        lambda: _part_by_part(task, trials, wholly=True),
        lambda: _two_at_once(task, trials, wrong),
        lambda: _of_substitutions(task, trials, *SIMPLE),
        lambda: _of_substitutions(task, trials, _as_far_as_a_factor),
        lambda: _part_by_part(task, trials),
        lambda: _one_of_several(task, trials),
    )
    outcome = observe(lambda search: search(steps), _first, [()], GUESSING)[0]
    return outcome.value if outcome.kind == VALUE else ""


def _first(steps):
    """The first hint that is not empty."""
    return next((hint for hint in (step() for step in steps) if hint), "")


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


class _Results(Sequence):
    """What a known wrong answer gives for each trial, computed when first asked for."""

    def __init__(self, task, function, trials):
        self._task, self._function, self._trials, self._found = task, function, trials, {}

    def __len__(self):
        return len(self._trials)

    def __getitem__(self, i):
        if i >= len(self):
            raise IndexError(i)
        if i not in self._found:
            try:
                self._found[i] = result_of(self._task, self._function, self._trials[i].inputs)
            except Exception:  # a wrong answer may fail where the right one does not
                self._found[i] = None
        return self._found[i]


# ---------------------------------------------------------------- the catalogue and the twists


def _of_catalogue(task, trials, wrong, everywhere):
    for mistake, results in zip((task.mistakes or ()), wrong, strict=True):
        if _explains(task, trials, results, everywhere):
            return mistake.hint
    return ""


def _explains(task, trials, results, everywhere=True):
    """Do ``results`` agree with all of the student's (or all wrong ones), at least one wrong?"""
    apart = False
    for trial, result in zip(trials, results, strict=True):
        right = matches(task, trial.expected, trial)
        if not matches(task, result, trial) and (everywhere or not right):
            return False
        apart = apart or not right
    return apart and any(_says_something(trial.got) for trial in trials)


def _says_something(value):
    """Is there a number in a plain result that is not nan? nan agrees with too much."""
    if isinstance(value, np.ndarray):
        return bool((~np.isnan(value)).any())
    return any(_says_something(x) for x in value) if isinstance(value, list) else True


def _by_chance(task):
    """Are the answers random, so that much would agree with them by chance?"""
    return task.accept is not None and any("rng" in name for name in _names(task))


def _of_twists(task, trials, results):
    if _by_chance(task):
        return ""
    for twist in ANY_SHAPE + ARRAYS:
        if _explains(task, trials, [twisted(twist, x) for x in results]):
            return twist.hint
    return ""


def _of_substitutions(task, trials, *then):
    """The input which, replaced in the reference, explains the results (after one of ``then``)."""
    if _by_chance(task):
        return ""
    deadline = time.monotonic() + PATIENCE
    first = next((t for t in trials if not matches(task, t.expected, t)), trials[0])
    rest = [t for t in trials if t is not first]
    for words, replaced in substitutions(_names(task), first.inputs):
        if time.monotonic() > deadline:
            return ""
        plainly = _replaced_results(task, replaced, [first])
        for twist in then or (None,):
            if not _explained(task, [first], plainly, twist):
                continue
            if _explained(task, rest, _replaced_results(task, replaced, rest), twist, all_of=False):
                hint = f"It looks as if {words.rstrip('?')}{words[-1] if words[-1] == '?' else '.'}"
                return hint if twist is None else f"Two things at once. {hint} {_second(twist)}"
    return ""


def _as_far_as_a_factor(result, got):
    """The result with the student's normaliser, if that is the only other difference."""
    if not (_same_shape(result, got) and result.ndim and result.size > 1):
        return None
    factor = _ratio(result, got)
    return None if np.isnan(factor) else factor * result


def _second(twist):
    return twist.hint if isinstance(twist, Twist) else "And the normaliser is another one."


def _of_slips(task, trials):
    """The single change in the reference's own formula that explains all results."""
    right = [matches(task, t.expected, t) for t in trials]
    if _by_chance(task) and any(right):
        return ""
    if not any(_says_something(t.got) for t, ok in zip(trials, right, strict=True) if not ok):
        return ""  # nan for special inputs: many slips would do that
    deadline = time.monotonic() + PATIENCE
    in_order = sorted(range(len(trials)), key=lambda k: right[k])  # the wrong ones first
    ordered = [trials[k] for k in in_order]
    for formula in (*task.spelt_out, task.reference):
        for words, function in slips(formula):
            if time.monotonic() > deadline:
                return ""
            if _explains(task, ordered, _Results(task, function, ordered)):
                return f"It looks as if {words}."
    return ""


def _replaced_results(task, replaced, trials):
    results = []
    for trial in trials:
        try:
            results.append(result_of(task, task.reference, replaced(trial.inputs)))
        except Exception:  # the reference cannot do anything with this replacement
            results.append(None)
    return results


def _explained(task, trials, results, twist, all_of=True):
    """Do these results, twisted, agree with the student's (where there are any)?"""
    for trial, result in zip(trials, results, strict=True):
        if result is None and not all_of:
            continue
        if twist is not None and result is not None:
            result = twist(result, trial.got) if callable(twist) else twisted(twist, result)
        if result is None or not _says_something(trial.got) or not matches(task, result, trial):
            return False
    return True


def _two_at_once(task, trials, wrong):
    if _by_chance(task):
        return ""
    for mistake, results in zip((task.mistakes or ()), wrong, strict=True):
        second = _of_twists(task, trials, results)
        if second:
            return f"Two things at once. First: {mistake.hint} Second: {second}"
    for twist in ANY_SHAPE + ARRAYS:
        second = _of_twists(task, trials, [twisted(twist, t.expected) for t in trials])
        if second:
            return f"Two things at once. First: {twist.hint} Second: {second}"
    return _sum_of_two(task, trials, wrong)


def _sum_of_two(task, trials, wrong):
    """Two independent mistakes in the terms of a sum, or in the factors of a product."""
    known = list(zip((task.mistakes or ()), wrong, strict=True))
    for (first, a), (second, b) in combinations(known, 2):
        for merge in (_added, _multiplied):
            both = [merge(t.expected, x, y) for t, x, y in zip(trials, a, b, strict=True)]
            if all(x is not None for x in both) and _explains(task, trials, both):
                return f"Two things at once. First: {first.hint} Second: {second.hint}"
    return ""


def _added(right, a, b):
    return np.asarray(a + b - right) if _same_shape(right, a, b) else None


def _multiplied(right, a, b):
    if not _same_shape(right, a, b):
        return None
    with np.errstate(all="ignore"):
        return np.asarray(a * b / right)


def _same_shape(*values):
    return all(isinstance(x, np.ndarray) for x in values) and len({x.shape for x in values}) == 1


# ---------------------------------------------------------------- relations to the right result


def _same_everywhere(trials):
    if len(trials) < 3 or finite(trials[0].got) is False:
        return ""
    if not all(plain_shape(like(t.expected, t.got)) == plain_shape(t.expected) for t in trials):
        return ""
    same = all(agree(trials[0].got, t.got) for t in trials[1:])
    differ = not all(agree(trials[0].expected, t.expected) for t in trials[1:])
    if not (same and differ):
        return ""
    return (
        f"Your function gives {describe(trials[0].got)} whatever its inputs are. Compute the "
        "result from the arguments, not from numbers written into the function or taken from "
        "the notebook's variables."
    )


def _input_returned(task, trials):
    for k, name in enumerate(_names(task)):
        columns = [t.inputs[k] if k < len(t.inputs) else None for t in trials]
        if all(isinstance(x, (np.ndarray, float, int)) for x in columns):
            if _explains(task, trials, [plain(x) for x in columns]):
                return f"You returned the argument `{name}` as it came in: nothing is done to it."
    return ""


def _relation(task, trials, kinds):
    if task.accept is not None:
        return ""
    pairs = [(t.expected, like(t.expected, t.got), t) for t in trials]
    if not all(isinstance(e, np.ndarray) and isinstance(g, np.ndarray) for e, g, _ in pairs):
        return ""
    if not all(np.isfinite(g).all() for _, g, _ in pairs):
        return ""
    for find in kinds:
        hint = find(pairs)
        if hint:
            return hint
    return ""


def _equal(a, b):
    return agree(np.asarray(a), np.asarray(b))  # arithmetic on a single number gives no array


def _reshaped(pairs):
    if all(e.shape == g.shape for e, g, _ in pairs):
        return ""
    if not all(e.size == g.size and _equal(e.ravel(), g.ravel()) for e, g, _ in pairs):
        return ""
    e, g, _ = next(p for p in pairs if p[0].shape != p[1].shape)
    return f"The numbers are right, but come as {shape_in_words(g)} instead of {shape_in_words(e)}."


def _terms(pairs):
    if all(e.shape == g.shape for e, g, _ in pairs):
        return ""
    whole = {"add them up": np.sum, "average them": np.mean, "multiply them": np.prod}
    whole["add them up in the logarithm, by log-sum-exp"] = logsumexp
    whole["take the last one"] = lambda a, axis=None: a.take(-1, axis or 0)
    for todo, reduce in whole.items():
        for axis in (None, 0, -1, 1):
            if all(_reduces(reduce, e, g, axis) for e, g, _ in pairs):
                return f"You are one step away. Your result still holds the single terms: {todo}."
    return ""


def _reduces(reduce, expected, got, axis):
    if (
        not got.size
        or got.ndim <= expected.ndim
        or (axis is not None and not -got.ndim <= axis < got.ndim)
    ):
        return False
    with np.errstate(all="ignore"):
        return _equal(expected, np.asarray(reduce(got, axis=axis)))


def _almost(pairs):
    if not all(e.shape == g.shape for e, g, _ in pairs):
        return ""
    for digits in (0, 1, 2, 3, 4):
        if all(_equal(np.round(e, digits), g) for e, g, _ in pairs):
            if digits == 0 and all((e >= 0).all() and (e <= 1).all() for e, _, _ in pairs):
                return (
                    "You decided: each of your results is 0 or 1, as by a threshold or by "
                    "rounding. Return the probabilities themselves."
                )
            return f"Your result is rounded to {digits} decimals: return it as it is."
    if not all(agree(e, g, rtol=2e-3, atol=1e-3) for e, g, _ in pairs):
        return ""
    gap = max(float(np.max(np.abs(e - g)[np.isfinite(e)], initial=0.0)) for e, g, _ in pairs)
    return (
        f"Almost: you are off by {gap:.1g} at most. Is something rounded, is a small constant "
        "added inside a logarithm or a fraction, or does a loop stop too early?"
    )


def _ratio(e, g):
    """The constant c with g = c e, or nan."""
    if e.shape != g.shape or e.size == 0 or not np.isfinite(e).all():
        return np.nan
    k = np.unravel_index(np.argmax(np.abs(e)), e.shape) if e.ndim else ()
    c = g[k] / e[k] if e[k] else np.nan
    return c if np.isfinite(c) and _equal(c * e, g) else np.nan


def _factor(pairs):
    ratios = np.array([_ratio(e, g) for e, g, _ in pairs])
    if np.isnan(ratios).any() or np.allclose(ratios, 1):
        return ""
    if not ratios.any():
        return "Your function returns zeros, whatever its inputs are."
    if np.allclose(ratios, ratios[0], rtol=1e-6):
        return f"Every result is {ratios[0]:.4g} times as large as it should be."
    size = _size_that_is(ratios, pairs)
    if size:
        return (
            f"Your results are {size}: is there a mean where a sum belongs, or the other way round?"
        )
    if any(e.ndim for e, _, _ in pairs):
        return (
            "Your results are right up to a factor that changes from input to input: the "
            "normaliser (what makes it sum to one) is missing, or it is the wrong one."
        )
    return ""


def _size_that_is(ratios, pairs):
    """Is the factor always a length of an input or its inverse? In words."""
    for words, target in (
        ("too large by a factor of", ratios),
        ("too small by a factor of", 1 / ratios),
    ):
        for k in range(max(len(t.inputs) for _, _, t in pairs)):
            for axis in (0, 1, None):
                sizes = [_length(t.inputs[k], axis) for _, _, t in pairs if k < len(t.inputs)]
                if len(sizes) == len(target) and np.allclose(sizes, target, rtol=1e-6):
                    return f"{words} N, where N is the number of entries that you go through"
    return ""


def _length(value, axis):
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return np.nan
    if axis is None:
        return value.size
    return value.shape[axis] if axis < value.ndim else np.nan


def _offset(pairs):
    gaps = []
    for e, g, _ in pairs:
        if e.shape != g.shape or e.size == 0 or not np.isfinite(e).all():
            return ""
        gap = (g - e).ravel()[0]
        if not _equal(e + gap, g):
            return ""
        gaps.append(gap)
    if np.allclose(gaps, gaps[0], rtol=1e-6, atol=1e-9):
        return f"Every result is off by the same constant, {gaps[0]:+.4f}."
    if any(e.ndim for e, _, _ in pairs):
        return (
            "Your results are right up to a constant that is added everywhere and changes from "
            "input to input: in log space, a missing or a wrong normaliser looks like that."
        )
    return ""


def _rows_up_to_factor(pairs):
    if not all(e.shape == g.shape and e.ndim == 2 and min(e.shape) > 1 for e, g, _ in pairs):
        return ""
    for axis, words in ((-1, "row"), (0, "column")):
        for kind, rest in (("factor", np.divide), ("constant", np.subtract)):
            with np.errstate(all="ignore"):
                rests = [rest(g, e) for e, g, _ in pairs]
            if all(np.isfinite(r).all() and _flat(r, axis) for r in rests):
                return (
                    f"Each {words} is right up to a {kind}: is every {words} normalised as it "
                    "should be, and over the right axis?"
                )
    return ""


def _flat(rest, axis):
    return bool((np.ptp(rest, axis=axis) <= 1e-6 * (1 + np.abs(rest).max())).all())


def _one_end(pairs):
    if not all(e.shape == g.shape and e.ndim and len(e) > 1 for e, g, _ in pairs):
        return ""
    if len({len(e) for e, _, _ in pairs}) == 1 and _short_row(pairs[0][0]):
        return ""  # not a series, but a few different results
    for part, words in ((slice(1, None), "first"), (slice(None, -1), "last")):
        if all(_equal(e[part], g[part]) for e, g, _ in pairs):
            return (
                f"Everything is right except the {words} entry (or row): it is a special case, "
                "or a loop starts or stops one step off."
            )
    return ""


# Relations that say what happened, and those that say as much as is left if no formula explains it.
CLOSE = (_reshaped, _terms, _almost)
LOOSE = (_factor, _offset, _rows_up_to_factor, _one_end)


# ---------------------------------------------------------------- the function itself


def _drawn_at_random(task, function):
    """Random numbers in a function that has no generator among its arguments."""
    compiled = getattr(function, "__code__", None)
    if compiled is None or task.accept is not None or "rng" in _names(task):
        return ""
    if not {"random", "default_rng", "RandomState"} & _names_read(compiled):
        return ""
    return (
        "Your function draws random numbers, and nothing is to be drawn here: the answer follows "
        "from the arguments."
    )


def _unread_argument(task, function):
    """Arguments that the right answer needs and this function never looks at."""
    compiled = getattr(function, "__code__", None)
    if compiled is None or compiled.co_flags & 0x0C:  # *args, **kwargs
        return ""
    read = _names_read(compiled)
    needed = _names_read(task.reference.__code__) if hasattr(task.reference, "__code__") else set()
    own = compiled.co_varnames[: compiled.co_argcount]
    pairs = zip(task.arguments, own, strict=False)
    unread = [f"`{theirs}`" for name, theirs in pairs if theirs not in read and name in needed]
    if not unread:
        return ""
    if len(unread) > 1:
        return (
            f"Your function never uses its arguments {', '.join(unread[:-1])} and {unread[-1]}, "
            "and the answer depends on all of them: each has to come in somewhere."
        )
    return (
        f"Your function never uses its argument {unread[0]}, and the answer depends on it. "
        "(Does it use a variable of the notebook instead?)"
    )


def _names_read(compiled):
    names = set()
    for step in dis.get_instructions(compiled):
        if step.opname.startswith("LOAD_") and step.argval is not None:
            names.update(step.argval if isinstance(step.argval, tuple) else [step.argval])
    names.update(compiled.co_cellvars)
    return names


def _one_of_several(task, trials):
    """Of several results, which is wrong? Are two exchanged?"""
    pairs = _several(trials)
    if pairs and all(agree(e, g[::-1], task.rtol, task.atol) for e, g in pairs):
        return "The results are right, but in the reverse order."
    bad = _bad_parts(pairs)
    return f"{_which_are_wrong(pairs, bad)}." if bad else _one_of_a_tuple(trials)


def _some_of_several(task, trials):
    """What is wrong with some of several results, as if they alone had been asked for."""
    pairs = _several(trials)
    bad = _bad_parts(pairs)
    if not bad:
        return ""
    parts = [_part(t, bad[0], e, g) for t, (e, g) in zip(trials, pairs, strict=True)]
    hint = _same_everywhere(parts) or _of_twists(task, parts, [p.expected for p in parts])
    hint = hint or _relation(task, parts, CLOSE + LOOSE)
    if not hint and task.call is None and task.accept is None:
        hint = _of_parts(task, trials, pairs, bad)
    return hint and f"{_which_are_wrong(pairs, bad)}. {hint}"


def _of_parts(task, trials, pairs, bad, replacing=True):
    """The catalogue and the replaced inputs, compared in the wrong results only."""

    @functools.wraps(task.reference)
    def reference(*inputs):
        return _picked(task.reference(*inputs), bad)

    def picked(wrong):
        return lambda *inputs: _picked(wrong(*inputs), bad)

    known = tuple(replace(m, wrong=picked(m.wrong)) for m in (task.mistakes or ()))
    alone = replace(task, reference=reference, mistakes=known, spelt_out=())
    parts = [
        replace(t, expected=plain(_picked(e, bad)), got=plain(_picked(g, bad)))
        for t, (e, g) in zip(trials, pairs, strict=True)
    ]
    hint = _of_catalogue(alone, parts, _catalogue(alone, parts), everywhere=True)
    if hint or not replacing:
        return hint
    slipped = replace(task, call=lambda function, *inputs: _picked(function(*inputs), bad))
    return _of_substitutions(alone, parts) or _of_slips(slipped, parts)


def _part_by_part(task, trials, wholly=False):
    """Several results, and a known mistake in each wrong one (or, if not ``wholly``, in some)."""
    pairs = _several(trials)
    if not pairs or task.call is not None or task.accept is not None:
        return ""
    count = len(pairs[0][0])
    bad = [k for k in range(count) if not all(agree(e[k], g[k]) for e, g in pairs)]
    hints = {k: _of_parts(task, trials, pairs, [k], replacing=False) for k in bad}
    if not any(hints.values()) or (wholly and not all(hints.values())):
        return ""
    known = " ".join(f"Number {k + 1}: {hint}" for k, hint in hints.items() if hint)
    rest = [str(k + 1) for k, hint in hints.items() if not hint]
    if len(rest) > 1:
        more = f" (Numbers {' and '.join(rest)} are wrong, too, perhaps for that reason.)"
    else:
        more = f" (Number {rest[0]} is wrong, too, perhaps for that reason.)" if rest else ""
    return f"Look at your {count} results one by one. {known}{more}"


def _picked(results, places):
    return [results[k] for k in places]


def _part(trial, k, expected, got):
    return Trial(trial.inputs, expected[k], got[k], trial.label)


def _several(trials):
    """Pairs (right results, the student's), each a list of equally many, or [] if there is one."""
    pairs = [(t.expected, like(t.expected, t.got)) for t in trials]
    if all(_short_row(x) for pair in pairs for x in pair):
        pairs = [([*map(np.asarray, e)], [*map(np.asarray, g)]) for e, g in pairs]
    if not all(isinstance(e, list) and isinstance(g, list) and len(e) == len(g) for e, g in pairs):
        return []
    return pairs if len({len(e) for e, _ in pairs}) == 1 else []


def _bad_parts(pairs):
    """The places at which some results are wrong, or [] if all places are."""
    count = len(pairs[0][0]) if pairs else 0
    bad = [k for k in range(count) if not all(agree(e[k], g[k]) for e, g in pairs)]
    return bad if len(bad) < count else []


def _which_are_wrong(pairs, bad):
    names = " and ".join(str(k + 1) for k in bad)
    which = f"number {names} is" if len(bad) == 1 else f"numbers {names} are"
    return f"Of your {len(pairs[0][0])} results, {which} wrong; the rest is right"


def _short_row(value):
    """Several numbers that are returned together are an array of a few entries by now."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and 1 < len(value) <= 6


def _one_of_a_tuple(trials):
    if not all(isinstance(t.expected, np.ndarray) and isinstance(t.got, list) for t in trials):
        return ""
    for k in range(min(len(t.got) for t in trials) if trials else 0):
        if all(agree(t.expected, t.got[k]) for t in trials):
            return f"You return several results; only number {k + 1} of them is asked for."
    return ""


def _names(task):
    return task.arguments
