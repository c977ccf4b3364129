"""Whether an answer that is no function is right, and what to say: one judge for each kind of task.

Each takes the task and the plain value of the answer, and returns (is it right?, the sentence).
The judge of a :class:`FindBug` has a module of its own, :mod:`checks.bugs`.
"""

import functools
import re
from fractions import Fraction

import numpy as np

from checks.kinds import ChooseQ, Number, OpenTask, Order
from checks.plain import describe, like, plain, shape_in_words
from checks.sentences import as_sentence, say
from checks.tasks import Prediction

_FILLING = ("line", "lines", "and", "then", "the", "a")  # words around letters, or around a choice


def quoted(words):
    """Words between quotes, in a row."""
    return ", ".join(repr(word) for word in words)


def came_as(value):
    """A plain answer in words."""
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
    stems = _stems(value)
    near = near or [c for c in choices if stems and _stems(c) == stems]
    if not near and "not" not in stems:
        near = [c for c in choices if set(_stems(c)) <= set(stems)]
        near = near or [c for c in choices if stems and set(stems) <= set(_stems(c))]
    return near[0] if len(near) == 1 else None


def _stems(text):
    """The first letters of a text's words: "a local optimum" for "local optima"."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [word[:4] for word in words if word not in (*_FILLING, "with")]


@functools.singledispatch
def weigh(task, value):
    """(is it right?, the sentence) for the plain ``value`` of an answer to ``task``."""
    raise TypeError(f"there is no judge for a {type(task).__name__}")


@weigh.register
def _(task: Prediction, value):
    choice = chosen(value, task.choices)
    if choice is None:
        return False, say("answer_one_of", came=came_as(value), choices=quoted(task.choices))
    return choice == task.right, task.choices[choice]


@weigh.register
def _(task: Order, value):
    value = list(value.values()) if isinstance(value, dict) else value
    is_words = isinstance(value, list) and all(isinstance(x, str) for x in value)
    given = " ".join(value) if is_words else value
    words = re.findall(r"[^\W\d_]+", given) if isinstance(given, str) else []
    given = "".join(word for word in words if word.lower() not in _FILLING[:-1])
    if not given:
        example = " ".join(sorted(task.lines)[:3]) + " ..."
        return False, say("order_wrong_kind", came=came_as(value), example=example)
    known = {letter.lower(): letter for letter in task.lines}
    letters = [known.get(c.lower(), c) for c in given]
    unknown = next((c for c in letters if c not in task.lines), None)
    if unknown:
        every = ", ".join(task.lines)
        return False, say("order_unknown", letter=unknown, letters=every)
    twice = next((c for c in letters if letters.count(c) > 1), None)
    if twice:
        return False, say("order_twice", letter=twice)
    return _ordered(task, "".join(letters))


def _ordered(task, given):
    if given in task.right:
        return True, task.why
    starts = [k for k in range(len(given) + 1) if any(o.startswith(given[:k]) for o in task.right)]
    agreed, used = max(starts), set("".join(task.right))
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


@weigh.register
def _(task: Number, value):
    given, value = value, _as_number(value)
    if value is None:
        return False, say("number_wrong_kind", came=came_as(given))
    right, came = task.value, describe(value)
    if _is(value, right, task):
        return True, task.why
    if np.isnan(value):
        return False, say("number_nan", came=came)
    for low, high, sentence in task.ranges:
        if low <= value <= high or (low == high and _is(value, low, task)):
            return False, sentence
    fits = [
        name
        for name, other in _taken_for(right).items()
        if abs(value - other) <= 0.004 * abs(other) < np.inf
        and (name != "bits" or "in nats" in task.question)
    ]
    if len(fits) == 1:  # 4 for 2 is its square and twice it: then nobody knows
        return False, say(f"number_{fits[0]}")
    sentence = "number_high" if value > right else "number_low"
    return False, say(sentence, came=came, question=task.question)


def _as_number(value):
    """One number, also from an array of one or a text; None if it is none."""
    try:
        return float(_number_in(value) if isinstance(value, str) else value.item())
    except (AttributeError, ValueError, ZeroDivisionError):
        return None


def _number_in(text):
    """The number that a text stands for: "0.56", "0,56", "5/9", "10,000", "69.3 nats"."""
    text = re.sub(r"(?<=\d)\s*[a-z]+$", "", text.strip())
    thousands = re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", text)
    text = text.replace(",", "" if thousands else ".")
    return Fraction(text.replace(" ", "")) if "/" in text else text


def _is(value, number, task):
    """Is it that number, within the task's tolerance or rounded to two digits or more?"""
    if value == number or abs(value - number) <= task.atol + task.rtol * abs(number):
        return True
    if not np.isfinite(number) or float(number).is_integer():
        return False
    return value in [float(f"{number:.{digits}g}") for digits in range(2, 8)]


def _taken_for(right):
    """What is often given in place of a number: its square, one over it ..."""
    with np.errstate(all="ignore"):
        right = np.float64(right)
        return {
            "sign": -right, "inverse": 1 / right, "complement": 1 - right, "root": np.sqrt(right),
            "square": right**2, "log": np.log(right), "exp": np.exp(right), "twice": 2 * right,
            "half": right / 2, "percent": 100 * right, "bits": right / np.log(2),
        }  # fmt: skip


# ---------------------------------------------------------------- a q and what follows


@weigh.register
def _(task: ChooseQ, value):
    keys = ["q", *task.foretell]
    every = ", ".join(f'"{k}"' for k in keys)
    if not isinstance(value, dict):
        return False, say("choose_wrong_kind", came=came_as(value), keys=every)
    value = {key.strip().lower(): part for key, part in value.items()}
    missing = [k for k in keys if k.lower() not in value or value[k.lower()] is None]
    unknown = sorted(set(value) - {k.lower() for k in keys})
    if missing or unknown:
        sentence = "choose_missing" if missing else "choose_unknown"
        named = ", ".join(f'"{k}"' for k in missing or unknown)
        return False, say(sentence, keys=named, all=every)
    q = chosen(value["q"], task.choices)
    if q is None:
        came = came_as(value["q"])
        return False, say("choose_no_such_q", came=came, choices=quoted(task.choices))
    return _foretold(task, q, value)


def _foretold(task, q, value):
    measured = {key: plain(part) for key, part in task.measure(q).items()}
    said = {
        part: _compared(part, foretell, value[part.lower()], measured[part])
        for part, foretell in task.foretell.items()
    }
    right = [foretell.right or part for part, foretell in task.foretell.items() if not said[part]]
    if len(right) < len(said) or q not in task.good:
        known = say("choose_foretold", parts=", ".join(right)) if right else ""
        return False, " ".join(x for x in (task.choices[q], *said.values(), known) if x)
    told = {k: v if isinstance(v, str) else came_as(v) for k, v in measured.items()}
    parts = ", ".join(f"{key} {part}" for key, part in told.items())
    words = (task.choices[q], task.why, say("choose_measured", parts=parts))
    return True, " ".join(x for x in words if x)


def _compared(part, foretell, told, measured):
    """ "" if it was foretold as it is, else a sentence."""
    words = foretell.choices
    if words:
        choice = chosen(told, words)
        if choice is None:
            return say("choose_other_word", part=part, came=came_as(told), choices=quoted(words))
        agreed = choice == chosen(measured, words)
        return "" if agreed else foretell.said.format(told=choice)
    number = _as_number(told)
    if number is None:
        return say("choose_no_number", part=part, came=came_as(told))
    told, measured = number, float(measured)
    close = abs(told - measured) <= foretell.atol + foretell.rtol * abs(measured)
    close = close and told * measured >= 0  # a gap below zero is not nearly zero
    than = say("choose_more" if measured > told else "choose_less")
    return "" if close else foretell.said.format(told=describe(told), than=than)


# ---------------------------------------------------------------- one's own data


@weigh.register
def _(task: OpenTask, value):
    keys = ", ".join(f'"{k}" ({what})' for k, what in task.needs.items())
    if not isinstance(value, dict):
        return False, say("open_wrong_kind", came=came_as(value), keys=keys)
    missing = [k for k in task.needs if value.get(k) is None]
    if missing:
        named = ", ".join(f'"{k}" ({task.needs[k]})' for k in missing)
        return False, say("open_missing", keys=named)
    value = {k: like(np.empty(0), v) for k, v in value.items()}  # lists as arrays
    for key, what in task.needs.items():
        sentence = _unfit(key, what, value[key])
        if sentence:
            return False, sentence
    for invariant in task.invariants:
        try:
            sentence = invariant(value)
        except (TypeError, ValueError, IndexError):
            return False, say("open_unfit", keys=keys)
        if sentence:
            return False, as_sentence(sentence)
    return True, task.why


def _unfit(key, what, part):
    parts = part if isinstance(part, list) else [part]
    if not all(isinstance(x, np.ndarray) for x in parts):
        return say("open_no_numbers", key=key, came=came_as(part), what=what)
    if any(np.isnan(x).any() for x in parts):
        return say("open_nan", key=key)
    return "" if any(x.size for x in parts) else say("open_empty", key=key)
