"""The first page: what needs a person now, the brake, today's mails, and how the sequences do."""

from __future__ import annotations

from sqlmodel import Session
from starlette.responses import Response

from service.domain.screening import Held
from service.errors import InvalidInputError, UnavailableError
from service.flows import answers_to_read, brake, clock_check, content_desk, draft_glance, publishing, today
from service.flows.drafts import Draft
from service.store import bookings, events, message_rows
from service.web.studio import rendering
from service.web.studio.doors import HOME, Visit, see
from service.web.studio.home_view import HomePage
from service.web.studio.results.figures import Figures, figures
from service.web.studio.results.pages import funnel
from service.web.studio.views import Frame
from service.web.studio.waiting import alerts

WHAT = ("follow_ups", "all")
_WEEKS = 4


def to_home(_visit: Visit) -> Response:
    """`GET /studio`."""
    return see(HOME)


def show(visit: Visit) -> Response:
    """`GET /studio/`."""
    # Compiling and counting first: no transaction of this page is open meanwhile.
    frame, draft, found = visit.frame(), _draft(visit), _figures(visit)
    with visit.services.database.reading() as session:
        page = _page(visit, session, frame=frame, draft=draft, found=found)
    return rendering.render(page)


def pause(visit: Visit) -> Response:
    """`POST /studio/pause`: no follow-ups leave, or no mail at all. Anyone of the staff may."""
    what = visit.field("what")
    if what not in WHAT:
        raise InvalidInputError("choose what to hold back", "Kies wat er stil moet staan.")
    with visit.services.database.transaction() as session:
        now = clock_check.now(session, visit.services)
        brake.pull(session, visit.services, name=None, all_mail=what == "all", actor=visit.me.actor, now=now)
    return see(HOME)


def resume(visit: Visit) -> Response:
    """`POST /studio/resume`: let go. What piled up meanwhile waits for a person, and is counted on the page."""
    with visit.services.database.transaction() as session:
        now = clock_check.now(session, visit.services)
        brake.release(session, visit.services, name=None, actor=visit.me.actor, now=now)
    visit.services.bell.ring()
    return see(HOME)


def _page(visit: Visit, session: Session, *, frame: Frame, draft: Draft | None, found: Figures | None) -> HomePage:
    now = visit.services.clock.now()
    waiting = message_rows.count_in(session, ("held", "unknown"))
    opt_ins = message_rows.count_held_for(session, tuple(why.value for why in Held))
    paused = brake.state(session)
    titles = {each.sequence: each.title for each in found.sequences} if found else {}
    return HomePage(
        frame=frame,
        requests=bookings.count_open(session),
        to_read=answers_to_read.count(session),
        opt_ins=opt_ins,
        held=waiting.get("held", 0) - opt_ins,
        unknown=waiting.get("unknown", 0),
        alerts=tuple(alerts.card(visit, each) for each in events.open_alerts(session)),
        draft=draft_glance.glance(session, draft) if draft else None,
        all_mail=paused.all_mail,
        follow_ups=paused.follow_ups,
        sequences=tuple((each, titles.get(each, each)) for each in sorted(paused.sequences)),
        published=not publishing.nothing_published(session),
        today=today.today(session, visit.services, now) if found else None,
        funnels=tuple(funnel(each) for each in found.sequences) if found else (),
        weeks=_WEEKS,
    )


def _draft(visit: Visit) -> Draft | None:
    """The content folder as it is now; None where it cannot be read."""
    draft = visit.desk.draft()
    return None if content_desk.unreadable(draft) else draft


def _figures(visit: Visit) -> Figures | None:
    """Of the last weeks; None before anything is published."""
    try:
        return figures(visit, _WEEKS)
    except UnavailableError:
        return None
