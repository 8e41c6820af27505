"""The first page: what needs a person now, and the brake."""

from __future__ import annotations

from sqlmodel import Session
from starlette.responses import Response

from service.errors import InvalidInputError
from service.flows import brake, publishing
from service.store import bookings, events, message_rows
from service.web.studio import rendering
from service.web.studio.doors import HOME, Visit, see
from service.web.studio.views import AlertLine, Frame, HomePage

WHAT = ("follow_ups", "all")


def to_home(_visit: Visit) -> Response:
    """`GET /studio`."""
    return see(HOME)


def show(visit: Visit) -> Response:
    """`GET /studio/`."""
    frame = visit.frame()
    with visit.services.database.reading() as session:
        return rendering.render(_page(visit, session, frame=frame))


def pause(visit: Visit) -> Response:
    """`POST /studio/pause`: no follow-ups leave, or no mail at all. Anyone of the staff may."""
    what = visit.field("what")
    if what not in WHAT:
        raise InvalidInputError("choose what to hold back", "Kies wat er stil moet staan.")
    with visit.services.database.transaction() as session:
        now = visit.services.clock.now()
        brake.pull(session, visit.services, name=None, all_mail=what == "all", actor=visit.me.actor, now=now)
    return see(HOME)


def resume(visit: Visit) -> Response:
    """`POST /studio/resume`: let go. What piled up meanwhile waits for a person, and is counted on the page."""
    with visit.services.database.transaction() as session:
        brake.release(session, visit.services, name=None, actor=visit.me.actor, now=visit.services.clock.now())
    visit.services.bell.ring()
    return see(HOME)


def _page(visit: Visit, session: Session, *, frame: Frame) -> HomePage:
    waiting = message_rows.count_in(session, ("held", "unknown"))
    paused = brake.state(session)
    return HomePage(
        practice=None,
        frame=frame,
        held=waiting.get("held", 0),
        unknown=waiting.get("unknown", 0),
        requests=bookings.count_open(session),
        alerts=tuple(
            AlertLine(text=each.dutch if visit.language == "nl" else each.english, since=each.raised_at)
            for each in events.open_alerts(session)
        ),
        all_mail=paused.all_mail,
        follow_ups=paused.follow_ups,
        sequences=tuple(sorted(paused.sequences)),
        published=not publishing.nothing_published(session),
    )
