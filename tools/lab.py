"""Opens the course in JupyterLab, on a copy that belongs to the student: `make lab` calls this.

    python tools/lab.py [--copy-only] [--work FOLDER] [JUPYTERLAB OPTION ...]
    python tools/lab.py --teach        the course itself: what a teacher edits here is in the slides
    python tools/lab.py --left-out     names what was edited in the copy and so is in no slides

The copy is work/, which git ignores. What a student changed there is never overwritten: where
the course has a newer version of a changed file, that version is put beside it. Running cells is
no change. Deleting a file from work/ brings back a fresh one the next time. With SOLUTIONS=no in
the environment (`make lab SOLUTIONS=no`), solutions are not given out.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import console
from environment import alone

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "work"
START = "notebooks/00_start_here.ipynb"
RECORD = ".given.json"  # in work/: path -> digest of the version that was given out
PART = ".arriving-"  # begins the names of files that are being written


def folders():
    """The folders that are handed out."""
    answers = os.environ.get("SOLUTIONS", "yes").lower() not in ("no", "false", "0")
    return ("notebooks", "exercises", "solutions") if answers else ("notebooks", "exercises")


def without_links_to_solutions(text):
    """Markdown in which links to what is not handed out are plain words."""
    return re.sub(r"\[([^\]]*)\]\(\.\./solutions/[^)]*\)", r"\1 (which your teacher has)", text)


def give_out(source, work):
    """Copy what is new from ``source`` to ``work``; a list of lines about what was not copied.

    Raises OSError where ``work`` cannot be written at all, or the disk is full.
    """
    work.mkdir(parents=True, exist_ok=True)
    with alone(work / ".given.lock", "Another start of the course is copying it: waiting ..."):
        given, news = _read_record(work), []
        for part in [*work.glob(f"{PART}*"), *work.glob(f"*/{PART}*")]:
            part.unlink()  # left by a start that was killed; whoever holds the lock is alone
        for folder in folders():
            for path in sorted((source / folder).glob("*.ipynb")):
                try:
                    latest = _digest(path)
                    line = _give_one(path, latest, work / folder / path.name, given)
                except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError):
                    line = f"{folder}/{path.name} could not be read, or written to {work / folder}"
                if line:
                    news.append(line)
        content = json.dumps(given, indent=1, sort_keys=True).encode() + b"\n"
        if not (work / RECORD).is_file() or (work / RECORD).read_bytes() != content:
            _write_whole(work / RECORD, content)
    return news


def left_out(source, work):
    """A sentence for each notebook that was edited in ``work`` but not in ``source``."""
    given = _read_record(work)
    for copy in sorted((work / "notebooks").glob("[!.]*.ipynb")):
        name = f"notebooks/{copy.name}"
        original = source / name
        if _digest(copy) == _digest(original):
            edited = _tags(copy) != _tags(original)
        else:
            edited = _digest(copy) not in ("", given.get(name))
        if edited:
            yield (
                f"work/{name} was edited and is not in what is built here; this takes it over: "
                f"cp work/{name} {name}"
            )


def trust(source, work):
    """Sign the copies that are still the course's own, so that their figures live at once.

    JupyterLab shows no interactive output of a notebook that nobody on this computer has run.
    """
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for folder in folders():
        for path in (source / folder).glob("*.ipynb"):
            copy = work / folder / path.name
            if copy.is_file() and copy.read_bytes() == path.read_bytes():
                notary.sign(nbformat.read(copy, as_version=4))


def _give_one(path, latest, target, given):
    """Copy one file unless the student has changed the copy; a line to print, or None."""
    name = f"{target.parent.name}/{target.name}"
    if target.is_symlink() and not target.exists():
        return f"{name} is a link that leads nowhere; it is left as it is"
    line = _renew(path, latest, target, given.get(name))
    given[name] = latest
    return line and f"{name} has changed in the course; your own is kept, the new one is {line}"


def _renew(path, latest, target, before):
    """The name of the file beside the student's, where one had to be written."""
    if not os.path.lexists(target):
        _write_whole(target, path.read_bytes())
        return None
    mine = _digest(target)
    if mine == latest or before == latest:
        return None  # nothing new, or the student's changes to the version that is still current
    if mine == before and _write_whole(target.resolve(), path.read_bytes(), before):
        return None
    numbered = (target.with_name(f"{target.stem}.new{n}.ipynb") for n in range(1, 10**6))
    for beside in numbered:
        if not os.path.lexists(beside):
            _write_whole(beside, path.read_bytes())
            return beside.name
        if _digest(beside) == latest:
            return None


def _write_whole(path, content, before=None):
    """All or nothing: a crash in the middle leaves the old file.

    With ``before`` only in place of a file of that digest: False where somebody has just saved.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=PART, dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o644)
        if before is not None and _digest(path) != before:
            os.remove(part)
            return False
        os.replace(part, path)
        return True
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise


def _digest(path):
    """Of what a person writes in a notebook: kinds, sources and pictures of its cells.

    Of the whole file where it is not the JSON of a notebook; "" for what is no file.
    """
    if not path.is_file():
        return ""
    content = path.read_bytes()
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
        cells = json.loads(content)["cells"]
        written = [
            [cell["cell_type"], "".join(cell["source"]), cell.get("attachments") or {}]
            for cell in cells
        ]
        content = json.dumps(written, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


def _tags(path):
    """What makes slides of a notebook's cells."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        cells = json.loads(path.read_bytes())["cells"]
        kept = ("slideshow", "tags")
        return [
            {key: cell["metadata"][key] for key in kept if cell["metadata"].get(key)}
            for cell in cells
        ]
    return []


def _read_record(work):
    try:
        record = json.loads((work / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # lost or broken: then every file that differs counts as changed
    return record if isinstance(record, dict) else {}


def copy_the_course(work):
    """Give out and say what happened; what prevents it is one sentence."""
    try:
        for line in give_out(ROOT, work):
            print(line)
    except OSError as error:
        raise SystemExit(
            f"Your copy of the course could not be written to {work} ({error.strerror}: "
            f"{error.filename}). Nothing of yours was changed. Make room there, or choose another "
            "folder: python tools/lab.py --work FOLDER"
        ) from None
    try:
        trust(ROOT, work)
    except (OSError, ValueError, ImportError):
        print("The notebooks could not be marked as trusted: run their cells to see the figures.")


def open_lab(folder, options):
    """JupyterLab on ``folder``, in place of this process where the system can do that."""
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        raise SystemExit("JupyterLab is not installed in this environment: run 'make env' first.")
    for name in ("PYTHONPATH", "PYTHONHOME"):  # another environment's packages
        os.environ.pop(name, None)
    if "solutions" not in folders():
        os.environ["VI_COURSE_SOLUTIONS"] = "off"  # a check shows none either
    where = [folder / START, f"--ServerApp.root_dir={folder}"]
    command = [str(part) for part in (sys.executable, "-m", "jupyterlab", *where, *options)]
    if os.name == "nt":  # exec would return to the prompt at once
        return subprocess.call(command)
    sys.stdout.flush()
    return os.execv(sys.executable, command)


def at_home(work):
    """Where the home cannot be written, Jupyter and others keep their own files in the copy."""
    if not os.access(os.path.expanduser("~"), os.W_OK | os.X_OK):
        with contextlib.suppress(
            OSError
        ):  # what is wrong with the copy is said by whoever makes it
            (work / ".home").mkdir(parents=True, exist_ok=True)
            os.environ["HOME"] = str(work / ".home")


def main(arguments):
    """See the top of this file."""
    work = WORK
    if "--work" in arguments:
        i = arguments.index("--work")
        if i + 1 == len(arguments):
            return "--work needs the name of a folder"
        work, arguments = Path(arguments[i + 1]).resolve(), arguments[:i] + arguments[i + 2 :]
    if "--left-out" in arguments:
        for line in left_out(ROOT, work):
            print(line)
        return 0
    at_home(work)
    if "--teach" in arguments:
        print("Opening the course itself. 'make notebooks' runs and saves it as it should be.")
        return open_lab(ROOT, [a for a in arguments if a != "--teach"])
    copy_the_course(work)
    if "--copy-only" in arguments:
        return 0
    print(f"Opening the course. Your own copy of it is in {work}; stop with Ctrl-C.")
    return open_lab(work, arguments)


if __name__ == "__main__":
    console.forgive()
    sys.exit(main(sys.argv[1:]))
