"""What is published by itself, and the files it is made of, as pages show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import cast

from sqlmodel import Session

from service.domain import text_diff
from service.flows.content import TEMPLATES
from service.flows.drafts import Part as DraftPart
from service.flows.publishing import Change
from service.store import sequences
from service.store.tables import Revision
from service.web.studio.publishing.views import FileDiff, Kind, Part


def shown(part: DraftPart) -> Part:
    """A part of a draft by its title."""
    return named(part.kind, part.name, part.document)


def named(kind: str, name: str, document: Mapping[str, object]) -> Part:
    """A part, or a revision of one."""
    return Part(kind=cast("Kind", kind), name=name, title=str(document.get("title", "")) if kind == "sequence" else "")


def differing(session: Session, found: Iterable[Change]) -> tuple[FileDiff, ...]:
    """Every file of these parts that is otherwise than when they were published, each once."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for change in found:
        newest = sequences.live(session, change.part.kind, change.part.name)
        # Mails stand in several parts. Where one was published alone, the older text shows more of what changes.
        before = (dict(newest.source) if newest else {}) | before
        after |= change.part.source
    return of(before, after)


def between(older: Revision | None, newer: Revision) -> tuple[FileDiff, ...]:
    """Every file that is otherwise in two revisions."""
    return of(dict(older.source) if older else {}, newer.source)


def of(
    before: Mapping[str, str], after: Mapping[str, str], only: Collection[str] | None = None
) -> tuple[FileDiff, ...]:
    """The files that differ, sequences and settings first."""
    names = sorted(set(before) | set(after), key=lambda name: (name.startswith(TEMPLATES), name))
    return tuple(
        FileDiff(
            file=name,
            is_new=name not in before,
            is_gone=name not in after,
            rows=text_diff.rows(before.get(name, ""), after.get(name, "")),
            mail=mail_of(name) if name in after else None,
        )
        for name in names
        if before.get(name) != after.get(name) and (only is None or name in only)
    )


def mail_of(file: str) -> str | None:
    """The name of the mail in a file; None for what is no mail: parts of mails, layouts, sequences."""
    path = PurePosixPath(file)
    is_mail = str(path.parent) == TEMPLATES and path.suffix == ".md" and not path.name.startswith("_")
    return path.stem if is_mail else None
