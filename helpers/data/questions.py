"""The questions of the course: predictions that a lecture asks, and items that later ones recall.

One file a notebook, such as ``files/questions/03a.toml``; ``files/README.md`` has the format, with
an example of each kind of entry.
"""

import tomllib

from helpers.data.shipped import FILES

FOLDER = FILES / "questions"


def prediction(name):
    """The entry of a question such as "03a-which-bar", as a dict; ValueError if there is none."""
    notebook, _, rest = name.partition("-")
    entries = read(notebook).get("predict", {})
    if rest not in entries:
        known = [f"{notebook}-{entry}" for entry in entries]
        raise ValueError(f"name: no question {name!r}; questions/{notebook}.toml has {known}")
    return entries[rest]


def recall_items(asked_in=None):
    """The items that a lecture such as "03c" opens with, or all: {name: entry}, in files' order.

    Each entry also has ``about``, the notebook it asks about.
    """
    return {
        f"{about}-{rest}": entry | {"about": about}
        for about in notebooks()
        for rest, entry in read(about).get("recall", {}).items()
        if asked_in is None or asked_in in entry["asked_in"]
    }


def notebooks():
    """The numbers of the notebooks that have questions: ["01", "02a", ...]."""
    names = [path.name for path in FOLDER.iterdir()] if FOLDER.is_dir() else []
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def read(notebook):
    """A notebook's file as a dict with perhaps ``predict`` and ``recall``; {} if it has none."""
    path = FOLDER / f"{notebook}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
