"""Interactive figures in Chromium: live in JupyterLab, and without a kernel in exported pages.

The figures are moved as a hand moves them, by mouse and by keyboard, and what they then show is
compared with Python: every figure on a page of all, some in JupyterLab; in the course's notebooks
each control is taken to its ends.
"""

import functools
import html
import json
import re
import shutil
from pathlib import Path

import chromium
import nbformat
import numpy as np
import pytest
import real_lab as lab
from nbconvert import HTMLExporter

from helpers.show import interactive

ROOT = Path(__file__).parent.parent
FIRST = """
from helpers import small
from helpers.lda import trajectory
from helpers.show import interactive
from helpers.show.interactive import topics

def long_names():
    model, tokens, words = topics.toy_model()
    names = ["eigenvalues and all that", "random numbers", "sparse matrices"]
    return words, trajectory(model, tokens, 9), names
"""
CALLS = (
    "interactive.gap()",
    "interactive.gap(small.bank().log_joint(1))",
    "interactive.gap(small.bank().log_joint(1), factorised=False)",
    "interactive.kl_directions()",
    "interactive.jensen()",
    "interactive.jensen(many=True)",
    "interactive.bayes()",
    "interactive.em()",
    "interactive.mean_field()",
    "interactive.fhmm()",
    "interactive.lda_document()",
    "interactive.lda_document(*long_names())",
    "interactive.explaining_away()",
    "interactive.two_kls()",
    "interactive.estimators()",
    "interactive.sampled_elbo()",
    "interactive.encoder_gaps()",
    "interactive.cut_links()",
    "interactive.tug_of_war()",
    "interactive.trace([-5.0, -4.0, -4.5, -1.0], -1.4)",
)
SOME = CALLS[1::6]
LOOK = """(root) => {
  const clean = (v) => typeof v === 'number' && !isFinite(v) ? String(v) : v;
  return JSON.stringify({
    numbers: root.numbers, settings: root.settings,
    sentence: root.querySelector('[role=status]').textContent,
    label: root.querySelector('svg').getAttribute('aria-label'),
  }, (_, v) => clean(v));
}"""
NAMES = """(root) => [...root.querySelectorAll('input, select, button')].map((node) =>
  (node.labels?.[0]?.querySelector('span') ?? node).textContent.trim())"""
CLIPPED = """(root) => {
  const frame = root.querySelector('svg').getBoundingClientRect();
  return [...root.querySelectorAll('svg text, svg rect')].filter((part) => {
    const [box, more] = [part.getBoundingClientRect(), part.textContent ? 2 : 0];
    return !part.closest('svg svg') && box.width && (box.left < frame.left - more ||
      box.right > frame.right + more || box.top < frame.top - more ||
      box.bottom > frame.bottom + more);
  }).map((part) => part.textContent || part.outerHTML);
}"""


def _figures(notebook):
    """How many interactive figures a stored notebook holds, its questions not counted."""
    return notebook.read_text("utf-8").count('\\"vi-core\\"')


@pytest.fixture
def faults():
    """Into this list fall a page's errors and its requests to elsewhere."""
    return []


@pytest.fixture
def page(browser, faults):
    """An empty page that is watched."""
    with chromium.page(browser, heard=watching(faults)) as lent:
        yield lent


def watch(page, faults):
    """The same on a page that is open already."""
    for event, handler in watching(faults).items():
        page.on(event, handler)


def watching(faults):
    """What a page must hear for that: {event: handler}."""
    return {
        "pageerror": lambda error: faults.append(f"error: {error}"),
        "console": lambda m: faults.append(m.text) if _fault(m) else None,
        "request": lambda r: None if _own(r.url) else faults.append(f"request to {r.url}"),
    }


def _fault(message):
    """Lab under load may lose and repeat a call of its own server: that is not the figures'."""
    lab_itself = ("Failed to load resource", "WebSocket connection to 'ws://127.0.0.1")
    return message.type == "error" and not message.text.startswith(lab_itself)


def _own(url):
    return url.startswith(("file:", "data:", "blob:", "about:")) or "://127.0.0.1" in url


def look(figure):
    return json.loads(figure.evaluate(LOOK))


@functools.cache
def made(call):
    """The figure of one of CALLS, as Python makes it."""
    environment = {}
    exec(FIRST, environment)
    return eval(call, environment)


def same_as_python(figure, seen):
    """The picture's numbers equal Python's at the picture's settings, to 1e-6."""
    for name, expected in figure.at(**seen["settings"]).items():
        shown = np.array(seen["numbers"][name], dtype=float).ravel()
        np.testing.assert_allclose(
            shown, np.ravel(expected), rtol=1e-6, atol=1e-6, err_msg=f"{name} {seen['settings']}"
        )


def try_by_hand(page, figure, mouse):
    """Moves the figure by keyboard, buttons and mouse; returns what it showed each time."""
    seen = [look(figure)]
    for control in figure.query_selector_all("input[type=range]"):
        control.scroll_into_view_if_needed()
        control.focus()
        for key in ("Home", "ArrowRight", "End", "ArrowLeft") if mouse else ("Home", "End"):
            page.keyboard.press(key)
            seen.append(look(figure))
        assert control.evaluate("(node) => document.activeElement === node"), "lost the focus"
        if mouse:
            box = control.bounding_box()
            y = box["y"] + box["height"] / 2
            page.mouse.move(box["x"] + box["width"] * 0.3, y)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=3)
            page.mouse.up()
            seen.append(look(figure))
    for select in figure.query_selector_all("select"):
        select.select_option(index=1)
        seen.append(look(figure))
    for button in figure.query_selector_all("button"):
        button.click()
        seen.append(look(figure))
    return seen


def moved(seen):
    """Whether each control took several values while it was moved."""
    taken = {name: {s["settings"][name] for s in seen} for name in seen[0]["settings"]}
    return all(len(values) > 1 for values in taken.values())


def sound(page, figure, mouse=False):
    """What holds for every figure wherever it is seen; returns what it showed."""
    assert all(figure.evaluate(NAMES)), "a control without a name"
    seen = try_by_hand(page, figure, mouse)
    for state in seen:
        assert state["label"] == state["sentence"] != ""
        assert not re.search(r"NaN|undefined|null", state["sentence"]), state["sentence"]
        numbers = {k: v for k, v in state["numbers"].items() if isinstance(v, int | float)}
        if {"elbo", "kl", "log_evidence"} <= numbers.keys():
            total = numbers["elbo"] + numbers["kl"]
            assert total == pytest.approx(numbers["log_evidence"], abs=1e-6)
    assert len({state["sentence"] for state in seen}) > 1, "the live text never changed"
    assert figure.evaluate(CLIPPED) == []
    assert figure.query_selector("svg").get_attribute("role") == "img"
    return seen


def axe_violations(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".vi-figure").response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory):
    """A JupyterLab on notebooks of the figures, and a trusted copy of one of the course."""
    folder = tmp_path_factory.mktemp("lab")
    lab.write_notebook(folder / "all.ipynb", [FIRST, *CALLS])
    lab.write_notebook(folder / "again.ipynb", [FIRST, *SOME])
    stored = shutil.copy(with_several_figures(), folder)
    with lab.jupyterlab(folder, trusted=[stored]) as address:
        yield address


def wait_for_figures(page, count):
    page.wait_for_function(
        "(n) => document.querySelectorAll('.vi-core[data-alive]').length === n", arg=count
    )


def test_live_in_jupyterlab(browser, server, faults):
    page = lab.open_notebook(browser, server, "all.ipynb", dark=True, run=False)
    watch(page, faults)
    lab.run_all(page)
    wait_for_figures(page, len(CALLS))
    assert axe_violations(page) == []
    lab.set_theme(page, dark=False)
    as_in_python(page, by_hand=SOME)
    assert axe_violations(page) == []
    assert faults == []
    page.close()


def as_in_python(page, by_hand):
    """Every figure of CALLS on this page shows what Python computes, some also when moved."""
    for call, figure in zip(CALLS, page.query_selector_all(".vi-core"), strict=True):
        seen = sound(page, figure, mouse=True) if call in by_hand else [look(figure)]
        assert moved(seen) or call not in by_hand, call
        for state in seen:
            same_as_python(made(call), state)


def test_running_a_cell_again_keeps_one_widget_and_its_picture(browser, server):
    page = lab.open_notebook(browser, server, "again.ipynb", run=False)
    count = "len([w for w in __import__('ipywidgets').Widget.widgets.values()])"
    sizes = []
    for _ in range(3):
        lab.run_all(page)
        wait_for_figures(page, len(SOME))
        sizes.append(lab.ask_kernel(page, count))
    assert sizes[0] == sizes[1] == sizes[2], sizes
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_offline_page_of_every_figure(page, faults, tmp_path, theme):
    pages = [interactive.figure.page(made(call)) for call in CALLS]
    shade = {"light": "background:#fff;color:#1B1F24", "dark": "background:#14181D;color:#EDF0F3"}
    path = tmp_path / "all.html"
    path.write_text(
        f'<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">'
        f'<title>All figures</title></head><body style="{shade[theme]}"><main><h1>All</h1>'
        f"{''.join(pages)}</main></body></html>",
        encoding="utf-8",
    )
    page.goto(path.as_uri())
    page.wait_for_selector(".vi-core[data-alive]")
    if theme == "light":  # in the dark they move alike and look different
        as_in_python(page, by_hand=CALLS)
    for call, figure in zip(CALLS, page.query_selector_all(".vi-core"), strict=True):
        height = figure.bounding_box()["height"]
        assert height <= 590, f"{call}: too tall for a slide, {height} px"
    if theme == "dark":  # on a phone
        page.set_viewport_size({"width": 360, "height": 740})
        page.wait_for_selector(".vi-core.narrow >> nth=-1")
        for figure in page.query_selector_all(".vi-core"):
            assert figure.evaluate(CLIPPED) == []
    assert axe_violations(page) == []
    assert faults == []


def test_play_walks_through_a_trajectory_and_stops_at_its_end(page, tmp_path):
    path = tmp_path / "play.html"
    built = interactive.trace([-5.0, -4.0, -3.5])
    path.write_text(f"<!doctype html><body>{interactive.figure.page(built)}</body>")
    page.goto(path.as_uri())
    page.click("text=reset")
    page.click("text=play")
    page.wait_for_function("() => document.querySelector('.vi-core').settings.step === 2")
    page.wait_for_selector("text=▶ play")


def test_a_link_is_cut_and_a_word_forced_by_a_click(page, tmp_path):
    path = tmp_path / "clicked.html"
    built = [interactive.cut_links(), interactive.tug_of_war()]
    path.write_text(f"<!doctype html><body>{''.join(map(interactive.figure.page, built))}</body>")
    page.goto(path.as_uri())
    page.wait_for_selector(".vi-core[data-alive] >> nth=1")
    for clicked, name in (("[data-link=early]", "early"), ("[data-word='9']", "topic")):
        for value in (1, 2 if name == "topic" else 0):
            page.dispatch_event(clicked, "click")
            assert (
                page.evaluate(
                    "([at, name]) => document.querySelectorAll('.vi-core')[at].settings[name]",
                    [int(name == "topic"), name],
                )
                == value
            )


@pytest.mark.parametrize("hand", ["mouse", "finger"])
def test_a_hill_follows_the_hand_until_it_lets_go(browser, tmp_path, hand):
    path = tmp_path / "dragged.html"
    path.write_text(f"<!doctype html><body>{interactive.figure.page(interactive.gap())}</body>")
    page = browser.new_page(viewport={"width": 916, "height": 720}, has_touch=hand == "finger")
    page.goto(path.as_uri())
    page.wait_for_selector(".vi-core[data-alive]")
    box = page.locator("circle[data-grip=mean]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)

    def at(kind, across=None):
        if hand == "mouse":
            {"Start": page.mouse.down, "End": page.mouse.up}.get(kind, lambda: None)()
            return page.mouse.move(x + (across or 0), y)
        points = [] if across is None else [{"x": x + across, "y": y}]
        return touch.send(
            "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points}
        )

    if hand == "mouse":
        page.mouse.move(x, y)
    at("Start", 0)
    means = []
    for across in (26, 52, 104):
        at("Move", across)
        page.wait_for_timeout(50)
        means.append(page.evaluate("document.querySelector('.vi-core').settings.mean"))
    at("End")
    wide = page.locator("svg").first.bounding_box()["width"] / 900  # px per unit; 12 are 520 units
    assert means == pytest.approx([across / wide * 12 / 520 for across in (26, 52, 104)], abs=0.02)
    page.mouse.move(x - 60, y)
    assert page.evaluate("document.querySelector('.vi-core').settings.mean") == means[-1]
    page.close()


def notebooks_with_figures():
    """Every notebook that holds an interactive figure in its outputs."""
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    return [path for path in paths if _figures(path)]


@pytest.mark.parametrize("path", notebooks_with_figures(), ids=lambda path: path.stem)
def test_figures_of_an_exported_notebook(page, faults, tmp_path, path):
    """The notebook as `jupyter nbconvert --to html` gives it, with nothing but the file."""
    notebook = nbformat.read(path, as_version=4)
    body, _ = HTMLExporter().from_notebook_node(notebook)
    expected = _figures(path)
    exported = tmp_path / "exported.html"
    exported.write_text(_without_cdn(body), encoding="utf-8")
    page.goto(exported.as_uri())
    wait_for_figures(page, expected)
    for figure in page.query_selector_all(".vi-core"):
        sound(page, figure)
    if path == with_most_figures():  # every figure's colours are judged on the page of all
        assert axe_violations(page) == []
    assert faults == []


def with_most_figures():
    return max(notebooks_with_figures(), key=_figures)


def with_several_figures():
    """The shortest of them; the last figure stands far down all the same."""
    several = (path for path in notebooks_with_figures() if _figures(path) > 1)
    return min(several, key=lambda path: path.stat().st_size)


def test_figures_of_a_stored_notebook_in_jupyterlab(browser, server, faults):
    """A committed notebook, opened and not run: its last figure lives on what is stored."""
    path = with_several_figures()
    page = lab.open_notebook(browser, server, path.name, run=False)
    watch(page, faults)
    sound(page, lab.scroll_to_output(page, ".vi-core[data-alive]", _figures(path) - 1))
    assert faults == []
    page.close()


def _without_cdn(body):
    """nbconvert's own page loads maths and widgets from elsewhere; the figures need neither."""
    return re.sub(r'<script[^>]* src="https?://[^"]*"[^>]*>\s*</script>', "", body)


def test_text_of_a_figure_stands_where_scripts_do_not_run():
    built = interactive.gap()
    shown = re.search(r'data-figure="\w+"><p>(.*?)</p>', interactive.figure.page(built))[1]
    assert html.unescape(shown) == repr(built)
