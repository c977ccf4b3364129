"""Slides that work but say little, by what a class sees on them; ``decks.py check`` names them.

raw      printed text is the main content        rawcode  the same, with code
empty    text alone that fills less than a fifth  orphan   "What you saw" without its figure
answer   the answer stands beside its question    figure   a picture that is small or shrunk
code     more than five lines of code             dense    a wall of text, or text below 24 px

Slides whose notes have no minutes are listed apart.
"""

from pathlib import Path

PROBE = Path(__file__).with_name("weak_probe.js")
FULL, COLUMN = 0.40, 0.27  # the least share of a slide for its pictures, alone and beside text
CODE, WORDS, SMALL, INK, ZOOM = 5, 120, 23.9, 0.20, 0.9


def measured(page):
    """What is on each slide of an open deck: a list of dictionaries, see weak_probe.js."""
    return page.evaluate(PROBE.read_text(encoding="utf-8"))


def weak(slides):
    """Why slides are weak: {number: [reason, ...]}, without those that are not."""
    found = {number: list(_reasons(slide)) for number, slide in enumerate(slides, start=1)}
    return {number: reasons for number, reasons in found.items() if reasons}


def _reasons(slide):
    """The reasons against one slide, each with what was measured; a title slide has none."""
    if slide["title"]:
        return
    pictures = slide["pictures"]
    if slide["prints"] and not pictures["count"] and not slide["content"]:
        yield f"{'rawcode' if slide['code'] else 'raw'}: {slide['prints']} printed lines"
    elif slide["prints"]:
        yield f"raw: {slide['prints']} printed lines beside the content"
    if not (pictures["count"] or slide["content"] or slide["prints"] or slide["predict"]):
        if slide["ink"] < INK:
            yield f"empty: text on {slide['ink']:.0%} of the body"
    if slide["saw"] and not pictures["count"]:
        yield 'orphan: "What you saw" without its figure'
    if slide["predict"] and slide["early"]:
        yield "answer: a result stands beside the question"
    least = 0 if pictures["graphs"] else COLUMN if slide["beside"] else FULL
    if pictures["count"] and pictures["share"] < least:
        yield f"figure: {pictures['share']:.0%} of the slide"
    elif pictures["zoom"] < ZOOM:
        yield f"figure: shown at {pictures['zoom']:.0%} of its size, so its letters are too"
    if slide["code"] > CODE:
        yield f"code: {slide['code']} lines"
    if slide["words"] > WORDS:
        yield f"dense: {slide['words']} words"
    size, text = slide["smallest"]
    if size < SMALL and not (slide["prints"] or slide["code"]):
        yield f'dense: "{text}" is {size:.0f} px'


def untimed(slides):
    """The numbers of the slides whose notes name no minutes."""
    return [n for n, s in enumerate(slides, start=1) if not (s["minutes"] or s["title"])]


def summary(slides):
    """The numbers of one deck in a line: slides, weak ones, text alone, the median figure."""
    shares = sorted(s["pictures"]["share"] for s in slides if s["pictures"]["count"])
    median = f"{shares[len(shares) // 2]:.0%}" if shares else "none"
    alone = sum(not (s["pictures"]["count"] or s["content"] or s["title"]) for s in slides)
    return (
        f"{len(slides)} slides, {len(weak(slides))} weak, {alone} of text alone, "
        f"median figure {median}, {sum(s['minutes'] for s in slides):g} minutes"
    )
