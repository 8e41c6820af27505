"""Which opt-ins a person looks at first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.domain.screening import Held, held, is_throw_away

CALM: dict[str, Any] = {
    "trapped": False,
    "age": timedelta(seconds=30),
    "proof_wanted": False,
    "proven": False,
    "signed": False,
    "crowded": False,
}
FAST = timedelta(seconds=1.9)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, None),
        ({"age": None}, None),
        ({"age": timedelta(seconds=2)}, None),
        ({"age": FAST}, Held.TOO_FAST),
        ({"age": timedelta(0), "proven": True}, None),
        ({"age": FAST, "signed": True}, None),
        ({"trapped": True}, Held.HONEYPOT),
        ({"trapped": True, "proven": True}, Held.HONEYPOT),
        ({"trapped": True, "signed": True}, Held.HONEYPOT),
        ({"proof_wanted": True}, Held.NO_PROOF),
        ({"proof_wanted": True, "proven": True}, None),
        ({"proof_wanted": True, "signed": True}, None),
        ({"crowded": True}, Held.CROWDED),
        ({"crowded": True, "proven": True}, None),
        ({"crowded": True, "signed": True}, Held.CROWDED),
    ],
)
def test_what_is_held_and_why(facts: dict[str, Any], why: Held | None) -> None:
    assert held(**CALM | facts) is why


@pytest.mark.parametrize("address", ["a@mailinator.com", "a@guerrillamail.com", "a@iets.mailinator.com"])
def test_a_throw_away_address_is_known_by_its_domain_and_the_domains_above(address: str) -> None:
    assert is_throw_away(address)


@pytest.mark.parametrize("address", ["anna@gmail.com", "anna@example.org", "mailinator.com@example.org", "a@com"])
def test_any_other_address_is_none(address: str) -> None:
    assert not is_throw_away(address)
