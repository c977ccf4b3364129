"""Slips of the pen inside a formula: plus for minus, mean for sum, log2 for log, a lost term.

The source of the reference is taken apart and put together again with one thing changed at a time,
by the rules in slips.txt; each change is a wrong answer with its own sentence. That covers what
nobody thought of when the task was written.
"""

import ast
import functools
import inspect
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import special

from checks.catalogue import read
from checks.reading import parsed
from checks.sentences import Claim, article, listed, say

RULES = Path(__file__).with_suffix(".txt")
BEST_KNOWN = ("logsumexp", "entr", "log", "gammaln", "digamma", "exp")  # they tell a term by name
METHODS = ("sum", "mean", "max", "min", "prod", "cumsum", "argmax", "argmin", "var", "std")
FUNCTIONS = {f"_{name}_": f for name, f in [*vars(special).items(), *vars(np).items()]}


@functools.lru_cache(maxsize=256)
def slips(function):
    """Tuples (sentence, function) for every single slip in the source of ``function``.

    Empty where the source is not that of a plain `def`, or holds a loop that might not end then.
    """
    tree = parsed(function) if inspect.isfunction(function) else None
    if not isinstance(tree, ast.FunctionDef) or function.__code__.co_freevars:
        return ()
    if any(isinstance(node, (ast.While, ast.Yield)) for node in ast.walk(tree)):
        return ()
    tree, arguments = _mapped(_without_method, tree), [a.arg for a in tree.args.args]
    scope = function.__globals__ | FUNCTIONS
    found = [(words, _built(changed, scope)) for words, changed in _changed(tree, arguments)]
    return tuple((words, made) for words, made in found if made is not None)


def _built(tree, scope):
    try:
        code = compile(ast.fix_missing_locations(ast.Module([tree], [])), "slip", "exec")
        exec(code, scope)
    except (SyntaxError, ValueError, TypeError, NameError):
        return None
    return scope[tree.name]


def _mapped(change, node):
    """A tree with each node as ``change`` gives it back, the innermost first; the rest shared."""
    if isinstance(node, list):
        parts = [_mapped(change, x) for x in node]
        return node if all(a is b for a, b in zip(parts, node, strict=True)) else parts
    if not isinstance(node, ast.AST):
        return node
    fields = {name: _mapped(change, x) for name, x in ast.iter_fields(node)}
    same = all(x is getattr(node, name) for name, x in fields.items())
    return change(node if same else type(node)(**fields))


def _with(tree, old, new):
    return _mapped(lambda node: new if node is old else node, tree)


def _without_method(node):
    """x.sum(0) as sum(x, axis=0)"""
    method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    if not method or node.func.attr not in METHODS or ast.unparse(node.func.value) == "np":
        return node
    axis = [ast.keyword("axis", x) for x in node.args]
    return ast.Call(_function(node.func.attr), [node.func.value], axis + node.keywords)


def _function(name):
    return ast.Name(f"_{name}_", ast.Load())


def _name_of(node):
    """The name of an argument, or of what is called: "log" of np.log(x)"""
    node = getattr(node, "func", node)
    name = getattr(node, "attr", "") or getattr(node, "id", "")
    return name.strip("_") if name in FUNCTIONS else name


# ---------------------------------------------------------------- rules


@dataclass(frozen=True)
class _Rule:
    """Each of ``patterns`` becomes one of ``made``, what is said then, what an answer must use."""

    patterns: list
    made: list
    hint: str
    needs: list

    @property
    def confused(self):
        """The function that is taken for another, or ""."""
        taken = "{other}" in self.hint and isinstance(self.made[0], ast.Call)
        return self.made[0].func.id if taken else ""


@functools.lru_cache
def rules():
    """The rules of slips.txt."""
    found = []
    for mistake in read(RULES, {})["any_formula"]:
        rule, _, needs = mistake.wrong.code.partition("#")
        pattern, _, made = rule.partition("->")
        for way in made.split(" | "):
            trees = [ast.parse(x.strip(), mode="eval").body for x in (pattern, way)]
            elements = [getattr(x, "elts", [x]) for x in trees]
            found.append(_Rule(*elements, mistake.hint, needs.split()))
    return found


def _changed(tree, arguments):
    """Pairs (sentence, tree): each rule at each place, and one function for another everywhere."""
    nodes = list(ast.walk(tree))
    for rule in rules():
        if len(rule.patterns) > 1:
            yield from _in_a_statement(rule, tree, nodes)
            continue
        places = [(node, x) for node in nodes for x in _matches(rule, node, arguments)]
        for node, parts in places:
            new = _filled(rule.made[0], parts)
            if ast.dump(new) != ast.dump(node):
                yield _said(rule, node, parts, arguments), _with(tree, node, new)
        if rule.confused and len(places) > 1:
            yield _said(rule, places[0][0], {}, ()), _everywhere(rule, tree)[0]


def _in_a_statement(rule, tree, nodes):
    """Several patterns in one statement, all of them changed."""
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Return)):
            new, used = _everywhere(rule, node)
            if len(used) > 1:
                yield Claim(rule.hint), _with(tree, node, new)


def _everywhere(rule, tree):
    """A copy of the tree with the rule applied wherever it can be, and the patterns that fitted."""
    used = set()

    def change(node):
        for pattern, made in zip(rule.patterns, rule.made, strict=True):
            parts = {}
            if _match(pattern, node, parts):
                used.add(pattern)
                return _filled(made, parts)
        return node

    return _mapped(change, tree), used


def _matches(rule, node, arguments):
    """What the letters of the pattern stand for in this node: a list, empty if it is none."""
    parts = {}
    if not _match(rule.patterns[0], node, parts):
        return []
    if "X" not in parts:
        return [parts]
    others = [a for a in arguments if a != node.id and node.id in arguments]
    return [parts | {"Y": ast.Name(a, ast.Load())} for a in others]


def _match(pattern, node, parts):
    letter = getattr(pattern, "id", "")
    if letter and letter in "ABCNIX":
        same = parts.setdefault(letter, node)
        fits = FITS.get(letter, lambda n: n is not None)(node)
        return fits and (same is node or ast.dump(same) == ast.dump(node))
    if isinstance(pattern, ast.BitXor):
        parts["^"] = node
        return isinstance(node, ast.operator)
    if type(pattern) is not type(node):
        return False
    if isinstance(pattern, ast.Call):
        return _match_call(pattern, node, parts)
    if isinstance(pattern, list):
        pairs = zip(pattern, node, strict=False)
        return len(pattern) == len(node) and all(_match(a, b, parts) for a, b in pairs)
    if not isinstance(pattern, ast.AST):
        return pattern == node
    fields = [name for name in pattern._fields if name != "ctx"]
    return all(_match(getattr(pattern, f), getattr(node, f), parts) for f in fields)


def _match_call(pattern, node, parts):
    given, asked = ({k.arg: k.value for k in call.keywords} for call in (node, pattern))
    count, name = len(pattern.args), _name_of(node)
    if pattern.func.id == "f":
        fits = len(node.args) == count and not name.startswith("_")  # one of the sheet's own
    else:
        fits = len(node.args) >= count and name == pattern.func.id
    if not fits or asked.keys() - given.keys():
        return False
    more = node.args[count:], [k for k in node.keywords if k.arg not in asked]
    parts["f"] = node.func
    parts.setdefault("more", {"": more})[name] = more  # further arguments; "": of the outermost
    pairs = [*zip(pattern.args, node.args, strict=False), *((asked[k], given[k]) for k in asked)]
    return all(_match(a, b, parts) for a, b in pairs)


def _is_number(node):
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value != 0


def _is_read(node):
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


FITS = {"N": _is_number, "I": _is_read, "X": _is_read}


def _filled(made, parts):
    """The tree ``made`` with what its letters stand for."""
    more = parts.get("more", {})

    def change(node):
        if isinstance(node, ast.Name):
            own = f"_{node.id}_" in FUNCTIONS
            return parts.get(node.id) or (_function(node.id) if own else node)
        if isinstance(node, ast.Call):
            return _with_more(node, more.get(_name_of(node)))
        return parts["^"] if isinstance(node, ast.BitXor) else node

    new = _mapped(change, made)
    renamed = isinstance(made, ast.Call) and _name_of(new) not in more
    return _with_more(new, more.get("")) if renamed else new


def _with_more(call, more):
    arguments, keywords = more or ([], [])
    return ast.Call(call.func, call.args + arguments, call.keywords + keywords)


# ---------------------------------------------------------------- what is said


def _said(rule, node, parts, arguments):
    name, other = _name_of(node), rule.confused or getattr(parts.get("Y"), "id", "")
    made = rule.made[0]
    kept = {n.id for n in ast.walk(made) if isinstance(n, ast.Name)}
    lost = [x for x in "AB" if x not in kept]  # or the one that is not as it was, in 2.0 * A + B
    changed = (lost or ["B" if isinstance(getattr(made, "left", 0), ast.Name) else "A"])[0]
    beside = parts.get("B" if changed == "A" else "A")
    inner = _name_of(getattr(rule.patterns[0], "args", [made])[0])
    words = rule.hint.format(
        where=_somewhere(node, arguments), part=_which(parts.get(changed), arguments, beside),
        name=name, article=article(name), other=other, outer=name, inner=inner,
        number=f"{node.value:g}" if _is_number(node) else "",
    )  # fmt: skip
    needs = [rule.confused] if rule.confused else [name if n == "f" else n for n in rule.needs]
    return Claim(words, needs)


def _somewhere(node, arguments):
    """The arguments that a small part of the formula is about, to say where the slip is."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & set(arguments)
    if isinstance(node, ast.Name) or not 0 < len(names) <= 2:
        return ""
    return say("slip_somewhere", names=_named(names, arguments))


def _which(part, arguments, beside):
    """A part of a formula, by the arguments and the best known functions in it."""
    if _is_number(part):
        known = isinstance(beside, ast.Name) and beside.id in arguments
        number = say("slip_the_number", number=f"{part.value:g}")
        return number + (say("slip_beside", name=beside.id) if known else "")
    names = {n.id for n in ast.walk(part or ast.Pass()) if isinstance(n, ast.Name)}
    called = {_name_of(n) for n in ast.walk(part or ast.Pass()) if isinstance(n, ast.Call)}
    function = next((c for c in BEST_KNOWN if c in called), "")
    listed = _named(names, arguments)
    if function:
        kind = "slip_the_one_with_function" if listed else "slip_the_function"
        return say(kind, function=function, names=listed)
    return say("slip_the_one_with", names=listed) if listed else ""


def _named(names, arguments):
    return listed(f"`{a}`" for a in arguments if a in names)
