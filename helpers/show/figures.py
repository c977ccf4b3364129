"""Drawing functions: numbers in, marks on an axes out; nothing here computes a result.

Most take a dictionary from names to numbers. A name that is a role of the palette ("q",
"posterior", "elbo", ...) or one of its methods ("exact", "structured", "factorised", "network")
is drawn in that one's colour, dash, hatch and marker and labelled with its meaning; any other
name is its own label and gets the next colour of the series.
"""

import numpy as np
from matplotlib.patches import Ellipse, Rectangle
from matplotlib.ticker import MaxNLocator

from helpers.arguments import finite_array, real_array
from helpers.show import palette
from helpers.show.palette import LOOKS


def bars(ax, labels, distributions, *, xlabel, ylabel, digits=2):
    """Discrete distributions side by side: {name: one number per label}.

    digits: decimals written above each bar; None writes none.
    """
    _need(distributions, "distributions")
    places, width = np.arange(len(labels)), 0.8 / len(distributions)
    for i, (name, values) in enumerate(distributions.items()):
        values = finite_array(name, values, shape=(len(labels),))
        offset = (i - (len(distributions) - 1) / 2) * width
        drawn = ax.bar(places + offset, values, 0.9 * width, **filled(name, i))
        if digits is not None:
            texts = [written(value, digits) for value in values]
            ax.bar_label(drawn, texts, padding=2, fontsize=18)
    ax.set_xticks(places, labels)
    ax.margins(y=0.1)  # for the numbers, which else stand in the legend
    _finish(ax, xlabel, ylabel, legend=len(distributions) > 1)


def curves(ax, x, functions, *, xlabel, ylabel, fill=()):
    """Functions {name: (n,)} of one variable x (n,); fill: names whose area is shaded."""
    _need(functions, "functions")
    x = finite_array("x", x, ndim=1)
    for i, (name, values) in enumerate(functions.items()):
        values = real_array(name, values, shape=x.shape)
        look = line_style(name, i)
        ax.plot(x, values, **look)
        if name in fill:
            ax.fill_between(x, values, color=palette.tint(look["color"], 0.75), linewidth=0)
    _finish(ax, xlabel, ylabel, legend=len(functions) > 1)


def lines(ax, x, measurements, *, xlabel, ylabel, logx=False, logy=False):
    """Measured values with a marker each, such as cost against size; NaN is left out.

    x: (n,). measurements: {name: (n,)}. logx, logy: logarithmic axes.
    """
    _need(measurements, "measurements")
    x = finite_array("x", x, ndim=1)
    for i, (name, values) in enumerate(measurements.items()):
        values = measured(name, values, len(x))
        ax.plot(x, values, marker=marker(name, i), **line_style(name, i))
    if logy:
        ax.set_yscale("log")
    if logx:
        ax.set_xscale("log")
    elif (x == x.round()).all():
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y")
    _finish(ax, xlabel, ylabel, legend=len(measurements) > 1)


def bound_bars(ax, labels, elbos, log_evidence, *, xlabel=""):
    """Bars of one fixed height, log p(x), each split into its ELBO and the KL gap above it.

    labels: a name per q. elbos: their ELBOs, (n,), in nats. log_evidence: log p(x).
    """
    elbos = finite_array("elbos", elbos, shape=(len(labels),))
    top = float(finite_array("log_evidence", log_evidence, ndim=0))
    if (elbos > top + 1e-9).any():
        raise ValueError(f"elbos: {elbos.max():g} is above the log evidence {top:g}")
    # no zero to stand on: the lowest ELBO keeps a third of the height
    floor = top - 1.5 * max(top - elbos.min(), 0.2 * abs(top), 0.1)
    places = np.arange(len(labels))
    ax.bar(places, elbos - floor, 0.6, bottom=floor, **filled("elbo"))
    ax.bar(places, top - elbos, 0.6, bottom=elbos, **filled("kl"))
    ax.axhline(top, **line_style("evidence"))
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_ylim(floor, top + 0.06 * (top - floor))
    parts = zip(labels, map(written, elbos), map(written, top - elbos), strict=True)
    ax.set_xticks(places, [f"{label}\nELBO {elbo}\nKL {kl}" for label, elbo, kl in parts])
    _finish(ax, xlabel, "nats", legend=True)


def ascent(ax, traces, log_evidence=None, *, xlabel="step", ylabel="nats"):
    """Bounds as they climb, towards the log evidence where that is known.

    traces: {name: (n_steps,)}, of any lengths; or one array, which is called "elbo".
    """
    traces = traces if isinstance(traces, dict) else {"elbo": traces}
    _need(traces, "traces")
    for i, (name, values) in enumerate(traces.items()):
        values = real_array(name, values, ndim=1)
        sign = marker(name, i) if len(values) <= 40 else ""
        ax.plot(np.arange(len(values)), values, marker=sign, **line_style(name, i))
    if log_evidence is not None:
        ax.axhline(log_evidence, **line_style("evidence"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y")
    _finish(ax, xlabel, ylabel, legend=len(traces) > 1 or log_evidence is not None)


def table(ax, values, rows, columns, *, xlabel, ylabel, digits=2, role="posterior"):
    """A matrix as shaded cells with their numbers: the darker, the larger.

    values: (n_rows, n_columns). rows, columns: labels. From white to darkest: 0 to 1 for
    probabilities, so that tables side by side compare, and the smallest to the largest finite
    value for anything else, such as log probabilities.
    """
    values = real_array("values", values, shape=(len(rows), len(columns)))
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    low, high = (0.0, 1.0) if 0 <= low and high <= 1 else (low, high)
    for i, j in np.ndindex(values.shape):
        share = np.clip((values[i, j] - low) / (high - low or 1), 0, 1)
        shade = palette.tint(palette.colour(role), 1 - 0.9 * share)
        dark = palette.contrast(shade, "#FFFFFF") > 4.5
        look = {"facecolor": shade, "edgecolor": "white", "linewidth": 2}
        ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **look))
        look = {"color": "white" if dark else "black", "ha": "center", "va": "center"}
        ax.text(j, i, written(values[i, j], digits), fontsize=18, **look)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _finish(ax, xlabel, ylabel)


def contours(ax, x, y, density, *, role, xlabel, ylabel):
    """A density (m, n) over the plane as contour lines; x: (n,), y: (m,), one row per y."""
    x, y = finite_array("x", x, ndim=1), finite_array("y", y, ndim=1)
    density = finite_array("density", density, shape=(len(y), len(x)))
    heights = density.max() * np.linspace(0.05, 0.95, 5)
    look = line_style(role)
    dashes = [look["linestyle"]]
    ax.contour(x, y, density, levels=heights, colors=look["color"], linestyles=dashes)
    ax.plot([], [], **look)  # contour lines have no place in a legend of their own
    _finish(ax, xlabel, ylabel, legend=True)


def ellipse(ax, mean, covariance, *, role, widths=(1, 2)):
    """A Gaussian, mean (2,) and covariance (2, 2), as ellipses at so many standard deviations."""
    mean = finite_array("mean", mean, shape=(2,))
    variances, directions = np.linalg.eigh(finite_array("covariance", covariance, shape=(2, 2)))
    angle = np.degrees(np.arctan2(directions[1, 1], directions[0, 1]))
    look = line_style(role)
    named = look["label"] in ax.get_legend_handles_labels()[1]  # by an ellipse drawn before
    for i, width in enumerate(widths):
        long, short = 2 * width * np.sqrt(np.maximum(variances[::-1], 0))
        label = look["label"] if i == 0 and not named else None
        style = {"edgecolor": look["color"], "linestyle": look["linestyle"], "linewidth": 2.8}
        ax.add_patch(Ellipse(mean, long, short, angle=angle, fill=False, label=label, **style))
    ax.autoscale_view()
    add_legend(ax)


def points(ax, x, y, groups=None, *, xlabel, ylabel):
    """Points x, y (n,) in the plane; groups: a name or number per point, each with its look."""
    x = finite_array("x", x, ndim=1)
    y = finite_array("y", y, shape=x.shape)
    groups = np.zeros(len(x), dtype=int) if groups is None else np.asarray(groups)
    if groups.shape != x.shape:
        raise ValueError(f"groups: expected one per point, {x.shape}, got {groups.shape}")
    names = sorted(set(groups.tolist()))
    for i, name in enumerate(names):
        chosen = groups == name
        look = {"color": palette.series(i), "edgecolor": "white", "linewidth": 0.6}
        ax.scatter(x[chosen], y[chosen], s=60, marker=marker("", i), label=str(name), **look)
    _finish(ax, xlabel, ylabel, legend=len(names) > 1)


def line_style(name, index=0):
    """Colour, dash pattern and label of one line: ``ax.plot(x, y, **show.line_style("exact"))``.

    name: a role or method of the palette, or the label of the ``index``-th thing in a series.
    """
    hue, dash, _, label = _look(name, index)
    return {"color": hue, "linestyle": (0, dash) if dash else "solid", "label": label}


def _look(name, index):
    """Colour, dash pattern, hatch and label of a name, or of the index-th thing in a series."""
    if name in LOOKS:
        role = LOOKS[name]
        return role.light, role.dash, role.hatch, role.meaning
    dash = palette.DASHES[index % len(palette.DASHES)]
    return palette.series(index), dash, ("", "//", "..", "xx")[index % 4], str(name)


def marker(name, index):
    """matplotlib's sign for the points of a name, or of the index-th thing in a series."""
    own = LOOKS[name].marker if name in LOOKS else ""
    return own or palette.MARKERS[index % len(palette.MARKERS)]


def filled(name, index=0):
    """Colour, hatch and label of an area, for bars and patches."""
    hue, _, hatch, label = _look(name, index)
    return {"facecolor": hue, "edgecolor": "white", "hatch": hatch, "label": label}


def _finish(ax, xlabel, ylabel, legend=False):
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if legend:
        add_legend(ax)


def add_legend(ax):
    """A legend above the axes, where it covers nothing, in as many columns as fit."""
    labels = ax.get_legend_handles_labels()[1]
    room = ax.get_position().width * ax.figure.get_size_inches()[0]
    longest = 1.0 + 0.125 * max(map(len, labels))  # inches
    columns = int(min(len(labels), max(1, room // longest)))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2)


def written(value, digits=2):
    """A number with the signs of print, minus and infinity, for Python's hyphen and inf; NaN: –."""
    return f"{value:,.{digits}f}".replace("inf", "∞").replace("-", "−").replace("nan", "–")


def measured(name, values, n):
    """(n,) numbers, of which NaN was not measured."""
    values = np.asarray(values, dtype=float)
    if values.shape != (n,):
        raise ValueError(f"{name}: expected {n} values, got shape {values.shape}")
    return values


def _need(mapping, name):
    if not isinstance(mapping, dict) or not mapping:
        raise ValueError(f"{name}: expected {{name: numbers, ...}}, got {mapping!r}")
