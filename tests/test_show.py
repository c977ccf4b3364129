"""What is drawn: colours that everybody can tell apart, pictures with words, graphs with the
right nodes and edges, and the same file whenever the same picture is drawn."""

import base64
import html
import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from helpers import show
from helpers.show import graphs, palette

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
    for role in palette.ROLES:
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
        for role in palette.ROLES
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
        assert set(palette.ROLES) < set(colours)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: palette.colour("entropy"), "role"),
        (lambda: palette.colour("q", "grey"), "background"),
        (lambda: palette.series(0, "grey"), "background"),
        (lambda: palette.tint("#2453B4", 2), "amount"),
        (lambda: palette.tint("blue", 0.5), "blue"),
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
        (lambda: graphs.lda(4), "step"),
        (lambda: graphs.factorial_hmm(0), "step"),
        (lambda: graphs.latent_factors("prior"), "which"),
        (lambda: graphs.Graph("a graph of nothing", (), (graphs.Edge("a", "b"),)), "edges"),
        (lambda: graphs.Graph("a strange node", (graphs.Node("a", "", 0, 0, "odd"),)), "kind"),
    ],
)
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()


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
        assert ax.texts[0].get_text() == "-inf"


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
            with matplotlib.rc_context(show.style.STYLE):
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


def test_use_course_style_outside_of_a_notebook():
    with matplotlib.rc_context():
        show.use_course_style()
        assert matplotlib.rcParams["font.size"] == 16
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


def edges(graph, kind=None):
    return {(e.start, e.end) for e in graph.edges if kind in (None, e.kind)}


def kinds(graph):
    return {node.name: node.kind for node in graph.nodes}


def test_factorisations_are_the_three_of_the_slide():
    assert edges(graphs.factorisations()) == {("2:z", "2:x"), ("3:x", "3:z")}
    assert [len(graphs.factorisations(i).nodes) for i in (1, 2, 3)] == [2, 4, 6]


def test_likelihood_prior_and_parameters():
    assert edges(graphs.generative(hyperparameter=False)) == {("z", "x")}
    assert edges(graphs.generative()) == {("z", "x"), ("alpha", "z")}
    assert kinds(graphs.parameters())["theta"] == "hyperparameter"
    assert kinds(graphs.parameters(bayesian=True))["theta"] == "latent"


def test_tagger_build_up():
    first, second = graphs.tagger(1), graphs.tagger(2)
    assert kinds(first) == {"w": "latent", "y": "observed", "x": "observed"}
    assert edges(first) == {("w", "y"), ("x", "y")}
    assert edges(second) - edges(first) == {("mu", "w"), ("Sigma", "w")}
    (plate,) = second.plates
    inside = {n.name for n in second.nodes if contains(plate, n)}
    assert inside == {"x", "y"}


def contains(plate, node):
    along = plate.x < node.x < plate.x + plate.width
    return along and plate.y < node.y < plate.y + plate.height


def test_factorial_hmm_build_up():
    steps = [graphs.factorial_hmm(i) for i in range(1, 6)]
    times = ("t-1", "t", "t+1")
    added = [edges(b) - edges(a) for a, b in itertools.pairwise(steps)]
    assert {name for name, kind in kinds(steps[0]).items() if kind == "latent"} == {
        f"z_{t}" for t in times
    }
    chain = {("z_t-1", "z_t"), ("z_t", "z_t+1")}
    assert edges(steps[0]) == chain | {(f"z_{t}", f"x_{t}") for t in times}
    second = {("s_t-1", "s_t"), ("s_t", "s_t+1")}
    assert added[0] == second | {(f"s_{t}", f"x_{t}") for t in times}
    assert all(e.bend for e in steps[1].edges if e.start[0] == "s" and e.end[0] == "x")
    assert added[1] == {(f"x_{t}", f"{chain}_{t}") for t in times for chain in "sz"}
    assert edges(steps[3], "link") == chain | second
    assert added[3] == {(f"s_{t}", f"z_{t}") for t in times}
    assert edges(steps[4], "link") == chain | second | added[3]


def test_factorial_hmm_inference_networks():
    whole = graphs.factorial_hmm(5)
    red = {kind: edges(whole, kind) for kind in ("inference", "link")}
    exact = graphs.factorial_hmm_inference()
    structured, mean_field = graphs.factorial_hmm_structured(), graphs.factorial_hmm_mean_field()
    assert edges(exact) == red["inference"] | red["link"]
    assert {e.kind for e in exact.edges} == {"inference", "link"}
    assert edges(structured) == edges(exact) - {(f"s_{t}", f"z_{t}") for t in ("t-1", "t", "t+1")}
    assert edges(mean_field) == red["inference"]
    assert len(edges(mean_field)) == 6


def test_lda_build_up_and_inference_networks():
    steps = [graphs.lda(i) for i in (1, 2, 3)]
    assert edges(steps[0]) == {("alpha", "theta"), ("theta", "z"), ("z", "w"), ("beta", "w")}
    assert edges(steps[1], "inference") == {("w", "z"), ("beta", "z"), ("w", "theta")}
    assert edges(steps[2], "link") == {("theta", "z")}
    assert ("alpha", "theta") in edges(steps[2], "inference")
    exact = graphs.lda_inference()
    assert edges(exact) == edges(steps[2], "inference") | edges(steps[2], "link")
    assert edges(graphs.lda_mean_field()) == edges(exact) - {("theta", "z")}
    documents, tokens = exact.plates
    assert {n.name for n in exact.nodes if contains(documents, n)} == {"theta", "z", "w"}
    assert {n.name for n in exact.nodes if contains(tokens, n)} == {"z", "w"}
    assert {n for n, kind in kinds(exact).items() if kind == "hyperparameter"} == {"alpha", "beta"}


def test_latent_factor_graphs():
    z, x = ("z1", "z2", "z3"), ("x1", "x2", "x3", "x4")
    down, up = set(itertools.product(z, x)), set(itertools.product(x, z))
    joint, posterior, mean_field, amortised = map(
        graphs.latent_factors, ("joint", "posterior", "mean_field", "amortised")
    )
    assert edges(joint, "joint") == edges(joint) == down
    assert edges(posterior, "inference") == up
    assert {frozenset(e) for e in edges(posterior, "link")} == {
        frozenset(pair) for pair in itertools.combinations(z, 2)
    }
    assert edges(mean_field) == up | {(f"lambda{j}", f"z{j}") for j in (1, 2, 3)}
    assert edges(amortised) == up | {("lambda", factor) for factor in z}
    whole = graphs.overview()
    parts = (joint, posterior, mean_field, amortised)
    assert len(whole.edges) == sum(len(part.edges) for part in parts)
    assert [t.label for t in whole.texts] == [
        "Joint distribution", "Posterior", "Mean field", "Amortised VI",
    ]  # fmt: skip


def test_two_topics_become_dependent_at_inference_time():
    assert edges(graphs.two_topics(1)) == {("z1", "x"), ("z2", "x")}
    assert edges(graphs.two_topics(2), "link") == {("z1", "z2")}


GRAPHS = {
    "factorisations": graphs.factorisations,
    "generative": graphs.generative,
    "parameters": graphs.parameters,
    "two_topics": graphs.two_topics,
    "mixture": graphs.mixture,
    "tagger": graphs.tagger,
    "factorial_hmm": graphs.factorial_hmm,
    "factorial_hmm_inference": graphs.factorial_hmm_inference,
    "factorial_hmm_structured": graphs.factorial_hmm_structured,
    "factorial_hmm_mean_field": graphs.factorial_hmm_mean_field,
    "lda": graphs.lda,
    "lda_inference": graphs.lda_inference,
    "lda_mean_field": graphs.lda_mean_field,
    "latent_factors": graphs.latent_factors,
    "overview": graphs.overview,
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_draw_everything_within_their_frame_the_same_each_time(name):
    graph = GRAPHS[name]()
    x, y, width, height = graph.frame
    for part in (*graph.nodes, *graph.texts):
        assert x < part.x < x + width
        assert y < part.y < y + height
    first = graph.picture()
    arrows = [p for p in first.figure.axes[0].patches if hasattr(p, "get_arrowstyle")]
    assert len(arrows) == len(graph.edges)
    assert first.svg() == GRAPHS[name]().picture().svg()
    assert len(graph.alt.split()) >= 8
    assert html.escape(graph.alt) in graph._repr_mimebundle_()["text/html"]


def test_steps_of_a_build_up_share_one_frame():
    for name, last in (("factorial_hmm", 5), ("lda", 3), ("tagger", 2), ("two_topics", 2)):
        assert len({GRAPHS[name](step).frame for step in range(1, last + 1)}) == 1
        assert len({GRAPHS[name](step).alt for step in range(1, last + 1)}) == last
