"""The sentences that students read, by name: they stand together in sentences.txt."""

import functools
from pathlib import Path

FILE = Path(__file__).with_suffix(".txt")


@functools.lru_cache
def sentences():
    """{name: sentence with placeholders}."""
    found, name = {}, ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            found[name] += f" {line.strip()}"
        elif ": " in line and not line.startswith("#"):
            name, _, sentence = line.partition(": ")
            found[name] = sentence
    return found


class Claim(str):
    """A sentence that fits only answers which use all of ``needs``: names, or "loop"."""

    def __new__(cls, sentence, needs=()):
        made = super().__new__(cls, sentence)
        made.needs = frozenset(needs)
        return made


def article(word):
    """ "a" or "an", as it is said before the name of a function."""
    return "an" if word[:1] in "aeio" else "a"


def say(sentence, /, **parts):
    """The sentence of that name with its placeholders filled in."""
    return sentences()[sentence].format(**parts)


def listed(things):
    """Things in words: "1, 2 and 3"."""
    *most, last = [*map(str, things)] or [""]
    return f"{', '.join(most)} {say('and')} {last}" if most else last


def as_sentence(words):
    """Words with a capital letter and a full stop."""
    return words[0].upper() + words[1:] + ("" if words.endswith(("?", ".")) else ".")
