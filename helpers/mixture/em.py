"""EM for a mixture of Gaussians, and incremental EM: ascents on the same bound.

    ELBO = sum_n sum_k q[n, k] (log p(x_n, z_n = k) - log q[n, k])

Source: the slides "Recap: EM Algorithm"; Neal and Hinton (1998).
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import entr, logsumexp, softmax

from helpers.arguments import generator, whole_number
from helpers.elbo import Bound
from helpers.mixture.model import (
    GaussianMixture,
    floor_of,
    from_statistics,
    m_step,
    random_start,
    statistics_of,
    table,
)


@dataclass(frozen=True)
class State:
    """A model and q after a step ("start", "E", "M" or, incrementally, "pass").

    passes: how often each data point was looked at, the starting point not counted.
    """

    x: np.ndarray = field(repr=False)
    model: GaussianMixture
    q: np.ndarray = field(repr=False)
    step: str = "start"
    passes: int = 0
    log_likelihood: float = field(init=False)
    bound: Bound = field(init=False)

    def __post_init__(self):
        log_joint = self.model.log_joint(self.x)
        held = self.q > 0
        log_likelihood = float(logsumexp(log_joint, axis=1).sum())
        bound = Bound(
            expected_log_joint=float(np.sum(self.q[held] * log_joint[held])),
            entropy=float(entr(self.q).sum()),
            log_evidence=log_likelihood,
        )
        object.__setattr__(self, "log_likelihood", log_likelihood)
        object.__setattr__(self, "bound", bound)

    @property
    def elbo(self):
        """The bound on the log-likelihood of the whole data set, in nats."""
        return self.bound.elbo


def fit(x, n_components, rng, incremental=False, assignments="soft", start=None):
    """EM for a Gaussian mixture; an iterator of :class:`State`, two (E, M) for each pass.

    Args:
        x: data, (N,) or (N, P).
        n_components: K, at most N.
        rng: numpy.random.Generator, for the starting point.
        incremental: update the parameters after each data point's own E-step (Neal and Hinton
            1998, section 3); one state a pass.
        assignments: "soft" for the exact posterior; "hard" restricts q to one component a
            point, and the bound then stays below the log-likelihood.
        start: a :class:`GaussianMixture` to begin with instead of a random one.
    Raises:
        ValueError: bad data, fewer points than components, or an unknown option.
    """
    x = table(x)
    n_components = whole_number("n_components", n_components)
    if n_components > len(x):
        raise ValueError(f"n_components: expected at most {len(x)}, the points, got {n_components}")
    if assignments not in ("soft", "hard"):
        raise ValueError(f"assignments: expected 'soft' or 'hard', got {assignments!r}")
    if start is None:
        start = random_start(x, n_components, generator("rng", rng))
    elif start.means.shape != (n_components, x.shape[1]):
        raise ValueError(
            f"start: expected means of shape {(n_components, x.shape[1])}, got {start.means.shape}"
        )
    e_step = soft if assignments == "soft" else hard
    return (_one_by_one if incremental else _in_turn)(x, start, e_step)


def soft(model, x):
    """The E-step: q(z_n) = p(z_n | x_n), the maximum of the bound over every q, (N, K)."""
    return softmax(model.log_joint(x), axis=1)


def hard(model, x):
    """The maximum of the bound over q that put all mass on one component, (N, K)."""
    return np.eye(len(model.weights))[model.log_joint(x).argmax(1)]


def _in_turn(x, model, e_step):
    floor = floor_of(x)
    state = State(x, model, e_step(model, x))
    while True:
        yield state
        state = replace(state, model=m_step(x, state.q, floor), step="M", passes=state.passes + 1)
        yield state
        state = replace(state, q=e_step(state.model, x), step="E")


def _one_by_one(x, model, e_step):
    floor, centre = floor_of(x), x.mean(0)
    state = State(x, model, e_step(model, x))
    while True:
        yield state
        q, model = state.q.copy(), state.model
        # anew for each pass, so that round-off cannot add up
        statistics = statistics_of(x - centre, q)
        for n in range(len(x)):
            point = x[n : n + 1]
            new = e_step(model, point)
            change = new - q[n : n + 1]
            changes = statistics_of(point - centre, change)
            statistics = [s + d for s, d in zip(statistics, changes, strict=True)]
            q[n] = new[0]
            model = from_statistics(statistics, centre, floor)
        state = State(x, model, q, "pass", state.passes + 1)
