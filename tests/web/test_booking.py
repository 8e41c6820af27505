"""`/b/`: the pain check."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.domain.practice import Booking, Closed
from service.flows import privacy
from service.web import booking_link
from tests.support.house import House, link, part
from tests.support.website import BROWSER, OtherPractice, opt_in, website

PRACTICE_BOX = "praktijk@solidperformance.example"
WISH = {
    "action": "request",
    "name": "Anna Bakker",
    "phone": "06-123 456 78",
    "days": ["mon", "wed"],
    "times": ["morning"],
    "note": "Liefst na tienen",
}


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


@pytest.mark.parametrize("phone", ["06.12.34.56.78", "020/123 45 67", "06\u00a012345678", "+31 (0)6 12345678"])
def test_a_number_is_taken_as_people_write_it(house: House, client: TestClient, url: str, phone: str) -> None:
    assert client.post(url, data=WISH | {"phone": phone}).status_code == 200
    house.send_due()
    assert phone.replace("\u00a0", " ") in part(house.mails(PRACTICE_BOX)[0], "plain")


def test_asking_twice_says_the_same_and_adds_nothing(house: House, client: TestClient, url: str) -> None:
    first = client.post(url, data=WISH)
    before = house.rows()
    second = client.post(url, data=WISH)
    assert (second.status_code, second.text) == (200, first.text)
    assert house.rows() == before


def test_another_request_while_one_is_open_is_told_that_what_is_new_in_it_reached_nobody(
    house: House, client: TestClient, url: str
) -> None:
    client.post(url, data=WISH)
    before = house.rows()
    second = client.post(url, data=WISH | {"phone": "06-876 543 21"})
    assert "Wat je nu invulde, is niet verstuurd" in second.text
    assert "Je aanvraag is verstuurd" not in second.text
    assert "uiterlijk dinsdag 10 maart" in second.text
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


def test_the_page_says_by_when_the_practice_answers(house: House, client: TestClient, url: str) -> None:
    assert "We bellen of mailen je uiterlijk dinsdag 10 maart." in client.post(url, data=WISH).text


def test_the_page_says_that_the_practice_is_closed_for_long(house: House, url: str) -> None:
    trip = Closed.model_validate({"from": "2026-03-10", "to": "2026-03-22", "note": "op reis"})
    answer = website(house.with_changes(published=OtherPractice(closed=(trip,)))).post(url, data=WISH)
    assert "gesloten tot en met zondag 22 maart" in answer.text
    assert "uiterlijk maandag 23 maart" in answer.text


def test_asking_again_after_the_promised_day_promises_nothing_anew(house: House, client: TestClient, url: str) -> None:
    client.post(url, data=WISH)
    house.clock.advance(days=4)
    answer = client.post(url, data=WISH)
    assert (answer.status_code, "uiterlijk" in answer.text) == (200, False)
    assert "We nemen zo snel mogelijk contact met je op" in answer.text


def test_the_practice_gets_a_proposal_for_its_agenda_and_the_lead_does_not(
    house: House, client: TestClient, url: str
) -> None:
    client.post(url, data=WISH | {"name": "Anna; Bakker, \\n"})
    house.send_due()
    [file] = [each for each in house.mails(PRACTICE_BOX)[0].walk() if each.get_content_type() == "text/calendar"]
    text = bytes(file.get_payload(decode=True)).decode()
    assert "DTSTART:20260311T080000Z" in text  # the first Wednesday, in the morning
    assert "DTEND:20260311T090000Z" in text
    assert "STATUS:TENTATIVE" in text
    flat = text.replace("\r\n ", "")
    assert "Naam: Anna\\; Bakker\\, \\\\n\\nTelefoon: 06-123 456 78" in flat
    assert "rug" not in flat.lower()
    assert "tienen" not in flat
    receipt = house.mails("anna@example.org")[-1]
    assert {each.get_content_type() for each in receipt.walk()} == {"multipart/alternative", "text/plain", "text/html"}


@pytest.mark.parametrize(
    ("source", "ends"),
    [
        (None, "/pijncheck?taal=nl#kies"),
        ("calcom", "/pijncheck?taal=nl&metadata%5Bnurture%5D={}#kies"),
        ("calendly", "/pijncheck?taal=nl&utm_content={}#kies"),
        ("other", "/pijncheck?taal=nl&ref={}#kies"),
    ],
)
def test_the_agenda_gets_a_reference_only_where_the_practice_named_it(source: Any, ends: str) -> None:
    booking = Booking(kind="link", url="https://agenda.example/pijncheck?taal=nl#kies", source=source)
    assert booking_link.with_reference(booking, "T" * 48) == f"https://agenda.example{ends.format('T' * 48)}"


@pytest.mark.parametrize("letter", ["b", "u", "c", "p", "a"])
def test_the_reference_that_the_agenda_gets_opens_no_page_of_ours(house: House, url: str, letter: str) -> None:
    agenda = Booking(kind="link", url="https://agenda.example/", source="other")
    client = website(house.with_changes(published=OtherPractice(booking=agenda)))
    token = client.post(url, data={"action": "go"}).text.partition("?ref=")[2][:48]
    assert house.services.keyring.read("r", token)
    assert client.get(f"/{letter}/{token}").status_code == 404


@pytest.mark.parametrize("kind", ["request", "link"])
def test_price_duration_place_and_reimbursement_stand_on_the_page(house: House, url: str, kind: Any) -> None:
    agenda = Booking(kind=kind, url="https://agenda.example/" if kind == "link" else "")
    text = website(house.with_changes(published=OtherPractice(booking=agenda))).get(url).text
    for told in ("€ 95", "60 minuten", "Voorbeeldstraat 1", "Vraag dit na bij je verzekeraar", "Kleding", "24 uur"):
        assert told in text
    assert "Ik heb al een afspraak" in text


def test_whom_we_erased_may_still_ask_and_says_how_to_be_reached(house: House, client: TestClient, url: str) -> None:
    with house.services.database.transaction() as session:
        privacy.erase(session, house.services, house.lead().id, "asked for", house.clock.now())
    refused = client.post(url, data={"action": "request", "name": "Anna"}, headers=BROWSER)
    assert (refused.status_code, "Telefoonnummer" in refused.text) == (422, True)
    assert client.post(url, data={"action": "booked"}).status_code == 422
    for said in ("Je aanvraag is verstuurd", "We hebben je aanvraag al"):
        answer = client.post(url, data={"action": "request", "email": "anna@example.org"})
        assert (answer.status_code, said in answer.text) == (200, True)
    house.send_due()
    asked = house.mails(PRACTICE_BOX)
    assert len(asked) == 1
    assert "anna@example.org" in part(asked[0], "plain")
    assert not house.rows()["lead"]
