"""The exercises of notebook 04d, Amortised inference.

D documents, V words, E hidden units of the inference network, K binary factors, S samples or
states.  logits: g = log b / (1 - b), (K,), with b = q(z = 1).  states, samples: (S, K) of zeros
and ones.  values: log p(x | z), (S,).  slope: the bound's gradient in the logits, (D, K).
"""

import numpy as np
from scipy.special import expit, log_expit, logit, logsumexp, rel_entr, softmax

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case
from helpers.latent_factors import factor_states

progress = progress_for(__name__)


# ---------------------------------------------------------------- 1 the inference network


def _encode(x, A, a, B, c):
    return expit(np.tanh(np.log1p(x) @ A + a) @ B + c)


def _network_cases(rng):
    for n_documents, n_words, n_hidden, n_factors in ((1, 3, 2, 2), (2, 4, 3, 2), (3, 5, 2, 4)):
        x = rng.integers(0, 6, size=(n_documents, n_words)).astype(float)
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
    minutes=5,
    difficulty="warm-up",
    why="Two matrix products for any number of documents, whatever the number of factor states.",
    invariants=[_all_in_unit_interval],
    mistakes=[
        Mistake(
            "Those are the logits g(x): the sigmoid that makes probabilities of them is missing.",
            lambda x, A, a, B, c: np.tanh(np.log1p(x) @ A + a) @ B + c,
        ),
        Mistake(
            "You took a softmax over the factors. They are K independent coins, and several may "
            "be on: each gets a sigmoid of its own.",
            lambda x, A, a, B, c: softmax(np.tanh(np.log1p(x) @ A + a) @ B + c, axis=1),
        ),
        Mistake(
            "You fed the raw counts in; the network reads log(1 + x).",
            lambda x, A, a, B, c: expit(np.tanh(x @ A + a) @ B + c),
        ),
        Mistake(
            "You fed log(x) in, which is -inf for a word that does not occur: log(1 + x).",
            lambda x, A, a, B, c: expit(np.tanh(np.log(x) @ A + a) @ B + c),
        ),
        Mistake(
            "The hidden layer has a tanh; yours cuts off at zero (a rectifier).",
            lambda x, A, a, B, c: expit(np.maximum(np.log1p(x) @ A + a, 0) @ B + c),
        ),
        Mistake(
            "You divided the counts by the document's length. The network reads log(1 + x), so "
            "that it knows how much evidence there is.",
            lambda x, A, a, B, c: expit(np.tanh(x / x.sum(1, keepdims=True) @ A + a) @ B + c),
        ),
        Mistake(
            "The tanh of the hidden layer is missing; without it the network is linear.",
            lambda x, A, a, B, c: expit((np.log1p(x) @ A + a) @ B + c),
        ),
        Mistake(
            "The hidden layer's bias a is missing.",
            lambda x, A, a, B, c: expit(np.tanh(np.log1p(x) @ A) @ B + c),
        ),
        Mistake(
            "The output's bias c is missing.",
            lambda x, A, a, B, c: expit(np.tanh(np.log1p(x) @ A + a) @ B),
        ),
        Mistake(
            "You put a sigmoid in the hidden layer too; ours has tanh there.",
            lambda x, A, a, B, c: expit(expit(np.log1p(x) @ A + a) @ B + c),
        ),
        Mistake(
            "tanh comes after the affine map, not on its bias or its input alone.",
            lambda x, A, a, B, c: expit((np.tanh(np.log1p(x) @ A) + a) @ B + c),
        ),
        Mistake(
            "You took log x, and left zeros alone. The network reads log(1 + x): then a single "
            "word does not look like none.",
            lambda x, A, a, B, c: expit(np.tanh(np.log(np.where(x > 0, x, 1)) @ A + a) @ B + c),
        ),
        Mistake(
            "You added the 1 outside the logarithm, or twice: the network reads log(1 + x).",
            lambda x, A, a, B, c: expit(np.tanh((1 + np.log1p(x)) @ A + a) @ B + c),
        ),
        Mistake(
            "You added the 1 outside the logarithm, or twice: the network reads log(1 + x).",
            lambda x, A, a, B, c: expit(np.tanh((np.log1p(x + 1)) @ A + a) @ B + c),
        ),
        Mistake(
            "You put a tanh at the end: it reaches from -1 to 1. Probabilities come out of a "
            "sigmoid.",
            lambda x, A, a, B, c: np.tanh(np.tanh(np.log1p(x) @ A + a) @ B + c),
        ),
        Mistake(
            "You decided which factors are on. The network gives their probabilities.",
            lambda x, A, a, B, c: np.round(_encode(x, A, a, B, c)),
        ),
        Mistake(
            "You averaged over the documents: each has its own b.",
            lambda x, A, a, B, c: _encode(x, A, a, B, c).mean(0),
        ),
        Mistake(
            "You divided the counts by the document's length; the network reads the counts.",
            lambda x, A, a, B, c: _encode(x / np.maximum(x.sum(1, keepdims=True), 1), A, a, B, c),
        ),
        Mistake(
            "You took logarithms to base 2; the network reads natural ones.",
            lambda x, A, a, B, c: expit(np.tanh(np.log2(1 + x) @ A + a) @ B + c),
        ),
        Mistake(
            "You added the documents up before the network: each document has its own b.",
            lambda x, A, a, B, c: _encode(x.sum(0), A, a, B, c),
        ),
    ],
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
        z = (rng.random(size) < 0.5).astype(float)
        z[0] = rng.integers(2)
        yield case(z, rng.normal(scale=1.5, size=size) + 0.4)
    sure = rng.permutation([-900.0, -900.0, 900.0, 900.0])
    yield case(np.array([0.0, 1, 0, 1]), sure, label="logits of 900")


score = Derivation(
    "score",
    above=(
        r"\frac{\partial}{\partial g_j} \left[ z_j \log \sigma(g_j) + (1 - z_j) "
        r"\log(1 - \sigma(g_j)) \right]"
    ),
    reference=_score,
    cases=_score_cases,
    returns="one number for each factor, (K,)",
    minutes=6,
    why="Observed minus expected: its mean under q is zero, and that is why baselines are allowed.",
    mistakes=[
        Mistake(
            "That is the derivative with respect to b, not to the logit g: db/dg = b (1 - b) is "
            "missing from the chain rule.",
            lambda z, g: (z - expit(g)) / (expit(g) * expit(-g)),
        ),
        Mistake(
            "You have b (1 - b) once too often: it cancels against the denominators 1/b and "
            "1/(1 - b).",
            lambda z, g: (z - expit(g)) * expit(g) * expit(-g),
        ),
        Mistake(
            "You subtracted the logit; what is expected of z_j is its probability, sigma(g_j).",
            lambda z, g: z - g,
        ),
        Mistake(
            "That is the log probability itself, not its derivative.",
            lambda z, g: z * log_expit(g) + (1 - z) * log_expit(-g),
        ),
        Mistake(
            "You differentiated the first term only: the factor being off depends on g too.",
            lambda z, g: z * expit(-g),
        ),
        Mistake(
            "The second term's inner derivative has a minus: d log(1 - sigma(g)) / dg = -sigma(g).",
            lambda z, g: z * expit(-g) + (1 - z) * expit(g),
        ),
        Mistake(
            "That is the derivative of sigma(g), whatever z is.",
            lambda z, g: expit(g) * expit(-g),
        ),
        Mistake(
            "You took 1/2 for the expected value: that is right for g = 0 only.",
            lambda z, g: z - 0.5,
        ),
        Mistake(
            "Right on paper, but exp(900) is inf in the computer, and inf / inf is nan: expit does "
            "not overflow.",
            lambda z, g: z - np.exp(g) / (1 + np.exp(g)),
        ),
        Mistake(
            "You subtracted log sigma(g); its derivative is what belongs there.",
            lambda z, g: z - log_expit(g),
        ),
        Mistake(
            "That is the probability q(z_j) itself. The score is the derivative of its logarithm.",
            lambda z, g: np.where(z == 1, expit(g), expit(-g)),
        ),
        Mistake(
            "You added the factors up: there is a derivative for each logit.",
            lambda z, g: np.sum(z - expit(g)),
        ),
    ],
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
        states, logits = np.array(factor_states(n_factors)), rng.normal(size=n_factors)
        values = rng.normal(scale=2, size=len(states)) - 6
        yield case(
            states, _weights(states, logits), values, logits, rng.uniform(0.1, 0.9, n_factors)
        )


def _by_probability(z, w, values, g, prior):
    return _bound_slope(z, w, values, g, prior) / (expit(g) * expit(-g))


def _bound_slope_spelt_out(states, weights, values, logits, prior):
    b = expit(logits)
    from_likelihood = (weights * values) @ (states - b)
    from_prior = b * (1 - b) * (logits - logit(prior))
    return from_likelihood - from_prior


def _with_kl(kl_slope):
    """The bound's slope with another slope of the KL, a function of (logits, prior)."""

    def wrong(states, weights, values, logits, prior):
        return _likelihood_slope(states, weights, values, logits) - kl_slope(logits, prior)

    return wrong


def _kl_itself(logits, prior):
    b = expit(logits)
    return rel_entr(b, prior) + rel_entr(1 - b, 1 - prior)


bound_slope = Task(
    "bound_slope",
    reference=_bound_slope,
    spelt_out=[_bound_slope_spelt_out],
    cases=_slope_cases,
    returns="a number for each logit, (K,)",
    points=2,
    minutes=12,
    why=(
        "A logit rises as long as factor and likelihood go together under q, against the pull of "
        "the prior; the encoder is trained by passing this slope on."
    ),
    mistakes=[
        Mistake(
            "The KL to the prior is missing from your slope: that is the gradient of "
            "E_q[log p(x | z)] alone.",
            lambda z, w, f, g, p: _likelihood_slope(z, w, f, g),
        ),
        Mistake(
            "The KL is subtracted in the bound, so its slope is subtracted too.",
            lambda z, w, f, g, p: _likelihood_slope(z, w, f, g) + _kl_slope(g, p),
        ),
        Mistake(
            "That is the gradient in b; the chain rule's db/dg = b (1 - b) is missing.",
            _by_probability,
        ),
        Mistake(
            "You multiplied by z where z - b belongs: the average of z must be taken away, since "
            "q changes for the factor being off as well.",
            lambda z, w, f, g, p: (w * f) @ z - _kl_slope(g, p),
        ),
        Mistake(
            "You forgot q's weights: the sum over states is an expectation under q.",
            lambda z, w, f, g, p: f @ (z - expit(g)) - _kl_slope(g, p),
        ),
        Mistake(
            "The slope of the KL needs the factor b (1 - b).",
            lambda z, w, f, g, p: _likelihood_slope(z, w, f, g) - (g - logit(p)),
        ),
        Mistake(
            "The slope of the KL compares the logit with the prior's log odds, not with the "
            "prior's probability.",
            lambda z, w, f, g, p: _likelihood_slope(z, w, f, g) - expit(g) * expit(-g) * (g - p),
        ),
        Mistake(
            "The entropy's slope is missing: the KL holds the logit of q as well as the prior's.",
            lambda z, w, f, g, p: _likelihood_slope(z, w, f, g) + expit(g) * expit(-g) * logit(p),
        ),
        Mistake(
            "You left the prior out of the KL: yours pulls every b towards one half.",
            lambda z, w, f, g, p: _likelihood_slope(z, w, f, g) - expit(g) * expit(-g) * g,
        ),
        Mistake(
            "The KL's slope compares b with the prior; it should compare the log odds.",
            lambda z, w, f, g, p: (
                _likelihood_slope(z, w, f, g) - expit(g) * expit(-g) * (expit(g) - p)
            ),
        ),
        Mistake(
            "That is b minus the prior's probability. The KL's slope in the logit compares the log "
            "odds, g with logit alpha, and has the factor b (1 - b).",
            _with_kl(lambda g, prior: expit(g) - prior),
        ),
        Mistake(
            "That is the prior's probability minus b: the wrong way round, and the KL's slope in "
            "the logit is b (1 - b) times the difference of the log odds, g - logit alpha.",
            _with_kl(lambda g, prior: prior - expit(g)),
        ),
        Mistake(
            "You subtracted the KL's slope once for every state. It depends on no state: it stands "
            "outside the sum.",
            lambda z, w, f, g, p: _likelihood_slope(z, w, f, g) - len(f) * _kl_slope(g, p),
        ),
        Mistake(
            "You subtracted the logit g from z; what belongs there is b, the sigmoid of g.",
            lambda z, w, f, g, p: (w * f) @ (z - g) - _kl_slope(g, p),
        ),
        Mistake(
            "You used exp(log p(x | z)): the bound has the log likelihood in it.",
            lambda z, w, f, g, p: _likelihood_slope(z, w, np.exp(f), g) - _kl_slope(g, p),
        ),
        Mistake(
            "You compared the logit with log prior; it is compared with the log odds, log prior / "
            "(1 - prior).",
            _with_kl(lambda g, prior: expit(g) * expit(-g) * (g - np.log(prior))),
        ),
        Mistake(
            "You subtracted the KL itself; its derivative belongs into a slope.",
            _with_kl(_kl_itself),
        ),
        Mistake(
            "You compared b with the prior's log odds: the logit g is compared with them.",
            _with_kl(lambda g, prior: expit(g) * expit(-g) * (expit(g) - logit(prior))),
        ),
        Mistake(
            "The score has the wrong sign, b - z: the derivative of log q is z - b.",
            lambda z, w, f, g, prior: -_likelihood_slope(z, w, f, g) - _kl_slope(g, prior),
        ),
        Mistake(
            "You took a plain mean over the states: the sum over states is an expectation under q, "
            "with its weights.",
            lambda z, w, f, g, prior: f @ (z - expit(g)) / len(f) - _kl_slope(g, prior),
        ),
        Mistake(
            "You took a mean over the states after q's weights had gone in. The weights sum to one "
            "already: add over the states.",
            lambda z, w, f, g, prior: (w * f) @ (z - expit(g)) / len(f) - _kl_slope(g, prior),
        ),
        Mistake(
            "That is the KL's slope alone: the likelihood has its say as well.",
            lambda z, w, f, g, prior: -_kl_slope(g, prior),
        ),
        Mistake(
            "You summed the KL's slopes over the factors: only the j-th KL depends on g_j.",
            _with_kl(lambda g, prior: np.full(len(g), _kl_slope(g, prior).sum())),
        ),
        Mistake(
            "The likelihood's slope is divided by b (1 - b), as for a derivative in b. In the "
            "logit, the score is z - b.",
            lambda z, w, f, g, prior: (
                _likelihood_slope(z, w, f, g) / (expit(g) * expit(-g)) - _kl_slope(g, prior)
            ),
        ),
    ],
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


def _with_slope_of_tanh(hidden_slope):
    """The gradients with another slope of the hidden layer than 1 - hidden^2."""

    def wrong(inputs, hidden, B, slope):
        return inputs.T @ ((slope @ B.T) * hidden_slope(hidden)), hidden.T @ slope

    return wrong


encoder_gradient = Task(
    "encoder_gradient",
    reference=_backward,
    cases=_backward_cases,
    returns="first the gradient in A, (V, E), then that in B, (E, K)",
    points=2,
    minutes=12,
    why="One network for all documents: its gradient is the sum of what each document asks for.",
    mistakes=[
        Mistake(
            "The derivative of tanh is missing from the gradient in A.",
            lambda x, h, B, s: (x.T @ (s @ B.T), h.T @ s),
        ),
        Mistake(
            "tanh' is 1 - tanh^2, and hidden is the tanh already: square it.",
            lambda x, h, B, s: (x.T @ ((s @ B.T) * (1 - h)), h.T @ s),
        ),
        Mistake(
            "You used the derivative of a sigmoid, h (1 - h); for tanh it is 1 - h^2.",
            lambda x, h, B, s: (x.T @ ((s @ B.T) * h * (1 - h)), h.T @ s),
        ),
        Mistake(
            "You applied tanh to hidden once more; it is the output of the tanh already.",
            lambda x, h, B, s: (x.T @ ((s @ B.T) * (1 - np.tanh(h) ** 2)), h.T @ s),
        ),
        Mistake(
            "You averaged over the documents: the bound is a sum over them.",
            lambda x, h, B, s: tuple(g / len(x) for g in _backward(x, h, B, s)),
        ),
        Mistake(
            "Both gradients are transposed: a gradient has the shape of its parameter.",
            lambda x, h, B, s: tuple(g.T for g in _backward(x, h, B, s)),
        ),
        Mistake(
            "The two are exchanged: first the gradient in A, then that in B.",
            lambda x, h, B, s: _backward(x, h, B, s)[::-1],
        ),
        Mistake(
            "The tanh's derivative does not belong into the gradient in B, which comes after it.",
            lambda x, h, B, s: (_backward(x, h, B, s)[0], (h * (1 - h**2)).T @ s),
        ),
        Mistake(
            "In the gradient in A the slope must go back through B first; you used the hidden "
            "units in its place.",
            lambda x, h, B, s: (x.T @ (h * (1 - h**2)), h.T @ s),
        ),
        Mistake(
            "These are gradients for descent: we go uphill, so leave the sign of slope as it is.",
            lambda x, h, B, s: tuple(-g for g in _backward(x, h, B, s)),
        ),
        Mistake(
            "You added the slopes of the documents before multiplying: each document has inputs "
            "and hidden units of its own.",
            lambda x, h, B, s: _backward(
                x.sum(0, keepdims=True),
                h.mean(0, keepdims=True),
                B,
                s.sum(0, keepdims=True),
            ),
        ),
        Mistake(
            "The derivative of tanh is on the way to A only: B comes after the tanh, and its "
            "gradient holds hidden itself.",
            lambda inputs, hidden, B, slope: (
                _backward(inputs, hidden, B, slope)[0],
                (1 - hidden**2).T @ slope,
            ),
        ),
        Mistake(
            "You took the tanh of the inputs. The first layer reads the inputs as they are.",
            lambda inputs, hidden, B, slope: _backward(np.tanh(inputs), hidden, B, slope),
        ),
        Mistake(
            "You multiplied by tanh' after summing over the documents: each document has hidden "
            "units of its own, so multiply before.",
            lambda inputs, hidden, B, slope: (
                (inputs.T @ (slope @ B.T)) * (1 - hidden**2).sum(0),
                hidden.T @ slope,
            ),
        ),
        Mistake(
            "You multiplied by tanh' after summing over the documents: each document has hidden "
            "units of its own, so multiply before.",
            lambda inputs, hidden, B, slope: (
                (inputs.T @ (slope @ B.T)) * (1 - hidden**2).mean(0),
                hidden.T @ slope,
            ),
        ),
        Mistake(
            "tanh' is 1 - tanh^2: the 1 is missing.",
            _with_slope_of_tanh(np.square),
        ),
        Mistake(
            "B is missing on the way back to A: a hidden unit gets the slopes of the logits "
            "weighted by its row of B.",
            lambda inputs, hidden, B, slope: _backward(inputs, hidden, np.ones_like(B), slope),
        ),
        Mistake(
            "That is the first document's gradient only: sum over all documents.",
            lambda inputs, hidden, B, slope: _backward(inputs[:1], hidden[:1], B, slope[:1]),
        ),
        Mistake(
            "tanh' is 1 - tanh^2, without a root.",
            _with_slope_of_tanh(lambda hidden: np.sqrt(1 - hidden**2)),
        ),
        Mistake(
            "You returned a gradient for each document: sum them over the documents.",
            lambda inputs, hidden, B, slope: (
                inputs[:, :, None] * ((slope @ B.T) * (1 - hidden**2))[:, None, :],
                hidden[:, :, None] * slope[:, None, :],
            ),
        ),
        Mistake(
            "The second result is B as it came in; its gradient is asked for.",
            lambda inputs, hidden, B, slope: (_backward(inputs, hidden, B, slope)[0], B),
        ),
        Mistake(
            "tanh' is 1 - tanh^2: you squared the difference, not tanh.",
            _with_slope_of_tanh(lambda hidden: (1 - hidden) ** 2),
        ),
        Mistake(
            "You put the slope through a derivative of tanh on its way to B: the slope is that in"
            " the logits already, and no tanh lies between them and B.",
            lambda x, h, B, s: (_backward(x, h, B, s)[0], h.T @ (s * (1 - s**2))),
        ),
    ],
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
        samples = (rng.random((n_samples, n_factors)) < b).astype(float)
        samples[0], samples[1] = 1 - samples[1], samples[1]  # not all alike
        yield case(rng.normal(scale=3, size=n_samples) - 200, samples, b)


def _score_function_spelt_out(values, samples, b):
    others = (values.sum() - values) / (len(values) - 1)
    return (values - others) @ (samples - b) / len(values)


def _running_mean(values):
    return np.array([values[:s].mean() if s else 0.0 for s in range(len(values))])


score_function = Task(
    "score_function",
    reference=lambda values, samples, b: _estimate(values, samples, b),
    spelt_out=[_score_function_spelt_out],
    cases=_sample_cases,
    returns="an estimate for each logit, (K,)",
    points=2,
    minutes=12,
    why=(
        "The baseline takes away what all samples share, about -200 here, and leaves the mean "
        "alone because it does not look at the sample it is used for."
    ),
    mistakes=[
        Mistake(
            "No baseline: unbiased, but its variance is that of the whole log likelihood. "
            "Subtract the mean of the other samples.",
            lambda f, z, b: _estimate(f, z, b, lambda f: 0.0),
        ),
        Mistake(
            "Your baseline is the mean of all samples, the sample itself included. Then it depends "
            "on z, and the estimate is too small by (S - 1) / S: leave the sample out.",
            lambda f, z, b: _estimate(f, z, b, np.mean),
        ),
        Mistake(
            "You divided by S - 1. The average over S samples divides by S; S - 1 belongs into "
            "the baseline only.",
            lambda f, z, b: (f - _others(f)) @ (z - b) / (len(f) - 1),
        ),
        Mistake(
            "You added up the samples; an expectation is estimated by their average.",
            lambda f, z, b: (f - _others(f)) @ (z - b),
        ),
        Mistake(
            "Your score is divided by b (1 - b): that is the derivative in b, not in the logit.",
            lambda f, z, b: _estimate(f, z, b) / (b * (1 - b)),
        ),
        Mistake(
            "You multiplied the score by b (1 - b) once more; z - b has it in it already.",
            lambda f, z, b: _estimate(f, z, b) * b * (1 - b),
        ),
        Mistake(
            "Your baseline sums the other samples but divides by S, not by the S - 1 that there "
            "are.",
            lambda f, z, b: _estimate(f, z, b, lambda f: (f.sum() - f) / len(f)),
        ),
        Mistake(
            "You took the baseline from the largest value; take the mean of the other samples.",
            lambda f, z, b: _estimate(f, z, b, np.max),
        ),
        Mistake(
            "Your baseline is the median of all samples; take the mean of the other ones, which "
            "does not look at the sample itself.",
            lambda f, z, b: _estimate(f, z, b, np.median),
        ),
        Mistake(
            "You added the baseline; it is subtracted.",
            lambda f, z, b: _estimate(f, z, b, lambda f: -_others(f)),
        ),
        Mistake(
            "No baseline, and z where the score z - b belongs: the average of z must go, since q "
            "changes for the factor being off as well.",
            lambda f, z, b: f @ z / len(f),
        ),
        Mistake(
            "Your estimate is zero. Is it weighted with exp(values), which is zero at -200, or is "
            "it a product of two averages? Average the products, with the values as they are.",
            lambda f, z, b: _estimate(np.exp(f), z, b),
        ),
        Mistake(
            "Your baseline is the mean of the samples drawn before: take that of all other "
            "samples. (For the first sample there would be none.)",
            lambda f, z, b: _estimate(f, z, b, _running_mean),
        ),
        Mistake(
            "You divided by the standard deviation of the values. That changes what is estimated: "
            "only a baseline is subtracted.",
            lambda f, z, b: _estimate((f - f.mean()) / f.std(), z, b, lambda f: 0),
        ),
        Mistake(
            "You divided by the standard deviation of the values. That changes what is estimated: "
            "only a baseline is subtracted.",
            lambda f, z, b: _estimate(f, z, b) / f.std(),
        ),
        Mistake(
            "You averaged over the factors and kept the samples: it is the other way round.",
            lambda f, z, b: ((f - _others(f))[:, None] * (z - b)).mean(1),
        ),
        Mistake(
            "You averaged over samples and factors: each factor keeps its own estimate.",
            lambda f, z, b: ((f - _others(f))[:, None] * (z - b)).mean(),
        ),
        Mistake(
            "You left out the first sample in every baseline. Each sample leaves out itself.",
            lambda f, z, b: _estimate(f, z, b, lambda f: f[1:].mean()),
        ),
        Mistake(
            "Your baseline is one other sample; take the mean of all the others.",
            lambda f, z, b: _estimate(f, z, b, lambda f: np.roll(f, 1)),
        ),
        Mistake(
            "Your baseline is one other sample; take the mean of all the others.",
            lambda f, z, b: _estimate(f, z, b, lambda f: np.roll(f, -1)),
        ),
        Mistake(
            "You squared the score z - b: it is averaged as it is, with its sign.",
            lambda f, z, b: (f - _others(f)) @ (z - b) ** 2 / len(f),
        ),
        Mistake(
            "Only the samples with the factor on are in it. Those with the factor off have a "
            "score, too: -b.",
            lambda f, z, b: (f - _others(f)) @ np.where(z == 1, 1 - b, 0) / len(f),
        ),
        Mistake(
            "You multiplied z by b: the score is the difference z - b.",
            lambda f, z, b: (f - _others(f)) @ (z * b) / len(f),
        ),
    ],
    hints=Hints(
        nudge="The mean of the others: the sum of all, without this one, over S - 1.",
        equation=(
            r"$\frac{1}{S} \sum_s \left(\ell_s - \frac{1}{S-1} \sum_{t \ne s} \ell_t\right)"
            r"(z^{(s)} - b)$"
        ),
        shape=("others = (values.sum() - values) / ...\nreturn (values - others) @ (...) / ..."),
    ),
)


# ---------------------------------------------------------------- 7 splitting the gap


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


def _split_at(best_of):
    """The two gaps, with another best bound, a function of (bounds, amortised)."""

    def wrong(log_evidence, bounds, amortised):
        best = best_of(bounds, amortised)
        return log_evidence - best, best - amortised

    return wrong


split_gap = Task(
    "split_gap",
    reference=_split,
    cases=_gap_cases,
    returns="the family's gap, then the network's, each (D,)",
    points=2,
    minutes=8,
    why="Two causes, two cures: a richer family for the first, a better network for the second.",
    invariants=[_gaps_not_negative],
    mistakes=[
        Mistake(
            "The two gaps are exchanged: first the family's, then the network's.",
            lambda e, m, a: _split(e, m, a)[::-1],
        ),
        Mistake(
            "You did not count the network's own q among the candidates. Where it beats every "
            "start, your network's gap comes out negative.",
            lambda e, m, a: (e - m.max(0), m.max(0) - a),
        ),
        Mistake(
            "You averaged over the starts: the family's gap belongs to the best of them.",
            lambda e, m, a: (e - m.mean(0), m.mean(0) - a),
        ),
        Mistake(
            "You took the best document instead of the best start: each document has its own best "
            "bound, so the maximum runs over axis 0.",
            lambda e, m, a: (e - m.max(), m.max() - a),
        ),
        Mistake(
            "Your first gap is the whole gap, from log p(x) down to the network's bound; the "
            "family's part ends at the best mean field bound.",
            lambda e, m, a: (e - a, _split(e, m, a)[1]),
        ),
        Mistake(
            "Your second gap is the whole gap; the network's part starts at the best mean field "
            "bound.",
            lambda e, m, a: (_split(e, m, a)[0], e - a),
        ),
        Mistake(
            "You took the worst of the starts; the best one shows what the family can do.",
            lambda e, m, a: (e - m.min(0), m.min(0) - a),
        ),
        Mistake(
            "You used the first start only; take the best of all.",
            lambda e, m, a: (e - np.maximum(m[0], a), np.maximum(m[0], a) - a),
        ),
        Mistake(
            "You added the documents up; the gaps of each document are asked for.",
            lambda e, m, a: tuple(part.sum() for part in _split(e, m, a)),
        ),
        Mistake(
            "Both gaps have the wrong sign: bounds lie below the log evidence.",
            lambda e, m, a: tuple(-part for part in _split(e, m, a)),
        ),
        Mistake(
            "You took one maximum over all documents; each document has its own best bound.",
            _split_at(lambda bounds, amortised: np.maximum(bounds.max(1)[0], amortised)),
        ),
        Mistake(
            "You used the last start only; take the best of all.",
            _split_at(lambda bounds, amortised: np.maximum(bounds[-1], amortised)),
        ),
        Mistake(
            "You used the last start only; take the best of all.",
            _split_at(lambda bounds, amortised: bounds[-1]),
        ),
        Mistake(
            "You averaged over the starts. The family's gap is that of its best q: take the best "
            "start.",
            _split_at(lambda bounds, amortised: np.maximum(bounds.mean(0), amortised)),
        ),
        Mistake(
            "You took the worst start; take the best of all.",
            _split_at(lambda bounds, amortised: np.maximum(bounds.min(0), amortised)),
        ),
        Mistake(
            "You cut negative gaps off, or took absolute values. They tell that a candidate is "
            "missing: the network's own q.",
            lambda log_evidence, bounds, amortised: (
                log_evidence - bounds.max(0),
                np.maximum(bounds.max(0) - amortised, 0),
            ),
        ),
        Mistake(
            "You cut negative gaps off, or took absolute values. They tell that a candidate is "
            "missing: the network's own q.",
            lambda log_evidence, bounds, amortised: (
                np.abs(log_evidence - bounds.max(0)),
                np.abs(bounds.max(0) - amortised),
            ),
        ),
        Mistake(
            "You took the best document instead of the best start: each document has its own best "
            "bound, so the maximum runs over axis 0.",
            _split_at(lambda bounds, amortised: np.maximum(bounds.max(), amortised)),
        ),
        Mistake(
            "You divided the gaps by the evidence: they are differences, in nats.",
            lambda e, m, a: (_split(e, m, a)[0] / np.abs(e), _split(e, m, a)[1] / np.abs(e)),
        ),
        Mistake(
            "You averaged over the documents: each has its own gaps.",
            lambda e, m, a: tuple(np.full(len(e), part.mean()) for part in _split(e, m, a)),
        ),
        Mistake(
            "You added the candidates up (log-sum-exp). Each of them is a bound of its own: take "
            "the best.",
            _split_at(lambda bounds, amortised: logsumexp(np.vstack([bounds, amortised]), axis=0)),
        ),
        Mistake(
            "Those are the bounds, not the gaps: subtract them.",
            lambda e, m, a: (np.maximum(m.max(0), a), a),
        ),
        Mistake(
            "You took the worst of the candidates; the best one shows what the family can do.",
            lambda e, m, a: (e - np.minimum(m.min(0), a), np.minimum(m.min(0), a) - a),
        ),
    ],
    hints=Hints(
        nudge="What is the best q of the family that anybody has found, document by document?",
        equation=(
            r"$\log p(x) - \mathrm{ELBO}_\lambda = [\log p(x) - \max_b \mathrm{ELBO}(b)] + "
            r"[\max_b \mathrm{ELBO}(b) - \mathrm{ELBO}_\lambda]$"
        ),
        shape="best = np.maximum(bounds.max(axis=...), ...)\nreturn log_evidence - ..., best - ...",
    ),
)


# ---------------------------------------------------------------- 8 stretch: the best baseline


def _best_baseline(values, states, weights, b):
    squared = (states - b) ** 2
    return (weights * values) @ squared / (weights @ squared)


def _baseline_cases(rng):
    for n_factors in (1, 2, 3, 4):
        states, b = np.array(factor_states(n_factors)), rng.uniform(0.15, 0.85, n_factors)
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
    minutes=20,
    difficulty="stretch",
    why=(
        "It is a mean of the values too, but weighted by the squared score: rare states of a "
        "factor, where the score is large, count more."
    ),
    mistakes=[
        Mistake(
            "That is the mean of log p(x | z): a good baseline, but not the one with the smallest "
            "variance, since the score's square weights the states differently.",
            lambda f, z, w, b: np.full(len(b), w @ f),
        ),
        Mistake(
            "The denominator is missing: c is a weighted mean, so divide by the expectation of the "
            "weights, E[(z - b)^2].",
            lambda f, z, w, b: (w * f) @ (z - b) ** 2,
        ),
        Mistake(
            "You weighted by z - b, not by its square; its mean is zero, so nothing is left to "
            "divide by.",
            lambda f, z, w, b: (w * f) @ (z - b) / (w @ np.abs(z - b)),
        ),
        Mistake(
            "You divided by E[z - b]: the square is missing. The mean of z - b under q is zero, so "
            "that is a division by zero, up to rounding.",
            lambda f, z, w, b: np.full(len(b), np.inf),
        ),
        Mistake(
            "You weighted by the absolute score; the variance is quadratic in it.",
            lambda f, z, w, b: (w * f) @ np.abs(z - b) / (w @ np.abs(z - b)),
        ),
        Mistake(
            "You forgot q's weights: the expectations run over q.",
            lambda f, z, w, b: f @ (z - b) ** 2 / ((z - b) ** 2).sum(0),
        ),
        Mistake(
            "You minimised the sum of the variances with one constant for all factors; here each "
            "factor gets its own.",
            lambda f, z, w, b: np.full(
                len(b), (w * f) @ ((z - b) ** 2).sum(1) / (w @ ((z - b) ** 2).sum(1))
            ),
        ),
        Mistake(
            "You divided by b (1 - b) squared; E[(z - b)^2] is b (1 - b).",
            lambda f, z, w, b: (w * f) @ (z - b) ** 2 / (b * (1 - b)) ** 2,
        ),
        Mistake(
            "That is the mean of the states in which the factor is on.",
            lambda f, z, w, b: (w * f) @ z / (w @ z),
        ),
        Mistake(
            "That is the gradient itself, E[log p(x | z) (z - b)].",
            lambda f, z, w, b: (w * f) @ (z - b),
        ),
        Mistake(
            "You squared the log likelihood as well; the minimum of a quadratic in c needs it to "
            "the first power.",
            lambda f, z, w, b: (w * f**2) @ (z - b) ** 2 / (w @ (z - b) ** 2),
        ),
        Mistake(
            "You divided by b; what normalises the weights (z - b)^2 is their expectation, "
            "b (1 - b).",
            lambda f, z, w, b: (w * f) @ (z - b) ** 2 / b,
        ),
        Mistake(
            "You divided by the root of E[(z - b)^2]: the weights themselves are normalised, "
            "without a root.",
            lambda f, z, w, b: (w * f) @ (z - b) ** 2 / np.sqrt(b * (1 - b)),
        ),
        Mistake(
            "You weighted by z - b, not by its square, above the line: the variance is quadratic "
            "in the score.",
            lambda f, z, w, b: (w * f) @ (z - b) / (w @ (z - b) ** 2),
        ),
        Mistake(
            "That is how far c lies above the mean of the values. Add the mean again: c is the "
            "constant itself.",
            lambda f, z, w, b: (w * (f - w @ f)) @ (z - b) ** 2 / (w @ (z - b) ** 2),
        ),
        Mistake(
            "That is the mean (or median) of the values over the states, as if all were equally "
            "probable and all scores alike.",
            lambda f, z, w, b: np.full(len(b), f.mean()),
        ),
        Mistake(
            "That is the mean (or median) of the values over the states, as if all were equally "
            "probable and all scores alike.",
            lambda f, z, w, b: np.full(len(b), np.median(f)),
        ),
        Mistake(
            "Zero is no baseline at all: the variance is then that of the whole log likelihood.",
            lambda f, z, w, b: np.zeros(len(b)),
        ),
        Mistake(
            "That is the second moment that is left at the best constant: asked is the constant.",
            lambda f, z, w, b: w @ ((f[:, None] - _best_baseline(f, z, w, b)) * (z - b)) ** 2,
        ),
        Mistake(
            "That is the mean of the states in which the factor is off.",
            lambda f, z, w, b: (w * f) @ (1 - z) / (w @ (1 - z)),
        ),
        Mistake(
            "You minimised the sum of the variances with one constant for all factors; here each "
            "factor gets its own.",
            lambda f, z, w, b: (w * f) @ ((z - b) ** 2).sum(1) / (w @ ((z - b) ** 2).sum(1)),
        ),
        Mistake(
            "You took the middle between the smallest and the largest value, whatever their "
            "probabilities and scores.",
            lambda f, z, w, b: np.full(len(b), (f.max() + f.min()) / 2),
        ),
    ],
    hints=Hints(
        nudge="The mean does not depend on c, so minimise the second moment, a quadratic in c.",
        equation=(
            r"$\frac{d}{dc} \mathbb{E}_q[(\ell - c)^2 (z_j - b_j)^2] = 0 \;\Rightarrow\; c_j = "
            r"\frac{\mathbb{E}_q[\ell\, (z_j - b_j)^2]}{\mathbb{E}_q[(z_j - b_j)^2]}$"
        ),
        shape="squared = (states - b) ** 2\nreturn (weights * values) @ squared / (...)",
    ),
)
