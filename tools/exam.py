"""Two parallel exam papers with their keys, a formula sheet, a questionnaire: `make exam`.

    python tools/exam.py [--questions FILE] [--out build/exam]

A question of docs/assessment/exam.toml has a `text` with {names}, the numbers of the papers A and
B, and a `key`, an expression that the library computes from them; `given` computes numbers that
the text tells. Expressions may use what NAMES lists. A question that cannot be set or whose key
cannot be computed is named with its place in the file; nothing is printed then.
"""

import argparse
import sys
import tomllib
from pathlib import Path

import console
import numpy as np
import printing
from scipy.special import digamma, expit, softmax

from helpers.densities import Categorical, Dirichlet, Normal, kl_divergence
from helpers.elbo import bound_by_enumeration

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "assessment"
PAPERS = ("A", "B")
HEAD = ("Name: ____________________________", "Show how you get there. Three digits suffice.")
SPACE = '<div style="height: 2.6cm"></div>'


def two(a, b, c):
    """log p(x = 1, z) for z = 0, 1: p(z = 1) = a, p(x = 1 | z) = b for z = 1 and c for z = 0."""
    return np.log([(1 - a) * c, a * b])


NAMES = {
    "two": two, "bound": bound_by_enumeration, "kl_divergence": kl_divergence,
    "Categorical": Categorical, "Dirichlet": Dirichlet, "Normal": Normal, "softmax": softmax,
    "expit": expit, "digamma": digamma, "log": np.log, "exp": np.exp, "inv": np.linalg.inv,
}  # fmt: skip


def read(path=FOLDER / "exam.toml"):
    """The questions of a file; ValueError names the file and what is wrong in it."""
    try:
        questions = tomllib.loads(Path(path).read_text(encoding="utf-8"))["question"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise ValueError(f"{path}: no list of questions ({error})") from error
    for number, question in enumerate(questions, 1):
        missing = [key for key in ("about", "text", "key", *PAPERS) if key not in question]
        if missing:
            raise ValueError(f"{path}, question {number}: {', '.join(missing)} is missing")
    return questions


def set_question(question, paper, place=""):
    """(text, key) of one question on one paper; ValueError with its place where that fails."""
    numbers = dict(question[paper])
    try:
        for name, expression in question.get("given", {}).items():
            numbers[name] = f"{_computed(expression, numbers):.4f}"
        text = question["text"].format(**numbers)
        key = float(_computed(question["key"], question[paper]))
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise ValueError(f"{place}, paper {paper}: cannot be set ({said})") from error
    if not np.isfinite(key):
        raise ValueError(f"{place}, paper {paper}: the key is {key}")
    return text, key


def _computed(expression, numbers):
    return eval(expression, {"__builtins__": {}}, {**NAMES, **numbers})


def papers(path=FOLDER / "exam.toml"):
    """{name: Markdown} of both papers and both keys."""
    questions, made = read(path), {}
    for paper in PAPERS:
        asked, keys = [], []
        for number, question in enumerate(questions, 1):
            text, key = set_question(question, paper, f"{path}, question {number}")
            asked.append(f"**{number}.** {text}\n\n{SPACE}")
            keys.append(f"| {number} | {question['about']} | {key:.4g} |")
        head = (
            "Name: ____________________________ \n\nShow how you get there. Three digits suffice."
        )
        made[f"paper_{paper}"] = "\n\n".join(
            [f"# Variational inference, paper {paper}", head, *asked]
        )
        table = ["| question | notebook | answer |", "|---|---|---|", *keys]
        made[f"key_{paper}"] = "\n\n".join([f"# Key to paper {paper}", "\n".join(table)])
    return made


def pages(path=FOLDER / "exam.toml"):
    """{name: HTML} of everything that `make exam` prints."""
    texts = papers(path)
    for name in ("formula_sheet", "questionnaire"):
        texts[name] = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    styles = {"formula_sheet": "body { font-size: 9.5pt; } h1 { font-size: 14pt; margin: 0; }"}
    return {
        name: printing.page(name.replace("_", " "), printing.markdown(text), styles.get(name, ""))
        for name, text in texts.items()
    }


def main(arguments=None):
    """Write all; one sentence where a question cannot be set."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--questions", type=Path, default=FOLDER / "exam.toml")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "exam")
    options = parser.parse_args(arguments)
    try:
        print(*printing.write_all(pages(options.questions), options.out), sep="\n")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
