"""What stands on slides in place of prints: tables, call-outs, areas, ladders, derivations."""

import re

import numpy as np
import pytest
from bs4 import BeautifulSoup

from helpers import show, small
from helpers.show import formulas, palette

TABLE = {"factorised": [-2.41, 0.31], "structured": [-2.15, float("nan")], "exact": [-1.2, 0.0]}


def html_of(thing):
    return BeautifulSoup(thing._repr_mimebundle_()["text/html"], "html.parser")


def test_a_table_marks_the_best_of_each_column_and_says_what_its_cells_are():
    heads = ["ELBO (nats)", "gap (nats)"]
    table = show.result_table(TABLE, heads, best=["max", "min"], caption="Best of 20 starts.")
    soup = html_of(table)
    assert [cell.get_text() for cell in soup.select("td.best")] == ["−1.20", "0.00"]
    assert [head["scope"] for head in soup.select("th")] == ["col"] * 2 + ["row"] * 3
    assert soup.select("tbody th")[0].get_text() == palette.meaning("factorised")
    assert "–" in soup.get_text() and soup.caption.get_text() == "Best of 20 starts."
    lines = repr(table).splitlines()
    assert len(lines) == 5 and len({len(line) for line in lines[:4]}) == 1


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        ({"a": [1.0]}, {}, "'a' has 1 entries for 2 columns"),
        ({"a": [1.0, 2.0]}, {"best": "largest"}, "best: expected"),
        ({"a": [1.0, 2.0]}, {"digits": [1, 2, 3]}, "digits: expected one"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(rows, settings, message):
    with pytest.raises(ValueError, match=message):
        show.result_table(rows, ["x", "y"], **settings)


def test_callouts_stand_side_by_side_with_their_powers_raised():
    both = show.side_by_side(
        show.callout("10^33,056", "terms", role="kl"), show.callout("5 s", "a")
    )
    soup = html_of(both)
    assert soup.sup.get_text() == "33,056" and len(soup.select(".vi-beside > div")) == 2
    assert repr(both) == "10^33,056: terms\n5 s: a"


def test_words_have_their_minus_signs_and_powers_as_numbers_do():
    table = show.result_table({"N(-2, 1)": ["-1.5 ± 0.2", "10^48 terms"]}, ["log-loss", "work"])
    assert [cell.get_text() for cell in html_of(table).select("tbody > tr > *")] == [
        "N(−2, 1)", "−1.5 ± 0.2", "1048 terms",
    ]  # fmt: skip
    assert html_of(table).sup.get_text() == "48" and "10^48 terms" in repr(table)
    assert html_of(show.callout("-2.03", "2003-12 stays")).get_text() == "−2.032003-12 stays"


def test_areas_are_the_probabilities_on_one_scale():
    model = small.bank()
    tables = {"posterior": model.posterior(1), "q": np.full((2, 2), 0.25)}
    picture = show.squares(tables, row="money", column="rivers")
    for ax, values in zip(picture.figure.axes, tables.values(), strict=True):
        areas = [box.get_width() * box.get_height() for box in ax.patches[1::2]]
        np.testing.assert_allclose(areas, 0.96**2 * values.ravel(), atol=1e-12)
    assert "money 1, rivers 0: 0.537" in picture.alt
    with pytest.raises(ValueError, match=r"from 0 to 1, got 1\.5"):
        show.squares({"q": [[1.5]]}, row="a", column="b")


def test_a_ladder_draws_falls_in_the_colour_of_the_gap():
    _, ax = show.axes()
    show.ladder(ax, ["a", "b", "c"], [-1.0, -1.0, -1.5], moves=["", "Jensen"])
    arrows = [note.arrow_patch for note in ax.texts if getattr(note, "arrow_patch", None)]
    assert len(arrows) == 1
    assert palette.contrast(matplotlib_hex(arrows[0]), palette.colour("kl")) == 1
    assert "Jensen\n−0.500" in [text.get_text() for text in ax.texts]


def matplotlib_hex(patch):
    from matplotlib.colors import to_hex

    return to_hex(patch.get_edgecolor()).upper()


def test_a_derivation_has_a_number_and_a_bar_beside_each_line():
    lines = [r"\log p(x) &= \log \sum_z p(x, z)", r"&\geq \text{ELBO}(q)"]
    made = show.derivation(lines, [-1.2, -1.5], numbers=["3a.1", "3a.2"])
    latex = made._repr_mimebundle_()["text/markdown"]
    assert latex.count(r"\tag{3a.") == 2 and "-1.5000" in latex
    widths = [float(width) for width in re.findall(r"\\rule\{([\d.]+)em\}", latex)]
    assert widths[0] == pytest.approx(widths[1] + widths[2], abs=0.011)
    with pytest.raises(ValueError, match="values: expected one per line, 2, got 1"):
        show.derivation(lines, [-1.2])


@pytest.mark.parametrize(
    ("tex", "roles"),
    [
        (r"$\mathrm{KL}(q(z) \parallel p(z \mid x))$", ["kl", "q", "posterior"]),
        (r"$\text{ELBO}(q) \le \log p(x)$", ["elbo", "q"]),
        (r"$q_\phi\left(z \mid x\right), \tilde q, \frac q p$", ["q", "q", "q", "posterior"]),
        (r"| $p(x|z)$ | $p(z|x)$ |", ["posterior"]),
        (r"`$q$` and \$5, \exp, $\sqrt{pq}$ and $\text{q}$", []),
        (r"$\textcolor{red}{q(z)}$", []),
    ],
)
def test_formulas_have_the_figures_colours(tex, roles):
    made = formulas.coloured(tex)
    assert re.findall(r"\\textcolor\{(#\w+)\}", made) == [palette.colour(role) for role in roles]
    assert made.count("{") == made.count("}")
    assert formulas.coloured(made) == made  # once is enough


def test_figures_are_as_wide_as_a_slide_with_letters_of_24_px():
    fig, _ = show.axes(size=(10, 3.6))
    assert fig.get_size_inches()[0] * 96 == pytest.approx(1136)
    assert show.axes(beside=True)[0].get_size_inches()[0] * 96 == pytest.approx(648)
    sizes = [v for k, v in show.style.STYLE.items() if k.endswith("size") and "marker" not in k]
    assert min(size for size in sizes if not isinstance(size, tuple)) * 96 / 72 >= 24
    assert show.style.style()["font.family"][0] == "Source Sans Pro"


def test_small_multiples_share_their_scales():
    _, panels = show.small_multiples("abcde", columns=3)
    panels[0].plot([0, 5], [0, 7])
    assert len(panels) == 5 and panels[4].get_xlim() == panels[0].get_xlim()
