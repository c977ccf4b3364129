"""Graphical models of the latent factor document model: its joint, its posterior, and two q."""

from dataclasses import replace

from helpers.show.graphs.vocabulary import Edge, Graph, Node, Text, beside


def latent_factors(which="joint"):
    """The latent factor document model with K = 3 factors and N = 4 words.

    which: "joint", "posterior", "mean_field" or "amortised".
    Source: the slides "Original LFDM Inference", "Mean field: example", "Amortised VI: example".
    """
    z, x = ("z1", "z2", "z3"), ("x1", "x2", "x3", "x4")
    upwards = tuple(Edge(word, factor, "inference") for word in x for factor in z)
    who = "Three latent factors above four observed words: "
    if which == "joint":
        downwards = tuple(Edge(factor, word, "joint") for factor in z for word in x)
        return _factors(who + "blue arrows from every factor to every word.", downwards)
    if which == "posterior":
        links = (Edge("z1", "z2", "link"), Edge("z2", "z3", "link"), Edge("z1", "z3", "link", -0.3))
        alt = who + "red arrows from every word to every factor, and red links between all factors."
        return _factors(alt, upwards + links)
    alt = who + "red arrows from every word to every factor, no link between factors; "
    if which == "mean_field":
        own = tuple(Node(f"lambda{j}", rf"$\lambda_{j}$", 2 * j - 1, 3.6, _BARE) for j in (1, 2, 3))
        edges = tuple(Edge(node.name, f"z{j}", "inference") for j, node in enumerate(own, 1))
        return _factors(alt + "each factor has its own parameter lambda.", upwards + edges, own)
    if which == "amortised":
        shared = (Node("lambda", r"$\lambda$", 3, 3.6, _BARE),)
        edges = tuple(Edge("lambda", factor, "inference") for factor in z)
        return _factors(alt + "one shared lambda points to every factor.", upwards + edges, shared)
    known = '"joint", "posterior", "mean_field" or "amortised"'
    raise ValueError(f"which: expected {known}, got {which!r}")


def overview():
    """Joint distribution, posterior, mean field and amortised inference, two by two.

    Source: the slide "Overview".
    """
    graphs, words = [], []
    for i, (which, title) in enumerate(_OVERVIEW.items()):
        row, column = divmod(i, 2)
        graph = latent_factors(which)
        graph = replace(graph, texts=(Text(3, 3.4 + 0.8 * row, title),))
        graphs.append(graph.shifted(7.4 * column, -5.2 * row, f"{which}:"))
        words.append(f"{title}: {graph.alt}")
    return beside(graphs, (-0.8, -5.9, 15, 9.7), "Four graphs. " + " ".join(words), scale=0.6)


_BARE = "hyperparameter"
_OVERVIEW = {
    "joint": "Joint distribution",
    "posterior": "Posterior",
    "mean_field": "Mean field",
    "amortised": "Amortised VI",
}


def _factors(alt, edges, extra=()):
    factors = tuple(Node(f"z{j}", f"$z_{j}$", 2 * j - 1, 2.2) for j in (1, 2, 3))
    words = tuple(Node(f"x{i}", f"$x_{i}$", 2 * i - 2, 0, "observed") for i in (1, 2, 3, 4))
    return Graph(alt, factors + words + tuple(extra), edges, frame=(-0.8, -0.6, 7.6, 4.7))
