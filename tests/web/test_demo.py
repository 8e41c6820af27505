"""The demo: the article, the inbox, and the clock. Outside it none of this exists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.flows.demo_clock import DemoClock
from service.store.db import open_database
from tests.support.house import BASE_URL, House, link, open_house
from tests.support.website import BROWSER, opt_in, website

FORM = {"Content-Type": "application/x-www-form-urlencoded", **BROWSER}


@pytest.fixture
def demo(migrated_database_url: str, tmp_path: Path) -> Iterator[House]:
    """A house whose clock is the demo's own."""
    database = open_database(migrated_database_url)
    changes: dict[str, Any] = {"database": database, "clock": DemoClock(database), "demo": True}
    with open_house(migrated_database_url, tmp_path, mail_dir=tmp_path / "outbox", **changes) as built:
        yield built


@pytest.fixture
def client(demo: House) -> TestClient:
    return website(demo)


def move(client: TestClient, **wish: str) -> dict[str, Any]:
    answer = client.post("/demo/clock", json=wish)
    assert answer.status_code == 200, answer.text
    moved: dict[str, Any] = answer.json()
    return moved


def test_outside_the_demo_none_of_it_exists(house: House) -> None:
    plain = website(house)
    for path in ("/", "/demo", "/demo/", "/demo/inbox", "/demo/inbox.json", "/demo/inbox/x", "/demo/website"):
        assert plain.get(path).status_code == 404, path
    assert plain.post("/demo/clock", json={"to": "next"}).status_code == 404


def test_the_article_carries_the_form_and_leads_to_the_thank_you_page(client: TestClient) -> None:
    assert client.get("/").headers["location"] == "/demo/"
    assert 'action="/api/opt-ins"' in client.get("/demo/").text
    fields = {"email": "anna@example.org", "form": "lage-rug", "consent_advice": "on"}
    answer = client.post("/api/opt-ins", data=fields, headers={**BROWSER, "Origin": BASE_URL})
    assert 'href="/demo/inbox"' in client.get(answer.headers["location"]).text


def test_the_inbox_shows_each_mail_as_it_came(demo: House, client: TestClient) -> None:
    assert "Nog geen mail" in client.get("/demo/inbox").text
    opt_in(client, first_name="Anna")
    demo.send_due()
    [mail] = client.get("/demo/inbox.json").json()
    assert set(mail) == {"id", "to", "subject", "date", "text", "html", "headers", "links"}
    assert (mail["to"], mail["subject"]) == ("anna@example.org", "Je gratis advies: begin vandaag")
    assert link(demo.mails()[0], "c") in mail["links"]
    assert all(each.startswith("http") for each in mail["links"])
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert datetime.fromisoformat(mail["date"]).tzinfo is not None
    assert mail["subject"] in client.get("/demo/inbox").text
    for view, said in (("html", "<iframe"), ("phone", "<iframe"), ("text", "Anna"), ("source", "Message-ID")):
        page = client.get(f"/demo/inbox/{mail['id']}?view={view}")
        assert (page.status_code, said in page.text) == (200, True), view
        assert link(demo.mails()[0], "c") in page.text
    frame = client.get(f"/demo/inbox/{mail['id']}/html")
    assert "sandbox" in frame.headers["content-security-policy"]
    assert '<base target="_blank">' in frame.text


def test_no_other_file_can_be_read(demo: House, client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "geheim.eml").write_text("Subject: geheim\n\n")
    for name in ("..%2fgeheim", "../geheim", "geheim", "%2e%2e%2fgeheim", "*"):
        assert client.get(f"/demo/inbox/{name}").status_code == 404
        assert client.get(f"/demo/inbox/{name}/html").status_code == 404


def test_the_clock_moves_through_every_due_moment(demo: House, client: TestClient) -> None:
    opt_in(client, consent_follow_up=False)
    first = move(client, advance="P0D")
    assert first["sent"] == 1
    client.post(link(demo.mails("anna@example.org")[0], "c"))
    later = move(client, advance="P60D")
    assert later["sent"] == 7
    gone = datetime.fromisoformat(later["now"]) - datetime.fromisoformat(first["now"])
    assert timedelta(days=60) <= gone < timedelta(days=60, minutes=5)
    assert move(client, to="next")["sent"] == 0


def test_to_the_next_mail_stops_at_each(demo: House, client: TestClient) -> None:
    opt_in(client)
    demo.send_due()
    client.post(link(demo.mails("anna@example.org")[0], "c"))
    for number in range(2, 9):
        answer = client.post("/demo/clock", data={"to": "next"}, headers=FORM)
        newest = client.get("/demo/inbox.json").json()[-1]
        assert (answer.status_code, answer.headers["location"]) == (303, f"/demo/inbox/{newest['id']}")
        assert len(demo.mails("anna@example.org")) == number
    done = client.post("/demo/clock", data={"to": "next"}, headers=FORM)
    assert "geen mail meer klaar" in client.get(done.headers["location"]).text


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"advance": "3 dagen"},
        {"advance": "P401D"},
        {"advance": 3},
        {"to": "back"},
        {"to": "next", "advance": "P1D"},
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(client: TestClient, wish: dict[str, object]) -> None:
    answer = client.post("/demo/clock", json=wish)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert (
        client.post("/demo/clock", json={"to": "next"}, headers={"Origin": "https://elders.example"}).status_code == 403
    )
