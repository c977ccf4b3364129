"""Makes outputs fit for a page of their own: pictures with text alternatives, nothing from afar."""

import base64
import mimetypes
import re
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote, urlparse

from bs4 import BeautifulSoup
from nbformat import NotebookNode

from slides.problems import NotebookProblem

# Interactive figures and animations bring HTML; where both are there, it comes first.
PREFERRED = (
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/latex",
    "text/plain",
)
# A widget's plain text is its repr, which nobody wants on a wall.
NEEDS_KERNEL = '<p class="kernel">Interactive in the notebook, where a kernel runs.</p>'
IMAGE = re.compile(r'<img\b[^>]*\bsrc="data:image/[^"]*"[^>]*>')
WIDGET = "application/vnd.jupyter.widget-view+json"


def choose(output):
    """Leave in an output the one form that the deck shows."""
    data = output.get("data")
    if not data:
        return
    if WIDGET in data and "text/html" not in data:
        data = {"text/html": NEEDS_KERNEL}
    kind = next((kind for kind in PREFERRED if kind in data), next(iter(data)))
    output.data = NotebookNode({kind: data[kind]})


def unfold(output):
    """An output as the pictures that it holds; [output] where it is anything else.

    The course's own figures are ``<img>`` elements in HTML: one, or several that grow step by step.
    """
    html = output.get("data", {}).get("text/html", "")
    is_growing = re.search(r'class="[^"]*\bbuild-up\b', html)
    images = IMAGE.findall(html)
    if not images or not (is_growing or IMAGE.fullmatch(html.strip())):
        return [output]
    return [_picture(output, image) for image in images]


def _picture(output, image):
    """One <img> as an output of its own, its size left to the slide."""
    image = re.sub(r'\sstyle="[^"]*"', "", image)
    alt = re.search(r'\balt="([^"]*)"', image)
    said = {"alt": unescape(alt.group(1))} if alt else {}
    return NotebookNode(
        output_type="display_data",
        data=NotebookNode({"image/svg+xml": image}),
        metadata=NotebookNode(output.get("metadata", {}) | said),
    )


def alternative(cell, output, number):
    """The text alternative of the cell's picture with this number, "" where there is none.

    Looked for in the output's metadata ("alt", at its top or under the kind of picture), then in
    the cell's: "alt" is one text, or a list with one for each of the cell's pictures.
    """
    places = [output.get("metadata", {})]
    places += [place for place in places[0].values() if isinstance(place, dict)]
    said = next((place["alt"] for place in places if place.get("alt")), None)
    said = said or cell.metadata.get("alt") or ""
    if isinstance(said, list | tuple):
        said = said[number] if number < len(said) else ""
    return str(said)


def inline_svg(svg, prefix, alt=""):
    """An SVG to be written into the page: its ids unique, its text alternative on it.

    Its own aria-label or title stands where ``alt`` is empty. Groups named "step-1", "step-2" ...
    are left to the page's script under data-step.
    """
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="step-(\d+)[^"]*"', r'data-step="\1"', svg)
    for identity in sorted(set(re.findall(r'\bid="([^"]+)"', svg)), key=len, reverse=True):
        pattern = rf'(\bid="|href="#|url\(#){re.escape(identity)}(?=["\)])'
        svg = re.sub(pattern, rf"\g<1>{prefix}{identity}", svg)
    head = re.search(r"<svg\b[^>]*>", svg)
    if not head:
        return svg.strip()
    alt = alt or _own_alternative(svg, head.group())
    kept = re.sub(r'\s(role|aria-label|aria-labelledby)="[^"]*"', "", head.group())
    role = f'<svg role="img" aria-label="{escape(alt, quote=True)}"'
    return svg.replace(head.group(), kept.replace("<svg", role, 1), 1).strip()


def _own_alternative(svg, head):
    label = re.search(r'\baria-label="([^"]*)"', head)
    title = re.search(r"<title[^>]*>(.*?)</title>", svg, flags=re.DOTALL)
    found = label or title
    return BeautifulSoup(found.group(1), "html.parser").get_text().strip() if found else ""


def size(output, kind):
    """Width and height attributes of a picture: as its output says, else half of a retina PNG's."""
    said = output.get("metadata", {}).get(kind) or {}
    if not isinstance(said, dict):
        return ""
    return "".join(f' {side}="{said[side]}"' for side in ("width", "height") if side in said)


def offline_html(html):
    """HTML of an output without what would ask the network; what is lost is said in its place.

    matplotlib's animations keep working: their icon font is replaced by the deck's style sheet.
    """
    if not re.search(r"https?:|//|_anim_", html):
        return html
    html = re.sub(r"<link\b[^>]*(https?:)?//[^>]*>", "", html)
    html = re.sub(r'<script\b[^>]*\bsrc="(https?:)?//[^"]*"[^>]*>\s*</script>', "", html)
    for element in ("iframe", "video", "audio", "img"):
        html = re.sub(
            rf'<{element}\b[^>]*\bsrc="((?:https?:)?//[^"]*)"[^>]*>(\s*</{element}>)?', _said, html
        )
    html = re.sub(r'(<img id="_anim_img[0-9a-f]+")', r'\1 alt="Animation, frame by frame"', html)
    return re.sub(r'(<input[^>]*class="anim-slider")', r'\1 aria-label="Frame"', html)


def _said(match):
    address = escape(match.group(1))
    return f'<p class="kernel">Needs the network: <a href="{address}">{address}</a></p>'


def tidy(html, cell, folder, where):
    """A Markdown cell's HTML with its pictures embedded and its links fit for a deck.

    A picture that is not there, or that would have to be fetched, raises NotebookProblem.
    """
    soup = BeautifulSoup(html, "html.parser")
    for anchor in soup.select("a.anchor-link"):
        anchor.decompose()
    for element in soup.select("iframe, script, link, object, embed"):
        element.decompose()
    for image in soup.find_all("img"):
        image["src"] = _embedded(image.get("src", ""), folder, where)
        if not image.get("alt"):
            image["alt"] = alternative(cell, {}, 0)
    for link in soup.find_all("a", href=True):
        _mend_link(link)
    for head in soup.select("th"):
        if not head.get_text(strip=True):
            head.name = "td"
    return str(soup)


def _embedded(source, folder, where):
    if source.startswith("data:"):
        return source
    if urlparse(source).scheme in ("http", "https") or source.startswith("//"):
        raise NotebookProblem(
            f"{where} shows the picture {source}, which would have to be fetched from the network. "
            "Save it beside the notebook and refer to it there"
        )
    path = Path(folder) / unquote(source)
    if not source or not path.is_file():
        raise NotebookProblem(f"{where} shows the picture {source!r}, but there is no such file")
    kind = mimetypes.guess_type(path.name)[0] or "image/png"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _mend_link(link):
    """Notebooks of the same folder are decks here; other files are not with the deck."""
    address = urlparse(link["href"])
    if address.scheme in ("http", "https", "mailto"):
        link["target"], link["rel"] = "_blank", "noopener"
    elif re.fullmatch(r"[^/]+\.ipynb", address.path):
        link["href"] = address.path.removesuffix(".ipynb") + ".slides.html"
    elif address.path:
        link.unwrap()
    else:
        link.unwrap()  # anchors within the notebook would be taken for slides' addresses
