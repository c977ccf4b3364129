"""What can be wrong with a deck, looked for in a browser; an empty list means nothing is.

``on_the_wall`` and ``on_paper`` load a deck as the lecture hall and the printer do and return
``Fault(slide, kind, detail)``; ``steps`` says from the notebook how many build-ups each slide has.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import chromium
import nbformat
import weak_slides
from bs4 import BeautifulSoup, NavigableString
from nbconvert.filters import markdown2html

from slides.arrange import split
from slides.problems import HIDDEN, slide_type, tags

PROBE = Path(__file__).with_name("deck_probe.js")
HANDOUT = Path(__file__).with_name("handout.js")
LARGEST = 4_000_000  # bytes of one deck
WAIT = 60_000  # milliseconds until a deck must be ready, on a slow and busy machine
ALIGNED = re.compile(
    r"\\begin\s*\{((?:align|alignat|aligned|alignedat|eqnarray|gather|gathered|split)\*?)\}"
    r"(.*)\\end\s*\{\1\}",
    re.DOTALL,
)
DISPLAY = re.compile(r"\$\$.*?\$\$|\\\[.*?\\\]|\\begin\s*\{(\w+\*?)\}.*?\\end\s*\{\1\}", re.DOTALL)
# All slides one below the other, as axe must see them to judge them in one go.
UNROLLED = """
html, body, main, .reveal, .reveal .slides { overflow: visible !important; height: auto !important;
  width: 1280px !important; transform: none !important; zoom: 1 !important;
  position: static !important; }
.reveal .slides > section.lecture { display: flex !important; visibility: visible !important;
  position: relative !important; opacity: 1 !important; transform: none !important;
  top: 0 !important; }
.backgrounds, .progress { display: none !important; }
"""
# What formulas are drawn with is more than half of a deck, and axe has no rule for it.
WITHOUT_GLYPHS = """document
    .querySelectorAll("mjx-container > :is(svg, mjx-math) > *, mjx-assistive-mml > math > *")
    .forEach((part) => part.remove())"""
SHOW_ALL = """document.querySelectorAll("section.lecture").forEach((slide) => {
    slide.hidden = false;
    slide.removeAttribute("aria-hidden");
})"""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a deck; slide 0 is the deck as a whole."""

    slide: int
    kind: str
    detail: str

    def __str__(self):
        return f"slide {self.slide}: {self.kind}: {self.detail}"


def on_the_wall(browser, deck, notebook, themes=("light", "dark"), slides=None):
    """Faults of a deck as it is projected: each slide, the network, the notes, the build-ups.

    themes: those in which axe judges how accessible the deck is. slides: a list to be filled with
    what is on each slide (weak_slides.measured).
    """
    deck = Path(deck)
    faults = []
    if deck.stat().st_size > LARGEST:
        faults.append(Fault(0, "size", f"{deck.stat().st_size} bytes, at most {LARGEST}"))
    with _opened(browser, deck, "theme=light", faults) as page:
        faults += [Fault(*fault) for fault in page.evaluate(PROBE.read_text(encoding="utf-8"))]
        faults += _steps_and_notes(page, notebook)
        if slides is not None:
            slides += weak_slides.measured(page)
        for theme in themes:
            faults += _accessibility(page, theme)
    return faults


def on_paper(browser, deck, pdf):
    """Faults of a deck as it is printed; writes the PDF."""
    faults = []
    with _opened(browser, Path(deck), "print-pdf", faults) as page:
        page.emulate_media(media="print")
        faults += [Fault(*fault) for fault in page.evaluate(PROBE.read_text(encoding="utf-8"))]
        slides = page.locator("section.lecture").count()
        _print(page, pdf)
    document = Path(pdf).read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", document))
    if pages != slides:
        faults.append(Fault(0, "pages", f"{slides} slides are printed on {pages} pages"))
    if b"/StructTreeRoot" not in document:
        faults.append(Fault(0, "pages", "the PDF is not tagged"))
    return faults


def print_deck(browser, deck, pdf):
    """Print a deck to a tagged PDF, one page per slide."""
    with _opened(browser, Path(deck), "print-pdf", []) as page:
        page.emulate_media(media="print")
        _print(page, pdf)


def print_handout(browser, deck, pdf, per_page, teacher=False):
    """Print a deck with so many slides on a sheet of A4, with room to write; its PDF.

    teacher: the notes in place of the room, and all answers; otherwise a slide that answers a
    question shows its heading alone.
    """
    with _opened(browser, Path(deck), "print-pdf", []) as page:
        page.emulate_media(media="print")
        page.evaluate(HANDOUT.read_text("utf-8"), {"perPage": per_page, "teacher": teacher})
        margin = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")
        page.pdf(path=pdf, format="A4", margin=margin, print_background=True, tagged=True)


def _print(page, pdf):
    page.pdf(path=pdf, prefer_css_page_size=True, print_background=True, tagged=True, outline=True)


@contextmanager
def _opened(browser, deck, query, faults):
    """A page on which the deck is ready; what it asked for and complained of become faults."""

    def add(kind, detail):
        faults.append(Fault(0, kind, detail))

    def refuse(route):
        add("request", route.request.url)
        route.abort()

    def complain(message):
        if message.type == "error":
            kind = "request" if "Content Security Policy" in message.text else "console"
            add(kind, message.text[:200])

    heard = {"console": complain, "pageerror": lambda error: add("console", str(error))}
    with chromium.page(browser, heard=heard) as page:
        page.route(re.compile("^(?!file:|data:|blob:|about:)"), refuse)
        page.goto(f"{deck.resolve().as_uri()}?{query}")
        page.wait_for_selector("html[data-ready]", timeout=WAIT)
        yield page


def _steps_and_notes(page, notebook):
    nb = nbformat.read(notebook, as_version=4)
    slides = split(nb.cells)
    seen = page.evaluate(
        """[...document.querySelectorAll("section.lecture")]
        .map((slide, index) => [slide, index + 1])
        .filter(([slide]) => !slide.matches(".generated")).map(([slide, number]) => [number,
            new Set([...slide.querySelectorAll(".fragment")].map((step) =>
                step.dataset.fragmentIndex)).size,
            Reveal.getSlideNotes(slide)?.trim().length > 0])"""
    )
    if len(seen) != len(slides):
        return [Fault(0, "slides", f"{len(slides)} slides were written, {len(seen)} are shown")]
    faults = []
    for cells, (number, count, noted) in zip(slides, seen, strict=True):
        if count != steps(cells):
            told = f"{steps(cells)} build-ups are in the notebook, {count} in the deck"
            faults.append(Fault(number, "steps", told))
        if noted != any(slide_type(cell) == "notes" for cell in cells):
            faults.append(Fault(number, "notes", "the speaker view lacks the slide's notes"))
    return faults


def _accessibility(page, theme):
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.evaluate(WITHOUT_GLYPHS)
    if theme == "light":
        page.add_style_tag(content=UNROLLED)
        page.evaluate(SHOW_ALL)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    if theme == "dark":  # only colours differ
        rules = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
    # what is in order is not listed, which takes three times as long as finding what is not
    found = Axe().run(page, options=rules | {"resultTypes": ["violations"]}).response["violations"]
    return [
        Fault(0, f"axe, {theme}", f"{violation['id']}: {node['html'][:120]}")
        for violation in found
        for node in violation["nodes"][:3]
    ]


def steps(cells):
    """How many build-ups the cells of one slide have, counted in their source."""
    body = [cell for cell in cells if slide_type(cell) not in HIDDEN]
    fragments = sum(slide_type(cell) == "fragment" for cell in body[1:])
    return fragments + sum(_steps_of(cell) for cell in body)


def _steps_of(cell):
    if cell.cell_type == "code":
        return _steps_of_pictures(cell) + _steps_of_outputs(cell)
    return _steps_of_text(cell, cell.source) if _is_stepwise(cell) else 0


def _is_stepwise(cell):
    return bool({"stepwise", "stepwise-braces"} & set(tags(cell)))


def _steps_of_pictures(cell):
    pictures, growing, svgs = 0, False, []
    for output in cell.outputs:
        data = output.get("data", {})
        html = data.get("text/html")
        if html is None:
            pictures += any(kind.startswith("image/") for kind in data)
            svgs.append(data.get("image/svg+xml", ""))
        elif 'class="r-stack build-up"' in html or html.lstrip().startswith("<img"):
            growing = growing or "build-up" in html
            pictures += html.count("<img")
    if not (growing or _is_stepwise(cell)):
        return 0
    groups = {number for svg in svgs for number in re.findall(r'\bid="step-(\d+)', svg)}
    return len(groups) + max(pictures - 1, 0)


def _steps_of_outputs(cell):
    """Build-ups of derivations, which code writes as Markdown."""
    texts = [output.get("data", {}).get("text/markdown", "") for output in cell.outputs]
    return sum(_steps_of_text(cell, text) for text in texts if text and _is_stepwise(cell))


def _steps_of_text(cell, source):
    source = re.sub(r"\A\s*#{1,6}\s[^\n]*", "", source)
    total = 0
    for block in BeautifulSoup(markdown2html(source), "html.parser").contents:
        if not str(block).strip():
            continue
        is_text = isinstance(block, NavigableString)
        lines = [] if is_text else block.select("li, tbody > tr")
        lines = [
            line for line in lines if not line.find_parent(("li", "tbody")) or line.name == "tr"
        ]
        if lines:
            total += len(lines)
            continue
        found = sum(_steps_of_formula(cell, m.group(), total > 0) for m in _formulas(block))
        total += found if found or not total else 1
    return total


def _formulas(block):
    text = block if isinstance(block, NavigableString) else block.get_text()
    return DISPLAY.finditer(str(text).replace("&amp;", "&"))


def _steps_of_formula(cell, formula, follows):
    aligned = ALIGNED.search(formula)
    first = re.search(r"\\begin\s*\{[^}]*\}", formula)
    count = 0
    if aligned and first and first.start() == aligned.start():
        count = len(_rows(aligned.group(2))) - (0 if follows else 1)
    if "stepwise-braces" in tags(cell):
        braces = len(re.findall(r"\\(?:over|under)brace\b", formula))
        groups = list(cell.metadata.get("braces") or range(1, braces + 1))
        count += len(set(groups[:braces]) | set(range(len(groups) + 1, braces + 1)))
    return count


def _rows(body):
    r"""The rows of an environment: split at \\ outside braces and inner environments."""
    rows, depth = [""], 0
    for token in re.findall(r"\\begin|\\end|\\\\|\\.|[{}]|[^\\{}]+", body, flags=re.DOTALL):
        depth += {"\\begin": 1, "\\end": -1, "{": 1, "}": -1}.get(token, 0)
        if token == "\\\\" and depth == 0:
            rows.append("")
        else:
            rows[-1] += token
    return [row for row in rows if row.strip()]
