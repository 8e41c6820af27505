"""Going on, after all, with a database that was copied: every "no" said to the copy comes along, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from service.errors import RefusedError, UnavailableError
from service.flows import carried, copy_marks, put_back
from service.flows.copying import named
from service.flows.services import Services
from service.store import dump, events, schema
from service.store.db import Database, is_same
from service.store.schema import Schema
from service.store.tables import AuditEntry


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """What is held, and how many suppressions and erasings the copy knew and this database did not."""

    held: put_back.Held
    carried: tuple[int, int]


def take_back(
    services: Services, copy: Database | None, *, check_keys: Callable[[Session], None], actor: str, now: datetime
) -> TakenBack:
    """Close the copy, then open the database it was made of. All mail is held, for the copy may have sent since.

    `copy` is None where it was never used, or is lost. `check_keys` refuses settings without the keys of this database.
    Raises RefusedError where this one was not copied, where the other is no copy of it, and where either is in use:
    nothing was changed. Killed in between both are closed, and the same again ends it.
    """
    if copy is not None:
        _look(services.database, copy)
    with services.database.alone() as ours:
        check_keys(ours)
        mark = copy_marks.of(ours)
        if mark is None or mark.state != "left":
            raise RefusedError("this database was not copied elsewhere; nothing was changed")
        with _closing(copy, services.database, ours, mark, now) as (noes, given):
            copy_marks.open_again(ours, mark)
            events.audit(ours, actor, "database taken back", now, copied_at=mark.at.isoformat(), copy=mark.copy)
            moved = carried.apply(ours, services, noes, now, said="in the copy")
            dump.go_on_counting(ours.connection(), given)
            held = put_back.hold(ours, services, since=mark.at, actor=actor, now=now)
    return TakenBack(held=held, carried=moved)


@contextmanager
def _closing(
    copy: Database | None, original: Database, ours: Session, mark: copy_marks.Mark, now: datetime
) -> Iterator[tuple[carried.Noes, dict[str, int]]]:
    """What the copy knows, and the numbers it gave; it is closed at the end, before the caller commits."""
    if copy is None:
        yield carried.Noes(), {}
        return
    with copy.alone() as theirs:
        noes = _gather(ours, theirs, mark)
        _close(theirs, mark, named(original.url), now)
        yield noes, dump.given(theirs.connection())


def _look(ours: Database, copy: Database) -> None:
    try:
        if is_same(ours, copy):
            raise RefusedError("both URLs name the same database; nothing was changed")
        found = schema.schema_state(copy)
    except UnavailableError as error:
        raise RefusedError(f"the copy cannot be used: {error.english}") from error
    if found is not Schema.CURRENT:
        raise RefusedError("the copy has another schema than this version's; nothing was changed")
    copy.close()


def _gather(ours: Session, theirs: Session, mark: copy_marks.Mark) -> carried.Noes:
    copied = select(AuditEntry.details).where(col(AuditEntry.action).in_(["database copied", "database taken back"]))
    if not any(details.get("copy") == mark.copy for details in theirs.exec(copied)):
        raise RefusedError("that database is no copy of this one; nothing was changed")
    keys, its_keys = (events.fact(each, "keys") or {} for each in (ours, theirs))
    if not keys or its_keys.get("suppression") != keys["suppression"]:
        raise RefusedError("the copy was used with another NURTURE_SUPPRESSION_KEY; nothing was changed")
    return carried.gather(theirs.connection(), keys["suppression"])


def _close(theirs: Session, mark: copy_marks.Mark, original: str, now: datetime) -> None:
    there = copy_marks.of(theirs)
    if there is not None and there.copy != mark.copy:
        raise RefusedError(f"that copy is closed too, and says: {there.other}; give the one that was used last")
    if there is None or there.state != "left":  # left: closed by a take-back that was killed
        copy_marks.close_source(theirs, copy=mark.copy, target=original, at=now)
