"""The whole database from one to another, on either engine: compared table by table, and in use at one place."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session

from service.errors import RefusedError, UnavailableError
from service.flows import copy_marks, receipts
from service.flows.services import Services
from service.store import dump, events, high_water, schema
from service.store.db import Database, is_same
from service.store.schema import Schema


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What arrived: rows by table, all equal on both sides, and what the chain of receipts says there."""

    rows: dict[str, int]
    receipts: receipts.Verified


def copy(
    services: Services, target: Database, *, check_keys: Callable[[Session], None], actor: str, now: datetime
) -> Copied:
    """Fill an empty target, close the source, then open the target. Run again after a kill, it ends what was begun.

    `check_keys` refuses settings without the keys of this database. Raises RefusedError where either is in use or of
    another schema, where the target holds anything, and where a table arrives other than it left: nothing was changed.
    """
    source = services.database
    _look(source, target)
    with source.alone() as ours:
        check_keys(ours)
        mark = copy_marks.of(ours)
        if mark is not None:
            return _finish(ours, target, mark)
        copy_id = secrets.token_hex(8)
        events.audit(ours, actor, "database copied", now, to=target.url.get_backend_name(), copy=copy_id)
        ours.flush()
        with target.alone() as theirs:
            _make_room(theirs, named(source.url))
            done = _fill(ours.connection(), theirs)
            copy_marks.close_copy(theirs, copy=copy_id, source=named(source.url), at=now)
        high_water.start_anew(target, high_water.counted(ours))
        copy_marks.close_source(ours, copy=copy_id, target=named(target.url), at=now)
    _open(target)
    return done


def named(url: URL) -> str:
    """A database as staff may read it: without user and password."""
    if url.get_backend_name() == "sqlite":
        return str(Path(url.database or "").resolve())
    return f"{url.database} on {url.host or 'this machine'}"


def _look(source: Database, target: Database) -> None:
    """What can be refused before anybody is locked out."""
    found = schema.schema_state(source)
    if found is not Schema.CURRENT:
        needed = {
            Schema.EMPTY: "holds nothing to copy",
            Schema.OLDER: "has an older schema; run: nurture migrate",
            Schema.NEWER: "was made by a newer version; copy it with that one",
            Schema.FOREIGN: "has tables named as ours, but no version of ours",
            Schema.NOT_UTF8: "keeps text in another encoding than UTF-8",
        }
        raise RefusedError(f"the database of NURTURE_DATABASE_URL {needed[found]}")
    try:
        if is_same(source, target):
            raise RefusedError("both URLs name the same database; nothing was changed")
        there = schema.schema_state(target)
    except UnavailableError as error:
        raise RefusedError(f"the target cannot be used: {error.english}") from error
    if there is schema.Schema.NOT_UTF8:
        raise RefusedError(
            "the target keeps text in another encoding than UTF-8, so not every name fits; make it anew with: "
            + schema.ANEW
        )
    if there not in {Schema.EMPTY, Schema.CURRENT}:
        raise RefusedError("the target holds tables of something else or of another version; give it an empty database")
    target.close()


def _make_room(theirs: Session, source: str) -> None:
    """An empty target gets our schema; so does one that an unfinished copy of this very source had reached."""
    connection = theirs.connection()
    schema.take_turn(connection)
    if dump.tables(connection):
        mark = copy_marks.of(theirs)
        theirs.expunge_all()
        begun = mark is not None and (mark.state, mark.other) == ("arriving", source)
        if not begun and (mark is not None or not dump.holds_nothing(connection)):
            raise RefusedError("the target is not empty; nothing was changed")
        dump.drop_all(connection)
    schema.upgrade(connection)


def _fill(ours: Connection, theirs: Session) -> Copied:
    there = theirs.connection()
    tables = {each.name: each for each in dump.tables(there)}
    left: dict[str, dump.Digest] = {}
    for each in dump.tables(ours):
        digest = left[each.name] = dump.Digest()
        there.execute(tables[each.name].table.delete())  # whatever a migration put there comes from the source too
        try:
            with closing(dump.lines(ours, each)) as lines:
                dump.load(there, tables[each.name], each.columns, digest.through(lines))
        except (ValueError, DataError, IntegrityError) as error:
            raise RefusedError(f"the table {each.name} cannot be copied; nothing was changed") from error
    dump.go_on_counting(there, dump.given(ours))  # who was erased here has her number there, too
    for name, digest in left.items():
        if _digest(there, tables[name]).hexdigest() != digest.hexdigest():
            raise RefusedError(f"the table {name} arrived other than it left; nothing was changed")
    return Copied(rows={name: digest.rows for name, digest in left.items()}, receipts=receipts.verify(theirs))


def _digest(connection: Connection, table: dump.DumpedTable) -> dump.Digest:
    digest = dump.Digest()
    with closing(dump.lines(connection, table)) as lines:
        for _ in digest.through(lines):
            pass
    return digest


def _finish(ours: Session, target: Database, mark: copy_marks.Mark) -> Copied:
    """The source was closed, and the copy not opened yet: all that is left to do. RefusedError for any other target."""
    with target.reading() as theirs:
        there = copy_marks.of(theirs) if dump.tables(theirs.connection()) else None
        if mark.state != "left" or there is None or (there.state, there.copy) != ("arriving", mark.copy):
            copy_marks.refuse_closed(ours)
        rows = {each.name: _digest(theirs.connection(), each).rows for each in dump.tables(theirs.connection())}
        done = Copied(rows=rows, receipts=receipts.verify(theirs))
    _open(target)
    return done


def _open(target: Database) -> None:
    try:
        with target.transaction() as theirs:
            copy_marks.open_copy(theirs)
            if not target.is_sqlite:
                theirs.execute(text("ANALYZE"))  # its planner knows nothing of a database that was just filled
    except UnavailableError as error:
        raise RefusedError(
            f"the copy is whole, and closed still: {error.english}; give the same command again"
        ) from error
