"""The audit log, for managers and admins: who did what, when. Lead numbers, never addresses (ACCEPTANCE S4)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from service.domain.audit_words import DUTCH, DUTCH_DETAILS, DUTCH_VALUES
from service.domain.staff import StaffLanguage
from service.errors import InvalidInputError, NotFoundError
from service.store import events, staff
from service.store.tables import AuditEntry
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.views import AuditEntryPage, AuditLine, AuditPage

_A_PAGE = 50
_FIRST = ("staff", "lead", "message", "revision", "before", "after")  # PostgreSQL keeps no order of details
_APART = {"diff", "cut"}  # shown on a page of their own
_PUBLISHED, _HISTORY = {"published", "rolled back"}, "/studio/publish/history"
_OF_OURS = {
    "role",
    "before",
    "after",
    "kind",
    "outcome",
    "way",
    "why",
}  # details whose values are words of ours, and no names


def show(visit: Visit) -> Response:
    """`GET /studio/audit`; `?before=` a number: the page of what came before that entry; of one action, of one person.

    InvalidInputError for an action or a person that there is not.
    """
    before, action, who = _number(visit.query("before")), visit.query("action"), visit.query("who")
    frame = visit.frame()
    with visit.services.database.reading() as session:
        names = staff.names(session)
        if (action and action not in DUTCH) or (who and _person(who) not in names):
            raise InvalidInputError("there is no such action or person", "Die handeling of persoon is er niet.")
        actor = f"studio:{_person(who)}" if who else None
        found = events.audit_log(session, limit=_A_PAGE + 1, before=before, action=action or None, actor=actor)
    lines = tuple(_line(visit, each, names) for each in found[:_A_PAGE])
    asked = {"action": action, "who": who} | ({"before": str(lines[-1].id)} if lines else {})
    page = AuditPage(
        frame=frame,
        lines=lines,
        older=urlencode({name: text for name, text in asked.items() if text}) if len(found) > _A_PAGE else "",
        is_first=before is None,
        actions=tuple(sorted(((each, _what(each, visit.language)) for each in DUTCH), key=lambda pair: pair[1])),
        people=tuple(sorted(((str(number), name) for number, name in names.items()), key=lambda pair: pair[1])),
        action=action,
        who=who,
    )
    return rendering.render(page)


def show_entry(visit: Visit) -> Response:
    """`GET /studio/audit/{entry}`: one entry, with what it changed in the files."""
    asked = visit.request.path_params["entry"]
    if not _is_number(asked):
        raise NotFoundError("that is no number of an entry")
    frame = visit.frame()
    with visit.services.database.reading() as session:
        entry = next(iter(events.audit_log(session, limit=1, before=int(asked) + 1)), None)
        names = staff.names(session)
    if entry is None or entry.id != int(asked):
        raise NotFoundError("there is no such entry")
    diff = entry.details.get("diff") or {}
    files = tuple((file, tuple(text.splitlines()[2:])) for file, text in sorted(diff.items()))
    page = AuditEntryPage(
        frame=frame, line=_line(visit, entry, names), files=files, cut=bool(entry.details.get("cut", False))
    )
    return rendering.render(page)


def _number(text: str) -> int | None:
    if text and not _is_number(text):
        raise InvalidInputError("that is no number of an entry", "Dat is geen nummer van een regel.")
    return int(text) if text else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _person(text: str) -> int:
    return int(text) if _is_number(text) else 0


def _what(action: str, language: StaffLanguage) -> str:
    return DUTCH.get(action, action) if language == "nl" else action


def _line(visit: Visit, entry: AuditEntry, names: dict[int, str]) -> AuditLine:
    shown = {name: value for name, value in entry.details.items() if name not in _APART}
    if entry.action == "retention run":  # a line a day: of what was not there it tells nothing
        shown = {name: value for name, value in shown.items() if value}
    told = {name: _short(value, visit.language) for name, value in shown.items() if value not in (None, [])}
    if visit.language == "nl":
        told |= {name: DUTCH_VALUES.get(told[name], told[name]) for name in _OF_OURS & told.keys()}
    if "staff" in told:
        told["staff"] = names.get(entry.details["staff"], told["staff"])
    is_published = entry.action in _PUBLISHED and {"name", "revision"} <= entry.details.keys()
    return AuditLine(
        id=entry.id,
        at=entry.at,
        who=who(entry.actor, names, visit.language),
        what=_what(entry.action, visit.language),
        details=", ".join(
            f"{_called(name, visit.language)}: {value}" for name, value in sorted(told.items(), key=_place)
        ),
        has_diff=bool(entry.details.get("diff")),
        published=f"{_HISTORY}/{entry.details['name']}/{entry.details['revision']}" if is_published else "",
    )


def _place(detail: tuple[str, str]) -> tuple[int, str]:
    return (_FIRST.index(detail[0]) if detail[0] in _FIRST else len(_FIRST), detail[0])


def _called(name: str, language: StaffLanguage) -> str:
    plain = name.replace("_", " ")
    return DUTCH_DETAILS.get(name, plain) if language == "nl" else plain


def who(actor: str, names: Mapping[int, str], language: StaffLanguage) -> str:
    """The name of somebody who logged in; whoever worked at the command line is named as the log has them."""
    if actor == "first start" and language == "nl":
        return "eerste start"
    kind, _, number = actor.partition(":")
    return names.get(int(number), actor) if kind == "studio" and number.isdigit() else actor


def _short(value: object, language: StaffLanguage) -> str:
    """A list of many by its length: all of it is in `nurture audit --json`."""
    if isinstance(value, bool):
        return {("nl", True): "ja", ("nl", False): "nee", ("en", True): "yes"}.get((language, value), "no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) if len(value) <= 3 else str(len(value))
    return str(value)
