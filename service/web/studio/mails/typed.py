"""What somebody typed in the editor, as the file it would become; and problems of it in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from service.errors import InvalidInputError, NotFoundError, Problem, RefusedError
from service.flows.content import TEMPLATES
from service.flows.content_desk import NEW, OpenFile
from service.flows.mail_editing import FIELDS, apart, as_source, file_of, together
from service.flows.previews import Previews
from service.mail.front_matter import read
from service.web.studio.doors import Visit
from service.web.studio.mails.views import TABS, Told


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The file as it was opened, and its text as it was typed. `begins` is the line that the text field begins on."""

    name: str
    opened: OpenFile
    text: str
    tab: str
    begins: int


def previews(visit: Visit) -> Previews:
    """Where drafts that are not saved are made."""
    return cast("Previews", visit.request.app.state.previews)


def name_of(visit: Visit) -> str:
    """The mail that the path names."""
    return str(visit.request.path_params["name"])


def opened(visit: Visit) -> OpenFile:
    """The file of that mail. NotFoundError where there is none."""
    found = visit.desk.open(file_of(name_of(visit)))
    if found.mark == NEW:
        raise NotFoundError("there is no such mail", "Die mail is er niet.")
    return found


def saved(visit: Visit) -> Typed:
    """The file as it is."""
    found = opened(visit)
    return Typed(name=name_of(visit), opened=found, text=found.text, tab="source", begins=1)


def text_of(found: OpenFile) -> str:
    """The text of a file that is to be saved again. RefusedError where it is no UTF-8: its letters would be lost."""
    try:
        return found.data.decode()
    except UnicodeDecodeError:
        raise RefusedError(
            "the file is no UTF-8; save it as UTF-8 text first",
            "Dit bestand is in een oude codering bewaard. Bewaar het eerst als UTF-8.",
        ) from None


def typed(visit: Visit) -> Typed:
    """What the form says of it. RefusedError where the file cannot be made of that."""
    found = opened(visit)
    tab = visit.field("tab")
    if tab not in TABS:
        raise InvalidInputError("there is no such tab", "Dat tabblad is er niet.")
    name = name_of(visit)
    text_of(found)
    if tab == "source":
        if "source" not in visit.fields:
            raise InvalidInputError("the text is missing", "De tekst ontbreekt.")
        text, begins = as_source(found.text, visit.field("source")), 1
    else:
        if "body" not in visit.fields:
            raise InvalidInputError("the text is missing", "De tekst ontbreekt.")
        fields = {key: visit.field(key) for key in FIELDS if key in visit.fields}
        text = together(found.text, fields, visit.field("body"))
        begins = apart(name, text).begins
    return Typed(name=name, opened=found, text=text, tab=tab, begins=begins)


def told(visit: Visit, problems: Iterable[Problem], name: str, *, text: str, begins: int) -> tuple[Told, ...]:
    """Problems in words, errors first, then by line; lines as they are counted in the text field."""
    head_lines = {line: key for key, line in read(f"{name}.md", text)[0].head_lines.items() if key in FIELDS}
    found = [_told(visit, each, name, head_lines, begins) for each in problems]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.severity, each.where, each.line or 0)))


def _told(visit: Visit, problem: Problem, name: str, head_lines: dict[int, str], begins: int) -> Told:
    words = (visit.language == "nl" and problem.dutch) or problem.message
    if problem.id == "mail.approval":
        words = {
            "nl": "Een behandelaar moet deze tekst nog goedkeuren.",
            "en": "A clinician has still to approve this text.",
        }[visit.language]
    words = words[:1].upper() + words[1:]
    where = problem.file.removeprefix(f"{TEMPLATES}/").removesuffix(".md")
    if where != name:
        return Told(id=problem.id, severity=problem.severity, text=words, where=where)
    line = problem.line - begins + 1 if problem.line else 0
    field = head_lines.get(problem.line or 0, "") if begins > 1 else ""
    return Told(id=problem.id, severity=problem.severity, text=words, line=line if line > 0 else None, field=field)
