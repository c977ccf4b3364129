"""What an interactive figure offers to the hand, as plain data for the ES module."""

import numpy as np


def slider(name, label, low, high, step, value):
    """A number between two sensible ends."""
    return {"name": name, "label": label, "min": low, "max": high, "step": step, "value": value}


def normal_q(means, sds, mean=0.0, sd=1.0):
    """The sliders of a normal q: the ends of each, and where they stand."""
    return [
        slider("mean", "mean of q", *means, 0.05, mean),
        slider("sd", "standard deviation of q", *sds, 0.05, sd),
    ]


def indexed(name, label, values, value=0):
    """A slider over listed numbers; the setting is the index."""
    return {"name": name, "label": label, "values": list(values), "value": value}


def choice(name, label, options, value=0):
    """One of several names; the setting is the index."""
    return {"name": name, "label": label, "options": list(options), "value": value}


def steps(name, label, last, pause=700, first=0, value=None):
    """The steps of a trajectory, with play, step and reset; pause in milliseconds."""
    start = first if value is None else value
    return slider(name, label, first, last, 1, start) | {"play": True, "pause": pause}


def preset(label, settings, by=None):
    """A button that moves the controls; by: the control whose value chooses among settings."""
    return {"label": label, "settings": settings} | ({"by": by} if by else {})


def ticks(low, high):
    """Round numbers between low and high, about five."""
    raw = (high - low) / 5
    size = 10 ** np.floor(np.log10(raw))
    step = size * min((1, 2, 5, 10), key=lambda factor: abs(factor * size - raw))
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def room(values):
    """(low, high) around the values, with a margin."""
    margin = 0.08 * (max(values) - min(values)) or 1.0
    return min(values) - margin, max(values) + margin
