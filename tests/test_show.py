"""Figures that say what they show, and give the same file whenever they are drawn."""

import base64
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from helpers import show
from helpers.show import graphs, palette


def discrete(ax):
    show.bars(ax, "ab", {"prior": [0.5, 0.5], "q": [0.1, 0.9]}, xlabel="z", ylabel="probability")


def densities(ax):
    x = np.linspace(-1, 1, 9)
    given = {"posterior": x**2, "q": 1 - x**2}
    show.curves(ax, x, given, xlabel="z", ylabel="density", fill=("q",))


def costs(ax):
    given = {"flat": [1, 10, np.nan], "factorial": [1, 2, 3]}
    show.lines(ax, [1, 2, 3], given, xlabel="M", ylabel="operations", logy=True)


def gaps(ax):
    show.bound_bars(ax, ["wide", "narrow"], [-3.0, -2.5], -2.0, xlabel="q")


def climbing(ax):
    show.ascent(ax, {"elbo": [-3, -2.5, -2.4], "other": [-2.9]}, log_evidence=-2.0)


def joint_table(ax):
    show.table(ax, [[0.1, 0.2], [0.3, 0.4]], "01", "01", xlabel="z2", ylabel="z1")


def plane(ax):
    grid = np.linspace(-2, 2, 21)
    density = np.exp(-(grid**2)[:, None] - grid**2)
    show.contours(ax, grid, grid, density, role="posterior", xlabel="w1", ylabel="w2")
    show.ellipse(ax, [0, 0], [[1, 0.5], [0.5, 1]], role="q")


def scatter(ax):
    show.points(ax, [1, 2, 3], [3, 2, 1], ["a", "b", "a"], xlabel="x", ylabel="y")


DRAWINGS = [discrete, densities, costs, gaps, climbing, joint_table, plane, scatter]


def costs_of(values):
    show.lines(show.axes()[1], [1, 2, 3], {"flat": values}, xlabel="M", ylabel="operations")


def scatter_of(groups):
    show.points(show.axes()[1], [1, 2], [1, 2], groups, xlabel="x", ylabel="y")


def distributions_of(given):
    show.bars(show.axes()[1], "ab", given, xlabel="z", ylabel="probability")


def test_tables_of_log_probabilities_may_hold_minus_infinity():
    for values in ([[-np.inf, -1.0]], [[-np.inf, -np.inf]]):
        _, ax = show.axes()
        show.table(ax, values, ["0"], ["0", "1"], xlabel="z2", ylabel="z1")
        assert ax.texts[0].get_text() == "−∞"


@pytest.mark.parametrize("draw", DRAWINGS)
def test_drawings_label_their_axes_and_their_marks(draw):
    fig, ax = show.axes()
    draw(ax)
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    if draw is not joint_table:
        words = [text.get_text() for text in ax.get_legend().get_texts()]
        assert len(set(words)) == len(words) >= 2
    assert show.figure(fig, "a drawing for a test").svg()


@pytest.mark.parametrize("draw", DRAWINGS)
def test_the_same_drawing_gives_the_same_file(draw):
    files = []
    for settings in ({}, {"svg.hashsalt": None, "svg.fonttype": "none"}):
        with matplotlib.rc_context(settings):
            fig, ax = show.axes()
            with matplotlib.rc_context(show.style.style()):
                draw(ax)
            files.append(show.figure(fig, "a drawing for a test").svg())
    assert files[0] == files[1]
    assert "<text" not in files[0]  # letters are paths
    assert "date" not in files[0]


def test_bars_are_as_high_as_the_numbers():
    _, ax = show.axes()
    discrete(ax)
    assert [bar.get_height() for bar in ax.patches] == [0.5, 0.5, 0.1, 0.9]


def test_bound_bars_all_end_at_the_log_evidence():
    _, ax = show.axes()
    gaps(ax)
    elbo, gap = ax.patches[:2], ax.patches[2:]
    for lower, upper, bound in zip(elbo, gap, (-3.0, -2.5), strict=True):
        assert lower.get_y() + lower.get_height() == pytest.approx(bound)
        assert upper.get_y() == pytest.approx(bound)
        assert upper.get_y() + upper.get_height() == pytest.approx(-2.0)


def test_bound_above_the_evidence_is_not_drawn():
    with pytest.raises(ValueError, match="above the log evidence"):
        show.bound_bars(show.axes()[1], ["q"], [-1.0], -2.0)


def test_ellipse_has_the_standard_deviations_as_half_axes():
    _, ax = show.axes()
    show.ellipse(ax, [1, 2], [[4, 0], [0, 9]], role="q", widths=(1,))
    (drawn,) = ax.patches
    assert sorted([drawn.width, drawn.height]) == pytest.approx([4, 6])
    reach = drawn.get_patch_transform().transform([[1, 0], [0, 1], [-1, 0], [0, -1]]) - [1, 2]
    assert np.abs(reach).max(axis=0) == pytest.approx([2, 3])


def test_contours_follow_the_density_and_not_its_transpose():
    _, ax = show.axes()
    x, y = np.linspace(-3, 3, 61), np.linspace(-1, 1, 21)
    density = np.exp(-0.5 * x**2 - 8 * y[:, None] ** 2)
    show.contours(ax, x, y, density, role="posterior", xlabel="x", ylabel="y")
    outer = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])
    assert np.ptp(outer[:, 0]) == pytest.approx(4 * np.ptp(outer[:, 1]), rel=0.05)


def test_pictures_carry_their_words_everywhere():
    fig, ax = show.axes()
    discrete(ax)
    words = 'Bars: p < q & "quoted" words,\n over two lines.'
    bundle = show.figure(fig, words)._repr_mimebundle_()
    page = ElementTree.fromstring(bundle["text/html"].replace(">", "/>"))
    assert page.tag == "img"
    assert page.get("alt") == 'Bars: p < q & "quoted" words, over two lines.'
    assert bundle["text/plain"].startswith("Figure: Bars")
    kind, data = page.get("src").split(",")
    assert kind == "data:image/svg+xml;base64"
    drawing = ElementTree.fromstring(base64.b64decode(data))
    assert drawing.tag.endswith("svg")


def test_build_up_shows_the_first_step_at_once_and_the_others_as_fragments():
    page = show.build_up(*map(graphs.lda, (1, 2, 3)))._repr_mimebundle_()["text/html"]
    assert page.count("<img alt=") == 3
    assert page.count('class="fragment"') == 2
    assert page.index("<img") < page.index('class="fragment"')


def test_coloured_words_also_carry_their_topic_as_a_number():
    text = show.coloured_words(["a<b", "and", "sparse"], [1, None, 0], names=["grids", "noise"])
    page = text._repr_mimebundle_()["text/html"]
    assert repr(text) == "a<b[1] and sparse[0]"
    assert "a&lt;b<sub>1</sub>" in page
    assert page.index("grids<sub>0</sub>") < page.index("noise<sub>1</sub>") < page.index("sparse")
    assert page.count(f"solid {palette.series(1)}") == 2
    ink = palette.INK["light"]
    for k in range(8):
        assert palette.contrast(ink, palette.tint(palette.series(k), 0.82)) > 7


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ((3e-4, 7e-3), ["0.0005", "0.001", "0.002", "0.005"]),
        ((4e4, 6e4), ["50000"]),
        ((2e-4, 3e-1), ["$\\mathdefault{10^{-3}}$", "$\\mathdefault{10^{-1}}$"]),
    ],
)
@pytest.mark.parametrize("direction", ["x", "y"])
def test_logarithmic_axes_name_powers_of_ten_or_plain_numbers(values, labels, direction):
    fig, ax = show.axes()
    ax.loglog(values, values)
    axis = getattr(ax, f"{direction}axis")
    show.figure(fig, alt="Two points on a line.")
    assert {tick.get_text() for tick in axis.get_minorticklabels()} <= {""}
    assert set(labels) <= {tick.get_text() for tick in axis.get_majorticklabels()}


def test_logarithmic_axes_keep_labels_of_their_own():
    fig, ax = show.axes()
    ax.semilogx([2, 40], [1, 2])
    ax.set_xticks([2, 40], ["two", "forty"])
    show.figure(fig, alt="Two points on a line.")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["two", "forty"]


def test_use_course_style_outside_of_a_notebook():
    with matplotlib.rc_context():
        show.use_course_style()
        assert matplotlib.rcParams["font.size"] == 18
        assert matplotlib.rcParams["svg.fonttype"] == "path"


NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_of_a_notebook_has_words(path):
    for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert "text/html" in data or not any(kind.startswith("image/") for kind in data)
            for image in re.findall(r"<img[^>]*>", "".join(data.get("text/html", ""))):
                assert re.search(r'alt="[^"]{20,}"', image), (cell["id"], image[:80])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: show.figure(show.axes()[0], ""), "alt"),
        (lambda: show.figure(show.axes()[0], None), "alt"),
        (lambda: show.build_up(), "pictures"),
        (lambda: show.coloured_words(["a", "b"], [0]), "topics"),
        (lambda: show.coloured_words(["a"], [-1]), "topics"),
        (lambda: show.coloured_words(["a"], [2], names=["x", "y"]), "topics"),
        (lambda: costs_of([1.0, 2.0]), "flat"),
        (lambda: scatter_of([1]), "groups"),
        (lambda: distributions_of({}), "distributions"),
        (lambda: distributions_of({"q": [0.5, np.nan]}), "q"),
        (lambda: distributions_of({"q": [0.5, 0.3, 0.2]}), "q"),
    ],
)
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
