"""Reading a trained model: which words to give it, and which words its factors turn on.

Symbols: D documents, V words, K factors.
"""

from dataclasses import replace

import numpy as np
from scipy.special import rel_entr

from helpers.arguments import count_matrix, describe, listed, probabilities, whole_number


def informative_words(counts, labels, n_words):
    """The columns of the words that tell most about a document's label, in their old order.

    By their terms in the mutual information, sum_l p(l, v) log p(l, v) / (p(l) p(v)).
    counts (D, V); labels: D strings.
    """
    counts, n_words = count_matrix("counts", counts), whole_number("n_words", n_words)
    labels = listed("labels", labels, "labels")
    kinds = all(isinstance(label, str | int | np.integer) for label in labels)
    if len(labels) != counts.shape[0] or not kinds:
        wanted = f"{counts.shape[0]} strings or numbers"
        raise ValueError(f"labels: expected {wanted}, got {len(labels)}: {describe(labels)}")
    _, which = np.unique(labels, return_inverse=True)
    joint = np.eye(which.max() + 1)[which].T @ counts
    if not joint.any():
        raise ValueError("counts: expected a word in some document, got only zeros")
    joint = joint / joint.sum()
    worth = rel_entr(joint, joint.sum(1)[:, None] * joint.sum(0)).sum(0)
    return np.sort(np.argsort(-worth, kind="stable")[:n_words])


def reduced(corpus, n_words=300, shortest=20):
    """The corpus on its most informative words, without the documents that they leave short."""
    if not hasattr(corpus, "vocabulary"):
        raise ValueError(f"corpus: expected a Corpus, got {describe(corpus)}")
    kept = informative_words(corpus.counts, corpus.labels, n_words)
    shortest = whole_number("shortest", shortest, minimum=0)
    vocabulary = [corpus.vocabulary[v] for v in kept]
    smaller = replace(corpus, counts=corpus.counts[:, kept], vocabulary=vocabulary)
    return smaller.select(smaller.counts.sum(1) >= shortest)


def factor_words(probs, counts, vocabulary, n=8):
    """The n words that each factor turns on most -> K lists of words.

    probs (D, K): how far each factor is on in each document. A word's score is its share of
    KL(words where the factor is on || words where it is off).
    """
    vocabulary, n = listed("vocabulary", vocabulary, "words"), whole_number("n", n)
    counts = count_matrix("counts", counts)
    if len(vocabulary) != counts.shape[1]:
        raise ValueError(f"vocabulary: expected {counts.shape[1]} words, got {len(vocabulary)}")
    probs = probabilities("probs", probs, axis=None, shape=(counts.shape[0], None))
    on, off = probs.T @ counts + 1, (1 - probs).T @ counts + 1  # +1: no word is impossible
    on, off = on / on.sum(1, keepdims=True), off / off.sum(1, keepdims=True)
    score = on * np.log(on / off)
    return [[vocabulary[v] for v in np.argsort(-row, kind="stable")[:n]] for row in score]
