"""The judge of a :class:`FindBug`: is that the line, and does the input show it?"""

import re

import numpy as np

from checks.kinds import FindBug
from checks.outcomes import VALUE
from checks.plain import Odd, agree, describe, like, plain
from checks.running import observe
from checks.sentences import say
from checks.weighing import came_as, weigh


@weigh.register
def _(task: FindBug, value):
    names = ", ".join(task.arguments)
    pair = _line_and_input(value, len(task.arguments))
    if pair is None:
        inputs = f"a tuple ({names})" if len(task.arguments) > 1 else f"`{names}`"
        return False, say("bug_wrong_kind", came=came_as(value), inputs=inputs)
    line, given = pair
    place = _place_of(task, line)
    if place is None and isinstance(line, str):
        return False, say("bug_several_lines", line=line[:60])
    if place is None:
        return False, say("bug_no_such_line", line=came_as(line), last=len(task.listing))
    inputs = _inputs_of(task, given)
    if len(inputs) != len(task.arguments):
        wanted = f"{len(task.arguments)} part{'s' if len(task.arguments) > 1 else ''}"
        return False, say("bug_input_count", wanted=wanted, names=names, came=len(inputs))
    return _tried(task, place, inputs)


def _line_and_input(value, count):
    if isinstance(value, dict) and len(value) == 2:
        value = list(value.values())
    if isinstance(value, np.ndarray) and value.ndim == 1 and len(value) >= 2:
        first, *rest = map(np.asarray, value)  # a number and numbers
        value = [first, rest[0] if len(value) == 2 else np.array(rest)]
    if isinstance(value, list) and len(value) == 1 + count > 2:
        value = [value[0], value[1:]]  # the line and the arguments in a row
    return value if isinstance(value, list) and len(value) == 2 else None


def _place_of(task, line):
    """The line's number, from a number or from its text; None if there is none such."""
    line = re.sub(r"^\s*line\s+(?=\d+\s*$)", "", line) if isinstance(line, str) else line
    if isinstance(line, str) and not line.strip().isdigit():
        said, listing = "".join(line.split()), ["".join(x.split()) for x in task.listing]
        near = [k for k, code in enumerate(listing, 1) if said in code]
        return near[0] if said and len(near) == 1 else None
    if not isinstance(line, (str, np.ndarray)) or np.size(line) != 1:
        return None
    number = float(line if isinstance(line, str) else line.item())
    return int(number) if number.is_integer() and 1 <= number <= len(task.listing) else None


def _inputs_of(task, given):
    """The plain input as the arguments of the code."""
    parts = list(given.values()) if isinstance(given, dict) else given
    if len(task.arguments) == 1 and not (isinstance(parts, list) and len(parts) == 1):
        parts = [given]
    if parts is None or (isinstance(parts, np.ndarray) and parts.ndim == 0):
        parts = [parts]
    known = [_argument(e, x) for e, x in zip(task.example, parts, strict=False)]
    return (*known, *list(parts)[len(known) :])


def _argument(example, value):
    """A plain value in the type of the argument that it stands for."""
    value, whole = like(plain(example), value), np.asarray(example).dtype.kind in "iu"
    if not isinstance(value, np.ndarray):
        return value
    if np.ndim(example) == 0 and value.ndim == 0:
        return int(value) if whole else float(value)
    return value.astype(int) if whole and np.array_equal(value, np.round(value)) else value


def _tried(task, place, inputs):
    call = lambda function, *inputs: function(*inputs)  # noqa: E731
    right, buggy = (observe(call, f, [inputs])[0] for f in (task.right, task.buggy))
    if right.kind != VALUE or right.value is None or isinstance(right.value, Odd):
        return False, say("bug_input_fails", error=right.error or right.kind)
    reason = task.refuse(*inputs) if task.refuse else ""
    if reason:
        return False, say("bug_input_refused", reason=reason.rstrip("."))
    shows = buggy.kind != VALUE or not agree(right.value, buggy.value, task.rtol)
    came = describe(buggy.value) if buggy.kind == VALUE else buggy.error or buggy.kind
    words = {"buggy": came, "right": describe(right.value)}
    if place in task.line:
        found = f"{task.why} {say('bug_found', **words)}".strip()
        return shows, found if shows else say("bug_input_agrees", **words)
    code, reason = task.listing[place - 1].strip(), task.reasons.get(place, "")
    said = say("bug_other_line", line=place, code=code, reason=reason).strip()
    return False, f"{said} {say('bug_input_shows' if shows else 'bug_input_too', **words)}"
