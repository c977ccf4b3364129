"""ArviZ's Pareto smoothing on ratios that anybody can make again, for tests/test_gradients.py.

    python benchmarks/psis.py        writes tests/psis_by_arviz.json (needs the extra bench)

The draws are the quantiles of a standard normal at (i + 1/2) / S, so that no generator matters.
"""

import json
from pathlib import Path

import numpy as np
from scipy.special import ndtri

STORED = Path(__file__).parents[1] / "tests" / "psis_by_arviz.json"
CASES = {
    "narrow": (1000, lambda e: 0.45 * e**2),
    "too narrow for any use": (1000, lambda e: 0.9 * e**2 / 2 + 3 * e),
    "wide": (1000, lambda e: -4.0 * e**2),
    "off to a side": (4000, lambda e: 1.5 * e),
    "beyond what exp can hold": (2000, lambda e: 300 * e),
    "few": (30, lambda e: 0.3 * e**2),
    "fewer than a tail needs": (12, lambda e: 0.3 * e**2),
}


def log_ratios(name):
    """The log ratios of a case, (S,)."""
    size, ratio = CASES[name]
    return ratio(ndtri((np.arange(size) + 0.5) / size))


def main():
    """Store k and the 25 largest of the smoothed, normalised log weights."""
    import arviz

    found = {"arviz": arviz.__version__}
    for name in CASES:
        log_weights, k = arviz.psislw(log_ratios(name))
        found[name] = {"k": float(k), "largest": sorted(log_weights.tolist())[-25:]}
    STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
