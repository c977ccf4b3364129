"""One set of versions: pyproject.toml, constraints.txt and environment.yml stay in step."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import environment

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONDA_NAMES = {"matplotlib-base": "matplotlib"}


def lines(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def pins(python):
    """The versions that constraints.txt gives for one Python on Linux."""
    where = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
    }
    found = {}
    for line in lines("constraints.txt"):
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate(where):
            found[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_dependency_is_pinned_within_its_range(python):
    found = pins(python)
    for text in [*PROJECT["dependencies"], *(t for extra in EXTRAS.values() for t in extra)]:
        dependency = Requirement(text)
        name = canonicalize_name(dependency.name)
        assert name in found, f"{name} is missing from constraints.txt: run 'make lock'"
        assert found[name] in dependency.specifier, f"{name} {found[name]} is outside {text}"


def test_the_pins_name_no_address():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not re.search(r"https?:|--|@ ", text)


def test_conda_installs_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    python = conda[0].removeprefix("python=")
    found = pins(python)
    for entry in conda[2:]:
        name, version = entry.split("=")
        assert found[CONDA_NAMES.get(name, name)] == version, f"{name} in environment.yml"
    assert pip == {"pip": ["-c constraints.txt", "-e .[test,site]"]}


def test_what_is_installed_is_what_is_pinned():
    from importlib.metadata import version

    found = pins(f"{sys.version_info.major}.{sys.version_info.minor}")
    for text in PROJECT["dependencies"]:
        name = canonicalize_name(Requirement(text).name)
        assert version(name) == found[name], f"{name}: run 'make env'"


def test_an_old_python_is_told_so():
    old = next((f"python3.{n}" for n in (8, 9, 10) if _answers(f"python3.{n}")), None)
    if old is None:
        pytest.skip("no Python older than 3.11 on this machine")
    run = subprocess.run([old, ROOT / "tools/environment.py"], capture_output=True, text=True)
    assert run.returncode != 0
    assert "needs Python 3.11 or newer" in run.stderr
    assert "Traceback" not in run.stderr


def _answers(command):
    try:
        return subprocess.run([command, "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def test_helpers_import_quickly_and_quietly():
    """What a first cell imports must not pull in the slow parts of scipy or draw anything."""
    code = (
        "import sys, helpers.elbo, helpers.densities, helpers.ascent, helpers.mixture, "
        "helpers.fhmm, helpers.lda, helpers.latent_factors, helpers.log_linear, helpers.data\n"
        "heavy = {'scipy.stats', 'matplotlib', 'ipywidgets', 'sphinx'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""


def test_the_check_on_the_start_page_is_content_here(capsys):
    assert environment.check() == []
    assert capsys.readouterr().out.startswith("OK")


def test_the_check_names_what_is_missing_and_what_to_do(capsys, monkeypatch):
    wanted = ["numpy>=99", "no-such-package", "scipy", "dream; extra == 'test'"]
    monkeypatch.setattr(environment, "requires", lambda name: wanted)
    lines = environment.check()
    assert len(lines) == 2
    assert "the course needs numpy>=99" in lines[0] and "make env" in lines[0]
    assert lines[1].startswith("no-such-package is missing")
    assert environment.check("no-such-course-at-all") == lines  # the metadata are patched
    monkeypatch.undo()
    assert "not installed" in environment.check("no-such-course-at-all")[0]
