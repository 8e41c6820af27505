"""A process that stands still in a transaction: on PostgreSQL what it holds is free again after a while."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlmodel import select

from service.errors import UnavailableError
from service.store.tables import Lead
from tests.support.house import House
from tests.support.running import wait_for

ON_POSTGRES = pytest.mark.parametrize(
    "migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@ON_POSTGRES
def test_no_session_may_stand_idle_in_a_transaction_for_longer_than_half_a_minute(house: House) -> None:
    with house.services.database.reading() as session:
        assert session.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "30s"


@ON_POSTGRES
def test_a_database_that_is_only_to_be_read_for_a_while_is_one_that_is_away(house: House) -> None:
    database = house.services.database

    def write() -> None:
        with database.transaction() as session:
            session.execute(text("SET TRANSACTION READ ONLY"))  # as on a standby, or where the disk is full
            session.execute(text("DELETE FROM cap_hit"))

    with pytest.raises(UnavailableError):
        write()


@ON_POSTGRES
def test_a_session_that_was_ended_so_is_a_database_that_is_away(house: House) -> None:
    house.opt_in()
    database = house.services.database

    def stand_still() -> None:
        with database.transaction() as session:
            session.exec(select(Lead).with_for_update()).one()
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
            own = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            wait_for(lambda: own not in _sessions(house), "the end of the session")
            session.execute(text("SELECT 1"))

    with pytest.raises(UnavailableError):
        stand_still()
    with database.transaction() as session:
        session.exec(select(Lead).with_for_update(nowait=True)).one()


def _sessions(house: House) -> list[int]:
    with house.services.database.reading() as session:
        return list(session.execute(text("SELECT pid FROM pg_stat_activity")).scalars())
