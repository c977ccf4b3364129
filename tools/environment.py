"""Builds the course's environment in .venv: `make env` calls this; it works without make too.

    python tools/environment.py [EXTRA ...]      extras of pyproject.toml, such as test or bench

It does nothing if .venv already holds what pyproject.toml and constraints.txt ask for.
"""

# Written for any Python 3, so that an old one reads far enough to say that it is too old.
import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
STAMP = os.path.join(VENV, "installed.txt")
OLDEST = (3, 11)
SOURCES = ("pyproject.toml", "constraints.txt")


def main():
    """Create or complete .venv; a message instead of a traceback where it cannot be done."""
    if sys.version_info < OLDEST:
        sys.exit(
            "The course needs Python {}.{} or newer, but '{}' is Python {}.{}. Install a newer "
            "one, then run: make env PYTHON=/path/to/python3".format(
                *OLDEST, sys.executable, *sys.version_info[:2]
            )
        )
    wanted = set(sys.argv[1:])
    done = read_stamp()
    if done and wanted <= done:
        return
    if not os.path.exists(PYTHON):
        create()
    install(sorted(wanted | (done or set())))


def create():
    """A new virtual environment."""
    print("Creating .venv with Python {}.{} ...".format(*sys.version_info[:2]), flush=True)
    try:
        import ensurepip  # noqa: F401  (Debian ships venv without it)
        import venv
    except ImportError:
        sys.exit(
            "This Python has no complete venv module. On Debian or Ubuntu: "
            "sudo apt install python3-venv; then run the same command again."
        )
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit("The virtual environment .venv could not be created: {}".format(error))  # noqa: UP032


def install(extras):
    """The course and what it needs, in the versions of constraints.txt."""
    what = ROOT + ("[" + ",".join(extras) + "]" if extras else "")
    print("Installing the course and what it needs: a minute or two ...", flush=True)
    constraints = os.path.join(ROOT, "constraints.txt")
    command = [PYTHON, "-m", "pip", "install", "--quiet", "-c", constraints, "-e", what]
    if subprocess.call(command) != 0:
        sys.exit(
            "The packages could not be installed: see the lines above. If a download broke off, "
            "run the same command again; what has arrived is kept."
        )
    write_stamp(extras)
    print("The environment is ready.", flush=True)


def fingerprint():
    """A digest of what the environment is made from."""
    digest = hashlib.sha256()
    for name in SOURCES:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def read_stamp():
    """The set of extras that are installed, or None if the environment is absent or outdated."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            digest, *extras = file.read().split()
    except (OSError, ValueError):
        return None
    return set(extras) if digest == fingerprint() else None


def write_stamp(extras):
    """Remember that everything arrived."""
    with open(STAMP, "w", encoding="utf-8") as file:
        file.write("\n".join([fingerprint(), *extras]) + "\n")


if __name__ == "__main__":
    main()
