"""`/p/`: what we hold of a lead, in plain words."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from service.flows import ticks
from service.web.my_data import masked
from tests.support.house import House, link
from tests.support.website import BROWSER, opt_in


@pytest.fixture
def url(house: House, client: TestClient) -> str:
    """The link in the advice of Anna, who has not confirmed yet."""
    opt_in(client, first_name="Anna", answers={"posture": "hollow"})
    house.send_due()
    return link(house.mails("anna@example.org")[0], "p")


def test_it_says_what_we_know_and_sent_with_the_address_masked(client: TestClient, url: str) -> None:
    page = client.get(url).text
    for said in (
        "lage rug",
        "maandag 9 maart",
        "Eerder hol",
        "Anna",
        "a***@e***.org",
        "Je gratis advies: begin vandaag",
    ):
        assert said in page
    assert "anna@example.org" not in page
    assert "wissen we je gegevens op maandag 23 maart" in page


def test_it_says_what_is_to_come_once_confirmed(house: House, client: TestClient, url: str) -> None:
    client.post(link(house.mails("anna@example.org")[0], "c"))
    page = client.get(url).text
    assert "Je zei ja op maandag 9 maart" in page
    assert "Hoe ging de eerste stap?" in page
    client.post(link(house.mails("anna@example.org")[0], "b"), data={"action": "request", "phone": "0612345678"})
    assert "De mails staan stil tot maandag 23 maart" in client.get(url).text
    house.live_through(days=90)
    assert "Je krijgt geen vervolgmails meer" in client.get(url).text


def test_a_mail_in_the_outbox_is_told_once(house: House, client: TestClient, url: str) -> None:
    client.post(link(house.mails("anna@example.org")[0], "c"))
    house.clock.advance(days=2, hours=2)
    ticks.plan(house.services)
    assert client.get(url).text.count("Hoe ging de eerste stap?") == 1


def test_stop_withdraws(house: House, client: TestClient, url: str) -> None:
    client.post(link(house.mails("anna@example.org")[0], "c"))
    assert "De mails zijn gestopt" in client.post(url, data={"action": "stop"}).text
    assert house.live_through(days=10) == 0
    after = client.get(url).text
    assert "Stop de mails" not in after
    assert "Je stopte ermee op" in after


def test_nothing_else_can_be_asked_here_yet(house: House, client: TestClient, url: str) -> None:
    before = house.rows()
    assert client.post(url, data={"action": "erase"}, headers=BROWSER).status_code == 422
    assert client.post(url, headers=BROWSER).status_code == 422
    assert house.rows() == before


def test_masking_leaves_enough_to_know_it_by() -> None:
    assert masked("anna@example.org") == "a***@e***.org"
    assert masked("b@mail.praktijk.nl") == "b***@m***.nl"
