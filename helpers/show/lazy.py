"""Packages that import what is asked for, and no more: a colour needs no matplotlib."""

import sys
from importlib import import_module
from importlib.util import find_spec


def names_of(package, homes):
    """``__all__``, ``__getattr__`` and ``__dir__`` of a package. homes: {module: its names}."""
    home = {name: module for module, names in homes.items() for name in names.split()}

    def get(name):
        if name in home:
            found = getattr(import_module(f"{package}.{home[name]}"), name)
            setattr(sys.modules[package], name, found)
            return found
        if find_spec(f"{package}.{name}"):
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return sorted(home), get, lambda: sorted(home.keys() | vars(sys.modules[package]).keys())
