"""Results of experiments that take longer than a class can wait, as small files.

A file says how it was made: the function and its arguments, and the versions it ran with.
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np


def store(path, function, **arguments):
    """Run ``function(**arguments)`` and store what it returns, a dict, as JSON; returns it.

    The arguments are stored too, so that anybody can make the file again.
    """
    results = _plain(function(**arguments))
    record = {
        "made by": f"{function.__module__}.{function.__qualname__}",
        "with": _plain(arguments),
        "versions": {"python": platform.python_version(), "numpy": version("numpy")},
        "results": results,
    }
    text = json.dumps(record, indent=1, allow_nan=True)
    Path(path).write_text(text + "\n", encoding="utf-8")
    return results


def stored(path):
    """The results in a file that :func:`store` wrote, and the arguments that made them.

    Raises:
        ValueError: the file is missing or is no such file; the message says how to make it.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        return record["results"], record["with"]
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path}: expected a stored result; FULL = True in the notebook makes it ({error})"
        ) from None


def _plain(value):
    """NumPy numbers and arrays as JSON knows them, floats with ten digits."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.10g}") if isinstance(value, float) else value
