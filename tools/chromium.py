"""Find Chromium for the checks of slides and widgets.

    python tools/chromium.py                says where it is, or how to get it
    python tools/chromium.py --install      installs it where it is missing

Nothing is installed without being asked for, but where the environment variable CI is set. Debian's
package is preferred, because Playwright's own browser is a further download. Where there is no
browser, one sentence says so; the checks that need one then skip loudly, or fail where CI is set.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import console

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "Chromium is missing ({why}), so slides and widgets are NOT checked in a browser: install it "
    "yourself, or let `.venv/bin/python tools/chromium.py --install` do it."
)


def find():
    """The path of a Chromium that Playwright can drive, or None."""
    said = os.environ.get("CHROMIUM")
    if said and shutil.which(said):
        return shutil.which(said)
    return next((path for path in map(shutil.which, NAMES) if path), None) or _playwrights_own()


def find_or_install():
    """The path of Chromium, installed first where CI is set and it is missing; or None."""
    return find() or (install() if os.environ.get("CI") else None)


def install(timeout=600):
    """Install Chromium with the system's packages or with Playwright; its path, or None."""
    for command in _ways():
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(command, check=True, timeout=timeout, capture_output=True)
        if find():
            return find()
    return None


@contextlib.contextmanager
def browser(path=None):
    """A running Chromium, as Playwright's Browser; RuntimeError where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise RuntimeError(MISSING.format(why="the package playwright is not installed")) from error
    path = path or find()
    if path is None:
        raise RuntimeError(MISSING.format(why="no browser was found"))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield chromium
        finally:
            chromium.close()


@contextlib.contextmanager
def page(browser, width=1280, height=720, heard=None):
    """An empty page of a browser, lent: a new one compiles every deck's MathJax anew (1.5 s).

    heard: {event: handler}, such as "console", "pageerror", "request". A page on which something
    failed is not lent again.
    """
    idle, heard = _idle.setdefault(browser, []), heard or {}
    lent = idle.pop() if idle else browser.new_page()
    try:
        lent.set_viewport_size({"width": width, "height": height})
        for event, handler in heard.items():
            lent.on(event, handler)
        yield lent
        for event, handler in heard.items():
            lent.remove_listener(event, handler)
        lent.unroute_all()
        lent.emulate_media(media="null")
        lent.evaluate("try { localStorage.clear() } catch { /* a page without an origin */ }")
        lent.goto("about:blank")
    except BaseException:
        lent.close()
        raise
    idle.append(lent)


_idle = weakref.WeakKeyDictionary()  # the pages of each browser that nobody has at the moment


def _playwrights_own():
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Exception:  # Playwright's errors have no common base class
        return None
    return path if Path(path).is_file() else None


def _ways():
    root = [] if not hasattr(os, "geteuid") or os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get"):
        quiet = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        yield [*quiet, "update"]
        yield [*quiet, "install", "-y", "--no-install-recommends", "chromium"]
    yield [sys.executable, "-m", "playwright", "install", "chromium"]


def main(arguments):
    """Say where Chromium is, after installing it if that was asked for."""
    path = find() or install() if "--install" in arguments else find_or_install()
    if path:
        print(f"Chromium: {path}")
        return 0
    tried = "--install" in arguments or os.environ.get("CI")
    why = "apt-get and Playwright both failed to install it" if tried else "no browser was found"
    print(MISSING.format(why=why), file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    console.forgive()
    sys.exit(main(sys.argv[1:]))
