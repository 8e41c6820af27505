"""How sure a share is that was counted over few."""

from __future__ import annotations

import pytest

from service.domain.shares import Share


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (2, 40, 0.0138, 0.1650), (50, 100, 0.4038, 0.5962), (10, 10, 0.7225, 1.0)],
)
def test_the_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    assert Share(count=count, of=of).interval == pytest.approx((low, high), abs=0.0005)


def test_one_booking_of_six_is_no_more_than_none_of_six() -> None:
    assert not Share(count=1, of=6).differs_from(Share(count=0, of=6))


def test_shares_far_apart_over_many_differ_whichever_comes_first() -> None:
    many, few = Share(count=80, of=400), Share(count=20, of=400)
    assert many.differs_from(few)
    assert few.differs_from(many)
    assert not many.differs_from(many)


def test_more_bookings_than_mails_that_were_taken_are_all_of_them() -> None:
    assert Share(count=3, of=2).interval == Share(count=2, of=2).interval
