"""Figures, graphical models and widgets: everything that draws, nothing that computes.

``from helpers import show`` has the style and the drawing functions; graphical models are in
``helpers.show.graphs``, widgets in ``helpers.show.interactive``.
"""

from helpers.show.figures import (
    ascent,
    bars,
    bound_bars,
    contours,
    curves,
    ellipse,
    line_style,
    lines,
    points,
    table,
)
from helpers.show.style import BuildUp, Picture, axes, build_up, figure, use_course_style
from helpers.show.words import ColouredWords, coloured_words

__all__ = [
    "BuildUp",
    "ColouredWords",
    "Picture",
    "ascent",
    "axes",
    "bars",
    "bound_bars",
    "build_up",
    "coloured_words",
    "contours",
    "curves",
    "ellipse",
    "figure",
    "line_style",
    "lines",
    "points",
    "table",
    "use_course_style",
]
