"""What can go wrong at one place of a formula: its node in the syntax tree, changed.

Plus for minus, mean for sum, log2 for log, a lost term. :mod:`checks.slips` tries each.
"""

import ast
import functools

import numpy as np
from scipy import special

from checks.sentences import article, say

OPERATORS = {
    (ast.Add, ast.Sub): "minus_for_plus",
    (ast.Sub, ast.Add): "plus_for_minus",
    (ast.Mult, ast.Div): "divided",
    (ast.Div, ast.Mult): "multiplied",
    (ast.Mult, ast.Add): "added",
    (ast.Pow, ast.Mult): "exponent",
}
MISSING = {
    ast.Add: "no_term",
    ast.Sub: "no_term",
    ast.Mult: "no_factor",
    ast.MatMult: "no_factor",
    ast.Div: "no_division",
    ast.Pow: "no_power",
}
_NUMPY = ("log", "log2", "exp", "sum", "mean", "max", "min", "prod", "sqrt", "square", "cumsum",
          "argmax", "argmin", "var", "std", "abs", "log1p", "median")  # fmt: skip
_SPECIAL = ("digamma", "gamma", "gammaln", "logsumexp", "softmax", "expit", "entr", "rel_entr")
FUNCTIONS = (
    {name: getattr(np, name) for name in _NUMPY}
    | {name: getattr(special, name) for name in _SPECIAL}
    | {"roll": lambda x: np.roll(x, 1, axis=0)}
)
CONFUSED = {
    "log": ("exp", "log2", "log1p", "digamma"), "exp": ("log",), "sum": ("mean", "max", "prod"),
    "mean": ("sum", "max", "median"), "digamma": ("log", "gammaln"), "psi": ("log", "gammaln"),
    "gammaln": ("log", "digamma", "gamma"), "sqrt": ("square",), "square": ("sqrt",),
    "max": ("min", "sum"), "min": ("max",), "argmax": ("argmin", "max"),
    "logsumexp": ("sum", "max", "mean"), "cumsum": ("sum",), "var": ("std",),
    "std": ("var",), "softmax": ("exp", "expit"), "expit": ("exp", "softmax"),
    "log1p": ("log", "sqrt"), "tanh": ("expit",), "entr": ("log",), "prod": ("sum",),
    "abs": ("square",),
}  # fmt: skip
BEST_KNOWN = ("logsumexp", "entr", "log", "gammaln", "digamma", "exp")  # they tell a term by name
TOGETHER, EACH = ("sum", "mean"), ("log", "exp", "gammaln", "digamma", "square", "sqrt")


def changes(node, arguments):
    """Triples (name of the sentence, its parts, what stands there instead of the node)."""
    if isinstance(node, ast.BinOp):
        yield from _of_operator(node, arguments)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "no_minus", {}, lambda n: n.operand
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "no_transpose", {}, lambda n: n.value
    elif isinstance(node, ast.keyword) and node.arg == "axis":
        yield from _of_axis(node)
    elif isinstance(node, ast.Name) and node.id in arguments and isinstance(node.ctx, ast.Load):
        for other in arguments:
            if other != node.id:
                parts = {"other": other, "name": node.id}
                yield "other_argument", parts, lambda n, other=other: ast.Name(other, ast.Load())
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value:
        parts = {"number": f"{node.value:g}"}
        yield "no_number", parts, lambda n: ast.Constant(type(n.value)(1))
        yield "number_larger", parts, lambda n: ast.Constant(n.value + 1)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name):
        yield "index", {}, lambda n: ast.Subscript(n.value, _shifted(n.slice, ast.Sub), n.ctx)
        yield "first_index", {}, lambda n: ast.Subscript(n.value, ast.Constant(0), n.ctx)
    elif isinstance(node, ast.Slice) and (node.lower or node.upper):
        yield "slice", {}, lambda n: ast.Slice()


def _of_operator(node, arguments):
    kind, left = type(node.op), _which(node.left, arguments, node.right)
    right = _which(node.right, arguments, node.left)
    for (asked, wrong), name in OPERATORS.items():
        if kind is asked:
            yield name, {}, lambda n, wrong=wrong: ast.BinOp(n.left, wrong(), n.right)
    missing = MISSING.get(kind)
    if missing:
        power, quotient = kind is ast.Pow, kind is ast.Div
        lost = "not_normalised" if quotient and _is_total(node.right, node.left) else missing
        yield lost, {} if power else {"where": right}, lambda n: n.left
        lost = "no_numerator" if quotient else missing
        yield lost, {} if power else {"where": left}, lambda n: n.right
    if kind in (ast.Add, ast.Sub):
        yield from _of_terms(left, right)
    if kind is ast.Sub:
        yield "no_term", {"where": left}, lambda n: ast.UnaryOp(ast.USub(), n.right)
        yield "absolute", {}, lambda n: call_of_own("abs", n)
        yield "squared", {}, lambda n: call_of_own("square", n)
    if kind is ast.Div:
        yield missing, {"where": left}, lambda n: ast.BinOp(ast.Constant(1.0), n.op, n.right)
    if kind in (ast.Sub, ast.Div):
        yield "wrong_way", {}, lambda n: ast.BinOp(n.right, n.op, n.left)


def _is_total(total, part):
    """Is this ``part.sum()`` or ``np.sum(part)``?"""
    called = isinstance(total, ast.Call) and name_of(total) == "sum"
    return called and ast.dump(_argument(total)) == ast.dump(part)


def _of_terms(left, right):
    """One term of a sum with another factor."""
    yield "sign", {"where": left}, lambda n: ast.BinOp(_times(-1.0, n.left), n.op, n.right)
    for name, factor in (("twice", 2.0), ("half", 0.5)):
        yield name, {"where": left}, lambda n, f=factor: ast.BinOp(_times(f, n.left), n.op, n.right)
        yield (
            name,
            {"where": right},
            lambda n, f=factor: ast.BinOp(n.left, n.op, _times(f, n.right)),
        )


def _of_call(node):
    name, method = name_of(node), _is_method(node)
    if name in ("range", "arange") and node.args:
        yield "starts_late", {}, lambda n: _range(n, late=True)
        yield "ends_early", {}, lambda n: _range(n, late=False)
    inner = node.args[0] if len(node.args) == 1 else None
    parts = {"name": name, "article": article(name)}
    if name in ("sqrt", "log", "exp") and isinstance(inner, ast.BinOp):
        for side in ("left", "right"):
            yield "partly", parts, lambda n, side=side: _partly(n, side)
    within = name_of(_argument(node)) if isinstance(_argument(node), ast.Call) else ""
    if (name in TOGETHER and within in EACH) or (name in EACH and within in TOGETHER):
        if _argument(_argument(node)) is not None:
            yield "order", {"outer": name, "inner": within}, _swapped
    for other in CONFUSED.get(name, ()):
        yield "confused", parts | {"other": other}, functools.partial(called, other)
    if name in CONFUSED and (method or len(node.args) == 1):
        yield "no_call", parts, lambda n: n.func.value if method else n.args[0]
    if name in ("sum", "logsumexp"):
        yield "first_left_out", parts, lambda n: _summed(n, ast.Constant(1), None)
        yield "last_left_out", parts, lambda n: _summed(n, None, ast.Constant(-1))
    if len(node.args) == 2 and not method:
        yield "arguments", parts, lambda n: ast.Call(n.func, n.args[::-1], n.keywords)


def _of_axis(node):
    try:
        given = ast.literal_eval(node.value)
    except ValueError:
        return
    for axis in {0, 1, -1, None} - {given}:
        yield "axis", {}, lambda n, axis=axis: ast.keyword("axis", ast.Constant(axis))


# ---------------------------------------------------------------- parts of a formula


def somewhere(node, arguments):
    """The arguments that a small part of the formula is about, to say where the slip is."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & set(arguments)
    if isinstance(node, ast.Name) or not 0 < len(names) <= 2:
        return ""
    return say("slip_somewhere", names=_listed(names, arguments))


def _which(lost, arguments, beside):
    """The part of a formula that is lost, by the arguments and the best known functions in it."""
    if isinstance(lost, ast.Constant) and isinstance(lost.value, (int, float)):
        number = say("slip_the_number", number=f"{lost.value:g}")
        known = isinstance(beside, ast.Name) and beside.id in arguments
        return number + (say("slip_beside", name=beside.id) if known else "")
    names = _listed({n.id for n in ast.walk(lost) if isinstance(n, ast.Name)}, arguments)
    called = {name_of(n) for n in ast.walk(lost) if isinstance(n, ast.Call)}
    function = next((c for c in BEST_KNOWN if c in called), "")
    if function:
        kind = "slip_the_one_with_function" if names else "slip_the_function"
        return say(kind, function=function, names=names)
    return say("slip_the_one_with", names=names) if names else ""


def _listed(names, arguments):
    return f" {say('slip_and')} ".join(f"`{a}`" for a in arguments if a in names)


def name_of(call):
    """The name of what is called: "log" of np.log(x)"""
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _is_method(call):
    modules = ("np", "numpy", "special", "scipy")
    return isinstance(call.func, ast.Attribute) and not (
        isinstance(call.func.value, ast.Name) and call.func.value.id in modules
    )


def call_of_own(name, argument):
    """A call of one of FUNCTIONS."""
    return ast.Call(ast.Name(f"_{name}_", ast.Load()), [argument], [])


def _times(factor, term):
    return ast.BinOp(ast.Constant(factor), ast.Mult(), term)


def _shifted(index, operator):
    return ast.BinOp(index, operator(), ast.Constant(1))


def _range(node, late):
    first, stop = node.args[:2] if len(node.args) > 1 else (ast.Constant(0), node.args[0])
    ends = [_shifted(first, ast.Add), stop] if late else [first, _shifted(stop, ast.Sub)]
    return ast.Call(node.func, [*ends, *node.args[2:]], node.keywords)


def _partly(node, side):
    """log(a + b) as log(a) + b, or a + log(b)."""
    whole = node.args[0]
    part = {side: ast.Call(node.func, [getattr(whole, side)], [])}
    return ast.BinOp(part.get("left", whole.left), whole.op, part.get("right", whole.right))


def called(other, node):
    """The same call of another function."""
    first = [node.func.value] if _is_method(node) else []
    return ast.Call(ast.Name(f"_{other}_", ast.Load()), first + node.args, node.keywords)


def _summed(node, start, stop):
    """The call of a sum, over a part of what is summed."""
    return _of(node, ast.Subscript(_argument(node), ast.Slice(start, stop), ast.Load()))


def _swapped(node):
    """sum(log(x)) as log(sum(x))."""
    return _of(_argument(node), _of(node, _argument(_argument(node))))


def _argument(call):
    """What a function is called with first, x also in x.sum(); None where there is nothing."""
    return call.func.value if _is_method(call) else next(iter(call.args), None)


def _of(call, argument):
    """The same call with another first argument."""
    if _is_method(call):
        method = ast.Attribute(argument, call.func.attr, ast.Load())
        return ast.Call(method, call.args, call.keywords)
    return ast.Call(call.func, [argument, *call.args[1:]], call.keywords)
