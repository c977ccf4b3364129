"""A sheet's tasks, put together: what students read from a file in texts/, what is computed here.

In the module of the sheet, ``checks/jensen.py``:

    sheet = Sheet(__name__)
    progress = sheet.progress
    kl = sheet.task("kl", reference=_kl, cases=_pairs)
    bound_in_order = sheet.task("bound_in_order")

In ``texts/03a_jensen.toml``, with the fields of :mod:`checks.tasks` and :mod:`checks.kinds`:

    [kl]
    points = 2
    why = "It is the gap that everything from here on is about."
    [kl.hints]
    nudge = "..."           # equation and shape likewise

    [bound_in_order]
    kind = "Order"          # without it: a Task
    right = "BA"
    [bound_in_order.lines]
    A = '$\\ge \\mathbb{E}_q[\\log p(x, z)]$'

Text between three quotes may be broken where one likes: its lines are joined, but for ``code`` and
``shape``. A second language is a second folder like this one.
"""

import functools
import importlib
import tomllib
from dataclasses import fields
from pathlib import Path

from checks import kinds, progress, tasks
from checks.verdicts import Hints

FOLDER = Path(__file__).resolve().parent / "texts"
KINDS = {
    kind.__name__: kind
    for module in (tasks, kinds)
    for kind in vars(module).values()
    if "name" in getattr(kind, "__dataclass_fields__", ())
}
AS_WRITTEN = ("code", "shape")  # their lines are lines


class Sheet:
    """The tasks of the module called ``room``."""

    def __init__(self, room):
        self.room = room

    def task(self, name, **computed):
        """The task of that name: what the file says of it, and what is given here."""
        texts = of_sheet(self.room)
        if name not in texts and not computed:
            raise ValueError(f"{self.room}: no text for a task {name!r} in {FOLDER.name}/")
        said = dict(texts.get(name, {}))
        kind = KINDS[said.pop("kind", "Task")]
        try:
            return kind(name=name, room=self.room, **said, **computed)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.room}, task {name}: {error}") from None

    def progress(self):
        """The table of this sheet's tasks: what is right, what is open."""
        return progress.progress_of(importlib.import_module(self.room))


@functools.lru_cache
def of_sheet(room):
    """{task: its fields} for the module called ``room``; {} where the sheet has no file."""
    path = next(FOLDER.glob(f"[0-9]*_{room.rpartition('.')[2]}.toml"), None)
    return {} if path is None else read(path.read_text(encoding="utf-8"), path)


def read(text, path):
    """{task: its fields} from the text of a file; ValueError says where it makes no sense."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from None
    return {name: _fields(said, f"{path}, [{name}]") for name, said in found.items()}


def _fields(said, place):
    if not isinstance(said, dict):
        raise ValueError(f"{place}: expected a table with the task's fields, got {said!r}")
    kind = said.get("kind", "Task")
    if kind not in KINDS:
        raise ValueError(f"{place}: kind is one of {', '.join(KINDS)}, not {kind!r}")
    known = {"kind", *(f.name for f in fields(KINDS[kind]))} - {"name", "room"}
    for name in sorted(set(said) - known):
        raise ValueError(f"{place}: no {kind} has {name!r}; it has {', '.join(sorted(known))}")
    made = {name: joined(name, value) for name, value in said.items()}
    if "hints" in made:
        made["hints"] = _made(Hints, made["hints"], f"{place}, hints")
    for part, words in made.get("foretell", {}).items():
        made["foretell"][part] = _made(kinds.Foretell, words, f"{place}, foretell {part}")
    if "reasons" in made:  # of a line's number, or of letters
        pairs = made["reasons"].items()
        made["reasons"] = {int(key) if key.isdigit() else key: reason for key, reason in pairs}
    return made


def _made(kind, said, place):
    try:
        return kind(**said)
    except TypeError as error:
        raise ValueError(f"{place}: {str(error).replace('.__init__()', '')}") from None


def joined(name, value):
    """A value with the lines of its texts joined."""
    if isinstance(value, dict):
        return {key: joined(key, part) for key, part in value.items()}
    if isinstance(value, list):
        return tuple(joined(name, part) for part in value)
    if not isinstance(value, str):
        return value
    return value.strip("\n") if name in AS_WRITTEN else " ".join(value.split("\n")).strip()
