"""The exercises of notebook 02b, Factorial hidden Markov models.

initial: p(s_1), (M, L), a row for each chain.  transition: (M, L, L), transition[m, i, j] is the
probability that chain m steps from i to j.  means: (M, L), the output of each state of each
chain; observations are single numbers here.  variance: of the noise.  states: (T, M).  x: (T,).
"""

import numpy as np
from scipy.special import logsumexp

from checks.progress import progress_for
from checks.tasks import Derivation, Hints, Mistake, Prediction, Task, case

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
    minutes=5,
    difficulty="warm-up",
    why="Enumeration is exponential in M T, the other two in M only; the base is what differs.",
    mistakes=[
        Mistake(
            "Paths: you took L^M, the joint states of one step, and multiplied by T. The steps "
            "can be combined freely as well, so T belongs into the exponent.",
            lambda M, L, T: (T * L**M, *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: base and exponent are the wrong way round. Each of the M T variables has L "
            "values.",
            lambda M, L, T: ((M * T) ** L, *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: you added up the variables' values. Choices multiply.",
            lambda M, L, T: (M * L * T, *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Flat: L^M is the number of joint states; one step multiplies by a square matrix of "
            "that size.",
            lambda M, L, T: (L ** (M * T), T * L**M, T * M * L ** (M + 1)),
        ),
        Mistake(
            "Flat: L^2 per chain, times M, is the cost of independent chains. The flat chain has "
            "L^M states.",
            lambda M, L, T: (L ** (M * T), T * M * L**2, T * M * L ** (M + 1)),
        ),
        Mistake(
            "Flat: the time steps are missing; its matrix is applied T times.",
            lambda M, L, T: (L ** (M * T), L ** (2 * M), T * M * L ** (M + 1)),
        ),
        Mistake(
            "Factorial: each of the M chains is moved in turn; you counted one of them only.",
            lambda M, L, T: (L ** (M * T), T * L ** (2 * M), T * L ** (M + 1)),
        ),
        Mistake(
            "Factorial: moving one chain sums over L previous states for each of the L^M joint "
            "states, so the exponent is M + 1.",
            lambda M, L, T: (L ** (M * T), T * L ** (2 * M), T * M * L**M),
        ),
        Mistake(
            "Factorial: the time steps are missing; every step moves all chains.",
            lambda M, L, T: (L ** (M * T), T * L ** (2 * M), M * L ** (M + 1)),
        ),
        Mistake(
            "Flat and factorial are exchanged: the flat algorithm is the more expensive one.",
            lambda M, L, T: (L ** (M * T), T * M * L ** (M + 1), T * L ** (2 * M)),
        ),
        Mistake(
            "Paths: those are the joint states of a single step. A path has a joint state at each"
            " of the T steps.",
            lambda M, L, T: (L**M, *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: those are the paths of one chain. All M chains are latent, so M belongs into "
            "the exponent, too.",
            lambda M, L, T: (L**T, *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: base and exponent are the wrong way round. Each of the M T variables has L "
            "values.",
            lambda M, L, T: (M ** (L * T), *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: base and exponent are the wrong way round. Each of the M T variables has L "
            "values.",
            lambda M, L, T: (T ** (M * L), *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: you added the chains' paths up. Each path of one chain goes with each of the "
            "others, so they multiply.",
            lambda M, L, T: (M * L**T, *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: you added the exponents M and T. There are M times T variables.",
            lambda M, L, T: (L ** (M + T), *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: the M and T variables give M times T in the exponent, not a power of a power.",
            lambda M, L, T: (L ** (M**T), *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Paths: T steps have T joint states, the first one included, not T - 1.",
            lambda M, L, T: (L ** (M * (T - 1)), *_costs(M, L, T)[1:]),
        ),
        Mistake(
            "Flat: the chains' states combine: there are L^M joint states, not L times M.",
            lambda M, L, T: (L ** (M * T), T * (L * M) ** 2, T * M * L ** (M + 1)),
        ),
        Mistake(
            "Flat: the steps follow one another, so their costs add up: T times, not to the power"
            " of T.",
            lambda M, L, T: (L ** (M * T), L ** (2 * M * T), T * M * L ** (M + 1)),
        ),
        Mistake(
            "Flat: that is the square of L only. The flat chain has L^M states, and its matrix "
            "the square of that.",
            lambda M, L, T: (L ** (M * T), T * L**2, T * M * L ** (M + 1)),
        ),
        Mistake(
            "Flat: M is in the exponent already: the flat algorithm does not take the chains one "
            "after the other.",
            lambda M, L, T: (L ** (M * T), T * M * L ** (2 * M), T * M * L ** (M + 1)),
        ),
        Mistake(
            "Factorial: that would be the cost of M independent chains. Each move is made for all"
            " of the L^M joint states, because the observation couples them.",
            lambda M, L, T: (*_costs(M, L, T)[:2], T * M * L**2),
        ),
        Mistake(
            "Factorial: one chain at a time has L previous states, not L^2, for each of the L^M "
            "joint states: the exponent is M + 1.",
            lambda M, L, T: (*_costs(M, L, T)[:2], T * M * L ** (M + 2)),
        ),
        Mistake(
            "Factorial: the M moves follow one another, so their costs add up: M times, not in "
            "the exponent.",
            lambda M, L, T: (*_costs(M, L, T)[:2], T * L ** (2 * M + 1)),
        ),
        Mistake(
            "Factorial: the M moves are made one after the other: their costs are added, M L^(M +"
            " 1), once for each step.",
            lambda M, L, T: (*_costs(M, L, T)[:2], T * M * L ** (2 * M)),
        ),
        Mistake(
            "Flat and factorial: you counted T - 1 steps. The task counts T in both.",
            lambda M, L, T: (L ** (M * T), (T - 1) * L ** (2 * M), (T - 1) * M * L ** (M + 1)),
        ),
        Mistake(
            "Flat: that is the cost of moving a single chain. The flat matrix has a row and a "
            "column for each of the L^M joint states.",
            lambda M, L, T: (L ** (M * T), T * L ** (M + 1), T * M * L ** (M + 1)),
        ),
        Mistake(
            "M and L are exchanged throughout: a chain has L states, so that the M chains "
            "together have L^M.",
            lambda M, L, T: _costs(L, M, T),
        ),
    ],
    hints=Hints(
        nudge="How many latent variables are there, and in how many ways can one step be followed?",
        equation=r"$L^{MT}, \quad T\,(L^M)^2, \quad T\,M\,L^M \cdot L$",
        shape="return L ** (...), T * L ** (...), T * M * L ** (...)",
    ),
)


# ---------------------------------------------------------------- 2 predict

heating_given_oven = Prediction(
    "heating_given_oven",
    question="The meter shows 1.8 kilowatts; then we learn that the oven is on. Is the heating now "
    "more or less probably on?",
    choices={
        "more": "Both together would show 3.6 kilowatts, far above what we read. The two compete "
        "for explaining the same reading.",
        "less": "The oven explains the reading, so the heating is no longer needed: explaining "
        "away. Given x the chains are coupled, although they were independent before.",
        "the same": "That would be right before we look at the meter. But both appliances feed "
        "the same reading, and given it they are dependent.",
    },
    right="less",
    hints=Hints(
        nudge="The oven takes 1.6 kilowatts. How much is left for the heating to explain?",
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


def _log_joint_with(prior=_log_prior, likelihood=None):
    """A wrong log joint: with another prior, or another likelihood (means, variance, states, x)."""

    def wrong(initial, transition, means, variance, states, x):
        right = _log_normal(x, _output(means, states), variance).sum()
        other = right if likelihood is None else likelihood(means, variance, states, x)
        return prior(initial, transition, states) + other

    return wrong


def _without_first(initial, transition, states):
    return _log_prior(initial, transition, states) - _first(initial, states)


def _first(initial, states):
    return np.log(initial[np.arange(len(initial)), states[0]]).sum()


def _log_joint_spelt_out(initial, transition, means, variance, states, x):
    chains = np.arange(len(initial))
    start = np.log(initial[chains, states[0]])
    steps = np.log(transition[chains, states[:-1], states[1:]])
    mean = means[chains, states].sum(axis=1)
    noise = -0.5 * np.log(2 * np.pi * variance) - 0.5 * (x - mean) ** 2 / variance
    return start.sum() + steps.sum() + noise.sum()


def _steps_of_first_chain(initial, transition, states):
    return _first(initial, states) + np.log(transition[0, states[:-1, 0], states[1:, 0]]).sum()


log_joint = Task(
    "log_joint",
    reference=_log_joint,
    spelt_out=[_log_joint_spelt_out],
    cases=_path_cases,
    returns="one number, in nats",
    points=2,
    minutes=12,
    why="This one function defines the model: every algorithm for it can be tested against it.",
    mistakes=[
        Mistake(
            "The first step is missing: each chain has to start somewhere, log p(s_1).",
            _log_joint_with(prior=_without_first),
        ),
        Mistake(
            "The transition matrix is transposed: transition[m, i, j] is the step FROM i TO j.",
            _log_joint_with(prior=lambda i, a, s: _log_prior(i, a.swapaxes(1, 2), s)),
        ),
        Mistake(
            "The transitions are missing: the states of a chain are not independent over time.",
            _log_joint_with(prior=lambda i, a, s: _first(i, s)),
        ),
        Mistake(
            "You used p(s_1) at every time step: after the first one the transitions take over.",
            _log_joint_with(
                prior=lambda i, a, s: np.log(i[np.arange(len(i)), s]).sum(),
            ),
        ),
        Mistake(
            "You used the first chain's probabilities for every chain.",
            _log_joint_with(
                prior=lambda i, a, s: _log_prior(
                    np.broadcast_to(i[:1], i.shape), np.broadcast_to(a[:1], a.shape), s
                )
            ),
        ),
        Mistake(
            "That is log p(x | s) only: the prior of the states is missing.",
            _log_joint_with(prior=lambda i, a, s: 0.0),
        ),
        Mistake(
            "That is log p(s) only: the observations are missing.",
            _log_joint_with(likelihood=lambda mu, v, s, x: 0.0),
        ),
        Mistake(
            "You used the variance as if it were a standard deviation: it is not squared again.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x, _output(mu, s), v**2).sum()
            ),
        ),
        Mistake(
            "You took the root of the variance where the variance itself belongs: the squared "
            "distance is divided by the variance.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x, _output(mu, s), v**0.5).sum()
            ),
        ),
        Mistake(
            "The Gaussian's normaliser, -1/2 log(2 pi variance) for each step, is missing.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: -0.5 * ((x - _output(mu, s)) ** 2).sum() / v
            ),
        ),
        Mistake(
            "The factor 1/2 before the squared distance is missing.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: (
                    2 * _log_normal(x, _output(mu, s), v) + 0.5 * np.log(2 * np.pi * v)
                ).sum()
            ),
        ),
        Mistake(
            "You averaged the chains' outputs: they add up.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x, _output(mu, s) / len(mu), v).sum()
            ),
        ),
        Mistake(
            "You let every chain explain x on its own, a Gaussian for each. There is one Gaussian, "
            "around the SUM of the outputs.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(
                    x[:, None], mu[np.arange(len(mu)), s], v
                ).sum()
            ),
        ),
        Mistake(
            "The noise was counted for the first observation only: log p(x | s) has a term for "
            "each time step.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x, _output(mu, s), v)[0],
            ),
        ),
        Mistake(
            "You added log p(s_1) at the later steps as well as the transitions: the initial "
            "probabilities are for the first step only.",
            _log_joint_with(
                prior=lambda i, a, s: (
                    _log_prior(i, a, s) + np.log(i[np.arange(len(i)), s[1:]]).sum()
                )
            ),
        ),
        Mistake(
            "The initial probabilities belong to the first state of each chain; you read off that"
            " of the last.",
            _log_joint_with(
                prior=lambda i, a, s: (
                    _without_first(i, a, s) + np.log(i[np.arange(len(i)), s[-1]]).sum()
                )
            ),
        ),
        Mistake(
            "The last transition is missing: T states have T - 1 steps between them.",
            _log_joint_with(prior=lambda i, a, s: _log_prior(i, a, s[:-1])),
        ),
        Mistake(
            "The first transition is missing: T states have T - 1 steps between them, the first "
            "from s_1 to s_2.",
            _log_joint_with(prior=lambda i, a, s: _without_first(i, a, s[1:]) + _first(i, s)),
        ),
        Mistake(
            "You let a chain step from its state to the same state, transition[m, s_t, s_t]: the "
            "step is from s_(t-1) to s_t.",
            _log_joint_with(
                prior=lambda i, a, s: (
                    _first(i, s) + np.log(a[np.arange(len(i)), s[1:], s[1:]]).sum()
                )
            ),
        ),
        Mistake(
            "You used the first chain's matrix for every chain: transition[m] belongs to chain m.",
            _log_joint_with(
                prior=lambda i, a, s: _log_prior(i, np.broadcast_to(a[:1], a.shape), s)
            ),
        ),
        Mistake(
            "You used the first chain's initial probabilities for every chain: initial[m] belongs"
            " to chain m.",
            _log_joint_with(
                prior=lambda i, a, s: _log_prior(np.broadcast_to(i[:1], i.shape), a, s)
            ),
        ),
        Mistake(
            "Only the first chain's prior is there: the chains are independent beforehand, so "
            "their log probabilities add up.",
            _log_joint_with(prior=lambda i, a, s: _log_prior(i[:1], a[:1], s[:, :1])),
        ),
        Mistake(
            "You added the probabilities of the initial states and steps: their logarithms are "
            "added.",
            _log_joint_with(
                prior=lambda i, a, s: (
                    i[np.arange(len(i)), s[0]].sum() + a[np.arange(len(i)), s[:-1], s[1:]].sum()
                )
            ),
        ),
        Mistake(
            "The first observation is missing: every x_t has a term, x_1 too.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x, _output(mu, s), v)[1:].sum()
            ),
        ),
        Mistake(
            "The last observation is missing: every x_t has a term.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x, _output(mu, s), v)[:-1].sum()
            ),
        ),
        Mistake(
            "x_t depends on the states of the same step, s_t; you took those of the step before.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(
                    x, _output(mu, np.concatenate([s[:1], s[:-1]])), v
                ).sum()
            ),
        ),
        Mistake(
            "x_t depends on the states of the same step, s_t; you took those of the step before.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(
                    x, _output(mu, np.roll(s, 1, axis=0)), v
                ).sum()
            ),
        ),
        Mistake(
            "x_t depends on the states of the same step, s_t; you took those of the step before.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x[1:], _output(mu, s[:-1]), v).sum()
            ),
        ),
        Mistake(
            "You multiplied the chains' outputs: they add up.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(
                    x, mu[np.arange(len(mu)), s].prod(1), v
                ).sum()
            ),
        ),
        Mistake(
            "You multiplied the noise's variance by the number of chains: the outputs are added "
            "first, and then there is noise once.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x, _output(mu, s), v * len(mu)).sum()
            ),
        ),
        Mistake(
            "Only the first chain's output is there: the outputs of all chains add up.",
            _log_joint_with(likelihood=lambda mu, v, s, x: _log_normal(x, mu[0, s[:, 0]], v).sum()),
        ),
        Mistake(
            "The noise's normaliser is counted once: every observation has one of its own.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: (
                    _log_normal(x, _output(mu, s), v).sum()
                    + 0.5 * (len(x) - 1) * np.log(2 * np.pi * v)
                )
            ),
        ),
        Mistake(
            "The half in front of log(2 pi variance) is missing: a density has the root of it "
            "below the line.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: (
                    _log_normal(x, _output(mu, s), v) - 0.5 * np.log(2 * np.pi * v)
                ).sum()
            ),
        ),
        Mistake(
            "You averaged over the observations: log p(x | s) is a sum over the steps.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: _log_normal(x, _output(mu, s), v).mean()
            ),
        ),
        Mistake(
            "The squared distance has the wrong sign: an observation far from the outputs' sum is"
            " improbable.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: (
                    -_log_normal(x, _output(mu, s), v) - np.log(2 * np.pi * v)
                ).sum()
            ),
        ),
        Mistake(
            "The distance is not squared in the Gaussian's exponent.",
            _log_joint_with(
                likelihood=lambda mu, v, s, x: (
                    -0.5 * np.log(2 * np.pi * v) - 0.5 * np.abs(x - _output(mu, s)) / v
                ).sum()
            ),
        ),
        Mistake(
            "Only the first chain makes its steps: every chain has transitions of its own.",
            _log_joint_with(prior=_steps_of_first_chain),
        ),
        Mistake(
            "Only the first chain has its start in it: every chain has an initial probability of "
            "its own.",
            _log_joint_with(prior=lambda i, a, s: _log_prior(i, a, s) - _first(i[1:], s[:, 1:])),
        ),
    ],
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
    joint = np.outer(p1, p2) * np.exp(_log_normal(x, means1[:, None] + means2, variance))
    return joint / joint.sum()


def _coupled_cases(rng):
    for first, second in ((2, 2), (2, 3), (4, 2), (3, 5)):
        p1, p2 = rng.dirichlet(np.ones(first)), rng.dirichlet(np.ones(second))
        means1, means2 = rng.normal(size=first) * 2, rng.normal(size=second) * 2
        x = float(rng.choice(means1) + rng.choice(means2) + rng.normal())
        yield case(p1, p2, means1, means2, float(rng.uniform(0.4, 3)), x)


def _sums_to_one(table, *_):
    total = np.sum(table)
    return "" if np.isclose(total, 1) else f"your table sums to {total:.4g}; a posterior sums to 1"


def _normalised(table):
    return table / table.sum()


def _coupled_posterior_spelt_out(p1, p2, means1, means2, variance, x):
    mean = means1[:, None] + means2[None, :]
    joint = np.outer(p1, p2) * np.exp(-0.5 * (x - mean) ** 2 / variance)
    return joint / joint.sum()


coupled_posterior = Task(
    "coupled_posterior",
    reference=_coupled,
    spelt_out=[_coupled_posterior_spelt_out],
    cases=_coupled_cases,
    returns="p(s1, s2 | x), s1 down the rows and s2 across the columns",
    points=2,
    minutes=8,
    why="A table that is no outer product: the states are coupled by what they both explain.",
    invariants=[_sums_to_one],
    mistakes=[
        Mistake(
            "That is the joint p(s1, s2, x): divide by its sum, p(x).",
            lambda p1, p2, a, b, v, x: np.outer(p1, p2) * np.exp(_log_normal(x, a[:, None] + b, v)),
        ),
        Mistake(
            "The priors are missing: a rare state needs better evidence than a common one.",
            lambda p1, p2, a, b, v, x: _normalised(np.exp(_log_normal(x, a[:, None] + b, v))),
        ),
        Mistake(
            "You let each cause explain x alone and multiplied: then the table is an outer "
            "product, and nothing is coupled. The outputs add up before x is looked at.",
            lambda p1, p2, a, b, v, x: _normalised(
                np.outer(p1 * np.exp(_log_normal(x, a, v)), p2 * np.exp(_log_normal(x, b, v)))
            ),
        ),
        Mistake(
            "That is the product of the two marginals: it has forgotten how the two hang together.",
            lambda p1, p2, a, b, v, x: np.outer(
                _coupled(p1, p2, a, b, v, x).sum(1), _coupled(p1, p2, a, b, v, x).sum(0)
            ),
        ),
        Mistake(
            "You used the variance as a standard deviation: it is not squared again.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a, b, v**2, x),
        ),
        Mistake(
            "You took the root of the variance: the squared distance is divided by the variance.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a, b, v**0.5, x),
        ),
        Mistake(
            "The factor 1/2 in the Gaussian's exponent is missing.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a, b, v / 2, x),
        ),
        Mistake(
            "The distance is not squared in the exponent.",
            lambda p1, p2, a, b, v, x: _normalised(
                np.outer(p1, p2) * np.exp(-np.abs(x - a[:, None] - b) / (2 * v))
            ),
        ),
        Mistake(
            "Each row sums to one: that is p(s2 | s1, x). Divide by the sum of the whole table.",
            lambda p1, p2, a, b, v, x: (
                _coupled(p1, p2, a, b, v, x) / _coupled(p1, p2, a, b, v, x).sum(1, keepdims=True)
            ),
        ),
        Mistake(
            "Each column sums to one: that is p(s1 | s2, x). Divide by the sum of the whole table.",
            lambda p1, p2, a, b, v, x: (
                _coupled(p1, p2, a, b, v, x) / _coupled(p1, p2, a, b, v, x).sum(0)
            ),
        ),
        Mistake(
            "You subtracted one output from the other: the outputs of the two add up.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a, -b, v, x),
        ),
        Mistake(
            "That is the prior: nothing was learnt from x.",
            lambda p1, p2, a, b, v, x: np.outer(p1, p2),
        ),
        Mistake(
            "You averaged the two outputs: they add up.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a / 2, b / 2, v, x),
        ),
        Mistake(
            "You multiplied the two outputs: they add up.",
            lambda p1, p2, a, b, v, x: _normalised(
                np.outer(p1, p2) * np.exp(_log_normal(x, np.outer(a, b), v))
            ),
        ),
        Mistake(
            "You added the two priors: the states are independent beforehand, so their "
            "probabilities multiply.",
            lambda p1, p2, a, b, v, x: _normalised(
                (p1[:, None] + p2) * np.exp(_log_normal(x, a[:, None] + b, v))
            ),
        ),
        Mistake(
            "You added prior and likelihood: Bayes' rule multiplies them.",
            lambda p1, p2, a, b, v, x: _normalised(
                np.outer(p1, p2) + np.exp(_log_normal(x, a[:, None] + b, v))
            ),
        ),
        Mistake(
            "The minus sign in the Gaussian's exponent is missing: a sum of outputs far from x is"
            " improbable.",
            lambda p1, p2, a, b, v, x: _normalised(
                np.outer(p1, p2) * np.exp((x - a[:, None] - b) ** 2 / (2 * v))
            ),
        ),
        Mistake(
            "You doubled the variance: there is noise once, on the sum of the outputs.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a, b, 2 * v, x),
        ),
        Mistake(
            "Each cause has its own Gaussian, without its prior: the outputs add up before x is "
            "looked at, and the priors count.",
            lambda p1, p2, a, b, v, x: _normalised(
                np.exp(_log_normal(x, a[:, None], v) + _log_normal(x, b, v))
            ),
        ),
        Mistake(
            "Only the second state's prior is there: the first one's is missing.",
            lambda p1, p2, a, b, v, x: _coupled(np.ones_like(p1), p2, a, b, v, x),
        ),
        Mistake(
            "Only the first state's prior is there: the second one's is missing.",
            lambda p1, p2, a, b, v, x: _coupled(p1, np.ones_like(p2), a, b, v, x),
        ),
        Mistake(
            "The variance is missing: the squared distance is divided by it.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a, b, 1.0, x),
        ),
        Mistake(
            "You multiplied by the variance: the squared distance is divided by it.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a, b, 1 / v, x),
        ),
        Mistake(
            "That is the logarithm of the posterior, or of the joint: the posterior itself is "
            "asked for.",
            lambda p1, p2, a, b, v, x: np.log(np.outer(p1, p2)) + _log_normal(x, a[:, None] + b, v),
        ),
        Mistake(
            "You normalised the likelihood first, and not the product with the prior.",
            lambda p1, p2, a, b, v, x: (
                np.outer(p1, p2) * _normalised(np.exp(_log_normal(x, a[:, None] + b, v)))
            ),
        ),
        Mistake(
            "You took a softmax of probabilities: it expects logarithms. Divide by the sum.",
            lambda p1, p2, a, b, v, x: (
                np.exp(np.outer(p1, p2) * np.exp(-0.5 * (x - a[:, None] - b) ** 2 / v))
                / np.exp(np.outer(p1, p2) * np.exp(-0.5 * (x - a[:, None] - b) ** 2 / v)).sum()
            ),
        ),
        Mistake(
            "You added the prior itself to the log-likelihood: its logarithm is added.",
            lambda p1, p2, a, b, v, x: _normalised(
                np.exp(np.outer(p1, p2) - 0.5 * (x - a[:, None] - b) ** 2 / v)
            ),
        ),
        Mistake(
            "You weighted the outputs with their probabilities: each pair of states has its own "
            "sum of outputs, and the probabilities multiply the likelihood.",
            lambda p1, p2, a, b, v, x: _coupled(p1, p2, a * p1, b * p2, v, x),
        ),
    ],
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


# ---------------------------------------------------------------- 5 derive: how much is saved


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
    minutes=4,
    why="The saving grows exponentially with M, 40 times for six chains of three states, and so "
    "does what is left.",
    mistakes=[
        Mistake(
            "You added the exponents; in a fraction they are subtracted: 2M - (M + 1).",
            lambda M, L: L ** (3 * M + 1) / M,
        ),
        Mistake(
            "The exponent is 2M - (M + 1) = M - 1, not M: the 1 of the factorial algorithm counts.",
            lambda M, L: L**M / M,
        ),
        Mistake(
            "The sign of the 1 is wrong: 2M - (M + 1) = M - 1.",
            lambda M, L: L ** (M + 1) / M,
        ),
        Mistake(
            "The M below the line is missing: M chains are moved, one after the other.",
            lambda M, L: L ** (M - 1),
        ),
        Mistake(
            "M stands below the line: it makes the factorial algorithm dearer, the ratio smaller.",
            lambda M, L: M * L ** (M - 1),
        ),
        Mistake(
            "You divided the exponents: a ratio of powers has their difference as its exponent.",
            lambda M, L: L ** (2 * M / (M + 1)) / M,
        ),
        Mistake(
            "Your ratio is upside down: how many times dearer is the flat algorithm?",
            lambda M, L: M / L ** (M - 1),
        ),
        Mistake(
            "Base and exponent are exchanged: L is the base.",
            lambda M, L: (M - 1) ** L / M,
        ),
        Mistake(
            "You forgot to divide by the factorial algorithm's L^(M+1).",
            lambda M, L: L ** (2 * M) / M,
        ),
        Mistake(
            "You rounded down (// divides whole numbers): a ratio need not be whole.",
            lambda M, L: L ** (M - 1) // M,
        ),
        Mistake(
            "The exponent is M - 1, for any number of chains: you took it to be 1, as it is for M"
            " = 2.",
            lambda M, L: L / M,
        ),
        Mistake(
            "The exponent is 2M - (M + 1) = M - 1, for any number of chains: it does not stay 2.",
            lambda M, L: L**2 / M,
        ),
        Mistake(
            "You subtracted the costs: their ratio is asked for.",
            lambda M, L: L ** (2 * M) - M * L ** (M + 1),
        ),
        Mistake(
            "L and M are exchanged: the number of states L is the base, the number of chains M "
            "the exponent.",
            lambda M, L: M ** (L - 1) / L,
        ),
        Mistake(
            "M is not raised to the power: it stands once below the line.",
            lambda M, L: (L / M) ** (M - 1),
        ),
        Mistake(
            "M is not raised to the power: it stands once below the line.",
            lambda M, L: (L / M) ** M,
        ),
        Mistake(
            "You divided M - 1 by M in the exponent: M stands below the line, not in the exponent.",
            lambda M, L: L ** ((M - 1) / M),
        ),
        Mistake(
            "The exponent's sign is wrong: 2M - (M + 1) = M - 1; the flat algorithm has the "
            "greater one.",
            lambda M, L: L ** (1 - M) / M,
        ),
        Mistake(
            "You multiplied by the exponent instead of raising to it.",
            lambda M, L: L * (M - 1) / M,
        ),
        Mistake(
            "The exponents are 2M and M + 1, so that M - 1 is left: you subtracted 1 only.",
            lambda M, L: L ** (2 * M - 1) / M,
        ),
        Mistake(
            "There is an M below the line, no M + 1: that one stood in the exponent.",
            lambda M, L: L ** (M - 1) / (M + 1),
        ),
    ],
    hints=Hints(
        nudge="T cancels. What is left of the powers of L?",
        equation=r"$L^a / L^b = L^{a-b}$",
        shape="return L ** (...) / ...",
    ),
)


# ---------------------------------------------------------------- 6 one step ahead


def _ahead(now, transition):
    for matrix in transition:
        now = np.tensordot(now, matrix, axes=(0, 0))
    return now


def _ahead_cases(rng):
    for M, L in ((2, 2), (2, 3), (3, 2), (1, 4), (3, 3)):
        now = rng.dirichlet(np.ones(L**M)).reshape((L,) * M)
        yield case(now, rng.dirichlet(np.ones(L), (M, L)))
    now = rng.dirichlet(np.ones(2**17)).reshape((2,) * 17)  # the large matrix: 128 GiB
    yield case(now, rng.dirichlet(np.ones(2), (17, 2)), label="seventeen chains of two states")


def _axis_at_a_time(now, transition, chains):
    """Move the chains listed, each along its own axis."""
    for axis, m in enumerate(chains):
        if m is not None:
            now = np.moveaxis(np.tensordot(now, transition[m], axes=(axis, 0)), -1, axis)
    return now


def _axes_left(now, transition):
    """Every new axis stays where np.tensordot puts it, and the next chain is looked for at m."""
    for m, matrix in enumerate(transition):
        now = np.tensordot(now, matrix, axes=(m, 0))
    return now


def _moved_alone(now, transition):
    """(M, ...): the table after the move of one chain, for each chain."""
    places = np.arange(now.ndim)
    moves = [np.where(places == m, places, -1) for m in places]
    return np.array(
        [_axis_at_a_time(now, transition, [k if k >= 0 else None for k in move]) for move in moves]
    )


def _all_on_one_axis(now, transition, axis):
    for matrix in transition:
        now = np.moveaxis(np.tensordot(now, matrix, axes=(axis, 0)), -1, axis)
    return now


ahead = Task(
    "ahead",
    reference=_ahead,
    cases=_ahead_cases,
    returns="p(s at the next step), an axis for each chain, in the order of the chains",
    points=2,
    minutes=12,
    why="M small products instead of one with an L^M x L^M matrix: the factorial algorithm's "
    "whole secret.",
    invariants=[_sums_to_one],
    mistakes=[
        Mistake(
            "The transition matrices are transposed: sum over the state BEFORE the step, which is "
            "the first index of transition[m].",
            lambda now, a: _ahead(now, a.swapaxes(1, 2)),
        ),
        Mistake(
            "You moved the first chain only.",
            lambda now, a: _axis_at_a_time(now, a, [0] + [None] * (now.ndim - 1)),
        ),
        Mistake(
            "The last chain has not been moved.",
            lambda now, a: _axis_at_a_time(now, a, [*range(now.ndim - 1), None]),
        ),
        Mistake(
            "You used the first chain's matrix for every chain.",
            lambda now, a: _axis_at_a_time(now, a, [0] * now.ndim),
        ),
        Mistake(
            "You used the chains' matrices in reverse: axis m of now belongs to transition[m].",
            lambda now, a: _ahead(now, a[::-1]),
        ),
        Mistake(
            "The axes come out in reverse order: the result's axis m must be chain m. np.tensordot "
            "puts the new axis last.",
            lambda now, a: _ahead(now, a).T,
        ),
        Mistake(
            "You moved each chain on its own and multiplied the results: the chains' dependence, "
            "which now holds, is lost.",
            lambda now, a: _product_of_moved(now, a),
        ),
        Mistake(
            "Nothing has moved: that is the distribution before the step.",
            lambda now, a: now,
        ),
        Mistake(
            "You made two steps instead of one.",
            lambda now, a: _ahead(_ahead(now, a), a),
        ),
        Mistake(
            "You averaged over the state before the step; it is summed over.",
            lambda now, a: _ahead(now, a / a.shape[1]),
        ),
        Mistake(
            "You moved the last chain only, or each chain from the distribution before the step, "
            "so that only the last move is left: let each move continue with the one before.",
            lambda now, a: _axis_at_a_time(now, a, [None] * (now.ndim - 1) + [now.ndim - 1]),
        ),
        Mistake(
            "The axes come out in another order: np.tensordot puts the new axis last, so that the"
            " next axis is now the first. Either always sum over axis 0 or move the new axis "
            "back.",
            lambda now, a: _axes_left(now, a),
        ),
        Mistake(
            "You took the largest term where the states before the step are summed over: that "
            "follows the best path only.",
            lambda now, a: _most_probable(now, a),
        ),
        Mistake(
            "You moved each chain alone, from the distribution before the step, and added the "
            "results: the moves are made one after the other, on the same table.",
            lambda now, a: _moved_alone(now, a).sum(0),
        ),
        Mistake(
            "You moved each chain alone, from the distribution before the step, and averaged the "
            "results: the moves are made one after the other, on the same table.",
            lambda now, a: _moved_alone(now, a).mean(0),
        ),
        Mistake(
            "You moved each chain alone, from the distribution before the step, and multiplied "
            "the results: the moves are made one after the other, on the same table.",
            lambda now, a: _normalised(_moved_alone(now, a).prod(0)),
        ),
        Mistake(
            "The first chain has not been moved.",
            lambda now, a: _axis_at_a_time(now, a, [None, *range(1, now.ndim)]),
        ),
        Mistake(
            "You averaged the chains' matrices: transition[m] moves chain m only.",
            lambda now, a: _ahead(now, np.broadcast_to(a.mean(0), a.shape)),
        ),
        Mistake(
            "You used the last chain's matrix for every chain.",
            lambda now, a: _axis_at_a_time(now, a, [now.ndim - 1] * now.ndim),
        ),
        Mistake(
            "You multiplied by the diagonal of the matrices only: that is the probability that no"
            " chain moves.",
            lambda now, a: _axis_at_a_time(now, a * np.eye(a.shape[1]), range(now.ndim)),
        ),
        Mistake(
            "You applied the matrices of all chains to the last axis (now @ transition[m]): "
            "transition[m] moves axis m.",
            lambda now, a: _all_on_one_axis(now, a, -1),
        ),
        Mistake(
            "You applied the matrices of all chains to the first axis: transition[m] moves axis m.",
            lambda now, a: _all_on_one_axis(now, a, 0),
        ),
    ],
    hints=Hints(
        nudge="If only chain m moved, which axis of the table would be summed over, with what?",
        equation=r"$p(s'^1, \dots, s'^M) = \sum_{s^1} A^1_{s^1 s'^1} \cdots \sum_{s^M} "
        r"A^M_{s^M s'^M}\, p(s^1, \dots, s^M)$",
        shape="for m in range(len(transition)):\n    now = np.tensordot(now, ..., axes=(0, ...))",
    ),
)


def _product_of_moved(now, transition):
    result = np.ones(())
    for m, matrix in enumerate(transition):
        rest = tuple(axis for axis in range(now.ndim) if axis != m)
        result = np.multiply.outer(result, now.sum(rest) @ matrix)
    return result


# ---------------------------------------------------------------- 7 the evidence


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


def _most_probable(now, transition):
    for matrix in transition:
        steps = now[..., None] * matrix.reshape(len(matrix), *[1] * (now.ndim - 1), -1)
        now = steps.max(0)
    return now


def _in_plain_numbers(initial, transition, log_b):
    with np.errstate(divide="ignore"):
        weight = np.exp(_outer_log(initial)) * np.exp(log_b[0])
        for row in log_b[1:]:
            weight = _ahead(weight, transition) * np.exp(row)
        return np.log(weight.sum())


def _normalised_forward(initial, transition, log_b, remember=lambda peak, total: peak + total):
    """log p(x) from filtered distributions; ``remember`` says what each step leaves."""
    now, found = np.exp(_outer_log(initial)), 0.0
    for t, row in enumerate(log_b):
        now = _ahead(now, transition) if t else now
        weight = now * np.exp(row - row.max())
        found += remember(row.max(), np.log(weight.sum()))
        now = weight / weight.sum()
    return found


def _never_normalised(initial, transition, log_b):
    """The normalisers are added up, but the distribution is not divided by them."""
    now, found = np.exp(_outer_log(initial)), 0.0
    for t, row in enumerate(log_b):
        now = (_ahead(now, transition) if t else now) * np.exp(row - row.max())
        found += np.log(now.sum()) + row.max()
    return found


def _last_factor(initial, transition, log_b):
    whole = _forward(initial, transition, log_b)
    return whole - (_forward(initial, transition, log_b[:-1]) if len(log_b) > 1 else 0.0)


def _without_learning(initial, transition, log_b):
    """Every observation is scored under the prior of its step, whatever came before."""
    now, found = np.exp(_outer_log(initial)), 0.0
    for t, row in enumerate(log_b):
        now = _ahead(now, transition) if t else now
        found += logsumexp(np.log(now) + row)
    return found


def _expected_log_b(initial, transition, log_b):
    """The expected log-likelihood of every observation, under the distribution before it."""
    now, found = np.exp(_outer_log(initial)), 0.0
    for t, row in enumerate(log_b):
        now = _ahead(now, transition) if t else now
        found += np.sum(now * row)
        weight = now * np.exp(row - row.max())
        now = weight / weight.sum()
    return found


def _logs_forgotten(initial, transition, log_b):
    """p(s_1) itself is added to log_b[0]."""
    return _forward_from(np.exp(_outer_log(initial)) + log_b[0], transition, log_b)


def _forward_from(log_weight, transition, log_b):
    for row in log_b[1:]:
        peak = log_weight.max()
        log_weight = np.log(_ahead(np.exp(log_weight - peak), transition)) + peak + row
    return logsumexp(log_weight)


def _outer_log(initial):
    total = np.zeros(())
    for row in initial:
        total = np.add.outer(total, np.log(row))
    return total


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
    minutes=20,
    difficulty="stretch",
    why="You have written exact inference for any number of chains, as far as memory reaches.",
    mistakes=[
        Mistake(
            "It underflows: exp(-900) is 0 in a computer. Take out the largest entry before you "
            "exponentiate, and put it back afterwards.",
            _in_plain_numbers,
        ),
        Mistake(
            "The first observation is missing: log_b[0] belongs to the start.",
            lambda i, a, b: _forward(i, a, np.concatenate([0 * b[:1], b[1:]])),
        ),
        Mistake(
            "The last observation is missing.",
            lambda i, a, b: _forward(i, a, b[:-1]),
        ),
        Mistake(
            "The initial probabilities are missing: you started from all states alike.",
            lambda i, a, b: _forward(np.full_like(i, 1 / i.shape[1]), a, b),
        ),
        Mistake(
            "The chains never move: between two observations every chain makes a step.",
            lambda i, a, b: logsumexp(_outer_log(i) + b.sum(0)),
        ),
        Mistake(
            "The transition matrices are transposed: sum over the state before the step.",
            lambda i, a, b: _forward(i, a.swapaxes(1, 2), b),
        ),
        Mistake(
            "That is the probability of the single best path: you took maxima where sums belong.",
            lambda i, a, b: _forward(i, a, b, move=_most_probable, combine=np.max),
        ),
        Mistake(
            "You kept the largest of the last messages instead of adding them up.",
            lambda i, a, b: _forward(i, a, b, combine=np.max),
        ),
        Mistake(
            "You made a step before the first observation: p(s_1) is the distribution at t = 1.",
            lambda i, a, b: _forward(np.einsum("mi,mij->mj", i, a), a, b),
        ),
        Mistake(
            "You treated the time steps as independent: each has p(s_1) for its prior.",
            lambda i, a, b: sum(logsumexp(_outer_log(i) + row) for row in b),
        ),
        Mistake(
            "You used the first chain's matrix for every chain.",
            lambda i, a, b: _forward(np.asarray(i), np.repeat(a[:1], len(a), axis=0), b),
        ),
        Mistake(
            "You forgot to add back what you took out before exponentiating, the largest entry of"
            " each log_b[t]: all of them belong to log p(x).",
            lambda i, a, b: _normalised_forward(i, a, b, lambda peak, total: total),
        ),
        Mistake(
            "Only the shifts, the largest entry of each log_b[t], are added up: the logarithms of"
            " the normalisers belong to log p(x), too.",
            lambda i, a, b: b.reshape(len(b), -1).max(1).sum() + 0 * i.sum(),
        ),
        Mistake(
            "That is the log probability of the last observation given those before: the factors "
            "of all steps belong to log p(x).",
            _last_factor,
        ),
        Mistake(
            "You added up the logarithms of the normalisers but did not divide by them: then the "
            "earlier ones are counted again at each later step.",
            _never_normalised,
        ),
        Mistake(
            "You forgot to carry the observations along: before the next step the distribution "
            "must be multiplied by p(x_t | s_t), as s_t depends on what was seen.",
            _without_learning,
        ),
        Mistake(
            "You averaged the log-likelihoods under the distribution of the states: the evidence "
            "is the log of an average, at each step. By Jensen's inequality yours lies below it.",
            _expected_log_b,
        ),
        Mistake(
            "You added p(s_1) to log_b[0] without taking its logarithm.",
            _logs_forgotten,
        ),
        Mistake(
            "You added everything in log_b up: the initial probabilities and the transitions must"
            " weight the states.",
            lambda i, a, b: logsumexp(b),
        ),
        Mistake(
            "You added up the log-likelihoods over the states of each step, without the initial "
            "probabilities and the transitions.",
            lambda i, a, b: sum(logsumexp(row) for row in b),
        ),
        Mistake(
            "You took the mean of the last messages: they are summed.",
            lambda i, a, b: _forward(i, a, b, combine=lambda w: logsumexp(w) - np.log(w.size)),
        ),
        Mistake(
            "The initial probabilities are missing: you started from all states alike, and from "
            "ones at that.",
            lambda i, a, b: _forward(np.ones_like(i), a, b),
        ),
        Mistake(
            "You returned p(x); its logarithm is asked for.",
            lambda i, a, b: np.exp(_forward(i, a, b)),
        ),
        Mistake(
            "You returned the last messages, log p(x, s_T): add up over the states of the last "
            "step.",
            lambda i, a, b: _forward(i, a, b, combine=lambda w: w),
        ),
        Mistake(
            "You divided by the number of steps: log p(x) is a sum over time, no average.",
            lambda i, a, b: _forward(i, a, b) / len(b),
        ),
    ],
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
