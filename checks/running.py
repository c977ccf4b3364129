"""Where a student's function runs, so that nothing it does can hurt.

On Linux the calls happen in a forked child with a limit on time and memory: an endless loop is
killed, and `exit()`, a crash, a patched NumPy, an open figure die with the child. Elsewhere they
happen in this process, and a watchdog throws an exception into the thread that takes too long;
that cannot interrupt a single long call into compiled code. Where no process and no thread can be
had (in a browser), the steps of Python are counted, and an endless loop ends after so many.
"""

import contextlib
import faulthandler
import os
import pickle
import select
import signal
import sys
import threading
import time
import warnings

from checks.outcomes import ENDED, ENDLESS, LAST, Outcome, OutOfTime, one_call

SECONDS = 6.0  # for all calls of one check together; what ends an endless loop
MEMORY = 2 << 30  # bytes beyond what the process holds already
STEPS = 3_000_000  # of Python that all calls of one check may take where only these can be counted
AGAIN = 10_000  # steps after which one that swallowed the end is ended again


def observe(call, function, cases, seconds=SECONDS):
    """The outcomes of ``call(function, *inputs)`` for the inputs of each case, at most one a case.

    The list ends early with the first outcome after which going on makes no sense.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # no more processes
            return _in_a_child(call, function, cases, seconds)
    try:
        with _watchdog(seconds):
            return _in_this_process(call, function, cases)
    except (RuntimeError, AttributeError, ImportError):  # no new thread, or none to throw into
        with _counted(int(STEPS * seconds / SECONDS)):
            return _in_this_process(call, function, cases)


def _in_this_process(call, function, cases):
    outcomes = []
    try:
        for inputs in cases:
            outcomes.append(one_call(call, function, inputs))
            if outcomes[-1].kind in LAST:
                break
    except OutOfTime:  # it fell between two calls
        outcomes.append(Outcome(ENDLESS))
    return outcomes


# ---------------------------------------------------------------- in a child


def _in_a_child(call, function, cases, seconds):
    reader, writer = os.pipe()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of forks among threads
            child = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
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
        pipe = os.fdopen(writer, "wb")
        for inputs in cases:
            outcome = one_call(call, function, inputs)
            data = pickle.dumps(outcome)
            pipe.write(len(data).to_bytes(8, "big") + data)
            pipe.flush()
            if outcome.kind in LAST:
                break
    finally:
        os._exit(0)


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


@contextlib.contextmanager
def _watchdog(seconds):
    """Throw :class:`OutOfTime` into this thread after ``seconds``, and again if it is swallowed."""
    import ctypes  # not everywhere

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
        # One that is thrown but has not arrived is waited for: to call it back is to throw NULL,
        # after which Python 3.11 never leaves the first function that is traced (`_counted`).
        for _ in range(3):
            with contextlib.suppress(OutOfTime):
                done.set()
                watcher.join()


@contextlib.contextmanager
def _counted(limit):
    """Throw :class:`OutOfTime` after so many steps of Python, and again if it is swallowed."""
    left = limit

    def count(*_):
        nonlocal left
        left -= 1
        if left < 0:
            left = AGAIN
            raise OutOfTime

    with (_monitored if hasattr(sys, "monitoring") else _traced)(count):
        yield


@contextlib.contextmanager
def _monitored(count):
    """Call ``count`` at each line and each turn of a loop, whatever it throws."""
    watch = sys.monitoring
    # of the numbers 0 to 5 those that no kind of tool is promised; a check may run inside a check
    tool = next(n for n in (4, 3) if watch.get_tool(n) is None)
    watch.use_tool_id(tool, __name__)
    events = (watch.events.LINE, watch.events.JUMP)
    try:
        for event in events:
            watch.register_callback(tool, event, count)
        watch.set_events(tool, sum(events))
        yield
    finally:
        watch.set_events(tool, 0)
        for event in events:
            watch.register_callback(tool, event, None)
        watch.free_tool_id(tool)


@contextlib.contextmanager
def _traced(count):
    """The same before Python 3.12, which stops calling once ``count`` has thrown something."""
    before = sys.gettrace()

    def trace(frame, event, _):
        # a loop in one line has no second line to count
        frame.f_trace_opcodes = "site-packages" not in frame.f_code.co_filename
        if event in ("line", "opcode"):
            count()
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)
