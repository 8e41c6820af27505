"""The proof of work: challenges of ours alone, each good once, and what a proof lets go."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.domain.limits import parse_limits
from service.domain.screening import Held
from service.flows import form_tokens, proof_of_work, ticks
from service.mail.links import Keyring
from service.store import challenges
from tests.support import acts
from tests.support.house import SECRET_KEY, House
from tests.support.proofs import costly_proofs, solved
from tests.support.website import OPT_IN, opt_in, website

SITE = "https://www.praktijk.example"


@pytest.fixture
def guarded(house: House) -> House:
    """A house that asks for proofs."""
    return house.with_changes(proof_of_work=True, allowed_origins=(SITE,))


@pytest.fixture
def client(guarded: House) -> TestClient:
    return website(guarded)


def challenge(client: TestClient) -> dict[str, Any]:
    answer = client.get("/api/challenges")
    assert answer.status_code == 200
    given: dict[str, Any] = answer.json()
    return given


def refused(client: TestClient, altcha: str, **headers: str) -> None:
    answer = client.post("/api/opt-ins", json=OPT_IN | {"altcha": altcha}, headers=headers)
    assert answer.status_code == 422, answer.text
    (problem,) = answer.json()["errors"]
    assert problem["pointer"] == "/altcha"
    assert "Laad de pagina opnieuw" in problem["detail"]


def test_a_challenge_is_what_the_widget_takes_and_writes_nothing(guarded: House, client: TestClient) -> None:
    before = guarded.rows()
    given = challenge(client)
    assert set(given) == {"parameters", "signature"}
    assert given["parameters"]["algorithm"] == "PBKDF2/SHA-256"
    left = given["parameters"]["expiresAt"] - datetime.now(UTC).timestamp()
    assert 500 < left <= 600
    assert client.get("/api/challenges").headers["cache-control"] == "no-store"
    assert guarded.rows() == before


def test_sites_that_are_configured_may_read_a_challenge_and_no_others(client: TestClient) -> None:
    allowed = client.get("/api/challenges", headers={"Origin": SITE})
    assert allowed.headers["access-control-allow-origin"] == SITE
    other = client.get("/api/challenges", headers={"Origin": "https://elders.example"})
    assert "access-control-allow-origin" not in other.headers


def test_where_no_proof_is_asked_for_there_is_no_challenge_and_the_field_says_nothing(house: House) -> None:
    client = website(house)
    assert client.get("/api/challenges").status_code == 404
    opt_in(client, altcha="rubbish")
    assert [message.state for message in house.messages()] == ["due"]


def test_with_a_proof_the_advice_leaves_and_without_it_waits_for_a_person(
    guarded: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    costly_proofs(monkeypatch)
    given = challenge(client)
    assert given["parameters"]["cost"] >= 5_000
    opt_in(client, altcha=solved(given))
    opt_in(client, "bram@example.org")
    assert [message.state for message in guarded.messages()] == ["due"]
    assert [(each.state, each.reason) for each in guarded.messages("bram@example.org")] == [("held", Held.NO_PROOF)]
    assert acts.alerts(guarded) == ["opt-in-held"]


def test_a_proof_is_good_once(guarded: House, client: TestClient) -> None:
    proof = solved(challenge(client))
    opt_in(client, altcha=proof)
    before = guarded.rows()
    refused(client, proof)
    refused(client, base64.b64encode(base64.b64decode(proof) + b" ").decode())
    assert guarded.rows() == before


def test_of_many_who_send_one_proof_at_once_one_is_taken(guarded: House) -> None:
    clients = [website(guarded) for _ in range(4)]
    proof = solved(challenge(clients[0]))
    meet = threading.Barrier(4)

    def send(number: int) -> int:
        meet.wait(30)
        body = OPT_IN | {"email": f"a{number}@example.org", "altcha": proof}
        return clients[number].post("/api/opt-ins", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [202, 422, 422, 422]
    assert len(guarded.rows()["lead"]) == 1


def test_a_post_that_is_refused_for_something_else_spends_nothing(guarded: House, client: TestClient) -> None:
    proof = solved(challenge(client))
    wrong = client.post("/api/opt-ins", json=OPT_IN | {"email": "nee", "altcha": proof})
    assert [each["pointer"] for each in wrong.json()["errors"]] == ["/email"]
    opt_in(client, altcha=proof)


def test_a_repeat_with_its_key_is_answered_as_the_first_was(guarded: House, client: TestClient) -> None:
    proof, key = solved(challenge(client)), {"Idempotency-Key": "k-1"}
    body = OPT_IN | {"altcha": proof}
    assert [client.post("/api/opt-ins", json=body, headers=key).status_code for _ in range(2)] == [202, 202]
    assert len(guarded.messages()) == 1
    refused(client, proof, **{"Idempotency-Key": "k-2"})


def test_what_is_wrong_expired_or_not_ours_is_refused(guarded: House, client: TestClient) -> None:
    before = guarded.rows()
    now = datetime.now(UTC)
    strangers = website(guarded.with_changes(keyring=Keyring(["another-key-" + "x" * 40])))
    refused(client, solved(proof_of_work.challenge(guarded.services, now - timedelta(minutes=11))))
    refused(client, solved(challenge(strangers)))
    for tampered in ({"cost": 1}, {"expires_at": 99_999_999_999}, {"nonce": "00" * 16}, {"key_prefix": ""}):
        refused(client, solved(challenge(client), **tampered))
    unsolved = {"challenge": challenge(client), "solution": {"counter": 0, "derivedKey": "00" * 32}}
    refused(client, base64.b64encode(json.dumps(unsolved).encode()).decode())
    assert guarded.rows() == before


@pytest.mark.parametrize(
    "rubbish",
    [
        *("x", "====", "bnVsbA==", "W10=", "MQ==", "e30=", "eyJjaGFsbGVuZ2UiOiBbXSwgInNvbHV0aW9uIjogW119", "é" * 30),
        base64.b64encode(b'{"challenge":{"parameters":[],"signature":1},"solution":{}}').decode(),
        base64.b64encode(b'{"challenge":{"parameters":"tekst"},"solution":7}').decode(),
        base64.b64encode(b"[" * 5_000).decode(),
        base64.b64encode(b'{"challenge":' * 400).decode(),
        base64.b64encode(
            b'{"challenge":{"parameters":{"algorithm":1,"nonce":2,"salt":3,"cost":{},"expiresAt":1e400,"data":{"a":[]}},'
            b'"signature":"00"},"solution":{"counter":-1,"derivedKey":{}}}'
        ).decode(),
    ],
)
def test_rubbish_is_refused_and_breaks_nothing(client: TestClient, rubbish: str) -> None:
    refused(client, rubbish)


@pytest.mark.parametrize("change", [{"counter": -1}, {"counter": 1e9}, {"derivedKey": 7}, {"derivedKey": None}])
def test_a_solution_of_the_wrong_sort_is_refused(client: TestClient, change: dict[str, object]) -> None:
    payload = json.loads(base64.b64decode(solved(challenge(client))))
    payload["solution"] |= change
    refused(client, base64.b64encode(json.dumps(payload).encode()).decode())


def test_a_challenge_outlives_a_rotation_of_keys(guarded: House, client: TestClient) -> None:
    proof = solved(challenge(client))
    rotated = guarded.with_changes(keyring=Keyring(["a-newer-key-" + "y" * 40, SECRET_KEY]))
    opt_in(website(rotated), altcha=proof)
    assert [message.state for message in guarded.messages()] == ["due"]


def test_a_proof_lets_go_who_was_fast_or_above_the_cap_but_no_filled_honeypot(guarded: House) -> None:
    crowded = guarded.with_changes(limits=parse_limits("all=1/h"))
    client = website(crowded)
    opt_in(client, "first@example.org", altcha=solved(challenge(client)))
    fresh = form_tokens.issue(crowded.services, "lage-rug", datetime.now(UTC))
    opt_in(client, "fast@example.org", form="lage-rug", form_token=fresh, altcha=solved(challenge(client)))
    opt_in(client, "bot@example.org", leave_empty="x", altcha=solved(challenge(client)))
    opt_in(client, "late@example.org")
    found = {
        name: [(each.state, each.reason) for each in crowded.messages(f"{name}@example.org")]
        for name in ("first", "fast", "bot", "late")
    }
    assert found == {
        "first": [("due", None)],
        "fast": [("due", None)],
        "bot": [("held", Held.HONEYPOT)],
        "late": [("held", Held.NO_PROOF)],
    }


def test_a_spent_challenge_is_forgotten_when_it_would_have_expired(guarded: House, client: TestClient) -> None:
    opt_in(client, altcha=solved(challenge(client)))
    acts.commit(guarded, challenges.spend, "0" * 32, datetime.now(UTC) - timedelta(minutes=1))
    ticks.housekeeping(guarded.services)
    (kept,) = guarded.rows()["spent_challenge"]
    assert kept[0] != "0" * 32
