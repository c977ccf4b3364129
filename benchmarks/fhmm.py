"""Cost and speed of the factorial HMM against hmmlearn, dynamax and a loop over time.

Run with ``python benchmarks/fhmm.py`` where the ``bench`` extra is installed. Each comparison
runs the two sides in turn, on one BLAS thread, and first checks that both give the same log
evidence.
"""

import os
import tracemalloc

os.environ |= {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from collections import deque
from functools import partial
from itertools import islice

import jax
import numpy as np
from dynamax.hidden_markov_model import hmm_two_filter_smoother
from hmmlearn.hmm import GaussianHMM
from timing import Point, Row, median_seconds, ratio, show

from helpers.fhmm import FactorialHMM, exact, flatten, mean_field, structured

jax.config.update("jax_enable_x64", True)

L, P, T = 3, 4, 500
TARGETS = {  # hmmlearn scaling, hmmlearn log, dynamax: at least this many times as fast
    ("scaling", 4): 4,
    ("log", 4): 15,
    ("scaling", 6): 50,
    ("log", 6): 300,
    ("dynamax", 3): 0.5,
    ("dynamax", 6): 20,
}

WHY = (
    "two thirds of our time for six chains are products of 81 x 9 and 9 x 9 matrices, one step "
    "after the other, too small for BLAS to be at its best"
)
FIGURE = "Factorial HMM: three states a chain, T = 500", "chains M"


def sticky_model(M, seed=0):
    """Chains that tend to stay where they are, and data from them."""
    rng = np.random.default_rng(seed)
    transition = 0.3 * rng.dirichlet(np.ones(L), (M, L)) + 0.7 * np.eye(L)
    means = rng.normal(size=(M, L, P))
    return FactorialHMM(rng.dirichlet(3 * np.ones(L), M), transition, means, 0.5 * np.eye(P))


def with_hmmlearn(model, x, implementation):
    """Log likelihood and posteriors over the product space, as a function without arguments."""
    flat = flatten(model)
    peer = GaussianHMM(
        flat.n_states, covariance_type="tied", implementation=implementation, init_params=""
    )
    peer.startprob_, peer.transmat_ = flat.initial[0], flat.transition[0]
    peer.means_, peer.covars_ = flat.means[0], flat.covariance
    return lambda: peer.score_samples(x)[0]


def with_dynamax(model, x):
    """The same, emissions included, compiled beforehand, in double precision."""
    flat = flatten(model)
    means = jax.numpy.asarray(flat.means[0])
    covariance = jax.numpy.asarray(flat.covariance)

    @jax.jit
    def smooth(initial, transition, x):
        log_b = jax.vmap(
            lambda row: jax.scipy.stats.multivariate_normal.logpdf(row, means, covariance)
        )(x)
        posterior = hmm_two_filter_smoother(initial, transition, log_b)
        return posterior.marginal_loglik, posterior.smoothed_probs

    arguments = [jax.numpy.asarray(a) for a in (flat.initial[0], flat.transition[0], x)]
    return lambda: float(jax.block_until_ready(smooth(*arguments))[0])


def compare_exact():
    """A row for each M and each peer, and the seconds of each for the figure."""
    for M in range(2, 7):
        model = sticky_model(M)
        x = model.sample(np.random.default_rng(1), T)[1]
        peers = {name: with_hmmlearn(model, x, name) for name in ("scaling", "log")}
        peers["dynamax"] = with_dynamax(model, x)
        expected = exact(model, x).log_evidence
        for name, peer in peers.items():
            assert abs(peer() - expected) < 1e-10 * abs(expected), (M, name, peer(), expected)
            result = ratio(partial(exact, model, x), peer, repeats=41 if M < 5 else 7)
            label = name if name == "dynamax" else f"hmmlearn, {name}"
            yield result.row(f"exact, M = {M}, T = {T}", label, TARGETS.get((name, M)), why=WHY)
            yield Point(*FIGURE, f"{label} (product space)", M, result.theirs)


def loop_over_time(initial, transition, b):
    """Forward-backward of one chain as it is usually written: marginals and log evidence."""
    forward, backward, scale = np.empty_like(b), np.ones_like(b), np.empty(len(b))
    forward[0] = initial * b[0]
    for t in range(len(b)):
        if t:
            forward[t] = (forward[t - 1] @ transition) * b[t]
        scale[t] = forward[t].sum()
        forward[t] /= scale[t]
    for t in range(len(b) - 2, -1, -1):
        backward[t] = transition @ (b[t + 1] * backward[t + 1]) / scale[t + 1]
    return forward * backward, np.log(scale).sum()


def structured_in_a_loop(model, x, sweeps):
    """The sweeps of ``structured`` with a loop over time in each chain; the last bound."""
    whitened, means = model.whiten(x), model.whitened_means
    half = 0.5 * (means**2).sum(2)
    marginals = np.stack([steady_marginals(model, len(x), m) for m in range(model.n_chains)])
    for _ in range(sweeps):
        kl = 0.0
        for m in range(model.n_chains):
            others = sum(marginals[n] @ means[n] for n in range(model.n_chains) if n != m)
            evidence = (whitened - others) @ means[m].T - half[m]
            peak = evidence.max(1)
            marginals[m], log_z = loop_over_time(
                model.initial[m], model.transition[m], np.exp(evidence - peak[:, None])
            )
            kl += (marginals[m] * evidence).sum() - log_z - peak.sum()
        outputs = marginals @ means
        misfit = ((whitened - outputs.sum(0)) ** 2).sum()
        variance = (marginals * 2 * half[:, None]).sum() - (outputs**2).sum()
    return len(x) * model.log_normaliser - 0.5 * (misfit + variance) - kl


def steady_marginals(model, steps, m):
    """The prior marginals of one chain, where ``structured`` starts."""
    rows = [model.initial[m]]
    for _ in range(steps - 1):
        rows.append(rows[-1] @ model.transition[m])
    return np.array(rows)


def compare_structured(sweeps=20):
    """Structured mean field with the banded solve against the loop over time."""
    model = sticky_model(5)
    x = model.sample(np.random.default_rng(1), 2000)[1]
    ours, theirs = (
        lambda: bound_after(structured, model, x, sweeps),
        lambda: structured_in_a_loop(model, x, sweeps),
    )
    assert abs(ours() - theirs()) < 1e-9 * abs(theirs()), (ours(), theirs())
    yield ratio(ours, theirs, repeats=7).row(
        f"structured mean field, M = 5, T = 2000, {sweeps} sweeps", "a loop over time in NumPy", 25,
        why="the banded solve is one call, but half of a sweep is arithmetic that both share",
    )  # fmt: skip


def bound_after(infer, model, x, sweeps):
    """The bound after some sweeps of either mean field; no earlier state is kept."""
    return deque(islice(infer(model, x), sweeps + 1), maxlen=1)[0].elbo


def approximate_times(largest=9):
    """Seconds of exact inference and of ten sweeps of either mean field, for each M."""
    for M in range(1, largest + 1):
        model = sticky_model(M)
        x = model.sample(np.random.default_rng(1), T)[1]
        runs = {
            "exact": partial(exact, model, x),
            "structured, 10 sweeps": partial(bound_after, structured, model, x, 10),
            "mean field, 10 sweeps": partial(bound_after, mean_field, model, x, 10),
        }
        for name, run in runs.items():
            yield Point(*FIGURE, name, M, median_seconds(run, repeats=5))


def memory(M=10, steps=200):
    """The most that exact inference over 59,049 joint states holds at a time."""
    model = sticky_model(M)
    x = model.sample(np.random.default_rng(1), steps)[1]
    tracemalloc.start()
    exact(model, x)
    peak = tracemalloc.get_traced_memory()[1] / 2**30
    tracemalloc.stop()
    return Row(f"exact, M = {M}, T = {steps}, memory", "", peak, "GiB", goal=1, at_most=True)


def measure():
    """All rows and points of the factorial HMM."""
    yield from compare_exact()
    yield from compare_structured()
    yield memory()
    yield from approximate_times()


if __name__ == "__main__":
    show(measure())
