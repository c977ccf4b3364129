"""Grading: submissions behind walls, a judge they cannot reach, a real nbgrader course."""

import copy
import csv
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import grade as grade_tool
import nbformat
import pytest

from checks import grading, sandbox
from checks.outcomes import VALUE

pytestmark = pytest.mark.solutions
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # for alembic
ROOT = Path(__file__).resolve().parent.parent
NAME = "01_generative_models"
SOLUTION = ROOT / "solutions" / f"{NAME}.ipynb"
TASKS = ROOT / "checks" / "generative_models.py"
CONFIG = ROOT / "tools" / "nbgrader_config.py"
SHEET = grading.read(ROOT / "exercises" / f"{NAME}.ipynb")
ALL = sum(question.worth for question in grading.questions(SHEET))
WALLED = pytest.mark.skipif(not sandbox.walls(), reason="this system offers no walls")


def cell(notebook, name):
    return next(c for c in notebook.cells if c.id == name)


def filled_in(**answers):
    """The sheet with these cells answered, by default as in the solutions."""
    notebook, solution = copy.deepcopy(SHEET), nbformat.read(SOLUTION, as_version=4)
    for c in notebook.cells:
        if c.metadata.get("nbgrader", {}).get("solution"):
            c.source = answers.get(c.id.replace("-", "_"), cell(solution, c.id).source)
    return notebook


def points(notebook, sheet=SHEET):
    return {mark.task: mark.points for mark in grading.grade(notebook, sheet, seed=1)}


# ---------------------------------------------------------------- honest submissions


def test_right_answers_earn_all_and_empty_ones_none():
    right = filled_in()
    cell(right, "average-on-paper-points").source = "check.average_on_paper(points=4)"
    assert sum(points(right).values()) == ALL  # what one gives oneself on paper is not counted
    assert sum(points(copy.deepcopy(SHEET)).values()) == 0


def test_a_mistake_costs_its_own_task_and_the_feedback_says_which():
    notebook = filled_in(
        evidence="def evidence(prior, likelihood, x):\n    return likelihood[:, x].sum()"
    )
    marks = {mark.task: mark for mark in grading.grade(notebook, SHEET)}
    assert marks["evidence"].points == 0 and "prior" in marks["evidence"].verdict.message
    assert sum(mark.points for mark in marks.values()) == ALL - marks["evidence"].worth
    assert "evidence: not right" in cell(notebook, "evidence-check").outputs[0].text


def damaged(how):
    notebook = filled_in()
    if how == "a cell copied":
        at = notebook.cells.index(cell(notebook, "posterior"))
        notebook.cells.insert(at + 1, copy.deepcopy(notebook.cells[at]))
        notebook.cells[at + 1].id = "copy"
    elif how == "a cell split":
        whole = cell(notebook, "posterior")
        rest = nbformat.v4.new_code_cell(whole.source, metadata=whole.metadata)
        whole.source = "# my first thoughts"
        notebook.cells.insert(notebook.cells.index(whole) + 1, rest)
    elif how == "the imports deleted":
        notebook.cells.remove(cell(notebook, "imports"))
    elif how == "the checks deleted":
        notebook.cells = [c for c in notebook.cells if "check." not in c.source]
    elif how == "an old import":
        source = cell(notebook, "imports").source
        cell(notebook, "imports").source = source.replace("from checks", "from helpers.checks")
    return notebook


@pytest.mark.parametrize(
    "how",
    ["a cell copied", "a cell split", "the imports deleted", "the checks deleted", "an old import"],
)
def test_a_damaged_notebook_is_graded_for_what_it_says(how):
    assert sum(points(damaged(how)).values()) == ALL


@pytest.mark.parametrize("end", ["import os\nos._exit(1)", "while True:\n    pass"])
def test_a_cell_that_ends_or_blocks_the_process_costs_itself_alone(end, monkeypatch):
    monkeypatch.setattr(sandbox, "CELL_SECONDS", 6.0)
    notebook = filled_in(joint_table=end)
    found = points(notebook)
    assert found["joint_table"] == 0 and sum(found.values()) == ALL - 1
    assert "stopped answering" in cell(notebook, "joint-table").outputs[0].text


def test_a_teachers_own_test_is_graded_beside_the_checks():
    sheet = copy.deepcopy(SHEET)
    marks = {"grade": True, "grade_id": "own", "points": 2, "solution": False}
    own = nbformat.v4.new_code_cell("assert joint_table([0.5, 0.5], np.eye(2))[0, 0] == 0.5")
    own.metadata["nbgrader"] = nbformat.from_dict(marks)
    sheet.cells.append(own)
    answer = "def joint_table(prior, likelihood):\n    return np.array(prior)[:, None] * likelihood"
    assert points(filled_in(joint_table=answer), sheet)["own"] == 2
    assert points(filled_in(joint_table="joint_table = None"), sheet)["own"] == 0


# ---------------------------------------------------------------- dishonest ones

FORGERIES = {
    "subprocess patched": "import subprocess\nsubprocess.check_output = subprocess.run = "
    'lambda *_, **__: "check = 1"',
    "another interpreter": 'import sys\nsys.executable = "/bin/true"',
    "the task's own reference": "from checks import generative_models as check\n"
    "joint_table = check.joint_table.reference",
    "checks read from disk": f"print(open({str(TASKS)!r}).read())",
    "solutions read from disk": f"print(open({str(SOLUTION)!r}).read())",
    "a check that always agrees": "class Fake:\n    def __getattr__(self, name):\n"
    "        return lambda *_: 9.0\ncheck = Fake()",
    "outcomes forged": "from checks import outcomes\noutcomes.observe = lambda *_: "
    "[outcomes.Outcome('value', 1.0)] * 9",
    "numpy patched": "np.allclose = np.array_equal = lambda *_, **__: True\nnp.log = np.sum = "
    "lambda *_, **__: 0.0",
    "messages to the judge forged": "import os\nfor fd in range(3, 20):\n    try:\n"
    "        os.write(fd, b'x' * 4000)\n    except OSError:\n        pass",
    "an enormous answer": "import os\nfor fd in range(3, 20):\n    try:\n"
    "        os.write(fd, (1 << 60).to_bytes(8, 'big'))\n    except OSError:\n        pass",
    "a pickle that acts": "class Evil:\n    def __reduce__(self):\n        import os\n"
    "        return (os.mkdir, ('/tmp/made-by-a-submission',))\nfrom checks import plain\n"
    "plain.plain = lambda _: Evil()\njoint_table = lambda *_: Evil()",
    "a result equal to everything": "class All(float):\n    __eq__ = lambda *_: True\n"
    "joint_table = evidence = lambda *_: All(1)",
    "json patched": 'import json\njson.dumps = lambda *_, **__: \'{"outcomes": "", "points": 99}\'',
    "an output that is a grade": "from IPython.display import display\n13.0",
    "points printed": "print('✓ joint_table: correct.')\n13",
    "the sheet's marks changed": "get_ipython().user_ns['check'] = 13",
    "environment changed": "import os\nos.environ.clear()\nos.environ['NBGRADER_EXECUTION'] = ''",
    "signals to the judge": "import os, signal\nfor pid in range(2, 400):\n    try:\n"
    "        os.kill(pid, signal.SIGSTOP) if pid != os.getpid() else None\n"
    "    except OSError:\n        pass",
    "traced": "import sys\nsys.settrace(lambda *_: None)\nsys.meta_path.clear()",
    "solutions imported": "import solutions, checks.judging, checks.tasks",
    "references searched in memory": "import gc\njoint_table = next((o.reference for o in "
    "gc.get_objects() if type(o).__name__ == 'Task'), lambda *_: 1.0)",
    "other processes read": "import glob\nfor path in glob.glob('/proc/[0-9]*/*'):\n    try:\n"
    "        print(open(path, 'rb').read(4000), open(path, 'r+b'))\n"
    "    except OSError:\n        pass",
    "answers before they are asked": "import base64, json, os, pickle\n"
    "from checks.outcomes import Outcome\n"
    "right = base64.b64encode(pickle.dumps([Outcome('value', np.ones((2, 2)) / 4)] * 9)).decode()\n"
    "data = json.dumps({'outputs': [], 'outcomes': right}).encode()\n"
    "for fd in range(3, 20):\n    try:\n"
    "        os.write(fd, len(data).to_bytes(8, 'big') + data)\n"
    "    except OSError:\n        pass",
}


def short_sheet():
    """The first task alone: a start of the process is what a submission costs here."""
    sheet = copy.deepcopy(SHEET)
    kept = ("imports", "joint-table", "joint-table-check")
    sheet.cells = [c for c in sheet.cells if c.id in kept]
    return sheet


@WALLED
@pytest.mark.parametrize("attack", FORGERIES, ids=list(FORGERIES))
def test_no_forgery_earns_a_point(attack):
    notebook, sheet = short_sheet(), short_sheet()
    cell(notebook, "joint-table").source = FORGERIES[attack]
    assert points(notebook, sheet) == {"joint_table": 0}
    shown = str([c.get("outputs") for c in notebook.cells])
    assert "def joint_table(prior, likelihood)" not in shown and "Task(" not in shown
    assert not os.path.exists("/tmp/made-by-a-submission")


def seen_from_inside(source):
    with sandbox.Sandbox() as walled:
        return str(walled.run(source))


def test_what_is_sent_behind_the_walls_knows_no_answer():
    assert "outcomes" in sandbox.sent()
    assert not {"tasks", "judging", "marking", "generative_models"} & set(sandbox.sent())


@WALLED
def test_behind_the_walls_there_is_no_network_and_no_file_of_ours(tmp_path):
    (tmp_path / "gradebook.db").write_text("marks")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        call = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)"
        assert "Error" in seen_from_inside(call)
    for path in (tmp_path / "gradebook.db", TASKS, SOLUTION):
        assert "FileNotFoundError" in seen_from_inside(f"open({str(path)!r})")
    for path in ("/usr/x", "/answers/x", f"{sys.prefix}/x"):
        assert "Error" in seen_from_inside(f"open({path!r}, 'w')")


@WALLED
def test_nothing_keeps_running_and_limits_hold(tmp_path):
    mark = f"sleep-{os.getpid()}"
    seen_from_inside(
        "import os, subprocess\nif os.fork() == 0:\n    os.setsid()\n"
        f"    os.execvp('python3', ['{mark}', '-c', 'import time; time.sleep(60)'])"
    )
    time.sleep(0.2)
    running = subprocess.run(["ps", "axww"], capture_output=True, text=True).stdout
    assert mark not in running
    bomb = "import os, time\nwhile True:\n    if os.fork() == 0:\n        time.sleep(60)"
    assert "BlockingIOError" in seen_from_inside(bomb)
    assert "MemoryError" in seen_from_inside("import numpy as np\nnp.ones(10**12)")
    assert "Error" in seen_from_inside("open('/tmp/x', 'wb').write(bytes(70 << 20))")
    assert len(seen_from_inside("print('x' * 10**7)")) < 10**5


def test_without_walls_submissions_are_still_judged_elsewhere(monkeypatch):
    monkeypatch.setattr(sandbox, "walls", lambda: "")
    right = filled_in()
    cell(right, "average-on-paper-points").source = "check.average_on_paper(points=4)"
    assert sum(points(right).values()) == ALL  # what one gives oneself on paper is not counted
    notebook = short_sheet()
    cell(notebook, "joint-table").source = FORGERIES["the task's own reference"]
    assert points(notebook, short_sheet()) == {"joint_table": 0}


def test_functions_travel_without_the_module_that_they_come_from():
    sent = sandbox.by_value((lambda x: x, [(1.0,)], 5.0))
    assert b"generative_models" not in sent
    with sandbox.Sandbox() as walled:
        walled.run("twice = lambda f, x: 2 * f(x)")
        (outcome,) = walled.outcomes("twice", None, [(lambda x: x + 1, 3.0)], 5.0)
    assert outcome.kind == VALUE and outcome.value == 8.0


# ---------------------------------------------------------------- a folder of submissions


@pytest.fixture(scope="module")
def graded_folder(tmp_path_factory):
    """Six students, as a learning platform would hand them over."""
    root = tmp_path_factory.mktemp("submissions")
    wrong = "def evidence(prior, likelihood, x):\n    return likelihood[:, x].sum()"
    for student, name, notebook in (
        ("anna", "homework (1).ipynb", filled_in()),
        ("ben", f"{NAME}.ipynb", filled_in(evidence=wrong)),
        ("cleo", f"{NAME}.ipynb", filled_in(evidence=wrong)),
        ("dora", f"{NAME}.ipynb", SHEET),
    ):
        (root / student).mkdir()
        nbformat.write(notebook, root / student / name)
    (root / "gina").mkdir()
    (root / "emil.ipynb").write_text("no notebook")
    nbformat.write(nbformat.v4.new_notebook(), root / "finn.ipynb")
    out = tmp_path_factory.mktemp("grades")
    sheets = out / "sheets"
    sheets.mkdir()
    shutil.copy(ROOT / "exercises" / f"{NAME}.ipynb", sheets)
    command = [str(ROOT / "tools" / "grade.py"), str(root), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, *command, "--sheets", str(sheets)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_the_folder_becomes_marks_and_feedback(graded_folder):
    out, _ = graded_folder
    with open(out / "marks.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    totals = {
        s: sum(float(r["points"]) for r in rows if r["student"] == s) for s in "anna ben".split()
    }
    assert totals == {"anna": ALL, "ben": ALL - 1}
    feedback = grading.read(out / "feedback" / "ben" / f"{NAME}.ipynb")
    assert f"{ALL - 1:g} of {ALL:g} points" in feedback.cells[0].source


def test_odd_files_are_named_and_cost_nobody_else(graded_folder):
    _, said = graded_folder
    assert f"homework (1).ipynb: graded as {NAME}" in said
    assert "emil.ipynb is no notebook" in said and "finn.ipynb: answers none" in said
    assert "gina: holds no notebook that you may read" in said


def test_a_place_that_cannot_be_written_is_named_before_the_work(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SystemExit, match=r"taken(?s:.)*Choose a folder .* with --out"):
        grade_tool.main([str(tmp_path), "--out", str(tmp_path / "taken" / "grades")])


def test_the_teachers_page_counts_named_mistakes_without_names(graded_folder):
    out, _ = graded_folder
    page = (out / "class.html").read_text(encoding="utf-8")
    assert "2 × " in page and "prior" in page and "anna" not in page and "ben" not in page
    rows = [grade_tool.Row("gus", NAME, "evidence", 0, 1, "✗ evidence: not right. It is 3.5.")] * 2
    assert "2 × It is …" in grade_tool.class_page(rows) and "gus" in grade_tool.class_page(
        rows, True
    )


def test_one_cause_is_one_line_whatever_its_example():
    examples = [
        f"For q = {n} your function returned {n + 1}, but the right result is {n + 2}. "
        f"({n} of 5 inputs give a wrong result.)"
        for n in (1, 2)
    ]
    bare = [f"✗ kl: not right. {text}" for text in examples]
    told = [
        f"✗ kl: not right. Your probabilities sum to 1.{n}, not to 1. {bare[0][17:]}"
        for n in (2, 3)
    ]
    assert not any(map(grade_tool.named, bare)) and all(map(grade_tool.named, told))
    assert len(set(map(grade_tool.cause, told))) == 1
    rows = [grade_tool.Row("gus", NAME, "evidence", 0, 1, verdict) for verdict in (*bare, *told)]
    page = grade_tool.class_page(rows)
    assert page.count("2 × ") == 2 and "without a name. One: For q = 1" in page
    assert "4 answers are wrong; of 2 the cause is named" in page


def test_mistakes_planted_in_the_text_of_answers_are_named(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("planting", ROOT / "benchmarks" / "grading.py")
    planting = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(planting)
    rows, _, _, _ = planting.graded(4, jobs=1, seed=3)
    wrong = grade_tool.wrong_rows(rows)
    assert len(wrong) >= 8
    assert sum(grade_tool.named(row.verdict) for row in wrong) >= len(wrong) - 1


# ---------------------------------------------------------------- nbgrader


def nbgrader(course, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PATH": PATH},
    )


SUBMISSIONS = {
    "perfect": (filled_in, ALL),
    "untouched": (lambda: copy.deepcopy(SHEET), 0),
    "copied": (lambda: damaged("a cell copied"), ALL),
    "unchecked": (lambda: damaged("the checks deleted"), ALL),
    "exits": (lambda: filled_in(joint_table="import os\nos._exit(1)"), ALL - 1),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose only assignment is notebook 1, with one submission of each kind, graded."""
    root = tmp_path_factory.mktemp("course")
    (root / "source" / "ps1").mkdir(parents=True)
    shutil.copy(SOLUTION, root / "source" / "ps1")
    shutil.copy(CONFIG, root)
    made = nbgrader(root, "generate_assignment", "ps1", "--create")
    assert made.returncode == 0, made.stderr
    for student, (write, _) in SUBMISSIONS.items():
        folder = root / "submitted" / student / "ps1"
        folder.mkdir(parents=True)
        nbformat.write(write(), folder / SOLUTION.name)
    shutil.copy(SOLUTION, root / "submitted" / "untouched" / "ps1" / "mine.ipynb")
    graded = nbgrader(root, "autograde", "ps1")
    (root / "log.txt").write_text(graded.stdout + graded.stderr)
    return root


def test_everybody_gets_what_is_due_from_nbgrader(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        found = {s.student.id: s.score for s in book.assignment_submissions("ps1")}
    log = (course / "log.txt").read_text()
    assert found == {student: due for student, (_, due) in SUBMISSIONS.items()}, log
    assert "mine.ipynb: nbgrader passes over this name" in log


def test_the_release_is_the_exercise(course):
    released = nbformat.read(course / "release" / "ps1" / SOLUTION.name, as_version=4)
    exercise = nbformat.read(ROOT / "exercises" / SOLUTION.name, as_version=4)
    assert [c.source for c in released.cells] == [c.source for c in exercise.cells]
    for ours, theirs in zip(exercise.cells, released.cells, strict=True):
        a, b = ours.metadata.get("nbgrader", {}), theirs.metadata.get("nbgrader", {})
        assert {k: b.get(k) for k in a} == dict(a)


def test_nbgrader_without_our_configuration_gives_nobody_a_point():
    hidden = cell(nbformat.read(SOLUTION, as_version=4), "evidence-check").source
    space = {"check": type("Any", (), {"evidence": staticmethod(lambda f: 1)}), "evidence": None}
    exec(hidden, space)  # a reader of the solutions: nothing happens
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    try:
        with pytest.raises(AssertionError, match=r"nbgrader_config\.py"):
            exec(hidden, space)
    finally:
        del os.environ["NBGRADER_EXECUTION"]
