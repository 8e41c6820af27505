"""A page that asks of the editor's script what the mail editor does, and a server that answers it; nothing else of it.

So what the script makes of a page can be tried by itself, with answers that the test chooses.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from service.web import editor_script, pages

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'"
)
"""As `pages.security_headers` gives it to a page with scripts and frames."""
MAIL = "# Hallo\n\nBeste lezer,\n\nDit is een mail.\n"
_PAGE = """<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Mail · Studio</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/base.css"><link rel="stylesheet" href="/static/forms.css">
<link rel="stylesheet" href="/static/studio.css"><link rel="stylesheet" href="/static/studio/editor.css">
<script type="module" src="/static/studio/editor.js"></script></head><body class="studio"><main>
<h1>Mail</h1>
<form id="mail-form" method="post" action="/save"
data-check="/check" data-preview="/preview" data-media="/media" data-bundle="{bundle}">
<input type="hidden" name="form_token" value="penning">
<div class="field"><label for="subject">Onderwerp</label>
<input id="subject" name="subject" type="text" value="Hallo"></div>
<label for="body">Tekst</label>
<div data-toolbar hidden></div>
<div data-editor><textarea id="body" name="body">{mail}</textarea></div>
<button class="button" type="submit" formaction="/preview" formtarget="preview">Voorbeeld</button>
<button class="button" type="submit" formaction="/test" formtarget="preview">Stuur een test</button>
<button class="button" type="submit" data-save>Opslaan</button>
</form>
<label for="look">Bekijk als</label>
<select id="look" name="look" form="mail-form"><option value="phone">Telefoon</option>
<option value="desktop">Groot scherm</option><option value="dark">Donker</option><option value="text">Tekst</option>
</select>
<p data-inbox-subject></p><p data-inbox-preheader></p>
<ul data-problems></ul>
<iframe name="preview" data-preview-frame sandbox="allow-popups" title="Voorbeeld"></iframe>
</main></body></html>"""


@dataclass(kw_only=True)
class EditorPage:
    """Where it is, what it answers to a check, and what it was sent."""

    url: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    images: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    built: bool = True

    def saved(self) -> str:
        """The text of the mail that was saved last."""
        return next(fields["body"] for path, fields in reversed(self.sent) if path == "/save").replace("\r\n", "\n")


class _Handler(BaseHTTPRequestHandler):
    state: EditorPage

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        static = (pages.STATIC / path.removeprefix("/static/")).resolve()
        if path == "/":
            bundle = editor_script.SCRIPT if self.state.built else ""
            self._send(_PAGE.format(mail=MAIL, bundle=bundle), "text/html", POLICY)
        elif path == editor_script.SCRIPT:
            self._send(editor_script.BUNDLE.read_text(encoding="utf-8"), "text/javascript")
        elif path.startswith("/static/") and static.is_relative_to(pages.STATIC) and static.is_file():
            kind = "text/css" if path.endswith(".css") else "text/javascript"
            self._send(static.read_text(encoding="utf-8"), kind)
        elif path.endswith("/all"):
            self._send(json.dumps({"images": self.state.images}), "application/json")
        else:
            self._send("", "text/plain")

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        fields = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
        self.state.sent.append((self.path, fields))
        if self.path == "/check":
            self._send(json.dumps(self.state.answer), "application/json")
        elif self.path == "/preview":
            drawn = f"<!doctype html><html lang=nl><title>Mail</title><main><h1>{fields['body']}</h1>"
            self._send(drawn, "text/html", "sandbox allow-popups; default-src 'none'; frame-ancestors 'self'")
        elif self.path == "/test":
            told = "<!doctype html><html lang=nl><title>Test</title><h1>Verstuurd</h1>"
            self._send(told, "text/html", "sandbox; default-src 'none'; frame-ancestors 'self'")
        else:
            self._send("<!doctype html><html lang=nl><title>Klaar</title><h1>Opgeslagen</h1>", "text/html", POLICY)

    def _send(self, text: str, kind: str, policy: str = "default-src 'none'") -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def editor_page() -> Iterator[EditorPage]:
    """Such a page, for as long as the block runs."""
    state = EditorPage()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
