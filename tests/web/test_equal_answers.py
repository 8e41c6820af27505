"""Nobody learns from an answer whom we know (ACCEPTANCE E1)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from service.domain.lead import Suppression, SuppressionReason
from service.domain.limits import parse_limits
from service.flows import form_tokens
from service.store import suppressions
from service.web import even_pace
from tests.support.house import House, link
from tests.support.proofs import solved
from tests.support.website import BROWSER, OPT_IN, opt_in, website


def suppress(house: House, address: str, reason: SuppressionReason) -> None:
    now = house.clock.now()
    rule = Suppression.following(reason, now=now)
    with house.services.database.transaction() as session:
        suppressions.add(session, house.services.hmac(address), rule, now)


def test_every_kind_of_address_gets_the_same_answer(house: House, client: TestClient) -> None:
    for name in ("pending", "confirmed", "unsubscribed", "capped"):
        opt_in(client, f"{name}@example.org")
    house.send_due()
    client.post(link(house.mails("confirmed@example.org")[0], "c"))
    client.post(link(house.mails("unsubscribed@example.org")[0], "u"))
    suppress(house, "complained@example.org", SuppressionReason.COMPLAINT)
    suppress(house, "bounced@example.org", SuppressionReason.HARD_BOUNCE)
    house.clock.advance(hours=1)
    opt_in(client, "capped@example.org")
    house.clock.advance(minutes=1)

    names = ("new", "pending", "confirmed", "unsubscribed", "complained", "bounced", "capped")
    asked = [OPT_IN | {"email": f"{name}@example.org"} for name in names]
    asked.append(OPT_IN | {"email": "bot@example.org", "leave_empty": "koop nu"})
    fresh = form_tokens.issue(house.services, "lage-rug", datetime.now(UTC))
    asked.append(OPT_IN | {"email": "fast@example.org", "form": "lage-rug", "form_token": fresh})
    asked.append(OPT_IN | {"email": "throwaway@mailinator.com"})
    asked.append(OPT_IN | {"email": "bot@example.org", "first_name": "Anna2"})
    asked = [{"form": "lage-rug"} | each for each in asked]  # the thank-you page is that of the form
    as_json = {_told(client.post("/api/opt-ins", json=each)) for each in asked}
    assert len(as_json) == 1
    as_form = {
        _told(
            client.post(
                "/api/opt-ins",
                data={name: "on" if value is True else str(value) for name, value in each.items()},
                headers=BROWSER,
            )
        )
        for each in asked
    }
    assert len(as_form) == 1


def test_the_caps_and_the_list_of_those_who_said_no_still_hold(house: House, client: TestClient) -> None:
    suppress(house, "complained@example.org", SuppressionReason.COMPLAINT)
    suppress(house, "bounced@example.org", SuppressionReason.HARD_BOUNCE)
    for _ in range(3):
        for name in ("complained", "bounced", "new"):
            opt_in(client, f"{name}@example.org")
        opt_in(client, " New@Example.ORG ")
    house.send_due()
    assert [mail["To"] for mail in house.mails()] == ["new@example.org"]
    house.clock.advance(days=31)
    opt_in(client, "bounced@example.org")
    opt_in(client, "complained@example.org")
    house.send_due()
    assert [mail["To"] for mail in house.mails()][1:] == ["bounced@example.org"]


@pytest.mark.parametrize("limits", ["domain=1/h", "all=1/h"])
def test_above_a_cap_of_many_the_answer_is_the_same(house: House, limits: str) -> None:
    client = website(house.with_changes(limits=parse_limits(limits)))
    asked = [OPT_IN | {"email": f"a{number}@example.org"} for number in range(3)]
    assert len({_told(client.post("/api/opt-ins", json=each)) for each in asked}) == 1
    assert [len(house.messages(f"a{number}@example.org")) for number in range(3)] == (
        [1, 0, 0] if limits.startswith("domain") else [1, 1, 1]
    )


def test_where_a_proof_is_asked_for_the_answer_without_one_is_the_same(house: House) -> None:
    client = website(house.with_changes(proof_of_work=True))
    challenge = client.get("/api/challenges").json()
    asked = [OPT_IN | {"email": "a@example.org", "altcha": solved(challenge)}, OPT_IN | {"email": "b@example.org"}]
    assert len({_told(client.post("/api/opt-ins", json=each)) for each in asked}) == 1


@pytest.mark.parametrize(
    ("elapsed", "left"), [(0.0, 0.0), (0.01, 0.09), (0.099, 0.001), (0.1, 0.0), (0.101, 0.099), (7.25, 0.05)]
)
def test_an_answer_leaves_at_a_whole_pace_after_it_was_asked_for(elapsed: float, left: float) -> None:
    assert even_pace.seconds_left(elapsed, timedelta(milliseconds=100)) == pytest.approx(left)
    assert even_pace.seconds_left(elapsed, timedelta(0)) == 0


def test_every_answer_keeps_the_pace_once_all_is_committed_and_holds_no_thread_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[float, int]] = []

    async def wait(seconds: float) -> None:
        assert asyncio.current_task(), "threads are for those who work"
        waits.append((seconds, len(house.rows()["opt_in"])))

    monkeypatch.setattr(even_pace, "sleep", wait)
    client = website(house.with_changes(answer_pace=timedelta(hours=1)))
    for address in ("new@example.org", "new@example.org"):  # the second is capped
        opt_in(client, address)
    opt_in(client, "bot@example.org", leave_empty="x")
    assert [count for _, count in waits] == [1, 2, 3]
    assert all(3_000 < seconds <= 3_600 for seconds, _ in waits)


def _told(answer: Response) -> tuple[object, ...]:
    return answer.status_code, answer.text, tuple(sorted(answer.headers.items()))
