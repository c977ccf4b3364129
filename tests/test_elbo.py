"""The identity log p(x) = ELBO + KL, computed three ways."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from helpers.densities import Bernoulli, Categorical, MultivariateNormal, Normal, kl_divergence
from helpers.elbo import (
    Bound,
    bound_by_enumeration,
    bound_by_quadrature,
    bound_by_sampling,
    enumerate_assignments,
)

log_probability = st.floats(-700, 0) | st.sampled_from([-np.inf, -1e4, 0.0])
shapes = array_shapes(max_dims=3, max_side=4)


@st.composite
def joint_and_q(draw):
    shape = draw(shapes)
    log_joint = draw(arrays(float, shape, elements=log_probability))
    weights = draw(arrays(float, shape, elements=st.floats(0, 1) | st.sampled_from([0.0, 1e-300])))
    weights.flat[draw(st.integers(0, weights.size - 1))] += 1
    log_joint.flat[draw(st.integers(0, log_joint.size - 1))] = -3.0
    return log_joint, weights / weights.sum()


@given(joint_and_q())
def test_evidence_is_elbo_plus_kl(pair):
    log_joint, q = pair
    bound = bound_by_enumeration(log_joint, q)
    shift = log_joint.max()
    evidence = shift + np.log(sum(np.exp(v - shift) for v in log_joint.ravel()))
    assert bound.log_evidence == pytest.approx(evidence, rel=1e-10)
    with np.errstate(divide="ignore"):
        kl = sum(
            a * (np.log(a) - (v - evidence))
            for a, v in zip(q.ravel(), log_joint.ravel(), strict=True)
            if a > 0
        )
    assert bound.kl == pytest.approx(kl, rel=1e-10, abs=1e-10)
    assert bound.elbo <= bound.log_evidence + 1e-10 * max(1, abs(bound.log_evidence))
    if np.isfinite(bound.elbo):
        assert bound.elbo + bound.kl == pytest.approx(bound.log_evidence, rel=1e-10, abs=1e-10)


@given(joint_and_q())
def test_the_posterior_closes_the_gap(pair):
    log_joint, q = pair
    evidence = bound_by_enumeration(log_joint, q).log_evidence
    posterior = np.exp(log_joint - evidence)
    assert bound_by_enumeration(log_joint, posterior / posterior.sum()).kl == pytest.approx(
        0, abs=1e-10 * max(1, abs(evidence))
    )


def test_mass_on_an_impossible_value_costs_everything():
    bound = bound_by_enumeration([np.log(0.5), -np.inf], [0.5, 0.5])
    assert (bound.elbo, bound.kl) == (-np.inf, np.inf)
    assert bound_by_enumeration([np.log(0.5), -np.inf], [1.0, 0.0]).kl == 0


@pytest.mark.parametrize("seed", range(5))
def test_quadrature_agrees_with_the_conjugate_normal(seed):
    rng = np.random.default_rng(seed)
    x, prior, noise = rng.normal(), Normal(rng.normal(), rng.uniform(0.5, 2)), rng.uniform(0.3, 2)
    q = Normal(rng.normal(), rng.uniform(0.3, 1.5))
    evidence = Normal(prior.mean(), np.hypot(prior.sd, noise)).log_prob(x)
    precision = 1 / prior.sd**2 + 1 / noise**2
    posterior = Normal((prior.mean() / prior.sd**2 + x / noise**2) / precision, precision**-0.5)
    bound = bound_by_quadrature(
        lambda z: prior.log_prob(z) + Normal(z, noise).log_prob(x),
        q.log_prob,
        np.linspace(-16, 16, 129),
    )
    assert bound.log_evidence == pytest.approx(evidence, abs=1e-10)
    assert bound.kl == pytest.approx(kl_divergence(q, posterior), abs=1e-10)
    assert bound.entropy == pytest.approx(q.entropy(), abs=1e-10)


def test_quadrature_takes_uneven_panels_and_hard_edges():
    def triangle(z):  # p(x, z) = 2 z on [0, 1]
        return np.where((z > 0) & (z < 1), np.log(np.maximum(2 * z, 1e-300)), -np.inf)

    bound = bound_by_quadrature(triangle, lambda z: 0 * z, [0, 0.001, 0.01, 0.1, 0.4, 1])
    assert bound.log_evidence == pytest.approx(0, abs=1e-12)
    assert bound.elbo == pytest.approx(np.log(2) - 1, abs=1e-5)  # int log 2z dz
    assert bound.entropy == pytest.approx(0, abs=1e-12)


def test_sampling_is_unbiased_and_exact_at_the_posterior():
    log_joint = np.log([[0.1, 0.2], [0.3, 0.05]])
    q = Bernoulli([0.3, 0.6])
    table = np.outer([0.7, 0.3], [0.4, 0.6])
    truth = bound_by_enumeration(log_joint, table).elbo
    bound = bound_by_sampling(
        lambda z: log_joint[z[:, 0], z[:, 1]], q, np.random.default_rng(0), 50_000
    )
    assert abs(bound.elbo - truth) < 4 * bound.standard_error
    assert bound.standard_error < 0.01
    posterior = np.exp(log_joint.ravel()) / np.exp(log_joint).sum()
    exact = bound_by_sampling(
        lambda z: log_joint.ravel()[z], Categorical(posterior), np.random.default_rng(0), 100
    )
    assert exact.elbo == pytest.approx(np.log(0.65), abs=1e-12)
    assert exact.standard_error == pytest.approx(0, abs=1e-12)


def test_the_standard_error_is_the_spread_over_repetitions():
    q, target = Normal(0.0, 1.0), Normal(0.5, 1.3)
    runs = [
        bound_by_sampling(target.log_prob, q, np.random.default_rng(seed), 200)
        for seed in range(400)
    ]
    spread = np.std([run.elbo for run in runs])
    assert np.mean([run.standard_error for run in runs]) == pytest.approx(spread, rel=0.15)
    joint = MultivariateNormal([0.0, 0.0], np.eye(2))
    assert bound_by_sampling(
        joint.log_prob, joint, np.random.default_rng(0), 10
    ).elbo == pytest.approx(0)


def test_an_unknown_evidence_is_nan():
    bound = Bound(expected_log_joint=-3.0, entropy=1.0)
    assert bound.elbo == -2 and np.isnan(bound.kl)


@given(st.lists(st.integers(1, 4), max_size=5))
def test_assignments_are_all_and_in_order(sizes):
    table = enumerate_assignments(sizes)
    expected = list(np.ndindex(*sizes))
    assert table.shape == (len(expected), len(sizes))
    assert [tuple(row) for row in table] == expected


BAD = {
    "sizes: 40 variables have 1099511627776": lambda: enumerate_assignments([2] * 40),
    "q: expected shape": lambda: bound_by_enumeration([0.0, 0.0], [1.0]),
    "q: .*sum to 1": lambda: bound_by_enumeration([-1.0, -1.0], [0.5, 0.4]),
    "q: .*negative": lambda: bound_by_enumeration([-1.0, -1.0], [-0.5, 1.5]),
    "log_joint: holds NaN": lambda: bound_by_enumeration([np.nan, -1.0], [0.5, 0.5]),
    "log_joint: .*got inf": lambda: bound_by_enumeration([np.inf, -1.0], [0.5, 0.5]),
    "log_joint: -inf everywhere": lambda: bound_by_enumeration([-np.inf] * 2, [0.5, 0.5]),
    "grid: .*increasing": lambda: bound_by_quadrature(abs, abs, [1, 0]),
    "grid: expected to hold all of q": lambda: bound_by_quadrature(
        lambda z: -(z**2), Normal(0, 1).log_prob, np.linspace(-2, 2, 50)
    ),
    "log_joint.z.: expected shape": lambda: bound_by_quadrature(
        lambda z: 0.0, Normal(0, 1).log_prob, np.linspace(-9, 9, 50)
    ),
    "log_joint.z.: .*got inf": lambda: bound_by_quadrature(
        lambda z: z + np.inf, Normal(0, 1).log_prob, np.linspace(-9, 9, 50)
    ),
    "log_joint.z.: -inf everywhere": lambda: bound_by_quadrature(
        lambda z: z - np.inf, Normal(0, 1).log_prob, np.linspace(-9, 9, 50)
    ),
    "log_joint.z.: expected log probabilities": lambda: bound_by_sampling(
        lambda z: z + np.inf, Normal(0, 1), np.random.default_rng(0), 5
    ),
    "n: expected at least 2": lambda: bound_by_sampling(
        abs, Normal(0, 1), np.random.default_rng(0), 1
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()
