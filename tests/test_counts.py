"""Sparse counts with repeated and unsorted entries, in every function that takes counts.

SciPy adds up and sorts such entries in place, in arrays that a view of the matrix shares: done
below the door, that changes the caller's matrix and leaves results that depend on who asked first.
"""

from itertools import islice

import numpy as np
import pytest
import scipy.sparse as sp

from helpers import latent_factors as lf
from helpers import lda

WORDS = 8
TOPICS = np.random.default_rng(0).dirichlet(np.ones(WORDS), 3)
MODEL = lda.LDA(0.3, TOPICS)
MIXTURE = lda.MixtureOfUnigrams(np.full(3, 1 / 3), TOPICS)


def rng():
    return np.random.default_rng(1)


FACTORS = lf.initial_model(np.ones((2, WORDS)), 2, rng(), n_hidden=3)
ENCODER = lf.initial_encoder(WORDS, 2, rng(), n_hidden=3)


def elbos(states, n=4):
    return [state.elbo for state in islice(states, n)]


def learned(counts, **options):
    return elbos(lda.fit(counts, 3, rng(), progress=False, **options))


def trained(counts, **options):
    return elbos(lf.train(counts, 2, rng(), n_hidden=3, **options))


FUNCTIONS = {
    "lda.e_step": lambda x: lda.e_step(x, 0.3, np.log(TOPICS)).bounds,
    "lda.mean_field": lambda x: elbos(lda.mean_field(MODEL, x)),
    "lda.perplexity": lambda x: lda.perplexity(MODEL, x),
    "lda.completion_perplexity": lambda x: lda.completion_perplexity(MODEL, x, rng()),
    "lda.split_tokens": lambda x: np.stack([y.toarray() for y in lda.split_tokens(x, rng())]),
    "lda.tokens": lambda x: lda.tokens(x, 1),
    "lda.fit seeded": learned,
    "lda.fit random": lambda x: learned(x, start="random", eta=0.1),
    "lda.fit_unigram": lambda x: lda.fit_unigram(x).perplexity(x),
    "lda.fit_mixture": lambda x: elbos(lda.fit_mixture(x, 3, rng(), 0.5)),
    "lda.MixtureOfUnigrams": lambda x: [*MIXTURE.log_evidence(x), MIXTURE.perplexity(x)],
    "lf.exact": lambda x: lf.exact(FACTORS, x).log_evidence,
    "lf.log_likelihood": lambda x: lf.log_likelihood(FACTORS, x),
    "lf.mean_field": lambda x: elbos(lf.mean_field(FACTORS, x)),
    "lf.Encoder": lambda x: ENCODER(x).probs,
    "lf.Encoder.gradient": lambda x: ENCODER.gradient(x, np.ones((x.shape[0], 2)))["input_weights"],
    "lf.split_gap": lambda x: lf.split_gap(FACTORS, ENCODER, x, rng()).amortised,
    "lf.train": trained,
    "lf.train exact": lambda x: trained(x, inference="exact"),
    "lf.train mean_field": lambda x: trained(x, inference="mean_field"),
    "lf.train score_function": lambda x: trained(x, gradient="score_function"),
}


def dense_counts():
    counts = rng().poisson(2.0, (20, WORDS))
    counts[3] = 0
    return counts


def scattered(counts, dtype):
    """The same counts with each entry in two parts, in no order, and some explicit zeros."""
    rows = []
    for row in counts:
        words = np.flatnonzero(row)
        parts = np.concatenate([row[words] - row[words] // 2, row[words] // 2])
        order = rng().permutation(len(parts))
        rows.append((np.concatenate([words, words])[order], parts[order]))
    indices, data = (np.concatenate(each) for each in zip(*rows, strict=True))
    indptr = np.cumsum([0] + [len(words) for words, _ in rows])
    matrix = sp.csr_array((data.astype(dtype), indices, indptr), shape=counts.shape)
    assert not matrix.has_canonical_format and matrix.nnz > (counts > 0).sum()
    return matrix


@pytest.mark.parametrize("dtype", [int, float, np.int8])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_repeated_entries_are_added_and_the_callers_matrix_stays(name, dtype):
    counts, function = dense_counts(), FUNCTIONS[name]
    matrix = scattered(counts, dtype)
    before = [part.copy() for part in (matrix.data, matrix.indices, matrix.indptr)]
    expected = function(counts)
    for _ in range(2):
        np.testing.assert_allclose(function(matrix), expected, rtol=1e-9)
        for part, was in zip((matrix.data, matrix.indices, matrix.indptr), before, strict=True):
            np.testing.assert_array_equal(part, was)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_unsorted_entries_change_nothing(name):
    counts, function = dense_counts(), FUNCTIONS[name]
    matrix = sp.csr_array(counts)
    for start, end in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        matrix.indices[start:end] = matrix.indices[start:end][::-1].copy()
        matrix.data[start:end] = matrix.data[start:end][::-1].copy()
    before = matrix.indices.copy()
    np.testing.assert_allclose(function(matrix), function(counts), rtol=1e-9)
    np.testing.assert_array_equal(matrix.indices, before)


@pytest.mark.parametrize("name", ["lda.e_step", "lda.fit_unigram", "lf.exact"])
@pytest.mark.parametrize(("entry", "dtype"), [(100, np.int8), (200, np.uint8), (1, bool)])
@pytest.mark.parametrize("form", ["csr", "coo"])
def test_sums_of_bytes_and_bits_do_not_overflow(name, entry, dtype, form):
    parts = (np.full(3, entry, dtype), np.array([4, 4, 2]), np.array([0, 3]))
    dense = np.zeros((1, WORDS))
    dense[0, [4, 2]] = 2 * entry, entry
    found = FUNCTIONS[name](sp.csr_array(parts, shape=(1, WORDS)).asformat(form))
    np.testing.assert_allclose(found, FUNCTIONS[name](dense), rtol=1e-9)


@pytest.mark.filterwarnings("ignore:counts. 2 words")
def test_a_word_without_a_topic_is_noticed_in_bytes():
    model = lda.LDA(0.5, [[0.5, 0.5, 0.0, 0.0]])
    counts = np.array([[0, 0, 100, 28]], dtype=np.int8)  # 128 is -128 in a byte
    assert next(lda.mean_field(model, sp.csr_array(counts))).elbo == -np.inf


@pytest.mark.filterwarnings("error")
def test_a_zero_that_is_stored_is_no_word_even_where_no_topic_has_it():
    topics, stored = np.array([[0.5, 0.5, 0.0]]), sp.csr_array(np.array([[2.0, 1.0, 3.0]]))
    stored.data[2] = 0.0
    for counts in (stored, stored.astype(int)):
        model, mixture = lda.LDA(0.5, topics), lda.MixtureOfUnigrams([1.0], topics)
        assert next(lda.mean_field(model, counts)).elbo == pytest.approx(3 * np.log(0.5))
        assert mixture.log_evidence(counts)[0] == pytest.approx(3 * np.log(0.5))
        assert counts.nnz == 3  # the caller's matrix stays as it was


def test_canonical_counts_are_not_copied():
    counts = lda.bags([[0, 1, 1], [2]], WORDS)
    for checked in (lda.model.check_counts(counts), lda.model.check_counts(counts.astype(float))):
        assert checked.has_canonical_format
    assert np.shares_memory(lda.model.check_counts(counts).data, counts.data)
    assert np.shares_memory(lda.model.check_counts(counts).indices, counts.indices)
