"""A hub on this machine serves the real course to a handful of users at once."""

import http.cookiejar
import os
import random
import runpy
import urllib.error
import urllib.parse
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import class_on_hub
import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("ada", "blaise", "carl")

pytestmark = pytest.mark.skipif(
    find_spec("jupyterhub") is None or os.name == "nt",
    reason="the extra 'hub' is not installed: python tools/environment.py hub",
)


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    """Three users of a running hub, their servers started at once."""
    folder = tmp_path_factory.mktemp("hub")
    passwords = folder / "passwords.txt"
    passwords.write_text("Ada  one two\nblaise three\n\ncarl\n")
    with class_on_hub.hub(folder, HUB_PASSWORDS=str(passwords)) as (address, token):
        homes = folder / "homes"
        users = [class_on_hub.User(address, token, name, homes / name) for name in NAMES]
        class_on_hub.everybody(users, class_on_hub.User.start)
        yield users


def test_three_users_open_the_course_and_run_it_at_once(users):
    assert all(len(user.read()["cells"]) > 20 for user in users)
    said = class_on_hub.everybody(users, lambda user: user.run(class_on_hub.WORK))
    assert said == ["ELBO + KL = log p(x)"] * len(users)
    assert all(20 < user.megabytes() < 1000 for user in users)


def test_no_user_sees_files_or_processes_of_another(users):
    if not configured()["WALLS"]:
        pytest.skip("this system has no bubblewrap")
    both = class_on_hub.everybody(users[:1], lambda ada: (ada.sees(ada), ada.sees(users[1])))
    own, other = both[0]
    assert own.count(str(users[0].home)) == 2 and other == "[]"


def test_who_is_killed_while_saving_loses_nothing(users):
    assert class_on_hub.lost(users[:2], 1, random.Random(0), longest=2.0) == []
    assert sum(user.confirmed for user in users) > 0


def test_users_log_in_with_their_own_password_to_their_own_server(users):
    ada, blaise = users[:2]
    hub = ada.hub.removesuffix("/api")
    assert log_in(hub, "ada", "three") is None and log_in(hub, "carl", "") is None
    browser = log_in(hub, "ADA", "one two")
    assert b"03a_jensen.ipynb" in browser.open(f"{ada.mine}/api/contents/exercises").read()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        browser.open(f"{blaise.mine}/api/contents/exercises")


def test_a_name_that_leads_out_of_the_folder_of_homes_is_refused(users):
    for name in ("..", "..%2Fada", ".ada", "a%2F..%2F..%2Fb"):
        with pytest.raises(urllib.error.HTTPError, match=r"40[045]"):
            class_on_hub.ask(f"{users[0].hub}/users/{name}", users[0].token, "POST")


def test_a_hub_that_others_can_reach_wants_a_password_of_its_own(monkeypatch):
    monkeypatch.setenv("HUB_HOST", "0.0.0.0")
    with pytest.raises(SystemExit, match="choose HUB_PASSWORD"):
        configured()
    monkeypatch.setenv("HUB_PASSWORD", "a better one")
    assert configured()["c"].JupyterHub.bind_url.startswith("http://0.0.0.0:")


def configured():
    """What docs/hub_config.py sets."""

    class Config(SimpleNamespace):
        def __getattr__(self, name):
            setattr(self, name, Config())
            return getattr(self, name)

    settings = Config()
    return runpy.run_path(str(ROOT / "docs/hub_config.py"), {"get_config": lambda: settings})


def log_in(hub, name, password):
    """A browser that is logged in, or None."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    browser.open(f"{hub}/login").read()
    secret = next(cookie.value for cookie in jar if cookie.name == "_xsrf")
    form = {"username": name, "password": password, "_xsrf": secret}
    try:
        browser.open(f"{hub}/login", urllib.parse.urlencode(form).encode()).read()
    except urllib.error.HTTPError as error:
        assert error.code == 403
        return None
    return browser
