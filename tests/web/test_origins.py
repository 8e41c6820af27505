"""Who may post the form (ACCEPTANCE E3): our own pages, the sites that are configured, and programs."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from starlette.testclient import TestClient

from service.flows import refused_origins
from service.store.db import open_database
from service.web.refusals import Refusals
from tests.support import acts
from tests.support.house import BASE_URL, House
from tests.support.website import BROWSER, OPT_IN, website

SITE = "https://www.praktijk.example"


@pytest.fixture
def client(house: House) -> TestClient:
    return website(house.with_changes(allowed_origins=(SITE,)))


@pytest.mark.parametrize("origin", [None, BASE_URL, SITE])
def test_our_own_pages_configured_sites_and_programs_may_post(client: TestClient, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    assert client.post("/api/opt-ins", json=OPT_IN, headers=headers).status_code == 202


@pytest.mark.parametrize(
    "origin",
    ["https://elders.example", "null", "", SITE + ".elders.example", "http://www.praktijk.example", SITE + ":444"],
)
def test_any_other_site_is_refused_and_nothing_of_the_post_is_written(
    house: House, client: TestClient, origin: str
) -> None:
    before = house.rows()
    before.pop("fact")  # there stands which site was refused, and no more
    for headers in ({"Origin": origin}, {"Origin": origin, **BROWSER}):
        answer = client.post("/api/opt-ins", json=OPT_IN, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert "access-control-allow-origin" not in answer.headers
    after = house.rows()
    assert "anna" not in repr(after.pop("fact"))
    assert after == before


def test_a_configured_site_may_read_the_answer_also_when_it_is_a_refusal(client: TestClient) -> None:
    for body, status in ((OPT_IN, 202), ({"email": "nee"}, 422)):
        answer = client.post("/api/opt-ins", json=body, headers={"Origin": SITE})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, SITE)
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers


def test_a_browser_that_asks_first_is_told(client: TestClient) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    allowed = client.options("/api/opt-ins", headers={"Origin": SITE, **asks})
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, SITE)
    assert allowed.headers["access-control-allow-methods"] == "POST"
    assert "Content-Type" in allowed.headers["access-control-allow-headers"]
    refused = client.options("/api/opt-ins", headers={"Origin": "https://elders.example", **asks})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


def test_no_other_page_may_be_read_by_another_site(client: TestClient) -> None:
    answer = client.get("/forms/lage-rug", headers={"Origin": SITE})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_who_was_refused_is_kept_for_staff_by_origin_day_and_count(house: House, client: TestClient) -> None:
    refusals = Refusals(house.services)
    refusals.add("https://www.elders.example")
    for _ in range(2):
        refusals.add("https://www.elders.example")  # within ten seconds: kept with the next
    assert [(each.origin, each.count) for each in known(house)] == [("https://www.elders.example", 1)]
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    client.options("/api/opt-ins", headers={"Origin": "https://ook.example:8443", **asks})
    assert [each.origin for each in known(house)] == ["https://ook.example:8443", "https://www.elders.example"]
    assert {each.day for each in known(house)} == {datetime.now(UTC).date()}


@pytest.mark.parametrize(
    "hostile",
    [
        "https://x.example\x1b[31m",
        "javascript:alert(1)",
        "https://" + "a" * 200,
        "<b>x</b>",
        "https://x.example/pad",
        "é",
    ],
)
def test_an_origin_that_cannot_be_one_is_kept_without_its_text(house: House, hostile: str) -> None:
    Refusals(house.services).add(hostile)
    assert [each.origin for each in known(house)] == [refused_origins.UNREADABLE]


def test_the_twenty_that_were_refused_last_are_kept(house: House) -> None:
    for number in range(25):
        counts = {f"https://site{number}.example": number + 1}
        acts.commit(house, refused_origins.add, counts, date(2026, 3, 1 + number))
    assert [each.count for each in known(house, date(2026, 3, 1))] == list(range(25, 5, -1))
    acts.commit(house, refused_origins.add, {"https://site7.example": 2}, date(2026, 4, 1))
    newest = known(house, date(2026, 3, 1))[0]
    assert (newest.origin, newest.count, newest.day) == ("https://site7.example", 10, date(2026, 4, 1))


def test_a_database_that_is_away_changes_no_refusal(house: House) -> None:
    lost = website(house.with_changes(database=open_database("sqlite:////nowhere/at/all.db")))
    assert lost.post("/api/opt-ins", json=OPT_IN, headers={"Origin": "https://elders.example"}).status_code == 403


def known(house: House, since: date = date.min) -> list[refused_origins.RefusedOrigin]:
    with house.services.database.reading() as session:
        return refused_origins.known(session, since)
