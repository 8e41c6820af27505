"""Form tokens: signed, bound to a form, and good for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.flows import form_tokens
from tests.support.house import House

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FORM = "lage-rug"


def test_a_token_tells_how_long_ago_its_form_was_handed_out(house: House) -> None:
    token = form_tokens.issue(house.services, FORM, NOW)
    assert form_tokens.read(house.services, FORM, token, NOW + timedelta(seconds=7)) == timedelta(seconds=7)


@pytest.mark.parametrize("letter", range(0, 40, 5))
def test_a_token_with_a_letter_changed_proves_nothing(house: House, letter: int) -> None:
    token = form_tokens.issue(house.services, FORM, NOW)
    other = "A" if token[letter] != "A" else "B"
    changed = token[:letter] + other + token[letter + 1 :]
    assert form_tokens.read(house.services, FORM, changed, NOW) is None


@pytest.mark.parametrize("rubbish", ["", "x", "=" * 60, "A" * 60, "é" * 40, "A" * 29, "a" * 2_000])
def test_rubbish_proves_nothing(house: House, rubbish: str) -> None:
    assert form_tokens.read(house.services, FORM, rubbish, NOW) is None


def test_a_token_is_good_for_a_day(house: House) -> None:
    token = form_tokens.issue(house.services, FORM, NOW)
    assert form_tokens.read(house.services, FORM, token, NOW + timedelta(hours=24)) == timedelta(hours=24)
    assert form_tokens.read(house.services, FORM, token, NOW + timedelta(hours=24, seconds=1)) is None


def test_a_token_from_tomorrow_proves_nothing(house: House) -> None:
    token = form_tokens.issue(house.services, FORM, NOW + timedelta(minutes=1))
    assert form_tokens.read(house.services, FORM, token, NOW) is None


def test_a_clock_a_little_ahead_makes_the_token_brand_new(house: House) -> None:
    token = form_tokens.issue(house.services, FORM, NOW + timedelta(seconds=1))
    assert form_tokens.read(house.services, FORM, token, NOW) == timedelta(0)


def test_a_token_is_of_its_own_form(house: House) -> None:
    token = form_tokens.issue(house.services, FORM, NOW)
    assert form_tokens.read(house.services, "nek", token, NOW) is None
    assert form_tokens.read(house.services, None, token, NOW) == timedelta(0)
