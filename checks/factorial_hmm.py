"""The exercises of notebook 02b, Factorial hidden Markov models.

initial: p(s_1), (M, L), a row for each chain.  transition: (M, L, L), transition[m, i, j] is the
probability that chain m steps from i to j.  means: (M, L), the output of each state of each
chain; observations are single numbers here.  variance: of the noise.  states: (T, M).  x: (T,).
"""

import numpy as np
from scipy.special import logsumexp, softmax

from checks.sheets import Sheet
from checks.tasks import case

sheet = Sheet(__name__)
progress = sheet.progress


# ---------------------------------------------------------------- 1 costs


def _costs(M, L, T):
    return L ** (M * T), T * L ** (2 * M), T * M * L ** (M + 1)


def _size_cases(rng):
    yield case(2, 3, 4)
    for _ in range(5):
        yield case(int(rng.integers(2, 5)), int(rng.integers(3, 6)), int(rng.integers(4, 7)))
    yield case(3, 2, 5)


costs = sheet.task("costs", reference=_costs, cases=_size_cases)

heating_given_panel = sheet.task("heating_given_panel")

# ---------------------------------------------------------------- 3 the log joint


def _log_prior(initial, transition, states):
    chains = np.arange(len(initial))
    steps = transition[chains, states[:-1], states[1:]]
    return np.log(initial[chains, states[0]]).sum() + np.log(steps).sum()


def _log_normal(x, mean, variance):
    return -0.5 * np.log(2 * np.pi * variance) - 0.5 * (x - mean) ** 2 / variance


def _output(means, states):
    return means[np.arange(len(means)), states].sum(1)


def _log_joint(initial, transition, means, variance, states, x):
    log_likelihood = _log_normal(x, _output(means, states), variance).sum()
    return _log_prior(initial, transition, states) + log_likelihood


def _model(rng, M, L):
    means = rng.normal(size=(M, L)) * 2
    initial, transition = rng.dirichlet(np.ones(L), M), rng.dirichlet(np.ones(L), (M, L))
    return initial, transition, means, float(rng.uniform(0.3, 3))


def _path_cases(rng):
    for M, L, T in ((2, 2, 3), (2, 3, 4), (3, 2, 5), (1, 4, 6), (4, 3, 5)):
        model = _model(rng, M, L)
        states = rng.integers(L, size=(T, M))
        yield case(*model, states, _output(model[2], states) + rng.normal(size=T))


def _log_joint_spelt_out(initial, transition, means, variance, states, x):
    chains = np.arange(len(initial))
    start = np.log(initial[chains, states[0]])
    steps = np.log(transition[chains, states[:-1], states[1:]])
    mean = means[chains, states].sum(axis=1)
    noise = -0.5 * np.log(2 * np.pi * variance) - 0.5 * (x - mean) ** 2 / variance
    return start.sum() + steps.sum() + noise.sum()


log_joint = sheet.task(
    "log_joint", reference=_log_joint, spelt_out=[_log_joint_spelt_out], cases=_path_cases
)

# ---------------------------------------------------------------- 4 two causes of one number


def _coupled(p1, p2, means1, means2, variance, x):
    prior = np.log(np.outer(p1, p2))
    return softmax(prior + _log_normal(x, means1[:, None] + means2, variance))


def _coupled_cases(rng):
    for first, second in ((2, 2), (2, 3), (4, 2), (3, 5)):
        p1, p2 = rng.dirichlet(np.ones(first)), rng.dirichlet(np.ones(second))
        means1, means2 = rng.normal(size=first) * 2, rng.normal(size=second) * 2
        x = float(rng.choice(means1) + rng.choice(means2) + rng.normal())
        yield case(p1, p2, means1, means2, float(rng.uniform(0.4, 3)), x)


def _sums_to_one(table, *_):
    total = np.sum(table)
    return "" if np.isclose(total, 1) else f"your table sums to {total:.4g}; a posterior sums to 1"


def _coupled_posterior_spelt_out(p1, p2, means1, means2, variance, x):
    mean = means1[:, None] + means2[None, :]
    exponent = -0.5 * (x - mean) ** 2 / variance
    joint = np.outer(p1, p2) * np.exp(exponent - exponent.max())
    return joint / joint.sum()


coupled_posterior = sheet.task(
    "coupled_posterior",
    reference=_coupled,
    spelt_out=[_coupled_posterior_spelt_out],
    cases=_coupled_cases,
    invariants=[_sums_to_one],
)

# ---------------------------------------------------------------- 5 which links may go?

BLOCKS = {"singles": ((0,), (1,), (2,)), "pair": ((0, 1), (2,)), "all": ((0, 1, 2),)}


def _block_loss(q):
    """KL(p || product of its blocks' marginals) in nats, and the numbers that q keeps."""
    prior = np.full((2, 2), 0.25)
    table = softmax(np.log(prior) + _log_normal(1.8, np.array([[0, 1.6], [2.0, 3.6]]), 0.36))
    fridge = softmax(_log_normal(0.1, np.array([0, 0.2]), 0.01))
    joint = table[:, :, None] * fridge
    product = np.ones(())
    for block in BLOCKS[q]:
        others = tuple(set(range(3)) - set(block))
        product = np.multiply.outer(product, joint.sum(others))
    numbers = sum(2 ** len(block) for block in BLOCKS[q])
    return {"loss": float(np.sum(joint * np.log(joint / product))), "numbers": numbers}


blocks = sheet.task("blocks", measure=_block_loss)

# ---------------------------------------------------------------- 6 derive: how much is saved


def _saving(M, L):
    return L ** (M - 1) / M


def _saving_cases(rng):
    yield case(2, 3)
    for _ in range(6):
        yield case(int(rng.integers(2, 8)), int(rng.integers(2, 9)))


saving = sheet.task("saving", reference=_saving, cases=_saving_cases)

# ---------------------------------------------------------------- 7 one step ahead


def _ahead(now, transition):
    for matrix in transition:
        now = np.tensordot(now, matrix, axes=(0, 0))
    return now


def _ahead_cases(rng):
    for M, L in ((2, 2), (2, 3), (3, 2), (1, 4), (3, 3)):
        now = rng.dirichlet(np.ones(L**M)).reshape((L,) * M)
        yield case(now, rng.dirichlet(np.ones(L), (M, L)))
    now = rng.dirichlet(np.ones(2**15)).reshape((2,) * 15)  # the large matrix: 8 GiB
    yield case(now, rng.dirichlet(np.ones(2), (15, 2)), label="fifteen chains of two states")


ahead = sheet.task(
    "ahead", reference=_ahead, cases=_ahead_cases, seconds=20, invariants=[_sums_to_one]
)

forward_lines = sheet.task("forward_lines")

# ---------------------------------------------------------------- 9 a bug against time


def _told_right(transition, b):
    told = np.ones(len(transition))
    for row in b[:0:-1]:
        told = transition @ (row * told)
        told = told / told.sum()
    return told / told.sum()


def _no_chain(transition, b):
    if np.ndim(transition) != 2 or not np.allclose(np.sum(transition, axis=-1), 1):
        return "the rows of transition do not sum to 1"
    return "" if np.ndim(b) == 2 and len(b) > 1 else "b needs a row for each of two steps or more"


wrong_backward = sheet.task(
    "wrong_backward",
    right=_told_right,
    example=(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.5, 0.5], [0.2, 0.8]])),
    refuse=_no_chain,
)

# ---------------------------------------------------------------- 10 the evidence


def _forward(initial, transition, log_b, move=_ahead, combine=logsumexp):
    """log p(x) by the forward algorithm in log space, with the parts that can go wrong."""
    weight = np.ones(())
    for row in initial:
        weight = np.multiply.outer(weight, row)
    log_weight = np.log(weight) + log_b[0]
    for t in range(1, len(log_b)):
        peak = log_weight.max()
        log_weight = np.log(move(np.exp(log_weight - peak), transition)) + peak + log_b[t]
    return combine(log_weight)


def _log_evidence(initial, transition, log_b):
    return _forward(initial, transition, log_b)


def _evidence_cases(rng):
    for M, L, T in ((2, 2, 2), (1, 3, 4), (2, 3, 5), (3, 2, 6)):
        log_b = rng.normal(size=(T, *[L] * M)) * 2 - 1
        yield case(rng.dirichlet(np.ones(L), M), rng.dirichlet(np.ones(L), (M, L)), log_b)
    log_b = rng.normal(size=(3, 2, 2)) - 900
    yield case(
        rng.dirichlet(np.ones(2), 2),
        rng.dirichlet(np.ones(2), (2, 2)),
        log_b,
        label="observations so improbable that their probability is 0 in a computer",
    )


def _log_evidence_spelt_out(initial, transition, log_b):
    log_weight = log_b[0]
    for m, row in enumerate(initial):
        log_weight = log_weight + np.log(row).reshape([-1] + [1] * (len(initial) - 1 - m))
    for t in range(1, len(log_b)):
        peak = log_weight.max()
        now = np.exp(log_weight - peak)
        for matrix in transition:
            now = np.tensordot(now, matrix, axes=(0, 0))
        log_weight = np.log(now) + peak + log_b[t]
    return logsumexp(log_weight)


log_evidence = sheet.task(
    "log_evidence",
    reference=_log_evidence,
    spelt_out=[_log_evidence_spelt_out],
    cases=_evidence_cases,
)

smoothing = sheet.task("smoothing")
