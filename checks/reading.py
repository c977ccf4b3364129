"""What the text of a student's function shows without running it."""

import ast
import dis
import inspect
import textwrap

from checks.sentences import listed, say

LOOPS = ("FOR_ITER", "JUMP_BACKWARD", "JUMP_ABSOLUTE", "BUILD_SLICE", "BINARY_SLICE")
ALIASES = {"psi": "digamma", "average": "mean", "amax": "max", "amin": "min", "power": "square",
           "loggamma": "gammaln", "log_softmax": "softmax", "solve": "inv"}  # fmt: skip


def draws_at_random(task, function):
    """Random numbers in a function that has no generator among its arguments."""
    compiled = getattr(function, "__code__", None)
    if compiled is None or task.accept is not None or "rng" in task.arguments:
        return ""
    drawing = {"random", "default_rng", "RandomState"} & names_read(compiled)
    return say("draws") if drawing else ""


def unread_arguments(task, function):
    """Arguments that the right answer needs and this function never looks at."""
    compiled = getattr(function, "__code__", None)
    if compiled is None or compiled.co_flags & 0x0C:  # *args, **kwargs
        return ""
    read = names_read(compiled)
    needed = names_read(task.reference.__code__) if hasattr(task.reference, "__code__") else set()
    pairs = zip(task.arguments, own_arguments(function), strict=False)
    unread = [f"`{theirs}`" for name, theirs in pairs if theirs not in read and name in needed]
    kind = "one_unread" if len(unread) == 1 else "several_unread"
    return say(kind, names=listed(unread)) if unread else ""


def swapped_arguments(task, function):
    """The right names of the arguments in another order."""
    own = own_arguments(function)
    if own == task.arguments or sorted(own) != sorted(task.arguments):
        return ""
    return say("swapped_arguments", own=", ".join(own), asked=", ".join(task.arguments))


def own_arguments(function):
    """The names of the arguments of a function written in Python, else ()."""
    compiled = getattr(function, "__code__", None)
    return compiled.co_varnames[: compiled.co_argcount] if compiled else ()


def names_read(compiled):
    """The names that a function's code looks at."""
    names = set()
    for step in dis.get_instructions(compiled):
        if step.opname.startswith("LOAD_") and step.argval is not None:
            names.update(step.argval if isinstance(step.argval, tuple) else [step.argval])
    names.update(compiled.co_cellvars)
    return names


def used_by(function):
    """The names that a function uses, own helpers included, and "loop" for a loop or a slice.

    None where there is no code to look at.
    """
    if getattr(function, "__code__", None) is None:
        return None
    used, waiting, seen = set(), [function], set()
    while waiting:
        one = waiting.pop()
        seen.add(one)
        for compiled in _nested(one.__code__):
            used |= _used_in(compiled)
        called = [one.__globals__.get(name) for name in used]
        own = [f for f in called if getattr(f, "__globals__", None) is one.__globals__]
        waiting += [f for f in own if inspect.isfunction(f) and f not in seen]
    if used & {"logsumexp", "softmax", "logaddexp"}:
        used.add("exp")
    return used | {ALIASES[name] for name in used & ALIASES.keys()}


def _nested(compiled):
    """A function's code and that of the functions and comprehensions in it."""
    yield compiled
    for part in compiled.co_consts:
        if inspect.iscode(part):
            yield from _nested(part)


def _used_in(compiled):
    steps = list(dis.get_instructions(compiled))
    used = {*compiled.co_names, *compiled.co_freevars}
    sliced = any(isinstance(x, slice) for x in compiled.co_consts)
    if sliced or used & {"range", "arange"} or any(s.opname in LOOPS for s in steps):
        used.add("loop")
    if any(s.opname == "BINARY_POWER" or s.argrepr in ("**", "**=") for s in steps):
        used |= {"square", "sqrt"}  # x**2, x**0.5
    return used


def written_besides_the_stub(function):
    """Is there more in the function than a docstring and `raise NotImplementedError`?"""
    return any(
        not (isinstance(x, ast.Expr) and isinstance(x.value, ast.Constant))
        and not (isinstance(x, ast.Raise) and "NotImplemented" in ast.unparse(x))
        for x in getattr(parsed(function), "body", ())
    )


def parsed(function):
    """The syntax tree of a function written in Python, or None."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, ValueError, IndexError):
        return None
