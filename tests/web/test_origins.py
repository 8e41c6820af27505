"""Who may post the form (ACCEPTANCE E3): our own pages, the sites that are configured, and programs."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

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
def test_any_other_site_is_refused_and_nothing_is_written(house: House, client: TestClient, origin: str) -> None:
    before = house.rows()
    for headers in ({"Origin": origin}, {"Origin": origin, **BROWSER}):
        answer = client.post("/api/opt-ins", json=OPT_IN, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert "access-control-allow-origin" not in answer.headers
    assert house.rows() == before


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
