"""Gaussian mixtures by EM and its variants, each an ascent on the same bound.

Symbols: N data points x_n in P dimensions, K components; z_n is the component of point n and
q (N, K) its distribution ("responsibilities").

    p(x, z = k) = weights[k] N(x; means[k], covariances[k])
    ELBO = sum_n sum_k q[n, k] (log p(x_n, k) - log q[n, k])

EM sets q to the posterior, so that KL = 0 and the bound touches the log-likelihood, then the
parameters to their best given q. Source: the slides "Recap: EM Algorithm"; Bishop (2006),
section 9.4; Neal and Hinton (1998) for the incremental, sparse and hard variants.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import entr, logsumexp, softmax

from helpers.arguments import finite_array, generator, probabilities, whole_number
from helpers.densities import Categorical, MultivariateNormal
from helpers.elbo import Bound

FLOOR = 1e-6  # smallest variance, relative to the data's: a component on one point has none


@dataclass(frozen=True)
class GaussianMixture:
    """weights (K,), means (K, P), covariances (K, P, P)."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def __post_init__(self):
        weights = probabilities("weights", self.weights, ndim=1)
        means = finite_array("means", self.means, shape=(len(weights), None))
        components = MultivariateNormal(means, self.covariances)
        if components.covariance.shape != (*means.shape, means.shape[1]):
            raise ValueError(
                f"covariances: expected shape {(*means.shape, means.shape[1])}, "
                f"got {components.covariance.shape}"
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "covariances", components.covariance)
        object.__setattr__(self, "_components", components)

    def log_joint(self, x):
        """log p(x_n, z_n = k) for x (N, P), as (N, K)."""
        lower = self._components.cholesky
        inverse = np.linalg.solve(lower, np.broadcast_to(np.eye(lower.shape[-1]), lower.shape))
        whitened = np.matvec(inverse, x[:, None, :] - self.means)  # (N, K, P)
        constant = self._components.log_determinant + x.shape[1] * np.log(2 * np.pi)
        with np.errstate(divide="ignore"):  # an empty component has weight 0 and log -inf
            return np.log(self.weights) - 0.5 * ((whitened**2).sum(-1) + constant)

    def log_likelihood(self, x):
        """sum_n log p(x_n) in nats, for x (N, P) or, with P = 1, (N,)."""
        return float(logsumexp(self.log_joint(_table(x)), axis=1).sum())

    def posterior(self, x):
        """p(z_n = k | x_n), (N, K)."""
        return softmax(self.log_joint(_table(x)), axis=1)

    def sample(self, rng, n):
        """n components, (n,), and points, (n, P)."""
        z = Categorical(self.weights).sample(rng, n)
        noise = rng.standard_normal((n, self.means.shape[1]))
        return z, self.means[z] + np.matvec(self._components.cholesky[z], noise)


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
    x = _table(x)
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


def m_step(x, q, floor=None):
    """The parameters that maximise E_q[log p(x, z)] given q (N, K) for x (N, P).

    floor: the smallest variance allowed in any direction.
    """
    x, q = _table(x), finite_array("q", q, shape=(len(_table(x)), None))
    centre = x.mean(0)
    floor = _floor(x) if floor is None else floor
    return _from_statistics(_statistics(x - centre, q), centre, floor)


def random_start(x, n_components, rng):
    """Means on points far from one another (as k-means++), the data's covariance for all."""
    x = _table(x)
    covariance = np.atleast_2d(np.cov(x, rowvar=False, bias=True)) + _floor(x) * np.eye(x.shape[1])
    chosen = [int(rng.integers(len(x)))]
    while len(chosen) < n_components:
        distance = ((x[:, None] - x[chosen]) ** 2).sum(-1).min(1)
        total = distance.sum()
        chosen.append(int(rng.choice(len(x), p=distance / total if total > 0 else None)))
    return GaussianMixture(
        np.full(n_components, 1 / n_components),
        x[chosen],
        np.repeat(covariance[None], n_components, axis=0),
    )


def _in_turn(x, model, e_step):
    floor = _floor(x)
    state = State(x, model, e_step(model, x))
    while True:
        yield state
        state = replace(state, model=m_step(x, state.q, floor), step="M", passes=state.passes + 1)
        yield state
        state = replace(state, q=e_step(state.model, x), step="E")


def _one_by_one(x, model, e_step):
    floor, centre = _floor(x), x.mean(0)
    state = State(x, model, e_step(model, x))
    while True:
        yield state
        q, model = state.q.copy(), state.model
        # anew for each pass, so that round-off cannot add up
        statistics = _statistics(x - centre, q)
        for n in range(len(x)):
            point = x[n : n + 1]
            new = e_step(model, point)
            change = new - q[n : n + 1]
            changes = _statistics(point - centre, change)
            statistics = [s + d for s, d in zip(statistics, changes, strict=True)]
            q[n] = new[0]
            model = _from_statistics(statistics, centre, floor)
        state = State(x, model, q, "pass", state.passes + 1)


def _statistics(x, q):
    """Counts (K,), sums (K, P) and sums of squares (K, P, P), weighted by q (N, K)."""
    return [q.sum(0), q.T @ x, np.einsum("nk,np,nr->kpr", q, x, x, optimize=True)]


def _from_statistics(statistics, centre, floor):
    """The maximising parameters; sums are of x - centre, so that squares keep their digits."""
    counts, sums, squares = statistics
    counts = np.maximum(counts, 0)  # incremental updates may leave -1e-17
    empty = counts < 1e-12 * counts.sum()  # no point wants it: anything is as good
    held = np.where(empty, 1, counts)
    means = np.where(empty[:, None], 0, sums / held[:, None])
    covariances = squares / held[:, None, None] - means[:, :, None] * means[:, None, :]
    # the best covariance with all variances above the floor clips the eigenvalues
    values, vectors = np.linalg.eigh((covariances + np.swapaxes(covariances, 1, 2)) / 2)
    root = vectors * np.sqrt(np.maximum(values, floor))[:, None, :]
    covariances = root @ np.swapaxes(root, 1, 2)
    covariances = (covariances + np.swapaxes(covariances, 1, 2)) / 2
    return GaussianMixture(counts / counts.sum(), centre + means, covariances)


def _floor(x):
    """The smallest variance a component may have; positive even where all points coincide."""
    return FLOOR * max(float(x.var(0).mean()), np.finfo(float).eps)


def _table(x):
    x = finite_array("x", x, ndim=(1, 2))
    x = x[:, None] if x.ndim == 1 else x
    if x.size == 0:
        raise ValueError(f"x: expected at least one data point, got shape {x.shape}")
    return x
