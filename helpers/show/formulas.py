r"""Formulas in the figures' colours, and derivations with a number beside each line.

``coloured`` is what slides, pages and ``derivation`` use, so that notebooks need no colours in
their sources: q(...) and everything it is called on purple, p(z | x) green, ELBO blue, KL orange.
p(x) stays in the ink, which is the evidence's colour. The colours are written as the light ones
of the palette; decks and pages turn them with their style sheet where it is dark.
"""

import re

from helpers.show import palette

MATH = re.compile(
    r"(?P<code>```.*?```|`[^`\n]*`)|\$\$.*?\$\$|\\\[.*?\\\]|\\begin\{(?P<env>\w+\*?)\}.*?"
    r"\\end\{(?P=env)\}|(?<![\\$])\$(?!\s)[^$\n]+?(?<!\\)\$",
    re.DOTALL,
)
NAMES = re.compile(
    r"\\textcolor\{[^}]*\}|\\color\{[^}]*\}|\\tag\*?\{[^}]*\}|\\(?:label|ref|eqref)\{[^}]*\}"
    r"|(?P<env>\\(?:begin|end)\{[^}]*\})"
    r"|(?P<elbo>\\(?:text|mathrm|operatorname)\{ELBO\})"
    r"|(?P<kl>\\(?:text|mathrm|operatorname)\{KL\})"
    r"|\\(?:text|mathrm|operatorname|mathbf|mathcal|mathbb)\{[^}]*\}|\\[a-zA-Z]+"
    r"|(?<![A-Za-z])(?P<density>[qp])(?![A-Za-z])(?:\^\{?[\\*\w]+\}?|_\{[^}]*\}|_\\?\w+)*"
)
CALL = re.compile(r"\s*(?:\\left|\\bigl?|\\Bigl?)?\(")
WIDEST = 5.0  # em: the bar beside a line whose value is the evidence


def coloured(markdown):
    """A Markdown text whose formulas have the palette's colours; code and all else is untouched."""
    return MATH.sub(lambda m: m[0] if m["code"] else _coloured(m[0]), markdown)


def _coloured(tex):
    out, position = [], 0
    while match := NAMES.search(tex, position):
        out.append(tex[position : match.start()])
        position = match.end()
        if match[0].startswith((r"\textcolor", r"\color")):  # the author's own choice
            inside = _closing(tex, position, "{", "}") if tex[position : position + 1] == "{" else 0
            position = inside or position
            out.append(tex[match.start() : position])
            continue
        role = "elbo" if match["elbo"] else "kl" if match["kl"] else None
        if match["density"]:
            position = _end_of_call(tex, position)
            role = _density(tex[match.start() : position])
        text = tex[match.start() : position]
        out.append(painted(text, role) if role else text)
    return "".join([*out, tex[position:]])


def painted(tex, role):
    r"""``{\textcolor{#A35CAF}{q(z)}}``: a piece of a formula in the colour of a role."""
    return rf"{{\textcolor{{{palette.colour(role)}}}{{{tex}}}}}"


def _density(call):
    """Whose colour a density has: every q's; of the p's that of z given x, and a bare p."""
    if call.startswith("q"):
        return "q"
    left, bar, right = re.sub(r"\\mid|\\vert", "|", call).partition("|")
    inverted = bar and re.search(r"[zsw]|theta|beta", left) and re.search(r"[xw]", right)
    return "posterior" if inverted or "(" not in call else None


def _end_of_call(tex, position):
    opening = CALL.match(tex, position)
    if not opening:
        return position
    end = _closing(tex, opening.end() - 1, "(", ")")
    inside = tex[position:end]
    fits = "&" not in inside and r"\\" not in inside and inside.count("{") == inside.count("}")
    return end if end and fits else position


def _closing(tex, start, opening, closing):
    """The place after the bracket that closes the one at ``start``; 0 where none does."""
    depth = 0
    for place in range(start, len(tex)):
        depth += (tex[place] == opening) - (tex[place] == closing)
        if depth == 0:
            return place + 1
    return 0


def derivation(lines, values, *, numbers=(), digits=4, unit="nats", bars=True):
    r"""A derivation whose every line has its number for the running example at its right.

    lines: LaTeX, aligned at ``&``. values: a number per line, None where a line has none.
    numbers: the equations' numbers, "3a.1". bars: beside each number a bar, dark where it is still
    the first line's, else blue up to the value and orange for what was lost: one sees the drop.
    Tag the cell "stepwise" and each line comes with its number.

        show.derivation([r"\log p(x) &= \log \sum_z p(x, z)",
                         r"&\geq \mathbb{E}_q[\log p(x, z) - \log q(z)]"],
                        [log_evidence, elbo], numbers=["3a.1", "3a.2"])
    """
    from helpers.arguments import real_array  # decks and pages, which only colour, need no SciPy
    from helpers.show.boxes import Box

    for name, given in (("values", values), ("numbers", numbers)):
        if len(given) != len(lines) and (given or name == "values"):
            raise ValueError(f"{name}: expected one per line, {len(lines)}, got {len(given)}")
    known = real_array("values", [v for v in values if v is not None], ndim=1)
    rows, plain = [], []
    for i, (line, value) in enumerate(zip(lines, values, strict=True)):
        tag = rf" \tag{{{numbers[i]}}}" if numbers else ""
        written = "" if value is None else f"{value:.{digits}f}"
        shown = rf" && {_bar(value, known) if bars else ''}\ {written}" if written else " &&"
        said = rf"\ \text{{{unit}}}" if written and i == 0 else ""
        rows.append(_coloured(line if "&" in line else "& " + line) + shown + said + tag)
        plain.append(f"{line.replace('&', '')}    {written}")
    body = " \\\\\n".join(rows)
    latex = f"$$\\begin{{align*}}\n{body}\n\\end{{align*}}$$"
    return Box(latex, "\n".join(plain), "text/markdown")


def _bar(value, known):
    """What is left of the first value, and what was lost since, as two rules."""
    top, bottom = known[0], known.min()
    per_nat = WIDEST / ((top - bottom) * 3 or 1)
    lost = min((top - value) * per_nat, WIDEST)
    rule = r"\rule{{{:.2f}em}}{{0.6em}}".format
    if lost <= 0.005:
        return painted(rule(WIDEST), "evidence")
    return painted(rule(WIDEST - lost), "elbo") + painted(rule(lost), "kl")
