"""The exercises of notebook 07b, Streams and autoencoders.

topics: lambda (K, V).  usage: a batch's expected counts (K, V).  q = Normal(m, exp(log_s)^2) for
each of the coordinates (K,); eps: one draw of a standard normal.
"""

import numpy as np

from checks.sheets import Sheet
from checks.tasks import case

sheet = Sheet(__name__)
progress = sheet.progress

batch_lines = sheet.task("batch_lines")

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


stream_step = sheet.task(
    "stream_step", reference=_stream_step, spelt_out=[_stream_spelt_out], cases=_stream_cases
)

# ---------------------------------------------------------------- 3 its size


def _rate(t, kappa, tau):
    return (tau + t) ** -kappa


def _rate_spelt_out(t, kappa, tau):
    return 1 / (t + tau) ** kappa


def _rate_cases(rng):
    for t in (0, 3, 25, 300):
        yield case(t, rng.uniform(0.55, 1.0), rng.uniform(2.0, 64.0))


rate = sheet.task("rate", reference=_rate, spelt_out=[_rate_spelt_out], cases=_rate_cases)

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


encoder_gradient = sheet.task(
    "encoder_gradient",
    reference=_encoder_gradient,
    spelt_out=[_encoder_spelt_out],
    cases=_encoder_cases,
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


split_gap = sheet.task(
    "split_gap", reference=_split_gap, spelt_out=[_split_spelt_out], cases=_gap_cases
)
