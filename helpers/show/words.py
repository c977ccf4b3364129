"""A text with its topics: each word on the tint of its topic, with the topic's number."""

import html
from dataclasses import dataclass

from helpers.show import palette


@dataclass(frozen=True)
class ColouredWords:
    """Words and their topics; as the last line of a cell, a paragraph of coloured words."""

    words: tuple
    topics: tuple
    names: tuple | None = None

    def __repr__(self):
        pairs = zip(self.words, self.topics, strict=True)
        return " ".join(word if k is None else f"{word}[{k}]" for word, k in pairs)

    def _repr_mimebundle_(self, include=None, exclude=None):
        words = " ".join(map(_marked, self.words, self.topics))
        shown = sorted({k for k in self.topics if k is not None}) if self.names else ()
        legend = " ".join(_marked(str(self.names[k]), k) for k in shown)
        paragraphs = "".join(f'<p style="line-height:1.9">{p}</p>' for p in (legend, words) if p)
        return {"text/html": f"<div>{paragraphs}</div>", "text/plain": repr(self)}


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
    return ColouredWords(words, topics, None if names is None else tuple(names))


def _marked(word, topic):
    if topic is None:
        return html.escape(word)
    hue = palette.series(topic)
    css = (
        f"background:{palette.tint(hue, 0.82)}; color:{palette.INK[palette.LIGHT]};"
        f" border-bottom:3px solid {hue}; border-radius:3px; padding:1px 4px"
    )
    return f'<span style="{css}">{html.escape(word)}<sub>{topic}</sub></span>'
