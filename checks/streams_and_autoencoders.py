"""The exercises of notebook 07b, Streams and autoencoders.

topics: lambda (K, V).  usage: a batch's expected counts (K, V).  q = Normal(m, exp(log_s)^2) for
each of the coordinates (K,); eps: one draw of a standard normal.
"""

import numpy as np

from checks.kinds import Order
from checks.progress import progress_for
from checks.tasks import Hints, Task, case

progress = progress_for(__name__)

# ---------------------------------------------------------------- 1 one batch, in order

batch_lines = Order(
    "batch_lines",
    lines={
        "A": r"count each word for the topics that $q$ gives it",
        "B": r"fit $q(\theta_d)$ and $q(z_d)$ to each document of the batch, topics held fixed",
        "C": r"move $\lambda$ by a share $\rho_t$ towards this target",
        "D": r"multiply the counts by $B / D$",
        "E": r"multiply the counts by $D / B$ and add $\eta$: the target",
        "F": r"fit $q$ to all documents seen so far once more",
    },
    right="BAEC",
    reasons={
        "A": "To count, the batch's q must be known; what is counted is then scaled.",
        "B": "Everything else needs the q of the batch's documents: it comes first.",
        "C": "One can only move towards a target that is there: this is the last step.",
        "D": "The batch is smaller than the corpus that it stands for: its counts must grow.",
        "E": "The target is made of counts, and they must be counted first.",
        "F": "A stream never looks back: documents seen before are gone.",
    },
    points=2,
    minutes=3,
    difficulty="warm-up",
    why="Memory holds one batch and the topics, however long the stream is.",
    hints=Hints(
        nudge="What do you need in order to count, and what must be counted to have a target?",
        equation=r"$\lambda \leftarrow (1 - \rho)\lambda + \rho\,\hat\lambda$",
        shape="documents, counts, target, step",
    ),
)

# ---------------------------------------------------------------- 2 the step


def _stream_step(topics, usage, rho, eta, n_documents, batch_size):
    return (1 - rho) * topics + rho * (eta + n_documents / batch_size * usage)


def _stream_spelt_out(topics, usage, rho, eta, n_documents, batch_size):
    target = eta + usage * n_documents / batch_size
    return topics + rho * (target - topics)


def _stream_cases(rng):
    for shape, rho, n, b in (((2, 3), 0.3, 120, 10), ((3, 5), 0.05, 64, 16), ((2, 4), 0.8, 30, 6)):
        topics, usage = rng.gamma(2.0, 1.0, shape), rng.gamma(1.0, 2.0, shape)
        yield case(topics, usage, rho, 0.2, n, b)
    yield case(np.ones((2, 3)), np.zeros((2, 3)), 0.5, 0.05, 40, 8, label="a batch without words")


stream_step = Task(
    "stream_step",
    reference=_stream_step,
    spelt_out=[_stream_spelt_out],
    cases=_stream_cases,
    returns="the new lambda, (K, V)",
    points=3,
    minutes=8,
    why="The mean of it over all batches is the step that the whole corpus would take.",
    hints=Hints(
        nudge="Where would lambda go if the whole corpus were like this batch? Go part of the way.",
        equation=r"$(1-\rho)\lambda + \rho\,(\eta + \tfrac{D}{B}\,\text{usage})$",
        shape="target = eta + ... * usage\nreturn (1 - rho) * ... + rho * ...",
    ),
)

# ---------------------------------------------------------------- 3 its size


def _rate(t, kappa, tau):
    return (tau + t) ** -kappa


def _rate_spelt_out(t, kappa, tau):
    return 1 / (t + tau) ** kappa


def _rate_cases(rng):
    for t in (0.0, 3.0, 25.0, 300.0):
        yield case(t, rng.uniform(0.55, 1.0), rng.uniform(2.0, 64.0))


rate = Task(
    "rate",
    reference=_rate,
    spelt_out=[_rate_spelt_out],
    cases=_rate_cases,
    returns="rho_t",
    points=1,
    minutes=3,
    difficulty="warm-up",
    why="Above 1/2 the squares have a finite sum, up to 1 the steps an infinite one.",
    hints=Hints(
        nudge="The delay is added to the time, the decay is a power.",
        equation=r"$(\tau + t)^{-\kappa}$",
        shape="return (...) ** ...",
    ),
)

# ---------------------------------------------------------------- 4 into the encoder


def _encoder_gradient(m, log_s, eps, slopes):
    return np.stack([slopes - m, slopes * np.exp(log_s) * eps - (np.exp(2 * log_s) - 1)])


def _encoder_spelt_out(m, log_s, eps, slopes):
    s = np.exp(log_s)
    of_kl = np.array([m, s**2 - 1])
    return np.array([slopes, slopes * s * eps]) - of_kl


def _encoder_cases(rng):
    for size in (2, 2, 3):
        m, log_s, eps, slopes = rng.normal(size=(4, size))
        yield case(m, 0.6 * log_s - 0.7, eps, 2 * slopes)
    yield case(np.ones(2), np.full(2, -2.0), np.zeros(2), np.ones(2), label="a draw of zero")


encoder_gradient = Task(
    "encoder_gradient",
    reference=_encoder_gradient,
    spelt_out=[_encoder_spelt_out],
    cases=_encoder_cases,
    returns="two rows, (2, K): by m and by log s",
    points=4,
    minutes=12,
    difficulty="stretch",
    why="From here on it is the chain rule through the network's weights, and nothing else.",
    hints=Hints(
        nudge="Two terms: the likelihood, along z = m + s eps, and minus the KL to the prior.",
        equation=r"$\frac{\partial z}{\partial m} = 1$, $\frac{\partial z}{\partial \log s} = "
        r"s\,\epsilon$; $\text{KL} = \tfrac12 \sum_k (m_k^2 + s_k^2 - 1 - 2 \log s_k)$",
        shape="s = np.exp(log_s)\nreturn np.array([slopes - ..., slopes * ... - ...])",
    ),
)

# ---------------------------------------------------------------- 5 the gap in three parts


def _split_gap(log_evidence, full, diagonal, network):
    return np.array([log_evidence - full, full - diagonal, diagonal - network])


def _split_spelt_out(log_evidence, full, diagonal, network):
    whole, shape, missed = log_evidence - network, log_evidence - full, log_evidence - diagonal
    return np.array([shape, missed - shape, whole - missed])


def _gap_cases(rng):
    for _ in range(3):
        parts = rng.exponential(0.5, 3)
        yield case(*np.cumsum([-20.0 - rng.exponential(), *-parts]))
    yield case(-20.0, -20.0, -20.5, -20.5, label="only the correlation is missing")


split_gap = Task(
    "split_gap",
    reference=_split_gap,
    spelt_out=[_split_spelt_out],
    cases=_gap_cases,
    returns="three numbers: shape, correlation, network",
    points=2,
    minutes=5,
    why="They add up to log p(x) minus the network's ELBO; only the last is amortisation's fault.",
    hints=Hints(
        nudge="Each part is what is lost by going on to a smaller choice of q.",
        equation=r"$\log p(x) \ge \text{full} \ge \text{diagonal} \ge \text{network}$",
        shape="return np.array([... - full, ... - diagonal, ... - network])",
    ),
)
