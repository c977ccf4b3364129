"""The edition for a class: it marks exercises as ours does, and shows no answer."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import students  # noqa: E402


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("for the class") / "course"
    assert students.main([str(folder)]) == 0
    return folder


def run(edition, code, *arguments):
    """What ``code`` prints with the edition's packages in place of ours."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=edition.parent,
        env=os.environ | {"PYTHONPATH": str(edition), "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


RUN_SHEETS = """
import sys, nbformat, checks
assert sys.argv[1] in checks.__file__, checks.__file__
for sheet in sys.argv[2:]:
    scope = {"display": lambda *_: None}
    for cell in nbformat.read(sheet, as_version=4).cells:
        if cell.cell_type == "code":
            source = cell.source.partition("### END HIDDEN TESTS\\n")[2] or cell.source
            exec(compile(source, cell.id, "exec"), scope)
    print(scope["check"].progress())
"""


def test_it_marks_sheets(edition):
    sheets = [edition / "exercises/01_generative_models.ipynb"]
    if (ROOT / "solutions").exists():
        sheets.append(ROOT / "solutions/03a_jensen.ipynb")
    said = run(edition, RUN_SHEETS, edition, *sheets)
    untouched, *solved = re.findall(r"^([\d.]+) of ([\d.]+) points$", said, re.M)
    assert untouched[0] == "0", said
    on_paper = re.findall(r"not yet +0/([\d.]+)$", said.rpartition("0 of ")[2], re.M)
    for earned, possible in solved:  # what is done on paper, a person marks
        assert float(earned) == float(possible) - sum(map(float, on_paper)), said


NAME_A_MISTAKE = """
import numpy as np
from checks import jensen as check
check.kl(lambda q, p: np.sum(p * np.log(p / q)))
check.kl(lambda q, p: np.sum(q * np.log(q / p)))
check.kl.hint(1)
print(check.progress())
"""


def test_it_names_mistakes_as_ours_does(edition, capsys, monkeypatch):
    from checks import session

    for name in ("BEST", "TRIED"):
        monkeypatch.setattr(session, name, type(getattr(session, name, {}))(), raising=False)
    exec(NAME_A_MISTAKE, {})
    ours = capsys.readouterr().out
    theirs = run(edition, NAME_A_MISTAKE + "check.kl.solution()")
    assert theirs.startswith(ours) and "kl: correct" not in theirs
    assert "not handed out" in theirs


ON_PAPER = """
from checks import mean_field_fhmm as check
check.structured_bound.solution()
"""


def test_a_task_on_paper_shows_its_rubric_alone(edition):
    said = run(edition, ON_PAPER)
    assert "whoever teaches" in said and "| 1 | the expected log priors cancel |" in said
    assert r"\log Z_m" not in said


PRY = """
import inspect, checks.jensen as sheet
task = sheet.kl
for name in ("reference", "right", "answer", "why", "hints", "mistakes", "worked", "cases"):
    assert not hasattr(task, name), name
print(vars(sheet), dir(task), task, task.__doc__, inspect.getsource(sheet))
from checks import catalogue, sealed, sheets
packed = next(sheets.FOLDER.glob("*"))
for ask in (
    lambda: sheets.of_sheet("checks.jensen"),
    lambda: catalogue._of_sheet("checks.jensen"),
    lambda: sealed.unpacked(sealed.HERE / "jensen.sealed"),
    lambda: sealed.Modules.import_module("checks.jensen"),
    lambda: sealed._get("checks.jensen"),
    lambda: packed.read_text("utf-8"),
):
    try:
        raise SystemExit(f"answered: {ask()}")
    except PermissionError as refusal:
        assert "not handed out" in str(refusal)
"""


def test_no_import_prints_an_answer(edition):
    said = run(edition, PRY)
    assert "rel_entr" not in said and "log" not in said.replace("catalogue", "")


@pytest.mark.solutions
def test_no_answer_stands_in_a_file(edition):
    import exercises

    assert not list(edition.rglob("solutions*"))
    for solution in sorted((ROOT / "solutions").glob("*.ipynb")):
        cells = nbformat.read(solution, as_version=4).cells
        answers = {line for cell in cells for line in exercises._answers(cell)}
        assert answers
        for path in [*edition.glob("exercises/*"), *edition.rglob("checks/**/*.[tps][xye]*")]:
            if path.suffix == ".pyc":
                continue
            text = path.read_text(encoding="utf-8")
            for line in answers:
                assert json.dumps(line, ensure_ascii=False)[1:-1] not in text, (path.name, line)


def test_no_note_for_the_teacher_and_no_dead_link_is_in_it(edition):
    for path in [*edition.glob("notebooks/*.ipynb"), *edition.glob("exercises/*.ipynb")]:
        for cell in nbformat.read(path, as_version=4).cells:
            assert cell.metadata.get("slideshow", {}).get("slide_type") != "notes"
            if cell.cell_type == "markdown":
                for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", cell.source):
                    assert (path.parent / target).exists(), (path.name, target)


def test_the_zip_holds_the_same_and_the_course_starts_from_it(edition, tmp_path):
    with zipfile.ZipFile(edition.with_suffix(".zip")) as archive:
        archive.extractall(tmp_path)
    files = {p.relative_to(edition) for p in edition.rglob("*") if "__pycache__" not in p.parts}
    unpacked = tmp_path / "course"
    assert {p.relative_to(unpacked) for p in unpacked.rglob("*")} == files
    lab = [sys.executable, unpacked / "tools/lab.py", "--copy-only"]
    subprocess.run(lab, check=True, env=os.environ | {"JUPYTER_DATA_DIR": str(tmp_path)})
    given = {p.relative_to(unpacked / "work").as_posix() for p in unpacked.glob("work/*/*")}
    assert given == {p.relative_to(unpacked).as_posix() for p in unpacked.glob("[ne]*s/*.ipynb")}


def test_a_folder_of_somebody_elses_is_not_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert "holds something else" in students.main([str(tmp_path)])
    assert (tmp_path / "mine.txt").exists()
