"""Erasing a lead: a page that asks first, and wants her number typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from starlette.responses import Response

from service.errors import NurtureError
from service.flows import erase_proof, privacy, staff_acts
from service.flows.erase_proof import Proof, Sought
from service.flows.services import Services
from service.store import bookings
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.leads.one import asked_for, the_lead
from service.web.studio.leads.views import ErasedPage, ErasePage
from service.web.studio.seen import lead_name

_PATIENCE = 20.0  # seconds: a page is waited for, and a thread of the studio's is held


def show(visit: Visit) -> Response:
    """`GET /studio/leads/{lead}/erase`."""
    return rendering.render(_page(visit))


def act(visit: Visit) -> Response:
    """`POST /studio/leads/{lead}/erase`: every trace, for good, as `nurture lead erase` does.

    What is sought lives in memory alone, so the search is made here and now, and shown instead of led to.
    """
    number, services = asked_for(visit), visit.services
    if visit.field("number").strip() != str(number):
        told = (
            f"Typ het nummer van deze lead: {number}."
            if visit.language == "nl"
            else f"Type this lead's number: {number}."
        )
        return rendering.render(_page(visit, told=told), status=422)
    with services.database.transaction() as session:
        lead = staff_acts.still(session, services, number, visit.field("mark"), as_seen=False)
        sought = erase_proof.sought_of(session, lead)
        privacy.erase(session, services, lead.id, "staff", services.clock.now(), actor=visit.me.actor)
    forgotten = services.database.forget_for_good()  # where somebody reads just now, the next housekeeping does it
    page = ErasedPage(
        practice=None,
        frame=visit.frame(),
        number=number,
        forgotten=forgotten,
        proof=_proof(services, sought, number),
        backup_days=services.retention.backups.days,
    )
    return rendering.render(page)


def _proof(services: Services, sought: tuple[Sought, ...], number: int) -> Proof | None:
    """What a search finds; None where it could not be made. She is erased either way, and the page must say so."""
    try:
        found = erase_proof.search(services, sought, lead_id=number, patience=_PATIENCE)
    except NurtureError:
        return None
    traces = tuple(replace(each, where=Path(each.where).name) for each in found.traces)
    return replace(found, traces=traces)


def _page(visit: Visit, *, told: str = "") -> ErasePage:
    frame, services = visit.frame(), visit.services
    with services.database.reading() as session:
        lead = the_lead(visit, session)
        return ErasePage(
            practice=None,
            frame=frame,
            number=lead.id,
            shown=lead_name(lead, visit.me),
            mark=staff_acts.mark(session, services, lead),
            backup_days=services.retention.backups.days,
            open_request=bool(bookings.open_requests(session, lead.id)),
            told=told,
        )
