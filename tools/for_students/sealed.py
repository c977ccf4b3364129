"""Opens the sheets of this edition, whose answers are not there to be read.

A sheet's source, its texts and its known mistakes are packed. What an exercise gets for each task
can check, hint and show; the task itself, with its right answer, stays behind.
"""

import base64
import functools
import importlib.util
import linecache
import sys
import types
import zlib
from pathlib import Path

from checks import catalogue, progress, session, sheets
from checks.sentences import say
from checks.tasks import Exercise

HERE = Path(__file__).resolve().parent


def for_checks(function):
    """The function as the course's own code may call it; anybody else gets no answer from it."""

    @functools.wraps(function, assigned=("__name__", "__doc__"), updated=())
    def asked(*arguments, **named):
        if not sys._getframe(1).f_globals.get("__name__", "").startswith("checks."):
            raise PermissionError(say("not_handed_out", task=arguments[0]))
        return function(*arguments, **named)

    del asked.__wrapped__
    return asked


def _drawer():
    sheets_by_name = {}  # name of a sheet's module -> the module with its tasks
    return for_checks(sheets_by_name.setdefault), for_checks(sheets_by_name.get)


_put, _get = _drawer()


def open_sheet(name):
    """The names that an exercise uses of the sheet ``checks.NAME``: its tasks and ``progress``."""
    source, file = unpacked(HERE / f"{name.rpartition('.')[2]}.sealed"), f"<{name}>"
    # what recognises mistakes reads the formulas of right answers
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    sheet = _put(name, types.ModuleType(name))
    exec(compile(source, file, "exec"), vars(sheet))
    tasks = {key: _face(task) for key, task in vars(sheet).items() if isinstance(task, Exercise)}
    return tasks | {"progress": lambda: progress.progress_of(sheet)}


@for_checks
def unpacked(path):
    """The text that was packed into a file."""
    return zlib.decompress(base64.b85decode(path.read_bytes())).decode()


def _face(task):
    class Sealed:
        """A task of which one can see all but the answer."""

        __slots__ = ()
        name, minutes, points, difficulty = task.name, task.minutes, task.points, task.difficulty

        def __call__(self, *answer, **points):
            return task(*answer, **points)

        def hint(self, number=None):
            return task.hint(number)

        def show(self):
            return task.show()

        def reset(self):
            return task.reset()

        def solution(self):
            session.without_solution(task)

        def __repr__(self):
            return f"the task {task.name}"

    return Sealed()


class Modules:
    """What the checks themselves import: of a sheet, the module with its tasks."""

    util = importlib.util

    @staticmethod
    @for_checks
    def import_module(name):
        importlib.import_module(name)
        return _get(name, sys.modules[name])


class Folder:
    """A folder whose files are packed: texts of the tasks, known mistakes."""

    def __init__(self, name):
        self.path = HERE / name

    def __truediv__(self, name):
        return self.path / name

    def glob(self, pattern):
        packed = self.path.glob(Path(pattern).with_suffix(".sealed").name)
        return iter([Packed(path) for path in packed])


class Packed:
    """A packed text where the path of a plain one is expected."""

    def __init__(self, path):
        self.path = path

    @for_checks
    def read_text(self, encoding):
        return unpacked(self.path)

    def __str__(self):
        return f"<{self.path.stem}>"


catalogue.importlib = progress.importlib = sheets.importlib = Modules
for where, name in ((sheets, "of_sheet"), (catalogue, "known"), (catalogue, "_of_sheet")):
    setattr(where, name, for_checks(getattr(where, name)))
catalogue.FOLDER, sheets.FOLDER = Folder("mistakes"), Folder("texts")
