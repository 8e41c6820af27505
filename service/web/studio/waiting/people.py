"""Requests and answers: who asked for a pain check or wrote back, and waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from starlette.responses import Response

from service.errors import InvalidInputError, RefusedError
from service.flows import answers_to_read, booking, booking_requests, staff_acts
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.waiting import asked, cards
from service.web.studio.waiting.views import PeoplePage
from service.web.studio.waiting.words import Said

PEOPLE = "/studio/waiting"
OUTCOMES: tuple[booking.Outcome, ...] = ("booked", "declined", "cancelled", "handled")
TRIED = "tried"
_DONE: Mapping[str, Said] = MappingProxyType(
    {
        "booked": Said(
            dutch="Aanvraag {of} staat op geboekt. De vervolgmails aan deze persoon stoppen.",
            english="Request {of} is booked. The follow-ups to this person end.",
        ),
        "declined": Said(
            dutch="Aanvraag {of} is afgehandeld: geen afspraak. De pauze van de vervolgmails loopt vanzelf af.",
            english="Request {of} is closed: no appointment. The pause of the follow-ups ends by itself.",
        ),
        "cancelled": Said(
            dutch="Aanvraag {of} is afgehandeld: ingetrokken. De pauze van de vervolgmails loopt vanzelf af.",
            english="Request {of} is closed: called off. The pause of the follow-ups ends by itself.",
        ),
        "handled": Said(
            dutch="Aanvraag {of} is afgehandeld. De pauze van de vervolgmails loopt vanzelf af.",
            english="Request {of} is closed. The pause of the follow-ups ends by itself.",
        ),
        TRIED: Said(
            dutch="Genoteerd: niet bereikt. Aanvraag {of} blijft hier staan tot iemand hem afhandelt.",
            english="Noted: not reached. Request {of} stays here until somebody closes it.",
        ),
        "already": Said(
            dutch="Er is niets veranderd: een collega was je voor met aanvraag {of}.",
            english="Nothing was changed: a colleague was before you with request {of}.",
        ),
        "read": Said(dutch="Gelezen. Dit antwoord staat nu onderaan.", english="Read. It now stands at the bottom."),
        "read-already": Said(
            dutch="Er is niets veranderd: een collega las dit antwoord al.",
            english="Nothing was changed: a colleague had read this.",
        ),
    }
)


def show(visit: Visit) -> Response:
    """`GET /studio/waiting`."""
    return rendering.render(_page(visit, done=asked.done(visit, _DONE)))


def answer_request(visit: Visit) -> Response:
    """`POST /studio/waiting/request`: what became of a request, or that nobody was reached."""
    request_id, outcome = asked.number(visit.field("request")), visit.field("outcome")
    if outcome not in {*OUTCOMES, TRIED}:
        raise InvalidInputError("choose what became of it", "Kies wat het werd.")
    services, actor, now = visit.services, visit.me.actor, visit.services.clock.now()
    mark = visit.field("asked")
    try:
        with services.database.transaction() as session:
            if outcome == TRIED:
                seen = asked.number(visit.field("tries"))
                changed = booking_requests.tried(
                    session, services, request_id, seen=seen, actor=actor, now=now, asked=mark
                )
            else:
                typed = (visit.field("day"), visit.field("time")) if outcome == "booked" else ("", "")
                starts_at = asked.appointment(*typed, services.published.calendar(session), now)
                booking_requests.close(
                    session,
                    services,
                    request_id,
                    cast("booking.Outcome", outcome),
                    actor=actor,
                    now=now,
                    starts_at=starts_at,
                    asked=mark,
                )
                changed = True
    except RefusedError:
        changed = False
    except InvalidInputError as error:
        return rendering.render(_page(visit, told=visit.words(error), told_of=request_id), status=error.status)
    return see(f"{PEOPLE}?done={outcome if changed else 'already'}&of={request_id}")


def read_answers(visit: Visit) -> Response:
    """`POST /studio/waiting/read`: somebody read what a lead answered, up to what stood on the page."""
    lead_id, upto = asked.number(visit.field("lead")), asked.number(visit.field("upto"))
    with visit.services.database.transaction() as session:
        if mark := visit.field("mark"):
            staff_acts.still(session, visit.services, lead_id, mark, as_seen=False)
        changed = answers_to_read.mark_read(
            session, visit.services, lead_id, upto, actor=visit.me.actor, now=visit.services.clock.now()
        )
    return see(f"{PEOPLE}?done={'read' if changed else 'read-already'}")


def _page(visit: Visit, *, done: str = "", told: str = "", told_of: int = 0) -> PeoplePage:
    frame = visit.frame()
    with visit.services.database.reading() as session:
        requests, more_requests = cards.requests(visit, session)
        answers, more_answers = cards.answers(visit, session)
        return PeoplePage(
            frame=frame,
            tabs=asked.tabs(session),
            may_act=asked.may_act(visit),
            requests=requests,
            more_requests=more_requests,
            answers=answers,
            more_answers=more_answers,
            handled=cards.handled(visit, session),
            done=done,
            told=told,
            told_of=told_of,
            day=visit.field("day") if told_of else "",
            time=visit.field("time") if told_of else "",
        )
