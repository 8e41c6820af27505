"""What is prepared for the driver does and returns what the same statement does through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import BindParameter, Engine, Executable, bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from service.errors import UnavailableError
from service.store.moments import UtcDateTime
from service.store.quick import Given, among, firsts, run
from service.store.schema_words import core
from service.store.tables import Lead
from tests.support import acts
from tests.support.house import START, House

_LEADS = core(Lead)
_ALL = select(*_LEADS.c).order_by(_LEADS.c.id)


def fields(number: int, **more: Any) -> dict[str, Any]:
    return {
        "public_id": f"{number:022d}",
        "address": f"a{number}@example.org",
        "answers": {"klacht": ["rug", None, 1.5]},
        "created_at": START,
        "erase_at": START + timedelta(days=number),
    } | more


def both(session: Session, statement: Executable, given: Mapping[str, Any]) -> Sequence[Any]:
    """Its rows, which are the same both ways, and so are their names."""
    rows = run(session, statement, given)
    plain = session.connection().execute(statement, given).all()
    assert [each._asdict() for each in rows] == [each._asdict() for each in plain]
    return rows


def test_rows_are_read_as_sqlalchemy_reads_them(house: House) -> None:
    def look(session: Session) -> Sequence[Any]:
        run(session, insert(_LEADS), [fields(number, first_name="Anna" * number) for number in range(3)])
        few = select(_LEADS.c.id, _LEADS.c.erase_at.label("ends")).where(
            among(_LEADS.c.address, "addresses"), _LEADS.c.erase_at > bindparam("now", type_=UtcDateTime())
        )
        given = {"addresses": ["a0@example.org", "a2@example.org"], "now": START + timedelta(hours=1)}
        assert [each.ends for each in both(session, few, given)] == [START + timedelta(days=2)]
        assert both(session, few, {"addresses": [], "now": START}) == []
        return both(session, _ALL, {})

    rows = acts.commit(house, look)
    assert [(each.first_name, each.answers, each.created_at) for each in rows] == [
        (name, {"klacht": ["rug", None, 1.5]}, START) for name in ("", "Anna", "AnnaAnna")
    ]


@pytest.mark.parametrize("values", [("nobody",), ("Anna", "Bram"), ()])
def test_a_list_that_is_part_of_the_statement_is_taken_as_it_stands(house: House, values: tuple[str, ...]) -> None:
    def look(session: Session) -> list[Any]:
        run(session, insert(_LEADS), [fields(1, first_name="Anna"), fields(2, first_name="Cato")])
        written_out: BindParameter[str] = bindparam("names", values, expanding=True, literal_execute=True, unique=True)
        for each in (_LEADS.c.first_name.in_(written_out), _LEADS.c.first_name.in_(values)):
            recent = _LEADS.c.created_at <= bindparam("now", type_=UtcDateTime())
            both(session, select(_LEADS.c.id, _LEADS.c.first_name).where(each, recent), {"now": START})
            both(session, select(_LEADS.c.id).where(~each), {})
        return firsts(session, select(_LEADS.c.first_name).where(_LEADS.c.first_name.in_(written_out)), {})

    assert acts.commit(house, look) == (["Anna"] if "Anna" in values else [])


def test_rows_are_written_as_sqlalchemy_writes_them(house: House) -> None:
    later = START + timedelta(hours=3)
    changed = (
        update(_LEADS)
        .where(among(_LEADS.c.id, "ids"), _LEADS.c.erase_at > bindparam("now", type_=UtcDateTime()))
        .values(first_name="Dirk", erase_at=bindparam("now", type_=UtcDateTime()))
    )
    one_by_one = update(_LEADS).where(_LEADS.c.id == bindparam("its_id"))

    def write(by_session: bool) -> list[dict[str, Any]]:
        def execute(session: Session, statement: Executable, given: Given) -> None:
            if by_session:
                session.connection().execute(statement, given)
            else:
                run(session, statement, given)

        def work(session: Session) -> list[dict[str, Any]]:
            execute(session, insert(_LEADS), [fields(number) for number in range(4)])
            ids = firsts(session, select(_LEADS.c.id).order_by(_LEADS.c.id), {})
            execute(session, changed, {"ids": ids[:2], "now": later})
            execute(session, one_by_one, [{"its_id": each, "answers": {"nr": each - ids[0]}} for each in ids[2:]])
            rows = [each._asdict() | {"id": each.id - ids[0]} for each in run(session, _ALL, {})]
            session.rollback()
            return rows

        with house.services.database.reading() as session:
            return work(session)

    assert write(by_session=False) == write(by_session=True)
    assert [each["answers"] for each in write(by_session=False)][2:] == [{"nr": 2}, {"nr": 3}]


@pytest.mark.parametrize("name", ["Anna", "D'Arcy", "100 %", "%(now)s", ":now", "a\\b?", ""])
def test_what_is_fixed_stands_in_the_text_as_it_is(house: House, name: str) -> None:
    """SQLite plans a statement anew at each run where a parameter stands in the condition of a partial index."""
    texts: list[str] = []
    fixed = (_LEADS.c.first_name == name, _LEADS.c.id > 0, _LEADS.c.created_at <= bindparam("now", type_=UtcDateTime()))

    def look(session: Session) -> list[Any]:
        run(session, insert(_LEADS), [fields(1, first_name=name), fields(2, first_name=f"{name}.")])
        found = firsts(session, select(_LEADS.c.first_name).where(*fixed), {"now": START})
        with heard(session.get_bind().engine, texts):
            assert firsts(session, select(_LEADS.c.first_name).where(*fixed), {"now": START}) == found
        return found

    assert acts.commit(house, look) == [name]
    [text] = texts
    assert ("lead.id > 0" in text) == house.services.database.is_sqlite


@contextmanager
def heard(engine: Engine, texts: list[str]) -> Iterator[None]:
    """Who listens to SQLAlchemy hears of each statement, and only as long as somebody does it goes by it."""

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        texts.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_what_is_given_stands_before_what_is_fixed(house: House) -> None:
    fixed = update(_LEADS).values(first_name="Fien")

    def write(session: Session) -> list[Any]:
        run(session, insert(_LEADS), [fields(1)])
        run(session, fixed, {"first_name": "Gijs"})
        return firsts(session, select(_LEADS.c.first_name), {})

    assert acts.commit(house, write) == ["Gijs"]


def test_what_is_changed_is_told_by_the_statement_that_changes_it(house: House) -> None:
    told = update(_LEADS).where(_LEADS.c.first_name.is_(None)).values(first_name="Eva").returning(_LEADS.c.address)

    def write(session: Session) -> tuple[list[str], Sequence[Any]]:
        session.add(Lead(**fields(1)))  # and what the session has still to write is there before
        return firsts(session, told, {}), run(session, told, {})

    assert acts.commit(house, write) == (["a1@example.org"], [])


def test_errors_are_those_of_sqlalchemy(house: House) -> None:
    def twice(session: Session) -> None:
        run(session, insert(_LEADS), [fields(1), fields(1)])

    with pytest.raises(IntegrityError):
        acts.commit(house, twice)
    assert acts.commit(house, lambda session: firsts(session, _ALL, {})) == []


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
def test_a_database_that_fails_between_two_rows_is_one_that_is_away(house: House) -> None:
    def look(session: Session) -> None:
        run(session, insert(_LEADS), [fields(number) for number in range(1_000)])
        driver = session.connection().connection.driver_connection
        assert driver is not None
        left = iter([*[0] * 10, *[1] * 1_000])
        driver.set_progress_handler(lambda: next(left), 100)
        try:
            run(session, select(_LEADS.c.id), {})
        finally:
            driver.set_progress_handler(None, 0)

    with pytest.raises(UnavailableError):
        acts.commit(house, look)


def test_values_that_are_missing_are_an_error(house: House) -> None:
    with pytest.raises(Exception, match="now"):
        acts.commit(
            house,
            lambda session: run(
                session, select(_LEADS.c.id).where(_LEADS.c.erase_at > bindparam("now", type_=UtcDateTime())), {}
            ),
        )


def test_on_a_connection_that_is_given_it_stays_within_the_sessions_transaction(house: House) -> None:
    def written(session: Session) -> int:
        return len(firsts(session, _ALL, {}))

    with house.services.database.engine.connect() as connection, Session(connection) as session:
        run(session, insert(_LEADS), [fields(1)])  # which begins it
        assert session.in_transaction()
        assert connection.in_transaction()
        run(session, insert(_LEADS), [fields(2)])
        session.rollback()
        assert written(session) == 0
        with session.begin_nested():
            run(session, insert(_LEADS), [fields(3)])
        session.commit()
        assert written(session) == 1
    assert acts.commit(house, written) == 1
