"""The latent factor document model: one exact training step against autograd and JAX.

    OPENBLAS_NUM_THREADS=1 taskset -c 0 python benchmarks/latent_factors.py

One core for everybody, double precision for everybody, JAX after JIT. The peers differentiate
the plain objective, sum_d log sum_z p(z) p(x_d | z), in the cheapest form known to us, the one of
``helpers.latent_factors.log_likelihood``, and in the obvious form; neither builds an array of
documents x words x states. Gradients are compared before they are timed.

More than half of our step are matrix products, so the ratio to JAX depends on the BLAS: JAX's
products use AVX-512 where the processor has it, and NumPy's OpenBLAS does so unless it is told
otherwise (OPENBLAS_CORETYPE=Haswell), or does not know the processor.
"""

import os
import sys
from functools import partial
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import autograd
import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np
from autograd.scipy.special import logsumexp as autograd_logsumexp
from timing import Point, Row, median_seconds, ratio, show

from helpers import latent_factors as lf
from helpers.ascent import climb

ROOT = Path(__file__).parent.parent
N_WORDS, N_HIDDEN, BATCH = 200, 32, 64
GOALS = {"autograd": 4, "JAX": 1}
WHY = (
    "more than half of our step are matrix products, which JAX does as fast, or faster where "
    "OpenBLAS takes AVX2 kernels; JAX compiles the rest into few loops, where NumPy goes over its "
    "arrays once for each operation"
)
FIGURE = "Latent factors: one exact training step", "factors K"


def objectives(xp, logsumexp, counts, z):
    """The evidence as a function of the parameters: the obvious form and the cheap one."""

    def network(values):
        hidden = xp.tanh(xp.dot(z, values["hidden_weights"]) + values["hidden_bias"])
        return hidden, xp.dot(hidden, values["output_weights"]) + values["output_bias"]

    def log_prior(values):
        a = values["prior_logits"]
        return xp.dot(z, a) - xp.sum(xp.logaddexp(0, a))

    def obvious(values):
        logits = network(values)[1]
        words = logits - logsumexp(logits, axis=1, keepdims=True)
        return xp.sum(logsumexp(xp.dot(counts, words.T) + log_prior(values), axis=1))

    def cheap(values):
        hidden, logits = network(values)
        seen = xp.dot(xp.dot(counts, values["output_weights"].T), hidden.T)
        seen = seen + xp.dot(counts, values["output_bias"])[:, None]
        table = seen - xp.outer(xp.sum(counts, axis=1), logsumexp(logits, axis=1))
        return xp.sum(logsumexp(table + log_prior(values), axis=1))

    return {"obvious form": obvious, "cheap form": cheap}


def problem(n_factors, trained, seed=0):
    """A model and a batch of its documents, 100 tokens each: as initialised, or as it ends up."""
    rng = np.random.default_rng(seed)
    model = lf.LatentFactorModel(
        prior=rng.uniform(0.2, 0.6, n_factors),
        hidden_weights=rng.normal(size=(n_factors, N_HIDDEN)),
        hidden_bias=rng.normal(size=N_HIDDEN),
        output_weights=rng.normal(scale=0.5, size=(N_HIDDEN, N_WORDS)),
        output_bias=rng.normal(size=N_WORDS),
    )
    counts = model.sample(rng, np.full(BATCH, 100))[1]
    return (model if trained else lf.initial_model(counts, n_factors, rng, N_HIDDEN)), counts


def against_peers(n_factors=8):
    """Rows of value and gradient against each peer, in either form, fresh and trained."""
    z = lf.factor_states(n_factors)
    for trained in (False, True):
        model, counts = problem(n_factors, trained)
        ours = partial(lf.exact_gradient, model, counts)
        what = f"exact step, K = {n_factors}, {'trained' if trained else 'fresh'} model"
        for name, peer in peers(model, counts, z):
            theirs = peer()[1]
            for key, value in ours()[1].items():
                np.testing.assert_allclose(theirs[key], value, rtol=1e-8, atol=1e-7)
            goal = GOALS[name.split(",")[0]]
            yield ratio(ours, peer, repeats=30).row(what, name, goal, why=WHY)


def peers(model, counts, z):
    """Yields the peers' names and their functions: no argument, value and gradient."""
    values = lf.parameters(model)
    for form, f in objectives(anp, autograd_logsumexp, counts, z).items():
        yield f"autograd, {form}", partial(autograd.value_and_grad(f), values)
    on_device = {name: jnp.asarray(value) for name, value in values.items()}
    for form, f in objectives(jnp, jax.scipy.special.logsumexp, counts, z).items():
        compiled = jax.jit(jax.value_and_grad(f))
        yield f"JAX, {form}", lambda g=compiled: jax.block_until_ready(g(on_device))


def larger_models():
    """Seconds of one exact step as factors are added; the peers as long as they are quick."""
    for n_factors in (4, 6, 8, 10, 12, 14, 16):
        model, counts = problem(n_factors, trained=True)
        taken = median_seconds(lambda m=model, c=counts: lf.exact_gradient(m, c), 3)
        yield Point(*FIGURE, "by hand", n_factors, taken)
        if n_factors <= 12:
            for name, peer in peers(model, counts, lf.factor_states(n_factors)):
                if "cheap" in name:
                    yield Point(*FIGURE, name, n_factors, median_seconds(peer, 3))
    yield Row(f"exact step, K = {n_factors}", "", taken, "s", goal=1, at_most=True)


def inference_per_document(n_documents=2000):
    """Rows of microseconds a document for the three ways to a posterior."""
    model, _ = problem(8, trained=True)
    rng = np.random.default_rng(1)
    counts = model.sample(rng, np.full(n_documents, 100))[1]
    encoder = lf.initial_encoder(N_WORDS, 8, rng)
    ways = {
        "exact posterior": lambda: lf.exact(model, counts),
        "mean field": lambda: climb(lf.mean_field(model, counts)),
        "encoder": lambda: encoder(counts),
    }
    for name, way in ways.items():
        taken = 1e6 * median_seconds(way) / n_documents
        yield Row(f"{name}, K = 8, {n_documents} documents at once", "", taken, "µs a document")


def lecture():
    """The processor's seconds for the whole lecture on amortised inference, training included."""
    sys.path.insert(0, str(ROOT / "tools"))
    import resource

    import nbformat

    import notebooks

    path = ROOT / "notebooks/04d_amortised_inference.ipynb"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    notebooks.execute(nbformat.read(path, as_version=4), path.parent)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Row(f"notebook {path.stem}, from top to bottom", "", taken, "s", goal=60, at_most=True)


def measure():
    """All rows and points of the latent factor model."""
    jax.config.update("jax_enable_x64", True)
    yield from against_peers()
    yield from larger_models()
    yield from inference_per_document()
    yield lecture()


if __name__ == "__main__":
    show(measure())
