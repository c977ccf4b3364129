"""Draws the README's picture, docs/the_gap.svg: the gap closing in three steps."""

from pathlib import Path

import numpy as np

from helpers import show
from helpers.densities import Normal
from helpers.elbo import bound_by_quadrature
from helpers.show import palette

TARGET = Path(__file__).resolve().parent.parent / "docs" / "the_gap.svg"
EDGES = np.linspace(-12, 12, 241)
CANDIDATES = (Normal(2.6, 0.5), Normal(0.5, 1.2), Normal(-1.8, 0.62))
LOW = -6.0  # where the bars begin


def log_joint(z):
    """log p(x = 2, z): a sensor reports the distance |z| of a position z."""
    return Normal(-0.8, 1.6).log_prob(z) + Normal(np.abs(z), 0.6).log_prob(2.0)


def draw():
    """Three posteriors, three q, and between them the bar log p(x) = ELBO + KL."""
    fig, axes = show.axes(6, size=(12, 3.4), width_ratios=[4, 1, 4, 1, 4, 1])
    z = np.linspace(-5, 5, 401)
    for q, density, bar in zip(CANDIDATES, axes[::2], axes[1::2], strict=True):
        bound = bound_by_quadrature(log_joint, q.log_prob, EDGES)
        _densities(density, z, q, bound.log_evidence)
        _bar(bar, bound)
    return fig


def _densities(ax, z, q, log_evidence):
    ax.fill_between(z, np.exp(log_joint(z) - log_evidence), color=_colour("posterior"), alpha=0.3)
    ax.plot(z, np.exp(log_joint(z) - log_evidence), color=_colour("posterior"))
    ax.plot(z, np.exp(q.log_prob(z)), color=_colour("q"), dashes=(4, 2))
    ax.set(xlabel="$z$", ylim=(0, 0.85), yticks=[])
    ax.text(-4.9, 0.8, "$p(z|x)$", color=_colour("posterior"), va="top")
    ax.text(-4.9, 0.68, "$q(z)$", color=_colour("q"), va="top")
    ax.spines["left"].set_visible(False)


def _bar(ax, bound):
    elbo = max(bound.elbo, LOW)
    ax.bar(0, elbo - LOW, bottom=LOW, color=_colour("elbo"))
    ax.bar(0, bound.log_evidence - elbo, bottom=elbo, color=_colour("kl"), hatch="//")
    ax.axhline(bound.log_evidence, color=_colour("evidence"), linestyle="--")
    ax.text(0, LOW + 0.3, "ELBO", color="white", ha="center", fontsize=14)
    ax.set(xticks=[], yticks=[], ylim=(LOW, bound.log_evidence + 0.9))
    ax.set_title(r"$\log p(x)$", fontsize=14)
    ax.set_xlabel(f"KL {bound.kl:.2f}", fontsize=14)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _colour(role):
    return palette.colour(role)


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    draw().savefig(TARGET, metadata={"Date": None})
    print(f"{TARGET.name}: drawn")
