"""Known mistakes: lines of code and the hint they earn, in mistakes/, read when an answer is wrong.

    == entropy(q)                         a task and the names its lines use for the arguments
    np.log(q.size)                        an expression; what comes out is the wrong answer
    np.log(np.count_nonzero(q))           (if that is a function, it is called with the arguments)
        You returned log n: only a ...    what to say to both, indented, on one line or more

Lines above the first task are Python that several mistakes share. All see the names of the sheet's
module, NumPy as np and scipy.special. :mod:`checks.mutants` reads mistakes/any_task.txt.
"""

import functools
import importlib
import re
from pathlib import Path

import numpy as np
from scipy import special

from checks.tasks import Mistake

FOLDER = Path(__file__).resolve().parent / "mistakes"
HEADING = re.compile(r"(.+)\((.*)\)$")


def known(task):
    """The known mistakes of a task."""
    return _of_sheet(task.room).get(task.name, ()) if task.mistakes is None else task.mistakes


@functools.lru_cache
def _of_sheet(room):
    """{task: its mistakes} for the module called ``room``; {} where it has no file of them."""
    path = next(iter(FOLDER.glob(f"*_{room.rpartition('.')[2]}.txt")), None)
    return {} if path is None else read(path, vars(importlib.import_module(room)))


def read(path, scope):
    """{heading: tuple of mistakes} of a file, its code seeing the names in ``scope``."""
    shared, *blocks = path.read_text(encoding="utf-8").split("\n== ")
    scope, found = {**vars(special), "np": np, **scope}, {}
    exec(compile(shared, str(path), "exec"), scope)
    for block in blocks:
        heading, *lines = block.splitlines()
        name, arguments = HEADING.match(heading).groups()
        pairs = [(hint, _function(code, arguments, scope)) for code, hint in _entries(lines)]
        found[name] = tuple(Mistake(*pair) for pair in pairs)
    return found


def _entries(lines):
    """Pairs (code, hint) from the lines under a heading."""
    pairs, codes, hint = [], [], []
    for line in [*lines, "the end"]:
        goes_on = codes and sum(map(codes[-1].count, "([{")) > sum(map(codes[-1].count, ")]}"))
        if goes_on:  # within brackets
            codes[-1] += f"\n{line}"
        elif line.startswith("    "):
            hint.append(line.strip())
        elif line.strip():
            if hint:
                pairs += [(code, " ".join(hint)) for code in codes]
                codes, hint = [], []
            codes.append(line)
    return pairs


def _function(code, arguments, scope):
    @functools.cache  # when first called: most mistakes are asked for one result, and not many
    def compiled():
        return eval(f"lambda {arguments}: (\n{code}\n)", scope)

    def wrong(*inputs):
        result = compiled()(*inputs)
        return result(*inputs) if callable(result) else result

    wrong.code = code
    return wrong
