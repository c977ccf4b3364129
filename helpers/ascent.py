"""Runs any coordinate ascent on the ELBO: stops at convergence, refuses a falling bound.

Every inference algorithm, a student's own included, is an iterator of states without end; the
first one is the starting point. Two lines run it:

    ascent = climb(fhmm.mean_field(model, x))
    ascent.state.q, ascent.elbos, ascent.converged

Source: the slide "Performing VI (Frequentist Case)".
"""

import numbers
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from itertools import islice

import numpy as np

from helpers.arguments import describe, whole_number

ROUND_OFF = 1e-9  # relative; a sum over a corpus rounds by about this much
WINDOW = 10  # states over which the bound of a stochastic ascent is averaged


class ElboDecreased(RuntimeError):
    """The ELBO fell, which an exact coordinate update cannot do."""


@dataclass(frozen=True, eq=False)
class State:
    """One point of an ascent: q, and its bound in nats for the whole data set.

    model: where one is learned. noisy: is the bound an estimate, which may fall? info: what else an
    algorithm tells, by name; ``state.encoder`` is ``state.info["encoder"]``.
    """

    q: object
    elbo: float
    model: object = None
    noisy: bool = False
    info: Mapping = field(default_factory=dict)

    def __getattr__(self, name):
        info = self.__dict__.get("info", {})  # absent while a copy is being made
        if name in info:
            return info[name]
        names = ", ".join(("q", "elbo", "model", "noisy", *info))
        raise AttributeError(f"a state has {names}; it has no {name!r}")


class States(Iterator):
    """An endless iterator of states; to ask it for a state's parts, or for a list, is refused."""

    def __init__(self, states, endless=True):
        self._states, self._endless = iter(states), endless

    def __next__(self):
        return next(self._states)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            f"this is an ascent, an iterator of states, and has no {name!r} itself: run it first, "
            f"ascent = climb(...), then ascent.state.{name}"
        )

    def __length_hint__(self):
        if not self._endless:
            return NotImplemented
        raise ValueError(
            "the states have no end, so that no list can hold them: run them with climb(states), "
            "or take the first n with itertools.islice(states, n)"
        )


def ascending(algorithm):
    """Decorate a generator of :class:`State` so that calling it returns :class:`States`."""
    return wraps(algorithm)(lambda *args, **kwargs: States(algorithm(*args, **kwargs)))


@dataclass(frozen=True)
class Ascent:
    """The last state, the ELBO of every state in nats, (n,), and whether it converged."""

    state: object
    elbos: np.ndarray
    converged: bool


def climb(states, rtol=1e-6, max_steps=1000):
    """Follow an ascent until the ELBO rises by less than ``rtol`` of its size: an :class:`Ascent`.

    states: iterable of states, the first one the starting point, after which it takes at most
    ``max_steps``. Where a state is ``noisy`` (stochastic gradients) the bound may fall, and its
    averages over the last ten and the ten states before are compared. An iterator that ends by
    itself has converged only if its last rise was small. ElboDecreased: the bound fell by more than
    round-off. ValueError: there is no state, or an ELBO is NaN or +inf.
    """
    max_steps = whole_number("max_steps", max_steps, minimum=0, maximum=2**31)
    if not (isinstance(rtol, numbers.Real) and 0 <= rtol <= 1e300):
        raise ValueError(f"rtol: expected a number of at least 0, got {describe(rtol)}")
    if not hasattr(states, "__iter__") or getattr(states, "ndim", 1) == 0:
        raise ValueError(f"states: expected an iterator of states, got {describe(states)}")
    state, elbos, converged = None, [], False
    for state in islice(states, max_steps + 1):
        elbos.append(_checked_elbo(state, len(elbos)))
        noisy = getattr(state, "noisy", False)
        if not noisy:
            _refuse_fall(elbos)
        if converged := _has_converged(elbos, rtol, noisy):
            break
    if state is None:
        raise ValueError("states: expected at least one state, got an empty iterator")
    return Ascent(state, np.array(elbos), converged)


def _checked_elbo(state, step):
    if not hasattr(state, "elbo"):
        got = f"{describe(state)} at step {step}"
        raise ValueError(f"states: expected states, each with its .elbo, got {got}")
    elbo = np.asarray(state.elbo)
    number = elbo.ndim == 0 and elbo.dtype.kind in "biuf"
    if not (number and elbo < np.inf):  # NaN is not below it either
        got = float(elbo) if number else describe(state.elbo)
        wanted = "expected one number of nats, for the whole data set"
        raise ValueError(f"states: the ELBO is {got} at step {step}; {wanted}")
    return float(elbo)


def _refuse_fall(elbos):
    if len(elbos) > 1 and elbos[-1] < elbos[-2] - ROUND_OFF * max(1.0, abs(elbos[-2])):
        raise ElboDecreased(
            f"the ELBO fell from {elbos[-2]:.10g} to {elbos[-1]:.10g} at step {len(elbos) - 1}: "
            "usually an update that is not the maximum given the other factors (a wrong sign, a "
            "missing normaliser, a stale factor) or a term missing from the bound"
        )


def _has_converged(elbos, rtol, noisy):
    window = WINDOW if noisy else 1
    if len(elbos) < 2 * window:
        return False
    new, old = np.mean(elbos[-window:]), np.mean(elbos[-2 * window : -window])
    # from -inf it is still on its way up to the possible
    return bool(old > -np.inf and new - old <= rtol * abs(new))
