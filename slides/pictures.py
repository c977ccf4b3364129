"""Makes outputs fit for a page of their own: pictures with text alternatives, nothing from afar."""

import re
from html import escape, unescape
from urllib.parse import urlparse

from bs4 import BeautifulSoup
from nbformat import NotebookNode

from slides import carried
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


def choose(output, cell, number):
    """Leave in an output, the cell's picture of this number, the one form that the deck shows."""
    data = output.get("data")
    if not data:
        return
    if WIDGET in data and "text/html" not in data:
        data = {"text/html": NEEDS_KERNEL}
    other = next((kind for kind in data if kind.startswith("image/")), None)
    kind = next((kind for kind in PREFERRED[:-1] if kind in data), other or next(iter(data)))
    if kind.startswith("image/") and kind not in PREFERRED:  # a gif, a webp
        alt = escape(alternative(cell, output, number) or "A picture", quote=True)
        address = f"data:{kind};base64,{data[kind]}".replace("\n", "")
        data, kind = {"text/html": f'<img alt="{alt}" src="{address}">'}, "text/html"
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


def tidy(html, cell, folder, where, lost):
    """A Markdown cell's HTML with its pictures embedded and its links fit for a deck.

    A picture that is not there, or that would have to be fetched, raises NotebookProblem.
    """
    soup = BeautifulSoup(html, "html.parser")
    for image in soup.find_all("img"):
        if urlparse(image.get("src", "")).scheme in ("http", "https"):
            raise NotebookProblem(
                f"{where} shows the picture {image['src']}, which would have to be fetched from "
                "the network. Save it beside the notebook and refer to it there"
            )
    soup = BeautifulSoup(carried.offline(str(soup), folder, where, lost), "html.parser")
    for element in soup.select("a.anchor-link, script"):
        element.decompose()
    for image in soup.find_all("img"):
        if not image.get("alt"):
            image["alt"] = alternative(cell, {}, 0)
    for film in soup.find_all(("video", "audio")):
        film["aria-label"] = film.get("aria-label") or alternative(cell, {}, 0) or "A film"
    for link in soup.find_all("a", href=True):
        _mend_link(link)
    for head in soup.select("th"):
        if not head.get_text(strip=True):
            head.name = "td"
    return str(soup)


def _mend_link(link):
    """Notebooks of the same folder are decks here; other files are not with the deck."""
    address = urlparse(link["href"])
    if address.scheme in ("http", "https", "mailto"):
        link["target"], link["rel"] = "_blank", "noopener"
    elif re.fullmatch(r"[^/]+\.ipynb", address.path):
        link["href"] = address.path.removesuffix(".ipynb") + ".slides.html"
    else:
        link.unwrap()  # anchors within the notebook would be taken for slides' addresses
