"""Putting a backup back: checked first, loaded whole or not at all, its keys proved, and all mail on hold after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, col, select

from service.errors import RefusedError
from service.flows import carried, put_back
from service.flows.archive import Archive
from service.flows.services import Services
from service.store import dump, events, high_water, schema, suppressions
from service.store.tables import Lead, Message

_MOST_LOOKED_AT = 20  # mails, for one whose links tell


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was done: rows loaded, what is held since when, a sentence for each proof, and what was carried over."""

    rows: int
    held: put_back.Held
    proofs: tuple[str, ...]
    carried: tuple[int, int]  # suppressions and erasings that the replaced database knew and the backup did not


def restore(
    services: Services,
    backup: Archive,
    *,
    check_keys: Callable[[Session], None],
    replace: bool,
    actor: str,
) -> Restored:
    """Load a checked archive into the database, bring it to our schema and put all mail on hold: one transaction.

    `check_keys` refuses settings without the keys this database was made with. Raises RefusedError where the database
    holds anything (unless `replace`), somebody else uses it, or the keys do not open what is in the backup.
    """
    manifest = backup.manifest
    if not schema.is_known(manifest.revision):
        raise RefusedError("the backup was made by a newer version; install that version, then restore")
    with services.database.alone() as session:
        connection = session.connection()
        if not schema.takes_every_letter(connection):
            raise RefusedError(
                "this database keeps text in another encoding than UTF-8, so not every name fits; make it anew with: "
                + schema.ANEW
            )
        if not replace and not dump.holds_nothing(connection):
            raise RefusedError("this database is not empty; nothing was changed (--replace throws away what is in it)")
        noes = carried.gather(connection, manifest.keys.suppression if manifest.keys else None)
        given = dump.given(connection)
        found = schema.revision_of(connection)
        dump.drop_all(connection, others=found is not None and not schema.is_known(found))
        rows = load(connection, backup)
        schema.upgrade(connection)
        dump.go_on_counting(connection, given)  # what was there meanwhile stands in mails, and on pages that are open
        check_keys(session)
        proofs = _prove(session, services)
        now = _clock(session, services)
        events.audit(session, actor, "restored", now, made_at=manifest.made_at.isoformat(), rows=rows)
        moved = carried.apply(session, services, noes, now)
        held = put_back.hold(session, services, since=manifest.clock, actor=actor, now=now)
        count = high_water.counted(session)
    high_water.start_anew(services.database, count)
    return Restored(rows=rows, held=held, proofs=proofs, carried=moved)


def load(connection: Connection, backup: Archive) -> int:
    """Make the backup's own schema in an empty database and fill it; nothing is held, proved or migrated.

    Returns the rows. Raises RefusedError where the backup does not fit its schema.
    """
    schema.upgrade(connection, backup.manifest.revision)
    there = {each.name: each for each in dump.tables(connection)}
    parts = {part.table: part for part in backup.manifest.parts}
    if not there.keys() <= parts.keys():  # more there may be: a table of others, that stood beside ours
        raise RefusedError("the backup lacks tables of its schema; it was not made by this service")
    rows = 0
    for name, table in there.items():
        part = parts[name]
        if set(part.columns) != set(table.columns):
            raise RefusedError(f"the backup's table {name} has other columns than its schema")
        connection.execute(table.table.delete())  # whatever a migration put there is in the backup too
        try:
            loaded = dump.load(connection, table, part.columns, backup.lines(part))
        except (ValueError, DataError, IntegrityError) as error:
            raise RefusedError(f"the backup's table {name} cannot be loaded; nothing was changed") from error
        if loaded != part.rows:
            raise RefusedError(f"the backup's table {name} should have {part.rows} rows, and has {loaded}")
        rows += loaded
    dump.go_on_counting(connection)
    return rows


def _clock(session: Session, services: Services) -> datetime:
    """Now, by the clock of what was restored: the demo's offset has come with it."""
    if not services.demo:
        return services.clock.now()
    offset = (events.fact(session, "clock") or {}).get("offset_seconds", 0.0)
    return datetime.now(UTC) + timedelta(seconds=offset)


def _prove(session: Session, services: Services) -> tuple[str, ...]:
    """Try the keys on what was restored. Raises RefusedError where they do not open it."""
    return (_prove_suppression(session, services), _prove_links(session, services))


def _prove_suppression(session: Session, services: Services) -> str:
    """A hash that an address of the backup leads to can only have been made with this very key."""
    hashes = suppressions.hashes(session)
    if not hashes:
        return "nobody is suppressed in this backup: the suppression key could only be compared by its fingerprint"
    addresses = session.exec(select(Lead.id, Lead.address).order_by(col(Lead.id)))
    for lead_id, address in addresses:
        if services.hmac(address) in hashes:
            return f"proved: lead {lead_id} said no or cannot be reached, and is still recognised as suppressed"
    return "everybody suppressed was erased: the suppression key could only be compared by its fingerprint"


def _prove_links(session: Session, services: Services) -> str:
    """A link that verifies can only have been signed with one of these keys; the newest mail's, with the newest."""
    newest = select(Message.id, Message.content).where(Message.kind != "service").order_by(col(Message.id).desc())
    for message_id, content in session.exec(newest.limit(_MOST_LOOKED_AT)):
        if "unsubscribe_url" not in content:  # a damaged row
            continue
        token = str(content["unsubscribe_url"]).rpartition("/")[2]
        if services.keyring.read("u", token) is None:
            raise RefusedError("the links in the mails of this backup do not open with the keys of the settings")
        return f"proved: the way out in message {message_id} still opens"
    return "no mail with links is in this backup: the signing keys could only be compared by their fingerprints"
