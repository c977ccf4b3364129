"""Graphical models with the right nodes and edges at every step of their build-ups."""

import html
import itertools

import pytest

from helpers.show import graphs


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


@pytest.mark.parametrize(
    ("call", "named"),
    [
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
