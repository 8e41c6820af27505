"""A practice of years: any number of leads with runs, mails and a timeline, copied in bulk from one who lived it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, cast, insert, literal, text, true
from sqlalchemy import Table as SqlTable
from sqlalchemy import select as sql_select
from sqlalchemy.sql.expression import ColumnElement
from sqlmodel import Session, col, select

from service.domain.lead import Suppression, SuppressionReason
from service.store import suppressions
from service.store.moments import UtcDateTime
from service.store.tables import (
    Attempt,
    Booking,
    BookingRequest,
    Consent,
    Enrolment,
    Lead,
    Message,
    OptIn,
    Table,
    TimelineEntry,
)
from tests.support import acts
from tests.support.house import House

BASE = 1_000  # ids of those who were copied from are below
APART = 16  # rows that a lead may have of one table
_STATES = ("awaiting_confirmation", "active", "active", "active", "finished", "finished", "stopped", "expired")
_NUMBERS = SqlTable(
    "bench_number",
    MetaData(),
    Column("n", Integer, primary_key=True),
    Column("at", UtcDateTime),
    Column("state", String),
    Column("paused_until", UtcDateTime, nullable=True),
    Column("next_at", UtcDateTime, nullable=True),
    Column("ended_at", UtcDateTime, nullable=True),
)
_Hers = Message | Enrolment | OptIn | Consent | TimelineEntry | BookingRequest | Booking
Changes = Mapping[str, Any]  # column -> an SQL expression over the numbers


def fill(house: House, leads: int) -> None:
    """Leads of the last year, each with a run, three or four mails and what happened; a part asked, booked, said no."""
    acts.confirmed(house, first_name="Anna", answers={"posture": "hollow"})
    house.live_through(days=8)
    acts.answer(house, "same")
    acts.request_pain_check(house, name="Anna", phone="06 12345678")
    acts.booked(house)
    with house.services.database.transaction() as session:
        _numbers(session, house, leads)
        _copies(session)
        for n in range(1, leads + 1, 20):
            reason = SuppressionReason.UNSUBSCRIBE if n % 3 else SuppressionReason.COMPLAINT
            rule = Suppression.following(reason, now=house.clock.now())
            suppressions.add(session, house.services.hmac(address(n)), rule, house.clock.now())
        _NUMBERS.drop(session.connection())
    with house.services.database.transaction() as session:
        session.execute(text("ANALYZE"))


def address(n: int) -> str:
    """Of the lead with this number in the crowd; her id is `BASE` above it."""
    return f"lead-{n}@example-{n % 500}.org"


def _numbers(session: Session, house: House, leads: int) -> None:
    luck, now = random.Random(7), house.clock.now()
    _NUMBERS.create(session.connection())
    rows = []
    for n in range(1, leads + 1):
        state = luck.choice(_STATES)
        active = state == "active"
        rows.append(
            {
                "n": n,
                "at": now - timedelta(minutes=(leads - n) * 525_600 // leads),
                "state": state,
                "paused_until": now + timedelta(days=9) if active and luck.random() < 0.03 else None,
                "next_at": now + timedelta(days=luck.randrange(1, 20)) if active else None,
                "ended_at": now if state in ("finished", "stopped", "expired") else None,
            }
        )
    for start in range(0, len(rows), 5_000):
        session.execute(insert(_NUMBERS), rows[start : start + 5_000])


def _copies(session: Session) -> None:
    at = _NUMBERS.c.at
    model = session.exec(select(Lead.id).where(Lead.address == acts.ANNA)).one()
    who = {"id": _NUMBERS.c.n + BASE, "public_id": _named("l"), "address": _home()}
    _copy(session, Lead, model, {**who, "created_at": at, "confirmed_at": at})
    stands = {name: _NUMBERS.c[name] for name in ("state", "paused_until", "next_at", "ended_at")}
    run = {"id": _own(0), "split_id": _named("s"), "created_at": at, "anchor": at, **_whose(), **stands}
    _copy(session, Enrolment, _ids(session, Enrolment, model)[0], run)
    opt_in = {"id": _own(0), "public_id": _named("o"), "enrolment_id": _own(0), "created_at": at, **_whose()}
    _copy(session, OptIn, _ids(session, OptIn, model)[0], opt_in)
    for place, each in enumerate(_ids(session, Consent, model)):
        _copy(session, Consent, each, {"id": _own(place), "opt_in_id": _own(0), "given_at": at, **_whose()})
    _mails(session, model)
    for place, each in enumerate(_ids(session, TimelineEntry, model)[:3]):
        _copy(session, TimelineEntry, each, {"id": _own(place), "at": at, **_whose()})
    for each in _ids(session, BookingRequest, model):
        asked = {"id": _own(0), "created_at": at, "from_message_id": literal(None), **_whose()}
        _copy(session, BookingRequest, each, asked, every=30)
    for each in _ids(session, Booking, model):
        booked = {"id": _own(0), "external_id": _named("b"), "message_id": literal(None), **_whose()}
        _copy(session, Booking, each, booked, every=50)


def _mails(session: Session, model: int) -> None:
    """Every mail of the model's, and its attempts; service mails for a twentieth alone."""
    at, consents = _NUMBERS.c.at, _ids(session, Consent, model)
    moments = dict.fromkeys(("planned_at", "due_at", "first_handed_at", "settled_at", "created_at"), at)
    for place, each in enumerate(_ids(session, Message, model)):
        row = session.get_one(Message, each)
        named = {"public_id": _named("m", place), "message_id": "<" + _named("m", place) + "@praktijk.example>"}
        changes = {"id": _own(place), "recipient": _home(), **named, **moments, **_whose()}
        if row.kind == "service":
            changes["cause"] = _named("bench", place)
        else:
            changes |= {"consent_id": _own(consents.index(row.consent_id or 0)), "enrolment_id": _own(0)}
            changes |= {"opt_in_id": _own(0)} if row.opt_in_id is not None else {}
        every = 20 if row.kind == "service" else 1
        _copy(session, Message, each, changes, every=every)
        for attempt in session.exec(select(Attempt.id).where(Attempt.message_id == each)):
            tried = {"id": _own(place), "message_id": _own(place), "token": _named("t", place), "opened_at": at}
            _copy(session, Attempt, attempt, tried, every=every)


def _own(place: int) -> Any:
    """The id of a lead's row at this place among hers."""
    return (_NUMBERS.c.n + BASE) * APART + place


def _whose() -> Changes:
    return {"lead_id": _NUMBERS.c.n + BASE}


def _named(letter: str, place: int = 0) -> Any:
    return literal(f"{letter}{place}-") + _text(_NUMBERS.c.n)


def _home() -> Any:
    return literal("lead-") + _text(_NUMBERS.c.n) + "@example-" + _text(_NUMBERS.c.n % 500) + ".org"


def _ids(session: Session, table: type[_Hers], model: int) -> list[int]:
    return list(session.exec(select(table.id).where(table.lead_id == model).order_by(col(table.id))))


def _copy(session: Session, table: type[Table], row: int, changes: Changes, *, every: int = 1) -> None:
    """One row for each number, or each so many, with these columns of its own and the others of the row."""
    here = Table.metadata.tables[str(table.__tablename__)]
    picked = [changes.get(column.name, column) for column in here.columns]
    beside = sql_select(*picked).select_from(here.join(_NUMBERS, true()))
    statement = beside.where(here.c.id == row, _NUMBERS.c.n % every == 0)
    session.execute(insert(here).from_select([column.name for column in here.columns], statement))


def _text(number: ColumnElement[int]) -> ColumnElement[str]:
    return cast(number, String)
