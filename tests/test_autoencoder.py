"""The autoencoder: gradients by hand, exact evidence and bounds, the gap in parts."""

from dataclasses import fields
from itertools import islice

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from helpers import autoencoder
from helpers.autoencoder import exact
from helpers.data.pictures import SIDE, blob_probabilities, blobs
from helpers.gradients import NotFinite

NAMES = [field.name for field in fields(autoencoder.Autoencoder)]


def small(seed=0, n_pixels=6, n_hidden=4):
    rng = np.random.default_rng(seed)
    model = autoencoder.new_autoencoder(rng, n_pixels, n_hidden)
    return model, rng.integers(0, 2, (5, n_pixels)), rng.standard_normal((5, 2))


def trained(steps=300):
    x, _ = blobs(np.random.default_rng(0), 200)
    return x, list(islice(autoencoder.fit(x, np.random.default_rng(1), 16), steps))[-1].model


@pytest.fixture(scope="module")
def on_blobs():
    return trained()


# ---------------------------------------------------------------- gradients


def loss(weights, x, eps, kl_weight):
    A, a, B, b, C, c, M, e = weights
    out = anp.dot(anp.tanh(anp.dot(x, C) + c), M) + e
    m, log_s = out[:, :2], out[:, 2:]
    z = m + anp.exp(log_s) * eps
    logits = anp.dot(anp.tanh(anp.dot(z, A) + a), B) + b
    kl = 0.5 * anp.sum(m**2 + anp.exp(2 * log_s) - 1 - 2 * log_s, axis=1)
    fit = anp.sum(x * logits - anp.logaddexp(0, logits), axis=1)
    return anp.mean(fit - kl_weight * kl)


@pytest.mark.parametrize("kl_weight", [1.0, 0.0, 7.5])
def test_the_gradient_by_hand_is_that_of_autograd(kl_weight):
    model, x, eps = small()
    weights = [getattr(model, name) for name in NAMES]
    value, slopes = autoencoder.gradient(model, x, eps, kl_weight)
    theirs = autograd.grad(loss)(weights, x, eps, kl_weight)
    assert value == pytest.approx(loss(weights, x, eps, kl_weight), abs=1e-12)
    assert value == pytest.approx(autoencoder.draw_elbo(model, x, eps, kl_weight).mean(), abs=1e-12)
    for name, slope in zip(NAMES, theirs, strict=True):
        np.testing.assert_allclose(getattr(slopes, name), slope, rtol=1e-10, atol=1e-12)


def test_one_draw_is_the_bound_on_average():
    """The estimator is called on the nodes of a Gauss-Hermite rule: no sampling error."""
    model, x, _ = small()
    u, weights = exact.gauss_hermite(60)
    m, s = model.encode(x[:1])
    root = np.array([np.diag(s[0])])
    draws = np.array([autoencoder.draw_elbo(model, x[:1], e[None])[0] for e in u])
    by_nodes = autoencoder.elbo(model, x[:1], m, root)[0]
    assert weights @ draws == pytest.approx(by_nodes, abs=1e-8)


# ---------------------------------------------------------------- exact quantities


def test_bound_and_divergence_add_up_to_an_evidence_from_another_grid(on_blobs):
    x, model = on_blobs
    m, s = model.encode(x[:6])
    root = np.array([np.diag(v) for v in s])
    root[:, 1, 0] = 0.3 * s[:, 1]  # any Gaussian q
    evidence = autoencoder.log_evidence(model, x[:6], exact.grid(9, 451))
    bound, kl = (
        autoencoder.elbo(model, x[:6], m, root),
        autoencoder.kl_on_grid(model, x[:6], m, root),
    )
    np.testing.assert_allclose(bound + kl, evidence, atol=1e-8)
    assert (kl > 0).all()


def test_half_the_step_and_a_wider_box_change_the_evidence_by_nothing(on_blobs):
    x, model = on_blobs
    found = autoencoder.log_evidence(model, x[:3])
    for other in (exact.grid(8, 481), exact.grid(10, 401)):
        np.testing.assert_allclose(autoencoder.log_evidence(model, x[:3], other), found, atol=1e-8)


def test_the_gap_splits_into_three_parts_none_of_them_negative(on_blobs):
    x, model = on_blobs
    found = autoencoder.gaps(model, x[:5])
    m, s = model.encode(x[:5])
    bound = autoencoder.elbo(model, x[:5], m, np.array([np.diag(v) for v in s]))
    total = found.shape + found.correlation + found.network
    np.testing.assert_allclose(found.log_evidence - total, bound, atol=1e-10)
    assert min(found.shape.min(), found.correlation.min(), found.network.min()) > -1e-9


def test_no_other_gaussian_of_the_family_is_better_than_the_best(on_blobs):
    x, model = on_blobs
    m, s = model.encode(x[:1])
    starts = [(m[0], np.diag(s[0])), (np.zeros(2), np.eye(2))]
    mean, root = autoencoder.best_gaussian(model, x[0], starts, full=True)
    best = autoencoder.elbo(model, x[:1], mean[None], root[None])[0]
    rng = np.random.default_rng(0)
    for _ in range(20):
        moved = root * np.exp(0.1 * rng.standard_normal((2, 2)))
        other = mean + 0.05 * rng.standard_normal(2)
        assert autoencoder.elbo(model, x[:1], other[None], moved[None])[0] < best + 1e-9


# ---------------------------------------------------------------- training


def test_training_raises_the_bound_and_the_seed_decides():
    x, _ = blobs(np.random.default_rng(0), 200)
    runs = [
        np.array([s.elbo for s in islice(autoencoder.fit(x, np.random.default_rng(3)), 400)])
        for _ in range(2)
    ]
    assert np.array_equal(*runs) and runs[0][-50:].mean() > runs[0][:50].mean() + 1000


def test_a_heavy_divergence_collapses_q_onto_the_prior():
    x, _ = blobs(np.random.default_rng(0), 200)
    rng = np.random.default_rng(1)
    state = list(islice(autoencoder.fit(x, rng, kl_weight=30.0), 400))[-1]
    assert np.abs(state.q.mean).max() < 0.1 and np.abs(state.q.sd - 1).max() < 0.1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dict(x=np.full((3, 4), 0.5)), "x: expected pictures"),
        (dict(x=np.zeros(4)), "x: "),
        (dict(batch=0), "batch: "),
        (dict(batch=1000), "batch: "),
        (dict(step_size=np.nan), "step_size: "),
        (dict(kl_weight="a"), "kl_weight: "),
        (dict(rng=1), "rng: "),
    ],
)
def test_bad_input_is_named(bad, message):
    good = dict(x=np.zeros((20, 4), int), rng=np.random.default_rng(0), batch=5)
    with pytest.raises(ValueError, match=message):
        autoencoder.fit(**good | bad)


def test_a_run_that_blows_up_leaves_its_last_good_state():
    x, _ = blobs(np.random.default_rng(0), 100)
    with np.errstate(all="ignore"), pytest.raises(NotFinite, match="no number") as caught:
        for _ in islice(autoencoder.fit(x, np.random.default_rng(1), step_size=1e4), 200):
            pass
    good = caught.value.state.model
    states = autoencoder.fit(x, np.random.default_rng(1), step_size=1e-3, start=good)
    assert np.isfinite(next(states).elbo)


def test_blobs_are_where_they_should_be():
    x, centres = blobs(np.random.default_rng(0), 4000)
    assert x.shape == (4000, SIDE * SIDE) and set(np.unique(x)) == {0, 1}
    expected = blob_probabilities(centres).mean(axis=0)
    np.testing.assert_allclose(x.mean(axis=0), expected, atol=0.04)
