"""The exercises of notebook 02a, the log-linear POS tagger.

features: (N, F).  tags: (N,), whole numbers from 0 to T - 1.  weights: (F, T).  prior_sd: one
number, the standard deviation of each weight's normal prior with mean zero.
"""

import numpy as np
from scipy.special import expit, log_softmax, logsumexp, softmax

from helpers.checks.progress import progress_for
from helpers.checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case

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


# ---------------------------------------------------------------- 1 softmax


def _tag_probs(features, weights):
    return softmax(features @ weights, axis=1)


def _softmax_cases(rng):
    yield from (case(features, weights) for features, _, weights, _ in _data(rng))
    yield case(*_far(rng), label="logits around a thousand, where exp overflows")
    close = 1000 - rng.uniform(0.2, 2, size=(1, 3))
    yield case(np.ones((1, 1)), close, label="three logits just below a thousand")


def _rows_sum_to_one(probs, features, weights):
    if np.shape(probs) != (features.shape[0], weights.shape[1]):
        return ""
    total = probs.sum(axis=1)[0]
    return "" if np.isclose(total, 1) else f"the first token's probabilities sum to {total:.4g}"


def _quiet(function):
    """The function with NumPy's warnings off: overflow is the very mistake."""

    def run(*inputs):
        with np.errstate(all="ignore"):
            return function(*inputs)

    return run


def _naive(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


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
    minutes=5,
    difficulty="warm-up",
    why="This is the Gibbs distribution: scores that add, made into probabilities.",
    invariants=[_rows_sum_to_one],
    mistakes=[
        Mistake(
            "Right on paper, but exp(1000) is infinite in a computer: subtract each token's "
            "greatest logit first, which changes nothing else.",
            _quiet(lambda x, w: _naive(x @ w)),
        ),
        Mistake(
            "You normalised over the tokens: each token's probabilities must sum to one over the "
            "tags (axis 1).",
            lambda x, w: softmax(x @ w, axis=0),
        ),
        Mistake(
            "You normalised over all tokens and tags together: each token has a distribution of "
            "its own.",
            lambda x, w: softmax(x @ w),
        ),
        Mistake(
            "Those are the logits: they still have to be exponentiated and normalised.",
            lambda x, w: x @ w,
        ),
        Mistake(
            "You returned log-probabilities; the probabilities are asked for.",
            lambda x, w: log_softmax(x @ w, axis=1),
        ),
        Mistake(
            "You did not normalise: divide by the sum over the tags.",
            _quiet(lambda x, w: np.exp(x @ w)),
        ),
        Mistake(
            "You squashed each logit by itself (the logistic function): tags compete, so each "
            "row's probabilities must come from a softmax.",
            lambda x, w: expit(x @ w),
        ),
        Mistake(
            "You divided the logits by their sum without exponentiating: probabilities would "
            "become negative.",
            lambda x, w: (x @ w) / (x @ w).sum(axis=1, keepdims=True),
        ),
        Mistake(
            "Your softmax has the sign of the logits flipped: a greater score must mean a greater "
            "probability.",
            lambda x, w: softmax(-(x @ w), axis=1),
        ),
    ],
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
    minutes=8,
    why="Everything else in this notebook asks this one function: grid, Laplace and ELBO alike.",
    mistakes=[
        Mistake(
            "The prior is missing: that is log p(y | x, w), the log-likelihood.",
            lambda x, y, w, s: _picked(x, y, w).sum(),
        ),
        Mistake(
            "The likelihood is missing: that is log p(w), the log prior.",
            lambda x, y, w, s: _log_prior(w, s),
        ),
        Mistake(
            "Your prior lacks its normaliser: each weight contributes -log sd - log(2 pi) / 2 too.",
            lambda x, y, w, s: _picked(x, y, w).sum() - 0.5 * np.sum((w / s) ** 2),
        ),
        Mistake(
            "You took the prior's standard deviation for its variance: the square in the exponent "
            "is divided by prior_sd squared.",
            lambda x, y, w, s: _picked(x, y, w).sum() + _log_prior(w, np.sqrt(s)),
        ),
        Mistake(
            "You forgot the softmax's normaliser: log sum exp of the token's logits is subtracted.",
            lambda x, y, w, s: (x @ w)[np.arange(len(y)), y].sum() + _log_prior(w, s),
        ),
        Mistake(
            "You summed the log-probabilities of all tags: each token contributes that of its own "
            "tag only.",
            lambda x, y, w, s: log_softmax(x @ w, axis=1).sum() + _log_prior(w, s),
        ),
        Mistake(
            "You added probabilities instead of log-probabilities over the tokens.",
            lambda x, y, w, s: np.exp(_picked(x, y, w)).sum() + _log_prior(w, s),
        ),
        Mistake(
            "You averaged over the tokens: each token counts in full, so the log-likelihood is a "
            "sum.",
            lambda x, y, w, s: _picked(x, y, w).mean() + _log_prior(w, s),
        ),
        Mistake(
            "You normalised the softmax over the tokens instead of over the tags.",
            lambda x, y, w, s: (
                log_softmax(x @ w, axis=0)[np.arange(len(y)), y].sum() + _log_prior(w, s)
            ),
        ),
        Mistake(
            "You subtracted the log prior: the joint is a product, so its log is a sum.",
            lambda x, y, w, s: _picked(x, y, w).sum() - _log_prior(w, s),
        ),
        Mistake(
            "Your prior's normaliser is counted once: every weight has one of its own.",
            lambda x, y, w, s: (
                _picked(x, y, w).sum() - 0.5 * np.sum((w / s) ** 2) - np.log(s) - 0.5 * LOG_TAU
            ),
        ),
        Mistake(
            "The half is missing in the prior's exponent: it is -(w / sd)^2 / 2.",
            lambda x, y, w, s: _log_joint(x, y, w, s) - 0.5 * np.sum((w / s) ** 2),
        ),
    ],
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
    minutes=8,
    why="Where a grid is affordable, nobody needs a name for the posterior's form.",
    invariants=[_integrates_to_one],
    mistakes=[
        Mistake(
            "Right on paper, but exp(-2000) is 0 in a computer: subtract the log evidence before "
            "you exponentiate.",
            _quiet(lambda a, c: np.exp(a) / (np.exp(a).sum() * c)),
        ),
        Mistake(
            "That is the joint p(y, w): divide by the evidence to get the posterior.",
            lambda a, c: np.exp(a),
        ),
        Mistake(
            "Those are the masses of the grid's cells, which sum to one; the density integrates to "
            "one, so divide by the area of a cell.",
            lambda a, c: np.exp(a - logsumexp(a)),
        ),
        Mistake(
            "You multiplied by the cell's area where a density divides by it: evidence = sum of "
            "the joint times the area.",
            lambda a, c: np.exp(a - logsumexp(a)) * c,
        ),
        Mistake(
            "That is the log of the density; the density is asked for.",
            lambda a, c: a - logsumexp(a) - np.log(c),
        ),
        Mistake(
            "You normalised along one axis only: that is a conditional density of one weight given "
            "the other. The evidence sums over both.",
            lambda a, c: softmax(a, axis=0) / c,
        ),
        Mistake(
            "You normalised each row by itself: the evidence sums over both weights.",
            lambda a, c: softmax(a, axis=1) / c,
        ),
        Mistake(
            "You divided by the greatest value: the height of the mode is not the evidence.",
            lambda a, c: np.exp(a - a.max()),
        ),
        Mistake(
            "You summed one weight out: that is a marginal; the posterior over both is asked for.",
            lambda a, c: np.exp(a - logsumexp(a)).sum(axis=1) / c,
        ),
        Mistake(
            "You returned the evidence; the posterior is the joint divided by it.",
            lambda a, c: np.exp(logsumexp(a)) * c,
        ),
        Mistake(
            "You divided the logs: subtract the log evidence, then exponentiate.",
            lambda a, c: np.exp(a / (logsumexp(a) + np.log(c))),
        ),
    ],
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


def _parts(x, y, w):
    probs = softmax(x @ w, axis=1)
    return x.T @ np.eye(w.shape[1])[y], x.T @ probs


gradient = Task(
    "gradient",
    reference=_gradient,
    cases=_data_cases,
    returns="one number for each weight, (F, T)",
    points=2,
    minutes=12,
    why="What the features saw, minus what the model expects them to see, minus the prior's pull.",
    mistakes=[
        Mistake(
            "The prior's pull is missing: that is the gradient of the log-likelihood.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)),
        ),
        Mistake(
            "The prior pulls towards zero: its gradient is subtracted, -w / sd^2.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) + w / s**2,
        ),
        Mistake(
            "You divided by the prior's standard deviation; the pull is w divided by its square, "
            "the variance.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - w / s,
        ),
        Mistake(
            "What the model expects (features times probabilities) is missing: it comes from the "
            "softmax's normaliser.",
            lambda x, y, w, s: _parts(x, y, w)[0] - w / s**2,
        ),
        Mistake(
            "The observed tags are missing: only the expected counts are there.",
            lambda x, y, w, s: -_parts(x, y, w)[1] - w / s**2,
        ),
        Mistake(
            "The likelihood's part has its sign flipped: observed minus expected.",
            lambda x, y, w, s: -np.subtract(*_parts(x, y, w)) - w / s**2,
        ),
        Mistake(
            "You added observed and expected: the gradient is their difference.",
            lambda x, y, w, s: np.add(*_parts(x, y, w)) - w / s**2,
        ),
        Mistake(
            "You normalised the softmax over the tokens instead of over the tags.",
            lambda x, y, w, s: x.T @ (np.eye(w.shape[1])[y] - softmax(x @ w, axis=0)) - w / s**2,
        ),
        Mistake(
            "You averaged over the tokens: the log-likelihood is a sum over tokens, and so is its "
            "gradient.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) / len(y) - w / s**2,
        ),
        Mistake(
            "You used the logits where the probabilities belong: put them through the softmax.",
            lambda x, y, w, s: x.T @ (np.eye(w.shape[1])[y] - x @ w) - w / s**2,
        ),
        Mistake(
            "You doubled the prior's pull: the half in the exponent cancels the two of the square.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - 2 * w / s**2,
        ),
    ],
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
    minutes=6,
    why="Of the bound's terms this one has a closed form; the log-sum-exp has none.",
    mistakes=[
        Mistake(
            "You put the mean into the log prior: the expectation of a square is the mean's square "
            "plus the variance.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - m**2 / (2 * p**2),
        ),
        Mistake(
            "The mean is missing: E[w^2] is m^2 + s^2, not only the variance.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - s**2 / (2 * p**2),
        ),
        Mistake(
            "You added the standard deviation where the variance belongs: E[w^2] = m^2 + s^2.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - (m**2 + s) / (2 * p**2),
        ),
        Mistake(
            "You divided by the prior's standard deviation instead of its variance.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - (m**2 + s**2) / (2 * p),
        ),
        Mistake(
            "The prior's normaliser is missing: -log sd - log(2 pi) / 2.",
            lambda m, s, p: -(m**2 + s**2) / (2 * p**2),
        ),
        Mistake(
            "You added the entropy of q: that belongs to the bound, but not to this term.",
            lambda m, s, p: _expected_log_prior(m, s, p) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "That is KL(q || prior): it is minus this term minus the entropy of q.",
            lambda m, s, p: -_expected_log_prior(m, s, p) - np.log(s) - 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "The half in the exponent is missing.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - (m**2 + s**2) / p**2,
        ),
        Mistake(
            "You exchanged the two standard deviations: it is the prior's log density, averaged "
            "over q.",
            lambda m, s, p: -np.log(s) - 0.5 * LOG_TAU - (m**2 + p**2) / (2 * s**2),
        ),
        Mistake(
            "You subtracted the variance: E[w^2] = m^2 + s^2, the spread makes squares greater.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - (m**2 - s**2) / (2 * p**2),
        ),
    ],
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
    minutes=8,
    why="Draws of the weights that disagree make the average less sure: that is the calibration.",
    mistakes=[
        Mistake(
            "You averaged the weights and predicted once: the softmax is not linear, so the "
            "average of predictions is another thing, and less sure.",
            lambda w, x: softmax(x @ w.mean(axis=0), axis=-1),
        ),
        Mistake(
            "You averaged log-probabilities: their exponentials need not sum to one.",
            lambda w, x: np.exp(log_softmax(x @ w, axis=-1).mean(axis=0)),
        ),
        Mistake(
            "You have the prediction of one draw: average over all of them.",
            lambda w, x: softmax(x @ w[0], axis=-1),
        ),
        Mistake(
            "You did not average: there is still one prediction for each draw.",
            lambda w, x: softmax(x @ w, axis=-1),
        ),
        Mistake(
            "You summed over the draws: an expectation is an average.",
            lambda w, x: softmax(x @ w, axis=-1).sum(axis=0),
        ),
        Mistake(
            "You took a majority vote of the draws: each counts with its probabilities, not with "
            "its first choice.",
            lambda w, x: np.eye(w.shape[2])[(x @ w).argmax(axis=-1)].mean(axis=0),
        ),
        Mistake(
            "You multiplied the draws' predictions and normalised: draws are possibilities to be "
            "averaged, not independent witnesses.",
            lambda w, x: softmax(log_softmax(x @ w, axis=-1).sum(axis=0), axis=-1),
        ),
        Mistake(
            "You normalised over the tokens instead of over the tags.",
            lambda w, x: softmax(x @ w, axis=1).mean(axis=0),
        ),
        Mistake(
            "You averaged the tokens away: each token keeps a prediction of its own.",
            lambda w, x: softmax(x @ w, axis=-1).mean(axis=(0, 1)),
        ),
        Mistake(
            "You returned the most probable tag; its distribution is asked for.",
            lambda w, x: _average(w, x).argmax(axis=1),
        ),
        Mistake(
            "You averaged the logits' exponentials and normalised once: each draw has a normaliser "
            "of its own.",
            lambda w, x: softmax(logsumexp(x @ w, axis=0), axis=-1),
        ),
    ],
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
    minutes=15,
    difficulty="stretch",
    why="With this function and any optimiser you can fit a Gaussian to any posterior.",
    invariants=[_below_evidence],
    mistakes=[
        Mistake(
            "The entropy is missing: that is the expected log joint alone, and it is greatest for "
            "a q that has collapsed onto the mode.",
            lambda m, s, f, e, v: v @ f(m + s * e),
        ),
        Mistake(
            "The entropy has the wrong sign: a wide q is rewarded, so it is added.",
            lambda m, s, f, e, v: v @ f(m + s * e) - np.log(s) - 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You evaluated the log joint at the nodes themselves: they belong to a standard "
            "normal; q's points are mean + sd * nodes.",
            lambda m, s, f, e, v: v @ f(e) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You evaluated the log joint at the mean only: that is Laplace's view, not the "
            "expectation.",
            lambda m, s, f, e, v: f(m) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You used the variance where the standard deviation stretches the nodes.",
            lambda m, s, f, e, v: v @ f(m + s**2 * e) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "Your entropy lacks a half somewhere: it is log sd + (1 + log 2 pi) / 2.",
            lambda m, s, f, e, v: v @ f(m + s * e) + np.log(s) + (LOG_TAU + 1),
        ),
        Mistake(
            "Your entropy lacks its constant, (1 + log 2 pi) / 2.",
            lambda m, s, f, e, v: v @ f(m + s * e) + np.log(s),
        ),
        Mistake(
            "Your entropy takes the variance for the standard deviation: log sd is half the log of "
            "the variance.",
            lambda m, s, f, e, v: v @ f(m + s * e) + 2 * np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You averaged the joint and took the log: by Jensen's inequality that is above the "
            "average of the log, and it is no bound with an entropy added.",
            lambda m, s, f, e, v: logsumexp(f(m + s * e), b=v) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You gave all nodes the same weight: outer nodes count far less, as `weights` says.",
            lambda m, s, f, e, v: f(m + s * e).mean() + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You forgot the mean: q's points are mean + sd * nodes.",
            lambda m, s, f, e, v: v @ f(s * e) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You forgot the standard deviation: q's points are mean + sd * nodes.",
            lambda m, s, f, e, v: v @ f(m + e) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You stretched the nodes by sqrt(2): that belongs to nodes for the weight exp(-e^2); "
            "these are for a standard normal.",
            lambda m, s, f, e, v: v @ f(m + np.sqrt(2) * s * e) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You divided by sqrt(pi): the given weights sum to one already.",
            lambda m, s, f, e, v: (
                v @ f(m + s * e) / np.sqrt(np.pi) + np.log(s) + 0.5 * (LOG_TAU + 1)
            ),
        ),
        Mistake(
            "You exponentiated the log joint: the bound averages log p, not p.",
            lambda m, s, f, e, v: v @ np.exp(f(m + s * e)) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You standardised the nodes, (e - mean) / sd: they are standard already, and q's "
            "points are mean + sd * nodes.",
            lambda m, s, f, e, v: v @ f((e - m) / s) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "Your entropy has log(sd) / 2 where log(sd) belongs: half the log of the variance is "
            "the whole log of the standard deviation.",
            lambda m, s, f, e, v: v @ f(m + s * e) + 0.5 * np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "Your entropy lacks the + 1: (1 + log 2 pi) / 2 comes from E[(w - m)^2] / sd^2 = 1.",
            lambda m, s, f, e, v: v @ f(m + s * e) + np.log(s) + 0.5 * LOG_TAU,
        ),
    ],
    hints=Hints(
        nudge="Two terms: an average of the log joint over q's points, and how wide q is.",
        equation=(r"$\sum_k v_k \log p(y, m + s e_k) + \log s + \tfrac12 (1 + \log 2\pi)$"),
        shape=(
            "points = mean + ...\nexpected_log_joint = weights @ ...\n"
            "entropy = np.log(...) + ...\nreturn ..."
        ),
    ),
)
