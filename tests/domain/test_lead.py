"""Addresses, names, and which kind of mail may go to a lead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.lead import (
    Kind,
    Suppression,
    SuppressionReason,
    carries_advert,
    clean_name,
    may_receive,
    normalise_address,
)
from service.errors import InvalidInputError

NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        (" Anna@Example.ORG ", "anna@example.org"),
        ("bram+rug@praktijk.example", "bram+rug@praktijk.example"),
        ("carla@bücher.example", "carla@xn--bcher-kva.example"),
        ("CARLA@BÜCHER.example", "carla@xn--bcher-kva.example"),
        ("daan@iets.test", "daan@iets.test"),
    ],
)
def test_an_address_gets_its_one_form(raw: str, address: str) -> None:
    assert normalise_address(raw) == address
    assert normalise_address(address) == address


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "geen adres",
        "anna@",
        "@example.org",
        "anna@example",
        "a@b@example.org",
        "anna@example..org",
        "a@b.example\r\nBcc: x@y.example",
        "anna@example.org\n",
        "an\x00na@example.org",
        "anna@exam\u00adple.org",
        "anna@example.org\u2028",
        '"anna bel"@example.org',
        "anna@[127.0.0.1]",
        f"{'a' * 65}@example.org",
        "Anna <anna@example.org>",
        "anna@example.org,bram@example.org",
    ],
)
def test_what_is_no_address_is_refused_with_a_pointer(raw: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        normalise_address(raw)
    (field,) = refused.value.fields
    assert field.pointer == "/email"
    assert field.detail
    assert not raw or raw not in str(refused.value)


def test_a_local_part_beyond_ascii_is_refused_with_a_clear_message() -> None:
    with pytest.raises(InvalidInputError) as refused:
        normalise_address("zoë@example.org")
    assert "@" in refused.value.dutch
    assert "ë" in refused.value.dutch


@settings(max_examples=100)
@given(st.text(max_size=80))
def test_any_text_is_an_ascii_address_or_refused(raw: str) -> None:
    try:
        address = normalise_address(raw)
    except InvalidInputError:
        return
    assert address.isascii()
    assert address.isprintable()
    assert address.count("@") == 1


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Anna", "Anna"),
        ("  Anna   Maria ", "Anna Maria"),
        ("Zoe\u0308", "Zoë"),
        ("Jean-Luc", "Jean-Luc"),
        ("D'Artagnan", "D'Artagnan"),
        ("J. P. de Vries", "J. P. de Vries"),
        ("Øyvind", "Øyvind"),
        ("محمد", "محمد"),
        ("प्रिया", "प्रिया"),
        ("李雷", "李雷"),
    ],
)
def test_a_name_of_any_script_is_kept(raw: str, name: str) -> None:
    assert clean_name(raw) == name


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "   ",
        "evil.com",
        "win nu op evil.com",
        "https://evil.example",
        "a@b",
        "Anna2",
        "<b>Anna</b>",
        "=?utf-8?q?a=0D=0ABcc=3A_x=40y?=",
        "=?utf-8?b?PGV2aWxAeC5ubD4=?=",
        "Anna\r\nBcc: x",
        "Anna\u2028",
        "An\u00adna",
        "Anna\x00",
        "{{ config }}",
        "a" * 41,
        "Anna!",
        "😀",
        "\u0308",
        "Anna²",
        "---",
        "evil。com",
        "evil\uff0ecom",
        "Anna\u202egro",
    ],
)
def test_a_name_that_could_do_harm_never_enters_a_mail(raw: str | None) -> None:
    assert clean_name(raw) is None


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_what_is_kept_of_any_text_is_harmless_and_stays_the_same(raw: str) -> None:
    name = clean_name(raw)
    if name is not None:
        assert name == name.strip()
        assert 0 < len(name) <= 40
        assert name.isprintable()
        assert not set(name) & set("@<>={}/:\\0123456789")
        assert clean_name(name) == name


@pytest.mark.parametrize(
    "raw",
    [
        *("evil.com", "win nu op evil.com", "https://evil.example", "HTTP://x", "www.x", "a@b", "<b>Anna</b>"),
        *("Anna koop-nu.shop", "t.co/abc", "evil。com", "evil\uff0ecom", "\uff1cb\uff1e", "Jan dr.Bob"),
    ],
)
def test_a_name_that_sells_something_is_known(raw: str) -> None:
    assert carries_advert(raw)
    assert clean_name(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        *(None, "", "Anna", "J. P. de Vries", "J.P. de Vries", "J.de Vries", "A.M.van Dijk", "Jean-Luc", "D'Artagnan"),
        *("Anna2", "0612345678", "a" * 60, "Anna!", "😀", "Anna (mama)", "Zoe\u0308", "李雷", "Anna ..."),
    ],
)
def test_a_name_that_is_only_odd_sells_nothing(raw: str | None) -> None:
    assert not carries_advert(raw)


def _suppressed(reason: SuppressionReason) -> list[Suppression]:
    return [Suppression.following(reason, now=NOW)]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_complaint_keeps_everything_back_for_good(kind: Kind) -> None:
    why = may_receive(
        kind,
        suppressions=_suppressed(SuppressionReason.COMPLAINT),
        has_follow_up_consent=True,
        now=NOW + timedelta(days=5000),
    )
    assert why == "complaint"


@pytest.mark.parametrize("kind", list(Kind))
def test_a_hard_bounce_keeps_everything_back_for_thirty_days(kind: Kind) -> None:
    bounced = _suppressed(SuppressionReason.HARD_BOUNCE)
    before = may_receive(kind, suppressions=bounced, has_follow_up_consent=True, now=NOW + timedelta(days=29))
    after = may_receive(kind, suppressions=bounced, has_follow_up_consent=True, now=NOW + timedelta(days=30))
    assert (before, after) == ("hard_bounce", None)


@pytest.mark.parametrize(("kind", "why"), [(Kind.ADVICE, None), (Kind.SERVICE, None), (Kind.FOLLOW_UP, "unsubscribe")])
def test_an_unsubscribe_keeps_follow_ups_back_and_nothing_else(kind: Kind, why: str | None) -> None:
    unsubscribed = _suppressed(SuppressionReason.UNSUBSCRIBE)
    assert may_receive(kind, suppressions=unsubscribed, has_follow_up_consent=True, now=NOW) == why


def test_a_follow_up_needs_consent_and_the_advice_does_not() -> None:
    assert may_receive(Kind.FOLLOW_UP, suppressions=[], has_follow_up_consent=False, now=NOW) == "no_consent"
    assert may_receive(Kind.FOLLOW_UP, suppressions=[], has_follow_up_consent=True, now=NOW) is None
    assert may_receive(Kind.ADVICE, suppressions=[], has_follow_up_consent=False, now=NOW) is None


def test_the_gravest_reason_is_told() -> None:
    both = _suppressed(SuppressionReason.UNSUBSCRIBE) + _suppressed(SuppressionReason.COMPLAINT)
    assert may_receive(Kind.FOLLOW_UP, suppressions=both, has_follow_up_consent=False, now=NOW) == "complaint"
