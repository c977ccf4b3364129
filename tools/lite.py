"""Builds the course for JupyterLite, which runs in a browser without a server: `make lite`.

    python tools/lite.py      writes build/lite; serve that folder, e.g. python -m http.server

The page itself needs no server of ours; when it is opened, the browser fetches Python (Pyodide),
NumPy, SciPy and matplotlib from where JupyterLite keeps them, so the reader must be online.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import console
import nbformat
from lab import folders, without_links_to_solutions

ROOT = Path(__file__).resolve().parent.parent
LITE, FILES, WHEELS = (ROOT / "build" / name for name in ("lite", "lite-files", "lite-wheels"))
# What helpers import in the browser; Pyodide brings the rest.
PACKAGES = ("anywidget", "daft-pgm", "ipywidgets", "matplotlib", "scipy", "tqdm")
FIRST_CELL = f"""# Only here, in the browser: fetch the course and what it needs.
import piplite

await piplite.install({list(PACKAGES)})
await piplite.install("variational-inference-course", deps=False)"""


def main():
    """Wheel, files and site, one after the other."""
    try:
        for folder in (LITE, FILES, WHEELS):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        wheel = build_wheel()
        write_files()
    except OSError as error:
        return f"build/ could not be written: {error.strerror} ({error.filename})"
    except subprocess.CalledProcessError:
        return "The course could not be packed as a wheel: see the lines above."
    command = ["build", "--contents", FILES, "--output-dir", LITE, "--piplite-wheels", wheel]
    code = subprocess.call(
        [sys.executable, "-m", "jupyterlite_core", *map(str, command)], cwd=FILES
    )
    if code == 0:
        print("The course for the browser is in build/lite: python -m http.server -d build/lite")
    return code


def build_wheel():
    """The course as a wheel without its dependencies; its path."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", WHEELS, ROOT]
    subprocess.run(list(map(str, command)), check=True)
    return next(WHEELS.glob("*.whl"))


def write_files():
    """The notebooks, each with a first cell that installs the course in the browser."""
    for folder in folders():
        (FILES / folder).mkdir(parents=True)
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            cell = nbformat.v4.new_code_cell(FIRST_CELL, metadata={"tags": ["lite"]})
            cell.id = "lite-install"
            if "solutions" not in folders():
                for text in notebook.cells:
                    text.source = without_links_to_solutions(text.source)
            notebook.cells.insert(0, cell)
            nbformat.write(notebook, FILES / folder / path.name)


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
