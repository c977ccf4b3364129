"""Any ascent, the student's own included, step by step, with its invariants checked."""

from itertools import islice
from math import inf

import numpy as np

from helpers.arguments import whole_number
from helpers.show.interactive.controls import steps, ticks
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
            found.append(
                (step, f"the ELBO is above log p(x) by {elbo - log_evidence:.4g}, so KL < 0")
            )
    for step, q in enumerate(qs):
        if isinstance(q, np.ndarray) and q.dtype.kind == "f":
            if (q < 0).any():
                found.append((step, f"q has a negative probability, {q.min():.4g}"))
            elif abs(q.sum() - 1) > 1e-6:
                found.append((step, f"q sums to {q.sum():.6g}, not to 1"))
    return [{"step": step, "text": text} for step, text in sorted(_first_of_each(found))]


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
    drawn = [elbo for elbo in elbos if np.isfinite(elbo)]
    if not drawn:
        raise ValueError(f"updates: expected finite bounds, got {elbos[0]}")
    shown = np.interp(range(len(elbos)), np.flatnonzero(np.isfinite(elbos)), drawn)
    return _figure(elbos, shown, log_evidence, found)


def _figure(elbos, shown, log_evidence, found):
    low, high = _range([*shown, *([log_evidence] if log_evidence is not None else [])])

    def compute(step):
        rise = shown[step] - shown[step - 1] if step else 0.0
        numbers = {"elbo": float(shown[step]), "rise": float(rise)}
        numbers["broken"] = float(sum(problem["step"] <= step for problem in found))
        if log_evidence is None:
            return numbers
        return numbers | {"log_evidence": log_evidence, "kl": float(log_evidence - shown[step])}

    last = len(elbos) - 1
    data = {
        "title": "The bound, step by step",
        "controls": [steps("step", "step", last, pause=300) | {"value": last}],
        "elbos": shown,
        "log_evidence": None if log_evidence is None else float(log_evidence),
        "problems": found[:MOST_NAMED],
        "range": (low, high),
        "xticks": np.unique(ticks(0, max(last, 1)).astype(int)),
        "yticks": ticks(low, high),
    }
    return Interactive("trace", data, compute)


def _iterate(updates):
    # called outside the try: an error inside the student's function must show as it is
    states = updates() if callable(updates) else updates
    try:
        return iter(states)
    except TypeError:
        came = type(states).__name__
        came = f"a function that returned {came}" if callable(updates) else came
        raise ValueError(
            "updates: expected an iterator of states, or a function without arguments that "
            f"returns one, got {came}"
        ) from None


def _elbo(state, step):
    try:
        return float(getattr(state, "elbo", state))
    except (TypeError, ValueError):
        raise ValueError(
            f"updates: expected states with a number `elbo`, got {type(state).__name__} at "
            f"step {step}"
        ) from None


def _first_of_each(found):
    seen = set()
    for step, text in sorted(found):
        kind = " ".join(text.split()[:4])
        if kind not in seen:
            seen.add(kind)
            yield step, text


def _range(values):
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin
