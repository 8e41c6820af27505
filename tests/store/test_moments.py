"""Moments are aware and in UTC, however they stand in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import literal, select, text
from sqlalchemy.exc import StatementError

from service.store.moments import UtcDateTime
from tests.support.house import House

MOMENT = datetime(2026, 11, 29, 9, 30, 0, 120_000, tzinfo=UTC)


def test_what_is_written_is_read(house: House) -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=1)))
    with house.services.database.reading() as session:
        for each in (MOMENT, elsewhere, MOMENT.replace(microsecond=0)):
            (found,) = session.execute(select(literal(each, UtcDateTime()))).one()
            assert (found, found.tzinfo) == (each, UTC)


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)  # PostgreSQL has a type for them
@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-29 09:30:00.120000", MOMENT),
        ("2026-11-29 09:30:00", MOMENT.replace(microsecond=0)),
        ("2026-11-29T10:30:00.120000+01:00", MOMENT),
        ("2026-11-29 09:30:00.120000Z", MOMENT),
        ("2026-11-29", MOMENT.replace(hour=0, minute=0, microsecond=0)),
    ],
)
def test_what_another_hand_wrote_is_read_too(house: House, written: str, moment: datetime) -> None:
    statement = text("SELECT :written AS moment").columns(moment=UtcDateTime()).bindparams(written=written)
    with house.services.database.reading() as session:
        (found,) = session.execute(statement).one()
    assert (found, found.tzinfo) == (moment, UTC)


def test_the_hour_that_comes_twice_in_autumn_is_two(house: House) -> None:
    """Python takes both for equal: https://docs.python.org/3/library/datetime.html, `fold`."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))
    with house.services.database.reading() as session:
        found = [
            session.execute(select(literal(each, UtcDateTime()))).scalar_one()
            for each in (first, first.replace(fold=1))
        ]
    assert [each.hour for each in found] == [0, 1]


def test_one_without_a_zone_is_refused(house: House) -> None:
    with house.services.database.reading() as session, pytest.raises(StatementError, match="without a time zone"):
        session.execute(select(literal(MOMENT.replace(tzinfo=None), UtcDateTime())))


def test_it_may_stand_in_a_statement(house: House) -> None:
    engine = house.services.database.engine
    written = select(literal(MOMENT, UtcDateTime())).compile(engine, compile_kwargs={"literal_binds": True})
    assert "2026-11-29 09:30:00.12" in str(written)
