"""Every lecture's outcomes are tied to tasks and recall items that exist."""

import importlib
import tomllib
from pathlib import Path

import pytest

from checks.tasks import tasks_of
from helpers.data import questions

ROOT = Path(__file__).resolve().parent.parent
OUTCOMES = tomllib.loads((ROOT / "docs/assessment/outcomes.toml").read_text(encoding="utf-8"))


def test_every_sheet_has_outcomes():
    assert set(OUTCOMES) <= {path.stem for path in (ROOT / "exercises").glob("*.ipynb")}
    assert len(OUTCOMES) >= 11


@pytest.mark.parametrize("lecture", OUTCOMES)
def test_outcomes_name_tasks_and_items_that_exist(lecture):
    number, _, name = lecture.partition("_")
    tasks = {task.name for task in tasks_of(importlib.import_module(f"checks.{name}"))}
    items = set(questions.read(number).get("recall", {}))
    assert 3 <= len(OUTCOMES[lecture]) <= 5
    for outcome, tied in OUTCOMES[lecture].items():
        assert tied["tasks"] and set(tied["tasks"]) <= tasks, outcome
        assert set(tied["recall"]) <= items, outcome
