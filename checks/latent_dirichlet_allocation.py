"""The exercises of notebook 02c, Latent Dirichlet allocation.

theta: a document's shares of the K topics, (K,).  topics: p(word | topic), (K, V).  words: the
document's tokens as word numbers, (N,).  z: their topics, (N,).  alpha: concentrations, (K,).
"""

from itertools import product
from math import comb

import numpy as np
from scipy.special import digamma, gammaln, logsumexp, xlogy

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case
from helpers.lda import LDA, exact_by_counts

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
    minutes=4,
    difficulty="warm-up",
    why="Independence given alpha and the topics turns one product over documents into a sum.",
    mistakes=[
        Mistake(
            "You multiplied the sizes: that is how many numbers describe the z, not how many "
            "values they can take together. Each further token multiplies by K.",
            lambda D, N, K: (K * D * N, D * K * N),
        ),
        Mistake(
            "Base and exponent are exchanged: each of the tokens has K possible topics.",
            lambda D, N, K: ((D * N) ** K, D * N**K),
        ),
        Mistake(
            "Your first number is K to the power D + N; there are D times N tokens in all.",
            lambda D, N, K: (K ** (D + N), D * K**N),
        ),
        Mistake(
            "Your second number is for one document only: there are D of them to add up.",
            lambda D, N, K: (K ** (D * N), K**N),
        ),
        Mistake(
            "You used the same count twice. Given alpha and the topics the documents are "
            "independent, so their sums are done one after the other, not jointly.",
            lambda D, N, K: (K ** (D * N), K ** (D * N)),
        ),
        Mistake(
            "The two are exchanged: first all documents at once, then document by document.",
            lambda D, N, K: (D * K**N, K ** (D * N)),
        ),
        Mistake(
            "That is the number of topic counts, binomial(N + K - 1, K - 1): the short cut for the "
            "sum. Here every configuration of z is counted.",
            lambda D, N, K: (comb(D * N + K - 1, K - 1), D * comb(N + K - 1, K - 1)),
        ),
        Mistake(
            "Your first number leaves the documents out: D documents have D times N tokens.",
            lambda D, N, K: (K**N, D * K**N),
        ),
        Mistake(
            "Base and exponent are exchanged in the second number: each of the N tokens has K "
            "possible topics, which makes K^N.",
            lambda D, N, K: (K ** (D * N), D * N**K),
        ),
        Mistake(
            "Base and exponent are exchanged in the second number: each of the N tokens has K "
            "possible topics, which makes K^N.",
            lambda D, N, K: (K ** (D * N), (D * N) ** K),
        ),
        Mistake(
            "Your first number is the second one: taken together, the documents' configurations "
            "multiply, K^N once for each document.",
            lambda D, N, K: (D * K**N, D * K**N),
        ),
        Mistake(
            "Your second number counts the topic counts (the number of z with the same count "
            "taken as one): every configuration of a document's z is a term.",
            lambda D, N, K: (K ** (D * N), D * (N + 1)),
        ),
        Mistake(
            "Your second number counts the topic counts (the number of z with the same count "
            "taken as one): every configuration of a document's z is a term.",
            lambda D, N, K: (K ** (D * N), D * comb(N + K - 1, K - 1)),
        ),
        Mistake(
            "Your second number multiplies the sizes: that many numbers p(z_i = k) there would "
            "be, if the tokens were independent, but a document's z are coupled by theta.",
            lambda D, N, K: (K ** (D * N), D * N * K),
        ),
        Mistake(
            "Your second number adds D where the documents' terms must be added up: D times K^N.",
            lambda D, N, K: (K ** (D * N), D + K**N),
        ),
        Mistake(
            "K - 1 is the number of free parameters of a distribution over K topics. A token's "
            "topic has K values.",
            lambda D, N, K: ((K - 1) ** (D * N), D * (K - 1) ** N),
        ),
        Mistake(
            "Your first number is K to the power of D: every token has its own topic, not every "
            "document.",
            lambda D, N, K: (K**D, D * K**N),
        ),
        Mistake(
            "Both numbers are logarithms, the exponents: how many configurations are there?",
            lambda D, N, K: (D * N * np.log(K), np.log(D) + N * np.log(K)),
        ),
        Mistake(
            "You added where the documents multiply: taken together they have K^N times K^N and "
            "so on, once for each document. And document by document there are D sums, where you "
            "counted one.",
            lambda D, N, K: (D * K**N, K**N),
        ),
        Mistake(
            "You added the number of documents to those of one document: taken together, the "
            "documents' configurations multiply, K^N once for each document.",
            lambda D, N, K: (K**N + D, D * K**N),
        ),
        Mistake(
            "You added N and K, or N and D: each further token multiplies the number of "
            "configurations by K.",
            lambda D, N, K: (D * (N + K), N + K),
        ),
    ],
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
    minutes=5,
    why="If only theta were known, inference in LDA would be this line, once for each token.",
    invariants=[_sums_to_one],
    mistakes=[
        Mistake(
            "You forgot theta: a topic that is rare in this document is an unlikely source of the "
            "word, however much it likes the word.",
            lambda theta, topics, word: topics[:, word] / topics[:, word].sum(),
        ),
        Mistake(
            "You returned theta: the word has taught you nothing.",
            lambda theta, topics, word: theta,
        ),
        Mistake(
            "You did not normalise: those are p(z = k, word | theta), and they sum to p(word).",
            lambda theta, topics, word: theta * topics[:, word],
        ),
        Mistake(
            "That is the evidence p(word | theta), a sum over topics; the posterior keeps them.",
            lambda theta, topics, word: theta @ topics[:, word],
        ),
        Mistake(
            "You added prior and likelihood; Bayes' rule multiplies them.",
            lambda theta, topics, word: (theta + topics[:, word]) / (theta + topics[:, word]).sum(),
        ),
        Mistake(
            "You divided by the sum of the likelihoods instead of the evidence, which weights them "
            "by theta.",
            lambda theta, topics, word: theta * topics[:, word] / topics[:, word].sum(),
        ),
        Mistake(
            "You returned the most probable topic: the posterior is a distribution.",
            lambda theta, topics, word: int(np.argmax(theta * topics[:, word])),
        ),
        Mistake(
            "You divided by theta: in Bayes' rule the prior stands above the line.",
            lambda theta, topics, word: topics[:, word] / theta / (topics[:, word] / theta).sum(),
        ),
        Mistake(
            "You took a softmax of probabilities: it expects logarithms. Divide by the sum.",
            lambda theta, topics, word: (
                np.exp(theta * topics[:, word]) / np.exp(theta * topics[:, word]).sum()
            ),
        ),
        Mistake(
            "You computed this for every word of the vocabulary; only the observed one is asked.",
            lambda theta, topics, word: theta[:, None] * topics / (theta @ topics),
        ),
        Mistake(
            "You used the first word of the vocabulary whatever was observed.",
            lambda theta, topics, word: _token_posterior(theta, topics, 0 if word else 1),
        ),
        Mistake(
            "You normalised the logarithms: exponentiate first, then divide by the sum.",
            lambda theta, topics, word: (
                (np.log(theta) + np.log(topics[:, word]))
                / (np.log(theta) + np.log(topics[:, word])).sum()
            ),
        ),
        Mistake(
            "You put everything on the most probable topic: the posterior is a distribution.",
            lambda theta, topics, word: np.eye(len(theta))[(theta * topics[:, word]).argmax()],
        ),
        Mistake(
            "You returned p(word | topic) (or normalised the joint over the words, which gives it "
            "back): Bayes' rule turns it round, into p(topic | word).",
            lambda theta, topics, word: topics[:, word],
        ),
        Mistake(
            "You divided by the largest entry: a distribution is divided by its sum.",
            lambda theta, topics, word: theta * topics[:, word] / (theta * topics[:, word]).max(),
        ),
        Mistake(
            "You divided the likelihood by its average, p(word), and forgot theta above the line.",
            lambda theta, topics, word: topics[:, word] / (theta @ topics[:, word]),
        ),
        Mistake(
            "You averaged theta and the normalised likelihood: Bayes' rule multiplies them.",
            lambda theta, topics, word: (theta + topics[:, word] / topics[:, word].sum()) / 2,
        ),
    ],
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


log_joint = Task(
    "log_joint",
    reference=_log_joint,
    cases=_joint_cases,
    returns="log p(z, w | theta, topics), one number",
    points=1,
    minutes=5,
    why="Two factors for each token: the one that chose its topic, the one that chose its word.",
    mistakes=[
        Mistake(
            "The topics' factor is missing: each z was itself drawn, with probability theta_z.",
            lambda theta, topics, z, words: np.sum(np.log(topics[z, words])),
        ),
        Mistake(
            "The words' factor is missing: that is log p(z | theta) only.",
            lambda theta, topics, z, words: np.sum(np.log(theta[z])),
        ),
        Mistake(
            "You summed over topics inside the logarithm: that is log p(w | theta), with z summed "
            "out. Here z is given.",
            lambda theta, topics, z, words: np.sum(np.log(theta @ topics[:, words])),
        ),
        Mistake(
            "You added the probabilities of a token before the logarithm; they multiply.",
            lambda theta, topics, z, words: np.sum(np.log(theta[z] + topics[z, words])),
        ),
        Mistake(
            "You took the logarithm of a sum over tokens: tokens multiply, so their logs add.",
            lambda theta, topics, z, words: np.log(np.sum(theta[z] * topics[z, words])),
        ),
        Mistake(
            "theta entered once for each topic instead of once for each token.",
            lambda theta, topics, z, words: (
                np.sum(np.log(theta)) + np.sum(np.log(topics[z, words]))
            ),
        ),
        Mistake(
            "You multiplied the two logarithms: the log of a product is their sum.",
            lambda theta, topics, z, words: np.sum(np.log(theta[z]) * np.log(topics[z, words])),
        ),
        Mistake(
            "Each topic should enter once for each of its tokens; a topic that comes twice counts "
            "twice.",
            lambda theta, topics, z, words: (
                np.sum(np.log(theta[np.unique(z)])) + np.sum(np.log(topics[z, words]))
            ),
        ),
        Mistake(
            "You used every topic for every word: word number n belongs to topic z[n] only.",
            lambda theta, topics, z, words: (
                np.sum(np.log(theta[z])) + np.sum(np.log(topics[np.ix_(z, words)]))
            ),
        ),
        Mistake(
            "A mean over tokens instead of the sum: longer documents are less probable.",
            lambda theta, topics, z, words: np.mean(np.log(theta[z]) + np.log(topics[z, words])),
        ),
        Mistake(
            "You divided by theta (subtracted its logarithm): the token's topic and its word are "
            "drawn one after the other, so their probabilities multiply.",
            lambda theta, topics, z, words: np.sum(np.log(topics[z, words]) - np.log(theta[z])),
        ),
        Mistake(
            "Only the first token is there: the joint has two factors for every token.",
            lambda theta, topics, z, words: np.log(theta[z[0]]) + np.log(topics[z[0], words[0]]),
        ),
        Mistake(
            "The last token is missing.",
            lambda theta, topics, z, words: _log_joint(theta, topics, z[:-1], words[:-1]),
        ),
        Mistake(
            "The first token is missing.",
            lambda theta, topics, z, words: _log_joint(theta, topics, z[1:], words[1:]),
        ),
        Mistake(
            "You took each pair of topic and word once, however often it occurs: every token "
            "counts.",
            lambda theta, topics, z, words: sum(
                np.log(theta[k] * topics[k, w])
                for k, w in set(zip(z.tolist(), words.tolist(), strict=True))
            ),
        ),
        Mistake(
            "theta has an entry for each topic: its index is the token's topic z, not the word.",
            lambda theta, topics, z, words: np.sum(
                np.log(theta[words % len(theta)]) + np.log(topics[z, words])
            ),
        ),
        Mistake(
            "theta entered once only: every token draws its own topic.",
            lambda theta, topics, z, words: np.log(theta[z[0]]) + np.sum(np.log(topics[z, words])),
        ),
        Mistake(
            "You read every word off the first topic: the word is drawn from the token's own "
            "topic, z.",
            lambda theta, topics, z, words: np.sum(np.log(theta[z]) + np.log(topics[0, words])),
        ),
        Mistake(
            "You took each token's most probable topic; the topics z are given.",
            lambda theta, topics, z, words: np.log(
                (theta[:, None] * topics[:, words]).max(axis=0)
            ).sum(),
        ),
        Mistake(
            "You divided by the evidence: that is the posterior log p(z | w, theta). The joint is"
            " asked for.",
            lambda theta, topics, z, words: (
                _log_joint(theta, topics, z, words) - np.sum(np.log(theta @ topics[:, words]))
            ),
        ),
        Mistake(
            "You returned the joint; its logarithm is asked for.",
            lambda theta, topics, z, words: np.exp(_log_joint(theta, topics, z, words)),
        ),
        Mistake(
            "You did not take the logarithm of theta.",
            lambda theta, topics, z, words: np.sum(theta[z] + np.log(topics[z, words])),
        ),
        Mistake(
            "You did not take the logarithm of the words' probabilities.",
            lambda theta, topics, z, words: np.sum(np.log(theta[z]) + topics[z, words]),
        ),
        Mistake(
            "You added the probabilities; their logarithms are added.",
            lambda theta, topics, z, words: np.sum(theta[z] + topics[z, words]),
        ),
    ],
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
        yield case(rng.uniform(0.2, 3.0, K), rng.integers(1, 9, K).astype(float))
    yield case(rng.uniform(0.2, 3.0, 3), np.array([4.0, 0.0, 2.0]), label="a topic without tokens")


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
    minutes=4,
    why="The posterior is in the family of the prior: concentrations are counts seen beforehand.",
    mistakes=[
        Mistake(
            "Those are the exponents. A Dirichlet's exponents are its concentrations minus one, "
            "so add the one back.",
            lambda alpha, n: alpha + n - 1,
        ),
        Mistake("You forgot the prior: alpha counts too.", lambda alpha, n: n + 0.0),
        Mistake("You forgot the tokens: that is the prior.", lambda alpha, n: alpha),
        Mistake(
            "You multiplied alpha and n. Powers of the same base multiply by adding exponents.",
            lambda alpha, n: alpha * n,
        ),
        Mistake(
            "That is the posterior mean of theta; the concentrations are not normalised.",
            lambda alpha, n: (alpha + n) / (alpha + n).sum(),
        ),
        Mistake(
            "You added the shares n / N instead of the counts: ten tokens must weigh more than "
            "one.",
            lambda alpha, n: alpha + n / n.sum(),
        ),
        Mistake(
            "You added one too much: alpha_k - 1 + n_k = (alpha_k + n_k) - 1.",
            lambda alpha, n: alpha + n + 1,
        ),
        Mistake(
            "You added all N tokens to every topic: each topic gets its own n_k.",
            lambda alpha, n: alpha + n.sum(),
        ),
        Mistake(
            "You subtracted the counts: tokens of a topic make its share larger.",
            lambda alpha, n: alpha - n,
        ),
        Mistake(
            "That is the mode of the posterior of theta: the concentrations are not normalised, "
            "and nothing is subtracted.",
            lambda alpha, n: (alpha + n - 1) / (alpha + n - 1).sum(),
        ),
        Mistake(
            "You multiplied alpha - 1 by n. Powers of the same base multiply by adding exponents,"
            " alpha - 1 + n; and a concentration is the exponent plus one.",
            lambda alpha, n: (alpha - 1) * n,
        ),
        Mistake(
            "You added the sum of all alpha to the counts: each topic has its own concentration.",
            lambda alpha, n: alpha.sum() + n,
        ),
        Mistake(
            "You raised alpha to the power n: the exponents of theta are added, alpha - 1 + n.",
            lambda alpha, n: alpha**n,
        ),
        Mistake(
            "You averaged alpha and n: the exponents are added.",
            lambda alpha, n: (alpha + n) / 2,
        ),
        Mistake(
            "You forgot alpha, or took it for one: the prior's concentrations count like tokens "
            "seen beforehand.",
            lambda alpha, n: n + 1.0,
        ),
        Mistake(
            "Those are the shares of the tokens: the concentrations are not normalised, and alpha"
            " counts too.",
            lambda alpha, n: n / n.sum(),
        ),
        Mistake(
            "You forgot the tokens, and those are the prior's exponents: its concentrations are "
            "the exponents plus one.",
            lambda alpha, n: alpha - 1,
        ),
        Mistake(
            "You forgot alpha: those are the exponents of the likelihood, minus one.",
            lambda alpha, n: n - 1.0,
        ),
        Mistake(
            "You added the logarithm of the counts: theta_k is raised to the power n_k, so n_k "
            "itself is added.",
            lambda alpha, n: alpha + np.log(n),
        ),
        Mistake(
            "You weighted the counts with alpha's shares: each topic's own count is added to its "
            "alpha.",
            lambda alpha, n: alpha + n * alpha / alpha.sum(),
        ),
        Mistake(
            "You took the exponent of a Dirichlet for alpha + 1: it is alpha - 1.",
            lambda alpha, n: alpha + n + 2,
        ),
    ],
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
        "A document of two tokens; both words are as likely under topic 0 as under topic 1. "
        "Somebody tells us that the first token came from topic 0. Does the probability that the "
        "second came from topic 0 rise, fall or stay?"
    ),
    choices={
        "rises": (
            "The first token tells us that theta_0 is probably large, and theta_0 is what chooses "
            "the second token's topic. Tokens attract each other: the opposite of explaining away."
        ),
        "falls": (
            "That would be explaining away: two causes of one effect. Here one cause, theta, has "
            "two effects. Compute alpha_0 / A and (alpha_0 + 1) / (A + 1)."
        ),
        "stays": (
            "It would stay if theta were known. It is not, and the first token has taught us "
            "something about it. Compute alpha_0 / A and (alpha_0 + 1) / (A + 1)."
        ),
    },
    right="rises",
    hints=Hints(
        nudge="What does the first token's topic say about theta?",
        equation=(
            r"$p(z_2 = 0) = \alpha_0 / A$ and "
            r"$p(z_2 = 0 \mid z_1 = 0) = (\alpha_0 + 1) / (A + 1)$"
        ),
        shape="Compare 0.5 / 1.0 with 1.5 / 2.0, say.",
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 6 p(z) with theta integrated out


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


def _log_multinomial(alpha, z):
    n = np.bincount(z, minlength=len(alpha))
    return gammaln(len(z) + 1) - gammaln(n + 1).sum()


def _below_zero(value, *_):
    top = np.max(value)
    return "" if top <= 1e-9 else f"your log p(z) is {top:.4g}: a probability cannot exceed 1"


def _with_counts(formula):
    """A wrong answer from a formula of alpha, the counts n, A and N."""
    return lambda alpha, z: formula(
        alpha, np.bincount(z, minlength=len(alpha)), alpha.sum(), len(z)
    )


def _used_topics_only(alpha, z):
    used = np.unique(z)
    return _log_prior_of_z(alpha[used], np.searchsorted(used, z))


log_prior_of_z = Task(
    "log_prior_of_z",
    reference=_log_prior_of_z,
    cases=_prior_cases,
    returns="log p(z | alpha), one number",
    points=2,
    minutes=10,
    why="An urn: every token of a topic makes the next one of that topic more likely.",
    invariants=[_below_zero],
    mistakes=[
        Mistake(
            "You used the prior mean of theta for every token, which makes tokens independent. "
            "They share one unknown theta: the second token of a topic is likelier than the first.",
            lambda alpha, z: np.sum(np.log(alpha[z] / alpha.sum())),
        ),
        Mistake(
            "The factor Gamma(A) / Gamma(A + N) is missing: without it nothing is normalised.",
            lambda alpha, z: np.sum(
                gammaln(alpha + np.bincount(z, minlength=len(alpha))) - gammaln(alpha)
            ),
        ),
        Mistake(
            "The division by Gamma(alpha_k) is missing.",
            lambda alpha, z: (
                gammaln(alpha.sum())
                - gammaln(alpha.sum() + len(z))
                + gammaln(alpha + np.bincount(z, minlength=len(alpha))).sum()
            ),
        ),
        Mistake(
            "You included the multinomial coefficient: that is the probability of the counts in "
            "any order, and z is one particular order.",
            lambda alpha, z: _log_prior_of_z(alpha, z) + _log_multinomial(alpha, z),
        ),
        Mistake(
            "alpha is missing inside Gamma(alpha_k + n_k): you used the counts alone.",
            lambda alpha, z: (
                gammaln(alpha.sum())
                - gammaln(alpha.sum() + len(z))
                + np.sum(gammaln(np.bincount(z, minlength=len(alpha)) + 1) - gammaln(alpha))
            ),
        ),
        Mistake(
            "The fraction is upside down: Gamma(A + N) belongs below, Gamma(alpha_k + n_k) above.",
            lambda alpha, z: -_log_prior_of_z(alpha, z),
        ),
        Mistake(
            "Every topic got all N tokens: n_k counts the tokens of topic k only.",
            lambda alpha, z: (
                gammaln(alpha.sum())
                - gammaln(alpha.sum() + len(z))
                + np.sum(gammaln(alpha + len(z)) - gammaln(alpha))
            ),
        ),
        Mistake(
            "You used a sum over tokens of Gamma(alpha_z + 1): that is, each token as if it were "
            "the first of its topic.",
            lambda alpha, z: (
                gammaln(alpha.sum()) - gammaln(alpha.sum() + len(z)) + np.log(alpha[z]).sum()
            ),
        ),
        Mistake(
            "In Gamma(A + N), A is missing: the concentrations count like tokens.",
            lambda alpha, z: (
                _log_prior_of_z(alpha, z) + gammaln(alpha.sum() + len(z)) - gammaln(len(z) + 1)
            ),
        ),
        Mistake(
            "Gamma(A) is left out, above the line of the first fraction.",
            _with_counts(
                lambda alpha, n, A, N: -gammaln(A + N) + np.sum(gammaln(alpha + n) - gammaln(alpha))
            ),
        ),
        Mistake(
            "Gamma(A + N) is left out, below the line of the first fraction.",
            _with_counts(
                lambda alpha, n, A, N: gammaln(A) + np.sum(gammaln(alpha + n) - gammaln(alpha))
            ),
        ),
        Mistake(
            "The logarithm of Gamma is gammaln: you took the logarithms of alpha and of the "
            "counts themselves, without Gamma.",
            _with_counts(
                lambda alpha, n, A, N: (
                    np.log(A) - np.log(A + N) + np.sum(np.log(alpha + n) - np.log(alpha))
                )
            ),
        ),
        Mistake(
            "The first fraction is upside down: Gamma(A) stands above, Gamma(A + N) below the "
            "line.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(A + N) - gammaln(A) + np.sum(gammaln(alpha + n) - gammaln(alpha))
                )
            ),
        ),
        Mistake(
            "The product's fraction is upside down: Gamma(alpha_k + n_k) stands above, "
            "Gamma(alpha_k) below the line.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(A) - gammaln(A + N) - np.sum(gammaln(alpha + n) - gammaln(alpha))
                )
            ),
        ),
        Mistake(
            "You added K, the number of topics, to A: Gamma(A + N) holds the number of tokens.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(A)
                    - gammaln(A + len(alpha))
                    + np.sum(gammaln(alpha + n) - gammaln(alpha))
                )
            ),
        ),
        Mistake(
            "You took all alpha for one: use those given.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(len(n)) - gammaln(len(n) + N) + np.sum(gammaln(1 + n))
                )
            ),
        ),
        Mistake(
            "You put the posterior mean of theta in for theta, so that the tokens look "
            "independent: the integral over theta is another number.",
            _with_counts(lambda alpha, n, A, N: np.sum(n * np.log((alpha + n) / (A + N)))),
        ),
        Mistake(
            "Gamma's argument is not shifted by one here: Gamma(A) and Gamma(alpha_k + n_k) stand"
            " in the formula as they are, no factorials of A and alpha.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(A + 1)
                    - gammaln(A + N + 1)
                    + np.sum(gammaln(alpha + n + 1) - gammaln(alpha + 1))
                )
            ),
        ),
        Mistake(
            "You added the topics up inside Gamma: each topic has a Gamma of its own, and their "
            "logarithms are added.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(A) - gammaln(A + N) + gammaln((alpha + n).sum()) - gammaln(alpha.sum())
                )
            ),
        ),
        Mistake(
            "You gave all z the same probability, K^-N: with theta unknown, z that use few topics"
            " often are more probable.",
            _with_counts(lambda alpha, n, A, N: -N * np.log(len(alpha))),
        ),
        Mistake(
            "You took digamma for the logarithm of Gamma: digamma is its derivative.",
            _with_counts(
                lambda alpha, n, A, N: (
                    digamma(A) - digamma(A + N) + np.sum(digamma(alpha + n) - digamma(alpha))
                )
            ),
        ),
        Mistake(
            "Your sum runs over the tokens where it must run over the topics: a topic's Gamma "
            "counts once, not once for each of its tokens.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(A) - gammaln(A + N) + np.sum(n * (gammaln(alpha + n) - gammaln(alpha)))
                )
            ),
        ),
        Mistake(
            "You took the mean of alpha for A: A is their sum.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(alpha.mean())
                    - gammaln(alpha.mean() + N)
                    + np.sum(gammaln(alpha + n) - gammaln(alpha))
                )
            ),
        ),
        Mistake(
            "You forgot the topics without tokens in A: the sum of alpha runs over all topics, "
            "used or not.",
            _used_topics_only,
        ),
        Mistake(
            "You averaged over the topics: the product becomes a sum of logarithms.",
            _with_counts(
                lambda alpha, n, A, N: (
                    gammaln(A) - gammaln(A + N) + np.mean(gammaln(alpha + n) - gammaln(alpha))
                )
            ),
        ),
        Mistake(
            "You used the shares n_k / N as theta: that is the likelihood at its greatest. theta "
            "is integrated out.",
            _with_counts(lambda alpha, n, A, N: np.sum(xlogy(n, n / N))),
        ),
        Mistake(
            "You took the logarithm of gammaln: it is a logarithm already.",
            _with_counts(
                lambda alpha, n, A, N: np.log(
                    np.abs(
                        gammaln(A) / gammaln(A + N) * np.prod(gammaln(alpha + n) / gammaln(alpha))
                    )
                )
            ),
        ),
        Mistake(
            "You multiplied where the logarithms of the two fractions are added.",
            _with_counts(
                lambda alpha, n, A, N: (
                    (gammaln(A) - gammaln(A + N)) * np.sum(gammaln(alpha + n) - gammaln(alpha))
                )
            ),
        ),
    ],
    hints=Hints(
        nudge="Count the tokens of each topic. np.bincount(z, minlength=...) also counts to zero.",
        equation=(
            r"$\log p(z \mid \alpha) = \log\Gamma(A) - \log\Gamma(A + N) + \sum_k \log\Gamma("
            r"\alpha_k + n_k) - \log\Gamma(\alpha_k)$, $A = \sum_k \alpha_k$"
        ),
        shape="n = np.bincount(z, minlength=len(alpha))\nreturn gammaln(alpha.sum()) - ... + ...",
    ),
)


# ---------------------------------------------------------------- 7 the evidence by enumeration


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


def _mean_theta(alpha, z):
    return np.sum(np.log(alpha[z] / alpha.sum()))


def _of_these(keep):
    """The evidence from those z only of which ``keep(z)`` is true."""

    def wrong(alpha, topics, words):
        every = product(range(len(alpha)), repeat=len(words))
        held = [k for k, z in enumerate(every) if keep(z)]
        return float(logsumexp(_terms(alpha, topics, words)[held])) if held else -np.inf

    return wrong


def _priors(alpha, topics, words):
    return _terms(alpha, np.ones_like(topics), words)


def _likelihoods(alpha, topics, words):
    return _terms(alpha, topics, words, lambda alpha, z: 0.0)


def _sum_of_words(alpha, topics, words):
    every = [np.array(z) for z in product(range(len(alpha)), repeat=len(words))]
    each = [_log_prior_of_z(alpha, z) + np.log(topics[z, words].sum()) for z in every]
    return float(logsumexp(each))


def _one_topic_a_document(alpha, topics, words):
    log_terms = np.log(alpha / alpha.sum()) + np.log(topics[:, words]).sum(axis=1)
    return float(logsumexp(log_terms))


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
    minutes=12,
    why="K^N terms: with this function and patience you can do exact inference in LDA.",
    invariants=[_below_zero],
    mistakes=[
        Mistake(
            "You gave theta its prior mean, so that the tokens became independent and the sum fell "
            "apart. theta is unknown and shared by all tokens.",
            lambda alpha, topics, words: logsumexp(_terms(alpha, topics, words, _mean_theta)),
        ),
        Mistake(
            "That is a mixture of unigrams: one topic for the whole document. In LDA every token "
            "has its own z.",
            _one_topic_a_document,
        ),
        Mistake(
            "You took the largest term: the evidence adds up all K^N of them.",
            lambda alpha, topics, words: _terms(alpha, topics, words).max(),
        ),
        Mistake(
            "You summed the logarithms: the evidence is the log of a sum, not a sum of logs.",
            lambda alpha, topics, words: _terms(alpha, topics, words).sum(),
        ),
        Mistake(
            "You averaged over z instead of adding: log K^N is missing.",
            lambda alpha, topics, words: (
                logsumexp(_terms(alpha, topics, words)) - len(words) * np.log(len(alpha))
            ),
        ),
        Mistake(
            "p(z | alpha) is missing: you added the likelihoods of all z as if each had "
            "probability one.",
            lambda alpha, topics, words: logsumexp(
                _terms(alpha, topics, words, lambda alpha, z: 0.0)
            ),
        ),
        Mistake(
            "You returned all the terms log p(z, w); their exponentials have yet to be added.",
            lambda alpha, topics, words: _terms(alpha, topics, words),
        ),
        Mistake(
            "The logarithm is missing at the end: that is p(w).",
            lambda alpha, topics, words: np.exp(_log_evidence(alpha, topics, words)),
        ),
        Mistake(
            "The likelihood of the words is missing: p(z) alone sums to one, so you get log 1.",
            lambda alpha, topics, words: 0.0,
        ),
        Mistake(
            "You used each word only once, however often it occurs: tokens, not types.",
            lambda alpha, topics, words: (
                _log_evidence(alpha, topics, words[:-1])
                if len(set(words.tolist())) == len(words)
                else _log_evidence(alpha, topics, np.unique(words))
            ),
        ),
        Mistake(
            "You gave all z the same prior probability, K^-N: p(z | alpha) prefers those that use "
            "few topics often.",
            lambda alpha, topics, words: float(np.log(topics[:, words].mean(axis=0)).sum()),
        ),
        Mistake(
            "Your z are only those in ascending order (combinations): [0, 1] and [1, 0] are "
            "different values of z, and both count.",
            _of_these(lambda z: list(z) == sorted(z)),
        ),
        Mistake(
            "Your z use every topic at most once (permutations): several tokens may have the same"
            " topic.",
            _of_these(lambda z: len(set(z)) == len(z)),
        ),
        Mistake(
            "You added the words' probabilities inside the logarithm: the tokens' probabilities "
            "multiply.",
            _sum_of_words,
        ),
        Mistake(
            "You multiplied the two logarithms: log p(z | alpha) and the words' log probabilities"
            " are added.",
            lambda alpha, topics, words: logsumexp(
                _priors(alpha, topics, words) * _likelihoods(alpha, topics, words)
            ),
        ),
        Mistake(
            "You averaged the log joints over z: the evidence is the log of a sum.",
            lambda alpha, topics, words: _terms(alpha, topics, words).mean(),
        ),
        Mistake(
            "You added p(z | alpha) and the likelihood: they multiply.",
            lambda alpha, topics, words: np.log(
                np.sum(
                    np.exp(_priors(alpha, topics, words))
                    + np.exp(_likelihoods(alpha, topics, words))
                )
            ),
        ),
        Mistake(
            "You included the multinomial coefficient of the words: w is one particular order of "
            "the tokens.",
            lambda alpha, topics, words: (
                _log_evidence(alpha, topics, words)
                + _log_multinomial(np.ones(topics.shape[1]), words)
            ),
        ),
        Mistake(
            "You included the multinomial coefficient of z: the sum runs through every order of z"
            " already.",
            lambda alpha, topics, words: logsumexp(
                _terms(
                    alpha,
                    topics,
                    words,
                    lambda a, z: _log_prior_of_z(a, z) + _log_multinomial(a, z),
                )
            ),
        ),
        Mistake(
            "You took all alpha for one: use those given.",
            lambda alpha, topics, words: _log_evidence(np.ones_like(alpha), topics, words),
        ),
        Mistake(
            "You normalised the topics over the topics: each topic is a distribution over words "
            "as it is.",
            lambda alpha, topics, words: _log_evidence(alpha, topics / topics.sum(0), words),
        ),
        Mistake(
            "You averaged the log-likelihood over p(z | alpha): the likelihoods themselves are "
            "averaged. By Jensen's inequality yours lies below.",
            lambda alpha, topics, words: (
                np.exp(_priors(alpha, topics, words)) @ _likelihoods(alpha, topics, words)
            ),
        ),
        Mistake(
            "One factor of p(z | alpha) is missing, Gamma(A): then the prior does not sum to one.",
            lambda alpha, topics, words: _log_evidence(alpha, topics, words) - gammaln(alpha.sum()),
        ),
        Mistake(
            "The first fraction, Gamma(A) / Gamma(A + N), is missing from p(z | alpha).",
            lambda alpha, topics, words: (
                _log_evidence(alpha, topics, words)
                - gammaln(alpha.sum())
                + gammaln(alpha.sum() + len(words))
            ),
        ),
        Mistake(
            "You normalised over z: those are the posteriors p(z | w), of which the sum is one.",
            lambda alpha, topics, words: (
                _terms(alpha, topics, words) - _log_evidence(alpha, topics, words)
            ),
        ),
    ],
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


# ---------------------------------------------------------------- 8 stretch: by counts


def _evidence_by_counts(alpha, topics, words):
    return exact_by_counts(LDA(alpha, topics), words).log_evidence


def _long_cases(rng):
    for N in (2, 5, 12, 24, 30):
        alpha, _, topics, _, words = _document(rng, 2, 4, N)
        yield case(alpha, topics, words)


def _coefficients(topics, words):
    table = np.ones(1)
    for first, second in topics[:, words].T:
        table = np.append(second * table, 0) + np.append(0, first * table)
    return table


def _by_coefficients(alpha, topics, words, coefficients, order=None):
    N, n = len(words), np.arange(len(words) + 1)
    both = np.stack([n, N - n], axis=1)
    prior = gammaln(alpha + both).sum(axis=1) - gammaln(alpha).sum()
    prior += gammaln(alpha.sum()) - gammaln(alpha.sum() + N)
    return float(logsumexp(prior[::order], b=coefficients))


def _binomials(words):
    return np.array([float(comb(len(words), k)) for k in range(len(words) + 1)])


def _counted(formula):
    """A wrong answer from a formula of alpha, n, N, A and the coefficients, one term for each n."""

    def wrong(alpha, topics, words):
        N = len(words)
        return formula(alpha, np.arange(N + 1), N, alpha.sum(), _coefficients(topics, words))

    return wrong


def _log_prior_of_count(alpha, n, N):
    fraction = gammaln(alpha.sum()) - gammaln(alpha.sum() + N)
    above = gammaln(alpha[0] + n) + gammaln(alpha[1] + N - n)
    return fraction + above - gammaln(alpha).sum()


def _in_one_order(topics, words):
    """The first n tokens from topic 0, the others from topic 1."""
    first, second = topics[:, words]
    return np.array([first[:n].prod() * second[n:].prod() for n in range(len(words) + 1)])


def _overwritten(topics, words):
    """The coefficients of a loop that reads what it has just written."""
    c = np.append(1.0, np.zeros(len(words)))
    for word in words:
        for n in range(1, len(c)):
            c[n] = c[n] * topics[1, word] + c[n - 1] * topics[0, word]
        c[0] *= topics[1, word]
    return c


def _overwritten_upwards(topics, words):
    c = np.append(1.0, np.zeros(len(words)))
    for word in words:
        c[0] *= topics[1, word]
        for n in range(1, len(c)):
            c[n] = c[n] * topics[1, word] + c[n - 1] * topics[0, word]
    return c


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
    minutes=20,
    difficulty="stretch",
    why="From 2^N terms to N + 1: with two topics exact inference is easy. With twenty it is not.",
    invariants=[_below_zero],
    mistakes=[
        Mistake(
            "You weighted each count by a binomial coefficient and left the words out: different z "
            "with the same count have different products of beta, and those must be added up.",
            lambda alpha, topics, words: _by_coefficients(alpha, topics, words, _binomials(words)),
        ),
        Mistake(
            "You have the right coefficients but no p(z | alpha): each count n has its own prior "
            "probability, with theta integrated out.",
            lambda alpha, topics, words: float(np.log(_coefficients(topics, words).sum())),
        ),
        Mistake(
            "Your counts are the wrong way round: coefficient n belongs to n tokens of topic 0 and "
            "N - n of topic 1, but you gave the prior of N - n and n.",
            lambda alpha, topics, words: _by_coefficients(
                alpha, topics, words, _coefficients(topics, words), -1
            ),
        ),
        Mistake(
            "You used theta's prior mean: then the tokens are independent, and no counting would "
            "be needed. theta is unknown.",
            lambda alpha, topics, words: float(
                np.log(alpha / alpha.sum() @ topics[:, words]).sum()
            ),
        ),
        Mistake(
            "That is a mixture of unigrams: only n = 0 and n = N, a single topic for all tokens.",
            _one_topic_a_document,
        ),
        Mistake(
            "You gave all counts the same probability, 1 / (N + 1): that is right for alpha = 1 "
            "only, and then a count's probability is shared by all of its z.",
            lambda alpha, topics, words: float(
                np.log(np.sum(_coefficients(topics, words) / _binomials(words)) / (len(words) + 1))
            ),
        ),
        Mistake(
            "You multiplied each coefficient by the number of z with that count once more: the "
            "polynomial's coefficients have added them up already.",
            lambda alpha, topics, words: _by_coefficients(
                alpha, topics, words, _coefficients(topics, words) * _binomials(words)
            ),
        ),
        Mistake(
            "You took the largest count instead of the sum over all of them.",
            lambda alpha, topics, words: max(
                _by_coefficients(alpha, topics, words, keep * _coefficients(topics, words))
                for keep in np.eye(len(words) + 1)
            ),
        ),
        Mistake(
            "Gamma(A) is left out of p(z | alpha).",
            _counted(
                lambda alpha, n, N, A, c: (
                    logsumexp(_log_prior_of_count(alpha, n, N), b=c) - gammaln(A)
                )
            ),
        ),
        Mistake(
            "Gamma(A + N) is left out of p(z | alpha).",
            _counted(
                lambda alpha, n, N, A, c: (
                    logsumexp(_log_prior_of_count(alpha, n, N), b=c) + gammaln(A + N)
                )
            ),
        ),
        Mistake(
            "The fraction Gamma(A) / Gamma(A + N) is left out of p(z | alpha).",
            _counted(
                lambda alpha, n, N, A, c: (
                    logsumexp(_log_prior_of_count(alpha, n, N), b=c) - gammaln(A) + gammaln(A + N)
                )
            ),
        ),
        Mistake(
            "The division by Gamma(alpha_0) Gamma(alpha_1) is left out of p(z | alpha).",
            _counted(
                lambda alpha, n, N, A, c: (
                    logsumexp(_log_prior_of_count(alpha, n, N), b=c) + gammaln(alpha).sum()
                )
            ),
        ),
        Mistake(
            "The first count is missing: n runs from 0, no token of topic 0.",
            _counted(
                lambda alpha, n, N, A, c: logsumexp(_log_prior_of_count(alpha, n, N)[1:], b=c[1:])
            ),
        ),
        Mistake(
            "The last count is missing: n runs to N, all tokens of topic 0. That makes N + 1 "
            "counts.",
            _counted(
                lambda alpha, n, N, A, c: logsumexp(_log_prior_of_count(alpha, n, N)[:-1], b=c[:-1])
            ),
        ),
        Mistake(
            "The first and the last count are missing: n runs from 0 to N.",
            _counted(
                lambda alpha, n, N, A, c: logsumexp(
                    _log_prior_of_count(alpha, n, N)[1:-1], b=c[1:-1]
                )
            ),
        ),
        Mistake(
            "You took the first n tokens for those of topic 0: a coefficient adds up all choices "
            "of n tokens, not one order only.",
            lambda alpha, topics, words: _by_coefficients(
                alpha, topics, words, _in_one_order(topics, words)
            ),
        ),
        Mistake(
            "You took the first n tokens for those of topic 0 and multiplied by the number of "
            "choices: different choices have different products of beta, and those must be added "
            "up.",
            lambda alpha, topics, words: _by_coefficients(
                alpha, topics, words, _in_one_order(topics, words) * _binomials(words)
            ),
        ),
        Mistake(
            "Your loop overwrites a coefficient before the next one has read it: go downwards in "
            "n, or write into a new array.",
            lambda alpha, topics, words: _by_coefficients(
                alpha, topics, words, _overwritten(topics, words)
            ),
        ),
        Mistake(
            "Your loop overwrites a coefficient before the next one has read it: go downwards in "
            "n, or write into a new array.",
            lambda alpha, topics, words: _by_coefficients(
                alpha, topics, words, _overwritten_upwards(topics, words)
            ),
        ),
        Mistake(
            "You gave all counts the same weight: each has its own p(z | alpha).",
            _counted(lambda alpha, n, N, A, c: np.log(c.mean())),
        ),
        Mistake(
            "You averaged over the N + 1 counts: they are added up.",
            _counted(
                lambda alpha, n, N, A, c: (
                    logsumexp(_log_prior_of_count(alpha, n, N), b=c) - np.log(N + 1)
                )
            ),
        ),
        Mistake(
            "You summed the logarithms over n: the evidence is the log of a sum.",
            _counted(
                lambda alpha, n, N, A, c: np.sum(_log_prior_of_count(alpha, n, N) + np.log(c))
            ),
        ),
        Mistake(
            "If n tokens are of topic 0, N - n are of topic 1: you gave topic 1 n tokens as well.",
            _counted(
                lambda alpha, n, N, A, c: logsumexp(
                    gammaln(A)
                    - gammaln(A + N)
                    + gammaln(alpha[0] + n)
                    + gammaln(alpha[1] + n)
                    - gammaln(alpha).sum(),
                    b=c,
                )
            ),
        ),
        Mistake(
            "If n tokens are of topic 0, N - n are of topic 1: you gave topic 1 all N tokens.",
            _counted(
                lambda alpha, n, N, A, c: logsumexp(
                    gammaln(A)
                    - gammaln(A + N)
                    + gammaln(alpha[0] + n)
                    + gammaln(alpha[1] + N)
                    - gammaln(alpha).sum(),
                    b=c,
                )
            ),
        ),
        Mistake(
            "You added the coefficients to log p(z | alpha) without taking their logarithm.",
            _counted(lambda alpha, n, N, A, c: logsumexp(_log_prior_of_count(alpha, n, N) + c)),
        ),
        Mistake(
            "The first word is missing.",
            lambda alpha, topics, words: _evidence_by_counts(alpha, topics, words[1:]),
        ),
        Mistake(
            "The last word is missing.",
            lambda alpha, topics, words: _evidence_by_counts(alpha, topics, words[:-1]),
        ),
        Mistake(
            "You returned p(w); its logarithm is asked for.",
            _counted(
                lambda alpha, n, N, A, c: np.exp(logsumexp(_log_prior_of_count(alpha, n, N), b=c))
            ),
        ),
        Mistake(
            "The words are missing: that sums p(z | alpha) over one z for each count.",
            _counted(lambda alpha, n, N, A, c: logsumexp(_log_prior_of_count(alpha, n, N))),
        ),
        Mistake(
            "You returned the terms of all counts: add them up.",
            _counted(lambda alpha, n, N, A, c: _log_prior_of_count(alpha, n, N) + np.log(c)),
        ),
        Mistake(
            "You normalised the coefficients: their sum is part of the evidence.",
            _counted(
                lambda alpha, n, N, A, c: logsumexp(_log_prior_of_count(alpha, n, N), b=c / c.sum())
            ),
        ),
        Mistake(
            "You divided by the number of z with each count: the coefficients are sums over these"
            " z, not averages.",
            _counted(
                lambda alpha, n, N, A, c: logsumexp(
                    _log_prior_of_count(alpha, n, N)
                    + gammaln(n + 1)
                    + gammaln(N - n + 1)
                    - gammaln(N + 1),
                    b=c,
                )
            ),
        ),
        Mistake(
            "Gamma's argument has one too many: Gamma(alpha + n) stands in the formula as it is.",
            _counted(
                lambda alpha, n, N, A, c: logsumexp(
                    _log_prior_of_count(alpha + 1, n, N)
                    - gammaln(A + 2)
                    + gammaln(A + 2 + N)
                    + gammaln(A)
                    - gammaln(A + N),
                    b=c,
                )
            ),
        ),
        Mistake(
            "You used each word only once, however often it occurs: tokens, not types.",
            lambda alpha, topics, words: _evidence_by_counts(alpha, topics, np.unique(words)),
        ),
    ],
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
