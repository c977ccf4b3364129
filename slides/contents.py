"""The page that lists the lectures: titles, durations, pictures; as self-contained as the decks."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from helpers.show import palette
from slides import assets
from slides.arrange import minutes, split
from slides.prepare import own_picture, title

# What the keys do, in the order in which one needs them; D and C are the course's own (deck.js).
KEYS = {
    "Space": "goes on",
    "S": "opens the speaker view",
    "Esc": "the overview",
    "D": "changes between light and dark",
    "C": "shows the code",
    "?": "all keys",
}


@dataclass(frozen=True)
class Lecture:
    """One line of the contents: the deck's file, what it is about and how long it takes.

    minutes is 0 where nobody said; picture is an address with the picture in it, or empty.
    """

    file: str
    title: str
    slides: int
    minutes: float = 0
    picture: str = ""

    @property
    def extent(self):
        """Slides and minutes, in words."""
        slides = f"{self.slides} slides" if self.slides != 1 else "1 slide"
        return f"{slides}, {_duration(self.minutes)}" if self.minutes else slides

    @property
    def address(self):
        """The file's name as an address: # % ? and spaces are no names of anything else."""
        return quote(self.file)


def lecture(nb, notebook, file):
    """What the contents say of a notebook: title, slides, the sum of the notes' minutes, a picture.

    The picture is the one on its title slide.
    """
    slides = split(nb.cells)
    said = sum(minutes(slide) for slide in slides)
    name = title(nb, {"metadata": {"name": Path(notebook).stem}})
    shown = re.search(r'\bsrc="([^"]*)"', own_picture(nb.cells))
    return Lecture(file, name, len(slides), float(said), shown.group(1) if shown else "")


def contents(lectures, heading="Variational inference: the slides"):
    """The page as HTML."""
    page = (assets.PAGE / "contents.html.j2").read_text(encoding="utf-8")
    total = sum(item.minutes for item in lectures)
    return (
        Environment(autoescape=True)
        .from_string(page)
        .render(
            title=heading,
            lectures=lectures,
            keys=KEYS,
            total=_duration(total) if total else "",
            policy=Markup(assets.POLICY),
            fonts=Markup(assets.fonts()),
            light=Markup(palette.css_variables(palette.LIGHT)),
            dark=Markup(palette.css_variables(palette.DARK)),
        )
    )


def _duration(total):
    hours, rest = divmod(round(total), 60)
    if not hours:
        return f"{rest} minutes"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
