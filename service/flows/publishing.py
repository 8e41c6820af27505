"""From draft files to immutable revisions, and what that means for the leads under way."""

from __future__ import annotations

from collections.abc import Sequence as Rows
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain.forms import Forms
from service.errors import NotFoundError, Problem, ProblemsError, RefusedError
from service.flows import alerts, media, planning
from service.flows.drafts import Draft, Part
from service.flows.services import Services
from service.store import enrolments, events, sequences
from service.store.db import take_locks
from service.store.tables import Lead, Revision


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


def nothing_published(session: Session) -> bool:
    """Is there anything to send from yet?"""
    kinds = {kind for kind, _ in sequences.live_ids(session)}
    return not {"sequence", "practice", "forms", "mails"} <= kinds


def changes(session: Session, draft: Draft, names: Rows[str] = ()) -> list[Change]:
    """What publishing the draft, or the named parts of it, would change.

    A sequence goes by its own name; `practice`, `forms` and `service` name the rest. NotFoundError for another name.
    """
    take_locks(session, ["publish"])  # services that start at once, or two people, publish one after the other
    known = [part.name for part in draft.parts]
    for name in names:
        if name not in known:
            raise NotFoundError(f"there is nothing called {name} to publish; there are: {', '.join(known)}")
    found = []
    for part in draft.parts:
        if names and part.name not in names:
            continue
        live = sequences.live(session, part.kind, part.name)
        if live is None or live.hash != part.hash:
            under_way = enrolments.count_open(session, part.name) if part.kind == "sequence" else 0
            found.append(Change(part=part, is_new=live is None, under_way=under_way))
    return found


def refuse_unsafe(draft: Draft, *, production: bool, override_by: str | None) -> None:
    """Raise what keeps this draft from being published: errors always; in production a made-up practice, and warnings
    that nobody answers for by name."""
    if draft.errors:
        raise ProblemsError(draft.errors)
    if not production:
        return
    if draft.content.practice is not None and draft.content.practice.placeholder:
        problem = Problem(
            id="practice-placeholder",
            file="practice.yaml",
            message="these are made-up facts; fill in your own and take `placeholder: true` away",
        )
        raise ProblemsError([problem])
    if draft.warnings and not override_by:
        raise RefusedError(
            f"there are {len(draft.warnings)} warnings (see nurture check); "
            "mend them, or publish over them in your own name with --override-by NAME"
        )


def publish(
    session: Session,
    services: Services,
    draft: Draft,
    found: Rows[Change],
    *,
    by: str,
    override_by: str | None = None,
    move_leads: bool = False,
    now: datetime,
) -> None:
    """Write a new revision for each change. Leads under way stay on theirs, unless `move_leads`."""
    refuse_unsafe(draft, production=services.production, override_by=override_by)
    _refuse_reworded(session, [change.part for change in found])
    alerts.mended(session, "calendar-closed", now)  # told again where other days or another window do not help
    held = _leads_under_way(session, services, found) if move_leads else {}
    for change in found:
        part = change.part
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
        media.keep(session, part.images, draft.images, now)
        session.flush()
        details = {"revision": row.id, "kind": part.kind, "name": part.name, "override_by": override_by}
        events.audit(session, by, "published", now, **details, warnings=[each.id for each in draft.warnings])
        if move_leads and part.kind == "sequence":
            _move(session, services, row, held, now)


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
        say = "the consent texts of form {} are new under an old version; give both texts a new `version`"
        told = [say.format(name) for name in sorted(reworded)]
        raise ProblemsError([Problem(id="consent-reworded", file="forms.yaml", message=each) for each in told])


def _leads_under_way(session: Session, services: Services, found: Rows[Change]) -> dict[int, Lead]:
    """Lock whoever is to be moved, all at once and before any run of theirs: the order everybody locks in."""
    names = [change.part.name for change in found if change.part.kind == "sequence"]
    lead_ids = {row.lead_id for name in names for row in enrolments.open_in(session, name)}
    return planning.lock_leads(session, services, sorted(lead_ids))


def _move(session: Session, services: Services, revision: Revision, held: dict[int, Lead], now: datetime) -> None:
    """Everybody under way goes on with the new revision. Steps are known by their keys, so nobody gets one twice."""
    rows = [row for row in enrolments.open_in(session, revision.name) if row.lead_id in held]
    for row in rows:
        row.sequence_revision_id = revision.id
        if row.state == "active":
            row.next_at = None
    session.flush()
    planning.plan(session, services, [row.id for row in rows], [row.lead_id for row in rows], now)
