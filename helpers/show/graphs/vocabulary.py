"""What graphical models are made of, and how each part is drawn, in one place.

Observed variables are shaded discs, latent ones open discs, hyperparameters bare letters. Black
solid arrows are the generative model; red dashed arrows and lines are dependencies at inference
time; blue arrows are the joint distribution of the latent factor model. Nodes and plates are
daft's; daft has no bent edges, so all edges are matplotlib's FancyArrowPatch.
"""

from dataclasses import dataclass, replace

import daft
import matplotlib
import matplotlib.pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch

from helpers.show import palette
from helpers.show.style import Picture, style

KINDS = ("latent", "observed", "hyperparameter")
GRID, DISC, LETTER = 2.5, 1.75, 1.1  # centimetres: one unit of length, a disc, a bare letter
LEAST = 20  # points: words stay legible however small their graph is
LOOKS = {
    "generative": {"arrowstyle": "-|>", "linestyle": "solid", "linewidth": 1.8},
    "joint": {"arrowstyle": "-|>", "linestyle": "solid", "linewidth": 1.8},
    "inference": {"arrowstyle": "-|>", "linestyle": (0, (4, 1.6)), "linewidth": 2.2},
    "link": {"arrowstyle": "-", "linestyle": (0, (4, 1.6)), "linewidth": 2.2},
}


@dataclass(frozen=True)
class Node:
    """A variable: its name in code, its label in LaTeX, its place, and one of KINDS."""

    name: str
    label: str
    x: float
    y: float
    kind: str = "latent"


@dataclass(frozen=True)
class Edge:
    """From one node to another, of one of the kinds in LOOKS; a "link" has no direction.

    bend: how far the line leaves the straight one, as a share of its length; the sign is the
    side (positive: to the right of the way from start to end).
    """

    start: str
    end: str
    kind: str = "generative"
    bend: float = 0.0


@dataclass(frozen=True)
class Plate:
    """A rectangle around what is repeated; (x, y) is its lower left corner."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Text:
    """Words beside a graph, centred on (x, y)."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Graph:
    """A graphical model as data; as the last line of a cell it draws itself.

    alt: in words, what the graph shows. frame: x, y, width and height of what is drawn, in
    units of GRID; the same for all steps of a build-up, so that nothing jumps.
    scale: how large it is drawn.
    """

    alt: str
    nodes: tuple
    edges: tuple = ()
    plates: tuple = ()
    texts: tuple = ()
    frame: tuple = (0, 0, 5, 2)
    scale: float = 1.0

    def __post_init__(self):
        names = {node.name for node in self.nodes}
        for node in self.nodes:
            if node.kind not in KINDS:
                raise ValueError(f"kind of {node.name}: expected one of {KINDS}, got {node.kind!r}")
        for edge in self.edges:
            if edge.kind not in LOOKS or not {edge.start, edge.end} <= names:
                raise ValueError(f"edges: {edge} has an unknown kind or joins unknown nodes")

    def picture(self):
        """The drawing, as a :class:`helpers.show.Picture`."""
        with matplotlib.rc_context(style()):
            return Picture(_draw(self), self._words())

    def html(self, **options):
        """As :meth:`helpers.show.Picture.html`."""
        return self.picture().html(**options)

    def shifted(self, x, y, prefix):
        """The same graph elsewhere, with ``prefix`` before all names, to compose a larger one."""

        def moved(parts):
            return tuple(replace(part, x=part.x + x, y=part.y + y) for part in parts)

        nodes = tuple(replace(n, name=prefix + n.name) for n in moved(self.nodes))
        edges = tuple(replace(e, start=prefix + e.start, end=prefix + e.end) for e in self.edges)
        plates, texts = moved(self.plates), moved(self.texts)
        return replace(self, nodes=nodes, edges=edges, plates=plates, texts=texts)

    def __repr__(self):
        return f"Figure: {self._words()}"

    def _words(self):
        return self.alt if "raphical model" in self.alt else f"Graphical model. {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.picture()._repr_mimebundle_()


def edges(arrows, kind="generative", bend=0.0):
    """Edges of one look, from words such as "z->x alpha->z"."""
    return tuple(Edge(*arrow.split("->"), kind, bend) for arrow in arrows.split())


def beside(graphs, frame, alt, scale=1.0):
    """One graph of several that were shifted apart."""
    parts = {
        name: tuple(part for graph in graphs for part in getattr(graph, name))
        for name in ("nodes", "edges", "plates", "texts")
    }
    return Graph(alt=alt, frame=frame, scale=scale, **parts)


def _draw(graph):
    x, y, width, height = graph.frame
    grid, size = GRID * graph.scale, 24 * graph.scale  # centimetres, points
    units = {"grid_unit": grid, "node_unit": DISC * graph.scale, "line_width": 1.8}
    pgm = daft.PGM(shape=(width, height), origin=(x, y), **units)
    for plate in graph.plates:
        rect = (plate.x, plate.y, plate.width, plate.height)
        pgm.add_plate(rect, label=plate.label, position="bottom right", fontsize=size)
    for node in graph.nodes:
        pgm.add_node(node.name, node.label, node.x, node.y, **_node_look(node, size))
    ax = pgm.render()
    for text in graph.texts:
        place = (grid * (text.x - x), grid * (text.y - y))
        ax.annotate(text.label, place, ha="center", va="center", fontsize=max(size, LEAST))
    places = {n.name: (grid * (n.x - x), grid * (n.y - y)) for n in graph.nodes}
    radii = {n.name: graph.scale * _diameter(n) / 2 for n in graph.nodes}
    for edge in graph.edges:
        ax.add_patch(_arrow(edge, places, radii, ax.transData))
    plt.close(pgm.figure)  # keep pyplot from showing it a second time
    return pgm.figure


def _diameter(node):
    return LETTER if node.kind == "hyperparameter" else DISC


def _node_look(node, size):
    if node.kind == "hyperparameter":
        bare = {"ec": "none", "fc": "none"}
        return {"scale": LETTER / DISC, "plot_params": bare, "fontsize": 1.3 * size}
    shade = palette.OBSERVED if node.kind == "observed" else palette.PAPER
    smaller = 0.85 if "_{" in node.label else 1.25  # an index such as t+1 has to fit into the disc
    return {"plot_params": {"fc": shade[palette.LIGHT]}, "fontsize": smaller * size}


def _arrow(edge, places, radii, transform):
    start, end = (Circle(places[n], radii[n], transform=transform) for n in (edge.start, edge.end))
    look = {"patchA": start, "patchB": end, "shrinkA": 1.5, "shrinkB": 1.5, "zorder": 3}
    look |= {"connectionstyle": f"arc3,rad={edge.bend}", "mutation_scale": 20}
    hue = palette.colour("inference" if edge.kind == "link" else edge.kind)
    ends = (places[edge.start], places[edge.end])
    return FancyArrowPatch(*ends, color=hue, **look, **LOOKS[edge.kind])
