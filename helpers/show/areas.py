"""Probability as area, and what is lost as a step: the drawings that come back all the time."""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Rectangle

from helpers.arguments import finite_array, real_array
from helpers.show import palette
from helpers.show.figures import add_legend, filled, line_style, marker, measured, written
from helpers.show.palette import LOOKS
from helpers.show.style import TALL, WIDTH, axes, figure

NUMBERS = 0.34  # the share of a cell's height in which its number stands, below the square


def squares(tables, *, row, column, roles=None, names=("0", "1"), digits=3, whole=1.0, alt=""):
    """Two-way tables of probabilities as squares whose AREA is the probability, on one scale.

    tables: {title: (n_rows, n_columns)}. A title is a role of the palette, or any text, formulas
    included, whose role ``roles[title]`` gives. row, column: what the axes stand for. whole: the
    probability that would fill a cell; the same 1 everywhere, so that notebooks can be compared.
    alt: a sentence put before the numbers, which are always in the text alternative.

        show.squares({"prior": prior, "posterior": posterior}, row="money", column="rivers")
    """
    tables = {t: finite_array(f"tables[{t!r}]", v, ndim=2) for t, v in tables.items()}
    if not tables:
        raise ValueError("tables: expected {title: probabilities, ...}, got none")
    biggest = max(values.max() for values in tables.values())
    if biggest > whole * (1 + 1e-9) or min(values.min() for values in tables.values()) < 0:
        raise ValueError(f"tables: expected probabilities from 0 to {whole:g}, got {biggest:g}")
    height = min(TALL, 1.7 + 0.62 * (1 + NUMBERS) * WIDTH / max(len(tables), 2.4))
    fig, panels = axes(len(tables), size=(WIDTH, height), squeeze=False)
    words = [alt] if alt else []
    for ax, (title, values) in zip(panels[0], tables.items(), strict=True):
        role = (roles or {}).get(title, title if title in LOOKS else "evidence")
        shown = LOOKS[title].meaning if title in LOOKS else title
        _squares(ax, values, whole, role, digits)
        ax.set(title=shown, xlabel=column, ylabel=row)
        ax.set_xticks(range(values.shape[1]), names[: values.shape[1]])
        places = np.arange(values.shape[0]) * (1 + NUMBERS)
        ax.set_yticks(places, names[: values.shape[0]])
        numbers = "; ".join(
            f"{row} {names[i]}, {column} {names[j]}: {value:.{digits}f}"
            for (i, j), value in np.ndenumerate(values)
        )
        words.append(f"{shown.replace('$', '')}: {numbers}.")
    return figure(fig, "Squares whose area is the probability. " + " ".join(words))


def _squares(ax, values, whole, role, digits):
    """One table: in each cell a square, and its number below it."""
    rows, columns = values.shape
    look = filled(role) | {"linewidth": 0}
    frame = {"facecolor": "none", "edgecolor": palette.OBSERVED[palette.LIGHT], "linewidth": 1.2}
    for (i, j), value in np.ndenumerate(values):
        side, y = 0.96 * np.sqrt(value / whole), i * (1 + NUMBERS)
        ax.add_patch(Rectangle((j - 0.5, y - 0.5), 1, 1, **frame))
        ax.add_patch(Rectangle((j - side / 2, y - side / 2), side, side, **look))
        number = f"{value:.{digits}f}"
        ax.text(j, y + 0.5 + NUMBERS / 2, number, ha="center", va="center", fontsize=18)
    ax.set(xlim=(-0.55, columns - 0.45), ylim=(rows * (1 + NUMBERS) - 0.5, -0.55), aspect="equal")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def ladder(ax, labels, values, *, ylabel="nats", moves=(), role="elbo", digits=3):
    """A derivation or an ascent as rungs: what stays equal is level, what changes is a step.

    labels, values: one per rung, from the left. moves: a word above each step, such as "E", "M".
    A fall is drawn in the colour of the KL divergence, with its size; a rise in that of the role.
    """
    values = real_array("values", values, shape=(len(labels),))
    if moves and len(moves) != len(values) - 1:
        raise ValueError(f"moves: expected {len(values) - 1}, one per step, got {len(moves)}")
    span = (values.max() - values.min()) or 1.0
    for i, value in enumerate(values):
        ax.plot([i - 0.36, i + 0.36], [value] * 2, color=palette.colour(role), linewidth=6)
        ax.text(i, value + 0.04 * span, written(value, digits), ha="center", va="bottom")
    for i, (before, after) in enumerate(pairwise(values)):
        change, x, word = after - before, i + 0.5, moves[i] if moves else ""
        if abs(change) < 1e-9:
            look = {"color": palette.MUTED[palette.LIGHT], "linestyle": ":", "linewidth": 2}
            ax.plot([x - 0.14, x + 0.14], [before, after], **look)
        else:
            hue = palette.colour("kl" if change < 0 else role)
            arrow = {"arrowstyle": "-|>", "color": hue, "linewidth": 3, "mutation_scale": 22}
            ax.annotate("", (x, after), (x, before), arrowprops=arrow)
            word = f"{word}\n{change:+.{digits}f}".strip().replace("-", "−")
        ax.text(x, min(before, after) - 0.04 * span, word, ha="center", va="top")
    ax.set_xticks(range(len(labels)), labels)
    ax.set(xlim=(-0.6, len(values) - 0.4), ylim=(values.min() - 0.25 * span, None), ylabel=ylabel)
    ax.margins(y=0.2)


def dots(ax, labels, measurements, *, xlabel, digits=None):
    """Measured values as dots on a line per label: what is compared stands one above the other.

    labels: (n,). measurements: {name: (n,)}; NaN is left out. digits: decimals written at the
    dots, None writes none.
    """
    for index, (name, values) in enumerate(measurements.items()):
        values = measured(name, values, len(labels))
        look = line_style(name, index) | {"linestyle": "", "markersize": 13}
        ax.plot(values, range(len(labels)), marker=marker(name, index), **look)
        for y, value in enumerate(values):
            if digits is not None and np.isfinite(value):
                place = {"xytext": (0, 12), "textcoords": "offset points", "ha": "center"}
                ax.annotate(written(value, digits), (value, y), **place)
    ax.set_yticks(range(len(labels)), labels)
    ax.set(xlabel=xlabel, ylim=(len(labels) - 0.5, -0.6))
    ax.grid(axis="y")
    if len(measurements) > 1:
        add_legend(ax)


def small_multiples(titles, *, columns=None, height=TALL, **options):
    """A figure with one small axes per title on shared scales: ``fig, panels = ...``.

    columns: panels in a row; all of them where nothing is said. options: as of ``axes``.
    """
    columns = columns or len(titles)
    rows = -(-len(titles) // columns)
    shared = {"sharex": True, "sharey": True, "squeeze": False} | options
    fig, grid = axes(columns, rows, size=(WIDTH, height), **shared)
    for ax, title in zip(grid.flat, titles, strict=False):
        ax.set_title(title)
    for ax in grid.flat[len(titles) :]:
        ax.remove()
    for ax in grid.flat[max(len(titles) - columns, 0) : len(titles)]:
        ax.tick_params(labelbottom=True)  # also above a place that stays empty
    return fig, list(grid.flat[: len(titles)])
