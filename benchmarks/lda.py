"""LDA against scikit-learn and gensim, each in its own way, measured by one and the same bound.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/lda.py [estep] [learning] ...

Needs the extra "bench"; without names all parts run. Every ratio is theirs / ours, of runs taken
in turn on one thread. The E-step: all documents' q(theta) from fixed topics, theirs and ours at
their own stopping rules, and ours counts only if its bound is not below theirs. Learning: the
seconds until our bound passes the one that scikit-learn reaches after its sweeps, from the same
seed.
"""

import sys
import tracemalloc
from itertools import islice
from time import process_time

import numpy as np
import scipy.sparse as sp
from timing import Point, Row, median_seconds, ratio, show

from helpers import lda
from helpers.lda.variational_em import expected_log_topics, topics_kl
from helpers.papers.blei_ng_jordan import reuters

N_TOPICS, ALPHA, ETA = 20, 0.05, 0.05
SWEEPS, SEEDS = 20, 10
PARTS = ("estep", "learning", "gensim", "own", "sizes", "memory")
FIGURE = "LDA: all documents of Reuters, topics known", "topics K"
E_STEP_GOALS = {"synthetic, broad topics": 12, "synthetic, sharp topics": 12, "Reuters": 6}
WHY_E_STEP = (
    "an update costs 0.6 µs a document in NumPy's two matrix products and digamma alone and 3.5 µs "
    "there, so that even free bookkeeping would leave a factor of six times the updates saved: 47 "
    "become 23 with broad topics, but 15 become 11 with sharp ones, and 21 become 14 on Reuters"
)
WHY_LEARNING = (
    "a sweep costs what its updates cost (see the E-step), and several are needed to their bound"
)
WHY_SHARE = (
    "variational EM has many optima, and a seed that does not reach their bound within 200 sweeps "
    "has climbed into a poorer one than theirs"
)


def synthetic(rng, concentration, n_documents=5000, n_words=5000, length=100):
    """Documents of topics drawn from Dirichlet(concentration): 1 is broad, 0.05 is sharp."""
    topics = rng.dirichlet(np.full(n_words, concentration), N_TOPICS)
    return lda.LDA(0.1, topics).sample(rng, 1 + rng.poisson(length, n_documents)).counts


def corpora():
    """The corpora of the table by name."""
    return {
        "synthetic, broad topics": synthetic(np.random.default_rng(0), 1.0),
        "synthetic, sharp topics": synthetic(np.random.default_rng(1), 0.05),
        "Reuters": reuters(),
    }


def learned_topics(counts):
    """Topics to infer with: the same for everybody."""
    states = lda.fit(counts, N_TOPICS, np.random.default_rng(0), ALPHA, ETA, progress=False)
    return next(islice(states, SWEEPS, None)).model.topics


def sklearn_with(topics):
    """scikit-learn's model with its topics set, so that only its E-step is at work."""
    from sklearn.decomposition import LatentDirichletAllocation

    theirs = LatentDirichletAllocation(N_TOPICS, doc_topic_prior=ALPHA, topic_word_prior=ETA)
    theirs._init_latent_vars(topics.shape[1], np.float64)
    theirs.components_ = theirs.exp_dirichlet_component_ = topics
    return theirs


def compare_e_step(name, counts):
    """Seconds for all documents at fixed topics, and how far our bound is above theirs."""
    topics = np.maximum(learned_topics(counts), 1e-12)
    model = lda.LDA(ALPHA, topics / topics.sum(axis=1, keepdims=True))
    theirs, matrix = sklearn_with(model.topics), sp.csr_matrix(counts).astype(float)

    def run_theirs():
        return theirs._e_step(matrix, cal_sstats=False, random_init=False)[0]

    def run_ours():
        return lda.e_step(counts, model.alpha, np.log(model.topics))

    above = run_ours().bounds.sum()
    above -= next(lda.mean_field(model, counts, start=run_theirs())).elbo
    speed = ratio(run_ours, run_theirs, repeats=15)
    yield speed.row(
        f"E-step, {name}, K = {N_TOPICS}", "scikit-learn", E_STEP_GOALS[name], why=WHY_E_STEP,
        note=f"our bound is {above:+.1f} nats from theirs",
    )  # fmt: skip


def seconds_to(bound, counts, seed, patience=200):
    """Seconds until our bound passes ``bound``; inf if it does not within ``patience`` sweeps."""
    start = process_time()
    states = lda.fit(counts, N_TOPICS, np.random.default_rng(seed), ALPHA, ETA, progress=False)
    for state in islice(states, patience):
        if state.elbo >= bound:
            return process_time() - start
    return np.inf


def learning_bound(counts, gamma, topics):
    """The ELBO at any q(theta) = Dir(gamma) and q(beta) = Dir(topics): one measure for all."""
    log_topics = expected_log_topics(topics, ETA)
    found = lda.e_step(counts, ALPHA, log_topics, gamma, max_updates=0)
    return float(found.bounds.sum()) - topics_kl(topics, log_topics, ETA)


def learn_sklearn(counts, seed):
    """(seconds, bound) of scikit-learn's batch variational EM."""
    from sklearn.decomposition import LatentDirichletAllocation

    theirs = LatentDirichletAllocation(
        N_TOPICS, doc_topic_prior=ALPHA, topic_word_prior=ETA, learning_method="batch",
        max_iter=SWEEPS, random_state=seed,
    )  # fmt: skip
    matrix = sp.csr_matrix(counts).astype(float)
    start = process_time()
    theirs.fit(matrix)
    elapsed = process_time() - start
    gamma = theirs._e_step(matrix, cal_sstats=False, random_init=False)[0]
    return elapsed, learning_bound(counts, gamma, theirs.components_)


def learn_gensim(counts, seed):
    """(seconds, bound) of gensim's batch variational EM, as many passes."""
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel

    documents = list(Sparse2Corpus(sp.csc_matrix(counts.T).astype(float)))
    start = process_time()
    theirs = LdaModel(
        documents, N_TOPICS, {v: str(v) for v in range(counts.shape[1])}, update_every=0,
        passes=SWEEPS, alpha=[ALPHA] * N_TOPICS, eta=ETA, random_state=seed,
        chunksize=len(documents), eval_every=None, dtype=np.float64,
    )  # fmt: skip
    elapsed = process_time() - start
    gamma = theirs.inference(documents)[0]
    return elapsed, learning_bound(counts, gamma, theirs.state.get_lambda())


def compare_learning(name, counts, learn, label, n_seeds, goal=None):
    """Their seconds over ours until their bound: median, quartiles, and how often it is reached.

    A seed from which our ascent never passes their bound counts as a ratio of zero.
    """
    ratios = []
    for seed in range(n_seeds):
        theirs, bound = learn(counts, seed)
        ratios.append(theirs / seconds_to(bound, counts, seed))
    low, median, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    reached = np.count_nonzero(ratios)
    what = f"learning, {name}, time to their bound after {SWEEPS} sweeps"
    yield Row(what, label, median, "x", low, high, goal, why=WHY_LEARNING, note=f"{n_seeds} seeds")
    what = f"learning, {name}, share of seeds that reach it"
    yield Row(
        what, label, reached / n_seeds, "", goal=goal and 1, why=WHY_SHARE, note=f"{n_seeds} seeds"
    )


def own_corpus():
    """Seconds to learn the course's corpus to convergence."""
    from helpers.ascent import climb
    from helpers.data import corpus

    counts = corpus().counts

    def learn():
        return climb(lda.fit(counts, N_TOPICS, np.random.default_rng(0), eta=ETA, progress=False))

    taken = median_seconds(learn, repeats=3)
    what = f"learning, the course's corpus, K = {N_TOPICS}, to convergence"
    yield Row(what, "", taken, "s", goal=3, at_most=True)


def sizes(counts):
    """Seconds of an E-step against the number of topics."""
    matrix = sp.csr_matrix(counts).astype(float)
    for n_topics in (5, 10, 20, 40, 80):
        topics = np.random.default_rng(0).dirichlet(np.full(counts.shape[1], 0.1), n_topics)
        model, theirs = lda.LDA(ALPHA, np.maximum(topics, 1e-12)), sklearn_with(topics)
        speed = ratio(
            lambda m=model: lda.e_step(counts, m.alpha, np.log(m.topics)),
            lambda t=theirs: t._e_step(matrix, cal_sstats=False, random_init=False),
            repeats=3,
        )
        yield Point(*FIGURE, "helpers.lda", n_topics, speed.ours)
        yield Point(*FIGURE, "scikit-learn", n_topics, speed.theirs)


def memory(counts):
    """The most that an E-step holds at a time, in units of what was promised.

    Promised: twice the corpus, an array (D, K), and a chunk of 32 MiB.
    """
    counts = sp.csr_array(counts)
    corpus_bytes = counts.data.nbytes + counts.indices.nbytes + counts.indptr.nbytes
    topics = np.full((N_TOPICS, counts.shape[1]), 1 / counts.shape[1])
    tracemalloc.start()
    lda.e_step(counts, ALPHA, np.log(topics))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    promised = 2 * corpus_bytes + 8 * counts.shape[0] * N_TOPICS + 2**25
    return Row(
        "E-step, synthetic, memory as a share of 2 corpora + one (D, K) array + a chunk of 32 MiB",
        "", peak / promised, "", goal=1, at_most=True, note=f"{peak / 2**20:.1f} MiB",
    )  # fmt: skip


def measure(wanted=PARTS, seeds=SEEDS):
    """Rows and points of the parts that are wanted."""
    found = corpora()
    for name, counts in found.items():
        if "estep" in wanted:
            yield from compare_e_step(name, counts)
    if "own" in wanted:
        yield from own_corpus()
    if "memory" in wanted:
        yield memory(found["synthetic, sharp topics"])
    if "sizes" in wanted:
        yield from sizes(found["Reuters"])
    for name, counts in reversed(found.items()):
        if "learning" in wanted:
            yield from compare_learning(name, counts, learn_sklearn, "scikit-learn", seeds, 30)
        if "gensim" in wanted:
            yield from compare_learning(name, counts, learn_gensim, "gensim", min(seeds, 3))


if __name__ == "__main__":
    show(measure(set(sys.argv[1:]) or PARTS))
