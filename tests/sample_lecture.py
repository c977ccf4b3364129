"""A lecture that uses everything a deck can show; the tests render it, and break it on purpose."""

from nbformat import v4

JENSEN = r"""## VI derivation I

$$\begin{aligned}
\log p(x) &= \log \left( \int p(x, z)\, dz \right) \\
&= \log \left( \int \textcolor{red}{q(z)} \frac{p(x, z)}{\textcolor{red}{q(z)}}\, dz \right) \\
&= \log \left( \mathbb{E}_{q(z)} \left[ \frac{p(x, z)}{\textcolor{red}{q(z)}} \right] \right) \\
&\geq \mathbb{E}_{q(z)} \left[ \log \frac{p(x, z)}{\textcolor{red}{q(z)}} \right]
\end{aligned}$$
"""
NUMBERED = r"""## VI derivation II

$$\begin{align*}
& \arg\max_{q(z)} - \mathrm{KL}(q(z) \parallel p(z \mid x)) \tag{3.1} \\
&= \arg\max_{q(z)} \int q(z) \log \frac{p(z, x)}{p(x) q(z)}\, dz \tag{3.2} \\
&= \arg\max_{q(z)} \mathbb{E}_{q(z)}[\log p(x, z)] + \mathbb{H}(q(z))
   - \overbrace{\log p(x)}^{\text{constant}} \tag{3.3}
\end{align*}$$
"""
BAYES = r"""## Bayes' rule

We can *invert* a conditional probability distribution.

$$\underbrace{p(z \mid x)}_{\text{posterior}}
= \frac{\overbrace{p(x \mid z)}^{\text{likelihood}}\ \overbrace{p(z)}^{\text{prior}}}
       {\underbrace{p(x)}_{\text{marginal likelihood, or evidence}}}$$
"""
LIST = r"""## Recap: KL divergence

The **Kullback-Leibler divergence** measures how far $q$ is from $p$.

- $\mathrm{KL}(q \parallel p) \geq 0$, with equality iff $q = p$
- it is $\infty$ if somewhere $p(z \mid x) = 0$ and $q(z) > 0$:
  - an inner item comes with its outer one
- it is not symmetric

> **Intuition.** A small divergence means a *faithful* approximation, see
> [the bound](03a_jensen.ipynb).
"""
TABLE = r"""## Four ways to one posterior

| model | latent variables | exact inference |
|:--|:--|:--|
| FHMM | $M$ chains of $T$ steps | $\mathcal{O}(T M L^{M+1})$ |
| LDA | $D$ mixtures, $DN$ topics | intractable |
| LFDM | $K$ binary factors | $\mathcal{O}(2^K)$ |

$$Z = \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}, \qquad
f(z) = \begin{cases} 1 & z > 0 \\ 0 & \text{else} \end{cases}$$
"""
NOTE = r"Ask (2 min): which way round is the divergence $\mathrm{KL}(q \parallel p)$? Draw both."
SVG = """<?xml version="1.0" encoding="utf-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="720pt" height="324pt" viewBox="0 0 720 324">
<metadata>nothing to see</metadata>
<defs><clipPath id="p1"><rect width="720" height="324"/></clipPath></defs>
<g clip-path="url(#p1)">
<path d="M20 300 C200 300 220 40 300 40 S400 300 700 300"
 fill="#2453B4" fill-opacity=".2" stroke="#2453B4" stroke-width="4"/>
<g id="step-1"><circle cx="300" cy="40" r="14" fill="#A35CAF"/></g>
<g id="step-2"><path d="M300 40 V300" stroke="#A35CAF"
 stroke-width="4" stroke-dasharray="10 4"/></g>
</g></svg>"""
WIDGET = """<div class="demo"><p><label for="demo-m">mean of q</label>
<input id="demo-m" type="range" min="0" max="10" value="3">
<output id="demo-o">KL 3</output></p></div>
<script type="module">
const slider = document.getElementById("demo-m");
slider.addEventListener("input", () => {
  document.getElementById("demo-o").textContent = `KL ${slider.value}`;
});
</script>"""
CODE = """from helpers.densities import Normal, kl_divergence

q, p = Normal(0.0, 1.0), Normal(1.0, 2.0)
print(f"KL(q || p) = {kl_divergence(q, p):.4f} nats")
print(f"KL(p || q) = {kl_divergence(p, q):.4f} nats")"""


def markdown(source, kind, *tags, **metadata):
    """A Markdown cell with a slide type, tags and further metadata."""
    return _dress(v4.new_markdown_cell(source), kind, tags, metadata)


def code(source, kind, *tags, outputs=(), count=1, **metadata):
    """An executed code cell with a slide type, tags and further metadata."""
    cell = v4.new_code_cell(source, execution_count=count, outputs=list(outputs))
    return _dress(cell, kind, tags, metadata)


def printed(text):
    """What a cell printed."""
    return v4.new_output("stream", name="stdout", text=text)


def shown(data, **metadata):
    """What a cell displayed."""
    return v4.new_output("display_data", data=data, metadata=metadata)


def lecture():
    """The sample lecture, a new one at each call."""
    svg = {"image/svg+xml": SVG, "text/plain": "<Figure size 1000x450 with 1 Axes>"}
    narrow = {
        "image/svg+xml": SVG.replace('width="720pt" height="324pt"', 'width="390pt" height="176pt"')
    }
    plain = {"image/svg+xml": SVG.replace('id="step-', 'id="part-')}
    verdict = printed("KL(q || p) = 0.4431 nats\nKL(p || q) = 1.3069 nats\n")
    cells = [
        markdown("# Variational inference\n\nA lecture that uses everything", "slide"),
        markdown("What you will learn, for readers only.", "skip"),
        markdown(NOTE, "notes"),
        markdown(BAYES, "slide", "stepwise-braces", braces=[2, 1, 1, 3]),
        markdown(JENSEN, "slide", "stepwise"),
        markdown("We have derived a **lower bound** on the log evidence.", "fragment"),
        markdown("It continues the fragment, and so does its note.", "-"),
        markdown("Say it again (1.5 min).", "notes"),
        markdown(NUMBERED, "subslide", "stepwise"),
        markdown(LIST, "slide", "stepwise"),
        markdown(TABLE, "slide", "stepwise"),
        markdown("## A figure", "slide"),
        code("figures.hump()", "-", "stepwise", outputs=[shown(svg)], alt="A hump over z"),
        markdown("## A sequence of figures", "slide"),
        code(
            "figures.both()",
            "-",
            "stepwise",
            outputs=[shown(plain), shown(plain)],
            alt=["First", "Second"],
        ),
        markdown("## Words and a figure", "slide"),
        markdown("- a claim\n- its evidence", "-", "stepwise"),
        code("figures.hump()", "fragment", "beside", outputs=[shown(narrow, alt="The hump again")]),
        markdown("## Move it", "slide"),
        code("interactive.gap()", "-", outputs=[shown({"text/html": WIDGET, "text/plain": "Gap"})]),
        markdown("## In code", "slide"),
        code(CODE, "-", "show-input", outputs=[verdict]),
        code("assert kl_divergence(q, p) > 0", "-"),
        code("1 / 0", "-", "raises-exception", outputs=[_error()]),
    ]
    for count, cell in enumerate((c for c in cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
    return v4.new_notebook(cells=cells, metadata={"title": "Variational inference"})


def _dress(cell, kind, tags, metadata):
    cell.metadata.update(metadata)
    cell.metadata["slideshow"] = {"slide_type": kind}
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


def _error():
    return v4.new_output(
        "error", ename="ZeroDivisionError", evalue="division by zero", traceback=[]
    )
