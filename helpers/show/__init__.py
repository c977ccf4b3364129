"""Figures, graphical models and widgets: everything that draws, nothing that computes.

``from helpers import show`` has the style and the drawing functions; graphical models are in
``helpers.show.graphs``, widgets in ``helpers.show.interactive``.
"""

from helpers.show.areas import dots, ladder, small_multiples, squares
from helpers.show.boxes import Box, callout, cards, result_table, side_by_side
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
from helpers.show.formulas import Derivation, derivation
from helpers.show.interactive.predictions import predict, predict_number, predict_point, recall
from helpers.show.style import BuildUp, Picture, axes, build_up, figure, use_course_style
from helpers.show.words import ColouredWords, coloured_words

__all__ = [
    "Box",
    "BuildUp",
    "ColouredWords",
    "Derivation",
    "Picture",
    "ascent",
    "axes",
    "bars",
    "bound_bars",
    "build_up",
    "callout",
    "cards",
    "coloured_words",
    "contours",
    "curves",
    "derivation",
    "dots",
    "ellipse",
    "figure",
    "ladder",
    "line_style",
    "lines",
    "points",
    "predict",
    "predict_number",
    "predict_point",
    "recall",
    "result_table",
    "side_by_side",
    "small_multiples",
    "squares",
    "table",
    "use_course_style",
]
