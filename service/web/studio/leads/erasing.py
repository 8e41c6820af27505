"""Erasing a lead: a page that asks first, and wants her number typed."""

from __future__ import annotations

from starlette.responses import Response

from service.flows import privacy, staff_acts
from service.store import bookings
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.leads.listing import LEADS
from service.web.studio.leads.one import asked_for, the_lead
from service.web.studio.leads.views import ErasePage
from service.web.studio.seen import lead_name


def show(visit: Visit) -> Response:
    """`GET /studio/leads/{lead}/erase`."""
    return rendering.render(_page(visit))


def act(visit: Visit) -> Response:
    """`POST /studio/leads/{lead}/erase`: every trace, for good, as `nurture lead erase` does."""
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
        privacy.erase(session, services, lead.id, "staff", services.clock.now(), actor=visit.me.actor)
    services.database.forget_for_good()  # where somebody reads just now, the next housekeeping does it
    return see(f"{LEADS}?done=erased")


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
