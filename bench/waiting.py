"""Any number of leads who wait for their next follow-up: copied by INSERT … SELECT from one who got as far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CTE, String, cast, insert, literal, text
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select, update

from service.store import enrolments, leads
from service.store.tables import Attempt, Consent, Enrolment, Message, OptIn, Table
from tests.support import crowd
from tests.support.house import House

BASE = 1_000_000  # the ids of those that the service gives meanwhile stay below
_AT_ONCE = 5_000  # leads whose follow-up is due at one moment
_IN_ONE_COMMIT = 50_000
_APART = 2  # rows that a lead may have of one table
_LATER = timedelta(minutes=10)


def fill(house: House, count: int) -> None:
    """As many confirmed leads beside their model, each with an advice that was taken, and her first follow-up to come.

    The first of them is due two days after the house's clock, the others later and later.
    """
    crowd.model(house)
    for start in range(0, count, _IN_ONE_COMMIT):
        with house.services.database.transaction() as session:
            if not house.services.database.is_sqlite:
                # The rows are copies with numbers in step: to look each reference up takes longer than all the rest.
                session.execute(text("SET LOCAL session_replication_role = replica"))
            for first in range(start, min(start + _IN_ONE_COMMIT, count), _AT_ONCE):
                next_at = house.clock.now() + timedelta(days=2) + first // _AT_ONCE * _LATER
                _copies(session, first, min(first + _AT_ONCE, count), next_at)
    _settle_down(house)


def make_due(house: House, ids: Sequence[int]) -> None:
    """The follow-ups of these enrolments are due at the house's clock, after the two days that their step waits."""
    now = house.clock.now()
    with house.services.database.transaction() as session:
        mine = update(Enrolment).where(col(Enrolment.id).in_(ids))
        session.exec(mine.values(anchor=now - timedelta(days=2), next_at=now))


def _copies(session: Session, first: int, end: int, next_at: datetime) -> None:
    lead = leads.by_address(session, crowd.MODEL)
    assert lead is not None
    numbers = _numbers(BASE + first, BASE + end - 1)
    n = numbers.c.n
    hers = {"id": n, "lead_id": n}
    home = literal("lead-") + cast(n, String) + "@example-" + cast(n % 500, String) + ".org"
    _copy(session, numbers, lead, {"id": n, "public_id": _named("l", n), "address": home})
    run = enrolments.of_lead(session, lead.id)[0]
    anchor = next_at - timedelta(days=2)
    _copy(session, numbers, run, hers | {"split_id": _named("l", n), "anchor": anchor, "next_at": next_at})
    opt_in = session.exec(select(OptIn).where(OptIn.lead_id == lead.id)).one()
    _copy(session, numbers, opt_in, hers | {"public_id": _named("o", n), "enrolment_id": n})
    message = session.exec(select(Message).where(Message.lead_id == lead.id, Message.kind == "advice")).one()
    agreed = session.exec(
        select(Consent)
        .where(Consent.lead_id == lead.id, col(Consent.effective))
        .order_by(col(Consent.purpose), col(Consent.id))
    ).all()
    for place, consent in enumerate(agreed):  # that to the advice comes first
        _copy(session, numbers, consent, hers | {"id": _APART * n + place, "opt_in_id": n})
    _copy(
        session,
        numbers,
        message,
        hers
        | {"public_id": _named("m", n), "message_id": literal("<m") + cast(n, String) + "@praktijk.example>"}
        | {"recipient": home, "opt_in_id": n, "enrolment_id": n, "consent_id": _APART * n},
    )
    attempt = session.exec(select(Attempt).where(Attempt.message_id == message.id)).one()
    _copy(session, numbers, attempt, {"id": n, "message_id": n, "token": _named("t", n)})


def _numbers(first: int, last: int) -> CTE:
    """The whole numbers `n` from the first to the last."""
    begin = sql_select(literal(first).label("n")).cte("numbers", recursive=True)
    return begin.union_all(sql_select(begin.c.n + 1).where(begin.c.n < last))


def _copy(session: Session, numbers: CTE, row: Table, changes: dict[str, Any]) -> None:
    """One copy of the row for each number, with these columns of its own."""
    here = Table.metadata.tables[str(row.__tablename__)]
    values = [changes.get(column.name, getattr(row, column.name)) for column in here.columns]
    picked = [
        value if hasattr(value, "compile") else literal(value, column.type)
        for column, value in zip(here.columns, values, strict=True)
    ]
    session.execute(
        insert(here).from_select([each.name for each in here.columns], sql_select(*picked).select_from(numbers))
    )


def _named(letter: str, number: Any) -> Any:
    """A public id, 22 letters long as the signed links want it."""
    return literal(letter.ljust(14, "x")) + cast(number, String) + "A"


def _settle_down(house: House) -> None:
    """What the databases do by themselves in quiet hours, so that none of it falls into what is measured."""
    database = house.services.database
    if database.is_sqlite:
        database.forget_for_good()
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
