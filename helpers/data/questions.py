"""The questions of the course: predictions that a lecture asks, and items that later ones recall.

One file a notebook, ``files/questions/03a.toml``, with two kinds of entries::

    [predict.which-bar]                  # show.predict("03a-which-bar")
    question = "Which bar is higher at the start?"
    right = "KL"
    options.ELBO = "what to say to who chose the ELBO"
    options.KL = "what to say to who chose the KL"

    [predict.how-far]                    # a number: a tolerance instead of options
    question = "How many nats does the best *normal* $q$ lose?"
    right = 0.525                        # or left out, and given by the cell: right=gap
    tolerance = 0.1
    unit = "nats"                        # may be left out
    close = "..."                        # what to say to an answer within the tolerance,
    low = "..."                          # to one that is too low,
    high = "..."                         # and to one that is too high

    [predict.where]                      # a point: as a number, with an axis
    axis = [-5, 0]                       # its two ends
    label = "ELBO at the end, nats"
    marks = { "log p(x)" = -1.4 }        # places to go by; may be left out

    [recall.never-negative]              # an item ABOUT this notebook
    question = "..."
    right = "..."                        # one of the options
    options."..." = "why it is right, or wrong"
    asked_in = ["03c", "04a"]            # the lectures that open with it
    phrase = "never negative"            # stands in this notebook's text or code

Texts are plain, with ``*emphasis*`` and short formulas such as ``$q(z_1)$`` or ``$\\sigma^2$``.
"""

import tomllib

from helpers.data.shipped import FILES

FOLDER = FILES / "questions"


def prediction(name):
    """The entry of a question such as "03a-which-bar", as a dict.

    Raises:
        ValueError: there is no such question.
    """
    notebook, _, rest = name.partition("-")
    entries = read(notebook).get("predict", {})
    if rest not in entries:
        known = [f"{notebook}-{entry}" for entry in entries]
        raise ValueError(f"name: no question {name!r}; questions/{notebook}.toml has {known}")
    return entries[rest]


def recall_items(asked_in=None):
    """The items that a lecture opens with, or all: {name: entry}, in the files' order.

    asked_in: "03c", say; None for all. Each entry also has ``about``, the notebook it asks about.
    """
    found = {}
    for about in notebooks():
        for rest, entry in read(about).get("recall", {}).items():
            if asked_in is None or asked_in in entry["asked_in"]:
                found[f"{about}-{rest}"] = entry | {"about": about}
    return found


def notebooks():
    """The numbers of the notebooks that have questions: ["01", "02a", ...]."""
    names = [path.name for path in FOLDER.iterdir()] if FOLDER.is_dir() else []
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def read(notebook):
    """A notebook's file as a dict with perhaps ``predict`` and ``recall``; {} if it has none."""
    path = FOLDER / f"{notebook}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
