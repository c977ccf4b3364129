"""How every figure looks, and the one way to put a figure with its text alternative on a page.

JupyterLab and nbconvert drop the text alternative of ``image/svg+xml`` and ``image/png``
outputs, and refuse SVG in a notebook that is not trusted yet. An ``<img alt="...">`` in an HTML
output survives everywhere: in Lab, in the saved file, in exported pages and in slides. Inside
an ``<img>`` the identifiers of two drawings cannot clash either.
"""

import base64
import contextlib
import functools
import html
import io
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, LogLocator, NullFormatter

from helpers.show.boxes import Box
from helpers.show.palette import INK, LIGHT, MUTED, PAPER, SERIES

# Inches, 96 px each on a slide: all of its width, or that of a column beside text; the height
# that a heading leaves, and the usual one.
WIDTH, COLUMN, TALL, HEIGHT = 1136 / 96, 648 / 96, 5.5, 5.1
FONTS = "sphinx_revealjs/_static/revealjs/dist/theme/fonts/source-sans-pro"
SIZES = ("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize")
INKED = ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor")
ABSENT = ("axes.spines.top", "axes.spines.right", "axes.grid", "legend.frameon")
STYLE = {
    "figure.figsize": (WIDTH, HEIGHT),
    **dict.fromkeys(("figure.facecolor", "savefig.facecolor"), PAPER[LIGHT]),
    **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), MUTED[LIGHT]),
    **dict.fromkeys(INKED, INK[LIGHT]),
    **dict.fromkeys(ABSENT, False),
    **dict.fromkeys(SIZES, 18),  # points: 24 px on a slide
    "axes.titlesize": 19,
    "font.family": ["Source Sans Pro", "DejaVu Sans"],  # the slides' own, and for other signs
    "mathtext.fontset": "cm",
    "axes.linewidth": 1.2,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=SERIES[LIGHT]),
    "grid.color": "#DDE2E7",
    "legend.handlelength": 3.0,  # long enough to show the dashes
    "lines.linewidth": 2.8,
    "lines.markersize": 9,
    "hatch.linewidth": 1.0,
    "svg.fonttype": "path",  # looks the same where the font is missing
    "svg.hashsalt": "variational inference",  # the same picture gives the same file
}


@dataclass(frozen=True)
class Picture:
    """A matplotlib figure and the words that say what it shows.

    As the last line of a cell it becomes ``<img alt="...">``; in plain text, its words.
    """

    figure: Figure
    alt: str

    def __post_init__(self):
        if not isinstance(self.alt, str) or len(self.alt.split()) < 3:
            raise ValueError(f"alt: expected a sentence that says what one sees, got {self.alt!r}")

    def svg(self):
        """The drawing as SVG text: no date, no random identifiers, nothing to load."""
        buffer = io.StringIO()
        no_marks = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with matplotlib.rc_context(style()):
            self.figure.savefig(buffer, format="svg", metadata=no_marks)
        text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", buffer.getvalue(), flags=re.S)
        text = text[text.index("<svg") :]
        text = re.sub(r'(?<= d=")[^"]*', _shorten, text)
        return re.sub(r">\s+<", "><", text).strip() + "\n"

    def html(self, css="display:block; max-width:100%; height:auto; margin:auto"):
        """An ``<img>`` element with the SVG inside its address."""
        data = base64.b64encode(self.svg().encode()).decode()
        words = html.escape(" ".join(self.alt.split()), quote=True)
        style = f' style="{css}"' if css else ""
        return f'<img alt="{words}"{style} src="data:image/svg+xml;base64,{data}">'

    def __repr__(self):
        return f"Figure: {' '.join(self.alt.split())}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html(), "text/plain": repr(self)}


# On a page the steps stand side by side; reveal.js stacks them and shows one at a time.
_BUILD_UP_CSS = (
    "<style>.build-up {display: flex; flex-wrap: wrap; gap: 12px}"
    " .build-up img {width: 340px; max-width: 100%; height: auto}"
    " .reveal .build-up img {width: auto}</style>"
)


def _shorten(path):
    """A path with two decimals, a hundredth of a point, on a single line: half the file."""
    rounded = re.sub(r"-?\d+\.\d+", lambda n: f"{float(n[0]):.2f}".rstrip("0").rstrip("."), path[0])
    return " ".join(rounded.split())


@functools.cache
def style():
    """STYLE, once matplotlib knows the slides' typeface, which sphinx-revealjs brings along.

    Where that package is not (in a browser without a server), DejaVu Sans stands in.
    """
    with contextlib.suppress(PackageNotFoundError):
        for weight in ("regular", "semibold", "italic"):
            file = f"{FONTS}/source-sans-pro-{weight}.ttf"
            path = Path(str(distribution("sphinx-revealjs").locate_file(file)))
            if path.is_file():
                font_manager.fontManager.addfont(path)
    known = {font.name for font in font_manager.fontManager.ttflist}
    return STYLE | {"font.family": [name for name in STYLE["font.family"] if name in known]}


def use_course_style():
    """Give all figures of this notebook the course's look; call it in the first cell.

    Plain pyplot figures become SVG, the same bytes every time.
    """
    matplotlib.rcParams.update(style())
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None})


def axes(columns=1, rows=1, size=(WIDTH, HEIGHT), *, beside=False, **options):
    """A new figure and its axes: ``fig, ax = show.axes()``, ``fig, (a, b) = show.axes(2)``.

    The figure is as wide as a slide, or as tall as one where that comes first, with letters of
    24 px. size: its shape; only width over height counts. beside: it stands in one of two columns,
    with text in the other (tag the second cell "beside"). options: as of ``Figure.subplots``
    (sharey, width_ratios).
    """
    width, height = (COLUMN, HEIGHT) if beside and size == (WIDTH, HEIGHT) else size
    zoom = min((COLUMN if beside else WIDTH) / width, TALL / height)
    size = (zoom * width, zoom * height)
    with matplotlib.rc_context(style()):
        fig = Figure(figsize=size, layout="constrained")
        fig.get_layout_engine().set(w_pad=0.12, h_pad=0.12)  # inches to the edge of the card
        return fig, fig.subplots(rows, columns, **options)


def figure(fig, alt):
    """The figure with its text alternative, ready to be the last line of a cell.

    alt: one to three sentences: what kind of picture, what is on its axes, what one sees in it.
    """
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            if axis.get_scale() == "log":
                _label_logarithmic(axis)
    return Picture(fig, alt)


def _label_logarithmic(axis):
    """Name the powers of ten; where fewer than two are in view, also 2 and 5 times them.

    By itself matplotlib squeezes 3 x 10^-3, 4 x 10^-3, 6 x 10^-3 onto an axis of a decade or so.
    """
    axis.set_minor_formatter(NullFormatter())
    named = not isinstance(axis.get_major_formatter(), LogFormatter)  # by the notebook
    low, high = np.log10(sorted(axis.get_view_interval()))
    if not named and np.floor(high) - np.ceil(low) < 1:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        digits = {"precision": 3, "fractional": False, "trim": "-"}  # 0.002 or 50000
        axis.set_major_formatter(lambda value, _: np.format_float_positional(value, **digits))


def build_up(*pictures):
    """Pictures that show one drawing growing; on a slide each next one replaces the last."""
    if not pictures:
        raise ValueError("pictures: expected at least one, got none")
    first, *later = [picture.html(css="") for picture in pictures]
    steps = "\n".join([f"<div>{first}</div>", *(f'<div class="fragment">{p}</div>' for p in later)])
    markup = f'{_BUILD_UP_CSS}\n<div class="r-stack build-up">\n{steps}\n</div>'
    return Box(markup, "\n".join(map(repr, pictures)))
