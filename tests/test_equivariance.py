"""What may not matter: the order of documents, words, topics, chains; units; types; memory.

Each entry of MODELS says which axes its inputs and outputs have; a new model needs only an entry.
One property is one test over all of them. Permuting, rescaling or storing the inputs otherwise
gives the same outputs, permuted, rescaled or unchanged.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import densities, fhmm, lda, mixture
from helpers import latent_factors as lf
from helpers import log_linear as ll

seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class Model:
    """draw(rng) gives inputs by name, answer(**inputs) outputs by name.

    axes: of inputs and outputs, by name; an axis whose name begins with "-" keeps its order.
    units: by which power of the columns' units each is multiplied; "column" is then an axis.
    shifted: what moves with the data's origin.  log_density: outputs that are log p of ``x``.
    """

    draw: Callable
    answer: Callable
    axes: dict
    units: dict = field(default_factory=dict)
    shifted: tuple = ()
    log_density: tuple = ()


def draw_corpus(rng):
    topics = rng.dirichlet(np.full(6, 0.5), 3)
    return {"counts": rng.poisson(1.0, (5, 6)), "alpha": rng.gamma(2.0, 0.5, 3), "topics": topics}


def lda_bounds(counts, alpha, topics):
    states = lda.mean_field(lda.LDA(alpha, topics), counts)
    state = next(islice(states, 1, None))
    return {"bounds": state.bounds, "gamma": state.q.gamma}


def lda_e_step(counts, alpha, topics):
    with np.errstate(divide="ignore"):
        return lda.e_step(counts, alpha, np.log(topics), tolerance=0, max_updates=6)._asdict()


def lda_exact(counts, alpha, topics):
    model = lda.LDA(alpha, topics)
    found = [lda.exact_by_counts(model, lda.tokens(counts, d)) for d in range(len(counts))]
    return {"evidence": [f.log_evidence for f in found], "theta": [f.mean_theta for f in found]}


def unigrams(counts, alpha, topics):
    model = lda.MixtureOfUnigrams(alpha / alpha.sum(), topics)
    return {"evidence": model.log_evidence(counts)}


def draw_points(rng, n=30, k=2, p=3):
    x = rng.normal(size=(n, p)) + 3 * rng.integers(0, 2, (n, 1))
    covariances = np.cov(x.T) + np.zeros((k, 1, 1))
    return {"x": x, "weights": rng.dirichlet([3, 3]), "means": x[:k], "covariances": covariances}


def em(x, weights, means, covariances):
    start = mixture.GaussianMixture(weights, means, covariances)
    states = mixture.fit(x, len(weights), np.random.default_rng(0), start=start)
    state = next(islice(states, 7, None))
    names = ("weights", "means", "covariances")
    return {name: getattr(state.model, name) for name in names} | {"q": state.q, "elbo": state.elbo}


def em_from_a_random_start(x):
    """The start is drawn by distances, which are in the columns' own units."""
    state = next(islice(mixture.fit(x, 2, np.random.default_rng(0)), 7, None))
    return {"means": state.model.means, "q": state.q, "elbo": state.elbo}


def cavi(x, means):
    states = mixture.mean_field(mixture.BayesianMixture(2, 3.0), x, start=means)
    state = next(islice(states, 4, None))
    return {"means": state.q.means, "q": state.q.assignments, "elbo": state.elbo}


def draw_chains(rng, m=2, k=2, p=2, t=6):
    return {
        "initial": rng.dirichlet(np.ones(k), m),
        "transition": rng.dirichlet(np.ones(k), (m, k)),
        "means": rng.normal(size=(m, k, p)),
        "covariance": np.cov(rng.normal(size=(20, p)).T),
        "x": rng.normal(size=(t, p)),
    }


def fhmm_exact(x, **parameters):
    found = fhmm.exact(fhmm.FactorialHMM(**parameters), x)
    return {"evidence": found.log_evidence, "marginals": found.marginals}


def fhmm_em(x, **parameters):
    """Three steps of EM, exact, since mean field would begin with random numbers of its own."""
    start = fhmm.FactorialHMM(**parameters)
    sizes = start.initial.shape
    states = fhmm.fit(x, *sizes, np.random.default_rng(0), "exact", start=start)
    state = next(islice(states, 3, None))
    return {"elbo": state.elbo, "marginals": state.q.marginals, "learned": state.model.transition}


def draw_factors(rng, k=3, h=4, v=5):
    return {
        "counts": rng.poisson(1.0, (4, v)),
        "prior": rng.uniform(0.2, 0.8, k),
        "hidden_weights": rng.normal(size=(k, h)),
        "hidden_bias": rng.normal(size=h),
        "output_weights": rng.normal(size=(h, v)),
        "output_bias": rng.normal(size=v),
    }


def lf_exact(counts, **parameters):
    found = lf.exact(lf.LatentFactorModel(**parameters), counts)
    return {"evidence": found.log_evidence, "marginals": found.marginals}


def lf_bound(counts, **parameters):
    model = lf.LatentFactorModel(**parameters)
    state = next(islice(lf.mean_field(model, counts), 40, None))
    elbos, gradient, _ = lf.bound_gradient(model, counts, state.q.logits)
    del gradient["prior_logits"]
    return {"evidence": elbos, "marginals": state.q.probs} | gradient


def draw_tagger(rng, n=40, f=3, t=2):
    x = rng.normal(size=(n, f))
    return {"x": x, "tags": np.arange(n) % t, "prior_sd": rng.uniform(0.5, 2, (f, t))}


def laplace(x, tags, prior_sd):
    found = ll.fit_laplace(ll.LogLinearTagger(x, tags.astype(int), prior_sd))
    return {"mean": found.q.mean, "sd": found.q.sd, "evidence": found.log_evidence}


def gaussian_q(x, tags, prior_sd):
    tagger = ll.LogLinearTagger(x, tags.astype(int), prior_sd)
    state = next(islice(ll.fit_gaussian(tagger, np.random.default_rng(0)), 30, None))
    return {"mean": state.q.mean, "sd": state.q.sd, "evidence": state.elbo}


def draw_normal(rng, p=3):
    x = rng.normal(size=(5, p))
    return {"x": x, "mean": x[0], "covariance": np.cov(rng.normal(size=(20, p)).T)}


def normal(x, mean, covariance):
    density = densities.MultivariateNormal(mean, covariance)
    return {"evidence": density.log_prob(x).sum()}


DOCUMENTS = {"counts": ("document", "word"), "alpha": ("topic",), "topics": ("topic", "word")}
MIXTURE = {
    "x": ("point", "column"),
    "weights": ("component",),
    "means": ("component", "column"),
    "covariances": ("component", "column", "column"),
    "q": ("point", "component"),
    "elbo": (),
}
UNITS = {"units": {"x": 1, "means": 1, "covariances": 2, "covariance": 2}}
FACTORS = {
    "counts": ("document", "word"),
    "prior": ("factor",),
    "hidden_weights": ("factor", "unit"),
    "hidden_bias": ("unit",),
    "output_weights": ("unit", "word"),
    "output_bias": ("word",),
    "evidence": ("document",),
    "marginals": ("document", "factor"),
}
TAGGER = {
    "x": ("point", "column"),
    "tags": ("point",),
    "prior_sd": ("column", "-tag"),
    "mean": ("column", "-tag"),
    "sd": ("column", "-tag"),
    "evidence": (),
}
WEIGHTS = {"units": {"x": 1, "prior_sd": -1, "mean": -1, "sd": -1}}
MODELS = {
    "lda.mean_field": Model(
        draw_corpus,
        lda_bounds,
        DOCUMENTS | {"bounds": ("document",), "gamma": ("document", "topic")},
    ),
    "lda.e_step": Model(
        draw_corpus,
        lda_e_step,
        DOCUMENTS
        | {"gamma": ("document", "topic"), "usage": ("topic", "word"), "bounds": ("document",)},
    ),
    "lda.exact_by_counts": Model(
        draw_corpus,
        lda_exact,
        DOCUMENTS | {"evidence": ("document",), "theta": ("document", "topic")},
    ),
    "lda.MixtureOfUnigrams": Model(draw_corpus, unigrams, DOCUMENTS | {"evidence": ("document",)}),
    "mixture.fit": Model(
        draw_points, em, MIXTURE, **UNITS, shifted=("x", "means"), log_density=("elbo",)
    ),
    "mixture.fit, random start": Model(
        lambda rng: {"x": draw_points(rng)["x"]},
        em_from_a_random_start,
        MIXTURE | {"x": ("-point", "column"), "means": ("-component", "column"), "q": ("-", "-")},
        **UNITS,
        shifted=("x", "means"),
        log_density=("elbo",),
    ),
    "mixture.mean_field": Model(
        lambda rng: {name: draw_points(rng)[name] for name in ("x", "means")}, cavi, MIXTURE
    ),
    "fhmm.exact": Model(
        draw_chains,
        fhmm_exact,
        {
            "initial": ("chain", "state"),
            "transition": ("chain", "state", "state"),
            "means": ("chain", "state", "column"),
            "covariance": ("column", "column"),
            "x": ("-time", "column"),
            "marginals": ("-time", "chain", "state"),
            "evidence": (),
        },
        **UNITS,
        log_density=("evidence",),
    ),
    "fhmm.fit": Model(
        draw_chains,
        fhmm_em,
        {
            "initial": ("-chain", "state"),
            "transition": ("-chain", "state", "state"),
            "means": ("-chain", "state", "column"),
            "covariance": ("column", "column"),
            "x": ("-time", "column"),
            "marginals": ("-time", "-chain", "state"),
            "learned": ("-chain", "state", "state"),
            "elbo": (),
        },
        **UNITS,
        log_density=("elbo",),
    ),
    "lf.exact": Model(draw_factors, lf_exact, FACTORS),
    "lf.mean_field": Model(draw_factors, lf_bound, FACTORS),
    "log_linear.fit_laplace": Model(draw_tagger, laplace, TAGGER, **WEIGHTS),
    "log_linear.fit_gaussian": Model(draw_tagger, gaussian_q, TAGGER, **WEIGHTS),
    "MultivariateNormal": Model(
        draw_normal,
        normal,
        {
            "x": ("point", "column"),
            "mean": ("column",),
            "covariance": ("column", "column"),
            "evidence": (),
        },
        units={"x": 1, "mean": 1, "covariance": 2},
        shifted=("x", "mean"),
        log_density=("evidence",),
    ),
}
every_model = pytest.mark.parametrize("name", MODELS)
few = settings(max_examples=6, deadline=None)


def permuted(array, axes, orders):
    """The array with each named axis in its new order."""
    for place, axis in enumerate(axes):
        if axis in orders:
            array = np.take(array, orders[axis], axis=place)
    return array


def rescaled(array, axes, power, scale):
    """The array with column p multiplied by scale[p]^power; two column axes share the power."""
    places = [place for place, axis in enumerate(axes) if axis == "column"]
    for place in places:
        shape = [-1 if p == place else 1 for p in range(np.ndim(array))]
        array = array * np.reshape(scale ** (power / len(places)), shape)
    return array


def assert_same(found, expected, rtol, atol):
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=rtol, atol=atol, err_msg=name)


@every_model
@few
@given(seeds)
def test_the_order_of_any_axis_does_not_matter(name, seed):
    model, rng = MODELS[name], np.random.default_rng(seed)
    inputs = model.draw(rng)
    sizes = {
        axis: np.shape(inputs[key])[place]
        for key in inputs
        for place, axis in enumerate(model.axes[key])
        if not axis.startswith("-")
    }
    orders = {axis: rng.permutation(size) for axis, size in sizes.items()}
    moved = {key: permuted(value, model.axes[key], orders) for key, value in inputs.items()}
    expected = model.answer(**inputs)
    expected = {key: permuted(value, model.axes[key], orders) for key, value in expected.items()}
    found = model.answer(**moved)
    if name == "lf.mean_field":  # sweeps in another order may climb another hill
        found, expected = ({"evidence": answer["evidence"]} for answer in (found, expected))
    loose = name in ("lf.mean_field", "log_linear.fit_gaussian")  # ascents stopped by a tolerance
    assert_same(found, expected, 1e-4 if loose else 1e-7, 1e-5 if loose else 1e-9)


@pytest.mark.parametrize("name", [name for name, m in MODELS.items() if m.units])
@few
@given(seeds)
def test_the_units_and_the_origin_of_a_column_do_not_matter(name, seed):
    model, rng = MODELS[name], np.random.default_rng(seed)
    inputs = model.draw(rng)
    n_columns = inputs["x"].shape[-1]
    scale = 10 ** rng.uniform(-6, 6, n_columns)
    shift = scale * rng.normal(size=n_columns) * 10

    def moved(values):
        values = {
            key: rescaled(value, model.axes[key], model.units.get(key, 0), scale)
            for key, value in values.items()
        }
        return {k: v + shift if k in model.shifted else v for k, v in values.items()}

    expected = moved(model.answer(**inputs))
    for key in model.log_density:
        expected[key] = expected[key] - len(inputs["x"]) * np.log(scale).sum()
    found = model.answer(**moved(inputs))
    back = {
        key: rescaled(found[key], model.axes[key], -model.units.get(key, 0), scale)
        for key in expected
    }
    there = {
        key: rescaled(value, model.axes[key], -model.units.get(key, 0), scale)
        for key, value in expected.items()
    }
    assert_same(back, there, 1e-6, 1e-6)


@every_model
@few
@given(seeds)
def test_single_precision_gives_the_same_within_its_own(name, seed):
    model = MODELS[name]
    inputs = model.draw(np.random.default_rng(seed))
    single = {key: value.astype(np.float32) for key, value in inputs.items()}
    assert_same(model.answer(**single), model.answer(**inputs), 2e-3, 2e-3)


@every_model
@pytest.mark.parametrize("form", ["Fortran", "strided", "read-only"])
@settings(max_examples=2, deadline=None)
@given(seeds)
def test_the_layout_in_memory_does_not_matter(name, form, seed):
    model = MODELS[name]
    inputs = model.draw(np.random.default_rng(seed))
    forms = {
        "Fortran": np.asfortranarray,
        "strided": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
        "read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
    }
    stored = {key: forms[form](np.ascontiguousarray(value)) for key, value in inputs.items()}
    # at its summit, round-off decides whether the tagger's ascent takes another step
    rtol, atol = (1e-6, 1e-8) if name == "log_linear.fit_gaussian" else (1e-9, 1e-11)
    assert_same(model.answer(**stored), model.answer(**inputs), rtol, atol)


@pytest.mark.parametrize(
    "name", ["lda.mean_field", "lda.e_step", "lda.MixtureOfUnigrams", "lf.exact", "lf.mean_field"]
)
@settings(max_examples=2, deadline=None)
@given(seeds, st.sampled_from(["csr", "csc", "coo", "lil"]))
def test_sparse_and_dense_counts_are_the_same(name, seed, form):
    model = MODELS[name]
    inputs = model.draw(np.random.default_rng(seed))
    sparse = inputs | {"counts": sp.coo_array(inputs["counts"]).asformat(form)}
    assert_same(model.answer(**sparse), model.answer(**inputs), 1e-10, 1e-12)
