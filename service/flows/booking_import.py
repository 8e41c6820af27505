"""Appointments from a CSV file: all of them in one transaction, or none; the same file again changes nothing.

Who is no lead of ours leaves no trace: the file holds patients who never asked for a mail.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain.booking_events import BookingChange, event_key
from service.domain.booking_table import Row
from service.flows import booking_events
from service.flows.services import Services
from service.mail.links import address_hmac
from service.store import bookings, events, leads
from service.store.db import take_locks

SOURCE = "csv"


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of the lines, each by its number: new or changed, known already, and of nobody we know."""

    booked: tuple[int, ...]
    cancelled: tuple[int, ...]
    known: tuple[int, ...]
    unmatched: tuple[int, ...]

    @property
    def changed(self) -> int:
        """How many appointments are new, or are now something else."""
        return len(self.booked) + len(self.cancelled)


def plan(
    session: Session, services: Services, rows: list[Row], *, erased: Collection[str] = ()
) -> tuple[Imported, dict[str, tuple[int, Row]]]:
    """What importing would do, and the rows it would take, by the appointment's name, each with its lead's id.

    Looks only. The `erased` are addresses of nobody.
    """
    found = leads.ids_by_address(session, {row.address for row in rows}.difference(erased))
    names = {row.line: _names(services, row) for row in rows}
    there = bookings.by_external_ids(session, SOURCE, {name for both in names.values() for name in both})
    taken: dict[str, tuple[int, Row]] = {}  # of two lines about one appointment the last counts
    known, unmatched = [], []
    for row in rows:
        if row.address not in found:
            unmatched.append(row.line)
            continue
        name, old_name = names[row.line]
        if name not in there and old_name in there and there[old_name].lead_id == found[row.address]:
            name = old_name
        before = there.get(name)
        if before is not None and (before.state, before.starts_at) == (row.state, row.at):
            known.append(row.line)
        else:
            if name in taken:
                known.append(taken[name][1].line)
            taken[name] = (found[row.address], row)
    lines = {
        state: tuple(row.line for _, row in taken.values() if row.state == state) for state in ("booked", "cancelled")
    }
    done = Imported(
        booked=lines["booked"], cancelled=lines["cancelled"], known=tuple(sorted(known)), unmatched=tuple(unmatched)
    )
    return done, taken


def take(session: Session, services: Services, rows: list[Row], *, actor: str, now: datetime) -> Imported:
    """Import the rows. An appointment of before a run's opt-in does not end that run."""
    take_locks(session, [f"booking-import:{SOURCE}"])
    done, taken = plan(session, services, rows)
    ids = sorted({lead_id for lead_id, _ in taken.values()})
    # all at once, in everybody's order
    held = leads.lock(session, ids, [services.hmac(row.address) for _, row in taken.values()])
    if erased := {row.address for lead_id, row in taken.values() if lead_id not in held}:  # while we waited
        done, taken = plan(session, services, rows, erased=erased)
    for name, (_, row) in taken.items():
        change = BookingChange(
            key=event_key(SOURCE, name, row.state, now.isoformat()),
            type=row.state,
            kind=row.state,
            booking=name,
            at=now,
            starts_at=row.at,
            address=row.address,
        )
        booking_events.apply(session, services, SOURCE, change, now)
    counts = {"booked": len(done.booked), "cancelled": len(done.cancelled), "known": len(done.known)}
    events.audit(session, actor, "bookings imported", now, **counts, unmatched=len(done.unmatched))
    return done


def _names(services: Services, row: Row) -> tuple[str, str]:
    """What the appointment is called, as a keyed hash: by whose it is and the file's own number, else its moment.

    With the address, since a number may be given to somebody else later, or stand for two people who come together.
    The second name is the one of before that was so.
    """
    own = f"number {row.id}" if row.id else f"{row.address} {row.at.isoformat() if row.at else ''}"
    name = f"{row.address} {own}" if row.id else own
    key = services.suppression_key
    return address_hmac(key, f"booking {name}"), address_hmac(key, f"booking {own}")
