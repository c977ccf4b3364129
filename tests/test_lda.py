"""Latent Dirichlet allocation against enumeration, against itself, and at the edges."""

import re
import tracemalloc
import warnings
from itertools import islice, product

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, logsumexp

from helpers import data as corpora
from helpers import lda
from helpers.ascent import climb
from helpers.densities import Dirichlet, kl_divergence
from helpers.fast import lda as fast
from helpers.fast.lda import blocks
from helpers.lda import starts
from helpers.lda import variational_em as plain
from helpers.lda.enumeration import log_prior_of_counts

seeds = st.integers(0, 2**32 - 1)


def tiny(seed, most_tokens=5, n_topics=None, zeros=False):
    """A random model and one random document of it."""
    rng = np.random.default_rng(seed)
    k, v = n_topics or rng.integers(1, 5), rng.integers(1, 7)
    topics = rng.dirichlet(np.full(v, 0.7), k)
    if zeros and v > 1:
        topics[rng.random(topics.shape) < 0.3] = 0
        topics[:, 0] += 1e-3
        topics /= topics.sum(axis=1, keepdims=True)
    model = lda.LDA(rng.gamma(1.0, 1.0, k) + 0.05, topics)
    held = np.flatnonzero(topics.any(axis=0))
    return model, rng.choice(held, rng.integers(0, most_tokens + 1)), rng


def corpus(seed, n_documents=12, n_words=9, n_topics=3, mean=8, alpha=0.5):
    rng = np.random.default_rng(seed)
    model = lda.LDA(alpha, rng.dirichlet(np.full(n_words, 0.5), n_topics))
    return model, model.sample(rng, rng.poisson(mean, n_documents)), rng


# -- the exact posterior -------------------------------------------------------------------


def evidence_by_polya_urn(model, words):
    """log p(w) by the chain rule over tokens and topics: no gamma function of totals."""
    terms = []
    for z in product(range(model.n_topics), repeat=len(words)):
        log_p, counts = 0.0, np.zeros(model.n_topics)
        for topic, word in zip(z, words, strict=True):
            urn = (model.alpha[topic] + counts[topic]) / (model.alpha.sum() + counts.sum())
            log_p += np.log(urn * model.topics[topic, word])
            counts[topic] += 1
        terms.append(log_p)
    return logsumexp(terms)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_exact_posteriors_agree_with_an_urn_and_with_each_other(seed):
    model, words, _ = tiny(seed)
    by_z, by_counts = lda.exact(model, words), lda.exact_by_counts(model, words)
    assert by_z.log_evidence == pytest.approx(evidence_by_polya_urn(model, words), abs=1e-10)
    assert by_counts.log_evidence == pytest.approx(by_z.log_evidence, abs=1e-10)
    np.testing.assert_allclose(by_counts.mean_theta, by_z.mean_theta, atol=1e-10)
    assert by_z.probs.sum() == pytest.approx(1, abs=1e-12)
    assert by_counts.probs.sum() == pytest.approx(1, abs=1e-12)
    expected = (model.alpha + by_z.marginals.sum(axis=0)) / (model.alpha.sum() + len(words))
    np.testing.assert_allclose(by_z.mean_theta, expected, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_exact_marginals_are_what_remains_when_a_token_is_fixed(seed):
    model, words, rng = tiny(seed)
    if not len(words):
        return
    token = rng.integers(len(words))
    posterior = lda.exact(model, words)
    for topic in range(model.n_topics):
        fixed = posterior.assignments[:, token] == topic
        log_p = logsumexp(posterior.log_joint[fixed]) - posterior.log_evidence
        assert posterior.marginals[token, topic] == pytest.approx(np.exp(log_p), abs=1e-12)


def test_two_topics_agree_with_quadrature_over_theta():
    model = lda.LDA([1.3, 2.1], [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    words = np.array([0, 2, 2, 1, 0, 2])
    nodes, weights = np.polynomial.legendre.leggauss(200)
    share = (nodes + 1) / 2
    theta = np.column_stack([share, 1 - share])
    density = np.exp(
        Dirichlet(model.alpha).log_prob(theta) + np.log(theta @ model.topics)[:, words].sum(1)
    )
    log_evidence = np.log(density @ weights / 2)
    # the density ends in share^0.3 and is not analytic there
    assert lda.exact(model, words).log_evidence == pytest.approx(log_evidence, abs=1e-4)
    assert lda.exact_by_counts(model, words).log_evidence == pytest.approx(log_evidence, abs=1e-4)


def test_counts_reach_documents_that_enumeration_cannot():
    model = lda.LDA(0.5, [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2]])
    words = np.arange(60) % 3
    with pytest.raises(ValueError, match=r"10\^28\.6"):
        lda.exact(model, words)
    posterior = lda.exact_by_counts(model, words)
    bound = climb(lda.document_mean_field(model, words), rtol=1e-12).state.elbo
    assert bound < posterior.log_evidence < bound + 5
    with pytest.raises(ValueError, match=r"about 10\^33\.9 coefficients"):
        lda.exact_by_counts(lda.LDA(0.1, np.full((20, 3), 1 / 3)), words)


def test_a_word_without_a_topic_has_no_posterior():
    model = lda.LDA(1.0, [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    for function in (lda.exact, lda.exact_by_counts):
        with pytest.raises(ValueError, match="word 2 has probability 0"):
            function(model, [0, 2])


# -- the bound -----------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(seeds, st.booleans())
def test_bound_plus_kl_is_the_evidence_for_any_q(seed, zeros):
    model, words, rng = tiny(seed, zeros=zeros)
    held = model.topics[:, words].T > 0
    phi = rng.dirichlet(np.ones(model.n_topics), len(words)) * held
    phi /= phi.sum(axis=1, keepdims=True)
    q = lda.DocumentPosterior(rng.gamma(2.0, 1.0, model.n_topics) + 0.01, phi)
    evidence = lda.exact(model, words).log_evidence
    bound = lda.document_bound(model, words, q, evidence)
    kl = lda.kl_to_posterior(model, words, q)
    assert kl >= -1e-12
    assert bound.elbo + kl == pytest.approx(evidence, abs=1e-9)
    assert bound.kl == pytest.approx(kl, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seeds, st.booleans())
def test_one_document_climbs_below_the_evidence(seed, zeros):
    model, words, rng = tiny(seed, zeros=zeros)
    start = rng.gamma(1.0, 2.0, model.n_topics) + 0.01
    elbos = [s.elbo for s in islice(lda.document_mean_field(model, words, start), 40)]
    assert (np.diff(elbos) >= -1e-12 * np.abs(elbos[:-1]) - 1e-12).all()
    assert elbos[-1] <= lda.exact(model, words).log_evidence + 1e-10


@settings(max_examples=40, deadline=None)
@given(seeds, st.booleans())
def test_the_fast_bound_is_the_readable_one(seed, zeros):
    model, words, rng = tiny(seed, zeros=zeros)
    gamma = rng.gamma(1.0, 2.0, model.n_topics) + 0.01
    words = words if len(words) else np.flatnonzero(model.topics.any(axis=0))[:1]
    counts = lda.bags([words], model.n_words)
    state = next(lda.mean_field(model, counts, start=gamma[None]))
    phi = lda.update_phi(gamma, plain.expected_log_topics(model.topics), words)
    slow = lda.document_bound(model, words, lda.DocumentPosterior(gamma, phi))
    assert state.elbo == pytest.approx(slow.elbo, abs=1e-9)
    log_topics = plain.expected_log_topics(model.topics)
    following = lda.e_step(counts, model.alpha, log_topics, gamma[None], max_updates=1)
    expected = lda.update_gamma(model.alpha, phi)
    np.testing.assert_allclose(following.gamma[0], expected, rtol=1e-10)


def test_the_updates_are_stationary_points_of_the_bound():
    """At convergence no small change of gamma or phi raises the bound."""
    model, words, rng = tiny(3, n_topics=3)
    words = np.array([0, 0, *words])
    q = climb(lda.document_mean_field(model, words), rtol=0, max_steps=2000).state.q
    best = lda.document_bound(model, words, q).elbo
    for _ in range(50):
        gamma = q.gamma * np.exp(0.01 * rng.normal(size=3))
        phi = q.phi * np.exp(0.01 * rng.normal(size=q.phi.shape))
        near = lda.DocumentPosterior(gamma, phi / phi.sum(axis=1, keepdims=True))
        assert lda.document_bound(model, words, near).elbo <= best + 1e-12


def test_one_topic_is_exact():
    model = lda.LDA([0.7], [[0.2, 0.3, 0.5]])
    words = np.array([0, 1, 1, 2])
    state = climb(lda.document_mean_field(model, words)).state
    assert state.elbo == pytest.approx(lda.exact(model, words).log_evidence, abs=1e-12)


def test_expected_log_theta_is_that_of_samples():
    gamma = np.array([0.8, 2.5, 4.0])
    samples = np.log(np.random.default_rng(0).dirichlet(gamma, 200_000))
    np.testing.assert_allclose(lda.expected_log_theta(gamma), samples.mean(axis=0), atol=0.02)


def test_trajectory_is_the_ascent_as_arrays():
    model, words, _ = tiny(11, n_topics=3)
    words = np.array([0, *words])
    steps = lda.trajectory(model, words, 7)
    assert steps["updated"] == ["start", "phi", "gamma", "phi", "gamma", "phi", "gamma"]
    assert steps["gamma"].shape == (7, 3) and steps["phi"].shape == (7, len(words), 3)
    states = islice(lda.document_mean_field(model, words), 7)
    np.testing.assert_array_equal(steps["elbo"], [s.elbo for s in states])


# -- a corpus ------------------------------------------------------------------------------


@settings(max_examples=4, deadline=None)
@given(seeds)
def test_documents_do_not_know_of_each_other(seed):
    model, sample, rng = corpus(seed)
    counts = sp.csr_array(sp.vstack([sample.counts, sp.csr_array((2, 9), dtype=np.int64)]))
    whole = climb(lda.mean_field(model, counts, tolerance=1e-9), rtol=1e-13).state
    for document in range(counts.shape[0]):
        alone = climb(lda.mean_field(model, counts[[document]], tolerance=1e-9), rtol=1e-13).state
        assert alone.elbo == pytest.approx(whole.bounds[document], abs=1e-9)
        np.testing.assert_allclose(alone.q.gamma[0], whole.q.gamma[document], atol=1e-5)
    order = rng.permutation(counts.shape[0])
    shuffled = climb(lda.mean_field(model, counts[order], tolerance=1e-9), rtol=1e-13).state
    np.testing.assert_allclose(shuffled.bounds, whole.bounds[order], atol=1e-9)
    assert shuffled.elbo == pytest.approx(whole.elbo, abs=1e-9)


@settings(max_examples=6, deadline=None)
@given(seeds, st.sampled_from([1, 2, 7, 21, 22, 100]))
def test_a_document_ends_where_it_would_end_alone(seed, max_updates):
    model, sample, _ = corpus(seed, alpha=0.1, n_documents=30, n_words=25, n_topics=4)
    log_topics, options = np.log(model.topics), {"max_updates": max_updates}
    whole = lda.e_step(sample.counts, 0.1, log_topics, **options)
    alone = [lda.e_step(sample.counts[[d]], 0.1, log_topics, **options) for d in range(30)]
    np.testing.assert_allclose(np.concatenate([a.gamma for a in alone]), whole.gamma, rtol=1e-9)
    np.testing.assert_allclose(np.concatenate([a.bounds for a in alone]), whole.bounds, atol=1e-10)
    np.testing.assert_allclose(sum(a.usage for a in alone), whole.usage, atol=1e-9)


def test_empty_documents_contribute_exactly_nothing():
    model, sample, _ = corpus(4)
    empty = sp.csr_array((3, 9), dtype=np.int64)
    state = climb(lda.mean_field(model, empty)).state
    assert (state.bounds == 0).all() and state.elbo == 0
    np.testing.assert_array_equal(state.q.gamma, np.tile(model.alpha, (3, 1)))
    both = sp.csr_array(sp.vstack([sample.counts, empty]))
    alone, padded = (
        lda.e_step(c, model.alpha, np.log(model.topics)) for c in (sample.counts, both)
    )
    np.testing.assert_allclose(padded.usage, alone.usage, atol=1e-9)
    np.testing.assert_allclose(padded.bounds[:-3], alone.bounds, atol=1e-9)
    assert (padded.bounds[-3:] == 0).all()
    assert lda.perplexity(model, both) == pytest.approx(lda.perplexity(model, sample.counts))


def test_a_word_split_over_two_columns_changes_nothing():
    model, sample, _ = corpus(5)
    halves = lda.LDA(model.alpha, np.column_stack([model.topics / 2, model.topics / 2]))
    doubled = sp.csr_array(sp.hstack([sample.counts, 0 * sample.counts]))
    doubled_elsewhere = sp.csr_array(sp.hstack([0 * sample.counts, sample.counts]))
    first, second = (climb(lda.mean_field(halves, c)).state for c in (doubled, doubled_elsewhere))
    np.testing.assert_allclose(first.bounds, second.bounds, atol=1e-9)
    np.testing.assert_allclose(first.q.gamma, second.q.gamma, atol=1e-9)


def test_repeated_entries_of_a_sparse_array_are_added():
    model, _, _ = corpus(6)
    twice = sp.csr_array((np.array([1, 2]), np.array([4, 4]), np.array([0, 2])), shape=(1, 9))
    once = sp.csr_array((np.array([3]), np.array([4]), np.array([0, 1])), shape=(1, 9))
    first, second = (climb(lda.mean_field(model, c)).state.elbo for c in (twice, once))
    assert first == pytest.approx(second, abs=1e-12)
    assert twice.nnz == 2  # the caller's array stays as it was


def test_dense_and_sparse_counts_are_the_same():
    model, sample, _ = corpus(7)
    for form in (sample.counts.toarray(), sample.counts.tocsc(), sample.counts.astype(float)):
        states = lda.mean_field(model, form), lda.mean_field(model, sample.counts)
        np.testing.assert_array_equal(*(next(islice(s, 1, None)).bounds for s in states))


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_no_documents_bound_falls(seed):
    model, sample, rng = corpus(seed, alpha=0.1)
    start = rng.gamma(0.5, 2.0, (12, 3)) + 1e-3
    bounds = [s.bounds for s in islice(lda.mean_field(model, sample.counts, start), 8)]
    assert (np.diff(bounds, axis=0) >= -1e-9).all()


@settings(max_examples=10, deadline=None)
@given(seeds, st.sampled_from([1e-3, 1e-2, 0.1, 1.0]), st.sampled_from([4, 30]))
def test_no_document_ends_below_plain_ascent(seed, alpha, mean):
    """Tiny priors make saddles, where an extrapolation may turn the other way."""
    rng = np.random.default_rng(seed)
    topics = rng.dirichlet(np.full(8, rng.choice([0.1, 1.0])), 4)
    model = lda.LDA(alpha * rng.gamma(1.0, 1.0, 4) + 1e-4, np.maximum(topics, 1e-300))
    counts = rng.poisson(mean / 8, (20, 8))
    end = climb(lda.mean_field(model, counts), rtol=1e-13, max_steps=2000).state
    e_step = fast.EStep(sp.csr_array(counts), model.alpha)
    gamma = plain.first_gamma(model.alpha, e_step.counts)
    *_, bounds = e_step(np.log(model.topics), gamma, fast.Rule(2000, plain=True))
    assert (end.bounds >= bounds - 1e-6).all()


def test_extrapolation_seldom_leads_a_document_to_a_worse_optimum():
    """Far steps at the start led 49 of these 1,200 to one."""
    worse = []
    for seed, (k, mean) in enumerate([(5, 50), (12, 150), (25, 250)]):
        rng = np.random.default_rng(seed)
        topics = rng.dirichlet(np.full(300, 0.1), k) + 1e-12
        topics /= topics.sum(axis=1, keepdims=True)
        probs = rng.dirichlet(np.full(k, 0.1), 400) @ topics
        counts = sp.csr_array(rng.multinomial(mean, probs / probs.sum(axis=1, keepdims=True)))
        found = lda.e_step(counts, 0.05, np.log(topics))
        e_step, rule = fast.EStep(counts, np.full(k, 0.05)), fast.Rule(1000, 1e-9, plain=True)
        start = plain.first_gamma(e_step.alpha, counts)
        ours, plainly = (e_step(np.log(topics), g, rule)[2] for g in (found.gamma, start))
        worse.append(ours < plainly - 1e-3)
    assert np.mean(worse) < 0.01


# -- the edges of floating point -----------------------------------------------------------


def test_words_outside_every_topic_warn_and_give_minus_infinity():
    model = lda.LDA(0.5, [[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]])
    counts = np.array([[2, 1, 0], [1, 0, 3], [0, 0, 1]])
    with pytest.warns(UserWarning, match=r"1 words \(columns 2\) have probability 0"):
        state = next(islice(lda.mean_field(model, counts), 1, None))
    assert np.isfinite(state.bounds[0]) and (state.bounds[1:] == -np.inf).all()
    assert np.isfinite(state.q.gamma).all()
    with pytest.warns(UserWarning, match="probability 0"):
        assert climb(lda.mean_field(model, counts), max_steps=5).state.elbo == -np.inf
    with pytest.warns(UserWarning, match="probability 0"):
        assert lda.perplexity(model, counts) == np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lda.mean_field(model, counts[:1])  # the word is in the vocabulary, but not used


@pytest.mark.parametrize("alpha", [1e-4, 1e-2, 50.0])
def test_tiny_alpha_stays_finite_and_below_the_evidence(alpha):
    model = lda.LDA(alpha, [[0.6, 0.4, 0.0, 0.0], [0.0, 0.4, 0.6, 0.0], [0.0, 0.0, 0.5, 0.5]])
    for words in ([0, 2, 3], [1, 1], [0, 0, 3, 3], [2]):
        counts = lda.bags([words], 4)
        evidence = lda.exact(model, words).log_evidence
        for states in (
            lda.mean_field(model, counts),
            lda.mean_field(model, counts, start=np.full((1, 3), alpha)),
            lda.mean_field(model, counts, start=np.array([[50.0, alpha, alpha]])),
        ):
            state = climb(states, max_steps=200).state
            assert np.isfinite(state.elbo) and np.isfinite(state.q.gamma).all()
            assert state.elbo <= evidence + 1e-9
            assert state.q.gamma.sum() == pytest.approx(3 * alpha + len(words))


@pytest.mark.parametrize("eta", [None, 1e-6, 1e-3, 0.1])
@pytest.mark.parametrize("alpha", [1e-4, 0.1])
@pytest.mark.parametrize("start", ["seeded", "random"])
def test_learning_stays_finite_and_climbs_with_tiny_priors(eta, alpha, start):
    _, sample, rng = corpus(9, n_documents=40, n_words=30, n_topics=4, mean=15)
    states = lda.fit(sample.counts, 4, rng, alpha, eta, start=start, progress=False)
    ascent = climb(states, rtol=1e-9, max_steps=60)
    assert np.isfinite(ascent.elbos).all()
    state = ascent.state
    assert np.isfinite(state.q.gamma).all() and np.isfinite(state.model.topics).all()
    if eta is not None:
        assert state.q.topics.sum() == pytest.approx(4 * 30 * eta + sample.counts.sum(), rel=1e-9)


def models_at_the_edges():
    """A corpus with empty documents, topics with zero columns and rows of logs, alpha (K,)."""
    return st.tuples(
        seeds,
        st.integers(1, 5),
        st.integers(1, 9),
        st.sampled_from([1e-5, 1e-3, 0.1, 20.0]),
        st.sampled_from([None, 1e-5, 0.1, 3.0]),
        st.integers(0, 4),
    )


@settings(max_examples=40, deadline=None)
@given(models_at_the_edges())
def test_the_fast_e_step_equals_the_plain_one(drawn):
    seed, k, v, scale, eta, updates = drawn
    rng = np.random.default_rng(seed)
    alpha = scale * rng.gamma(1.0, 1.0, k) + 1e-6
    counts = sp.csr_array(rng.poisson(rng.choice([0.0, 0.3, 3.0], (6, v))))
    if eta is None:
        topics = rng.dirichlet(np.full(v, 0.5), k) * (rng.random((k, v)) < 0.8)
    else:
        topics = eta + rng.poisson(0.5, (k, v))
    log_topics = plain.expected_log_topics(topics, eta)
    gamma = plain.first_gamma(alpha, counts, rng.gamma(0.3, 2.0, (6, k)) + 1e-6)
    slow = plain.plain_e_step(counts, alpha, log_topics, gamma, updates)
    e_step = fast.EStep(counts, alpha)
    rule = fast.Rule(updates, plain=True)
    quick = e_step(log_topics, gamma, rule)
    np.testing.assert_allclose(quick[0], slow.gamma, rtol=1e-10)
    np.testing.assert_allclose(quick[1], slow.usage, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(quick[2], slow.bounds, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("eta", [None, 1e-5, 0.3])
def test_fit_is_variational_em_with_the_plain_e_step(eta):
    _, sample, _ = corpus(12)
    alpha, counts = np.array([0.2, 0.5, 1.0]), sample.counts
    quick = lda.fit(counts, 3, np.random.default_rng(3), alpha, eta, progress=False)

    def e_step(log_topics, gamma):
        return plain.plain_e_step(counts, alpha, log_topics, gamma, updates=2)

    usage = starts.STARTS["seeded"](counts, 3, np.random.default_rng(3)).T
    topics = plain.m_step(usage, np.full((3, 9), 1 / 9), eta)
    slow = plain.variational_em(e_step, alpha, topics, plain.first_gamma(alpha, counts), eta)
    for one, other in islice(zip(quick, slow, strict=True), 6):
        assert one.elbo == pytest.approx(other.elbo, abs=1e-9)
        np.testing.assert_allclose(one.model.topics, other.model.topics, atol=1e-10)
        np.testing.assert_allclose(one.q.gamma, other.q.gamma, rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seeds, st.sampled_from([None, 0.2]))
def test_the_e_step_gives_usage_and_bounds_of_its_own_gamma(seed, eta):
    model, sample, rng = corpus(seed)
    topics = model.topics if eta is None else rng.gamma(1.0, 2.0, (3, 9)) + 0.01
    log_topics = plain.expected_log_topics(topics, eta)
    found = lda.e_step(sample.counts, 0.5, log_topics, tolerance=1e-3)
    own = plain.plain_e_step(sample.counts, np.full(3, 0.5), log_topics, found.gamma, 0)
    np.testing.assert_allclose(found.usage, own.usage, atol=1e-10)
    np.testing.assert_allclose(found.bounds, own.bounds, atol=1e-10)
    on = lda.e_step(sample.counts, 0.5, log_topics, found.gamma, tolerance=1e-12)
    assert on.bounds.sum() >= found.bounds.sum() - 1e-9


def test_huge_alpha_stays_below_the_evidence():
    words, topics = np.array([0, 2, 2, 1]), [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]
    for alpha in (1e3, 1e6, 1e10, 1e13, 1e20, 1e100):
        model = lda.LDA([alpha, 2 * alpha], topics)
        evidence = lda.exact(model, words).log_evidence
        mixed = np.log(np.array([1, 2]) / 3 @ model.topics)[words].sum()
        state = climb(lda.document_mean_field(model, words), rtol=1e-14).state
        quick = climb(lda.mean_field(model, lda.bags([words], 3)), rtol=1e-14).state
        assert evidence == pytest.approx(mixed, abs=10 / alpha + 1e-12)
        for elbo in (state.elbo, quick.elbo):
            assert evidence - 10 / alpha - 1e-12 <= elbo <= evidence + 1e-13
        kl = lda.kl_to_posterior(model, words, state.q)
        assert lda.document_bound(model, words, state.q).elbo + kl == pytest.approx(evidence)


# -- learning ------------------------------------------------------------------------------


def slow_learning_bound(state, counts, eta):
    """The ELBO of variational EM from the readable pieces, topics integrated or not."""
    total = 0.0
    log_topics = np.log(state.model.topics)
    if eta is not None:
        log_topics = lda.expected_log_theta(state.q.topics)
        prior = Dirichlet(np.full_like(state.q.topics, eta))
        total -= float(np.sum(kl_divergence(Dirichlet(state.q.topics), prior)))
    for document, gamma in enumerate(state.q.gamma):
        words = lda.tokens(counts, document)
        scores = lda.expected_log_theta(gamma) + log_topics[:, words].T
        total += logsumexp(scores, axis=1).sum()
        total -= float(kl_divergence(Dirichlet(gamma), Dirichlet(state.model.alpha)))
    return total


@pytest.mark.parametrize("eta", [None, 0.3])
def test_the_learning_bound_is_that_of_its_own_state(eta):
    _, sample, rng = corpus(12)
    states = lda.fit(sample.counts, 3, rng, alpha=[0.2, 0.5, 1.0], eta=eta)
    for state in islice(states, 5):
        slow = slow_learning_bound(state, sample.counts, eta)
        assert state.elbo == pytest.approx(slow, abs=1e-9)


@pytest.mark.parametrize("eta", [None, 0.05])
def test_known_topics_are_recovered_up_to_their_order(eta):
    rng = np.random.default_rng(14)
    topics = rng.dirichlet(np.full(50, 0.1), 5)
    sample = lda.LDA(0.1, topics).sample(rng, np.full(300, 80))
    state = climb(lda.fit(sample.counts, 5, rng, alpha=0.1, eta=eta), rtol=1e-6).state
    distance = np.abs(topics[:, None] - state.model.topics).sum(axis=2) / 2
    assert sorted(distance.argmin(axis=1)) == list(range(5))
    assert distance.min(axis=1).max() < 0.06


def test_seeded_starts_end_no_lower_than_random_ones():
    _, sample, _ = corpus(16, n_documents=120, n_words=100, n_topics=6, mean=40, alpha=0.1)
    ends = {
        start: [
            climb(
                lda.fit(sample.counts, 6, np.random.default_rng(s), start=start), rtol=1e-5
            ).elbos[-1]
            for s in range(3)
        ]
        for start in ("seeded", "random")
    }
    assert np.mean(ends["seeded"]) > np.mean(ends["random"])


def test_learning_is_reproducible_and_leaves_its_input_alone():
    _, sample, _ = corpus(17)
    before = sample.counts.copy()
    runs = [
        climb(lda.fit(sample.counts, 3, np.random.default_rng(1)), max_steps=5).state
        for _ in range(2)
    ]
    np.testing.assert_array_equal(runs[0].model.topics, runs[1].model.topics)
    assert (sample.counts != before).nnz == 0


def test_more_topics_than_documents_can_be_learned():
    counts = lda.bags([[0, 1, 1], [2, 3]], 5)
    state = climb(lda.fit(counts, 6, np.random.default_rng(0), eta=0.1), max_steps=20).state
    assert np.isfinite(state.elbo) and state.model.topics.shape == (6, 5)


def test_memory_stays_below_the_corpus_and_a_block():
    rng = np.random.default_rng(18)
    words = [rng.choice(3000, 300) for _ in range(2000)]
    counts = lda.bags(words, 3000)
    size = counts.data.nbytes + counts.indices.nbytes + counts.indptr.nbytes
    allowed = size + 2000 * 20 * 8 + 4 * blocks.BLOCK_BYTES + 8 * 3000 * 20 * 8
    states = lda.fit(counts, 20, rng, eta=0.1, start="random", progress=False)
    tracemalloc.start()
    try:
        for _ in islice(states, 3):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < allowed


# -- held-out documents and the baselines --------------------------------------------------


def test_perplexity_is_that_of_the_bounds():
    model, sample, _ = corpus(19)
    total = sum(
        climb(lda.document_mean_field(model, words), rtol=1e-12, max_steps=5000).state.elbo
        for words in sample.words
    )
    expected = np.exp(-total / sample.counts.sum())
    assert lda.perplexity(model, sample.counts) == pytest.approx(expected, rel=1e-5)
    uniform = lda.LDA(1.0, np.full((1, 9), 1 / 9))
    assert lda.perplexity(uniform, sample.counts) == pytest.approx(9)


def test_completion_scores_each_token_of_the_rest_once():
    model, sample, rng = corpus(20, n_documents=400, mean=30)
    first, rest = lda.split_tokens(sample.counts, rng, 0.25)
    assert ((first + rest) != sample.counts).nnz == 0
    assert first.sum() / sample.counts.sum() == pytest.approx(0.25, abs=0.03)
    uniform = lda.LDA(1.0, np.full((2, 9), 1 / 9))
    assert lda.completion_perplexity(uniform, sample.counts, rng) == pytest.approx(9)
    ours = lda.completion_perplexity(model, sample.counts, rng)
    assert ours < lda.fit_unigram(sample.counts).perplexity(sample.counts) < 9


def test_unigram_maximises_the_likelihood():
    _, sample, rng = corpus(21)
    best = lda.fit_unigram(sample.counts)
    frequencies = sample.counts.sum(axis=0) / sample.counts.sum()
    np.testing.assert_allclose(best.topics[0], frequencies, atol=1e-12)
    other = lda.MixtureOfUnigrams(np.ones(1), rng.dirichlet(np.ones(9), 1))
    assert best.perplexity(sample.counts) < other.perplexity(sample.counts)


def test_mixture_evidence_is_the_sum_over_topics():
    rng = np.random.default_rng(22)
    mixture = lda.MixtureOfUnigrams([0.2, 0.8], rng.dirichlet(np.ones(4), 2))
    words = np.array([0, 3, 3])
    terms = mixture.weights * mixture.topics[:, words].prod(axis=1)
    assert mixture.log_evidence(lda.bags([words], 4))[0] == pytest.approx(np.log(terms.sum()))


@pytest.mark.parametrize("pseudo_count", [0.0, 1e-9, 0.5])
def test_mixture_climbs(pseudo_count):
    _, sample, rng = corpus(23, n_documents=80, n_words=40, mean=30)
    ascent = climb(lda.fit_mixture(sample.counts, 4, rng, pseudo_count), rtol=1e-10)
    assert ascent.converged
    model = ascent.state.model
    assert model.perplexity(sample.counts) < lda.fit_unigram(sample.counts).perplexity(
        sample.counts
    )


def test_unsmoothed_mixture_refuses_unseen_words_aloud():
    unigram = lda.fit_unigram(np.array([[1, 2, 0]]))
    with pytest.warns(UserWarning, match="columns 2"):
        assert unigram.perplexity(np.array([[1, 0, 1]])) == np.inf
    assert np.isfinite(lda.fit_unigram(np.array([[1, 2, 0]]), 1.0).perplexity([[1, 0, 1]]))


# -- bad input -----------------------------------------------------------------------------


MODEL = lda.LDA(0.5, [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])
NEGATIVE = lda.DocumentPosterior([1.0, 1.0], [[1.5, -0.5]])
Q, LONG = (lda.DocumentPosterior(np.ones(2), np.full((n, 2), 0.5)) for n in (1, 40))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lda.LDA(0.5, [[0.5, 0.6]]), "topics: expected probabilities that sum to 1"),
        (lambda: lda.LDA(0.0, [[0.5, 0.5]]), "alpha: expected positive"),
        (lambda: lda.LDA([1.0, 2.0], [[0.5, 0.5]]), "alpha: expected one number or one for each"),
        (lambda: lda.LDA(np.nan, [[0.5, 0.5]]), "alpha: holds NaN"),
        (lambda: lda.mean_field(None, np.ones((2, 3))), "model: expected LDA(...)"),
        (lambda: lda.mean_field(MODEL, np.ones((2, 3)), tolerance=np.nan), "tolerance: "),
        (
            lambda: lda.mean_field(MODEL, np.ones((2, 3)), tolerance=-1),
            "tolerance: expected a number",
        ),
        (lambda: lda.mean_field(MODEL, np.ones((2, 4))), "counts: expected 3 columns"),
        (
            lambda: lda.mean_field(MODEL, [[1, -1, 0]]),
            "counts: expected finite numbers of at least 0",
        ),
        (lambda: lda.mean_field(MODEL, [[1, np.nan, 0]]), "counts: holds NaN"),
        (lambda: lda.mean_field(MODEL, np.zeros((0, 3))), "counts: expected documents by words"),
        (lambda: lda.mean_field(MODEL, np.ones(3)), "counts: expected 2 axes"),
        (lambda: lda.document_bound(MODEL, [0], NEGATIVE), "q.phi: expected probabilities"),
        (lambda: lda.kl_to_posterior(MODEL, [0], NEGATIVE), "q.phi: expected probabilities"),
        (lambda: lda.fit(corpora.corpus(), 2, np.random.default_rng(0)), "were its .counts meant?"),
        (lambda: lda.e_step([[1]], 0.1, [[np.inf]]), "expected_log_topics: expected log"),
        (lambda: lda.mean_field(MODEL, np.ones((1, 3)), [[1.0, 0.0]]), "start: expected pos"),
        (lambda: lda.fit(np.zeros((2, 3)), 2, np.random.default_rng(0)), "at least one token"),
        (lambda: lda.fit(np.ones((2, 3)), 0, np.random.default_rng(0)), "n_topics: expected at le"),
        (lambda: lda.fit(np.ones((2, 3)), 2, 7), "rng: expected numpy.random.default_rng"),
        (lambda: lda.fit(np.ones((2, 3)), 2, np.random.default_rng(0), eta=-1), "eta: expected p"),
        (lambda: lda.fit(np.ones((2, 3)), 2, np.random.default_rng(0), start="x"), "start: expect"),
        (lambda: lda.mean_field(MODEL, np.ones((1, 4))), "counts: expected 3 columns"),
        (lambda: lda.document_mean_field(MODEL, [3]), "words: expected numbers from 0 to 2"),
        (lambda: lda.fit_mixture(np.ones((1, 3)), 0, np.random.default_rng(0)), "n_topics: exp"),
        (lambda: lda.exact(MODEL, [0, 3]), "words: expected numbers from 0 to 2"),
        (lambda: lda.exact(MODEL, [0.5]), "words: expected whole numbers"),
        (lambda: lda.perplexity(MODEL, np.zeros((2, 3))), "at least one token to score"),
        (lambda: lda.bags([[0, 5]], 3), "documents: expected numbers from 0 to 2, got 0 to 5"),
        (lambda: lda.tokens([[1, 1, 0]], 1), "document: expected at most 0, got 1"),
        (lambda: lda.tokens([[0.5, 1, 0]], 0), "counts: expected whole numbers"),
        (lambda: lda.fit_unigram(np.ones((1, 2)), -1.0), "pseudo_count: expected a number from 0"),
        (lambda: MODEL.sample(np.random.default_rng(0), [1.5]), "lengths: expected whole numbers"),
        (lambda: lda.LDA(1, np.empty((0, 6))), "topics: expected at least one probability"),
        (lambda: lda.LDA(1, np.empty((2, 0))), "topics: expected at least one probability"),
        (lambda: lda.exact(MODEL, [0] * 40), "words: 40 tokens and 2 topics have about 10^12.0"),
        (lambda: lda.kl_to_posterior(MODEL, [0] * 40, LONG), "words: 40 tokens and 2 topics"),
        (lambda: lda.fit(np.ones((2, 3)), 2, np.random.default_rng(0), start=["a"]), "start: exp"),
        (lambda: lda.fit(np.ones((2, 3)), 2**40, np.random.default_rng(0)), "n_topics: expected"),
        (lambda: lda.fit_mixture(np.ones((2, 3)), 2**40, np.random.default_rng(0)), "n_topics: e"),
        (lambda: lda.bags([[0.7]], 3), "documents: expected whole numbers"),
        (lambda: lda.bags([[0, -1]], 3), "documents: expected whole numbers of at least 0, got -1"),
        (lambda: lda.bags([["a"]], 3), "documents: expected whole numbers"),
        (lambda: lda.bags([[0]], -1), "n_words: expected at least 1"),
        (lambda: lda.exact(None, [0]), "model: expected LDA(...), got NoneType"),
        (lambda: lda.exact_by_counts(None, [0]), "model: expected LDA(...), got NoneType"),
        (
            lambda: lda.document_mean_field(MODEL.topics, [0]),
            "model: expected LDA(...), got an array",
        ),
        (lambda: lda.perplexity(None, [[1]]), "model: expected LDA(...), got NoneType"),
        (lambda: lda.completion_perplexity(None, [[1]], None), "model: expected LDA(...)"),
        (lambda: lda.document_bound(None, [0], Q), "model: expected LDA(...), got NoneType"),
        (lambda: lda.document_bound(MODEL, [0], None), "q: expected DocumentPosterior(...)"),
        (lambda: lda.kl_to_posterior(MODEL, [0], None), "q: expected DocumentPosterior(...)"),
        (lambda: lda.document_bound(MODEL, [0, 1], Q), "q.phi: expected shape (2, 2), got (1, 2)"),
        (lambda: lda.kl_to_posterior(MODEL, [0, 1], Q), "q.phi: expected shape (2, 2)"),
        (lambda: lda.trajectory(MODEL, [0], 2.5), "n_states: expected a whole number"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


# -- samples and small helpers -------------------------------------------------------------


def test_samples_follow_the_model():
    model = lda.LDA([0.5, 1.5], [[0.7, 0.3, 0.0], [0.0, 0.1, 0.9]])
    sample = model.sample(np.random.default_rng(24), np.full(4000, 5))
    share = np.concatenate(sample.z).mean()
    assert share == pytest.approx(0.75, abs=0.03)
    z, words = np.concatenate(sample.z), np.concatenate(sample.words)
    for topic in (0, 1):
        frequencies = np.bincount(words[z == topic], minlength=3) / np.sum(z == topic)
        np.testing.assert_allclose(frequencies, model.topics[topic], atol=0.03)
    assert sample.theta.shape == (4000, 2) and sample.counts.sum() == 20_000


@given(st.lists(st.lists(st.integers(0, 5), max_size=8), min_size=1, max_size=6))
def test_bags_and_tokens_are_inverse_up_to_order(documents):
    counts = lda.bags(documents, 6)
    for number, words in enumerate(documents):
        assert lda.tokens(counts, number).tolist() == sorted(words)


def test_seeded_topics_use_every_word_that_occurs():
    _, sample, rng = corpus(25)
    usage = starts.STARTS["seeded"](sample.counts, 4, rng)
    seen = np.asarray(sample.counts.sum(axis=0)).ravel() > 0
    assert usage.shape == (9, 4)
    assert (usage[seen] > 0).all() and (usage[~seen] == 0).all()


def test_prior_of_counts_is_the_dirichlet_multinomial():
    alpha, counts = np.array([0.4, 1.7]), np.array([3.0, 2.0])
    expected = gammaln(2.1) - gammaln(7.1)
    expected += np.log(0.4 * 1.4 * 2.4) + np.log(1.7 * 2.7)
    assert log_prior_of_counts(alpha, counts) == pytest.approx(expected)
