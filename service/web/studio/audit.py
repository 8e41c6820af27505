"""The audit log, for managers and admins: who did what, when. Lead numbers, never addresses (ACCEPTANCE S4)."""

from __future__ import annotations

from starlette.responses import Response

from service.domain.audit_words import DUTCH, DUTCH_DETAILS, DUTCH_VALUES
from service.domain.staff import StaffLanguage
from service.errors import InvalidInputError
from service.store import events, staff
from service.store.tables import AuditEntry
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.views import AuditLine, AuditPage

_A_PAGE = 50
_FIRST = ("staff", "lead", "message", "revision", "before", "after")  # PostgreSQL keeps no order of details
_OF_OURS = {"role", "before", "after", "kind"}  # details whose values are words of ours, and no names


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
    if visit.language == "nl":
        told |= {name: DUTCH_VALUES.get(told[name], told[name]) for name in _OF_OURS & told.keys()}
    if "staff" in told:
        told["staff"] = names.get(entry.details["staff"], told["staff"])
    return AuditLine(
        id=entry.id,
        at=entry.at,
        who=who(entry.actor, names),
        what=DUTCH.get(entry.action, entry.action) if visit.language == "nl" else entry.action,
        details=", ".join(
            f"{_called(name, visit.language)}: {value}" for name, value in sorted(told.items(), key=_place)
        ),
    )


def _place(detail: tuple[str, str]) -> tuple[int, str]:
    return (_FIRST.index(detail[0]) if detail[0] in _FIRST else len(_FIRST), detail[0])


def _called(name: str, language: StaffLanguage) -> str:
    plain = name.replace("_", " ")
    return DUTCH_DETAILS.get(name, plain) if language == "nl" else plain


def who(actor: str, names: dict[int, str]) -> str:
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
