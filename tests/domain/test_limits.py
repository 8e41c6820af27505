"""Caps on opt-ins, read from their setting."""

from __future__ import annotations

import pytest

from service.domain.limits import DEFAULT_LIMITS, Limit, longest_seconds, parse_limits


def test_the_default_text_and_the_default_value_are_the_same() -> None:
    assert parse_limits("address=1/15m,2/24h,3/30d; network=30/h; domain=200/h; all=500/h") == DEFAULT_LIMITS


def test_every_unit_and_a_list_are_read() -> None:
    limits = parse_limits("address=1/15m, 2/24h,3/30d; network=30/h;domain = 5/90s; all=1000000/2d;")
    assert limits.address == (
        Limit(count=1, seconds=900),
        Limit(count=2, seconds=86_400),
        Limit(count=3, seconds=2_592_000),
    )
    assert limits.network == (Limit(count=30, seconds=3_600),)
    assert limits.domain == (Limit(count=5, seconds=90),)
    assert limits.everyone == (Limit(count=1_000_000, seconds=172_800),)


def test_a_scope_left_out_keeps_its_default() -> None:
    limits = parse_limits("network=5/h")
    assert limits.network == (Limit(count=5, seconds=3_600),)
    assert limits.address == DEFAULT_LIMITS.address


def test_the_longest_window_is_what_must_be_remembered() -> None:
    assert [longest_seconds(each) for each in DEFAULT_LIMITS.by_scope().values()] == [30 * 86_400, 3_600, 3_600, 3_600]


@pytest.mark.parametrize(
    "text",
    [
        *("address", "addres=1/h", "address=1/h; address=2/h", "address=", "address=one/h", "address=1/w"),
        *("address=0/h", "address=1/0h", "address=-1/h", "address=1/h,", "=1/h", "network=1"),
        *("address=3/31d", "all=5/721h", "network=1/9999d"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|start|twice|least"):
        parse_limits(text)
