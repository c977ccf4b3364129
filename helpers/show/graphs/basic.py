"""Graphical models of the first lectures: joint distributions, priors, the small model.

``step`` counts from 1; the last step, which is the default, is the finished picture.
"""

from helpers.arguments import whole_number
from helpers.show.graphs.vocabulary import Edge, Graph, Node, Text, beside, edges


def factorisations(step=3):
    """Three ways to factorise p(x, z), one more a step. Source: slide "Joint Distribution"."""
    ways = (
        ("", r"$p(x)\,p(z)$", "p(x) p(z): two nodes x and z without an edge"),
        ("z->x", r"$p(z)\,p(x\mid z)$", "p(z) p(x | z): an arrow from z to x"),
        ("x->z", r"$p(x)\,p(z\mid x)$", "p(x) p(z | x): an arrow from x to z"),
    )[: whole_number("step", step, maximum=3)]
    graphs = []
    for i, (arrows, title, words) in enumerate(ways):
        nodes = (Node("z", "$z$", 0, 1.4), Node("x", "$x$", 0, 0))
        graph = Graph(words, nodes, edges(arrows), texts=(Text(0, -0.85, title),))
        graphs.append(graph.shifted(2.2 * i, 0, f"{i + 1}:"))
    alt = f"Graphical models of a joint distribution. {'; '.join(way[2] for way in ways)}."
    return beside(graphs, (-1, -1.2, 6.4, 3.1), alt)


def generative(hyperparameter=True):
    """z -> x, and alpha -> z as the prior's parameter. Source: slide "Likelihood and prior"."""
    nodes = (Node("z", "$z$", 1.6, 0), Node("x", "$x$", 3.2, 0, "observed"))
    alt = "Graphical model: an arrow leads from the latent z to the observed, shaded x."
    if hyperparameter:
        nodes += (Node("alpha", r"$\alpha$", 0, 0, "hyperparameter"),)
        alt += " The hyperparameter alpha, a bare letter, has an arrow to z."
    arrows = "z->x alpha->z" if hyperparameter else "z->x"
    return Graph(alt, nodes, edges(arrows), frame=(-0.6, -0.6, 4.4, 1.2))


def parameters(bayesian=False):
    """z -> x <- theta, fixed, or for a Bayesian latent. Source: slide "Bayesian Inference"."""
    theta = Node("theta", r"$\theta$", 3.2, 0, "latent" if bayesian else "hyperparameter")
    nodes = (Node("z", "$z$", 0, 0), Node("x", "$x$", 1.6, 0, "observed"), theta)
    how = "an open disc, a latent variable" if bayesian else "a bare letter, a fixed parameter"
    alt = f"Graphical model: arrows from the latent z and from theta to x. Here theta is {how}."
    return Graph(alt, nodes, edges("z->x theta->x"), frame=(-0.6, -0.6, 4.4, 1.2))


def two_topics(step=2):
    """The small discrete model, topics z1 and z2 and the word x; then also its inference."""
    nodes = (
        Node("z1", "$z_1$", 0, 1.5),
        Node("z2", "$z_2$", 2, 1.5),
        Node("x", "$x$", 1, 0, "observed"),
    )
    texts = (Text(-1.1, 1.5, "money"), Text(3.1, 1.5, "rivers"), Text(2.2, 0, "“bank”"))
    all_edges = edges("z1->x z2->x")
    alt = "Graphical model: arrows from the latent topics money and rivers to the word bank."
    if whole_number("step", step, maximum=2) == 2:
        red = (Edge("x", "z1", "inference", -0.3), Edge("x", "z2", "inference", 0.3))
        all_edges += (*red, Edge("z1", "z2", "link"))
        alt += " In red, at inference time: arrows from the word to both topics, and a link"
        alt += " between the topics."
    return Graph(alt, nodes, all_edges, texts=texts, frame=(-1.9, -0.6, 5.8, 2.7))
