"""The site: every notebook a page that needs nothing from outside, and is accessible."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import chromium  # noqa: E402
import deck_checks  # noqa: E402
import site_pages  # noqa: E402

from helpers.environment import edition  # noqa: E402

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning"
)
PAGES = ("index", "notebooks/05_summary", "exercises/03a_jensen", "search")


@pytest.fixture(scope="module")
def site():
    """Build the whole site once."""
    if importlib.util.find_spec("sphinx_book_theme") is None:
        pytest.skip("the extra 'site' is not installed: python tools/environment.py site")
    site_pages.prepare()
    assert site_pages.build() == 0
    return site_pages.SITE


def test_every_notebook_has_a_page(site):
    for folder in ("notebooks", "exercises", "solutions"):
        for path in (ROOT / folder).glob("*.ipynb"):
            page = site / folder / f"{path.stem}.html"
            assert page.exists(), path
    lecture = (site / "notebooks/03a_jensen.html").read_text(encoding="utf-8")
    assert "Let them answer before" not in lecture  # the teacher's notes stay out
    assert 'type="range"' in lecture or "<script" in lecture  # the figures came along


def test_links_between_headings_arrive(site):
    summary = (site / "notebooks/05_summary.html").read_text(encoding="utf-8")
    target = (site / "notebooks/03a_jensen.html").read_text(encoding="utf-8")
    assert "03a_jensen.html#the-drop-is-the-kl" in summary
    assert 'id="the-drop-is-the-kl"' in target


def test_solutions_stay_with_the_teacher_where_wanted(monkeypatch, tmp_path):
    import lite

    monkeypatch.setenv("SOLUTIONS", "no")
    monkeypatch.setattr(site_pages, "SOURCE", tmp_path / "site")
    monkeypatch.setattr(lite, "FILES", tmp_path / "lite")
    site_pages.prepare()
    lite.write_files()
    for folder in ("site", "lite"):
        pages = sorted(p.relative_to(tmp_path) for p in (tmp_path / folder).rglob("*.ipynb"))
        assert len(pages) > 20 and "solutions" not in {p.parent.name for p in pages}
        assert not any("](../solutions/" in (tmp_path / p).read_text("utf-8") for p in pages)
    assert "solutions/" not in (tmp_path / "site/index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "origin, name",
    [
        ("https://github.com/someone/a-course.git", "someone/a-course"),
        ("git@github.com:someone/a.course", "someone/a.course"),
        ("/home/someone/course", ""),
        ("https://git.example.org/someone/course", ""),
        ("", ""),
    ],
)
def test_pages_open_elsewhere_only_where_the_course_has_an_address(monkeypatch, origin, name):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.setattr(site_pages, "_git", lambda *a: origin if a[0] == "remote" else "trunk")
    assert site_pages.repository() == ((name, "trunk") if name else ("", ""))
    assert bool(site_pages.launch_options()) == bool(name)


def test_the_buttons_lead_to_the_notebook(monkeypatch, tmp_path):
    """The whole way through Sphinx, with two pages for all."""
    pytest.importorskip("sphinx_book_theme")
    source = tmp_path / "source"
    (tmp_path / "lite").mkdir()
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/a-course")
    monkeypatch.setenv("GITHUB_REF_NAME", "trunk")
    for key, folder in {"SOURCE": "source", "SITE": "site", "LITE": "lite"}.items():
        monkeypatch.setattr(site_pages, key, tmp_path / folder)
    site_pages.prepare()
    kept = ("index.md", "03a_jensen.ipynb")
    for path in [*source.rglob("*.ipynb"), *source.rglob("*.md")]:
        if path.name not in kept or path.parent.name in ("exercises", "solutions"):
            path.unlink()
    (source / "index.md").write_text("# x\n```{toctree}\nnotebooks/03a_jensen\n```\n")
    assert site_pages.build() == 0
    page = (tmp_path / "site/notebooks/03a_jensen.html").read_text(encoding="utf-8")
    for address in (
        "https://mybinder.org/v2/gh/someone/a-course/trunk?urlpath=lab/tree/notebooks/",
        "https://colab.research.google.com/github/someone/a-course/blob/trunk/notebooks/",
        "../lite/lab/index.html?path=notebooks/",
    ):
        assert f"{address}03a_jensen.ipynb" in page
    assert edition() in page


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_and_accessible_without_a_network(site, name, browser):
    from axe_playwright_python.sync_playwright import Axe

    outside, errors = [], []
    heard = {
        "request": lambda r: r.url.startswith("http") and outside.append(r.url),
        "pageerror": lambda e: errors.append(str(e)),
    }
    with chromium.page(browser, heard=heard) as page:
        page.goto((site / f"{name}.html").as_uri())
        page.evaluate("window.MathJax?.startup?.promise")
        page.evaluate(deck_checks.WITHOUT_GLYPHS)
        violations = Axe().run(page).response["violations"]
    assert not outside and not errors
    serious = [v["id"] for v in violations if v["impact"] in ("serious", "critical")]
    assert not serious, [(v["id"], v["nodes"][0]["html"][:200]) for v in violations]
