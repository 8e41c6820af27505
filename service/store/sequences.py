"""Published revisions: written once, never changed; the newest of a kind and name is the live one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, func, select

from service.store.quick import run
from service.store.schema_words import core
from service.store.tables import Revision

_HEAD = ("id", "kind", "name", "hash", "published_at", "published_by")

# Made once, and without objects: every opt-in and every mail asks it.
_REVISIONS = core(Revision).c
_LIVE_IDS = sa.select(_REVISIONS.kind, _REVISIONS.name, sa.func.max(_REVISIONS.id).label("newest")).group_by(
    _REVISIONS.kind, _REVISIONS.name
)


def noted(session: Session, name: str | None = None) -> Sequence[Revision]:
    """Every revision of one thing or of everything, newest first; its content is large, and not read along."""
    head = (getattr(Revision, each) for each in _HEAD)
    statement = select(Revision).options(load_only(*head)).order_by(col(Revision.id).desc())
    return session.exec(statement.where(Revision.name == name) if name else statement).all()


def live(session: Session, kind: str, name: str) -> Revision | None:
    """The newest revision of one thing."""
    statement = select(Revision).where(Revision.kind == kind, Revision.name == name).order_by(col(Revision.id).desc())
    return session.exec(statement.limit(1)).first()


def live_ids(session: Session) -> dict[tuple[str, str], int]:
    """(kind, name) -> id of its newest revision."""
    return {(row.kind, row.name): row.newest for row in run(session, _LIVE_IDS, {})}


def live_hashes(session: Session) -> dict[tuple[str, str], str]:
    """(kind, name) -> the hash of its newest revision, without reading what is in it."""
    newest = select(func.max(Revision.id)).group_by(col(Revision.kind), col(Revision.name))
    statement = select(Revision.kind, Revision.name, Revision.hash).where(col(Revision.id).in_(newest))
    return {(kind, name): found for kind, name, found in session.exec(statement)}


def by_id(session: Session, revision_id: int) -> Revision:
    """One revision; it is never deleted while something refers to it."""
    return session.exec(select(Revision).where(Revision.id == revision_id)).one()


def history(session: Session, kind: str) -> Sequence[Revision]:
    """Every revision of a kind, newest first."""
    return session.exec(select(Revision).where(Revision.kind == kind).order_by(col(Revision.id).desc())).all()


def revisions_of(session: Session, name: str) -> Sequence[Revision]:
    """Every revision of what goes by this name, newest first: a sequence, `practice`, `forms` or `service`."""
    return session.exec(select(Revision).where(Revision.name == name).order_by(col(Revision.id).desc())).all()


def documents_of(session: Session, kind: str, name: str) -> dict[int, dict[str, Any]]:
    """Revision id -> document, of every revision of one thing, newest first."""
    statement = select(Revision.id, Revision.document).where(Revision.kind == kind, Revision.name == name)
    return {id_: dict(each) for id_, each in session.exec(statement.order_by(col(Revision.id).desc()))}


def compiled_of(session: Session, kind: str, name: str) -> Iterator[dict[str, Any]]:
    """The compiled mails of every revision of one thing, newest first; one revision at a time, for they are large."""
    statement = select(Revision.compiled).where(Revision.kind == kind, Revision.name == name)
    for each in session.exec(statement.order_by(col(Revision.id).desc()).execution_options(yield_per=1)):
        yield dict(each)


def sources_of(session: Session, file: str, mail: str) -> Sequence[tuple[int, str, datetime, str, str, bool]]:
    """A file as each revision of a sequence or of the service mails was made from it, newest first.

    Each is (revision, name of the part, when, by whom, the file's text, whether the part sends this mail). Read out of
    the JSON by the database: a revision holds the text of every mail there is.
    """
    text = col(Revision.source)[file].as_string()
    sends = col(Revision.compiled)[mail]["name"].as_string().is_not(None)
    names = ("id", "name", "published_at", "published_by")
    columns = [sa.inspect(Revision).columns[name] for name in names]
    statement = (
        sa.select(*columns, text, sends)  # sqlmodel's own knows no more than four columns
        .where(col(Revision.kind).in_(("sequence", "mails")), text.is_not(None))
        .order_by(col(Revision.id).desc())
    )
    rows = session.execute(statement)
    return [(number, part, at, by, written, bool(sent)) for number, part, at, by, written, sent in rows]


def find(session: Session, revision_id: int) -> Revision | None:
    """A revision by its number, or None."""
    return session.get(Revision, revision_id)
