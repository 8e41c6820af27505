"""`/a/`: better, same or worse."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.support.house import House, link
from tests.support.website import BROWSER, opt_in


@pytest.fixture
def url(house: House, client: TestClient) -> str:
    """The link in the mail that asks Anna how it went."""
    opt_in(client)
    house.send_due()
    client.post(link(house.mails("anna@example.org")[0], "c"))
    house.live_through(days=3)
    return link(house.mails("anna@example.org")[1], "a")


def steps_sent(house: House) -> set[str | None]:
    return {message.step for message in house.messages() if message.state == "accepted"}


def test_the_page_asks_to_confirm_the_answer_of_the_link(client: TestClient, url: str) -> None:
    assert "Het gaat beter" in client.get(f"{url}?answer=better").text
    assert "huisartsenpost" in client.get(f"{url}?answer=worse").text
    for unknown in (url, f"{url}?answer=niets", f"{url}?answer=%ff"):
        assert client.get(unknown).text.count("<button") == 3


def test_worse_shows_the_safety_block_and_rests_the_mails(house: House, client: TestClient, url: str) -> None:
    answer = client.post(f"{url}?answer=worse", data={"answer": "worse"})
    assert "en bij nood 112." in answer.text
    assert "huisartsenpost" in answer.text
    assert "tot donderdag 26 maart" in answer.text
    house.send_due()
    assert len(house.mails("praktijk@solidperformance.example")) == 1
    assert house.live_through(days=13) == 0


def test_same_brings_the_invitation_forward(house: House, client: TestClient, url: str) -> None:
    client.post(url, data={"answer": "same"})
    before = house.rows()
    assert client.post(url, data={"answer": "same"}).status_code == 200
    assert house.rows() == before
    house.live_through(days=60)
    assert {"eerdere-uitnodiging", "uitnodiging"} & steps_sent(house) == {"eerdere-uitnodiging"}


@pytest.mark.parametrize("answer", ["better", None])
def test_who_feels_better_or_does_not_say_is_invited_at_the_usual_time(
    house: House, client: TestClient, url: str, answer: str | None
) -> None:
    if answer:
        client.post(url, data={"answer": answer})
    house.live_through(days=60)
    assert {"eerdere-uitnodiging", "uitnodiging"} & steps_sent(house) == {"uitnodiging"}


def test_the_last_answer_counts_and_the_rest_after_worse_stays(house: House, client: TestClient, url: str) -> None:
    client.post(url, data={"answer": "worse"})
    for answer, said in (("better", "Fijn om te horen"), ("same", "Goed dat je het zegt")):
        page = client.post(url, data={"answer": answer}).text
        assert said in page
        assert "De mails staan nog stil tot donderdag 26 maart" in page
        assert "Ga rustig door" not in page
    assert house.live_through(days=13) == 0
    house.live_through(days=60)
    assert {"eerdere-uitnodiging", "uitnodiging"} & steps_sent(house) == {"eerdere-uitnodiging"}


def test_who_goes_back_and_forth_is_told_to_the_practice_once_a_day(house: House, client: TestClient, url: str) -> None:
    for answer in ("worse", "better", "worse", "same", "worse"):
        assert client.post(url, data={"answer": answer}).status_code == 200
    house.send_due()
    assert len(house.mails("praktijk@solidperformance.example")) == 1


def test_another_answer_is_refused(house: House, client: TestClient, url: str) -> None:
    before = house.rows()
    for data in ({"answer": "prima"}, {}):
        answer = client.post(url, data=data, headers=BROWSER)
        assert (answer.status_code, "Kies beter, hetzelfde of slechter" in answer.text) == (422, True)
    assert house.rows() == before
