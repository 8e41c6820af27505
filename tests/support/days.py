"""On which days mail left, as the practice counts them."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from tests.support import acts
from tests.support.acts import ANNA
from tests.support.house import House

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EVERY_DAY = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "from": "00:30",
    "to": "23:30",
    "skip_holidays": False,
}
"""A send window with next to no night."""


def left_on(house: House, address: str = ANNA) -> dict[str, date]:
    """step -> the local day it was accepted."""
    return {
        step: message.settled_at.astimezone(AMSTERDAM).date()
        for step, message in acts.follow_ups(house, address).items()
        if message.state == "accepted" and message.settled_at
    }


def march(day: int) -> date:
    """A day in March 2026; the 9th, when the tests begin, is a Monday."""
    return date(2026, 3, day)
