"""The page that lists the lectures: titles, durations, pictures; as self-contained as the decks."""

import base64
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from helpers.show import palette
from slides import assets
from slides.arrange import minutes, split
from slides.prepare import title


@dataclass(frozen=True)
class Lecture:
    """One line of the contents: the deck's file, what it is about and how long it takes.

    minutes is 0 where nobody said; thumbnail is a JPEG's bytes, or empty.
    """

    file: str
    title: str
    slides: int
    minutes: float = 0
    picture: bytes = b""

    @property
    def extent(self):
        """Slides and minutes, in words."""
        slides = f"{self.slides} slides" if self.slides != 1 else "1 slide"
        return f"{slides}, {_duration(self.minutes)}" if self.minutes else slides

    @property
    def thumbnail(self):
        """The picture as an address, "" where there is none."""
        coded = base64.b64encode(self.picture).decode()
        return f"data:image/jpeg;base64,{coded}" if coded else ""


def lecture(nb, notebook, file, picture=b""):
    """What the contents say of a notebook: its own minutes, else the sum of its notes'."""
    slides = split(nb.cells)
    said = nb.metadata.get("minutes") or sum(minutes(slide) for slide in slides)
    name = title(nb, {"metadata": {"name": Path(notebook).stem}})
    return Lecture(file, name, len(slides), float(said), picture)


def contents(lectures, heading="Variational inference: the slides"):
    """The page as HTML."""
    page = (assets.PAGE / "contents.html.j2").read_text(encoding="utf-8")
    total = sum(item.minutes for item in lectures)
    return (
        Environment(autoescape=False)
        .from_string(page)
        .render(
            title=heading,
            lectures=lectures,
            total=_duration(total) if total else "",
            policy=assets.POLICY,
            fonts=assets.fonts(),
            light=palette.css_variables(palette.LIGHT),
            dark=palette.css_variables(palette.DARK),
        )
    )


def _duration(total):
    hours, rest = divmod(round(total), 60)
    if not hours:
        return f"{rest} minutes"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
