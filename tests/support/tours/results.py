"""How the sequences do: a month of a small practice, two versions of a mail beside each other, and one held back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlmodel import Session, select

from service.store import leads
from service.store.tables import Booking, Enrolment, Message, OptIn
from tests.support import acts
from tests.support.crowd import Member, gather
from tests.support.drafts import Document, publish, with_sequence
from tests.support.house import House

_PEOPLE = 70
_VERSIONS = ("hoe-ging-het", "eerdere-uitnodiging-bij-hoe-ging-het")
_ANSWERS = ("better", "same", "worse", "better", None)


def pages(house: House) -> Iterator[tuple[str, str]]:
    """Each page with something on it, and with nothing."""
    yield "results-empty", "/studio/results/uitstraling-been?weeks=4"
    with ThreadPoolExecutor(1) as beside:  # a browser keeps an event loop in this thread, and the sender has its own
        beside.submit(story, house).result()
    yield "home-lived-in", "/studio/"
    yield "results", "/studio/results"
    yield "results-sequence", "/studio/results/lage-rug?weeks=4"
    yield "results-year", "/studio/results/lage-rug?weeks=52"
    yield "results-held-back", "/studio/results/uitstraling-been"
    yield "results-refused", "/studio/results?weeks=3"
    yield "results-unknown", "/studio/results/verzonnen"


def story(house: House) -> None:
    """Seventy people in the last four weeks: some answered, some left, some booked, and a few mails came back."""
    publish(house, with_sequence(_two_versions))
    people = gather(house, _PEOPLE, due=True)
    with house.services.database.transaction() as session:
        for number, each in enumerate(people):
            _live(session, house, number, each)
    acts.pull_the_brake(house, name="uitstraling-been")


def _two_versions(document: Document) -> None:
    document["steps"][1] |= {"template": None, "variants": {"kort": "hoe-ging-het", "lang": "eerdere-uitnodiging"}}


def _live(session: Session, house: House, number: int, who: Member) -> None:
    """One of them: the second half came later, and what she did hangs on her number alone."""
    back = timedelta(days=(number * number) % 27, minutes=7 * number)
    came = house.clock.now() - back
    run, message = session.get_one(Enrolment, who.enrolment_id), session.get_one(Message, who.message_id)
    run.created_at = came
    run.confirmed_at = came if number % 6 else None
    session.exec(select(OptIn).where(OptIn.enrolment_id == run.id)).one().created_at = came
    message.created_at = message.settled_at = message.planned_at = came
    message.state = "bounced" if number % 23 == 7 else "accepted"
    message.template = _VERSIONS[number % 2]
    if number % 9 == 4:
        run.state, run.end_reason, run.ended_at = "stopped", "unsubscribe", came
    elif number % 11 == 2:
        run.state, run.end_reason, run.ended_at, run.goal_at = "stopped", "booked", came, came
        session.add(
            Booking(
                source="staff",
                external_id=f"tour-{number}",
                state="booked",
                lead_id=who.lead_id,
                message_id=message.id,
                at=came,
                created_at=came,
            )
        )
    answer = _ANSWERS[number % len(_ANSWERS)]
    if answer and message.state == "accepted":
        leads.note(session, who.lead_id, "answered", came, helped=answer, message=message.id)
