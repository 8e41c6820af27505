"""From draft files to immutable revisions, and what that means for the leads under way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence as Rows
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.domain.forms import Forms
from service.domain.practice import Practice
from service.domain.sequence import Sequence
from service.domain.step_keys import key_faults
from service.errors import NotFoundError, Problem, ProblemsError, RefusedError
from service.flows import alerts, media, open_forms, planning
from service.flows.content_yaml import read_yaml
from service.flows.drafts import Draft, Part
from service.flows.services import Services
from service.store import enrolments, events, leads, sequences
from service.store.db import take_locks
from service.store.tables import Revision

Live = Mapping[tuple[str, str], int]
"""(kind, name) -> id of its newest revision."""
_AT_A_TIME = 100  # runs planned in one transaction
_IN_ONE_STATEMENT = 1_000  # leads


@dataclass(frozen=True, kw_only=True)
class Change:
    """One part that differs from its live revision. `under_way` counts the leads in it now."""

    part: Part
    is_new: bool
    under_way: int

    def __str__(self) -> str:
        words = {"sequence": f"sequence {self.part.name}", "mails": "the service mails"}
        what = words.get(self.part.kind, f"{self.part.kind}.yaml")
        return f"{what}: {'new' if self.is_new else 'changed'}"


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What a publication did: the new revisions, and the runs whose next mail is to be reckoned anew.

    Those in `look_at` are due for it: the next tick does so, or `look_again` at once. `moved` of them, and of those
    who wait for the button, go by a new revision now.
    """

    revisions: tuple[int, ...]
    moved: int
    look_at: tuple[tuple[int, int], ...]


def nothing_published(session: Session) -> bool:
    """Is there anything to send from yet?"""
    kinds = {kind for kind, _ in sequences.live_ids(session)}
    return not {"sequence", "practice", "forms", "mails"} <= kinds


def live(session: Session) -> Live:
    """What is live now."""
    return sequences.live_ids(session)


def take_turn(session: Session) -> None:
    """Nobody else publishes until this transaction ends: two people, or services that start at once, go in turn."""
    take_locks(session, ["publish"])


def changes(session: Session, draft: Draft, names: Rows[str] = ()) -> list[Change]:
    """What publishing the draft, or the named parts of it, would change.

    A sequence goes by its own name; `practice`, `forms` and `service` name the rest. NotFoundError for another name.
    """
    known = [part.name for part in draft.parts]
    for name in names:
        if name not in known:
            raise NotFoundError(
                f"there is nothing called {name} to publish; there are: {', '.join(known)}",
                f"er is niets dat {name} heet om te publiceren; er zijn: {', '.join(known)}",
            )
    found = []
    for part in draft.parts:
        if names and part.name not in names:
            continue
        newest = sequences.live(session, part.kind, part.name)
        if newest is None or newest.hash != part.hash:
            under_way = enrolments.count_open(session, part.name) if part.kind == "sequence" else 0
            found.append(Change(part=part, is_new=newest is None, under_way=under_way))
    return found


def refuse_unsafe(draft: Draft, *, production: bool, override_by: str | None) -> None:
    """Raise what keeps this draft from being published: errors always; in production a made-up practice, and warnings
    that nobody answers for by name. Nor goes one over them in a name that cannot be read, for the log keeps it."""
    if draft.errors:
        raise ProblemsError(draft.errors)
    if override_by and not override_by.isprintable():
        raise RefusedError(
            f"--override-by {override_by!r} is no name that can be read; type it again, in UTF-8",
            f"--override-by {override_by!r} is geen leesbare naam; typ hem opnieuw, in UTF-8",
        )
    if not production:
        return
    if draft.content.practice is not None and draft.content.practice.placeholder:
        problem = Problem(
            id="practice-placeholder",
            file="practice.yaml",
            message="these are made-up facts; fill in your own and take `placeholder: true` away",
            dutch="dit zijn verzonnen gegevens; vul die van jullie praktijk in en haal `placeholder: true` weg",
        )
        raise ProblemsError([problem])
    if draft.warnings and not override_by:
        raise RefusedError(
            f"there are {len(draft.warnings)} warnings (see nurture check); "
            "mend them, or publish over them in your own name with --override-by NAME",
            f"er zijn {len(draft.warnings)} waarschuwingen (zie nurture check); "
            "los ze op, of publiceer toch op je eigen naam met --override-by NAAM",
        )


def refuse_keys(session: Session, draft: Draft, found: Rows[Change]) -> None:
    """Raise ProblemsError where a step's key is not that of its mail any more, with file and line."""
    problems = []
    for change in found:
        if change.part.kind == "sequence":
            problems += _key_problems(session, draft, change.part)
    if problems:
        raise ProblemsError(problems)


def publish(
    session: Session,
    services: Services,
    draft: Draft,
    found: Rows[Change],
    *,
    by: str,
    override_by: str | None = None,
    move_leads: bool = False,
    seen: Live | None = None,
    back_to: int | None = None,
    now: datetime,
) -> Publication:
    """Write a new revision for each change. Leads under way stay on theirs, unless `move_leads`.

    `seen` is what was live when somebody said yes to a plan: RefusedError where it is not live any more, for then that
    plan is of no worth. `back_to` is the older revision that the draft is. Nothing is planned here: `look_again` after
    the commit does that, or the next tick.
    """
    take_turn(session)
    if seen is not None and live(session) != seen:
        raise RefusedError(
            "somebody else published meanwhile, so this plan no longer holds; nothing was published, look again",
            "Iemand anders heeft intussen gepubliceerd, dus dit plan klopt niet meer. Er is niets gepubliceerd; "
            "kijk opnieuw.",
        )
    refuse_unsafe(draft, production=services.production, override_by=override_by)
    _refuse_reworded(session, [change.part for change in found])
    refuse_keys(session, draft, found)
    open_forms.refuse_closing(session, services, [change.part for change in found])
    warnings = [each.id for each in draft.warnings]
    details: dict[str, Any] = {"override_by": override_by, "warnings": warnings}
    if back_to is not None:
        details = {"back_to": back_to}
    action = "published" if back_to is None else "rolled back"
    parts = [change.part for change in found]
    for part in parts:
        media.keep(session, part.images, draft.images, now)
    return _write(session, parts, by=by, move_leads=move_leads, now=now, action=action, details=details)


def _write(
    session: Session,
    parts: Rows[Part],
    *,
    by: str,
    move_leads: bool,
    now: datetime,
    action: str,
    details: dict[str, Any],
) -> Publication:
    """A revision for each part, in the audit log as this action."""
    sequence_names = [part.name for part in parts if part.kind == "sequence"] if move_leads else []
    runs = {name: enrolments.open_in(session, name) for name in sequence_names}
    calendar_runs = enrolments.planned_ahead(session) if _calendar_changes(session, parts) else []
    # Leads before their runs, in the order everybody locks in. Their suppressions stay free: nothing is sent here.
    everyone = sorted({lead for rows in (*runs.values(), calendar_runs) for _, lead in rows})
    held: set[int] = set()
    for start in range(0, len(everyone), _IN_ONE_STATEMENT):
        held |= leads.lock(session, everyone[start : start + _IN_ONE_STATEMENT], []).keys()
    if parts:
        alerts.mended(session, "calendar-closed", now)  # told again where other days or another window do not help
    ids, moved = [], 0
    for part in parts:
        row = Revision(
            kind=part.kind,
            name=part.name,
            hash=part.hash,
            document=part.document,
            compiled=part.compiled,
            source=part.source,
            published_at=now,
            published_by=by,
        )
        session.add(row)
        session.flush()
        ids.append(row.id)
        mine = [run for run, lead in runs.get(part.name, ()) if lead in held] if part.kind == "sequence" else []
        moved += len(mine)
        enrolments.look_at(session, mine, now, revision_id=row.id)
        told = {"revision": row.id, "kind": part.kind, "name": part.name, "moved": len(mine)} | details
        events.audit(session, by, action, now, **told)
    again = [(run, lead) for run, lead in calendar_runs if lead in held]
    enrolments.look_at(session, [run for run, _ in again], now)
    look_at = dict(again) | {run: lead for rows in runs.values() for run, lead in rows if lead in held}
    return Publication(revisions=tuple(ids), moved=moved, look_at=tuple(sorted(look_at.items())))


def look_again(services: Services, published: Publication, now: datetime) -> None:
    """Plan the runs that a publication touched, a hundred at a time, so that nobody waits long for a turn."""
    for start in range(0, len(published.look_at), _AT_A_TIME):
        some = published.look_at[start : start + _AT_A_TIME]
        with services.database.transaction() as session:
            planning.plan(session, services, [run for run, _ in some], [lead for _, lead in some], now)
    if published.look_at:
        services.bell.ring()


def _calendar_changes(session: Session, parts: Rows[Part]) -> bool:
    """Do other days or hours count from now on? The first publication changes nothing for anybody."""
    new = next((part for part in parts if part.kind == "practice"), None)
    old = sequences.live(session, "practice", new.name) if new else None
    if new is None or old is None:
        return False
    before, after = (Calendar.of(Practice.model_validate(each.document)) for each in (old, new))
    return before != after


def _key_problems(session: Session, draft: Draft, part: Part) -> list[Problem]:
    text = draft.content.sources.get(f"sequences/{part.name}.yaml", "")
    return key_problems(session, Sequence.model_validate(part.document), part.compiled, text)


def key_problems(
    session: Session, new: Sequence, compiled_mails: Mapping[str, dict[str, Any]], text: str
) -> list[Problem]:
    """Each step whose key is not that of its mail any more, by the line in the text of the sequence's file."""
    file = f"sequences/{new.name}.yaml"
    words: dict[str, set[str]] = {}

    def same_text(was: frozenset[str], becomes: frozenset[str]) -> bool:
        if not words:  # rarely asked, and heavy: every mail of every revision
            for compiled in sequences.compiled_of(session, "sequence", new.name):
                for name, mail in compiled.items():
                    words.setdefault(name, set()).add(_words(mail))
        own = {_words(compiled_mails[name]) for name in becomes if name in compiled_mails}
        return any(own & words.get(name, set()) for name in was)

    older = map(Sequence.model_validate, sequences.documents_of(session, "sequence", new.name).values())
    faults = key_faults(older, new, same_text)
    if not faults:  # as nearly always: to find lines is to read the file once more
        return []
    lines = read_yaml(text, file)
    return [fault.problem(file, lines.line_of(("steps", fault.position, "key"))) for fault in faults]


def _words(mail: dict[str, Any]) -> str:
    """A compiled mail without the name of its file."""
    return json.dumps({name: value for name, value in mail.items() if name != "name"}, sort_keys=True)


def _refuse_reworded(session: Session, parts: Rows[Part]) -> None:
    """An opt-in states one version, that of the advice's text, and what stood beside both boxes is found by it."""
    reworded = set()
    for part in parts:
        if part.kind == "forms":
            forms = Forms.model_validate(part.document).forms
            for row in sequences.history(session, "forms"):
                for name, old in Forms.model_validate(row.document).forms.items():
                    new = forms.get(name)
                    if new and new.consent.advice.version == old.consent.advice.version and new.consent != old.consent:
                        reworded.add(name)
    if reworded:
        raise ProblemsError(
            [
                Problem(
                    id="consent-reworded",
                    file="forms.yaml",
                    message=f"the consent texts of form {name} are new under an old version; "
                    "give both texts a new `version`",
                    dutch=f"de toestemmingsteksten van formulier {name} zijn nieuw onder een oude versie; "
                    "geef beide teksten een nieuwe `version`",
                )
                for name in sorted(reworded)
            ]
        )
