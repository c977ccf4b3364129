"""The checks inside nbgrader, where a submission must not be able to grade itself.

A graded cell first runs `python -I -m checks.grading NAME`. Started in isolation, that
process sees the installed course, never a file that came with the submission. Outside grading it
prints nothing, so the cell goes on with the notebook's own `check`. While nbgrader grades, it
prints a few lines of Python that replace the kernel's `check`: each task then draws new random
inputs, runs the student's function on them in the kernel, and sends only its plain results to a
second process in isolation, which computes the right answers itself and decides. So editing the
visible checks, overwriting `check` or patching NumPy gains nothing. (Code that forges the kernel's
own messages to nbgrader is out of reach for any check that lives in the kernel; it is plain to see
in a submission.)
"""

import base64
import contextlib
import importlib
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLIENT = """\
class _Graded:
    def __init__(self, root, room):
        self._theirs, self._root, self._room = {{}}, root, room
        self._own = {{}}
    def __getattr__(self, task):
        return lambda *answer: self._grade(task, answer)
    def _grade(self, task, answer):
        import importlib, sys
        def take(away):
            return {{k: sys.modules.pop(k) for k in list(sys.modules) if k.split(".")[0] == away}}
        theirs = take("helpers")
        sys.modules.update(self._own)
        sys.path.insert(0, self._root)
        try:
            grading = importlib.import_module("checks.grading")
            return grading.grade(self._room, task, answer)
        finally:
            sys.path.remove(self._root)
            self._own = take("helpers")
            sys.modules.update(theirs)
check = _Graded({root!r}, {room!r})
"""


class Points:
    """The decision as a cell's value: its text is a number, which nbgrader counts."""

    def __init__(self, points):
        self.points = points

    def __repr__(self):
        return f"{self.points:g}"


# ---------------------------------------------------------------- in the kernel


def client(room):
    """The lines that replace `check` while nbgrader grades, and none at any other time."""
    return CLIENT.format(root=str(ROOT), room=room) if _nbgrader_grades() else ""


def _nbgrader_grades():
    """Is this process, or the kernel that started it, part of nbgrader's autograding?"""
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        return True
    with contextlib.suppress(OSError):  # the notebook may have hidden it since its kernel started
        return b"NBGRADER_EXECUTION=autograde" in Path(f"/proc/{os.getppid()}/environ").read_bytes()
    return False


def grade(room, name, answer):
    """Run the student's answer on new inputs here, have it judged elsewhere, print and return."""
    task = _task(room, name)
    if task is None:  # the table of progress, which is not graded
        return None
    seed = int.from_bytes(os.urandom(6), "big")
    outcomes = _outcomes(task, answer[0], seed) if len(answer) == 1 else None
    verdict = _judged_elsewhere(room, name, seed, outcomes)
    print(verdict["text"])
    return Points(verdict["points"])


def _task(room, name):
    from checks.tasks import tasks_of

    tasks = tasks_of(importlib.import_module(f"checks.{room}"))
    return next((task for task in tasks if task.name == name), None)


def _outcomes(task, answer, seed):
    """What the answer gives, or None if there is nothing to call."""
    from checks.judging import call_of
    from checks.marking import outcome_of
    from checks.outcomes import observe
    from checks.tasks import Task

    if not isinstance(task, Task):
        return [outcome_of(task, answer)]
    if not callable(answer):
        return None
    cases = _cases(task, seed)
    return observe(call_of(task), answer, [c.inputs for c in cases], task.seconds)


def _cases(task, seed):
    import numpy as np

    from checks.judging import as_case

    return [as_case(x) for x in task.cases(np.random.default_rng(seed))]


def _judged_elsewhere(room, name, seed, outcomes):
    question = {
        "room": room,
        "task": name,
        "seed": seed,
        "outcomes": base64.b64encode(pickle.dumps(outcomes)).decode(),
    }
    done = subprocess.run(
        [sys.executable, "-I", "-m", "checks.grading"],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode:
        return {"points": 0, "text": f"The grading process failed: {done.stderr[-500:]}"}
    return json.loads(done.stdout)


# ---------------------------------------------------------------- in the judge's process


_PLAIN = {
    ("checks.outcomes", "Outcome"),
    ("checks.plain", "Odd"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
}


class _Plain(pickle.Unpickler):
    """Loads plain outcomes and nothing that could run code of the sender's."""

    def find_class(self, module, name):
        if (module, name) not in _PLAIN:
            raise pickle.UnpicklingError(f"{module}.{name} is not plain")
        return super().find_class(module, name)


def decide(question):
    """The points and the words for a question as `grade` puts it."""
    task = _task(question["room"], question["task"])
    try:
        outcomes = _Plain(io.BytesIO(base64.b64decode(question["outcomes"]))).load()
        verdict = _verdict(task, question["seed"], outcomes)
    except Exception as error:  # odd outcomes are the submission's doing: no points, no crash
        return {"points": 0, "text": f"{task.name}: not graded ({type(error).__name__}: {error})."}
    return {"points": verdict.points, "text": str(verdict)}


def _verdict(task, seed, outcomes):
    from checks.judging import verdict_on
    from checks.marking import verdict_of
    from checks.tasks import Task

    if not isinstance(task, Task):
        return verdict_of(task, outcomes[0])
    if outcomes is None:
        return verdict_on(task, [], [])
    cases = _cases(task, seed)
    if not outcomes or len(outcomes) > len(cases):
        raise ValueError(f"{len(outcomes)} outcomes for {len(cases)} inputs")
    if all(outcome.kind == "value" for outcome in outcomes) and len(outcomes) < len(cases):
        raise ValueError("an input was left out")
    return verdict_on(task, cases, outcomes)


def main():
    """With an argument, print the client; without, read a question and print the decision."""
    if len(sys.argv) > 1:
        print(client(sys.argv[1]))
    else:
        print(json.dumps(decide(json.loads(sys.stdin.read()))))


if __name__ == "__main__":
    main()
