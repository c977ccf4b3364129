"""Stochastic variational inference: equal to a sweep where it must be, unbiased elsewhere."""

from itertools import islice

import numpy as np
import pytest
import scipy.sparse as sp

from helpers import lda
from helpers.ascent import climb
from helpers.lda.stochastic import fit_stream, natural_step, step_size
from helpers.lda.variational_em import expected_log_topics, m_step, topics_kl

K, V, D, ETA = 4, 30, 24, 0.3


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    model = lda.LDA(0.2, rng.dirichlet(np.full(V, 0.2), K))
    topics = rng.gamma(3.0, 1.0, (K, V))
    return model.sample(rng, rng.integers(5, 40, D)).counts, topics


def stream(batches, topics, **more):
    rng = np.random.default_rng(0)
    given = dict(n_documents=D, alpha=0.2, eta=ETA, topics=topics, tolerance=1e-12) | more
    return fit_stream(batches, K, rng, **given)


def test_all_documents_and_a_step_of_one_are_a_batch_sweep(corpus):
    counts, topics = corpus
    first, second = stream([counts], topics, tau=1.0)
    found = lda.e_step(counts, 0.2, expected_log_topics(topics, ETA), tolerance=1e-12)
    bound = found.bounds.sum() - topics_kl(topics, expected_log_topics(topics, ETA), ETA)
    np.testing.assert_allclose(second.q.topics, m_step(found.usage, topics, ETA), rtol=1e-10)
    assert first.elbo == pytest.approx(bound, rel=1e-12)
    assert second.elbo > first.elbo


def test_the_batches_steps_are_the_full_step_on_average(corpus):
    counts, topics = corpus
    batches = [counts[start : start + 6] for start in range(0, D, 6)]
    log_topics = expected_log_topics(topics, ETA)

    def step(part):
        usage = lda.e_step(part, 0.2, log_topics, tolerance=1e-12).usage
        return natural_step(topics, usage, 0.3, ETA, D / part.shape[0])

    np.testing.assert_allclose(
        np.mean([step(b) for b in batches], axis=0), step(counts), rtol=1e-10
    )
    bounds = [next(stream([b], topics)).elbo for b in batches]
    assert np.mean(bounds) == pytest.approx(next(stream([counts], topics)).elbo, rel=1e-12)


def test_a_run_goes_on_as_if_it_had_not_stopped(corpus):
    counts, topics = corpus
    batches = [counts[start : start + 4] for start in range(0, D, 4)]
    *_, whole = stream(batches, topics)  # a stream ends, and may be made a list of
    half = list(islice(stream(batches[:3], topics), 4))[-1]
    rest = list(islice(stream(batches[3:], half.q.topics, seen=half.info["seen"]), 4))[-1]
    assert half.info["seen"] == 3 and whole.info["seen"] == rest.info["seen"] == 6
    np.testing.assert_allclose(rest.q.topics, whole.q.topics, rtol=1e-12)


def test_the_steps_are_those_of_robbins_and_monro():
    assert step_size(0, 0.7, 1.0) == 1.0
    assert step_size(5, 0.6, 10.0) == pytest.approx(15**-0.6)


def test_the_documents_of_several_batches_found_the_topics(corpus):
    counts, _ = corpus
    batches = [counts[[d]] for d in range(D)]
    taken = iter(batches)
    state = next(stream(taken, None, n_documents=25 * 5))
    assert len(list(taken)) == D - 5  # one in 25 of the corpus, and each is learned from later
    assert state.info["seen"] == 0 and state.q.gamma.shape == (1, K)
    np.testing.assert_allclose(state.model.topics.sum(axis=1), 1)
    assert state.model.topics.shape == (K, V) and np.isfinite(state.elbo)


@pytest.mark.parametrize("start", [None, "random"])
def test_learning_raises_the_bound_of_documents_held_out(corpus, start):
    counts, _ = corpus
    rng = np.random.default_rng(1)
    batches = [counts[rng.choice(D, 8, replace=False)] for _ in range(60)]
    states = [s.q.topics for s in islice(stream(batches, start), 61)]
    scores = [
        lda.e_step(counts, 0.2, expected_log_topics(t, ETA)).bounds.sum() for t in states[::60]
    ]
    assert scores[1] > scores[0]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (dict(kappa=0.5), "kappa: expected a number in"),
        (dict(kappa=np.nan), "kappa: "),
        (dict(tau=0.5), "tau: "),
        (dict(tau="x"), "tau: "),
        (dict(n_documents=3), "batches: a batch of 24 documents"),
        (dict(eta=-1.0), "eta: "),
        (dict(topics="seeded"), "topics: expected lambda"),
        (dict(topics=np.ones((K, V + 1))), "topics: "),
        (dict(rng=3), "rng: "),
    ],
)
def test_bad_input_is_named(corpus, more, message):
    counts, topics = corpus
    given = dict(n_topics=K, rng=np.random.default_rng(0), n_documents=D, topics=topics) | more
    with pytest.raises(ValueError, match=message):
        next(fit_stream([counts], **given))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (sp.csr_array((3, V), dtype=np.int64), "at least one token in each batch"),
        (np.ones((3, V + 2)), "batches: expected 30 columns"),
        (np.full((3, V), np.nan), "batches: "),
    ],
)
def test_a_bad_batch_is_named_and_the_state_before_it_is_good(corpus, second, message):
    counts, topics = corpus
    states = stream([counts[:6], second], topics)
    good = next(states)
    with pytest.raises(ValueError, match=message):
        next(states)
    again = stream([counts[6:12]], good.q.topics, seen=good.info["seen"])
    assert np.isfinite(next(again).elbo)
    with pytest.raises(ValueError, match="at least one batch"):
        stream([], topics)


@pytest.mark.parametrize("eta", [2.0**53, 2.0**63, 1e150])
def test_an_enormous_eta_is_the_limit_of_uniform_topics(eta):
    """lambda holds no count any more: every topic is uniform, and nothing is lost or gained."""
    counts = np.random.default_rng(3).poisson(1.0, (60, 30))
    batches = [counts[:20], counts[20:40], counts[40:]]
    *_, last = lda.fit_stream(batches, 3, np.random.default_rng(1), 60, eta=eta)
    assert np.allclose(last.model.topics, 1 / 30, rtol=1e-12)
    uniform = lda.LDA(0.1, np.full((3, 30), 1 / 30))
    bound = 3 * climb(lda.mean_field(uniform, counts[40:])).elbos[-1]
    assert last.elbo == pytest.approx(bound, rel=1e-9)
