"""`/d/`: all that is held, by a fresh link that was mailed: look, take along, erase."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select
from starlette.responses import Response
from starlette.testclient import TestClient

from service.domain.lead import SuppressionReason
from service.flows import privacy
from service.flows.services import Services
from service.mail.links import Purpose
from service.store.tables import AuditEntry, ErasedToken, Message
from service.web import all_data, booking, deps
from tests.support import acts
from tests.support.house import House, link, part, words
from tests.support.website import BROWSER, opt_in, website

ANNA = "anna@example.org"
PRACTICE = "praktijk@solidperformance.example"
ASK = {"action": "link"}


@pytest.fixture
def page_url(house: House, client: TestClient) -> str:
    """The link to her own page in Anna's advice; she confirmed."""
    opt_in(client, first_name="Anna", answers={"posture": "hollow"})
    house.send_due()
    advice = house.mails(ANNA)[0]
    client.post(link(advice, "c"))
    return link(advice, "p")


@pytest.fixture
def url(house: House, client: TestClient, page_url: str) -> str:
    """The link that was mailed to Anna just now."""
    client.post(page_url, data=ASK)
    house.send_due()
    return link(house.mails(ANNA)[-1], "d")


def audited(house: House) -> list[tuple[str, str, object]]:
    with house.services.database.reading() as session:
        rows = session.exec(select(AuditEntry).where(AuditEntry.actor == "lead"))
        return [(row.action, row.actor, row.details.get("shape")) for row in rows]


def test_the_link_is_mailed_to_the_leads_own_address_and_nowhere_else(
    house: House, client: TestClient, page_url: str
) -> None:
    answer = client.post(page_url, data=ASK)
    assert "Kijk in je mailbox" in answer.text
    assert "/d/" not in answer.text
    house.send_due()
    mail = house.mails(ANNA)[-1]
    assert str(mail["Subject"]) == "Je persoonlijke link"
    assert "De link werkt 24 uur" in part(mail, "plain")
    assert mail["List-Unsubscribe"]
    assert len(house.mails()) == 2


def test_one_in_a_quarter_of_an_hour_and_three_a_day_and_the_page_says_the_same(
    house: House, client: TestClient, page_url: str
) -> None:
    told = set()
    for minutes in (0, 14, 16, 20, 20, 20, 20):
        house.clock.advance(minutes=minutes)
        page = client.post(page_url, data=ASK).text
        told.add(page.split('<div class="note"')[1].split("</div>")[0])
        house.send_due()
    assert len(told) == 1
    assert len(house.mails(ANNA)) == 1 + 3
    house.clock.advance(days=1)
    client.post(page_url, data=ASK)
    house.send_due()
    assert len(house.mails(ANNA)) == 1 + 4


@pytest.mark.parametrize("reason", SuppressionReason)
def test_who_gets_no_mail_at_all_gets_no_link_and_who_unsubscribed_does(
    house: House, client: TestClient, page_url: str, reason: SuppressionReason
) -> None:
    acts.suppress(house, reason)
    assert "Kijk in je mailbox" in client.post(page_url, data=ASK).text
    house.send_due()
    assert len(house.mails(ANNA)) == (2 if reason is SuppressionReason.UNSUBSCRIBE else 1)


def test_the_page_shows_nothing_of_what_is_held_until_a_button_is_pressed(
    house: House, client: TestClient, url: str
) -> None:
    before = house.rows()
    page = client.get(url)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "dinsdag 10 maart 2026, 10:00" in page.text
    for hidden in (ANNA, "Anna", "hollow", "hol"):
        assert hidden not in page.text.split("<main")[1].split("</main")[0]
    assert house.rows() == before


def test_all_is_shown_in_dutch_and_noted(house: House, client: TestClient, url: str) -> None:
    shown = client.post(url, data={"action": "view"})
    assert shown.status_code == 200
    for said in (ANNA, "Anna", "Je gratis advies: begin vandaag", "Je persoonlijke link", "gegevens opgevraagd"):
        assert said in shown.text
    policy = shown.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert shown.headers["Cache-Control"] == "no-store"
    assert audited(house) == [("lead exported", "lead", "view")]


def test_all_can_be_taken_along_as_json_and_as_a_page(house: House, client: TestClient, url: str) -> None:
    taken = client.post(url, data={"action": "json"})
    assert taken.headers["Content-Disposition"] == 'attachment; filename="mijn-gegevens-2026-03-09.json"'
    assert taken.headers["Content-Type"] == "application/json"
    assert taken.headers["Cache-Control"] == "no-store"
    held = json.loads(taken.content)
    assert held["address"] == ANNA
    assert [each["template"] for each in held["mails"]] == ["advies-lage-rug", "dienst-verse-link"]
    advice = next(file for file in sorted(house.outbox.glob("*.eml")) if b"begin vandaag" in file.read_bytes())
    assert held["mails"][0]["source"].encode() == advice.read_bytes()
    page = client.post(url, data={"action": "html"})
    assert page.headers["Content-Disposition"] == 'attachment; filename="mijn-gegevens-2026-03-09.html"'
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert ANNA in page.text
    assert audited(house) == [("lead exported", "lead", "json"), ("lead exported", "lead", "html")]


def test_the_link_works_for_a_day_and_then_offers_a_new_one(house: House, client: TestClient, url: str) -> None:
    house.clock.advance(hours=23, minutes=59)
    assert client.post(url, data={"action": "json"}).headers["Content-Type"] == "application/json"
    house.clock.advance(minutes=1)
    before = house.rows()
    assert "Deze link is verlopen" in client.get(url).text
    for action in ("view", "json", "html", "erase"):
        gone = client.post(url, data={"action": action})
        assert (gone.status_code, "Deze link is verlopen" in gone.text) == (200, True)
        assert ANNA not in gone.text
    assert house.rows() == before
    assert "Kijk in je mailbox" in client.post(url, data=ASK).text
    house.send_due()
    fresh = link(house.mails(ANNA)[-1], "d")
    assert fresh != url
    assert client.post(fresh, data={"action": "json"}).json()["address"] == ANNA


def test_the_day_counts_from_when_the_mail_left(house: House, client: TestClient, page_url: str) -> None:
    client.post(page_url, data=ASK)
    house.clock.advance(hours=30)
    house.send_due()
    url = link(next(mail for mail in house.mails(ANNA) if "persoonlijke" in str(mail["Subject"])), "d")
    house.clock.advance(hours=23)
    assert "Bekijk alles" in client.get(url).text
    house.clock.advance(hours=1)
    assert "Deze link is verlopen" in client.get(url).text


def test_erasing_is_one_press_and_every_link_is_friendly_after_it(house: House, client: TestClient, url: str) -> None:
    explained = client.get(url).text
    for said in (
        "Terugdraaien kan niet",
        "in je eigen mailbox",
        "de praktijk al over je kreeg",
        "afmeldde",
        "30 dagen",
    ):
        assert said in explained
    gone = client.post(url, data={"action": "erase"})
    assert (gone.status_code, "Alles over jou is gewist" in gone.text) == (200, True)
    rows = house.rows()
    assert not rows["lead"]
    assert not rows["message"]
    assert ANNA not in repr(rows)
    assert audited(house) == [("lead erased", "lead", None)]
    again = [client.post(url, data={"action": action}) for action in ("erase", "json")]
    for page in (client.get(url), *again):
        assert (page.status_code, "We hebben je gegevens gewist" in page.text) == (200, True)
    assert house.rows() == rows
    assert house.live_through(days=30) == 0


def test_an_open_request_falls_with_the_rest_and_the_practice_hears_when_it_was_made_and_no_more(
    house: House, client: TestClient, page_url: str
) -> None:
    wish = {"action": "request", "name": "Anna Bakker", "phone": "06 12345678", "note": "Liefst vroeg"}
    client.post(link(house.mails(ANNA)[0], "b"), data=wish)
    house.send_due()
    house.clock.advance(hours=2)
    client.post(page_url, data=ASK)
    house.send_due()
    url = link(house.mails(ANNA)[-1], "d")
    assert "die aanvraag staat nog open" in client.get(url).text
    client.post(url, data={"action": "erase"})
    house.send_due()
    [asked, dropped] = house.mails(PRACTICE)
    assert "maandag 9 maart 2026 10:00" in words(asked)
    told = part(dropped, "plain") + part(dropped, "html") + str(dropped["Subject"])
    assert "maandag 9 maart 2026 10:00" in words(dropped), "by which it is found among the mails"
    for personal in (ANNA, "Anna", "Bakker", "12345678", "vroeg een"):
        assert personal not in told
    assert not re.search("anna|bakker|12345678", repr(house.rows()), re.IGNORECASE)


def test_with_no_request_open_the_practice_is_told_nothing(house: House, client: TestClient, url: str) -> None:
    client.post(url, data={"action": "erase"})
    house.send_due()
    assert not house.mails(PRACTICE)


@pytest.mark.parametrize("data", [{"action": "stop"}, {"action": ""}, {}])
def test_another_action_is_refused(house: House, client: TestClient, url: str, data: dict[str, str]) -> None:
    before = house.rows()
    answer = client.post(url, data=data, headers=BROWSER)
    assert (answer.status_code, "Deze keuze kennen we niet" in answer.text) == (422, True)
    assert house.rows() == before


def test_the_link_of_one_lead_shows_nothing_of_another(house: House, client: TestClient, url: str) -> None:
    opt_in(client, "bram@example.org", first_name="Bartholomeus")
    house.send_due()
    for action in ("view", "json", "html"):
        told = client.post(url, data={"action": action}).text.lower()
        assert "bram@" not in told
        assert "bartholomeus" not in told
    client.post(url, data={"action": "erase"})
    assert house.lead("bram@example.org").first_name == "Bartholomeus"


def test_what_is_shown_was_made_at_the_moment_of_the_press(house: House, client: TestClient, url: str) -> None:
    house.clock.advance(hours=3)
    made_at = client.post(url, data={"action": "json"}).json()["made_at"]
    assert datetime.fromisoformat(made_at) == datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


def test_several_presses_at_once_are_one(house: House, client: TestClient, page_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(client.post, page_url, data=ASK) for _ in range(6)]
        assert {each.result().status_code for each in asked} == {200}
    house.send_due()
    [url] = [link(mail, "d") for mail in house.mails(ANNA)[1:]]
    with ThreadPoolExecutor(6) as pool:
        gone = [pool.submit(client.post, url, data={"action": "erase"}) for _ in range(6)]
        assert {(each.result().status_code, "gewist" in each.result().text) for each in gone} == {(200, True)}
    assert audited(house) == [("lead erased", "lead", None)]


@pytest.mark.parametrize(("letter", "action"), [("d", "erase"), ("d", "view"), ("d", "link"), ("b", "booked")])
def test_a_press_that_finds_the_lead_erased_between_two_looks_gets_the_friendly_page(
    house: House, client: TestClient, url: str, monkeypatch: pytest.MonkeyPatch, letter: str, action: str
) -> None:
    """PostgreSQL sees what others commit from one statement to the next; here the erasing comes between ours."""
    pressed = url if letter == "d" else link(house.mails(ANNA)[0], "b")

    def erased_meanwhile(session: Session, services: Services, purpose: Purpose, token: str) -> Message | ErasedToken:
        found = deps.message_behind(session, services, purpose, token)
        assert isinstance(found, Message)
        assert found.lead_id is not None
        privacy.erase(session, services, found.lead_id, "asked for", house.clock.now())
        return found

    for module in (all_data, booking):
        monkeypatch.setattr(module, "message_behind", erased_meanwhile)
    answer = client.post(pressed, data={"action": action})
    assert answer.status_code == 200
    assert "gewist" in answer.text or letter == "b"
    assert not house.rows()["lead"]


def test_the_page_says_for_how_long_this_installation_keeps_backups(house: House, url: str) -> None:
    kept = replace(house.services.retention, backups=timedelta(days=60))
    assert "nog hoogstens 60 dagen" in website(house.with_changes(retention=kept)).get(url).text


@pytest.mark.parametrize("shape", ["view", "html", "json"])
def test_whoever_is_given_the_number_of_a_lead_who_was_erased_is_shown_to_nobody(
    house: House, client: TestClient, url: str, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    hers, take = house.lead(ANNA), all_data._taken_along

    def another_meanwhile(services: Services, public_id: str, *given: Any) -> Response:
        acts.replaced(house, hers, "bert@example.org", first_name="Bert")
        return take(services, public_id, *given)

    monkeypatch.setattr(all_data, "_taken_along", another_meanwhile)
    answer = client.post(url, data={"action": shape})
    assert "gewist" in answer.text
    assert "bert@example.org" not in answer.text.lower()
