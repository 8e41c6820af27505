"""`POST /webhooks/bookings/{source}`: a booking system tells of an appointment, and proves that it is the one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from service.domain import calcom, calendly, own_agenda
from service.domain.booking_events import Receive
from service.errors import NotFoundError, UnauthorisedError
from service.flows import booking_events, clock_check
from service.store.db import real_now
from service.web import bodies, documented
from service.web.deps import Here

SOURCES: Mapping[str, Receive] = MappingProxyType(
    {"calcom": calcom.receive, "calendly": calendly.receive, "generic": own_agenda.receive}
)
_ANSWERS = documented.said(200, "taken") | documented.errors(401, 404, 413, 422, 503)
_BODY = {
    "requestBody": {"required": True, "content": {bodies.JSON: {"schema": {"type": "object"}}}},
    "parameters": [
        {"name": calcom.HEADER, "in": "header", "description": "calcom", "schema": {"type": "string"}},
        {"name": calendly.HEADER, "in": "header", "description": "calendly", "schema": {"type": "string"}},
        {"name": own_agenda.HEADER, "in": "header", "description": "generic", "schema": {"type": "string"}},
    ],
}
SentEvent = Annotated[bodies.Body, Depends(bodies.read_event)]
router = APIRouter()


@router.post("/webhooks/bookings/{source}", responses=_ANSWERS, openapi_extra=_BODY)
def booking(source: str, request: Request, services: Here, body: SentEvent) -> Response:
    """From `calcom`, `calendly`, or `generic`: any other agenda (docs/booking.md). The same event twice counts once.

    200 also for an event of an unknown type: it is kept, and nothing is done. 401: the signature is missing, wrong or
    old, or no secret is set here. 422: signed, but no JSON, or without what an event needs.
    """
    receive = SOURCES.get(source)
    if receive is None:
        raise NotFoundError("no such source of bookings")
    secrets = services.webhook_secrets.get(source, ())
    with services.database.reading() as session:
        signed_at = real_now(session)
    try:
        event = receive(request.headers, body.data, secrets, signed_at)
    except UnauthorisedError:
        request.app.state.hook_refusals.add(source)
        raise
    with services.database.transaction() as session:
        booking_events.take(session, services, source, event, clock_check.now(session, services))
    services.bell.ring()
    return JSONResponse({"status": "taken"})
