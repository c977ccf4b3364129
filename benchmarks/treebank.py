"""A stand-in for a treebank, of any size: drawn from a Markov chain of tags and Zipf's law.

Words are syllables with endings that hint at the tag, some words have two tags, and the long tail
leaves some test words unseen.
"""

import numpy as np

UPOS = ("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X").split()
LEXICON_SIZES = dict(zip(UPOS, [2500, 40, 600, 25, 6, 20, 30, 7000, 300, 5, 50, 3000, 12, 25, 12,
                                3000, 100], strict=True))  # fmt: skip
ENDINGS = {
    "ADJ": ["ous", "al", "ive", "y", "ic"],
    "ADV": ["ly", "wise"],
    "NOUN": ["tion", "er", "ness", "s", "", ""],
    "PROPN": ["", "son"],
    "VERB": ["ed", "ing", "s", "ize", ""],
}
AMBIGUOUS = 0.12  # share of tokens whose word comes from another tag's lexicon


def sentences(n_tokens, rng):
    """A list of [(word, tag), ...] with about n_tokens tokens in all."""
    lexicons = {tag: _lexicon(tag, rng) for tag in UPOS}
    transition = rng.dirichlet(np.full(len(UPOS), 0.25), size=len(UPOS))
    result, total = [], 0
    while total < n_tokens:
        sentence = _sentence(rng.integers(5, 30), transition, lexicons, rng)
        result.append(sentence)
        total += len(sentence)
    return result


def _sentence(length, transition, lexicons, rng):
    tag, tokens = rng.integers(len(UPOS)), []
    for _ in range(length):
        tag = rng.choice(len(UPOS), p=transition[tag])
        other = rng.integers(len(UPOS)) if rng.uniform() < AMBIGUOUS else tag
        words, probs = lexicons[UPOS[other]]
        chosen = min(np.searchsorted(probs, rng.uniform()), len(words) - 1)
        tokens.append((words[chosen], UPOS[tag]))
    return tokens


def _lexicon(tag, rng):
    """(words, cumulative probabilities) by Zipf's law."""
    onsets, vowels = list("bcdfghklmnprstvw"), list("aeiou")
    words = []
    for _ in range(LEXICON_SIZES[tag]):
        syllables = rng.integers(1, 4)
        stem = "".join(rng.choice(onsets) + rng.choice(vowels) for _ in range(syllables))
        stem += str(rng.choice(onsets))
        words.append(_dressed(stem + rng.choice(ENDINGS.get(tag, [""])), tag, rng))
    frequency = 1 / np.arange(1, len(words) + 1)
    return words, np.cumsum(frequency / frequency.sum())


def _dressed(word, tag, rng):
    if tag == "PROPN":
        return word.capitalize()
    return str(rng.integers(10000)) if tag == "NUM" else word
