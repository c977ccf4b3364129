"""Graphical models of the three examples, as the tutorial's slides build them up.

``step`` counts from 1; the last step, which is the default, is the finished picture.
"""

from helpers.arguments import whole_number
from helpers.show.graphs.vocabulary import Edge, Graph, Node, Plate, edges

TIMES = ("t-1", "t", "t+1")
BARE = "hyperparameter"


def tagger(step=2):
    """Weights w and features x give the tag y; then also the prior's mu and Sigma.

    Source: the slide "Bayesian Log-Linear POS Tagger".
    """
    nodes = (
        Node("w", "$w$", 1.6, 1.9),
        Node("y", "$y$", 1.6, 0, "observed"),
        Node("x", "$x$", 0, 0, "observed"),
    )
    arrows = "w->y x->y"
    alt = "Graphical model of the tagger: inside a plate over N tokens the observed features x"
    alt += " point to the observed tag y; the latent weights w, outside, point to y."
    if whole_number("step", step, maximum=2) == 2:
        nodes += (Node("mu", r"$\mu$", 3.4, 2.3, BARE), Node("Sigma", r"$\Sigma$", 3.4, 1.5, BARE))
        arrows += " mu->w Sigma->w"
        alt += " The hyperparameters mu and Sigma point to w."
    plate = Plate(-0.6, -0.85, 2.9, 1.5, "$N$")
    return Graph(alt, nodes, edges(arrows), (plate,), frame=(-0.8, -1, 4.8, 3.7))


def factorial_hmm(step=5):
    """Two Markov chains z and s that share the observations x, at three time steps.

    Steps: one chain; a second chain; red arrows from each x to both states; red links along
    the chains; red links between the chains. Source: the slides "Factorial HMMs".
    """
    chain = "{0}_t-1->{0}_t {0}_t->{0}_t+1".format
    added = (
        edges(chain("z")) + _each_time("z->x"),
        edges(chain("s")) + _each_time("s->x", bend=-0.3),
        _hmm_upwards(z_bend=-0.35),
        _hmm_along(bend=0.35),
        _each_time("s->z", "link"),
    )[: whole_number("step", step, maximum=5)]
    alt = (
        "Factorial hidden Markov model at times t-1, t, t+1: a latent chain z, each z above its"
        " observed x and pointing to it.",
        "A second latent chain s above it, with bent arrows to the same x.",
        "Red arrows from every x back to its z and s.",
        "Red links along each chain.",
        "Red links between s and z at each time: the chains are coupled given x.",
    )[:step]
    return _hmm(" ".join(alt), sum(added, ()), "sz" if step >= 2 else "z")


def factorial_hmm_inference():
    """The exact posterior p(s, z | x), red edges only. Source: "Original FHMM Inference"."""
    alt = "Exact posterior of the factorial HMM: red arrows from every x to its z and s, red links"
    alt += " along each chain and between the chains at each time."
    return _hmm(alt, _hmm_upwards() + _hmm_along() + _each_time("s->z", "link"))


def factorial_hmm_structured():
    """Independent chains, each still a Markov chain. Source: Ghahramani and Jordan 1996."""
    alt = "Structured mean field of the factorial HMM: red arrows from every x to its z and s and"
    alt += " red links along each chain; the links between the chains are gone."
    return _hmm(alt, _hmm_upwards() + _hmm_along())


def factorial_hmm_mean_field():
    """Every state on its own. Source: the slide "Mean field FHMM Inference"."""
    alt = "Mean field of the factorial HMM: only the red arrows from every x to its z and s are"
    alt += " left; all links between latent states are gone."
    return _hmm(alt, _hmm_upwards())


def lda(step=3):
    """Latent Dirichlet allocation: alpha -> theta -> z -> w <- beta, plates D and N.

    Steps: the model; red arrows w -> z, beta -> z, w -> theta; the red link z - theta and the
    red arrow alpha -> theta. Source: the slides "Latent Dirichlet Allocation".
    """
    every = edges("alpha->theta theta->z z->w beta->w")
    alt = "Latent Dirichlet allocation: alpha points to theta, theta to z, z to the observed word"
    alt += " w, beta to w; z and w are in a plate over N tokens, inside a plate over D documents"
    alt += " that also holds theta."
    if whole_number("step", step, maximum=3) >= 2:
        every += _lda_from_words(0.35)
        alt += " Red arrows from w and beta to z and from w to theta."
    if step >= 3:
        every += edges("alpha->theta", "inference", -0.35) + edges("theta->z", "link", -0.35)
        alt += " A red link between z and theta, a red arrow from alpha to theta."
    return _lda(alt, every)


def lda_inference():
    """The exact posterior of LDA, red edges only. Source: "Original LDA Inference"."""
    alt = "Exact posterior of LDA, red edges only: arrows from w and beta to z, from w and alpha"
    alt += " to theta, and a link between z and theta."
    red = edges("alpha->theta", "inference") + edges("theta->z", "link")
    return _lda(alt, _lda_from_words() + red)


def lda_mean_field():
    """The link between z and theta is gone. Source: the slide "Mean field LDA Inference"."""
    alt = "Mean field of LDA, red edges only: arrows from w and beta to z and from w and alpha to"
    alt += " theta; z and theta are no longer linked."
    return _lda(alt, _lda_from_words() + edges("alpha->theta", "inference"))


def _hmm(alt, every, chains="sz"):
    rows = [(chain, height, "latent") for chain, height in (("s", 3.2), ("z", 1.6))]
    nodes = [
        Node(f"{name}_{t}", f"${name}_{{{t}}}$", 2 * i, height, kind)
        for name, height, kind in (*rows, ("x", 0, "observed"))
        if name in (*chains, "x")
        for i, t in enumerate(TIMES)
    ]
    return Graph(alt, tuple(nodes), every, frame=(-1, -0.6, 6, 4.9))


def _each_time(arrow, kind="generative", bend=0.0):
    start, end = arrow.split("->")
    return tuple(Edge(f"{start}_{t}", f"{end}_{t}", kind, bend) for t in TIMES)


def _hmm_upwards(z_bend=0.0):
    return _each_time("x->z", "inference", z_bend) + _each_time("x->s", "inference", -0.3)


def _hmm_along(bend=0.0):
    return edges("s_t-1->s_t s_t->s_t+1 z_t-1->z_t z_t->z_t+1", "link", bend)


def _lda(alt, every):
    nodes = (
        Node("alpha", r"$\alpha$", 0, 0, BARE),
        Node("theta", r"$\theta$", 1.7, 0),
        Node("z", "$z$", 3.6, 0),
        Node("w", "$w$", 5.3, 0, "observed"),
        Node("beta", r"$\beta$", 7.4, 0, BARE),
    )
    plates = (Plate(0.9, -1.7, 5.5, 3, "$D$"), Plate(2.85, -1.15, 3.2, 2.1, "$N$"))
    return Graph(alt, nodes, every, plates, frame=(-0.6, -2, 8.6, 3.6))


def _lda_from_words(z_bend=0.0):
    bends = (("w", "z", z_bend), ("beta", "z", 0.42), ("w", "theta", -0.35))
    return tuple(Edge(start, end, "inference", bend) for start, end, bend in bends)
