"""The exercises of notebook 02b, Factorial hidden Markov models.

initial: p(s_1), (M, L), a row for each chain.  transition: (M, L, L), transition[m, i, j] is the
probability that chain m steps from i to j.  means: (M, L), the output of each state of each
chain; observations are single numbers here.  variance: of the noise.  states: (T, M).  x: (T,).
"""

import numpy as np
from scipy.special import logsumexp, softmax

from checks.kinds import ChooseQ, FindBug, Foretell, Order, Paper
from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Prediction, Task, case

progress = progress_for(__name__)


# ---------------------------------------------------------------- 1 costs


def _costs(M, L, T):
    return L ** (M * T), T * L ** (2 * M), T * M * L ** (M + 1)


def _size_cases(rng):
    yield case(2, 3, 4)
    for _ in range(5):
        yield case(int(rng.integers(2, 5)), int(rng.integers(3, 6)), int(rng.integers(4, 7)))
    yield case(3, 2, 5)


costs = Task(
    "costs",
    reference=_costs,
    cases=_size_cases,
    returns="three numbers: paths, flat, factorial",
    points=1,
    minutes=3,
    difficulty="warm-up",
    why="Enumeration is exponential in M T, the other two in M only; the base is what differs.",
    hints=Hints(
        nudge="How many latent variables are there, and in how many ways can one step be followed?",
        equation=r"$L^{MT}, \quad T\,(L^M)^2, \quad T\,M\,L^M \cdot L$",
        shape="return L ** (...), T * L ** (...), T * M * L ** (...)",
    ),
)

# ---------------------------------------------------------------- 2 predict

heating_given_panel = Prediction(
    "heating_given_panel",
    question="The meter shows 0.2 kilowatts; then we learn that the sun is on the panel. Is the "
    "heating now more or less probably on?",
    choices={
        "more": "The panel feeds in 1.6 kilowatts, and something has to use them up. Two causes of "
        "opposite sign support each other; two of the same sign compete.",
        "less": "So it is with the oven, which adds to the meter. The panel takes away: without "
        "the heating the meter would show -1.6.",
        "the same": "Before we look at the meter it is. Given the reading the two are coupled, "
        "whatever their signs.",
    },
    right="more",
    hints=Hints(
        nudge="With the panel on and the heating off, what would the meter show?",
        equation=r"$p(s^1 \mid x, s^2) \propto p(s^1)\, p(x \mid s^1, s^2)$",
        shape='return "more", "less" or "the same"',
    ),
    room=__name__,
)

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


log_joint = Task(
    "log_joint",
    reference=_log_joint,
    spelt_out=[_log_joint_spelt_out],
    cases=_path_cases,
    returns="one number, in nats",
    points=2,
    minutes=8,
    why="This one function defines the model: every algorithm for it can be tested against it.",
    hints=Hints(
        nudge="Three kinds of terms: where each chain starts, each of its steps, and each x_t.",
        equation=r"$\log p(x, s) = \sum_m \log p(s_1^m) + \sum_{m, t \ge 2} \log p(s_t^m \mid "
        r"s_{t-1}^m) + \sum_t \log \mathcal{N}(x_t; \sum_m \mu^m_{s_t^m}, \sigma^2)$",
        shape=(
            "chains = np.arange(len(initial))\n"
            "start = np.log(initial[chains, states[0]])\n"
            "steps = np.log(transition[chains, ..., ...])\n"
            "mean = means[chains, states].sum(...)\n"
            "return start.sum() + ..."
        ),
    ),
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
    label = "an x so far from all means that every exp is zero in a computer"
    yield case(p1, p2, means1, means2, 0.5, x + 60, label=label)


def _sums_to_one(table, *_):
    total = np.sum(table)
    return "" if np.isclose(total, 1) else f"your table sums to {total:.4g}; a posterior sums to 1"


def _coupled_posterior_spelt_out(p1, p2, means1, means2, variance, x):
    mean = means1[:, None] + means2[None, :]
    exponent = -0.5 * (x - mean) ** 2 / variance
    joint = np.outer(p1, p2) * np.exp(exponent - exponent.max())
    return joint / joint.sum()


coupled_posterior = Task(
    "coupled_posterior",
    reference=_coupled,
    spelt_out=[_coupled_posterior_spelt_out],
    cases=_coupled_cases,
    returns="p(s1, s2 | x), s1 down the rows and s2 across the columns",
    points=2,
    minutes=6,
    why="A table that is no outer product: the states are coupled by what they both explain.",
    invariants=[_sums_to_one],
    hints=Hints(
        nudge="For each pair of states: how probable is it beforehand, and how well does the sum "
        "of their outputs fit x?",
        equation=r"$p(s^1, s^2 \mid x) \propto p(s^1)\, p(s^2)\, \mathcal{N}(x; \mu^1_{s^1} + "
        r"\mu^2_{s^2}, \sigma^2)$",
        shape=(
            "mean = means1[:, None] + means2[None, :]\n"
            "joint = np.outer(p1, p2) * np.exp(...)\n"
            "return joint / ..."
        ),
    ),
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


blocks = ChooseQ(
    "blocks",
    choices={
        "singles": "It drops the link between heating and oven, which share a reading.",
        "pair": "It keeps the only link that the readings make.",
        "all": "It loses nothing, but it keeps links to the fridge that no reading makes.",
    },
    good="pair",
    foretell={
        "loss": Foretell(
            "You foretold a loss of {told} nats, it is {measured}: what is dropped is the mutual "
            "information of the blocks, at most log 2 for two appliances.",
            rtol=0.15,
            atol=0.02,
        ),
        "numbers": Foretell(
            "You foretold {told} numbers, it keeps {measured}: a block of n appliances is a table "
            "of 2^n, and blocks stand side by side.",
            rtol=1e-9,
        ),
    },
    measure=_block_loss,
    points=2,
    minutes=5,
    why="Independence that is really there costs nothing, and here it even saves no number.",
    hints=Hints(
        nudge="Which two appliances does one reading speak about?",
        equation=r"$p(s \mid x) = p(s^1, s^2 \mid x_1)\, p(s^3 \mid x_2)$",
        shape='return {"q": ..., "loss": ..., "numbers": ...}',
    ),
)

# ---------------------------------------------------------------- 6 derive: how much is saved


def _saving(M, L):
    return L ** (M - 1) / M


def _saving_cases(rng):
    yield case(2, 3)
    for _ in range(6):
        yield case(int(rng.integers(2, 8)), int(rng.integers(2, 9)))


saving = Derivation(
    "saving",
    above=r"\frac{T\, L^{2M}}{T\, M\, L^{M+1}}",
    reference=_saving,
    cases=_saving_cases,
    points=1,
    minutes=2,
    why="The saving grows exponentially with M, 40 times for six chains of three states, and so "
    "does what is left.",
    hints=Hints(
        nudge="T cancels. What is left of the powers of L?",
        equation=r"$L^a / L^b = L^{a-b}$",
        shape="return L ** (...) / ...",
    ),
)

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


ahead = Task(
    "ahead",
    reference=_ahead,
    cases=_ahead_cases,
    seconds=20,
    returns="p(s at the next step), an axis for each chain, in the order of the chains",
    points=2,
    minutes=8,
    why="M small products instead of one with an L^M x L^M matrix: the factorial algorithm's "
    "whole secret.",
    invariants=[_sums_to_one],
    hints=Hints(
        nudge="If only chain m moved, which axis of the table would be summed over, with what?",
        equation=r"$p(s'^1, \dots, s'^M) = \sum_{s^1} A^1_{s^1 s'^1} \cdots \sum_{s^M} "
        r"A^M_{s^M s'^M}\, p(s^1, \dots, s^M)$",
        shape="for m in range(len(transition)):\n    now = np.tensordot(now, ..., axes=(0, ...))",
    ),
)

# ---------------------------------------------------------------- 8 the forward pass, in order

forward_lines = Order(
    "forward_lines",
    lines={
        "A": r"$= p(x_{t+1} \mid s_{t+1}) \sum_{s_t} p(s_{t+1}, s_t \mid x_{1:t})$",
        "B": r"$= p(x_{t+1} \mid s_{t+1}) \sum_{s_t} p(s_{t+1} \mid s_t)\, p(s_t)$",
        "C": r"$\propto p(s_{t+1}, x_{t+1} \mid x_{1:t})$",
        "D": r"$= p(x_{t+1} \mid s_{t+1}) \sum_{s_t} p(s_{t+1} \mid s_t)\, p(s_t \mid x_{1:t})$",
        "E": r"$p(s_{t+1} \mid x_{1:t+1})$",
        "F": r"$= p(x_{t+1} \mid s_{t+1})\, p(s_{t+1} \mid x_{1:t})$",
        "G": r"$= p(x_{t+1} \mid x_{1:t})\, p(s_{t+1} \mid x_{1:t})$",
    },
    right="ECFAD",
    reasons={
        "A": "The sum rule brings s_t in once p(s_{t+1} | x_1..t) stands on its own.",
        "B": "The belief about s_t forgot what the readings up to t have said.",
        "C": "Bayes' rule: the first line is this, divided by what does not depend on s_{t+1}.",
        "D": "The Markov property splits p(s_{t+1}, s_t | x_1..t): that must stand there first.",
        "E": "It is what we want to know, so everything begins with it.",
        "F": "Given s_{t+1} the new reading is independent of the old ones; split the joint first.",
        "G": "Here the reading says nothing about the state: p(x | s) has lost its s.",
    },
    points=2,
    minutes=4,
    why="Bayes' rule, independence, the sum rule, the Markov property: no other rule is needed.",
    hints=Hints(
        nudge="Hear the reading first, then ask where the state has come from.",
        equation=r"$p(a \mid b, c) \propto p(a, b \mid c)$",
        shape="the letters of five lines",
    ),
)

# ---------------------------------------------------------------- 9 a bug against time


def _told(transition, b):
    """p(x_2..T | s_1) up to a constant, with an error."""
    told = np.ones(len(transition))
    for row in b[:0:-1]:
        told = (row * told) @ transition
        told = told / told.sum()
    return told / told.sum()


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


wrong_backward = FindBug(
    "wrong_backward",
    buggy=_told,
    right=_told_right,
    line=4,
    example=(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.5, 0.5], [0.2, 0.8]])),
    reasons={
        2: "After the last step there is nothing to come, and that is certain: ones.",
        3: "From the last reading back to the second; the first is no part of p(x_2..T | s_1).",
        5: "A constant for each step changes nothing, and keeps the numbers from vanishing.",
        6: "The result is asked for up to a constant only.",
    },
    refuse=_no_chain,
    points=2,
    minutes=6,
    why="It moves forward in time, and a symmetric matrix looks the same from both sides.",
    hints=Hints(
        nudge="Over which index of the transition matrix does (2b.7) sum?",
        equation=r"$p(x_{t+1:T} \mid s_t) = \sum_j A_{s_t j}\, p(x_{t+1:T} \mid s_{t+1} = j)$",
        shape="(line, (transition, b)) with a transition matrix that is not symmetric",
    ),
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


log_evidence = Task(
    "log_evidence",
    reference=_log_evidence,
    spelt_out=[_log_evidence_spelt_out],
    cases=_evidence_cases,
    returns="log p(x), one number, in nats",
    points=3,
    minutes=15,
    difficulty="stretch",
    why="You have written exact inference for any number of chains, as far as memory reaches.",
    hints=Hints(
        nudge="Start from p(s_1) p(x_1 | s_1). Then, for each further observation: one step ahead, "
        "and multiply. When do you take logarithms so that nothing underflows?",
        equation=r"$p(x_{1:t}, s_t) = p(x_t \mid s_t) \sum_{s_{t-1}} p(s_t \mid s_{t-1})\, "
        r"p(x_{1:t-1}, s_{t-1})$",
        shape=(
            "log_weight = ...  # log p(s_1) + log_b[0], an axis for each chain\n"
            "for t in range(1, len(log_b)):\n"
            "    peak = log_weight.max()\n"
            "    now = np.exp(log_weight - peak)\n"
            "    ...  # one step ahead, as in the task before\n"
            "    log_weight = np.log(...) + peak + log_b[t]\n"
            "return logsumexp(...)"
        ),
    ),
)

# ---------------------------------------------------------------- 11 on paper: past times future

smoothing = Paper(
    "smoothing",
    rubric=(
        (1, "Bayes' rule, with everything conditioned on the past readings"),
        (1, "it is said that given s_t the present and future readings are independent of the past "
         "ones, and that this follows from the factors of (2b.3)"),
        (1, "the constant is named: p(x_t..T | x_1..t-1), the sum of the product over s_t"),
        (1, "x_t is counted once: in the past or in the future, not in both"),
        (1, "the last step: nothing is left to come, and the smoothed belief is the filtered one"),
    ),
    minutes=8,
    difficulty="stretch",
)  # fmt: skip
