"""Where variational EM begins, which decides where it ends.

From nearly uniform topics it ends at bounds that differ by per cents. Better: let K documents found
topics. As in k-means++, each founder is drawn among those that the earlier ones do not resemble,
and its nearest neighbours join it; of several candidates, the one after which the documents
resemble some topic most is kept.
"""

import numpy as np
import scipy.sparse as sp

from helpers.arguments import SMALLEST

NEIGHBOURS = 30  # documents that found a topic together
CANDIDATES = 8  # for each topic
FOUNDERS = 1000  # documents at most among which topics are founded
SHARPNESS = 4  # the power of its resemblance with which a document joins a topic
JITTER = 100.0  # the shape of the gamma noise that tells equal topics apart: sd 10 %
COMMON = 0.1  # share of the corpus's own word frequencies in every topic


def random_topics(counts, n_topics, rng):
    """Nearly uniform usage of every word by every topic, (V, K)."""
    return rng.gamma(JITTER, 1 / JITTER, (counts.shape[1], n_topics))


def seeded_topics(counts, n_topics, rng):
    """Expected usage (V, K) of words by topics that K unlike documents found.

    Document d joins topic k in proportion to resemblance(d, k)^4, the cosine between its weighted
    words and the founders' mean. Every topic keeps a share of the corpus's frequencies, since a
    word with no probability can never come back.
    """
    features = _weighted_words(counts)
    lengths = np.asarray(counts.sum(axis=1), dtype=float)
    some = np.flatnonzero(lengths > 0)
    if len(some) > FOUNDERS:  # these are enough to find unlike ones among
        some = np.sort(rng.choice(some, FOUNDERS, replace=False))
    means = _founders(features[some], np.sqrt(lengths[some]), n_topics, rng)
    joins = (features @ means) ** SHARPNESS + SMALLEST  # who resembles none joins all alike
    usage = counts.T @ (joins / joins.sum(axis=1, keepdims=True))
    usage += COMMON * usage.mean(axis=1, keepdims=True)
    return usage * rng.gamma(JITTER, 1 / JITTER, usage.shape)


def _weighted_words(counts):
    """Rows sqrt(count) * log(1 + D / documents with the word), of length one, CSR (D, V)."""
    rarity = np.log1p(counts.shape[0] / np.maximum(np.bincount(counts.indices), 1))
    data = np.sqrt(counts.data) * rarity[counts.indices]
    features = sp.csr_array((data, counts.indices, counts.indptr), shape=counts.shape)
    norms = np.sqrt(features.power(2).sum(axis=1))
    features.data /= np.repeat(np.maximum(norms, SMALLEST), np.diff(counts.indptr))
    return features


def _founders(features, weight, n_topics, rng):
    """The mean weighted words of each topic's founders, of length one, (V, K)."""
    likeness = (features @ features.T).toarray()  # cosines of all pairs of documents
    members, closest = [], np.zeros(len(likeness))
    for _ in range(n_topics):
        odds = np.maximum(1 - closest, 1e-6) ** 2 * weight  # all may be alike: then any will do
        candidates = rng.choice(len(odds), CANDIDATES, p=odds / odds.sum())
        joined, to_mean = _neighbourhoods(likeness, candidates)
        resemblance = np.maximum(to_mean, closest)
        best = int(resemblance.sum(axis=1).argmax())
        members.append(joined[best])
        closest = resemblance[best]
    return features.T @ np.stack(members, axis=1)


def _neighbourhoods(likeness, documents):
    """Each one's nearest neighbours' mean as weights (C, D), and its cosine with all, (C, D)."""
    near = likeness[documents]
    n_near = min(NEIGHBOURS, near.shape[1])
    joined = np.where(near >= np.partition(near, -n_near, axis=1)[:, [-n_near]], near, 0.0)
    some = np.flatnonzero(joined.any(axis=0))
    to_mean = joined[:, some] @ likeness[some]
    norms = np.sqrt(np.vecdot(joined, to_mean))[:, None]
    return joined / norms, to_mean / norms


STARTS = {"seeded": seeded_topics, "random": random_topics}
