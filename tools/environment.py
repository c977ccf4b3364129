"""Builds the course's environment in .venv: `make env` calls this; it works without make too.

    python tools/environment.py [EXTRA ...]      extras of pyproject.toml, such as test or bench
    python tools/environment.py --this-python    also anew if .venv was made with another Python

It does nothing, and asks for no network, if .venv works and holds what pyproject.toml and
constraints.txt ask for. Packages are fetched by uv where it is installed, by pip otherwise.
"""

# Written for any Python 3, so that an old one reads far enough to say that it is too old.
import contextlib
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
PLACE = os.fsencode(VENV).decode("utf-8", "surrogateescape")  # the same in every locale
STAMP = os.path.join(VENV, "installed.json")
UNFINISHED = os.path.join(VENV, "unfinished")  # there while .venv is being made
LOCK = os.path.join(ROOT, ".venv.lock")
OLDEST = (3, 11)
RUNNING = "{}.{}".format(*sys.version_info[:2])
SOURCES = ("pyproject.toml", "constraints.txt")
# What another environment or a user's settings would mix into this one.
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV")
# Prints the version of the Python that is asked, if its pip can install this course.
VERSION = (
    "import sys, pip; assert int(pip.__version__.split('.')[0]) >= 22; "
    "print('%d.%d' % sys.version_info[:2])"
)
# The same, if the course in the folder named is complete.
PROBE = (
    """
import contextlib, io, os, sys
import helpers
from helpers.environment import check
assert os.path.samefile(os.path.dirname(os.path.dirname(helpers.__file__)), sys.argv[1])
with contextlib.redirect_stdout(io.StringIO()):
    assert not check()
"""
    + VERSION
)


def main():
    """Create or complete .venv; a message instead of a traceback where it cannot be done."""
    if sys.version_info < OLDEST:
        sys.exit(
            "The course needs Python {}.{} or newer, but '{}' is Python {}.{}. Install a newer "
            "one, then run: make env PYTHON=/path/to/python3".format(
                *OLDEST, sys.executable, *sys.version_info[:2]
            )
        )
    wanted = set(sys.argv[1:]) - {"--this-python"}
    if "--this-python" in sys.argv and read_stamp().get("python") not in (None, RUNNING):
        os.remove(STAMP)
        open(UNFINISHED, "w").close()
    try:
        if is_ready(wanted):
            return
        with alone(LOCK, "Another make is building the environment: waiting ..."):
            if not is_ready(wanted):  # another make may just have done it
                build(wanted)
    except KeyboardInterrupt:
        sys.exit("Interrupted: run the same command again, it starts afresh.")
    except OSError as error:
        sys.exit("The environment .venv could not be built: {}".format(error))  # noqa: UP032


def is_ready(wanted):
    """Whether .venv stands where it was made, works, and holds the extras wanted."""
    stamp = read_stamp()
    if stamp.get("place") != PLACE or stamp["made_from"] != fingerprint():
        return False
    return wanted <= set(stamp["extras"]) and answer(PROBE, ROOT) == stamp["python"]


def build(wanted):
    """What was moved is mended; what is broken is made anew; what is missing is installed."""
    stamp = read_stamp()
    moved = stamp.get("place", PLACE) != PLACE
    if moved and os.name != "nt":
        mend_commands(stamp["place"])
        write_stamp(stamp["extras"], stamp["made_from"])
        if is_ready(wanted):
            print("The folder of the course was moved: its environment follows.", flush=True)
            return
    version = answer(VERSION)
    works = version is not None and version == stamp.get("python", version)
    if not works or (moved and os.name == "nt") or os.path.exists(UNFINISHED):
        create()
    install(sorted(wanted | set(stamp.get("extras", ()))))


def create():
    """A new virtual environment in place of whatever is there."""
    print("Creating .venv with Python {} ...".format(RUNNING), flush=True)  # noqa: UP032
    try:
        import ensurepip  # noqa: F401  (Debian ships venv without it)
        import venv
    except ImportError:
        sys.exit(
            "This Python has no complete venv module. On Debian or Ubuntu: "
            "sudo apt install python3-venv; then run the same command again."
        )
    if os.path.exists(VENV):
        shutil.rmtree(VENV)
    os.mkdir(VENV)
    open(UNFINISHED, "w").close()
    try:
        venv.create(VENV, with_pip=True)
    except subprocess.CalledProcessError as error:
        sys.exit("The virtual environment .venv could not be created: {}".format(error))  # noqa: UP032


def install(extras):
    """The course and what it needs, in the versions of constraints.txt."""
    print("Installing the course and what it needs: a minute or two ...", flush=True)
    what = ["-c", "constraints.txt", "-e", "." + ("[" + ",".join(extras) + "]" if extras else "")]
    ways = [[PYTHON, "-m", "pip", "install", "--quiet", "--no-user"]]
    if shutil.which("uv"):  # faster, but it does not know pip's settings, such as a mirror
        ways.insert(0, [shutil.which("uv"), "pip", "install", "--quiet", "--python", PYTHON])
    open(UNFINISHED, "w").close()
    arrived = any(run(way + what) for way in ways)
    os.remove(UNFINISHED)
    if not arrived:
        sys.exit(
            "The packages could not be installed: see the lines above. If a download broke off, "
            "run the same command again; what has arrived is kept."
        )
    make_movable()
    write_stamp(extras)
    if not is_ready(set(extras)):
        sys.exit(
            "All packages arrived, and yet the environment does not work: delete the folder "
            ".venv and run the same command again."
        )
    print("The environment is ready.", flush=True)


def run(command):
    """Whether a command that installs succeeds; if not, its last words without tracebacks."""
    done = subprocess.run(command, cwd=ROOT, env=surroundings(), stderr=subprocess.PIPE)
    if done.returncode == 0:
        return True
    lines = done.stderr.decode(errors="replace").splitlines()
    plain = [line for line in lines if line[:1].strip() and not line.startswith("Traceback")]
    print(*plain[-3:], sep="\n", file=sys.stderr)
    return False


def make_movable():
    """Let .venv find the course by a relative path.

    It survives a new name of the folder; and Python 3.11 and 3.12 read the file in the locale's
    encoding, in which the letters of an absolute path may not exist.
    """
    where = os.path.join(glob.escape(VENV), "[Ll]ib", "**", "*variational_inference_course*.pth")
    for path in glob.glob(where, recursive=True):
        with open(path, "w", encoding="ascii") as file:
            file.write(os.path.relpath(ROOT, os.path.dirname(path)) + "\n")


def mend_commands(old):
    """Point the commands in .venv/bin to the Python in the folder's new place."""
    old, new = old.encode("utf-8", "surrogateescape"), os.fsencode(VENV)
    start = b"#!/bin/sh\n'''exec' \"" + os.fsencode(PYTHON) + b'" "$0" "$@"\n'
    end = b"' '''\n"  # shell and Python read these lines differently; a path may hold blanks
    for path in glob.glob(os.path.join(glob.escape(BIN), "*")):
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            content = file.read()
        head, rest = b"", content
        if content.startswith(start[:18]):
            head, rest = start + end, content.split(end, 1)[1]
        elif content.startswith(b"#!" + old):
            head, rest = start + end, content.split(b"\n", 1)[1]
        with open(path, "wb") as file:
            file.write(head + rest.replace(old, new))


def answer(code, *arguments):
    """What Python in .venv prints, or None if it fails."""
    try:
        run = subprocess.run(
            [PYTHON, "-I", "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.decode().strip()


def surroundings():
    """The environment variables for an installation that touches nothing but .venv."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return dict(kept, PYTHONUTF8="1")


@contextlib.contextmanager
def alone(lock, message):
    """Wait for others who hold the file `lock`; the system frees it when a process dies."""
    with open(lock, "a") as file:
        while not _lock(file):
            if message:
                print(message, flush=True)
            message = ""
            time.sleep(0.2)
        yield


def _lock(file):
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second is Windows' word for it
        return False
    except OSError:  # a file system without locks, as some network folders are
        return True
    return True


def fingerprint():
    """A digest of what the environment is made from."""
    digest = hashlib.sha256()
    for name in SOURCES:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def read_stamp():
    """Where, with which Python, from what and with which extras .venv was made; {} if unknown."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp = json.load(file)
        return stamp if set(stamp) == {"place", "python", "made_from", "extras"} else {}
    except (OSError, ValueError, TypeError):
        return {}


def write_stamp(extras, made_from=None):
    """Remember that everything arrived."""
    stamp = {
        "place": PLACE,
        "python": answer(VERSION),
        "made_from": made_from or fingerprint(),
        "extras": sorted(extras),
    }
    with open(STAMP, "w", encoding="utf-8") as file:
        json.dump(stamp, file, indent=1)


if __name__ == "__main__":
    main()
