"""Opens the course in JupyterLab, on a copy that belongs to the student: `make lab` calls this.

    python tools/lab.py [--copy-only] [JUPYTERLAB OPTION ...]

The copy is work/, which git ignores. What a student changed there is never overwritten: where
the course has a newer version of a changed file, that version is put beside it. Deleting a file
from work/ brings back a fresh one the next time.
"""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "work"
GIVEN = (
    "notebooks/*.ipynb",
    "exercises/*.ipynb",
    "solutions/*.ipynb",
)
START = "notebooks/00_start_here.ipynb"
RECORD = ".given.json"  # in work/: path -> digest of the version that was given out


def give_out(source, work):
    """Copy what is new from ``source`` to ``work``; a list of lines about kept changes."""
    work.mkdir(parents=True, exist_ok=True)
    given, news = _read_record(work), []
    for pattern in GIVEN:
        for path in sorted(source.glob(pattern)):
            name = path.relative_to(source).as_posix()
            line = _give_one(path, work / name, given.get(name))
            given[name] = _digest(path)
            if line:
                news.append(line)
    _write_whole(work / RECORD, json.dumps(given, indent=1, sort_keys=True).encode() + b"\n")
    return news


def trust(source, work):
    """Sign the copies that are still the course's own, so that their figures live at once.

    JupyterLab shows no interactive output of a notebook that nobody on this computer has run.
    """
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for pattern in GIVEN:
        for path in source.glob(pattern):
            copy = work / path.relative_to(source)
            if copy.suffix == ".ipynb" and copy.exists() and _digest(copy) == _digest(path):
                notary.sign(nbformat.read(copy, as_version=4))


def _give_one(path, target, given):
    """Copy one file unless the student has changed the copy; a line to print, or None."""
    latest = _digest(path)
    if not target.exists() or _digest(target) == given:
        if not target.exists() or given != latest:
            _write_whole(target, path.read_bytes())
        return None
    if _digest(target) == latest or given == latest:
        return None  # nothing new, or the student's changes to the version that is still current
    beside = _free_name(target)
    _write_whole(beside, path.read_bytes())
    return (
        f"{target.name} has changed in the course; your own is kept, the new one is {beside.name}"
    )


def _free_name(target):
    for number in range(1, 1000):
        beside = target.with_name(f"{target.stem}.new{number}{target.suffix}")
        if not beside.exists():
            return beside
    raise SystemExit(f"{target.parent}: more than 999 new versions of {target.name}; tidy up first")


def _write_whole(path, content):
    """All or nothing: a crash in the middle leaves the old file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_record(work):
    try:
        return json.loads((work / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # lost or broken: then every file that differs counts as changed


def main(arguments):
    for line in give_out(ROOT, WORK):
        print(line)
    if "--copy-only" in arguments:
        return 0
    trust(ROOT, WORK)
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        return "JupyterLab is not installed in this environment: run 'make env' first."
    print("Opening the course. Your own copy of it is in the folder work/; stop with Ctrl-C.")
    options = [f"--ServerApp.root_dir={WORK}", *arguments]
    command = [sys.executable, "-m", "jupyterlab", WORK / START, *options]
    if os.name == "nt":  # exec would return to the prompt at once
        import subprocess

        return subprocess.call([str(part) for part in command])
    return os.execv(sys.executable, [str(part) for part in command])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
