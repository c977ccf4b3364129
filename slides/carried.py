"""What JupyterLab shows and a page of its own would lose: carried over, or named.

Each function gives back what the deck shows; what cannot be shown is said in its place on the
slide and added to ``lost``, a list of sentences that name slide and cell.
"""

import base64
import mimetypes
import re
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlparse

from bs4 import BeautifulSoup

from helpers.show.formulas import MATH
from slides.problems import NotebookProblem

LARGEST = 2_000_000  # bytes of one embedded film or sound
ATTACHMENT = re.compile(r"attachment:([^)\"'\s>]+)")
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
MEDIA = ("img", "video", "audio", "source")
FOREIGN = ("iframe", "object", "embed")


def terminal(text):
    r"""Printed text as a terminal leaves it: after \r a line is written over, \b takes one back."""
    while re.search(r"[^\n\b]\x08", text):
        text = re.sub(r"[^\n\b]\x08", "", text)
    lines = []
    for line in text.replace("\x08", "").replace("\r\n", "\n").split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip() if "\r" in line else shown)
    return "\n".join(lines)


def tables(source):
    """A Markdown text whose formulas keep their bars in tables, where a bar starts a column."""
    return re.sub(
        r"^\s*\|.*\|\s*$",
        lambda row: MATH.sub(lambda m: m[0] if m["code"] else _without_bars(m[0]), row[0]),
        source,
        flags=re.MULTILINE,
    )


def _without_bars(formula):
    return formula.replace(r"\|", r"\Vert{}").replace("|", r"\vert{}")


def attachments(cell, where):
    """A Markdown cell's source with its attached pictures written into it."""
    held = cell.get("attachments") or {}

    def embed(match):
        data = held.get(unquote(match[1])) or held.get(match[1])
        if not data:
            raise NotebookProblem(
                f"{where} shows the attachment {match[1]!r}, but it holds no such"
            )
        kind, content = next(iter(data.items()))
        return f"data:{kind};base64,{content}".replace("\n", "")

    return ATTACHMENT.sub(embed, cell.source)


def mermaid(source, where, lost):
    """A Markdown text in which diagrams that JupyterLab would draw are announced as such."""
    found = re.findall(r"^```+\s*mermaid", source, flags=re.MULTILINE)
    if found:
        lost.append(f"{where}: a mermaid diagram is shown as its source; save a picture of it")
    return re.sub(
        r"^(```+)\s*mermaid", r"*A diagram, drawn in JupyterLab only:*\n\n\1text", source,
        flags=re.MULTILINE,
    )  # fmt: skip


def without_fences(source):
    """A Markdown text without its code blocks, in which a # is no heading."""
    return FENCE.sub("", source)


def offline(html, folder, where, lost):
    """HTML with its pictures, films and sounds embedded and nothing left that asks the network.

    matplotlib's animations keep working: their icon font is replaced by the deck's style sheet.
    """
    soup = BeautifulSoup(html, "html.parser")
    for link in soup.find_all("link"):
        link.decompose()
    _scripts(soup, where, lost)
    for element in soup.find_all(FOREIGN):
        address = element.get("src") or element.get("data") or ""
        if not address.startswith("data:"):
            _say(element, address, where, lost)
    for element in soup.find_all(MEDIA):
        if element.get("src"):
            _embed(element, folder, where, lost)
    for image in soup.select('img[id^="_anim_img"]'):
        image["alt"] = "Animation, frame by frame"
    for slider in soup.select("input.anim-slider"):
        slider["aria-label"] = "Frame"
    return str(soup)


def _scripts(soup, where, lost):
    """Scripts from elsewhere, and those in the same output that count on them, are named."""
    foreign = [script for script in soup.find_all("script", src=True) if _is_far(script["src"])]
    icons = [s for s in foreign if soup.select_one('[id^="_anim_img"]')]
    if foreign and not icons:
        _say(foreign[0], foreign[0]["src"], where, lost)
        for script in soup.find_all("script"):
            script.decompose()
    for script in icons:
        script.decompose()


def _embed(element, folder, where, lost):
    """Replace the address of a picture, film or sound by its content, or say that it is lost."""
    source = element["src"]
    if source.startswith("data:"):
        return
    path = Path(folder) / unquote(source)
    if _is_far(source):
        _say(element, source, where, lost)
    elif not path.is_file():
        raise NotebookProblem(f"{where} shows the file {source!r}, but there is no such file")
    elif path.stat().st_size > LARGEST:
        _say(element, source, where, lost, f"is larger than {LARGEST / 1e6:g} MB")
    else:
        kind = mimetypes.guess_type(path.name)[0] or "image/png"
        element["src"] = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _is_far(address):
    return urlparse(address).scheme in ("http", "https") or address.startswith("//")


def _say(element, address, where, lost, why="needs the network"):
    """Put a sentence in the place of an element, and remember it."""
    lost.append(f"{where}: {address} {why} and is not on the slide")
    inside = f'<a href="{escape(address)}">{escape(address)}</a>' if _is_far(address) else address
    said = f'<p class="kernel">Not on this slide: {inside} {why}.</p>'
    element.replace_with(BeautifulSoup(said, "html.parser"))
