"""Any ascent, the student's own included, step by step, with its invariants checked."""

from itertools import islice
from math import inf

import numpy as np

from helpers.arguments import whole_number
from helpers.show.interactive.controls import room, steps, ticks
from helpers.show.interactive.figure import Interactive

MOST_NAMED = 3  # broken invariants that fit into the picture
FALL = 1e-9  # relative: what rounding may do to a bound that stands still


def problems(elbos, log_evidence=None, qs=(), noisy=False):
    """The invariants that an ascent breaks, as [{"step": ..., "text": ...}], in order of steps.

    The bound must be a number, never fall (unless its ascent is noisy) and never pass the log
    evidence (then KL = log p(x) - ELBO is below zero); each q that is a plain array must be
    non-negative and sum to one.
    """
    found = []
    for step, elbo in enumerate(elbos):
        tolerance = FALL * max(1.0, abs(elbo)) if np.isfinite(elbo) else 0.0
        if np.isnan(elbo) or elbo == inf:
            found.append((step, f"the ELBO is {elbo}"))
        elif step and not noisy and elbo < elbos[step - 1] - tolerance:
            found.append((step, f"the ELBO fell by {elbos[step - 1] - elbo:.4g}"))
        if log_evidence is not None and elbo > log_evidence + tolerance:
            above = f"the ELBO is above log p(x) by {elbo - log_evidence:.4g}, so KL < 0"
            found.append((step, above))
    for step, q in enumerate(qs):
        if isinstance(q, np.ndarray) and q.dtype.kind == "f":
            if (q < 0).any():
                found.append((step, f"q has a negative probability, {q.min():.4g}"))
            elif abs(q.sum() - 1) > 1e-6:
                found.append((step, f"q sums to {q.sum():.6g}, not to 1"))
    first = {}  # of each kind, which the first four words say
    for step, text in sorted(found):
        first.setdefault(tuple(text.split()[:4]), {"step": step, "text": text})
    return list(first.values())


def trace(updates, log_evidence=None, max_steps=50):
    """The bound of an ascent, step by step; a broken invariant is named in the picture.

    Args:
        updates: an iterator of states with an ``elbo`` and perhaps a ``q``, such as
            ``small.mean_field(model, 1)``; or a function without arguments that returns one; or
            the bounds themselves, (n,).
        log_evidence: log p(x), where it is known.
        max_steps: how many steps to draw at most.
    Raises:
        ValueError: nothing came, or something without a numeric ``elbo``.
    """
    states = list(islice(_iterate(updates), whole_number("max_steps", max_steps) + 1))
    if not states:
        raise ValueError("updates: expected at least one state, got none")
    elbos = [_elbo(state, step) for step, state in enumerate(states)]
    noisy = any(getattr(state, "noisy", False) for state in states)
    found = problems(elbos, log_evidence, [getattr(s, "q", None) for s in states], noisy)
    finite = np.flatnonzero(np.isfinite(elbos))
    if not len(finite):
        raise ValueError(f"updates: expected finite bounds, got {elbos[0]}")
    shown = np.interp(range(len(elbos)), finite, np.array(elbos)[finite])
    broken = [float(sum(p["step"] <= step for p in found)) for step in range(len(elbos))]
    numbers = {"elbo": shown, "rise": np.diff(shown, prepend=shown[0]), "broken": broken}
    if log_evidence is not None:
        evidence = np.full(len(elbos), float(log_evidence))
        numbers |= {"log_evidence": evidence, "kl": evidence - shown}
    span, last = room([*shown, *numbers.get("log_evidence", ())]), len(elbos) - 1
    data = {
        "title": "The bound, step by step",
        "controls": [steps("step", "step", last, pause=300, value=last)],
        "numbers": numbers,
        "problems": found[:MOST_NAMED],
        "range": span,
        "xticks": np.unique(ticks(0, max(last, 1)).astype(int)),
        "yticks": ticks(*span),
    }
    return Interactive("trace", data)


def _iterate(updates):
    # called outside the try: an error inside the student's function must show as it is
    states = updates() if callable(updates) else updates
    try:
        return iter(states)
    except TypeError:
        came = "a function that returned " if callable(updates) else ""
        raise ValueError(
            "updates: expected an iterator of states, or a function without arguments that "
            f"returns one, got {came}{type(states).__name__}"
        ) from None


def _elbo(state, step):
    try:
        return float(getattr(state, "elbo", state))
    except (TypeError, ValueError):
        came = f"{type(state).__name__} at step {step}"
        raise ValueError(f"updates: expected states with a number `elbo`, got {came}") from None
