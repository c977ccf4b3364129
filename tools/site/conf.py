"""Sphinx's settings for the site; tools/site_pages.py puts the pages beside a copy of this file."""

import json
from pathlib import Path

from helpers.environment import edition

project = "Variational inference: the basics"
html_title = project
copyright = ""
extensions = ["myst_nb", "sphinx-mathjax-offline"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # the committed outputs are fresh: the tests see to it
nb_mime_priority_overrides = [("html", "text/html", 0)]
html_theme = "sphinx_book_theme"
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navigation_with_keys": False,
    "extra_footer": edition(),
}
html_theme_options |= json.loads(Path(__file__).with_name("launch.json").read_text("utf-8"))
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["palette.css", "course.css"]
html_js_files = ["dark.js"]
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]
html_context = {"default_mode": "auto"}
