"""Executes notebooks and saves them in one canonical form: `make notebooks` calls this.

    python tools/notebooks.py [--jobs N] [NOTEBOOK ...]     without names: all of them

Canonical means that a second run changes no byte: versions, widget views and timings are
dropped, paths of temporary cells are neutral, cell ids stay. A notebook that fails is not saved.
"""

import argparse
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clock
import console
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KEPT = ("title", "minutes")  # of the notebook's own metadata
TIMEOUT = 180  # seconds for one cell


def course_notebooks():
    """The notebooks that are written by hand: lectures and solutions."""
    return sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])


def execute(notebook, folder):
    """Run every cell from top to bottom in a new kernel whose working directory is ``folder``."""
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.comm_open_handlers.clear()  # its imitation of ipywidgets' Output stalls (nbclient#312)
    client.execute()
    return notebook


def canonical(notebook):
    """The same notebook without what differs between machines or between two runs."""
    kept = {key: notebook.metadata[key] for key in KEPT if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}} | kept
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        for key in ("execution", "collapsed", "scrolled"):
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", []):
            _clean(output)
        if "outputs" in cell:
            cell.outputs = [_one_stream(run) for run in _runs_of_streams(cell.outputs)]
    return notebook


def write(notebook, path):
    """Save ``notebook`` as JSON with a final newline."""
    nbformat.validate(notebook)
    text = nbformat.writes(notebook)
    Path(path).write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def refresh(path):
    """Execute the notebook at ``path`` and save it; the error text, or None."""
    path = Path(path).resolve()
    notebook = nbformat.read(path, as_version=4)
    try:
        execute(notebook, path.parent)
    except CellExecutionError as error:
        return f"{path.name}: {error}"
    except TimeoutError as error:
        return f"{path.name}: a cell took longer than {TIMEOUT} s: {error}"
    write(canonical(notebook), path)
    return None


def _clean(output):
    if "data" in output:
        output.data.pop(WIDGET_VIEW, None)
    if "text" in output:
        output.text = re.sub(r"\S*ipykernel_\d+\S*\.py", "<cell>", output.text)


def _runs_of_streams(outputs):
    """Neighbouring prints together: how a kernel cuts them into messages depends on timing."""
    runs = []
    for output in outputs:
        joins = runs and output.output_type == "stream" == runs[-1][-1].output_type
        if joins and output.name == runs[-1][-1].name:
            runs[-1].append(output)
        else:
            runs.append([output])
    return runs


def _one_stream(outputs):
    if len(outputs) > 1:
        outputs[0].text = "".join(output.text for output in outputs)
    return outputs[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--jobs", type=int, default=2, help="kernels at once (default 2)")
    arguments = parser.parse_args()
    paths = arguments.notebooks or course_notebooks()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        errors = 0
        for path, error in zip(paths, pool.map(refresh, paths), strict=True):
            print(error or f"{path.name}: executed and saved", flush=True)
            errors += error is not None
    clock.write()  # a lecture's minutes are those of its notes
    return errors > 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main())
