"""Graphical models of the latent factor document model: its joint, its posterior, and two q."""

from dataclasses import replace

from helpers.show.graphs.vocabulary import Edge, Graph, Node, Text, beside, edges

BARE = "hyperparameter"
Z, X = ("z1", "z2", "z3"), ("x1", "x2", "x3", "x4")
TITLES = {
    "joint": "Joint distribution",
    "posterior": "Posterior",
    "mean_field": "Mean field",
    "amortised": "Amortised VI",
}


def latent_factors(which="joint"):
    """The latent factor document model with K = 3 factors and N = 4 words.

    which: "joint", "posterior", "mean_field" or "amortised".
    Source: the slides "Original LFDM Inference", "Mean field: example", "Amortised VI: example".
    """
    if which not in TITLES:
        raise ValueError(f"which: expected one of {list(TITLES)}, got {which!r}")
    every, extra = tuple(Edge(word, factor, "inference") for word in X for factor in Z), ()
    what = "red arrows from every word to every factor, no link between factors; "
    if which == "joint":
        every = tuple(Edge(factor, word, "joint") for factor in Z for word in X)
        what = "blue arrows from every factor to every word."
    elif which == "posterior":
        every += edges("z1->z2 z2->z3", "link") + edges("z1->z3", "link", -0.3)
        what = "red arrows from every word to every factor, and red links between all factors."
    elif which == "mean_field":
        extra = tuple(
            Node(f"lambda{j}", rf"$\lambda_{j}$", 2 * j - 1, 3.6, BARE) for j in (1, 2, 3)
        )
        every += edges("lambda1->z1 lambda2->z2 lambda3->z3", "inference")
        what += "each factor has its own parameter lambda."
    else:
        extra = (Node("lambda", r"$\lambda$", 3, 3.6, BARE),)
        every += edges("lambda->z1 lambda->z2 lambda->z3", "inference")
        what += "one shared lambda points to every factor."
    factors = tuple(Node(f"z{j}", f"$z_{j}$", 2 * j - 1, 2.2) for j in (1, 2, 3))
    words = tuple(Node(f"x{i}", f"$x_{i}$", 2 * i - 2, 0, "observed") for i in (1, 2, 3, 4))
    alt = f"Three latent factors above four observed words: {what}"
    return Graph(alt, factors + words + extra, every, frame=(-0.8, -0.6, 7.6, 4.7))


def overview():
    """Joint, posterior, mean field and amortised, two by two. Source: the slide "Overview"."""
    graphs, words = [], []
    for i, (which, title) in enumerate(TITLES.items()):
        row, column = divmod(i, 2)
        graph = replace(latent_factors(which), texts=(Text(3, 3.4 + 0.8 * row, title),))
        graphs.append(graph.shifted(7.4 * column, -5.2 * row, f"{which}:"))
        words.append(f"{title}: {graph.alt}")
    return beside(graphs, (-0.8, -5.9, 15, 9.7), "Four graphs. " + " ".join(words), scale=0.6)
