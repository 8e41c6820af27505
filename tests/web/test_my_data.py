"""`/p/`: why a lead gets mail, what comes, and what she does about it."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from service.flows import ticks
from service.web.my_data import masked
from tests.support import acts
from tests.support.house import House, link, part
from tests.support.website import BROWSER, opt_in


@pytest.fixture
def url(house: House, client: TestClient) -> str:
    """The link in the advice of Anna, who has not confirmed yet."""
    page = "https://solidperformance.example/lage-rug/?utm_source=x#pijnadvies"
    opt_in(client, first_name="Anna", answers={"posture": "hollow"}, form="lage-rug", source_url=page)
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


def test_a_mail_whose_row_is_damaged_hides_no_other(house: House, client: TestClient, url: str) -> None:
    client.post(link(house.mails("anna@example.org")[0], "c"))
    house.live_through(days=3)
    acts.damage(house, acts.advice(house))
    page = client.get(url).text
    assert "(niet meer te lezen)" in page
    assert "Hoe ging de eerste stap?" in page


def test_who_ticked_no_box_said_no_yes(house: House, client: TestClient) -> None:
    opt_in(client, consent_follow_up=False)
    house.send_due()
    assert "Je hebt hier geen ja op gezegd." in client.get(link(house.mails("anna@example.org")[0], "p")).text


def test_a_box_that_was_taken_back_waits_for_nothing(client: TestClient, url: str) -> None:
    client.post(url, data={"action": "stop"})
    after = client.get(url).text
    assert "Je stopte ermee op maandag 9 maart" in after
    assert "Je vinkte ze aan" not in after


def test_stop_withdraws(house: House, client: TestClient, url: str) -> None:
    client.post(link(house.mails("anna@example.org")[0], "c"))
    assert "De mails zijn gestopt" in client.post(url, data={"action": "stop"}).text
    assert house.live_through(days=10) == 0
    after = client.get(url).text
    assert "Stop de mails" not in after
    assert "Je stopte ermee op" in after


def test_it_tells_why_with_form_page_and_the_words_agreed_to(house: House, client: TestClient, url: str) -> None:
    page = client.get(url).text
    for said in (
        "lage rugpijn",
        "formulier ‘Gratis pijnadvies’",
        "op solidperformance.example/lage-rug.",
        "Je vinkte ze aan op maandag 9 maart. Ze komen pas als je op de knop in de mail met je advies drukt.",
        "Stuur mij geen vervolgmails</button>",
    ):
        assert said in page
    assert "utm_source" not in page
    client.post(link(house.mails("anna@example.org")[0], "c"))
    page = client.get(url).text
    assert "Je zei ja op maandag 9 maart" in page
    assert "Stuur mij daarna ook de vervolgmails" in page


@pytest.mark.parametrize(
    "source", ["http://[", "https://a:b@evil.example//x", "http://e.example/" + "x" * 1_900, "http:///"]
)
def test_a_page_that_anybody_can_write_is_text_and_short(house: House, client: TestClient, source: str) -> None:
    opt_in(client, source_url=source)
    house.send_due()
    answer = client.get(link(house.mails("anna@example.org")[0], "p"))
    assert answer.status_code == 200
    assert 'href="http' not in answer.text.split("<main")[1].split("</main")[0]
    assert "x" * 81 not in answer.text
    assert "a:b@" not in answer.text


def test_pause_go_on_and_again_say_what_is_so(house: House, client: TestClient, url: str) -> None:
    client.post(link(house.mails("anna@example.org")[0], "c"))
    assert "Ga nu weer door" not in client.get(url).text
    paused = client.post(url, data={"action": "pause"}).text
    assert "De mails staan stil tot maandag 23 maart." in paused
    assert "Ga nu weer door" in paused
    before = house.rows()
    assert "De mails staan stil tot maandag 23 maart." in client.post(url, data={"action": "pause"}).text
    assert house.rows() == before
    assert house.live_through(days=13) == 0
    went_on = client.post(url, data={"action": "go_on"}).text
    assert "De mails gaan weer door" in went_on
    before = house.rows()
    assert "De mails gaan weer door" in client.post(url, data={"action": "go_on"}).text
    assert house.rows() == before
    assert house.live_through(days=4) == 1


def test_a_pause_for_another_reason_is_told_and_goes_on_by_a_call_alone(
    house: House, client: TestClient, url: str
) -> None:
    advice = house.mails("anna@example.org")[0]
    client.post(link(advice, "c"))
    client.post(link(advice, "b"), data={"action": "request", "phone": "0612345678"})
    for page in (client.get(url).text, client.post(url, data={"action": "go_on"}).text):
        assert "tot maandag 23 maart, omdat je een pijncheck aanvroeg" in " ".join(
            page.replace("</strong>", "").split()
        )
        assert 'value="go_on"' not in page
        assert "Wil je eerder verder? Bel" in page
    house.clock.advance(days=3)
    assert "tot donderdag 26 maart" in client.post(url, data={"action": "pause"}).text


def test_with_nothing_under_way_a_pause_says_so_and_changes_nothing(house: House, client: TestClient, url: str) -> None:
    before = house.rows()
    for action in ("pause", "go_on"):
        assert "Er lopen nu geen vervolgmails." in client.post(url, data={"action": action}).text
    assert house.rows() == before


def test_changed_answers_are_those_of_the_next_mails(house: House, client: TestClient, url: str) -> None:
    advice = house.mails("anna@example.org")[0]
    client.post(link(advice, "c"))
    assert re.search(r'value="hollow" checked', client.get(url).text)
    changed = client.post(url, data={"action": "answers", "answers.posture": "flat"}).text
    assert "Je antwoorden zijn bewaard." in changed
    assert re.search(r'value="flat" checked', changed)
    before = house.rows()
    client.post(url, data={"action": "answers", "answers.posture": "flat"})
    assert house.rows() == before
    house.live_through(days=60)
    assert {each.content["answers"].get("posture") for each in house.messages() if each.step} == {"flat"}
    exercises = next(mail for mail in house.mails("anna@example.org") if "Wat sterker mag" in str(mail["Subject"]))
    assert "Bij een platte rug" in part(exercises, "plain")
    assert "Bij een holle rug" not in part(exercises, "plain")


def test_where_no_mail_is_to_come_none_is_said_to_go_by_the_answers(house: House, client: TestClient, url: str) -> None:
    told, answers = "De mails die nog komen, gaan ervan uit.", {"action": "answers", "answers.posture": "flat"}
    assert told not in client.get(url).text, "she did not press the button of the advice yet"
    client.post(link(house.mails("anna@example.org")[0], "c"))
    assert told in client.get(url).text
    client.post(url, data={"action": "stop"})
    for page in (client.get(url).text, client.post(url, data=answers).text):
        assert "Je krijgt geen vervolgmails meer." in page
        assert "Klopt er iets niet meer? Verander het hier.</p>" in page
        assert told not in page


def test_an_answer_that_was_taken_back_does_not_return_with_the_button_of_the_advice(
    house: House, client: TestClient, url: str
) -> None:
    advice = house.mails("anna@example.org")[0]
    client.post(url, data={"action": "answers", "answers.posture": "unknown"})
    client.post(link(advice, "c"))
    assert house.lead().answers == {}
    assert acts.enrolment(house).answers == {}
    client.post(url, data={"action": "answers", "answers.posture": "flat"})
    client.post(url, data={"action": "stop"})
    client.post(link(advice, "c"))
    assert house.lead().answers == acts.enrolment(house).answers == {"posture": "flat"}


def test_what_no_mail_of_her_own_sequences_looks_at_is_asked_of_nobody(house: House, client: TestClient) -> None:
    asks = 'name="answers.posture"'
    opt_in(client, form="lage-rug", topic=None, answers={"leg": "yes", "posture": "hollow"})
    house.send_due()
    advice = house.mails("anna@example.org")[0]
    client.post(link(advice, "c"))
    url = link(advice, "p")
    page = client.get(url).text
    assert asks not in page
    assert "<dt>Hoe is de stand van je onderrug?</dt><dd>Eerder hol</dd>" in page, "what we know is told all the same"
    assert client.post(url, data={"action": "answers", "answers.posture": "flat"}).status_code == 422
    house.clock.advance(days=1)
    opt_in(client, form="lage-rug", topic=None, answers={"leg": "no"})
    house.send_due()
    assert asks in client.get(url).text, "a second sequence goes by it"


def test_an_answer_that_chooses_the_topic_is_told_with_the_way_to_the_other_advice(
    house: House, client: TestClient, url: str
) -> None:
    page = client.get(url).text
    assert 'name="answers.leg"' not in page
    assert 'href="/forms/lage-rug">Vraag dan het andere advies aan' in page


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"action": "erase"}, "Deze keuze kennen we niet"),
        ({}, "Deze keuze kennen we niet"),
        ({"action": "answers", "answers.posture": "scheef"}, "Dit antwoord hoort niet bij deze vraag"),
        ({"action": "answers", "answers.leg": "yes"}, "Dit antwoord kun je hier niet veranderen"),
        ({"action": "answers", "answers.helped": "better"}, "Deze vraag stelden we je niet"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason_and_changes_nothing(
    house: House, client: TestClient, url: str, data: dict[str, str], told: str
) -> None:
    before = house.rows()
    answer = client.post(url, data=data, headers=BROWSER)
    assert (answer.status_code, told in answer.text) == (422, True)
    assert house.rows() == before


def test_every_answer_that_is_wrong_is_named_at_once(house: House, client: TestClient, url: str) -> None:
    data = {"action": "answers", "answers.posture": "scheef", "answers.leg": "no", "answers.wat/is~dit": "x"}
    errors = client.post(url, data=data).json()["errors"]
    assert [each["pointer"] for each in errors] == ["/answers/posture", "/answers/leg", "/answers/wat~1is~0dit"]


def test_masking_leaves_enough_to_know_it_by() -> None:
    assert masked("anna@example.org") == "a***@e***.org"
    assert masked("b@mail.praktijk.nl") == "b***@m***.nl"
