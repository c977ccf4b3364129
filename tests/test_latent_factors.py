"""The latent factor document model against brute force, autograd and finite differences."""

import copy
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.sparse
from autograd.scipy.special import logsumexp as autograd_logsumexp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logsumexp

from helpers import data
from helpers import latent_factors as lf
from helpers.ascent import climb
from helpers.elbo import bound_by_enumeration, enumerate_assignments
from helpers.fast import latent_factors as fast
from helpers.gradients import adam
from helpers.latent_factors import bound, coordinate_ascent, optimise, posterior
from helpers.latent_factors import model as network
from helpers.latent_factors.factors import outer_product
from helpers.lda import fit_mixture, fit_unigram

SEEDS = st.integers(0, 10**6)


def random_model(rng, n_factors=4, n_hidden=5, n_words=7):
    return lf.LatentFactorModel(
        prior=rng.uniform(0.1, 0.9, n_factors),
        hidden_weights=rng.normal(size=(n_factors, n_hidden)),
        hidden_bias=rng.normal(size=n_hidden),
        output_weights=rng.normal(size=(n_hidden, n_words)),
        output_bias=rng.normal(size=n_words),
    )


def random_counts(rng, n_documents=6, n_words=7):
    return rng.poisson(1.5, size=(n_documents, n_words)).astype(float)


def random_encoder(rng, n_words=7, n_hidden=3, n_factors=4):
    return lf.Encoder(
        rng.normal(size=(n_words, n_hidden)),
        rng.normal(size=n_hidden),
        rng.normal(size=(n_hidden, n_factors)),
        rng.normal(size=n_factors),
    )


def brute_log_joint(model, counts):
    """log p(x, z), word by word and state by state, from the definition alone."""
    rows = []
    for x in counts:
        row = []
        for z in product((0, 1), repeat=model.n_factors):
            hidden = np.tanh(np.array(z) @ model.hidden_weights + model.hidden_bias)
            logits = hidden @ model.output_weights + model.output_bias
            words = np.exp(logits) / np.exp(logits).sum()
            prior = np.prod([p if on else 1 - p for on, p in zip(z, model.prior, strict=True)])
            row.append(np.log(prior) + (x * np.log(words)).sum())
        rows.append(row)
    return np.array(rows)


# ---------------------------------------------------------------- the model


def test_states_are_in_the_order_of_the_course():
    np.testing.assert_array_equal(lf.factor_states(5), enumerate_assignments((2,) * 5))


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 5))
def test_log_joint_is_the_definition(seed, n_factors):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng)
    np.testing.assert_allclose(
        lf.log_joint(model, counts), brute_log_joint(model, counts), rtol=1e-12, atol=1e-10
    )


def test_word_probabilities_sum_to_one_over_documents_of_two_words():
    model = random_model(np.random.default_rng(0), 3, 4, 5)
    pairs = [np.eye(5)[i] + np.eye(5)[j] for i in range(5) for j in range(5)]
    total = logsumexp(lf.exact(model, np.array(pairs)).log_evidence)
    assert abs(total) < 1e-12


def test_samples_follow_the_model():
    rng = np.random.default_rng(3)
    model = random_model(rng, 3, 4, 5)
    n = 20_000
    z, counts = model.sample(rng, np.full(n, 1))
    assert np.all(np.abs(z.mean(0) - model.prior) < 5 * np.sqrt(0.25 / n))
    word = np.exp(lf.exact(model, np.eye(5)).log_evidence)
    assert np.all(np.abs(counts.mean(0) - word) < 5 * np.sqrt(0.25 / n))


# ---------------------------------------------------------------- the exact posterior


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 10))
def test_posterior_is_that_of_brute_force(seed, n_factors):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng, 3)
    joint = brute_log_joint(model, counts)
    evidence = logsumexp(joint, axis=1)
    weights = np.exp(joint - evidence[:, None])
    z = np.array(list(product((0, 1), repeat=n_factors)))
    posterior = lf.exact(model, counts)
    np.testing.assert_allclose(posterior.log_evidence, evidence, rtol=0, atol=1e-10)
    np.testing.assert_allclose(posterior.marginals, weights @ z, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(posterior.mode, z[weights.argmax(1)])
    pairs = np.einsum("ds,sj,sk->djk", weights, z, z)
    np.testing.assert_allclose(posterior.pairs, pairs, rtol=0, atol=1e-10)
    np.testing.assert_allclose(lf.posterior_table(model, counts), weights, rtol=0, atol=1e-10)


@pytest.mark.parametrize("few", [1, 3])
@pytest.mark.parametrize("n_factors", [1, 2, 5, 8])
def test_pairs_by_halves_are_those_by_enumeration(monkeypatch, n_factors, few):
    monkeypatch.setattr(fast, "FEW", few)
    table = np.random.default_rng(40).dirichlet(np.ones(2**n_factors), 3)
    z = lf.factor_states(n_factors)
    expected = np.einsum("ds,sj,sk->djk", table, z, z)
    np.testing.assert_allclose(fast.pair_marginals(table), expected, rtol=0, atol=1e-14)


def peak_bytes(function):
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_posterior_of_many_factors_needs_no_array_of_states_and_pairs():
    model = random_model(np.random.default_rng(41), 14)
    lf.factor_states(14)
    assert peak_bytes(lambda: lf.exact(model, np.ones((1, 7)))) < 8 * 2**14 * 14**2 / 4


def test_many_states_are_weighed_one_factor_at_a_time():
    z, tokens = lf.factor_states(14), np.ones(2**14)
    assert peak_bytes(lambda: fast.matters(z, tokens)) < 8 * z.size / 2


def test_small_pieces_give_the_same_posterior_and_gradient(monkeypatch):
    rng = np.random.default_rng(4)
    model, counts = random_model(rng), random_counts(rng, 9)
    whole, (value, gradient) = lf.exact(model, counts), lf.exact_gradient(model, counts)
    monkeypatch.setattr(network, "AT_ONCE", 40)  # two documents at a time
    monkeypatch.setattr(fast, "PIECE_SIZE", 40)  # five states at a time
    pieces, (value_, gradient_) = lf.exact(model, counts), lf.exact_gradient(model, counts)
    np.testing.assert_allclose(pieces.pairs, whole.pairs, rtol=1e-12)
    assert value_ == pytest.approx(value, rel=1e-12)
    for name, expected in gradient.items():
        np.testing.assert_allclose(gradient_[name], expected, rtol=1e-10, atol=1e-12)


def test_sparse_and_dense_counts_agree():
    rng = np.random.default_rng(5)
    model, counts = random_model(rng), random_counts(rng)
    encoder, logits = random_encoder(rng), rng.normal(size=(6, 4))
    for form in (scipy.sparse.csr_array, scipy.sparse.csr_matrix, scipy.sparse.coo_matrix):
        sparse = form(counts)
        np.testing.assert_allclose(
            lf.exact(model, sparse).marginals, lf.exact(model, counts).marginals, rtol=1e-12
        )
        np.testing.assert_allclose(encoder(sparse).logits, encoder(counts).logits, rtol=1e-12)
        for one, other in zip(
            lf.bound_gradient(model, sparse, logits)[1].values(),
            lf.bound_gradient(model, counts, logits)[1].values(),
            strict=True,
        ):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
        back = encoder.gradient(sparse, logits)
        for name, expected in encoder.gradient(counts, logits).items():
            np.testing.assert_allclose(back[name], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("form", [np.ma.array, np.asfortranarray, np.ndarray.tolist])
def test_counts_in_any_dress_are_the_same_counts(form):
    rng = np.random.default_rng(39)
    model, counts = random_model(rng), random_counts(rng)
    plain, dressed = lf.exact_gradient(model, counts), lf.exact_gradient(model, form(counts))
    assert dressed[0] == pytest.approx(plain[0], rel=1e-14)
    for name, expected in plain[1].items():
        assert type(dressed[1][name]) is np.ndarray
        np.testing.assert_allclose(dressed[1][name], expected, rtol=1e-10, atol=1e-12)


def test_a_factor_that_is_certain_stays_certain():
    rng = np.random.default_rng(6)
    model, counts = random_model(rng), random_counts(rng)
    certain = lf.LatentFactorModel(np.array([0.0, 1.0, 0.3, 0.6]), *list(vars(model).values())[1:])
    posterior = lf.exact(certain, counts)
    np.testing.assert_array_equal(posterior.marginals[:, 0], 0)
    np.testing.assert_allclose(posterior.marginals[:, 1], 1, rtol=1e-12)
    ascent = climb(lf.mean_field(certain, counts), rtol=1e-12)
    assert np.all(ascent.state.elbos <= posterior.log_evidence + 1e-10)
    np.testing.assert_array_equal(ascent.state.q.probs[:, :2], [[0, 1]] * 6)
    impossible = lf.mean_field(certain, counts, np.full((6, 4), 0.5))
    assert next(impossible).elbo == -np.inf
    assert np.isfinite(next(impossible).elbo)


def test_an_empty_document_has_the_prior_as_posterior():
    model = random_model(np.random.default_rng(7))
    posterior = lf.exact(model, np.zeros((1, 7)))
    np.testing.assert_allclose(posterior.marginals[0], model.prior, rtol=1e-12)
    assert abs(posterior.log_evidence[0]) < 1e-12
    assert abs(climb(lf.mean_field(model, np.zeros((1, 7)))).state.elbo) < 1e-12


def explaining_model():
    """Word 0 is likely when factor 0 or factor 1 is on, and no likelier when both are."""
    return lf.LatentFactorModel(
        prior=[0.2, 0.2],
        hidden_weights=[[4.0], [4.0]],
        hidden_bias=[-2.0],
        output_weights=[[1.5, -1.5]],
        output_bias=[0.0, 0.0],
    )


def test_factors_explain_each_other_away():
    model, word = explaining_model(), np.array([[1.0, 0.0]])
    posterior, table = lf.exact(model, word), lf.posterior_table(model, word)
    assert posterior.marginals[0, 0] > model.prior[0]  # the word speaks for the factor
    assert posterior.covariance[0, 0, 1] < -1e-3
    joint = table.reshape(2, 2)
    given_off, given_on = joint[1] / joint.sum(axis=0)
    assert given_on < posterior.marginals[0, 0] < given_off
    assert lf.exact(model, np.zeros((1, 2))).covariance[0, 0, 1] == pytest.approx(0, abs=1e-15)


def test_arriving_words_agree_with_enumeration():
    rng = np.random.default_rng(8)
    model, words = random_model(rng), [3, 0, 3, 6]
    tables = lf.as_words_arrive(model, words)
    assert tables.shape == (5, 16)
    for n in range(5):
        counts = np.bincount(words[:n], minlength=7)[None].astype(float)
        np.testing.assert_allclose(tables[n], lf.posterior_table(model, counts)[0], rtol=1e-10)


# ---------------------------------------------------------------- mean field


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 10))
def test_mean_field_bound_is_that_of_brute_force(seed, n_factors):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng, 3)
    joint = brute_log_joint(model, counts)
    start = rng.random((3, n_factors))
    for state in islice(lf.mean_field(model, counts, start), 4):
        for d in range(3):
            z = lf.factor_states(n_factors)
            b = state.q.probs[d]
            q = np.prod(np.where(z == 1, b, 1 - b), axis=1)
            bound = bound_by_enumeration(joint[d], q / q.sum())
            assert state.elbos[d] == pytest.approx(bound.elbo, abs=1e-10)
            assert state.elbos[d] <= bound.log_evidence + 1e-10


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 6))
def test_a_sweep_is_the_coordinate_updates_one_after_another(seed, n_factors):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng, 2)
    start = rng.random((2, n_factors))
    _, after = islice(lf.mean_field(model, counts, start), 2)
    z, table = lf.factor_states(n_factors), brute_log_joint(model, counts)
    for d, b in enumerate(start.copy()):
        for k in range(n_factors):
            others = np.delete(np.where(z == 1, b, 1 - b), k, axis=1).prod(1)
            on, off = others[z[:, k] == 1], others[z[:, k] == 0]
            b[k] = expit(on @ table[d][z[:, k] == 1] - off @ table[d][z[:, k] == 0])
        np.testing.assert_allclose(after.q.probs[d], b, rtol=1e-9, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_coordinate_ascent_never_falls_for_any_document(seed):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, 5), random_counts(rng, 8) * rng.integers(1, 20)
    elbos = np.array(
        [s.elbos for s in islice(lf.mean_field(model, counts, rng.random((8, 5))), 20)]
    )
    scale = np.abs(elbos).max()
    assert np.all(np.diff(elbos, axis=0) >= -1e-12 * scale)
    assert np.all(elbos <= lf.exact(model, counts).log_evidence + 1e-12 * scale)


def test_mean_field_is_exact_when_the_factors_do_not_interact():
    # With N = 0 tokens nothing couples the factors; with one factor nothing is there to couple.
    rng = np.random.default_rng(9)
    model, counts = random_model(rng, 1), random_counts(rng)
    state = climb(lf.mean_field(model, counts)).state
    np.testing.assert_allclose(state.elbos, lf.exact(model, counts).log_evidence, atol=1e-10)


def test_many_documents_take_the_same_steps_as_few(monkeypatch):
    rng = np.random.default_rng(10)
    model, counts = random_model(rng), random_counts(rng, 9)
    kept = [s.elbos for s in islice(lf.mean_field(model, counts), 4)]
    monkeypatch.setattr(network, "AT_ONCE", 40)
    monkeypatch.setattr(fast, "AT_ONCE", 40)
    again = [s.elbos for s in islice(lf.mean_field(model, counts), 4)]
    np.testing.assert_allclose(again, kept, rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_entropy_and_kl_of_factors(seed):
    rng = np.random.default_rng(seed)
    q, prior = lf.Factors(rng.normal(scale=5, size=(3, 4))), rng.uniform(0.1, 0.9, 4)
    table = q.table()
    np.testing.assert_allclose(table.sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(q.entropy(), -(table * np.log(table)).sum(1), atol=1e-10)
    log_prior = outer_product(np.log(prior / (1 - prior))[None])
    kl = (table * (np.log(table) - np.log(log_prior))).sum(1)
    np.testing.assert_allclose(q.kl_to_prior(prior), kl, atol=1e-10)


def test_factors_that_are_certain_have_no_entropy():
    q = lf.Factors(np.array([[np.inf, -np.inf], [800.0, -800.0]]))
    np.testing.assert_array_equal(q.entropy(), 0)
    assert q.kl_to_prior(np.array([0.5, 0.0]))[0] == pytest.approx(np.log(2))
    assert q.kl_to_prior(np.array([0.0, 0.5]))[0] == np.inf


# ---------------------------------------------------------------- gradients


def oracle_log_joint(values, counts, z):
    """log p(x, z), (D, S), for autograd: the plain form, documents x states."""
    hidden = anp.tanh(anp.dot(z, values["hidden_weights"]) + values["hidden_bias"])
    logits = anp.dot(hidden, values["output_weights"]) + values["output_bias"]
    words = logits - autograd_logsumexp(logits, axis=1, keepdims=True)
    a = values["prior_logits"]
    prior = anp.dot(z, a) - anp.sum(anp.logaddexp(0, a))
    return anp.dot(counts, words.T) + prior


def oracle_bound(values, logits, counts, z):
    """sum_d ELBO, for autograd, in the form E_q[log p(x, z)] + H(q)."""
    log_q = anp.dot(logits, z.T) - anp.sum(anp.logaddexp(0, logits), axis=1)[:, None]
    return anp.sum(anp.exp(log_q) * (oracle_log_joint(values, counts, z) - log_q))


def assert_same_gradient(ours, theirs, rtol=1e-8):
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        scale = np.abs(expected).max()
        np.testing.assert_allclose(ours[name], expected, rtol=0, atol=rtol * scale, err_msg=name)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 6))
def test_exact_gradient_is_autograds(seed, n_factors):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng)
    oracle = log_evidence_for_autograd(counts, lf.factor_states(n_factors))
    value, gradient = lf.exact_gradient(model, counts)
    expected, slope = autograd.value_and_grad(oracle)(lf.parameters(model))
    assert value == pytest.approx(expected, rel=1e-12)
    assert_same_gradient(gradient, slope)


def log_evidence_for_autograd(counts, z):
    return lambda values: anp.sum(autograd_logsumexp(oracle_log_joint(values, counts, z), axis=1))


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # autograd's cosh
@pytest.mark.parametrize("piece", [30, fast.PIECE_SIZE])
@pytest.mark.parametrize(
    "extreme",
    [
        {"n_words": 1},
        {"n_hidden": 1},
        {"n_factors": 1, "n_hidden": 1, "n_words": 2},
        {"n_documents": 1},
        {"tokens": 0.0},
        {"tokens": 1e-6},
        {"tokens": 1e6},
        {"weights": 0.0},
        {"weights": 1e3},
        {"prior": [1e-12, 1 - 1e-12, 0.5, 1e-300]},
    ],
    ids=str,
)
def test_extreme_input_keeps_posterior_bound_and_gradient_right(monkeypatch, piece, extreme):
    monkeypatch.setattr(fast, "PIECE_SIZE", piece)
    given = {"n_factors": 4, "n_hidden": 5, "n_words": 7, "n_documents": 6} | extreme
    rng = np.random.default_rng(33)
    drawn = random_model(rng, given["n_factors"], given["n_hidden"], given["n_words"])
    values = {name: given.get("weights", 1.0) * value for name, value in vars(drawn).items()}
    model = lf.LatentFactorModel(**values | {"prior": given.get("prior", drawn.prior)})
    counts = random_counts(rng, given["n_documents"], given["n_words"]) * given.get("tokens", 1.0)
    counts[-1], counts[:, 0] = 0, counts[:, 0] * (given["n_words"] == 1)  # not all words are seen

    z, parameters = lf.factor_states(model.n_factors), lf.parameters(model)
    joint = oracle_log_joint(parameters, counts, z)
    evidence = logsumexp(joint, axis=1)
    size = max(1.0, np.abs(joint).max())
    value, gradient = lf.exact_gradient(model, counts)
    assert value == pytest.approx(evidence.sum(), rel=1e-12, abs=1e-14 * size)
    marginals = np.exp(joint - evidence[:, None]) @ z
    np.testing.assert_allclose(lf.exact(model, counts).marginals, marginals, atol=1e-15 * size)
    elbos = np.array([state.elbos for state in islice(lf.mean_field(model, counts), 5)])
    assert np.all(np.diff(elbos, axis=0) >= -1e-14 * size)
    assert np.all(elbos <= evidence + 1e-14 * size)
    slopes = autograd.grad(log_evidence_for_autograd(counts, z))(parameters)
    for name, slope in slopes.items():
        within = 1e-8 * np.abs(slope).max() + 1e-15 * size
        np.testing.assert_allclose(gradient[name], slope, rtol=0, atol=within, err_msg=name)


def test_a_factor_that_is_hardly_ever_on_keeps_its_gradient(monkeypatch):
    rng = np.random.default_rng(34)
    model, counts = random_model(rng), random_counts(rng)
    rare = lf.LatentFactorModel(**vars(model) | {"prior": [0.3, 1e-25, 0.6, 0.4]})
    values, z = lf.parameters(rare), lf.factor_states(4)
    slopes = autograd.grad(log_evidence_for_autograd(counts, z))(values)
    for piece in (30, fast.PIECE_SIZE):  # words computed again, or kept
        monkeypatch.setattr(fast, "PIECE_SIZE", piece)
        gradient = lf.exact_gradient(rare, counts)[1]
        for ours, theirs in zip(gradient["hidden_weights"], slopes["hidden_weights"], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8 * np.abs(theirs).max())


def test_states_that_change_no_digit_are_left_out():
    model = random_model(np.random.default_rng(35))
    certain = lf.LatentFactorModel(**vars(model) | {"prior": [0.0, 1.0, 0.3, 0.6]})
    table = lf.posterior_table(certain, random_counts(np.random.default_rng(36)))
    z = lf.factor_states(4)
    possible = (z[:, 0] == 0) & (z[:, 1] == 1)
    np.testing.assert_array_equal(fast.matters(z, table.sum(0)), possible)


def test_a_gradient_needs_no_array_of_documents_words_and_states():
    rng = np.random.default_rng(37)
    model, counts = random_model(rng, 10, 8, 100), random_counts(rng, 64, 100)
    peak = peak_bytes(lambda: lf.exact_gradient(model, counts))
    assert peak < 8 * 64 * 100 * 2**10 / 10


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 6))
def test_bound_gradient_is_autograds(seed, n_factors):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng)
    logits, z = rng.normal(size=(6, n_factors)), lf.factor_states(n_factors)
    elbos, gradient, slope = lf.bound_gradient(model, counts, logits)
    values = lf.parameters(model)
    assert elbos.sum() == pytest.approx(oracle_bound(values, logits, counts, z), rel=1e-12)
    assert_same_gradient(gradient, autograd.grad(oracle_bound, 0)(values, logits, counts, z))
    expected = autograd.grad(oracle_bound, 1)(values, logits, counts, z)
    assert_same_gradient({"logits": slope}, {"logits": expected})


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_encoder_gradient_is_autograds(seed):
    rng = np.random.default_rng(seed)
    model, counts, encoder = random_model(rng), random_counts(rng), random_encoder(rng)
    z, values = lf.factor_states(4), lf.parameters(model)

    def oracle(weights):
        hidden = anp.tanh(
            anp.dot(np.log1p(counts), weights["input_weights"]) + weights["input_bias"]
        )
        logits = anp.dot(hidden, weights["factor_weights"]) + weights["factor_bias"]
        return oracle_bound(values, logits, counts, z)

    slope = lf.bound_gradient(model, counts, encoder(counts).logits)[2]
    gradient = encoder.gradient(counts, slope)
    assert_same_gradient(gradient, autograd.grad(oracle)(encoder.parameters()))


def test_gradients_are_finite_differences():
    rng = np.random.default_rng(11)
    model, counts, logits = random_model(rng), random_counts(rng), rng.normal(size=(6, 4))
    like = lf.parameters(model)
    x, direction = adam.pack(like), rng.normal(size=adam.pack(like).size)

    def at(step):
        return lf.from_parameters(adam.unpack(x + step * direction, like))

    def central(f, h=1e-5):
        return (f(h) - f(-h)) / (2 * h)

    exact = central(lambda h: lf.exact(at(h), counts).elbo)
    ours = adam.pack(lf.exact_gradient(model, counts)[1]) @ direction
    assert ours == pytest.approx(exact, rel=1e-7)
    bound = central(lambda h: lf.bound_gradient(at(h), counts, logits)[0].sum())
    ours = adam.pack(lf.bound_gradient(model, counts, logits)[1]) @ direction
    assert ours == pytest.approx(bound, rel=1e-7)


def test_gradient_in_q_is_zero_where_coordinate_ascent_ends():
    rng = np.random.default_rng(12)
    model, counts = random_model(rng), random_counts(rng)
    state = list(islice(lf.mean_field(model, counts), 300))[-1]
    slope = lf.bound_gradient(model, counts, state.q.logits)[2]
    np.testing.assert_allclose(slope, 0, atol=1e-8)


# ---------------------------------------------------------------- the score-function estimator


def estimates(rng, baseline, n, n_samples=4):
    model, counts = (
        random_model(np.random.default_rng(13)),
        random_counts(np.random.default_rng(14)),
    )
    logits = np.random.default_rng(15).normal(size=(6, 4))
    some = [
        lf.score_function_gradient(model, counts, logits, rng, n_samples, baseline)
        for _ in range(n)
    ]
    return some, lf.bound_gradient(model, counts, logits)


@pytest.mark.parametrize("baseline", [None, "leave_one_out", np.full(6, -15.0)])
def test_score_function_is_unbiased(baseline):
    # 5 standard errors in each of about 130 coordinates: a right estimator fails here with
    # probability below 1e-4 (two-sided normal, union bound); the seed makes it repeatable.
    n = 3000
    some, (elbos, gradient, slope) = estimates(np.random.default_rng(16), baseline, n)
    pairs = [
        (np.array([e.elbos for e in some]), elbos),
        (np.array([e.logit_gradient for e in some]), slope),
        *((np.array([e.gradient[name] for e in some]), gradient[name]) for name in gradient),
    ]
    for drawn, expected in pairs:
        error = drawn.std(0, ddof=1) / np.sqrt(n)
        assert np.all(np.abs(drawn.mean(0) - expected) < 5 * error + 1e-12)


def test_baseline_takes_most_of_the_variance_away():
    variances = {}
    for baseline in (None, "leave_one_out"):
        some, _ = estimates(np.random.default_rng(17), baseline, 400)
        variances[baseline] = np.array([e.logit_gradient for e in some]).var(0).mean()
    assert variances["leave_one_out"] < 0.25 * variances[None]


def test_sampled_elbos_are_unbiased():
    rng = np.random.default_rng(18)
    model, counts, logits = random_model(rng), random_counts(rng), rng.normal(size=(6, 4))
    drawn = np.array([lf.sampled_elbos(model, counts, logits, rng, 2) for _ in range(2000)])
    expected = lf.bound_gradient(model, counts, logits)[0]
    assert np.all(np.abs(drawn.mean(0) - expected) < 5 * drawn.std(0) / np.sqrt(2000))


# ---------------------------------------------------------------- learning


def topical_documents(seed=19, n_documents=150, n_words=30):
    rng = np.random.default_rng(seed)
    weights = 3 * (rng.random((6, n_words)) < 0.2)
    model = lf.LatentFactorModel(
        np.full(4, 0.4), rng.normal(scale=2, size=(4, 6)), np.zeros(6), weights, np.zeros(n_words)
    )
    return model.sample(rng, np.full(n_documents, 50))[1]


@pytest.mark.parametrize("inference", ["exact", "mean_field", "amortised"])
def test_training_climbs_and_stays_below_the_evidence(inference):
    counts = topical_documents()
    ascent = climb(lf.train(counts, 4, np.random.default_rng(20), inference), 0, 60)  # may not fall
    state = ascent.state
    assert ascent.elbos[-1] > ascent.elbos[0] + 100
    evidence = lf.exact(state.model, counts).elbo
    assert state.elbo <= evidence + 1e-9 * abs(evidence)
    assert state.q.probs.shape == (150, 4)
    if inference == "exact":
        assert state.elbo == pytest.approx(evidence, rel=1e-12)
    else:
        bound = lf.bound_gradient(state.model, counts, state.q.logits)[0].sum()
        assert state.elbo == pytest.approx(bound, rel=1e-12)
    assert hasattr(state, "encoder") == (inference == "amortised")


def test_sampled_training_says_that_it_is_noisy_and_learns():
    counts = topical_documents()
    rng = np.random.default_rng(21)
    states_ = list(islice(lf.train(counts, 4, rng, gradient="score_function"), 40))
    assert all(state.noisy for state in states_)
    assert states_[-1].elbo > states_[0].elbo + 100
    last = states_[-1]
    exactly = lf.bound_gradient(last.model, counts, last.q.logits)[0].sum()
    assert last.elbo == pytest.approx(exactly, rel=0.01)


def test_sampled_training_takes_more_factors_than_can_be_enumerated():
    counts = topical_documents(n_documents=40)
    states_ = list(islice(lf.train(counts, 30, np.random.default_rng(22)), 10))
    assert states_[-1].noisy
    assert states_[-1].elbo > states_[0].elbo
    climb(iter(states_), max_steps=9)  # a noisy bound may fall


def test_training_repeats_itself_with_the_same_seed():
    counts = topical_documents()
    for options in ({}, {"gradient": "score_function"}, {"inference": "mean_field"}):
        one, other = (
            list(islice(lf.train(counts, 3, np.random.default_rng(23), **options), 4))[-1]
            for _ in range(2)
        )
        assert one.elbo == other.elbo


@pytest.mark.parametrize("form", [np.array, scipy.sparse.csr_array])
def test_training_goes_on_with_the_counts_it_was_given(form):
    counts = form(topical_documents(n_documents=40))
    undisturbed = list(islice(lf.train(counts, 3, np.random.default_rng(38), "exact"), 4))
    training = lf.train(counts, 3, np.random.default_rng(38), "exact")
    next(training)
    counts *= 2
    assert list(islice(training, 3))[-1].elbo == undisturbed[-1].elbo


def test_the_two_gaps_are_not_negative_and_add_up():
    counts = topical_documents()
    state = climb(lf.train(counts, 4, np.random.default_rng(24)), 0, 60).state
    new = topical_documents(seed=25)
    for documents in (counts, new):
        gaps = lf.split_gap(state.model, state.encoder, documents, np.random.default_rng(26))
        assert gaps.family.min() >= -1e-10
        assert gaps.network.min() >= -1e-9
        mode = lf.posterior_table(state.model, documents).max(1)
        assert np.all(gaps.family <= -np.log(mode) + 1e-9)
        whole = gaps.log_evidence - gaps.amortised
        np.testing.assert_allclose(gaps.family + gaps.network, whole, atol=1e-9)


def test_quasi_newton_finds_the_top_of_a_quadratic_and_never_falls():
    rng = np.random.default_rng(27)
    square = rng.normal(size=(12, 12))
    curvature, top = square @ square.T + 0.1 * np.eye(12), rng.normal(size=12)

    def objective(values):
        off = values["x"] - top
        return -0.5 * off @ curvature @ off, {"x": -curvature @ off}, None

    point = optimise.evaluate(objective, {"x": np.zeros(12)})
    for _ in range(200):
        new = optimise.quasi_newton_step(objective, point)
        assert new.value >= point.value
        point = new
    np.testing.assert_allclose(point.values["x"], top, atol=1e-5)


# ---------------------------------------------------------------- the lecture's pages and fast/


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 10), st.integers(1, 4))
def test_the_fast_posterior_is_the_one_by_enumeration(seed, n_factors, n_documents):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng, n_documents)
    ours, plain = lf.exact(model, counts), posterior.by_enumeration(model, counts)
    for name, expected in vars(plain).items():
        np.testing.assert_allclose(getattr(ours, name), expected, rtol=1e-10, atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 7))
def test_the_fast_gradients_are_the_plain_ones(seed, n_factors):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng)
    q = lf.Factors(rng.normal(size=(len(counts), n_factors)))
    value, gradient = lf.exact_gradient(model, counts)
    expected, slopes = bound.evidence_and_gradient(model, counts)
    assert value == pytest.approx(expected, rel=1e-10)
    elbos, of_model, of_logits = lf.bound_gradient(model, counts, q.logits)
    plain_elbos, plain_of_model, plain_of_logits = bound.elbo_and_gradients(model, counts, q)
    np.testing.assert_allclose(elbos, plain_elbos, rtol=1e-10)
    np.testing.assert_allclose(of_logits, plain_of_logits, rtol=1e-10, atol=1e-10)
    for name in gradient:
        np.testing.assert_allclose(gradient[name], slopes[name], rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(of_model[name], plain_of_model[name], rtol=1e-10, atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 7))
def test_the_fast_sweep_is_the_plain_one(seed, n_factors):
    rng = np.random.default_rng(seed)
    model, counts = random_model(rng, n_factors), random_counts(rng)
    start, later = islice(lf.mean_field(model, counts, rng.random((len(counts), n_factors))), 2)
    log_p = lf.log_likelihood(model, counts)
    expected = coordinate_ascent.sweep(log_p, start.q.logits, model.prior)
    np.testing.assert_allclose(later.q.logits, expected, rtol=1e-10, atol=1e-10)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("prior", [0.5, 1.5, 0.5, 0.5], "prior"),
        ("prior", [[0.5] * 4], "prior"),
        ("prior", [], "prior: expected at least one number"),
        ("hidden_bias", [], "hidden_bias: expected at least one number"),
        ("output_bias", [], "output_bias: expected at least one number"),
        ("hidden_weights", np.zeros((5, 4)), "hidden_weights"),
        ("hidden_bias", np.full(5, np.nan), "hidden_bias"),
        ("output_weights", np.zeros((5, 6)), "output_weights"),
        ("output_bias", np.full(7, np.inf), "output_bias"),
    ],
)
def test_bad_models_are_refused(field, value, message):
    good = vars(random_model(np.random.default_rng(0)))
    with pytest.raises(ValueError, match=message):
        lf.LatentFactorModel(**{**good, field: value})


@pytest.mark.parametrize(
    "counts",
    [-np.ones((2, 7)), np.ones((2, 6)), np.ones(7), np.full((2, 7), np.nan), np.ones((0, 7))],
)
def test_bad_counts_are_refused(counts):
    model = random_model(np.random.default_rng(0))
    with pytest.raises(ValueError, match="counts"):
        lf.exact(model, counts)
    with pytest.raises(ValueError, match="counts"):
        lf.mean_field(model, counts)
    if counts.ndim == 2 and counts.size:
        with pytest.raises(ValueError, match="counts"):
            lf.exact(model, scipy.sparse.csr_array(counts))


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (scipy.sparse.coo_array(np.ones(7)), r"counts: .* shape \(7,\)"),
        (scipy.sparse.csr_array(np.ones((2, 7)) * 1j), "counts: expected real numbers"),
        (np.zeros((2, 0)), r"counts: .* shape \(2, 0\)"),
    ],
)
def test_counts_of_the_wrong_kind_are_refused(counts, message):
    rng = np.random.default_rng(0)
    model, encoder = random_model(rng), random_encoder(rng)
    for function in (
        lambda: lf.train(counts, 2, rng),
        lambda: lf.initial_model(counts, 2, rng),
        lambda: lf.informative_words(counts, ["a", "b"], 1),
    ):
        with pytest.raises(ValueError, match=message):
            function()
    for function in (lambda: lf.exact(model, counts), lambda: encoder(counts)):
        with pytest.raises(ValueError, match="counts"):
            function()


def test_repeated_bytes_are_added_as_numbers():
    model = random_model(np.random.default_rng(0))
    parts = np.array([200, 100], np.uint8), (np.array([0, 0]), np.array([1, 1]))
    repeated = scipy.sparse.coo_array(parts, shape=(1, 7))
    whole = lf.exact(model, 300 * np.eye(7)[[1]])
    np.testing.assert_allclose(lf.exact(model, repeated).log_evidence, whole.log_evidence)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch": 0}, "batch: expected at least 1, got 0"),
        ({"batch": 1.5}, "batch: expected a whole number"),
        ({"n_samples": 1}, "n_samples: leave_one_out needs at least two"),
        ({"n_samples": 2**40}, "n_samples: expected at most"),
        ({"rate": np.nan}, "rate: holds NaN"),
        ({"rate": -0.1}, "rate: expected positive"),
        ({"baseline": "mean"}, "baseline: .* got 'mean'"),
        ({"baseline": np.zeros(6)}, "baseline: expected 'leave_one_out' or None"),
        ({"n_encoder": 0}, "n_encoder: expected at least 1, got 0"),
        ({"gradient": "exact", "n_encoder": -1}, "n_encoder: expected at least 1, got -1"),
        ({"n_encoder": 2**40}, "n_encoder: expected at most"),
        ({"inference": "mean_field", "gradient": None, "sweeps": 0}, "sweeps: expected at least 1"),
        ({"inference": ["amortised"]}, "inference: expected 'exact'"),
        ({"inference": np.array(["exact", "exact"]), "gradient": None}, "inference: expected"),
        ({"gradient": ["exact"]}, "inference: expected 'exact'"),
        ({"inference": "exact", "gradient": None, "n_factors": 40}, r"n_factors: .* 2\^40 states"),
        ({"inference": "mean_field", "gradient": None, "n_factors": 40}, r"n_factors: .* 2\^40"),
        ({"gradient": "exact", "n_factors": 40}, r"n_factors: .* 2\^40 states"),
        ({"n_factors": 2**40}, "n_factors: expected at most"),
        ({"n_hidden": 2**40}, "n_hidden: expected at most"),
    ],
    ids=str,
)
def test_training_refuses_when_it_is_called(arguments, message):
    rng = np.random.default_rng(0)
    given = {"n_factors": 2, "inference": "amortised", "gradient": "score_function"} | arguments
    with pytest.raises(ValueError, match=message):
        lf.train(random_counts(rng), rng=rng, **given)


@pytest.mark.parametrize("model", [None, np.zeros(4)], ids=["None", "an array"])
def test_what_is_no_model_is_refused_by_name(model):
    rng = np.random.default_rng(0)
    counts, logits, encoder = random_counts(rng), np.zeros((6, 4)), random_encoder(rng)
    for function in (
        lambda: lf.exact(model, counts),
        lambda: lf.posterior_table(model, counts),
        lambda: lf.log_joint(model, counts),
        lambda: lf.log_likelihood(model, counts),
        lambda: lf.mean_field(model, counts),
        lambda: lf.best_mean_field(model, counts, [None]),
        lambda: lf.exact_gradient(model, counts),
        lambda: lf.bound_gradient(model, counts, logits),
        lambda: lf.score_function_gradient(model, counts, logits, rng),
        lambda: lf.sampled_elbos(model, counts, logits, rng),
        lambda: lf.split_gap(model, encoder, counts, rng),
        lambda: lf.as_words_arrive(model, [0]),
        lambda: lf.parameters(model),
    ):
        with pytest.raises(ValueError, match=r"model: expected LatentFactorModel\(\.\.\.\), got"):
            function()
    with pytest.raises(ValueError, match=r"encoder: expected Encoder\(\.\.\.\), got NoneType"):
        lf.split_gap(random_model(rng), None, counts, rng)


@pytest.mark.parametrize("shape", [(5, 4), (7, 4), (1, 4), (6, 3)])
def test_logits_of_other_documents_are_refused(shape):
    rng = np.random.default_rng(0)
    model, counts, logits = random_model(rng), random_counts(rng), np.zeros(shape)
    for function in (
        lambda: lf.bound_gradient(model, counts, logits),
        lambda: lf.score_function_gradient(model, counts, logits, rng),
        lambda: lf.sampled_elbos(model, counts, logits, rng),
    ):
        with pytest.raises(ValueError, match=r"logits: expected shape \(6, 4\)"):
            function()


def test_tables_too_large_for_memory_are_refused_with_their_size():
    model, counts = random_model(np.random.default_rng(0), 20), np.ones((1000, 7))
    with pytest.raises(ValueError, match=r"logits: asks for an array of 5 x 1099511627776"):
        lf.Factors(np.zeros((5, 40))).table()
    for function in (lf.posterior_table, lf.log_joint, lf.log_likelihood):
        with pytest.raises(ValueError, match=r"counts: asks for an array of 1000 x 1048576"):
            function(model, counts)
    with pytest.raises(ValueError, match=r"words: asks for an array of 1001 x 1048576"):
        lf.as_words_arrive(model, [0] * 1000)


def test_other_bad_input_is_refused():
    rng = np.random.default_rng(0)
    model, counts, logits = random_model(rng), random_counts(rng), np.zeros((6, 4))
    with pytest.raises(ValueError, match=r"2\^40"):
        lf.factor_states(40)
    with pytest.raises(ValueError, match="start"):
        lf.mean_field(model, counts, np.full((6, 4), 1.5))
    with pytest.raises(ValueError, match="inference"):
        lf.train(counts, 2, rng, inference="exactly")
    with pytest.raises(ValueError, match="inference"):
        lf.train(counts, 2, rng, inference="exact", gradient="score_function")
    with pytest.raises(ValueError, match="n_factors"):
        lf.train(counts, 0, rng)
    with pytest.raises(ValueError, match="rng"):
        lf.train(counts, 2, 0)
    with pytest.raises(ValueError, match="n_samples"):
        lf.score_function_gradient(model, counts, logits, rng, n_samples=1)
    with pytest.raises(ValueError, match="baseline"):
        lf.score_function_gradient(model, counts, logits, rng, baseline="mean")
    with pytest.raises(ValueError, match="words"):
        lf.as_words_arrive(model, [7])
    with pytest.raises(ValueError, match="words: expected a whole number"):
        lf.as_words_arrive(model, [1.5])
    with pytest.raises(ValueError, match="lengths: expected whole numbers"):
        model.sample(rng, [2.7])
    for wrong in (-1, 2**40):
        with pytest.raises(ValueError, match=r"n_samples: (expected at least|asks for)"):
            lf.Factors(logits).sample(rng, wrong)
    with pytest.raises(ValueError, match="n_hidden: expected at least 1"):
        lf.initial_encoder(7, 2, rng, 0)
    with pytest.raises(ValueError, match="rng"):
        lf.initial_encoder(7, 2, None)
    with pytest.raises(ValueError, match="starts"):
        from helpers.latent_factors import best_mean_field

        best_mean_field(model, counts, [])


# ---------------------------------------------------------------- the course's corpus


def test_informative_words_are_those_of_the_definition():
    rng = np.random.default_rng(31)
    counts, labels = random_counts(rng, 12), list("abbacabacabc")
    worth = []
    for v in range(7):
        total = 0.0
        for label in "abc":
            mask = np.array(labels) == label
            both = counts[mask, v].sum() / counts.sum()
            apart = counts[mask].sum() / counts.sum() * counts[:, v].sum() / counts.sum()
            total += both * np.log(both / apart) if both else 0.0
        worth.append(total)
    kept = lf.informative_words(counts, labels, 3)
    np.testing.assert_array_equal(kept, np.sort(np.argsort(worth)[-3:]))
    np.testing.assert_array_equal(
        lf.informative_words(scipy.sparse.csr_array(counts), labels, 3), kept
    )


def test_factor_words_finds_the_words_of_a_factor():
    model = lf.LatentFactorModel([0.5, 0.5], 4 * np.eye(2), [-2, -2], 2 * np.eye(2, 5), np.zeros(5))
    z, counts = model.sample(np.random.default_rng(32), np.full(200, 30))
    words = lf.factor_words(z, counts, ["loan", "water", "and", "the", "of"], n=1)
    assert words == [["loan"], ["water"]]


def test_held_out_documents_are_likelier_than_under_unigrams_and_their_mixture():
    corpus = lf.reduced(data.corpus())
    order = np.random.default_rng(28).permutation(len(corpus))
    new, known = corpus.counts[order[:300]], corpus.counts[order[300:]]
    n_factors, n_tokens = 6, new.sum()
    by_unigram = fit_unigram(known, 1.0).log_evidence(new).sum() / n_tokens
    by_mixture = max(
        climb(fit_mixture(known, n_factors, np.random.default_rng(seed), 0.1), max_steps=100)
        .state.model.log_evidence(new)
        .sum()
        / n_tokens
        for seed in range(3)
    )
    assert by_mixture > by_unigram
    for inference in ("exact", "mean_field", "amortised"):
        states_ = lf.train(known, n_factors, np.random.default_rng(30), inference, n_hidden=16)
        model = climb(states_, max_steps=60).state.model
        assert lf.exact(model, new).elbo / n_tokens > by_mixture + 0.1  # nats per token


def test_gradients_use_memory_again_and_share_none_of_it():
    """Results of one call stay as they were when others, also of other sizes, have been made."""
    rng = np.random.default_rng(5)
    problems = [(3, 4, 5, 6), (5, 3, 40, 7), (2, 4, 5, 30), (3, 4, 5, 6)]
    models = [random_model(rng, K, H, V) for K, H, V, _ in problems]
    counts = [
        model.sample(rng, np.full(D, 9))[1] for model, (*_, D) in zip(models, problems, strict=True)
    ]
    first = [lf.exact_gradient(model, x) for model, x in zip(models, counts, strict=True)]
    kept = copy.deepcopy(first)
    with ThreadPoolExecutor(4) as threads:
        again = list(threads.map(lf.exact_gradient, models * 20, counts * 20))
    for (value, gradient), (before, copied), (later, repeated) in zip(
        first * 20, kept * 20, again, strict=True
    ):
        assert value == before == pytest.approx(later, rel=1e-12)
        for name in gradient:
            np.testing.assert_array_equal(gradient[name], copied[name])
            np.testing.assert_allclose(repeated[name], copied[name], rtol=1e-9, atol=1e-9)
