"""The exercises of notebook 04d, Amortised inference.

D documents, V words, E hidden units of the inference network, K binary factors, S samples or
states.  logits: g = log b / (1 - b), (K,), with b = q(z = 1).  states, samples: (S, K) of zeros
and ones.  values: log p(x | z), (S,).  slope: the bound's gradient in the logits, (D, K).
"""

import numpy as np
from scipy.special import expit, logit

from checks import invariants
from checks.kinds import FindBug, Number, OpenTask, Paper
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case
from helpers.latent_factors import factor_states

progress = progress_for(__name__)


# ---------------------------------------------------------------- 1 the inference network


def _encode(x, A, a, B, c):
    return expit(np.tanh(np.log1p(x) @ A + a) @ B + c)


def _network_cases(rng):
    for n_documents, n_words, n_hidden, n_factors in ((1, 3, 2, 2), (2, 4, 3, 2), (3, 5, 2, 4)):
        x = rng.integers(0, 6, size=(n_documents, n_words))
        x[0, 0], x[-1, -1] = 0, 7
        yield case(
            x,
            0.5 * rng.normal(size=(n_words, n_hidden)),
            rng.normal(size=n_hidden),
            rng.normal(size=(n_hidden, n_factors)),
            rng.normal(size=n_factors),
        )


def _all_in_unit_interval(value, *_):
    low, high = np.min(value), np.max(value)
    if low < -1e-9 or high > 1 + 1e-9:
        return f"your b reach from {low:.3g} to {high:.3g}, but they are probabilities"
    return ""


encode = Task(
    "encode",
    reference=_encode,
    cases=_network_cases,
    returns="b(x), a row for each document",
    minutes=3,
    difficulty="warm-up",
    why="Two matrix products for any number of documents, whatever the number of factor states.",
    invariants=[_all_in_unit_interval],
    hints=Hints(
        nudge="From the inside out: log(1 + x), an affine map, tanh, an affine map, a sigmoid.",
        equation=r"$b(x) = \sigma(\tanh(\log(1 + x) A + a)\, B + c)$",
        shape="hidden = np.tanh(... @ A + a)\nreturn 1 / (1 + np.exp(-(...)))",
    ),
)


# ---------------------------------------------------------------- 2 a prediction

overfitted_inference = Prediction(
    "overfitted_inference",
    question=(
        "We train model and network on 725 documents for longer and longer. What happens to the "
        "network's gap on new documents?"
    ),
    choices={
        "shrinks": (
            "It shrinks on the documents the network is trained on. Look at the figure of the "
            "lecture that shows both, step by step: new documents tell another story."
        ),
        "grows": (
            "The model becomes surer of its factors, so that a wrong guess costs more nats, and "
            "the network was corrected on the training documents only. Inference overfits too."
        ),
        "stays": (
            "Nothing is trained on the new documents, but the model and the network both change; "
            "on documents that neither has seen they drift apart. Look at the lecture's figure."
        ),
    },
    right="grows",
    hints=Hints(
        nudge="On which documents are the network's mistakes ever corrected?",
        equation=(
            r"network's gap $= \max_b \mathrm{ELBO}(b) - \mathrm{ELBO}(g(x; \lambda))$, for an $x$ "
            r"that was not in the training set"
        ),
        shape='the section "The longer the training, the worse on ..." of the lecture',
    ),
    room=__name__,
)


# ---------------------------------------------------------------- 3 a derivation: the score


def _score(z, g):
    return z - expit(g)


def _score_cases(rng):
    for size in (1, 2, 4, 6):
        z = (rng.random(size) < 0.5).astype(int)
        z[0] = rng.integers(2)
        yield case(z, rng.normal(scale=1.5, size=size) + 0.4)
    sure = rng.permutation([-900.0, -900.0, 900.0, 900.0])
    yield case(np.array([0, 1, 0, 1]), sure, label="logits of 900")


score = Derivation(
    "score",
    above=(
        r"\frac{\partial}{\partial g_j} \left[ z_j \log \sigma(g_j) + (1 - z_j) "
        r"\log(1 - \sigma(g_j)) \right]"
    ),
    reference=_score,
    cases=_score_cases,
    returns="one number for each factor, (K,)",
    minutes=4,
    why="Observed minus expected: its mean under q is zero, and that is why baselines are allowed.",
    hints=Hints(
        nudge="What is the derivative of log sigma(g)? And of log(1 - sigma(g))?",
        equation=r"$\frac{d}{dg} \log \sigma(g) = 1 - \sigma(g)$, and $z(1-b) - (1-z)b$ simplifies",
        shape="return z - ...",
    ),
)


# ---------------------------------------------------------------- 4 the bound's slope in the logits


def _weights(states, logits):
    return np.where(states == 1, expit(logits), expit(-logits)).prod(1)


def _likelihood_slope(states, weights, values, logits):
    return (weights * values) @ (states - expit(logits))


def _kl_slope(logits, prior):
    return expit(logits) * expit(-logits) * (logits - logit(prior))


def _bound_slope(states, weights, values, logits, prior):
    return _likelihood_slope(states, weights, values, logits) - _kl_slope(logits, prior)


def _slope_cases(rng):
    for n_factors in (1, 2, 3, 4):
        states, logits = factor_states(n_factors).astype(int), rng.normal(size=n_factors)
        values = rng.normal(scale=2, size=len(states)) - 6
        yield case(
            states, _weights(states, logits), values, logits, rng.uniform(0.1, 0.9, n_factors)
        )


def _bound_slope_spelt_out(states, weights, values, logits, prior):
    b = expit(logits)
    from_likelihood = (weights * values) @ (states - b)
    from_prior = b * (1 - b) * (logits - logit(prior))
    return from_likelihood - from_prior


bound_slope = Task(
    "bound_slope",
    reference=_bound_slope,
    spelt_out=[_bound_slope_spelt_out],
    cases=_slope_cases,
    returns="a number for each logit, (K,)",
    points=2,
    minutes=8,
    why=(
        "A logit rises as long as factor and likelihood go together under q, against the pull of "
        "the prior; the encoder is trained by passing this slope on."
    ),
    hints=Hints(
        nudge="Two terms: a covariance between z_j and log p(x | z), and the slope of a KL.",
        equation=(
            r"$\mathbb{E}_q[\ell(z)(z_j - b_j)] - b_j (1 - b_j)"
            r"(g_j - \log \frac{\alpha_j}{1 - \alpha_j})$"
        ),
        shape=(
            "b = 1 / (1 + np.exp(-logits))\n"
            "from_likelihood = (weights * values) @ (...)\n"
            "return from_likelihood - b * (1 - b) * (...)"
        ),
    ),
)


# ---------------------------------------------------------------- 5 the chain rule through the net


def _backward(inputs, hidden, B, slope):
    return inputs.T @ ((slope @ B.T) * (1 - hidden**2)), hidden.T @ slope


def _backward_cases(rng):
    for n_documents, n_words, n_hidden, n_factors in ((1, 2, 3, 2), (2, 4, 3, 2), (4, 5, 2, 3)):
        inputs = np.log1p(rng.integers(0, 6, size=(n_documents, n_words)))
        inputs[:, 0] += 0.7
        hidden = np.tanh(rng.normal(size=(n_documents, n_hidden)))
        B, slope = rng.normal(size=(n_hidden, n_factors)), rng.normal(size=(n_documents, n_factors))
        yield case(inputs, hidden, B, slope)


encoder_gradient = Task(
    "encoder_gradient",
    reference=_backward,
    cases=_backward_cases,
    returns="first the gradient in A, (V, E), then that in B, (E, K)",
    points=2,
    minutes=9,
    why="One network for all documents: its gradient is the sum of what each document asks for.",
    hints=Hints(
        nudge="Backwards: logits = hidden @ B + c, hidden = tanh(inputs @ A + a). Check shapes.",
        equation=(
            r"$\nabla_B = h^\top s$ and $\nabla_A = \mathrm{inputs}^\top "
            r"\left[(s B^\top) \odot (1 - h^2)\right]$"
        ),
        shape="for_B = hidden.T @ ...\nfor_A = inputs.T @ ((...) * (1 - ...))\nreturn for_A, for_B",
    ),
)


# ---------------------------------------------------------------- 6 the score-function estimator


def _others(values):
    return (values.sum() - values) / (len(values) - 1)


def _estimate(values, samples, b, baseline=_others):
    return (values - baseline(values)) @ (samples - b) / len(values)


def _sample_cases(rng):
    for n_samples, n_factors in ((2, 1), (3, 2), (5, 3), (8, 4)):
        b = rng.uniform(0.2, 0.8, n_factors)
        samples = (rng.random((n_samples, n_factors)) < b).astype(int)
        samples[0], samples[1] = 1 - samples[1], samples[1]  # not all alike
        yield case(rng.normal(scale=3, size=n_samples) - 200, samples, b)


def _score_function_spelt_out(values, samples, b):
    others = (values.sum() - values) / (len(values) - 1)
    return (values - others) @ (samples - b) / len(values)


score_function = Task(
    "score_function",
    reference=lambda values, samples, b: _estimate(values, samples, b),
    spelt_out=[_score_function_spelt_out],
    cases=_sample_cases,
    returns="an estimate for each logit, (K,)",
    points=2,
    minutes=8,
    why=(
        "The baseline takes away what all samples share, about -200 here, and leaves the mean "
        "alone because it does not look at the sample it is used for."
    ),
    hints=Hints(
        nudge="The mean of the others: the sum of all, without this one, over S - 1.",
        equation=(
            r"$\frac{1}{S} \sum_s \left(\ell_s - \frac{1}{S-1} \sum_{t \ne s} \ell_t\right)"
            r"(z^{(s)} - b)$"
        ),
        shape=("others = (values.sum() - values) / ...\nreturn (values - others) @ (...) / ..."),
    ),
)


# ---------------------------------------------------------------- 7 find the bug


def _with_itself(values, samples, b):
    scores = samples - b
    level = values.mean()
    differences = values - level
    return differences @ scores / len(values)


wrong_baseline = FindBug(
    "wrong_baseline",
    buggy=_with_itself,
    right=_score_function_spelt_out,
    line=(3, 4),
    example=(np.array([-3.0, -1.0]), np.array([[1], [0]]), np.array([0.5])),
    reasons={
        2: "What happened minus what was expected: the score, one row a sample.",
        5: "An average over the samples of difference times score, as it should be.",
    },
    points=2,
    minutes=6,
    why="A baseline that holds the sample's own value shrinks the estimate by (S - 1) / S.",
)


# ---------------------------------------------------------------- 8 splitting the gap


def _split(log_evidence, bounds, amortised):
    best = np.maximum(bounds.max(0), amortised)
    return log_evidence - best, best - amortised


def _gap_cases(rng):
    for n_starts, n_documents in ((2, 1), (2, 3), (3, 2), (4, 5)):
        evidence = -rng.uniform(50, 300, n_documents)
        bounds = evidence - rng.exponential(2, size=(n_starts, n_documents)) - 0.05
        amortised = evidence - rng.exponential(4, size=n_documents) - 0.1
        yield case(evidence, bounds, np.minimum(amortised, bounds.max(0) - 0.01))
    evidence = -rng.uniform(50, 300, 4)
    bounds = evidence - rng.uniform(2, 6, size=(3, 4))
    amortised = evidence - rng.uniform(3, 8, 4)
    amortised[rng.integers(4)] = (evidence - rng.uniform(0.1, 0.5, 4)).min()
    amortised = np.minimum(amortised, evidence - 0.05)
    amortised[1] = evidence[1] - 0.3
    yield case(evidence, bounds, amortised, label="a document where the network beats every start")


def _gaps_not_negative(result, *_):
    family, network = (np.min(part) for part in result)
    if family < -1e-9:
        return f"one of your family's gaps is {family:.3g}: a bound cannot be above log p(x)"
    if network < -1e-9:
        return (
            f"one of your network's gaps is {network:.3g}: the network's q is in the family, so "
            "the family's best cannot be below it"
        )
    return ""


split_gap = Task(
    "split_gap",
    reference=_split,
    cases=_gap_cases,
    returns="the family's gap, then the network's, each (D,)",
    points=2,
    minutes=4,
    why="Two causes, two cures: a richer family for the first, a better network for the second.",
    invariants=[_gaps_not_negative],
    hints=Hints(
        nudge="What is the best q of the family that anybody has found, document by document?",
        equation=(
            r"$\log p(x) - \mathrm{ELBO}_\lambda = [\log p(x) - \max_b \mathrm{ELBO}(b)] + "
            r"[\max_b \mathrm{ELBO}(b) - \mathrm{ELBO}_\lambda]$"
        ),
        shape="best = np.maximum(bounds.max(axis=...), ...)\nreturn log_evidence - ..., best - ...",
    ),
)


# ---------------------------------------------------------------- 9 a bill, paper, your own


when_paid = Number(
    "when_paid",
    question="After how many documents is the training paid for?",
    right=1.2e9 / (150_000 - 30_000),
    rtol=0.01,
    ranges=(
        (8_000, 8_000, "The network's own 30,000 for each document are missing from the bill."),
        (40_000, 40_000, "That is training over the network's cost: what does mean field cost?"),
        (6_666.7, 6_666.7, "The costs were added: what is saved is their difference."),
        (-np.inf, 0, "A number of documents is above zero."),
    ),
    minutes=4,
    why="What counts is what each document saves.",
)

own_sample = Paper(
    "own_sample",
    rubric=(
        (1, "the mean of all S samples is split into the sample's own share and the others'"),
        (1, "the others are independent of the sample, and the score has mean zero"),
        (1, "the own share leaves 1 / S of the gradient"),
        (1, "so the estimate is (S - 1) / S of the gradient on average"),
    ),
    worked=r"$\mathbb{E}[(\ell_s - \bar\ell)(z_s - b)] = (1 - \tfrac{1}{S})\, g$",
    minutes=10,
)

own_documents = OpenTask(
    "own_documents",
    needs={
        "log_evidence": "log p(x) of each document",
        "mean_field": "the best mean field bound of each",
        "network": "the network's bound of each",
    },
    invariants=(
        invariants.below("mean_field", "log_evidence"),
        invariants.below("network", "mean_field"),
        invariants.at_least("network", 4, "documents"),
    ),
    example=lambda: {
        "log_evidence": [-9.0, -8.0, -7.0, -9.5],
        "mean_field": [-9.1, -8.0, -7.2, -9.5],
        "network": [-9.5, -8.3, -7.2, -9.9],
    },
    minutes=12,
)


# ---------------------------------------------------------------- 12 stretch: the best baseline


def _best_baseline(values, states, weights, b):
    squared = (states - b) ** 2
    return (weights * values) @ squared / (weights @ squared)


def _baseline_cases(rng):
    for n_factors in (1, 2, 3, 4):
        states, b = factor_states(n_factors).astype(int), rng.uniform(0.15, 0.85, n_factors)
        values = rng.normal(scale=3, size=len(states)) - rng.uniform(5, 30)
        yield case(values, states, _weights(states, logit(b)), b)


def _infinite_where_nothing_divides(function, *inputs):
    """The student's constants; the values lie within hundreds, a division by zero far beyond."""
    found = function(*inputs)
    if isinstance(found, list) and all(isinstance(x, float) for x in found):
        found = np.array(found)
    if isinstance(found, np.ndarray) and found.dtype.kind == "f":
        return np.where(np.abs(found) > 1e6, np.inf, found)
    return found


best_baseline = Task(
    "best_baseline",
    reference=_best_baseline,
    cases=_baseline_cases,
    call=_infinite_where_nothing_divides,
    returns="the best constant for each factor, (K,)",
    points=3,
    minutes=10,
    difficulty="stretch",
    why=(
        "It is a mean of the values too, but weighted by the squared score: rare states of a "
        "factor, where the score is large, count more."
    ),
    hints=Hints(
        nudge="The mean does not depend on c, so minimise the second moment, a quadratic in c.",
        equation=(
            r"$\frac{d}{dc} \mathbb{E}_q[(\ell - c)^2 (z_j - b_j)^2] = 0 \;\Rightarrow\; c_j = "
            r"\frac{\mathbb{E}_q[\ell\, (z_j - b_j)^2]}{\mathbb{E}_q[(z_j - b_j)^2]}$"
        ),
        shape="squared = (states - b) ** 2\nreturn (weights * values) @ squared / (...)",
    ),
)
