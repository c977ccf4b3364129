"""The course as one text: every heading is in the contents, notes and code are not."""

import re

import book
import nbformat
import pytest

CELLS = nbformat.v4
SVG = '<svg viewBox="0 0 1 1"></svg>'


def written(path, cells):
    nbformat.write(CELLS.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def chapters(tmp_path):
    notes = CELLS.new_markdown_cell("Secret note")
    notes.metadata["slideshow"] = {"slide_type": "notes"}
    shown = CELLS.new_output("display_data", {"image/svg+xml": SVG, "text/plain": "F"})
    figure = CELLS.new_code_cell("hidden_call()", outputs=[shown])
    figure.metadata["alt"] = "A square."
    one = [CELLS.new_markdown_cell("# One\n\n$$a \\tag{1.1}$$"), notes, figure]
    two = [CELLS.new_markdown_cell("# Two"), CELLS.new_markdown_cell("## Same\n\n## Same")]
    return [written(tmp_path / "01_one.ipynb", one), written(tmp_path / "02a_two.ipynb", two)]


def test_text_and_figures_stay_notes_and_code_go(chapters):
    page = book.book(chapters)
    body = page[page.index("<body>") :]
    assert "Secret note" not in body and "hidden_call" not in body
    assert "<b>Figure 1-1.</b> A square." in body and "\\tag{1.1}" in body


def test_the_contents_lead_to_every_heading(chapters):
    body = book.book(chapters)
    links = re.findall(r'<li class="h\d"><a href="#([^"]*)">', body)
    assert [link.split("--")[0] for link in links] == ["01_one", "02a_two", "02a_two", "02a_two"]
    assert all(f'id="{link}"' in body for link in links)
