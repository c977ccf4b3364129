"""Version, licences and citation: each stands in one place, and all agree."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from helpers.environment import edition

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
CODE, TEXT = PROJECT["license"].split(" AND ")
TITLES = {"BSD-3-Clause": "BSD 3-Clause License", "CC-BY-4.0": "Creative Commons Attribution 4.0"}


@pytest.mark.parametrize("name, licence", [("LICENSE", CODE), ("LICENSE-TEXT", TEXT)])
def test_the_licences_are_those_that_the_project_names(name, licence):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert f"SPDX-License-Identifier: {licence}" in text and TITLES[licence] in text
    assert name in PROJECT["license-files"]


def test_one_version():
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+)$", changes, re.M)[1]
    assert PROJECT["version"] == CITATION["version"] == newest


def test_edition_is_what_decks_and_pages_show():
    assert edition() == (f"Version {PROJECT['version']} · text and figures {TEXT}, code {CODE}"), (
        "run 'make env': the installed course is another version"
    )
    assert edition("no-such-course-at-all") == ""


def test_the_citation_is_valid_and_names_the_tutorial():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    check += ["vendor.citation-file-format", str(ROOT / "CITATION.cff")]
    run = subprocess.run(check, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert CITATION["license"] == CODE
    (tutorial,) = CITATION["references"]
    assert [a["family-names"] for a in tutorial["authors"]] == ["Schulz", "Aziz"]
    assert tutorial["url"] in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_data_file_says_where_it_comes_from():
    folder = ROOT / "helpers/data/files"
    headings = re.findall(r"^## (.*)$", (folder / "README.md").read_text(encoding="utf-8"), re.M)
    named = set(re.findall(r"[\w.]+\.(?:ldac|vocab|names|csv|conllu)", " ".join(headings)))
    assert named == {p.name for p in folder.iterdir() if p.is_file() and p.suffix != ".md"}


def test_what_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:helpers|checks|slides|tests|tools|notebooks)/[\w/.]+)`", text):
        assert "NN_name" in path or "name.py" in path or (ROOT / path).exists(), path
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"\bmake ([a-z]+)", text + (ROOT / "README.md").read_text("utf-8"))
    for target in {*targets} - {"alone"}:
        assert re.search(rf"^{target}:", makefile, re.M), target
    assert len(text.splitlines()) < 40  # one screen


def test_the_slow_tests_that_quick_leaves_out_are_there():
    slow = re.search(r"^SLOW := (.*?)\n\n", (ROOT / "Makefile").read_text("utf-8"), re.M | re.S)[1]
    for name in slow.replace("\\", "").split():
        assert (ROOT / f"tests/test_{name}.py").exists(), name


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda p: p.stem
)
def test_links_and_targets_of_the_pages_exist(page):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", text):
        if not target.startswith(("http:", "https:")):
            where = page.parent / target if target else page
            assert where.exists(), target
            if anchor:
                headings = re.findall(r"^#+ (.*)$", where.read_text(encoding="utf-8"), re.M)
                assert anchor in [
                    re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings
                ]
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert set(re.findall(r"`make ([a-z]+)|^ *make ([a-z]+)", text, re.M)) <= {
        *((name, "") for name in known),
        *(("", name) for name in known),
    }
