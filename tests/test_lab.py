"""The student's copy of the course: always there, never overwritten.

What a student wrote is never lost: each scenario is a test, and its name begins with its kind:
update, conflict, damage, rename, link, disk or killed.
"""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import lab  # noqa: E402
import students  # noqa: E402

NAME = "exercises/01.ipynb"
posix = pytest.mark.skipif(os.name == "nt", reason="needs links or modes of a POSIX system")


def notebook(source, outputs=(), **more):
    """A file's text; ``more`` goes into its only cell."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source} | more
    cell["outputs"] = list(outputs)
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def ran(source):
    return notebook([source], [{"output_type": "stream", "text": "2"}], execution_count=3)


@pytest.fixture
def course(tmp_path):
    """A course that was given out once, as (course, work)."""
    source, work = tmp_path / "a course", tmp_path / "wörk"
    for folder in ("notebooks", "exercises", "solutions"):
        (source / folder).mkdir(parents=True)
        (source / folder / "01.ipynb").write_text(notebook(f"{folder} 1"))
    assert lab.give_out(source, work) == []
    return source, work


def update(source, text="version 2"):
    (source / NAME).write_text(notebook(text))


def test_everything_is_copied_and_a_second_time_changes_nothing(course):
    source, work = course
    times = {p: p.stat().st_mtime_ns for p in work.rglob("*") if p.is_file()}
    assert {p.name for p in times} == {"01.ipynb", lab.RECORD, ".given.lock"}
    assert lab.give_out(source, work) == []
    assert {p: p.stat().st_mtime_ns for p in work.rglob("*") if p.is_file()} == times


def test_an_untouched_file_follows_the_course(course):
    source, work = course
    update(source)
    assert lab.give_out(source, work) == []
    assert (work / NAME).read_text() == notebook("version 2")


def test_update_keeps_an_answer_and_puts_the_new_version_beside_it_once(course):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    assert lab.give_out(source, work) == []  # nothing new in the course
    update(source)
    (line,) = lab.give_out(source, work)
    assert NAME in line and "your own is kept" in line and "01.new1.ipynb" in line
    assert lab.give_out(source, work) == []  # said once
    update(source, "version 3")
    lab.give_out(source, work)
    files = {p.name: p.read_text() for p in (work / "exercises").glob("*.ipynb")}
    assert files == {
        "01.ipynb": notebook("my answer"),
        "01.new1.ipynb": notebook("version 2"),
        "01.new2.ipynb": notebook("version 3"),
    }


def test_running_cells_is_no_change(course):
    source, work = course
    (work / NAME).write_text(ran("exercises 1"))
    assert lab.give_out(source, work) == [] and "stream" in (work / NAME).read_text()
    update(source)
    assert lab.give_out(source, work) == []
    assert (work / NAME).read_text() == notebook("version 2")


def test_update_of_outputs_alone_leaves_an_answer_alone(course):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    (source / NAME).write_text(ran("exercises 1"))
    assert lab.give_out(source, work) == [] and len(list((work / "exercises").glob("*"))) == 1


def test_update_keeps_a_picture_pasted_into_a_cell(course):
    source, work = course
    mine = notebook("exercises 1", attachments={"my sketch.png": {"image/png": "AA=="}})
    (work / NAME).write_text(mine)
    update(source)
    assert len(lab.give_out(source, work)) == 1 and (work / NAME).read_text() == mine


def cells(*sources, kind="code"):
    """A file's text, with one cell for each source."""
    made = [{"cell_type": kind, "id": text, "metadata": {}, "source": text} for text in sources]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(
    "mine",
    [cells("b", "a"), cells("a"), cells("a", "b", "b"), cells("ab"), cells("a", "b", kind="raw")],
    ids=["moved", "deleted", "copied", "merged", "of another kind"],
)
def test_update_keeps_cells_that_were_moved_copied_or_deleted(course, mine):
    source, work = course
    update(source)
    (source / NAME).write_text(cells("a", "b"))
    lab.give_out(source, work)
    (work / NAME).write_text(mine)
    update(source, "version 2")
    assert len(lab.give_out(source, work)) == 1 and (work / NAME).read_text() == mine


def test_update_back_to_an_older_version_keeps_the_answer(course):
    source, work = course
    update(source)
    lab.give_out(source, work)
    (work / NAME).write_text(notebook("my answer"))
    for _ in range(3):  # a branch is tried, and left again
        update(source, "exercises 1")
        lab.give_out(source, work)
        update(source)
        lab.give_out(source, work)
    assert (work / NAME).read_text() == notebook("my answer")
    assert len(list((work / "exercises").glob("*.ipynb"))) == 3


def test_update_leaves_own_files_and_folders_alone(course):
    source, work = course
    names = ("notes.md", "exercises/data.csv", "exercises/my ünit/01.ipynb", "notebooks/99.ipynb")
    for name in (*names, "exercises/.ipynb_checkpoints/01-checkpoint.ipynb", "progress.jsonl"):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(f"mine: {name}")
    update(source)
    lab.give_out(source, work)
    assert all((work / name).read_text() == f"mine: {name}" for name in names)


def test_update_that_drops_a_notebook_or_a_folder_takes_nothing_away(course):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    (source / NAME).unlink()
    (source / "exercises").rmdir()
    assert lab.give_out(source, work) == []
    assert (work / NAME).read_text() == notebook("my answer")
    assert (work / "notebooks/01.ipynb").exists()


def test_update_of_the_students_edition_does_not_replace_one_that_was_opened(tmp_path):
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/sealed.py").write_text("")
    (tmp_path / "work").mkdir()
    assert "holds the work of somebody" in students.main([str(tmp_path)])
    assert (tmp_path / "work").exists()


def test_a_deleted_file_comes_back_fresh(course):
    source, work = course
    (work / NAME).unlink()
    lab.give_out(source, work)
    assert (work / NAME).read_text() == notebook("exercises 1")


def test_rename_of_an_answer_by_the_student(course):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    (work / NAME).rename(work / "exercises/mine.ipynb")
    assert lab.give_out(source, work) == []
    assert (work / "exercises/mine.ipynb").read_text() == notebook("my answer")
    assert (work / NAME).read_text() == notebook("exercises 1")


def test_rename_in_the_course_leaves_the_answer_to_the_old_one(course):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    (source / NAME).rename(source / "exercises/02.ipynb")
    assert lab.give_out(source, work) == []
    assert (work / NAME).read_text() == notebook("my answer")
    assert (work / "exercises/02.ipynb").exists()


def test_rename_of_the_whole_course_with_the_copy_in_it(course, tmp_path):
    source, _ = course
    lab.give_out(source, source / "work")
    (source / "work" / NAME).write_text(notebook("my answer"))
    source = source.rename(tmp_path / "kurs ü")
    update(source)
    assert len(lab.give_out(source, source / "work")) == 1
    assert (source / "work" / NAME).read_text() == notebook("my answer")


def test_rename_of_the_copy_takes_its_record_along(course, tmp_path):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    work = work.rename(tmp_path / "on a stick")
    assert lab.give_out(source, work) == []  # the record knows that nothing is new
    update(source)
    assert len(lab.give_out(source, work)) == 1
    assert (work / NAME).read_text() == notebook("my answer")


def test_conflict_solved_by_taking_the_new_version_is_over(course):
    source, work = course
    update(source)
    (work / NAME).write_text(notebook("version 2"))
    assert lab.give_out(source, work) == [] and len(list((work / "exercises").glob("*"))) == 1


def test_conflict_with_a_new_version_that_was_worked_in_too(course):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    update(source)
    lab.give_out(source, work)
    (work / "exercises/01.new1.ipynb").write_text(notebook("my second answer"))
    update(source, "version 3")
    lab.give_out(source, work)
    assert (work / "exercises/01.new1.ipynb").read_text() == notebook("my second answer")
    assert (work / "exercises/01.new2.ipynb").read_text() == notebook("version 3")


def test_conflict_with_an_answer_that_is_saved_while_the_new_version_arrives(course, monkeypatch):
    source, work = course
    update(source)

    def save(_):
        (work / NAME).write_text(notebook("my answer"))

    monkeypatch.setattr(os, "fsync", save)
    lab.give_out(source, work)
    assert (work / NAME).read_text() == notebook("my answer")
    assert (work / "exercises/01.new1.ipynb").read_text() == notebook("version 2")


@pytest.mark.parametrize("record", ["", "{", "[]", "3", '{"exercises/01.ipynb": []}', "\0\0"])
def test_damage_of_the_record_never_costs_an_answer(course, record):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    for _ in "ab":  # the second time finds the version that the first has put beside
        (work / lab.RECORD).write_text(record)
        lab.give_out(source, work)
    assert (work / NAME).read_text() == notebook("my answer")
    assert len(list((work / "exercises").glob("*.ipynb"))) == 2


def test_damage_a_record_that_is_a_folder_never_costs_an_answer(course):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    (work / lab.RECORD).unlink()
    (work / lab.RECORD).mkdir()
    with pytest.raises(OSError):
        lab.give_out(source, work)
    assert (work / NAME).read_text() == notebook("my answer")


@pytest.mark.parametrize(
    "damaged",
    [b"", b"my notes", b"\xff\xfe\x00", b"{", b"[]", b'{"cells": 3}', b'{"cells": [{}]}'],
    ids=repr,
)
def test_damage_of_the_students_notebook_is_kept(course, damaged):
    source, work = course
    (work / NAME).write_bytes(damaged)
    update(source)
    assert len(lab.give_out(source, work)) == 1
    assert (work / NAME).read_bytes() == damaged
    assert (work / "exercises/01.new1.ipynb").read_text() == notebook("version 2")


def test_damage_in_the_course_does_not_stop_the_others(course):
    source, work = course
    (source / NAME).unlink()
    (source / NAME).mkdir()
    (source / "notebooks/01.ipynb").write_text(notebook("version 2"))
    (line,) = lab.give_out(source, work)
    assert NAME in line
    assert (work / "notebooks/01.ipynb").read_text() == notebook("version 2")
    assert (work / NAME).read_text() == notebook("exercises 1")


def test_damage_a_folder_named_like_a_notebook_stays(course):
    source, work = course
    (work / NAME).unlink()
    (work / NAME).mkdir()
    (work / NAME / "mine.txt").write_text("mine")
    update(source)
    (line,) = lab.give_out(source, work)
    assert "01.new1.ipynb" in line and (work / NAME / "mine.txt").read_text() == "mine"


def test_damage_a_file_named_like_a_folder_stays_and_the_rest_arrives(course):
    source, work = course
    (work / NAME).unlink()
    (work / "exercises").rmdir()
    (work / "exercises").write_text("mine")
    (source / "notebooks/01.ipynb").write_text(notebook("version 2"))
    (line,) = lab.give_out(source, work)
    assert NAME in line and (work / "exercises").read_text() == "mine"
    assert (work / "notebooks/01.ipynb").read_text() == notebook("version 2")


def test_damage_work_that_is_a_file_is_one_sentence(course, monkeypatch):
    source, work = course
    mine = work.with_name("mine")
    mine.write_text("mine")
    monkeypatch.setattr(lab, "ROOT", source)
    with pytest.raises(SystemExit, match="could not be written") as stopped:
        lab.copy_the_course(mine)
    assert "\n" not in str(stopped.value) and mine.read_text() == "mine"


@pytest.mark.parametrize(
    "name", [".01.ipynb", ".~01.ipynb", "01.new.ipynb", "01.new1.ipynb", "01.ipynb.part"]
)
def test_conflict_with_own_files_named_like_ours(course, name):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    (work / "exercises" / name).write_text("mine")
    update(source)
    assert len(lab.give_out(source, work)) == 1
    assert (work / "exercises" / name).read_text() == "mine"
    assert (work / NAME).read_text() == notebook("my answer")


@posix
def test_link_to_an_answer_elsewhere_is_followed(course, tmp_path):
    source, work = course
    (work / NAME).rename(tmp_path / "elsewhere.ipynb")
    (work / NAME).symlink_to(tmp_path / "elsewhere.ipynb")
    update(source)
    assert lab.give_out(source, work) == []
    assert (work / NAME).is_symlink() and (work / NAME).read_text() == notebook("version 2")
    (work / NAME).write_text(notebook("my answer"))
    update(source, "version 3")
    assert len(lab.give_out(source, work)) == 1
    assert (tmp_path / "elsewhere.ipynb").read_text() == notebook("my answer")


@posix
def test_link_that_leads_nowhere_is_left_alone(course, tmp_path):
    source, work = course
    (work / NAME).unlink()
    (work / NAME).symlink_to(tmp_path / "on a disk that is not there.ipynb")
    (line,) = lab.give_out(source, work)
    assert "leads nowhere" in line and (work / NAME).is_symlink()


@posix
def test_link_in_place_of_a_folder_is_followed(course, tmp_path):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    (work / "exercises").rename(tmp_path / "cloud")
    (work / "exercises").symlink_to(tmp_path / "cloud")
    update(source)
    assert len(lab.give_out(source, work)) == 1
    assert (tmp_path / "cloud/01.ipynb").read_text() == notebook("my answer")


@posix
def test_disk_without_a_home_to_write_to_leaves_settings_in_the_copy(tmp_path, monkeypatch):
    for home, kept in (("nowhere", "work/.home"), (".", ".")):
        monkeypatch.setenv("HOME", str(tmp_path / home))
        lab.at_home(tmp_path / "work")
        assert Path(os.environ["HOME"]) == tmp_path / kept and (tmp_path / kept).is_dir()


@posix
@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root may write everywhere")
def test_disk_that_is_read_only_is_one_sentence(course, monkeypatch):
    source, work = course
    update(source)
    work.chmod(0o555)
    monkeypatch.setattr(lab, "ROOT", source)
    with pytest.raises(SystemExit, match="could not be written"):
        lab.copy_the_course(work)
    work.chmod(0o755)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_disk_that_is_full_is_one_sentence_and_costs_nothing(course, monkeypatch, step, code):
    source, work = course
    (work / "notebooks/01.ipynb").write_text(notebook("my answer"))
    update(source)
    before = {p: p.read_bytes() for p in work.rglob("*.ipynb")}

    def fail(*_):
        raise OSError(code, os.strerror(code), "a file")

    monkeypatch.setattr(lab, "ROOT", source)
    with monkeypatch.context() as full:
        full.setattr(os, step, fail)
        with pytest.raises(SystemExit, match="could not be written"):
            lab.copy_the_course(work)
    assert {p: p.read_bytes() for p in work.rglob("*.ipynb")} == before
    assert not list(work.rglob(f"{lab.PART}*"))
    assert lab.give_out(source, work) == []  # there is room again
    assert (work / NAME).read_text() == notebook("version 2")


def test_disk_that_fills_up_before_the_record_costs_nothing(course, monkeypatch):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    update(source)
    (work / lab.RECORD).write_text("{}")
    replace = os.replace

    def fail(part, target):
        if Path(target).name == lab.RECORD:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        return replace(part, target)

    with monkeypatch.context() as full:
        full.setattr(os, "replace", fail)
        with pytest.raises(OSError):
            lab.give_out(source, work)
    lab.give_out(source, work)
    assert (work / NAME).read_text() == notebook("my answer")
    assert len(list((work / "exercises").glob("*.ipynb"))) == 2


def test_disk_on_which_a_program_holds_one_file_takes_the_others(course, monkeypatch):
    source, work = course
    update(source)
    (source / "notebooks/01.ipynb").write_text(notebook("version 2"))
    replace = os.replace

    def fail(part, target):  # as Windows does
        if Path(target).parent.name == "exercises":
            raise PermissionError(errno.EACCES, "in use", str(target))
        return replace(part, target)

    with monkeypatch.context() as held:
        held.setattr(os, "replace", fail)
        (line,) = lab.give_out(source, work)
    assert NAME in line and (work / NAME).read_text() == notebook("exercises 1")
    assert (work / "notebooks/01.ipynb").read_text() == notebook("version 2")
    assert lab.give_out(source, work) == [] and (work / NAME).read_text() == notebook("version 2")


KILLED = """
import os, sys
sys.path.insert(0, {tools!r})
import lab
from pathlib import Path
original, left = os.{step}, int(sys.argv[1])
def die(*arguments):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return original(*arguments)
os.{step} = die
lab.give_out(Path({source!r}), Path({work!r}))
"""


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_killed_at_any_point_nothing_is_lost_and_the_next_start_completes(course, step, after):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    update(source)
    (source / "notebooks/01.ipynb").write_text(notebook("version 2"))
    code = KILLED.format(tools=str(ROOT / "tools"), step=step, source=str(source), work=str(work))
    assert subprocess.run([sys.executable, "-c", code, str(after)]).returncode == 9
    assert (work / NAME).read_text() == notebook("my answer")
    lab.give_out(source, work)
    assert (work / "notebooks/01.ipynb").read_text() == notebook("version 2")
    assert (work / "exercises/01.new1.ipynb").read_text() == notebook("version 2")
    assert (work / NAME).read_text() == notebook("my answer")
    assert not list(work.rglob(f"{lab.PART}*"))
    assert len(list((work / "exercises").glob("*.ipynb"))) == 2


def test_killed_by_the_student_with_ctrl_c(course, monkeypatch):
    source, work = course
    (work / NAME).write_text(notebook("my answer"))
    update(source)

    def interrupt(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            lab.give_out(source, work)
    assert not list(work.rglob(f"{lab.PART}*"))
    assert len(lab.give_out(source, work)) == 1
    assert (work / NAME).read_text() == notebook("my answer")


def test_killed_while_jupyter_was_saving_both_halves_are_kept(course):
    source, work = course
    before, half = notebook("my answer"), notebook("my longer answer")[:50]
    (work / "exercises/.~01.ipynb").write_text(before)  # Jupyter restores it when it reads the half
    (work / NAME).write_text(half)
    update(source)
    assert len(lab.give_out(source, work)) == 1
    assert (work / NAME).read_text() == half
    assert (work / "exercises/.~01.ipynb").read_text() == before


def test_conflict_of_four_first_starts_at_once(course, tmp_path):
    source, _ = course
    work = tmp_path / "new"
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'tools')!r}); import lab, pathlib\n"
    code += f"lab.give_out(pathlib.Path({str(source)!r}), pathlib.Path({str(work)!r}))"
    starts = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [start.wait(60) for start in starts] == [0] * 4
    assert len(list(work.rglob("*.ipynb"))) == 3 and not list(work.rglob(f"{lab.PART}*"))


def test_update_without_solutions_takes_no_solution_away(course, tmp_path, monkeypatch):
    source, work = course
    monkeypatch.setenv("SOLUTIONS", "no")
    assert lab.give_out(source, tmp_path / "new") == []
    assert {p.parent.name for p in (tmp_path / "new").rglob("*.ipynb")} == {
        "notebooks",
        "exercises",
    }
    (work / "solutions/01.ipynb").write_text(notebook("my notes"))
    (source / "solutions/01.ipynb").write_text(notebook("version 2"))
    lab.give_out(source, work)  # what was given is not taken away
    assert (work / "solutions/01.ipynb").read_text() == notebook("my notes")


def test_what_a_teacher_edited_in_the_copy_is_said_before_slides_are_made(course):
    source, work = course
    assert list(lab.left_out(source, work)) == []
    (work / "notebooks/01.ipynb").write_text(ran("notebooks 1"))
    assert list(lab.left_out(source, work)) == []
    slide = {"slideshow": {"slide_type": "slide"}}
    (work / "notebooks/01.ipynb").write_text(notebook("notebooks 1", metadata=slide))
    assert len(list(lab.left_out(source, work))) == 1
    (work / "notebooks/01.ipynb").write_text(notebook("a slide of mine"))
    (line,) = lab.left_out(source, work)
    assert "cp work/notebooks/01.ipynb notebooks/01.ipynb" in line
    (source / "notebooks/01.ipynb").write_text(notebook("a slide of mine"))
    assert list(lab.left_out(source, work)) == []


def test_git_ignores_the_copy():
    assert "work/" in (ROOT / ".gitignore").read_text().split()
