"""Nobody learns from an answer whom we know (ACCEPTANCE E1)."""

from __future__ import annotations

from httpx2 import Response
from starlette.testclient import TestClient

from service.domain.lead import Suppression, SuppressionReason
from service.store import suppressions
from tests.support.house import House, link
from tests.support.website import BROWSER, OPT_IN, opt_in


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


def _told(answer: Response) -> tuple[object, ...]:
    return answer.status_code, answer.text, tuple(sorted(answer.headers.items()))
