"""`/d/`: by a fresh link, look at all that is held, take it along, or have it erased. GET shows buttons; POST acts."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.errors import FieldProblem, InvalidInputError
from service.flows import clock_check, export_page, my_data
from service.flows.export import export
from service.flows.services import Services
from service.store import lead_rows, leads
from service.store.tables import ErasedToken, Lead, Message
from service.web import documented, pages
from service.web.deps import Here, Sent, desk, erased_page, message_behind, posted
from service.web.my_data_views import AllDataPage
from service.web.views import Page

router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(404, 503))
_SHAPES = ("view", "html", "json")
_ACTIONS = (*_SHAPES, "erase", "link")


@router.get("/d/{token}")
def show(token: str, services: Here) -> Response:
    """The buttons and until when they work; of what is held nothing yet, for a mail scanner opens this page too."""
    with services.database.reading() as session:
        message = message_behind(session, services, "d", token)
        if isinstance(message, ErasedToken):
            page: Page = erased_page(session, services)
        else:
            page = _page(session, services, message, clock_check.now(session, services))
    return pages.render(page)


@router.post(
    "/d/{token}",
    responses=documented.errors(413, 422) | documented.content(200, "text/html", "application/json"),
    openapi_extra=documented.form({"action": _ACTIONS}),
)
def act(token: str, services: Here, body: Sent) -> Response:
    """`action`: view, html or json (both as a file), erase, or link (a new one).

    A link of before yesterday does the last alone, whatever was pressed.
    """
    with services.database.transaction() as session:
        now = clock_check.now(session, services)
        message = message_behind(session, services, "d", token)
        lead = None if isinstance(message, ErasedToken) else session.get(Lead, message.lead_id)
        if isinstance(message, ErasedToken) or lead is None:  # None: another press erased it while we looked
            return pages.render(erased_page(session, services))
        public_id, action = lead.public_id, (posted(body).get("action") or [""])[-1]
        works = now < my_data.link_ends_at(message)
        if action not in _ACTIONS:
            problem = FieldProblem(pointer="/action", detail="Deze keuze kennen we niet.")
            raise InvalidInputError("no such action", "Deze keuze kennen we niet.", fields=[problem])
        if action == "link":
            my_data.mail_link(session, services, lead, now)
        elif works and action == "erase":
            my_data.erase(session, services, lead, now)
        elif works:
            my_data.note_export(session, lead, action, now)
        session.flush()
        if works and action == "erase":
            page: Page = erased_page(session, services, just_now=True)
        else:
            page = _page(session, services, message, now, sent=action == "link")
    services.bell.ring()
    if works and action == "erase":
        services.database.forget_for_good()  # where somebody reads just now, the next housekeeping does it
    if works and action in _SHAPES:
        return _taken_along(services, public_id, action, now)
    return pages.render(page)


def _page(session: Session, services: Services, message: Message, now: datetime, *, sent: bool = False) -> AllDataPage:
    at = desk(session, services)
    ends_at = my_data.link_ends_at(message)
    requests = lead_rows.booking_requests(session, message.lead_id) if message.lead_id is not None else ()
    return AllDataPage(
        practice=at.practice,
        in_demo=at.in_demo,
        until=ends_at.astimezone(ZoneInfo(at.practice.time_zone)) if now < ends_at else None,
        backup_days=services.retention.backups.days,
        sent=sent,
        request_open=any(each.handled_at is None for each in requests),
    )


def _taken_along(services: Services, public_id: str, shape: str, now: datetime) -> Response:
    """All that is held, as a page or as a file. Read outside the transaction that noted it: it may be much. The lead's
    own number may be another's by now, where she was erased meanwhile.
    """
    with services.database.reading() as session:
        lead = leads.by_public_id(session, public_id)
        if lead is None:
            return pages.render(erased_page(session, services))
        at = desk(session, services)
        held = export(session, services, lead, now)
    if shape == "view":
        return pages.document(export_page.readable(held), export_page.policy())
    if shape == "html":
        data, kind = export_page.readable(held), "text/html; charset=utf-8"
    else:
        data, kind = json.dumps(held.as_json(), ensure_ascii=False, indent=2), "application/json"
    name = f"mijn-gegevens-{at.day(now).isoformat()}.{shape}"
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
