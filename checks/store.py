"""Verdicts that outlive a kernel: one line each, at the end of work/progress.jsonl.

    {"version": 1}
    {"sheet": "jensen", "task": "elbo", "status": "correct", "points": 2, "at": "2026-11-28T14:03"}
    {"sheet": "jensen", "task": "elbo", "status": "reset", "at": "..."}

Lines are only ever added, whole and at once, so that two kernels that write at the same time, a
killed kernel or a machine that goes down lose nothing. The file is a student's own record; grading
never reads it. It exists only beside the record of what ``make lab`` has handed out, so that
running a sheet anywhere else leaves no trace.
"""

import json
import os
from datetime import datetime
from pathlib import Path

NAME, VERSION, HANDED_OUT = "progress.jsonl", 1, ".given.json"
RESET = "reset"


def place(start=None):
    """The progress file of the work folder around ``start`` (the working folder), or None."""
    here = Path(start or Path.cwd()).resolve()
    homes = (folder for folder in (here, *here.parents[:3]) if (folder / HANDED_OUT).is_file())
    home = next(homes, None)
    return home and home / NAME


def keep(sheet, task, status, points=0.0, start=None):
    """Add a verdict; "" or a sentence about why it could not be kept."""
    path = place(start)
    if path is None:
        return ""
    said = {"sheet": sheet, "task": task, "status": status, "points": points}
    said["at"] = datetime.now().isoformat(timespec="seconds")
    try:
        trouble = _set_aside_if_damaged(path)
        _append(path, said)
    except OSError as error:
        return f"Your progress could not be kept in {path.name}: {error.strerror}."
    return trouble


def kept(start=None):
    """{(sheet, task): (status, points)}, the last verdict of each task that was not reset."""
    path = place(start)
    found = {}
    for line in _lines(path) if path else ():
        try:
            said = json.loads(line)
            key, value = (said["sheet"], said["task"]), (said["status"], float(said["points"]))
        except (ValueError, KeyError, TypeError):
            continue  # a line that the end of a machine cut short
        if said["status"] == RESET:
            found.pop(key, None)
        elif found.get(key, ("", -1.0))[1] <= value[1]:  # once right, a later slip takes nothing
            found[key] = value
    return found


def _append(path, said):
    lines = [] if path.exists() else [{"version": VERSION}]
    text = "".join(json.dumps(line) + "\n" for line in [*lines, said])
    if path.exists() and path.stat().st_size and not _ends_whole(path):
        text = "\n" + text
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _ends_whole(path):
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _lines(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()


def _set_aside_if_damaged(path):
    """Move a file that is no record of ours out of the way; "" or the sentence that says so."""
    if not path.exists() or path.is_dir():
        return ""
    first = next(iter(_lines(path)), "")
    try:
        if json.loads(first)["version"] <= VERSION:
            return ""
    except (ValueError, KeyError, TypeError):
        pass
    spare = (path.with_name(f"progress.damaged{n}.jsonl") for n in range(1, 10**6))
    aside = next(name for name in spare if not name.exists())
    path.rename(aside)
    return f"{path.name} could not be read; it is now {aside.name}, and a new record has begun."
