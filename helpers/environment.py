"""Says whether the course can run here, and if not, what to do."""

import sys
from importlib.metadata import PackageNotFoundError, metadata, requires, version

COURSE = "variational-inference-course"
REMEDY = "run 'make env' in the folder of the course (or: pip install -c constraints.txt -e .)"


def check(course=COURSE):
    """Print OK, or a line for each missing package of the course with its remedy; the lines."""
    from packaging.requirements import Requirement

    try:
        found = [_problem(Requirement(text)) for text in requires(course) or []]
    except PackageNotFoundError:
        found = [f"The course itself is not installed: {REMEDY}."]
    problems = [line for line in found if line]
    if sys.version_info < (3, 11):  # noqa: UP036 (a notebook may run in another kernel)
        have = ".".join(map(str, sys.version_info[:2]))
        problems.append(f"Python {have} is too old: the course needs 3.11 or newer.")
    print("\n".join(problems) if problems else "OK: everything that the course needs is here.")
    return problems


def edition(course=COURSE):
    """Version and licences of the course from pyproject.toml, one line, "" if not installed."""
    try:
        about = metadata(course)
    except PackageNotFoundError:
        return ""
    code, _, text = (about["License-Expression"] or "").partition(" AND ")
    terms = f" · text and figures {text}, code {code}" if text else ""
    return f"Version {about['Version']}{terms}"


def _problem(requirement):
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return None
    name, wanted = requirement.name, requirement.specifier
    try:
        have = version(name)
    except PackageNotFoundError:
        return f"{name} is missing: {REMEDY}."
    wrong = f"{name} {have} is here, but the course needs {name}{wanted}: {REMEDY}."
    return None if have in wanted else wrong
