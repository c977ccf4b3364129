"""The small model, by hand and by its invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.ascent import climb
from helpers.elbo import bound_by_enumeration
from helpers.small import TwoTopics, bank, mean_field, update

probability = st.floats(0.01, 0.99)
models = st.builds(
    TwoTopics,
    prior=arrays(float, 2, elements=probability),
    likelihood=arrays(float, (2, 2), elements=probability),
)


def test_the_numbers_of_the_course_by_hand():
    joint = np.array(
        [[0.7 * 0.8 * 0.01, 0.7 * 0.2 * 0.406], [0.3 * 0.8 * 0.505, 0.3 * 0.2 * 0.703]]
    )
    np.testing.assert_allclose(np.exp(bank().log_joint(1)), joint, rtol=1e-12)
    assert bank().log_evidence(1) == pytest.approx(np.log(joint.sum()), abs=1e-12)
    assert np.exp([bank().log_evidence(0), bank().log_evidence(1)]).sum() == pytest.approx(1)
    np.testing.assert_allclose(bank().posterior(1), joint / joint.sum(), rtol=1e-12)


def test_the_topics_compete_for_the_word():
    posterior = bank().posterior(1)
    river = posterior[:, 1].sum()
    river_given_money = posterior[1, 1] / posterior[1].sum()
    assert river_given_money < river
    assert bank().prior[1] < river


@given(models, st.sampled_from([0, 1]), arrays(float, 2, elements=probability))
def test_mean_field_climbs_below_the_evidence(model, x, start):
    ascent = climb(mean_field(model, x, start), rtol=1e-10)
    bound = ascent.state.bound
    assert bound.elbo <= bound.log_evidence + 1e-12
    assert bound.elbo + bound.kl == pytest.approx(model.log_evidence(x), abs=1e-10)
    np.testing.assert_allclose(ascent.state.q, np.outer(*ascent.state.factors))


@given(models, arrays(float, 2, elements=probability), st.sampled_from([0, 1]))
def test_an_update_is_the_best_factor_given_the_other(model, start, i):
    state = next(mean_field(model, 1, start))
    best = update(state, i)
    for value in np.linspace(0.01, 0.99, 21):
        probs = best.probs.copy()
        probs[i] = value
        q = np.outer(*np.stack([1 - probs, probs], axis=1))
        assert bound_by_enumeration(model.log_joint(1), q).elbo <= best.elbo + 1e-12


def test_exact_zeros_stay_exact():
    model = TwoTopics(prior=[0.0, 0.5], likelihood=[[0.0, 1.0], [0.5, 0.5]])
    ascent = climb(mean_field(model, 1), rtol=1e-12)
    np.testing.assert_array_equal(ascent.state.probs, [0, 1])
    assert ascent.state.bound.kl == pytest.approx(0, abs=1e-12)


def test_tiny_priors_do_not_underflow():
    model = TwoTopics([1e-300, 1e-300], np.full((2, 2), 0.5))
    expected = -600 * np.log(10) + np.log(0.5)
    assert model.log_joint(1)[1, 1] == pytest.approx(expected, rel=1e-12)
    almost = TwoTopics([0.5, 0.5], np.full((2, 2), 1e-200))
    np.testing.assert_allclose(almost.posterior(1), 0.25)


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("prior: expected shape", lambda: TwoTopics([0.1], np.zeros((2, 2)))),
        (
            "likelihood: expected probabilities in",
            lambda: TwoTopics([0.1, 0.1], np.full((2, 2), 2)),
        ),
        ("x: expected 0 or 1", lambda: bank().log_joint(3)),
        ("start: expected shape", lambda: next(mean_field(bank(), 1, [0.5]))),
    ],
)
def test_bad_input_is_named(message, call):
    with pytest.raises(ValueError, match=message):
        call()
