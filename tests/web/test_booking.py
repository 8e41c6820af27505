"""`/b/`: the pain check."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session
from starlette.testclient import TestClient

from service.domain.practice import Booking, Practice
from service.flows import privacy
from service.flows.published import Published
from tests.support.house import House, link, part
from tests.support.website import BROWSER, opt_in, website

PRACTICE_BOX = "praktijk@solidperformance.example"
WISH = {
    "action": "request",
    "name": "Anna Bakker",
    "phone": "06-123 456 78",
    "days": ["mon", "wed"],
    "times": ["morning"],
    "note": "Liefst na tienen",
}


class OtherPractice(Published):
    """The practice as published, but for what is given here."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self._changes = changes

    def live_practice(self, session: Session) -> tuple[int, Practice]:
        revision_id, practice = super().live_practice(session)
        return revision_id, practice.model_copy(update=self._changes)


@pytest.fixture
def url(house: House, client: TestClient) -> str:
    """The link in the advice of Anna, who confirmed."""
    opt_in(client)
    house.send_due()
    advice = house.mails("anna@example.org")[0]
    client.post(link(advice, "c"))
    return link(advice, "b")


def test_a_request_reaches_the_practice_and_rests_the_mails_for_two_weeks(
    house: House, client: TestClient, url: str
) -> None:
    answer = client.post(url, data=WISH)
    assert answer.status_code == 200
    assert "tot maandag 23 maart" in answer.text
    house.send_due()
    asked = part(house.mails(PRACTICE_BOX)[0], "plain")
    for said in (
        "Anna Bakker",
        "06-123 456 78",
        "anna@example.org",
        "maandag, woensdag",
        "ochtend",
        "Liefst na tienen",
    ):
        assert said in asked
    assert len(house.mails("anna@example.org")) == 2
    assert house.live_through(days=13) == 0
    assert house.live_through(days=60) == 7


def test_asking_twice_says_the_same_and_adds_nothing(house: House, client: TestClient, url: str) -> None:
    first = client.post(url, data=WISH)
    before = house.rows()
    second = client.post(url, data=WISH)
    assert (second.status_code, second.text) == (200, first.text)
    assert house.rows() == before


def test_an_appointment_ends_the_mails(house: House, client: TestClient, url: str) -> None:
    assert "We sturen je geen vervolgmails meer" in client.post(url, data={"action": "booked"}).text
    before = house.rows()
    assert client.post(url, data={"action": "booked"}).status_code == 200
    assert house.rows() == before
    assert house.live_through(days=60) == 0


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"name": "a" * 81}, "Naam"),
        ({"name": "a\x00b"}, "Naam"),
        ({"phone": "0" * 41}, "Telefoonnummer"),
        ({"phone": "bel mij"}, "Telefoonnummer"),
        ({"days": ["sun"]}, "Dagen"),
        ({"times": ["night"]}, "Deel van de dag"),
        ({"note": "a" * 301}, "Opmerking"),
        ({"action": "wissen"}, "Deze keuze kennen we niet"),
        ({"action": ""}, "Deze keuze kennen we niet"),
        ({"action": "go"}, "Deze keuze kennen we niet"),
    ],
)
def test_what_cannot_be_taken_is_told_on_a_page_and_nothing_is_kept(
    house: House, client: TestClient, url: str, changes: dict[str, Any], label: str
) -> None:
    before = house.rows()
    answer = client.post(url, data=WISH | changes, headers=BROWSER)
    assert (answer.status_code, label in answer.text) == (422, True)
    assert house.rows() == before


def test_staff_named_twice_are_written_to_once(house: House, url: str) -> None:
    twice = house.with_changes(published=OtherPractice(staff=(PRACTICE_BOX, "balie@praktijk.example", PRACTICE_BOX)))
    assert website(twice).post(url, data=WISH).status_code == 200
    house.send_due()
    assert (len(house.mails(PRACTICE_BOX)), len(house.mails("balie@praktijk.example"))) == (1, 1)


def test_a_practice_with_an_agenda_gets_the_press_and_the_visitor(house: House, url: str) -> None:
    agenda = OtherPractice(booking=Booking(kind="link", url="https://agenda.example/pijncheck"))
    client = website(house.with_changes(published=agenda))
    assert "Kies een dag en tijd" in client.get(url).text
    answer = client.post(url, data={"action": "go"})
    assert answer.status_code == 200
    assert "https://agenda.example/pijncheck" in answer.text
    assert "location" not in answer.headers
    assert any("booking_pressed" in row for row in house.rows()["timeline"])


def test_whom_we_erased_may_still_ask_and_says_how_to_be_reached(house: House, client: TestClient, url: str) -> None:
    with house.services.database.transaction() as session:
        privacy.erase(session, house.services, house.lead().id, "asked for", house.clock.now())
    refused = client.post(url, data={"action": "request", "name": "Anna"}, headers=BROWSER)
    assert (refused.status_code, "Telefoonnummer" in refused.text) == (422, True)
    assert client.post(url, data={"action": "booked"}).status_code == 422
    for _ in range(2):
        assert client.post(url, data={"action": "request", "email": "anna@example.org"}).status_code == 200
    house.send_due()
    asked = house.mails(PRACTICE_BOX)
    assert len(asked) == 1
    assert "anna@example.org" in part(asked[0], "plain")
    assert not house.rows()["lead"]
