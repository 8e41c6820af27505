"""Durations as ISO 8601 writes them."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W|(?:(?P<days>\d{1,4})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,8})S)?)?)",
    re.ASCII,
)


def parse_duration(text: str) -> timedelta:
    """`P3D`, `P1W`, `PT4H`, `P1DT12H`. Raises ValueError for anything else; months and years differ in length."""
    match = _DURATION.fullmatch(text)
    parts = {name: int(value) for name, value in match.groupdict().items() if value} if match else {}
    if not parts:
        raise ValueError(f"{text!r} is no duration; write one such as P3D, P1W or PT4H")
    return timedelta(**parts)
