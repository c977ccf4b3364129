"""EM and its variants: the bound touches, climbs, and finds what generated the data."""

from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers import mixture
from helpers.ascent import climb
from helpers.elbo import bound_by_enumeration
from helpers.mixture import GaussianMixture, fit
from helpers.papers.neal_hinton import fit_sparse

TRUTH = GaussianMixture(
    [0.35, 0.65], [[0.0, 0.0], [3.0, 2.0]], [np.eye(2) * 0.5, [[1, 0.4], [0.4, 0.8]]]
)
OPTIONS = [
    {},
    {"incremental": True},
    {"assignments": "hard"},
    {"incremental": True, "assignments": "hard"},
]


def data(n=80, seed=0):
    return TRUTH.sample(np.random.default_rng(seed), n)[1]


def take(n, *args, **options):
    return list(islice(fit(*args, **options), n))


def test_evidence_and_bound_agree_with_enumeration_of_all_assignments():
    x, model = data(5), TRUTH
    q = np.random.default_rng(1).dirichlet([1, 1], size=5)
    joint, table = np.empty((2,) * 5), np.empty((2,) * 5)
    for z in product(range(2), repeat=5):
        joint[z] = sum(model.log_joint(x)[n, k] for n, k in enumerate(z))
        table[z] = np.prod([q[n, k] for n, k in enumerate(z)])
    exact, found = bound_by_enumeration(joint, table), mixture.bound(model, x, q)
    assert found.log_evidence == pytest.approx(exact.log_evidence, abs=1e-10)
    assert found.elbo == pytest.approx(exact.elbo, abs=1e-10)
    assert found.kl == pytest.approx(exact.kl, abs=1e-10)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_bound_never_falls_and_never_passes_the_likelihood(options):
    states = take(24, data(), 3, np.random.default_rng(5), **options)
    elbos = np.array([s.elbo for s in states])
    assert (np.diff(elbos) >= -1e-9 * np.abs(elbos[:-1])).all()
    assert all(s.elbo <= s.log_likelihood + 1e-9 for s in states)


def test_the_bound_touches_the_likelihood_after_each_e_step_only():
    states = take(8, data(), 2, np.random.default_rng(0))
    assert [s.step for s in states[:5]] == ["start", "M", "E", "M", "E"]
    assert [s.passes for s in states[:5]] == [0, 1, 1, 2, 2]
    for state in states:
        gap = state.log_likelihood - state.elbo
        if state.step == "M":
            assert gap > 1e-6
        else:
            assert gap == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("incremental", [False, True])
def test_finds_the_parameters_that_generated_the_data(incremental):
    n = 600 if incremental else 20_000
    x = data(n, seed=2)
    model = climb(fit(x, 2, np.random.default_rng(1), incremental), rtol=1e-9).state.model
    order = np.argsort(model.means[:, 0])
    tolerance = 5 / n**0.5
    np.testing.assert_allclose(model.weights[order], TRUTH.weights, atol=tolerance)
    np.testing.assert_allclose(model.means[order], TRUTH.means, atol=2 * tolerance)
    np.testing.assert_allclose(model.covariances[order], TRUTH.covariances, atol=2 * tolerance)


def test_incremental_reaches_the_same_optimum_in_fewer_passes():
    x, start = data(300), mixture.random_start(data(300), 2, np.random.default_rng(3))
    rng = np.random.default_rng(0)
    standard = climb(fit(x, 2, rng, start=start), rtol=1e-9).state
    incremental = climb(fit(x, 2, rng, incremental=True, start=start), rtol=1e-9).state
    assert incremental.elbo == pytest.approx(standard.elbo, rel=1e-6)
    assert incremental.passes < standard.passes


def test_the_m_step_is_a_maximum():
    x, q = data(60), np.random.default_rng(0).dirichlet([1, 1], size=60)
    model, rng = mixture.m_step(x, q), np.random.default_rng(1)
    best = mixture.bound(model, x, q).elbo
    for _ in range(50):
        shift, scale = rng.normal(size=2) * 0.05, np.exp(rng.normal() * 0.05)
        weights = model.weights * np.exp(rng.normal(size=2) * 0.05)
        other = GaussianMixture(
            weights / weights.sum(), model.means + shift, model.covariances * scale
        )
        assert mixture.bound(other, x, q).elbo < best


def test_hard_assignments_end_away_from_maximum_likelihood():
    x = data(4000, seed=4)
    soft = climb(fit(x, 2, np.random.default_rng(0), start=TRUTH), rtol=1e-10).state
    hard = climb(fit(x, 2, np.random.default_rng(0), assignments="hard", start=TRUTH)).state
    assert hard.log_likelihood < soft.log_likelihood - 1
    assert hard.bound.kl > 1


@pytest.mark.parametrize("threshold", [0, 1e-3, 0.2])
def test_sparse_em_climbs_and_looks_at_fewer_components(threshold):
    x, start = data(200), mixture.random_start(data(200), 4, np.random.default_rng(1))
    rng = np.random.default_rng(0)
    states = list(islice(fit_sparse(x, 4, rng, threshold, start=start), 80))
    elbos = np.array([s.elbo for s in states])
    assert (np.diff(elbos) >= -1e-9 * np.abs(elbos[:-1])).all()
    for state in states:
        np.testing.assert_allclose(state.q.sum(1), 1, atol=1e-12)
        assert state.elbo <= state.log_likelihood + 1e-9
    full = list(islice(fit(x, 4, rng, start=start), 80))
    evaluations = x.shape[0] * 4 * (1 + sum(s.step == "E" for s in full))
    assert states[-1].evaluations <= evaluations
    if threshold == 0:
        assert states[-1].evaluations == evaluations
        np.testing.assert_allclose(elbos, [s.elbo for s in full], rtol=1e-12)
    else:
        assert states[-1].evaluations < 0.9 * evaluations


@settings(max_examples=30, deadline=None)
@given(
    arrays(float, st.integers(1, 12), elements=st.sampled_from([0.0, 1.0, 1e6, -3.5, 1e-8])),
    st.integers(1, 3),
    st.sampled_from(OPTIONS),
)
def test_ties_and_single_points_stay_finite(x, n_components, options):
    n_components = min(n_components, len(x))
    states = take(6, x, n_components, np.random.default_rng(0), **options)
    elbos = np.array([s.elbo for s in states])
    assert np.isfinite(elbos).all()
    assert (np.diff(elbos) >= -1e-6 * np.abs(elbos[:-1]) - 1e-6).all()


def test_data_far_from_zero_keep_their_digits():
    x = data(200)
    near = climb(fit(x, 2, np.random.default_rng(0))).state
    far = climb(fit(x + 1e6, 2, np.random.default_rng(0))).state
    np.testing.assert_allclose(far.model.covariances, near.model.covariances, rtol=1e-5)


def test_one_dimension_may_come_without_its_axis():
    x = np.r_[np.zeros(5), np.ones(5)] + np.linspace(0, 0.1, 10)
    flat = climb(fit(x, 2, np.random.default_rng(0))).state
    column = climb(fit(x[:, None], 2, np.random.default_rng(0))).state
    assert flat.elbo == column.elbo
    assert flat.model.log_likelihood(x) == flat.log_likelihood


RNG = np.random.default_rng(0)
ONE = GaussianMixture([1.0], [[0.0]], [[[1.0]]])
BAD = {
    "x: expected at least one data point": lambda: fit([], 1, RNG),
    "x: expected finite": lambda: fit([1.0, np.inf], 1, RNG),
    "n_components: expected at most 2": lambda: fit([1.0, 2.0], 3, RNG),
    "rng: expected": lambda: fit([1.0, 2.0], 1, 7),
    "assignments: expected": lambda: fit([1.0, 2.0], 1, RNG, assignments="firm"),
    "incremental: expected True or False, got str": lambda: fit([1.0], 1, RNG, incremental="foo"),
    "incremental: expected True or False, got int": lambda: fit([1.0], 1, RNG, incremental=2),
    "start: expected GaussianMixture": lambda: fit([1.0], 1, RNG, start=[[0.0]]),
    "start: expected means": lambda: fit([1.0, 2.0], 1, RNG, start=TRUTH),
    "n_components: expected at most 1": lambda: fit_sparse([1.0], 2, RNG),
    "start: expected means of shape .1, 1.": lambda: fit_sparse([1.0], 1, RNG, start=TRUTH),
    "x: expected shape .any, 1.": lambda: ONE.log_likelihood(np.ones((3, 2))),
    "q: expected probabilities": lambda: mixture.m_step([1.0, 2.0], [[1.0], [-1.0]]),
    "threshold: expected": lambda: fit_sparse([1.0, 2.0], 1, RNG, threshold=1),
    "threshold: expected a number": lambda: fit_sparse([1.0, 2.0], 1, RNG, threshold="a"),
    "weights: expected at least one": lambda: GaussianMixture([], np.empty((0, 1)), [[[1.0]]]),
    "covariances: expected": lambda: GaussianMixture([1.0], [[0.0]], np.ones((2, 1, 1))),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()
