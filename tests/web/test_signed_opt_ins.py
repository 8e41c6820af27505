"""Opt-ins that the website's own server posts and signs (docs/opt-in-api.md)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from service.domain.limits import parse_limits
from service.flows import form_tokens
from tests.support.drafts import publish, with_form
from tests.support.house import House
from tests.support.website import OPT_IN, website

OLD, NEW = "an-older-secret-of-the-website-0123456789", "a-newer-secret-of-the-website-0123456789"


@pytest.fixture
def strict(house: House) -> House:
    """Everything a browser must do is asked for, and of a network one post an hour is taken."""
    publish(house, with_form(require_token=True))
    return house.with_changes(
        opt_in_secrets=(NEW, OLD), proof_of_work=True, limits=parse_limits("network=1/h; domain=3/h; all=4/h")
    )


@pytest.fixture
def client(strict: House) -> TestClient:
    return website(strict)


def signature(body: bytes, *, secret: str = NEW, seconds_old: float = 0) -> str:
    at = str(int(time.time() - seconds_old))
    return f"t={at},v1={hmac.new(secret.encode(), at.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def post(client: TestClient, header: str | None, *, address: str = "anna@example.org", **fields: object) -> Response:
    body = json.dumps(OPT_IN | {"email": address, "form": "lage-rug"} | fields).encode()
    written = header if header is not None else signature(body)
    return client.post(
        "/api/opt-ins", content=body, headers={"Content-Type": "application/json", "Nurture-Signature": written}
    )


def test_a_signed_post_is_outside_network_cap_form_token_and_proof(strict: House, client: TestClient) -> None:
    fresh = form_tokens.issue(strict.services, "lage-rug", datetime.now(UTC))
    for number in range(3):
        answer = post(client, None, address=f"a{number}@a{number}.example", form_token=fresh, altcha="rubbish")
        assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
        assert [each.state for each in strict.messages(f"a{number}@a{number}.example")] == ["due"]


def test_a_signed_post_is_inside_the_caps_of_address_domain_and_all(strict: House, client: TestClient) -> None:
    def states(*addresses: str) -> list[list[str]]:
        for address in addresses:
            assert post(client, None, address=address).status_code == 202
        return [[each.state for each in strict.messages(address)] for address in addresses]

    assert states("a@x.example", "a@x.example") == [["due"], ["due"]]  # one message, however often asked
    assert states("b@x.example", "c@x.example", "d@x.example") == [["due"], ["due"], []]
    assert states("e@y.example", "f@z.example") == [["due"], ["held"]]


def test_what_a_server_gives_along_is_kept_as_given(strict: House, client: TestClient) -> None:
    version = "2026-1"
    post(client, None, source_url="https://www.example.nl/rug", consent_version=version)
    (row,) = strict.rows()["opt_in"]
    assert {"https://www.example.nl/rug", version} <= set(map(str, row))


def test_every_secret_of_the_list_signs(strict: House, client: TestClient) -> None:
    body = json.dumps(OPT_IN).encode()
    headers = {"Content-Type": "application/json", "Nurture-Signature": signature(body, secret=OLD)}
    assert client.post("/api/opt-ins", content=body, headers=headers).status_code == 202


def test_a_signed_form_post_is_taken_too(strict: House, client: TestClient) -> None:
    body = b"email=anna%40example.org&form=lage-rug&consent_advice=on"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Nurture-Signature": signature(body)}
    assert client.post("/api/opt-ins", content=body, headers=headers).status_code == 202


def test_a_signature_that_does_not_verify_is_401_and_nothing_is_written(strict: House, client: TestClient) -> None:
    body = json.dumps(OPT_IN | {"form": "lage-rug"}).encode()
    before = strict.rows()
    good = signature(body)
    wrong = {
        "another body": signature(body + b" "),
        "another secret": signature(body, secret="x" * 40),
        "too old": signature(body, seconds_old=301),
        "ahead": signature(body, seconds_old=-400),
        "changed time": good.replace(good[2:12], str(int(good[2:12]) + 1)),
        "upper case": good.upper(),
        "a scheme of before": good.replace("v1", "v0"),
        "rubbish": "rubbish",
        "empty": "",
        "twice": good + "," + good,
        "a huge time": "t=" + "9" * 500 + good[12:],
    }
    for kind, header in wrong.items():
        answer = post(client, header)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised"), kind
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Nurture-Signature" in answer.json()["detail"]
    assert strict.rows() == before


def test_two_signatures_are_one_too_many(client: TestClient) -> None:
    body = json.dumps(OPT_IN).encode()
    headers = [("Content-Type", "application/json"), *[("Nurture-Signature", signature(body))] * 2]
    assert client.post("/api/opt-ins", content=body, headers=headers).status_code == 401


def test_without_a_secret_nobody_can_sign(house: House) -> None:
    assert post(website(house), None).status_code == 401
