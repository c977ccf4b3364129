"""Opens the sheets of this edition, whose answers are not there to be read.

A sheet's source is compressed beside this file. What an exercise gets for each task can check,
hint and show; the task itself, with its right answer, stays behind.
"""

import base64
import linecache
import types
import zlib
from pathlib import Path

from checks import sentences as say
from checks.progress import progress_of
from checks.tasks import Exercise


def open_sheet(name):
    """The names that an exercise uses of the sheet ``checks.NAME``: its tasks and ``progress``."""
    packed = Path(__file__).with_name(name.rpartition(".")[2] + ".sealed").read_bytes()
    source, file = zlib.decompress(base64.b85decode(packed)).decode(), f"<{name}>"
    # the recogniser of mistakes reads the formulas of right answers
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    sheet = types.ModuleType(name)
    exec(compile(source, file, "exec"), vars(sheet))
    tasks = {key: _face(task) for key, task in vars(sheet).items() if isinstance(task, Exercise)}
    return tasks | {"progress": lambda: progress_of(sheet)}


def _face(task):
    class Sealed:
        """A task of which one can see all but the answer."""

        __slots__ = ()
        name, minutes, points, difficulty = task.name, task.minutes, task.points, task.difficulty

        def __call__(self, answer):
            return task(answer)

        def hint(self, number=None):
            return task.hint(number)

        def show(self):
            return task.show()

        def solution(self):
            print(say.NOT_HANDED_OUT.format(task=task.name))

        def __repr__(self):
            return f"the task {task.name}"

    return Sealed()
