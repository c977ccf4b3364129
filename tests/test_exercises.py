"""The way from solutions/ to exercises/: complete, repeatable, and kind to a student's work."""

import difflib
import importlib
import importlib.util
import io
import json
import re
import shutil
import sys
from pathlib import Path

import console
import marks
import nbformat
import pytest

from checks import session
from checks.tasks import Task, tasks_of

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("exercises", ROOT / "tools" / "exercises.py")
exercises = importlib.util.module_from_spec(spec)
spec.loader.exec_module(exercises)

pytestmark = pytest.mark.solutions
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
EACH = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
NAME = "01_generative_models.ipynb"


@pytest.fixture
def house(tmp_path):
    """A small course of one solution and its exercise."""
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
        shutil.copy(ROOT / folder / NAME, tmp_path / folder)
    return tmp_path


def read(path):
    return nbformat.read(path, as_version=4)


def edit(path, cell_id, change):
    notebook = read(path)
    cell = next(c for c in notebook.cells if c.id == cell_id)
    cell.source = change(cell.source)
    nbformat.write(notebook, path)


# ---------------------------------------------------------------- all notebooks


@EACH
def test_the_exercise_is_what_the_solution_gives(path):
    assert exercises.differences(path, ROOT / "exercises" / path.name) == []


@EACH
def test_an_exercise_opens_clean(path):
    exercise, solution = read(ROOT / "exercises" / path.name), read(path)
    assert [c.id for c in exercise.cells] == [c.id for c in solution.cells]
    text = (ROOT / "exercises" / path.name).read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "HIDDEN" not in text and "attachments" not in text
    for cell in exercise.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


@EACH
def test_an_untouched_exercise_runs_and_says_not_yet(path, monkeypatch):
    """Its code cells in order, as a kernel would run them, without a kernel."""
    monkeypatch.setattr(session, "BEST", {})  # as in a session that has seen no answer yet
    exercise = read(ROOT / "exercises" / path.name)
    scope, checks = {"display": lambda *_: None}, 0
    for cell in exercise.cells:
        if cell.cell_type != "code":
            continue
        lines = cell.source.strip().split("\n")
        called = re.fullmatch(r"check\.(\w+)\((\w*)\)", lines[-1]) if lines else None
        code = compile(cell.source, f"{path.stem}, cell {cell.id}", "exec")
        if called and called[1] != "progress":
            exec(compile(f"verdict = {cell.source}", cell.id, "exec"), scope)
            assert scope["verdict"].status == "not yet", cell.id
            checks += 1
        else:
            exec(code, scope)
    assert checks == sum(not hasattr(t, "rubric") for t in tasks_of(scope["check"]))
    assert scope["check"].progress().points == 0


@EACH
def test_every_solution_is_accepted_in_its_saved_output(path):
    notebook = read(path)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    graded = [c for c in code if c.metadata.get("nbgrader", {}).get("grade")]
    for cell in graded:
        (value,) = [o for o in cell.outputs if o.output_type == "execute_result"]
        assert float(value["data"]["text/plain"]) == cell.metadata["nbgrader"]["points"], cell.id
        assert ": correct." in "".join(o.text for o in cell.outputs if o.output_type == "stream")


@EACH
def test_stubs_stand_inside_functions(path):
    """At the top level a stub would raise, and the untouched notebook would stop there."""
    for cell in read(ROOT / "exercises" / path.name).cells:
        assert "\nraise NotImplementedError" not in "\n" + cell.source, cell.id


@EACH
def test_no_text_holds_its_answer(path):
    """Neither what the function returns, nor half of the right side of the second hint's equation.

    What stands above a task's stub is read with it: its text, a worked example, the docstring.
    """
    solution, above = read(path), []
    module = importlib.import_module(f"checks.{path.stem.partition('_')[2]}")
    written = {t.name: t for t in tasks_of(module) if isinstance(t, Task)}
    for cell in solution.cells:
        if cell.source.startswith("## "):
            above = []
        called = re.search(r"^check\.(\w+)\(\w+\)$", cell.source, re.M)
        if not called or called[1] not in written:
            above.append(cell.source)
            continue
        task, text = written[called[1]], "\n".join(above)
        (answer,) = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, re.S)
        given = re.sub(r"\s", "", text.replace(answer, ""))
        for returned in re.findall(r"return (.+?)(?:  #.*)?$", answer, re.M):
            assert len(returned) < 9 or re.sub(r"\s", "", returned) not in given, task.name
        equation = re.split(r"=|\\propto", " ".join(_formulas(task.hints.equation)), maxsplit=1)[-1]
        asked, said = _symbols(equation), _symbols(" ".join(_formulas(text)))
        match = difflib.SequenceMatcher(None, asked, said, autojunk=False).find_longest_match()
        held = asked[match.a : match.a + match.size]
        assert len(held) < 10 or len(held) < len(asked) / 2, (task.name, " ".join(held))


def _formulas(text):
    return re.findall(r"\$\$?(.+?)\$\$?", text, re.S)


def _symbols(formula):
    """The symbols of a formula, each p(...) and q(...) one of them, without spaces and braces."""
    formula = re.sub(r"\\(left|right|[bB]ig+[lr]?|text|mathrm|mathbb|[,;:!])", "", formula)
    formula = re.sub(r"\b[pq]\s*\([^()]*\)", "P", formula)
    return re.findall(r"\\[a-zA-Z]+|[^\s{}&$]", formula)


# ---------------------------------------------------------------- the program


def test_writing_again_changes_no_byte(house, capsys):
    before = [(p, p.read_bytes()) for p in sorted(house.rglob("*.ipynb"))]
    assert exercises.main([], root=house) == 0
    assert "up to date" in capsys.readouterr().out
    assert [(p, p.read_bytes()) for p in sorted(house.rglob("*.ipynb"))] == before
    (house / "exercises" / NAME).unlink()
    exercises.main([], root=house)
    assert [(p, p.read_bytes()) for p in sorted(house.rglob("*.ipynb"))] == before


def test_marks_are_put_back_when_they_are_lost(house):
    path = house / "solutions" / NAME
    before = path.read_bytes()
    notebook = read(path)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        cell.source = re.sub(r"(?s)### BEGIN HIDDEN.*END HIDDEN TESTS\n", "", cell.source)
    nbformat.write(notebook, path)
    exercises.main([], root=house)
    assert path.read_bytes() == before


def test_what_a_student_wrote_stays(house, capsys):
    path = house / "exercises" / NAME
    edit(path, "evidence", lambda source: source.replace("raise NotImplementedError", "return 1"))
    before = path.read_bytes()
    edit(house / "solutions" / NAME, "title", lambda source: source + "\n\nMore words.")
    exercises.main([], root=house)
    assert "kept" in capsys.readouterr().out and path.read_bytes() == before
    exercises.main(["--force"], root=house)
    assert "return 1" not in path.read_text() and "More words." in path.read_text()


def test_a_file_that_is_no_notebook_stays(house, capsys):
    path = house / "exercises" / NAME
    path.write_text("my notes")
    exercises.main([], root=house)
    assert "kept" in capsys.readouterr().out and path.read_text() == "my notes"


def test_running_an_exercise_is_not_working_in_it(house, capsys):
    path = house / "exercises" / NAME
    notebook = read(path)
    notebook.cells[1].execution_count = 3
    nbformat.write(notebook, path)
    exercises.main([], root=house)
    assert "written" in capsys.readouterr().out


def test_check_names_the_place_of_every_difference(house, capsys):
    assert exercises.main(["check"], root=house) == 0
    edit(house / "exercises" / NAME, "evidence", lambda s: s.replace("# your code", "# my code"))
    assert exercises.main(["check"], root=house) == 1
    said = capsys.readouterr().out
    assert f"exercises/{NAME}, cell evidence, line 3: -    # my code here" in said
    assert f"exercises/{NAME}, cell evidence, line 3: +    # your code here" in said


def test_check_sees_missing_and_foreign_files(house, capsys):
    (house / "exercises" / NAME).rename(house / "exercises" / "99_other.ipynb")
    assert exercises.main(["check"], root=house) == 1
    said = capsys.readouterr().out
    assert f"{NAME}: missing" in said and "99_other.ipynb: has no solution" in said


def test_check_sees_outputs_and_wrong_points(house, capsys):
    notebook = read(house / "exercises" / NAME)
    notebook.cells[1].execution_count = 1
    nbformat.write(notebook, house / "exercises" / NAME)
    assert exercises.main(["check"], root=house) == 1
    assert "outputs or the form" in capsys.readouterr().out
    notebook = read(house / "solutions" / NAME)
    graded = next(c for c in notebook.cells if c.id == "posterior-check")
    graded.metadata["nbgrader"]["points"] = 99
    nbformat.write(notebook, house / "solutions" / NAME)
    assert exercises.main(["check"], root=house) == 1
    assert f"solutions/{NAME}, cell posterior-check" in capsys.readouterr().out


@pytest.mark.parametrize(
    "plant",
    [
        lambda nb: nb.cells[0].update(source="As in `joint = prior * likelihood[:, x]` above."),
        lambda nb: nb.cells[-1].metadata.update(alt="return joint / joint.sum(), of course"),
    ],
)
def test_an_answer_that_leaks_is_refused(house, plant):
    notebook = read(house / "solutions" / NAME)
    plant(notebook)
    nbformat.write(notebook, house / "solutions" / NAME)
    with pytest.raises(SystemExit, match="gives an answer away"):
        exercises.main(["--force"], root=house)


def test_outputs_and_attachments_of_an_answer_go(house):
    notebook = read(house / "solutions" / NAME)
    answer = next(c for c in notebook.cells if c.id == "posterior")
    answer.metadata["secret"] = "posterior = joint / joint.sum()"
    answer.outputs = [nbformat.v4.new_output("stream", text="secret output")]
    stripped = json.dumps(exercises.exercise(notebook))
    assert "secret" not in stripped


def test_a_task_without_its_cell_is_named(house):
    notebook = read(house / "solutions" / NAME)
    notebook.cells = [c for c in notebook.cells if c.id != "posterior-check"]
    nbformat.write(notebook, house / "solutions" / NAME)
    with pytest.raises(SystemExit, match="no cell checks posterior"):
        exercises.main([], root=house)


def test_a_task_without_its_badge_is_named_and_the_badge_above_stays(house):
    notebook = read(house / "solutions" / NAME)
    graded = [
        i for i, c in enumerate(notebook.cells) if c.metadata.get("nbgrader", {}).get("grade")
    ]
    for cell in notebook.cells[graded[0] + 1 : graded[1]]:
        if cell.cell_type == "markdown":
            cell.source = marks.BADGE.sub("", cell.source)
    nbformat.write(notebook, house / "solutions" / NAME)
    before = (house / "solutions" / NAME).read_bytes()
    with pytest.raises(SystemExit, match=rf"{NAME}: \w+: no text .* has a line like"):
        exercises.main([], root=house)
    assert (house / "solutions" / NAME).read_bytes() == before


def test_what_a_teacher_put_into_the_cell_of_a_check_is_not_overwritten(house):
    edit(house / "solutions" / NAME, "posterior-check", lambda s: s + "\nassert posterior")
    with pytest.raises(SystemExit, match="posterior-check: move what is not"):
        exercises.main([], root=house)


def test_a_teachers_own_graded_cells_stay_graded(house):
    own = {"grade": True, "locked": True, "solution": False, "task": False, "schema_version": 3}
    asserts = nbformat.v4.new_code_cell("assert evidence is not None", id="own-assert")
    asserts.metadata["nbgrader"] = own | {"points": 4, "grade_id": "mine"}
    essay = nbformat.v4.new_code_cell("### BEGIN SOLUTION\nx\n### END SOLUTION", id="own-essay")
    essay.metadata["nbgrader"] = own | {"points": 3, "grade_id": "essay", "solution": True}
    notebook = read(house / "solutions" / NAME)
    notebook.cells += [asserts, essay]
    nbformat.write(notebook, house / "solutions" / NAME)
    exercises.main([], root=house)
    for folder in ("solutions", "exercises"):
        marks = {c.id: c.metadata.get("nbgrader") for c in read(house / folder / NAME).cells}
        assert marks["own-assert"] == own | {"points": 4, "grade_id": "mine"}
        assert marks["own-essay"] == own | {"points": 3, "grade_id": "essay", "solution": True}
    assert exercises.main(["check"], root=house) == 0


def test_check_prints_on_any_console(house, monkeypatch):
    edit(
        house / "exercises" / NAME, "title", lambda source: source + " \N{GREEK SMALL LETTER THETA}"
    )
    said = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(said, "cp1252"))
    console.forgive()
    assert exercises.main(["check"], root=house) == 1
    sys.stdout.flush()
    assert rb"\u03b8" in said.getvalue()


def test_every_tool_prints_on_any_console():
    for path in (ROOT / "tools").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "sys.exit(main(" in text:
            assert "console.forgive()" in text, path.name


def test_an_unknown_name_and_a_broken_notebook_are_named(house, capsys):
    with pytest.raises(SystemExit):
        exercises.main(["build", "99_nothing"], root=house)
    assert "solutions/ has no 99_nothing" in capsys.readouterr().err
    (house / "solutions" / NAME).write_text("{")
    with pytest.raises(SystemExit, match=f"solutions/{NAME} is no notebook"):
        exercises.main([], root=house)


def test_without_solutions_exercises_stay(house, capsys):
    shutil.rmtree(house / "solutions")
    before = (house / "exercises" / NAME).read_bytes()
    for command in ("build", "check"):
        assert exercises.main([command], root=house) == 0
    assert "no solutions here" in capsys.readouterr().out
    assert (house / "exercises" / NAME).read_bytes() == before


def test_a_notebook_without_checks_is_refused(house):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("words")])
    nbformat.write(notebook, house / "solutions" / NAME)
    with pytest.raises(SystemExit, match=r"from checks import"):
        exercises.main([], root=house)
