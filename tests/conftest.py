"""One Chromium for all tests that need a browser, or a loud skip."""

import os
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

TOOLS = Path(__file__).resolve().parents[1] / "tools"
sys.path.insert(0, str(TOOLS))

import chromium  # noqa: E402

# a busy machine is no reason to fail: what is slow shows in --durations
settings.register_profile("course", deadline=None)
settings.load_profile("course")


# What takes longest comes first, so that no worker is left with it when the others are done.
LONGEST = (
    "lectures interactive_browser grading decks site teaching hub interactive own_corpus".split()
)


def pytest_collection_modifyitems(items):
    """The order of the files; a course may be handed on without solutions/: theirs are skipped."""
    order = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    notebook = {".ipynb": len(order)}
    items.sort(key=lambda i: order.get(i.path.stem, notebook.get(i.path.suffix, len(order) + 1)))
    if not (TOOLS.parent / "solutions").exists():
        for item in items:
            if item.get_closest_marker("solutions"):
                item.add_marker(pytest.mark.skip(reason="solutions/ is not here"))


@pytest.fixture(scope="session")
def browser():
    """A running Chromium; without one the tests skip, or fail where CI is set."""
    path = chromium.find_or_install()
    if path is None:
        said = chromium.MISSING.format(why="no package could be had")
        if os.environ.get("CI"):
            pytest.fail(said)
        warnings.warn(said, stacklevel=2)
        pytest.skip(said)
    with chromium.browser(path) as running:
        yield running


@pytest.fixture
def page(browser):
    """An empty page of it."""
    with chromium.page(browser) as lent:
        yield lent
