"""The exercises of notebook 02c, Latent Dirichlet allocation.

theta: a document's shares of the K topics, (K,).  topics: p(word | topic), (K, V).  words: the
document's tokens as word numbers, (N,).  z: their topics, (N,).  alpha: concentrations, (K,).
"""

from itertools import product

import numpy as np
from scipy.special import gammaln, logsumexp

from checks.invariants import normalised
from checks.sheets import Sheet
from checks.tasks import case
from helpers.lda import LDA, exact, exact_by_counts

sheet = Sheet(__name__)
progress = sheet.progress


# ---------------------------------------------------------------- random documents


def _document(rng, K, V, N):
    """(alpha, theta, topics, z, words), everything positive and nothing symmetric."""
    alpha, theta = rng.uniform(0.3, 2.5, K), rng.dirichlet(np.full(K, 2.0))
    topics = rng.dirichlet(np.full(V, 1.5), K)
    return alpha, theta, topics, rng.integers(K, size=N), rng.integers(V, size=N)


SIZES = ((2, 3, 2), (3, 4, 2), (2, 5, 4), (3, 2, 5), (4, 6, 3))


def _documents(rng):
    return [_document(rng, *sizes) for sizes in SIZES]


# ---------------------------------------------------------------- 1 counting configurations


def _configurations(n_documents, n_tokens, n_topics):
    return n_topics ** (n_documents * n_tokens), n_documents * n_topics**n_tokens


def _sizes(rng):
    for D, N, K in ((2, 3, 2), (3, 2, 4), (4, 3, 3), (5, 2, 3)):
        yield case(D, N, K)
    yield case(int(rng.integers(6, 9)), int(rng.integers(2, 5)), int(rng.integers(2, 4)))


configurations = sheet.task("configurations", reference=_configurations, cases=_sizes)

# ---------------------------------------------------------------- 2 Bayes' rule for one token


def _token_posterior(theta, topics, word):
    joint = theta * topics[:, word]
    return joint / joint.sum()


def _token_cases(rng):
    for _, theta, topics, _, words in _documents(rng):
        yield case(theta, topics, int(words[-1]))


token_posterior = sheet.task("token_posterior", reference=_token_posterior, cases=_token_cases)

# ---------------------------------------------------------------- 3 the log joint


def _log_joint(theta, topics, z, words):
    return float(np.sum(np.log(theta[z])) + np.sum(np.log(topics[z, words])))


def _joint_cases(rng):
    for _, theta, topics, z, words in _documents(rng):
        yield case(theta, topics, z, words)
    z, words = (rng.integers(n, size=900) for n in topics.shape)
    yield case(theta, topics, z, words, label="a document of 900 tokens (the product underflows)")


log_joint = sheet.task("log_joint", reference=_log_joint, cases=_joint_cases)

# ---------------------------------------------------------------- 4 a derivation: theta given z


def _theta_given_z(alpha, n):
    return alpha + n


def _count_cases(rng):
    for K in (2, 3, 4, 6):
        yield case(rng.uniform(0.2, 3.0, K), rng.integers(1, 9, K))
    yield case(rng.uniform(0.2, 3.0, 3), np.array([4, 0, 2]), label="a topic without tokens")


theta_given_z = sheet.task("theta_given_z", reference=_theta_given_z, cases=_count_cases)

told_a_topic = sheet.task("told_a_topic")

integral_lines = sheet.task("integral_lines")

# ---------------------------------------------------------------- 7 p(z) with theta integrated out


def _log_prior_of_z(alpha, z):
    n = np.bincount(z, minlength=len(alpha))
    A, N = alpha.sum(), len(z)
    return float(gammaln(A) - gammaln(A + N) + np.sum(gammaln(alpha + n) - gammaln(alpha)))


def _prior_cases(rng):
    for K, N in ((2, 2), (3, 3), (2, 5), (4, 3), (3, 8)):
        z = rng.integers(K, size=N)
        z[rng.integers(N)] = K - 1  # np.bincount counts to the greatest z, if not told how far
        yield case(rng.uniform(0.3, 2.5, K), z)
    label = "topics without tokens, the last ones among them (their counts must be there, as 0)"
    yield case(rng.uniform(0.3, 2.5, 4), np.array([1, 0, 1]), label=label)


def _below_zero(value, *_):
    top = np.max(value)
    return "" if top <= 1e-9 else f"your log p(z) is {top:.4g}: a probability cannot exceed 1"


log_prior_of_z = sheet.task(
    "log_prior_of_z", reference=_log_prior_of_z, cases=_prior_cases, invariants=[_below_zero]
)

# ---------------------------------------------------------------- 8 a bug in the urn


def _no_document(alpha, z):
    alpha, z = np.asarray(alpha), np.asarray(z)
    if alpha.ndim != 1 or (alpha <= 0).any():
        return "alpha is a list of positive concentrations, one for each topic"
    if z.ndim != 1 or z.size == 0 or (z != z.astype(int)).any() or (z < 0).any():
        return "z is no list of topic numbers"
    return "" if z.max() < len(alpha) else "z names a topic that alpha does not have"


wrong_urn = sheet.task(
    "wrong_urn",
    right=_log_prior_of_z,
    example=(np.array([0.5, 1.5]), np.array([0, 1, 0])),
    refuse=_no_document,
)

# ---------------------------------------------------------------- 9 the evidence by enumeration


def _terms(alpha, topics, words, prior=_log_prior_of_z):
    K, N = topics.shape[0], len(words)
    every = [np.array(z, dtype=int) for z in product(range(K), repeat=N)]
    return np.array([prior(alpha, z) + np.log(topics[z, words]).sum() for z in every])


def _log_evidence(alpha, topics, words):
    return float(logsumexp(_terms(alpha, topics, words)))


def _evidence_cases(rng):
    for alpha, _, topics, _, words in _documents(rng)[:4]:
        yield case(alpha, topics, words)
    alpha, _, topics, _, _ = _document(rng, 3, 4, 3)
    yield case(alpha, topics, np.array([2, 2, 0]), label="a document that repeats a word")


def _log_evidence_spelt_out(alpha, topics, words):
    terms = []
    for z in product(range(len(alpha)), repeat=len(words)):
        z = np.array(z)
        terms.append(_log_prior_of_z(alpha, z) + np.sum(np.log(topics[z, words])))
    return logsumexp(terms)


log_evidence = sheet.task(
    "log_evidence",
    reference=_log_evidence,
    spelt_out=[_log_evidence_spelt_out],
    cases=_evidence_cases,
    invariants=[_below_zero],
)

# ---------------------------------------------------------------- 10 stretch: by counts


def _evidence_by_counts(alpha, topics, words):
    return exact_by_counts(LDA(alpha, topics), words).log_evidence


def _long_cases(rng):
    for N in (2, 5, 12, 24, 30):
        alpha, _, topics, _, words = _document(rng, 2, 4, N)
        yield case(alpha, topics, words)


def _evidence_by_counts_spelt_out(alpha, topics, words):
    c = np.ones(1)
    for word in words:
        c = np.append(0, c * topics[0, word]) + np.append(c * topics[1, word], 0)
    N, A = len(words), alpha.sum()
    n = np.arange(N + 1)
    log_prior = gammaln(A) - gammaln(A + N)
    log_prior = log_prior + gammaln(alpha[0] + n) - gammaln(alpha[0])
    log_prior = log_prior + gammaln(alpha[1] + N - n) - gammaln(alpha[1])
    return logsumexp(log_prior, b=c)


evidence_by_counts = sheet.task(
    "evidence_by_counts",
    reference=_evidence_by_counts,
    spelt_out=[_evidence_by_counts_spelt_out],
    cases=_long_cases,
    invariants=[_below_zero],
)

# ---------------------------------------------------------------- 11 the next token

next_topic = sheet.task("next_topic", right=5 / 9)

# ---------------------------------------------------------------- 12 a document of one's own


def _agrees(answer):
    """The evidence and the marginals are those of this model and document."""
    alpha, topics = np.asarray(answer["alpha"], float), np.asarray(answer["topics"], float)
    words = np.asarray(answer["words"], int)
    if topics.ndim != 2 or alpha.shape != topics.shape[:1] or words.ndim != 1:
        return "alpha needs a number for each row of topics, and words is a list of columns"
    if len(topics) ** len(words) > 2**16:
        return "more than 65,536 values of z: take fewer tokens"
    try:
        right = exact(LDA(alpha, topics), words)
    except ValueError as error:
        return f"the model cannot be: {error}"
    if np.shape(answer["marginals"]) != right.marginals.shape:
        return "marginals need a row for each token and a column for each topic"
    if np.isclose(answer["log_evidence"], np.exp(right.log_evidence), rtol=1e-6):
        return "that is p(words): its logarithm is asked for"
    if not np.isclose(answer["log_evidence"], right.log_evidence, rtol=1e-6):
        return (
            f"your log evidence is {float(answer['log_evidence']):.4f}, enumerated it is otherwise"
        )
    alone = alpha[:, None] * topics[:, words]
    if np.allclose(answer["marginals"], (alone / alone.sum(axis=0)).T):
        return "you took each token by itself: one theta ties the tokens together"
    worst = np.abs(np.asarray(answer["marginals"]) - right.marginals).max()
    return "" if worst < 1e-6 else f"your marginals are up to {worst:.4f} off"


def _own():
    alpha, topics, words = np.ones(2), np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), [0, 1, 2, 1]
    found = exact(LDA(alpha, topics), words)
    parts = {"alpha": alpha, "topics": topics, "words": words, "marginals": found.marginals}
    return parts | {"log_evidence": found.log_evidence}


own_document = sheet.task(
    "own_document",
    invariants=(normalised("topics"), normalised("marginals"), _agrees),
    example=_own,
)

urn_on_paper = sheet.task("urn_on_paper")
