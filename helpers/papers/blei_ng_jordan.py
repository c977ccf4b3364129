"""Blei, Ng and Jordan (2003): LDA against simpler models of documents, and as features.

"Latent Dirichlet allocation", the sections on document modelling and document classification.

Symbols: D documents, V words, K topics; counts (D, V) a CSR array. Perplexities are exp of nats
per token: exact for unigram and mixture, an upper bound for LDA (see helpers.lda.held_out).
"""

from importlib.metadata import PackageNotFoundError, distribution

import numpy as np
import scipy.sparse as sp

from helpers import lda
from helpers.arguments import generator, whole_number
from helpers.ascent import climb
from helpers.data import corpus, read_ldac
from helpers.log_linear import LogLinearTagger, posterior_mode, tag_probabilities

ALPHA, ETA = 0.1, 0.1  # LDA's concentrations of topics in documents and of words in topics
PSEUDO_COUNTS = (0.02, 0.1, 0.5)  # the smoothed baselines are given the best of these
FLOORS = (1e-9, 1e-60)  # pseudo-counts that smooth nothing, but keep the perplexity finite
PRIOR_SDS = (1.0, 4.0, 16.0, 64.0)  # of the classifier's weights; chosen on labelled documents
RTOL = 1e-5  # of every ascent


def reuters():
    """Counts (395, 4258) of the Reuters articles in the package ``lda``, the extra "papers".

    Raises:
        ModuleNotFoundError: the package is missing; the message says how to install it.
    """
    try:
        files = distribution("lda").locate_file("lda/tests")
    except PackageNotFoundError:
        raise ModuleNotFoundError(
            "Reuters comes with the package lda, which is not installed here: "
            "python -m pip install '.[papers]' in the course's folder adds it"
        ) from None
    return read_ldac(f"{files}/reuters.ldac", f"{files}/reuters.tokens").counts


def corpora():
    """name -> counts of the corpora that are here: the course's own, and Reuters if it is."""
    found = {"docstrings": corpus().counts}
    try:
        found["Reuters"] = reuters()
    except ModuleNotFoundError as error:
        print(error)
    return found


def split(counts, rng, share=0.1):
    """(training, held-out) documents: a random ``share`` of them, at least one, is held out."""
    order = generator("rng", rng).permutation(counts.shape[0])
    n_held_out = max(1, round(share * counts.shape[0]))
    return counts[order[n_held_out:]], counts[order[:n_held_out]]


def learn(counts, n_topics, rng, eta=ETA):
    """The last state of variational EM on ``counts``."""
    return climb(lda.fit(counts, n_topics, rng, ALPHA, eta, progress=False), rtol=RTOL).state


def learn_mixture(counts, n_topics, rng, pseudo_count):
    """The mixture of unigrams that EM ends at."""
    return climb(lda.fit_mixture(counts, n_topics, rng, pseudo_count), rtol=RTOL).state.model


def perplexities(training, held_out, n_topics, rng):
    """Held-out perplexity of the three smoothed models, by name.

    Both baselines get the pseudo-count, of PSEUDO_COUNTS, that serves them best on the very
    documents they are judged by: a favour that LDA is not done.
    """
    models = {
        "mixture of unigrams": lambda c: learn_mixture(training, n_topics, rng, c),
        "unigram": lambda c: lda.fit_unigram(training, c),
    }
    scores = {"LDA": lda.perplexity(learn(training, n_topics, rng).model, held_out)}
    for name, model in models.items():
        scores[name] = min(model(c).perplexity(held_out) for c in PSEUDO_COUNTS)
    return scores


def overfitting(training, held_out, n_topics, rng):
    """What becomes of held-out documents without smoothing.

    Only words that occur in the training documents are scored, so that no model is blamed for
    words that it cannot know.

    Returns a dict: "impossible", the share of documents to which the maximum-likelihood mixture
    gives probability zero; for each floor "mixture, floor", its perplexity with that floor; and
    "LDA, floor" with the first of the floors under maximum-likelihood topics.
    """
    held_out = known_words(training, held_out)
    unsmoothed = learn_mixture(training, n_topics, rng, 0.0)
    scores = {"impossible": float(np.isneginf(unsmoothed.log_evidence(held_out)).mean())}
    for floor in FLOORS:
        mixture = learn_mixture(training, n_topics, rng, floor)
        scores[f"mixture, {floor:g}"] = mixture.perplexity(held_out)
    topics = learn(training, n_topics, rng, eta=None).model.topics + FLOORS[0]
    model = lda.LDA(ALPHA, topics / topics.sum(axis=1, keepdims=True))
    return scores | {f"LDA, {FLOORS[0]:g}": lda.perplexity(model, held_out)}


def known_words(training, held_out):
    """The held-out counts (D, V) without the words that never occur in the training documents."""
    known = training.sum(axis=0) > 0
    return sp.csr_array(held_out.multiply(known[None]))


def document_modelling(seed, splits, sizes):
    """Perplexities by corpus, model and K, (splits, len(sizes)) each, and the overfitting table.

    Every split draws its own held-out tenth and its own starting points.
    """
    results = {}
    for name, counts in corpora().items():
        smoothed, unsmoothed = [], []
        for number in range(whole_number("splits", splits)):
            rng = np.random.default_rng([seed, number])
            training, held_out = split(counts, rng)
            smoothed.append([perplexities(training, held_out, k, rng) for k in sizes])
            unsmoothed.append([overfitting(training, held_out, k, rng) for k in (1, *sizes)])
        results[name] = {"perplexity": _stacked(smoothed), "overfitting": _stacked(unsmoothed)}
    return results


def _stacked(rows):
    """Lists of lists of dicts as one dict of arrays."""
    return {key: np.array([[r[key] for r in row] for row in rows]) for key in rows[0][0]}


def labelled_documents(fewest=20):
    """(counts, labels) of the course's documents whose module has at least ``fewest`` of them."""
    documents = corpus()
    names, members = np.unique(documents.labels, return_counts=True)
    kept = np.flatnonzero(np.isin(documents.labels, names[members >= fewest]))
    return documents.counts[kept], np.array(documents.labels)[kept]


def word_features(counts):
    """Square roots of the words' relative frequencies, (D, V), sparse."""
    return sp.csr_array(counts.multiply(1 / counts.sum(axis=1)[:, None])).sqrt()


def topic_features(counts, n_topics, rng):
    """Square roots of E_q[theta], (D, K), of an LDA learnt from all documents without labels."""
    return np.sqrt(learn(counts, n_topics, rng).q.mean_theta())


def accuracy(features, labels, labelled, prior_sd):
    """Share of the other documents whose label is recognised after learning from ``labelled``.

    The classifier is the log-linear tagger's posterior mode: logistic regression with a normal
    prior. labels: whole numbers (D,).  labelled: which documents to learn from, bool (D,).
    """
    tagger = LogLinearTagger(
        features[labelled], labels[labelled], prior_sd, n_tags=int(labels.max()) + 1
    )
    probs = tag_probabilities(posterior_mode(tagger), features[~labelled])
    return float((probs.argmax(axis=1) == labels[~labelled]).mean())


def tuned_accuracy(features, labels, labelled, rng):
    """:func:`accuracy` with the prior_sd that does best on a third of the labelled documents."""
    chosen = np.flatnonzero(labelled)
    trial, inside = rng.random(len(chosen)) < 2 / 3, features[chosen]
    scores = [accuracy(inside, labels[chosen], trial, sd) for sd in PRIOR_SDS]
    return accuracy(features, labels, labelled, PRIOR_SDS[int(np.argmax(scores))])


def classification(seed, repeats, shares, n_topics):
    """Accuracy from topics and from words by share of labelled documents, (repeats, shares).

    Problems as in the paper, one module against the rest, and one harder: which module it is.
    """
    counts, modules = labelled_documents()
    rng = np.random.default_rng(seed)
    features = {"topics": topic_features(counts, n_topics, rng), "words": word_features(counts)}
    problems = {name: (modules == name).astype(int) for name in ("scipy.stats", "scipy.signal")}
    problems["which module"] = np.unique(modules, return_inverse=True)[1]
    return {
        problem: _accuracies(features, labels, rng, repeats, shares)
        for problem, labels in problems.items()
    }


def _accuracies(features, labels, rng, repeats, shares):
    """The same labelled documents for either kind of features; "guess" names the largest class."""
    results = {name: np.zeros((repeats, len(shares))) for name in (*features, "guess")}
    for place in np.ndindex(repeats, len(shares)):
        labelled = rng.random(len(labels)) < shares[place[1]]
        results["guess"][place] = (labels[~labelled] == np.bincount(labels).argmax()).mean()
        for name, rows in features.items():
            results[name][place] = tuned_accuracy(rows, labels, labelled, rng)
    return results


def experiment(seed, splits, sizes, repeats, shares, n_topics):
    """Both halves of the paper's experiments as one dict, for helpers.papers.results.store."""
    return {
        "document modelling": document_modelling(seed, splits, sizes),
        "classification": classification(seed, repeats, shares, n_topics),
    }
