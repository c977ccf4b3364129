"""The page that the benchmarks write: goals met and missed, and what is missing."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))  # last: it has an lda too

import report
import timing
from timing import Point, Row

MACHINE = {"processor": "a processor, 2 cores", "versions": "numpy 2"}


def room(rows, points=(), load=(0.5, 0.7), missing=""):
    return {
        "when": "2026-01-01 00:00 UTC", "machine": MACHINE, "load": list(load),
        "rows": list(rows), "points": list(points), "missing": missing,
    }  # fmt: skip


def test_a_goal_is_met_from_the_right_side():
    assert Row("a", "b", 12.0, "x", goal=12).met and not Row("a", "b", 11.9, "x", goal=12).met
    assert Row("a", "", 3.0, "s", goal=3, at_most=True).met
    assert not Row("a", "", 3.1, "s", goal=3, at_most=True).met
    assert Row("a", "b", 12.0, "x").met is None


def test_the_page_hides_no_missed_goal():
    rows = [
        Row("fast", "peer", 6.0, "x", 5.0, 7.0, goal=4, why="not shown"),
        Row("slow", "peer", 3.0, "x", 2.0, 3.5, goal=4, why="a loop"),
        Row("unasked", "", 1.0, "s"),
    ]
    page = report.text({"lda": room(rows)})
    assert "**1 of 2 goals are met.**" in page
    assert "slow against peer: 3 x, wanted at least 4 x (25 % below it). Why: a loop." in page
    assert "| slow | peer | 3 x | 2 to 3.5 | at least 4 x | **no** |" in page
    assert "not shown" not in page and "busy with" not in page


def test_the_page_says_what_is_missing_and_when_the_machine_was_busy():
    page = report.text({"interactive": room([], load=(1.0, 9.3), missing="no browser")})
    assert "**Not complete.** no browser." in page and "busy with other programs" in page


def test_zero_is_a_number_that_can_be_missed():
    assert "messages: 3, wanted at most 0." in report.text(
        {"interactive": room([Row("messages", "", 3, "", goal=0, at_most=True)])}
    )


def test_ratios_are_theirs_over_ours(monkeypatch):
    taken = iter([1.0, 2.0, 1.0, 4.0, 2.0, 2.0])
    monkeypatch.setattr(timing, "seconds", lambda run: next(taken))
    found = timing.ratio(lambda: None, lambda: None, repeats=3)
    assert (found.median, found.low, found.high) == (2.0, 1.5, 3.0)
    assert (found.ours, found.theirs) == (1.0, 2.0)


@pytest.mark.parametrize("sizes", [(1, 2, 3), (10, 100, 1000)])
def test_a_room_with_points_gets_a_figure(tmp_path, sizes):
    points = [Point("cost", "size", name, n, 0.1 * n) for name in ("ours", "theirs") for n in sizes]
    report.draw("lda", points, tmp_path)
    assert "<svg" in (tmp_path / "lda.svg").read_text(encoding="utf-8")
    report.draw("fhmm", [], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lda.svg"]
