"""Variational inference for any model: a Gaussian q from log p(x, z) and its gradient alone.

By Adam on (mean, log sd), or (mean, a triangular root of the covariance with logs on its
diagonal), or by the natural gradient, which moves the precision and needs no root:

    precision <- precision + rate (E_q[-Hessian] - precision)
    mean <- mean + rate precision^-1 E_q[g]

with E_q[Hessian] = E[g(m + L e) e'] L^-1 (Stein), so that gradients g suffice. Draws come in pairs
m +- L e. Source: Kucukelbir et al. (2017), "Automatic differentiation variational inference"; Khan
and Rue (2023), "The Bayesian learning rule".
"""

import numbers
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from helpers.arguments import describe, finite_array, generator, one_of, whole_number
from helpers.ascent import State, States
from helpers.densities import LOG_2PI, MultivariateNormal, Normal
from helpers.gradients.adam import Adam
from helpers.gradients.estimators import ENTROPIES, pairs
from helpers.gradients.natural import gaussian_step

STEP_SIZES = {"adam": 0.05, "natural": 0.1}


class NotFinite(ValueError):
    """A loss, gradient or step that is no number; fit(..., start=error.state) may go on."""

    def __init__(self, message, state):
        more = "; the error's .state is the last good one: start=error.state" if state else ""
        super().__init__(message + more)
        self.state = state


def fit(log_joint, start, rng, gradient=None, covariance="diagonal", method="adam",
        step_size=None, n_draws=16, entropy="score dropped"):  # fmt: skip
    """Maximise the ELBO over Gaussians q(z), z in R^D: an endless iterator of noisy states.

        ascent = climb(fit(log_joint, np.zeros(2), rng, gradient))
        ascent.state.q.mean(), ascent.elbos

    log_joint  function of z (S, D) giving log p(x, z), (S,)
    start      q's mean (D,) (then its sd is one), a Normal, a MultivariateNormal, or a state of an
               earlier run, which goes on as if it had not stopped
    gradient   function of z (S, D) giving d log p(x, z) / dz, (S, D); None: by finite differences
    covariance "diagonal" or "full";  method  "adam" or "natural"
    step_size  a number, or a function of the step 0, 1, 2, ... (Robbins and Monro)
    n_draws    even;  entropy  of Adam's gradient, "score dropped" or "exact": see ``pathwise``

    A state's elbo is the mean of log p(x, z) - log q(z) over its own draws, in nats.
    Raises ValueError for bad arguments, NotFinite (with the last good state) on the way.
    """
    generator("rng", rng)
    one_of("covariance", covariance, ("diagonal", "full"))
    one_of("entropy", entropy, ENTROPIES)
    one_of("method", method, STEP_SIZES)
    sizes = STEP_SIZES[method] if step_size is None else step_size
    if whole_number("n_draws", n_draws, minimum=2) % 2:
        raise ValueError(f"n_draws: expected an even number, as draws come in pairs, got {n_draws}")
    if not callable(sizes):
        checked_size(sizes)
    step = natural_step if method == "natural" else partial(adam_step, entropy=entropy)
    value_and_slope, point = with_slope(log_joint, gradient), _first_point(start, covariance)
    return States(_ascend(value_and_slope, point, rng, step, sizes, n_draws))


@dataclass(frozen=True)
class Point:
    """q = Normal(mean, root root'): mean (D,), root (D,) standard deviations or (D, D)."""

    mean: np.ndarray
    root: np.ndarray
    adam: Adam = field(default_factory=Adam)
    steps: int = 0

    @cached_property
    def q(self):
        """As a density: a Normal with D independent coordinates, or a MultivariateNormal."""
        if self.root.ndim == 1:
            return Normal(self.mean, self.root)
        return MultivariateNormal(self.mean, self.root @ self.root.T)

    @property
    def scales(self):
        """The diagonal of the root, (D,)."""
        return self.root if self.root.ndim == 1 else np.diagonal(self.root)

    def draws(self, e):
        """z = mean + root e: (S, D)."""
        return self.mean + (e * self.root if self.root.ndim == 1 else e @ self.root.T)

    def back(self, e):
        """-d log q(z) / dz = root^-T e, (S, D)."""
        return e / self.root if self.root.ndim == 1 else np.linalg.solve(self.root.T, e.T).T

    def log_prob(self, e):
        """log q(z) at z = mean + root e, (S,)."""
        return -0.5 * (e**2 + LOG_2PI).sum(axis=1) - np.log(self.scales).sum()


def _ascend(value_and_slope, point, rng, step, sizes, n_draws):
    state = None
    while True:
        e = pairs(rng, n_draws, len(point.mean))
        value, slope = value_and_slope(point.draws(e))
        for name, found in (("log_joint", value), ("gradient", slope)):
            if not np.isfinite(found).all():
                wrong = found[~np.isfinite(found)][0]
                raise NotFinite(f"{name}: got {wrong} at a draw of q, expected numbers", state)
        elbo = float(np.mean(value - point.log_prob(e)))
        state = State(point.q, elbo, noisy=True, info={"point": point})
        yield state
        size = checked_size(sizes(point.steps) if callable(sizes) else sizes, state)
        try:
            with np.errstate(all="ignore"):
                point = step(point, e, slope, size)
                _ = point.q  # refuses what is no distribution
        except (ValueError, np.linalg.LinAlgError) as error:
            message = f"step_size: a step of {size:g} leads to no distribution ({error})"
            raise NotFinite(message, state) from None


def with_slope(log_joint, gradient=None):
    """A function of z (S, D) giving log p(x, z) (S,) and its slope (S, D), shapes checked.

    Without ``gradient`` by central differences, for 2 D more values of log_joint a draw.
    """

    def value(z):
        return _shaped("log_joint(z)", log_joint(z), z.shape[:1])

    def differences(z):
        h = 1e-5 * np.maximum(1, np.abs(z))
        steps = h[:, None] * np.eye(z.shape[1])  # a coordinate each
        ends = np.concatenate([z[:, None] + steps, z[:, None] - steps])
        up, down = value(ends.reshape(-1, z.shape[1])).reshape(2, *z.shape)
        return (up - down) / (2 * h)

    slope = differences if gradient is None else gradient
    return lambda z: (value(z), _shaped("gradient(z)", slope(z), z.shape))


def slopes(point, e, slope, entropy="score dropped"):
    """The ELBO's pathwise gradient in q's parameters, averaged over the draws of e.

    slope (S, D): that of log p(x, z) at the draws. Rows: those of mean and log sd, (2, D), or of
    mean and root, (1 + D, D), whose diagonal is taken in logs.
    """
    exact = entropy == "exact"
    slope = slope if exact else slope + point.back(e)
    by_root = (slope * e).mean(axis=0) if point.root.ndim == 1 else np.tril(slope.T @ e / len(e))
    by_root = on_scales(by_root, lambda by_scale: by_scale * point.scales + exact)
    return np.vstack([slope.mean(axis=0), by_root])


def adam_step(point, e, slope, size, entropy="score dropped"):
    """A :class:`Point` after one step of Adam along :func:`slopes`."""
    x = np.vstack([point.mean, on_scales(point.root, np.log)])
    x, adam = point.adam.step(x, slopes(point, e, slope, entropy), size)
    root = on_scales(x[1:].reshape(point.root.shape), np.exp)
    return Point(x[0], root, adam, point.steps + 1)


def on_scales(root, function):
    """A root (D,), or (D, D) with only its diagonal changed, after a function of its scales."""
    if root.ndim == 1:
        return function(root)
    changed = root.copy()
    np.fill_diagonal(changed, function(np.diagonal(root)))
    return changed


def natural_step(point, e, slope, size):
    """A :class:`Point` after one natural step, by the same gradients."""
    diagonal = point.root.ndim == 1
    if diagonal:
        curvature, precision = -(slope * e).mean(axis=0) / point.root, point.root**-2.0
    else:
        half = -np.linalg.solve(point.root.T, e.T @ slope / len(e))
        inverse = np.linalg.inv(point.root)
        curvature, precision = (half + half.T) / 2, inverse.T @ inverse
    mean, precision = gaussian_step(point.mean, precision, slope.mean(axis=0), curvature, size)
    root = precision**-0.5 if diagonal else np.linalg.cholesky(np.linalg.inv(precision))
    return Point(mean, root, steps=point.steps + 1)


def _first_point(start, covariance):
    if isinstance(start, State):
        start = start.info.get("point", start.q)
    if isinstance(start, Normal | MultivariateNormal):
        mean = np.atleast_1d(start.mean())
        full = isinstance(start, MultivariateNormal)
        start = Point(mean, start.cholesky if full else np.broadcast_to(start.sd, mean.shape))
    elif not isinstance(start, Point):
        mean = finite_array("start", start, ndim=1)
        start = Point(mean, np.ones_like(mean))
    if covariance == "full" and start.root.ndim == 1:
        return Point(start.mean, np.diag(start.root))
    if covariance == "diagonal" and start.root.ndim == 2:
        raise ValueError("start: has a full covariance; expected one with covariance='full'")
    return start


def checked_size(size, state=None):
    """A step size, a finite number above 0; else ValueError, NotFinite if there is a state."""
    if isinstance(size, bool) or not isinstance(size, numbers.Real) or not 0 < size < 1e305:
        message = f"step_size: expected a finite number above 0, got {describe(size)}"
        raise ValueError(message) if state is None else NotFinite(message, state)
    return size


def _shaped(name, value, shape):
    value = np.asarray(value, float)
    if value.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {value.shape}")
    return value
