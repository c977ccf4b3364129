"""The log-linear tagger against brute force: sums, autograd, quadrature, sampling."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.special import expit, logsumexp, softmax

from helpers.ascent import climb
from helpers.fast import log_linear as fast
from helpers.log_linear import (
    DiagonalGaussian,
    FullGaussian,
    LogLinearTagger,
    feature_matrix,
    feature_names,
    fit_gaussian,
    fit_laplace,
    flat_tags,
    gaussian_bound,
    gradient,
    log_joint,
    normal_nodes,
    posterior_mode,
    predict,
    softmax_expectations,
    tag_probabilities,
    token_features,
    unseen,
    word_shape,
)
from helpers.log_linear.bound import expected_log_prior
from helpers.log_linear.laplace import diagonal_precision, full_precision
from helpers.log_linear.nodes import rules_in_turn

seeds = st.integers(0, 2**32 - 1)


def generator(seed=0):
    return np.random.default_rng(seed)


def example(rng, n=60, f=4, t=3, active=None, prior_sd=1.0):
    """A tagger on data drawn from itself; sparse indicators if `active` features hold a token."""
    if active is None:
        features = rng.normal(size=(n, f))
    else:
        chosen = np.argsort(rng.random((n, f)) * np.arange(1, f + 1), axis=1)[:, :active]
        features = np.zeros((n, f))
        np.put_along_axis(features, chosen, 1.0, axis=1)
    logits = features @ rng.normal(size=(f, t)) * prior_sd
    tags = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
    if active is not None:
        features = sparse.csr_array(features)
    return LogLinearTagger(features, tags, prior_sd, n_tags=t)


def fitted(tagger, covariance, rtol=1e-8):
    return climb(fit_gaussian(tagger, generator(), covariance), rtol=rtol).state


# --- the model -----------------------------------------------------------------------------------


def joint_by_loops(features, tags, weights, mean, sd):
    """The log joint, one token and one weight at a time; anp so that autograd can follow."""
    total = 0.0
    for row, tag in zip(features, tags, strict=True):
        logits = anp.dot(row, weights)
        total = total + logits[tag] - anp.log(anp.sum(anp.exp(logits)))
    for f in range(weights.shape[0]):
        for t in range(weights.shape[1]):
            standard = (weights[f, t] - mean) / sd
            total = total - 0.5 * standard**2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    return total


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_joint_and_gradient_against_loops_and_autograd(seed):
    rng = generator(seed)
    tagger = example(rng, n=7, prior_sd=0.7)
    tagger = LogLinearTagger(tagger.features, tagger.tags, 0.7, prior_mean=0.3, n_tags=3)
    weights = rng.normal(size=tagger.shape)

    def joint(w):
        return joint_by_loops(tagger.features, tagger.tags, w, 0.3, 0.7)

    assert log_joint(tagger, weights) == pytest.approx(joint(weights), abs=1e-10)
    assert_allclose(gradient(tagger, weights), grad(joint)(weights), atol=1e-10)


def test_sparse_and_dense_features_agree():
    tagger = example(generator(1), f=12, active=3)
    dense = LogLinearTagger(tagger.features.toarray(), tagger.tags, 1.0, n_tags=3)
    weights = generator(2).normal(size=tagger.shape)
    assert log_joint(tagger, weights) == pytest.approx(log_joint(dense, weights), abs=1e-10)
    for covariance in ("diagonal", "full"):
        ours, theirs = fitted(tagger, covariance), fitted(dense, covariance)
        assert_allclose(ours.q.mean, theirs.q.mean, atol=1e-7)
        assert_allclose(ours.elbo, theirs.elbo, atol=1e-7)
        assert_allclose(predict(ours, tagger.features), predict(theirs, dense.features), atol=1e-7)


def test_strings_are_numbered_in_sorted_order():
    tagger = LogLinearTagger(np.eye(3), ["VERB", "ADJ", "VERB"], 1.0)
    assert tagger.tag_names == ("ADJ", "VERB")
    assert tagger.tags.tolist() == [1, 0, 1]
    assert tagger.shape == (3, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": np.ones(3)}, "features: expected 2 axes"),
        ({"features": np.array([[np.nan], [1.0], [1.0]])}, "features: holds NaN"),
        ({"features": sparse.csr_array([[np.inf], [1.0], [1.0]])}, "features: expected finite"),
        ({"features": sparse.csr_array(np.ones((3, 1)) * 1j)}, "features: expected real numbers"),
        ({"features": sparse.coo_array(np.ones(3))}, r"features: .* shape \(3,\)"),
        ({"features": np.ones((3, 0))}, "features: expected at least one row and column"),
        ({"features": np.ones((2, 1))}, "tags: 3 tags for 2 rows"),
        ({"tags": [0, 1, -1]}, "tags: expected whole numbers of at least 0, got -1"),
        ({"tags": [0.0, 1.0, 1.0]}, "tags: expected whole numbers or strings"),
        ({"tags": [[0, 1, 1]]}, "tags: expected one tag a token"),
        ({"tags": []}, "tags: expected one tag a token"),
        ({"tags": [0, 1, 2**40]}, "tags/n_tags: asks for an array of 1099511627777 x"),
        ({"n_tags": 2**40}, "tags/n_tags: asks for an array of 1099511627776 x"),
        ({"n_tags": 1}, "tags: holds 1, expected numbers below n_tags = 1"),
        ({"tags": ["a", "b", "a"], "n_tags": 3}, "n_tags: is 3, but tags holds 2"),
        ({"prior_sd": 0.0}, "prior_sd: expected positive"),
        ({"prior_sd": np.ones(5)}, r"prior_sd: shape \(5,\) does not broadcast"),
        ({"prior_mean": np.nan}, "prior_mean: holds NaN"),
    ],
)
def test_bad_taggers_are_refused(change, message):
    arguments = {"features": np.ones((3, 1)), "tags": [0, 1, 1], "prior_sd": 1.0, **change}
    with pytest.raises(ValueError, match=message):
        LogLinearTagger(**arguments)


def test_repeated_bytes_in_features_are_added_as_numbers():
    parts = np.array([200, 100, 1], np.uint8), (np.array([0, 0, 1]), np.array([0, 0, 0]))
    features = sparse.coo_array(parts, shape=(2, 1))
    assert LogLinearTagger(features, [0, 1], 1.0).features.toarray().tolist() == [[300], [1]]


def test_bad_calls_are_refused():
    tagger = LogLinearTagger(np.ones((3, 1)), [0, 1, 1], 1.0)
    with pytest.raises(ValueError, match="weights: expected shape"):
        log_joint(tagger, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="covariance: expected one of"):
        fit_gaussian(tagger, generator(), covariance="spherical")
    with pytest.raises(ValueError, match="covariance: expected one of"):
        fit_laplace(tagger, covariance="spherical")
    with pytest.raises(ValueError, match=r"rng: expected numpy\.random\.default_rng"):
        fit_gaussian(tagger, 0)
    with pytest.raises(ValueError, match="q: expected a Gaussian"):
        predict(np.zeros((1, 2)), np.ones((3, 1)))
    with pytest.raises(ValueError, match="sd: expected positive"):
        DiagonalGaussian(np.zeros((1, 2)), -np.ones((1, 2)))
    with pytest.raises(ValueError, match="sd: expected shape"):
        DiagonalGaussian(np.zeros((1, 2)), np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"covariance: expected shape \(2, 2\)"):
        FullGaussian(np.zeros((1, 2)), np.eye(3))
    with pytest.raises(ValueError, match="features: 2 columns, expected the 1"):
        predict(fitted(tagger, "diagonal"), np.ones((3, 2)))


def test_full_covariance_over_too_many_weights_says_how_large_it_would_be():
    tagger = LogLinearTagger(sparse.eye_array(4000, format="csr"), np.arange(4000) % 3, 1.0)
    with pytest.raises(ValueError, match=r"12000 weights is 12000 x 12000, 1\.2 GB"):
        fit_gaussian(tagger, generator(), covariance="full")
    with pytest.raises(ValueError, match="covariance"):
        fit_laplace(tagger)


# --- expectations under a Gaussian ---------------------------------------------------------------


@pytest.mark.parametrize(("n_tags", "size"), [(1, 30), (2, 100), (3, 600), (5, 40), (17, 100)])
def test_rules_are_exact_to_the_third_degree(n_tags, size):
    nodes, weights = normal_nodes(n_tags, size, generator(3))
    assert weights.sum() == pytest.approx(1)
    assert_allclose(weights @ nodes, 0, atol=1e-12)
    assert_allclose((nodes.T * weights) @ nodes, np.eye(n_tags), atol=1e-12)
    cubes = np.einsum("k,ki,kj,kl->ijl", weights, nodes, nodes, nodes)
    assert_allclose(cubes, 0, atol=1e-10)


def log_sum_by_gumbel(mean, sd):
    """E[log sum_t exp a_t] for independent a_t, by two nested one-dimensional integrals.

    log S = integral of (exp(-u) - exp(-u S)) du / u (Frullani), and exp(-u S) factorises over t.
    """
    nodes = np.linspace(-8.5, 8.5, 150)
    weights = np.exp(-0.5 * nodes**2)
    weights /= weights.sum()
    far = 8.5 * sd.max()
    log_u = np.linspace(-30 - far, 5 + far, 500) - mean.max()
    inside = np.exp(log_u[:, None, None] + mean[:, None] + sd[:, None] * nodes)
    laplace = (np.exp(-inside) @ weights).prod(axis=1)
    return np.trapezoid(np.exp(-np.exp(log_u)) - laplace, log_u)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(2, 8))
def test_independent_logits_against_a_one_dimensional_integral(seed, n_tags):
    rng = generator(seed)
    mean, sd = rng.normal(size=(1, n_tags)), rng.uniform(0, 1, size=(1, n_tags))
    rule = normal_nodes(n_tags, 4000, rng)
    ours = softmax_expectations(mean, sd, [rule])[0][0]
    assert ours == pytest.approx(log_sum_by_gumbel(mean[0], sd[0]), abs=2e-3)


def test_two_logits_to_machine_precision():
    mean, sd = np.array([[0.3, -0.5]]), np.array([[0.8, 0.4]])
    rule = normal_nodes(2, 1600, generator())
    assert softmax_expectations(mean, sd, [rule])[0][0] == pytest.approx(
        log_sum_by_gumbel(mean[0], sd[0]), abs=1e-9
    )


def test_correlated_logits_against_sampling():
    rng = generator(4)
    root = rng.normal(size=(4, 4)) / 2
    covariance, mean = root @ root.T, rng.normal(size=4)
    draws = mean + rng.standard_normal((400_000, 4)) @ root.T
    probs = softmax(draws, axis=1)
    log_sum, expected, curvature = softmax_expectations(
        mean[None], covariance[None], [normal_nodes(4, 4096, rng)]
    )
    assert log_sum[0] == pytest.approx(logsumexp(draws, axis=1).mean(), abs=5e-3)
    assert_allclose(expected[0], probs.mean(0), atol=2e-3)
    products = np.einsum("ni,nj->ij", probs, probs) / len(probs)
    assert_allclose(curvature[0], np.diag(probs.mean(0)) - products, atol=2e-3)


def test_diagonal_spread_is_a_diagonal_covariance():
    rng = generator(5)
    mean, sd = rng.normal(size=(50, 6)), rng.uniform(0.1, 1, size=(50, 6))
    rules = rules_in_turn(6, 300, rng)
    diagonal = softmax_expectations(mean, sd, rules)
    full = softmax_expectations(mean, sd[:, :, None] ** 2 * np.eye(6), rules)
    assert_allclose(diagonal[0], full[0], atol=1e-10)
    assert_allclose(diagonal[1], full[1], atol=1e-10)
    assert_allclose(diagonal[2], np.diagonal(full[2], axis1=1, axis2=2), atol=1e-10)


def test_no_spread_is_the_softmax_itself():
    mean = generator(6).normal(size=(5, 4)) * 300  # far apart: must not overflow
    log_sum, probs, curvature = softmax_expectations(
        mean, np.zeros((5, 4)), rules_in_turn(4, 50, generator())
    )
    assert_allclose(log_sum, logsumexp(mean, axis=1), atol=1e-9)
    assert_allclose(probs, softmax(mean, axis=1), atol=1e-12)
    assert_allclose(curvature, probs * (1 - probs), atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(1, 12), st.integers(1, 4), st.booleans())
def test_fast_sums_over_tokens_are_the_plain_ones(seed, f, t, sparsely):
    rng = generator(seed)
    dense = rng.normal(size=(20, f)) * (rng.random((20, f)) < (0.1 if sparsely else 1))
    features = sparse.csr_array(dense) if sparsely else dense
    root = rng.normal(size=(f * t, f * t))
    covariance = root @ root.T
    expected = np.einsum("nf,ftgu,ng->ntu", dense, covariance.reshape(f, t, f, t), dense)
    assert_allclose(fast.logit_covariances(features, covariance), expected, atol=1e-10)
    curvature = rng.normal(size=(20, t, t))
    curvature = curvature + curvature.mT
    expected = np.einsum("nf,ntu,ng->ftgu", dense, curvature, dense).reshape(f * t, f * t)
    assert_allclose(fast.summed_curvature(features, curvature), expected, atol=1e-10)


def test_tables_of_pairs_are_for_features_that_seldom_meet():
    assert fast.pays_as_pairs(example(generator(7), n=30, f=15, active=2).features)
    assert not fast.pays_as_pairs(example(generator(7), n=30, f=3, active=2).features)
    assert not fast.pays_as_pairs(np.eye(30))


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(1, 8), st.integers(1, 4), st.booleans())
def test_fast_solutions_are_the_plain_ones(seed, f, t, sparsely):
    rng = generator(seed)
    tagger = example(rng, n=30, f=f, t=t, active=min(2, f) if sparsely else None, prior_sd=0.7)
    probs = tag_probabilities(rng.normal(size=(f, t)), tagger.features)
    slope, diagonal = rng.normal(size=(f, t)), diagonal_precision(tagger, probs * (1 - probs))
    curvature = probs[:, :, None] * (np.eye(t) - probs[:, None, :])
    matrix = full_precision(tagger, curvature)
    step = fast.solve_curvature(tagger, probs, slope, diagonal, accuracy=1e-13)
    assert_allclose(step.ravel(), np.linalg.solve(matrix, slope.ravel()), atol=1e-10)
    covariance, log_determinant = fast.inverse(matrix.copy())
    assert_allclose(covariance, np.linalg.inv(matrix), atol=1e-10)
    assert log_determinant == pytest.approx(-np.linalg.slogdet(matrix)[1], abs=1e-10)


# --- fitting -------------------------------------------------------------------------------------


def two_weights(n, seed=8, sd=2.0):
    """One feature and two tags: two weights, whose posterior fits on a grid."""
    rng = generator(seed)
    features = rng.normal(size=(n, 1))
    tags = (rng.random(n) < 1 / (1 + np.exp(-2 * features[:, 0]))).astype(int)
    return LogLinearTagger(features, tags, sd, n_tags=2)


def joint_on_grid(tagger, width, size=301):
    """(axis, log p(y, w) for all pairs of weights on it), zero prior mean."""
    axis = np.linspace(-width, width, size)
    first, second = np.meshgrid(axis, axis, indexing="ij")
    sign = np.where(tagger.tags == 1, 1.0, -1.0)
    # two tags: the likelihood sees the weights' difference only, of which there are 2 size - 1
    differences = (axis[1] - axis[0]) * np.arange(-size + 1, size)
    likelihood = -np.logaddexp(0, -differences[:, None] * sign * tagger.features[:, 0]).sum(axis=1)
    index = np.arange(size)
    log_prior = -0.5 * (first**2 + second**2) / tagger.prior_sd[0, 0] ** 2
    log_prior -= np.log(2 * np.pi * tagger.prior_sd[0, 0] ** 2)
    return axis, log_prior + likelihood[index[None, :] - index[:, None] + size - 1]


def moments_on_grid(axis, joint):
    """(log evidence, means (2,), sds (2,)) of a two-weight posterior, by the rectangle rule."""
    log_evidence = logsumexp(joint) + 2 * np.log(axis[1] - axis[0])
    probs = np.exp(joint - logsumexp(joint))
    margins = [probs.sum(axis=1), probs.sum(axis=0)]
    means = np.array([margin @ axis for margin in margins])
    squares = np.array([margin @ axis**2 for margin in margins])
    return log_evidence, means, np.sqrt(squares - means**2)


def bound_on_grid(axis, joint, q):
    """The ELBO of a Gaussian over two weights, summed over the grid."""
    covariance = np.diag(q.sd[0] ** 2) if isinstance(q, DiagonalGaussian) else q.covariance
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1) - q.mean[0]
    log_q = -0.5 * np.einsum("abi,ij,abj->ab", points, np.linalg.inv(covariance), points)
    log_q -= 0.5 * np.log(np.linalg.det(covariance)) + np.log(2 * np.pi)
    return np.sum(np.exp(log_q) * (joint - log_q)) * (axis[1] - axis[0]) ** 2


@pytest.mark.parametrize(("n", "gap", "error"), [(1, 0.05, 0.05), (5, 0.1, 0.15), (40, 0.05, 0.05)])
def test_two_weights_against_a_grid(n, gap, error):
    tagger = two_weights(n)
    axis, joint = joint_on_grid(tagger, 12.0)
    log_evidence, means, sds = moments_on_grid(axis, joint)
    full, diagonal = fitted(tagger, "full"), fitted(tagger, "diagonal")
    for state in (full, diagonal):
        assert state.elbo == pytest.approx(bound_on_grid(axis, joint, state.q), abs=1e-5)
    assert diagonal.elbo < full.elbo < log_evidence < full.elbo + gap
    assert np.all(np.abs(full.q.mean[0] - means) < error * sds)
    assert np.all(np.abs(full.q.sd[0] - sds) < 2 * error * sds)
    assert np.all(diagonal.q.sd[0] < sds)  # mean field is too sure of each weight


def test_bound_is_the_bound_by_sampling():
    tagger = example(generator(9))
    for covariance in ("diagonal", "full"):
        state = fitted(tagger, covariance)
        draws = state.q.sample(generator(10), 8000)
        joint = np.mean([log_joint(tagger, w) for w in draws])
        assert state.bound.expected_log_joint == pytest.approx(joint, abs=0.1)
        centred = (draws - state.q.mean).reshape(len(draws), -1)
        _, log_det = np.linalg.slogdet(np.cov(centred.T))
        dimension = centred.shape[1]
        entropy = 0.5 * (log_det + dimension * (np.log(2 * np.pi) + 1))
        assert state.bound.entropy == pytest.approx(entropy, abs=0.1)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_the_bound_never_falls_and_stops_at_its_maximum(covariance):
    tagger = example(generator(11), n=200, f=6, t=4)
    ascent = climb(fit_gaussian(tagger, generator(), covariance), rtol=1e-9)
    assert ascent.converged
    assert len(ascent.elbos) < 60
    best, q, rng = ascent.elbos[-1], ascent.state.q, generator(12)
    for _ in range(20):
        moved = q.mean + 0.1 * q.sd * rng.standard_normal(q.mean.shape)
        if covariance == "diagonal":
            other = DiagonalGaussian(moved, q.sd * np.exp(0.1 * rng.standard_normal(q.sd.shape)))
        else:
            root = np.eye(q.mean.size) + 0.03 * rng.standard_normal((q.mean.size,) * 2)
            other = FullGaussian(moved, root @ q.covariance @ root.T)
        assert gaussian_bound(tagger, other, generator()).elbo < best


def test_an_ascent_is_the_same_for_the_same_seed():
    tagger = example(generator(13), t=6)
    one, two = (
        climb(fit_gaussian(tagger, generator(1)), max_steps=5, rtol=0).elbos for _ in range(2)
    )
    assert np.array_equal(one, two)


def test_laplace_is_at_the_mode_and_exact_in_the_limit():
    for n, tolerance in [(10, 0.5), (1000, 0.02)]:
        tagger = two_weights(n, sd=1.0)
        laplace = fit_laplace(tagger)
        assert_allclose(gradient(tagger, laplace.q.mean), 0, atol=1e-4)
        log_evidence = moments_on_grid(*joint_on_grid(tagger, 5.0))[0]
        assert laplace.log_evidence == pytest.approx(log_evidence, abs=tolerance)
        full = fitted(tagger, "full")
        bound = gaussian_bound(tagger, laplace.q, generator())
        assert bound.elbo <= full.elbo + 1e-9  # the ELBO's own maximum is above Laplace's Gaussian


def test_laplace_precision_is_the_hessian():
    tagger = example(generator(14), n=20, f=3, t=3)
    laplace = fit_laplace(tagger)
    steps = 1e-5 * np.eye(9).reshape(9, 3, 3)
    mode = laplace.q.mean
    columns = [(gradient(tagger, mode + h) - gradient(tagger, mode - h)).ravel() for h in steps]
    assert_allclose(np.linalg.inv(laplace.q.covariance), -np.array(columns) / 2e-5, atol=1e-5)
    diagonal = fit_laplace(tagger, covariance="diagonal").q
    assert_allclose(diagonal.sd.ravel() ** -2, -np.diag(np.array(columns)) / 2e-5, atol=1e-5)


def test_the_mode_from_far_away():
    tagger = example(generator(18), n=300, f=10, t=4, prior_sd=10.0)
    tagger = LogLinearTagger(tagger.features, tagger.tags, 10.0, prior_mean=20.0, n_tags=4)
    assert_allclose(gradient(tagger, posterior_mode(tagger)), 0, atol=1e-3)


def hamiltonian_means(tagger, q, rng, n_samples=2500, n_leaps=5, size=0.4):
    """Posterior means by Hamiltonian Monte Carlo, in the coordinates that make q standard."""
    root = np.linalg.cholesky(q.covariance)

    def weights_of(u):
        return q.mean + (root @ u).reshape(q.mean.shape)

    def slope(u):
        return root.T @ gradient(tagger, weights_of(u)).ravel()

    u, total, accepted = rng.standard_normal(len(root)), 0.0, 0
    height = log_joint(tagger, weights_of(u))
    for step in range(n_samples):
        momentum = rng.standard_normal(len(root))
        new, kinetic = u, 0.5 * momentum @ momentum
        leap = size * rng.uniform(0.7, 1.0)
        momentum = momentum + 0.5 * leap * slope(new)
        for i in range(n_leaps):
            new = new + leap * momentum
            momentum = momentum + (leap if i + 1 < n_leaps else 0.5 * leap) * slope(new)
        new_height = log_joint(tagger, weights_of(new))
        if np.log(rng.uniform()) < new_height - height + kinetic - 0.5 * momentum @ momentum:
            u, height, accepted = new, new_height, accepted + 1
        if step >= 200:
            total = total + u
    assert accepted > 0.5 * n_samples
    return weights_of(total / (n_samples - 200))


def importance_log_evidence(tagger, q, rng, n=3000):
    """log of the mean of p(y, w) / q(w) over w ~ q, with q's standard deviations stretched."""
    root = 1.02 * np.linalg.cholesky(q.covariance)
    noise = rng.standard_normal((n, len(root)))
    log_q = -0.5 * (noise**2).sum(1) - np.log(np.diag(root)).sum()
    log_q -= 0.5 * len(root) * np.log(2 * np.pi)
    draws = q.mean + (noise @ root.T).reshape(n, *q.mean.shape)
    log_ratios = np.array([log_joint(tagger, w) for w in draws]) - log_q
    return logsumexp(log_ratios) - np.log(n)


def test_two_hundred_features_against_sampling():
    tagger = example(generator(19), n=400, f=200, t=3, active=6)
    state = fitted(tagger, "full", rtol=1e-7)
    reference = importance_log_evidence(tagger, state.q, generator(20))
    assert 0 < reference - state.elbo < 0.02 * abs(reference)
    means = hamiltonian_means(tagger, state.q, generator(21))
    assert np.max(np.abs(state.q.mean - means) / state.q.sd) < 0.1


# --- predicting ----------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_predictions_are_averages_over_q(covariance):
    tagger = example(generator(22), n=40, f=5, t=4)
    q = fitted(tagger, covariance).q
    new = generator(23).normal(size=(6, 5))
    draws = [tag_probabilities(w, new) for w in q.sample(generator(24), 20_000)]
    predicted = predict(q, new)
    assert_allclose(predicted, np.mean(draws, axis=0), atol=0.01)
    assert_allclose(predicted.sum(axis=1), 1, atol=1e-12)
    assert_allclose(predict(q, new[2:3])[0], predicted[2], atol=1e-12)


def test_a_token_without_features_gets_the_uniform_distribution():
    tagger = example(generator(25), f=12, active=3)
    nothing = sparse.csr_array((1, 12))
    assert_allclose(predict(fitted(tagger, "full"), nothing), 1 / 3, atol=1e-9)


def test_averaging_is_less_sure_than_the_mean_weights():
    tagger = example(generator(26), n=30, f=10, t=3)
    q = fitted(tagger, "full").q
    new = generator(27).normal(size=(200, 10))
    assert predict(q, new).max(axis=1).mean() < tag_probabilities(q.mean, new).max(axis=1).mean()


# --- words in context ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "shape"),
    [("Philip", "Xx"), ("GB", "X"), ("1998", "0"), ("e-mail", "x-x"), ("?!", "?!"), ("café", "x")],
)
def test_word_shapes(word, shape):
    assert word_shape(word) == shape


def test_features_of_a_word():
    found = token_features(["The", "Cats", "slept"], 1)
    for name in ["word=Cats", "lower=cats", "suffix=ts", "prefix=ca", "before=the", "after=slept"]:
        assert name in found
    assert "capital inside the sentence" in found
    assert "capital inside the sentence" not in token_features(["The", "Cats"], 0)
    assert not [name for name in token_features(["a"], 0) if name.startswith("suffix=")]


def test_feature_matrix_holds_just_the_features_that_hold():
    sentences = [[("The", "DET"), ("cat", "NOUN")], [("Sleep", "VERB"), ("!", "PUNCT")]]
    names = feature_names(sentences)
    matrix = feature_matrix(sentences, names)
    words = [word for sentence in sentences for word, _ in sentence]
    assert matrix.shape == (4, len(names))
    positions = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for row, (s, i) in enumerate(positions):
        held = {names[f] for f in matrix[[row]].indices}
        assert held == set(token_features([w for w, _ in sentences[s]], i))
        assert f"word={words[row]}" in held
    assert flat_tags(sentences).tolist() == ["DET", "NOUN", "VERB", "PUNCT"]
    assert len(feature_names(sentences, fewest=2)) < len(names)


def test_unseen_words_are_unseen_whatever_their_case():
    assert unseen([["the", "dog"]], [["The", "cat"]]).tolist() == [False, True]
    assert feature_matrix([["dog"]], ["word=cat", "bias"]).toarray().tolist() == [[0.0, 1.0]]


def test_empty_text_is_refused():
    with pytest.raises(ValueError, match="sentences: expected at least one word"):
        feature_names([])
    with pytest.raises(ValueError, match="sentences: expected words"):
        feature_matrix([[3]], ["bias"])


def test_a_known_log_determinant_is_the_right_one():
    tagger = example(generator(28), f=5, t=3)
    for q in (fitted(tagger, "full").q, fit_laplace(tagger).q):
        assert q.log_determinant == pytest.approx(np.linalg.slogdet(q.covariance)[1], abs=1e-9)
        again = FullGaussian(q.mean, q.covariance)
        assert q.entropy() == pytest.approx(again.entropy(), abs=1e-9)


def test_marks_that_combine_with_a_letter_do_not_show_in_a_words_shape():
    assert word_shape("हिन्दी") == "x"
    assert word_shape("cafe\u0301s") == word_shape("caf\u00e9s") == "x"


def test_a_column_of_strings_is_a_column_of_tags():
    column = np.array(["NOUN", "VERB", "NOUN"], dtype=object)
    tagger = LogLinearTagger(np.eye(3), column, 1.0)
    assert tagger.tag_names == ("NOUN", "VERB") and tagger.tags.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("message", "call"),
    [
        (r"sentences: expected \(word, tag\) pairs", lambda: flat_tags([["is", "it"]])),
        ("sentences: expected a list of sentences", lambda: flat_tags("is it")),
        ("sentences: expected a list of words", lambda: feature_names(["the dog runs"])),
        ("names: expected a list", lambda: feature_matrix([["a"]], "bias")),
        ("seen: expected a list", lambda: unseen([["a"]], ["the dog"])),
        ("tags: a masked array", lambda: LogLinearTagger(
            np.eye(2), np.ma.array([0, 1], mask=[0, 1]), 1.0)),
    ],
)  # fmt: skip
def test_what_is_no_list_is_named(message, call):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("sd", [0.1, 3.0, 30.0])
def test_two_tags_are_one_dimension_whatever_the_spread(sd):
    rng = generator(15)
    mean, (root,) = rng.normal(scale=sd, size=(20, 2)), rng.normal(scale=sd, size=(1, 20, 2, 2))
    covariance = root @ root.mT
    variances = covariance @ [1, -1] @ [1, -1]
    z, step = np.linspace(-9, 9, 20_001, retstep=True)
    density = step * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    gap = (mean[:, 0] - mean[:, 1])[:, None] + np.sqrt(variances)[:, None] * z
    exact = mean[:, 1] + np.logaddexp(0, gap) @ density
    log_sums, probs, curvature = softmax_expectations(mean, covariance, rules_in_turn(2, 2000, rng))
    assert_allclose(log_sums, exact, rtol=1e-11)
    p = expit(gap)
    assert_allclose(probs[:, 0], p @ density, rtol=1e-10)
    assert_allclose(curvature[:, 0, 0], (p * (1 - p)) @ density, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("n_tags", [2, 3, 4, 6])
def test_a_state_says_by_how_much_its_bound_may_be_off(n_tags):
    """No small tagger is further from Frullani's integral; up to four tags it is near."""
    rng = generator(n_tags)
    for _ in range(40 if n_tags < 6 else 12):
        n, f = rng.integers(1, 9), rng.integers(1, 4)
        features, tags = rng.normal(size=(n, f)), rng.integers(0, n_tags, n)
        tagger = LogLinearTagger(features, tags, rng.choice([0.3, 1.0, 3.0]), n_tags=n_tags)
        state = climb(fit_gaussian(tagger, rng), max_steps=20).state
        mean, sd = state.q.logits(features)
        exact = sum(mean[range(n), tags]) - sum(map(log_sum_by_gumbel, mean, sd))
        off = state.elbo - (exact + expected_log_prior(tagger, state.q) + state.q.entropy())
        assert abs(off) < state.quadrature_error + 1e-8
        assert abs(off) < {2: 1e-8, 3: 1e-3, 4: 1e-2}.get(n_tags, np.inf)


@pytest.mark.parametrize("n_tags", [2, 4, 6])
def test_a_vague_prior_costs_its_width_and_nothing_else(n_tags):
    """ELBOs differ by the prior's log density; from so wide a start no node meets the softmax."""
    rng = generator(16)
    features, tags = rng.normal(size=(40, 2)), rng.integers(n_tags, size=40)
    elbos = [
        fitted(LogLinearTagger(features, tags, prior_sd, n_tags=n_tags), "diagonal").elbo
        for prior_sd in (1e2, 1e8)
    ]
    assert elbos[0] - elbos[1] == pytest.approx(2 * n_tags * np.log(1e6), abs=0.05)
