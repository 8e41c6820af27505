"""`/c/`: yes to the follow-ups, by one button (ACCEPTANCE C3, C5, C6)."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from service.flows import my_data, outlook
from service.store import enrolments
from service.store.tables import Consent
from tests.support import acts
from tests.support.drafts import publish, with_form, with_practice
from tests.support.house import House, link
from tests.support.waiting import wait_until_it_waits
from tests.support.website import BROWSER, opt_in


def confirm_link(house: House, client: TestClient, **fields: Any) -> str:
    opt_in(client, **fields)
    house.send_due()
    return link(house.mails("anna@example.org")[-1], "c")


def agreed(house: House) -> Consent:
    """The one consent that was given by the button."""
    with house.services.database.reading() as session:
        return session.exec(select(Consent).where(Consent.source == "confirmation")).one()


def test_the_page_shows_the_consent_text_the_question_and_one_button(house: House, client: TestClient) -> None:
    url = confirm_link(house, client, answers={"posture": "flat"})
    page = client.get(url).text
    assert "Stuur mij daarna ook de vervolgmails" in page
    assert page.count("<button") == 1
    assert 'value="flat" checked' in page
    assert "Straalt de pijn" not in page


def test_what_no_mail_of_her_own_sequence_looks_at_is_not_asked_and_not_kept(house: House, client: TestClient) -> None:
    url = confirm_link(house, client, form="lage-rug", topic=None, answers={"leg": "yes"})
    assert house.messages()[0].template == "advies-uitstraling-been"
    page = client.get(url).text
    assert "Hoe is de stand van je onderrug?" not in page
    assert "test van tien seconden" not in page
    client.post(url, data={"answers.posture": "flat"})
    assert house.lead().answers == {"leg": "yes"}
    assert house.live_through(days=5) == 1


def test_pressing_starts_the_follow_ups_and_says_when_each_comes(house: House, client: TestClient) -> None:
    url = confirm_link(house, client, consent_follow_up=False)
    answer = client.post(url, data={"answers.posture": "hollow"})
    assert answer.status_code == 200
    assert "Hoe ging de eerste stap?" in answer.text
    assert "woensdag 11 maart" in answer.text
    assert house.lead().answers == {"posture": "hollow"}
    assert house.live_through(days=40) == 7
    assert [mail["Subject"] for mail in house.mails("anna@example.org")][-1] == "Ons laatste bericht"


def test_what_the_page_says_is_what_then_happens(house: House, client: TestClient) -> None:
    client.post(confirm_link(house, client))
    with house.services.database.reading() as session:
        run = enrolments.of_lead(session, house.lead().id)[0]
        said = outlook.planned(session, house.services, run, house.clock.now())
    house.live_through(days=60)
    follow_ups = [
        message for message in house.messages() if message.kind == "follow_up" and message.state == "accepted"
    ]
    assert [each.at for each in said] == [message.first_handed_at for message in follow_ups]
    assert [each.subject for each in said] == [mail["Subject"] for mail in house.mails("anna@example.org")[1:]]


def test_pressing_again_changes_nothing(house: House, client: TestClient) -> None:
    url = confirm_link(house, client)
    client.post(url)
    before = house.rows()
    house.clock.advance(hours=1)
    again = client.post(url, content=b"")
    assert again.status_code == 200
    assert house.rows() == before
    assert "Je krijgt het vervolg al" in client.get(url).text


def test_a_link_older_than_the_last_no_asks_once_more_and_then_counts(house: House, client: TestClient) -> None:
    url = confirm_link(house, client)
    client.post(url)
    house.clock.advance(days=3)
    client.post(link(house.mails("anna@example.org")[0], "u"))
    assert "Wil je de mails weer krijgen?" in client.get(url).text
    assert house.live_through(days=10) == 0
    client.post(url)
    assert house.live_through(days=60) == 7


def test_what_is_agreed_to_are_the_words_that_the_page_showed(house: House, client: TestClient) -> None:
    url = confirm_link(house, client)
    shown = client.get(url).text
    field = re.search(r'name="shown" value="(\d+)"', shown)
    assert field
    words = {"version": "2027-1", "text": "Andere woorden."}
    publish(house, with_form(consent={"advice": words, "follow_up": words}))
    assert "Andere woorden." in client.get(url).text
    client.post(url, data={"shown": field[1]})
    assert (agreed(house).wording or "none") in html.unescape(shown)


def test_an_answer_that_the_page_showed_counts_though_the_form_has_it_no_longer(
    house: House, client: TestClient
) -> None:
    url = confirm_link(house, client)
    field = re.search(r'name="shown" value="(\d+)"', client.get(url).text)
    assert field
    options = [{"value": "rond", "label": "Eerder rond"}, {"value": "recht", "label": "Eerder recht"}]
    publish(house, with_form(questions=[{"name": "posture", "label": "Hoe sta je?", "options": options}]))
    assert client.post(url, data={"shown": field[1], "answers.posture": "hollow"}).status_code == 200
    assert (acts.enrolment(house).state, house.lead().answers) == ("active", {"posture": "hollow"})


@pytest.mark.parametrize("named", ["", "0", "999999999", "99999999999999999999", "eerste", "-1", "1; drop"])
def test_whoever_names_no_page_of_ours_agrees_to_the_newest_words(house: House, client: TestClient, named: str) -> None:
    url = confirm_link(house, client)
    assert client.post(url, data={"shown": named}).status_code == 200
    with house.services.database.reading() as session:
        live, _ = house.services.published.live_forms(session)
    assert agreed(house).forms_revision_id == live


def test_an_answer_that_is_not_on_the_form_is_refused_and_nothing_is_agreed(house: House, client: TestClient) -> None:
    url = confirm_link(house, client)
    before = house.rows()
    answer = client.post(url, data={"answers.posture": "scheef"}, headers=BROWSER)
    assert (answer.status_code, "Dat ging niet goed" in answer.text) == (422, True)
    assert house.rows() == before


def test_without_the_button_there_is_one_mail_and_after_two_weeks_no_trace(house: House, client: TestClient) -> None:
    url = confirm_link(house, client)
    assert house.live_through(days=13) == 0
    assert house.lead()
    house.live_through(days=2, keep_house=True)
    assert not house.rows()["lead"]
    assert len(house.mails("anna@example.org")) == 1
    page = client.get(url)
    assert (page.status_code, "Vraag het advies opnieuw aan" in page.text) == (200, True)
    before = house.rows()
    assert "We hebben je gegevens gewist" in client.post(url).text
    assert house.rows() == before


def test_nobody_is_erased_while_a_pain_check_request_is_open(house: House, client: TestClient) -> None:
    confirm_link(house, client)
    client.post(link(house.mails("anna@example.org")[0], "b"), data={"action": "request", "phone": "06 12345678"})
    house.live_through(days=60)
    assert house.lead()


def test_the_yes_counts_also_while_nobody_can_say_when_the_mails_come(house: House, client: TestClient) -> None:
    url = confirm_link(house, client)
    closed = [{"from": "2026-03-01", "to": "2027-01-31"}, {"from": "2027-02-01", "to": "2027-12-31"}]
    publish(house, with_practice(closed=closed))
    assert client.post(url).status_code == 200
    assert acts.enrolment(house).state == "active"
    assert client.get(link(house.mails("anna@example.org")[0], "p")).status_code == 200


def test_an_answer_that_she_corrects_while_the_press_waits_stays_corrected(house: House, client: TestClient) -> None:
    url = confirm_link(house, client, form="lage-rug", answers={"posture": "hollow"})
    corrected = {"posture": "flat"}
    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            my_data.change_answers(session, house.services, house.lead(), corrected, house.clock.now())
            pressing = pool.submit(client.post, url)
            wait_until_it_waits(house)
        assert pressing.result(30).is_success
    assert (house.lead().answers, acts.enrolment(house).answers) == (corrected, corrected)
