"""An interactive figure: numbers from Python, drawn by a small ES module in the browser.

One object has two lives. With a kernel it is a widget; in exports, slides and on the site it
is a piece of HTML that carries the same module and the same tables, and asks nobody for
anything. Everything the hand moves is computed by the module alone, from the tables, so that
no slider waits for Python; the tests hold the module's numbers against Python's.
"""

import html
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from helpers.show import palette

IMPORT = re.compile(r'^import .* from "\./(\w+)\.js";$', re.MULTILINE)
HERE = Path(__file__).parent
# Texts, templates and regular expressions stay as they are; space around signs is not needed.
SPACES = re.compile(
    r'("(?:[^"\\]|\\.)*"'
    r"|`(?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\})*`"
    r"|/(?![ /*])(?:[^/\\\n]|\\.)+/(?=[.,)\]; ]))"
    r"| *(=>|[{(,;:=?<>*&|\[])\s*|\s*([})\]]) *| ?([-+/%]) (?![-+])"
)
ARROW = re.compile(r"(?<=[(,=:?>&|[])\((\w+)\)=>")
RENDER = "export default { render: ({ model, el }) => mount(el, figure, model.get('data')) };"
# By the module that mounts: its sheet, and the class under which the sheet's rules hold.
SHEETS = {"core": ("style.css", "vi-core"), "predict": ("predict.css", "vi-ask")}
# How JupyterLab, VS Code, the slides and the site say that their background is dark.
DARK_HOSTS = '[data-jp-theme-light="false"],.vscode-dark,[data-theme="dark"]'
SERIES = 5  # colours for topics: as many as a figure shows
DIGITS = 9  # of the tables: far finer than any pixel, and no longer than needed


@dataclass(frozen=True)
class Interactive:
    """A figure with its sliders.

    module: the name of the ES module that draws it.
    data: what the module gets: title, controls, presets, and tables. ``numbers``: {name: array},
        where they are looked up; the first axes are those of the controls' settings.
    compute: where they are computed: function of the settings (by name) giving a dict of numbers,
        the same that the module computes.
    """

    module: str
    data: dict
    compute: object = None

    def at(self, **settings):
        """The figure's numbers at these settings; the others stay at their start."""
        start = {control["name"]: control.get("value", 0) for control in self.data["controls"]}
        unknown = sorted(settings.keys() - start.keys())
        if unknown:
            raise ValueError(f"settings: no control named {unknown[0]!r}; there are {list(start)}")
        settings = start | settings
        if self.compute:
            return self.compute(**settings)
        place = tuple(settings.values())
        return {name: np.asarray(table)[place] for name, table in self.data["numbers"].items()}

    def __repr__(self):
        numbers = {k: round(v, 4) + 0 for k, v in self.at().items() if isinstance(v, float)}
        listed = ", ".join(f"{k.replace('_', ' ')} {v:.4f}" for k, v in numbers.items())
        return f"{self.data['title']}: {listed}"

    def still(self):
        """What stands there without JavaScript."""
        return f"<p>{html.escape(repr(self))}</p>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return bundle(self)


def bundle(figure):
    """What Jupyter shows: text, a page of its own, and with a kernel a widget."""
    found = {"text/plain": repr(figure), "text/html": page(figure)}
    shell = kernel_shell()
    if shell is None:
        return found
    from helpers.show.interactive import widget  # ipywidgets is slow to import

    data = clean(figure.data | {"html": figure.still()})
    view = widget.show(module_text(figure.module) + RENDER, data, shell)
    return found | {"application/vnd.jupyter.widget-view+json": view}


def kernel_shell():
    """The running IPython where it belongs to a Jupyter kernel; None elsewhere."""
    from IPython import get_ipython

    shell = get_ipython()
    return shell if hasattr(shell, "kernel") else None


def page(figure):
    """The figure as self-contained HTML.

    The same figure always gives the same text: its name is a hash of its content.
    """
    code, data = module_text(figure.module), json_text(clean(figure.data))
    name = sha256((code + data).encode()).hexdigest()[:12]
    return (
        f'<div class="vi-figure" data-figure="{name}">{figure.still()}</div>\n'
        f'<script type="module">\n{code}\n'
        f"const data={data};"
        "const find=(tries)=>{"
        f"const root=document.querySelector('[data-figure=\"{name}\"]:not([data-alive])');"
        "if(root)mount(root,figure,data);"
        "else if(tries)requestAnimationFrame(()=>find(tries-1))};find(60)</script>"
    )


@lru_cache
def module_text(name):
    """The figure's module, all that it imports and the style as one ES module, no comments."""
    names = _with_imports([name])
    host = "predict" if "predict" in names else "core"
    code = "\n".join(_code(imported) for imported in _with_imports([host, name]))
    style = json.dumps(_style(code, *SHEETS[host]), ensure_ascii=False)
    return f"let M=Math;{code}\nfigure.style={style};\n"


def _with_imports(names, seen=()):
    for name in names:
        if name not in seen:
            seen = (*_with_imports(IMPORT.findall(_read(f"{name}.js")), seen), name)
    return seen


def clean(value):
    """Tables and settings as plain numbers that JSON knows: infinity becomes None."""
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [clean(item) for item in value]
    if isinstance(value, float | np.floating):
        value = round(float(value), DIGITS) if np.isfinite(value) else None
    return int(value) if isinstance(value, float | np.integer) and value == int(value) else value


def json_text(value):
    """JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")


def _read(name):
    return (HERE / name).read_text(encoding="utf-8")


def _code(name):
    lines = [re.sub(r" +// .*", "", line).strip() for line in _read(f"{name}.js").splitlines()]
    kept = (line for line in lines if line and not line.startswith(("//", "import ")))
    code = "\n".join(line.removeprefix("export ") for line in kept)
    short = SPACES.sub(lambda found: found[found.lastindex], code)
    short = short.replace(";}", "}").replace(",}", "}")
    short = re.sub(r"\bconst\b", "let", short).replace("Math.", "M.")
    return ARROW.sub(r"\1=>", short)


def _style(code, sheet, kind):
    """The sheet's rules that the code has elements for, nested (& is the figure), and colours."""
    rules = re.sub(r"\s*([{};,])\s*|(:)\s+|\s+", lambda m: m[1] or m[2] or " ", _read(sheet))
    rules = re.sub(r"(?<=[ :(,])0(?=\.\d)", "", rules).replace(";}", "}")
    kept = [rule for rule in re.findall(r"[^{}]+{[^}]*}", rules) if _needed(rule, code)]
    names = dict.fromkeys(re.findall(r"var\(--([\w-]+)", "".join(kept)))
    if "var(--series-$" in code:
        names |= dict.fromkeys(f"series-{k}" for k in range(SERIES))
    light, dark = (
        "".join(f"--{name}:{shades[name]};" for name in names if name in shades)
        for shades in palette.on_both_backgrounds().values()
    )
    return f".{kind}{{{light}{''.join(kept)}}}:is({DARK_HOSTS}) .{kind}{{{dark}}}"


def _needed(rule, code):
    classes = re.findall(r"\.([a-z]+)", rule.split("{")[0])
    return not classes or any(re.search(rf"\b{name}\b", code) for name in classes)
