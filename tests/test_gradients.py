"""Gradients of the ELBO: exact moments by quadrature, autograd, natural steps, Pareto's k."""

import json
import sys
from itertools import islice
from pathlib import Path

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from autograd.scipy.special import digamma, gammaln
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from helpers import small
from helpers.ascent import climb
from helpers.densities import Dirichlet, MultivariateNormal, Normal
from helpers.elbo import bound_by_quadrature, enumerate_assignments
from helpers.gradients import estimators, natural, weights
from helpers.gradients.fit import NotFinite, Point, fit, natural_step, slopes, with_slope
from helpers.gradients.tagger import drawn, fit_tagger, pairs
from helpers.log_linear import (
    LogLinearTagger,
    fit_gaussian,
    gaussian_bound,
    normal_nodes,
    softmax_expectations,
)
from helpers.mixture import BayesianMixture, mean_field

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))  # last: it has an lda too

import psis

STORED = json.loads(psis.STORED.read_text(encoding="utf-8"))


def log_joint(z):
    """The course's position behind a distance, log p(x = 2, z)."""
    return Normal(-0.4, 2.0).log_prob(z) + Normal(np.abs(z), 0.6).log_prob(2.0)


def slope(z):
    return -(z + 0.4) / 4 + np.sign(z) * (2 - np.abs(z)) / 0.36


def estimates(mean, sd):
    """Every estimator at the nodes of an exact rule: {name: (S, 2)}, weights."""
    q = Normal(mean, sd)
    e, w = estimators.normal_rule([-mean / sd] if abs(mean / sd) < 12 else [])
    z = mean + sd * e
    score, f = estimators.normal_score(q, z), log_joint(z) - q.log_prob(z)
    best = estimators.best_baseline(f, score, w)
    return {
        "log p": estimators.score_function(log_joint(z), score) + np.array([0, 1]),
        "log p - log q": estimators.score_function(f, score),
        "best constant": estimators.score_function(f, score, best),
        "exact entropy": estimators.pathwise(slope, q, e, "exact"),
        "score dropped": estimators.pathwise(slope, q, e),
    }, w


@settings(max_examples=15, deadline=None)
@given(st.floats(-4, 4), st.floats(0.2, 3))
def test_every_estimator_has_the_bounds_gradient_as_its_mean(mean, sd):
    def elbo(m, log_s):
        grid = np.union1d(m + np.exp(log_s) * np.linspace(-9, 9, 73), [0])
        return bound_by_quadrature(log_joint, Normal(m, np.exp(log_s)).log_prob, grid).elbo

    h, at = 1e-4, np.array([mean, np.log(sd)])
    exact = [(elbo(*(at + h * i)) - elbo(*(at - h * i))) / (2 * h) for i in np.eye(2)]
    draws, w = estimates(mean, sd)
    means = {name: estimators.moments(found, w)[0] for name, found in draws.items()}
    for name, found in means.items():
        assert found == pytest.approx(exact, abs=1e-4, rel=1e-6), name
        assert found == pytest.approx(means["exact entropy"], abs=1e-8, rel=1e-8), name


def test_variances_at_the_best_q_are_those_that_the_lecture_tells():
    draws, w = estimates(-1.866, 0.579)
    found = [estimators.moments(draws[name], w)[1] for name in draws]
    expected = [(47.8, 50.2), (11.5, 7.84), (0.159, 0.757), (3.06, 2.05), (0.0777, 0.317)]
    np.testing.assert_allclose(found, expected, rtol=4e-3)


def coin_bound(logits):
    """The ELBO of independent coins for the word bank, in autograd's numbers."""
    p = 1 / (1 + anp.exp(-logits))
    q = anp.outer(anp.array([1 - p[0], p[0]]), anp.array([1 - p[1], p[1]]))
    return anp.sum(q * (small.bank().log_joint(1) - anp.log(q)))


def coins(logits):
    """Each z with its weight, log p - log q, and score: (4, 2), (4,), (4,), (4, 2)."""
    p, z = expit(logits), enumerate_assignments([2, 2])
    w = np.prod(np.where(z == 1, p, 1 - p), axis=1)
    return w, small.bank().log_joint(1).ravel() - np.log(w), z - p


def test_the_score_function_of_coins_is_unbiased_and_a_baseline_leaves_it_so():
    logits = np.array([0.8, -1.0])
    w, f, score = coins(logits)
    exact = grad(coin_bound)(logits)
    for baseline in (0.0, -3.0, estimators.best_baseline(f, score, w)):
        mean, _ = estimators.moments(estimators.score_function(f, score, baseline), w)
        np.testing.assert_allclose(mean, exact, atol=1e-12)
    triples = enumerate_assignments([4] * 3)  # three draws, all 64 of them
    by_triple = [
        estimators.score_function(f[i], score[i], estimators.leave_one_out(f[i])).mean(axis=0)
        for i in triples
    ]
    mean, variance = estimators.moments(np.array(by_triple), w[triples].prod(axis=1))
    np.testing.assert_allclose(mean, exact, atol=1e-12)
    plain = estimators.moments(estimators.score_function(f, score), w)[1] / 3
    assert (variance < plain).all()


def quartic(z):
    """A log density with neither symmetry nor a normal shape, (S, D) -> (S,)."""
    return -anp.sum(z**4, -1) / 8 - anp.sum((z[..., :-1] - z[..., 1:]) ** 2, -1) + anp.sum(z, -1)


def slopes_of_quartic(z):
    return grad(lambda x: anp.sum(quartic(x)))(z)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_gradients_by_draws_equal_autograd_and_differences(covariance):
    rng = np.random.default_rng(0)
    mean, e = rng.normal(size=3), rng.normal(size=(40, 3))
    logs, below = rng.normal(size=3) / 3, np.tril(rng.normal(size=(3, 3)), -1)
    below = below * (covariance == "full")

    def sampled(mean, logs, below):
        root = below + anp.diag(anp.exp(logs))
        return anp.mean(quartic(mean + anp.dot(e, root.T))) + anp.sum(logs)

    root = below + np.diag(np.exp(logs))
    point = Point(mean, root if covariance == "full" else np.exp(logs))
    z = point.draws(e)
    value, differences = with_slope(quartic)(z)
    np.testing.assert_allclose(value, quartic(z))
    np.testing.assert_allclose(differences, slopes_of_quartic(z), atol=1e-7)
    found = slopes(point, e, slopes_of_quartic(z), "exact")
    by_logs = np.diagonal(found[1:]) if covariance == "full" else found[1]
    np.testing.assert_allclose(found[0], grad(sampled, 0)(mean, logs, below), atol=1e-8)
    np.testing.assert_allclose(by_logs, grad(sampled, 1)(mean, logs, below), atol=1e-8)
    if covariance == "full":
        expected = np.tril(grad(sampled, 2)(mean, logs, below), -1)
        np.testing.assert_allclose(np.tril(found[1:], -1), expected, atol=1e-8)
    # the score that "score dropped" leaves out: what is left follows z through -log q(z) alone
    dropped = slopes(point, e, slopes_of_quartic(z)) - found
    by_mean = np.linalg.solve(root.T, e.T).mean(axis=1)
    np.testing.assert_allclose(dropped[0], by_mean, atol=1e-10)


def test_a_natural_step_of_size_one_is_the_coordinate_update_of_the_small_model():
    logits = np.array([0.8, -1.0])
    step = natural.natural_gradient(grad(coin_bound)(logits), natural.coin_fisher(logits))
    start = next(small.mean_field(small.bank(), 1, start=expit(logits)))
    for i in range(2):
        moved = logits[i] + step[i]
        assert moved == pytest.approx(logit(small.update(start, i).probs[i]), abs=1e-10)


def test_a_natural_step_of_size_one_is_the_coordinate_update_of_the_mixture():
    rng = np.random.default_rng(1)
    model, x = BayesianMixture(2, 3.0), rng.normal(size=7)
    before, after = (s.q for s in islice(mean_field(model, x, start=[[-1.0], [0.5]]), 2))
    r, means, variances = before.assignments, after.means, after.variances

    def of_mean(eta):  # the terms of the ELBO that hold mu_0, eta = (m / s^2, -1 / (2 s^2))
        variance = -0.5 / eta[1]
        square = (eta[0] * variance) ** 2 + variance
        fit_to_x = anp.sum(r[:, 0] * (x * eta[0] * variance - square / 2))
        return fit_to_x - square / (2 * model.prior_sd**2) + anp.log(variance) / 2

    eta = natural.normal_natural(0.7, 1.3)
    change = natural.natural_gradient(grad(of_mean)(eta), natural.normal_fisher(0.7, 1.3))
    expected = natural.normal_natural(means[0, 0], np.sqrt(variances[0]))
    np.testing.assert_allclose(eta + change, expected, atol=1e-10)
    assert natural.normal_from_natural(expected) == pytest.approx(
        (means[0, 0], np.sqrt(variances[0]))
    )

    def of_assignment(log_odds):  # the terms that hold z_0
        p = 1 / (1 + anp.exp(-log_odds[0]))
        scores = -0.5 * ((x[0] - means[:, 0]) ** 2 + variances)
        q = anp.array([p, 1 - p])
        return anp.sum(q * scores) - anp.sum(q * anp.log(q))

    change = natural.natural_gradient(
        grad(of_assignment)(np.array([0.4])), natural.coin_fisher([0.4])
    )
    assert 0.4 + change[0] == pytest.approx(logit(after.assignments[0, 0]), abs=1e-10)


def test_a_natural_step_of_size_one_is_the_m_step_of_lda():
    rng = np.random.default_rng(2)
    usage, eta, concentration = rng.gamma(3.0, size=6), 0.3, rng.gamma(2.0, size=6) + 0.2

    def elbo(a):  # sum_w usage_w E[log beta_w] + E[log p(beta)] + H(q), up to a constant
        expected = digamma(a) - digamma(anp.sum(a))
        log_normaliser = anp.sum(gammaln(a)) - gammaln(anp.sum(a))
        return anp.sum((usage + eta - a) * expected) + log_normaliser

    fisher = natural.dirichlet_fisher(concentration)
    change = natural.natural_gradient(grad(elbo)(concentration), fisher)
    np.testing.assert_allclose(concentration + change, eta + usage, atol=1e-10)
    by_differences = (
        Dirichlet(concentration + 1e-5 * np.eye(6)).expected_log()
        - Dirichlet(concentration - 1e-5 * np.eye(6)).expected_log()
    ) / 2e-5
    np.testing.assert_allclose(fisher, by_differences, atol=1e-7)  # F = d E[t] / d eta


def test_a_natural_step_of_size_one_is_the_posterior_of_a_regression():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    precision = x.T @ x / 0.5 + np.eye(3)
    posterior = np.linalg.solve(precision, x.T @ y / 0.5)

    def gradient(w):
        return (y - w @ x.T) @ x / 0.5 - w

    mean = rng.normal(size=3)
    found = natural.gaussian_step(mean, 5 * np.eye(3), gradient(mean), precision, 1)
    np.testing.assert_allclose(found[0], posterior, atol=1e-12)
    np.testing.assert_allclose(found[1], precision, atol=1e-12)
    # and from draws: enough of them tell the curvature by Stein's identity
    e = rng.standard_normal((200_000, 3))
    point = Point(mean, np.eye(3))
    stepped = natural_step(point, e, gradient(point.draws(e)), 1.0)
    np.testing.assert_allclose(stepped.mean, posterior, atol=0.05)
    np.testing.assert_allclose(stepped.q.covariance, np.linalg.inv(precision), rtol=0.1, atol=2e-3)


def test_a_noisy_natural_step_keeps_the_precision_positive():
    curvature = np.array([[-30.0, 1.0], [1.0, 2.0]])
    _, precision = natural.gaussian_step(np.zeros(2), np.eye(2), np.ones(2), curvature, 0.9)
    assert np.linalg.eigvalsh(precision)[0] > 0
    diagonal = natural.gaussian_step(np.zeros(2), np.ones(2), np.ones(2), np.diag(curvature), 0.9)
    assert (diagonal[1] > 0).all()


def test_the_taggers_own_fit_takes_natural_steps():
    rng = np.random.default_rng(4)
    tagger = LogLinearTagger(rng.normal(size=(30, 1)), rng.integers(2, size=30), 1.0, n_tags=2)
    states = fit_gaussian(tagger, rng, "full", n_nodes=1600)
    before, after = next(states).q, next(states).q
    nodes, w = normal_nodes(2, 1600, rng)  # Gauss-Hermite over the two weights themselves
    root = np.linalg.cholesky(before.covariance)
    draws = before.mean.ravel() + nodes @ root.T
    logits = tagger.features[:, 0, None, None] * draws.T
    p = np.exp(logits - np.logaddexp(*logits.swapaxes(0, 1))[:, None])  # (N, 2, K)
    y = np.eye(2)[tagger.tags]
    expected = tagger.features[:, 0] @ (y - p @ w) - before.mean.ravel()
    b = np.sum(tagger.features[:, 0, None] ** 2 * p[:, 0] * p[:, 1], axis=0) @ w
    curvature = b * np.array([[1, -1], [-1, 1]]) + np.eye(2)
    precision = np.linalg.inv(before.covariance)
    mean, precision = natural.gaussian_step(
        before.mean.ravel(), precision, expected, curvature, 1.0
    )
    np.testing.assert_allclose(after.mean.ravel(), mean, atol=1e-10)
    np.testing.assert_allclose(after.covariance, np.linalg.inv(precision), atol=1e-10)


@pytest.mark.parametrize("method", ["adam", "natural"])
@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_fit_finds_the_best_normal(covariance, method):
    precision, middle = np.array([[2.0, 1.2], [1.2, 1.5]]), np.array([1.0, -2.0])

    def gaussian(z):
        return -0.5 * np.vecdot((z - middle) @ precision, z - middle)

    def gradient(z):
        return -(z - middle) @ precision

    sizes = {"adam": lambda n: 0.3 / (1 + n / 20), "natural": lambda n: max(1 / (2 + n), 0.02)}[
        method
    ]
    states = fit(
        gaussian, np.zeros(2), np.random.default_rng(0), gradient, covariance, method, sizes
    )
    *_, last = islice(states, 600)
    wanted = np.linalg.inv(precision) if covariance == "full" else np.diag(1 / np.diag(precision))
    found = last.q.covariance if covariance == "full" else np.diag(last.q.sd**2)
    np.testing.assert_allclose(last.q.mean(), middle, atol=0.08)
    np.testing.assert_allclose(found, wanted, atol=0.12)
    assert last.noisy


def test_fit_goes_on_from_its_last_good_state():
    def wall(z):  # no number beyond 1
        with np.errstate(invalid="ignore"):
            return np.sqrt(1 - z[:, 0]) - z[:, 0] ** 2 / 2

    rng = np.random.default_rng(0)
    with pytest.raises(NotFinite, match=r"log_joint: got nan.*start=error.state") as caught:
        climb(fit(wall, [-2.0], rng, step_size=0.5, n_draws=4), max_steps=500)
    good = caught.value.state
    assert np.isfinite(good.elbo)
    again = next(fit(wall, good, np.random.default_rng(1), step_size=0.01, n_draws=4))
    assert again.q.mean() == good.q.mean() and again.point.steps == good.point.steps
    assert again.point.adam.steps == good.point.adam.steps > 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"step_size": np.nan}, "step_size: expected a finite number above 0, got float nan"),
        ({"step_size": "a"}, "step_size: expected a finite number"),
        ({"step_size": 0}, "step_size: expected a finite number"),
        ({"n_draws": 3}, "n_draws: expected an even number"),
        ({"method": "sgd"}, "method: expected one of"),
        ({"covariance": "low rank"}, "covariance: expected one of"),
        ({"entropy": None}, "entropy: expected one of"),
        ({"start": np.zeros((2, 2))}, "start: expected 1 axes"),
        ({"start": MultivariateNormal(np.zeros(2), np.eye(2))}, "start: has a full covariance"),
        ({"rng": 3}, "rng: expected numpy.random.default_rng"),
    ],
)
def test_bad_arguments_of_fit_are_named_at_the_call(more, said):
    arguments = {"start": np.zeros(2), "rng": np.random.default_rng(0)} | more
    with pytest.raises(ValueError, match=said):
        fit(quartic, **arguments)


def test_bad_answers_of_a_students_model_are_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"log_joint\(z\): expected shape \(16,\), got \(\)"):
        next(fit(lambda z: z.sum(), np.zeros(2), rng))
    with pytest.raises(ValueError, match=r"gradient\(z\): expected shape \(16, 2\)"):
        next(fit(quartic, np.zeros(2), rng, lambda z: z[0]))
    with pytest.raises(NotFinite, match=r"step_size: .* got float nan"):
        list(islice(fit(quartic, np.zeros(2), rng, step_size=lambda n: [0.1, np.nan][n]), 9))
    with pytest.raises(NotFinite, match="leads to no distribution"):
        list(islice(fit(quartic, np.zeros(2), rng, step_size=1e300), 9))


def small_tagger():
    rng = np.random.default_rng(5)
    features = rng.normal(size=(60, 3))
    return LogLinearTagger(features, rng.integers(3, size=60), 1.0, n_tags=3)


@pytest.mark.parametrize("full", [False, True])
def test_logits_by_draws_are_unbiased(full):
    rng, tagger = np.random.default_rng(6), small_tagger()
    mean, root = rng.normal(size=(60, 3)), rng.normal(size=(60, 3, 3))
    spread = root @ root.transpose(0, 2, 1) if full else np.abs(root[..., 0])
    exact = softmax_expectations(mean, spread, [normal_nodes(3, 8000, rng)])
    _, probs, curvature = drawn(tagger, mean, spread, pairs(rng, 10_000, 60, 3))
    np.testing.assert_allclose(probs, exact[1], atol=0.025)  # five standard errors
    np.testing.assert_allclose(curvature, exact[2], atol=0.025)


@pytest.mark.parametrize(("covariance", "steps"), [("diagonal", 400), ("full", 40)])
def test_drawn_logits_reach_the_bound_of_the_taggers_own_fit(covariance, steps):
    rng, tagger = np.random.default_rng(7), small_tagger()
    best = climb(fit_gaussian(tagger, rng, covariance), rtol=1e-9).state.elbo
    size = 0.3 if covariance == "full" else None
    *_, last = islice(fit_tagger(tagger, rng, covariance, size), steps)
    judged = gaussian_bound(tagger, last.q, rng).elbo
    assert best - 0.3 < judged < best + 0.01 and last.noisy


@pytest.mark.parametrize("name", psis.CASES)
def test_pareto_smoothing_equals_arviz(name):
    found, stored = weights.psis(psis.log_ratios(name)), STORED[name]
    assert found.k == pytest.approx(stored["k"], rel=1e-10)
    largest = np.sort(found.log_weights)[-25:]
    np.testing.assert_allclose(largest, stored["largest"], atol=1e-10)
    assert np.exp(found.log_weights).sum() == pytest.approx(1)


def test_k_of_a_normal_is_known_exactly():
    assert weights.normal_k([0.5], [[1.0]]) == pytest.approx(0.75)  # 1 - s^2 / sigma^2
    assert weights.normal_k([2.0], [[1.0]]) == -2
    for correlation in (0.3, 0.9):
        precision = np.linalg.inv([[1, correlation], [correlation, 1]])
        sd = np.diag(precision) ** -0.5  # the best mean field q
        assert weights.normal_k(sd, precision) == pytest.approx(correlation)
    e = np.random.default_rng(8).standard_normal(100_000)
    narrow = Normal(0, 1).log_prob(0.5 * e) - Normal(0, 0.5).log_prob(0.5 * e)
    assert weights.psis(narrow).k == pytest.approx(0.75, abs=0.1)


def test_effective_sample_size_counts_equal_weights():
    assert weights.effective_sample_size(np.zeros(8) - 900) == pytest.approx(8)
    assert weights.effective_sample_size([0.0, -np.inf, -np.inf, 0.0]) == pytest.approx(2)
    for bad in ([1.0], [-np.inf, -np.inf], [np.inf, 0.0], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="log_ratios"):
            weights.effective_sample_size(bad)
