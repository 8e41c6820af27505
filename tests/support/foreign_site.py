"""A practice's own website on another origin: an article of its own looks, under a strict policy of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_STYLE = """
html { font-size: 62.5% }
body { margin: 0 auto; max-width: 70rem; padding: 1.6rem; color: #2b1d3a; background: #fffdf8 }
body { font: 1.8rem/1.6 Georgia, serif }
* { letter-spacing: 0.01em }
label { text-transform: uppercase }
input { border: 5px dotted red }
nurture-form { --nurture-primary: #5a2a82; --nurture-radius: 3px }
"""
_ARTICLE = """<!doctype html>
<html lang="nl"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lage rugpijn</title><link rel="stylesheet" href="/site.css"></head>
<body><main><h1>Lage rugpijn</h1>
{body}
<p>Lees verder over de lage rug.</p></main></body></html>
"""


class ForeignSite:
    """A site under construction: `show` puts a page on it. Its policy lets in one service, and nothing inline."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self._port = port
        self.pages: dict[str, tuple[str, str]] = {}

    @property
    def unlisted(self) -> str:
        """The same site under its other name, which no service was told of."""
        return f"http://127.0.0.1:{self._port}"

    def show(self, name: str, body: str, *, service: str, inline: bool = False) -> str:
        """The URL of an article with this in it. `inline`: the site lets scripts stand in its pages."""
        own = " 'unsafe-inline'" if inline else ""
        policy = f"default-src 'none'; style-src 'self'{own}; script-src {service}{own}; connect-src {service}; "
        policy += f"frame-src {service}; form-action {service}; img-src 'self'"
        self.pages[f"/{name}"] = (_ARTICLE.format(body=body), policy)
        return f"{self.origin}/{name}"


@contextmanager
def foreign_site() -> Iterator[ForeignSite]:
    """A site for as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            kind, (body, policy) = "text/html", site.pages.get(path, ("", ""))
            if path == "/site.css":
                kind, body = "text/css", _STYLE
            data = body.encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Tests say what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = ForeignSite(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
