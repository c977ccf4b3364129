"""LDA against scikit-learn and gensim, each in its own way, measured by one and the same bound.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/lda.py [estep] [learning] [gensim]

Needs the extra "bench". Every ratio is theirs / ours, of runs taken in turn on one thread. The
E-step: all documents' q(theta) from fixed topics, theirs and ours at their own stopping rules,
and ours counts only if its bound is not below theirs. Learning: the seconds until our bound
passes the one that scikit-learn reaches after its sweeps, from the same seed.
"""

import sys
import time
from itertools import islice

import numpy as np
import scipy.sparse as sp
from timing import median_seconds, ratio

from helpers import lda

N_TOPICS, ALPHA, ETA = 20, 0.05, 0.05
SWEEPS, SEEDS = 20, 10


def synthetic(rng, concentration, n_documents=5000, n_words=5000, length=100):
    """Documents of topics drawn from Dirichlet(concentration): 1 is broad, 0.05 is sharp."""
    topics = rng.dirichlet(np.full(n_words, concentration), N_TOPICS)
    return lda.LDA(0.1, topics).sample(rng, 1 + rng.poisson(length, n_documents)).counts


def corpora():
    """The corpora of the table by name."""
    import lda.datasets as reuters

    return {
        "synthetic, broad topics": synthetic(np.random.default_rng(0), 1.0),
        "synthetic, sharp topics": synthetic(np.random.default_rng(1), 0.05),
        "Reuters": sp.csr_array(reuters.load_reuters()),
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

    above = lda.infer(model, counts).elbo
    above -= next(lda.mean_field(model, counts, start=run_theirs())).elbo
    speed = ratio(lambda: lda.infer(model, counts), run_theirs, repeats=15)
    print(f"E-step, {name}: {speed}; our bound is {above:+.1f} nats from theirs", flush=True)


def seconds_to(bound, counts, seed, patience=200):
    """Seconds until our bound passes ``bound``; inf if it does not within ``patience`` sweeps."""
    start = time.perf_counter()
    states = lda.fit(counts, N_TOPICS, np.random.default_rng(seed), ALPHA, ETA, progress=False)
    for state in islice(states, patience):
        if state.elbo >= bound:
            return time.perf_counter() - start
    return np.inf


def learn_sklearn(counts, seed):
    """(seconds, bound) of scikit-learn's batch variational EM."""
    from sklearn.decomposition import LatentDirichletAllocation

    theirs = LatentDirichletAllocation(
        N_TOPICS, doc_topic_prior=ALPHA, topic_word_prior=ETA, learning_method="batch",
        max_iter=SWEEPS, random_state=seed,
    )  # fmt: skip
    matrix = sp.csr_matrix(counts).astype(float)
    start = time.perf_counter()
    theirs.fit(matrix)
    elapsed = time.perf_counter() - start
    gamma = theirs._e_step(matrix, cal_sstats=False, random_init=False)[0]
    return elapsed, lda.learning_bound(counts, gamma, theirs.components_, ALPHA, ETA)


def learn_gensim(counts, seed):
    """(seconds, bound) of gensim's batch variational EM, as many passes."""
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel

    documents = list(Sparse2Corpus(sp.csc_matrix(counts.T).astype(float)))
    start = time.perf_counter()
    theirs = LdaModel(
        documents, N_TOPICS, {v: str(v) for v in range(counts.shape[1])}, update_every=0,
        passes=SWEEPS, alpha=[ALPHA] * N_TOPICS, eta=ETA, random_state=seed,
        chunksize=len(documents), eval_every=None, dtype=np.float64,
    )  # fmt: skip
    elapsed = time.perf_counter() - start
    gamma = theirs.inference(documents)[0]
    concentrations = theirs.state.get_lambda()
    return elapsed, lda.learning_bound(counts, gamma, concentrations, ALPHA, ETA)


def compare_learning(name, counts, learn, label, n_seeds):
    """Their seconds over ours until their bound: median, quartiles, and how often it is reached."""
    ratios = []
    for seed in range(n_seeds):
        theirs, bound = learn(counts, seed)
        ratios.append(theirs / seconds_to(bound, counts, seed))
    low, median, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    reached = np.count_nonzero(ratios)
    print(
        f"learning, {name}: {median:.1f}x sooner than {label} (quartiles {low:.1f} to {high:.1f}); "
        f"its bound reached from {reached} of {n_seeds} seeds", flush=True,
    )  # fmt: skip


def own_corpus():
    """Seconds to learn the course's corpus to convergence."""
    from helpers.ascent import climb
    from helpers.data import corpus

    counts = corpus().counts

    def learn():
        return climb(lda.fit(counts, N_TOPICS, np.random.default_rng(0), eta=ETA, progress=False))

    print(f"the course's corpus, K = {N_TOPICS}, to convergence: {median_seconds(learn):.2f} s")


def main(wanted):
    for name, counts in corpora().items():
        if "estep" in wanted:
            compare_e_step(name, counts)
        if "learning" in wanted:
            compare_learning(name, counts, learn_sklearn, "scikit-learn", SEEDS)
        if "gensim" in wanted:
            compare_learning(name, counts, learn_gensim, "gensim", 3)
    if "own" in wanted:
        own_corpus()


if __name__ == "__main__":
    main(set(sys.argv[1:]) or {"estep", "learning", "gensim", "own"})
