"""Results of experiments that take longer than a class can wait, as small files in stored/.

A file says how it was made: the function and its arguments, and the versions it ran with.
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "stored"


def store(name, function, folder=FOLDER, **arguments):
    """Run ``function(**arguments)``, store the dict it returns as ``name``.json, return it.

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
    (Path(folder) / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return results


def names(beginning, folder=FOLDER):
    """The names of the stored results that begin so, in order."""
    return sorted(path.stem for path in Path(folder).glob(f"{beginning}*.json"))


def stored(name, folder=FOLDER):
    """The results that :func:`store` wrote under ``name``, and the arguments that made them.

    Raises:
        ValueError: the file is missing or is no such file; the message says how to make it.
    """
    try:
        record = json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8"))
        return record["results"], record["with"]
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{name}: expected a stored result; FULL = True in the notebook makes it ({error})"
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
