"""Graphical models of the three examples, as the tutorial's slides build them up.

``step`` counts from 1; the last step, which is the default, is the finished picture.
"""

from itertools import pairwise

from helpers.show.graphs.vocabulary import Edge, Graph, Node, Plate, checked_step

TIMES = ("t-1", "t", "t+1")


def tagger(step=2):
    """The Bayesian log-linear POS tagger: weights w and features x give the tag y.

    Steps: w, x and y; the prior's hyperparameters mu and Sigma.
    Source: the slide "Bayesian Log-Linear POS Tagger".
    """
    step = checked_step(step, 2)
    nodes = (
        Node("w", "$w$", 1.6, 1.9),
        Node("y", "$y$", 1.6, 0, "observed"),
        Node("x", "$x$", 0, 0, "observed"),
    )
    edges = (Edge("w", "y"), Edge("x", "y"))
    alt = (
        "Graphical model of the tagger: inside a plate over N tokens the observed features x"
        " point to the observed tag y; the latent weights w, outside, point to y."
    )
    if step == 2:
        nodes += (
            Node("mu", r"$\mu$", 3.4, 2.3, "hyperparameter"),
            Node("Sigma", r"$\Sigma$", 3.4, 1.5, "hyperparameter"),
        )
        edges += (Edge("mu", "w"), Edge("Sigma", "w"))
        alt += " The hyperparameters mu and Sigma point to w."
    plate = Plate(-0.6, -0.85, 2.9, 1.5, "$N$")
    return Graph(alt, nodes, edges, (plate,), frame=(-0.8, -1, 4.8, 3.7))


def factorial_hmm(step=5):
    """Two Markov chains z and s that share the observations x, at three time steps.

    Steps: one chain; a second chain; red arrows from each x to both states; red links along
    the chains; red links between the chains. Source: the slides "Factorial HMMs".
    """
    step = checked_step(step, 5)
    edges = _hmm_chain("z") + tuple(Edge(f"z_{t}", f"x_{t}") for t in TIMES)
    said = ["Factorial hidden Markov model at times t-1, t, t+1: a latent chain z, each z above"]
    said.append("its observed x and pointing to it.")
    if step >= 2:
        edges += _hmm_chain("s") + tuple(Edge(f"s_{t}", f"x_{t}", bend=-0.3) for t in TIMES)
        said.append("A second latent chain s above it, with bent arrows to the same x.")
    if step >= 3:
        edges += _hmm_upwards(z_bend=-0.35)
        said.append("Red arrows from every x back to its z and s.")
    if step >= 4:
        edges += _hmm_along(bend=0.35)
        said.append("Red links along each chain.")
    if step >= 5:
        edges += _hmm_across()
        said.append("Red links between s and z at each time: the chains are coupled given x.")
    return _hmm(" ".join(said), edges, "sz" if step >= 2 else "z")


def factorial_hmm_inference():
    """The inference network of the exact posterior p(s, z | x): the red edges only.

    Source: the slides "Inference network for FHMMs" and "Original FHMM Inference".
    """
    alt = "Exact posterior of the factorial HMM: red arrows from every x to its z and s, red links"
    alt += " along each chain and between the chains at each time."
    return _hmm(alt, _hmm_upwards() + _hmm_along() + _hmm_across())


def factorial_hmm_structured():
    """Structured mean field: independent chains, each still a Markov chain.

    Source: the slide "Factorial HMMs", intuition; Ghahramani and Jordan 1996.
    """
    alt = "Structured mean field of the factorial HMM: red arrows from every x to its z and s and"
    alt += " red links along each chain; the links between the chains are gone."
    return _hmm(alt, _hmm_upwards() + _hmm_along())


def factorial_hmm_mean_field():
    """Fully factorised mean field: every state on its own.

    Source: the slide "Mean field FHMM Inference".
    """
    alt = "Mean field of the factorial HMM: only the red arrows from every x to its z and s are"
    alt += " left; all links between latent states are gone."
    return _hmm(alt, _hmm_upwards())


def lda(step=3):
    """Latent Dirichlet allocation: alpha -> theta -> z -> w <- beta, plates D and N.

    Steps: the model; red arrows w -> z, beta -> z, w -> theta; the red link z - theta and the
    red arrow alpha -> theta. Source: the slides "Latent Dirichlet Allocation".
    """
    step = checked_step(step, 3)
    chain = (("alpha", "theta"), ("theta", "z"), ("z", "w"), ("beta", "w"))
    edges = tuple(Edge(start, end) for start, end in chain)
    alt = "Latent Dirichlet allocation: alpha points to theta, theta to z, z to the observed word"
    alt += " w, beta to w; z and w are in a plate over N tokens, inside a plate over D documents"
    alt += " that also holds theta."
    if step >= 2:
        edges += _lda_from_words()
        alt += " Red arrows from w and beta to z and from w to theta."
    if step >= 3:
        edges += (Edge("alpha", "theta", "inference", -0.35), _lda_link(-0.35))
        alt += " A red link between z and theta, a red arrow from alpha to theta."
    return _lda(alt, edges)


def lda_inference():
    """The inference network of the exact posterior of LDA: the red edges only.

    Source: the slides "Inference network for LDA" and "Original LDA Inference".
    """
    alt = "Exact posterior of LDA, red edges only: arrows from w and beta to z, from w and alpha"
    alt += " to theta, and a link between z and theta."
    return _lda(alt, (*_lda_from_words(0), Edge("alpha", "theta", "inference"), _lda_link()))


def lda_mean_field():
    """Mean field LDA: the link between z and theta is gone.

    Source: the slide "Mean field LDA Inference".
    """
    alt = "Mean field of LDA, red edges only: arrows from w and beta to z and from w and alpha to"
    alt += " theta; z and theta are no longer linked."
    return _lda(alt, (*_lda_from_words(0), Edge("alpha", "theta", "inference")))


def _hmm(alt, edges, chains="sz"):
    heights = {"s": 3.2, "z": 1.6}
    nodes = [
        Node(f"{chain}_{t}", f"${chain}_{{{t}}}$", 2 * i, heights[chain])
        for chain in chains
        for i, t in enumerate(TIMES)
    ]
    nodes += [Node(f"x_{t}", f"$x_{{{t}}}$", 2 * i, 0, "observed") for i, t in enumerate(TIMES)]
    return Graph(alt, tuple(nodes), edges, frame=(-1, -0.6, 6, 4.9))


def _hmm_chain(chain):
    return tuple(Edge(f"{chain}_{a}", f"{chain}_{b}") for a, b in pairwise(TIMES))


def _hmm_upwards(z_bend=0.0):
    to_z = tuple(Edge(f"x_{t}", f"z_{t}", "inference", z_bend) for t in TIMES)
    return to_z + tuple(Edge(f"x_{t}", f"s_{t}", "inference", -0.3) for t in TIMES)


def _hmm_along(bend=0.0):
    steps = list(pairwise(TIMES))
    return tuple(Edge(f"{c}_{a}", f"{c}_{b}", "link", bend) for c in "sz" for a, b in steps)


def _hmm_across():
    return tuple(Edge(f"s_{t}", f"z_{t}", "link") for t in TIMES)


def _lda(alt, edges):
    nodes = (
        Node("alpha", r"$\alpha$", 0, 0, "hyperparameter"),
        Node("theta", r"$\theta$", 1.7, 0),
        Node("z", "$z$", 3.6, 0),
        Node("w", "$w$", 5.3, 0, "observed"),
        Node("beta", r"$\beta$", 7.4, 0, "hyperparameter"),
    )
    plates = (Plate(0.9, -1.7, 5.5, 3, "$D$"), Plate(2.85, -1.15, 3.2, 2.1, "$N$"))
    return Graph(alt, nodes, edges, plates, frame=(-0.6, -2, 8.6, 3.6))


def _lda_from_words(z_bend=0.35):
    return (
        Edge("w", "z", "inference", z_bend),
        Edge("beta", "z", "inference", 0.42),
        Edge("w", "theta", "inference", -0.35),
    )


def _lda_link(bend=0.0):
    return Edge("theta", "z", "link", bend)
