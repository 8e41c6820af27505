"""What differs from what is live, what publishing it would do to those under way, and publishing it."""

from __future__ import annotations

from collections.abc import Sequence as Rows
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from sqlmodel import Session
from starlette.responses import Response

from service.domain.staff import Least
from service.errors import InvalidInputError, NotFoundError, Problem, ProblemsError, RefusedError
from service.flows import open_forms, publish_plan, publishing, studio_settings
from service.flows.content_lint import replied_unread
from service.flows.drafts import Draft
from service.flows.publishing import Change, Live
from service.store import events, sequences
from service.store.tables import AuditEntry
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.publishing import parts, planned
from service.web.studio.publishing.views import Done, PublishPage

PATH = "/studio/publish"
_LOOKED_BACK = 200  # entries of the audit log, to say what was just done
AGAIN = (
    "Something changed since you saw this plan, so nothing was published. This is the plan as it is now.",
    "Er is iets veranderd sinds je dit plan zag, dus er is niets gepubliceerd. Dit is het plan zoals het nu is.",
)
LIVE = (
    "There is nothing left to publish: what stands in the files is live.",
    "Er is niets meer te publiceren: wat in de bestanden staat, staat live.",
)
"""Also what a second press on the button reads, where the first has published it."""
_NAMED = (
    "There are warnings. Say that you have seen them before you publish.",
    "Er zijn waarschuwingen. Zet eerst het vinkje dat je ze gezien hebt.",
)


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """One look at draft and database, and the page of it."""

    draft: Draft
    found: Rows[Change]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    live: Live
    page: PublishPage


def may_publish(session: Session, visit: Visit) -> bool:
    """Managers and admins may; editors where an admin settled so."""
    least = Least.EDITOR if studio_settings.read(session).editors_publish else Least.MANAGER
    return visit.me.level >= least


def show(visit: Visit) -> Response:
    """`GET /studio/publish`; `?part=` for some of it alone, `?done=` a revision that was published just now."""
    names = tuple(parse_qs(visit.request.url.query, keep_blank_values=True).get("part", []))
    most = planned.most(visit.query("plan"))
    return rendering.render(_look(visit, names, most=most, done=_number(visit.query("done"))).page)


def act(visit: Visit) -> Response:
    """`POST /studio/publish`: what the page showed, and nothing else: 409 and the new plan where it changed since."""
    names, move, override = tuple(visit.fields.get("part", ())), visit.field("move"), visit.field("override") == "yes"
    if move not in {"", "stay", "move"}:
        raise InvalidInputError("choose who goes along", "Kies wie er meegaat.")

    def again(status: int, told: tuple[str, str] = ("", ""), errors: Rows[Problem] = ()) -> Response:
        page = _look(visit, names, most=planned.MOST, move=move == "move").page
        told = LIVE if told == AGAIN and not page.found else told
        words = told[1] if visit.language == "nl" else told[0]
        return rendering.render(replace(page, told=words, errors=(*page.errors, *errors)), status=status)

    looked = _look(visit, names, most=-1)  # the plan was seen, and need not be reckoned once more
    if looked.errors:
        return again(422)
    if not looked.found or looked.page.digest != visit.field("seen"):
        return again(409, AGAIN)
    if looked.warnings and not override:
        return again(422, _NAMED)
    now = visit.services.clock.now()
    try:
        with visit.services.database.transaction() as session:
            made = publishing.publish(
                session,
                visit.services,
                looked.draft,
                looked.found,
                by=visit.me.actor,
                override_by=visit.me.name if looked.warnings else None,
                move_leads=move == "move",
                seen=looked.live,
                now=now,
            )
    except RefusedError:  # somebody else published since this very request looked
        return again(409, AGAIN)
    except ProblemsError as error:
        return again(422, errors=error.problems)
    publishing.look_again(visit.services, made, now)
    return see(f"{PATH}?done={made.revisions[0]}")


def _look(visit: Visit, names: Rows[str], *, most: int | None, move: bool = False, done: int | None = None) -> _Looked:
    """The files are compiled before the database is read, and nothing is locked.

    The plan is reckoned where it concerns at most so many leads, None: however many.
    """
    draft = visit.desk.draft()
    if unknown := set(names) - {part.name for part in draft.parts}:
        raise InvalidInputError(
            f"there is nothing to publish by {len(unknown)} of these names", "Zo heet geen onderdeel om te publiceren."
        )
    warnings = (*draft.warnings, *replied_unread(draft.content, reply_mailbox=visit.services.reply_mailbox is not None))
    errors, plan = list(draft.errors), None
    frame, now = visit.frame(), visit.services.clock.now()
    with visit.services.database.reading() as session:
        every = publishing.changes(session, draft)
        found = [each for each in every if not names or each.part.name in names]
        if not errors:
            errors = _refused(session, visit, draft, found)
        waits = 0 if errors else planned.concerned(session, found)
        if found and not errors and (most is None or waits <= most):
            plan = publish_plan.plan(session, visit.services, draft, now, names)
        live = publishing.live(session)
        page = PublishPage(
            frame=frame,
            found=tuple(every),
            parts=tuple(parts.shown(each.part) for each in every),
            chosen=frozenset(each.part.name for each in found),
            files=parts.differing(session, found),
            errors=tuple(errors),
            warnings=warnings,
            shown=planned.shown(session, visit.services, plan, visit.language) if plan is not None else None,
            waits=waits if plan is None else 0,
            digest=planned.digest(found, live, warnings),
            may=may_publish(session, visit),
            move=move,
        )
        if done is not None:
            page = _done(session, page, done)
    return _Looked(draft=draft, found=found, errors=tuple(errors), warnings=warnings, live=live, page=page)


def _refused(session: Session, visit: Visit, draft: Draft, found: Rows[Change]) -> list[Problem]:
    """What keeps it from being published though every file can be read: warnings are for whoever answers for them."""
    try:
        publishing.refuse_unsafe(draft, production=visit.services.production, override_by=visit.me.name)
        publishing.refuse_keys(session, draft, found)
        open_forms.refuse_closing(session, visit.services, [change.part for change in found])
    except ProblemsError as error:
        return list(error.problems)
    return []


def _done(session: Session, page: PublishPage, revision: int) -> PublishPage:
    """With what was published together with this revision. NotFoundError where there is no such revision."""
    every = sequences.noted(session)
    mine = next((each for each in every if each.id == revision), None)
    if mine is None:
        raise NotFoundError("there is no such revision")
    log = {entry.details.get("revision"): entry for entry in _log(session)}
    together = [
        each for each in every if (each.published_at, each.published_by) == (mine.published_at, mine.published_by)
    ]
    done = tuple(
        Done(
            part=parts.named(each.kind, each.name, each.document),
            revision=each.id,
            moved=log[each.id].details.get("moved", 0) if each.id in log else 0,
            back_to=log[each.id].details.get("back_to") if each.id in log else None,
        )
        for each in reversed(together)
    )
    return replace(page, done=done, done_at=mine.published_at)


def _log(session: Session) -> list[AuditEntry]:
    return [
        entry
        for action in ("published", "rolled back")
        for entry in events.audit_log(session, limit=_LOOKED_BACK, action=action)
    ]


def _number(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInputError("that is no number of a revision", "Dat is geen nummer van een versie.")
    return int(text) if text else None
