"""Interactive figures without a browser: their numbers, the ES modules' numbers, their pages."""

import json
import re
import shutil
import subprocess
import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from scipy.special import log_softmax, logsumexp

from helpers import fhmm, small
from helpers.ascent import climb
from helpers.densities import MultivariateNormal, Normal, kl_divergence
from helpers.elbo import bound_by_enumeration, bound_by_quadrature, enumerate_assignments
from helpers.gradients import moments, normal_rule
from helpers.lda import LDA, document_mean_field, exact_by_counts, trajectory
from helpers.show import interactive
from helpers.show.interactive import (
    coin,
    competing,
    correlated,
    coupled,
    draws,
    encoder,
    figure,
    gaps,
    links,
    topics,
    touching,
    widget,
)

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
    "fhmm": lambda: interactive.fhmm(),
    "explaining away": lambda: interactive.explaining_away(),
    "estimators": lambda: interactive.estimators(),
    "sampled elbo": lambda: interactive.sampled_elbo(),
    "encoder gaps": lambda: interactive.encoder_gaps(),
    "cut links": lambda: interactive.cut_links(),
    "tug of war": lambda: interactive.tug_of_war(),
    "two kls": lambda: interactive.two_kls(),
    "lda document": lambda: interactive.lda_document(),
    "lda document, many topics": lambda: interactive.lda_document(*many_topics()),
    "trace": lambda: interactive.trace(small.mean_field(small.bank(), 1), -1.4, max_steps=9),
    "trace of a broken ascent": lambda: interactive.trace([-5.0, -4.0, -4.5, -1.0], -1.4),
    "trace without the evidence": lambda: interactive.trace(lambda: iter([-5.0, -4.0])),
}


def many_topics(K=9, seed=4):
    """A document of random words under K random topics, with the trajectory of its q."""
    rng = np.random.default_rng(seed)
    model = LDA(0.1, rng.dirichlet(np.full(30, 0.2), size=K))
    tokens = rng.integers(30, size=50)
    return [f"w{token}" for token in tokens], trajectory(model, tokens, 21)


CODE_LIMIT, DATA_LIMIT = 14_000, 150_000


@cache
def ready(name):
    """A figure, built once."""
    return FIGURES[name]()


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
    module = figure.module_text(built.module) + "\nexport { figure, lookUp };"
    (folder / "figure.mjs").write_text(module, encoding="utf-8")
    (folder / "run.mjs").write_text(
        'import { figure, lookUp } from "./figure.mjs"; import { readFileSync } from "node:fs";\n'
        "const { data, settings } = JSON.parse(readFileSync(0));\n"
        "const plain = (_, v) => typeof v === 'number' && !isFinite(v) ? String(v) : v;\n"
        "const compute = figure.compute ?? lookUp;\n"
        "const all = settings.map((s) => [compute(data, s), figure.describe("
        "compute(data, s), s, data)]);\n"
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
    built = ready(name)
    settings = at_random(built, np.random.default_rng(1), 40)
    for setting, (answer, sentence) in zip(
        settings, by_module(node, built, settings, tmp_path), strict=True
    ):
        expected = built.at(**setting)
        assert expected.keys() <= answer.keys()
        for key in expected:
            np.testing.assert_allclose(
                numbers(answer[key]).ravel(),
                np.asarray(expected[key], dtype=float).ravel(),
                rtol=1e-6,
                atol=1e-6,
                err_msg=f"{name}: {key} at {setting}",
            )
        assert "NaN" not in sentence and "undefined" not in sentence, sentence


def climbed(node, built, settings, folder, steps=600):
    """Where the ES module's ascent ends, from each of the settings."""
    module = figure.module_text(built.module) + "\nexport { figure, uphill };"
    (folder / "climb.mjs").write_text(module, encoding="utf-8")
    (folder / "run.mjs").write_text(
        'import { figure, uphill } from "./climb.mjs"; import { readFileSync } from "node:fs";\n'
        "const { data, settings, steps } = JSON.parse(readFileSync(0));\n"
        "for (const s of settings) for (let i = 0; i < steps; i++)"
        " Object.assign(s, uphill(figure, data, s));\n"
        "console.log(JSON.stringify(settings));\n"
    )
    question = {"data": figure.clean(built.data), "settings": settings, "steps": steps}
    done = subprocess.run(
        [node, folder / "run.mjs"], input=json.dumps(question), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", FIGURES)
def test_page_is_small_self_contained_and_always_the_same(name):
    first = figure.page(ready(name))
    assert first == figure.page(FIGURES[name]())
    data = figure.json_text(figure.clean(ready(name).data))
    assert len(data.encode()) <= DATA_LIMIT
    beyond = len(first.encode()) - len(data.encode()) - len(ready(name).still().encode())
    assert beyond <= CODE_LIMIT
    assert re.findall(r"https?://[^\"' )]+", first) == []
    assert not re.search(r"\bimport\b|\bfetch\b|url\(", first)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_says_its_numbers_in_text_and_refuses_unknown_settings(name):
    built = ready(name)
    assert repr(built).startswith(built.data["title"]) and re.search(r"-?\d+\.\d{4}", repr(built))
    with pytest.raises(ValueError, match="settings: no control named 'no_such'"):
        built.at(no_such=1)


def test_data_cannot_leave_its_script_element():
    built = interactive.gap([-1.0, -2.0], names=("</script><b>", "rivers"))
    assert "</script><b>" not in figure.page(built).split("</script>")[0]
    assert figure.page(built).count("</script>") == 1


# With a kernel: widgets


class Shell:
    """What a kernel's IPython tells about the cell that runs."""

    kernel = object()

    def __init__(self, cell, execution):
        self.parent = {"header": {"msg_id": execution}, "metadata": {"cellId": cell}}

    def get_parent(self):
        return self.parent


def test_running_a_cell_again_leaves_no_widget_and_no_observer_behind():
    before = len(_instances)
    for run in range(4):
        for _ in range(2):  # a cell that shows two figures
            widget.show("code", {"title": "t"}, Shell("a", f"run {run}"))
        assert len(_instances) == before + 2 * 2  # each with its layout
    widget.show("code", {"title": "t"}, Shell("another", "run 9"))
    assert len(_instances) == before + 3 * 2


def test_figure_shows_its_widget_only_where_a_kernel_runs(monkeypatch):
    built = ready("trace")
    assert "application/vnd.jupyter.widget-view+json" not in built._repr_mimebundle_()
    monkeypatch.setattr(figure, "kernel_shell", lambda: Shell("b", "run 1"))
    bundle = built._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert bundle["text/html"] == figure.page(built)


# The gap


@pytest.mark.parametrize("target", range(len(gaps.POSTERIORS)))
def test_gap_is_the_bound_by_quadrature(target):
    log_joint = list(gaps.POSTERIORS.values())[target]
    shown = ready("gap").at(target=target, mean=0.7, sd=0.9)
    exact = bound_by_quadrature(
        lambda z: gaps.LOG_EVIDENCE + log_joint(z),
        Normal(0.7, 0.9).log_prob,
        np.linspace(-14, 14, 200),
    )
    assert shown["elbo"] == pytest.approx(exact.elbo, abs=1e-6)
    assert shown["kl"] == pytest.approx(exact.kl, abs=1e-6)
    assert shown["log_evidence"] == pytest.approx(gaps.LOG_EVIDENCE, abs=1e-6)


def test_both_directions_of_the_kl_against_the_closed_form():
    shown = ready("gap").at(target=1, mean=-0.5, sd=1.3)
    p, q = Normal(1.0, 0.8), Normal(-0.5, 1.3)
    assert shown["kl"] == pytest.approx(float(kl_divergence(q, p)), abs=1e-6)
    assert shown["reverse_kl"] == pytest.approx(float(kl_divergence(p, q)), abs=1e-6)


def test_best_q_is_a_minimum_that_no_slider_beats():
    built = ready("gap")
    for target, best in enumerate(built.data["presets"][0]["settings"]):
        lowest = built.at(target=target, **best)["kl"]
        for setting in at_random(built, np.random.default_rng(target), 200):
            assert built.at(**setting | {"target": target})["kl"] >= lowest - 1e-6


def test_climbing_ends_at_the_three_optima_of_the_two_hills(node, tmp_path):
    """Of the position z whose distance is 2, as the lectures have it."""
    built = interactive.gap(
        lambda z: Normal(-0.4, 2.0).log_prob(z) + Normal(np.abs(z), 0.6).log_prob(2.0)
    )
    starts = [{"mean": mean, "sd": sd} for mean, sd in ((-3.5, 0.5), (3.5, 0.4), (0.2, 2.0))]
    optima = [(-1.866, 0.579, -1.9477), (1.798, 0.581, -2.3141), (-0.292, 1.642, -2.4692)]
    for end, (mean, sd, elbo) in zip(climbed(node, built, starts, tmp_path), optima, strict=True):
        assert end == pytest.approx({"mean": mean, "sd": sd}, abs=2e-3)
        assert built.at(**end)["elbo"] == pytest.approx(elbo, abs=1e-3)  # the grid's, at the kink


def test_best_covering_q_is_a_minimum_of_the_other_direction():
    built = interactive.kl_directions()
    for target, best in enumerate(built.data["presets"][1]["settings"]):
        table = built.data["log_joint"][target]
        lowest = gaps.normal_gap(table, **best)["reverse_kl"]
        for change in ({"mean": 0.02}, {"mean": -0.02}, {"sd": 0.02}, {"sd": -0.02}):
            moved = {key: best[key] + change.get(key, 0) for key in best}
            assert gaps.normal_gap(table, **moved)["reverse_kl"] > lowest


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


# Gradients from draws


def test_estimators_close_in_on_the_exact_gradient_with_the_right_spread():
    """Exact moments of one draw by the rule of helpers.gradients, which knows the kink."""
    q = Normal(-1.866, 0.579)
    e, weights = normal_rule(breaks=[-q.loc / q.sd])
    for baseline, variance in enumerate((11.5, None, 0.159)):
        score, path = draws.by_draw(q, e, baseline)
        (mean, spread), (other, path_spread) = moments(score, weights), moments(path, weights)
        assert mean == pytest.approx(other, abs=1e-6)
        assert draws.exact(q) == pytest.approx(mean, abs=1e-10)
        assert path_spread == pytest.approx(3.06, abs=0.01)
        assert variance is None or spread == pytest.approx(variance, rel=0.01)
    shown = ready("estimators").at(draws=200)
    for name in ("score", "path"):
        error = 4 * shown[f"{name}_spread"] / np.sqrt(200)
        assert abs(shown[name] - shown["exact"]) < error


def test_sampled_elbo_is_unbiased_and_the_log_of_the_mean_is_not():
    built = ready("sampled elbo")
    exact = interactive.gap().at(mean=0.0, sd=1.5)
    few, many = built.at(draws=2), built.at(draws=100)
    assert many["elbo"] == pytest.approx(exact["elbo"], abs=1e-5)
    assert many["average"] == pytest.approx(exact["elbo"], abs=4 * many["error"])
    assert few["bias"] < many["bias"] < 0.02
    assert exact["elbo"] < exact["log_evidence"] + few["bias"] < exact["log_evidence"]


# An encoder's line


@pytest.mark.parametrize("x, mean, sd", [(0.0, 0.1, 0.6), (2.0, 1.2, 0.2), (-4.0, -1.9, 0.3)])
def test_the_bound_over_an_encoder_against_quadrature(x, mean, sd):
    def log_joint(z):
        return Normal(0.0, 1.0).log_prob(z) + Normal(z**3 / 2, 0.5).log_prob(x)

    exact = bound_by_quadrature(log_joint, Normal(mean, sd).log_prob, np.linspace(-6, 6, 4001))
    assert encoder.elbo(x, mean, sd) == pytest.approx(exact.elbo, abs=1e-8)
    evidence, best, at, wide = encoder.tables()[round((x + 4) * 10)]
    assert evidence == pytest.approx(exact.log_evidence, abs=1e-8)
    assert exact.elbo <= best <= evidence
    assert encoder.elbo(x, at, wide) == pytest.approx(best, abs=1e-6)


def test_no_normal_has_a_higher_bound_than_the_best_over_an_encoder():
    means, sds = np.linspace(-3, 3, 121)[:, None], np.geomspace(0.02, 2, 100)
    best = np.array([encoder.elbo(x, means, sds).max() for x in encoder.XS])
    short = best - encoder.tables()[:, 1]
    assert (short < 1e-9).all() and (short > -0.05).all()


# Links to cut, a word to force


def test_cutting_links_opens_the_gap_from_exact_to_mean_field():
    """Against the ascents of helpers.fhmm, which know nothing of the families' weights."""
    built = ready("cut links")
    kl = [
        built.at(**dict(zip(links.LINKS, cut, strict=True)))["kl"] for cut in np.ndindex(2, 2, 2, 2)
    ]
    kl = np.reshape(kl, (2, 2, 2, 2))
    assert kl[0, 0, 0, 0] == pytest.approx(0, abs=1e-9)
    for axis in range(4):
        assert (np.diff(kl, axis=axis) > -1e-9).all()
    model, evidence = links.two_chains(), built.at()["log_evidence"]
    for inference, cut in ((fhmm.mean_field, (1, 1, 1, 1)), (fhmm.structured, (1, 1, 0, 0))):
        runs = [
            climb(inference(model, links.X, np.random.default_rng(s)), 1e-13) for s in range(12)
        ]
        best = max(run.state.elbo for run in runs)
        assert evidence - kl[cut] == pytest.approx(best, abs=1e-6)
    assert fhmm.exact(model, links.X).log_evidence == pytest.approx(evidence, abs=1e-8)


def test_a_forced_word_costs_no_less_than_exact_inference_says():
    model, tokens, _ = topics.toy_model(topics.PULLED)
    free = climb(document_mean_field(model, tokens), rtol=1e-13).state
    gamma, _, bound = topics.pulled(model, tokens)
    np.testing.assert_allclose(gamma, free.q.gamma, atol=1e-4)
    assert bound == pytest.approx(free.elbo, abs=1e-8)
    exact = exact_by_counts(model, tokens)
    for word, topic in ((5, 1), (0, 1), (11, 0)):
        rest = exact_by_counts(model, np.delete(tokens, word))
        taken = rest.topic_counts[:, topic] + model.alpha[topic]
        share = rest.probs @ taken / (len(tokens) - 1 + model.alpha.sum())  # E[theta_k | rest]
        forced = rest.log_evidence + np.log(share * model.topics[topic, tokens[word]])
        assert topics.pulled(model, tokens, word, topic)[2] < forced < exact.log_evidence


# The two KLs


@pytest.mark.parametrize("x, mean, sd", [(2.0, 0.0, 1.0), (0.4, -1.5, 0.3), (3.0, 2.7, 1.9)])
def test_both_decompositions_against_quadrature(x, mean, sd):
    def log_joint(z):
        return Normal(0.0, 1.0).log_prob(z) + Normal(z, 0.7).log_prob(x)

    grid = np.linspace(-20, 20, 4001)
    exact = bound_by_quadrature(log_joint, Normal(mean, sd).log_prob, grid)
    shown = ready("two kls").at(x=x, mean=mean, sd=sd)
    assert shown["elbo"] == pytest.approx(exact.elbo, abs=1e-10)
    assert shown["log_evidence"] == pytest.approx(exact.log_evidence, abs=1e-10)
    assert shown["elbo"] + shown["kl"] == pytest.approx(exact.log_evidence, abs=1e-10)
    held_apart = shown["fit"] - shown["kl_prior"] + shown["kl"]
    assert held_apart == pytest.approx(exact.log_evidence, abs=1e-10)


def test_training_closes_one_kl_and_opens_the_other(node, tmp_path):
    built = ready("two kls")
    (end,) = climbed(node, built, [{"x": 2.0, "mean": 0.0, "sd": 1.0}], tmp_path)
    before, after = built.at(), built.at(**end)
    assert before["kl_prior"] == 0 < 1 < after["kl_prior"]
    assert after["kl"] == pytest.approx(0, abs=1e-9)
    assert before["log_evidence"] == after["log_evidence"]


# Jensen, Bayes, EM, mean field


def test_jensen_is_the_bound_by_enumeration():
    built = ready("jensen")
    table = logsumexp(BANK, axis=1)
    for second in (0.02, 0.4, 0.98):
        exact = bound_by_enumeration(table, np.array([1 - second, second]))
        shown = built.at(second=second)
        assert shown["elbo"] == pytest.approx(exact.elbo, abs=1e-8)
        assert shown["log_evidence"] == pytest.approx(exact.log_evidence, abs=1e-8)
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
    shown = ready("bayes").at(ones=3, zeros=2, seen=7)
    assert shown["log_evidence"] == pytest.approx(expected, abs=1e-12)
    assert shown["posterior"].mean() == pytest.approx(1, abs=1e-3)
    posterior = shown["prior"] * np.exp(shown["likelihood"] - shown["log_evidence"])
    np.testing.assert_allclose(shown["posterior"], posterior, rtol=1e-10)


def test_em_touches_after_every_e_step_and_never_falls():
    built = ready("em")
    for start in range(len(touching.STARTS)):
        states = [built.at(start=start, step=step) for step in range(touching.LAST + 1)]
        assert all(state["kl"] == pytest.approx(0, abs=1e-9) for state in states[1::2])
        assert all(state["kl"] > -1e-9 for state in states)
        assert (np.diff([state["elbo"] for state in states]) > -1e-9).all()
        assert all(
            (_parabola(state["parabola"]) <= built.data["log_likelihood"] + 1e-9).all()
            for state in states
        )


def _parabola(c):
    return c[0] + c[1] * touching.THETAS + c[2] * touching.THETAS**2


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
        precision = np.linalg.inv([[1, rho], [rho, 1]])
        for *mean, first, second, elbo in rows[:5]:  # E_q[log p] and H(q) in closed form
            spread = np.outer(mean, mean) + np.diag([first**2, second**2])
            expected = -0.5 * np.sum(precision * spread) + 0.5 * np.log(np.linalg.det(precision))
            assert elbo == pytest.approx(expected + 1 + np.log(first * second), abs=1e-10)


# The factorial HMM, LDA and the latent factor model


def test_fhmm_bounds_lie_below_the_evidence_and_the_larger_family_is_tighter():
    built = ready("fhmm")
    for coupling in range(len(coupled.COUPLINGS)):
        shown = built.at(coupling=coupling)
        assert -1e-9 < shown["structured_gap"] <= shown["factorised_gap"] + 1e-9
    assert built.at(coupling=0)["structured_gap"] == pytest.approx(0, abs=1e-8)
    assert built.at(coupling=9)["structured_gap"] > 1
    np.testing.assert_allclose(
        built.at(coupling=0)["structured"], built.at(coupling=0)["exact"], atol=1e-8
    )


def test_fhmm_evidence_by_enumerating_every_path():
    model, T = coupled.coupled_model(0.6), 4
    x = np.random.default_rng(2).standard_normal((T, 2))
    noise = MultivariateNormal(np.zeros(2), np.asarray(model.covariance))
    log_joint = []
    for path in enumerate_assignments([2] * (2 * T)).reshape(-1, T, 2):
        mean = model.means[0, path[:, 0]] + model.means[1, path[:, 1]]
        stays = (path[1:] == path[:-1]).sum()
        changes = 2 * (T - 1) - stays
        prior = 2 * np.log(0.5) + stays * np.log(0.8) + changes * np.log(0.2)
        log_joint.append(prior + noise.log_prob(x - mean).sum())
    shown = coupled.three_posteriors(model, x)
    assert shown["log_evidence"] == pytest.approx(float(logsumexp(log_joint)), abs=1e-10)


def test_explaining_away_is_bayes_rule_on_the_four_states():
    built, model = ready("explaining away"), competing.two_factor_model()
    numbers = [competing.VOCABULARY.index(word) for word in competing.DOCUMENT]
    for seen in range(len(numbers) + 1):
        joint = {}
        for first, second in ((0, 0), (0, 1), (1, 0), (1, 1)):
            hidden = np.tanh([first, second] @ model.hidden_weights + model.hidden_bias)
            words = log_softmax(hidden @ model.output_weights + model.output_bias)
            prior = np.prod(np.where([first, second], model.prior, 1 - model.prior))
            joint[first, second] = prior * np.exp(words[numbers[:seen]].sum())
        shown, evidence = built.at(seen=seen), sum(joint.values())
        assert shown["log_evidence"] == pytest.approx(np.log(evidence), abs=1e-10)
        assert shown["second"] == pytest.approx((joint[0, 1] + joint[1, 1]) / evidence)
        given = joint[1, 1] / (joint[1, 0] + joint[1, 1])
        assert shown["second_given_first"] == pytest.approx(given)
        assert shown["kl"] > -1e-12


def test_explaining_away_explains_away():
    built = ready("explaining away")
    before, after = built.at(seen=0), built.at(seen=1)
    assert before["second_given_first"] == pytest.approx(before["second_given_not_first"])
    assert after["second_given_first"] < after["second"] < after["second_given_not_first"]


def test_lda_document_shows_the_trajectory_and_never_passes_the_evidence():
    built = ready("lda document")
    model, tokens, _ = topics.toy_model()
    states = trajectory(model, tokens, 25)
    for step in (0, 1, 7, 24):
        shown = built.at(step=step)
        np.testing.assert_allclose(shown["gamma"], states["gamma"][step], atol=1e-12)
        assert shown["elbo"] == pytest.approx(states["elbo"][step]) and shown["kl"] > 0


def test_many_topics_are_drawn_as_the_largest_and_the_rest():
    words, states = many_topics()
    built = interactive.lda_document(words, states)
    assert built.data["names"][-1] == "all others" and len(built.data["names"]) == 5
    np.testing.assert_allclose(built.at()["gamma"].sum(), states["gamma"][0].sum())
    np.testing.assert_allclose(built.data["numbers"]["phi"].sum(-1), 1, atol=1e-3)


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


def test_trace_shows_an_error_inside_the_students_function_as_it_is():
    def unfinished():
        return 1 + None

    with pytest.raises(TypeError, match="unsupported operand"):
        interactive.trace(unfinished)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'model'"):
        interactive.trace(lambda model: iter([model]))


def test_trace_takes_what_an_endless_iterator_gives():
    built = interactive.trace(small.mean_field(small.bank(), 1), max_steps=12)
    assert len(built.data["numbers"]["elbo"]) == 13 and built.data["problems"] == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: interactive.lda_document(["a"] * 99, {}),
            "words: expected a list of 1 to 70 words, got 99",
        ),
        (lambda: interactive.lda_document(..., ...), "words: expected a list .* got ellipsis"),
        (lambda: interactive.lda_document(["a"], None), "trajectory: expected .* got NoneType"),
        (lambda: interactive.lda_document(["a"], {"phi": 1}), "trajectory: .* got \\['phi'\\]"),
        (lambda: interactive.trace([]), "updates: expected at least one state, got none"),
        (lambda: interactive.trace(3), "updates: expected an iterator of states"),
        (lambda: interactive.trace([object()]), "expected states with a number `elbo`"),
        (lambda: interactive.trace([np.nan]), "updates: expected finite bounds"),
        (lambda: interactive.trace(lambda: None), "got a function that returned NoneType"),
        (lambda: interactive.jensen([0.0, 1.0, 2.0]), "log_joint: expected shape"),
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
