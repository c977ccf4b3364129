"""What a deck carries along: reveal.js, MathJax and fonts, from the packages that ship them."""

import base64
import functools
import hashlib
import io
import json
import math
import os
import re
from contextlib import suppress
from importlib.metadata import distribution, version
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from helpers.show import palette

PAGE = Path(__file__).with_name("page")
REVEAL = ("sphinx-revealjs", "sphinx_revealjs/_static/revealjs")
MATHJAX = ("sphinx-mathjax-offline", "sphinx-mathjax-offline/static/mathjax")
MATHJAX_SHA256 = "a4354ff94fd868ae"  # of MathJax 3.2.2's tex-svg-full.js, the first sixteen digits

# The page may run its own scripts and show what it carries; it may fetch nothing from anywhere.
# Frames are the speaker view's, which shows the deck itself.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; "
    "worker-src blob:; frame-src 'self' file:"
)

# Latin, Greek, general punctuation, arrows and the mathematical signs that turn up in prose.
LETTERS = (
    *range(0x20, 0x17F), *range(0x370, 0x400), *range(0x1E00, 0x1EFF), *range(0x2010, 0x2040),
    *range(0x2190, 0x21D5), *range(0x2500, 0x2580), 0x20AC, 0x2122, 0x2200, 0x2202, 0x2203, 0x2208,
    0x220F, 0x2211, 0x2212, 0x221A, 0x221D, 0x221E, 0x222B, 0x2248, 0x2260, 0x2264, 0x2265, 0x2713,
    0x2717,
)  # fmt: skip


def package_file(source, name):
    """The path of a file that another distribution ships; source is (distribution, folder)."""
    package, folder = source
    path = Path(str(distribution(package).locate_file(folder))) / name
    if not path.is_file():
        raise FileNotFoundError(f"{name} is missing from the package {package}: install it again")
    return path


@functools.cache
def styles():
    """The deck's style sheets, in the order of their precedence."""
    return (
        _text(package_file(REVEAL, "dist/reset.css")),
        _text(package_file(REVEAL, "dist/reveal.css")),
        fonts(),
        _colours(),
        _text(PAGE / "deck.css"),
    )


@functools.cache
def scripts():
    """The deck's scripts, in the order in which they run."""
    return tuple(
        _inside_script(_text(path))
        for path in (
            PAGE / "mathjax.js",
            package_file(MATHJAX, "tex-svg-full.js"),
            package_file(REVEAL, "dist/reveal.js"),
            package_file(REVEAL, "plugin/notes/notes.js"),
            PAGE / "steps.js",
            PAGE / "dark.js",
            PAGE / "deck.js",
        )
    )


@functools.cache
def theme_script():
    """Sets light or dark before anything is drawn, so that nothing flashes."""
    colours = f"window.paletteColours = {dark_twins()};\n"
    paper = f'window.darkPaper = "{palette.PAPER[palette.DARK]}";\n'
    return colours + paper + _text(PAGE / "theme.js")


def dark_twins():
    """Every colour of the palette on light ground with its twin on dark, as JSON pairs."""
    light, dark = (palette.on_both_backgrounds()[side] for side in (palette.LIGHT, palette.DARK))
    return json.dumps(sorted({light[name]: dark[name] for name in light}.items()))


@functools.cache
def fonts():
    """Source Sans Pro and DejaVu Sans Mono, cut to the letters above, as @font-face rules."""
    import matplotlib

    sans = "dist/theme/fonts/source-sans-pro/source-sans-pro-{}.ttf"
    mono = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"
    faces = [
        ("Lecture Sans", 400, "normal", package_file(REVEAL, sans.format("regular"))),
        ("Lecture Sans", 600, "normal", package_file(REVEAL, sans.format("semibold"))),
        ("Lecture Sans", 400, "italic", package_file(REVEAL, sans.format("italic"))),
        ("Lecture Mono", 400, "normal", mono),
    ]
    return "\n".join(_font_face(*face) for face in faces)


def _font_face(family, weight, style, path):
    return (
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};'
        f"src:url(data:font/woff;base64,{base64.b64encode(_cut(path)).decode()})}}"
    )


def _cut(path):
    """A font's letters as WOFF. Cutting takes a second, so what comes out is kept."""
    made_of = path.read_bytes() + repr((LETTERS, version("fonttools"))).encode()
    name = f"{hashlib.sha256(made_of).hexdigest()[:16]}.woff"
    kept = Path(jupyter_data_dir()) / "lecture-fonts" / name
    with suppress(OSError):
        return kept.read_bytes()
    cut = _subset(path)
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(f".{os.getpid()}")
        half.write_bytes(cut)
        half.replace(kept)
    return cut


def _subset(path):
    from fontTools import subset

    options = subset.Options(flavor="woff", notdef_outline=True)
    options.layout_features = ["kern", "liga", "tnum", "mark", "mkmk"]
    options.drop_tables += ["FFTM", "webf"]
    font = subset.load_font(str(path), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=LETTERS)
    cutter.subset(font)
    stream = io.BytesIO()
    subset.save_font(font, stream, options)
    return stream.getvalue()


def _colours():
    light, dark = (
        palette.css_variables(background) for background in (palette.LIGHT, palette.DARK)
    )
    return (
        f":root{{{light}}} :root[data-theme=dark], section.title{{{dark}}}"
        f"section.title{{--title-art:{_title_art()}}}{formula_colours()}"
    )


def formula_colours():
    """Style rules that let a formula's colours follow the theme, whichever way MathJax draws."""
    rules = []
    for role in palette.ROLES:
        colour = palette.colour(role)
        own = ", ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
        for side in ("fill", "stroke"):
            rules.append(f'mjx-container [{side}="{colour}"]{{{side}:var(--vi-{role})}}')
        as_text = f'mjx-container [style*="color: rgb({own})"]'
        rules.append(f"{as_text}{{color:var(--vi-{role})!important}}")
    return "".join(rules)


def page_colours():
    """The palette and the formulas' colours for a page whose theme is in html[data-theme]."""
    light, dark = (palette.css_variables(side) for side in (palette.LIGHT, palette.DARK))
    return f":root{{{light}}} html[data-theme=dark]{{{dark}}} {formula_colours()}"


def dark_script():
    """What gives a page's figures their dark twins when its theme is dark."""
    paper = f'window.darkPaper = "{palette.PAPER[palette.DARK]}";'
    start = (
        "const begin = () => { new MutationObserver(followTheme).observe("
        'document.documentElement, {attributeFilter: ["data-theme"]}); followTheme(); };\n'
        'document.readyState === "loading" ? addEventListener("DOMContentLoaded", begin) : begin();'
    )
    colours = f"window.paletteColours = {dark_twins()};"
    return "\n".join((colours, paper, _text(PAGE / "dark.js"), start))


def _title_art():
    """Two densities on the title slide's edge: a two-humped p, and the q that took one hump."""
    ground, width = 260, 1280
    xs = range(0, width + 1, 8)
    hump = lambda x, at, spread: math.exp(-(((x - at) / spread) ** 2) / 2)  # noqa: E731
    p = [150 * hump(x, 520, 120) + 95 * hump(x, 900, 150) for x in xs]
    q = [170 * hump(x, 540, 105) for x in xs]
    dash = " ".join(f"{2.4 * length:g}" for length in palette.LOOKS["q"].dash)
    shapes = "".join(
        f'<path d="M0,{ground} {_line(xs, ys, ground)} L{width},{ground}" fill="{shade}" '
        f'fill-opacity=".16" stroke="{shade}" stroke-width="3" {dash}/>'
        for ys, shade, dash in (
            (p, palette.colour("posterior", palette.DARK), ""),
            (q, palette.colour("q", palette.DARK), f'stroke-dasharray="{dash}"'),
        )
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {ground}">{shapes}</svg>'
    return f'url("data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}")'


def _line(xs, heights, ground):
    return " ".join(f"L{x},{ground - y:.1f}" for x, y in zip(xs, heights, strict=True))


def _text(path):
    """A file's text without the comment that asks the browser for a source map."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"/\*# sourceMappingURL.*?\*/|//# sourceMappingURL.*", "", text)


def _inside_script(text):
    """Keep a script from ending, or from hiding the end of, the element that carries it."""
    return re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE).replace("<!--", "<\\!--")
