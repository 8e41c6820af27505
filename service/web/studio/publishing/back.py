"""Going back to an older revision, byte for byte: its plan first, and the files, so that they do not undo it."""

from __future__ import annotations

from collections.abc import Sequence as Rows
from dataclasses import dataclass, replace

from sqlmodel import Session
from starlette.responses import Response

from service.errors import InvalidInputError, NotFoundError, ProblemsError, RefusedError
from service.flows import publish_plan, publishing, revisions
from service.flows.content_desk import Change
from service.flows.drafts import Draft
from service.flows.plan_shown import Plan
from service.flows.whole_files import as_before
from service.store.tables import Revision
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.publishing import history, parts, planned, publish, saving
from service.web.studio.publishing.views import BackPage

PATH = "/studio/publish/history/{part}/{revision}/back"


@dataclass(frozen=True, kw_only=True)
class _Looked:
    revision: int
    draft: Draft
    found: Rows[publishing.Change]
    live: publishing.Live
    files: dict[str, Change]
    page: BackPage


def show(visit: Visit) -> Response:
    """`GET /studio/publish/history/{part}/{revision}/back`: what would happen."""
    return rendering.render(_look(visit, most=planned.most(visit.query("plan"))).page)


def act(visit: Visit) -> Response:
    """`POST`: publish it again, as the page showed; with `files`, write its files into the content folder too."""
    move = visit.field("move")
    if move not in {"", "stay", "move"} or visit.field("files") not in {"", "yes"}:
        raise InvalidInputError("choose who goes along", "Kies wie er meegaat.")
    looked = _look(visit, most=-1)  # the plan was seen, and need not be reckoned once more
    if looked.page.digest != visit.field("seen"):
        return rendering.render(_again(visit, move=move == "move"), status=409)
    now = visit.services.clock.now()
    try:
        with visit.services.database.transaction() as session:
            made = publishing.publish(
                session,
                visit.services,
                looked.draft,
                looked.found,
                by=visit.me.actor,
                move_leads=move == "move",
                seen=looked.live,
                back_to=looked.revision,
                now=now,
            )
    except RefusedError:  # somebody else published since this very request looked
        return rendering.render(_again(visit, move=move == "move"), status=409)
    except ProblemsError as error:
        told = " ".join(each.told(visit.language) for each in error.problems)
        return rendering.render(replace(_look(visit, most=planned.MOST).page, told=told), status=422)
    publishing.look_again(visit.services, made, now)
    done = f"{publish.PATH}?done={made.revisions[0]}"
    if visit.field("files") == "yes" and looked.files:
        return saving.save(visit, looked.files, done=done, typed=False)
    return see(done)


def _look(visit: Visit, *, most: int | None, move: bool = False) -> _Looked:
    frame, now, desk = visit.frame(), visit.services.clock.now(), visit.desk
    with visit.services.database.reading() as session:
        row = history.found(session, visit)
        older = revisions.to_roll_back_to(session, row.name, row.id)
    files, texts = _files(visit, older)
    with visit.services.database.reading() as session:
        draft = revisions.as_draft(older)
        found, live = publishing.changes(session, draft), publishing.live(session)
        waits = planned.concerned(session, found)
        reckoned = most is None or waits <= most
        plan = publish_plan.plan(session, visit.services, draft, now) if reckoned else None
        page = _page(session, visit, older, plan)
    page = replace(
        page,
        frame=frame,
        files=parts.of(texts, dict(older.source), only=files.keys()),
        writable=desk.writable,
        waits=0 if reckoned else waits,
        digest=planned.digest(found, live, (), sorted((file, change.seen) for file, change in files.items())),
        move=move,
    )
    return _Looked(revision=older.id, draft=draft, found=found, live=live, files=files, page=page)


def _page(session: Session, visit: Visit, older: Revision, plan: Plan | None) -> BackPage:
    return BackPage(
        frame=visit.frame(),
        part=parts.named(older.kind, older.name, older.document),
        line=history.line(session, older, visit.language),
        shown=planned.shown(session, visit.services, plan, visit.language) if plan else None,
        files=(),
        writable=True,
        digest="",
        may=publish.may_publish(session, visit),
    )


def _files(visit: Visit, older: Revision) -> tuple[dict[str, Change], dict[str, str]]:
    """The files of the folder that differ from the revision's, as they are to become; and their text as it is now."""
    changes, texts = {}, {}
    for file, text in revisions.own_files(older).items():
        try:
            there = visit.desk.open(file)
        except NotFoundError:  # named in a way that the studio does not save: it stays as it is
            continue
        data = as_before(there.data, text)
        if there.kept != data:
            changes[file] = Change(data=data, seen=there.mark)
            if there.kept is not None:
                texts[file] = there.text
    return changes, texts


def _again(visit: Visit, *, move: bool) -> BackPage:
    page = _look(visit, most=planned.MOST, move=move).page
    return replace(page, told=publish.AGAIN[1] if visit.language == "nl" else publish.AGAIN[0])
