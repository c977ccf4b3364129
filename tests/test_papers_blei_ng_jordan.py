"""The experiments of notebook 06c: splits, perplexities, overfitting, classification."""

from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest
import scipy.sparse as sp

from helpers import lda
from helpers.papers import blei_ng_jordan as paper


@pytest.fixture(scope="module")
def blended():
    """Documents of two topics each, so that LDA is the right model: (training, held out)."""
    rng = np.random.default_rng(0)
    topics = rng.dirichlet(np.full(300, 0.1), 4)
    counts = lda.LDA(0.4, topics).sample(rng, np.full(120, 60)).counts
    return paper.split(counts, rng, share=0.25)


def test_a_split_parts_the_documents():
    counts = sp.csr_array(np.diag(np.arange(1, 24)))
    training, held_out = paper.split(counts, np.random.default_rng(0))
    assert held_out.shape == (2, 23) and training.shape == (21, 23)
    together = np.concatenate([training.sum(axis=1), held_out.sum(axis=1)])
    assert sorted(together) == list(range(1, 24))
    with pytest.raises(ValueError, match="rng"):
        paper.split(counts, 0)


def test_where_documents_blend_lda_predicts_best(blended):
    training, held_out = blended
    scores = paper.perplexities(training, held_out, 4, np.random.default_rng(1))
    assert scores["LDA"] < scores["mixture of unigrams"] < scores["unigram"] < 300


def test_the_baselines_get_their_best_smoothing(blended):
    training, held_out = blended
    scores = paper.perplexities(training, held_out, 1, np.random.default_rng(1))
    smoothed = [lda.fit_unigram(training, c).perplexity(held_out) for c in paper.PSEUDO_COUNTS]
    assert scores["unigram"] == min(smoothed) < max(smoothed)
    assert scores["mixture of unigrams"] == pytest.approx(scores["unigram"])


def test_overfitting_grows_with_the_topics_of_a_mixture(blended):
    training, held_out = blended
    rng = np.random.default_rng(1)
    few, many = (paper.overfitting(training, held_out, k, rng) for k in (1, 20))
    assert few["impossible"] == 0 < many["impossible"]
    assert many["mixture, 1e-60"] > many["mixture, 1e-09"] > 2 * few["mixture, 1e-09"]
    assert many["LDA, 1e-09"] < few["LDA, 1e-09"]


def test_known_words_leaves_out_what_training_lacks():
    training = sp.csr_array([[1, 0, 2], [0, 0, 1]])
    held_out = sp.csr_array([[3, 4, 0]])
    assert paper.known_words(training, held_out).toarray().tolist() == [[3, 0, 0]]


def test_a_missing_package_is_said_in_a_sentence(monkeypatch, capsys):
    def nothing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(paper, "distribution", nothing)
    with pytest.raises(ModuleNotFoundError, match=r"\[papers\]"):
        paper.reuters()
    assert list(paper.corpora()) == ["docstrings"]
    assert "package lda" in capsys.readouterr().out


def test_reuters_where_it_is_installed():
    try:
        version("lda")
    except PackageNotFoundError:
        pytest.skip("the extra papers is not installed: Reuters is NOT read")
    counts = paper.reuters()
    assert counts.shape == (395, 4258) and counts.sum() == 84010


def test_labelled_documents_have_enough_company():
    counts, labels = paper.labelled_documents(fewest=20)
    members = np.unique(labels, return_counts=True)[1]
    assert counts.shape[0] == len(labels) == members.sum() and members.min() >= 20


def test_word_features_have_length_one():
    rows = paper.word_features(sp.csr_array([[4, 0, 12], [0, 5, 0]]))
    np.testing.assert_allclose(rows.toarray(), [[0.5, 0, np.sqrt(0.75)], [0, 1, 0]])


def test_a_classifier_learns_what_can_be_learnt():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=300)
    informative = np.eye(3)[labels] + 0.1 * rng.normal(size=(300, 3))
    labelled = rng.random(300) < 0.3
    assert paper.tuned_accuracy(informative, labels, labelled, rng) > 0.95
    useless = rng.normal(size=(300, 3))
    assert paper.tuned_accuracy(useless, labels, labelled, rng) < 0.5


def test_the_classifiers_weights_are_where_the_penalised_likelihood_is_flat():
    from helpers.log_linear import LogLinearTagger, posterior_mode, tag_probabilities

    rng = np.random.default_rng(1)
    features, labels, sd = rng.normal(size=(40, 3)), rng.integers(3, size=40), 0.7
    weights = posterior_mode(LogLinearTagger(features, labels, sd))
    missing = np.eye(3)[labels] - tag_probabilities(weights, features)
    np.testing.assert_allclose(features.T @ missing, weights / sd**2, atol=1e-4)


def test_the_experiment_in_small(monkeypatch):
    monkeypatch.setattr(paper, "corpora", lambda: {"docstrings": paper.corpus().counts[:60]})
    results = paper.experiment(0, splits=2, sizes=[2, 3], repeats=1, shares=[0.3], n_topics=5)
    found = results["document modelling"]["docstrings"]
    assert found["perplexity"]["LDA"].shape == (2, 2)
    assert found["overfitting"]["impossible"].shape == (2, 3)  # one topic comes first
    for accuracies in results["classification"].values():
        assert set(accuracies) == {"topics", "words", "guess"}
        assert all(0 < value.item() <= 1 for value in accuracies.values())
