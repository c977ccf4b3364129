"""Figures, graphical models and widgets: everything that draws, nothing that computes.

``from helpers import show`` has the style and the drawing functions; graphical models are in
``helpers.show.graphs``, widgets in ``helpers.show.interactive``.
"""

from helpers.show.lazy import names_of

__all__, __getattr__, __dir__ = names_of(
    __name__,
    {
        "areas": "dots ladder small_multiples squares",
        "boxes": "Box callout cards coloured_words result_table side_by_side",
        "figures": "ascent bars bound_bars contours curves ellipse line_style lines points table",
        "formulas": "derivation",
        "interactive.predictions": "predict recall",
        "style": "Picture axes build_up figure use_course_style",
    },
)
