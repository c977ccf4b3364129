"""Melodies of Bach chorales: a reader for the UCI file, and the same from music21's corpus.

A melody is a sequence of events, each a row of six whole numbers, times in sixteenth notes:

    start, pitch (MIDI), duration, key (sharps, or flats as negative), metre (of a bar), fermata

The UCI data set "Chorales" is one Lisp list for each melody,

    (7 ((st 8) (pitch 67) (dur 4) (keysig 1) (timesig 12) (fermata 0)) ((st 12) ...) ...)
"""

import re
from dataclasses import dataclass

import numpy as np

from helpers.arguments import whole_number
from helpers.data.lines import placed_lines

RANGES = {
    "st": (0, 10**6), "pitch": (0, 127), "dur": (1, 10**4), "keysig": (-7, 7),
    "timesig": (1, 10**4), "fermata": (0, 1),
}  # fmt: skip
FIELDS = tuple(RANGES)
MUSIC21_MISSING = (
    "the chorales come with music21, which is not installed: "
    "pip install 'variational-inference-course[papers]' brings it"
)
SCORES = (".mxl", ".xml", ".krn")


@dataclass(frozen=True)
class Melody:
    """name: its number or title. events: (T, 6) whole numbers, columns as in FIELDS."""

    name: str
    events: np.ndarray


def read_chorales(path):
    """The melodies of a file in the UCI format, a list of :class:`Melody`.

    Lists may run over several lines; a semicolon starts a comment.

    Raises:
        ValueError: naming the file and the line, for brackets that do not match, a field that
            is missing, unknown, given twice or out of its range, events out of their order in
            time, or a file without any melody.
    """
    melodies = [_melody(item, place) for item, place in _lists(path)]
    if not melodies:
        raise ValueError(f"{path}: holds no melody")
    return melodies


def music21_chorales(most=None, more_than=0):
    """Soprano melodies of the chorales in music21's corpus, in the order of their BWV files.

    Args:
        most: stop after so many melodies; each takes about half a second to parse.
        more_than: leave out melodies with no more events than this.
    Raises:
        ModuleNotFoundError: music21 is missing; the message says how to get it.
    """
    most = None if most is None else whole_number("most", most, minimum=0)
    more_than = whole_number("more_than", more_than, minimum=0)
    try:
        from music21 import corpus
    except ModuleNotFoundError:
        raise ModuleNotFoundError(MUSIC21_MISSING) from None
    melodies = []
    scores = [path for path in corpus.getComposer("bach") if path.suffix in SCORES]
    for path in sorted(scores, key=lambda path: path.name):
        if most is not None and len(melodies) >= most:
            break
        events = _events_of_score(corpus.parse(path))
        if events is not None and len(events) > more_than:
            melodies.append(Melody(path.stem, events))
    return melodies


def _events_of_score(score):
    """The events of the soprano of a four-part score, (T, 6), or None if it is no such score."""
    if len(score.parts) != 4 or "soprano" not in str(score.parts[0].partName).lower():
        return None
    events = []
    for note in score.parts[0].flatten().stripTies().notes:
        if not note.isNote:
            return None
        metre, key = note.getContextByClass("TimeSignature"), note.getContextByClass("KeySignature")
        fermata = any("Fermata" in sign.classes for sign in note.expressions)
        quarters = note.offset, note.quarterLength, metre.barDuration.quarterLength
        start, duration, bar = (round(4 * float(length)) for length in quarters)
        sharps = 0 if key is None else key.sharps
        events.append((start, note.pitch.midi, max(duration, 1), sharps, bar, int(fermata)))
    return np.array(events) if events else None


def _lists(path):
    """Nested lists of (word, place) at the top level of a file, each with its first place."""
    stack, started = [[]], None
    for place, line in placed_lines(path):
        for token in re.findall(r"[()]|[^\s()]+", line.split(";")[0]):
            outside = len(stack) == 1
            if outside and token != "(":
                never = "a bracket closes that never opened"
                wrong = f"expected a list in brackets, got {token!r}"
                raise ValueError(f"{place}: {never if token == ')' else wrong}")
            if token == "(":
                started = place if outside else started
                stack.append([])
            elif token == ")":
                done = stack.pop()
                stack[-1].append((done, started if len(stack) == 1 else place))
            else:
                stack[-1].append((token, place))
    if len(stack) > 1:
        raise ValueError(f"{started}: the list that begins here never ends")
    return stack[0]


def _melody(item, place):
    if not item or isinstance(item[0][0], list):
        raise ValueError(f"{place}: expected a melody's number, then its events")
    (name, _), *events = item
    if not events:
        raise ValueError(f"{place}: melody {name} has no events")
    rows = np.array([_event(event, where) for event, where in events])
    for (_, where), early, late in zip(events[1:], rows[:-1, 0], rows[1:, 0], strict=True):
        if late <= early:
            raise ValueError(f"{where}: the event starts at {late}, expected after {early}")
    return Melody(name, rows)


def _event(event, place):
    values = {}
    for pair, _ in event if isinstance(event, list) else [(event, place)]:
        field, value = _pair(pair, place)
        if field in values:
            raise ValueError(f"{place}: ({field} ...) is given twice in one event")
        values[field] = value
    missing = [field for field in FIELDS if field not in values]
    if missing:
        raise ValueError(f"{place}: the event lacks ({missing[0]} ...)")
    return [values[field] for field in FIELDS]


def _pair(pair, place):
    words = [word for word, _ in pair] if isinstance(pair, list) else [pair]
    if len(words) != 2 or any(isinstance(word, list) for word in words):
        raise ValueError(f"{place}: expected a pair such as (pitch 67)")
    field, value = words[0].lower(), words[1]
    if field not in FIELDS:
        raise ValueError(f"{place}: the field is {field!r}, expected one of {', '.join(FIELDS)}")
    low, high = RANGES[field]
    if not re.fullmatch(r"[+-]?[0-9]+", value) or not low <= int(value) <= high:
        raise ValueError(f"{place}: ({field} {value}), expected {low} to {high}")
    return field, int(value)
