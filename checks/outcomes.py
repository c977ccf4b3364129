"""What one call of a student's function came to, whatever it does."""

import builtins
import contextlib
import copy
import io
import linecache
import re
import sys
import traceback
import warnings
from dataclasses import dataclass

import numpy as np

from checks.plain import fingerprint, plain

VALUE, UNWRITTEN, RAISED, ENDLESS, ENDED, NO_MEMORY = (
    "value", "unwritten", "raised", "endless", "ended", "no memory"
)  # fmt: skip
# a name, and what can be looked at of its value without running anything: `b.T`, `q[t - 1, :]`
ARRAY = re.compile(r"(?<![\w.])(([A-Za-z_]\w*)(?:\.T\b|\[[\w\s:,+-]*\])*)")
LAST = (UNWRITTEN, ENDLESS, ENDED, NO_MEMORY)  # after these, calling on makes no sense


class OutOfTime(BaseException):
    """Thrown into a student's function that comes to no end; no `except Exception` catches it."""


@dataclass(frozen=True)
class Outcome:
    """What one call came to.

    kind: one of the constants above.  value: the plain result.  error, line, code: the exception
    in words, the line of the student's function that raised it, and that line's text.
    shapes: what met in that line, in words.  helper: the function, not the student's own, that is
    still unwritten.  changed: the positions of the inputs that it changed.  printed: did it print
    something?  warned: what NumPy warned of.
    """

    kind: str
    value: object = None
    error: str = ""
    line: int = 0
    code: str = ""
    shapes: str = ""
    helper: str = ""
    changed: tuple = ()
    printed: bool = False
    warned: str = ""


def one_call(call, function, inputs):
    """The :class:`Outcome` of one call, on a copy of the inputs."""
    inputs = copy.deepcopy(inputs)
    before = [fingerprint(x) for x in inputs]
    out = _Printed()
    try:
        with _quiet(out) as warned:
            value = plain(call(function, *inputs))
    except NotImplementedError as error:
        return _unwritten(error, function)
    except OutOfTime:
        return Outcome(ENDLESS)
    except MemoryError:
        return Outcome(NO_MEMORY)
    except (SystemExit, KeyboardInterrupt) as error:
        return Outcome(ENDED, error=type(error).__name__)
    except BaseException as error:
        return _raised(error, function)
    changed = tuple(i for i, x in enumerate(inputs) if fingerprint(x) != before[i])
    said = "; ".join(sorted({str(w.message)[:100] for w in warned}))[:300]
    return Outcome(VALUE, value, changed=changed, printed=out.used, warned=said)


# ---------------------------------------------------------------- what was raised, and where


def _unwritten(error, function):
    """Is it the student's function itself that is unwritten, or one that it calls?"""
    compiled = getattr(function, "__code__", None)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [k for k, frame in enumerate(frames) if frame.f_code is compiled]
    line, code, _ = _place(error, function)
    last = frames[-1].f_code.co_name
    helper = last if own and own[-1] + 1 < len(frames) and last.isidentifier() else ""
    return Outcome(UNWRITTEN, line=line, code=code, helper=helper)


def _raised(error, function):
    try:
        text = " ".join(str(error).split())[:200]
    except Exception:
        text = "(its message cannot be shown)"
    line, code, frame = _place(error, function)
    shapes = _shapes(code, frame) if frame else ""
    words = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return Outcome(RAISED, error=words, line=line, code=code[:100], shapes=shapes)


def _place(error, function):
    """The line (counted from its `def`) of the student's function where ``error`` arose."""
    compiled = getattr(function, "__code__", None)
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_code is compiled:
            text = linecache.getline(compiled.co_filename, number).strip()
            return number - compiled.co_firstlineno + 1, text, frame
    return 0, "", None


def _shapes(code, frame):
    """The arrays that met in a line, with their shapes: `a` (3, 2), `b.T` (2,)."""
    names, found = {**frame.f_globals, **frame.f_locals}, {}
    for part, name in ARRAY.findall(code):
        if type(names.get(name)) is np.ndarray:
            with contextlib.suppress(Exception):
                value = eval(part, {"__builtins__": {}}, names)
                found |= {part: value.shape} if isinstance(value, np.ndarray) else {}
    return ", ".join(f"`{part}` {shape}" for part, shape in list(found.items())[:4])


# ---------------------------------------------------------------- silence


class _Printed(io.StringIO):
    """Swallows what a function prints, and remembers whether it printed."""

    used = False

    def write(self, text):
        self.used = True
        return len(text)


@contextlib.contextmanager
def _quiet(out):
    """No printing, no questions to the keyboard, no pictures in the notebook; warnings are kept."""
    asked, builtins.input = builtins.input, _no_input
    hook = _display_hook()
    published = hook and hook.publish
    try:
        if hook:
            hook.publish = lambda *args, **kwargs: None
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
            warnings.catch_warnings(record=True) as warned,
            np.errstate(all="ignore", invalid="warn"),
        ):
            warnings.simplefilter("default")
            yield warned
    finally:
        builtins.input = asked
        if hook:
            hook.publish = published


def _no_input(*_):
    raise RuntimeError("the function asks for input(): it should only use its arguments")


def _display_hook():
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return getattr(shell, "display_pub", None)
