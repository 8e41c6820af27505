"""What was ever published: who, when, what it changed, and over which warnings."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Rows
from itertools import groupby

from sqlmodel import Session
from starlette.responses import Response

from service.domain.staff import StaffLanguage
from service.errors import NotFoundError
from service.flows import revisions
from service.store import enrolments, events, sequences, staff
from service.store.tables import AuditEntry, Revision
from service.web.studio import rendering
from service.web.studio.audit import who
from service.web.studio.doors import Visit
from service.web.studio.publishing import parts
from service.web.studio.publishing.views import HistoryPage, RevisionLine, RevisionPage

PATH = "/studio/publish/history"
_SHOWN = 8  # of each part, on the page of all
_LOG = 2_000  # entries of the audit log; who published before that is in the revision itself
_ORDER = ("sequence", "mails", "forms", "practice")


def show(visit: Visit) -> Response:
    """`GET /studio/publish/history`."""
    with visit.services.database.reading() as session:
        rows = sequences.noted(session)
        lines = _lines(session, rows, visit.language)
        found = []
        more = set()
        by_part = sorted(rows, key=lambda row: (_ORDER.index(row.kind), row.name, -row.id))
        for (kind, name), group in groupby(by_part, key=lambda row: (row.kind, row.name)):
            mine = list(group)
            found.append((parts.named(kind, name, _document(mine[0])), tuple(lines[row.id] for row in mine[:_SHOWN])))
            if len(mine) > _SHOWN:
                more.add(name)
    return rendering.render(HistoryPage(frame=visit.frame(), parts=tuple(found), more=frozenset(more)))


def show_part(visit: Visit) -> Response:
    """`GET /studio/publish/history/{part}`: all of them. NotFoundError where nothing was published by that name."""
    name = visit.request.path_params["part"]
    with visit.services.database.reading() as session:
        rows = sequences.noted(session, name)
        if not rows:
            raise NotFoundError("nothing was published by that name")
        lines = _lines(session, rows, visit.language)
        one = parts.named(rows[0].kind, name, _document(rows[0]))
    shown = ((one, tuple(lines[row.id] for row in rows)),)
    return rendering.render(HistoryPage(frame=visit.frame(), parts=shown, one=one))


def show_revision(visit: Visit) -> Response:
    """`GET /studio/publish/history/{part}/{revision}`."""
    with visit.services.database.reading() as session:
        row = found(session, visit)
        rows = sequences.noted(session, row.name)
        older = next((each for each in rows if each.id < row.id), None)
        entry = _log(session).get(row.id)
        page = RevisionPage(
            frame=visit.frame(),
            part=parts.named(row.kind, row.name, row.document),
            line=_lines(session, rows, visit.language)[row.id],
            warnings=tuple(sorted(set(entry.details.get("warnings") or ()))) if entry else (),
            before=older.id if older else None,
            files=parts.between(older, row) if older else (),
            can_go_back=row.hash != rows[0].hash,
        )
    return rendering.render(page)


def found(session: Session, visit: Visit) -> Revision:
    """The revision that the path names. NotFoundError for any other."""
    name, number = visit.request.path_params["part"], visit.request.path_params["revision"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFoundError("that is no number of a revision")
    return revisions.find(session, name, int(number))


def line(session: Session, row: Revision, language: StaffLanguage) -> RevisionLine:
    """One revision as a line."""
    return _lines(session, sequences.noted(session, row.name), language)[row.id]


def _document(row: Revision) -> Mapping[str, object]:
    """Read along only where the title stands in it."""
    return row.document if row.kind == "sequence" else {}


def _lines(session: Session, rows: Rows[Revision], language: StaffLanguage) -> dict[int, RevisionLine]:
    under_way, names, log = enrolments.count_by_revision(session), staff.names(session), _log(session)
    live = set(sequences.live_ids(session).values())
    oldest: dict[tuple[str, str, str], int] = {}
    for row in reversed(rows):
        oldest.setdefault((row.kind, row.name, row.hash), row.id)
    lines = {}
    for row in rows:
        same, told = oldest[row.kind, row.name, row.hash], log[row.id].details if row.id in log else {}
        lines[row.id] = RevisionLine(
            id=row.id,
            at=row.published_at,
            who=who(row.published_by, names, language),
            live=row.id in live,
            under_way=under_way.get(row.id, 0),
            same_as=same if same != row.id else None,
            override_by=told.get("override_by") or "",
            back_to=told.get("back_to"),
        )
    return lines


def _log(session: Session) -> dict[int, AuditEntry]:
    """Revision -> how it came to be."""
    return {
        entry.details["revision"]: entry
        for action in ("published", "rolled back")
        for entry in events.audit_log(session, limit=_LOG, action=action)
        if "revision" in entry.details
    }
