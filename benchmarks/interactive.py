"""How fast a figure follows the hand, in a real JupyterLab in headless Chromium.

    python benchmarks/interactive.py

Two ways to show the same gap are measured in one run: `interact` with an inline figure, and the
figure that the browser draws. Latency is from a key press to the frame
in which the changed picture has been painted; a quick drag counts the values that were painted
and what was sent to the kernel meanwhile.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from timing import Row, show

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))
import chromium
import real_lab

PRESSES, WARM_UP = 40, 5
FRAME = 1000 / 60  # ms
CLOCK = "a time on the clock, against a baseline that is the slower the busier the machine is"
DRAWING = """
import numpy as np
from matplotlib.figure import Figure
from helpers.show.interactive import gaps

table = gaps.LOG_EVIDENCE + gaps.POSTERIORS["bimodal"](gaps.grid())
z = gaps.grid()

def draw(fig, mean, sd):
    numbers = gaps.normal_gap(table, mean, sd)
    left, right = fig.subplots(1, 2, width_ratios=[3, 1])
    left.fill_between(z, numbers["p"], color="0.85")
    line, = left.plot(z, numbers["q"], lw=2)
    left.set_xlim(-6, 6)
    left.set_ylim(0, 0.9)
    right.set_ylim(-10, -3)
    bars = right.bar([0, 0], [numbers["elbo"] + 10, numbers["kl"]], bottom=[-10, numbers["elbo"]])
    return line, bars, numbers
"""
INTERACT = """
import matplotlib.pyplot as plt
from ipywidgets import FloatSlider, interact

def show(mean, sd):
    fig = plt.figure(figsize=(9, 3.8))
    draw(fig, mean, sd)
    plt.show()

_ = interact(show, mean=FloatSlider(value=0, min=-4, max=4, step=0.05),
             sd=FloatSlider(value=1, min=0.2, max=3, step=0.05))
"""
BROWSER = "from helpers.show import interactive\n\ninteractive.gap()"
# How each way is moved, and what of it changes when a new picture is there.
WAYS = {
    "interact + inline figure": (2, ".noUi-handle", "img"),
    "drawn by the browser": (3, "input[type=range]", "path.q"),
}
WATCH = """([cell, what]) => {
  const root = document.querySelectorAll('.jp-CodeCell')[cell - 1];
  const picture = () => {
    const node = root.querySelector(what);
    return ['src', 'href', 'd'].map((name) => node?.getAttribute(name)).find((value) => value);
  };
  const watch = (window.watch = { painted: [], shown: picture(), at: 0, delays: [], moved: 0 });
  const after = (act) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = act;
    channel.port2.postMessage(0);
  });
  root.addEventListener('keydown', (event) => { watch.at = event.timeStamp; }, true);
  root.addEventListener('input', () => { watch.moved += 1; }, true);
  const decoded = async () => {
    const node = root.querySelector(what);
    const source = node?.getAttribute('src') || node?.getAttribute('href');
    if (!source) return;
    const image = new Image();
    image.src = source;
    await image.decode().catch(() => {});
  };
  const changed = async () => {
    const now = picture();
    if (!now || now === watch.shown) return;
    watch.shown = now;
    await decoded();
    after(() => {
      watch.painted.push(now.length);
      if (watch.at) watch.delays.push(performance.now() - watch.at);
      watch.at = 0;
    });
  };
  new MutationObserver(changed).observe(root, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['src', 'href', 'd'],
  });
}"""

COUNT_SENT = """() => {
  const send = (window.realSend ??= WebSocket.prototype.send);
  window.sent = 0;
  WebSocket.prototype.send = function (message) {
    window.sent += 1;
    return send.call(this, message);
  };
}"""


USUAL, BROWSER_DRAWN = WAYS


def run():
    """The measurements by way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.ipynb"
        real_lab.write_notebook(path, [DRAWING, INTERACT, BROWSER])
        with real_lab.jupyterlab(folder) as address, chromium.browser() as browser:
            page = real_lab.open_notebook(browser, address, path.name, size=(1280, 2000))
            page.wait_for_selector(".vi-figure[data-alive] path.q", timeout=60_000)
            page.wait_for_timeout(3000)
            found = {name: move(page, *way) for name, way in WAYS.items()}
            page.close()
    return found


def move(page, cell, handle, picture):
    """Latencies of single key presses, and what a quick drag paints and sends."""
    node = page.locator(".jp-CodeCell").nth(cell - 1).locator(handle).first
    node.scroll_into_view_if_needed()
    page.evaluate(WATCH, [cell, picture])
    node.focus()
    for press in range(PRESSES + WARM_UP):
        before = page.evaluate("watch.delays.length")
        page.keyboard.press("ArrowRight" if press % 20 < 10 else "ArrowLeft")
        page.wait_for_function("(n) => watch.delays.length > n", arg=before, timeout=20_000)
        page.wait_for_timeout(60)
    delays = np.array(page.evaluate("watch.delays"))[WARM_UP:]
    return {"delays": delays} | drag(page, node)


def drag(page, node, moves=40):
    """A drag across the slider in about a second: values, painted pictures, messages sent."""
    track = node.evaluate(
        "(n) => { const b = (n.closest('.noUi-target') ?? n).getBoundingClientRect();"
        " return [b.left, b.right, b.top + b.height / 2]; }"
    )
    page.evaluate(COUNT_SENT)
    left, right, y = track
    here = node.bounding_box()
    start = here["x"] + here["width"] / 2 if here["width"] < 40 else left + 0.2 * (right - left)
    page.mouse.move(start, y)
    page.mouse.down()
    page.evaluate("() => { watch.painted.length = 0; watch.moved = 0; }")
    for i in range(moves):
        page.mouse.move(start + (0.75 * right + 0.25 * left - start) * (i + 1) / moves, y)
        page.wait_for_timeout(16)
    sent = page.evaluate("window.sent")
    page.mouse.up()
    page.wait_for_timeout(1500)
    moved = page.evaluate("watch.moved") or moves
    return {
        "moved": moved,
        "painted": min(moved, page.evaluate("watch.painted.length")),
        "sent": sent,
    }


def measure():
    """Rows: how often faster than the usual way, and what a quick drag paints and sends."""
    found = run()
    usual = percentiles(found[USUAL])
    for name, goals in {BROWSER_DRAWN: (15, 20)}.items():
        for i, which in enumerate(("median", "95th percentile")):
            ours, theirs = percentiles(found[name])[i], usual[i]
            note = f"{ours:.0f} ms against {theirs:.0f} ms"
            yield Row(
                f"{name}, {which}", USUAL, theirs / ours, "x", goal=goals[i], why=CLOCK, note=note
            )
    for name, way in found.items():
        mine = name == BROWSER_DRAWN
        share, note = way["painted"] / way["moved"], f"{way['painted']} of {way['moved']}"
        goal = 1 if mine else None
        yield Row(f"{name}, share of a drag's values painted", "", share, "", goal=goal, note=note)
        if mine:
            what = f"{name}, messages to the kernel while dragging"
            yield Row(what, "", way["sent"], "", goal=0, at_most=True)
    yield from _quiet(found)


def _quiet(found):
    """What is wanted of the browser's drawing on a quiet machine."""
    middle, high = percentiles(found[BROWSER_DRAWN])
    for what, value, goal in (("median", middle, FRAME), ("95th percentile", high, 2 * FRAME)):
        yield Row(f"{BROWSER_DRAWN}, {what}", "", value, "ms", goal=goal, at_most=True, why=CLOCK)


def percentiles(way):
    """(median, 95th percentile) of the milliseconds from key press to painted picture."""
    return float(np.median(way["delays"])), float(np.percentile(way["delays"], 95))


if __name__ == "__main__":
    show(measure())
