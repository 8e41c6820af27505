"""Going back: which revisions there are, and an older one as something to publish again, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence as Rows
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import Session

from service.domain.forms import Forms
from service.domain.practice import Practice
from service.domain.sequence import Sequence
from service.errors import NotFoundError, RefusedError
from service.flows.content import TEMPLATES, Content
from service.flows.drafts import Draft, Part
from service.flows.kept_mails import included
from service.mail.compiled import CompiledMail
from service.store import enrolments, sequences
from service.store.tables import Revision


@dataclass(frozen=True, kw_only=True)
class RevisionShown:
    """One revision. `under_way` leads are on it; `same_as` is the oldest revision with the very same content."""

    id: int
    published_at: datetime
    published_by: str
    hash: str
    live: bool
    under_way: int
    same_as: int | None


def listed(session: Session, name: str) -> list[RevisionShown]:
    """Every revision of a sequence, or of `practice`, `forms` or `service`, newest first. NotFoundError for none."""
    rows = _of(session, name)
    counts = enrolments.count_by_revision(session)
    first = {row.hash: row.id for row in rows}  # the oldest is the last to be noted
    return [
        RevisionShown(
            id=row.id,
            published_at=row.published_at,
            published_by=row.published_by,
            hash=row.hash,
            live=row is rows[0],
            under_way=counts.get(row.id, 0),
            same_as=first[row.hash] if first[row.hash] != row.id else None,
        )
        for row in rows
    ]


def find(session: Session, name: str, revision_id: int) -> Revision:
    """This revision of this thing. NotFoundError, with those there are."""
    rows = _of(session, name)
    found = next((row for row in rows if row.id == revision_id), None)
    if found is None:
        there = ", ".join(str(row.id) for row in rows)
        raise NotFoundError(
            f"{name} has no revision {revision_id}; there are: {there}",
            f"{name} heeft geen versie {revision_id}; er zijn: {there}",
        )
    return found


def to_roll_back_to(session: Session, name: str, revision_id: int | None) -> Revision:
    """The revision to go back to: the one named, else the newest that is otherwise than the live one.

    RefusedError where there is nothing else, or the revision was made by a version of this service that is too old.
    """
    rows = _of(session, name)
    older = next((row for row in rows if row.hash != rows[0].hash), None)
    found = older if revision_id is None else find(session, name, revision_id)
    if found is None or found.hash == rows[0].hash:
        raise RefusedError(
            f"there is nothing to go back to: {name} is live as it was"
            if revision_id
            else f"there is no older revision of {name} to go back to",
            f"er is niets om naar terug te gaan: {name} staat al zo live"
            if revision_id
            else f"er is geen oudere versie van {name} om naar terug te gaan",
        )
    _refuse_unreadable(found)
    return found


def as_draft(revision: Revision) -> Draft:
    """An older revision as it is published and planned with: its document, compiled mails and files, unchanged.

    Raises RefusedError where they are not what was published then.
    """
    part = Part(
        kind=revision.kind,
        name=revision.name,
        document=dict(revision.document),
        compiled=dict(revision.compiled),
        source=dict(revision.source),
    )
    if part.hash != revision.hash:
        raise RefusedError(
            f"revision {revision.id} is not what was published: its hash differs; restore a backup",
            f"versie {revision.id} is niet wat er gepubliceerd was: de controlesom klopt niet; zet een back-up terug",
        )
    content = Content(
        practice=Practice.model_validate(part.document) if part.kind == "practice" else None,
        forms=Forms.model_validate(part.document) if part.kind == "forms" else None,
        sequences={part.name: Sequence.model_validate(part.document)} if part.kind == "sequence" else {},
        templates={},
        sources=part.source,
        problems=(),
    )
    return Draft(content=content, mails={}, parts=(part,), problems=())


def own_files(revision: Revision) -> dict[str, str]:
    """The files that a revision is made of, with their text: a part that sends mails keeps the text of every other one
    too, and those may have been published anew since."""
    start = f"{TEMPLATES}/"
    texts = {file.removeprefix(start): text for file, text in revision.source.items() if file.startswith(start)}
    made_of = {name for name in texts if "/" in name} | {f"{name}.md" for name in revision.compiled}
    made_of |= {f"{each}.md" for name in made_of for each in included(texts, name.removesuffix(".md"))}
    others = {f"{start}{name}" for name in texts.keys() - made_of}
    return {file: text for file, text in revision.source.items() if file not in others}


def write_files(revision: Revision, folder: Path) -> int:
    """Write the files that a revision was made from, byte for byte. Returns how many.

    RefusedError for a folder with something in it: nothing of anybody's is overwritten.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RefusedError(
            f"{folder} is not empty; name a new folder, and compare before you copy",
            f"{folder} is niet leeg; noem een nieuwe map, en vergelijk voor je iets kopieert",
        )
    for name, text in revision.source.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise RefusedError(f"{name} does not belong in the content folder")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return len(revision.source)


def _of(session: Session, name: str) -> Rows[Revision]:
    rows = sequences.revisions_of(session, name)
    if not rows:
        there = ", ".join(sorted(each for _, each in sequences.live_ids(session)))
        raise NotFoundError(
            f"nothing called {name} was ever published; there are: {there or 'none'}",
            f"er is nooit iets gepubliceerd dat {name} heet; er zijn: {there or 'geen'}",
        )
    return rows


def _refuse_unreadable(revision: Revision) -> None:
    try:
        if revision.kind == "sequence":
            Sequence.model_validate(revision.document)
        if revision.kind in {"sequence", "mails"}:
            for mail in revision.compiled.values():
                CompiledMail.model_validate(mail)
        if revision.kind == "practice":
            Practice.model_validate(revision.document)
        if revision.kind == "forms":
            Forms.model_validate(revision.document)
    except ValidationError as error:
        raise RefusedError(
            f"revision {revision.id} was made by an older version of this service and cannot be sent from any more; "
            f"take its files (nurture revisions {revision.name} --revision {revision.id} --write-files DIR), mend and "
            "publish them",
            f"versie {revision.id} is door een oudere versie van deze dienst gemaakt en kan niet meer gebruikt worden; "
            f"haal de bestanden op (nurture revisions {revision.name} --revision {revision.id} --write-files MAP), "
            "verbeter ze en publiceer ze",
        ) from error
