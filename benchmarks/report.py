"""What benchmarks/run.py measured, as a page in Markdown and as figures of cost against size."""

import math

from timing import number

TITLES = {
    "log_linear": "The tagger",
    "fhmm": "The factorial HMM",
    "lda": "Latent Dirichlet allocation",
    "stream": "Latent Dirichlet allocation on a stream",
    "latent_factors": "The latent factor document model",
    "gradients": "Gradients",
    "interactive": "Interactive figures",
    "grading": "Grading a class",
}
OPENING = """# What the course's algorithms cost

`make bench` writes this page; `python benchmarks/run.py ROOM` measures one room again. Both sides
of a comparison run in turn, in one run, on one thread; the number is the median of the ratios of
neighbouring runs, with the quartiles beside it, and above one where the course is faster. Times are
processor time, so that a busy machine disturbs less; those of the interactive figures, which live
in a browser, are times on the clock.
"""
CLOSING = """## What this page does not measure

- That the algorithms are right is for the tests: agreement with brute-force enumeration, bounds
  below the evidence, gradients, what a figure shows against what Python computes. The benchmarks
  check only that both sides of a comparison computed the same.
- No real treebank ships with the course. `python benchmarks/log_linear.py TRAIN.conllu TEST.conllu`
  measures one; the stand-in is drawn from a Markov chain.
- LDA in single precision is not offered, so that there is nothing to compare.
- The figures' sizes, and that they load nothing from elsewhere, are checked by the tests.
"""
BUSY = 2  # a load above this, and caches and clock speed are shared with other programs


def text(rooms):
    """The whole page; rooms: name -> {"when", "machine", "load", "rows", "missing"}."""
    parts = [OPENING, _verdict(rooms)]
    for name, room in rooms.items():
        parts.append(f"## {TITLES[name]}\n")
        parts.append(_circumstances(room))
        if room["missing"]:
            parts.append(f"**Not complete.** {room['missing']}.\n")
        parts.append(_table(room["rows"]))
        if room["points"]:
            parts.append(f"![Cost against size](figures/{name}.svg)\n")
    machines = {tuple(room["machine"].items()) for room in rooms.values()}
    parts.append("## Machine and versions\n")
    parts += ["\n".join(f"- {key}: {value}" for key, value in m) + "\n" for m in sorted(machines)]
    parts.append(CLOSING)
    return "\n".join(parts)


def _verdict(rooms):
    """How many goals are met, and every one that is missed, by how much and why."""
    rows = [row for room in rooms.values() for row in room["rows"] if row.met is not None]
    missed = [row for row in rows if not row.met]
    lines = [f"**{len(rows) - len(missed)} of {len(rows)} goals are met.**"]
    if missed:
        lines += ["", "Missed:", ""] + [_missed(row) for row in missed]
    return "\n".join(lines) + "\n"


def _missed(row):
    against = f" against {row.against}" if row.against else ""
    reached = f"{number(row.value)} {row.unit}".strip()
    why = f" Why: {row.why}." if row.why else ""
    return f"- {row.what}{against}: {reached}, wanted {row.wanted}{_distance(row)}.{why}"


def _distance(row):
    """By how much a goal is missed, where a share can say so."""
    if not row.goal or not row.value:
        return ""
    short = row.value / row.goal - 1 if row.at_most else 1 - row.value / row.goal
    return f" ({100 * short:.0f} % {'above' if row.at_most else 'below'} it)"


def _circumstances(room):
    loads = [value for value in room["load"] if value is not None]
    busy = ""
    if loads and max(loads) > BUSY:
        busy = ": **the machine was busy with other programs**, so take the spread seriously"
    shown = " to ".join(f"{value:g}" for value in loads) or "not known"
    return f"Measured {room['when']}; load {shown}{busy}.\n"


def _table(rows):
    lines = ["| what | against | measured | quartiles | goal | met | remarks |", "|" + "---|" * 7]
    for row in rows:
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        measured = f"{number(row.value)} {row.unit}".strip()
        cells = [row.what, row.against, measured, row.spread, row.wanted, met, row.note]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def draw(room, points, folder):
    """The figure of a room, as SVG into ``folder``; nothing without points."""
    if not points:
        return
    from helpers import show

    show.use_course_style()
    figure, axes = show.axes(size=(10, 6.5))
    sizes = sorted({point.size for point in points})
    measured = {(point.curve, point.size): point.seconds for point in points}
    curves = {
        curve: [measured.get((curve, size), math.nan) for size in sizes]
        for curve in dict.fromkeys(point.curve for point in points)
    }
    labels = {"xlabel": points[0].size_name, "ylabel": "seconds"}
    show.lines(axes, sizes, curves, logx=sizes[-1] > 16, logy=True, **labels)
    figure.suptitle(points[0].figure)
    folder.mkdir(exist_ok=True)
    figure.savefig(folder / f"{room}.svg", metadata={"Date": None})
