"""The exercises of notebook 02a, the log-linear POS tagger.

features: (N, F).  tags: (N,), whole numbers from 0 to T - 1.  weights: (F, T).  prior_sd: one
number, the standard deviation of each weight's normal prior with mean zero.
"""

import numpy as np
from scipy.special import expit, log_softmax, logsumexp, softmax

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case

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
        Mistake(
            "You did not normalise: divide by the sum over the tags.",
            lambda x, w: np.exp(x @ w - (x @ w).max(axis=1, keepdims=True)),
        ),
        Mistake(
            "You did not normalise: divide by the sum over the tags.",
            lambda x, w: np.exp(x @ w - (x @ w).max()),
        ),
        Mistake(
            "You subtracted the greatest logit of the whole table: a token whose logits all lie "
            "far below it underflows to 0 / 0. Subtract each token's own.",
            _quiet(lambda x, w: _naive(x @ w - (x @ w).max())),
        ),
        Mistake(
            "You subtracted the greatest logit of each tag (axis 0): what is subtracted must be "
            "the same for all tags of a token, or the probabilities change.",
            _quiet(lambda x, w: _naive(x @ w - (x @ w).max(axis=0))),
        ),
        Mistake(
            "You cut the logits off at a limit so that exp does not overflow: tags beyond it "
            "become equally probable. Subtract each token's greatest logit instead.",
            lambda x, w: _naive(np.clip(x @ w, -50, 50)),
        ),
        Mistake(
            "You cut the logits off at a limit so that exp does not overflow: tags beyond it "
            "become equally probable. Subtract each token's greatest logit instead.",
            lambda x, w: _naive(np.clip(x @ w, -100, 100)),
        ),
        Mistake(
            "You cut the logits off at a limit so that exp does not overflow: tags beyond it "
            "become equally probable. Subtract each token's greatest logit instead.",
            lambda x, w: _naive(np.clip(x @ w, -500, 500)),
        ),
        Mistake(
            "You cut the logits off at a limit so that exp does not overflow: tags beyond it "
            "become equally probable. Subtract each token's greatest logit instead.",
            lambda x, w: _naive(np.clip(x @ w, -700, 700)),
        ),
        Mistake(
            "You took the softmax of the weights and then multiplied by the features: first the "
            "scores, x @ w, and then the softmax of each token's scores.",
            lambda x, w: x @ softmax(w, axis=1),
        ),
        Mistake(
            "You took the softmax of the weights and then multiplied by the features: first the "
            "scores, x @ w, and then the softmax of each token's scores.",
            lambda x, w: x @ softmax(w, axis=0),
        ),
        Mistake(
            "You squared the scores before the softmax: it is exp of the score itself, which may "
            "be negative.",
            lambda x, w: softmax((x @ w) ** 2, axis=1),
        ),
        Mistake(
            "You divided the absolute scores by their sum: exp makes them positive, and a "
            "negative score is a small probability, not a large one.",
            lambda x, w: np.abs(x @ w) / np.abs(x @ w).sum(axis=1, keepdims=True),
        ),
        Mistake(
            "You shifted the logits to zero and divided by their sum: exponentiate before you "
            "normalise.",
            _quiet(
                lambda x, w: (
                    (x @ w - (x @ w).min(axis=1, keepdims=True))
                    / (x @ w - (x @ w).min(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
                )
            ),
        ),
        Mistake(
            "You took powers of 2: the Gibbs distribution is exp of the score, powers of e.",
            lambda x, w: softmax(x @ w * np.log(2), axis=1),
        ),
        Mistake(
            "You divided the scores by the greatest one: subtracting it changes nothing, dividing"
            " changes the probabilities.",
            lambda x, w: softmax(x @ w / (x @ w).max(axis=1, keepdims=True), axis=1),
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
        Mistake(
            "You normalised over all tokens and tags together: each token has a softmax, and a "
            "log sum exp, of its own.",
            lambda x, y, w, s: (
                (x @ w)[np.arange(len(y)), y].sum() - logsumexp(x @ w) + _log_prior(w, s)
            ),
        ),
        Mistake(
            "You normalised over all tokens and tags together: each token has a softmax, and a "
            "log sum exp, of its own.",
            lambda x, y, w, s: log_softmax(x @ w)[np.arange(len(y)), y].sum() + _log_prior(w, s),
        ),
        Mistake(
            "You added the tokens' probabilities and took the logarithm of the sum: the tokens' "
            "probabilities multiply, so their logarithms are added.",
            lambda x, y, w, s: np.log(np.exp(_picked(x, y, w)).sum()) + _log_prior(w, s),
        ),
        Mistake(
            "You indexed with [:, tags]: that takes every token's tag for every token. Pair them "
            "up, one tag for each row.",
            lambda x, y, w, s: log_softmax(x @ w, axis=1)[:, y].sum() + _log_prior(w, s),
        ),
        Mistake(
            "You took each token's most probable tag: the tag that was observed counts, however "
            "improbable.",
            lambda x, y, w, s: log_softmax(x @ w, axis=1).max(axis=1).sum() + _log_prior(w, s),
        ),
        Mistake(
            "The prior's exponent has the wrong sign: large weights are improbable, -(w / sd)^2 /"
            " 2.",
            lambda x, y, w, s: _log_joint(x, y, w, s) + np.sum((w / s) ** 2),
        ),
        Mistake(
            "In the prior's normaliser you took the standard deviation for the variance: it is "
            "log(2 pi sd^2) / 2, which is log sd + log(2 pi) / 2.",
            lambda x, y, w, s: _log_joint(x, y, w, s) + 0.5 * w.size * np.log(s),
        ),
        Mistake(
            "In the prior's exponent you divided by the standard deviation where the variance "
            "belongs, or did not square it.",
            lambda x, y, w, s: (
                _log_joint(x, y, w, s) + 0.5 * np.sum((w / s) ** 2) - 0.5 * np.sum(w**2) / s
            ),
        ),
        Mistake(
            "The prior's normaliser has the wrong sign: a wide prior has a low density, so log sd"
            " is subtracted.",
            lambda x, y, w, s: _log_joint(x, y, w, s) + 2 * w.size * (np.log(s) + 0.5 * LOG_TAU),
        ),
        Mistake(
            "log(2 pi) / 2 is missing for each weight.",
            lambda x, y, w, s: _log_joint(x, y, w, s) + 0.5 * w.size * LOG_TAU,
        ),
        Mistake(
            "-log sd is missing for each weight: the prior's normaliser depends on its width.",
            lambda x, y, w, s: _log_joint(x, y, w, s) + w.size * np.log(s),
        ),
        Mistake(
            "You counted the prior once for each token: the weights are the same for all tokens, "
            "so their prior comes once.",
            lambda x, y, w, s: _picked(x, y, w).sum() + len(y) * _log_prior(w, s),
        ),
        Mistake(
            "You averaged the log prior over the weights: every weight has its own log density, "
            "and they add up.",
            lambda x, y, w, s: _picked(x, y, w).sum() + _log_prior(w, s) / w.size,
        ),
        Mistake(
            "You averaged over all: the joint's logarithm is a sum over tokens and weights.",
            lambda x, y, w, s: _picked(x, y, w).mean() + _log_prior(w, s) / w.size,
        ),
        Mistake(
            "You set prior_sd to one: the width of the prior is given.",
            lambda x, y, w, s: _picked(x, y, w).sum() + _log_prior(w, 1.0),
        ),
        Mistake(
            "You returned the joint; its logarithm is asked for.",
            lambda x, y, w, s: np.exp(_log_joint(x, y, w, s)),
        ),
        Mistake(
            "The log-likelihood has the wrong sign (a loss is minimised, a log joint is not): log"
            " probabilities are added as they are.",
            lambda x, y, w, s: -_picked(x, y, w).sum() + _log_prior(w, s),
        ),
        Mistake(
            "That is a loss, minus the log joint up to the prior's normaliser: the log joint "
            "itself is asked for, normaliser included.",
            lambda x, y, w, s: -_picked(x, y, w).sum() + 0.5 * np.sum((w / s) ** 2),
        ),
        Mistake(
            "That is minus the log joint, a loss to be minimised: the log joint itself is asked "
            "for.",
            lambda x, y, w, s: -_log_joint(x, y, w, s),
        ),
        Mistake(
            "The prior's normaliser is counted once for each token: it belongs to the weights, "
            "one for each of them.",
            lambda x, y, w, s: (
                _picked(x, y, w).sum()
                - 0.5 * np.sum((w / s) ** 2)
                - len(y) * (np.log(s) + 0.5 * LOG_TAU)
            ),
        ),
        Mistake(
            "The weight is not squared in the prior's exponent.",
            lambda x, y, w, s: (
                _log_joint(x, y, w, s) + 0.5 * np.sum((w / s) ** 2) - 0.5 * np.sum(np.abs(w)) / s**2
            ),
        ),
        Mistake(
            "You took the weights of the observed tags only, once for each token: the prior runs "
            "over all weights, once.",
            lambda x, y, w, s: _picked(x, y, w).sum() + _log_prior(w[:, y], s),
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
        Mistake(
            "You divided the logarithms by their sum: exponentiate first. Only then is dividing "
            "by the sum a normalisation.",
            lambda a, c: a / (a.sum() * c),
        ),
        Mistake(
            "You divided the logarithms by their sum: exponentiate first. Only then is dividing "
            "by the sum a normalisation.",
            lambda a, c: a / a.sum(),
        ),
        Mistake(
            "You averaged over the grid's cells: the evidence is the sum over them, times the "
            "area.",
            lambda a, c: softmax(a) * a.size / c,
        ),
        Mistake(
            "You averaged over the grid's cells and left the area out: the evidence is the sum "
            "over them, times the area.",
            lambda a, c: softmax(a) * a.size,
        ),
        Mistake(
            "You took the root of the area: `cell` is an area already, the product of both sides.",
            lambda a, c: softmax(a) / np.sqrt(c),
        ),
        Mistake(
            "You squared the area: `cell` is an area already, the product of both sides.",
            lambda a, c: softmax(a) / c**2,
        ),
        Mistake(
            "You subtracted the area from the logarithms: dividing by the area means subtracting "
            "its logarithm.",
            lambda a, c: np.exp(a - logsumexp(a) - c),
        ),
        Mistake(
            "You added the area to the logarithms: dividing by the area means subtracting its "
            "logarithm.",
            lambda a, c: np.exp(a - logsumexp(a) + c),
        ),
        Mistake(
            "You divided by the number of cells, not by their area.",
            lambda a, c: softmax(a) / a.size,
        ),
        Mistake(
            "You subtracted the greatest value and divided by the area, but not by the sum.",
            lambda a, c: np.exp(a - a.max()) / c,
        ),
        Mistake(
            "That is the product of the two marginals: it has forgotten how the two weights hang "
            "together.",
            lambda a, c: np.outer(softmax(a).sum(axis=1), softmax(a).sum(axis=0)) / c,
        ),
        Mistake(
            "That is the product of the two conditionals: normalise the whole table once.",
            lambda a, c: softmax(a, axis=0) * softmax(a, axis=1) / c,
        ),
        Mistake(
            "You multiplied the logarithms by the area: the area is a factor of the densities, or"
            " its logarithm is added.",
            lambda a, c: softmax(a * c) / c,
        ),
        Mistake(
            "That is a uniform density: the log joint says where the posterior is high.",
            lambda a, c: np.full(a.shape, 1 / (a.size * c)),
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


def _own_tag_only(x, y, w):
    probs, own = softmax(x @ w, axis=1), np.eye(w.shape[1])[y]
    return x.T @ (own * (1 - probs))


def _chained_twice(x, y, w):
    probs, own = softmax(x @ w, axis=1), np.eye(w.shape[1])[y]
    return (own - probs) * probs * (1 - probs)


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
        Mistake(
            "You took half of the prior's pull: the two of the square cancels the half in the "
            "exponent, so that w / sd^2 is left.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - w / (2 * s**2),
        ),
        Mistake(
            "Only the part of each token's own tag is there, [y = t] (1 - p): the other tags' "
            "weights are pushed down, by -p times the features.",
            lambda x, y, w, s: _own_tag_only(x, y, w) - w / s**2,
        ),
        Mistake(
            "Only the other tags' part is there: the own tag's weights are pushed up, by (1 - p) "
            "times the features.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - _own_tag_only(x, y, w) - w / s**2,
        ),
        Mistake(
            "You subtracted the prior's log density itself: its derivative with respect to w is "
            "asked for, -w / sd^2.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - w**2 / (2 * s**2),
        ),
        Mistake(
            "You did not differentiate the prior's square: the derivative of w^2 is 2 w.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - w**2 / s**2,
        ),
        Mistake(
            "You multiplied by p (1 - p) as well, the softmax's own derivative: the derivative of"
            " log p with respect to the logits is [y = t] - p already.",
            lambda x, y, w, s: x.T @ _chained_twice(x, y, w) - w / s**2,
        ),
        Mistake(
            "You subtracted the prior's pull once for each token: the weights have one prior, "
            "whatever the number of tokens.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - len(y) * w / s**2,
        ),
        Mistake(
            "You took the sign of the weights: that belongs to a prior with the exponent -|w|. A "
            "normal prior pulls in proportion to w.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - np.sign(w) / s**2,
        ),
        Mistake(
            "You took the model's most probable tag (argmax) for what the model expects: the "
            "expectation weights all tags by their probabilities, as a perceptron does not.",
            lambda x, y, w, s: (
                x.T @ (np.eye(w.shape[1])[y] - np.eye(w.shape[1])[(x @ w).argmax(axis=1)])
                - w / s**2
            ),
        ),
        Mistake(
            "The whole gradient is averaged over the tokens: the log joint is a sum.",
            lambda x, y, w, s: (np.subtract(*_parts(x, y, w)) - w / s**2) / len(y),
        ),
        Mistake(
            "You set prior_sd to one: the pull is w divided by the prior's variance.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - w,
        ),
        Mistake(
            "You multiplied by the prior's variance: a wide prior pulls little, so w is divided "
            "by it.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - w * s**2,
        ),
        Mistake(
            "The likelihood is missing: that is the prior's pull alone.",
            lambda x, y, w, s: -w / s**2,
        ),
        Mistake(
            "The features are missing from what the model expects: each token's probabilities are"
            " weighted by its features, too.",
            lambda x, y, w, s: _parts(x, y, w)[0] - softmax(x @ w, axis=1).sum(axis=0) - w / s**2,
        ),
        Mistake(
            "You counted the tags without their features: a token pushes each weight in "
            "proportion to its feature.",
            lambda x, y, w, s: (
                (np.eye(w.shape[1])[y] - softmax(x @ w, axis=1)).sum(axis=0) - w / s**2
            ),
        ),
        Mistake(
            "You took the log-probabilities where the probabilities belong.",
            lambda x, y, w, s: (
                x.T @ (np.eye(w.shape[1])[y] - log_softmax(x @ w, axis=1)) - w / s**2
            ),
        ),
        Mistake(
            "You averaged the prior's pull over the weights: every weight has a pull of its own.",
            lambda x, y, w, s: np.subtract(*_parts(x, y, w)) - w / (s**2 * w.size),
        ),
        Mistake(
            "You squashed each logit by itself (the logistic function): tags compete, so the "
            "probabilities come from a softmax.",
            lambda x, y, w, s: x.T @ (np.eye(w.shape[1])[y] - expit(x @ w)) - w / s**2,
        ),
        Mistake(
            "You took the derivative of the logarithm, 1 / p, but not of the softmax inside it: "
            "together they give [y = t] - p.",
            lambda x, y, w, s: x.T @ (np.eye(w.shape[1])[y] / softmax(x @ w, axis=1)) - w / s**2,
        ),
        Mistake(
            "You took 1 - p for every tag: the one belongs to the observed tag only.",
            lambda x, y, w, s: x.T @ (1 - softmax(x @ w, axis=1)) - w / s**2,
        ),
        Mistake(
            "You used the tag's number where the indicator [y = t] belongs, which is one for the "
            "observed tag and zero for all others: tags are names, not amounts.",
            lambda x, y, w, s: x.T @ (np.asarray(y)[:, None] - softmax(x @ w, axis=1)) - w / s**2,
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
        Mistake(
            "That is the log of the expectation, log E[N(w; 0, prior_sd^2)], where the variances "
            "add up: the expectation of the log is asked for, and the log of a normal density is "
            "a parabola.",
            lambda m, s, p: -0.5 * np.log(p**2 + s**2) - 0.5 * LOG_TAU - m**2 / (2 * (p**2 + s**2)),
        ),
        Mistake(
            "That is the expectation of the density, E[N(w; 0, prior_sd^2)]: take the log before "
            "you average.",
            lambda m, s, p: (
                np.exp(-(m**2) / (2 * (p**2 + s**2))) / np.sqrt(2 * np.pi * (p**2 + s**2))
            ),
        ),
        Mistake(
            "You squared the sum: E[w^2] is m^2 + s^2, the sum of the squares, not (m + s)^2.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - (m + s) ** 2 / (2 * p**2),
        ),
        Mistake(
            "You squared the difference of mean and standard deviation: E[w^2] is m^2 + s^2.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - (m - s) ** 2 / (2 * p**2),
        ),
        Mistake(
            "The normaliser is doubled: log sd^2 is twice log sd, so the half in front of log(2 "
            "pi sd^2) is needed.",
            lambda m, s, p: -2 * np.log(p) - LOG_TAU - (m**2 + s**2) / (2 * p**2),
        ),
        Mistake(
            "You left the half in front of log(2 pi) out: a normal density has the root of 2 pi "
            "below the line.",
            lambda m, s, p: -np.log(p) - LOG_TAU - (m**2 + s**2) / (2 * p**2),
        ),
        Mistake(
            "You wrote the normaliser with the standard deviation of q: it is the prior's "
            "density, so the prior's width belongs there.",
            lambda m, s, p: -np.log(s) - 0.5 * LOG_TAU - (m**2 + s**2) / (2 * p**2),
        ),
        Mistake(
            "You took prior_sd for a variance: it is a standard deviation, so its square stands "
            "in the density.",
            lambda m, s, p: -0.5 * np.log(p) - 0.5 * LOG_TAU - (m**2 + s**2) / (2 * p),
        ),
        Mistake(
            "You took prior_sd for the variance in the normaliser: it is log(2 pi prior_sd^2) / 2.",
            lambda m, s, p: -0.5 * np.log(p) - 0.5 * LOG_TAU - (m**2 + s**2) / (2 * p**2),
        ),
        Mistake(
            "You subtracted the expected square with the wrong sign: far from zero the prior's "
            "density is low.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU + (m**2 + s**2) / (2 * p**2),
        ),
        Mistake(
            "The mean is not squared: E[w^2] = m^2 + s^2.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - (m + s**2) / (2 * p**2),
        ),
        Mistake(
            "That is E_q[log q], minus the entropy of q: average the log density of the prior.",
            lambda m, s, p: -np.log(s) - 0.5 * LOG_TAU - 0.5,
        ),
        Mistake(
            "You multiplied m^2 and s^2: E[w^2] is their sum.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - m**2 * s**2 / (2 * p**2),
        ),
        Mistake(
            "The variance counts twice: E[w^2] = m^2 + s^2.",
            lambda m, s, p: -np.log(p) - 0.5 * LOG_TAU - (m**2 + 2 * s**2) / (2 * p**2),
        ),
        Mistake(
            "The normaliser has the wrong sign: a wide prior has a low density, so log sd is "
            "subtracted.",
            lambda m, s, p: np.log(p) + 0.5 * LOG_TAU - (m**2 + s**2) / (2 * p**2),
        ),
        Mistake(
            "log(2 pi) / 2 is missing in the normaliser.",
            lambda m, s, p: -np.log(p) - (m**2 + s**2) / (2 * p**2),
        ),
        Mistake(
            "log sd is missing in the normaliser: the prior's density depends on its width.",
            lambda m, s, p: -0.5 * LOG_TAU - (m**2 + s**2) / (2 * p**2),
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
        Mistake(
            "You have the prediction of one draw: average over all of them.",
            lambda w, x: softmax(x @ w[-1], axis=-1),
        ),
        Mistake(
            "You took the median of the weights: average over the draws, and average the "
            "predictions, not the weights.",
            lambda w, x: softmax(x @ np.median(w, axis=0), axis=-1),
        ),
        Mistake(
            "You took the median of the predictions: an expectation is a mean.",
            lambda w, x: np.median(softmax(x @ w, axis=-1), axis=0),
        ),
        Mistake(
            "You averaged the scores: turn each draw's scores into probabilities by a softmax, "
            "then average.",
            lambda w, x: (x @ w).mean(axis=0),
        ),
        Mistake(
            "You normalised over the draws: each draw's own softmax runs over the tags.",
            lambda w, x: softmax(x @ w, axis=0).mean(axis=0),
        ),
        Mistake(
            "You normalised over everything at once: each token of each draw has a softmax of its"
            " own, over the tags.",
            lambda w, x: softmax(x @ w).mean(axis=0),
        ),
        Mistake(
            "You normalised over everything at once: each token of each draw has a softmax of its"
            " own, over the tags.",
            lambda w, x: softmax(x @ w).sum(axis=0),
        ),
        Mistake(
            "You averaged log-probabilities: the probabilities themselves are averaged.",
            lambda w, x: log_softmax(x @ w, axis=-1).mean(axis=0),
        ),
        Mistake(
            "You returned the log of the average: the average itself is asked for.",
            lambda w, x: np.log(_average(w, x)),
        ),
        Mistake(
            "You averaged over the tokens and kept the draws: it is the draws that are averaged "
            "over.",
            lambda w, x: softmax(x @ w, axis=-1).mean(axis=1),
        ),
        Mistake(
            "You averaged over the tags and kept the draws: it is the draws that are averaged "
            "over.",
            lambda w, x: softmax(x @ w, axis=-1).mean(axis=2),
        ),
        Mistake(
            "You put everything on the tag that is most probable on average: its whole "
            "distribution is asked for.",
            lambda w, x: np.eye(w.shape[2])[_average(w, x).argmax(axis=1)],
        ),
        Mistake(
            "You took the most confident draw: all draws count alike.",
            lambda w, x: softmax(x @ w, axis=-1).max(axis=0),
        ),
        Mistake(
            "You divided by the number of tokens (or tags) where the number of draws belongs.",
            lambda w, x: softmax(x @ w, axis=-1).sum(axis=0) / len(x),
        ),
        Mistake(
            "You took the softmax of the average prediction: the average of distributions is one "
            "already.",
            lambda w, x: softmax(_average(w, x), axis=-1),
        ),
        Mistake(
            "You averaged the features of the tokens: each token keeps a prediction of its own.",
            lambda w, x: softmax(x.mean(axis=0) @ w, axis=-1).mean(axis=0),
        ),
        Mistake(
            "That is how much the draws disagree, a standard deviation: their mean is asked for.",
            lambda w, x: softmax(x @ w, axis=-1).std(axis=0),
        ),
        Mistake(
            "You have the prediction of one draw: average over all of them.",
            lambda w, x: softmax(x @ w[len(w) // 2], axis=-1),
        ),
        Mistake(
            "You squashed each score by itself (the logistic function): tags compete, so the "
            "probabilities come from a softmax.",
            lambda w, x: expit(x @ w).mean(axis=0),
        ),
        Mistake(
            "You divided by the number of tags where the number of draws belongs.",
            lambda w, x: softmax(x @ w, axis=-1).sum(axis=0) / w.shape[2],
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
        Mistake(
            "You used the recipe for nodes with the weight exp(-e^2), sqrt(2) and sqrt(pi): these"
            " nodes are for a standard normal, and the weights sum to one already.",
            lambda m, s, f, e, v: (
                v @ f(m + np.sqrt(2) * s * e) / np.sqrt(np.pi) + np.log(s) + 0.5 * (LOG_TAU + 1)
            ),
        ),
        Mistake(
            "You multiplied by the density of q once more: the weights hold it already.",
            lambda m, s, f, e, v: (
                np.sum(v * f(m + s * e) * np.exp(-0.5 * e**2) / np.sqrt(2 * np.pi) / s)
                + np.log(s)
                + 0.5 * (LOG_TAU + 1)
            ),
        ),
        Mistake(
            "You multiplied by the density of q once more: the weights hold it already.",
            lambda m, s, f, e, v: (
                np.sum(v * f(m + s * e) * np.exp(-0.5 * e**2) / np.sqrt(2 * np.pi))
                + np.log(s)
                + 0.5 * (LOG_TAU + 1)
            ),
        ),
        Mistake(
            "That is the entropy of a standard normal: a q of width sd has log sd more.",
            lambda m, s, f, e, v: v @ f(m + s * e) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You multiplied the expectation by sd, as if an integral over w had been substituted:"
            " the weights are probabilities, and an expectation needs no such factor.",
            lambda m, s, f, e, v: s * (v @ f(m + s * e)) + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You divided the expectation by sd, as if an integral over w had been substituted: "
            "the weights are probabilities, and an expectation needs no such factor.",
            lambda m, s, f, e, v: v @ f(m + s * e) / s + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You summed over the nodes without their weights.",
            lambda m, s, f, e, v: f(m + s * e).sum() + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "The log joint is missing: that is the entropy of q alone.",
            lambda m, s, f, e, v: np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "The logarithm is missing in the entropy: it is log sd, not sd.",
            lambda m, s, f, e, v: v @ f(m + s * e) + s + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "Your entropy lacks log(2 pi) / 2.",
            lambda m, s, f, e, v: v @ f(m + s * e) + np.log(s) + 0.5,
        ),
        Mistake(
            "Only half of the entropy is there: log(2 pi e sd^2) / 2 holds the half already.",
            lambda m, s, f, e, v: v @ f(m + s * e) + 0.5 * (np.log(s) + 0.5 * (LOG_TAU + 1)),
        ),
        Mistake(
            "You added the KL to a standard normal prior: the log joint holds the prior already; "
            "the entropy of q is all that is missing.",
            lambda m, s, f, e, v: v @ f(m + s * e) - 0.5 * (s**2 + m**2 - 1) + np.log(s),
        ),
        Mistake(
            "You took the entropy of the quadrature's weights: the entropy of q has a closed "
            "form, with sd in it.",
            lambda m, s, f, e, v: v @ f(m + s * e) - v @ np.log(v),
        ),
        Mistake(
            "You multiplied the points by their weights before the log joint: the weights average"
            " the values of the log joint, outside.",
            lambda m, s, f, e, v: f(v * (m + s * e)).sum() + np.log(s) + 0.5 * (LOG_TAU + 1),
        ),
        Mistake(
            "You exchanged mean and sd: q's points are mean + sd * nodes.",
            lambda m, s, f, e, v: v @ f(m * e + s) + np.log(s) + 0.5 * (LOG_TAU + 1),
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
