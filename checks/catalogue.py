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
HEADING = re.compile(r"^== (.+)\((.*)\)$")


def known(task):
    """The known mistakes of a task."""
    if task.mistakes is not None:
        return task.mistakes
    sheet = task.room.rpartition(".")[2]
    return _of_sheet(task.room).get(task.name, ()) if entries_exist(sheet) else ()


def entries_exist(sheet):
    """Has this sheet a file of known mistakes?"""
    return any(FOLDER.glob(f"*_{sheet}.txt"))


@functools.lru_cache
def _of_sheet(room):
    """{task: its mistakes} for the module called ``room``."""
    (path,) = FOLDER.glob(f"*_{room.rpartition('.')[2]}.txt")
    return read(path, vars(importlib.import_module(room)))


def read(path, scope):
    """{heading: tuple of mistakes} of a file, its code seeing the names in ``scope``."""
    shared, _, rest = path.read_text(encoding="utf-8").partition("\n== ")
    scope = {**vars(special), "np": np, **scope}
    exec(compile(shared, str(path), "exec"), scope)
    found = {}
    for block in rest.split("\n== ") if rest else ():
        heading, _, lines = block.partition("\n")
        name, arguments = HEADING.match(f"== {heading}").groups()
        entries = _entries(lines.splitlines())
        found[name] = tuple(
            Mistake(hint, _function(code, arguments, scope)) for code, hint in entries
        )
    return found


def _entries(lines):
    """Pairs (code, hint) from the lines under a heading."""
    pairs, codes, hint = [], [], []
    for line in [*lines, "the end"]:
        if line.startswith("    ") and not _open(codes):
            hint.append(line.strip())
            continue
        if hint:
            pairs += [(code, " ".join(hint)) for code in codes]
            codes, hint = [], []
        if _open(codes):
            codes[-1] += f"\n{line}"
        elif line.strip():
            codes.append(line)
    return pairs


def _open(codes):
    """Does the last line of code go on in the next, within brackets?"""
    return bool(codes) and sum(map(codes[-1].count, "([{")) > sum(map(codes[-1].count, ")]}"))


def _function(code, arguments, scope):
    compiled = []  # when first called: most mistakes are asked for one result, and not many

    def wrong(*inputs):
        if not compiled:
            compiled.append(eval(f"lambda {arguments}: (\n{code}\n)", scope))
        result = compiled[0](*inputs)
        return result(*inputs) if callable(result) else result

    wrong.code = code
    return wrong
