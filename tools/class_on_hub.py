"""Tries a class on the course's own hub: can this machine hold it, and is anything ever lost?

    python tools/class_on_hub.py [USERS [ROUNDS]]      20 users, killed in 3 rounds

All users at once start a server, open an exercise, run the course's code in a kernel and save one
version after another, until server and kernel are ended in the middle by kill -9. After the next
start the file must hold the last version that was confirmed, or the one that was on its way.
It prints the memory that a user takes (proportional set size: shared pages are divided among those
who share them) and what one user's code can see of another's.
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import console

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "docs" / "hub_config.py"
PATIENCE = 240  # seconds, on a busy machine
EXERCISE = "exercises/03a_jensen.ipynb"
SIZE = 1_000_000  # characters of an answer: long enough to be killed in the middle of its saving
SERVICE = """
c.JupyterHub.services = [dict(name="class", api_token={token!r}, admin=True)]
scopes = ["admin:users", "admin:servers", "access:servers", "tokens"]
c.JupyterHub.load_roles = [dict(name="class", services=["class"], scopes=scopes)]
c.Spawner.poll_interval = 1  # seconds: those who were killed are missed soon
"""
WORK = """
from helpers.small import bank, mean_field
import matplotlib.pyplot as plt, scipy.special
bound = next(mean_field(bank(), 1)).bound
close = abs(bound.elbo + bound.kl - bound.log_evidence) < 1e-12
print("ELBO + KL = log p(x)" if close else bound)
"""
LOOK = """
import glob, os
def can(path):
    try:
        return os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(9999)
    except OSError:
        return b""
def alive(pid):
    try:
        return os.kill(pid, 0) is None
    except OSError:
        return False
seen = [path for path in {paths!r} if can(path)]
mine = b"USER={name}"
seen += [path for path in glob.glob("/proc/[0-9]*/environ") if mine in can(path)]
print(seen + [pid for pid in {pids!r} if alive(pid)])
"""


@contextlib.contextmanager
def hub(folder, **settings):
    """A running hub with its files in ``folder``, as (address, administrator's token)."""
    token, port = secrets.token_hex(16), free_port()
    config, log = folder / "config.py", folder / "log.txt"
    config.write_text(
        f"source = {str(CONFIG)!r}\n"
        "exec(compile(open(source).read(), source, 'exec'), globals() | {'__file__': source})\n"
        + SERVICE.format(token=token)
    )
    settings = {"HUB_PORT": str(port), "HUB_HOMES": str(folder / "homes" / "{username}")} | settings
    command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
    with open(log, "w") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | settings, stdout=file, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: ask(f"{address}/hub/api/", token), log, process)
        yield address, token
    finally:
        with contextlib.suppress(OSError):
            ask(f"{address}/hub/api/shutdown", token, "POST", {"proxy": True, "servers": True})
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


class User:
    """Somebody at work on the hub."""

    def __init__(self, address, token, name, home):
        self.hub, self.mine = f"{address}/hub/api", f"{address}/user/{name}"
        self.token, self.name, self.home = token, name, home
        self.confirmed, self.tried, self.halves, self.wrong = 0, 0, 0, []
        ask(f"{self.hub}/users/{name}", token, "POST")

    def start(self):
        """Start the server, again if it was killed, and wait until it answers."""
        wait_for(self._started)

    def _started(self):
        if not ask(f"{self.hub}/users/{self.name}", self.token)["servers"]:
            ask(f"{self.hub}/users/{self.name}/server", self.token, "POST")
        return ask(f"{self.mine}/api/status", self.token)

    def read(self):
        """The exercise as the server hands it to JupyterLab."""
        return ask(f"{self.mine}/api/contents/{EXERCISE}", self.token)["content"]

    def save(self, version):
        """Save the exercise with an answer that names its version."""
        answer = {"cell_type": "code", "id": "answer", "metadata": {}, "outputs": []}
        answer |= {"source": f"# version {version}\n" + "x" * SIZE, "execution_count": None}
        content = self.content | {"cells": [*self.content["cells"], answer]}
        self.tried = version
        data = {"type": "notebook", "content": content}
        ask(f"{self.mine}/api/contents/{EXERCISE}", self.token, "PUT", data)
        self.confirmed = version

    def run(self, code):
        """What the code prints in a new kernel of the user's own."""
        kernel = ask(f"{self.mine}/api/kernels", self.token, "POST", {"name": "python3"})
        return run(f"{self.mine}/api/kernels/{kernel['id']}/channels", self.token, code)

    def processes(self):
        """The numbers of all processes of this user."""
        wanted, found = f"JUPYTERHUB_USER={self.name}".encode(), []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if wanted in (place / "environ").read_bytes().split(b"\0"):
                    found.append(int(place.name))
        return found

    def megabytes(self):
        """Proportional set size of the user's processes."""
        total = 0
        for number in self.processes():
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024

    def save_until_killed(self, seconds):
        """One version after another, until kill -9 after so many seconds."""
        self.content = self.read()
        self.content["cells"] = [c for c in self.content["cells"] if c.get("id") != "answer"]
        killer = threading.Timer(seconds, self.kill)
        killer.start()
        with contextlib.suppress(OSError):
            while True:
                self.save(self.tried + 1)
        killer.join()

    def kill(self):
        """End server and kernels as a crash does."""
        for number in self.processes():
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)

    def check(self):
        """Add to ``wrong`` what was lost, and count files of which half was written."""
        with contextlib.suppress(OSError):
            self.halves += not (self.home / EXERCISE).read_text(encoding="utf-8").endswith("}\n")
        (answer,) = (c["source"] for c in self.read()["cells"] if c.get("id") == "answer")
        version = int(answer.split("\n")[0].split()[-1])
        if version not in (self.confirmed, self.tried) or len(answer) < SIZE:
            self.wrong.append(f"version {version} after {self.confirmed} was confirmed")

    def sees(self, other):
        """What code of this user can reach of another's: files, processes, the server."""
        paths = [
            str(other.home),
            str(other.home / EXERCISE),
            str(other.home.parent.parent / "log.txt"),
        ]
        code = LOOK.format(paths=paths, name=other.name, pids=other.processes())
        return self.run(code)


def everybody(users, work):
    """Do the same for all at once; a list of what came back."""
    with concurrent.futures.ThreadPoolExecutor(len(users)) as pool:
        return list(pool.map(work, users))


def lost(users, rounds, rng, longest=6.0):
    """Users save and are killed, round after round; sentences about what was lost."""
    for _ in range(rounds):
        everybody(users, lambda user: user.save_until_killed(rng.uniform(1.0, longest)))
        everybody(users, User.start)
        everybody(users, User.check)
    return [f"{user.name}: {line}" for user in users for line in user.wrong]


def run(channel, token, code):
    """What ``code`` prints in the kernel behind the websocket ``channel``."""
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
    raise TimeoutError(f"no answer: {last}\n{log.read_text()[-3000:] if log else ''}")


def free_port():
    """A port with two free neighbours, for the hub behind the proxy and the proxy's interface."""
    while True:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in "abc"]
            sockets[0].bind(("127.0.0.1", 0))
            port = sockets[0].getsockname()[1]
            for i in (1, 2):
                sockets[i].bind(("127.0.0.1", port + i))
            return port


def main(n=20, rounds=3):
    """See the top of this file."""
    tell = functools.partial(print, flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        with hub(folder) as (address, token):
            users = [
                User(address, token, f"user{i}", folder / "homes" / f"user{i}") for i in range(n)
            ]
            start = time.monotonic()
            everybody(users, User.start)
            tell(f"{n} servers answer after {time.monotonic() - start:.0f} s")
            first = [user.megabytes() for user in users]
            right = everybody(users, lambda user: user.run(WORK)).count("ELBO + KL = log p(x)")
            tell(f"{right} of {n} ran the course's code, {time.monotonic() - start:.0f} s")
            memory = [user.megabytes() for user in users]
            tell(
                f"memory per user: {sum(first) / n:.0f} MB for the server, "
                f"{sum(memory) / n:.0f} MB with a kernel at work ({max(memory):.0f} MB at most)"
            )
            if n > 1:
                tell("one user's code sees of another's:", users[0].sees(users[1]))
            gone = lost(users, rounds, random.Random(0))
            saved = sum(user.confirmed for user in users)
            halves = sum(user.halves for user in users)
            print(f"killed {n * rounds} times among {saved} saves, {halves} files half written:")
            print(f"{len(gone)} lost", *gone, sep="\n")
    return len(gone)


if __name__ == "__main__":
    console.forgive()
    sys.exit(main(*map(int, sys.argv[1:])))
