"""The exercises in a real nbgrader course: released, handed in, graded."""

import base64
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from checks import generative_models as check
from checks import grading
from checks.outcomes import VALUE, Outcome

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # for alembic
ROOT = Path(__file__).resolve().parent.parent
NAME = "01_generative_models"
SOLUTION = ROOT / "solutions" / f"{NAME}.ipynb"
CONFIG = ROOT / "tools" / "nbgrader_config.py"


# ---------------------------------------------------------------- the judge


def question(task, outcomes, seed=1):
    data = base64.b64encode(pickle.dumps(outcomes)).decode()
    return {"room": "generative_models", "task": task, "seed": seed, "outcomes": data}


def right_outcomes(task, seed):
    cases = grading._cases(getattr(check, task), seed)
    return [Outcome(VALUE, np.asarray(getattr(check, task).reference(*c.inputs))) for c in cases]


def test_the_judge_computes_the_right_answers_itself():
    right = right_outcomes("posterior", seed=1)
    assert grading.decide(question("posterior", right, seed=1))["points"] == 2
    assert grading.decide(question("posterior", right, seed=2))["points"] == 0
    assert grading.decide(question("posterior", right[:-1]))["points"] == 0
    assert grading.decide(question("posterior", []))["points"] == 0
    assert grading.decide(question("posterior", None))["points"] == 0


def test_the_judge_runs_nothing_that_comes_from_a_submission(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "made"),))

    decided = grading.decide(question("posterior", [Outcome(VALUE, Evil())]))
    assert decided["points"] == 0 and not (tmp_path / "made").exists()


def test_outside_grading_the_hidden_lines_do_nothing(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert grading.client("generative_models") == ""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert "check = " in grading.client("generative_models")


# ---------------------------------------------------------------- a course


def cell(notebook, name):
    return next(c for c in notebook.cells if c.id == name)


def filled_in(released, **answers):
    """The released notebook with these cells answered, by default as in the solutions."""
    notebook = nbformat.read(released, as_version=4)
    solution = nbformat.read(SOLUTION, as_version=4)
    for c in notebook.cells:
        if c.metadata.get("nbgrader", {}).get("solution"):
            c.source = answers.get(c.id.replace("-", "_"), cell(solution, c.id).source)
    return notebook


def with_mistakes(released):
    return filled_in(
        released,
        evidence="def evidence(prior, likelihood, x):\n    return likelihood[:, x].sum()",
        log_evidence="import sys\ndef log_evidence(log_joint):\n    sys.exit()",
        evidences="def evidences(weights, joint):\n    raise NotImplementedError",
        sampling="def evidence_by_sampling(log_likelihood, dimension, n, rng):\n"
        "    return np.ones(10**12)",
    )


def cheating(released):
    notebook = filled_in(released, **{key: "x = 0" for key in ANSWERS})
    attack = """
import os, numpy as np
from checks import judging, outcomes, tasks, verdicts
os.environ.pop("NBGRADER_EXECUTION", None)
class Fake:
    def __getattr__(self, name):
        return lambda *_: 3.0
check = Fake()
tasks.Task.__call__ = lambda self, f: 1.0
judging.verdict_on = lambda task, *_: verdicts.Verdict(True, "", worth=task.points)
np.allclose = np.array_equal = lambda *_, **__: True
np.log = np.sum = np.abs = lambda *_, **__: 0.0
def joint_table(*_): return 0.0
evidence = posterior = log_posterior = log_evidence = joint_table
evidences = evidence_by_sampling = rivers_after_money = joint_table
"""
    cell(notebook, "joint-table").source = attack
    return notebook


def without_checks(released):
    """A cell that never comes to an end, one that eats all memory, and no check cells at all."""
    notebook = filled_in(
        released,
        joint_table="import time\ntime.sleep(1000)",
        evidence="hoard = [bytearray(1 << 30) for _ in range(100)]",
    )
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    return notebook


ANSWERS = (
    "joint_table", "evidence", "posterior", "predict", "log_posterior", "log_evidence",
    "evidences", "sampling",
)  # fmt: skip
SUBMISSIONS = {
    "perfect": (filled_in, 13),
    "untouched": (lambda released: nbformat.read(released, as_version=4), 0),
    "mistaken": (with_mistakes, 13 - 1 - 2 - 2 - 3),
    "cheating": (cheating, 0),
    "exits": (lambda r: filled_in(r, joint_table="import os\nos._exit(1)"), 0),
    "heavy": (without_checks, 13 - 2),
}


def nbgrader(course, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PATH": PATH},
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose only assignment is notebook 1, with one submission of each kind, graded."""
    root = tmp_path_factory.mktemp("course")
    (root / "source" / "ps1").mkdir(parents=True)
    shutil.copy(SOLUTION, root / "source" / "ps1")
    hurry = "\nc.Execute.timeout = 12\n"
    (root / "nbgrader_config.py").write_text(CONFIG.read_text(encoding="utf-8") + hurry)
    made = nbgrader(root, "generate_assignment", "ps1", "--create")
    assert made.returncode == 0, made.stderr
    released = root / "release" / "ps1" / SOLUTION.name
    for student, (write, _) in SUBMISSIONS.items():
        folder = root / "submitted" / student / "ps1"
        folder.mkdir(parents=True)
        nbformat.write(write(released), folder / SOLUTION.name)
    fake = root / "submitted" / "cheating" / "ps1" / "helpers" / "checks"
    fake.mkdir(parents=True)
    for module in (fake.parent / "__init__.py", fake / "__init__.py", fake / "grading.py"):
        module.write_text("from checks.fake import *  # a shadow of the course\n")
    graded = nbgrader(root, "autograde", "ps1")
    (root / "log.txt").write_text(graded.stdout + graded.stderr)
    return root


def scores(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {s.student.id: s.score for s in book.assignment_submissions("ps1")}


def test_everybody_gets_what_is_due(course):
    found = scores(course)
    for student, (_, points) in SUBMISSIONS.items():
        assert found.get(student, 0) == points, (student, found, (course / "log.txt").read_text())


def test_the_release_is_the_exercise(course):
    released = nbformat.read(course / "release" / "ps1" / SOLUTION.name, as_version=4)
    exercise = nbformat.read(ROOT / "exercises" / SOLUTION.name, as_version=4)
    assert [c.source for c in released.cells] == [c.source for c in exercise.cells]


def test_the_exercise_itself_can_be_handed_in(course):
    """A student who worked in exercises/ hands in a file whose marks nbgrader understands."""
    exercise = nbformat.read(ROOT / "exercises" / SOLUTION.name, as_version=4)
    released = nbformat.read(course / "release" / "ps1" / SOLUTION.name, as_version=4)
    for ours, theirs in zip(exercise.cells, released.cells, strict=True):
        a, b = ours.metadata.get("nbgrader", {}), theirs.metadata.get("nbgrader", {})
        assert {k: b.get(k) for k in a} == dict(a)
