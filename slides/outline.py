"""Where in the course a lecture is: the strip on its slides, its outline, who made it.

The sections are data (outline.toml). A notebook is known by the number its file name begins with;
one of a teacher's own has no strip, unless its metadata says ``"section": "Mean field"``.
"""

import functools
import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from nbformat import v4

from helpers.environment import COURSE, edition

DATA = Path(__file__).with_name("outline.toml")


@dataclass(frozen=True)
class Section:
    """A section of the course: its name, and its lectures as {number: short name}."""

    name: str
    lectures: dict


@functools.cache
def sections():
    """The course's sections, in order."""
    found = tomllib.loads(DATA.read_text(encoding="utf-8"))["section"]
    return tuple(Section(**section) for section in found)


def number_of(name):
    """The number in a notebook's file name, "03a" of "03a_jensen"; "" where there is none."""
    match = re.match(r"(\d\d[a-z]?)_", name)
    return match.group(1) if match else ""


def section_of(nb, name):
    """The section of a notebook: as its metadata says, else by its number; "" for none."""
    number = number_of(name)
    own = next((section.name for section in sections() if number in section.lectures), "")
    return nb.metadata.get("section", own)


def strip(current):
    """The sections in a line, the current one marked; "" for a notebook outside of them."""
    if not current:
        return ""
    items = "".join(
        f"<li{' class=current aria-current=true' if section.name == current else ''}>"
        f"{escape(section.name)}</li>"
        for section in sections()
    )
    return f'<ol class="strip" aria-label="Sections of the course">{items}</ol>'


def outline(current, number=""):
    """The course's outline as a slide's Markdown cell: the current section with its lectures."""
    lines = ["## Outline", ""]
    for place, section in enumerate(sections(), start=1):
        here = section.name == current
        lines.append(f"{place}. **{section.name}**" if here else f"{place}. {section.name}")
        if here and len(section.lectures) > 1:
            for key, name in section.lectures.items():
                lines.append(f"   - **{name}**" if key == number else f"   - {name}")
    cell = v4.new_markdown_cell("\n".join(lines), id=f"outline-{number or 'slide'}")
    cell.metadata.update({"slideshow": {"slide_type": "slide"}, "tags": ["outline", "generated"]})
    return cell


@functools.cache
def imprint():
    """Authors, version and licence of the course, as pyproject.toml has them."""
    with suppress(PackageNotFoundError):
        authors = metadata(COURSE)["Author"] or ""
        return " · ".join(part for part in (authors, edition()) if part)
    return ""
