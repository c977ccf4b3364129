"""A real JupyterLab on a folder, for the tests and the benchmarks."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

READY = "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady"
RUN_ALL = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.sessionContext.ready;
  await jupyterapp.commands.execute('notebook:run-all-cells');
}"""


ASK = """async (expression) => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({
    code: '', silent: false, store_history: false, user_expressions: { answer: expression },
  });
  const reply = await future.done;
  return reply.content.user_expressions.answer.data['text/plain'].slice(1, -1);
}"""


@contextmanager
def jupyterlab(folder, trusted=()):
    """The address of a JupyterLab that serves ``folder``, with settings of its own.

    trusted: notebooks whose stored outputs may run their scripts, as if this user had run them.
    """
    folder, port = Path(folder), _free_port()
    private = folder / ".lab"
    for name in ("config", "runtime", "data", "settings", "workspaces", "ipython"):
        (private / name).mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
        "IPYTHONDIR": str(private / "ipython"),
    }
    notary = NotebookNotary(data_dir=str(private / "data"))
    for path in trusted:
        notary.sign(nbformat.read(path, as_version=4))
    notary.store.close()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    command += ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
    command += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]
    with (private / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api", server, private / "server.log")
            yield address
        finally:
            server.terminate()  # the server ends its kernels itself
            server.wait(timeout=20)


def open_notebook(browser, address, name, dark=False, size=(1280, 900), run=True):
    """A page with the notebook open and, by default, all its cells run."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(f"{address}/doc/tree/{name}")
    page.wait_for_function(READY, timeout=60_000)
    if dark:
        set_theme(page, dark)
    if run:
        run_all(page)
    return page


def set_theme(page, dark):
    """Changes the theme, and waits until it is there."""
    name = "JupyterLab Dark" if dark else "JupyterLab Light"
    page.evaluate("(t) => jupyterapp.commands.execute('apputils:change-theme', {theme: t})", name)
    light = "false" if dark else "true"
    page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")


def run_all(page):
    """Runs all cells of the open notebook, and waits for the last."""
    page.evaluate(RUN_ALL)


def scroll_to_output(page, selector, index, seconds=30):
    """The index-th element that the selector finds, however far down the notebook it comes alive.

    JupyterLab puts cells into the page only as they come near the window; before 4.5 it may put
    them there earlier, hidden.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = page.query_selector_all(selector)
        if len(found) > index and found[index].is_visible():
            return found[index]
        page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollBy(0, 500)")
        page.wait_for_timeout(200)
    raise TimeoutError(f"{selector}: only {len(found)} came, number {index + 1} was expected")


def ask_kernel(page, expression):
    """What the notebook's kernel answers to a Python expression."""
    return json.loads(page.evaluate(ASK, f"__import__('json').dumps({expression})"))


def write_notebook(path, cells):
    """A notebook of code cells, without outputs."""
    listed = [
        {"cell_type": "code", "id": f"cell-{i}", "source": source, "outputs": [], "metadata": {},
         "execution_count": None}
        for i, source in enumerate(cells)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "cells": listed}
    Path(path).write_text(json.dumps(notebook | {"metadata": {"kernelspec": kernel}}))


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(address, server, log, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            return urllib.request.urlopen(address, timeout=2).read()
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
