"""Pages on paper: Markdown and TeX to one HTML file that needs no network, and to a PDF."""

import html
import tempfile
from pathlib import Path

import chromium
from nbconvert.filters import markdown2html

from slides import assets

WAIT = 180_000  # milliseconds for all formulas of a whole book
MATHJAX = """window.MathJax = {tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]], tags: "none"},
svg: {fontCache: "global"}, startup: {ready() { MathJax.startup.defaultReady();
MathJax.startup.promise.then(() => { document.documentElement.dataset.ready = "1"; }); }}};"""
STYLE = """
@page { size: A4; margin: 18mm 18mm 20mm; }
body { font: 11pt/1.45 "Lecture Sans", sans-serif; max-width: 46em; margin: 0 auto; }
h1 { font-size: 20pt; } h2 { font-size: 14pt; } h1, h2, h3 { break-after: avoid; }
table { border-collapse: collapse; margin: .5em 0; } th, td { padding: .15em .6em; text-align: left;
border-top: .5pt solid #888; vertical-align: top; }
figure { margin: .8em 0; break-inside: avoid; } img, svg { max-width: 100%; height: auto; }
li, tr { break-inside: avoid; }
pre { white-space: pre-wrap; font-size: 9pt; }
.anchor-link { display: none; }
"""


def page(title, body, style=""):
    """One HTML file with its formulas, fonts and styles inside."""
    script = assets.package_file(assets.MATHJAX, "tex-svg-full.js").read_text(encoding="utf-8")
    script = script.replace("</script", "<\\/script")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{assets.fonts()}{STYLE}{style}</style>"
        f"<script>{MATHJAX}</script><script>{script}</script>"
        f"</head><body>{body}</body></html>"
    )


def markdown(text):
    """Markdown as HTML, its formulas left to MathJax."""
    return markdown2html(text)


def pdf(browser, page_html, path, footer=""):
    """Print a page of :func:`page` to a tagged PDF with an outline; its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    foot = (
        '<div style="font-size: 8pt; width: 100%; text-align: center">'
        f'{html.escape(footer)} <span class="pageNumber"></span></div>'
    )
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "page.html"
        source.write_text(page_html, encoding="utf-8")
        tab = browser.new_page()
        tab.goto(source.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=WAIT)
        tab.pdf(
            path=path, prefer_css_page_size=True, print_background=True, tagged=True, outline=True,
            display_header_footer=True, header_template="<div></div>", footer_template=foot,
        )  # fmt: skip
        tab.close()
    return path


def write_all(pages, folder, footer=""):
    """{name: page} as HTML files and, where there is a browser, as PDFs; the paths written."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in pages.items():
        written.append(folder / f"{name}.html")
        written[-1].write_text(text, encoding="utf-8")
    try:
        with chromium.browser() as browser:
            for name, text in pages.items():
                written.append(pdf(browser, text, folder / f"{name}.pdf", footer))
    except RuntimeError as error:
        print(f"No PDF was printed: {error}")
    return written
