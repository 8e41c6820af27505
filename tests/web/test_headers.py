"""What goes with every answer (ACCEPTANCE E5), also with a refusal, a defect of ours, and JSON."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from service.web import pages
from tests.support.house import House, link
from tests.support.website import BROWSER, OPT_IN, opt_in, website


@pytest.fixture
def client(house: House) -> TestClient:
    return website(house.with_changes(demo=True, mail_dir=house.outbox))


def every_path(house: House, client: TestClient) -> Iterator[tuple[str, str]]:
    opt_in(client)
    house.send_due()
    advice = house.mails("anna@example.org")[0]
    client.post(link(advice, "c"))
    house.live_through(days=3)
    for letter in "ubap":
        yield "GET", link(house.mails("anna@example.org")[1], letter)
        yield "GET", f"/{letter}/verzonnen"
    mail = client.get("/demo/inbox.json").json()[0]["id"]
    for path in ("/", "/demo/", "/demo/inbox", "/demo/inbox.json", f"/demo/inbox/{mail}", f"/demo/inbox/{mail}/html"):
        yield "GET", path
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/forms/lage-rug", "/bedankt", "/bestaat-niet"):
        yield "GET", path
    yield "GET", pages.static_url("base.css")
    yield "GET", "/static/bestaat-niet.css"
    yield "POST", "/api/opt-ins"
    yield "OPTIONS", "/api/opt-ins"
    yield "DELETE", "/healthz"


@pytest.mark.parametrize("accept", [BROWSER, {}])
def test_every_answer_carries_them(house: House, client: TestClient, accept: dict[str, str]) -> None:
    for method, path in every_path(house, client):
        answer = client.request(method, path, headers=accept)
        headers = answer.headers
        assert answer.status_code < 500, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-robots-tag"] == "noindex", path
        assert headers["referrer-policy"] in {"no-referrer", "same-origin"}, path
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors" in policy, path
        assert "unsafe-inline" not in policy or path.endswith("/html"), path
        assert "set-cookie" not in headers, path
        if path.partition("?")[0].split("/")[-2] in set("cubap"):
            assert headers["cache-control"] == "no-store", path


def test_styles_may_be_kept_for_long_under_the_mark_of_their_content(client: TestClient) -> None:
    assert "immutable" in client.get(pages.static_url("base.css")).headers["cache-control"]
    assert client.get("/static/base.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/../app.py").status_code == 404


class DefectError(RuntimeError):
    """Not raised on purpose."""


def test_a_defect_of_ours_tells_nothing_and_still_carries_the_headers(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    def ring() -> None:
        raise DefectError("anna@example.org")

    house.services.bell.listen(ring)
    answer = website(house).post("/api/opt-ins", json=OPT_IN)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["detail"] == "Er ging bij ons iets mis. Probeer het straks nog eens."
    assert "Defect" not in answer.text
    logged = capsys.readouterr().out
    assert "DefectError at test_headers.py" in logged
    assert "anna@example.org" not in logged


def test_the_log_names_routes_and_never_tokens_queries_or_addresses(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    client = website(house)
    opt_in(client)
    house.send_due()
    url = link(house.mails("anna@example.org")[0], "u")
    client.get(f"{url}?email=anna@example.org")
    client.post(url)
    logged = capsys.readouterr().out
    assert "/u/{token}" in logged
    assert url.rpartition("/")[2] not in logged
    assert "anna" not in logged
