"""Bad values for every argument of every public function: named by a ValueError, or answered.

A row of FUNCTIONS is a call that works. Each of its arguments is replaced by each of the bad
values; what comes back is an answer without NaN, or a ValueError that names the argument, or the
one that it does not fit. calls.py has the rows of the models.
"""

from dataclasses import fields, is_dataclass
from itertools import islice

import calls
import numpy as np
import pytest
import scipy.sparse as sp

from helpers import ascent, data, densities, elbo, small
from helpers.papers import chorales


class Refusing:
    """It looks like an array, and fails when it is made one."""

    def __array__(self, *_, **__):
        raise RuntimeError("no array")


MASKED = np.ma.array([[0.5, 0.5], [0.5, 0.5]], mask=[[0, 1], [0, 0]])
BAD = {
    "None": None,
    "a number": 3,
    "a fraction": 0.3,
    "a string": "a",
    "an empty list": [],
    "NaN": np.nan,
    "inf": np.inf,
    "negative": -2,
    "a long integer": 10**5000,
    "a large number": 1e308,
    "many": 10**12,
    "four axes": np.full((1, 1, 1, 1), 0.5),
    "NaNs": np.full((2, 2), np.nan),
    "ragged": [[1.0, 2.0], [3.0]],
    "objects": np.array([[object(), 1.0], [None, 2.0]], dtype=object),
    "strings": ["x", "y"],
    "masked": MASKED,
    "booleans": np.array([[True, False], [False, True]]),
    "complex": np.array([[1j, 0], [0, 1]]),
    "a huge view": np.broadcast_to(0.5, (10**6, 10**6)),
    "sparse": sp.csr_array(np.eye(2)),
    "a mapping": {"a": 1},
    "a function": abs,
    "an array that fails": Refusing(),
    "a number without digits": 5e-324,
    "NaN without an axis": np.array(np.nan),
    "no rows": np.zeros((0, 2)),
    "no columns": np.zeros((2, 0)),
    "beyond signed integers": 2**63,
    "unsigned integers": np.full((2, 2), 2**64 - 1, np.uint64),
    "infinity in half precision": np.array([[np.inf, 1], [1, 1]], np.float16),
}


def rng():
    return np.random.default_rng(0)


COUNTS = np.array([[2.0, 0, 1], [0, 3, 1]])
NORMAL = densities.Normal(0.0, 1.0)


def first(states):
    return [state.elbo for state in islice(states, 2)]


FUNCTIONS = {
    "Bernoulli": (densities.Bernoulli, {"prob": 0.5}),
    "Categorical": (densities.Categorical, {"probs": [0.5, 0.5]}),
    "Normal": (densities.Normal, {"mean": 0.0, "sd": 1.0}),
    "MultivariateNormal": (
        densities.MultivariateNormal, {"mean": np.zeros(2), "covariance": np.eye(2)}),
    "Dirichlet": (densities.Dirichlet, {"concentration": [1.0, 2.0]}),
    "Bernoulli.log_prob": (densities.Bernoulli(0.5).log_prob, {"x": 1}),
    "Categorical.log_prob": (densities.Categorical([0.5, 0.5]).log_prob, {"x": 1}),
    "Normal.log_prob": (NORMAL.log_prob, {"x": 1.0}),
    "MultivariateNormal.log_prob": (
        densities.MultivariateNormal([0.0], [[1.0]]).log_prob, {"x": [1.0]}),
    "Dirichlet.log_prob": (densities.Dirichlet([1.0, 2.0]).log_prob, {"x": [0.5, 0.5]}),
    "sample": (NORMAL.sample, {"rng": rng(), "size": 2}),
    "Dirichlet.sample": (densities.Dirichlet([1.0, 2.0]).sample, {"rng": rng(), "size": 2}),
    "kl_divergence": (
        lambda q, p: densities.kl_divergence(q, p), {"q": NORMAL, "p": NORMAL}),
    "bound_by_enumeration": (
        elbo.bound_by_enumeration, {"log_joint": np.zeros((2, 2)), "q": np.full((2, 2), 0.25)}),
    "bound_by_quadrature": (
        elbo.bound_by_quadrature,
        {"log_joint": NORMAL.log_prob, "q_log_prob": NORMAL.log_prob,
         "grid": np.linspace(-9, 9, 99)}),
    "bound_by_sampling": (
        elbo.bound_by_sampling,
        {"log_joint": NORMAL.log_prob, "q": NORMAL, "rng": rng(), "n": 5}),
    "enumerate_assignments": (elbo.enumerate_assignments, {"sizes": [2, 2]}),
    "climb": (
        lambda states, rtol, max_steps: ascent.climb(states, rtol, max_steps).elbos,
        {"states": [ascent.State(None, -1.0)], "rtol": 1e-6, "max_steps": 3}),
    "TwoTopics": (
        small.TwoTopics, {"prior": [0.3, 0.2], "likelihood": np.full((2, 2), 0.5)}),
    "TwoTopics.log_joint": (small.bank().log_joint, {"x": 1}),
    "small.mean_field": (
        lambda model, x, start: first(small.mean_field(model, x, start)),
        {"model": small.bank(), "x": 1, "start": [0.5, 0.5]}),
    "small.update": (
        small.update, {"state": next(small.mean_field(small.bank(), 1)), "i": 0}),
    "Corpus": (
        data.Corpus, {"counts": COUNTS, "vocabulary": ["a", "b", "c"], "names": ["d", "e"],
                      "labels": ["", ""]}),
    "Corpus.select": (
        data.Corpus(COUNTS, "a b c".split(), ["d", "e"], ["", ""]).select, {"documents": [0]}),
    "read_ldac": (
        lambda docs_path, vocabulary_path: data.read_ldac(docs_path, vocabulary_path),
        {"docs_path": data.shipped.FILES / "docstrings.ldac",
         "vocabulary_path": data.shipped.FILES / "docstrings.vocab"}),
    "write_ldac": (lambda corpus: data.write_ldac(corpus, "", ""), {"corpus": None}),
    "read_conllu": (data.read_conllu, {"path": data.shipped.FILES / "sentences.conllu"}),
    "read_chorales": (chorales.read_chorales, {"path": None}),
    "music21_chorales": (chorales.music21_chorales, {"most": 0, "more_than": 0}),
} | calls.MODELS  # fmt: skip
FILES = ("docs_path", "vocabulary_path", "path")  # a string may be the name of no file
LEGAL = (  # no bad values there
    ("fhmm.fit", "inference", "a function"),  # a student's own E-step; its faults are its own
)
UNKNOWN = ("log_evidence", "standard_error")  # NaN says that a bound's evidence is not known
CASES = [
    pytest.param(name, argument, id=f"{name}-{argument}")
    for name, (_, arguments) in FUNCTIONS.items()
    for argument in arguments
]


def has_nan(value):
    if is_dataclass(value):
        return any(
            has_nan(getattr(value, field.name, None))
            for field in fields(value)
            if field.name not in UNKNOWN
        )
    if isinstance(value, list | tuple):
        return any(map(has_nan, value))
    array = value.data if sp.issparse(value) else np.asarray(value)
    return array.dtype.kind == "f" and array.size < 10**6 and bool(np.isnan(array).any())


def names_one(message, argument, good):
    """The argument's name, of which a list's part may be one; or that of one it does not fit."""
    misfit = any(f"{other}: expected" in message for other in good)
    return argument.removesuffix("s") in message or misfit


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "argument"), CASES)
def test_a_bad_value_is_named_or_answered(name, argument):
    function, good = FUNCTIONS[name]
    wrong = []
    for kind, value in BAD.items():
        if (name, argument, kind) in LEGAL:
            continue
        try:
            if has_nan(function(**good | {argument: value})):
                wrong.append(f"{kind}: the answer holds NaN")
        except ValueError as error:
            if not names_one(str(error), argument, good):
                wrong.append(f"{kind}: {error} (does not name {argument})")
        except RuntimeWarning as warning:  # numbers near the largest there are may overflow, aloud
            if kind not in ("a large number", "many") or "overflow" not in str(warning):
                wrong.append(f"{kind}: {warning}")
        except ModuleNotFoundError:
            assert "music21" in name
        except OSError:
            if argument not in FILES:
                raise
        except Exception as error:
            wrong.append(f"{kind}: {type(error).__name__}: {error}")
    assert not wrong, "\n" + "\n".join(wrong)
