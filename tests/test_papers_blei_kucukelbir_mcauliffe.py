"""The rerun of the review: mean field of a normal, elbows, and scores by time."""

import numpy as np
import pytest

from helpers.ascent import climb
from helpers.densities import MultivariateNormal, kl_divergence
from helpers.mixture import BayesianMixture
from helpers.papers import blei_kucukelbir_mcauliffe as paper


@pytest.mark.parametrize("seed", range(4))
def test_mean_field_of_a_normal_has_its_mean_and_the_conditional_variances(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(4, 4))
    target = MultivariateNormal(rng.normal(size=4), root @ root.T + np.eye(4))
    ascent = climb(paper.mean_field_of_normal(target, rng.normal(size=4)), rtol=1e-14)
    q = ascent.state.q
    np.testing.assert_allclose(q.mean(), target.mean(), atol=1e-4)
    for i in range(4):  # the variance of z_i given the others, by Schur's complement
        rest = np.delete(np.arange(4), i)
        cross = target.covariance[i, rest]
        given = cross @ np.linalg.solve(target.covariance[np.ix_(rest, rest)], cross)
        assert q.sd[i] ** 2 == pytest.approx(target.covariance[i, i] - given, abs=1e-10)
    assert (q.sd**2 <= np.diag(target.covariance)).all()


def test_no_other_factorised_normal_is_closer():
    target = paper.equicorrelated(3, 0.6)
    state = climb(paper.mean_field_of_normal(target, np.zeros(3))).state
    rng = np.random.default_rng(0)
    for _ in range(50):
        other = MultivariateNormal(
            0.1 * rng.normal(size=3), np.diag(state.q.sd**2 * rng.uniform(0.8, 1.25, 3))
        )
        assert kl_divergence(other, target) >= -state.elbo


def test_several_starts_differ_and_converge():
    model = BayesianMixture(4, 5.0)
    rng = np.random.default_rng(1)
    x = model.sample(rng, 60, 2)[2]
    runs = paper.several_starts(model, x, rng, 3)
    assert all(run.converged for run in runs)
    assert len({run.elbos[0] for run in runs}) == 3


def test_elbows_are_where_a_slow_ascent_is_fast_again():
    rises = np.array([50, 10, 2, 1, 5, 9, 3, 0.5, 0.1])
    elbos = np.concatenate([[0], rises.cumsum()])
    assert paper.elbows(elbos).tolist() == [6]
    assert paper.elbows(elbos, least=100).tolist() == []
    assert paper.elbows(1 - 0.5 ** np.arange(20)).tolist() == []


def test_scores_by_time():
    seconds, scores = np.array([1.0, 2.0, 4.0]), np.array([5.0, 7.0, 6.0])
    np.testing.assert_array_equal(
        paper.scores_at(np.array([0.5, 1.0, 3.0, 9.0]), seconds, scores), [np.nan, 5, 7, 6]
    )
    assert paper.time_to_reach(seconds, scores, 5.5) == 2.0
    assert paper.time_to_reach(seconds, scores, 6.5) == np.inf  # it falls below again
    assert paper.time_to_reach(seconds, scores, 1.0) == 1.0


def test_cavi_and_a_long_run_predict_alike():
    model = BayesianMixture(2, 4.0)
    rng = np.random.default_rng(2)
    truth = np.array([[-3.0], [3.0]])
    x, held_out = (truth[rng.integers(2, size=n)] + rng.standard_normal((n, 1)) for n in (200, 300))
    start = np.array([[-1.0], [1.0]])
    seconds, scores, q = paper.predictions_of_cavi(model, x, held_out, start, 20)
    sampled_seconds, sampled, means = paper.predictions_of_gibbs(
        model, x, held_out, start, 400, np.random.default_rng(3)
    )
    assert (np.diff(seconds) > 0).all() and (np.diff(sampled_seconds) > 0).all()
    assert scores[-1] == pytest.approx(q.predictive(held_out).mean(), abs=1e-12)
    assert sampled[-1] == pytest.approx(scores[-1], abs=0.01)
    np.testing.assert_allclose(means.mean(0), q.means, atol=0.05)
