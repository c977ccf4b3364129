"""Decks in a browser: the sample, and decks broken on purpose."""

import os
import re
from itertools import pairwise

import nbformat
import pytest
from nbformat import v4
from sample_lecture import JENSEN, SVG, code, lecture, markdown, printed, shown

# isort: split
import deck_build
import deck_checks
import decks
import weak_slides


def written(nb, folder, name="deck"):
    """A notebook and its deck in a folder: (deck, notebook)."""
    notebook = folder / f"{name}.ipynb"
    nbformat.write(nb, notebook)
    return decks.write(notebook, folder), notebook


def show(page, deck, query="theme=light"):
    """Opens a deck and waits until it is ready."""
    page.goto(f"{deck.as_uri()}?{query}")
    page.wait_for_selector("html[data-ready]", timeout=deck_checks.WAIT)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample lecture: (deck, notebook)."""
    return written(lecture(), tmp_path_factory.mktemp("sample"))


def test_nothing_is_wrong_with_the_sample(browser, sample, tmp_path):
    assert deck_checks.on_the_wall(browser, *sample) == []
    assert deck_checks.on_paper(browser, sample[0], tmp_path / "deck.pdf") == []


def test_build_ups_come_in_the_order_of_the_lecture(page, sample):
    show(page, sample[0])

    parts = 'li, tr, .cell, .cell > *, [data-step], figure, g:is([data-mml-node="mtr"], '
    parts += '[data-mml-node="mlabeledtr"], [data-mml-node="mtext"])'

    def seen():
        """How many parts of the slide can be seen."""
        return page.evaluate(
            """(parts) => [...Reveal.getCurrentSlide().querySelectorAll(parts)]
               .filter((e) => getComputedStyle(e).visibility === 'visible').length""",
            parts,
        )

    counts = []
    for _ in range(page.evaluate("Reveal.getTotalSlides()")):
        steps = [seen()]
        while page.evaluate("Reveal.availableFragments().next"):
            page.evaluate("Reveal.nextFragment()")
            steps.append(seen())
        assert all(a < b for a, b in pairwise(steps)), steps
        counts.append(len(steps))
        page.evaluate("Reveal.next()")
    assert counts == [1, 4, 5, 3, 5, 5, 3, 2, 4, 1, 1]


def test_bayes_rule_gets_its_braces_as_on_the_tutorials_slides(page, sample):
    show(page, sample[0])
    page.evaluate("Reveal.slide(1)")
    labels = """[...Reveal.getCurrentSlide().querySelectorAll('svg [data-mml-node="mtext"]')]
        .filter((e) => e.querySelectorAll("use").length > 1)
        .map((e) => getComputedStyle(e).visibility === 'visible')"""
    order = [page.evaluate(labels)]
    for _ in range(3):
        page.evaluate("Reveal.nextFragment()")
        order.append(page.evaluate(labels))
    # posterior, likelihood, prior, evidence in reading order
    assert order == [
        [False, False, False, False],
        [False, True, True, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


def test_an_equations_number_comes_with_its_line(page, sample):
    show(page, sample[0])
    page.evaluate("Reveal.slide(3)")
    shown_labels = """[...Reveal.getCurrentSlide().querySelectorAll('.label-of-step')]
        .filter((e) => getComputedStyle(e).visibility === 'visible').length"""
    for expected in (1, 2, 3):
        page.wait_for_timeout(50)
        assert page.evaluate(shown_labels) == expected
        page.evaluate("Reveal.nextFragment()")


def test_the_speaker_sees_notes_that_the_wall_does_not(page, sample):
    show(page, sample[0])
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    speaker = popup.value
    notes = speaker.locator(".speaker-controls-notes .value")
    notes.get_by_text("which way round is the divergence").wait_for(timeout=deck_checks.WAIT)
    assert notes.locator("mjx-container").count() == 1
    assert page.locator("aside.notes:visible").count() == 0
    speaker.wait_for_function("document.querySelectorAll('iframe').length === 2")
    for frame in speaker.frames[1:]:
        frame.wait_for_selector("html[data-ready]", timeout=deck_checks.WAIT)
    page.evaluate("Reveal.slide(2)")
    notes.get_by_text("Say it again").wait_for(timeout=deck_checks.WAIT)
    speaker.close()


def test_keys_change_the_theme_and_unfold_code_and_a_slider_gives_them_back(page, sample):
    show(page, sample[0])
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate("Reveal.slide(9)")
    page.keyboard.press("c")
    assert page.locator("section.present details.source[open]").count() == 1
    page.keyboard.press("c")
    slider = page.locator("#demo-m")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#demo-o").inner_text() == "KL 4"
    assert page.evaluate("Reveal.getIndices().h") == 9
    page.keyboard.press("PageDown")
    assert page.evaluate("Reveal.getIndices().h") == 10


# --- each fault planted once ----------------------------------------------------------------------

LONG = "## Too long\n\n" + "\n".join(f"- point {number}" for number in range(16))
WIDE = "x = " + " + ".join(["1"] * 26)  # 105 characters: too wide for its box, not for the slide
TALL = SVG.replace('height="324pt"', 'height="900pt"').replace('0 0 720 324"', '0 0 720 900"')
HTML = '<p id="{}" style="{}">{}</p>'


def html_cell(html):
    """A slide that shows this HTML."""
    return code("html", "slide", outputs=[shown({"text/html": html})])


FAULTS = {
    "overflow": markdown(LONG, "slide"),
    "squeezed": code(WIDE, "slide", "show-input", outputs=[printed("1\n")]),
    "shrunk": code("f", "slide", outputs=[shown({"image/svg+xml": TALL})], alt="A tall figure"),
    "small": html_cell(HTML.format("a", "font-size: 12px", "small print")),
    "alt": code("f", "slide", outputs=[shown({"image/svg+xml": SVG})]),
    "formula": markdown(r"An unknown command: $\nosuchcommand x$", "slide"),
    "tex": markdown(r"A stray command: \alpha", "slide"),
    "picture": html_cell('<img alt="broken" src="data:image/png;base64,AAAA">'),
}


@pytest.fixture(scope="module")
def broken(browser, tmp_path_factory):
    """What the checks say of a deck with one fault on each slide."""
    nb = v4.new_notebook(cells=[markdown("# Faults", "slide"), *FAULTS.values()])
    return deck_checks.on_the_wall(browser, *written(nb, tmp_path_factory.mktemp("broken")))


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_on_a_slide_is_found_there_and_nowhere_else(broken, kind):
    slide = 2 + list(FAULTS).index(kind)
    cramped = {2} if kind == "squeezed" else set()  # what overflows is squeezed, too
    assert {fault.slide for fault in broken if fault.kind == kind} == {slide} | cramped
    allowed = {kind, "squeezed"} if kind == "overflow" else {kind}
    assert {fault.kind for fault in broken if fault.slide == slide} <= allowed


def spoil(sample, folder, *changes):
    """The sample deck with pieces of its HTML replaced: (deck, notebook)."""
    html = sample[0].read_text(encoding="utf-8")
    for old, new in changes:
        assert old in html, old
        before, after = html.rsplit(old, 1) if old == END else html.split(old, 1)
        html = before + new + after
    deck = folder / "deck.slides.html"
    deck.write_text(html, encoding="utf-8")
    return deck, sample[1]


END = "</body>"
PALE = '<blockquote style="color: #bbb">'
SEEN = "<style>aside.notes { display: block !important }</style></body>"
# In one deck what does not hide another fault: {what a fault says: the change that plants it}.
SPOILS = [
    {
        "request": [(END, '<script>fetch("https://example.org/a")</script></body>')],
        "console: planted": [(END, "<script>console.error('planted')</script></body>")],
        "size": [(END, f"<!-- {'x' * 1_500_000} --></body>")],
        "notes: a speaker note is seen": [(END, SEEN)],
        "notes: the speaker view lacks": [('<aside class="notes">', "<aside hidden>")],
        "steps": [('class="cell text stepwise"', 'class="cell text"')],
        "axe, light": [("<blockquote>", PALE)],
        "axe, dark": [
            ("</style>", "</style><style>:root[data-theme=dark] h2 { color: #333 }</style>")
        ],
    },
    {
        "request: https://example.org/a.png": [  # without the policy
            ("Content-Security-Policy", "x"),
            (END, '<script>new Image().src = "https://example.org/a.png"</script></body>'),
        ],
        "console: thrown": [(END, "<script>setTimeout(() => { throw 'thrown' })</script></body>")],
        "slides": [("</section>", '</section><section class="lecture">one more</section>')],
    },
]


@pytest.fixture(scope="module", params=SPOILS, ids=("one", "another"))
def spoilt(request, browser, sample, tmp_path_factory):
    """Faults planted in one deck, and what the checks say of it."""
    changes = [change for planted in request.param.values() for change in planted]
    deck = spoil(sample, tmp_path_factory.mktemp("spoilt"), *changes)
    return request.param, [str(fault) for fault in deck_checks.on_the_wall(browser, *deck)]


def test_each_fault_of_the_whole_deck_is_found(spoilt):
    planted, found = spoilt
    for fault in planted:
        assert any(f": {fault}" in said for said in found), (fault, found)


def test_a_slide_cut_on_paper_or_without_a_page_is_found(browser, sample, tmp_path):
    taller = "<style>.pdf-page { height: 1500px !important }</style></body>"
    found = deck_checks.on_paper(
        browser, spoil(sample, tmp_path, (END, taller))[0], tmp_path / "deck.pdf"
    )
    assert "pages" in {fault.kind for fault in found}
    longer = "<style>html.reveal-print h2 { margin-bottom: 700px !important }</style></body>"
    found = deck_checks.on_paper(
        browser, spoil(sample, tmp_path, (END, longer))[0], tmp_path / "deck.pdf"
    )
    assert "overflow" in {fault.kind for fault in found}


WORDS = "word " * 130
WEAK = {
    "rawcode": [markdown("## A", "slide"), code("a", "-", "show-input", outputs=[printed("1\n")])],
    "raw": [markdown("## B", "slide"), code("a", "-", outputs=[printed("1\n")])],
    "empty": [markdown("## C\n\nA word.", "slide")],
    "orphan": [markdown("## D\n\n**What you saw.** Much.\n\n$$q$$", "slide")],
    "answer": [
        markdown("## Predict\n\nWhich?", "slide"),
        code("a", "-", outputs=[shown({"text/html": "<table><tr><td>1</td></tr></table>"})]),
    ],
    "figure": [
        markdown("## E", "slide"),
        code("a", "-", outputs=[shown({"image/svg+xml": SVG.replace("720", "72")}, alt="Small")]),
    ],
    "code": [markdown("## F\n\n$$q$$", "slide"), code("a\n" * 7, "-", "show-input")],
    "dense": [markdown(f"## G\n\n{WORDS}", "slide")],
    "fine": [markdown("## H\n\n$$q$$", "slide"), markdown(f"3 min {WORDS}", "notes")],
}


def test_weak_slides_are_named(page, tmp_path):
    nb = v4.new_notebook(cells=[cell for slide in WEAK.values() for cell in slide])
    show(page, written(nb, tmp_path)[0])
    slides = weak_slides.measured(page)
    found = weak_slides.weak(slides)
    for number, kind in enumerate(WEAK, start=1):
        said = {reason.split(":")[0] for reason in found.get(number, [])}
        assert said == ({kind} if kind != "fine" else set()), (kind, found.get(number))
    assert weak_slides.untimed(slides) == list(range(1, len(WEAK)))


def test_decks_of_one_name_do_not_overwrite_each_other(tmp_path):
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "in # tro.ipynb")
        nbformat.write(v4.new_notebook(cells=[markdown(f"# {folder}<b", "slide")]), paths[-1])
    page, first = deck_build.build(paths, tmp_path / "out")
    assert sorted(deck.name for deck in first) == [
        "a-in # tro.slides.html", "b-in # tro.slides.html",
    ]  # fmt: skip
    assert deck_build.build(paths, tmp_path / "out")[1] == []  # nothing changed
    nbformat.write(v4.new_notebook(cells=[markdown("# new", "slide")]), paths[0])
    assert len(deck_build.build(paths[:1], tmp_path / "out")[1]) == 1
    listed = page.read_text(encoding="utf-8")
    assert listed.count("<li>") == 2 and "a-in%20%23%20tro" in listed and "b&lt;b" in listed


def test_a_handout_has_as_many_slides_a_page_as_wished(browser, sample, tmp_path):
    pdf = tmp_path / "sheet.pdf"
    deck_checks.print_handout(browser, sample[0], pdf, per_page=4)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) == 3  # of eleven slides


def test_steps_are_counted_in_the_source():
    after = JENSEN + "\nSo it is a bound.\n"
    nested = (
        r"$$\begin{aligned} a &= \begin{cases} 1 \\ 2 \end{cases} \\ b &= {c \\ d} \end{aligned}$$"
    )
    for cell, expected in (
        (markdown(JENSEN, "-", "stepwise"), 3),
        (markdown(JENSEN, "-"), 0),
        (markdown(after, "-", "stepwise"), 4),
        (markdown(nested, "-", "stepwise"), 1),
        (markdown("1. a\n2. b\n   - c\n", "-", "stepwise"), 2),
        (markdown("| a |\n|---|\n| 1 |\n| 2 |\n", "-", "stepwise"), 2),
        (markdown(r"$$\begin{pmatrix} 1 \\ 2 \end{pmatrix}$$", "-", "stepwise"), 0),
        (markdown(r"$$\overbrace{a}^{b} \underbrace{c}_{d}$$", "-", "stepwise-braces"), 2),
    ):
        assert deck_checks.steps([markdown("## H", "slide"), cell]) == expected, cell.source


def test_ci_runs_these_tests():
    """A machine that calls itself CI never skips them: the fixture fails there instead."""
    assert "CI" not in os.environ or decks.chromium.find()
