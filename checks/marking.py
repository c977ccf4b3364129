"""The verdict on an answer of any kind: :func:`mark` knows which judge a kind has.

Judges of other kinds than a function get the answer as plain data, whether it was a value or came
from a function without arguments; so they can sit in another process than the answer.
"""

from dataclasses import fields, is_dataclass

import numpy as np

from checks.bugs import weigh  # that of all kinds, a bug's among them
from checks.judging import concluded, judge, not_yet, only_dots, wrong
from checks.kinds import Paper
from checks.outcomes import ENDLESS, RAISED, UNWRITTEN, VALUE, Outcome
from checks.plain import Odd
from checks.running import observe
from checks.sentences import say
from checks.tasks import Prediction, Task
from checks.verdicts import CORRECT, DONE, WRONG, Verdict
from checks.weighing import came_as, quoted


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
    if outcome.kind == ENDLESS:
        return wrong(task, say("answer_endless"))
    if outcome.kind != VALUE or outcome.value is None:
        return wrong(task, say("no_answer_given"))
    if isinstance(task, Paper):
        return _own_points(task, outcome.value)
    ok, sentence = weigh(task, outcome.value)
    return concluded(task, CORRECT if ok else WRONG, sentence)


def _own_points(task, value):
    """What a student gives a derivation on paper, by its rubric."""
    if not isinstance(value, np.ndarray) or value.size != 1 or not 0 <= value <= task.points:
        return wrong(task, say("paper_wrong_kind", came=came_as(value), most=f"{task.points:g}"))
    points = float(value.item())
    said = say("paper_done", points=f"{points:g}", most=f"{task.points:g}")
    return Verdict(True, said, task.name, DONE, points)


def _placeholder(value):
    return isinstance(value, Odd) and value.what == "nothing but a placeholder"


def _not_yet(task):
    if isinstance(task, Prediction):
        return not_yet(task, say("choose_first", choices=quoted(task.choices)))
    if isinstance(task, Paper):
        return not_yet(task, say("on_paper", task=task.name))
    return not_yet(task)
