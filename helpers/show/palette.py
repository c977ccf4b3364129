"""The course's colours: one meaning per colour, in figures, widgets and slides alike.

The colours were chosen so that those seen together differ for every common kind of colour
vision, and in lightness, so that they also differ in greyscale; each is at least 3:1 against
its background. Colour never stands alone: each role has its own dash pattern and hatch.
The tests compute all of this.
"""

from dataclasses import dataclass, replace

LIGHT, DARK = "light", "dark"


@dataclass(frozen=True)
class Role:
    """What one colour stands for, and how it looks where colour cannot be seen.

    meaning: in words, for legends and text alternatives.
    light, dark: "#rrggbb" on a light and on a dark background.
    dash: lengths of strokes and gaps in points; () is a solid line.
    hatch: matplotlib's pattern for filled areas; "" is none.
    marker: matplotlib's sign for single points; "" takes the next of ``MARKERS``.
    """

    meaning: str
    light: str
    dark: str
    dash: tuple = ()
    hatch: str = ""
    marker: str = ""


ROLES = {
    "evidence": Role("log evidence, log p(x)", "#232631", "#EAF1F7", dash=(6, 3)),
    "elbo": Role("ELBO, the lower bound", "#2453B4", "#18CCFE"),
    "kl": Role("KL divergence, the gap", "#C68133", "#CE700D", hatch="//"),
    "posterior": Role("exact posterior, p(z | x)", "#1B4725", "#A6E6B3"),
    "q": Role("approximation, q(z)", "#A35CAF", "#FC62CF", dash=(5, 1.5), hatch=".."),
    "prior": Role("prior, p(z)", "#869090", "#8B9094", dash=(1, 1.5), hatch="--"),
    "likelihood": Role("likelihood, p(x | z)", "#605805", "#EBC159", dash=(5, 2, 1, 2), hatch="xx"),
    "generative": Role("generative model", "#000000", "#FFFFFF"),
    "inference": Role("dependence at inference time", "#CC1D45", "#FB5E4E"),
    "joint": Role("joint distribution, p(x, z)", "#3D75D3", "#299BF9"),
}

# Ways to an answer, wherever they are compared. Exact inference finds the posterior, and the
# factorised family is the course's q: these two keep their colours.
METHODS = {
    "exact": replace(ROLES["posterior"], meaning="exact", marker="o"),
    "structured": Role("structured", "#00896A", "#1E9C72", (8, 2, 2, 2), "\\\\", "s"),
    "factorised": replace(ROLES["q"], meaning="factorised (mean field)", marker="^"),
    "network": Role("inference network", "#8A3B00", "#E2DD12", (2, 1), "++", "D"),
}
LOOKS = ROLES | METHODS  # every name that has a look of its own

# Topics, chains, clusters: things that are counted, not named. Eight, then they repeat.
SERIES = {
    LIGHT: (
        "#432E5D", "#D37754", "#42675A", "#0080A0", "#782F14", "#799799", "#8B5F0B", "#392694",
    ),
    DARK: (
        "#74F2FC", "#BB6D19", "#8FC5A9", "#AD8BE1", "#E7D36B", "#7464EF", "#DAA06F", "#4E9FAD",
    ),
}  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ((), (5, 1.5), (1, 1.5), (5, 2, 1, 2), (8, 2), (3, 1), (5, 1, 1, 1, 1, 1), (2, 2))

INK = {LIGHT: "#1B1F24", DARK: "#EDF0F3"}  # text and axes
MUTED = {LIGHT: "#56616D", DARK: "#A9B4BF"}  # ticks, captions, grids
PAPER = {LIGHT: "#FFFFFF", DARK: "#14181D"}  # the background all contrasts are taken against
OBSERVED = {LIGHT: "#C9CED4", DARK: "#4A525B"}  # the shade of an observed variable


def colour(role, background=LIGHT):
    """The colour "#rrggbb" of a role such as "elbo" or "q", or of a method: "structured"."""
    return getattr(_role(role), _background(background))


def meaning(role):
    """What the colour of a role or a method stands for, in words."""
    return _role(role).meaning


def series(index, background=LIGHT):
    """The colour of the ``index``-th topic, chain or cluster; they repeat after eight."""
    colours = SERIES[_background(background)]
    return colours[index % len(colours)]


def tint(hex_colour, amount=0.8, background=LIGHT):
    """A colour mixed with the background: amount 0 is the colour, 1 is the background."""
    if not 0 <= amount <= 1:
        raise ValueError(f"amount: expected a number in [0, 1], got {amount!r}")
    mixed = (
        round((1 - amount) * own + amount * paper)
        for own, paper in zip(_rgb(hex_colour), _rgb(PAPER[_background(background)]), strict=True)
    )
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


def on_both_backgrounds():
    """Every colour as {"light": {name: colour}, "dark": {...}}, for scripts and style sheets."""
    extra = {"ink": INK, "muted": MUTED, "paper": PAPER, "observed": OBSERVED}
    return {
        background: {role: colour(role, background) for role in LOOKS}
        | {name: shades[background] for name, shades in extra.items()}
        | {f"series-{i}": c for i, c in enumerate(SERIES[background])}
        for background in (LIGHT, DARK)
    }


def css_variables(background=LIGHT, prefix="--vi-"):
    """The colours as CSS declarations: ``--vi-elbo: #2453B4; --vi-kl: ...``."""
    colours = on_both_backgrounds()[_background(background)]
    return " ".join(f"{prefix}{name}: {value};" for name, value in colours.items())


def contrast(first, second):
    """WCAG 2 contrast of two colours: (L1 + 0.05) / (L2 + 0.05) of their luminances, 1 to 21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(hex_colour):
    """Relative luminance of an sRGB colour, 0 (black) to 1 (white)."""
    red, green, blue = (_linear(channel / 255) for channel in _rgb(hex_colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel):
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _rgb(hex_colour):
    digits = hex_colour.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f'expected a colour such as "#2453B4", got {hex_colour!r}')
    return tuple(int(digits[i : i + 2], 16) for i in (0, 2, 4))


def _role(role):
    if role not in LOOKS:
        raise ValueError(f"role: expected one of {', '.join(LOOKS)}, got {role!r}")
    return LOOKS[role]


def _background(background):
    if background not in (LIGHT, DARK):
        raise ValueError(f'background: expected "light" or "dark", got {background!r}')
    return background
