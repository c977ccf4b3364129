"""What a fork needs to publish itself: its workflows, its container, its image for Binder."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CONTAINER = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
# All that the specification of devcontainer.json requires of a container made from an image.
DEVCONTAINER = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "image": {"type": "string", "pattern": r"^[\w.-]+(/[\w.-]+)+:[\w.-]+$"},
        "postCreateCommand": {"type": ["string", "array", "object"]},
        "forwardPorts": {"type": "array", "items": {"type": "integer", "maximum": 65535}},
        "customizations": {"type": "object"},
    },
}


def test_workflows_are_valid():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    check += ["vendor.github-workflows", *map(str, WORKFLOWS)]
    run = subprocess.run(check, capture_output=True, text=True)
    assert len(WORKFLOWS) == 3 and run.returncode == 0, run.stdout + run.stderr


def test_every_job_ends():
    for text in TEXTS.values():
        assert all("timeout-minutes" in job for job in yaml.safe_load(text)["jobs"].values())


def test_the_container_is_valid():
    import jsonschema

    jsonschema.validate(CONTAINER, DEVCONTAINER)


def test_what_they_call_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    extras = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for text in [*TEXTS.values(), CONTAINER["postCreateCommand"]]:
        for target in re.findall(r"\bmake ([a-z]+[\w+-]*)", text):
            kind, _, names = target.partition("-")
            assert target in targets or kind == "env", target
            assert all(f"\n{name} = [" in extras for name in names.split("+") if name), target
        for path in re.findall(r"\b(?:tools|tests|notebooks)/[\w/]+\.\w+", text):
            assert (ROOT / path).exists(), path


def test_workflows_name_no_address_of_somebody():
    """A fork publishes itself: what is its own comes from the service that runs the workflow."""
    for name, text in TEXTS.items():
        addresses = re.findall(r"https?://[^\s\"')]+|github\.com/[^\s\"')]+", text)
        assert set(addresses) <= {"http://127.0.0.1:9"}, (name, addresses)
        for action in re.findall(r"uses: (\S+)", text):
            assert re.fullmatch(r"(actions|conda-incubator)/[\w-]+@v\d+", action), action


@pytest.mark.parametrize("name", ["README.md", "docs", "CITATION.cff", "pyproject.toml"])
def test_no_placeholder_stands_for_an_address(name):
    paths = (ROOT / name).rglob("*.*") if (ROOT / name).is_dir() else [ROOT / name]
    for path in paths:
        assert not re.search(r"\b(REPOSITORY|OWNER)\b", path.read_text(encoding="utf-8")), path
