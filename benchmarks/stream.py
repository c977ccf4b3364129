"""LDA on a stream of 51,200 documents against scikit-learn's and gensim's online learning.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/stream.py

All three see the same batches in the same order, with the same priors and steps. The topics that
they end with are judged by one and the same bound: that of 1,000 documents that nobody saw, by our
converged E-step, in nats a word. Judging is not timed. Most of our lead is due to the start, which
the others have no counterpart of: the rows "from a random start" leave it out.
"""

import resource
import sys
from itertools import islice
from time import process_time

import numpy as np
import scipy.sparse as sp
from timing import Row, show

from helpers import lda
from helpers.lda.variational_em import expected_log_topics

N_DOCUMENTS, N_WORDS, N_TOPICS, LENGTH, BATCH = 51_200, 5000, 50, 100, 256
ALPHA, ETA, KAPPA, TAU = 0.1, 0.05, 0.7, 10.0
HELD_OUT, EVERY, SEEDS = 1000, 4, 3
WHY_SPEED = "a step costs what the updates of its documents and the digammas of its topics cost"
WHY_START = "the first batch decides where the run begins"


def documents(topics, rng, n):
    """Counts (n, V) of documents drawn from the topics (K, V)."""
    theta = rng.dirichlet(np.full(N_TOPICS, ALPHA), n)
    lengths = 1 + rng.poisson(LENGTH, n)
    draws = [rng.multinomial(m, p) for m, p in zip(lengths, theta, strict=True)]
    z = np.concatenate([np.repeat(np.arange(N_TOPICS), drawn) for drawn in draws])
    words, chance = np.empty(len(z), dtype=int), rng.random(len(z))
    for k, row in enumerate(np.cumsum(topics, axis=1)):
        words[z == k] = np.minimum(np.searchsorted(row, chance[z == k]), N_WORDS - 1)
    rows = np.repeat(np.arange(n), lengths)
    ones = np.ones(len(words), dtype=np.int64)
    return sp.csr_array(sp.coo_array((ones, (rows, words)), shape=(n, N_WORDS)))


def stream(seed):
    """The batches, one after the other, and the documents held out, first."""
    topics = np.random.default_rng(7).dirichlet(np.full(N_WORDS, 0.05), N_TOPICS)
    rng = np.random.default_rng(seed)
    yield documents(topics, rng, HELD_OUT)
    for _ in range(N_DOCUMENTS // BATCH):
        yield documents(topics, rng, BATCH)


def per_word(held_out, concentrations):
    """The bound of the documents held out, in nats a word, for lambda (K, V)."""
    found = lda.e_step(held_out, ALPHA, expected_log_topics(concentrations, ETA), tolerance=1e-5)
    return float(found.bounds.sum() / held_out.sum())


def ours(batches, seed, start=None):
    """The states of :func:`helpers.lda.fit_stream`."""
    return lda.fit_stream(
        batches, N_TOPICS, np.random.default_rng(seed), N_DOCUMENTS, ALPHA, ETA, KAPPA, TAU, start
    )


def path(batches, held_out, seed, start=None):
    """Seconds, documents seen and bounds a word along our run, (n, 3), every few batches."""
    states, taken, found = ours(batches, seed, start), 0.0, []
    for n in range(len(batches) + 1):
        begin = process_time()
        state = next(states)
        taken += process_time() - begin
        if n % EVERY == 0 or n == len(batches):
            found.append((taken, n * BATCH, per_word(held_out, state.q.topics)))
    return np.array(found)


def learn_sklearn(batches, seed):
    """(seconds, lambda) of scikit-learn's partial_fit."""
    from sklearn.decomposition import LatentDirichletAllocation

    theirs = LatentDirichletAllocation(
        N_TOPICS, doc_topic_prior=ALPHA, topic_word_prior=ETA, learning_decay=KAPPA,
        learning_offset=TAU, batch_size=BATCH, total_samples=N_DOCUMENTS, random_state=seed,
    )  # fmt: skip
    matrices = [sp.csr_matrix(batch).astype(float) for batch in batches]
    start = process_time()
    for matrix in matrices:
        theirs.partial_fit(matrix)
    return process_time() - start, theirs.components_


def learn_gensim(batches, seed):
    """(seconds, lambda) of gensim's LdaModel, one pass in chunks."""
    from gensim.models import LdaModel

    texts = [
        list(zip(b.indices[i:j].tolist(), b.data[i:j].tolist(), strict=True))
        for b in batches
        for i, j in zip(b.indptr[:-1], b.indptr[1:], strict=True)
    ]
    start = process_time()
    theirs = LdaModel(
        texts, N_TOPICS, {v: str(v) for v in range(N_WORDS)}, chunksize=BATCH, passes=1,
        alpha=[ALPHA] * N_TOPICS, eta=ETA, decay=KAPPA, offset=TAU, eval_every=None,
        random_state=seed,
    )  # fmt: skip
    return process_time() - start, theirs.state.get_lambda()


def memory(seed):
    """How much the process grows from the tenth batch to the end of a stream drawn as we go."""
    batches = islice(stream(seed), 1, None)
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    states, peaks = ours(batches, seed), []
    for _ in islice(states, 9, None):
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
    what = f"growth of memory along the stream, {N_DOCUMENTS:,} documents"
    return Row(what, "", (peaks[-1] - peaks[0]) / 2**20, "MiB", goal=16, at_most=True)


def median_row(what, against, values, unit, goal=None, **more):
    """A :class:`Row` of the median over the seeds, with quartiles."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return Row(what, against, middle, unit, low, high, goal, **more)


def compare():
    """Rows of the times to the others' final bounds, the bounds after one pass, and the costs."""
    runs = []
    for seed in range(SEEDS):
        held_out, *batches = stream(seed)
        seeded, random = (path(batches, held_out, seed, start) for start in (None, "random"))
        found = {"seeded": seeded, "random": random}
        for name, learn in (("scikit-learn", learn_sklearn), ("gensim", learn_gensim)):
            seconds, topics = learn(batches, seed)
            found[name] = seconds, per_word(held_out, topics)
        runs.append(found)
    for name, goal in (("scikit-learn", 10), ("gensim", 12)):
        yield from against(name, goal, runs)
    own = [1e6 * run["seeded"][-1, 0] / N_DOCUMENTS for run in runs]
    note = "the start and each batch's step, without the bound, which is computed when asked for"
    yield median_row("cost of our pass", "", own, "µs a document", 120, at_most=True,
                     why=WHY_SPEED, note=note)  # fmt: skip


def against(name, goal, runs):
    """The rows against one of the others."""
    speed, needed, cost, lead, behind = [], [], [], [], []
    for run in runs:
        seconds, bound = run[name]
        reached = np.flatnonzero(run["seeded"][:, 2] >= bound)
        first = run["seeded"][reached[0]] if len(reached) else np.array([np.inf, np.inf, 0])
        speed.append(seconds / first[0])
        needed.append(first[1])
        cost.append(seconds / run["random"][-1, 0])
        lead.append(run["seeded"][-1, 2] - bound)
        behind.append(run["random"][-1, 2] - bound)
    passed = np.median([run[name][0] for run in runs])
    note = f"{SEEDS} seeds; ours after {np.median(needed):,.0f} documents, theirs {passed:.3g} s"
    yield median_row("stream: time to their bound after one pass", name, speed, "x", goal,
                     why=WHY_START, note=note)  # fmt: skip
    yield median_row("the same from a random start: time of one pass", name, cost, "x",
                     note="what is left of the lead without the start")  # fmt: skip
    what = "held-out bound after one pass, above theirs"
    yield median_row(what, name, lead, "nats a word", 0.1, why=WHY_START)
    what = "the same from a random start"
    yield median_row(what, name, behind, "nats a word")


def measure():
    """All rows."""
    yield memory(0)
    yield from compare()


if __name__ == "__main__":
    show(measure())
