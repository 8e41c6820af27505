"""Leads in every state there is, and the pages about them."""

from __future__ import annotations

from collections.abc import Iterator

from service.domain.lead import SuppressionReason
from tests.support import acts
from tests.support.aside import aside
from tests.support.house import House

LONG = "een-heel-lange-naam-die-nergens-past.van-den-heuvel-oosterhuis@praktijk-voorbeeld.example.org"


def pages(house: House) -> Iterator[tuple[str, str]]:
    """The list, leads at every turn, a mail, and the question before erasing."""
    aside(lambda: story(house))
    anna = house.lead(acts.ANNA)
    [advice, *_] = house.messages(acts.ANNA)
    yield "leads", "/studio/leads"
    yield "leads-filtered", "/studio/leads?stand=active&sequence=lage-rug&asked=1"
    yield "leads-none", "/studio/leads?stand=expired"
    yield "lead-under-way", f"/studio/leads/{anna.id}"
    for name, address in (
        ("waits", LONG),
        ("stopped", "carla@example.org"),
        ("bounced", "daan@example.org"),
        ("asked", "esmee@example.org"),
    ):
        yield f"lead-{name}", f"/studio/leads/{house.lead(address).id}"
    yield "lead-done", f"/studio/leads/{anna.id}?done=resumed"
    yield "lead-mail", f"/studio/leads/{anna.id}/mails/{advice.id}"
    yield "lead-erase", f"/studio/leads/{anna.id}/erase"
    yield "lead-gone", "/studio/leads/999999"


def story(house: House) -> None:
    """Anna is under way, Carla said no, Daan does not exist, Esmee asked for a pain check, Frits has one."""
    house.opt_in(LONG, first_name="Maximiliaan")
    for address in ("carla@example.org", "daan@example.org", "esmee@example.org", "frits@example.org", acts.ANNA):
        acts.confirmed(house, address, first_name=address.partition("@")[0].capitalize(), answers={"posture": "hollow"})
    house.live_through(days=5)
    acts.answer(house, "same", acts.ANNA)
    acts.withdraw(house, "carla@example.org")
    acts.suppress(house, SuppressionReason.HARD_BOUNCE, "daan@example.org")
    acts.request_pain_check(
        house, "esmee@example.org", name="Esmee de Wit", phone="06 12345678", note="liefst na vijven"
    )
    acts.booked(house, "frits@example.org")
    house.live_through(days=3)
