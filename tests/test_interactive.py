"""Interactive figures without a browser: their numbers, the ES modules' numbers, their pages."""

import json
import re
import shutil
import subprocess
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import logsumexp

from helpers import small
from helpers.densities import Normal, kl_divergence
from helpers.elbo import bound_by_enumeration, bound_by_quadrature
from helpers.show import interactive
from helpers.show.interactive import coin, correlated, figure, gaps, touching

BANK = small.bank().log_joint(1)
FIGURES = {
    "gap": lambda: interactive.gap(),
    "gap of a student's density": lambda: interactive.gap(lambda z: -np.abs(z - 1) - 3),
    "gap with an impossible half": lambda: interactive.gap(
        lambda z: np.where(z > -1, -0.5 * z**2, -np.inf)
    ),
    "gap, factorised q": lambda: interactive.gap(BANK),
    "gap, any q": lambda: interactive.gap(BANK, factorised=False),
    "gap, three states": lambda: interactive.gap([-1.0, -np.inf, -3.0]),
    "both directions": lambda: interactive.kl_directions(),
    "jensen": lambda: interactive.jensen(),
    "jensen, many points": lambda: interactive.jensen(many=True),
    "bayes": lambda: interactive.bayes(),
    "em": lambda: interactive.em(),
    "mean field": lambda: interactive.mean_field(),
    "trace": lambda: interactive.trace(small.mean_field(small.bank(), 1), -1.4, max_steps=9),
    "trace of a broken ascent": lambda: interactive.trace([-5.0, -4.0, -4.5, -1.0], -1.4),
    "trace without the evidence": lambda: interactive.trace(lambda: iter([-5.0, -4.0])),
}
CODE_LIMIT, DATA_LIMIT = 12_000, 150_000


@pytest.fixture(scope="module")
def node():
    if shutil.which("node") is None:
        warnings.warn("node is missing: the ES modules' numbers are NOT compared", stacklevel=1)
        pytest.skip("node is missing: the ES modules' numbers are not compared with Python's")
    return shutil.which("node")


def at_random(built, rng, n):
    """Settings that a hand could choose: any value of any slider, the ends included."""
    return [
        {control["name"]: _any_value(control, rng) for control in built.data["controls"]}
        for _ in range(n)
    ]


def _any_value(control, rng):
    listed = control.get("options", control.get("values"))
    if listed is not None:
        return int(rng.integers(len(listed)))
    count = round((control["max"] - control["min"]) / control["step"])
    value = control["min"] + control["step"] * int(rng.integers(count + 1))
    return int(value) if control["step"] == 1 else round(value, 6)


def by_module(node, built, settings, folder):
    """What the ES module that ships computes for each of the settings."""
    (folder / "figure.mjs").write_text(figure.module_text(built.module), encoding="utf-8")
    (folder / "run.mjs").write_text(
        'import { figure } from "./figure.mjs"; import { readFileSync } from "node:fs";\n'
        "const { data, settings } = JSON.parse(readFileSync(0));\n"
        "const plain = (_, v) => typeof v === 'number' && !isFinite(v) ? String(v) : v;\n"
        "const all = settings.map((s) => [figure.compute(data, s), figure.describe("
        "figure.compute(data, s), s, data)]);\n"
        "console.log(JSON.stringify(all, plain));\n"
    )
    question = figure.json_text({"data": figure.clean(built.data), "settings": settings})
    done = subprocess.run(
        [node, folder / "run.mjs"], input=question, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(value):
    """A module's answer as an array of doubles; infinities came as text."""
    return np.array(value if isinstance(value, list) else [value], dtype=float)


@pytest.mark.parametrize("name", FIGURES)
def test_module_computes_what_python_computes(node, name, tmp_path):
    built = FIGURES[name]()
    settings = at_random(built, np.random.default_rng(1), 60)
    for setting, (answer, sentence) in zip(
        settings, by_module(node, built, settings, tmp_path), strict=True
    ):
        expected = built.at(**setting)
        compared = expected.keys() & answer.keys()
        assert compared, "nothing to compare"
        for key in compared:
            np.testing.assert_allclose(
                numbers(answer[key]),
                np.asarray(expected[key], dtype=float).ravel(),
                rtol=1e-6,
                atol=1e-6,
                err_msg=f"{name}: {key} at {setting}",
            )
        assert "NaN" not in sentence and "undefined" not in sentence, sentence


@pytest.mark.parametrize("name", FIGURES)
def test_every_number_of_python_is_shown_by_the_module(node, name, tmp_path):
    built = FIGURES[name]()
    settings = at_random(built, np.random.default_rng(2), 1)
    [(answer, _)] = by_module(node, built, settings, tmp_path)
    assert set(built.at()) <= set(answer)


@pytest.mark.parametrize("name", FIGURES)
def test_page_is_small_self_contained_and_always_the_same(name):
    first, again = (figure.page(FIGURES[name]()) for _ in range(2))
    assert first == again
    data = figure.json_text(figure.clean(FIGURES[name]().data))
    assert len(data.encode()) <= DATA_LIMIT
    assert len(first.encode()) - len(data.encode()) <= CODE_LIMIT
    assert [url for url in re.findall(r"https?://[^\"' )]+", first) if "w3.org" not in url] == []
    assert not re.search(r"\bimport\b|\bfetch\b|url\(", first)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_says_its_numbers_in_text_and_refuses_unknown_settings(name):
    built = FIGURES[name]()
    assert repr(built).startswith(built.data["title"]) and re.search(r"-?\d+\.\d{4}", repr(built))
    with pytest.raises(ValueError, match="settings: no control named 'no_such'"):
        built.at(no_such=1)


def test_data_cannot_leave_its_script_element():
    built = interactive.gap([-1.0, -2.0], names=("</script><b>", "rivers"))
    assert "</script><b>" not in figure.page(built).split("</script>")[0]
    assert figure.page(built).count("</script>") == 1


# The gap


@pytest.mark.parametrize("target", range(len(gaps.POSTERIORS)))
def test_gap_is_the_bound_by_quadrature(target):
    log_joint = list(gaps.POSTERIORS.values())[target]
    shown = interactive.gap().at(target=target, mean=0.7, sd=0.9)
    exact = bound_by_quadrature(
        lambda z: gaps.LOG_EVIDENCE + log_joint(z),
        Normal(0.7, 0.9).log_prob,
        np.linspace(-14, 14, 200),
    )
    assert shown["elbo"] == pytest.approx(exact.elbo, abs=1e-6)
    assert shown["kl"] == pytest.approx(exact.kl, abs=1e-6)
    assert shown["log_evidence"] == pytest.approx(gaps.LOG_EVIDENCE, abs=1e-6)


def test_both_directions_of_the_kl_against_the_closed_form():
    shown = interactive.gap().at(target=1, mean=-0.5, sd=1.3)
    p, q = Normal(1.0, 0.8), Normal(-0.5, 1.3)
    assert shown["kl"] == pytest.approx(float(kl_divergence(q, p)), abs=1e-6)
    assert shown["reverse_kl"] == pytest.approx(float(kl_divergence(p, q)), abs=1e-6)


def test_best_q_is_a_minimum_that_no_slider_beats():
    built = interactive.gap()
    for target, best in enumerate(built.data["presets"][0]["settings"]):
        lowest = built.at(target=target, **best)["kl"]
        for setting in at_random(built, np.random.default_rng(target), 200):
            assert built.at(**setting | {"target": target})["kl"] >= lowest - 1e-6


def test_kl_is_infinite_where_q_reaches_what_p_forbids():
    built = FIGURES["gap with an impossible half"]()
    shown = built.at(mean=0.0, sd=1.0)
    assert shown["elbo"] == -np.inf and shown["kl"] == np.inf and np.isfinite(shown["reverse_kl"])


@pytest.mark.parametrize("factorised", [True, False])
def test_discrete_gap_is_the_bound_by_enumeration(factorised):
    built = interactive.gap(BANK, factorised=factorised)
    for setting in at_random(built, np.random.default_rng(5), 50):
        shown = built.at(**setting)
        exact = bound_by_enumeration(BANK, shown["q"].reshape(2, 2))
        assert shown["elbo"] == pytest.approx(exact.elbo, abs=1e-8)
        assert shown["kl"] == pytest.approx(exact.kl, abs=1e-8)


def test_presets_of_the_discrete_gap_are_what_they_say():
    exact = interactive.gap(BANK, factorised=False)
    assert exact.at(**exact.data["presets"][0]["settings"])["kl"] == pytest.approx(0, abs=1e-9)
    product = interactive.gap(BANK)
    lowest = product.at(**product.data["presets"][1]["settings"])["kl"]
    for setting in at_random(product, np.random.default_rng(3), 300):
        assert product.at(**setting)["kl"] >= lowest - 1e-9


def test_a_density_that_does_not_fit_is_named_in_the_picture():
    assert "does not fall to zero" in interactive.gap(lambda z: -np.abs(z) / 10).data["warning"]


# Jensen, Bayes, EM, mean field


def test_jensen_is_the_bound_by_enumeration():
    built = interactive.jensen()
    table = logsumexp(BANK, axis=1)
    for second in (0.02, 0.4, 0.98):
        exact = bound_by_enumeration(table, np.array([1 - second, second]))
        shown = built.at(second=second)
        assert shown["elbo"] == pytest.approx(exact.elbo, abs=1e-8)
        assert shown["mean_ratio"] == pytest.approx(np.exp(exact.log_evidence), abs=1e-8)
    assert built.at(**built.data["presets"][0]["settings"])["kl"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("posterior", gaps.POSTERIORS)
def test_jensen_with_many_points_agrees_with_the_gap(posterior):
    points = interactive.jensen(many=True, posterior=posterior).at(mean=-0.8, sd=0.9)
    whole = interactive.gap(posterior=posterior).at(mean=-0.8, sd=0.9)
    assert points["elbo"] == pytest.approx(whole["elbo"], abs=1e-4)
    assert points["log_evidence"] == pytest.approx(whole["log_evidence"], abs=1e-4)


def test_bayes_is_the_product_of_predictive_probabilities():
    ones, zeros, expected = 3, 2, 0.0
    for x in coin.OBSERVED[:7]:
        expected += np.log((ones if x else zeros) / (ones + zeros))
        ones, zeros = ones + x, zeros + 1 - x
    shown = interactive.bayes().at(ones=3, zeros=2, seen=7)
    assert shown["log_evidence"] == pytest.approx(expected, abs=1e-12)
    assert shown["posterior"].mean() == pytest.approx(1, abs=1e-3)
    posterior = shown["prior"] * np.exp(shown["likelihood"] - shown["log_evidence"])
    np.testing.assert_allclose(shown["posterior"], posterior, rtol=1e-10)


def test_em_touches_after_every_e_step_and_never_falls():
    built = interactive.em()
    for start in range(len(touching.STARTS)):
        states = [built.at(start=start, step=step) for step in range(touching.LAST + 1)]
        assert all(state["kl"] == pytest.approx(0, abs=1e-9) for state in states[1::2])
        assert all(state["kl"] > -1e-9 for state in states)
        assert (np.diff([state["elbo"] for state in states]) > -1e-9).all()
        assert all(
            (state["bound"] <= built.data["log_likelihood"] + 1e-9).all() for state in states
        )


def test_em_parabola_is_the_bound_by_enumeration():
    x, r, theta = np.array([-2.5, 0.3]), np.array([0.2, 0.7]), 0.9
    parts = np.stack([Normal(-2.0, 1.0).log_prob(x), Normal(theta, 1.0).log_prob(x)]) - np.log(2)
    joint = parts[:, 0][:, None] + parts[:, 1][None]
    q = np.outer([1 - r[0], r[0]], [1 - r[1], r[1]])
    c0, c1, c2 = touching.parabola(x, r)
    exact = bound_by_enumeration(joint, q)
    assert c0 + c1 * theta + c2 * theta**2 == pytest.approx(exact.elbo, abs=1e-12)
    assert touching.log_likelihood(x, theta) == pytest.approx(exact.log_evidence, abs=1e-12)


def test_mean_field_ends_at_the_known_optimum_and_never_falls():
    for rho in (-0.9, 0.0, 0.5):
        rows = correlated.updates(rho, last=200)
        assert rows[-1][:2] == pytest.approx((0, 0), abs=1e-6)
        assert rows[-1][2:4] == pytest.approx((np.sqrt(1 - rho**2),) * 2)
        assert rows[-1][4] == pytest.approx(0.5 * np.log(1 - rho**2), abs=1e-9)
        assert (np.diff([row[4] for row in rows]) > -1e-9).all()


# Any ascent


@dataclass(frozen=True)
class State:
    elbo: float
    q: object = None
    noisy: bool = False


@pytest.mark.parametrize(
    ("states", "log_evidence", "named"),
    [
        ([-3.0, -2.0, -2.5], None, [(2, "the ELBO fell by 0.5")]),
        ([-3.0, -1.0], -2.0, [(1, "above log p(x) by 1, so KL < 0")]),
        ([-3.0, np.nan], None, [(1, "the ELBO is nan")]),
        ([State(-3.0, np.array([0.5, 0.6]))], None, [(0, "q sums to 1.1, not to 1")]),
        ([State(-3.0, np.array([1.5, -0.5]))], None, [(0, "negative probability, -0.5")]),
        ([State(-3.0, noisy=True), State(-3.5, noisy=True)], None, []),
        ([-3.0, -3.0 - 1e-12, -2.0], -2.0 + 1e-12, []),
    ],
)
def test_a_broken_invariant_is_named_in_the_picture(states, log_evidence, named):
    found = interactive.trace(states, log_evidence).data["problems"]
    assert [problem["step"] for problem in found] == [step for step, _ in named]
    assert all(text in problem["text"] for problem, (_, text) in zip(found, named, strict=True))


def test_trace_takes_what_an_endless_iterator_gives():
    built = interactive.trace(small.mean_field(small.bank(), 1), max_steps=12)
    assert len(built.data["elbos"]) == 13 and built.data["problems"] == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interactive.trace([]), "updates: expected at least one state, got none"),
        (lambda: interactive.trace(3), "updates: expected an iterator of states"),
        (lambda: interactive.trace([object()]), "expected states with a number `elbo`"),
        (lambda: interactive.trace([np.nan]), "updates: expected finite bounds"),
        (lambda: interactive.bayes([0, 2]), "observed: expected 1 to 30 numbers"),
        (lambda: interactive.jensen([0.0, 1.0, 2.0]), "log_joint: expected shape"),
        (lambda: interactive.mean_field(start=(0.0,)), "start: expected shape"),
        (lambda: interactive.gap(posterior="cubist"), "posterior: expected one of"),
        (lambda: interactive.gap(lambda z: z * np.nan), "log_joint\\(z\\): holds NaN"),
        (lambda: interactive.gap(lambda z: 0.0), "log_joint\\(z\\): expected shape \\(481"),
        (lambda: interactive.gap(lambda z: None), "log_joint\\(z\\): expected real numbers"),
        (lambda: interactive.gap(lambda z: z * 0 - np.inf), "finite somewhere"),
        (lambda: interactive.gap(np.zeros((2, 3))), "expected shape \\(2, 2\\) or \\(k,\\)"),
        (lambda: interactive.gap(np.zeros(9)), "expected 2 to 6 states, got 9"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
