"""Round every request: security headers, HEAD, a line in the log, a count, and nothing told of a defect of ours."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import trace
from service.flows.services import Services
from service.web import frames, problems
from service.web.deps import is_allowed
from service.web.metrics import Metrics

_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
"""ACCEPTANCE E5; a page says something else where it must."""

_STUDIO = {
    "Cross-Origin-Opener-Policy": "same-origin",  # no page that opened it keeps a hold of its window (HTML standard)
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HTTPS_ALONE = "max-age=31536000"
"""A year (RFC 6797): for staff, who type the address by hand. Leads come by links of ours, which say https."""

_FOR_OTHER_SITES = "/api/"
"""What pages of the sites that are configured may read (Fetch standard, CORS)."""

log = structlog.get_logger()


class Edge:
    """The outermost middleware. Paths and queries hold tokens, so the log names the route alone (ACCEPTANCE E6)."""

    def __init__(self, app: ASGIApp, services: Services, metrics: Metrics) -> None:
        self._app = app
        self._services = services
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        method = scope["method"]
        if method == "HEAD":  # answered as GET, without the content (RFC 9110, section 9.3.2)
            scope["method"] = "GET"
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if scope["path"].startswith(_FOR_OTHER_SITES):
                    await frames.looked_up(self._services)
                self._add_headers(scope, message)
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except ClientDisconnect:
            pass  # gone before all of the body was here: nobody to answer, and no fault of ours
        except Exception as error:
            log.error("request failed", route=_route(scope), error=trace(error))
            if status:
                raise  # half an answer is out; the server cuts the connection
            await problems.unexpected(Request(scope), self._services)(scope, receive, send_on)
        finally:
            route = _route(scope)
            self._metrics.count(method, route, status)
            milliseconds = round((time.monotonic() - began) * 1000, 1)
            log.info("request", method=method, route=route, status=status, ms=milliseconds)

    def _add_headers(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(raw=message["headers"])
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)
        if scope["path"].startswith("/static/") and message["status"] in {200, 304}:
            # The query is a mark of the content, so a changed file has another address.
            marked = scope["query_string"].startswith(b"v=")
            headers["Cache-Control"] = "public, max-age=31536000, immutable" if marked else "no-cache"
        if f"{scope['path']}/".startswith("/studio/"):
            headers.update(_STUDIO)
            if self._services.base_url.startswith("https://"):
                headers["Strict-Transport-Security"] = _HTTPS_ALONE
        if scope["path"].startswith(_FOR_OTHER_SITES):
            self._add_cors(scope, headers)
        message["headers"] = headers.raw

    def _add_cors(self, scope: Scope, headers: MutableHeaders) -> None:
        headers.add_vary_header("Origin")
        origin = Request(scope).headers.get("origin")
        if origin is not None and is_allowed(origin, self._services):
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Retry-After"


def _route(scope: Scope) -> str:
    """The route's template, such as `/u/{token}`; "-" where no route answered."""
    if scope["path"].startswith("/static/"):
        return "/static"
    route = scope.get("route")
    return str(getattr(route, "path", "-"))
