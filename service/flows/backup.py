"""One file that holds the whole database, made while the service runs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlmodel import col, select

from service.errors import RefusedError
from service.flows import archive
from service.flows.archive import Fingerprints, Manifest
from service.flows.services import Services
from service.store import dump, events, schema
from service.store.tables import Fact

KEYS_FACT = "keys"


def make(services: Services, file: Path, *, keys: Mapping[str, str], actor: str) -> Manifest:
    """Write everything, as it is at this moment, to a file that is not there yet: whole, or not at all.

    `keys` are kept secrets (file name -> secret) to put in it; without them it only names the keys. Raises
    RefusedError where there is nothing to back up or the file cannot be written.
    """
    clock, made_at = services.clock.now(), datetime.now(UTC)
    with archive.writing(file) as writer:
        with services.database.snapshot() as connection:
            manifest = _write(writer, connection, keys, made_at=made_at, clock=clock)
        # Before the file has its name: whoever is told of a fault has no backup.
        with services.database.transaction() as session:
            rows = sum(part.rows for part in manifest.parts)
            events.audit(session, actor, "backup made", clock, rows=rows, with_keys=bool(keys))
    return manifest


def _write(
    writer: archive.Writer, connection: Connection, keys: Mapping[str, str], *, made_at: datetime, clock: datetime
) -> Manifest:
    """Everything that this connection sees."""
    revision = schema.revision_of(connection)
    if revision is None:
        raise RefusedError("there is nothing to back up: no database of ours is there; is NURTURE_DATABASE_URL right?")
    if not schema.is_known(revision):
        raise RefusedError("this database is not one this version knows; back it up with the version it is of")
    parts = []
    for each in dump.tables(connection):
        with closing(dump.lines(connection, each)) as lines:
            parts.append(writer.table(each.name, each.columns, lines))
    kept = connection.execute(select(Fact.value).where(col(Fact.key) == KEYS_FACT)).scalar()
    manifest = Manifest(
        revision=revision,
        engine=connection.dialect.name,
        made_at=made_at,
        clock=clock,
        keys=Fingerprints.model_validate(kept) if kept else None,
        parts=tuple(parts),
        keys_sha256=writer.keys(keys) if keys else None,
    )
    writer.manifest(manifest)
    return manifest
