"""The course in a browser: what `make lite` takes from disk, and the checks in a real Pyodide."""

import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import lite
import pytest

ROOT = Path(__file__).resolve().parent.parent
NODE = """
require("pyodide").loadPyodide().then(python => {
  python.mountNodeFS("/course", process.argv[1]);
  python.runPython(require("fs").readFileSync(process.argv[2], "utf8"));
});"""
CONSTANTS = types.SimpleNamespace(PYODIDE_VERSION="314.0.6", PYODIDE_PYTHON_VERSION="3.14")


@pytest.fixture
def pyodide(monkeypatch, tmp_path):
    """A folder with the names of a full distribution, and its lock."""
    monkeypatch.setitem(sys.modules, "jupyterlite_pyodide_kernel", types.ModuleType("kernel"))
    monkeypatch.setitem(sys.modules, "jupyterlite_pyodide_kernel.constants", CONSTANTS)
    folder = tmp_path / "a distribution"
    folder.mkdir()
    packages = {name: {"file_name": f"{name}.whl", "depends": []} for name in lite.OF_PYODIDE}
    packages["scipy"]["depends"] = ["NumPy"]  # as locks spell some
    packages["numpy"] = {"file_name": "numpy.whl", "depends": []}
    packages["not-for-us"] = {"file_name": "not_for_us.whl", "depends": []}
    lock = {"info": {"python": "3.14.2"}, "packages": packages}
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    for name in [*lite.RUNTIME, *(f"{name}.whl" for name in lite.closure(packages))]:
        (folder / name).write_text("")
    return folder


def test_a_distribution_becomes_part_of_the_site(pyodide, monkeypatch, tmp_path):
    monkeypatch.setattr(lite, "HOME", tmp_path / "home")
    assert lite.what_is_missing(pyodide) == ""
    lite.HOME.mkdir()
    lite.settings(pyodide)
    assert (lite.HOME / "static" / "pyodide" / "numpy.whl").is_file()
    said = json.loads((lite.HOME / "jupyter-lite.json").read_text())
    assert "disablePyPIFallback" in str(said)


def test_a_wrong_folder_is_one_sentence_that_says_what_was_expected(pyodide, tmp_path):
    def said(folder):
        words = lite.main([str(folder)])
        assert "expected the unpacked full distribution, pyodide-314.0.6.tar.bz2" in words
        assert str(folder) in words and "\n" not in words
        return words

    assert "could not be read" in said(tmp_path / "nowhere")
    (pyodide / "numpy.whl").unlink()
    assert "1 files are not there, the first numpy.whl" in said(pyodide)
    lock = pyodide / "pyodide-lock.json"
    whole = lock.read_text()
    lock.write_text(whole.replace("3.14.2", "3.1.2"))
    assert "this one has Python 3.1.2, JupyterLite needs 3.14" in said(pyodide)
    for broken in (whole[:-9], "[]", whole.replace('"scipy"', '"cipy"')):
        lock.write_text(broken)
        assert "no lock of all packages" in said(pyodide)


def test_the_course_installs_what_the_site_brings():
    assert set(lite.PACKAGES) <= {*lite.PURE, *lite.OF_PYODIDE}
    compile(lite.FIRST_CELL.replace("await ", ""), "cell", "exec")


def test_checks_in_a_real_pyodide():
    """Needs node and its package: npm install --prefix build/node pyodide."""
    node = shutil.which("node")
    env = {**os.environ, "NODE_PATH": str(ROOT / "build" / "node" / "node_modules")}
    look = [node, "-e", "require.resolve('pyodide')"]
    if not node or subprocess.run(look, env=env, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no node with the package pyodide here")
    command = [node, "-e", NODE, ROOT, ROOT / "tests" / "in_pyodide.py"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["platform"] == "emscripten" and said["troubles"] == ["", ""]
    endless = dict.fromkeys(("endless", "comprehension", "swallows"), "endless")
    assert said["ends"] == {"fine": "value", "deep": "raised", **endless}
    assert said["kept"] == {"kl": "wrong", "elbo": "correct"}
    assert said["hints"] > 5 and "kl is open again" in said["says"]
