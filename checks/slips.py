"""Slips of the pen inside a formula: plus for minus, mean for sum, log2 for log, a lost term.

The source of the reference is taken apart and put together again with one thing changed at a time;
each change is a wrong answer with its own sentence. That covers what nobody thought of when the
task was written.
"""

import ast
import copy
import functools
import inspect
import textwrap

import numpy as np
from scipy import special

from checks.sentences import say

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
FUNCTIONS = (
    {name: getattr(np, name) for name in _NUMPY}
    | {
        name: getattr(special, name)
        for name in ("digamma", "gammaln", "logsumexp", "softmax", "expit", "entr", "rel_entr")
    }
    | {"roll": lambda x: np.roll(x, 1, axis=0)}
)
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
    found = []
    for place, node in enumerate(ast.walk(tree)):
        for name, parts, change in _changes(node, arguments):
            made = _built(_with(tree, place, change), function)
            if made is not None:
                where = {"where": _somewhere(node, arguments)} | parts
                found.append((name, say(f"slip_{name}", **where), made))
    found += [*_everywhere(tree, function), *_in_a_statement(tree, function)]
    # A lost factor of 2 is named as such, where there is one, rather than as a term counted twice.
    found.sort(key=lambda slip: slip[0] in ("twice", "half"))
    return tuple(slip[1:] for slip in found)


def _with(tree, place, change):
    """A copy of the tree with one node changed."""
    tree = copy.deepcopy(tree)
    old = next(node for k, node in enumerate(ast.walk(tree)) if k == place)
    new = change(old)
    return _Replace(lambda node: node is old, lambda node: new).visit(tree)


class _Replace(ast.NodeTransformer):
    def __init__(self, chosen, change):
        self._chosen, self._change = chosen, change

    def visit(self, node):
        chosen = self._chosen(node)
        node = self.generic_visit(node)
        return self._change(node) if chosen else node


def _built(tree, function):
    scope = dict(function.__globals__) | {f"_{k}_": f for k, f in FUNCTIONS.items()}
    try:
        code = compile(ast.fix_missing_locations(ast.Module([tree], [])), "slip", "exec")
        exec(code, scope)
    except (SyntaxError, ValueError, TypeError, NameError):
        return None
    return scope[tree.name]


def _everywhere(tree, function):
    """One function taken for another wherever it is called."""
    names = [_name_of(n) for n in ast.walk(tree) if isinstance(n, ast.Call)]
    for name in sorted({n for n in names if names.count(n) > 1}):
        for other in CONFUSED.get(name, ()):
            named = functools.partial(_is_call_of, name)
            rename = _Replace(named, functools.partial(_called, other))
            made = _built(rename.visit(copy.deepcopy(tree)), function)
            if made is not None:
                yield "confused", say("slip_confused", other=other, name=name, where=""), made


def _in_a_statement(tree, function):
    """All steps of a series made one that goes round, or all entries 0 and 1 exchanged."""
    for place, node in enumerate(ast.walk(tree)):
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Return)):
            continue
        for name, change in (("wraps", _goes_round), ("entries", _entries_exchanged)):
            changed = change(copy.deepcopy(node))
            if ast.dump(changed) != ast.dump(node):
                made = _built(_with(tree, place, lambda _, new=changed: new), function)
                if made is not None:
                    yield name, say(f"slip_{name}"), made


def _goes_round(statement):
    """x[:-1] with x[1:] as x rolled by one with x."""
    parts = [n for n in ast.walk(statement) if isinstance(n, ast.Subscript)]
    before = {ast.dump(n.value): n for n in parts if ast.unparse(n.slice) == ":-1"}
    after = {ast.dump(n.value): n for n in parts if ast.unparse(n.slice) == "1:"}
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        rolled = _call("roll", old.value)
        statement = _Replace(lambda n, old=old: n is old, lambda _, r=rolled: r).visit(statement)
        statement = _Replace(lambda n, new=new: n is new, lambda n: n.value).visit(statement)
    return statement


def _entries_exchanged(statement):
    both = {n.value for s in _slices(statement) for n in ast.walk(s) if isinstance(n, ast.Constant)}
    if {0, 1} <= both:
        for node in (n for s in _slices(statement) for n in ast.walk(s)):
            if isinstance(node, ast.Constant) and node.value in (0, 1):
                node.value = 1 - node.value
    return statement


def _slices(statement):
    return [n.slice for n in ast.walk(statement) if isinstance(n, ast.Subscript)]


def _is_call_of(name, node):
    return isinstance(node, ast.Call) and _name_of(node) == name


# ---------------------------------------------------------------- what can go wrong where


def _changes(node, arguments):
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
    kind, left, right = type(node.op), _which(node.left, arguments), _which(node.right, arguments)
    for (asked, wrong), name in OPERATORS.items():
        if kind is asked:
            yield name, {}, lambda n, wrong=wrong: ast.BinOp(n.left, wrong(), n.right)
    missing = MISSING.get(kind)
    if missing:
        power = kind is ast.Pow
        yield missing, {} if power else {"where": right}, lambda n: n.left
        yield missing, {} if power else {"where": left}, lambda n: n.right
    if kind in (ast.Add, ast.Sub):
        yield from _of_terms(left, right)
    if kind is ast.Sub:
        yield "no_term", {"where": left}, lambda n: ast.UnaryOp(ast.USub(), n.right)
        yield "absolute", {}, lambda n: _call("abs", n)
        yield "squared", {}, lambda n: _call("square", n)
    if kind is ast.Div:
        yield missing, {"where": left}, lambda n: ast.BinOp(ast.Constant(1.0), n.op, n.right)
    if kind in (ast.Sub, ast.Div):
        yield "wrong_way", {}, lambda n: ast.BinOp(n.right, n.op, n.left)


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
    name, method = _name_of(node), _is_method(node)
    if name in ("range", "arange") and node.args:
        yield "starts_late", {}, lambda n: _range(n, late=True)
        yield "ends_early", {}, lambda n: _range(n, late=False)
    inner = node.args[0] if len(node.args) == 1 else None
    parts = {"name": name}
    if name in ("sqrt", "log", "exp") and isinstance(inner, ast.BinOp):
        for side in ("left", "right"):
            yield "partly", parts, lambda n, side=side: _partly(n, side)
    for other in CONFUSED.get(name, ()):
        yield "confused", parts | {"other": other}, functools.partial(_called, other)
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


def _somewhere(node, arguments):
    """The arguments that a small part of the formula is about, to say where the slip is."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & set(arguments)
    if isinstance(node, ast.Name) or not 0 < len(names) <= 2:
        return ""
    return say("slip_somewhere", names=_listed(names, arguments))


def _which(lost, arguments):
    """The part of a formula that is lost, by the arguments and the best known functions in it."""
    if isinstance(lost, ast.Constant) and isinstance(lost.value, (int, float)):
        return say("slip_the_number", number=f"{lost.value:g}")
    names = _listed({n.id for n in ast.walk(lost) if isinstance(n, ast.Name)}, arguments)
    called = {_name_of(n) for n in ast.walk(lost) if isinstance(n, ast.Call)}
    function = next((c for c in ("log", "gammaln", "digamma", "exp") if c in called), "")
    if function:
        kind = "slip_the_one_with_function" if names else "slip_the_function"
        return say(kind, function=function, names=names)
    if names:
        return say("slip_the_one_with", names=names)
    local = next((n.id for n in ast.walk(lost) if isinstance(n, ast.Name) and len(n.id) > 3), "")
    return say("slip_called", name=local) if local else ""


def _listed(names, arguments):
    return f" {say('slip_and')} ".join(f"`{a}`" for a in arguments if a in names)


def _name_of(call):
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _is_method(call):
    modules = ("np", "numpy", "special", "scipy")
    return isinstance(call.func, ast.Attribute) and not (
        isinstance(call.func.value, ast.Name) and call.func.value.id in modules
    )


def _call(name, argument):
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


def _called(other, node):
    first = [node.func.value] if _is_method(node) else []
    return ast.Call(ast.Name(f"_{other}_", ast.Load()), first + node.args, node.keywords)


def _summed(node, start, stop):
    """The call of a sum, over a part of what is summed."""
    method = _is_method(node)
    whole = node.func.value if method else node.args[0]
    cut = ast.Subscript(whole, ast.Slice(start, stop), ast.Load())
    if method:
        return ast.Call(ast.Attribute(cut, node.func.attr, ast.Load()), node.args, node.keywords)
    return ast.Call(node.func, [cut, *node.args[1:]], node.keywords)
