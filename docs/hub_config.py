"""A JupyterHub on one machine, for trying the course with a class: any name, one password.

    jupyterhub -f docs/hub_config.py

With SOLUTIONS=no in the environment, users get no solutions.
Do not put it on the open internet as it is: the password is shared, and all users are one.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

c = get_config()  # noqa: F821 (JupyterHub provides it)
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ.get('HUB_PORT', '8000')}"
c.JupyterHub.hub_port = int(os.environ.get("HUB_PORT", "8000")) + 1
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ.get("HUB_PASSWORD", "variational")
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"  # a process for each user, without system accounts
c.SimpleLocalProcessSpawner.home_dir_template = os.environ.get("HUB_HOMES", "/tmp/hub/{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--ServerApp.disable_check_xsrf=True"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # seconds; a class may start all at once
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.ConfigurableHTTPProxy.command = [str(BIN / "configurable-http-proxy")]


def give_out_the_course(spawner):
    """Each user gets a copy; what they changed in it is kept (see tools/lab.py)."""
    sys.path.insert(0, str(ROOT / "tools"))
    import lab

    lab.give_out(ROOT, Path(spawner.home_dir))


if os.environ.get("SOLUTIONS", "").lower() == "no":
    c.Spawner.environment = {"VI_COURSE_SOLUTIONS": "off"}
c.Spawner.pre_spawn_hook = give_out_the_course
