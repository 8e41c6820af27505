"""The caps on opt-ins from outside: of a network, a domain and of all together (ACCEPTANCE E2)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from service.domain.limits import parse_limits
from service.domain.screening import Held
from service.flows import ticks
from service.store.tables import CapHit
from tests.support import acts
from tests.support.house import House
from tests.support.website import BROWSER, OPT_IN, opt_in, website

FORM = {"email": "zes@example.org", "form": "lage-rug", "consent_advice": "on"}


@pytest.fixture
def limited(house: House) -> House:
    """Five opt-ins an hour from a network, four for a domain, six for all."""
    return house.with_changes(
        limits=parse_limits("network=5/h; domain=4/h; all=6/h"), trusted_proxies=(ip_network("10.0.0.0/8"),)
    )


@pytest.fixture
def proxy(limited: House) -> TestClient:
    return website(limited, peer="10.0.0.1")


def ask(client: TestClient, address: str, *, network: int, **headers: str) -> int:
    said = headers | {"X-Forwarded-For": f"198.51.{network}.7"}
    return client.post("/api/opt-ins", json=OPT_IN | {"email": address}, headers=said).status_code


def states(house: House, *addresses: str) -> list[str]:
    return [message.state for address in addresses for message in house.messages(address)]


def test_a_network_over_its_cap_is_told_when_to_come_back(limited: House, proxy: TestClient) -> None:
    for number in range(5):
        assert ask(proxy, f"a{number}@a{number}.example", network=1) == 202
        limited.clock.advance(minutes=2)
    before = limited.rows()
    answer = proxy.post("/api/opt-ins", json=OPT_IN, headers={"X-Forwarded-For": "198.51.1.250"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(50 * 60))
    assert answer.headers["content-type"] == "application/problem+json"
    assert "over 50 minuten" in answer.json()["detail"]
    assert limited.rows() == before, "nothing is written, so what is refused counts nowhere"
    assert ask(proxy, "b@b.example", network=2) == 202, "others are answered as before"
    limited.clock.advance(minutes=50)
    assert ask(proxy, "c@c.example", network=1) == 202
    assert ask(proxy, "d@d.example", network=1) == 429


def test_a_browser_gets_the_same_on_a_page(limited: House, proxy: TestClient) -> None:
    for number in range(5):
        ask(proxy, f"a{number}@a{number}.example", network=1)
    answer = proxy.post("/api/opt-ins", data=FORM, headers=BROWSER | {"X-Forwarded-For": "198.51.1.8"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    assert "over 60 minuten" in answer.text


def test_what_cannot_be_taken_counts_for_nobody(limited: House, proxy: TestClient) -> None:
    for _ in range(9):
        assert ask(proxy, "geen adres", network=1) == 422
    assert ask(proxy, "anna@example.org", network=1) == 202


def test_a_repeat_with_the_same_key_counts_once_and_is_taken_also_above_the_cap(
    limited: House, proxy: TestClient
) -> None:
    for number in range(5):
        assert ask(proxy, f"a{number}@a{number}.example", network=1, **{"Idempotency-Key": f"k{number}"}) == 202
        assert ask(proxy, "a0@a0.example", network=1, **{"Idempotency-Key": "k0"}) == 202
    assert ask(proxy, "b@b.example", network=1) == 429


def test_a_capped_opt_in_counts_for_its_network_too(limited: House, proxy: TestClient) -> None:
    statuses = [ask(proxy, "anna@example.org", network=1) for _ in range(6)]
    assert statuses == [202] * 5 + [429]
    assert len(limited.messages()) == 1


def test_a_domain_over_its_cap_gets_202_and_no_mail_and_staff_are_told(limited: House, proxy: TestClient) -> None:
    addresses = [f"a{number}@groot.example" for number in range(5)]
    assert [ask(proxy, each, network=number) for number, each in enumerate(addresses)] == [202] * 5
    assert states(limited, *addresses) == ["due"] * 4
    assert acts.opt_ins(limited, addresses[4])[0].disposition == "capped"
    assert acts.alerts(limited) == ["opt-ins-domain-capped"]
    limited.clock.advance(minutes=61)
    ticks.housekeeping(limited.services)
    assert acts.alerts(limited) == []
    assert ask(proxy, addresses[4], network=1) == 202
    assert states(limited, addresses[4]) == ["due"]


def test_above_all_the_advice_waits_for_a_person_and_nothing_is_dropped(limited: House, proxy: TestClient) -> None:
    addresses = [f"a{number}@a{number}.example" for number in range(9)]
    assert [ask(proxy, each, network=number) for number, each in enumerate(addresses)] == [202] * 9
    assert states(limited, *addresses) == ["due"] * 6 + ["held"] * 3
    assert {limited.messages(each)[0].reason for each in addresses[6:]} == {Held.CROWDED}
    assert acts.alerts(limited) == ["opt-ins-crowded"]
    limited.clock.advance(minutes=61)
    assert ask(proxy, "later@later.example", network=1) == 202
    assert states(limited, "later@later.example") == ["due"], "what was held does not count among what left"


def test_a_network_is_kept_as_a_hash_and_forgotten_when_its_window_ends(limited: House, proxy: TestClient) -> None:
    ask(proxy, "anna@example.org", network=77)
    assert "198.51.77" not in repr(limited.rows())
    limited.clock.advance(minutes=61)
    ticks.housekeeping(limited.services)
    with limited.services.database.reading() as session:
        assert "network" not in set(session.exec(select(CapHit.scope)))


def test_no_address_of_a_client_is_logged(
    limited: House, proxy: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(7):
        ask(proxy, f"a{number}@a{number}.example", network=99)
    said = capsys.readouterr()
    assert "status=429" in said.out + said.err
    assert "198.51" not in said.out + said.err


def test_a_private_address_at_its_cap_tells_staff_of_the_proxy(limited: House) -> None:
    client = website(limited, peer="172.18.0.1")
    for number in range(5):
        opt_in(client, f"a{number}@a{number}.example")
    assert client.post("/api/opt-ins", json=OPT_IN).status_code == 429
    assert acts.alerts(limited) == ["opt-ins-from-one-client"]
    limited.clock.advance(hours=2)
    opt_in(website(limited))
    assert acts.alerts(limited) == [], "an opt-in from outside ends it"
