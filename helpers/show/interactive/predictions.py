"""Questions that are answered before their answer is seen: a choice, a number, a point, recall.

A cell is one call, and the question stands in ``helpers/data/files/questions/03a.toml`` (see
:mod:`helpers.data.questions` for the format), so that nobody reads the answer above the figure::

    show.predict("03a-which-bar")              # whatever kind the file says
    show.predict("03a-how-far", right=gap)     # the truth as the notebook has computed it
    show.recall("03c")                         # what lecture 03c opens with
    show.recall()                              # twelve of all items, by lot, again and again
    show.predict("03a-mine", question="...", options={"ELBO": "...", "KL": "..."}, right="KL")

The last is a question of your own, by the keys of a file; hide the source of such a cell.

The name begins with the notebook's number and is used once in the course; under it the answer is
kept in the browser. The later cell whose text gives the answer says so in its metadata,
``{"answers": "03a-which-bar"}`` (or a list): a test holds that it exists and comes after.
Without JavaScript question and answers stand there as text, folded.
"""

import html
import re
from dataclasses import dataclass
from math import isfinite

from helpers.data import questions
from helpers.show.interactive.controls import ticks
from helpers.show.interactive.figure import bundle

NAME = re.compile(r"\d\d[a-d]?(-[a-z0-9]+)+")
BY_LOT, AT_START = 12, 4  # items of a mixed page, and at the start of a lecture
CASES = {"low": "Too low", "close": "Close", "high": "Too high"}  # of a number, and their words
GREEK = dict(
    alpha="α", beta="β", gamma="γ", theta="θ", mu="μ", sigma="σ", rho="ρ", phi="φ", psi="ψ",
    lambda_="λ", eta="η", log="log ", le="≤", ge="≥", to="→", infty="∞", mid="|", cdot="·",
    times="×", approx="≈",
)  # fmt: skip


@dataclass(frozen=True)
class Questions:
    """One or more questions; ``items`` is what the ES module needs to know about each."""

    title: str
    module: str
    items: tuple
    bodies: tuple
    by_lot: int = 0

    @property
    def data(self):
        return {"items": list(self.items), "draw": self.by_lot}

    def still(self):
        """The questions as text, answers folded: what there is without JavaScript."""
        return "\n".join(self.bodies)

    def __repr__(self):
        return f"{self.title}: {'; '.join(item['name'] for item in self.items)}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return bundle(self)


def predict(name, right=None, **entry):
    """The question of this name in the notebook's file, or one of your own, of any kind.

    Args:
        name: such as "03a-which-bar". right: the answer, where the file leaves it to the cell.
        entry: for a question of your own, the keys of the file: question; options; or tolerance,
            close, low, high and perhaps unit, axis, label, marks.
    Raises:
        ValueError: no such question, no such option, or a sentence that is missing.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        known = "the notebook's number and words, such as '03a-which-bar'"
        raise ValueError(f"name: expected {known}, got {name!r}")
    entry = entry or questions.prediction(name)
    item, body = _item(name, entry if right is None else entry | {"right": right})
    module = "choice" if "options" in item else "value"
    return Questions(f"Predict: {_plain(entry['question'])}", module, (item,), (body,))


def recall(notebook=None):
    """Questions about earlier notebooks: the three or four that lecture ``notebook`` opens with.

    Where the data have more for it, four are drawn by lot; None: twelve of all items.
    """
    items = questions.recall_items(notebook)
    if not items:
        raise ValueError(f"notebook: nothing is recalled in {notebook!r}")
    parts = [_item(f"recall-{name}", entry) for name, entry in items.items()]
    found, bodies = zip(*parts, strict=True)
    title = f"Recall, at the start of {notebook}" if notebook else "Recall, mixed"
    most = AT_START if notebook else BY_LOT
    return Questions(title, "recall", found, bodies, most if len(found) > most else 0)


def _item(name, entry):
    """What the module needs, and the HTML of question and folded answers."""
    item, field, answers = (_choice if "options" in entry else _value)(name, entry)
    body = (
        f'<form data-predict="{name}"><fieldset><legend>{rich(entry["question"])}</legend>\n'
        f"{field}</fieldset>\n<details><summary>All answers</summary>{answers}</details></form>"
    )
    return {"name": name} | item, body


def _choice(name, entry):
    options, right = entry["options"], entry.get("right")
    if not isinstance(options, dict) or not 2 <= len(options) <= 6:
        raise ValueError(f"options: expected two to six, each with its sentence, got {options!r}")
    if right not in options:
        raise ValueError(f"right: expected one of {list(options)}, got {right!r}")
    says = [rich(_sentence(options, option, "options: ")) for option in options]
    names, index = [rich(option) for option in options], list(options).index(right)
    field = "\n".join(
        f'<div class="option"><label><input type="radio" name="{name}" value="{k}">'
        f"<span>{option}</span></label></div>"
        for k, option in enumerate(names)
    )
    answers = "".join(
        f"<li><strong>{option}</strong> {'(right)' if k == index else '(no)'}: {sentence}</li>"
        for k, (option, sentence) in enumerate(zip(names, says, strict=True))
    )
    return {"options": names, "says": says, "right": index}, field, f"<ul>{answers}</ul>"


def _value(name, entry):
    right, tolerance = _number(entry, "right"), _number(entry, "tolerance")
    if tolerance <= 0:
        raise ValueError(f"tolerance: expected a positive number, got {tolerance}")
    says = [rich(_sentence(entry, case)) for case in CASES]
    unit = rich(entry.get("unit", ""))
    truth = f"{right:.4g} {unit}".strip().replace("-", "−", 1)
    item = {"right": right, "tolerance": tolerance, "truth": truth, "says": says}
    if "axis" in entry:
        low, high = (float(end) for end in entry["axis"])
        if not low <= right <= high:
            known = f"ends around the answer {right:.4g}"
            raise ValueError(f"axis: expected {known}, got {low}, {high}")
        label, start = entry.get("label", ""), (low + high) / 2
        item |= {"label": _plain(label), "marks": entry.get("marks") or {}, "axis": [low, high]}
        item |= {"ticks": ticks(low, high), "start": start}
        field = (
            f'<label class="wide">{rich(label or "place")} <input type="range" min="{low}" '
            f'max="{high}" step="{(high - low) / 200:.6g}" value="{start}"> '
            "<output>?</output></label>"
        )
    else:
        box = '<input type="text" inputmode="decimal" autocomplete="off">'
        field = f"<label>Your number: {box} {unit}</label>"
    said = zip(CASES.values(), says, strict=True)
    answers = "".join(f"<li>{word}: {sentence}</li>" for word, sentence in said)
    return item, field, f"<p>It is {truth}.</p><ul>{answers}</ul>"


def _sentence(entry, key, where=""):
    if not str(entry.get(key, "")).strip():
        raise ValueError(f"{where}{key!r} has no sentence for who answers so")
    return entry[key]


def _number(entry, key):
    try:
        value = float(entry[key])
    except (KeyError, TypeError, ValueError):
        value = float("nan")
    if not isfinite(value):
        raise ValueError(f"{key}: expected a finite number, got {entry.get(key)!r}")
    return value


def rich(text):
    """Plain text as HTML, with ``*emphasis*`` and short formulas ``$q(z_1)$`` in italics."""
    parts = html.escape(str(text)).split("$")
    parts[1::2] = [_formula(part) for part in parts[1::2]]
    return re.sub(r"\*([^*<>]+)\*", r"<em>\1</em>", "".join(parts))


def _plain(text):
    return html.unescape(re.sub("<[^>]*>", "", rich(text)))


def _formula(text):
    text = text.replace("\\|", "‖").replace("\\,", " ")
    text = re.sub(r"\\(text|mathrm|mathcal|mathbb)\{([^}]*)\}", r"\2", text)
    text = re.sub(r"\\([a-z]+) ?", lambda m: GREEK.get(m[1], GREEK.get(m[1] + "_", m[1])), text)
    for sign, tag in (("_", "sub"), ("^", "sup")):
        text = re.sub(rf"\{sign}(?:{{([^}}]*)}}|(\w|\*))", rf"<{tag}>\1\2</{tag}>", text)
    text = re.sub(r"([A-Za-zα-ω]+)(?![^<]*>)", _italic, text).replace("*", "∗")
    return f'<span style="white-space:nowrap">{text}</span>'


def _italic(word):
    """Single letters are variables; words such as log and KL stand upright."""
    return f"<em>{word[0]}</em>" if len(word[0]) == 1 else word[0]
