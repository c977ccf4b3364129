"""The experiment of notebook 06a, and results in files."""

import numpy as np
import pytest

from helpers.papers import neal_hinton
from helpers.papers.results import names, store, stored


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

    made = store("squares", square, tmp_path, base="n", of=[1, 2])
    assert made == {"n": [1, 4], "big": 0.3333333333}
    results, arguments = stored("squares", tmp_path)
    assert results["n"] == [1, 4] and arguments == {"base": "n", "of": [1, 2]}
    text = (tmp_path / "squares.json").read_text()
    assert "square" in text and "numpy" in text
    assert names("sq", tmp_path) == ["squares"] and names("t", tmp_path) == []
    with pytest.raises(ValueError, match="FULL = True"):
        stored("missing", tmp_path)
