"""The exercises of notebook 02a, the log-linear POS tagger.

features: (N, F).  tags: (N,), whole numbers from 0 to T - 1.  weights: (F, T).  prior_sd: one
number, the standard deviation of each weight's normal prior with mean zero.
"""

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from checks.kinds import ChooseQ, FindBug, Foretell, Number, Order, Paper
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case

progress = progress_for(__name__)

LOG_TAU = np.log(2 * np.pi)


def _data(rng):
    """(features, tags, weights, prior_sd) of sizes that are all different, smallest first."""
    for N, F, T in ((3, 1, 2), (4, 2, 3), (5, 3, 2), (7, 4, 3), (6, 5, 4)):
        features, weights = rng.normal(size=(N, F)), rng.normal(size=(F, T))
        yield features, rng.integers(T, size=N), weights, rng.uniform(0.4, 2.5)


def _far(rng):
    """Logits of about a thousand, where exp overflows."""
    return rng.uniform(500, 900, size=(3, 2)) * np.array([[1.0, -1.0]]), rng.normal(size=(2, 4))


def _apart(rng):
    """Two tokens, one of which has logits that lie about a thousand below the other's."""
    weights = np.stack([1000 + rng.normal(size=3), rng.normal(size=3)])
    return np.array([[1.0, 0.0], [0.0, 1.0]]), weights


# ---------------------------------------------------------------- 1 softmax


def _tag_probs(features, weights):
    return softmax(features @ weights, axis=1)


def _softmax_cases(rng):
    yield from (case(features, weights) for features, _, weights, _ in _data(rng))
    yield case(*_far(rng), label="logits around a thousand, where exp overflows")
    close = 1000 - rng.uniform(0.2, 2, size=(1, 3))
    yield case(np.ones((1, 1)), close, label="three logits just below a thousand")
    yield case(*_apart(rng), label="a token whose logits all lie a thousand below another's")


def _rows_sum_to_one(probs, features, weights):
    if np.shape(probs) != (features.shape[0], weights.shape[1]):
        return ""
    total = probs.sum(axis=1)[0]
    return "" if np.isclose(total, 1) else f"the first token's probabilities sum to {total:.4g}"


def _tag_probs_spelt_out(features, weights):
    logits = features @ weights
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


tag_probs = Task(
    "tag_probs",
    reference=_tag_probs,
    spelt_out=[_tag_probs_spelt_out],
    cases=_softmax_cases,
    returns="a row for each token, a column for each tag",
    minutes=3,
    difficulty="warm-up",
    why="This is the Gibbs distribution: scores that add, made into probabilities.",
    invariants=[_rows_sum_to_one],
    hints=Hints(
        nudge="First a score for each token and tag. What turns scores into a distribution?",
        equation=r"$p_{nt} = \exp(x_n^\top w_t) / \sum_u \exp(x_n^\top w_u)$",
        shape=(
            "logits = features @ ...\nlogits = logits - logits.max(axis=..., keepdims=True)\n"
            "return np.exp(logits) / ..."
        ),
    ),
)


# ---------------------------------------------------------------- 2 the log joint


def _picked(features, tags, weights):
    return log_softmax(features @ weights, axis=1)[np.arange(len(tags)), tags]


def _log_prior(weights, sd):
    return np.sum(-0.5 * (weights / sd) ** 2 - np.log(sd) - 0.5 * LOG_TAU)


def _log_joint(features, tags, weights, prior_sd):
    return _picked(features, tags, weights).sum() + _log_prior(weights, prior_sd)


def _data_cases(rng):
    yield from (case(*data) for data in _data(rng))


def _log_joint_spelt_out(features, tags, weights, prior_sd):
    logits = features @ weights
    log_probs = logits - logsumexp(logits, axis=1, keepdims=True)
    log_likelihood = log_probs[np.arange(len(tags)), tags].sum()
    log_prior = -0.5 * (weights / prior_sd) ** 2 - np.log(prior_sd) - 0.5 * np.log(2 * np.pi)
    return log_likelihood + log_prior.sum()


log_joint = Task(
    "log_joint",
    reference=_log_joint,
    spelt_out=[_log_joint_spelt_out],
    cases=_data_cases,
    returns="one number, in nats",
    points=2,
    minutes=5,
    why="Everything else in this notebook asks this one function: grid, Laplace and ELBO alike.",
    hints=Hints(
        nudge="A sum over tokens and a sum over weights. Which tag does each token contribute?",
        equation=(
            r"$\sum_n \log p(y_n \mid x_n, w) + \sum_{f,t} \big(-\tfrac{w_{ft}^2}{2\sigma^2} - "
            r"\log \sigma - \tfrac12 \log 2\pi\big)$"
        ),
        shape=(
            "logits = features @ weights\nlog_probs = logits - logsumexp(logits, ...)\n"
            "log_likelihood = log_probs[np.arange(len(tags)), ...].sum()\nreturn ... + ..."
        ),
    ),
)


# ---------------------------------------------------------------- 3 Bayes' rule on a grid


def _grid_posterior(log_joint, cell):
    return np.exp(log_joint - logsumexp(log_joint)) / cell


def _grid_cases(rng):
    for rows, columns in ((2, 3), (3, 5), (6, 4), (9, 7)):
        yield case(rng.normal(size=(rows, columns)) - 2, rng.uniform(0.05, 0.4))
    label = "a log joint around -2000, where exp underflows"
    yield case(rng.normal(size=(4, 5)) - 2000, rng.uniform(0.05, 0.4), label=label)


def _integrates_to_one(density, log_joint, cell):
    if np.shape(density) != log_joint.shape:
        return ""
    total = np.sum(density) * cell
    return "" if np.isclose(total, 1) else f"your density integrates to {total:.4g}, not to 1"


grid_posterior = Task(
    "grid_posterior",
    reference=_grid_posterior,
    cases=_grid_cases,
    returns="the posterior's density at each point of the grid",
    points=2,
    minutes=4,
    why="Where a grid is affordable, nobody needs a name for the posterior's form.",
    invariants=[_integrates_to_one],
    hints=Hints(
        nudge="The evidence is a volume: heights times areas. What must your answer integrate to?",
        equation=r"$p(w \mid y) = \dfrac{p(y, w)}{\sum_{w'} p(y, w')\, \Delta}$",
        shape="log_evidence = logsumexp(...) + np.log(...)\nreturn np.exp(log_joint - ...)",
    ),
)


# ---------------------------------------------------------------- 4 the gradient


def _gradient(features, tags, weights, prior_sd):
    probs = softmax(features @ weights, axis=1)
    return features.T @ (np.eye(weights.shape[1])[tags] - probs) - weights / prior_sd**2


gradient = Task(
    "gradient",
    reference=_gradient,
    cases=_data_cases,
    returns="one number for each weight, (F, T)",
    points=2,
    minutes=7,
    why="What the features saw, minus what the model expects them to see, minus the prior's pull.",
    hints=Hints(
        nudge="How does the log-likelihood of one token change with the logit of each tag?",
        equation=(
            r"$\partial / \partial w_{ft} = \sum_n x_{nf} \big([y_n = t] - p_{nt}\big) - "
            r"w_{ft} / \sigma^2$"
        ),
        shape=(
            "probs = softmax(features @ weights, axis=1)\n"
            "observed = np.eye(weights.shape[1])[tags]   # (N, T)\nreturn features.T @ (...) - ..."
        ),
    ),
)


# ---------------------------------------------------------------- 5 a derivation


def _expected_log_prior(mean, sd, prior_sd):
    return -np.log(prior_sd) - 0.5 * LOG_TAU - (mean**2 + sd**2) / (2 * prior_sd**2)


def _normal_cases(rng):
    for _ in range(6):
        yield case(rng.uniform(0.5, 3) * rng.choice([-1, 1]), *rng.uniform(0.3, 2.5, size=2))


def _expected_log_prior_spelt_out(mean, sd, prior_sd):
    constant = -np.log(prior_sd) - 0.5 * np.log(2 * np.pi)
    return constant - (mean**2 + sd**2) / (2 * prior_sd**2)


expected_log_prior = Derivation(
    "expected_log_prior",
    above=r"\mathbb{E}_{\mathcal{N}(w;\, m, s^2)}\big[\log \mathcal{N}(w;\, 0, \sigma^2)\big]",
    reference=_expected_log_prior,
    spelt_out=[_expected_log_prior_spelt_out],
    cases=_normal_cases,
    minutes=4,
    why="Of the bound's terms this one has a closed form; the log-sum-exp has none.",
    hints=Hints(
        nudge="The log density is a constant minus a square. What is E[w^2] under q?",
        equation=r"$\mathbb{E}_q[w^2] = m^2 + s^2$",
        shape="return -np.log(prior_sd) - 0.5 * np.log(2 * np.pi) - (...) / (...)",
    ),
)


# ---------------------------------------------------------------- 6 a prediction

never_contradicted = Prediction(
    "never_contradicted",
    question=(
        "A feature holds of 100 tokens, all of them nouns. Its weight for NOUN has a prior "
        "Normal(0, 2^2). Where is the greatest-ELBO Gaussian's mean, compared with the "
        "posterior's mode?"
    ),
    choices={
        "below": (
            "Below the mode the likelihood falls steeply, so mass there is expensive for q. Draw "
            "the log posterior along the weight: on which side is it steeper?"
        ),
        "at the mode": (
            "That is where Laplace puts it. The ELBO looks wherever q has mass, and this posterior "
            "is not symmetric around its mode."
        ),
        "above": (
            "Left of the mode the posterior falls steeply and right of it slowly, and q must not "
            "have mass where the posterior has almost none. So q moves to the right, and so does "
            "the posterior's own mean."
        ),
    },
    right="above",
    hints=Hints(
        nudge="The likelihood forbids small weights and does not mind large ones.",
        equation=r"$\log p(w \mid y) = -100 \log(1 + e^{-w}) - w^2 / 8 + \text{const}$",
        shape=(
            "w = np.linspace(-2, 12, 1401)\na = -100 * np.logaddexp(0, -w) - w**2 / 8\n"
            "p = np.exp(a - a.max()); p /= p.sum()\nprint(w[p.argmax()], w @ p)"
        ),
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 7 averaging over q


def _average(weights, features):
    return softmax(features @ weights, axis=-1).mean(axis=0)


def _draw_cases(rng):
    for S, N, F, T in ((2, 1, 1, 3), (3, 2, 4, 2), (5, 4, 2, 3), (7, 3, 5, 4)):
        yield case(2 * rng.normal(size=(S, F, T)), rng.normal(size=(N, F)))


average_over_q = Task(
    "average_over_q",
    reference=_average,
    cases=_draw_cases,
    returns="a row for each token, a column for each tag",
    points=2,
    minutes=4,
    why="Draws of the weights that disagree make the average less sure: that is the calibration.",
    hints=Hints(
        nudge="One prediction for each draw of the weights; then what? Mind the order.",
        equation=r"$p(y = t \mid x) \approx \frac1S \sum_s \text{softmax}(x^\top w^{(s)})_t$",
        shape=(
            "predictions = [softmax(features @ w, axis=1) for w in weights]\n"
            "return np.mean(..., axis=...)"
        ),
    ),
)


# ---------------------------------------------------------------- 8 stretch: the ELBO


def _log_joint_one(features, is_noun, prior_sd):
    """log p(y, w) of one weight as a function of an array of w."""
    sign = np.where(is_noun, 1.0, -1.0)

    def joint(w):
        w = np.asarray(w, dtype=float)
        likelihood = -np.logaddexp(0, -sign * features * w[..., None]).sum(axis=-1)
        return likelihood - 0.5 * (w / prior_sd) ** 2 - np.log(prior_sd) - 0.5 * LOG_TAU

    return joint


def _elbo(mean, sd, log_joint, nodes, weights):
    return weights @ log_joint(mean + sd * nodes) + np.log(sd) + 0.5 * (LOG_TAU + 1)


def _elbo_cases(rng):
    for points, n in ((7, 1), (9, 3), (12, 6), (15, 10), (20, 25)):
        nodes, weights = np.polynomial.hermite_e.hermegauss(points)
        features, noun = rng.normal(size=n), rng.random(n) < 0.6
        joint = _log_joint_one(features, noun, rng.uniform(0.5, 2))
        mean, sd = 2 * rng.normal(), rng.uniform(0.3, 2)
        yield case(mean, sd, joint, nodes, weights / weights.sum())


def _below_evidence(elbo, mean, sd, log_joint, nodes, weights):
    if np.ndim(elbo) != 0:
        return ""
    w = np.linspace(-15, 15, 3001)
    log_evidence = logsumexp(log_joint(w)) + np.log(w[1] - w[0])
    if elbo <= log_evidence + 1e-6:
        return ""
    return f"your bound is {elbo - log_evidence:.3g} above log p(y): a lower bound cannot be"


elbo = Task(
    "elbo",
    reference=_elbo,
    cases=_elbo_cases,
    returns="one number, in nats",
    points=3,
    minutes=8,
    difficulty="stretch",
    why="With this function and any optimiser you can fit a Gaussian to any posterior.",
    invariants=[_below_evidence],
    hints=Hints(
        nudge="Two terms: an average of the log joint over q's points, and how wide q is.",
        equation=(r"$\sum_k v_k \log p(y, m + s e_k) + \log s + \tfrac12 (1 + \log 2\pi)$"),
        shape=(
            "points = mean + ...\nexpected_log_joint = weights @ ...\n"
            "entropy = np.log(...) + ...\nreturn ..."
        ),
    ),
)

# ---------------------------------------------------------------- 9 Laplace, in order

laplace_in_order = Order(
    "laplace_in_order",
    lines={
        "A": r"Let $H$ be the matrix of second derivatives of $\log p(y, w \mid x)$ at $\hat w$.",
        "B": r"Take $q(w) = \mathcal{N}(\hat w, \Sigma)$.",
        "C": r"Set $\Sigma = -H$.",
        "D": r"Climb from any $w$ by the gradient of $\log p(y, w \mid x)$ to its top, $\hat w$.",
        "E": r"Set $\Sigma = (-H)^{-1}$.",
        "F": r"Average $w$ over the posterior; call the result $\hat w$.",
    },
    right="DAEB",
    reasons={
        "A": "The curvature is taken at the mode, which must have been found.",
        "B": "q needs its covariance, too: it comes last.",
        "C": "A strong curvature means a narrow q: the covariance is an inverse.",
        "D": "It is where everything begins.",
        "E": "The covariance comes out of the curvature at the mode.",
        "F": "That would be the posterior's mean, an integral that we cannot do.",
    },
    points=2,
    minutes=3,
    why="A mode and a curvature: Laplace's method looks at one point.",
    hints=Hints(
        nudge="What does the method look at, and where?",
        equation=r"$\log \mathcal{N}(w; \hat w, \Sigma)$ has the second derivatives $-\Sigma^{-1}$",
        shape='return "..."    # four letters',
    ),
)


# ---------------------------------------------------------------- 10 find the bug


def _minus_kl_with_a_bug(mean, sd, prior_sd):
    expected = -np.log(prior_sd) - 0.5 * np.log(2 * np.pi)
    expected = expected - (mean**2 + sd) / (2 * prior_sd**2)
    entropy = np.log(sd) + 0.5 * np.log(2 * np.pi) + 0.5
    return expected + entropy


def _minus_kl(mean, sd, prior_sd):
    return _expected_log_prior(mean, sd, prior_sd) + np.log(sd) + 0.5 * (LOG_TAU + 1)


minus_kl_with_a_bug = FindBug(
    "minus_kl_with_a_bug",
    buggy=_minus_kl_with_a_bug,
    right=_minus_kl,
    line=3,
    example=(0.0, 2.0, 1.0),
    reasons={
        2: "It is the normaliser of the prior, as a logarithm.",
        4: "It is the entropy of a normal: (1 + log 2 pi) / 2 + log sd.",
        5: "Expected log prior plus entropy is minus the KL divergence, if both are right.",
    },
    refuse=lambda mean, sd, prior_sd: (
        "" if np.ndim(sd) == 0 and sd > 0 and prior_sd > 0 else "both sds must be positive numbers"
    ),
    points=2,
    minutes=4,
    why="The mean of w squared is mean squared plus variance; at sd = 1 nobody sees the slip.",
    hints=Hints(
        nudge="With q equal to the prior the result must be 0. For which prior is it not?",
        equation=r"$\mathbb{E}_q[w^2] = m^2 + s^2$",
        shape="return LINE, (MEAN, SD, PRIOR_SD)",
    ),
)


# ---------------------------------------------------------------- 11 choose a q

RIDGE = np.array([[1.0, -0.9], [-0.9, 1.0]])  # the posterior's covariance


def _measured_on_the_ridge(q):
    """What the greatest ELBO leaves of the ridge: a diagonal q keeps the precisions."""
    sds = {
        "full": np.sqrt(np.diag(RIDGE)),
        "diagonal": 1 / np.sqrt(np.diag(np.linalg.inv(RIDGE))),
        "the prior": np.full(2, 2.0),
    }
    return {"sd": float(sds[q][0]), "sum": "known well" if q == "full" else "too uncertain"}


q_for_two_endings = ChooseQ(
    "q_for_two_endings",
    choices={
        "diagonal": "It takes the two weights for independent, and the ridge is not.",
        "full": "It has a number for how the two weights go together.",
        "the prior": "It has not seen the text: nothing about the ridge is in it.",
    },
    good="full",
    foretell={
        "sd": Foretell("You foretold an sd of {told} for one weight; q has {measured}.", rtol=0.1),
        "sum": Foretell(
            "You foretold that the sum of the two weights is {told}; under q it is {measured}.",
            choices=("known well", "too uncertain"),
        ),
    },
    measure=_measured_on_the_ridge,
    points=2,
    minutes=5,
    why="A normal posterior and a full normal q: the ELBO reaches the evidence.",
    hints=Hints(
        nudge="What does the posterior know best: one weight, the other, or their sum?",
        equation=r"var$(w_1 + w_2) = 1 + 1 - 2 \cdot 0.9$",
        shape='return {"q": "...", "sd": ..., "sum": "..."}',
    ),
)


# ---------------------------------------------------------------- 12 a number

numbers_of_a_q = Number(
    "numbers_of_a_q",
    question="How many numbers does a Gaussian over 30 weights have, with a full covariance?",
    right=495,
    rtol=0.0,
    atol=0.5,
    ranges=(
        (930, 930, "A covariance is symmetric: you counted every pair of weights twice."),
        (465, 465, "That is the covariance; the means are missing."),
        (60, 60, "That is a diagonal Gaussian: means and variances."),
        (435, 435, "These are the pairs; the variances and the means are missing."),
        (900, 900, "That is every entry of the matrix, which is symmetric; and there are means."),
    ),
    minutes=2,
    difficulty="warm-up",
    why="30 means, 30 variances, and a covariance for each of the 435 pairs.",
    hints=Hints(
        nudge="Means, variances, and one number for each pair.",
        equation=r"$n + n + n(n-1)/2$",
        shape="return ...",
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 13 on paper

entropy_on_paper = Paper(
    "entropy_on_paper",
    rubric=(
        (1, "the entropy written as minus the expectation of the log density of q"),
        (1, "the log density split into its constant and its square"),
        (1, "the expected square is the variance, so that the square contributes one half"),
        (1, "the result, and that the mean does not occur in it"),
    ),
    minutes=6,
)
