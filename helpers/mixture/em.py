"""EM for a mixture of Gaussians, and incremental EM: ascents on the same bound.

    ELBO = sum_n sum_k q[n, k] (log p(x_n, z_n = k) - log q[n, k])

Source: the slides "Recap: EM Algorithm"; Neal and Hinton (1998).
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import entr, logsumexp, softmax

from helpers.arguments import describe, generator, instance, whole_number
from helpers.elbo import Bound
from helpers.mixture.model import (
    GaussianMixture,
    floor_of,
    from_statistics,
    log_joint_from_statistics,
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
    if not isinstance(incremental, bool | np.bool_):
        raise ValueError(f"incremental: expected True or False, got {describe(incremental)}")
    if assignments not in ("soft", "hard"):
        raise ValueError(f"assignments: expected 'soft' or 'hard', got {assignments!r}")
    start = first_model(x, n_components, rng, start)
    choose = posterior_of if assignments == "soft" else one_hot
    return (_one_by_one if incremental else _in_turn)(x, start, choose)


def first_model(x, n_components, rng, start=None):
    """``start``, checked against K and the data x (N, P), or else a random model."""
    n_components = whole_number("n_components", n_components, maximum=len(x))
    if start is None:
        return random_start(x, n_components, generator("rng", rng))
    instance("start", start, GaussianMixture)
    if start.means.shape != (n_components, x.shape[1]):
        raise ValueError(
            f"start: expected means of shape {(n_components, x.shape[1])}, got {start.means.shape}"
        )
    return start


def posterior_of(log_joint):
    """The maximum of the bound over every q: q(z_n) = p(z_n | x_n), (N, K)."""
    return softmax(log_joint, axis=1)


def one_hot(log_joint):
    """The maximum of the bound over q that put all mass on one component, (N, K)."""
    return np.eye(log_joint.shape[1])[log_joint.argmax(1)]


def _in_turn(x, model, choose):
    floor = floor_of(x)
    state = State(x, model, choose(model.log_joint(x)))
    while True:
        yield state
        state = replace(state, model=m_step(x, state.q, floor), step="M", passes=state.passes + 1)
        yield state
        state = replace(state, q=choose(state.model.log_joint(x)), step="E")


def _one_by_one(x, model, choose):
    floor, centre = floor_of(x), x.mean(0)
    state = State(x, model, choose(model.log_joint(x)))
    while True:
        yield state
        q = state.q.copy()
        # anew for each pass, so that round-off cannot add up
        counts, sums, squares = statistics_of(x - centre, q)
        log_joint = state.model.log_joint(x[:1])[0]
        for n, point in enumerate(x - centre):
            if n:  # the parameters have changed with the point before
                log_joint = log_joint_from_statistics(point, counts, sums, squares, floor)
            new = choose(log_joint[None])[0]
            change, q[n] = new - q[n], new
            counts += change
            sums += change[:, None] * point
            squares += change[:, None, None] * (point[:, None] * point)
        model = from_statistics((counts, sums, squares), centre, floor)
        state = State(x, model, q, "pass", state.passes + 1)
