"""Every algorithm for the factorial HMM against the enumeration of all its paths."""

import re
import tracemalloc
from dataclasses import replace
from functools import reduce
from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from helpers import fhmm
from helpers.ascent import ElboDecreased, State, climb
from helpers.densities import MultivariateNormal
from helpers.elbo import enumerate_assignments
from helpers.fast import fhmm_messages, fhmm_scan
from helpers.fhmm import (
    FactorialHMM,
    elbo,
    exact,
    fit,
    flatten,
    mean_field,
    structured,
    update_factor,
)
from helpers.papers.gibbs import gibbs, sampled_e_step

SIZES = [(1, 2, 5, 1), (2, 2, 4, 2), (3, 2, 4, 2), (2, 3, 4, 3), (4, 2, 3, 1), (1, 1, 4, 2),
         (3, 3, 1, 1), (2, 1, 3, 2), (1, 6, 6, 1), (5, 3, 1, 2)]  # fmt: skip


def random_model(rng, M, L, P, zeros=False, spread=1.5):
    transition = rng.dirichlet(np.ones(L), (M, L))
    initial = rng.dirichlet(np.ones(L), M)
    if zeros and L > 1:
        transition[:, 0, 1], initial[0, 0] = 0, 0
        transition /= transition.sum(-1, keepdims=True)
        initial /= initial.sum(-1, keepdims=True)
    root = rng.normal(size=(P, P))
    covariance = root @ root.T + 0.5 * np.eye(P)
    return FactorialHMM(initial, transition, spread * rng.normal(size=(M, L, P)), covariance)


def enumerate_paths(model, x):
    """All paths (n, T, M) and log p(x, s) of each, straight from the definition of the model."""
    T, (M, L) = len(x), model.initial.shape
    paths = enumerate_assignments([L] * (M * T)).reshape(-1, T, M)
    with np.errstate(divide="ignore"):
        log_initial, log_transition = np.log(model.initial), np.log(model.transition)
    total = np.zeros(len(paths))
    for t in range(T):
        mean = np.zeros((len(paths), len(model.covariance)))
        for m in range(M):
            s = paths[:, t, m]
            total += log_transition[m, paths[:, t - 1, m], s] if t else log_initial[m, s]
            mean += model.means[m, s]
        total += MultivariateNormal(np.zeros(mean.shape[1]), model.covariance).log_prob(x[t] - mean)
    return paths, total


def oracle(model, x):
    """Log evidence, marginals, pairs in time, pairs across chains, by enumeration."""
    paths, log_joint = enumerate_paths(model, x)
    log_evidence = logsumexp(log_joint)
    weight = np.exp(log_joint - log_evidence)
    L = model.n_states
    one_hot = (paths[..., None] == np.arange(L)).astype(float)  # (n, T, M, L)
    weighted = one_hot * weight[:, None, None, None]
    marginals = weighted.sum(0)
    pairs = np.einsum("ntmi,ntmj->tmij", weighted[:, :-1], one_hot[:, 1:])
    across = np.einsum("ntmi,ntkj->mikj", weighted, one_hot)
    return log_evidence, marginals, pairs, across


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize(("M", "L", "T", "P"), SIZES)
def test_exact_is_enumeration(M, L, T, P, zeros):
    rng = np.random.default_rng(M * 100 + L * 10 + T)
    for _ in range(2):
        model = random_model(rng, M, L, P, zeros)
        x = model.sample(rng, T)[1]
        log_evidence, marginals, pairs, across = oracle(model, x)
        posterior = exact(model, x)
        assert posterior.log_evidence == pytest.approx(log_evidence, abs=1e-10)
        np.testing.assert_allclose(posterior.marginals, marginals, atol=1e-10)
        np.testing.assert_allclose(posterior.pair_marginals, pairs, atol=1e-10)
        np.testing.assert_allclose(posterior.expected_transitions, pairs.sum(0), atol=1e-10)
        np.testing.assert_allclose(posterior.expected_coincidences, across, atol=1e-10)
        np.testing.assert_allclose(posterior.joint.sum(tuple(range(1, M + 1))), 1, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(SIZES), st.booleans(), st.floats(0, 12))
def test_exact_is_enumeration_for_any_model(seed, size, zeros, spread):
    rng = np.random.default_rng(seed)
    M, L, T, P = size
    model = random_model(rng, M, L, P, zeros, spread)
    x = model.sample(rng, T)[1] + rng.normal(size=P) * spread
    log_evidence, marginals, pairs, _ = oracle(model, x)
    posterior = exact(model, x)
    assert posterior.log_evidence == pytest.approx(log_evidence, rel=1e-12, abs=1e-10)
    np.testing.assert_allclose(posterior.marginals, marginals, atol=1e-9)
    np.testing.assert_allclose(posterior.pair_marginals, pairs, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000), size=st.sampled_from([(1, 2), (3, 2), (4, 3), (2, 5), (1, 20)]),
    zeros=st.booleans(), tiny=st.sampled_from([1e-3, 1e-60, 1e-200]),
    spread=st.sampled_from([0.3, 2.0, 20.0, 100.0]), way=st.sampled_from(["band", "scan"]),
)  # fmt: skip
def test_fast_messages_are_the_plain_ones(seed, size, zeros, tiny, spread, way):
    """Zeros, chains that (hardly) ever leave a state, data far from all means, some sequences."""
    rng = np.random.default_rng(seed)
    model = random_model(rng, *size, 2, zeros, spread)
    initial = np.where(rng.random(size) < 0.3, tiny, model.initial)
    stay = np.where(rng.random(size)[..., None] < 0.3, np.eye(size[1]), model.transition)
    stay = (1 - tiny) * stay + tiny * model.transition
    initial, stay = (table / table.sum(-1, keepdims=True) for table in (initial, stay))
    model = FactorialHMM(initial, stay, model.means, model.covariance)
    x = [model.sample(rng, T)[1] + spread * rng.normal(size=2) for T in (25, 1, 7)]
    with pytest.MonkeyPatch.context() as patch:
        if way == "scan":
            patch.setattr(fhmm_messages, "LARGEST_BAND", 0)
        fast = exact(model, x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fhmm_messages.Dynamics, "messages", lambda *arguments: None)
        plain = exact(model, x)
    assert plain.messages.logs
    np.testing.assert_allclose(fast.log_evidences, plain.log_evidences, rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(fast.marginals, plain.marginals, atol=1e-10)
    np.testing.assert_allclose(fast.expected_transitions, plain.expected_transitions, atol=1e-10)
    np.testing.assert_allclose(fast.expected_coincidences, plain.expected_coincidences, atol=1e-10)


def test_initial_probabilities_whose_product_underflows():
    """Two first states of 1e-200 each explain x = 2, and nothing else does."""
    output = [[0.0], [1.0]]
    model = FactorialHMM([[1.0, 1e-200]] * 2, np.full((2, 2, 2), 0.5), [output] * 2, [[1e-4]])
    posterior = exact(model, [[2.0]])
    assert posterior.log_evidence == pytest.approx(-917.347805544835, rel=1e-12)
    assert climb(structured(model, [[2.0]])).state.elbo <= posterior.log_evidence + 1e-9
    np.testing.assert_array_equal(posterior.most_probable_path, [[1, 1]])
    np.testing.assert_array_equal(posterior.sample(np.random.default_rng(0)), [[1, 1]])


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize(("M", "L", "largest"), [(4, 3, 3), (5, 2, 4), (5, 2, 2), (3, 4, 5)])
def test_the_number_of_groups_changes_nothing(monkeypatch, M, L, largest, zeros):
    rng = np.random.default_rng(M)
    model = random_model(rng, M, L, 2, zeros)
    x = [model.sample(rng, T)[1] for T in (300, 1, 290, 7, 8)]
    usual = exact(model, x)
    monkeypatch.setattr(fhmm_scan, "LARGEST_GROUP", largest)
    same = FactorialHMM(model.initial, model.transition, model.means, model.covariance)
    assert len(same.dynamics.groups) > 2 >= len(model.dynamics.groups)
    in_more_groups = exact(same, x)
    np.testing.assert_allclose(
        in_more_groups.log_evidences, usual.log_evidences, rtol=1e-12, atol=1e-10
    )
    np.testing.assert_allclose(in_more_groups.marginals, usual.marginals, atol=1e-10)


@given(
    seed=st.integers(0, 10_000), size=st.sampled_from([(3, 3), (4, 3), (5, 3), (1, 20), (7, 2)]),
    T=st.integers(200, 700), sticky=st.sampled_from([0.0, 0.7, 0.99, 1.0]),
)  # fmt: skip
@settings(max_examples=6, deadline=None)
def test_windows_side_by_side_change_nothing(seed, size, T, sticky):
    rng = np.random.default_rng(seed)
    model = random_model(rng, *size, 2)
    mostly = sticky * np.eye(size[1]) + (1 - sticky) * model.transition
    model = FactorialHMM(model.initial, mostly, 0.3 * model.means, model.covariance)
    x = [model.sample(rng, length)[1] for length in (T, T - 3)]
    in_windows = exact(model, x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fhmm_scan, "_window_length", lambda T, multiplications: T)
        in_one_piece = exact(model, x)
    np.testing.assert_allclose(
        in_windows.log_evidences, in_one_piece.log_evidences, rtol=1e-12, atol=1e-10
    )
    np.testing.assert_allclose(in_windows.marginals, in_one_piece.marginals, atol=1e-10)


@pytest.mark.parametrize(("sticky", "forgets"), [(0.5, True), (0.9999, False)])
def test_windows_are_given_up_where_chains_do_not_forget(sticky, forgets):
    rng = np.random.default_rng(0)
    transition = sticky * np.eye(27) + (1 - sticky) * rng.dirichlet(np.ones(27), 27)
    groups, b = [np.ones((1, 1)), transition], 1 - 0.01 * rng.random((600, 2, 27))
    initial, length = rng.dirichlet(np.ones(27)), fhmm_scan._window_length(600, 2 * 27 * 27)
    assert length < 600
    out = np.empty((2, *b.shape))
    found = fhmm_scan._in_windows(initial, groups, b, 1, out, length)
    assert (found is not None) == forgets
    state, total = np.stack([initial, initial]), 0
    for row in b:
        state = state * row
        total, state = total + np.log(state.sum(1)), state / state.sum(1, keepdims=True)
        state = state @ transition
    log_evidences = fhmm_scan.scan_messages(initial, groups, b, 1, out)
    np.testing.assert_allclose(log_evidences, total, rtol=1e-12)


def test_exact_equals_the_flat_model():
    rng = np.random.default_rng(5)
    model = random_model(rng, 3, 3, 2)
    states, x = model.sample(rng, 60)
    flat = flatten(model)
    assert flat.transition.shape == (1, 27, 27)
    both = exact(model, x), exact(flat, x)
    assert both[0].log_evidence == pytest.approx(both[1].log_evidence, abs=1e-10)
    np.testing.assert_allclose(both[0].joint.reshape(60, 27), both[1].marginals[:, 0], atol=1e-10)
    numbers = np.ravel_multi_index(tuple(states.T), (3, 3, 3))[:, None]
    assert flat.log_joint(numbers, x) == pytest.approx(model.log_joint(states, x), abs=1e-9)


@pytest.mark.parametrize(("M", "L"), [(2, 2), (5, 3), (3, 4)])
def test_several_sequences_are_each_their_own(M, L):
    rng = np.random.default_rng(M)
    model = random_model(rng, M, L, 2)
    parts = [model.sample(rng, T)[1] for T in (1, 7, 30, 2, 16)]
    together, alone = exact(model, parts), [exact(model, part) for part in parts]
    np.testing.assert_allclose(
        together.log_evidences, [one.log_evidence for one in alone], atol=1e-10
    )
    for name in ("marginals", "pair_marginals"):
        each = np.concatenate([getattr(one, name) for one in alone])
        np.testing.assert_allclose(getattr(together, name), each, atol=1e-10)
    path = np.concatenate([one.most_probable_path for one in alone])
    np.testing.assert_array_equal(together.most_probable_path, path)
    for infer in (mean_field, structured):
        total = climb(infer(model, parts), rtol=1e-12).state.elbo
        separate = sum(climb(infer(model, part), rtol=1e-12).state.elbo for part in parts)
        assert total == pytest.approx(separate, abs=1e-6)


def test_long_series():
    rng = np.random.default_rng(0)
    model = random_model(rng, 2, 2, 1)
    x = model.sample(rng, 20_000)[1]
    posterior = exact(model, x)
    # a plain loop with scaling over the flat chain, as the reference
    flat = flatten(model)
    log_b = sum(flat.log_emissions(x)[k].reshape(len(x), -1) for k in (0, 1))
    forward, total = flat.initial[0], 0.0
    for row in np.exp(log_b):
        forward = forward * row
        total += np.log(forward.sum())
        forward = forward / forward.sum() @ flat.transition[0]
    assert posterior.log_evidence == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(posterior.marginals.sum(2), 1, atol=1e-10)


@pytest.mark.parametrize("zeros", [False, True])
def test_emissions_fifty_standard_deviations_out(zeros):
    rng = np.random.default_rng(1)
    model = random_model(rng, 2, 2, 2, zeros)
    x = model.sample(rng, 5)[1]
    x[1:4] += 50 * np.sqrt(np.diag(model.covariance)) * np.array([[1, -1], [-1, 1], [1, 1]])
    log_evidence, marginals, pairs, _ = oracle(model, x)
    posterior = exact(model, x)
    assert posterior.log_evidence == pytest.approx(log_evidence, rel=1e-13)
    np.testing.assert_allclose(posterior.marginals, marginals, atol=1e-9)
    np.testing.assert_allclose(posterior.pair_marginals, pairs, atol=1e-9)


def test_data_that_insist_on_an_impossible_step():
    """The state stays where it is, and the only state left is a hundred sd from the first x."""
    model = FactorialHMM([[0.5, 0.5]], [np.eye(2)], [[[0.0], [100.0]]], [[1.0]])
    x = np.array([[0.0], [100.0], [100.0], [3.0]])
    log_evidence, marginals, pairs, _ = oracle(model, x)
    posterior = exact(model, x)
    assert posterior.log_evidence == pytest.approx(log_evidence, rel=1e-13)
    np.testing.assert_allclose(posterior.marginals, marginals, rtol=1e-9)
    np.testing.assert_allclose(posterior.pair_marginals, pairs, atol=1e-12)


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize(("M", "L", "T", "P"), SIZES)
def test_most_probable_path(M, L, T, P, zeros):
    rng = np.random.default_rng(T)
    model = random_model(rng, M, L, P, zeros)
    x = model.sample(rng, T)[1]
    paths, log_joint = enumerate_paths(model, x)
    np.testing.assert_allclose(model.log_joint(paths, x), log_joint, atol=1e-10)
    path = exact(model, x).most_probable_path
    np.testing.assert_array_equal(path, paths[log_joint.argmax()])
    assert model.log_joint(path, x) == pytest.approx(log_joint.max(), abs=1e-10)


def test_samples_of_the_model_have_its_moments():
    rng = np.random.default_rng(0)
    model = random_model(rng, 2, 3, 2)
    states, x = model.sample(rng, 20_000)
    for m in range(2):
        counts = np.zeros((3, 3))
        np.add.at(counts, (states[:-1, m], states[1:, m]), 1)
        observed = counts / counts.sum(1, keepdims=True)
        np.testing.assert_allclose(observed, model.transition[m], atol=0.03)
    noise = x - model.output(states)
    np.testing.assert_allclose(np.cov(noise.T), model.covariance, rtol=0.05, atol=0.05)
    starts = np.array([model.sample(rng, 1)[0][0] for _ in range(2000)])
    for m in range(2):
        frequency = np.bincount(starts[:, m], minlength=3) / 2000
        np.testing.assert_allclose(frequency, model.initial[m], atol=0.04)


@pytest.mark.parametrize("zeros", [False, True])
def test_posterior_and_gibbs_samples_have_the_posterior_marginals(zeros):
    rng = np.random.default_rng(2)
    model = random_model(rng, 2, 2, 1)
    x = [model.sample(rng, 6)[1], model.sample(rng, 3)[1]]
    if zeros:  # only draws from the posterior: Gibbs sampling needs every step to be possible
        model = random_model(rng, 2, 2, 1, zeros)
    posterior = exact(model, x)
    drawn = np.mean([np.eye(2)[posterior.sample(rng)] for _ in range(600)], axis=0)
    np.testing.assert_allclose(drawn, posterior.marginals, atol=0.08)
    if not zeros:
        sweeps = islice(gibbs(model, x, rng), 50, 1250)
        np.testing.assert_allclose(
            np.mean([np.eye(2)[s] for s in sweeps], axis=0), posterior.marginals, atol=0.08
        )


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize(("M", "L", "T", "P"), SIZES)
@pytest.mark.parametrize("infer", [mean_field, structured])
def test_bound_plus_kl_is_the_evidence(infer, M, L, T, P, zeros):
    rng = np.random.default_rng(T + L)
    model = random_model(rng, M, L, P, zeros)
    x = model.sample(rng, T)[1]
    paths, log_joint = enumerate_paths(model, x)
    log_evidence = logsumexp(log_joint)
    for start in (None, rng):
        for state in islice(infer(model, x, start), 3):
            log_q = state.q.log_prob(paths)
            q, held = np.exp(log_q), log_q > -np.inf
            assert q.sum() == pytest.approx(1, abs=1e-10)
            with np.errstate(invalid="ignore"):
                kl = (q * (log_q - (log_joint - log_evidence)))[held].sum()
            assert state.elbo + kl == pytest.approx(log_evidence, rel=1e-9, abs=1e-9)
            assert -(q[held] * log_q[held]).sum() == pytest.approx(state.q.entropy(), abs=1e-9)
            assert state.elbo <= log_evidence + 1e-9
            assert elbo(model, x, state.q).elbo == pytest.approx(state.elbo, rel=1e-10, abs=1e-9)


@pytest.mark.parametrize("infer", [mean_field, structured])
def test_q_of_two_sequences_sums_to_one_over_their_paths(infer):
    rng = np.random.default_rng(0)
    model = random_model(rng, 2, 2, 1)
    x = [model.sample(rng, T)[1] for T in (2, 1)]
    q = next(infer(model, x, rng)).q
    paths = np.array(list(product(range(2), repeat=6))).reshape(-1, 3, 2)
    assert np.exp(q.log_prob(paths)).sum() == pytest.approx(1, abs=1e-12)
    assert q.log_prob(paths[5]) == pytest.approx(q.log_prob(paths)[5], rel=1e-14)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_no_coordinate_update_lowers_the_bound(seed, M, L, zeros):
    rng = np.random.default_rng(seed)
    model = random_model(rng, M, L, 2, zeros)
    x = [model.sample(rng, T)[1] for T in (4, 1)]
    log_evidence = exact(model, x).log_evidence
    q = next(mean_field(model, x, rng)).q
    chains = next(structured(model, x, rng)).q
    last, last_chains = elbo(model, x, q).elbo, elbo(model, x, chains).elbo
    for _ in range(2):
        for m in range(M):
            for t in rng.permutation(5):
                q = update_factor(model, x, q, m, int(t))
                bound = elbo(model, x, q).elbo
                assert bound >= last - 1e-9 * abs(last)
                last = bound
        chains = next(islice(structured(model, x, start=chains), 1, None)).q
        bound = elbo(model, x, chains).elbo
        assert bound >= last_chains - 1e-9 * abs(last_chains)
        last_chains = bound
    assert max(last, last_chains) <= log_evidence + 1e-9 * abs(log_evidence)


def test_an_update_is_the_best_factor():
    """No other value of the factor that was updated gives a higher bound."""
    rng = np.random.default_rng(8)
    model = random_model(rng, 2, 3, 2)
    x = model.sample(rng, 5)[1]
    q = update_factor(model, x, next(mean_field(model, x, rng)).q, 1, 2)
    best = elbo(model, x, q).elbo
    for _ in range(200):
        marginals = q.marginals.copy()
        other = rng.dirichlet(np.ones(3))
        marginals[2, 1] = 0.9 * marginals[2, 1] + 0.1 * other
        assert elbo(model, x, fhmm.Factorised(marginals, q.sequences)).elbo <= best


def test_cooling_down_ends_nearer_to_the_evidence_than_the_prior_does():
    kl = {"prior": 0.0, "annealed": 0.0}
    for seed in range(8):
        rng = np.random.default_rng(seed)
        model = random_model(rng, 3, 3, 2)
        model = replace(model, covariance=0.1 * np.eye(2))
        x = model.sample(rng, 30)[1]
        evidence = exact(model, x).log_evidence
        start = fhmm.annealed(model, x)
        for name, ascent in (
            ("prior", structured(model, x)),
            ("annealed", structured(model, x, start=start)),
        ):
            kl[name] += evidence - climb(ascent).elbos[-1]
        again = fhmm.annealed(model, x)
        assert np.array_equal(again.marginals, start.marginals)
    assert kl["annealed"] < kl["prior"] / 3


@pytest.mark.parametrize("seed", range(2))
def test_structured_from_the_best_factorised_optimum_is_never_looser(seed):
    rng = np.random.default_rng(seed)
    model = random_model(rng, 3, 3, 2, spread=3)
    x = model.sample(rng, 25)[1]
    optima = [climb(mean_field(model, x, rng)).state for _ in range(20)]
    best = max(optima, key=lambda state: state.elbo)
    ascent = climb(structured(model, x, start=best.q))
    assert ascent.elbos[0] == pytest.approx(best.elbo, rel=1e-12)
    assert ascent.state.elbo >= best.elbo
    again = climb(structured(model, x, start=best.q.marginals))
    assert again.state.elbo == pytest.approx(ascent.state.elbo, rel=1e-9)
    assert elbo(model, x, best.q.marginals.tolist()).elbo == pytest.approx(best.elbo, rel=1e-12)


def test_structured_is_exact_where_the_chains_are_uncoupled():
    rng = np.random.default_rng(3)
    model = random_model(rng, 3, 3, 3)
    means = np.zeros((3, 3, 3))
    means[np.arange(3), :, np.arange(3)] = rng.normal(size=(3, 3)) * 2  # each its own dimension
    model = FactorialHMM(model.initial, model.transition, means, np.diag([0.5, 1.0, 2.0]))
    x = model.sample(rng, 200)[1]
    posterior = exact(model, x)
    state = climb(structured(model, x)).state
    assert abs(posterior.log_evidence - state.elbo) < 1e-9
    np.testing.assert_allclose(state.q.marginals, posterior.marginals, atol=1e-9)
    np.testing.assert_allclose(
        state.q.expected_transitions, posterior.expected_transitions, atol=1e-8
    )
    assert climb(mean_field(model, x)).state.elbo < posterior.log_evidence - 0.1


def test_a_wrong_update_is_caught_by_the_climb():
    rng = np.random.default_rng(0)
    model = random_model(rng, 2, 2, 2)
    x = model.sample(rng, 20)[1]

    def with_the_transition_transposed():
        wrong = FactorialHMM(
            model.initial,
            model.transition.swapaxes(1, 2) / model.transition.sum(1)[:, :, None],
            model.means,
            model.covariance,
        )
        state = climb(mean_field(model, x)).state
        while True:
            yield State(state.q, elbo(model, x, state.q).elbo)
            state = next(islice(mean_field(wrong, x, start=state.q), 1, None))

    with pytest.raises(ElboDecreased, match="the ELBO fell"):
        climb(with_the_transition_transposed())


@pytest.mark.parametrize("inference", ["exact", "structured", "mean_field"])
@pytest.mark.parametrize(("M", "L", "P"), [(2, 2, 2), (3, 2, 1), (1, 4, 2), (2, 1, 2), (1, 1, 1)])
def test_every_step_of_em_raises_its_bound(inference, M, L, P):
    rng = np.random.default_rng(M + L)
    model = random_model(rng, M, L, P)
    x = [model.sample(rng, T)[1] for T in (20, 1, 35)]
    ascent = climb(fit(x, M, L, rng, inference, restarts=1), rtol=0, max_steps=25)
    assert (np.diff(ascent.elbos) >= -1e-9 * np.abs(ascent.elbos[1:])).all()
    state = ascent.state
    log_evidence = exact(state.model, x).log_evidence
    assert state.elbo <= log_evidence + 1e-9 * abs(log_evidence)
    if inference == "exact":
        assert state.elbo == pytest.approx(log_evidence, rel=1e-12)


@pytest.mark.parametrize("inference", ["exact", "structured"])
def test_the_m_step_is_the_maximum(inference):
    """No small change of any parameter raises the bound for the q it was fitted to."""
    rng = np.random.default_rng(4)
    start = random_model(rng, 2, 2, 2)
    x = start.sample(rng, 40)[1]
    q = exact(start, x) if inference == "exact" else climb(structured(start, x)).state.q
    best = fhmm.maximise(start, x, q)
    root = np.linalg.cholesky(best.covariance)

    def objective(model):
        """E_q[log p(x, s)] by its definition, from the moments of q."""
        log_prior = (q.marginals[0] * np.log(model.initial)).sum()
        log_prior += (q.expected_transitions * np.log(model.transition)).sum()
        means, inverse = model.means.reshape(4, 2), np.linalg.inv(model.covariance)
        outputs = q.marginals.reshape(-1, 4).T @ x
        second = x.T @ x - outputs.T @ means - means.T @ outputs
        second = second + means.T @ q.expected_coincidences.reshape(4, 4) @ means
        log_determinant = np.linalg.slogdet(2 * np.pi * model.covariance)[1]
        return log_prior - 0.5 * (len(x) * log_determinant + (inverse * second).sum())

    for _ in range(100):
        small = 1e-2
        tables = (best.initial, best.transition)
        initial, transition = (t * np.exp(small * rng.normal(size=t.shape)) for t in tables)
        means = best.means + small * rng.normal(size=best.means.shape)
        moved = root @ (np.eye(2) + small * rng.normal(size=(2, 2)))
        other = FactorialHMM(
            initial / initial.sum(-1, keepdims=True),
            transition / transition.sum(-1, keepdims=True),
            means,
            moved @ moved.T,
        )
        assert objective(other) < objective(best)


def test_em_with_gibbs_samples_recovers_the_model_up_to_names():
    rng = np.random.default_rng(3)
    transition = [[[0.95, 0.05], [0.1, 0.9]], [[0.8, 0.2], [0.3, 0.7]]]
    means = [[[0.0, 0.0], [3.0, 0.0]], [[0.0, 0.0], [1.0, 2.0]]]
    true = FactorialHMM(np.full((2, 2), 0.5), transition, means, 0.2 * np.eye(2))
    x = true.sample(rng, 1000)[1]
    found = climb(
        fit(x, 2, 2, rng, sampled_e_step(5, rng), restarts=4, warm_up=8), max_steps=25
    ).state.model
    # which chain is which, and which state: told by the difference between a chain's outputs
    jumps = found.means[:, 1] - found.means[:, 0]
    order = [np.abs(jumps @ [1, 0]).argmax(), np.abs(jumps @ [0, 1]).argmax()]
    assert sorted(order) == [0, 1]
    for m, (n, axis) in enumerate(zip(order, (0, 1), strict=True)):
        flip = slice(None) if jumps[n, axis] > 0 else slice(None, None, -1)
        np.testing.assert_allclose(found.transition[n][flip, flip], transition[m], atol=0.08)
        jump = np.subtract(means[m][1], means[m][0])
        np.testing.assert_allclose(np.abs(jumps[n]), jump, atol=0.1)
    np.testing.assert_allclose(found.covariance, true.covariance, atol=0.03)


@pytest.mark.parametrize("returned", [None, 3.0])
def test_an_e_step_of_ones_own_that_returns_no_state_is_named(returned):
    x = np.random.default_rng(0).normal(size=(9, 1))
    with pytest.raises(ValueError, match=r"inference\(model, sequences, q\): expected .*State"):
        climb(fit(x, 1, 2, np.random.default_rng(1), lambda model, x, q: returned))


def test_restarts_go_on_with_the_best():
    rng = np.random.default_rng(0)
    model = random_model(rng, 2, 3, 2, spread=4)
    x = model.sample(rng, 60)[1]
    single = list(islice(fit(x, 2, 3, np.random.default_rng(1), "exact", restarts=1), 20))
    several = list(islice(fit(x, 2, 3, np.random.default_rng(1), "exact", restarts=5), 20))
    assert several[19].elbo >= single[19].elbo
    assert several[0].elbo == pytest.approx(single[0].elbo, rel=1e-12)  # shown at once
    climb(iter(several))


def test_learning_constant_data_keeps_a_covariance():
    x = np.full((30, 2), 7.0)
    state = climb(fit(x, 2, 2, np.random.default_rng(0)), max_steps=20).state
    np.testing.assert_allclose(state.model.means.sum(0).mean(0), 7, atol=1e-6)
    assert np.linalg.eigvalsh(state.model.covariance)[0] > 0


def test_multiplications_are_those_of_the_matrices():
    """Counted as the entries of the matrices that one step of both directions multiplies by."""
    M, L, T = 3, 4, 10
    rows = L**M  # a chain's own step multiplies every joint state by one row of L numbers
    assert fhmm.multiplications(M, L, T, "flat") == 2 * T * rows * rows
    assert fhmm.multiplications(M, L, T, "factorial") == 2 * T * sum(rows * L for _ in range(M))
    assert fhmm.multiplications(M, L, T, "structured") == 2 * T * sum(L * L for _ in range(M))


GOOD = {
    "initial": np.full((2, 2), 0.5),
    "transition": np.full((2, 2, 2), 0.5),
    "means": np.zeros((2, 2, 1)),
    "covariance": np.eye(1),
}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("initial", [[0.5, 0.6], [0.5, 0.5]], "initial: expected probabilities that sum to 1"),
        ("initial", [0.5, 0.5], "initial: expected 2 axes"),
        ("transition", np.full((2, 2), 0.5), "transition: expected shape"),
        ("transition", -np.ones((2, 2, 2)), "transition: expected probabilities, got the negative"),
        ("means", np.zeros((2, 3, 1)), "means: expected shape"),
        ("means", np.full((2, 2, 1), np.nan), "means: holds NaN"),
        ("covariance", np.eye(2), "covariance: expected shape"),
        ("covariance", [[-1.0]], "covariance: expected a positive definite"),
        ("covariance", [[0.0]], "covariance: expected a positive definite"),
    ],
)
def test_bad_parameters_are_named(name, value, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        FactorialHMM(**(GOOD | {name: value}))


def test_an_asymmetric_covariance_is_refused():
    with pytest.raises(ValueError, match="covariance: expected a symmetric"):
        FactorialHMM(GOOD["initial"], GOOD["transition"], np.zeros((2, 2, 2)), [[1, 0.5], [0, 1]])


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((0, 1)), "x: expected at least one observation"),
        (np.zeros(5), "x: expected 2 axes"),
        (np.zeros((5, 2)), r"x: expected shape \(T, 1\), got \(5, 2\)"),
        (np.full((5, 1), np.nan), "x: holds NaN"),
        (np.full((5, 1), np.inf), "x: expected finite numbers"),
        ([np.zeros((5, 1)), np.zeros((5, 2))], r"x\[1\]: expected shape"),
        ([], "x: expected"),
    ],
)
@pytest.mark.parametrize("infer", [exact, mean_field, structured])
def test_bad_data_are_named(infer, x, words):
    with pytest.raises(ValueError, match=words):
        infer(FactorialHMM(**GOOD), x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[1.0], [1.0, 2.0]], "x: rows of unequal length"),
        ([[[1.0], [1.0, 2.0]], [[1.0]]], r"x\[0\]: rows of unequal length"),
        ([np.zeros((3, 1)), [[1.0], [1.0, 2.0]]], r"x\[1\]: rows of unequal length"),
        ([1.0, 2.0], "x: expected 2 axes"),
        ([None], "x: expected real numbers"),
    ],
)
@pytest.mark.parametrize("infer", [exact, mean_field, structured])
def test_data_of_unequal_rows_are_named(x, message, infer):
    with pytest.raises(ValueError, match=message):
        infer(FactorialHMM(**GOOD), x)


@pytest.mark.parametrize(("M", "number"), [(40, "10^19"), (1000, "10^477")])
def test_a_table_over_joint_states_beyond_memory_is_refused(M, number):
    rows = np.full((M, 3, 3), 1 / 3)
    many = FactorialHMM(rows[:, 0], rows, np.zeros((M, 3, 1)), np.eye(1))
    with pytest.raises(ValueError, match=re.escape(f"3^{M} = about {number} joint states")):
        many.log_emissions(np.zeros((2, 1)))


def test_no_paths_have_no_joint_probabilities():
    model = FactorialHMM(**GOOD)
    x = np.zeros((3, model.n_dimensions))
    assert model.log_joint(np.zeros((0, 3, model.n_chains), int), x).shape == (0,)


def test_observations_need_a_dimension():
    with pytest.raises(ValueError, match="means: expected at least one dimension"):
        FactorialHMM(GOOD["initial"], GOOD["transition"], np.zeros((2, 2, 0)), np.zeros((0, 0)))


def test_other_bad_arguments_are_named():
    model, x, rng = FactorialHMM(**GOOD), np.zeros((4, 1)), np.random.default_rng(0)
    with pytest.raises(ValueError, match="rng: expected"):
        model.sample(0, 3)
    with pytest.raises(ValueError, match="T: expected at least 1"):
        model.sample(rng, 0)
    with pytest.raises(ValueError, match="rng: expected"):
        structured(model, x, rng=7)
    with pytest.raises(ValueError, match="start: expected shape"):
        mean_field(model, x, start=np.full((3, 2, 2), 0.5))
    with pytest.raises(ValueError, match="start: expected probabilities"):
        structured(model, x, start=np.full((4, 2, 2), 0.7))
    with pytest.raises(ValueError, match="start: expected marginals of shape"):
        structured(model, x, start=next(structured(model, x[:2])).q)
    q = next(structured(model, x)).q
    for m in (-1, 2):
        with pytest.raises(ValueError, match="m: expected at"):
            update_factor(model, x, q, m, 0)
    with pytest.raises(ValueError, match="t: expected at most 3, got 4"):
        update_factor(model, x, q, 0, 4)
    with pytest.raises(ValueError, match="start: expected whole numbers"):
        gibbs(model, x, rng, np.zeros((3, 2), int))
    with pytest.raises(ValueError, match="start: expected 0 to 1, got -1"):
        gibbs(model, x, rng, np.full((4, 2), -1))
    with pytest.raises(ValueError, match="inference: expected one of"):
        fit(x, 2, 2, rng, inference="magic")
    with pytest.raises(ValueError, match="n_states: expected at least 1"):
        fit(x, 2, 0, rng)
    with pytest.raises(ValueError, match="states: expected whole numbers"):
        model.log_joint(np.zeros((3, 2), int), x)
    with pytest.raises(ValueError, match="states: expected 0 to 1"):
        model.log_joint(np.full((4, 2), 2), x)


def test_an_impossible_size_is_refused_and_named():
    M, L = 20, 3
    model = FactorialHMM(
        np.full((M, L), 1 / L), np.full((M, L, L), 1 / L), np.zeros((M, L, 1)), np.eye(1)
    )
    x = np.zeros((100, 1))
    with pytest.raises(ValueError, match=r"3\^20 = 3486784401 joint states.*7.79e[+]03 GiB"):
        exact(model, x)
    with pytest.raises(ValueError, match="the transition matrix of the flat HMM"):
        flatten(model)
    assert np.isfinite(climb(structured(model, x), max_steps=2).state.elbo)


def test_a_model_cannot_be_changed():
    model = FactorialHMM(**GOOD)
    with pytest.raises(ValueError, match="read-only"):
        model.transition[0, 0, 0] = 1


def test_exact_keeps_three_numbers_a_joint_state():
    rng = np.random.default_rng(0)
    model = random_model(rng, 8, 3, 3)
    x = model.sample(rng, 60)[1]
    tracemalloc.start()
    posterior = exact(model, x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.5 * 8 * 60 * 3**8
    assert posterior.expected_transitions.sum() == pytest.approx(59 * 8)
    assert posterior.expected_coincidences.sum() == pytest.approx(60 * 64)


def test_the_order_of_joint_states():
    """The last chain's state is the fastest, as in the Kronecker product."""
    rng = np.random.default_rng(0)
    model = random_model(rng, 3, 2, 1)
    x = np.zeros((1, 1))
    joint = exact(model, x).joint[0]
    log_b = sum(part.reshape(1, -1) for part in model.log_emissions(x))[0]
    expected = reduce(np.kron, model.initial) * np.exp(log_b)
    np.testing.assert_allclose(joint.ravel(), expected / expected.sum(), atol=1e-12)


@pytest.mark.parametrize("spread", [1e3, 1e5])
def test_no_bound_passes_the_evidence_where_means_lie_far_apart(spread):
    """The squares of such means have no digits left for what is near."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        model = random_model(rng, 2, 2 + seed % 2, 1 + seed % 2, spread=spread)
        x = model.sample(rng, 3)[1]
        log_evidence, marginals, *_ = oracle(model, x)
        found = exact(model, x)
        assert found.log_evidence == pytest.approx(log_evidence, rel=1e-9)
        np.testing.assert_allclose(found.marginals, marginals, atol=1e-6)
        for algorithm in (mean_field, structured):
            state = climb(algorithm(model, x), rtol=1e-12).state
            assert state.elbo <= log_evidence + 1e-9 * abs(log_evidence)
            assert elbo(model, x, state.q).elbo == pytest.approx(state.elbo, rel=1e-9)


@pytest.mark.parametrize("separation", [1e3, 1e6])
def test_a_chain_that_may_not_follow_the_evidence_keeps_its_digits(separation):
    """State 1 is never left, which the middle of x rules out: log Z is around -1e6 or -1e12."""
    initial, transition = np.array([[0.5, 0.5]]), np.array([[[0.5, 0.5], [0.0, 1.0]]])
    model = FactorialHMM(initial, transition, separation * np.arange(2.0)[None, :, None], [[1.0]])
    x = separation * np.array([[1.0], [0.0], [0.25], [0.5]])
    paths = np.array(list(product(range(2), repeat=4)))[..., None]
    q = climb(structured(model, x), rtol=1e-15).state.q
    log_q = q.log_prob(paths)[q.log_prob(paths) > -np.inf]
    assert np.exp(log_q).sum() == pytest.approx(1, abs=1e-12)
    expected = -(np.exp(log_q) * log_q).sum()
    assert q.entropy() == pytest.approx(expected, abs=1e-12) and expected > 0.5
