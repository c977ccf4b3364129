"""Questions: their data, their text, what ties them to the notebooks, and how they behave."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from helpers import show
from helpers.data import questions
from helpers.show.interactive import figure, predictions

ROOT = Path(__file__).resolve().parent.parent
LECTURES = {path.name.split("_")[0]: path for path in sorted(ROOT.glob("notebooks/0*.ipynb"))}
ORDER = list(LECTURES)
ITEMS = questions.recall_items()
ASKED = sorted({lecture for item in ITEMS.values() for lecture in item["asked_in"]})
CODE_LIMIT = 12_000
CALL = re.compile(r"\bpredict\(\s*[\"']([^\"']+)[\"']")


def sample(kind="choice"):
    says = {"close": "Well guessed.", "low": "More than that.", "high": "Less than that."}
    if kind == "choice":
        options = {"the ELBO": "It is *negative*.", "the KL": "It is what is missing."}
        asked = {"question": "Which is $q(z_1)$?", "options": options, "right": "the KL"}
        return show.predict("03a-test-bar", **asked)
    if kind == "number":
        asked = {"question": "How far?", "right": 0.53, "tolerance": 0.1, "unit": "nats"}
        return show.predict("03a-test-number", **asked, **says)
    asked = {"question": "Where?", "right": -2.1, "tolerance": 0.2, "axis": (-5, 0)}
    place = {"label": "nats", "marks": {"log p(x)": -1.4}}
    return show.predict("03a-test-point", **asked, **place, **says)


def choice(options, right):
    show.predict("03a-x", question="?", options=options, right=right)


def value(right, **changes):
    says = {"close": "a", "low": "b", "high": "c", "tolerance": 1}
    show.predict("03a-x", question="?", right=right, **says | changes)


# The data


def words(text):
    """Text without markup and line breaks, to look for phrases in."""
    return " ".join(re.sub(r"[*_`]", "", text).split()).lower()


@pytest.mark.parametrize("name", ITEMS)
def test_recall_item_can_be_answered_from_the_notebook_it_is_about(name):
    item = ITEMS[name]
    notebook = nbformat.read(LECTURES[item["about"]], as_version=4)
    assert words(item["phrase"]) in words("\n".join(cell.source for cell in notebook.cells))
    assert item["right"] in item["options"] and len(item["options"]) >= 3
    assert all(item["options"].values()), "a choice without its reason"
    for lecture in item["asked_in"]:
        assert ORDER.index(item["about"]) < ORDER.index(lecture), "asked before it is taught"


@pytest.mark.parametrize("lecture", ASKED)
def test_a_lecture_recalls_at_least_three_things_half_of_them_from_further_back(lecture):
    abouts = [item["about"] for item in questions.recall_items(lecture).values()]
    assert len(abouts) >= 3
    if lecture != "02a":  # only one notebook stands before it
        far = [about for about in abouts if ORDER.index(lecture) - ORDER.index(about) >= 2]
        assert len(far) >= len(abouts) / 2


def test_every_prediction_of_the_data_can_be_asked():
    for notebook in questions.notebooks():
        for rest, entry in questions.read(notebook).get("predict", {}).items():
            given = {} if "right" in entry else {"right": sum(entry.get("axis", (0, 1))) / 2}
            assert show.predict(f"{notebook}-{rest}", **given).items


# What ties them to the notebooks


def asked_and_answered(path):
    """Position of each question's cell and of each cell whose text answers it, by name."""
    asked, answered = [], []
    for place, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "code":
            asked += [(name, place) for name in CALL.findall(cell.source)]
        names = cell.metadata.get("answers", [])
        answered += [(n, place) for n in ([names] if isinstance(names, str) else names)]
    return asked, answered


@pytest.mark.parametrize("lecture", LECTURES)
def test_every_question_is_answered_after_it_and_nowhere_before(lecture):
    asked, answered = asked_and_answered(LECTURES[lecture])
    places = dict(asked)
    assert len(places) == len(asked), "a question asked twice"
    assert all(name.partition("-")[0] == lecture for name in places)
    assert places.keys() == {name for name, _ in answered}
    for name, place in answered:
        assert place > places[name], name


# What stands on the page


@pytest.mark.parametrize("kind", ["choice", "number", "point"])
def test_question_is_small_self_contained_and_readable_without_javascript(kind):
    asked = sample(kind)
    page, data = figure.page(asked), figure.json_text(figure.clean(asked.data))
    assert len(page.encode()) - len(data.encode()) - len(asked.still().encode()) <= CODE_LIMIT
    assert re.findall(r"https?://[^\"' )]+", page) == []
    before, after = asked.still().split("<details>")
    assert "<legend>" in before and "missing" not in before and "guessed" not in before
    assert "(right)" in after or "It is" in after
    assert page == figure.page(sample(kind)) and "right" not in repr(asked)


def test_formulas_and_emphasis_become_html_and_nothing_else_does():
    assert predictions.rich("*no* & <b>") == "<em>no</em> &amp; &lt;b&gt;"
    formula = predictions.rich(r"$\text{KL}(q \| p_{12})$")
    assert re.sub("<[^>]*>", "", formula) == "KL(q ‖ p12)"
    assert "<sub>12</sub>" in formula and "<em>q</em>" in formula and "<em>K" not in formula


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: show.predict("which bar"), "name: expected the notebook's number"),
        (lambda: show.predict("03a-no-such-thing"), "name: no question"),
        (lambda: choice({"a": "b"}, "a"), "options: expected two to six"),
        (lambda: choice({"a": "b", "c": " "}, "a"), "options: 'c' has no sentence"),
        (lambda: choice({"a": "b", "c": "d"}, "e"), "right: expected one of"),
        (lambda: value(None), "right: expected a finite"),
        (lambda: value(1, tolerance=0), "tolerance: expected"),
        (lambda: value(1, low=""), "'low' has no sentence"),
        (lambda: value(9, axis=(0, 1)), "axis: expected ends"),
        (lambda: show.recall("00"), "nothing is recalled in '00'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# In a browser: everything by keyboard


def test_answers_by_keyboard_are_kept_and_hands_are_counted(browser, tmp_path):
    asked = [*map(sample, ("choice", "number", "point")), show.recall()]
    path = tmp_path / "asked.html"
    body = "".join(map(figure.page, asked))
    path.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Asked</title></head>'
        f'<body class="reveal"><main><h1>Asked</h1>{body}</main></body></html>',
        encoding="utf-8",
    )
    page = browser.new_page(viewport={"width": 360, "height": 800})
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector("[data-alive]")
    says = "form >> nth={} >> [role=status]"
    assert not page.is_visible("form >> nth=0 >> details")
    page.press("form >> nth=0 >> [type=radio] >> nth=0", "Enter")
    assert page.text_content(says.format(0)) == "Choose one of the answers first."
    page.press("text=count hands", "Enter")
    page.fill("form >> nth=0 >> .hands >> nth=1", "7")
    page.press("form >> nth=0 >> [type=radio] >> nth=0", "Space")
    page.press("form >> nth=0 >> [type=radio] >> nth=0", "Enter")
    page.fill("form >> nth=1 >> [type=text]", "very far")
    page.press("form >> nth=1 >> [type=text]", "Enter")
    assert page.text_content(says.format(1)).startswith("A number is wanted here")
    page.fill("form >> nth=1 >> [type=text]", "0,9")
    page.press("form >> nth=1 >> [type=text]", "Enter")
    assert page.is_hidden("form >> nth=2 >> details")
    page.press("form >> nth=2 >> [type=range]", "End")
    page.press("form >> nth=2 >> [type=range]", "Enter")
    page.reload()
    page.wait_for_selector("[data-alive]")
    told = [page.text_content(says.format(k)) for k in range(3)]
    assert "Of 7 hands, 7 are right. It is negative. Right is: the KL." in told[0]
    assert told[1].endswith("it is 0.53 nats. Less than that.")
    assert told[2].endswith("it is −2.1. Less than that.")
    assert page.is_visible("form >> nth=0 >> details")
    page.click("form >> nth=0 >> text=answer again")
    assert not page.is_visible("form >> nth=0 >> details")
    assert page.text_content(".vi-figure >> nth=3 >> text=question 1 of") is not None
    assert len(page.query_selector_all(".vi-figure:nth-of-type(4) form:not([hidden])")) == 1
    page.evaluate("document.body.className = ''")  # a deck is never as narrow
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".vi-figure").response["violations"]
    assert [rule["id"] for rule in found] == [] and faults == []
    page.close()


def test_recall_shows_no_more_than_twelve_and_all_reasons():
    mixed = show.recall()
    assert mixed.by_lot == 12 and len(mixed.items) == len(ITEMS)
    assert json.dumps(mixed.data).count('"right"') == len(ITEMS)
    lecture = show.recall(ASKED[0])
    assert len(lecture.items) == len(questions.recall_items(ASKED[0]))
