"""Serves the sample pages on loopback with their real headers, so that a browser holds the policies against them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from service.web import pages
from service.web.embed import widget_script
from tests.support.sample_pages import PAGES

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_MAIL = (
    '<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Mail</title></head>'
    '<body><h1>Een mail</h1><p><a href="/confirm">Ja, stuur mij het vervolg</a></p></body></html>'
)


_JSON = {"/state": b'{"number": 1}'}


class PageServer:
    """`url(name)` is a sample page; `posts` are the fields of each form post, oldest first."""

    def __init__(self, port: int, posts: list[dict[str, list[str]]]) -> None:
        self._port = port
        self.posts = posts

    def url(self, name: str) -> str:
        """Where the sample page of this name is."""
        return f"http://127.0.0.1:{self._port}/{name}"


@contextmanager
def page_server() -> Iterator[PageServer]:
    """A server for as long as the block runs."""
    posts: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/embed.js" or path.startswith("/static/"):
                body, headers = _static(path.removeprefix("/static/"))
                return self._answer(200, headers, body)
            if path.endswith("/html") or path.startswith("/mails/"):
                frame = pages.mail_frame(_MAIL)
                return self._answer(200, dict(frame.headers), bytes(frame.body))
            if path.endswith((".json", "/state")):
                return self._answer(200, {"content-type": "application/json"}, _JSON.get(path, b"[]"))
            page = pages.render(PAGES.get(path[1:], PAGES["not-found"]))
            return self._answer(page.status_code, dict(page.headers), bytes(page.body))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            posts.append(parse_qs(body, keep_blank_values=True))
            page = pages.render(PAGES["confirm-done"])
            self._answer(200, dict(page.headers), bytes(page.body))

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            with suppress(ConnectionError):  # the browser is at its next page already
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests say what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield PageServer(server.server_port, posts)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _static(name: str) -> tuple[bytes, dict[str, str]]:
    if name == "/embed.js":
        return widget_script().text, {"Content-Type": _TYPES["js"]}
    return (pages.STATIC / name).read_bytes(), {"Content-Type": _TYPES[name.rsplit(".", 1)[-1]]}
