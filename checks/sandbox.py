"""A process for what a student wrote: it answers questions and can reach nothing else.

The process that judges holds the references, the solutions and the marks; it never imports a line
of a submission. It starts this other process, sends it cells to run and inputs to try, and takes
plain results back. On Linux the kernel bounds the other process as it does for any user: a file
system that holds Python, the library and an empty folder, all else absent; no network; processes
of its own that end with it; limits of time, memory, files and output. ``bubblewrap`` builds the
walls where it is installed, util-linux elsewhere. ``walls()`` says which; where there are none, a
process with limits is all, and docs/classroom.md says what that leaves open.
"""

import base64
import contextlib
import functools
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from checks.crossing import by_value, loads

HERE = Path(__file__).resolve().parent
CELL_SECONDS, START_SECONDS, MOST_BYTES = 60.0, 60.0, 64 << 20
ROOM = "/answers"  # where the walled process works
STUB = '''\
"""Stands for the checks while a submission is graded: whatever is called does nothing."""
class _Nothing:
    def __call__(self, *_, **__): return self
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self
    def __repr__(self): return ""
def __getattr__(name):
    if name.startswith("__"): raise AttributeError(name)
    return _Nothing()
'''
WALLS = """\
set -e
new=$1; home=$2; hidden=$3; shift 3
mount -t tmpfs -o size=256m,mode=755 tmpfs "$new"
while [ "$1" != -- ]; do
  mkdir -p "$new$1"; mount --rbind "$1" "$new$1"; mount -o remount,bind,ro "$new$1"; shift
done; shift
[ -z "$hidden" ] || [ ! -d "$new$hidden" ] || mount -t tmpfs -o size=4k tmpfs "$new$hidden"
mkdir -p "$new/tmp" "$new/dev/shm" "$new/proc" "$new/old" "$new/answers"
mount --bind "$home" "$new/answers"; mount -o remount,bind,ro "$new/answers"
for link in bin lib lib32 lib64 sbin; do
  [ -h /$link ] && [ ! -e "$new/$link" ] && ln -s "$(readlink /$link)" "$new/$link"
done
for device in null zero random urandom; do
  touch "$new/dev/$device"; mount --bind /dev/$device "$new/dev/$device"
done
mount -t proc proc "$new/proc"
cd "$new"; pivot_root . old; umount -l old; rmdir old
chmod 1777 tmp dev/shm
cd /tmp; exec setpriv $AS --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""
NOBODIES = 1 << 30  # as many users' numbers, from this one on, belong to nobody


class Stopped(Exception):
    """The process is gone, or did not answer in time; the sentence says which."""


class Sandbox:
    """One walled process with a notebook's namespace in it; close it, or use ``with``."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="answers-")
        home = _furnish(Path(self._folder.name))
        self._process = subprocess.Popen(
            _command(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=home,
            start_new_session=os.name != "nt",
        )
        self._slack = START_SECONDS  # once: the first answer waits for the process to start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, source):
        """Run one cell: its outputs as a notebook holds them, text and pictures only."""
        return self._ask({"do": "cell", "source": source}, "outputs", CELL_SECONDS)

    def outcomes(self, name, call, cases, seconds):
        """What the function called ``name`` does with the inputs of each case.

        ``None`` where nothing of that name can be called. Functions among the inputs travel by
        value, with nothing of the module that they come from.
        """
        work = base64.b64encode(by_value((call, cases, seconds))).decode()
        question = {"do": "call", "name": name, "work": work}
        return _loads(self._ask(question, "outcomes", seconds + CELL_SECONDS))

    def value(self, name, read):
        """What ``read`` makes of ``name``, or of calling it if it is a function, as an outcome."""
        question = {"do": "value", "name": name, "read": base64.b64encode(by_value(read)).decode()}
        return _loads(self._ask(question, "outcomes", CELL_SECONDS))

    def alive(self):
        """Is the process still there?"""
        return self._process.poll() is None

    def close(self):
        """End the process and everything that it started."""
        with contextlib.suppress(OSError):
            if os.name != "nt":
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        with contextlib.suppress(OSError):
            self._folder.cleanup()

    def _ask(self, question, wanted, seconds):
        data = json.dumps(question).encode()
        try:
            self._process.stdin.write(len(data).to_bytes(8, "big") + data)
            self._process.stdin.flush()
        except OSError as error:
            raise Stopped("the notebook's process has ended") from error
        deadline, self._slack = time.monotonic() + seconds + self._slack, 0.0
        size = int.from_bytes(self._read(8, deadline), "big")
        if size > MOST_BYTES:
            raise Stopped(f"the notebook answered with {size:,} bytes")
        try:
            return json.loads(self._read(size, deadline))[wanted]
        except (ValueError, KeyError, TypeError) as error:
            raise Stopped("the notebook's answer cannot be read") from error

    def _read(self, size, deadline):
        data, pipe = b"", self._process.stdout
        while len(data) < size:
            left = deadline - time.monotonic()
            if not _ready(pipe, left):
                raise Stopped("no answer in time: an endless loop?")
            chunk = os.read(pipe.fileno(), min(size - len(data), 1 << 20))
            if not chunk:
                raise Stopped("the notebook ended its own process")
            data += chunk
        return data


def _ready(pipe, seconds):
    if os.name == "nt":  # pipes cannot be waited for there; the process has its own watchdog
        return True
    return bool(select.select([pipe], [], [], max(0.0, seconds))[0])


@functools.cache
def walls():
    """What bounds a submission here, a key of _KINDS, or "" for limits alone."""
    if sys.platform != "linux":
        return ""
    for kind in _KINDS:
        with contextlib.suppress(OSError, subprocess.SubprocessError, KeyError):
            with tempfile.TemporaryDirectory() as folder:
                home = _furnish(Path(folder))
                command = _KINDS[kind](home, [sys.executable, "-I", "-c", "print(6 * 7)"])
                done = subprocess.run(command, capture_output=True, timeout=20)
                if done.stdout.strip() == b"42":
                    return kind
    return ""


def _furnish(home):
    """The folder that the walled process sees: its program and checks that know no answer."""
    package = home / "checks"
    package.mkdir()
    (package / "__init__.py").write_text(STUB, encoding="utf-8")
    for name in sent():
        shutil.copy(HERE / f"{name}.py", package)
    shutil.copy(HERE / "answering.py", home)
    (home / "root").mkdir()
    return home


@functools.cache
def sent(start="running"):
    """The modules of the checks that calling a function needs; they know no answer."""
    text = (HERE / f"{start}.py").read_text(encoding="utf-8")
    needed = re.findall(r"^\s*from checks\.(\w+) import", text, re.M)
    return tuple(dict.fromkeys([start, *(name for module in needed for name in sent(module))]))


def _command(home):
    kind = walls()
    where = ROOM if kind else str(home)
    program = [sys.executable, "-I", os.path.join(where, "answering.py"), where]
    return _KINDS[kind](home, program) if kind else program


def _visible():
    """The folders that Python and the library need."""
    import helpers

    library = str(Path(helpers.__file__).parent)
    wanted = [sys.prefix, sys.base_prefix, "/usr", "/etc/fonts", library]
    wanted += [d for d in ("/bin", "/lib", "/lib32", "/lib64") if not os.path.islink(d)]
    return list(dict.fromkeys(str(p) for p in wanted if os.path.isdir(p)))


def _hidden():
    """The checks, where they are installed inside a folder that is visible."""
    inside = any(HERE.is_relative_to(folder) for folder in _visible())
    return str(HERE) if inside else ""


def _as_nobody(home, program):
    """For root, whose processes no limit counts: a user of its own for each, who owns nothing."""
    if os.geteuid():
        raise KeyError("only root may be somebody else")
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)
    user = NOBODIES + int.from_bytes(os.urandom(4), "big") % NOBODIES
    change = f"AS=--reuid={user} --regid={user} --clear-groups"
    return ["env", change, *_with_util_linux(home, program, own_users=False)]


def _with_util_linux(home, program, own_users=True):
    flags = "--mount --pid --net --ipc --uts --fork --kill-child".split()
    flags += ["--user", "--map-root-user"] if own_users else []
    script = ["/bin/sh", "-c", WALLS, "walls", str(home / "root"), str(home), _hidden()]
    return [shutil.which("unshare"), *flags, *script, *_visible(), "--", *program]


def _with_bubblewrap(home, program):
    if not shutil.which("bwrap"):
        raise KeyError("bwrap")
    command = "bwrap --unshare-all --die-with-parent --new-session --proc /proc --dev /dev".split()
    for folder in _visible():
        command += ["--ro-bind", folder, folder]
    for link in ("bin", "lib", "lib32", "lib64"):
        if os.path.islink(f"/{link}"):
            command += ["--symlink", os.readlink(f"/{link}"), f"/{link}"]
    if _hidden():
        command += ["--tmpfs", _hidden()]
    command += ["--tmpfs", "/tmp", "--ro-bind", str(home), ROOM, "--chdir", "/tmp"]
    return [*command, *program]


# In the order in which they are tried.
_KINDS = {
    "another user": _as_nobody,
    "bubblewrap": _with_bubblewrap,
    "namespaces": _with_util_linux,
}


def _environment():
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    own = {"HOME": "/tmp", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    own["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    return {name: os.environ[name] for name in kept if name in os.environ} | own


def _loads(text):
    try:
        return loads(base64.b64decode(text))
    except Exception as error:  # odd answers are the submission's doing
        raise Stopped(f"the answer is not plain ({type(error).__name__}: {error})") from error
