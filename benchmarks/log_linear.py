"""The tagger with a Gaussian over its weights against scikit-learn's logistic regression.

    python benchmarks/log_linear.py [TRAIN.conllu TEST.conllu]

On the same features, with the same prior (scikit-learn's C = prior_sd^2). Without files, on a
stand-in treebank of 28,000 training tokens and on the course's own sentences. Besides, a full
covariance over 200 features.
"""

import sys
from time import perf_counter

import numpy as np
import treebank
from scipy import sparse
from sklearn.linear_model import LogisticRegression

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


def scores(probs, tags, new):
    """Accuracy and log-loss in nats a token, on all words and on unseen ones."""
    right = probs.argmax(axis=1) == tags
    losses = -np.log(probs[np.arange(len(tags)), tags])
    return right.mean(), losses.mean(), right[new].mean(), losses[new].mean()


def compare(name, train, test):
    """Print one line of scores a way of fitting."""
    names = feature_names(train)
    features, new_features = feature_matrix(train, names), feature_matrix(test, names)
    known = set(flat_tags(train))
    if not set(flat_tags(test)) <= known:
        test = [[(w, t) if t in known else (w, "X") for w, t in sentence] for sentence in test]
    tagger = LogLinearTagger(features, flat_tags(train), prior_sd=1.0)
    tags, new = np.searchsorted(tagger.tag_names, flat_tags(test)), unseen(test, train)
    print(f"\n{name}: {features.shape[0]} training tokens, {features.shape[1]} features,")
    print(f"  {tagger.n_tags} tags; {len(tags)} test tokens, {new.sum()} of unseen words")
    start = perf_counter()
    ascent = climb(fit_gaussian(tagger, np.random.default_rng(0)), rtol=1e-5)
    ours = perf_counter() - start
    start = perf_counter()
    theirs = LogisticRegression(C=1.0, max_iter=2000).fit(features, flat_tags(train))
    seconds = perf_counter() - start
    print(f"  seconds: ours {ours:.1f} ({len(ascent.elbos)} steps), scikit-learn {seconds:.1f}")
    print("  accuracy, log-loss; on unseen words: accuracy, log-loss")
    for label, probs in [
        ("averaged over q", predict(ascent.state, new_features)),
        ("at q's mean", tag_probabilities(ascent.state.q.mean, new_features)),
        ("scikit-learn", theirs.predict_proba(new_features)),
    ]:
        print(f"  {label:16s}" + "".join(f"{x:9.4f}" for x in scores(probs, tags, new)))


def two_hundred_features(n_tags, n_tokens=2000, per_token=8):
    """Seconds of a full covariance, and the bounds of the three Gaussians."""
    rng = np.random.default_rng(0)
    features = np.zeros((n_tokens, 200))
    chosen = np.argsort(rng.random((n_tokens, 200)) * np.arange(1, 201), axis=1)[:, :per_token]
    np.put_along_axis(features, chosen, 1.0, axis=1)
    logits = features @ rng.normal(size=(200, n_tags))
    tags = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
    tagger = LogLinearTagger(sparse.csr_array(features), tags, 1.0, n_tags=n_tags)
    elbos = {}
    for covariance in ("diagonal", "full"):
        start = perf_counter()
        elbos[covariance] = climb(fit_gaussian(tagger, rng, covariance)).state.elbo
        elbos[f"{covariance}, seconds"] = perf_counter() - start
    elbos["Laplace"] = gaussian_bound(tagger, fit_laplace(tagger).q, rng).elbo
    print(f"\n200 features, {n_tags} tags, {n_tokens} tokens: "
          + ", ".join(f"{name} {value:.1f}" for name, value in elbos.items()))  # fmt: skip


def main():
    if len(sys.argv) == 3:
        compare("treebank", read_conllu(sys.argv[1]), read_conllu(sys.argv[2]))
    else:
        sentences = treebank.sentences(36_000, np.random.default_rng(0))
        cut = int(0.78 * len(sentences))
        compare("stand-in", sentences[:cut], sentences[cut:])
        order = np.random.default_rng(0).permutation(300)
        own = [tagged_sentences()[i] for i in order]
        compare("the course's sentences", own[:240], own[240:])
    two_hundred_features(3)
    two_hundred_features(17)


if __name__ == "__main__":
    main()
