"""The Bayesian mixture: its evidence, mean field's bound, and the sampler, against brute force."""

from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from helpers.ascent import climb
from helpers.densities import MultivariateNormal
from helpers.elbo import enumerate_assignments
from helpers.mixture import (
    BayesianMixture,
    MeanFieldMixture,
    mean_field,
)
from helpers.mixture.cavi import bound, update_assignments, update_means
from helpers.papers.blei_kucukelbir_mcauliffe import gibbs

MODEL = BayesianMixture(3, 2.0)
X = np.array([[0.3, -1.0], [2.5, 0.4], [2.2, 1.1], [-1.7, 0.2], [0.1, 0.1]])


def random_q(rng, n=5, k=3, p=2):
    return MeanFieldMixture(
        rng.dirichlet(np.ones(k), n), rng.normal(size=(k, p)), rng.uniform(0.2, 3, k)
    )


def log_evidence_by_loops(model, x):
    """Sum over assignments of the density of each component's points, jointly normal."""
    terms = []
    for z in product(range(model.n_components), repeat=len(x)):
        total = -len(x) * np.log(model.n_components)
        for k in set(z):
            points = x[np.array(z) == k]
            covariance = np.eye(len(points)) + model.prior_sd**2
            normal = MultivariateNormal(np.zeros(len(points)), covariance)
            total += sum(normal.log_prob(column) for column in points.T)
        terms.append(total)
    return np.logaddexp.reduce(terms)


@pytest.mark.parametrize("x", [X, X[:1], X[:, :1], X[:3] + 4], ids=["5", "1", "one axis", "far"])
def test_evidence_agrees_with_jointly_normal_points(x):
    assert MODEL.log_evidence(x) == pytest.approx(log_evidence_by_loops(MODEL, x), abs=1e-10)


def test_the_bound_agrees_with_sums_and_quadrature():
    """E_q of log p(x, z, mu) - log q by all assignments and Gauss-Hermite nodes for two means."""
    x, model, rng = X[:3, 0], BayesianMixture(2, 1.5), np.random.default_rng(0)
    q = random_q(rng, 3, 2, 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(6)  # exact: the logarithm is quadratic
    weights = weights / weights.sum()
    total = 0.0
    for (i, a), (j, b) in product(enumerate(nodes), repeat=2):
        mu = q.means[:, 0] + np.sqrt(q.variances) * np.array([a, b])
        prior = -0.5 * (np.log(2 * np.pi * 1.5**2) + mu**2 / 1.5**2).sum()
        own = -0.5 * (np.log(2 * np.pi * q.variances) + np.array([a, b]) ** 2).sum()
        for z in product(range(2), repeat=3):
            z = np.array(z)
            likelihood = -0.5 * (np.log(2 * np.pi) + (x - mu[z]) ** 2).sum() - 3 * np.log(2)
            chosen = q.assignments[np.arange(3), z]
            difference = prior + likelihood - own - np.log(chosen).sum()
            total += weights[i] * weights[j] * chosen.prod() * difference
    assert bound(model, x, q).elbo == pytest.approx(total, abs=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 5))
def test_no_q_passes_the_evidence_and_each_update_is_a_maximum(seed, prior_sd):
    rng, model = np.random.default_rng(seed), BayesianMixture(3, prior_sd)
    q, evidence = random_q(rng), model.log_evidence(X)
    assert bound(model, X, q).elbo <= evidence + 1e-10
    best_means = update_means(model, X, q.assignments)
    with_means = MeanFieldMixture(q.assignments, *best_means)
    assert bound(model, X, with_means).elbo >= bound(model, X, q).elbo - 1e-10
    best = MeanFieldMixture(update_assignments(X, q.means, q.variances), q.means, q.variances)
    assert bound(model, X, best).elbo >= bound(model, X, q).elbo - 1e-10


@pytest.mark.parametrize("seed", range(5))
def test_cavi_never_falls_and_stays_below_the_evidence(seed):
    ascent = climb(mean_field(MODEL, X, np.random.default_rng(seed)), rtol=1e-12)
    assert ascent.converged
    assert ascent.elbos[-1] <= MODEL.log_evidence(X) + 1e-10
    assert ascent.elbos[-1] > ascent.elbos[0]


def test_with_one_component_mean_field_is_exact():
    model = BayesianMixture(1, 3.0)
    state = climb(mean_field(model, X, np.random.default_rng(0))).state
    assert state.elbo == pytest.approx(model.log_evidence(X), abs=1e-10)
    np.testing.assert_allclose(state.q.means[0], X.sum(0) / (1 / 9 + 5), atol=1e-12)
    assert state.q.variances[0] == pytest.approx(1 / (1 / 9 + 5))


def test_cavi_finds_clusters_that_are_far_apart():
    truth = np.array([[-8.0, 0], [0, 8], [8, 0]])
    rng = np.random.default_rng(3)
    x = truth[np.arange(90) % 3] + rng.standard_normal((90, 2))
    model = BayesianMixture(3, 6.0)
    q = climb(mean_field(model, x, start=truth + 1.0)).state.q
    np.testing.assert_allclose(q.means, truth, atol=0.6)
    assert (q.assignments.argmax(1) == np.arange(90) % 3).all()


def test_one_axis_of_data_is_a_column():
    first = next(mean_field(MODEL, X[:, 0], start=[[0.0], [1], [2]]))
    second = next(mean_field(MODEL, X[:, :1], start=[[0.0], [1], [2]]))
    assert first.elbo == second.elbo


def test_gibbs_visits_assignments_as_often_as_the_posterior_says():
    x, model = X[:3, :1], BayesianMixture(2, 2.0)
    assignments = enumerate_assignments([2, 2, 2])
    exact = softmax(model.log_joint_of_assignments(x, assignments))
    counts = np.zeros(8)
    samples = gibbs(model, x, np.random.default_rng(1))
    for sample in islice(samples, 100, 20_100):
        counts[sample.assignments @ [4, 2, 1]] += 1
    np.testing.assert_allclose(counts / counts.sum(), exact, atol=0.02)
    assert exact.max() > 2 * exact.min()  # else a sampler that ignores x would pass


def test_gibbs_draws_means_from_their_conditional():
    """With one component the means are independent draws from N(m, s^2)."""
    model = BayesianMixture(1, 2.0)
    samples = gibbs(model, X, np.random.default_rng(2))
    draws = np.array([s.means[0] for s in islice(samples, 4000)])
    variance = 1 / (1 / 4 + 5)
    np.testing.assert_allclose(draws.mean(0), variance * X.sum(0), atol=0.03)
    np.testing.assert_allclose(draws.var(0), variance, rtol=0.1)


def test_predictive_densities_integrate_to_one():
    q = random_q(np.random.default_rng(4), p=1)
    grid = np.linspace(-30, 30, 6001)
    assert np.exp(q.predictive(grid)).sum() * (grid[1] - grid[0]) == pytest.approx(1, abs=1e-9)


def test_predictive_density_averages_over_q():
    q, x = random_q(np.random.default_rng(6)), X[:2]
    rng = np.random.default_rng(7)
    draws = q.means + np.sqrt(q.variances)[:, None] * rng.standard_normal((200_000, 3, 2))
    for point, log_density in zip(x, q.predictive(x), strict=True):
        each = np.exp(-0.5 * ((point - draws) ** 2).sum(-1)) / (2 * np.pi)
        assert np.exp(log_density) == pytest.approx(each.mean(), rel=0.01)


def test_samples_of_the_model_have_its_moments():
    means, z, x = BayesianMixture(2, 3.0).sample(np.random.default_rng(8), 20_000, 2)
    for k in range(2):
        np.testing.assert_allclose(x[z == k].mean(0), means[k], atol=0.05)
        np.testing.assert_allclose(np.cov(x[z == k].T), np.eye(2), atol=0.05)
    many = BayesianMixture(5000, 3.0).sample(np.random.default_rng(9), 1, 2)[0]
    assert many.std() == pytest.approx(3.0, rel=0.03)


@pytest.mark.parametrize(
    "act, named",
    [
        (lambda: BayesianMixture(0, 1.0), "n_components"),
        (lambda: BayesianMixture(2, -1.0), "prior_sd"),
        (lambda: MODEL.log_joint_of_assignments(X, np.full(len(X), 7)), "z"),
        (lambda: MODEL.log_joint_of_assignments(X, [0]), "z"),
        (lambda: MODEL.log_joint_of_assignments(X, np.full(5, 0.5)), "z: expected whole numbers"),
        (lambda: MODEL.sample(np.random.default_rng(0), 3, 0), "n_dimensions"),
        (lambda: next(mean_field(MODEL, X)), "rng"),
        (lambda: next(mean_field(MODEL, X, start=np.zeros((2, 2)))), "start"),
        (lambda: next(mean_field(MODEL, X * np.nan, start=np.zeros((3, 2)))), "x"),
        (lambda: next(gibbs(MODEL, X, 0)), "rng"),
        (lambda: next(gibbs(MODEL, X, np.random.default_rng(0), np.zeros((3, 3)))), "start"),
        (lambda: BayesianMixture(2, 1.0).log_evidence(np.zeros(40)), "x: 40 points"),
        (
            lambda: mean_field(None, X[:3], np.random.default_rng(0)),
            "model: expected BayesianMixture",
        ),
        (lambda: gibbs(None, X[:3], np.random.default_rng(0)), "model: expected BayesianMixture"),
        (lambda: MeanFieldMixture([[0.5, 0.6]], np.zeros((2, 1)), np.ones(2)), "assignments"),
        (lambda: MeanFieldMixture([[0.5, 0.5]], np.zeros((2, 1)), np.zeros(2)), "variances"),
    ],
)
def test_bad_input_is_named(act, named):
    with pytest.raises(ValueError, match=f"^{named}"):
        act()
