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

from checks.changes import CONFUSED, FUNCTIONS, call_of_own, called, changes, name_of, somewhere
from checks.sentences import claim, say


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
        for name, parts, change in changes(node, arguments):
            made = _built(_with(tree, place, change), function)
            if made is not None:
                where = {"where": somewhere(node, arguments)} | parts
                words = claim(say(f"slip_{name}", **where), _needs(name, parts))
                found.append((name, words, made))
    found += [*_everywhere(tree, function), *_in_a_statement(tree, function)]
    # A lost factor is named as such, rather than as a term counted twice, or added in its place.
    found.sort(key=lambda slip: (slip[0] in ("twice", "half", "added")) - (slip[0] == "order"))
    return tuple(slip[1:] for slip in found)


def _needs(name, parts):
    """What an answer must use for a sentence about this slip to fit it."""
    if name in ("starts_late", "ends_early"):
        return ("loop",)
    if name == "confused":
        return (parts["other"],)
    if name == "order":
        return (parts["outer"], parts["inner"])
    return (parts["name"],) if name in ("partly", "arguments") else ()


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
    names = [name_of(n) for n in ast.walk(tree) if isinstance(n, ast.Call)]
    for name in sorted({n for n in names if names.count(n) > 1}):
        for other in CONFUSED.get(name, ()):
            named = functools.partial(_is_call_of, name)
            rename = _Replace(named, functools.partial(called, other))
            made = _built(rename.visit(copy.deepcopy(tree)), function)
            if made is not None:
                words = say("slip_confused", other=other, name=name, where="")
                yield "confused", claim(words, (other,)), made


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
        rolled = call_of_own("roll", old.value)
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
    return isinstance(node, ast.Call) and name_of(node) == name
