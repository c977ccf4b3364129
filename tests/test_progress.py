"""Verdicts that outlive a kernel, and the tables that show them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from checks import generative_models as check
from checks import session, store
from checks.progress import overview

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A work folder as `make lab` makes it; the kernel sits in its exercises."""
    home = tmp_path / "work"
    (home / "exercises").mkdir(parents=True)
    (home / store.HANDED_OUT).write_text("{}")
    monkeypatch.chdir(home / "exercises")
    monkeypatch.setattr(session, "BEST", {})
    return home


def in_a_new_kernel(source, work):
    return subprocess.run(
        [sys.executable, "-c", source],
        cwd=work / "exercises",
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def test_a_verdict_outlives_its_kernel(work, capsys):
    check.evidence(check.evidence.reference)
    session.BEST.clear()
    assert store.kept()["generative_models", "evidence"] == ("correct", check.evidence.points)
    rows = {row[0]: row[3] for row in check.progress().rows}
    assert rows["evidence"] == "right" and rows["posterior"] == "not checked"
    first = json.loads((work / store.NAME).read_text().splitlines()[0])
    assert first == {"version": store.VERSION}


def test_a_slip_after_the_right_answer_takes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # nothing is kept here
    monkeypatch.setattr(session, "BEST", {})
    check.evidence(check.evidence.reference)
    check.evidence(lambda joint: 0.0)
    rows = {row[0]: row[3:5] for row in check.progress().rows}
    assert rows["evidence"] == ("right", check.evidence.points)


def test_a_killed_kernel_loses_nothing_that_it_said(work):
    source = (
        "import os, signal\nfrom checks import generative_models as check\n"
        "check.evidence(check.evidence.reference)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    assert in_a_new_kernel(source, work).returncode == -signal.SIGKILL
    assert store.kept()["generative_models", "evidence"][0] == "correct"


def test_two_kernels_that_write_at_once_lose_nothing(work):
    source = (
        "from checks import store\nfor n in range(200): store.keep('{0}', f't{{n}}', 'correct', 1)"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", source.format(name)],
            cwd=work / "exercises",
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for name in ("one", "two")
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(store.kept()) == 400


def test_what_was_right_stays_right_until_it_is_reset(work, capsys):
    check.evidence(check.evidence.reference)
    check.evidence(lambda prior, likelihood, x: 0.5)
    assert {r[0]: r[3] for r in check.progress().rows}["evidence"] == "right"
    check.evidence.reset()
    assert {r[0]: r[3] for r in check.progress().rows}["evidence"] == "not checked"
    assert "open again" in capsys.readouterr().out
    check.evidence(lambda prior, likelihood, x: 0.5)
    assert {r[0]: r[3] for r in check.progress().rows}["evidence"] == "not right"


def test_a_task_on_paper_is_done_by_ones_own_points(work, capsys):
    paper = check.average_on_paper
    assert paper().status == "not yet" and not (work / store.NAME).exists()
    for odd in (5, -1, "three", None, [1, 2], float("nan")):
        assert paper(points=odd).status == "not right", odd
        assert "from 0 to 4" in capsys.readouterr().out or odd is None
    assert paper(points=3).points == 3
    session.BEST.clear()
    row = {r[0]: r[3:] for r in check.progress().rows}["average_on_paper"]
    assert row == ("done", 3, 4)


def test_untouched_tasks_are_not_recorded(work):
    def untouched(prior, likelihood, x):
        raise NotImplementedError

    check.evidence(untouched)
    assert not (work / store.NAME).exists()


@pytest.mark.parametrize("content", ["not ours", "", "[1, 2]", '{"version": 99}', "\x00\x01"])
def test_a_damaged_file_is_set_aside_with_a_sentence(work, capsys, content):
    (work / store.NAME).write_text(content)
    assert store.kept() == {}
    check.evidence(check.evidence.reference)
    assert "it is now progress.damaged1.jsonl" in capsys.readouterr().out
    assert (work / "progress.damaged1.jsonl").read_text() == content
    assert store.kept()["generative_models", "evidence"][0] == "correct"


def test_a_line_cut_short_costs_itself_alone(work):
    store.keep("jensen", "elbo", "correct", 2)
    with open(work / store.NAME, "a") as file:
        file.write('{"sheet": "jen')
    store.keep("jensen", "gap", "correct", 1)
    assert set(store.kept()) == {("jensen", "elbo"), ("jensen", "gap")}


def test_a_file_that_cannot_be_written_is_said_and_the_verdict_stands(work, capsys):
    (work / store.NAME).mkdir()
    verdict = check.evidence(check.evidence.reference)
    said = capsys.readouterr().out
    assert verdict.ok and "could not be kept" in said and store.kept() == {}


def test_outside_of_a_students_copy_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert store.place() is None and store.keep("jensen", "elbo", "correct") == ""
    assert list(tmp_path.iterdir()) == []


def test_the_start_page_shows_all_tasks_and_what_to_take_up_next(work):
    sheets = ROOT / "exercises"
    before = repr(overview(sheets))
    assert before.startswith("0 of ") and "next: joint_table in 01_" in before
    store.keep("generative_models", "joint_table", "correct", 1)
    store.keep("jensen", "elbo", "not right", 0)
    shown = overview(sheets)
    assert repr(shown).startswith("1 of ") and "in 03a_jensen.ipynb" in repr(shown)
    page = shown._repr_html_()
    for path in sheets.glob("[0-9]*.ipynb"):
        assert f'href="../exercises/{path.name}"' in page
    assert page.count("<tr>") == 1 + sum(len(sheet.rows) for _, sheet in shown.sheets)
