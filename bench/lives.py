"""Lives of leads: each sort lived once by the real code, then copied by the thousand inside PostgreSQL.

A copy is the same rows on the same distances in time, with keys, addresses and links of its own; nothing is planned or
sent for it, and nothing is checked but what the tables' own constraints check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Integer,
    Interval,
    String,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    text,
    update,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import select

from service.store import lead_rows
from service.store.moments import UtcDateTime
from service.store.tables import Table
from tests.support import acts
from tests.support.house import START, House

ROOM = 32
"""Ids a lead has in each table."""
SPARE = 1_000 * ROOM
"""Ids between two days, for those whom the real code makes."""
DAY = timedelta(days=1)
FIRST_DAY = 36
"""The first day, counted from START, on which copies arrive: by then the lives they are copied of are over."""
Rows = Mapping[str, Sequence[dict[str, Any]]]

_REFERS = {"lead_id": "lead", "opt_in_id": "opt_in", "enrolment_id": "enrolment", "consent_id": "consent"}
_OWN = {"token": 22, "digest": 64, "chain": 64, "salt": 32, "key": 64, "address_hmac": 64}
_CHANGES = frozenset((*_REFERS, *_OWN, "public_id", "message_id", "address", "recipient"))
_MOMENTS = ("created_at", "given_at", "opened_at", "received_at", "at")
_SCOPES = ("address", "domain", "all", "network")


@dataclass(frozen=True, kw_only=True)
class Life:
    """All rows of one lead who came at START, and how long after it she is erased."""

    name: str
    rows: Rows
    erased_after: timedelta


def live(house: House) -> tuple[Life, Life, Life]:
    """Who never confirms, who takes her yes back after a week, and who reads to the end; in this order."""
    silent, leaver, reader = "zwijgt@example.org", "stopt@example.org", "leest@example.org"
    for each in (silent, leaver, reader):
        house.opt_in(each, first_name="Anna", source_url="https://praktijk.example/lage-rugpijn/gratis-advies")
    house.send_due()
    for each in (leaver, reader):
        acts.confirm(house, each)
    house.live_through(days=9)
    acts.withdraw(house, leaver)
    house.live_through(days=4)
    short = [_rows(house, each) for each in (silent, leaver)]
    house.live_through(days=20)
    long = _rows(house, reader)
    last = max(row["first_handed_at"] for row in long["message"] if row["first_handed_at"])
    terms = house.services.retention
    ends = [rows["lead"][0]["erase_at"] - START for rows in short]
    return (
        Life(name="never confirms", rows=short[0], erased_after=ends[0]),
        Life(name="unsubscribes", rows=short[1], erased_after=ends[1]),
        Life(name="reads to the end", rows=long, erased_after=last - START + terms.after_last_mail),
    )


def _rows(house: House, address: str) -> Rows:
    with house.services.database.reading() as session:
        found = lead_rows.everything(session, house.lead(address).id, house.services.hmac(address))
    mails = {row["id"]: row for row in found["message"]}
    for row in found["attempt"]:  # they are dated by real time
        row["opened_at"] = row["closed_at"] = mails[row["message_id"]]["first_handed_at"]
        row["detail"] = "250 2.0.0 Ok: queued as 4hR1xk2Zt9z1Q"
    delivered = [
        {
            "source": "postmark",
            "key": "",
            "kind": "delivered",
            "raw_kind": "Delivery",
            "message_id": row["message_id"],
            "status": None,
            "diagnostic": None,
            "at": row["opened_at"],
            "received_at": row["opened_at"],
        }
        for row in found["attempt"]
    ]
    counted = [{"scope": scope, "key": "", "at": START} for scope in _SCOPES]
    return found | {"feedback_event": delivered, "cap_hit": counted}


class Copier:
    """Writes one life, a day's arrivals at a time. All come in the first half of a day; days count from START."""

    def __init__(self, life: Life, *, low: int, high: int, arrivals: int) -> None:
        """The day's leads from `low` to `high` live it, of `arrivals` in all; the first has number 1."""
        self.life, self.low, self.high = life, low, high
        self._arrivals, self._stride = arrivals, stride(arrivals)
        numbers = func.generate_series(low, high).table_valued(column("j", Integer)).render_derived(name="numbers")
        self._number_of_day: ColumnElement[int] = numbers.c.j
        self._places = {
            name: {row["id"]: (_day(self._moment(name, row)), place) for place, row in enumerate(rows)}
            for name, rows in life.rows.items()
            if rows and "id" in rows[0]
        }
        self._written: dict[int, list[Insert | Update]] = {}
        for name, table in Table.metadata.tables.items():
            for place, row in enumerate(life.rows.get(name, ())):
                day = _day(self._moment(name, row))
                self._written.setdefault(day, []).append(self._copy(table, row, day, place))
        for moment, values in _course(life):
            self._written.setdefault(_day(moment), []).append(self._move(values))

    def over(self, today: int, keep: int = 0) -> tuple[list[int], tuple[int, int]]:
        """Whose time is over today: the ids of the first `keep`, and the first and the last id of the others."""
        arrival = today - round(self.life.erased_after / DAY)
        if arrival < FIRST_DAY:
            return [], (0, -1)
        first = arrival * self._stride
        kept = min(keep, (self.high - self.low) // 2)
        ids = [first + number * ROOM for number in range(self.low, self.low + kept)]
        return ids, (first + (self.low + kept) * ROOM, first + self.high * ROOM)

    def write(self, connection: Connection, today: int, *, until: int | None = None) -> None:
        """Everything that happens today to those who came before, or come today; nobody comes from `until` on."""
        for after, statements in sorted(self._written.items()):
            arrival = today - after
            if arrival >= FIRST_DAY and (until is None or arrival < until):
                given = {"arrival": arrival, "shift": arrival * DAY}
                for statement in statements:
                    connection.execute(statement, given)

    def _moment(self, name: str, row: Mapping[str, Any]) -> datetime:
        """When the row comes: a mail in its last state, a receipt with what it proves."""
        if name == "receipt":
            of = "withdrawal" if row["kind"] == "withdrawn" else "consent"
            key = "consent_id" if row["kind"] == "withdrawn" else "id"
            (row,) = (each for each in self.life.rows[of] if each[key] == row["consent_id"])
            name = of
        if name == "message":
            name, row = "", {"at": max(row["created_at"], row["settled_at"] or row["created_at"])}
        found: datetime = next(row[each] for each in _MOMENTS if each in row)
        return found

    def _id(self, name: str, row_id: object) -> ColumnElement[int]:
        day, place = self._places[name][row_id]
        return self._number(day, place)

    def _number(self, day: int, place: int) -> ColumnElement[int]:
        assert place < ROOM
        return (bindparam("arrival", type_=Integer) + day) * self._stride + self._number_of_day * ROOM + place

    def _later(self, moment: datetime) -> ColumnElement[datetime]:
        spread = literal(DAY / 2 / self._arrivals, Interval()).op("*")(self._number_of_day)
        moved = literal(moment, UtcDateTime()).op("+")(bindparam("shift", type_=Interval))
        return moved.op("+")(spread)

    def _copy(self, table: SqlTable, row: Mapping[str, Any], day: int, place: int) -> Insert:
        values = {each.name: self._copied(table, each.name, row.get(each.name)) for each in table.columns}
        if "id" in values:
            values["id"] = self._number(day, place)
        if table.name == "enrolment":
            values |= {name: self._valued(table, name, value) for name, value in _begin(self.life).items()}
        return insert(table).from_select(list(values), select(*values.values()))

    def _copied(self, table: SqlTable, name: str, value: object) -> ColumnElement[Any]:
        if value is None or name not in _CHANGES:
            return self._valued(table, name, value)
        if name in _REFERS:
            return self._id(_REFERS[name], value)
        if name == "message_id":
            return self._id("message", value) if isinstance(value, int) else "<" + _random(22) + "@praktijk.example>"
        if name in ("address", "recipient"):
            return "lead-" + cast(self._number(0, 0), String) + "@example.org"
        if name == "public_id":
            return _random(21) + "A"  # 128 bits in base64 end so
        return _random(_OWN[name])

    def _move(self, values: Mapping[str, Any]) -> Update:
        table = Table.metadata.tables["enrolment"]
        changed = {name: self._valued(table, name, value) for name, value in values.items()}
        return update(table).where(table.c.id == self._number(0, 0)).values(changed)

    def _valued(self, table: SqlTable, name: str, value: object) -> ColumnElement[Any]:
        return self._later(value) if isinstance(value, datetime) else literal(value, table.c[name].type)


def stride(arrivals: int) -> int:
    """Ids from one day to the next, in each table."""
    return (arrivals + 1) * ROOM + SPARE


def erase(connection: Connection, leads: tuple[int, int], now: datetime) -> None:
    """What `flows/privacy.erase` does, for all leads from one id to another at once."""
    for statement in _ERASE:
        connection.execute(text(statement), {"low": leads[0], "high": leads[1], "now": now})


def forget(connection: Connection, day: int, arrivals: int) -> None:
    """What `flows/retention` does to the events of this day."""
    ids = {"low": day * stride(arrivals), "high": (day + 1) * stride(arrivals) - 1}
    for statement in _FORGET:
        connection.execute(text(statement), ids)


def _course(life: Life) -> Iterable[tuple[datetime, dict[str, Any]]]:
    """When the run moves on, and what it is then."""
    (run,) = life.rows["enrolment"]
    if run["ended_at"] is None:
        return
    no_more = {"step": None, "planned_at": run["ended_at"]}
    for done, after in pairwise([*_steps(life), no_more]):
        yield (
            min(done["planned_at"], done["created_at"]),
            {"next_step": after["step"], "next_at": after["planned_at"], "anchor": done["planned_at"]},
        )
    names = ("state", "next_step", "next_at", "anchor", "ended_at", "end_reason")
    yield run["ended_at"], {name: run[name] for name in names}


def _begin(life: Life) -> dict[str, Any]:
    (run,) = life.rows["enrolment"]
    if run["ended_at"] is None:
        return {}
    first = _steps(life)[0]
    return {
        "state": "active",
        "next_step": first["step"],
        "next_at": first["planned_at"],
        "anchor": START,
        "ended_at": None,
        "end_reason": None,
    }


def _steps(life: Life) -> list[dict[str, Any]]:
    follow_ups = [row for row in life.rows["message"] if row["kind"] == "follow_up"]
    return sorted(follow_ups, key=lambda row: row["planned_at"])


def _day(moment: datetime) -> int:
    return (moment - START) // DAY


def _random(length: int) -> ColumnElement[str]:
    """Letters and digits, another each time."""
    some = func.replace(cast(func.gen_random_uuid(), String), "-", "", type_=String)
    return func.substr(some if length <= 32 else some + some, 1, length, type_=String)


_HERS = "lead_id BETWEEN :low AND :high"
_MAILS = "SELECT id FROM message WHERE lead_id BETWEEN :low AND :high"
_ERASE = (
    f"""INSERT INTO erased_token (public_id, address_hmac, erased_at)
    SELECT public_id, md5(whose::text) || md5(whose::text), :now FROM (
        SELECT id AS whose, public_id FROM lead WHERE id BETWEEN :low AND :high
        UNION ALL SELECT lead_id, public_id FROM opt_in WHERE {_HERS}
        UNION ALL SELECT lead_id, public_id FROM message WHERE {_HERS}) AS links""",
    """INSERT INTO audit (actor, action, details, at)
    SELECT 'service', 'lead erased', jsonb_build_object('lead', id, 'why', 'expired'), :now
    FROM lead WHERE id BETWEEN :low AND :high""",
    f"DELETE FROM attempt WHERE message_id IN ({_MAILS})",
    f"DELETE FROM feedback_event WHERE message_id IN ({_MAILS})",
    *(f"DELETE FROM {name} WHERE {_HERS}" for name in ("message", "withdrawal", "consent", "opt_in", "enrolment")),
    f"DELETE FROM timeline WHERE {_HERS}",
    "DELETE FROM lead WHERE id BETWEEN :low AND :high",
    f"UPDATE receipt SET document = NULL, salt = NULL, lead_id = NULL, consent_id = NULL WHERE {_HERS}",
)
_FORGET = (
    "DELETE FROM timeline WHERE id BETWEEN :low AND :high",
    "DELETE FROM feedback_event WHERE id BETWEEN :low AND :high",
    "UPDATE attempt SET detail = NULL, provider_id = NULL WHERE id BETWEEN :low AND :high AND detail IS NOT NULL",
)
