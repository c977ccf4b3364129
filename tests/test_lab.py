"""The student's copy of the course: always there, never overwritten."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("lab", ROOT / "tools" / "lab.py")
lab = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lab)


@pytest.fixture
def course(tmp_path):
    source = tmp_path / "course"
    for folder in ("notebooks", "exercises", "solutions"):
        (source / folder).mkdir(parents=True)
        (source / folder / "01.ipynb").write_text(f"{folder} 1")
    return source, tmp_path / "work"


def test_everything_is_copied_and_a_second_time_changes_nothing(course):
    source, work = course
    assert lab.give_out(source, work) == []
    times = {p: p.stat().st_mtime_ns for p in work.rglob("*.*") if p.name != lab.RECORD}
    assert len(times) == 3
    assert lab.give_out(source, work) == []
    assert {p: p.stat().st_mtime_ns for p in times} == times


def test_a_changed_answer_is_kept_and_a_new_version_is_put_beside_it(course):
    source, work = course
    lab.give_out(source, work)
    answer = work / "exercises/01.ipynb"
    answer.write_text("my answer")
    assert lab.give_out(source, work) == []  # nothing new in the course
    (source / "exercises/01.ipynb").write_text("exercises 2")
    (line,) = lab.give_out(source, work)
    assert "your own is kept" in line and "01.new1.ipynb" in line
    assert answer.read_text() == "my answer"
    assert (work / "exercises/01.new1.ipynb").read_text() == "exercises 2"
    assert lab.give_out(source, work) == []  # said once
    (source / "exercises/01.ipynb").write_text("exercises 3")
    lab.give_out(source, work)
    assert (work / "exercises/01.new2.ipynb").read_text() == "exercises 3"
    assert answer.read_text() == "my answer"


def test_an_untouched_file_follows_the_course(course):
    source, work = course
    lab.give_out(source, work)
    (source / "notebooks/01.ipynb").write_text("notebooks 2")
    assert lab.give_out(source, work) == []
    assert (work / "notebooks/01.ipynb").read_text() == "notebooks 2"


def test_a_deleted_file_comes_back_fresh(course):
    source, work = course
    lab.give_out(source, work)
    (work / "exercises/01.ipynb").unlink()
    lab.give_out(source, work)
    assert (work / "exercises/01.ipynb").read_text() == "exercises 1"


def test_a_lost_record_never_costs_an_answer(course):
    source, work = course
    lab.give_out(source, work)
    (work / "exercises/01.ipynb").write_text("my answer")
    (work / lab.RECORD).write_text("broken")
    lab.give_out(source, work)
    assert (work / "exercises/01.ipynb").read_text() == "my answer"
    assert (work / "exercises/01.new1.ipynb").exists()


def test_git_ignores_the_copy():
    assert "work/" in (ROOT / ".gitignore").read_text().split()
