"""Is it alive, may it take traffic, and how is it doing?"""

from __future__ import annotations

import ipaddress

from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from service.errors import NotFoundError, UnavailableError
from service.flows import publishing
from service.flows.services import Services
from service.store.schema import Schema, schema_state
from service.web import documented
from service.web.client import address_of
from service.web.deps import Here
from service.web.problems import RETRY_AFTER, problem

_FORWARDED = ("forwarded", "x-forwarded-for")
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""RFC 1918 and RFC 4193: where a container network or an office lives."""

router = APIRouter()


@router.get("/healthz", responses=documented.said(200, "ok"))
def healthz() -> JSONResponse:
    """The process answers; looks at nothing else, so that a database on holiday restarts no container."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", responses=documented.said(200, "ready") | documented.errors(503))
def readyz(request: Request, services: Here) -> JSONResponse:
    """May it take traffic? 503 with the reason while it may not. For operators, so in English."""
    try:
        reason = _not_ready(request, services)
    except (UnavailableError, SQLAlchemyError):
        reason = "the database does not answer"
    if reason:
        return problem(503, reason, headers={"Retry-After": str(RETRY_AFTER)}, code="not-ready")
    return JSONResponse({"status": "ready"})


@router.get(
    "/metrics",
    response_class=Response,
    responses=documented.content(200, "text/plain") | documented.errors(404),
)
def metrics(request: Request, services: Here) -> Response:
    """For Prometheus on this machine or its private network; not there for anybody else, nor through a proxy."""
    if not services.demo and not _is_inside(request):
        raise NotFoundError("metrics are for the inside alone")
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _not_ready(request: Request, services: Services) -> str | None:
    state = request.app.state
    if not state.schema_seen:  # looked at until it is right once: nobody takes a schema away under a running service
        if schema_state(services.database) is not Schema.CURRENT:
            return "the database has another schema; run: nurture migrate"
        state.schema_seen = True
    with services.database.reading() as session:
        if publishing.nothing_published(session):
            return "nothing published yet"
    if state.worker_alive is not None and not state.worker_alive():
        return "the worker inside this process has stopped"
    return None


def _is_inside(request: Request) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = address_of(request, ())
    return peer is not None and (peer.is_loopback or any(peer in network for network in _PRIVATE))
