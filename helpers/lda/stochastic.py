"""Stochastic variational inference: the topics of a stream that need never fit into memory.

A batch of B documents stands for all D: its expected usage of words, times D / B, is the corpus's
on average, so that eta + usage D / B is where lambda would go if the batch were everything. A step
goes part of the way,

    lambda <- (1 - rho_t) lambda + rho_t (eta + D / B sum_{d in batch} counts_dw phi_dwk)    (7b.1)
    rho_t = (tau + t)^-kappa,   t = 0, 1, 2, ...,   1/2 < kappa <= 1                         (7b.2)

which is a step along the natural gradient of the ELBO, estimated without bias. The steps' sum is
infinite and that of their squares is not (Robbins and Monro, 1951). Symbols as in
:mod:`helpers.lda.variational_em`. Source: Hoffman, Blei, Wang and Paisley (2013), "Stochastic
Variational Inference", their figure 4; Hoffman, Blei and Bach (2010).
"""

from functools import cached_property
from itertools import chain

import numpy as np
import scipy.sparse as sp

from helpers.arguments import (
    broadcastable,
    describe,
    finite_array,
    generator,
    positive,
    whole_number,
)
from helpers.ascent import State, States
from helpers.lda.fixed_topics import e_step
from helpers.lda.model import LDA, MOST_CONCENTRATION, check_counts, check_topics
from helpers.lda.starts import seeded_topics
from helpers.lda.variational_em import CorpusPosterior, check_alpha, expected_log_topics, topics_kl

SHAPE = 100.0  # of the gamma noise around equal topics, as scikit-learn and Gensim begin
FOUNDING = 2000  # documents at the stream's beginning that found topics,
FOUNDING_SHARE = 25  # but no more than one in so many of the corpus
TOLERANCE = 0.1  # nats; an E-step that is more exact than its topics are wastes its time


def step_size(t, kappa=0.7, tau=10.0):
    """rho_t = (tau + t)^-kappa (7b.2), for t = 0, 1, 2, ...; kappa in (0.5, 1], tau at least 1."""
    t = whole_number("t", t, minimum=0, maximum=2**62)
    kappa, tau = finite_array("kappa", kappa, ndim=0), finite_array("tau", tau, ndim=0)
    if not 0.5 < kappa <= 1:
        raise ValueError(f"kappa: expected a number in (0.5, 1], got {kappa:g}")
    if tau < 1:
        raise ValueError(f"tau: expected a number of at least 1, got {tau:g}")
    return float((tau + t) ** -kappa)


def natural_step(topics, usage, rho, eta, scale):
    """lambda (K, V) after a step of size rho towards a batch's eta + scale * usage         (7b.1).

    scale: D / B, documents of the corpus for each of the batch.
    """
    topics, usage = finite_array("topics", topics, 2), finite_array("usage", usage)
    named = {"rho": rho, "eta": eta, "scale": scale}.items()
    rho, eta, scale = (finite_array(name, value, ndim=0) for name, value in named)
    broadcastable(topics=topics, usage=usage)
    return (1 - rho) * topics + rho * (eta + scale * usage)


class StreamState(State):
    """A state whose bound and model are made when asked for: they cost half as much as a step."""

    def __init__(self, q, info):
        vars(self).update(q=q, noisy=True, info=info)

    @cached_property
    def elbo(self):
        """What the batch makes of the bound for all D documents, nats."""
        return self.of_batch - topics_kl(self.q.topics, self.log_topics, self.eta)

    @cached_property
    def model(self):
        """The model with the mean topics."""
        return LDA(self.alpha, self.q.topics / self.q.topics.sum(axis=1, keepdims=True))


def fit_stream(
    batches, n_topics, rng, n_documents, alpha=0.1, eta=0.05, kappa=0.7, tau=10.0, topics=None,
    seen=0, tolerance=TOLERANCE,
):  # fmt: skip
    """Learn topics from batches of documents, each of which is looked at once.

        for state in lda.fit_stream(batches, 50, rng, n_documents=51_200):
            state.q.topics, state.elbo

    batches: iterable of word counts (B, V), sparse or dense; it may have no end. n_topics: K.
    n_documents: D, the size of the corpus that the batches are drawn from. alpha, eta: the
    documents' and the topics' concentrations. kappa, tau: the steps' decay and delay; with tau = 1
    the first step has size one, and what the first batch decides can hardly be mended later.
    topics: lambda (K, V) to begin at, such as the last state's ``q.topics``; "random" for nearly
    equal topics; None for topics that unlike documents found, among those of the first batch and
    the next ones, up to 2,000 documents or 4 % of the corpus; both by ``rng``. seen: batches seen
    before, when a run goes on. tolerance: as for :func:`e_step`.

    Yields the topics before each batch and, at the end, after the last: ``q.topics`` is lambda,
    ``q.gamma`` belongs to the batch, ``model`` has the mean topics, and ``elbo`` is what this batch
    makes of the bound for all D documents: noisy, and of topics that have not seen it, but for the
    last. ``info`` has the step's size ``rho`` and ``seen``, to go on from. ValueError for a batch
    that is empty, larger than the corpus or of other words, and for an argument out of range; the
    last state before is good: go on from its ``q.topics``.
    """
    n_documents = whole_number("n_documents", n_documents, maximum=2**62)
    eta = float(positive("eta", eta, ndim=0, maximum=MOST_CONCENTRATION))
    seen = whole_number("seen", seen, minimum=0, maximum=2**62)
    step_size(seen, kappa, tau)  # ValueError now rather than with the first state
    generator("rng", rng)
    wanted = min(FOUNDING, n_documents // FOUNDING_SHARE) if topics is None else 0
    batches, first = _checked(batches, n_documents), []
    for batch in batches:
        first.append(batch)
        if sum(some.shape[0] for some in first) >= wanted:
            break
    beginning = sp.csr_array(sp.vstack(first))
    alpha = check_alpha(alpha, check_topics(n_topics, beginning))
    topics = _first_topics(topics, beginning, n_topics, rng, eta, n_documents)
    steps = (kappa, tau, seen, tolerance)
    states = _ascent(chain(first, batches), topics, n_documents, alpha, eta, steps)
    return States(states, endless=False)


def _ascent(batches, topics, n_documents, alpha, eta, steps):
    kappa, tau, seen, tolerance = steps
    for t, batch in enumerate(batches, seen):
        scale, rho = n_documents / batch.shape[0], step_size(t, kappa, tau)
        found, state = _look(batch, topics, scale, alpha, eta, tolerance, {"rho": rho, "seen": t})
        yield state
        topics = natural_step(topics, found.usage, rho, eta, scale)
    yield _look(batch, topics, scale, alpha, eta, tolerance, {"rho": rho, "seen": t + 1})[1]


def _look(batch, topics, scale, alpha, eta, tolerance, info):
    """The batch's E-step, and the state of the topics as the batch shows them."""
    log_topics = expected_log_topics(topics, eta)
    found = e_step(batch, alpha, log_topics, tolerance=tolerance)
    of_batch = scale * float(found.bounds.sum())
    if not np.isfinite(of_batch):
        raise ValueError(f"batches: the bound of batch {info['seen']} is {of_batch}")
    info |= {"of_batch": of_batch, "log_topics": log_topics, "alpha": alpha, "eta": eta}
    return found, StreamState(CorpusPosterior(found.gamma, topics), info)


def _checked(batches, n_documents):
    """The same batches as CSR arrays: some tokens in each, all of the same words; one at least."""
    iterable = hasattr(batches, "__iter__") and getattr(batches, "ndim", 1) > 0
    if not iterable or isinstance(batches, str | dict):
        raise ValueError(f"batches: expected batches of counts, got {describe(batches)}")
    n_words = None
    for batch in batches:
        batch = check_counts(batch, n_words, "batches")
        n_words = batch.shape[1]
        if batch.shape[0] > n_documents:
            raise ValueError(
                f"batches: a batch of {batch.shape[0]} documents cannot come from a corpus of "
                f"n_documents = {n_documents}"
            )
        if not batch.nnz:
            raise ValueError("batches: expected at least one token in each batch, got an empty one")
        yield batch
    if n_words is None:
        raise ValueError("batches: expected at least one batch, got none")


def _first_topics(topics, first, n_topics, rng, eta, n_documents):
    if topics is None:
        usage = seeded_topics(first, n_topics, rng).T
        return eta + usage * (n_documents / first.shape[0])
    if isinstance(topics, str):
        if topics != "random":
            raise ValueError(f"topics: expected lambda (K, V), 'random' or None, got {topics!r}")
        return rng.gamma(SHAPE, 1 / SHAPE, (n_topics, first.shape[1]))
    return positive("topics", topics, shape=(n_topics, first.shape[1]))
