"""What staff do for a lead from her page: by the flows that the command line uses, each kept in the audit log."""

from __future__ import annotations

from sqlmodel import Session
from starlette.responses import Response

from service.errors import InvalidInputError, RefusedError
from service.flows import advice_again, clock_check, staff_acts
from service.store.tables import Lead
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.leads.listing import LEADS
from service.web.studio.leads.one import asked_for, page
from service.web.studio.waiting import asked

ACTIONS = ("stop", "pause", "resume", "booked", "replied", "again")
_AS_SEEN = frozenset({"pause", "resume", "booked", "replied"})  # to stop somebody is right whatever happened since


def act(visit: Visit) -> Response:
    """`POST /studio/leads/{lead}`: one thing. What was done is told on her page; what is refused too, with a reason."""
    number, action = asked_for(visit), visit.field("action")
    if action not in ACTIONS:
        raise InvalidInputError("that cannot be done here", "Dat kan hier niet.")
    try:
        with visit.services.database.transaction() as session:
            seen = action in _AS_SEEN
            lead = staff_acts.still(session, visit.services, number, visit.field("mark"), as_seen=seen)
            done = _do(visit, session, lead, action)
    except (InvalidInputError, RefusedError) as error:
        typed = {name: visit.field(name) for name in ("day", "time", "until")}
        return rendering.render(page(visit, told=visit.words(error), typed=typed), status=error.status)
    visit.services.bell.ring()
    return see(f"{LEADS}/{number}?done={done}")


def _do(visit: Visit, session: Session, lead: Lead, action: str) -> str:
    """Returns what the page may say was done."""
    services, actor, now = visit.services, visit.me.actor, clock_check.now(session, visit.services)
    match action:
        case "stop":
            return _or_nothing("stopped", staff_acts.stop(session, services, lead, now, actor=actor))
        case "pause":
            until = staff_acts.pause_end(visit.field("until"), services.published.calendar(session), now)
            return _or_nothing("paused", staff_acts.pause(session, services, lead, until, now, actor=actor))
        case "resume":
            return _or_nothing("resumed", bool(staff_acts.resume(session, services, lead, now, actor=actor)))
        case "booked":
            typed = visit.field("day"), visit.field("time")
            starts_at = asked.appointment(*typed, services.published.calendar(session), now)
            return _or_nothing("booked", staff_acts.booked(session, services, lead, starts_at, now, actor=actor))
        case "replied":
            staff_acts.replied(session, services, lead, now, actor=actor)
            return "replied"
    sent = advice_again.send(session, services, lead, now, actor=actor)
    return "again" if sent == "again" else "released"


def _or_nothing(done: str, changed: bool) -> str:
    return done if changed else "nothing"
