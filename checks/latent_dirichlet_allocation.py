"""The exercises of notebook 02c, Latent Dirichlet allocation.

theta: a document's shares of the K topics, (K,).  topics: p(word | topic), (K, V).  words: the
document's tokens as word numbers, (N,).  z: their topics, (N,).  alpha: concentrations, (K,).
"""

from itertools import product

import numpy as np
from scipy.special import gammaln, logsumexp

from checks.invariants import normalised
from checks.kinds import FindBug, Number, OpenTask, Order, Paper
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case
from helpers.lda import LDA, exact, exact_by_counts

progress = progress_for(__name__)


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


configurations = Task(
    "configurations",
    reference=_configurations,
    cases=_sizes,
    returns="first the configurations of all z at once, then the terms document by document",
    points=1,
    minutes=2,
    difficulty="warm-up",
    why="Independence given alpha and the topics turns one product over documents into a sum.",
    hints=Hints(
        nudge="How many values has one token's z? Two tokens' z together? And all of them?",
        equation=r"$K^{DN}$ at once, and $D \cdot K^{N}$ if documents are treated one by one",
        shape="return n_topics ** (...), n_documents * ...",
    ),
)

# ---------------------------------------------------------------- 2 Bayes' rule for one token


def _token_posterior(theta, topics, word):
    joint = theta * topics[:, word]
    return joint / joint.sum()


def _token_cases(rng):
    for _, theta, topics, _, words in _documents(rng):
        yield case(theta, topics, int(words[-1]))


def _sums_to_one(result, *_):
    total = np.sum(result)
    return "" if np.isclose(total, 1) else f"your probabilities sum to {total:.4g}, not to 1"


token_posterior = Task(
    "token_posterior",
    reference=_token_posterior,
    cases=_token_cases,
    returns="p(z = k | word, theta), a number for each topic",
    points=1,
    minutes=3,
    why="If only theta were known, inference in LDA would be this line, once for each token.",
    invariants=[_sums_to_one],
    hints=Hints(
        nudge="Prior times likelihood, then normalise. What is the prior of a token's topic?",
        equation=r"$p(z = k \mid w, \theta) = \theta_k \beta_{kw} / \sum_j \theta_j \beta_{jw}$",
        shape="joint = theta * topics[:, word]\nreturn joint / ...",
    ),
)

# ---------------------------------------------------------------- 3 the log joint


def _log_joint(theta, topics, z, words):
    return float(np.sum(np.log(theta[z]) + np.log(topics[z, words])))


def _joint_cases(rng):
    for _, theta, topics, z, words in _documents(rng):
        yield case(theta, topics, z, words)
    z, words = (rng.integers(n, size=900) for n in topics.shape)
    yield case(theta, topics, z, words, label="a document of 900 tokens (the product underflows)")


log_joint = Task(
    "log_joint",
    reference=_log_joint,
    cases=_joint_cases,
    returns="log p(z, w | theta, topics), one number",
    points=1,
    minutes=3,
    why="Two factors for each token: the one that chose its topic, the one that chose its word.",
    hints=Hints(
        nudge="Act the story out: what is drawn for each token, and with what probability?",
        equation=r"$\log p(z, w \mid \theta) = \sum_i \log \theta_{z_i} + \log \beta_{z_i, w_i}$",
        shape="return np.sum(np.log(theta[z]) + ...)",
    ),
)

# ---------------------------------------------------------------- 4 a derivation: theta given z


def _theta_given_z(alpha, n):
    return alpha + n


def _count_cases(rng):
    for K in (2, 3, 4, 6):
        yield case(rng.uniform(0.2, 3.0, K), rng.integers(1, 9, K))
    yield case(rng.uniform(0.2, 3.0, 3), np.array([4, 0, 2]), label="a topic without tokens")


theta_given_z = Derivation(
    "theta_given_z",
    above=(
        r"p(\theta \mid z) \propto \prod_k \theta_k^{\alpha_k - 1} \prod_i \theta_{z_i}"
        r" = \prod_k \theta_k^{\alpha_k - 1} \prod_k \theta_k^{n_k}"
    ),
    reference=_theta_given_z,
    cases=_count_cases,
    returns="the concentrations of the Dirichlet that this is, one for each topic",
    points=1,
    minutes=3,
    why="The posterior is in the family of the prior: concentrations are counts seen beforehand.",
    hints=Hints(
        nudge="Which exponent has theta_k in all? And which concentration has that exponent?",
        equation=r"$\text{Dirichlet}(\theta \mid a) \propto \prod_k \theta_k^{a_k - 1}$",
        shape="return alpha + ...",
    ),
)

# ---------------------------------------------------------------- 5 a prediction

told_a_topic = Prediction(
    "told_a_topic",
    question=(
        "A document of two tokens, two topics, words that say nothing. We learn that the first "
        "token is of topic 0. For which alpha (the same for both topics) does this teach us more "
        "about the second token?"
    ),
    choices={
        "small": (
            "With little known beforehand, one token says much about theta: at 0.1 the probability "
            "goes from 1/2 to 11/12. A concentration is worth as many tokens seen beforehand."
        ),
        "large": (
            "A large alpha means that theta is nearly known, and then a token teaches little: at "
            "10 the probability goes from 1/2 to 11/21."
        ),
        "the same": (
            "The prior probability is 1/2 for both, but not what one token adds to it. Compare "
            "(0.1 + 1) / (0.2 + 1) with (10 + 1) / (20 + 1)."
        ),
    },
    right="small",
    hints=Hints(
        nudge="With which alpha do you know more about theta before you see anything?",
        equation=r"$p(z_2 = 0 \mid z_1 = 0) = \mathbb{E}[\theta_0 \mid z_1 = 0]$",
        shape='return "small", "large" or "the same"',
    ),
    room=__name__,
)

# ---------------------------------------------------------------- 6 the integral, in order

integral_lines = Order(
    "integral_lines",
    lines={
        "A": r"$= \frac{\Gamma(A)}{\prod_k \Gamma(\alpha_k)} \cdot \frac{\Gamma(A + N)}"
        r"{\prod_k \Gamma(\alpha_k + n_k)}$",
        "B": r"$= \frac{\Gamma(A)}{\prod_k \Gamma(\alpha_k)} \int \prod_k "
        r"\theta_k^{\alpha_k + n_k - 1}\, d\theta$",
        "C": r"$= \int p(\theta \mid \alpha) \prod_i \theta_{z_i}\, d\theta$",
        "D": r"$= \frac{\Gamma(A)}{\prod_k \Gamma(\alpha_k)} \cdot "
        r"\frac{\prod_k \Gamma(\alpha_k + n_k)}{\Gamma(A + N)}$",
        "E": r"$= \prod_i \int p(\theta \mid \alpha)\, \theta_{z_i}\, d\theta$",
        "F": r"$p(z \mid \alpha)$",
    },
    right="FCBD",
    reasons={
        "A": "It is upside down: the integral is one over the normaliser of Dirichlet(alpha + n).",
        "B": "The powers of theta meet only once the product stands under the integral.",
        "C": "The sum rule: theta is integrated out, and nothing else has happened yet.",
        "D": "The integral is looked up once it has the form of a Dirichlet's.",
        "E": "One theta serves all tokens: the integral of a product is no product of integrals.",
        "F": "It is what we want to know, so everything begins with it.",
    },
    points=2,
    minutes=4,
    why="No integral was computed: the normaliser of a Dirichlet was looked up.",
    hints=Hints(
        nudge="Where does theta come in, and how does it go?",
        equation=r"$\int \prod_k \theta_k^{a_k - 1} d\theta = \prod_k \Gamma(a_k) / "
        r"\Gamma(\sum_k a_k)$",
        shape="the letters of four lines",
    ),
)

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


log_prior_of_z = Task(
    "log_prior_of_z",
    reference=_log_prior_of_z,
    cases=_prior_cases,
    returns="log p(z | alpha), one number",
    points=2,
    minutes=6,
    why="An urn: every token of a topic makes the next one of that topic more likely.",
    invariants=[_below_zero],
    hints=Hints(
        nudge="Count the tokens of each topic. np.bincount(z, minlength=...) also counts to zero.",
        equation=(
            r"$\log p(z \mid \alpha) = \log\Gamma(A) - \log\Gamma(A + N) + \sum_k \log\Gamma("
            r"\alpha_k + n_k) - \log\Gamma(\alpha_k)$, $A = \sum_k \alpha_k$"
        ),
        shape="n = np.bincount(z, minlength=len(alpha))\nreturn gammaln(alpha.sum()) - ... + ...",
    ),
)

# ---------------------------------------------------------------- 8 a bug in the urn


def _urn(alpha, z):
    """log p(z | alpha), with an error."""
    n = np.bincount(z, minlength=len(alpha))
    whole = gammaln(alpha.sum()) - gammaln(alpha.sum() + len(alpha))
    return whole + np.sum(gammaln(alpha + n) - gammaln(alpha))


def _no_document(alpha, z):
    z = np.asarray(z)
    if z.ndim != 1 or z.size == 0 or (z != z.astype(int)).any() or (z < 0).any():
        return "z is no list of topic numbers"
    return "" if z.max() < len(alpha) else "z names a topic that alpha does not have"


wrong_urn = FindBug(
    "wrong_urn",
    buggy=_urn,
    right=_log_prior_of_z,
    line=3,
    example=(np.array([0.5, 1.5]), np.array([0, 1, 0])),
    reasons={
        2: "The counts are right: minlength keeps topics without tokens.",
        4: "A factor for each topic: Gamma(alpha_k + n_k) over Gamma(alpha_k).",
    },
    refuse=_no_document,
    points=2,
    minutes=4,
    why="Where a document has as many tokens as there are topics, nothing shows.",
    hints=Hints(
        nudge="Three tokens and three topics went well. Try another length.",
        equation=r"$\Gamma(A) / \Gamma(A + N)$",
        shape="(line, (alpha, z)) with len(z) other than len(alpha)",
    ),
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


log_evidence = Task(
    "log_evidence",
    reference=_log_evidence,
    spelt_out=[_log_evidence_spelt_out],
    cases=_evidence_cases,
    returns="log p(w | alpha, topics), one number",
    points=2,
    minutes=8,
    why="K^N terms: with this function and patience you can do exact inference in LDA.",
    invariants=[_below_zero],
    hints=Hints(
        nudge="itertools.product(range(K), repeat=N) gives every z. What is each one's log joint?",
        equation=r"$\log p(w) = \log \sum_z p(z \mid \alpha) \prod_i \beta_{z_i, w_i}$",
        shape=(
            "terms = [log_prior_of_z(alpha, np.array(z)) + ...\n"
            "         for z in product(range(len(alpha)), repeat=len(words))]\n"
            "return logsumexp(terms)"
        ),
    ),
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


evidence_by_counts = Task(
    "evidence_by_counts",
    reference=_evidence_by_counts,
    spelt_out=[_evidence_by_counts_spelt_out],
    cases=_long_cases,
    returns="log p(w | alpha, topics) of a document with two topics, one number",
    points=3,
    minutes=15,
    difficulty="stretch",
    why="From 2^N terms to N + 1: with two topics exact inference is easy. With twenty it is not.",
    invariants=[_below_zero],
    hints=Hints(
        nudge=(
            "p(z | alpha) depends on z only through n, the tokens of topic 0. For each n, what is "
            "the sum of all products of beta? One more token: how do these sums change?"
        ),
        equation=(
            r"$c^{(i)}_n = c^{(i-1)}_{n-1}\, \beta_{0, w_i} + c^{(i-1)}_n\, \beta_{1, w_i}$, then "
            r"$p(w) = \sum_n c^{(N)}_n\, p(z \text{ with count } n)$"
        ),
        shape=(
            "c = np.ones(1)\nfor word in words:\n"
            "    c = np.append(0, c * topics[0, word]) + np.append(c * ..., 0)\n"
            "n = np.arange(len(words) + 1)\nreturn logsumexp(log_prior(n), b=c)"
        ),
    ),
)

# ---------------------------------------------------------------- 11 the next token

next_topic = Number(
    "next_topic",
    question="What is the probability that the sixth token is of topic 0?",
    right=5 / 9,
    rtol=1e-3,
    ranges=(
        (0.6, 0.6, "That is the share seen, 3 of 5: the prior's concentrations are counts, too."),
        (0.5, 0.5, "That is the prior's mean, 2 of 4: the five tokens say something."),
        (2 / 3, 2 / 3, "That is the posterior's mode, 4 of 6: the next token asks for its mean."),
        (-np.inf, 0.0, "A probability is not negative."),
    ),
    points=1,
    minutes=3,
    why="Concentrations are tokens seen beforehand: 2 + 3 of 4 + 5.",
    hints=Hints(
        nudge="What is the posterior of theta after five tokens, and its mean?",
        equation=r"$\mathbb{E}[\theta_0 \mid z] = (\alpha_0 + n_0) / (A + N)$",
        shape="return (2 + 3) / (...)",
    ),
)

# ---------------------------------------------------------------- 12 a document of one's own


def _agrees(answer):
    """The evidence and the marginals are those of this model and document."""
    alpha, topics = np.asarray(answer["alpha"], float), np.asarray(answer["topics"], float)
    words = np.asarray(answer["words"], int)
    if topics.ndim != 2 or len(alpha) != len(topics) or words.ndim != 1:
        return "alpha needs a number for each row of topics, and words is a list of columns"
    if len(topics) ** len(words) > 2**16:
        return "more than 65,536 values of z: take fewer tokens"
    try:
        right = exact(LDA(alpha, topics), words)
    except ValueError as error:
        return f"the model cannot be: {error}"
    if np.shape(answer["marginals"]) != right.marginals.shape:
        return "marginals need a row for each token and a column for each topic"
    if not np.isclose(answer["log_evidence"], right.log_evidence, rtol=1e-6):
        return f"your evidence is {float(answer['log_evidence']):.4f}, enumerated it is otherwise"
    worst = np.abs(np.asarray(answer["marginals"]) - right.marginals).max()
    return "" if worst < 1e-6 else f"your marginals are up to {worst:.4f} off"


def _own():
    alpha, topics, words = np.ones(2), np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), [0, 1, 2, 1]
    found = exact(LDA(alpha, topics), words)
    parts = {"alpha": alpha, "topics": topics, "words": words, "marginals": found.marginals}
    return parts | {"log_evidence": found.log_evidence}


own_document = OpenTask(
    "own_document",
    needs={
        "alpha": "the concentrations, (K,)",
        "topics": "p(word | topic), (K, V)",
        "words": "the document's tokens as columns of topics",
        "marginals": "p(z_i = k | words), (N, K)",
        "log_evidence": "log p(words), in nats",
    },
    invariants=(normalised("topics"), normalised("marginals"), _agrees),
    example=_own,
    points=3,
    minutes=15,
)

# ---------------------------------------------------------------- 13 on paper: the urn

urn_on_paper = Paper(
    "urn_on_paper",
    rubric=(
        (1, "the conditional probability as a ratio of p(z_1..N+1) and p(z_1..N)"),
        (1, "one count and the total grow by one, all other factors cancel"),
        (1, "Gamma(a + 1) = a Gamma(a) is used in numerator and denominator"),
        (1, "the result (alpha_k + n_k) / (A + N)"),
        (1, "for large alpha: it tends to alpha_k / A whatever was drawn, so tokens let go"),
    ),
    minutes=8,
    difficulty="stretch",
)  # fmt: skip
