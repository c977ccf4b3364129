"""Features of words in context, as names and as a sparse matrix of ones.

A sentence is a list of (word, tag) pairs or of words. Symbols: N tokens, F features.
"""

from collections import Counter
from itertools import chain, groupby
from unicodedata import category, normalize

import numpy as np
from scipy import sparse

from helpers.arguments import describe, listed, whole_number

START, END = "<start>", "<end>"
LONGEST_SUFFIX, LONGEST_PREFIX = 4, 3


def token_features(words, i):
    """The names of what holds of word i of a sentence: the word, its form and its neighbours."""
    words = listed("words", words, "words")
    if not words or not all(isinstance(word, str) and word for word in words):
        raise ValueError(f"words: expected words, got {describe(words)}")
    return _features(words, whole_number("i", i, minimum=0, maximum=len(words) - 1))


def _features(words, i):
    word, lower = words[i], words[i].lower()
    names = ["bias", f"word={word}", f"lower={lower}", f"shape={word_shape(word)}"]
    names += [f"suffix={lower[-n:]}" for n in range(1, min(LONGEST_SUFFIX, len(lower) - 1) + 1)]
    names += [f"prefix={lower[:n]}" for n in range(1, min(LONGEST_PREFIX, len(lower) - 1) + 1)]
    before = words[i - 1].lower() if i > 0 else START
    after = words[i + 1].lower() if i + 1 < len(words) else END
    names += [f"before={before}", f"after={after}"]
    names += [f"before suffix={before[-3:]}", f"after suffix={after[-3:]}"]
    return names + ["capital inside the sentence"] * (i > 0 and word[0].isupper())


def word_shape(word):
    """The word's form, runs shortened: "Philip" Xx, "GB" X, "1998" 0, "e-mail" x-x, "?!" ?!.

    Marks that combine with a letter, as Hindi's vowel signs, are part of it.
    """
    if not isinstance(word, str):
        raise ValueError(f"word: expected a string, got {describe(word)}")
    kinds = []
    for character in word:
        if character.isalpha():
            kinds.append("X" if character.isupper() else "x")
        elif category(character)[0] != "M":
            kinds.append("0" if character.isdigit() else character)
    return "".join(kind for kind, _ in groupby(kinds))


def feature_names(sentences, fewest=1):
    """The sorted names of the features that hold of at least `fewest` tokens."""
    whole_number("fewest", fewest, minimum=0)
    counts = Counter(name for names in _all_features(sentences) for name in names)
    return tuple(sorted(name for name, count in counts.items() if count >= fewest))


def feature_matrix(sentences, names):
    """Which of the named features hold of each token: a scipy.sparse.csr_array (N, F) of ones.

    Features that are not among the names (a word never seen) are left out.
    """
    names = listed("names", names, "features' names")
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"names: expected features' names, got {describe(names)}")
    column = {name: f for f, name in enumerate(names)}
    rows = [[column[f] for f in found if f in column] for found in _all_features(sentences)]
    starts = np.cumsum([0] + [len(row) for row in rows])
    indices = np.array([f for row in rows for f in row], dtype=np.int64)
    matrix = sparse.csr_array((np.ones(len(indices)), indices, starts), (len(rows), len(names)))
    matrix.sort_indices()
    return matrix


def flat_tags(sentences):
    """The tags of all tokens, (N,), in the order of feature_matrix's rows."""
    sentences = listed("sentences", sentences, "sentences")
    pairs = [pair for s in sentences for pair in listed("sentences", s, "(word, tag) pairs")]
    for pair in pairs:
        if not (isinstance(pair, tuple | list) and len(pair) == 2):
            raise ValueError(f"sentences: expected (word, tag) pairs, got {describe(pair)}")
    return np.array([tag for _, tag in pairs])


def unseen(sentences, seen):
    """Which tokens' words, lower-cased, occur nowhere in the sentences `seen`: (N,) booleans."""
    known = {word.lower() for words in _words(seen, "seen") for word in words}
    return np.array([w.lower() not in known for words in _words(sentences) for w in words], bool)


def _all_features(sentences):
    """The names of what holds of each token in turn."""
    found = (_features(words, i) for words in _words(sentences) for i in range(len(words)))
    if not (first := next(found, None)):
        raise ValueError("sentences: expected at least one word, got none")
    return chain([first], found)


def _words(sentences, name="sentences"):
    """Yields the words of each sentence."""
    for sentence in listed(name, sentences, "sentences"):
        tokens = listed(name, sentence, "words or (word, tag) pairs")
        words = [t[0] if isinstance(t, tuple | list) and t else t for t in tokens]
        if not all(isinstance(word, str) and word for word in words):
            raise ValueError(f"{name}: expected words or (word, tag) pairs, got {sentence!r}"[:200])
        yield [normalize("NFC", word) for word in words]
