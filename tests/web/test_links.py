"""Links in mails: looked at by scanners, forged, two years old, of another purpose (ACCEPTANCE C2, C3)."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from service.flows import privacy
from service.mail.links import Keyring
from tests.support.house import House, link, part
from tests.support.website import BROWSER, opt_in, website

SCANNERS = (
    "Mozilla/5.0 (compatible; Barracuda Sentinel)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Microsoft SafeLinks",
    "Mimecast-URL-Protect",
    "GoogleImageProxy",
    "Proofpoint URL Defense",
)
LETTERS = "cubap"
ALL = LETTERS + "d"


@pytest.fixture
def links(house: House, client: TestClient) -> dict[str, str]:
    """Anna's own link of each sort; she confirmed, and has one follow-up."""
    opt_in(client)
    house.send_due()
    advice = house.mails("anna@example.org")[0]
    client.post(link(advice, "c"))
    house.live_through(days=3)
    follow_up = house.mails("anna@example.org")[1]
    return {letter: link(advice if letter == "c" else follow_up, letter) for letter in LETTERS}


@pytest.fixture
def all_links(house: House, client: TestClient, links: dict[str, str]) -> dict[str, str]:
    """As `links`, and the one to all that is held, which works for a day."""
    client.post(links["p"], data={"action": "link"})
    house.send_due()
    return links | {"d": link(house.mails("anna@example.org")[-1], "d")}


def test_a_hundred_scanners_at_once_change_no_row(house: House, client: TestClient, all_links: dict[str, str]) -> None:
    before = house.rows()
    looks = [
        (method, f"{url}?answer=worse" if letter == "a" else url, agent)
        for letter, url in all_links.items()
        for agent in SCANNERS
        for method in ("GET", "HEAD")
    ] * 2

    def look(each: tuple[str, str, str]) -> int:
        method, url, agent = each
        return client.request(method, url, headers={"User-Agent": agent, **BROWSER}).status_code

    assert len(looks) == 120
    with ThreadPoolExecutor(len(looks)) as pool:
        assert set(pool.map(look, looks)) == {200}
    assert house.rows() == before
    assert not house.send_due()


def test_each_page_shows_one_main_button_that_posts_and_asks_for_no_login(
    client: TestClient, all_links: dict[str, str]
) -> None:
    for letter in "cuapd":
        page = client.get(f"{all_links[letter]}?answer=better")
        assert page.text.count('class="button"') == 1, letter
        if letter in "cua":
            assert page.text.count('method="post"') == 1, letter
        assert 'type="password"' not in page.text


def test_head_says_what_get_would_without_the_page(client: TestClient, links: dict[str, str]) -> None:
    got, headed = client.get(links["u"]), client.head(links["u"])
    assert headed.content == b""
    assert dict(headed.headers) == dict(got.headers)


def test_every_forged_or_misused_token_gets_one_identical_answer(client: TestClient, all_links: dict[str, str]) -> None:
    tokens = {letter: url.rpartition("/")[2] for letter, url in all_links.items()}
    forged = [
        "verzonnen",
        "x" * 48,
        "%00",
        "é",
        "a" * 3_000,
        tokens["u"][:-1] + ("A" if tokens["u"][-1] != "A" else "B"),
    ]
    answers = set()
    for letter in ALL:
        others = [token for purpose, token in tokens.items() if purpose != letter]
        for token in (*forged, *others):
            for method in ("GET", "POST"):
                data = {"answers.posture": "scheef", "answer": "wat"} if method == "POST" else None
                answer = client.request(method, f"/{letter}/{token}", data=data, headers=BROWSER)
                answers.add((answer.status_code, answer.text, tuple(sorted(answer.headers.items()))))
    assert len(answers) == 1
    assert {status for status, _, _ in answers} == {404}


def test_a_forged_token_changes_no_row(house: House, client: TestClient, links: dict[str, str]) -> None:
    before = house.rows()
    for letter in ALL:
        for action in ("booked", "erase", "link", "pause"):
            client.post(f"/{letter}/verzonnen", data={"action": action, "answer": "worse"})
    assert house.rows() == before


def test_tokens_hold_no_address_and_128_bits(all_links: dict[str, str]) -> None:
    for url in all_links.values():
        token = url.rpartition("/")[2]
        assert len(token) == 48
        # Not in its letters: those four may stand there by chance.
        assert b"anna" not in base64.urlsafe_b64decode(token)


def test_a_link_binds_to_lead_opt_in_or_message(house: House, client: TestClient, links: dict[str, str]) -> None:
    opt_in(client)
    house.send_due()
    house.live_through(days=5)
    mails = house.mails("anna@example.org")
    found = {
        letter: [link(mail, letter) for mail in mails if f"/{letter}/" in part(mail, "plain")] for letter in LETTERS
    }
    advices = found["c"]
    assert len(mails) == 4
    assert len(set(advices)) == len(advices) == 2, "each opt-in has its own yes"
    assert len(set(found["u"])) == len(set(found["p"])) == 1, "one way out for the lead"
    assert len(set(found["b"])) == len(mails), "each message has its own way to the pain check"
    assert len(set(found["a"])) == len(found["a"]) > 0
    assert links["u"] in found["u"]


PRESSES = {"c": {}, "u": {}, "b": {"action": "request", "phone": "06 12345678"}, "a": {"answer": "same"}, "p": {}}


@pytest.mark.parametrize("letter", LETTERS)
def test_a_press_repeated_with_nothing_left_to_do_answers_200_and_changes_nothing(
    house: House, client: TestClient, links: dict[str, str], letter: str
) -> None:
    data = PRESSES[letter] | ({"action": "stop"} if letter == "p" else {})
    assert client.post(links[letter], data=data).status_code == 200
    before = house.rows()
    house.clock.advance(hours=1)
    for _ in range(3):
        assert client.post(links[letter], data=data).status_code == 200
    assert house.rows() == before


ROTATED = ("a-new-key-for-tests-and-nothing-else-4567890", "a-first-key-for-tests-and-nothing-else-0123")


def rotated(house: House) -> TestClient:
    """The website after its keys were rotated: the newest first, the old one kept."""
    return website(replace(house, services=replace(house.services, keyring=Keyring(ROTATED))))


@pytest.mark.parametrize("letter", LETTERS)
def test_links_of_two_years_ago_work_after_the_keys_were_rotated(
    house: House, links: dict[str, str], letter: str
) -> None:
    house.clock.advance(days=730)
    client = rotated(house)
    before = house.rows()
    assert client.get(links[letter]).status_code == 200
    assert house.rows() == before
    data = PRESSES[letter] | ({"action": "stop"} if letter == "p" else {})
    assert client.post(links[letter], data=data).status_code == 200
    if letter != "c":  # that yes stood already
        assert house.rows() != before


def test_with_its_key_gone_a_link_is_like_any_forged_one(house: House, links: dict[str, str]) -> None:
    client = website(replace(house, services=replace(house.services, keyring=Keyring(ROTATED[:1]))))
    assert {client.get(url).status_code for url in links.values()} == {404}


def test_after_erasing_and_rotating_the_way_out_still_suppresses(house: House, links: dict[str, str]) -> None:
    with house.services.database.transaction() as session:
        privacy.erase(session, house.services, house.lead().id, "asked for", house.clock.now())
    house.clock.advance(days=730)
    client = rotated(house)
    for letter in LETTERS:
        assert client.get(links[letter]).status_code == 200
    assert not house.rows()["suppression"]
    assert client.post(links["u"], data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert len(house.rows()["suppression"]) == 1
    opt_in(client)
    assert house.live_through(days=10) == 1, "the advice, and no follow-up"


def test_after_erasing_each_link_has_a_friendly_page(house: House, client: TestClient, links: dict[str, str]) -> None:
    with house.services.database.transaction() as session:
        privacy.erase(session, house.services, house.lead().id, "asked for", house.clock.now())
    before = house.rows()
    for letter in "cap":
        for page in (client.get(links[letter]), client.post(links[letter], data={"action": "stop"})):
            assert (page.status_code, "Vraag het advies opnieuw aan" in page.text) == (200, True)
    assert "Ja, stop de mails" in client.get(links["u"]).text
    assert "Je gegevens hebben we eerder gewist" in client.get(links["b"]).text
    assert house.rows() == before
