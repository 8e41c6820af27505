"""What waits for a person: requests, answers, mails and alerts of every kind; and the same pages with nothing there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlmodel import Session, col, select

from service.domain.screening import Held
from service.flows import alerts, booking_requests, brake, ticks
from service.store import events
from service.store.tables import BookingRequest, Message
from tests.support import acts
from tests.support.answers import comes, comes_untied, reply
from tests.support.aside import aside
from tests.support.house import House

_WITH_FOLLOW_UP = ("vera@example.org", "wim@example.org")
_LONG = "een-heel-lang-adres-zonder-plek-om-af-te-breken@" + "voorbeeld" * 4 + ".example"


def pages(house: House) -> Iterator[tuple[str, str]]:
    """Each page of the room, first with nothing on it."""
    yield "waiting-empty", "/studio/waiting"
    yield "waiting-mails-empty", "/studio/waiting/mails"
    yield "waiting-group-empty", "/studio/waiting/mails/other"
    aside(lambda: people_wait(house), lambda: mails_wait(house))
    yield "waiting", "/studio/waiting?done=booked&of=3"
    yield "waiting-mails", "/studio/waiting/mails?done=drop&of=4"
    yield "waiting-group", "/studio/waiting/mails/unknown-follow-up"
    yield "waiting-alerts", "/studio/waiting/alerts"


def people_wait(house: House) -> None:
    """Two requests, one of them late and tried; a mail, a press on "worse", and a mail that is perhaps somebody's."""
    named = {f"{name}@example.org": name.capitalize() for name in ("petra", "quinten", "rosa")}
    for address, name in named.items():
        house.opt_in(address, first_name=name, answers={"leg": "no"})
    for address in (_LONG, *_WITH_FOLLOW_UP):
        house.opt_in(address)
    house.send_due()
    for address in (*named, _LONG, *_WITH_FOLLOW_UP):
        acts.confirm(house, address)
    acts.request_pain_check(
        house,
        "petra@example.org",
        name="Petra de Groot-van der Meulen",
        phone="06 12345678",
        note="Liefst niet op mijn werk bellen.\nNa vier uur ben ik thuis.",
    )
    acts.request_pain_check(house, _LONG)
    with house.services.database.transaction() as session:
        now = house.clock.now()
        first, *_ = session.exec(select(BookingRequest).order_by(col(BookingRequest.id))).all()
        first.created_at = now - timedelta(days=4)
        booking_requests.tried(session, house.services, first.id, seen=0, actor="studio:1", now=now)
    comes(house, reply("q", text="Dank je wel.\nMag ik er ook bij fietsen?"), "quinten@example.org")
    acts.answer(house, "worse", "rosa@example.org")
    comes_untied(house, reply("r", text="Bellen jullie mij even?"), "rosa@example.org")


def mails_wait(house: House) -> None:
    """After `people_wait`: of each reason a few, and one that no server would take."""
    for at in range(9):
        house.opt_in(f"wacht{at}@example.org")
    rows = [house.messages(f"wacht{at}@example.org")[0].id for at in range(9)]
    house.clock.advance(days=2)
    with house.services.database.reading() as session:
        held_back = brake.state(session).follow_ups
    acts.release_the_brake(house)  # what it holds back is not planned
    ticks.plan(house.services)
    if held_back:
        acts.pull_the_brake(house)
    ups = [acts.follow_ups(house, address)["hoe-ging-het"].id for address in _WITH_FOLLOW_UP]

    def wait(session: Session) -> None:
        now = house.clock.now()
        whys = [*Held, "deze mail kan niet worden gemaakt", Held.TOO_FAST, Held.CROWDED]
        for number, why in zip(rows, whys, strict=False):
            put(session, number, "held", why)
        put(session, rows[7], "unknown", "onbekend of het aankwam")
        put(session, rows[8], "failed", "550 5.7.1 geweigerd")
        put(session, ups[0], "unknown", "onbekend of het aankwam")
        put(session, ups[1], "held", "achterstand: wacht op akkoord", hold="backlog")
        alerts.tell_unknown(session, now)
        alerts.tell_opt_in_held(session, Held.TOO_FAST, now)
        events.raise_alert(
            session,
            "staff-mail-returned",
            dutch="Een mail aan de praktijk zelf kwam terug. Kijk of de adressen van de medewerkers kloppen.",
            english="a mail to the practice itself came back; look whether the addresses of staff are right",
            now=now,
        )

    acts.commit(house, wait)


def put(session: Session, number: int, state: str, reason: str | None, *, hold: str | None = None) -> None:
    """Move a mail to where it waits."""
    row = session.get_one(Message, number)
    row.state, row.reason, row.hold, row.lease_token, row.lease_until = state, reason, hold, None, None
    if state == "unknown":
        row.first_handed_at, row.attempts = row.first_handed_at or row.due_at, 1
    row.settled_at = row.due_at if state == "failed" else None
