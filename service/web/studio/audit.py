"""The audit log, for managers and admins: who did what, when. Lead numbers, never addresses (ACCEPTANCE S4)."""

from __future__ import annotations

from starlette.responses import Response

from service.domain.audit_words import DUTCH
from service.domain.staff import StaffLanguage
from service.errors import InvalidInputError
from service.store import events, staff
from service.store.tables import AuditEntry
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.views import AuditLine, AuditPage

_A_PAGE = 50


def show(visit: Visit) -> Response:
    """`GET /studio/audit`; `?before=` a number: the page of what came before that entry."""
    asked = visit.query("before")
    if asked and not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise InvalidInputError("that is no number of an entry", "Dat is geen nummer van een regel.")
    before = int(asked) if asked else None
    with visit.services.database.reading() as session:
        found = events.audit_log(session, limit=_A_PAGE + 1, before=before)
        names = staff.names(session)
    lines = tuple(_line(visit, each, names) for each in found[:_A_PAGE])
    older = lines[-1].id if len(found) > _A_PAGE else None
    return rendering.render(
        AuditPage(practice=None, frame=visit.frame(), lines=lines, older=older, is_first=before is None)
    )


def _line(visit: Visit, entry: AuditEntry, names: dict[int, str]) -> AuditLine:
    told = {name: _short(value, visit.language) for name, value in entry.details.items() if value not in (None, [])}
    if "staff" in told:
        told["staff"] = names.get(entry.details["staff"], told["staff"])
    return AuditLine(
        id=entry.id,
        at=entry.at,
        who=_who(entry.actor, names),
        what=DUTCH.get(entry.action, entry.action) if visit.language == "nl" else entry.action,
        details=", ".join(f"{name}: {value}" for name, value in told.items()),
    )


def _who(actor: str, names: dict[int, str]) -> str:
    """The name of somebody who logged in; whoever worked at the command line is named as the log has them."""
    kind, _, number = actor.partition(":")
    return names.get(int(number), actor) if kind == "studio" and number.isdigit() else actor


def _short(value: object, language: StaffLanguage) -> str:
    """A list of many by its length: all of it is in `nurture audit --json`."""
    if isinstance(value, bool):
        return {("nl", True): "ja", ("nl", False): "nee", ("en", True): "yes"}.get((language, value), "no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) if len(value) <= 3 else f"[{len(value)}]"
    return str(value)
