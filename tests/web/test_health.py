"""Alive, ready, and in figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from service.store.tables import Attempt
from tests.support import acts
from tests.support.house import House, open_house
from tests.support.website import opt_in, website


def test_alive_asks_nothing_of_the_database(house: House) -> None:
    client = website(house)
    asked: list[str] = []
    for engine in {house.services.database.engine, house.services.database._reader}:
        event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert not asked


def test_ready_when_something_is_published_and_the_worker_inside_runs(house: House) -> None:
    assert website(house).get("/readyz").status_code == 200
    assert website(house, worker_alive=lambda: True).get("/readyz").status_code == 200
    stopped = website(house, worker_alive=lambda: False).get("/readyz")
    assert (stopped.status_code, "stopped" in stopped.json()["detail"]) == (503, True)


def test_not_ready_while_nothing_is_published(migrated_database_url: str, tmp_path: Path) -> None:
    with open_house(migrated_database_url, tmp_path, published=False) as bare:
        client = website(bare)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["detail"]) == (503, "nothing published yet")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
        asked = client.post("/api/opt-ins", json={"email": "a@example.org", "topic": "x", "consent_advice": True})
        assert (asked.status_code, asked.headers["retry-after"]) == (503, "5")
        assert client.get("/forms/lage-rug", headers={"Accept": "text/html"}).status_code == 503


def test_not_ready_on_a_database_without_our_schema(database_url: str, tmp_path: Path) -> None:
    with open_house(database_url, tmp_path, published=False) as empty:
        answer = website(empty).get("/readyz")
        assert (answer.status_code, "nurture migrate" in answer.json()["detail"]) == (503, True)


def test_not_ready_while_the_database_is_away(tmp_path: Path) -> None:
    with open_house("postgresql+psycopg://nobody@127.0.0.1:9/none", tmp_path, published=False) as away:
        answer = website(away).get("/readyz")
        assert (answer.status_code, answer.json()["detail"]) == (503, "the database does not answer")


def test_figures_tell_of_the_ledger_and_of_routes_never_of_people(house: House) -> None:
    client = website(house, peer="127.0.0.1")
    opt_in(client)
    house.clock.advance(minutes=2)
    client.get("/u/verzonnen")
    assert "nurture_attempts{" not in client.get("/metrics").text
    message = acts.advice(house)
    with house.services.database.transaction() as session:
        for number, (channel, outcome) in enumerate([(None, "retry"), ("primary", "retry"), ("fallback", None)]):
            attempt = Attempt(message_id=message.id, token=str(number), number=number, opened_at=house.clock.now())
            attempt.channel, attempt.outcome = channel, outcome
            session.add(attempt)
    text = client.get("/metrics").text
    assert 'nurture_messages{kind="advice",state="due"} 1.0' in text
    assert 'nurture_enrolments{state="awaiting_confirmation"} 1.0' in text
    assert 'nurture_attempts{channel="primary",outcome="retry"} 2.0' in text, "the older one named no way"
    assert 'nurture_attempts{channel="fallback",outcome="open"} 1.0' in text
    assert "nurture_due_lag_seconds 120.0" in text
    assert 'nurture_requests_total{method="GET",route="/u/{token}",status="404"} 1.0' in text
    assert "anna" not in text
    assert "verzonnen" not in text


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("203.0.113.7", {}),
        ("::ffff:203.0.113.7", {}),
        ("testclient", {}),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}),
        ("172.30.57.1", {"X-Forwarded-For": "203.0.113.7"}),
        ("::1", {"Forwarded": "for=x"}),
    ],
)
def test_figures_are_not_public(house: House, peer: str, headers: dict[str, str]) -> None:
    assert website(house, peer=peer).get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "172.30.57.4", "fd00::7", "::ffff:127.0.0.1", "::ffff:10.0.0.4"])
def test_figures_are_shown_inside(house: House, peer: str) -> None:
    assert website(house, peer=peer).get("/metrics").status_code == 200


def test_figures_say_when_the_database_is_away(tmp_path: Path) -> None:
    with open_house("postgresql+psycopg://nobody@127.0.0.1:9/none", tmp_path, published=False) as away:
        assert "nurture_database_up 0.0" in website(away, peer="127.0.0.1").get("/metrics").text


def test_the_map_of_the_api_is_shown_in_the_demo_alone(house: House) -> None:
    assert website(house).get("/openapi.json").status_code == 404
    shown: TestClient = website(house.with_changes(demo=True))
    assert "/api/opt-ins" in shown.get("/openapi.json").json()["paths"]
    assert shown.get("/docs").status_code == 404
