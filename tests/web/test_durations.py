"""Durations as ISO 8601 writes them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.web.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P3D", timedelta(days=3)),
        ("P1W", timedelta(weeks=1)),
        ("PT4H", timedelta(hours=4)),
        ("P1DT12H30M5S", timedelta(days=1, hours=12, minutes=30, seconds=5)),
        ("P0D", timedelta(0)),
    ],
)
def test_weeks_days_and_times_are_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "3D", "P3", "P1M", "P1Y", "P-1D", "P1.5D", "P1W2D", "P٣D"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)
