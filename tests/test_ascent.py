"""Climbing: convergence, the refusal of a falling bound, and what a bad iterator earns."""

from collections import namedtuple
from itertools import count

import numpy as np
import pytest

from helpers.ascent import ElboDecreased, climb

State = namedtuple("State", "elbo q", defaults=[None])
Noisy = namedtuple("Noisy", "elbo noisy", defaults=[True])


def states(*elbos):
    return (State(elbo) for elbo in elbos)


def test_stops_when_the_rise_is_relatively_small():
    ascent = climb((State(-1.0 - 2.0**-n) for n in count()), rtol=1e-3)
    assert ascent.converged
    assert len(ascent.elbos) == 11  # the rise 2^-10 is the first below a thousandth
    assert ascent.state.elbo == ascent.elbos[-1]
    assert (np.diff(ascent.elbos) > 0).all()


def test_stops_at_the_limit_and_says_so():
    ascent = climb((State(float(n)) for n in count()), max_steps=7)
    assert not ascent.converged
    assert len(ascent.elbos) == 8
    assert climb(states(-3.0), max_steps=0).elbos.tolist() == [-3.0]


def test_a_finite_ascent_has_converged_only_if_its_last_rise_was_small():
    assert not climb(states(-3, -2, -1)).converged
    assert climb(states(-3, -1, -1)).converged


def test_does_not_take_a_state_more_than_it_needs():
    source = states(-2, -1, -1, -0.5)
    climb(source)
    assert next(source).elbo == -0.5


def test_a_falling_bound_is_refused_with_its_place():
    with pytest.raises(ElboDecreased, match=r"fell from -1 to -1\.5 at step 2: usually an update"):
        climb(states(-2, -1, -1.5))


def test_round_off_is_not_a_fall_but_more_is():
    climb(states(-1e6, -1e6 - 1e-4, -1e6 - 1e-4))
    with pytest.raises(ElboDecreased):
        climb(states(-1e6, -1e6 - 1e-2))


def test_the_bound_may_start_at_minus_infinity_but_not_fall_back_to_it():
    ascent = climb(states(-np.inf, -np.inf, -5.0, -5.0))
    assert ascent.converged and ascent.state.elbo == -5
    with pytest.raises(ElboDecreased):
        climb(states(-5.0, -np.inf))


def test_a_stochastic_ascent_may_fall_and_is_judged_by_averages():
    rng = np.random.default_rng(0)
    ascent = climb((Noisy(-1 / (n + 1) - 5 + 0.01 * rng.normal()) for n in count()), rtol=1e-3)
    assert ascent.converged
    assert (np.diff(ascent.elbos) < 0).any()
    assert len(ascent.elbos) > 20


def test_a_stochastic_ascent_may_start_at_minus_infinity():
    elbos = [-np.inf] * 15 + [-5.0] * 25
    assert climb(Noisy(elbo) for elbo in elbos).converged


BAD = {
    "at least one state": lambda: climb([]),
    "ELBO is nan at step 1": lambda: climb(states(-1, np.nan)),
    "ELBO is inf at step 0": lambda: climb(states(np.inf)),
    "ELBO is an array of float64 with shape .2,. at step 0; expected one number": lambda: climb(
        states(np.array([-2.0, -1.0]))
    ),
    "ELBO is str 'a' at step 1; expected one number": lambda: climb(states(-1, "a")),
    "max_steps: expected at least 0": lambda: climb(states(-1), max_steps=-1),
    "rtol: expected a number of at least 0": lambda: climb(states(-1), rtol=np.nan),
    "rtol: expected a number of at least 0, got str 'a'": lambda: climb(states(-1), rtol="a"),
    "rtol: expected a number of at least 0, got NoneType": lambda: climb(states(-1), rtol=None),
    "rtol: expected a number of at least 0, got float -1.0": lambda: climb(states(-1), rtol=-1.0),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(message):
    with pytest.raises(ValueError, match=message):
        BAD[message]()
