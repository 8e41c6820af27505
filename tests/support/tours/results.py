"""How the sequences do: a month of a small practice, two versions of a mail beside each other, and one held back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from service.mail.links import new_public_id
from service.store import leads, outbox
from service.store.tables import Booking, Enrolment, Message, OptIn
from tests.support import acts
from tests.support.crowd import MODEL, Person, due_at, model
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
    """Seventy people in the last four weeks: some answered, some left, some booked, and a few mails came back.

    Whatever the clock says and the brake holds: other rooms may have been here before.
    """
    publish(house, with_sequence(_two_versions))
    model(house)
    people = due_at(house, [house.clock.now() + timedelta(days=9)] * _PEOPLE)
    advice = acts.advice(house, MODEL).model_dump(exclude={"id"})
    with house.services.database.transaction() as session:
        for number, each in enumerate(people):
            _live(session, house, number, each, advice)
    acts.pull_the_brake(house, name="uitstraling-been")


def _two_versions(document: Document) -> None:
    document["steps"][1] |= {"template": None, "variants": {"kort": "hoe-ging-het", "lang": "eerdere-uitnodiging"}}


def _live(session: Session, house: House, number: int, who: Person, advice: dict[str, Any]) -> None:
    """One of them; what she did, and when, hangs on her number alone."""
    came = house.clock.now() - timedelta(days=(number * number) % 27, minutes=7 * number)
    run = session.get_one(Enrolment, who.enrolment_id)
    run.created_at = came
    run.confirmed_at = came if number % 6 else None
    session.exec(select(OptIn).where(OptIn.enrolment_id == run.id)).one().created_at = came
    mail = Message(
        **advice
        | {
            "public_id": new_public_id(),
            "message_id": f"<{new_public_id()}@praktijk.example>",
            "kind": "follow_up",
            "step": "hoe-ging-het",
            "template": _VERSIONS[number % 2],
            "state": "bounced" if number % 23 == 7 else "accepted",
            "priority": outbox.FOLLOW_UP,
            "lead_id": who.lead_id,
            "recipient": who.address,
            "opt_in_id": None,
            "enrolment_id": who.enrolment_id,
            "consent_id": who.consent_id,
            **dict.fromkeys(("created_at", "planned_at", "due_at", "first_handed_at", "settled_at"), came),
        }
    )
    session.add(mail)
    session.flush()
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
                message_id=mail.id,
                at=came,
                created_at=came,
            )
        )
    answer = _ANSWERS[number % len(_ANSWERS)]
    if answer and mail.state == "accepted":
        leads.note(session, who.lead_id, "answered", came, helped=answer, message=mail.id)
