"""Slips of the pen inside a formula: plus for minus, mean for sum, log2 for log, a lost term.

The source of the reference is taken apart and put together again with one thing changed at a time;
each change is a wrong answer with its own sentence. That covers what nobody thought of when the
catalogue of a task was written.
"""

import ast
import copy
import functools
import inspect
import textwrap

import numpy as np
from scipy import special

OPERATORS = {
    (ast.Add, ast.Sub): "a minus stands where a plus belongs",
    (ast.Sub, ast.Add): "a plus stands where a minus belongs",
    (ast.Mult, ast.Div): "something is divided by where it should be multiplied with",
    (ast.Div, ast.Mult): "something is multiplied with where it should be divided by",
    (ast.Mult, ast.Add): "two things are added that should be multiplied",
    (ast.Pow, ast.Mult): "something is multiplied by the exponent instead of raised to it",
}
MISSING = {
    ast.Add: "a term is missing",
    ast.Sub: "a term is missing",
    ast.Mult: "a factor is missing",
    ast.MatMult: "a factor is missing",
    ast.Div: "a division is missing (or what is divided)",
    ast.Pow: "a power, a square say, is missing",
}
_NUMPY = ("log", "log2", "exp", "sum", "mean", "max", "min", "prod", "sqrt", "square", "cumsum",
          "argmax", "argmin", "var", "std", "abs", "log1p", "median")  # fmt: skip
FUNCTIONS = {name: getattr(np, name) for name in _NUMPY} | {
    name: getattr(special, name)
    for name in ("digamma", "gammaln", "logsumexp", "softmax", "expit", "entr", "rel_entr")
}
CONFUSED = {
    "log": ("exp", "log2", "log1p", "digamma"), "exp": ("log",), "sum": ("mean", "max", "prod"),
    "mean": ("sum", "max", "median"), "digamma": ("log", "gammaln"), "psi": ("log", "gammaln"),
    "gammaln": ("log", "digamma"), "sqrt": ("square",), "square": ("sqrt",), "max": ("min", "sum"),
    "min": ("max",), "argmax": ("argmin", "max"), "logsumexp": ("sum", "max", "mean"),
    "cumsum": ("sum",), "var": ("std",), "std": ("var",), "softmax": ("exp", "expit"),
    "expit": ("exp", "softmax"), "log1p": ("log", "sqrt"), "tanh": ("expit",),
    "entr": ("log",), "prod": ("sum",), "abs": ("square",),
}  # fmt: skip


@functools.lru_cache(maxsize=256)
def slips(function):
    """Tuples (sentence, function) for every single slip in the source of ``function``.

    Empty where the source is not that of a plain `def`, or holds a loop that might not end then.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return ()
    loops = any(isinstance(node, (ast.While, ast.Yield)) for node in ast.walk(tree))
    if not isinstance(tree, ast.FunctionDef) or not inspect.isfunction(function) or loops:
        return ()
    if function.__code__.co_freevars:
        return ()
    arguments = [a.arg for a in tree.args.args]
    count = sum(1 for _ in ast.walk(tree))
    found = []
    for place in range(count):
        original = _node(tree, place)
        for words, change in _changes(original, arguments):
            made = _compiled(tree, place, change, function)
            if made is not None:
                where = "" if ", the " in words else _where(original, arguments)
                found.append((words + where, made))
    found += _everywhere(tree, function)
    # A lost factor of 2 is named as such, where there is one, rather than as a term counted twice.
    return tuple(sorted(found, key=lambda slip: slip[0].startswith("a term counts")))


def _everywhere(tree, function):
    """One function taken for another wherever it is called."""
    names = [_name_of(n) for n in ast.walk(tree) if isinstance(n, ast.Call)]
    found = []
    for name in sorted({n for n in names if names.count(n) > 1}):
        for other in CONFUSED.get(name, ()):
            changed = _Rename(name, other).visit(copy.deepcopy(tree))
            made = _built(changed, function)
            if made is not None:
                found.append((f"`{other}` stands where `{name}` belongs", made))
    return found


class _Rename(ast.NodeTransformer):
    def __init__(self, name, other):
        self._name, self._other = name, other

    def visit_Call(self, node):
        self.generic_visit(node)
        if _name_of(node) != self._name:
            return node
        method = isinstance(node.func, ast.Attribute) and not _is_module(node.func.value)
        return _called(node, self._other, method)


def _name_of(call):
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _node(tree, place):
    return next(node for k, node in enumerate(ast.walk(tree)) if k == place)


def _where(node, arguments):
    """The arguments that a small part of the formula is about, to say where the slip is."""
    if isinstance(node, ast.Name):
        return ""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in arguments}
    inside = [f"`{a}`" for a in arguments if a in names]
    return f", somewhere at {' and '.join(inside)}" if 0 < len(inside) <= 2 else ""


def _compiled(tree, place, change, function):
    tree = copy.deepcopy(tree)
    old = _node(tree, place)
    new = change(old)
    return _built(new if old is tree else _Replace(old, new).visit(tree), function)


def _built(tree, function):
    scope = dict(function.__globals__) | {f"_{k}_": f for k, f in FUNCTIONS.items()}
    try:
        code = compile(ast.fix_missing_locations(ast.Module([tree], [])), "slip", "exec")
        exec(code, scope)
    except (SyntaxError, ValueError, TypeError, NameError):
        return None
    return scope[tree.name]


class _Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self._old, self._new = old, new

    def visit(self, node):
        return self._new if node is self._old else self.generic_visit(node)


# ---------------------------------------------------------------- what can go wrong where


def _changes(node, arguments):
    """Pairs (sentence, function from the node to what stands there instead)."""
    if isinstance(node, ast.BinOp):
        yield from _of_operator(node, arguments)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "a minus sign is missing", lambda n: n.operand
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "a transpose is missing", lambda n: n.value
    elif isinstance(node, ast.keyword) and node.arg == "axis":
        yield from _of_axis(node)
    elif isinstance(node, ast.Name) and node.id in arguments and isinstance(node.ctx, ast.Load):
        for other in arguments:
            if other != node.id:
                words = f"`{other}` stands in one place where `{node.id}` belongs"
                yield words, lambda n, other=other: ast.Name(other, ast.Load())
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value:
        yield f"the number {node.value:g} is left out", lambda n: ast.Constant(type(n.value)(1))
        words = f"a number is one larger than {node.value:g}"
        yield words, lambda n: ast.Constant(n.value + 1)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name):
        earlier = "an index is one too small"
        yield earlier, lambda n: ast.Subscript(n.value, _less_one(n.slice), n.ctx)
        fixed = "the first entry is taken in one place whatever the index is"
        yield fixed, lambda n: ast.Subscript(n.value, ast.Constant(0), n.ctx)
    elif isinstance(node, ast.Slice) and (node.lower or node.upper):
        yield "a slice takes all where one end should be left out", lambda n: ast.Slice()


def _of_operator(node, arguments):
    for (right, wrong), words in OPERATORS.items():
        if isinstance(node.op, right):
            yield words, lambda n, wrong=wrong: ast.BinOp(n.left, wrong(), n.right)
    missing = MISSING.get(type(node.op))
    if missing:
        power = isinstance(node.op, ast.Pow)
        yield missing + ("" if power else _which(node.right, arguments)), lambda n: n.left
        yield missing + ("" if power else _which(node.left, arguments)), lambda n: n.right
    if isinstance(node.op, (ast.Add, ast.Sub)):
        yield from _of_terms(node, arguments)
    if isinstance(node.op, ast.Sub):
        yield missing + _which(node.left, arguments), lambda n: ast.UnaryOp(ast.USub(), n.right)
    if isinstance(node.op, ast.Sub):
        yield "a difference lost its sign, as an absolute value", lambda n: _call("abs", n)
        yield "a difference is squared", lambda n: _call("square", n)
    if isinstance(node.op, ast.Div):
        words = missing + _which(node.left, arguments)
        yield words, lambda n: ast.BinOp(ast.Constant(1.0), ast.Div(), n.right)
    if isinstance(node.op, (ast.Sub, ast.Div)):
        words = "a difference or a fraction is the wrong way round"
        yield words, lambda n: ast.BinOp(n.right, n.op, n.left)


def _less_one(index):
    return ast.BinOp(index, ast.Sub(), ast.Constant(1))


def _of_terms(node, arguments):
    """One term of a sum with another factor."""
    for words, factor in (
        ("a term has the wrong sign", -1.0),
        ("a term counts twice", 2.0),
        ("a term counts only half", 0.5),
    ):
        for side in ("left", "right"):
            if side == "right" and factor < 0:
                continue  # plus for minus
            where = _which(getattr(node, side), arguments)
            yield words + where, lambda n, side=side, factor=factor: _weighted(n, side, factor)


def _weighted(node, side, factor):
    weighted = ast.BinOp(ast.Constant(factor), ast.Mult(), getattr(node, side))
    both = {"left": node.left, "right": node.right} | {side: weighted}
    return ast.BinOp(both["left"], node.op, both["right"])


def _which(lost, arguments):
    """The part of a formula that is lost, by the arguments and the best known functions in it."""
    names = [n.id for n in ast.walk(lost) if isinstance(n, ast.Name)]
    inside = " and ".join(f"`{a}`" for a in arguments if a in names)
    called = [c for c in ("log", "gammaln", "digamma", "exp") if _calls(lost, c)]
    if isinstance(lost, ast.Constant) and isinstance(lost.value, (int, float)):
        return f", the number {lost.value:g}"
    if called:
        return f", the one with `{called[0]}`" + (f" of {inside}" if inside else "")
    return f", the one with {inside}" if inside else ""


def _calls(node, name):
    functions = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
    return any(name in (getattr(f, "attr", ""), getattr(f, "id", "")) for f in functions)


def _of_range(node):
    *start, stop = node.args[:2]
    one = ast.Constant(1)
    first = start[0] if start else ast.Constant(0)
    ends = {
        "a loop or a range starts one too late": (ast.BinOp(first, ast.Add(), one), stop),
        "a loop or a range ends one too early": (first, ast.BinOp(stop, ast.Sub(), one)),
    }
    for words, (begin, end) in ends.items():
        rest = node.args[2:]
        yield (
            words,
            lambda n, args=(begin, end, *rest): ast.Call(n.func, list(args), n.keywords),
        )


def _of_call(node):
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    method = isinstance(node.func, ast.Attribute) and not _is_module(node.func.value)
    if name in ("range", "arange") and node.args:
        yield from _of_range(node)
    inner = node.args[0] if len(node.args) == 1 else None
    if name in ("sqrt", "log", "exp") and isinstance(inner, ast.BinOp):
        words = f"the `{name}` covers only a part of what it should"
        yield words, lambda n: _with_left(n.args[0], lambda x: ast.Call(n.func, [x], []))
        yield words, lambda n: _with_right(n.args[0], lambda x: ast.Call(n.func, [x], []))
    for other in CONFUSED.get(name, ()):
        words = f"`{other}` stands where `{name}` belongs"
        yield words, lambda n, other=other: _called(n, other, method)
    if name in CONFUSED and (method or len(node.args) == 1):
        yield f"a `{name}` is missing", lambda n: n.func.value if method else n.args[0]
    if name in ("sum", "logsumexp"):
        for end, part in (("first", slice(1, None)), ("last", slice(None, -1))):
            words = f"the {end} entry (or row) is left out of a `{name}`"
            yield words, lambda n, part=part: _summed(n, part, method)
    if len(node.args) == 2 and not method:
        words = f"the two arguments of `{name}` are exchanged"
        yield words, lambda n: ast.Call(n.func, n.args[::-1], n.keywords)


def _is_module(node):
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "special", "scipy")


def _call(name, argument):
    return ast.Call(ast.Name(f"_{name}_", ast.Load()), [argument], [])


def _with_left(node, change):
    return ast.BinOp(change(node.left), node.op, node.right)


def _with_right(node, change):
    return ast.BinOp(node.left, node.op, change(node.right))


def _called(node, other, method):
    first = [node.func.value] if method else []
    return ast.Call(ast.Name(f"_{other}_", ast.Load()), first + node.args, node.keywords)


def _summed(node, part, method):
    """The call of a sum, over a part of what is summed."""
    whole = node.func.value if method else node.args[0]
    ends = [ast.Constant(end) for end in (part.start, part.stop)]
    cut = ast.Subscript(whole, ast.Slice(*ends), ast.Load())
    if method:
        return ast.Call(ast.Attribute(cut, node.func.attr, ast.Load()), node.args, node.keywords)
    return ast.Call(node.func, [cut, *node.args[1:]], node.keywords)


def _of_axis(node):
    try:
        given = ast.literal_eval(node.value)
    except ValueError:
        return
    for axis in {0, 1, -1, None} - {given}:
        words = "a sum (or the like) runs over the wrong axis"
        yield words, lambda n, axis=axis: ast.keyword("axis", ast.Constant(axis))
