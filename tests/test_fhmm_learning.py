"""EM for factorial HMMs by the plain call: does it find the model that made the data?"""

from itertools import islice, permutations

import numpy as np
import pytest

from helpers import fhmm
from helpers.ascent import climb
from helpers.fhmm.sequences import as_sequences
from helpers.fhmm.starts import flat_model, rounds_of_halving, some_pieces


def sticky_model(rng, M, L, P, stay=0.85, spread=2.5, variance=0.3):
    """Chains that stay where they are with probability ``stay``, and outputs drawn at random."""
    transition = np.full((L, L), (1 - stay) / (L - 1)) + np.eye(L) * (stay - (1 - stay) / (L - 1))
    return fhmm.FactorialHMM(
        np.full((M, L), 1 / L),
        np.broadcast_to(transition, (M, L, L)),
        spread * rng.standard_normal((M, L, P)),
        variance * np.eye(P),
    )


def distance(true, found):
    """Largest difference of transitions and centred outputs under the best choice of names.

    Only differences between a chain's outputs are told by data: what is added to all outputs of
    one chain may be taken from those of another.
    """
    M, L = true.n_chains, true.n_states
    names = [list(order) for order in permutations(range(L))]
    means = [model.means - model.means.mean(1, keepdims=True) for model in (true, found)]

    def between(m, n):
        return min(
            max(
                np.abs(means[0][m] - means[1][n][order]).max(),
                np.abs(true.transition[m] - found.transition[n][np.ix_(order, order)]).max(),
            )
            for order in names
        )

    pairs = [[between(m, n) for n in range(M)] for m in range(M)]
    return min(max(pairs[m][n] for m, n in enumerate(order)) for order in permutations(range(M)))


@pytest.mark.parametrize(
    ("inference", "M", "L", "seed"),
    [("exact", 2, 3, 101), ("structured", 3, 2, 100), ("mean_field", 2, 2, 102)],
)
def test_the_plain_call_finds_the_model_that_made_a_long_series(inference, M, L, seed):
    rng = np.random.default_rng(seed)
    true = sticky_model(rng, M, L, P=4)
    x = true.sample(rng, 700)[1]
    ascent = climb(
        fhmm.fit([x], M, L, np.random.default_rng(1), inference, restarts=8), max_steps=100
    )
    assert ascent.converged
    assert (np.diff(ascent.elbos) >= -1e-9 * np.abs(ascent.elbos[1:])).all()
    assert distance(true, ascent.state.model) < 0.2
    best = climb(fhmm.fit([x], M, L, rng, inference, start=true), max_steps=100).state
    assert ascent.state.elbo > best.elbo - 1
    np.testing.assert_allclose(ascent.state.model.covariance, true.covariance, atol=0.08)


def test_a_few_plain_calls_in_a_row_find_models_without_persistence():
    """Rows of the transitions at random, chains that hardly stay anywhere."""
    for seed in range(2):
        rng = np.random.default_rng(seed)
        sticky = sticky_model(rng, 2, 2, P=2)
        rows = rng.dirichlet([1, 1], (2, 2))
        true = fhmm.FactorialHMM(sticky.initial, rows, sticky.means, sticky.covariance)
        x = true.sample(rng, 500)[1]
        found = climb(fhmm.fit(x, 2, 2, rng, "exact", restarts=8)).state
        best = climb(fhmm.fit(x, 2, 2, rng, "exact", start=true)).state
        assert found.elbo > best.elbo - 3


def test_learning_is_reproducible_and_leaves_its_input_alone():
    rng = np.random.default_rng(0)
    x = sticky_model(rng, 2, 2, P=2).sample(rng, 200)[1]
    copy = x.copy()
    runs = [
        list(islice(fhmm.fit([x[:90], x[90:]], 2, 2, np.random.default_rng(3), restarts=3), 6))
        for _ in range(2)
    ]
    assert [state.elbo for state in runs[0]] == [state.elbo for state in runs[1]]
    np.testing.assert_array_equal(x, copy)


def test_a_single_start_is_the_flat_model():
    x = np.random.default_rng(0).normal(3, 2, (50, 2))
    first = next(fhmm.fit(x, 3, 2, np.random.default_rng(1), restarts=1)).model
    flat = flat_model(x, 3, 2, np.random.default_rng(1))
    np.testing.assert_array_equal(first.means, flat.means)
    np.testing.assert_array_equal(flat.transition, 0.5)
    np.testing.assert_allclose(flat.covariance, np.cov(x.T, bias=True))


def test_a_start_of_another_size_is_refused():
    rng = np.random.default_rng(0)
    start = sticky_model(rng, 2, 3, P=2)
    x = start.sample(rng, 20)[1]
    with pytest.raises(
        ValueError, match=r"start: expected a model of \(3, 3\) .* got one of \(2, 3\)"
    ):
        fhmm.fit(x, 3, 3, rng, start=start)
    with pytest.raises(ValueError, match="start: expected FactorialHMM"):
        fhmm.fit(x, 2, 3, rng, start="prior")
    state = next(fhmm.fit(x, 2, 3, rng, start=start))
    assert state.model is start


class Climber:
    """Rises by a little at each step, up to a summit of its own."""

    def __init__(self, elbo, summit):
        self.elbo, self.summit = elbo, summit


def test_halving_keeps_late_risers_that_are_not_the_worst():
    steps = []

    def advance(state, n):
        steps.append(n)
        return Climber(min(state.elbo + n, state.summit), state.summit)

    field = [Climber(0, 5), Climber(5, 8), Climber(1, 30), Climber(3, 4), Climber(-20, 90)]
    assert [leader.summit for leader in rounds_of_halving(field, advance, 5)] == [8, 30, 30]
    assert steps == [5] * 5 + [10] * 3 + [20] * 2


def test_pieces_come_from_everywhere_and_stay_in_order():
    rows = np.arange(1000.0)[:, None]
    x = as_sequences([rows[:10], rows[10:730], rows[730:]])
    assert some_pieces(x, np.random.default_rng(0), 1000, 50) is x
    some = some_pieces(x, np.random.default_rng(0), 300, 50)
    assert 300 <= len(some.x) < 350
    for part in some.split(some.x):
        assert (np.diff(part[:, 0]) == 1).all()
        assert len(part) <= 50
    assert some.x.min() < 250
    assert some.x.max() > 750


@pytest.mark.parametrize("unit", [1e-6, 1e4])
def test_the_unit_of_a_column_changes_no_optimum(unit):
    rng = np.random.default_rng(3)
    x = sticky_model(rng, 1, 2, P=2).sample(rng, 200)[1]
    units, elbos = np.array([unit, 1]), []
    for data in (x, x * units + 5 * units):
        states = fhmm.fit(data, 1, 2, np.random.default_rng(0), "exact", restarts=3)
        elbos.append(climb(states, max_steps=30).state.elbo)
    assert elbos[1] + len(x) * np.log(unit) == pytest.approx(elbos[0], abs=1e-4)


def test_three_series_without_an_axis_are_refused():
    series = [np.arange(5.0), np.arange(5.0) + 10, np.arange(5.0) + 20]
    with pytest.raises(ValueError, match=r"list of 3 one-dimensional .* series\[:, None\]"):
        fhmm.fit(series, 1, 2, np.random.default_rng(0))
    columns = [one[:, None] for one in series]
    state = next(fhmm.fit(columns, 1, 2, np.random.default_rng(0)))
    assert state.q.marginals.shape == (15, 1, 2)
