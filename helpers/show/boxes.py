"""What a slide says instead of a print: a table of results, one large number, words by topic.

Each returns something that is HTML as the last line of a cell (28-px type on a slide, a page's
own type elsewhere) and plain text where there is no HTML: ``print(show.result_table(...))`` in a
cell of type skip is the twin that tests compare and readers copy.
"""

import contextlib
import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from helpers.arguments import finite_array
from helpers.show import figures, palette
from helpers.show.palette import LOOKS


@dataclass(frozen=True)
class Box:
    """What a cell shows: markup, of a kind that Jupyter knows, and the text that says the same."""

    markup: str
    text: str
    kind: str = "text/html"

    def __repr__(self):
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        style = _style() if 'class="vi-' in self.markup else ""
        return {self.kind: style + self.markup, "text/plain": self.text}


@cache
def _style():
    sheet = Path(__file__).with_name("boxes.css").read_text(encoding="utf-8")
    return f"<style>{' '.join(sheet.split())}</style>"


def result_table(rows, columns, *, corner="", digits=2, best=None, caption=""):
    """A table of results with the best of each column in bold.

    rows: {name: one number or word per column}; the name of a role or method of the palette is
    shown with its colour and meaning; the power in "10^48 terms" is raised. columns: headings,
    with their units: "gap (nats)".
    digits: decimals, one for all or one per column. best: None, "max" or "min", one for all or
    one per column. corner: heading of the names. caption: a sentence below.

        show.result_table({"factorised": [-2.41, 0.31], "structured": [-2.15, 0.05]},
                          ["ELBO (nats)", "gap (nats)"], best=["max", "min"])
    """
    digits, best = _each("digits", digits, columns), _each("best", best, columns)
    texts = {}
    for name, row in rows.items():
        if len(row) != len(columns):
            raise ValueError(f"rows: {name!r} has {len(row)} entries for {len(columns)} columns")
        texts[name] = [_written(value, d) for value, d in zip(row, digits, strict=True)]
    winners = [_best(rule, [row[j] for row in texts.values()]) for j, rule in enumerate(best)]
    head = _cell("th", corner, 'scope="col"') if corner else "<td></td>"
    head += "".join(_cell("th", column, 'scope="col"') for column in columns)
    body = ""
    for name, row in texts.items():
        body += f'<tr><th scope="row">{_swatch(name)}{html.escape(_named(name))}</th>'
        for text, wins in zip(row, winners, strict=True):
            mark = ' class="best"' if text in wins else ""
            body += f"<td{mark}>{_raised(text)}</td>"
        body += "</tr>"
    caption = _signed(caption)
    below = _cell("caption", caption) if caption else ""
    markup = f"{below}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    plain = [[corner, *map(str, columns)], *([_named(n), *row] for n, row in texts.items())]
    text = "\n".join([*_aligned(plain), *([caption] if caption else [])])
    return Box(f'<table class="vi-table">{markup}</table>', text)


def callout(number, sentence, *, role=None):
    """One large number with the sentence that says what it is.

    number: its text with the unit, "0.27 nats"; "10^33,056" is raised. role: whose colour it has.
    """
    number = _signed(str(number))
    hue = f' style="color:{_css_colour(role)}"' if role else ""
    markup = f"<b{hue}>{_raised(number)}</b>{html.escape(sentence)}"
    return Box(f'<div class="vi-callout">{markup}</div>', f"{number}: {sentence}")


def side_by_side(*parts):
    """Call-outs, tables or pictures in one row: ``show.side_by_side(show.callout(...), ...)``."""
    if not parts:
        raise ValueError("parts: expected at least one call-out, table or picture, got none")
    markup = "".join(f"<div>{_markup(part)}</div>" for part in parts)
    return Box(f'<div class="vi-beside">{markup}</div>', "\n".join(map(repr, parts)))


def cards(groups, *, columns=5):
    """A card for each topic or factor: its words, the likelier the larger.

    groups: {title: {word: share}}; the colours are those of ``palette.series`` in this order.
    """
    drawn = []
    for index, (title, shares) in enumerate(groups.items()):
        sizes = finite_array(f"groups[{title!r}]", list(shares.values()), ndim=1)
        largest = max(sizes.max(initial=0.0), 1e-300)
        ems = 1 + 0.7 * np.maximum(sizes, 0) / largest
        words = "".join(
            _cell("span", word, f'style="font-size:{em:.2f}em"') + " "
            for word, em in zip(shares, ems, strict=True)
        )
        edge = f"border-color:var(--vi-series-{index % 8}, {palette.series(index)})"
        drawn.append(f'<div style="{edge}">{_cell("strong", title)} {words}</div>')
    grid = f"grid-template-columns:repeat({columns}, minmax(0, 1fr))"
    text = "\n".join(f"{title}: {' '.join(map(str, shares))}" for title, shares in groups.items())
    return Box(f'<div class="vi-cards" style="{grid}">{"".join(drawn)}</div>', text)


def coloured_words(words, topics, names=None):
    """A text with each word on the tint of its topic and the topic's number behind it.

    words: strings. topics: an index per word, None for a word without topic. names: one name per
    topic, shown as a legend above the text.
    """
    words = tuple(map(str, words))
    topics = tuple(None if k is None else int(k) for k in topics)
    if len(words) != len(topics):
        raise ValueError(f"topics: expected one per word, {len(words)}, got {len(topics)}")
    used = {k for k in topics if k is not None}
    known = range(len(names)) if names is not None else range(max(used, default=0) + 1)
    if not used <= set(known):
        raise ValueError(f"topics: expected 0 to {known.stop - 1}, got {sorted(used - set(known))}")
    legend = " ".join(_marked(str(names[k]), k) for k in sorted(used)) if names is not None else ""
    marked = " ".join(map(_marked, words, topics))
    markup = "".join(f'<p style="line-height:1.9">{p}</p>' for p in (legend, marked) if p)
    pairs = zip(words, topics, strict=True)
    text = " ".join(word if k is None else f"{word}[{k}]" for word, k in pairs)
    return Box(f"<div>{markup}</div>", text)


def _cell(tag, text, attribute=""):
    return f"<{tag} {attribute}".strip() + f">{html.escape(str(text))}</{tag}>"


def _markup(part):
    if isinstance(part, Box):
        return part.markup
    bundle = getattr(part, "_repr_mimebundle_", dict)()
    return bundle.get("text/html") or f"<p>{html.escape(str(part))}</p>"


def _each(name, given, columns):
    """One setting per column, from one for all or a sequence."""
    if given is None or isinstance(given, str | int):
        return [given] * len(columns)
    if len(given) != len(columns):
        raise ValueError(f"{name}: expected one for all or one per column, got {given!r}")
    return list(given)


def _written(value, digits):
    return _signed(value) if isinstance(value, str) else figures.written(value, digits)


def _signed(text):
    """The text with a minus in place of the hyphen before a number, as numbers have it."""
    return re.sub(r"(?<![\w)])-(?=\d)", "−", text)


def _raised(text):
    return re.sub(r"\^(\S+)", r"<sup>\1</sup>", html.escape(text))


def _best(rule, texts):
    """The texts of a column that win, as written: what reads equal is equal."""
    if rule not in (None, "max", "min"):
        raise ValueError(f'best: expected "max", "min" or None, got {rule!r}')
    numbers = {}
    for text in texts:
        with contextlib.suppress(ValueError):  # a word
            numbers[text] = float(text.replace(",", "").replace("−", "-").replace("∞", "inf"))
    if rule is None or not numbers:
        return ()
    top = (max if rule == "max" else min)(numbers.values())
    return tuple(text for text, number in numbers.items() if number == top)


def _aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *rest = zip(row, widths, strict=True)
        yield "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)])


def _named(name):
    return LOOKS[name].meaning if name in LOOKS else _signed(str(name))


def _swatch(name):
    return f'<i style="background:{_css_colour(name)}"></i>' if name in LOOKS else ""


def _css_colour(role):
    """The role's colour: the deck's, which follows light and dark, else the light one."""
    return f"var(--vi-{role}, {palette.colour(role)})"


def _marked(word, topic):
    if topic is None:
        return html.escape(word)
    hue = palette.series(topic)
    css = (
        f"background:{palette.tint(hue, 0.82)}; color:{palette.INK[palette.LIGHT]};"
        f" border-bottom:3px solid {hue}; border-radius:3px; padding:1px 4px"
    )
    return f'<span style="{css}">{html.escape(word)}<sub>{topic}</sub></span>'
