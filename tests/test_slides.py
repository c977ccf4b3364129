"""Slides without a browser: what is arranged, embedded and refused."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_core.paths import jupyter_path
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure
from nbconvert.exporters import get_exporter
from nbformat import v4
from sample_lecture import WIDGET, code, lecture, markdown, printed, shown

from helpers.show import palette
from slides import TEMPLATES, LectureSlides, assets, carried, outline, pictures
from slides.arrange import arrange, minutes, split
from slides.contents import Lecture, contents
from slides.contents import lecture as listed
from slides.prepare import title
from slides.problems import NotebookProblem

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def render(cells, folder=".", **metadata):
    """The deck of these cells, as HTML."""
    nb = v4.new_notebook(cells=cells, metadata=metadata)
    return LectureSlides().from_notebook_node(nb, {"metadata": {"path": str(folder)}})[0]


def slides_of(html):
    """The part of a deck that holds its slides."""
    return html[html.index('<div class="slides">') : html.index("</main>")]


@pytest.fixture(scope="module")
def deck():
    """The sample lecture as HTML."""
    return LectureSlides().from_notebook_node(lecture())[0]


# --- one file, from any directory ------------------------------------------------------------


def test_the_plain_command_gives_the_same_deck_from_any_directory(tmp_path, deck):
    nbformat.write(lecture(), tmp_path / "sample.ipynb")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "slides", "../sample.ipynb"]
    subprocess.run(command, cwd=elsewhere, check=True, capture_output=True, timeout=120)
    assert (tmp_path / "sample.slides.html").read_text(encoding="utf-8").strip() == deck.strip()


def test_the_installed_template_is_the_one_in_the_source():
    roots = [Path(root) / "nbconvert" / "templates" / "lecture" for root in jupyter_path()]
    installed = next(root for root in roots if root.is_dir())
    for source in (TEMPLATES / "lecture").iterdir():
        copy = installed / source.name
        assert copy.read_text() == source.read_text(), "install the package again: make env"


def test_jupyterlab_offers_the_deck_in_its_export_menu():
    offered = {point.name: point.value for point in entry_points(group="nbconvert.exporters")}
    assert offered["lecture_slides"] == "slides:LectureSlides"
    assert get_exporter("lecture_slides") is LectureSlides
    assert LectureSlides.export_from_notebook and LectureSlides().file_extension == ".slides.html"


def test_a_deck_is_below_four_megabytes_and_names_no_file_to_load(deck):
    assert len(deck.encode()) < 4_000_000
    markup = re.sub(r"(<script[^>]*>).*?</script>", r"\1", deck, flags=re.DOTALL)
    loads = re.findall(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="([^"]*)"', markup)
    assert [address for address in loads if not address.startswith("data:")] == []
    assert "default-src 'none'" in deck and "url(http" not in deck


def test_mathjax_is_the_version_that_needs_no_fonts_from_afar():
    script = assets.package_file(assets.MATHJAX, "tex-svg-full.js").read_bytes()
    assert hashlib.sha256(script).hexdigest().startswith(assets.MATHJAX_SHA256)


def test_a_missing_package_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"no\.js is missing from the package"):
        assets.package_file(assets.REVEAL, "no.js")


def test_the_deck_has_the_courses_colours(deck):
    for role in palette.ROLES:
        assert f"--vi-{role}: {palette.colour(role)}" in deck
        assert f"--vi-{role}: {palette.colour(role, 'dark')}" in deck


def test_rendering_leaves_the_notebook_alone():
    nb = lecture()
    before = json.dumps(nb, sort_keys=True)
    LectureSlides().from_notebook_node(nb)
    assert json.dumps(nb, sort_keys=True) == before


# --- arranging cells ---------------------------------------------------------------------------

KINDS = ("slide", "subslide", "fragment", "-", "notes", "skip")


@st.composite
def many_cells(draw):
    """Cells of any types and tags, the first one starting a slide."""
    cells = [markdown("## Start", "slide")]
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=12)):
        chosen = draw(st.sets(st.sampled_from(["beside", "stepwise", "dense"]), max_size=2))
        cells.append(
            markdown(draw(st.sampled_from(["text", "## H\n\ntext", "# T"])), kind, *chosen)
        )
    return cells


@given(many_cells())
def test_every_cell_is_in_its_slide_and_no_note_is_inside_a_build_up(cells):
    slides = split(cells)
    written = "".join(
        f"{cell.metadata.lecture.opening}[{cell.source}|{cell.metadata.slideshow.slide_type}]"
        f"{cell.metadata.lecture.closing}"
        for cell in arrange(cells)
    )
    sections = re.findall(r"<section .*?</section>", written, flags=re.DOTALL)
    assert "".join(sections) == written and len(sections) == len(slides)
    for section, slide in zip(sections, slides, strict=True):
        for tag in ("div", "aside"):
            assert section.count(f"<{tag}") == section.count(f"</{tag}>")
        notes = [cell for cell in slide if cell.metadata.slideshow.slide_type == "notes"]
        assert section.count('<aside class="notes">') == len(notes)
        outside = re.sub(r'<div class="body">.*</div>', "", section, flags=re.DOTALL)
        assert outside.count("|notes]") == len(notes)
    assert "|skip]" not in written


def test_a_fragment_lasts_until_the_next_one():
    cells = [markdown("## H", "slide")]
    cells += [markdown("text", kind) for kind in ("-", "fragment", "-", "fragment")]
    classes = [cell.metadata.lecture.classes for cell in arrange(cells)]
    assert classes == ["", "", " fragment", " fragment continued", " fragment"]


def test_a_slide_without_a_heading_shows_the_one_it_continues():
    html = slides_of(render([markdown("## Bayes & co", "slide"), markdown("More.", "subslide")]))
    assert html.count('<p class="running">Bayes &amp; co</p>') == 1


def test_code_is_folded_open_or_gone(deck):
    said = printed("3\n")
    cells = [
        markdown("## H", "slide"),
        code("1 + 2", "-", outputs=[said]),
        code("2 + 1", "-", "show-input", outputs=[said]),
        code("4 - 1", "-", "remove-input", outputs=[said]),
    ]
    html = slides_of(render(cells))
    assert html.count('<details class="source">') == html.count('<div class="source">') == 1
    assert html.count('<pre class="out stdout">3') == 3 and ">4</span>" not in html


def test_minutes_are_read_from_the_notes():
    cells = [markdown("Ask, 2 min, then draw.", "notes"), markdown("(1.5 min)", "notes")]
    assert minutes([*cells, markdown("takes 9 min", "-")]) == 3.5


# --- pictures and what comes with them -----------------------------------------------------------


def test_text_alternatives_come_from_output_cell_or_drawing():
    plain = '<svg width="9"><title>its &lt;own&gt; title</title></svg>'
    for cell, output, expected in (
        (code("x", "-", alt="cell"), shown({}, alt="output"), "output"),
        (code("x", "-", alt="cell"), shown({}, **{"image/png": {"alt": "kind"}}), "kind"),
        (code("x", "-", alt=["a", "b"]), shown({}), "b"),
        (code("x", "-"), shown({}), ""),
    ):
        assert pictures.alternative(cell, output, 1) == expected
    assert 'aria-label="its &lt;own&gt; title"' in pictures.inline_svg(plain, "p")
    assert 'aria-label="said &quot;so&quot;"' in pictures.inline_svg(plain, "p", 'said "so"')


def test_drawings_keep_their_references_and_share_no_identifier():
    svg = '<svg id="a"><g id="ab"/><use href="#ab"/><g clip-path="url(#a)" id="step-2"/></svg>'
    drawn = pictures.inline_svg(svg, "c1-")
    assert 'href="#c1-ab"' in drawn and "url(#c1-a)" in drawn and 'id="c1-a"' in drawn
    assert 'data-step="2"' in drawn and "step-2" not in drawn


def test_an_animation_or_a_film_asks_for_nothing():
    html = (
        '<link rel="stylesheet" href="https://example.org/a.css">'
        '<script language="javascript" src="//example.org/a.js"></script>'
        '<iframe width="9" src="https://example.org/film"></iframe><b>kept</b>'
    )
    offline = carried.offline(html, ".", "cell 1", [])
    assert "<b>kept</b>" in offline and 'href="https://example.org/film"' in offline
    assert not re.search(r"<(script|iframe|link)\b", offline)


def test_matplotlibs_own_animations_ask_for_nothing_and_are_named():
    figure = Figure(figsize=(1, 1))
    axes = figure.subplots()
    film = FuncAnimation(figure, lambda i: axes.plot([0, i]), frames=2)
    html = carried.offline(film.to_jshtml(), ".", "cell 1", [])
    assert not re.search(r'(src|href)="(https?:)?//', html)
    assert 'alt="Animation, frame by frame"' in html and 'aria-label="Frame"' in html


def test_html_comes_before_pictures_and_widgets_without_html_are_announced():
    view = "application/vnd.jupyter.widget-view+json"
    both = {"text/html": WIDGET, "image/png": "AA==", view: {}, "text/plain": "W"}
    html = slides_of(render([code("w", "slide", outputs=[shown(both)])]))
    assert 'id="demo-m"' in html and "AA==" not in html
    html = slides_of(render([code("w", "slide", outputs=[shown({view: {}, "text/plain": "W"})])]))
    assert "where a kernel runs" in html and ">W<" not in html


def test_pictures_of_the_course_are_figures_and_grow_in_place():
    image = '<img alt="A &amp; B" style="width:9px" src="data:image/svg+xml;base64,AAAA">'
    growing = f'<div class="r-stack build-up">{image}<div class="fragment">{image}</div></div>'
    html = slides_of(render([code("p", "slide", outputs=[shown({"text/html": growing})])]))
    assert html.count('<figure><img alt="A &amp; B" src') == 2 and "stepwise" in html


def test_pictures_beside_the_notebook_are_embedded(tmp_path):
    (tmp_path / "a dot.png").write_bytes(DOT)
    cells = [markdown("![one dot](a%20dot.png)", "slide")]
    assert base64.b64encode(DOT).decode() in render(cells, tmp_path)


def test_links_lead_to_decks_or_to_the_web_or_nowhere():
    source = "[a](03b_kl.ipynb) [b](https://example.org) [c](../exercises/x.ipynb) [d](#here)"
    html = slides_of(render([markdown(source, "slide")]))
    assert re.findall(r'href="([^"]*)"', html) == ["03b_kl.slides.html", "https://example.org"]
    assert ">a</a>" in html and "c d" in html


# --- what is refused -----------------------------------------------------------------------------

ERROR = v4.new_output("error", ename="NameError", evalue="name 'q' is not defined", traceback=[])
FIGURE = shown({"text/plain": "<Figure size 640x480 with 1 Axes>"})


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "has no cells"),
        ([v4.new_markdown_cell("# Mine", id="x1")], r"cell 1 of 1 \(markdown, id x1: '# Mine'\)"),
        ([markdown("a", "slide"), markdown("b", "slid")], r"cell 2 of 2 .*type 'slid'"),
        (
            [markdown("a", "slide"), code("q", "-", outputs=[ERROR])],
            "cell 2 of 2 .*NameError",
        ),
        ([markdown("a", "slide"), code("q", "-", count=None)], "cell 2 of 2 .*never executed"),
        ([markdown("a", "slide"), code("f", "-", outputs=[FIGURE])], "cell 2 of 2 .*made a figure"),
        ([markdown("![](no.png)", "slide")], r"cell 1 of 1 .*'no\.png', but there is no such file"),
        ([markdown("![x](https://a.b/c.png)", "slide")], "cell 1 of 1 .*fetched from the network"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_notebooks_are_refused_by_a_message_that_names_the_cell(cells, message):
    with pytest.raises(NotebookProblem, match=message):
        render(cells)


def test_hidden_cells_may_be_unfinished():
    cells = [markdown("## Fine", "slide"), code("q", "skip", outputs=[ERROR]), code("", "-")]
    assert "Fine" in render(cells)


def test_a_teachers_own_notebook_renders():
    nb = nbformat.v4.upgrade(
        nbformat.from_dict(
            {
                "nbformat": 4,
                "nbformat_minor": 4,
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "markdown",
                        "source": "A lesson of mine: 5 < 7",
                        "metadata": {"slideshow": {"slide_type": "slide"}},
                    },
                    {
                        "cell_type": "code",
                        "source": "2 + 2",
                        "metadata": {},
                        "execution_count": 7,
                        "outputs": [
                            {
                                "output_type": "execute_result",
                                "execution_count": 7,
                                "metadata": {},
                                "data": {"text/plain": "4"},
                            }
                        ],
                    },
                    {"cell_type": "raw", "source": "raw", "metadata": {}},
                ],
            }
        )
    )
    html = slides_of(LectureSlides().from_notebook_node(nb)[0])
    assert "A lesson of mine: 5 &lt; 7" in html and '<pre class="out">4</pre>' in html
    assert ">raw<" not in html


# --- the page that lists the lectures -----------------------------------------------------------


def test_the_list_has_titles_durations_and_pictures():
    item = listed(lecture(), "notebooks/01_x.ipynb", "01_x.slides.html")
    assert (item.title, item.slides, item.minutes) == ("Variational inference", 11, 3.5)
    assert item.extent == "11 slides, 4 minutes"
    odd = Lecture("a#b%?.slides.html", "Odd a<b name", 2, picture="data:image/png;base64,AA==")
    page = contents([item, Lecture("b.slides.html", "Second", 1, 60), odd])
    assert "about 1 h 4 min" in page and "1 slide, 1 h" in page and page.count("<img") == 1
    assert 'href="a%23b%25%3F.slides.html"' in page and "Odd a&lt;b name" in page


# --- what JupyterLab shows and a page of its own would lose ---------------------------------------


def test_printed_text_is_as_a_terminal_leaves_it():
    assert carried.terminal("\r 1%\r 50%\r100%\ndone") == "100%\ndone"
    assert carried.terminal("ab\b\bxy\n") == "xy\n"
    assert carried.terminal("longer\rshort") == "shortr"


def test_bars_of_formulas_do_not_split_tables():
    html = slides_of(render([markdown("| a | b |\n|---|---|\n| $p(x|z)$ | foo |", "slide")]))
    assert html.count("<td>") == 2 and r"\vert{}" in html and "foo" in html


def test_files_beside_the_notebook_are_embedded_in_html_too(tmp_path):
    (tmp_path / "dot.png").write_bytes(DOT)
    (tmp_path / "clip.mp4").write_bytes(b"film")
    shown_html = shown({"text/html": '<img src="dot.png" width="40"><p>t</p>'})
    film = '## V\n\n<video src="clip.mp4" controls></video>'
    html = slides_of(
        render([code("x", "slide", outputs=[shown_html]), markdown(film, "-")], tmp_path)
    )
    assert base64.b64encode(DOT).decode() in html and "data:video/mp4;base64,ZmlsbQ==" in html


def test_attachments_are_shown_wherever_they_are_named():
    cell = markdown('![x](attachment:a.png) <img src="attachment:a.png">', "slide")
    cell.attachments = {"a.png": {"image/png": "QUJD"}}
    assert slides_of(render([cell])).count("data:image/png;base64,QUJD") == 2
    cell.attachments = {}
    with pytest.raises(NotebookProblem, match=r"slide 1, cell 1 of 1 .*attachment .*'a\.png'"):
        render([cell])


def test_the_plain_command_says_what_is_wrong_without_a_traceback(tmp_path):
    cell = markdown("![100 % gone](attachment:a.png)", "slide")
    nbformat.write(v4.new_notebook(cells=[cell]), tmp_path / "lecture.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "slides", "lecture.ipynb"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert "slide 1, cell 1 of 1" in ended.stderr and "'a.png'" in ended.stderr


def test_gifs_are_pictures():
    html = slides_of(
        render([code("g", "slide", outputs=[shown({"image/gif": "R0lG"}, alt="Moves")])])
    )
    assert 'alt="Moves"' in html and "data:image/gif;base64,R0lG" in html


def test_what_is_lost_is_named_on_the_slide_and_with_its_cell():
    plot = '<div id="p"></div><script src="https://cdn.x/p.js"></script><script>P.new()</script>'
    cells = [
        markdown('## F\n\n<iframe src="https://example.org/film"></iframe>', "slide"),
        code("fig.show()", "slide", outputs=[shown({"text/html": plot})]),
        markdown("```mermaid\ngraph TD; A-->B\n```", "slide"),
    ]
    nb = v4.new_notebook(cells=cells)
    html, resources = LectureSlides().from_notebook_node(nb)
    assert slides_of(html).count("Not on this slide") == 2 and "P.new" not in html
    lost = resources["lecture"]["lost"]
    assert [sentence.split(",")[0] for sentence in sorted(lost)] == [
        "slide 1",
        "slide 2",
        "slide 3",
    ]
    assert all("cell" in sentence for sentence in lost)


def test_a_comment_in_code_is_no_title_and_a_title_has_no_signs():
    cells = [markdown("```bash\n# install\n```\n\n# The *real* `one`", "slide")]
    assert title(v4.new_notebook(cells=cells)) == "The real one"


def test_a_lecture_of_the_course_says_where_it_is_and_who_made_it():
    cells = [markdown("# A", "slide"), markdown("## B", "slide")]
    where = {"metadata": {"name": "03b_kl", "path": "."}}
    html = LectureSlides().from_notebook_node(v4.new_notebook(cells=cells), where)[0]
    assert slides_of(html).count(">Variational inference</li>") == 3
    assert "<strong>KL divergence</strong>" in html and outline.imprint() in html
    own = LectureSlides().from_notebook_node(v4.new_notebook(cells=cells))[0]
    assert 'class="strip"' not in own and 'class="imprint"' not in own
