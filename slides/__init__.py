"""Slides: ``jupyter nbconvert --to slides`` as one file that needs no network.

``LectureSlides`` is the exporter; the plain ``slides`` exporter gives the same deck, because the
package installs its template as ``lecture`` and a configuration that names it. What a notebook's
cells may say about slides is described in ``arrange`` (slide types, tags) and ``problems`` (what
is refused, and how it is said).
"""

from pathlib import Path

from nbconvert.exporters import SlidesExporter
from traitlets import default

TEMPLATES = Path(__file__).with_name("templates")


class LectureSlides(SlidesExporter):
    """A notebook as one self-contained HTML file of reveal.js slides.

    The entry in JupyterLab's export menu; the menu knows nothing of nbconvert's configuration
    files, so the exporter names its template itself.
    """

    export_from_notebook = "Lecture slides (offline)"

    def from_notebook_node(self, nb, resources=None, **options):
        """The deck; what it cannot show is in ``resources["lecture"]["lost"]`` and logged."""
        html, resources = super().from_notebook_node(nb, resources, **options)
        for sentence in dict.fromkeys(resources.get("lecture", {}).get("lost", ())):
            self.log.warning(sentence)
        return html, resources

    @default("template_name")
    def _template_name_default(self):
        return "lecture"

    @default("extra_template_basedirs")
    def _default_extra_template_basedirs(self):
        return [str(TEMPLATES)]
