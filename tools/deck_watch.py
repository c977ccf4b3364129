"""Serve the decks on this machine and renew the open one whenever its notebook is saved."""

import re
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import deck_build
from nbformat.reader import NotJSONError

from slides.problems import NotebookProblem

PAUSE = 0.5  # seconds between two looks at the notebooks
RELOAD = """<script>(async () => {
  const written = async () => (await fetch(location.pathname, {method: "HEAD"})).headers.get("Last-Modified");
  const first = await written();
  setInterval(async () => { if (await written() !== first) location.reload(); }, 500);
})()</script></body>"""  # noqa: E501


class Deck(SimpleHTTPRequestHandler):
    """A deck as it is, with a script that asks whether it has been written anew."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.suffix != ".html" or not path.is_file():
            return super().do_GET()
        html = path.read_text(encoding="utf-8").replace(
            "default-src 'none';", "connect-src 'self';"
        )
        body = re.sub(r"</body>(?!.*</body>)", lambda _: RELOAD, html, flags=re.DOTALL).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """A reader needs no list of requests."""


def watch(notebooks, folder, port=8900, once=False):
    """Build, serve and look again until interrupted; the server's address is printed."""
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(Deck, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/index.html (Ctrl+C ends it)", flush=True)
    seen = {}
    try:
        while True:
            now = {path: path.stat().st_mtime_ns for path in notebooks if path.is_file()}
            if now != seen:
                _renew(notebooks, folder)
                seen = now
            if once:
                return server.server_port
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        return 0
    finally:
        server.shutdown()
        server.server_close()


def _renew(notebooks, folder):
    """Build; a notebook that cannot be shown right now is one sentence, its old deck stays."""
    try:
        for deck in deck_build.build(notebooks, folder)[1]:
            print(f"{time.strftime('%H:%M:%S')} {deck.name}", flush=True)
    except (NotebookProblem, NotJSONError, OSError) as error:
        print(error, flush=True)
