"""The verdict on an answer of any kind: :func:`mark` knows which judge a kind has.

Judges of other kinds than a function get the answer as plain data, whether it was a value or came
from a function without arguments; so they can sit in another process than the answer.
"""

import functools
from dataclasses import fields, is_dataclass

import numpy as np

from checks.judging import judge, not_yet, only_dots, wrong
from checks.kinds import ChooseQ, FindBug, Number, OpenTask, Order, Paper
from checks.outcomes import ENDLESS, RAISED, UNWRITTEN, VALUE, Outcome
from checks.plain import Odd, agree, describe, like, plain, shape_in_words
from checks.running import observe
from checks.sentences import say
from checks.tasks import Prediction, Task
from checks.verdicts import CORRECT, DONE, WRONG, Verdict

_LETTERS = " ,;.-|/\n\t>→()[]{}'\""


def mark(task, answer, rng=None):
    """The verdict on ``answer``; never raises."""
    try:
        if isinstance(task, Task):
            return judge(task, answer, rng or np.random.default_rng())
        return verdict_of(task, outcome_of(task, answer))
    except KeyboardInterrupt:
        return wrong(task, say("interrupted"))
    except Exception as error:  # not the student's fault, but no traceback either
        return wrong(task, say("check_failed", error=f"{type(error).__name__}: {error}"))


def outcome_of(task, answer):
    """The :class:`Outcome` of an answer that is a value, or a function that returns one."""
    read = getattr(task, "read", None) or (lambda value: value)
    if answer is Ellipsis or answer is NotImplemented:
        return Outcome(UNWRITTEN)
    if not callable(answer):
        return observe(lambda value: parts_of(read(value)), answer, [()], 3.0)[0]
    outcome = observe(lambda function: parts_of(read(function())), answer, [()], 30.0)[0]
    return Outcome(UNWRITTEN) if only_dots(outcome, answer) else outcome


def parts_of(value):
    """Objects with fields as dictionaries; everything else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    if hasattr(value, "_asdict"):
        return value._asdict()
    return value


def verdict_of(task, outcome):
    """The verdict on the plain outcome of a student's answer."""
    if outcome.kind == UNWRITTEN or _placeholder(outcome.value):
        return _not_yet(task)
    if outcome.kind == RAISED:
        return wrong(task, say("answer_raised", error=outcome.error.rstrip(". :")))
    if outcome.kind != VALUE:
        return wrong(
            task, say("answer_endless") if outcome.kind == ENDLESS else say("no_answer_given")
        )
    if outcome.value is None:
        return wrong(task, say("no_answer_given"))
    if isinstance(task, Paper):
        return _own_points(task, outcome.value)
    ok, sentence = weigh(task, outcome.value)
    status = CORRECT if ok else WRONG
    return Verdict(ok, sentence, task.name, status, task.points, task.hints)


def _own_points(task, value):
    """What a student gives a derivation on paper, by its rubric."""
    if not isinstance(value, np.ndarray) or value.size != 1 or not 0 <= value <= task.points:
        return wrong(task, say("paper_wrong_kind", came=_came(value), most=f"{task.points:g}"))
    points = float(value.item())
    said = say("paper_done", points=f"{points:g}", most=f"{task.points:g}")
    return Verdict(True, said, task.name, DONE, points)


def _placeholder(value):
    return isinstance(value, Odd) and value.what == "nothing but a placeholder"


def _not_yet(task):
    if isinstance(task, Prediction):
        return not_yet(task, say("choose_first", choices=_quoted(task.choices)))
    if isinstance(task, Paper):
        return not_yet(task, say("on_paper", task=task.name))
    return not_yet(task)


def _quoted(words):
    return ", ".join(repr(word) for word in words)


def _came(value):
    if isinstance(value, np.ndarray):
        return describe(value if value.ndim else float(value))
    return shape_in_words(value)


def plain_words(text):
    """A text without what does not matter in a choice: case, blanks, dashes, signs around it."""
    return "".join(c for c in str(text).lower().replace("‖", "||") if c.isalnum() or c in "|+<>=/^")


def chosen(value, choices):
    """The choice that ``value`` means, or None."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = f"{float(value):g}"
    if not isinstance(value, str):
        return None
    said = plain_words(value)
    near = [c for c in choices if plain_words(c) == said]
    near = near or [c for c in choices if said and plain_words(c).startswith(said)]
    return near[0] if len(near) == 1 else None


# ---------------------------------------------------------------- one judge for each kind


@functools.singledispatch
def weigh(task, value):
    """(is it right?, the sentence) for the plain ``value`` of an answer to ``task``."""
    raise TypeError(f"there is no judge for a {type(task).__name__}")


@weigh.register
def _(task: Prediction, value):
    choice = chosen(value, task.choices)
    if choice is None:
        return False, say("answer_one_of", came=_came(value), choices=_quoted(task.choices))
    return choice == task.right, task.choices[choice]


@weigh.register
def _(task: Order, value):
    given = "".join(value) if _is_words(value) else value
    if not isinstance(given, str) or not given.strip(_LETTERS):
        example = " ".join(sorted(task.lines)[:3]) + " ..."
        return False, say("order_wrong_kind", came=_came(value), example=example)
    known = {letter.lower(): letter for letter in task.lines}
    letters = [known.get(c.lower(), c) for c in given if c not in _LETTERS]
    unknown = next((c for c in letters if c not in task.lines), None)
    if unknown:
        every = ", ".join(task.lines)
        return False, say("order_unknown", letter=unknown, letters=every)
    twice = next((c for c in letters if letters.count(c) > 1), None)
    if twice:
        return False, say("order_twice", letter=twice)
    return _ordered(task, "".join(letters))


def _is_words(value):
    return isinstance(value, list) and all(isinstance(x, str) for x in value)


def _ordered(task, given):
    if given in task.right:
        return True, task.why
    agreed = max(_common(given, order) for order in task.right)
    used = set("".join(task.right))
    if agreed == len(given):
        missing = min(len(o) for o in task.right if o.startswith(given)) - len(given)
        return False, say("order_too_short", count=missing)
    letter = given[agreed]
    if given[:agreed] in task.right:
        reason = task.reasons.get(letter, "")
        return False, say("order_too_long", letter=letter, reason=reason).strip()
    place = agreed + 1
    if letter not in used:
        reason = task.reasons.get(letter, say("order_unused"))
        return False, say("order_distractor", letter=letter, place=place, reason=reason)
    pairs = [task.reasons.get(letter + later) for later in given[place:]]
    reason = next(filter(None, pairs), None) or task.reasons.get(letter, say("order_look_back"))
    before = say("order_right_so_far", count=agreed) if agreed > 1 else ""
    before = before or (say("order_first_is_right") if agreed else say("order_none_right"))
    return False, say("order_first_wrong", before=before, letter=letter, place=place, reason=reason)


def _common(a, b):
    """How many letters two orders have in common from the start on."""
    return next(k for k, (x, y) in enumerate(zip(a + "<", b + ">", strict=False)) if x != y)


@weigh.register
def _(task: Number, value):
    try:
        value = float(value if isinstance(value, str) else value.item())
    except (AttributeError, ValueError):
        return False, say("number_wrong_kind", came=_came(value))
    right, came = task.value, describe(value)
    within = task.atol + task.rtol * abs(right)
    if value == right or abs(value - right) <= within:
        return True, task.why
    if np.isnan(value):
        return False, say("number_nan", came=came)
    for low, high, sentence in task.ranges:
        slack = task.atol + task.rtol * abs(low) if low == high else 0.0
        if low - slack <= value <= high + slack:
            return False, sentence
    for sentence, other in _taken_for(right).items():
        if np.isfinite(other) and abs(value - other) <= 0.004 * abs(other):
            return False, say(f"number_{sentence}")
    sentence = "number_high" if value > right else "number_low"
    return False, say(sentence, came=came, question=task.question)


def _taken_for(right):
    """What is often given in place of a number: its square, one over it ..."""
    with np.errstate(all="ignore"):
        right = np.float64(right)
        others = {
            "sign": -right, "inverse": 1 / right, "complement": 1 - right, "root": np.sqrt(right),
            "square": right**2, "log": np.log(right), "exp": np.exp(right), "twice": 2 * right,
            "half": right / 2, "percent": 100 * right, "bits": right / np.log(2),
        }  # fmt: skip
    return others


# ---------------------------------------------------------------- the bug


@weigh.register
def _(task: FindBug, value):
    pair = _line_and_input(value)
    names = ", ".join(task.arguments)
    if pair is None:
        inputs = f"a tuple ({names})" if len(task.arguments) > 1 else f"`{names}`"
        return False, say("bug_wrong_kind", came=_came(value), inputs=inputs)
    line, given = pair
    place = _place_of(task, line)
    if place is None:
        return False, _no_such_line(task, line)
    inputs = _inputs_of(task, given)
    if len(inputs) != len(task.arguments):
        wanted = f"{len(task.arguments)} part{'s' if len(task.arguments) > 1 else ''}"
        return False, say("bug_input_count", wanted=wanted, names=names, came=len(inputs))
    return _tried(task, place, inputs)


def _line_and_input(value):
    if isinstance(value, dict) and len(value) == 2:
        value = list(value.values())
    if isinstance(value, np.ndarray) and value.ndim == 1 and len(value) >= 2:
        value = [value[0], value[1] if len(value) == 2 else value[1:]]  # a number and numbers
    return value if isinstance(value, list) and len(value) == 2 else None


def _no_such_line(task, line):
    if isinstance(line, str):
        return say("bug_several_lines", line=line[:60])
    return say("bug_no_such_line", line=_came(line), last=len(task.listing))


def _place_of(task, line):
    """The line's number, from a number or from its text; None if there is none such."""
    if isinstance(line, str) and not line.strip().isdigit():
        near = [k for k, c in enumerate(task.listing, 1) if _squeezed(line) in _squeezed(c)]
        return near[0] if len(near) == 1 and _squeezed(line) else None
    if (isinstance(line, np.ndarray) and line.size != 1) or not isinstance(line, (str, np.ndarray)):
        return None
    number = float(line if isinstance(line, str) else line.item())
    return int(number) if number.is_integer() and 1 <= number <= len(task.listing) else None


def _squeezed(text):
    return "".join(text.split())


def _inputs_of(task, given):
    """The plain input as the arguments of the code."""
    if len(task.arguments) == 1 and not (isinstance(given, list) and len(given) == 1):
        given = [given]
    parts = given.values() if isinstance(given, dict) else given
    if parts is None or (isinstance(parts, np.ndarray) and parts.ndim == 0):
        parts = [parts]
    return tuple(_argument(e, x) for e, x in zip(task.example, parts, strict=False)) + tuple(
        list(parts)[len(task.example) :]
    )


def _argument(example, value):
    """A plain value in the type of the argument that it stands for."""
    value = like(plain(example), value)
    if isinstance(value, np.ndarray) and np.ndim(example) == 0 and value.ndim == 0:
        return int(value) if isinstance(example, (int, np.integer)) else float(value)
    if isinstance(value, np.ndarray) and getattr(example, "dtype", np.dtype(float)).kind in "iu":
        return value.astype(int) if np.array_equal(value, np.round(value)) else value
    return value


def _tried(task, place, inputs):
    right, buggy = (observe(_call, f, [inputs])[0] for f in (task.right, task.buggy))
    if right.kind != VALUE or has_odd(right.value):
        return False, say("bug_input_fails", error=right.error or right.kind)
    reason = task.refuse(*inputs) if task.refuse else ""
    if reason:
        return False, say("bug_input_refused", reason=reason.rstrip("."))
    shows = buggy.kind != VALUE or not agree(right.value, buggy.value, task.rtol)
    words = {
        "buggy": describe(buggy.value) if buggy.kind == VALUE else buggy.error or buggy.kind,
        "right": describe(right.value),
    }
    if place in task.line:
        found = f"{task.why} {say('bug_found', **words)}".strip()
        return shows, found if shows else say("bug_input_agrees", **words)
    line = task.listing[place - 1].strip()
    said = say("bug_other_line", line=place, code=line, reason=task.reasons.get(place, ""))
    shown = say("bug_input_shows", **words) if shows else say("bug_input_too")
    return False, f"{said.strip()} {shown}"


def _call(function, *inputs):
    return function(*inputs)


def has_odd(value):
    """Is a result no numbers at all?"""
    return isinstance(value, Odd) or value is None


# ---------------------------------------------------------------- a q and what follows


@weigh.register
def _(task: ChooseQ, value):
    keys = ["q", *task.foretell]
    every = ", ".join(f'"{k}"' for k in keys)
    if not isinstance(value, dict):
        return False, say("choose_wrong_kind", came=_came(value), keys=every)
    value = {key.strip().lower(): part for key, part in value.items()}
    missing = [k for k in keys if k.lower() not in value or value[k.lower()] is None]
    unknown = sorted(set(value) - {k.lower() for k in keys})
    if missing or unknown:
        sentence = "choose_missing" if missing else "choose_unknown"
        named = ", ".join(f'"{k}"' for k in missing or unknown)
        return False, say(sentence, keys=named, all=every)
    q = chosen(value["q"], task.choices)
    if q is None:
        came = _came(value["q"])
        return False, say("choose_no_such_q", came=came, choices=_quoted(task.choices))
    return _foretold(task, q, value)


def _foretold(task, q, value):
    measured = {key: plain(part) for key, part in task.measure(q).items()}
    wrong, right = [], []
    for part, foretell in task.foretell.items():
        sentence = _compared(part, foretell, value[part.lower()], measured[part])
        if sentence:
            wrong.append(sentence)
        else:
            right.append(foretell.right or part)
    words = [task.choices[q], *wrong]
    if wrong or q not in task.good:
        known = say("choose_foretold", parts=", ".join(right)) if right else ""
        return False, " ".join(x for x in (*words, known) if x)
    return True, f"{task.choices[q]} {task.why}".strip()


def _compared(part, foretell, told, measured):
    """ "" if it was foretold as it is, else a sentence."""
    words = foretell.choices
    if words:
        choice = chosen(told, words)
        if choice is None:
            return say("choose_other_word", part=part, came=_came(told), choices=_quoted(words))
        agreed = choice == chosen(measured, words)
        return "" if agreed else foretell.said.format(told=choice, measured=measured)
    if not isinstance(told, np.ndarray) or told.size != 1:
        return say("choose_no_number", part=part, came=_came(told))
    told, measured = float(told.item()), float(measured)
    close = abs(told - measured) <= foretell.atol + foretell.rtol * abs(measured)
    close = close and told * measured >= 0  # a gap below zero is not nearly zero
    told, measured = describe(told), describe(measured)
    return "" if close else foretell.said.format(told=told, measured=measured)


# ---------------------------------------------------------------- one's own data


@weigh.register
def _(task: OpenTask, value):
    keys = ", ".join(f'"{k}" ({what})' for k, what in task.needs.items())
    if not isinstance(value, dict):
        return False, say("open_wrong_kind", came=_came(value), keys=keys)
    missing = [k for k in task.needs if value.get(k) is None]
    if missing:
        named = ", ".join(f'"{k}" ({task.needs[k]})' for k in missing)
        return False, say("open_missing", keys=named)
    value = {k: _as_array(v) for k, v in value.items()}
    for key, what in task.needs.items():
        sentence = _unfit(key, what, value[key])
        if sentence:
            return False, sentence
    for invariant in task.invariants:
        sentence = invariant(value)
        if sentence:
            return False, sentence[0].upper() + sentence[1:].rstrip(".") + "."
    return True, task.why


def _as_array(value):
    return like(np.empty(0), value) if isinstance(value, list) else value


def _unfit(key, what, part):
    parts = part if isinstance(part, list) else [part]
    if not all(isinstance(x, np.ndarray) for x in parts):
        return say("open_no_numbers", key=key, came=_came(part), what=what)
    if any(np.isnan(x).any() for x in parts):
        return say("open_nan", key=key)
    return "" if any(x.size for x in parts) else say("open_empty", key=key)
