"""Runs every comparison and writes benchmarks/RESULTS.md and benchmarks/figures: `make bench`.

    python benchmarks/run.py [--seeds N] [ROOM ...]     without names: all, half an hour

Each room runs in a process of its own. What it measured is kept in benchmarks/results.json, so
that one room can be measured again without the others; RESULTS.md says when each was, and how
busy the machine was. Where something is missing that a room needs, a sentence takes its place.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

os.environ |= {
    name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
}  # before NumPy is imported

import report
from timing import Point, Row

HERE = Path(__file__).parent
RESULTS, RECORD, FIGURES = HERE / "RESULTS.md", HERE / "results.json", HERE / "figures"
ROOMS = (
    "log_linear", "fhmm", "lda", "stream", "latent_factors", "gradients", "interactive", "grading",
)  # fmt: skip
PACKAGES = (
    "numpy", "scipy", "scikit-learn", "gensim", "hmmlearn", "dynamax", "jax", "numpyro", "arviz",
    "autograd",
    "jupyterlab", "anywidget",
)  # fmt: skip


def main():
    """Measures the rooms that were named, or has each measured in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--seeds", type=int, default=10, help="starts of each learning comparison")
    options = parser.parse_args()
    if unknown := set(options.rooms) - set(ROOMS):
        parser.error(f"ROOM: expected some of {', '.join(ROOMS)}, got {', '.join(unknown)}")
    if len(options.rooms) == 1:
        measure(options.rooms[0], options.seeds)
        return
    for room in options.rooms or ROOMS:
        subprocess.run([sys.executable, __file__, f"--seeds={options.seeds}", room], check=True)
    print(f"written: {RESULTS.relative_to(HERE.parent)}")


def measure(room, seeds):
    """Measures a room, prints and keeps each number as it comes, and writes the report."""
    print(f"\n{room}", flush=True)
    found = {"when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "machine": machine()}
    found |= {
        "load": [load()],
        "rows": [],
        "points": [],
        "missing": "The run was stopped before its end",
    }
    try:
        module = importlib.import_module(room)
        for item in module.measure(seeds=seeds) if room == "lda" else module.measure():
            print(item, flush=True)
            found["rows" if isinstance(item, Row) else "points"].append(asdict(item))
            keep(room, found)  # a run that is stopped leaves what it has
        found["missing"] = ""
    except (ImportError, RuntimeError) as error:
        found["missing"] = f"{str(error).rstrip('.')} (the extra bench has what the peers need)"
        print(found["missing"])
    found["load"].append(load())
    keep(room, found)


def keep(room, found):
    """Put a room's measurements into results.json and write the report anew."""
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    record[room] = found
    record = {name: record[name] for name in ROOMS if name in record}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    rooms = {name: revived(measured) for name, measured in record.items()}
    RESULTS.write_text(report.text(rooms), encoding="utf-8")
    report.draw(room, rooms[room]["points"], FIGURES)


def revived(measured):
    """The same with rows and points as objects."""
    rows = [Row(**row) for row in measured["rows"]]
    return measured | {"rows": rows, "points": [Point(**p) for p in measured["points"]]}


def machine():
    """Processor, cores, system and versions, as one line each."""
    versions = ", ".join(f"{name} {found}" for name in PACKAGES if (found := installed(name)))
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "versions": versions,
    }


def installed(package):
    """A package's version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor():
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def load():
    """How many programs want the processor, on average over a minute; None on Windows."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


if __name__ == "__main__":
    main()
