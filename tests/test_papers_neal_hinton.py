"""The experiment of notebook 06a, and results in files."""

import numpy as np
import pytest

from helpers.papers import neal_hinton
from helpers.papers.results import store, stored


def test_bounds_by_pass_start_together_and_stay_below_the_likelihood():
    x, k = neal_hinton.data_sets(np.random.default_rng(0))["Old Faithful"]
    traces = neal_hinton.bounds_by_pass(x, k, np.random.default_rng(1), passes=4)
    em, incremental = traces["EM"], traces["incremental EM"]
    assert em["elbo"][0] == incremental["elbo"][0]
    for trace in traces.values():
        assert len(trace["elbo"]) == 5
        assert (np.diff(trace["elbo"]) > -1e-9).all()
        assert (trace["elbo"] <= trace["log_likelihood"] + 1e-9).all()
    np.testing.assert_allclose(em["elbo"], em["log_likelihood"])  # looked at after E-steps


def test_passes_needed_counts_from_the_start():
    assert neal_hinton.passes_needed([-3, -2, -1.005, -1], -1) == 2
    assert neal_hinton.passes_needed([-1, -1], -1) == 0
    assert neal_hinton.passes_needed([-3, -2], -1) is None


def test_a_stored_result_says_how_it_was_made(tmp_path):
    def square(base, of):
        return {base: np.array(of) ** 2, "big": np.float64(1 / 3)}

    path = tmp_path / "result.json"
    assert store(path, square, base="n", of=[1, 2]) == {"n": [1, 4], "big": 0.3333333333}
    results, arguments = stored(path)
    assert results["n"] == [1, 4] and arguments == {"base": "n", "of": [1, 2]}
    assert "square" in path.read_text() and "numpy" in path.read_text()
    with pytest.raises(ValueError, match="FULL = True"):
        stored(tmp_path / "missing.json")
