"""For a picture that only matplotlib can draw: the figure is kept, updated and sent as an image.

Each change goes to Python and back, so that this is several times slower than the figures that
the browser draws; still, it is several times faster than drawing everything anew. Without a
kernel the picture stands still, with its text.
"""

import html
import io
from base64 import b64encode
from threading import Lock

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from helpers.show.interactive.figure import clean, kernel_shell, module_text

COLOURS_SENT = 64  # of the image: enough for lines, areas and text, and a third of the bytes


class Kept:
    """A matplotlib figure with sliders.

    figure: a ``matplotlib.figure.Figure()`` of your own, not one of pyplot, which would show it
        a second time and which is not safe in a callback.
    update: function of the settings (by name) that moves the figure's artists and returns the
        sentence that says what one sees.
    controls: as :mod:`helpers.show.interactive.controls` makes them.
    moving: the artists that ``update`` moves, if axes and all else stand still: then only
        these are drawn again, five times faster.
    """

    def __init__(self, figure, update, controls, moving=(), title="Figure"):
        self.figure, self.update, self.controls, self.title = figure, update, controls, title
        self.canvas, self.lock = FigureCanvasAgg(figure), Lock()
        self.moving, self.still = list(moving), None

    def at(self, **settings):
        """The picture at these settings, the others at their start, as PNG, and its sentence."""
        with self.lock:  # callbacks come on threads of their own
            sentence = self.update(**(self.start() | settings))
            self._draw()
            return _png(np.asarray(self.canvas.buffer_rgba())), sentence

    def _draw(self):
        if not self.moving:
            return self.canvas.draw()
        if self.still is None:
            for artist in self.moving:
                artist.set_animated(True)  # left out of the background
            self.canvas.draw()
            self.still = self.canvas.copy_from_bbox(self.figure.bbox)
        self.canvas.restore_region(self.still)
        renderer = self.canvas.get_renderer()
        for artist in self.moving:
            artist.draw(renderer)

    def start(self):
        """The settings to begin with."""
        return {control["name"]: control.get("value", 0) for control in self.controls}

    def _repr_mimebundle_(self, include=None, exclude=None):
        image, sentence = self.at()
        source, text = b64encode(image).decode(), html.escape(sentence)
        still = f'<img alt="{text}" style="max-width:100%" src="data:image/png;base64,{source}">'
        bundle = {"text/plain": f"{self.title}: {sentence}", "text/html": f"{still}<p>{text}</p>"}
        shell = kernel_shell()
        if shell is None:
            return bundle
        from helpers.show.interactive import widget  # ipywidgets is slow to import

        size = self.canvas.get_width_height()
        data = clean({"title": self.title, "controls": self.controls, "size": size})
        code = f"{module_text('kept')}".rsplit("\n", 1)[0] + "\nexport default { render: kept };"
        view = widget.show_kept(code, data, self, shell)
        return bundle | {"application/vnd.jupyter.widget-view+json": view}


def _png(rgba):
    picture = Image.fromarray(rgba).convert("RGB")
    reduced = picture.quantize(COLOURS_SENT, method=Image.Quantize.FASTOCTREE, dither=0)
    buffer = io.BytesIO()
    reduced.save(buffer, "png", compress_level=1)
    return buffer.getvalue()
