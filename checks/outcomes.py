"""Calling a student's function so that nothing it does can hurt.

On Linux the calls happen in a forked child with a limit on time and memory: an endless loop is
killed, and `exit()`, a crash, a patched NumPy, an open figure die with the child. Elsewhere they
happen in this process, and a watchdog throws an exception into the thread that takes too long;
that cannot interrupt a single long call into compiled code.
"""

import builtins
import contextlib
import copy
import ctypes
import faulthandler
import io
import linecache
import os
import pickle
import select
import signal
import sys
import threading
import time
import traceback
import warnings
from dataclasses import dataclass

import numpy as np

from checks.plain import fingerprint, plain

SECONDS = 6.0  # for all calls of one check together
MEMORY = 2 << 30  # bytes beyond what the process holds already

VALUE, UNWRITTEN, RAISED, ENDLESS, ENDED, NO_MEMORY = (
    "value", "unwritten", "raised", "endless", "ended", "no memory"
)  # fmt: skip
LAST = (UNWRITTEN, ENDLESS, ENDED, NO_MEMORY)  # after these, calling on makes no sense


class OutOfTime(BaseException):
    """Thrown into a student's function by the watchdog; no `except Exception` catches it."""


@dataclass(frozen=True)
class Outcome:
    """What one call came to.

    kind: one of the constants above.  value: the plain result.  error, line, code: the exception
    in words, the line of the student's function that raised it, and that line's text.
    changed: the positions of the inputs that it changed.  printed: did it print something?
    """

    kind: str
    value: object = None
    error: str = ""
    line: int = 0
    code: str = ""
    changed: tuple = ()
    printed: bool = False


def observe(call, function, cases, seconds=SECONDS):
    """The outcomes of ``call(function, *inputs)`` for the inputs of each case, at most one a case.

    The list ends early with the first outcome after which going on makes no sense.
    """
    if sys.platform == "linux":
        return _in_a_child(call, function, cases, seconds)
    return _in_this_process(call, function, cases, seconds)


# ---------------------------------------------------------------- one call


def one_call(call, function, inputs):
    """The :class:`Outcome` of one call, on a copy of the inputs."""
    inputs = copy.deepcopy(inputs)
    before = [fingerprint(x) for x in inputs]
    out = _Printed()
    try:
        with _quiet(out):
            value = plain(call(function, *inputs))
    except NotImplementedError:
        return Outcome(UNWRITTEN)
    except OutOfTime:
        return Outcome(ENDLESS)
    except MemoryError:
        return Outcome(NO_MEMORY)
    except (SystemExit, KeyboardInterrupt) as error:
        return Outcome(ENDED, error=type(error).__name__)
    except BaseException as error:
        return _raised(error, function)
    changed = tuple(i for i, x in enumerate(inputs) if fingerprint(x) != before[i])
    return Outcome(VALUE, value, changed=changed, printed=out.used)


def _raised(error, function):
    try:
        text = " ".join(str(error).split())[:200]
    except Exception:
        text = "(its message cannot be shown)"
    line, code = _place(error, function)
    return Outcome(RAISED, error=f"{type(error).__name__}: {text}", line=line, code=code)


def _place(error, function):
    """The line (counted from its `def`) of the student's function where ``error`` arose."""
    compiled = getattr(function, "__code__", None)
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_code is compiled:
            text = linecache.getline(compiled.co_filename, number).strip()
            return number - compiled.co_firstlineno + 1, text[:100]
    return 0, ""


class _Printed(io.TextIOBase):
    """Swallows what a function prints, and remembers whether it printed."""

    used = False

    def write(self, text):
        self.used = True
        return len(text)

    def writable(self):
        return True


@contextlib.contextmanager
def _quiet(out):
    """No printing, no warnings, no questions to the keyboard, no pictures in the notebook."""
    asked, builtins.input = builtins.input, _no_input
    hook = _display_hook()
    published = hook and hook.publish
    try:
        if hook:
            hook.publish = lambda *args, **kwargs: None
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        builtins.input = asked
        if hook:
            hook.publish = published


def _no_input(*_):
    raise RuntimeError("the function asks for input(): it should only use its arguments")


def _display_hook():
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return getattr(shell, "display_pub", None)


# ---------------------------------------------------------------- in a child


def _in_a_child(call, function, cases, seconds):
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of forks among threads
        child = os.fork()
    if child == 0:
        os.close(reader)
        _work(call, function, cases, writer)  # never returns
    os.close(writer)
    try:
        return _collect(reader, len(cases), time.monotonic() + seconds)
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # killed already by what it ran
            os.waitpid(child, 0)


def _work(call, function, cases, writer):
    """The life of the child: answer case after case, each outcome with its length before it."""
    try:
        faulthandler.disable()  # a crash in here is an answer, not news for the terminal
        _limit_memory()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        for inputs in cases:
            outcome = one_call(call, function, inputs)
            data = pickle.dumps(outcome)
            _write_all(writer, len(data).to_bytes(8, "big") + data)
            if outcome.kind in LAST:
                break
    finally:
        os._exit(0)


def _write_all(writer, data):
    view = memoryview(data)
    while view:
        view = view[os.write(writer, view) :]


def _limit_memory():
    import resource  # not on Windows

    with contextlib.suppress(OSError, ValueError):
        pages = int(open("/proc/self/statm").read().split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = pages * resource.getpagesize() + MEMORY
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _collect(reader, expected, deadline):
    """Read outcomes until all are there, the child is gone or the time is up."""
    outcomes, data = [], b""
    while len(outcomes) < expected:
        ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return [*outcomes, Outcome(ENDLESS)]
        chunk = os.read(reader, 1 << 20)
        if not chunk:
            stopped = outcomes and outcomes[-1].kind in LAST
            return outcomes if stopped else [*outcomes, Outcome(ENDED, error="the process")]
        data += chunk
        while len(data) >= 8 and len(data) >= 8 + int.from_bytes(data[:8], "big"):
            size = 8 + int.from_bytes(data[:8], "big")
            outcomes.append(pickle.loads(data[8:size]))
            data = data[size:]
    return outcomes


# ---------------------------------------------------------------- in this process


def _in_this_process(call, function, cases, seconds):
    outcomes = []
    with _watchdog(seconds):
        try:
            for inputs in cases:
                outcomes.append(one_call(call, function, inputs))
                if outcomes[-1].kind in LAST:
                    break
        except OutOfTime:  # it fell between two calls
            outcomes.append(Outcome(ENDLESS))
    return outcomes


@contextlib.contextmanager
def _watchdog(seconds):
    """Throw :class:`OutOfTime` into this thread after ``seconds``, and again if it is swallowed."""
    thread, done = ctypes.c_ulong(threading.get_ident()), threading.Event()
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc

    def watch():
        pause = seconds
        while not done.wait(pause):
            throw(thread, ctypes.py_object(OutOfTime))
            pause = 0.05

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        throw(thread, None)  # call back one that is thrown but has not arrived
