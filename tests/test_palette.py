"""Colours that everybody can tell apart, on light and dark backgrounds, and in greyscale."""

import itertools
import re
import subprocess
import sys

import numpy as np
import pytest

from helpers import show
from helpers.show import graphs, interactive, palette

# Simulations of severe protanopia, deuteranopia, tritanopia (Machado et al. 2009).
COLOUR_VISION = {
    "usual": np.eye(3),
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "deuteranopia": [
        [0.3673, 0.8606, -0.2280],
        [0.2801, 0.6725, 0.0474],
        [-0.0118, 0.0429, 0.969],
    ],
    "tritanopia": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
TOGETHER = [("evidence", "elbo", "kl"), ("prior", "likelihood", "posterior", "q")]
TOGETHER += [("generative", "inference"), ("joint", "inference"), ("posterior", "q", "elbo", "kl")]
TOGETHER += [("exact", "structured", "factorised", "network", "evidence")]
BACKGROUNDS = ("light", "dark")


def linear(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB of linear sRGB (D65)."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    t = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_colours_stand_out_from_their_background(background):
    paper = palette.PAPER[background]
    for role in palette.LOOKS:
        assert palette.contrast(palette.colour(role, background), paper) >= 3, role
    for i in range(8):
        assert palette.contrast(palette.series(i, background), paper) >= 3, i
    assert palette.contrast(palette.INK[background], paper) >= 7
    assert palette.contrast(palette.MUTED[background], paper) >= 4.5
    assert palette.contrast(palette.INK[background], palette.OBSERVED[background]) >= 4.5


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("vision", COLOUR_VISION)
def test_colours_seen_together_differ_for_every_kind_of_colour_vision(background, vision):
    seen = {
        role: lab(np.array(COLOUR_VISION[vision]) @ linear(palette.colour(role, background)))
        for role in palette.LOOKS
    }
    for first, second in {p for group in TOGETHER for p in itertools.combinations(group, 2)}:
        assert np.linalg.norm(seen[first] - seen[second]) > 15, (first, second)


def test_bound_and_gap_differ_in_greyscale():
    for background in BACKGROUNDS:
        lightness = [
            lab(linear(palette.colour(r, background)))[0] for r in ("evidence", "elbo", "kl")
        ]
        assert min(abs(a - b) for a, b in itertools.combinations(lightness, 2)) > 15


def test_one_meaning_per_colour_and_never_colour_alone():
    for background in BACKGROUNDS:
        colours = [palette.colour(role, background) for role in palette.ROLES]
        assert len(set(colours)) == len(colours)
        assert len({palette.series(i, background) for i in range(8)}) == 8
    curves = ("prior", "likelihood", "posterior", "q", "evidence")
    assert len({palette.ROLES[role].dash for role in curves}) == len(curves)
    assert len({palette.ROLES[role].hatch for role in curves[:4]}) == 4
    assert palette.ROLES["elbo"].hatch != palette.ROLES["kl"].hatch


def test_methods_have_one_look_each_and_share_colours_only_with_what_they_are():
    same = {"exact": "posterior", "factorised": "q"}
    for background in BACKGROUNDS:
        others = [palette.colour(role, background) for role in palette.ROLES]
        for method in palette.METHODS:
            colour = palette.colour(method, background)
            if method in same:
                assert colour == palette.colour(same[method], background)
            else:
                assert colour not in others + list(palette.SERIES[background])
    looks = palette.METHODS.values()
    for parts in ("meaning", "light", "dark", "dash", "hatch", "marker"):
        assert len({getattr(look, parts) for look in looks}) == len(looks), parts
    assert not palette.ROLES.keys() & palette.METHODS.keys()


def test_a_method_looks_the_same_in_every_figure_whatever_its_place():
    _, (first, second) = show.axes(2)
    x, values = np.arange(3), np.ones(3)
    show.lines(first, x, {"structured": values, "exact": values}, xlabel="", ylabel="")
    show.ascent(second, {"exact": values, "structured": values}, ylabel="")
    one = {line.get_label(): line for line in first.get_lines()}
    two = {line.get_label(): line for line in second.get_lines()}
    for name in ("exact", "structured"):
        assert one[name].get_color() == two[name].get_color() == palette.colour(name)
        assert one[name].get_marker() == two[name].get_marker() == palette.METHODS[name].marker
    assert one["structured"].get_color() == show.line_style("structured")["color"]


def test_contrast_is_that_of_the_standard():
    assert palette.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert palette.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


def test_tint_mixes_with_the_background():
    assert palette.tint("#2453B4", 0) == "#2453B4"
    assert palette.tint("#2453B4", 1) == "#FFFFFF"
    assert palette.tint("#000000", 0.5) == "#808080"


def test_style_sheets_and_scripts_get_every_colour():
    for background in BACKGROUNDS:
        colours = palette.on_both_backgrounds()[background]
        declared = dict(re.findall(r"--vi-([\w-]+): (#\w{6});", palette.css_variables(background)))
        assert declared == colours
        assert set(palette.LOOKS) < set(colours)


def test_colours_are_had_without_what_draws_and_computes():
    """`make slides` renders one changed deck in the time that SciPy takes to load."""
    code = (
        "import sys; from helpers.show import formulas, palette; formulas.coloured('$q(z)$');"
        "print({'matplotlib', 'numpy', 'scipy'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr


def test_a_package_names_what_it_offers_and_nothing_else():
    for package in (show, graphs, interactive):
        assert set(package.__all__) <= set(dir(package))
        assert all(getattr(package, name) for name in package.__all__)
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            package.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: palette.colour("entropy"), "role"),
        (lambda: palette.colour("q", "grey"), "background"),
        (lambda: palette.series(0, "grey"), "background"),
        (lambda: palette.tint("#2453B4", 2), "amount"),
        (lambda: palette.tint("blue", 0.5), "blue"),
    ],
)
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
