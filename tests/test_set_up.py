"""The two commands keep their promise: set-ups that are damaged, moved, or without a network.

Each test builds a small course in a temporary folder; its .venv borrows the packages of the one
that runs the tests, so nothing is fetched.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9",
    "PIP_RETRIES": "0",
    "PIP_FIND_LINKS": "",
    "UV_OFFLINE": "1",
}
posix = pytest.mark.skipif(os.name == "nt", reason="commands are programs on Windows")


@pytest.fixture(params=["course", "Übung [3] Łukasz"])
def course(tmp_path, request, monkeypatch):
    """A folder with a complete environment, as after a plain `make env`."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    folder = tmp_path / request.param
    (folder / "tools").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", "tools/environment.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "helpers").mkdir()
    for name in ("__init__.py", "environment.py"):
        shutil.copy(ROOT / "helpers" / name, folder / "helpers")
    venv.create(folder / ".venv", symlinks=os.name != "nt")
    site = Path(sysconfig.get_path("purelib", vars=dict.fromkeys(("base", "platbase"), "X")))
    site = folder / ".venv" / site.relative_to("X")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (site / "_editable_impl_variational_inference_course.pth").write_text(str(folder), "utf-8")
    environment = load(folder)
    environment.make_movable()
    environment.write_stamp([])
    return folder


def load(folder):
    spec = importlib.util.spec_from_file_location("set_up", folder / "tools/environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_env(folder, *extras, **variables):
    return subprocess.run(
        [sys.executable, folder / "tools/environment.py", *extras],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | NO_NETWORK | variables,
    )


def test_the_second_start_needs_no_network(course):
    run = make_env(course)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_course_is_found_in_a_locale_without_the_letters_of_its_path(course):
    plain = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code = "import helpers.environment"
    subprocess.run([load(course).PYTHON, "-c", code], env=plain, cwd=course.parent, check=True)
    assert make_env(course, LC_ALL="C", PYTHONUTF8="0").stdout == ""  # it is not taken for moved


@posix
def test_a_moved_folder_works_and_so_do_its_commands(course):
    python = course / ".venv/bin/python"
    command = course / ".venv/bin/say"
    command.write_text(f"#!{python}\nimport helpers\nprint(helpers.__file__)\n")
    command.chmod(0o755)
    moved = course.with_name("the course, renamed")
    course.rename(moved)
    for _ in "ab":  # moved again, now from a path with blanks
        run = make_env(moved)
        assert run.returncode == 0 and "was moved" in run.stdout, run
        said = subprocess.run([moved / ".venv/bin/say"], capture_output=True, text=True, check=True)
        assert said.stdout.strip() == str(moved / "helpers/__init__.py")
        assert make_env(moved).stdout == ""
        moved = moved.rename(moved.with_name("b"))


@posix
def test_a_copied_folder_does_not_use_the_original(course):
    copy = course.with_name("copy")
    shutil.copytree(course, copy, symlinks=True)
    assert make_env(copy).returncode == 0
    code = "import helpers; print(helpers.__file__)"
    assert load(copy).answer(code) == str(copy / "helpers/__init__.py")


def test_another_environment_does_not_interfere(course, tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('the wrong numpy')")
    variables = {"PYTHONPATH": str(tmp_path), "VIRTUAL_ENV": str(tmp_path), "PIP_USER": "1"}
    assert make_env(course, **variables).stdout == ""
    assert not set(variables) & set(load(course).surroundings())


def damage(course, kind):
    set_up = load(course)
    python = Path(set_up.PYTHON)
    if kind == "python is broken":
        python.unlink()
        python.write_text("")
    elif kind == "killed while Python was copied":
        shutil.rmtree(course / ".venv")
        python.parent.mkdir(parents=True)
    elif kind == "killed during ensurepip":
        (Path(set_up.STAMP)).unlink()
        next((course / ".venv").rglob("borrowed.pth")).unlink()
    elif kind == "killed while packages arrived":
        Path(set_up.STAMP).unlink()
        Path(set_up.UNFINISHED).write_text("")
    elif kind == "made with a Python that is gone":
        stamp = Path(set_up.STAMP)
        stamp.write_text(stamp.read_text().replace('"python": "3.', '"python": "2.'))


@pytest.mark.parametrize("course", ["course"], indirect=True)
@pytest.mark.parametrize(
    "kind",
    [
        "python is broken",
        "killed while Python was copied",
        "killed during ensurepip",
        "killed while packages arrived",
        "made with a Python that is gone",
    ],
)
def test_what_is_broken_is_made_anew(course, kind, monkeypatch):
    damage(course, kind)
    set_up, calls = load(course), []
    monkeypatch.setattr(set_up, "create", lambda: calls.append("create"))
    monkeypatch.setattr(set_up, "install", lambda extras: calls.append(extras))
    monkeypatch.setattr(sys, "argv", ["environment.py", "test"])
    set_up.main()
    assert calls == ["create", ["test"]]


@pytest.mark.parametrize("course", ["course"], indirect=True)
@pytest.mark.parametrize("stamp", ["", "[]", '{"place": 1}', "\0"])
def test_a_damaged_stamp_costs_an_installation_and_nothing_else(course, stamp, monkeypatch):
    set_up, calls = load(course), []
    Path(set_up.STAMP).write_text(stamp)
    monkeypatch.setattr(set_up, "create", lambda: calls.append("create"))
    monkeypatch.setattr(set_up, "install", lambda extras: calls.append(extras))
    set_up.build(set())
    assert calls == [[]]


@pytest.mark.parametrize("course", ["course"], indirect=True)
def test_a_missing_extra_without_a_network_is_one_sentence_and_breaks_nothing(course, monkeypatch):
    set_up = load(course)
    monkeypatch.setattr(set_up, "run", lambda command: False)
    with pytest.raises(SystemExit, match="could not be installed"):
        set_up.build({"test"})
    assert make_env(course).stdout == ""


@pytest.mark.parametrize("course", ["course"], indirect=True)
@pytest.mark.parametrize("arguments, calls", [([], []), (["--this-python"], ["create", []])])
def test_another_python_is_taken_where_it_was_asked_for(course, arguments, calls, monkeypatch):
    set_up, done = load(course), []
    monkeypatch.setattr(set_up, "RUNNING", "3.99")
    monkeypatch.setattr(set_up, "create", lambda: done.append("create"))
    monkeypatch.setattr(set_up, "install", lambda extras: done.append(extras))
    monkeypatch.setattr(sys, "argv", ["environment.py", *arguments])
    set_up.main()
    assert done == calls


@pytest.mark.parametrize("course", ["course"], indirect=True)
def test_a_failed_installation_ends_in_words_and_not_in_a_traceback(course, capsys):
    cut = (
        "import sys; sys.stderr.write('WARNING: a\\nTraceback (most recent call last):\\n  File x'"
    )
    cut += "'\\nIncompleteRead: the connection broke\\n'); sys.exit(1)"
    assert load(course).run([sys.executable, "-c", cut]) is False
    assert capsys.readouterr().err == "WARNING: a\nIncompleteRead: the connection broke\n"


@pytest.mark.parametrize("course", ["course"], indirect=True)
def test_uv_is_used_where_it_is_and_pip_where_uv_fails(course, monkeypatch):
    set_up, commands = load(course), []
    monkeypatch.setattr(shutil, "which", lambda name: f"/somewhere/{name}")

    def run(command):
        commands.append(command[0])
        return command[0] == set_up.PYTHON

    monkeypatch.setattr(set_up, "run", run)
    set_up.install([])
    assert commands == ["/somewhere/uv", set_up.PYTHON]


@pytest.mark.parametrize("course", ["course"], indirect=True)
def test_two_at_once_wait_for_each_other_and_a_killed_one_is_not_waited_for(course):
    hold = "import sys; sys.path.insert(0, 'tools'); import environment as e, time\n"
    hold += "with e.alone(e.LOCK, ''):\n print('held', flush=True); time.sleep(60)"
    first = subprocess.Popen([sys.executable, "-c", hold], cwd=course, stdout=subprocess.PIPE)
    assert first.stdout.readline().strip() == b"held"
    set_up = load(course)
    with open(set_up.LOCK, "a") as file:
        assert not set_up._lock(file)
        first.kill()
        first.wait()
        first.stdout.close()
        patience = time.monotonic() + 20
        while not set_up._lock(file) and time.monotonic() < patience:
            time.sleep(0.05)
    with set_up.alone(set_up.LOCK, ""):
        pass


@pytest.mark.parametrize("program", ["site_pages", "lite", "students"])
def test_a_read_only_course_is_one_sentence(program, monkeypatch, tmp_path):
    module = __import__(program)
    (tmp_path / "file").write_text("")
    places = {"site_pages": ("SOURCE", "SITE"), "lite": ("LITE", "FILES", "WHEELS", "HOME")}
    for name in places.get(program, ("TARGET",)):
        monkeypatch.setattr(module, name, tmp_path / "file" / name)
    said = module.main([]) if program == "students" else module.main()
    assert "could not be written" in said and "\n" not in said


def test_nothing_is_installed_without_asking(monkeypatch, capsys):
    import chromium

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(chromium, "install", lambda: pytest.fail("it was not asked for"))
    assert chromium.main([]) == 0
    said = capsys.readouterr().err
    assert "NOT checked" in said and "--install" in said and said.count("\n") == 1
    asked = []
    monkeypatch.setattr(chromium, "install", lambda: asked.append("asked"))
    chromium.main(["--install"])
    monkeypatch.setenv("CI", "true")
    assert chromium.main([]) == 1 and asked == ["asked"] * 2


@posix
def test_make_takes_python_where_no_python3_is_found(tmp_path):
    make = shutil.which("make") or pytest.skip("make is not installed")
    names = ["sh"]
    for found in ("python", "python3"):
        names.append(found)
        for name in names:
            (tmp_path / name).unlink(missing_ok=True)
            (tmp_path / name).symlink_to(shutil.which("sh"))
        plan = [make, "-n", "-f", ROOT / "Makefile", "env"]
        done = subprocess.run(plan, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
        assert done.stdout == f"{found} tools/environment.py \n"
