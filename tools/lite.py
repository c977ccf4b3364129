"""Builds the course for JupyterLite, which runs in a browser without a server: `make lite`.

    python tools/lite.py [PYODIDE]    writes build/lite; serve it, e.g. python -m http.server

The page itself needs no server of ours. Python for the browser (Pyodide) with NumPy, SciPy and
matplotlib is fetched by the reader's browser from where JupyterLite keeps it, so the reader must be
online; or it comes from PYODIDE, a folder that holds the full distribution (`make lite
PYODIDE=folder`), is part of build/lite, and nothing is asked of the network.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import console
import nbformat
from lab import RECORD, folders, without_links_to_solutions

ROOT = Path(__file__).resolve().parent.parent
LITE, FILES, WHEELS, HOME = (
    ROOT / "build" / name for name in ("lite", "lite-files", "lite-wheels", "lite-home")
)
# What helpers import in the browser: of Pyodide's own, and pure Python that comes with the site, in
# the versions of constraints.txt.
OF_PYODIDE = ("ipython", "jedi", "matplotlib", "micropip", "scipy", "tqdm", "typing-extensions")
PURE = ("anywidget", "comm", "daft-pgm", "ipywidgets", "jupyterlab_widgets", "psygnal")
PACKAGES = ("anywidget", "daft-pgm", "ipywidgets", "matplotlib", "scipy", "tqdm")
RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
FIRST_CELL = f"""# Only here, in the browser: fetch the course, and keep your progress.
from pathlib import Path

import piplite

await piplite.install({list(PACKAGES)})
await piplite.install("variational-inference-course", deps=False)
Path("../{RECORD}").touch()"""


def main(arguments=()):
    """Wheels, files and site, one after the other."""
    pyodide = Path(arguments[0]).expanduser().resolve() if arguments else None
    if pyodide and (trouble := what_is_missing(pyodide)):
        return trouble
    try:
        for folder in (LITE, FILES, WHEELS, HOME):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        build_wheels()
        write_files()
        settings(pyodide)
    except OSError as error:
        return f"build/ could not be written: {error.strerror} ({error.filename})"
    except subprocess.CalledProcessError:
        return "The course and its packages could not be had as wheels: see the lines above."
    options = {"lite-dir": HOME, "contents": FILES, "output-dir": LITE, "piplite-wheels": WHEELS}
    command = ["build", *(part for name in options for part in (f"--{name}", options[name]))]
    code = subprocess.call([sys.executable, "-m", "jupyterlite_core", *map(str, command)], cwd=HOME)
    if code == 0:
        print("The course for the browser is in build/lite: python -m http.server -d build/lite")
    return code


def what_is_missing(folder):
    """One sentence: why ``folder`` is no Pyodide that the course can run on; or nothing."""
    from jupyterlite_pyodide_kernel.constants import PYODIDE_PYTHON_VERSION, PYODIDE_VERSION

    wanted = (
        f"PYODIDE={folder}: expected the unpacked full distribution, pyodide-{PYODIDE_VERSION}"
        f".tar.bz2 from the releases of Pyodide, with pyodide-lock.json at its top; "
    )
    try:
        lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
        python, packages = lock["info"]["python"], lock["packages"]
        files = [*RUNTIME, *(packages[name]["file_name"] for name in closure(packages))]
    except OSError as error:
        return f"{wanted}that file could not be read: {error.strerror}."
    except (ValueError, KeyError, TypeError) as error:
        return f"{wanted}that file is no lock of all packages: {type(error).__name__}: {error}."
    if not f"{python}.".startswith(f"{PYODIDE_PYTHON_VERSION}."):
        return f"{wanted}this one has Python {python}, JupyterLite needs {PYODIDE_PYTHON_VERSION}."
    lost = [name for name in files if not (folder / name).is_file()]
    return f"{wanted}{len(lost)} files are not there, the first {lost[0]}." if lost else ""


def closure(packages):
    """The names in a lock of what the course needs of Pyodide, and of what that needs."""
    todo, found = list(OF_PYODIDE), []
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name not in found:
            found.append(name)
            todo += packages[name]["depends"]
    return sorted(found)


def settings(pyodide):
    """What JupyterLite finds in its own folder: Pyodide, and whom to ask for packages."""
    if pyodide is None:
        return
    shutil.copytree(pyodide, HOME / "static" / "pyodide")
    plugin = {"@jupyterlite/pyodide-kernel-extension:kernel": {"disablePyPIFallback": True}}
    said = {"jupyter-lite-schema-version": 0, "jupyter-config-data": {"litePluginSettings": plugin}}
    (HOME / "jupyter-lite.json").write_text(json.dumps(said), encoding="utf-8")


def build_wheels():
    """The course without its dependencies, and the pure packages that Pyodide does not bring."""
    from jupyterlite_pyodide_kernel.constants import PYODIDE_PYTHON_VERSION

    pip = [sys.executable, "-m", "pip"]
    get = ["download", "-q", "--no-deps", "--only-binary=:all:", "--platform=any"]
    get += [f"--python-version={PYODIDE_PYTHON_VERSION}", "--abi=none", "-d", WHEELS]
    make = ["wheel", "-q", "--no-deps", "-w", WHEELS, ROOT]
    for command in (make, [*get, "-c", ROOT / "constraints.txt", *PURE]):
        subprocess.run([*pip, *map(str, command)], check=True)


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
    sys.exit(main(sys.argv[1:]))
