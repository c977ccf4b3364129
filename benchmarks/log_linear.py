"""The tagger with a Gaussian over its weights against scikit-learn's logistic regression.

    python benchmarks/log_linear.py [TRAIN.conllu TEST.conllu]

On the same features, with the same prior (scikit-learn's C = prior_sd^2). Without files, on a
stand-in treebank of 28,000 training tokens and on the course's own sentences. Besides, a full
covariance over 200 features.
"""

import sys
from dataclasses import replace
from itertools import islice
from time import process_time

import numpy as np
import treebank
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from timing import Point, Row, show

from helpers.ascent import climb
from helpers.data import read_conllu, tagged_sentences
from helpers.log_linear import (
    LogLinearTagger,
    feature_matrix,
    feature_names,
    fit_gaussian,
    fit_laplace,
    flat_tags,
    gaussian_bound,
    predict,
    tag_probabilities,
    unseen,
)

SECONDS = 60  # what "fits in seconds" allows
FIGURE = "Tagger: fitting the weights' posterior", "training tokens"
WHY = (
    "at this prior the mode, scikit-learn's answer, is cautious too, while a diagonal q leaves the "
    "logits of words seen in training about twice the variance that would predict best"
)


def scores(probs, tags, new):
    """Accuracy and log-loss in nats a token, on all words and on unseen ones."""
    right = probs.argmax(axis=1) == tags
    losses = -np.log(probs[np.arange(len(tags)), tags])
    return right.mean(), losses.mean(), right[new].mean(), losses[new].mean()


def compare(name, train, test, promised=True):
    """Rows that set our tagger beside scikit-learn's classifier on the same features."""
    names = feature_names(train)
    features, new_features = feature_matrix(train, names), feature_matrix(test, names)
    known = set(flat_tags(train))
    if not set(flat_tags(test)) <= known:
        test = [[(w, t) if t in known else (w, "X") for w, t in sentence] for sentence in test]
    tagger = LogLinearTagger(features, flat_tags(train), prior_sd=1.0)
    tags, new = np.searchsorted(tagger.tag_names, flat_tags(test)), unseen(test, train)
    size = (
        f"{features.shape[0]} training tokens, {features.shape[1]} features, {tagger.n_tags} tags; "
        f"{len(tags)} test tokens, {new.sum()} of unseen words"
    )
    start = process_time()
    ascent = climb(fit_gaussian(tagger, np.random.default_rng(0)), rtol=1e-5)
    ours = process_time() - start
    start = process_time()
    theirs = LogisticRegression(C=1.0, max_iter=2000).fit(features, flat_tags(train))
    seconds = process_time() - start
    found = {
        "ours": scores(predict(ascent.state, new_features), tags, new),
        "at q's mean": scores(tag_probabilities(ascent.state.q.mean, new_features), tags, new),
        "theirs": scores(theirs.predict_proba(new_features), tags, new),
    }
    print(f"  {name}: accuracy, log-loss; on unseen words: accuracy, log-loss")
    for label, values in found.items():
        print(f"  {label:12}" + "".join(f"{value:9.4f}" for value in values))
    rows = _rows(name, found, (ours, seconds), f"{len(ascent.elbos)} steps; {size}")
    yield from rows if promised else (replace(row, goal=None) for row in rows)


def _rows(name, found, taken, note):
    """The promises about a treebank: accuracy, log-loss on unseen words, time."""
    ours, theirs = found["ours"], found["theirs"]
    peer, more = "scikit-learn", 100 * (ours[0] - theirs[0])
    beside = f"ours {100 * ours[0]:.2f} %, theirs {100 * theirs[0]:.2f} %"
    yield Row(f"{name}: accuracy", peer, more, "points ahead", goal=0, note=beside, why=WHY)
    beside = f"ours {ours[3]:.4f}, theirs {theirs[3]:.4f}"
    yield Row(
        f"{name}: log-loss on unseen words", peer, theirs[3] - ours[3], "nats a token ahead",
        goal=0, note=beside, why=WHY,
    )  # fmt: skip
    note = f"scikit-learn {taken[1]:.1f} s; {note}"
    yield Row(f"{name}: time to fit", "", taken[0], "s", goal=120, at_most=True, note=note)


def two_hundred_features(n_tags, n_tokens=2000, per_token=8):
    """A row of the seconds that a full covariance takes, with the bounds of the three Gaussians."""
    rng = np.random.default_rng(0)
    features = np.zeros((n_tokens, 200))
    chosen = np.argsort(rng.random((n_tokens, 200)) * np.arange(1, 201), axis=1)[:, :per_token]
    np.put_along_axis(features, chosen, 1.0, axis=1)
    logits = features @ rng.normal(size=(200, n_tags))
    tags = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
    tagger = LogLinearTagger(sparse.csr_array(features), tags, 1.0, n_tags=n_tags)
    elbos = {}
    for covariance in ("diagonal", "full"):
        start = process_time()
        elbos[covariance] = climb(fit_gaussian(tagger, rng, covariance)).state.elbo
        elbos[f"{covariance}, seconds"] = process_time() - start
    elbos["Laplace"] = gaussian_bound(tagger, fit_laplace(tagger).q, rng).elbo
    bounds = ", ".join(f"{name} {elbos[name]:.1f}" for name in ("diagonal", "full", "Laplace"))
    what = f"full covariance, 200 features, {n_tags} tags, {n_tokens} tokens"
    taken, note = elbos["full, seconds"], f"bounds in nats: {bounds}"
    yield Row(what, "", taken, "s", goal=SECONDS, at_most=True, note=note)


def sizes():
    """Seconds of ten steps with a diagonal covariance against the number of training tokens."""
    for n_tokens in (1000, 3000, 10_000):
        sentences = treebank.sentences(n_tokens, np.random.default_rng(0))
        features = feature_matrix(sentences, feature_names(sentences))
        tagger = LogLinearTagger(features, flat_tags(sentences), prior_sd=1.0)
        start = process_time()
        next(islice(fit_gaussian(tagger, np.random.default_rng(0)), 10, None))
        yield Point(*FIGURE, "diagonal q, ten steps", n_tokens, process_time() - start)
        start = process_time()
        LogisticRegression(C=1.0, max_iter=2000).fit(features, flat_tags(sentences))
        yield Point(*FIGURE, "scikit-learn, to convergence", n_tokens, process_time() - start)


def measure(paths=()):
    """All rows and points of the tagger; paths: a treebank's training and test file."""
    if paths:
        yield from compare("treebank", *map(read_conllu, paths))
    else:
        sentences = treebank.sentences(36_000, np.random.default_rng(0))
        cut = int(0.78 * len(sentences))
        yield from compare("stand-in for a treebank", sentences[:cut], sentences[cut:])
        order = np.random.default_rng(0).permutation(300)
        own = [tagged_sentences()[i] for i in order]
        yield from compare("the course's sentences", own[:240], own[240:], promised=False)
    yield from two_hundred_features(3)
    yield from two_hundred_features(17)
    yield from sizes()


if __name__ == "__main__":
    show(measure(sys.argv[1:]))
