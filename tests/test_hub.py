"""A hub on this machine serves the real notebooks to a handful of users at once."""

import concurrent.futures
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
USERS = ("ada", "blaise", "carl")
PATIENCE = 240  # seconds, on a busy machine

pytestmark = pytest.mark.skipif(
    find_spec("jupyterhub") is None or os.name == "nt",
    reason="the extra 'hub' is not installed: python tools/environment.py hub",
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A running hub, as (address, administrator's token)."""
    folder, token, port = tmp_path_factory.mktemp("hub"), secrets.token_hex(16), free_port()
    config = folder / "config.py"
    config.write_text(
        f"exec(compile(open({str(ROOT / 'docs/hub_config.py')!r}).read(), "
        f"{str(ROOT / 'docs/hub_config.py')!r}, 'exec'), "
        f"globals() | {{'__file__': {str(ROOT / 'docs/hub_config.py')!r}}})\n"
        f"c.JupyterHub.services = [dict(name='test', api_token={token!r}, admin=True)]\n"
        "c.JupyterHub.load_roles = [dict(name='test', services=['test'], "
        "scopes=['admin:users', 'admin:servers', 'access:servers'])]\n"
    )
    settings = {"HUB_PORT": str(port), "HUB_HOMES": str(folder / "homes" / "{username}")}
    with open(folder / "log.txt", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=folder,
            env=os.environ | settings,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: ask(f"{address}/hub/api/", token), folder / "log.txt", process)
        yield address, token
    finally:
        for name in USERS:
            with contextlib.suppress(OSError):
                ask(f"{address}/hub/api/users/{name}/server", token, "DELETE")
        process.terminate()
        process.wait(30)


def test_three_users_open_the_course_and_run_it_at_once(hub):
    address, token = hub
    for name in USERS:
        ask(f"{address}/hub/api/users/{name}", token, "POST")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda name: work_as(address, token, name), USERS))
    assert answers == ["ELBO + KL = log p(x)"] * len(USERS)


def work_as(address, token, name):
    """Start the user's server, open a lecture, and run the course's code in a kernel."""
    ask(f"{address}/hub/api/users/{name}/server", token, "POST")
    mine = f"{address}/user/{name}"
    wait_for(lambda: ask(f"{mine}/api/status", token))
    lecture = ask(f"{mine}/api/contents/notebooks/03a_jensen.ipynb", token)
    assert lecture["type"] == "notebook" and len(lecture["content"]["cells"]) > 20
    kernel = ask(f"{mine}/api/kernels", token, "POST", {"name": "python3"})
    code = (
        "from helpers.small import bank, mean_field\n"
        "bound = next(mean_field(bank(), 1)).bound\n"
        "close = abs(bound.elbo + bound.kl - bound.log_evidence) < 1e-12\n"
        "print('ELBO + KL = log p(x)' if close else bound)"
    )
    return run(f"{mine}/api/kernels/{kernel['id']}/channels", token, code)


def run(channel, token, code):
    """What ``code`` prints in the kernel behind the websocket ``channel``."""
    import asyncio

    from tornado.httpclient import HTTPRequest
    from tornado.websocket import websocket_connect

    header = {"msg_id": secrets.token_hex(8), "msg_type": "execute_request", "version": "5.3"}
    header |= {"username": "", "session": secrets.token_hex(8), "date": "2000-01-01T00:00:00Z"}
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}

    async def talk():
        address = channel.replace("http", "ws", 1)
        request = HTTPRequest(address, headers={"Authorization": f"token {token}"})
        socket = await websocket_connect(request)
        await socket.write_message(json.dumps(message | {"channel": "shell", "buffers": []}))
        while True:
            answer = json.loads(await asyncio.wait_for(socket.read_message(), PATIENCE))
            if answer["msg_type"] == "stream":
                return answer["content"]["text"].strip()
            if answer["msg_type"] == "error":
                return "\n".join(answer["content"]["traceback"])

    return asyncio.run(talk())


def ask(address, token, method="GET", data=None):
    """One request to the hub's or a server's interface; its JSON."""
    body = json.dumps(data).encode() if data is not None else (b"" if method == "POST" else None)
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        text = response.read()
    return json.loads(text) if text else None


def wait_for(question, log=None, process=None):
    """Ask until there is an answer."""
    last = None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            return question()
        except (OSError, ValueError) as error:
            last = error
            if process is not None and process.poll() is not None:
                break
            time.sleep(1)
    pytest.fail(f"no answer: {last}\n{log.read_text()[-3000:] if log else ''}")


def free_port():
    """A port with a free neighbour, for the hub behind the proxy."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
