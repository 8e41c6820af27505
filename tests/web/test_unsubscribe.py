"""`/u/`: one press, or one click in a mail program, and no follow-up leaves any more (ACCEPTANCE C1, C3)."""

from __future__ import annotations

import pytest
from sqlmodel import Session
from starlette.testclient import TestClient

from service.flows import privacy, ticks
from service.flows.services import Services
from service.mail.links import Purpose
from service.store.tables import ErasedToken, Lead
from service.web import deps, unsubscribe
from tests.support import acts
from tests.support.house import House, link
from tests.support.website import opt_in

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def advice_link(house: House, client: TestClient, letter: str, address: str = "anna@example.org") -> str:
    opt_in(client, address)
    house.send_due()
    return link(house.mails(address)[-1], letter)


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
def test_one_click_stops_every_follow_up_even_one_in_the_outbox(
    house: House, client: TestClient, encoding: str
) -> None:
    confirm = advice_link(house, client, "c")
    client.post(confirm)
    opt_in(client, topic="uitstraling-been")
    house.clock.advance(days=1)
    opt_in(client, topic="uitstraling-been")
    house.send_due()
    client.post(link(house.mails("anna@example.org")[-1], "c"))
    house.clock.advance(days=3)
    ticks.plan(house.services)
    assert {(each.kind, each.state) for each in house.messages()} >= {("follow_up", "due")}
    url = str(house.mails("anna@example.org")[0]["List-Unsubscribe"]).strip("<>")
    before = len(house.mails())
    post = {"data": ONE_CLICK} if encoding == "urlencoded" else {"files": {"List-Unsubscribe": (None, "One-Click")}}
    answer = client.post(url, **post)
    assert answer.status_code == 200
    assert not {"location", "set-cookie"} & set(answer.headers)
    assert {each.state for each in house.messages() if each.kind == "follow_up"} == {"cancelled"}
    assert house.live_through(days=60) == 0
    assert len(house.mails()) == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/plain", b"hallo"), ("", b""), ("multipart/form-data", b"kapot"), ("application/json", b"{")],
)
def test_whatever_a_mail_program_posts_the_no_counts(house: House, client: TestClient, kind: str, body: bytes) -> None:
    url = advice_link(house, client, "u")
    headers = {"Content-Type": kind, "Origin": "null", "Sec-Fetch-Site": "cross-site"}
    assert client.post(url, content=body, headers=headers).status_code == 200
    assert len(house.rows()["suppression"]) == 1


@pytest.mark.parametrize("migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_no_counts_where_the_lead_is_erased_just_as_it_is_said(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = advice_link(house, client, "u")
    look = deps.lead_behind

    def erased_meanwhile(session: Session, services: Services, purpose: Purpose, token: str) -> Lead | ErasedToken:
        found = look(session, services, purpose, token)
        if isinstance(found, Lead):
            acts.commit(house, lambda s: privacy.erase(s, house.services, found.id, "expired", house.clock.now()))
        return found

    monkeypatch.setattr(unsubscribe, "lead_behind", erased_meanwhile)
    assert client.post(url, data=ONE_CLICK).status_code == 200
    assert len(house.rows()["suppression"]) == 1
    assert house.rows()["lead"] == []


def test_it_withdraws_what_is_newer_than_the_link(house: House, client: TestClient) -> None:
    old = advice_link(house, client, "u")
    house.clock.advance(days=20)
    client.post(advice_link(house, client, "c"))
    assert client.post(old, data=ONE_CLICK).status_code == 200
    assert house.live_through(days=60) == 0


def test_the_page_has_one_button_and_pressing_twice_changes_nothing_more(house: House, client: TestClient) -> None:
    url = advice_link(house, client, "u")
    assert client.get(url).text.count("<button") == 1
    assert "De mails zijn gestopt" in client.post(url).text
    before = house.rows()
    house.clock.advance(hours=1)
    again = client.post(url)
    assert (again.status_code, "De mails waren al gestopt" in again.text) == (200, True)
    assert house.rows() == before


def test_the_link_of_an_erased_lead_still_suppresses(house: House, client: TestClient) -> None:
    url = advice_link(house, client, "u")
    house.live_through(days=29)
    assert not house.rows()["lead"]
    assert client.get(url).text.count("<button") == 1
    assert client.post(url, data=ONE_CLICK).status_code == 200
    assert len(house.rows()["suppression"]) == 1
    before = house.rows()
    assert client.post(url, data=ONE_CLICK).status_code == 200
    assert house.rows() == before


def test_the_link_of_an_erased_lead_withdraws_what_was_asked_for_since(house: House, client: TestClient) -> None:
    url = advice_link(house, client, "u")
    house.live_through(days=29)
    confirm = advice_link(house, client, "c")
    client.post(confirm)
    assert client.post(url, data=ONE_CLICK).status_code == 200
    assert acts.enrolment(house).state == "stopped"
    assert house.lead().erase_at is not None
    assert house.live_through(days=5) == 0
    assert "afgemeld" in client.get(confirm).text
    client.post(confirm)
    assert house.live_through(days=60) == 7


def test_after_a_no_a_new_opt_in_gets_its_advice_and_follow_ups_by_the_button_alone(
    house: House, client: TestClient
) -> None:
    client.post(advice_link(house, client, "u"))
    house.clock.advance(days=20)
    confirm = advice_link(house, client, "c")
    assert len(house.mails("anna@example.org")) == 2
    assert house.live_through(days=5) == 0
    client.post(confirm)
    assert house.live_through(days=60) == 7
