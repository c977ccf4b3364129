"""A JupyterHub on one machine for a class.

    jupyterhub -f docs/hub_config.py

Settings in the environment: HUB_PASSWORDS, a file with a line "name password" for each user, or
HUB_PASSWORD, one password with which any name is let in; HUB_HOST (127.0.0.1) and HUB_PORT (8000),
where it listens (it also takes the next two ports, on this machine alone); HUB_HOMES
(/tmp/hub/{username}), the users' folders; SOLUTIONS=no.
What separates users, and what does not, stands in docs/classroom.md.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from hmac import compare_digest
from pathlib import Path

from jupyterhub.auth import Authenticator

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOST, PORT = os.environ.get("HUB_HOST", "127.0.0.1"), int(os.environ.get("HUB_PORT", "8000"))
LIST, PASSWORD = os.environ.get("HUB_PASSWORDS"), os.environ.get("HUB_PASSWORD", "variational")
ANSWERS = os.environ.get("SOLUTIONS", "").lower() != "no"
HANDED_OUT = ("notebooks", "exercises", *(["solutions"] if ANSWERS else []))
ETC = (
    "passwd group hosts nsswitch.conf resolv.conf localtime fonts ssl ca-certificates alternatives"
)

if HOST != "127.0.0.1" and not LIST and "HUB_PASSWORD" not in os.environ:
    sys.exit("Others can reach this hub: choose HUB_PASSWORD, or name a file in HUB_PASSWORDS.")


class ByPassword(Authenticator):
    """Own passwords where HUB_PASSWORDS lists them, else any name with the one of all."""

    async def authenticate(self, handler, data):
        name = self.normalize_username(data["username"])
        wanted = own_passwords().get(name) if LIST else PASSWORD
        if wanted and compare_digest(wanted.encode(), data["password"].encode()):
            return name


def own_passwords():
    """{name: password}, read at each login, so that a line can be added while the hub runs."""
    lines = Path(LIST).read_text(encoding="utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines)
    return {pair[0].lower(): pair[1].strip() for pair in pairs if len(pair) == 2}


def walled(home):
    """A command for another that then sees Python, the course and ``home``, all else absent.

    It needs bubblewrap and a kernel that lets every user make namespaces, as most do.
    """
    command = "bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts".split()
    command += "--die-with-parent --new-session --proc /proc --dev /dev --tmpfs /tmp".split()
    course = [ROOT / name for name in ("helpers", "checks", "slides", *HANDED_OUT)]
    for path in (Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), *course):
        command += ["--ro-bind", str(path), str(path)]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = f"/{name}"
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            command += ["--ro-bind", path, path]
    for path in (*(f"/etc/{name}" for name in ETC.split()), "/run/systemd/resolve"):
        command += ["--ro-bind-try", path, path]
    return [*command, "--bind", str(home), str(home), "--chdir", str(home)]


def can_wall():
    """Does ``walled`` work here?"""
    with tempfile.TemporaryDirectory() as folder:
        return (
            sys.platform == "linux"
            and shutil.which("bwrap") is not None
            and (subprocess.run([*walled(folder), sys.executable, "-c", ""]).returncode == 0)
        )


async def prepare(spawner):
    """Each user gets a copy of the course; what they changed is kept (see tools/lab.py)."""
    sys.path.insert(0, str(ROOT / "tools"))
    import lab

    home = Path(spawner.home_dir).absolute()
    home.mkdir(parents=True, exist_ok=True)
    try:
        for line in await asyncio.to_thread(lab.give_out, ROOT, home):
            spawner.log.info("%s: %s", home.name, line)
    except OSError as error:  # a full disk is no reason to keep a user from their own files
        spawner.log.error("%s did not get what is new in the course: %s", home.name, error)
    spawner.cmd = [*(walled(home) if WALLS else []), sys.executable, "-m", "jupyterhub.singleuser"]


WALLS = can_wall()
if not WALLS:
    print("No bubblewrap here: every user of this hub can read and change the others' files.")

c = get_config()  # noqa: F821 (JupyterHub provides it)
c.JupyterHub.bind_url = f"http://{HOST}:{PORT}"
c.JupyterHub.hub_port = PORT + 1
c.JupyterHub.authenticator_class = ByPassword
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = r"\w[\w.@ -]*"  # it is the name of a folder, too
c.JupyterHub.spawner_class = "simple"  # a process for each user, without system accounts
c.SimpleLocalProcessSpawner.home_dir_template = os.environ.get("HUB_HOMES", "/tmp/hub/{username}")
c.Spawner.pre_spawn_hook = prepare
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {} if ANSWERS else {"VI_COURSE_SOLUTIONS": "off"}
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # seconds; a class may start all at once
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PORT + 2}"  # 8001 if nothing is said
c.ConfigurableHTTPProxy.command = [str(BIN / "configurable-http-proxy")]
if WALLS:  # what kernels print would be open to all on the machine's ports
    c.Spawner.args += ["--KernelManager.transport=ipc"]
    c.Spawner.environment["JUPYTER_RUNTIME_DIR"] = "/tmp/jupyter"  # short, as sockets' names are
