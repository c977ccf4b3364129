"""Densities against sums, quadrature, sampling and scipy.stats."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import gammaln

from helpers.densities import (
    Bernoulli,
    Categorical,
    Dirichlet,
    MultivariateNormal,
    Normal,
    kl_divergence,
)
from helpers.densities.gamma_functions import log_rising

probability = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 1e-300, 1e-12, 0.5])
real, spread = st.floats(-50, 50), st.floats(1e-3, 1e3)


def simplex(size):
    weight = st.floats(0, 1) | st.sampled_from([0.0, 1e-300, 1e-9])
    return arrays(float, size, elements=weight).filter(lambda w: w.sum() > 0.01).map(normalised)


def normalised(weights):
    return weights / weights.sum(-1, keepdims=True)


def random_covariance(rng, size):
    root = rng.standard_normal((size, size))
    return root @ root.T + 0.1 * np.eye(size)


def summed_kl(q, p):
    """The definition, term by term in plain Python, with 0 log 0 = 0."""
    total = 0.0
    for a, b in zip(np.ravel(q), np.ravel(p), strict=True):
        if a > 0:
            total += a * (np.log(a) - np.log(b)) if b > 0 else np.inf
    return total


@given(probability, probability)
def test_bernoulli_is_a_categorical_with_two_values(a, b):
    q, p = Bernoulli(a), Bernoulli(b)
    q2, p2 = Categorical([1 - a, a]), Categorical([1 - b, b])
    for x in (0, 1):
        assert q.log_prob(x) == pytest.approx(q2.log_prob(x), abs=1e-12)
    assert q.entropy() == pytest.approx(q2.entropy(), abs=1e-12)
    assert kl_divergence(q, p) == pytest.approx(kl_divergence(q2, p2), abs=1e-10)
    assert kl_divergence(q, p) == pytest.approx(summed_kl([1 - a, a], [1 - b, b]), abs=1e-10)


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(simplex(n), simplex(n))))
def test_categorical_entropy_and_kl_are_sums(pair):
    q, p = map(Categorical, pair)
    held = pair[0][pair[0] > 0]
    assert q.entropy() == pytest.approx(-np.sum(held * np.log(held)), abs=1e-12)
    assert kl_divergence(q, p) == pytest.approx(summed_kl(*pair), abs=1e-10)
    assert kl_divergence(q, p) >= 0
    assert kl_divergence(q, q) == 0


@given(real, spread, real, spread)
def test_normal_agrees_with_scipy(m1, s1, m2, s2):
    q, p = Normal(m1, s1), Normal(m2, s2)
    assert q.log_prob(m2) == pytest.approx(scipy.stats.norm(m1, s1).logpdf(m2), rel=1e-12)
    assert q.entropy() == pytest.approx(scipy.stats.norm(m1, s1).entropy(), abs=1e-12)
    assert kl_divergence(q, p) >= 0
    assert kl_divergence(q, q) == 0
    full = kl_divergence(MultivariateNormal([m1], [[s1**2]]), MultivariateNormal([m2], [[s2**2]]))
    assert kl_divergence(q, p) == pytest.approx(full, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_normal_kl_is_the_integral(seed):
    rng = np.random.default_rng(seed)
    q, p = (Normal(rng.normal(), rng.uniform(0.3, 2)) for _ in range(2))
    value, _ = scipy.integrate.quad(
        lambda z: np.exp(q.log_prob(z)) * (q.log_prob(z) - p.log_prob(z)), -30, 30, epsabs=1e-12
    )
    assert kl_divergence(q, p) == pytest.approx(value, abs=1e-10)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_multivariate_normal_agrees_with_scipy(size):
    rng = np.random.default_rng(size)
    mean, covariance, x = rng.normal(size=size), random_covariance(rng, size), rng.normal(size=size)
    ours, theirs = MultivariateNormal(mean, covariance), scipy.stats.multivariate_normal
    assert ours.log_prob(x) == pytest.approx(theirs(mean, covariance).logpdf(x), abs=1e-10)
    assert ours.entropy() == pytest.approx(theirs(mean, covariance).entropy(), abs=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_multivariate_normal_kl_is_the_mean_log_ratio(seed):
    rng = np.random.default_rng(seed)
    q, p = (MultivariateNormal(rng.normal(size=3), random_covariance(rng, 3)) for _ in range(2))
    inverse = np.linalg.inv(p.covariance)
    shift = q.mean() - p.mean()
    expected = 0.5 * (
        np.trace(inverse @ q.covariance)
        + shift @ inverse @ shift
        - 3
        + np.log(np.linalg.det(p.covariance) / np.linalg.det(q.covariance))
    )
    assert kl_divergence(q, p) == pytest.approx(expected, abs=1e-10)
    z = q.sample(rng, 200_000)
    ratio = q.log_prob(z) - p.log_prob(z)
    assert abs(ratio.mean() - expected) < 5 * ratio.std() / 200_000**0.5


@pytest.mark.parametrize("concentration", [[1.0, 1.0], [0.3, 2.0, 5.0], [40.0, 1e-3], [7.0]])
def test_dirichlet_agrees_with_scipy(concentration):
    rng, ours = np.random.default_rng(0), Dirichlet(concentration)
    theirs = scipy.stats.dirichlet(concentration)
    assert ours.entropy() == pytest.approx(theirs.entropy(), abs=1e-8)
    if len(concentration) > 1 and min(concentration) > 0.1:
        x = ours.sample(rng)
        assert ours.log_prob(x) == pytest.approx(theirs.logpdf(x), abs=1e-10)


@pytest.mark.parametrize(("a", "b"), [([2.0, 3.0], [1.5, 4.0]), ([1.0, 1.0], [3.0, 2.0])])
def test_dirichlet_kl_is_the_integral_over_the_simplex(a, b):
    q, p = Dirichlet(a), Dirichlet(b)

    def integrand(t):
        x = np.array([t, 1 - t])
        return np.exp(q.log_prob(x)) * (q.log_prob(x) - p.log_prob(x))

    value, _ = scipy.integrate.quad(integrand, 0, 1, epsabs=1e-12)
    assert kl_divergence(q, p) == pytest.approx(value, abs=1e-9)


@given(
    arrays(float, 4, elements=st.floats(1e-6, 1e4)), arrays(float, 4, elements=st.floats(1e-6, 1e4))
)
def test_dirichlet_kl_is_never_negative(a, b):
    assert kl_divergence(Dirichlet(a), Dirichlet(b)) >= 0
    assert kl_divergence(Dirichlet(a), Dirichlet(a)) == 0


@pytest.mark.parametrize(
    "d",
    [
        Bernoulli([0.2, 0.9]),
        Categorical([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]]),
        Normal([0.0, 3.0], [1.0, 0.2]),
        MultivariateNormal([1.0, 2.0], [[2.0, 0.5], [0.5, 1.0]]),
        Dirichlet([[0.5, 2.0, 1.0], [3.0, 3.0, 3.0]]),
    ],
    ids=lambda d: type(d).__name__,
)
def test_samples_have_the_mean_and_the_entropy(d):
    rng, n = np.random.default_rng(3), 40_000
    z = d.sample(rng, n)
    values = np.eye(3)[z] if isinstance(d, Categorical) else z
    error = values.std(0) / n**0.5
    assert (np.abs(values.mean(0) - d.mean()) <= 5 * error + 1e-12).all()
    log_prob = d.log_prob(z)
    noise = log_prob.std(0) / n**0.5
    assert (np.abs(-log_prob.mean(0) - d.entropy()) <= 5 * noise + 1e-12).all()
    assert d.sample(rng, (4, 2)).shape == (4, 2, *z.shape[1:])
    assert np.shape(d.sample(rng)) == z.shape[1:]


def test_batch_axes_come_first():
    normal = Normal(np.zeros((4, 1)), np.ones(3))
    assert normal.entropy().shape == normal.mean().shape == normal.log_prob(0.0).shape == (4, 3)
    kl = kl_divergence(normal, Normal(1.0, 2.0))
    assert kl.shape == (4, 3)
    stack = MultivariateNormal(np.zeros((5, 2)), np.broadcast_to(np.eye(2), (5, 2, 2)))
    assert kl_divergence(stack, MultivariateNormal([0.0, 0.0], np.eye(2))).shape == (5,)
    assert Categorical([[0.5, 0.5]] * 3).log_prob([0, 1, 1]).shape == (3,)


def test_one_distribution_gives_plain_numbers():
    assert all(isinstance(Normal(0, 1).log_prob(0), float) for _ in range(1))
    assert isinstance(Bernoulli(0.3).sample(np.random.default_rng(0)), int)
    assert isinstance(kl_divergence(Dirichlet([1, 2]), Dirichlet([2, 1])), float)


def test_mass_where_p_is_zero_gives_infinity_and_the_reverse_does_not():
    assert kl_divergence(Categorical([0.5, 0.5]), Categorical([1.0, 0.0])) == np.inf
    assert kl_divergence(Categorical([1.0, 0.0]), Categorical([0.5, 0.5])) == np.log(2)
    assert Categorical([1.0, 0.0]).log_prob(1) == -np.inf


@given(simplex(4), st.integers(0, 2**32 - 1))
def test_round_off_never_takes_a_divergence_below_zero(probs, seed):
    nearly = normalised(probs * (1 + 1e-13 * np.random.default_rng(seed).standard_normal(4)))
    assert kl_divergence(Categorical(nearly), Categorical(probs)) >= 0
    assert kl_divergence(Bernoulli(min(1, nearly[0])), Bernoulli(min(1, probs[0]))) >= 0
    assert kl_divergence(Dirichlet(nearly + 10), Dirichlet(probs + 10)) >= 0


def test_tiny_concentrations_still_give_points_of_the_simplex():
    z = Dirichlet(np.full(5, 1e-4)).sample(np.random.default_rng(0), 1000)
    assert np.isfinite(z).all()
    np.testing.assert_allclose(z.sum(-1), 1)


def test_a_distribution_does_not_change_with_the_array_it_came_from():
    probs = np.array([0.5, 0.5])
    d = Categorical(probs)
    probs[0] = 9
    assert d.probs[0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        d.probs[0] = 1


BAD = {
    "probs: .*sum to 1.*0.9": lambda: Categorical([0.2, 0.7]),
    "probs: .*negative": lambda: Categorical([-0.5, 1.5]),
    "probs: holds NaN": lambda: Categorical([np.nan, 1.0]),
    "probs: .*at least one": lambda: Categorical([]),
    "prob: .*1.5": lambda: Bernoulli(1.5),
    "sd: expected positive": lambda: Normal(0, -1),
    "sd: expected positive numbers, got 0": lambda: Normal(0, 0),
    "mean: expected finite": lambda: Normal(np.inf, 1),
    "do not broadcast: mean .2,., sd .3,.": lambda: Normal([1, 2], [1, 2, 3]),
    "covariance: .*symmetric": lambda: MultivariateNormal([0, 0], [[1, 0.5], [0.1, 1]]),
    "covariance: .*positive definite": lambda: MultivariateNormal([0, 0], [[1, 2], [2, 1]]),
    "covariance: expected .*P, P": lambda: MultivariateNormal([0, 0], [[1]]),
    "covariance: expected .*at least one": lambda: MultivariateNormal([], np.empty((0, 0))),
    "concentration: expected positive": lambda: Dirichlet([1, 0]),
    "concentration: expected .*K": lambda: Dirichlet(3.0),
    "x: expected only 0 and 1": lambda: Bernoulli(0.5).log_prob(2),
    "x: expected whole numbers from 0 to 1": lambda: Categorical([0.5, 0.5]).log_prob(2),
    "x: .*sum": lambda: Dirichlet([1, 1]).log_prob([0.5, 0.6]),
    "x: expected real numbers": lambda: Normal(0, 1).log_prob("a"),
    "rng: expected numpy.random.default_rng": lambda: Normal(0, 1).sample(42),
    "size: expected a whole number": lambda: Normal(0, 1).sample(np.random.default_rng(0), 1.5),
    "p: expected a Normal": lambda: kl_divergence(Normal(0, 1), Bernoulli(0.5)),
    "p: expected 2 values": lambda: kl_divergence(Categorical([1, 0]), Categorical([1, 0, 0])),
    "q: expected a distribution": lambda: kl_divergence([0.5, 0.5], Categorical([1, 0])),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()


def test_divergences_of_extreme_scales_are_numbers():
    assert kl_divergence(Normal(0, 1e200), Normal(0, 1e-200)) == np.inf
    narrow = kl_divergence(Normal(0, 1e-200), Normal(0, 1e200))
    assert narrow == pytest.approx(400 * np.log(10) - 0.5, rel=1e-12)
    assert kl_divergence(Normal(0, 1e-150), Normal(0, 1e150)) == pytest.approx(
        300 * np.log(10) - 0.5, rel=1e-12
    )
    far = MultivariateNormal([0.0], [[1e300]]), MultivariateNormal([1.0], [[1e-300]])
    assert kl_divergence(*far) == np.inf
    assert Normal(0, 1e-200).log_prob(1e200) == -np.inf


def test_dirichlet_at_corners_and_edges_of_its_range():
    corner = [0.0, 1.0]
    assert Dirichlet([2.0, 0.5]).log_prob(corner) == -np.inf
    assert Dirichlet([0.5, 2.0]).log_prob(corner) == np.inf
    assert Dirichlet([1.0, 1.0]).log_prob(corner) == 0
    with pytest.raises(ValueError, match="x: the density has no limit"):
        Dirichlet([0.5, 2.0, 1.0]).log_prob([0.0, 0.0, 1.0])
    tiny = Dirichlet(np.full(3, 1e-300))
    assert (np.sort(tiny.sample(np.random.default_rng(0), 20)) == [0, 0, 1]).all()
    assert np.isfinite(tiny.entropy()) and kl_divergence(tiny, tiny) == 0


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [2, 7, 50, 2000])
def test_probabilities_are_taken_in_the_precision_of_their_type(kind, size):
    weights = np.exp(np.random.default_rng(size).normal(size=(20, size))).astype(kind)
    rows = weights / weights.sum(-1, keepdims=True, dtype=kind)
    taken = Categorical(rows).probs
    np.testing.assert_allclose(taken.sum(-1), 1, rtol=1e-12)
    assert taken.dtype == float
    with pytest.raises(ValueError, match="probs: expected probabilities that sum to 1"):
        Categorical((rows * 1.1).astype(kind))


def test_a_covariance_is_judged_in_no_unit_of_measurement():
    rng = np.random.default_rng(0)
    covariance = random_covariance(rng, 3)
    units = np.diag([1e9, 1e-9, 1.0])
    scaled = units @ covariance @ units
    ours, plain = (MultivariateNormal(np.zeros(3), c) for c in (scaled, covariance))
    assert ours.entropy() == pytest.approx(plain.entropy(), rel=1e-12)
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    MultivariateNormal(np.zeros(3), root @ covariance @ root.T)  # I but for rounding
    singular = units @ np.ones((3, 3)) @ units
    with pytest.raises(ValueError, match="covariance: expected a positive definite"):
        MultivariateNormal(np.zeros(3), singular)
    with pytest.raises(ValueError, match="covariance: expected a symmetric"):
        MultivariateNormal(np.zeros(2), [[1e18, 0.5e8], [0.1e8, 1e-2]])


def test_a_rise_from_far_above_keeps_what_it_rises_to():
    """a + n would round to zero, and log(1 + n / a) to -inf, beside an a of 1e22."""
    a = np.array([2.0**63, 1e22, 1e150])
    for raised in (2.0, 3e5):
        expected = gammaln(raised) - gammaln(a)
        np.testing.assert_allclose(log_rising(a, raised - a, raised), expected, rtol=1e-12)
