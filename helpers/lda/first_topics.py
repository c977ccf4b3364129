"""Where variational EM begins, which decides where it ends.

From nearly uniform random topics the ascent ends at bounds that differ by per cents, and not at
the best of them. Better: let K documents found topics. As in k-means++, each founder is drawn
among the documents that the earlier ones do not resemble, and its nearest neighbours join it;
of several candidates, the one after which the documents resemble some topic most is kept.
"""

import numpy as np
import scipy.sparse as sp

NEIGHBOURS = 30  # documents that found a topic together
CANDIDATES = 8  # for each topic
SHARPNESS = 4  # the power of its resemblance with which a document joins a topic
JITTER = 100.0  # the shape of the gamma noise that tells equal topics apart: sd 10 %
COMMON = 0.1  # share of the corpus's own word frequencies in every topic


def random_topics(counts, n_topics, rng):
    """Nearly uniform usage of every word by every topic, (V, K)."""
    return rng.gamma(JITTER, 1 / JITTER, (counts.shape[1], n_topics))


def seeded_topics(counts, n_topics, rng):
    """Expected usage (V, K) of words by topics that K unlike documents found.

    Document d joins topic k in proportion to resemblance(d, k)^4, the cosine between its
    weighted words and the mean of the topic's founders. Every topic keeps a share of the
    corpus's frequencies, since a word with no probability can never come back.
    """
    features = _weighted_words(counts)
    lengths = np.asarray(counts.sum(axis=1), dtype=float).ravel()
    resemblance = _found(features, np.sqrt(lengths), n_topics, rng).T ** SHARPNESS
    totals = resemblance.sum(axis=1, keepdims=True)
    share = np.where(totals > 0, resemblance / np.where(totals > 0, totals, 1.0), 1 / n_topics)
    usage = counts.T @ share
    usage += COMMON * usage.mean(axis=1, keepdims=True)
    return usage * rng.gamma(JITTER, 1 / JITTER, usage.shape)


def _weighted_words(counts):
    """Rows sqrt(count) * log(1 + D / documents with the word), of length one, CSR (D, V)."""
    seen = np.bincount(counts.indices[counts.data > 0], minlength=counts.shape[1])
    rarity = np.log1p(counts.shape[0] / np.maximum(seen, 1))
    data = np.sqrt(counts.data) * rarity[counts.indices]
    features = sp.csr_array((data, counts.indices, counts.indptr), shape=counts.shape)
    norms = np.sqrt(np.asarray(features.power(2).sum(axis=1)).ravel())
    features.data /= np.repeat(np.where(norms > 0, norms, 1.0), np.diff(counts.indptr))
    return features


def _found(features, weight, n_topics, rng):
    """Each document's resemblance to each founded topic, (K, D)."""
    chosen = np.zeros((n_topics, features.shape[0]))
    closest = np.zeros(features.shape[0])
    for topic in range(n_topics):
        odds = np.maximum(1 - closest, 1e-6) ** 2 * weight  # all may be alike: then any will do
        candidates = rng.choice(len(odds), CANDIDATES, p=odds / odds.sum())
        found = [_resemblance(features, document) for document in candidates]
        chosen[topic] = max(found, key=lambda near: np.maximum(closest, near).sum())
        closest = np.maximum(closest, chosen[topic])
    return chosen


def _resemblance(features, document):
    """The cosine of every document with the mean of one document's neighbourhood, (D,)."""
    near = features @ features[[document]].toarray()[0]
    n_near = min(NEIGHBOURS, len(near))
    neighbours = np.argpartition(near, -n_near)[-n_near:]
    mean = features[neighbours].T @ near[neighbours]
    norm = np.linalg.norm(mean)
    return features @ (mean / norm) if norm > 0 else near
