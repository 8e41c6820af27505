"""A mail as it is being typed: drawn in a frame of its own, and checked. Nothing is saved here."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import JSONResponse, Response

from service.errors import InvalidInputError, NotFoundError, NurtureError, ProblemsError, UnavailableError
from service.flows import samples
from service.flows.content import TEMPLATES
from service.flows.drafts import Draft
from service.flows.mail_shelf import inside
from service.flows.pictures import Hosted, alone, in_the_dark, in_the_light, text_page
from service.flows.previews import Preview
from service.flows.readers import PREFIX, reader
from service.mail.compose import MailValues, Rendered
from service.web import pages
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.mails.offered import offered
from service.web.studio.mails.typed import Typed, previews, saved, told, typed
from service.web.studio.mails.views import LOOKS, FramePage, Told

_WORD = re.compile(r"\w[\w’'-]*")
_URL = re.compile(r"https?://\S+")
_FOLDER_RULES = frozenset({"mail.words", "mail.unused", "mail.partial-key", "mail.safety-missing"})
"""What only the reading of the whole folder finds; such a finding stands until the file is saved."""


def show(visit: Visit) -> Response:
    """`GET /studio/mails/{name}/preview`: the mail as it was saved."""
    return _in_frame(visit, saved(visit))


def act(visit: Visit) -> Response:
    """`POST /studio/mails/{name}/preview`: the mail as it is being typed. Always a page for a frame."""
    try:
        found = typed(visit)
    except NotFoundError:
        raise
    except NurtureError as error:
        return framed(visit, error=error)
    return _in_frame(visit, found)


def check(visit: Visit) -> Response:
    """`POST /studio/mails/{name}/check`: what is wrong with it, how it stands in an inbox, what can be typed."""
    found = typed(visit)
    draft = visit.desk.draft()
    made = make(visit, draft, found)
    rendered = made.rendered
    answer: dict[str, Any] = {
        "subject": rendered.subject if rendered else "",
        "preheader": rendered.preheader if rendered else "",
        "words": words(rendered),
        "problems": [
            {
                "line": each.line,
                "severity": each.severity,
                "id": each.id,
                "text": f"{each.where}: {each.text}" if each.where else each.text,
                "where": each.where,
                "field": each.field,
            }
            for each in problems(visit, draft, found, made)
        ],
        "fields": offered(draft, visit.services.content_dir, found.name, found.text, visit.language),
    }
    return JSONResponse(answer)


def make(visit: Visit, draft: Draft, found: Typed) -> Preview:
    """It compiled, and filled in for the reader that the form chose."""
    holder = ""
    if found.name.startswith("_"):
        holders = inside(draft, found.name)
        holder = visit.field("in") or visit.query("in") or next(iter(holders), "")
        if holder and holder not in holders:
            raise InvalidInputError("that mail does not show this text", "Die mail heeft dit tekstblok niet.")
    return previews(visit).of(
        draft, visit.services.content_dir, found.name, found.text, values(visit, draft), inside=holder
    )


def values(visit: Visit, draft: Draft) -> MailValues | None:
    """What it is filled in with, by the reader that the form chose; None where the practice cannot be read."""
    practice = samples.practice_of(draft)
    if practice is None:
        return None
    answers = {name.removeprefix(PREFIX): visit.field(name) for name in visit.fields if name.startswith(PREFIX)}
    chosen = reader(draft, visit.field("as") or "lead", answers)
    return samples.values(visit.services, practice, first_name=chosen.first_name, answers=chosen.answers)


def problems(visit: Visit, draft: Draft, found: Typed, made: Preview) -> tuple[Told, ...]:
    """Those of the text as typed, and what the whole folder has against this file."""
    own = f"{TEMPLATES}/{found.name}.md"
    standing = [each for each in draft.problems if each.file == own and each.id in _FOLDER_RULES]
    mine = [each for each in made.problems if not found.name.startswith("_") or each.file == own]
    return told(visit, [*mine, *standing], found.name, text=found.text, begins=found.begins)


def words(rendered: Rendered | None) -> int:
    """Of the text part, without the footer and addresses."""
    return len(_WORD.findall(_URL.sub("", rendered.text.rpartition("-" * 60)[0]))) if rendered else 0


def _in_frame(visit: Visit, found: Typed) -> Response:
    look = visit.field("look") or visit.query("look") or LOOKS[0]
    try:
        if look not in LOOKS:
            raise InvalidInputError("there is no such look", "Zo kan een mail niet getoond worden.")
        draft = visit.desk.draft()
        made = make(visit, draft, found)
    except NurtureError as error:
        return framed(visit, error=error)
    if made.rendered is None:
        errors = tuple(each for each in problems(visit, draft, found, made) if each.severity == "error")
        unread = () if errors else told(visit, draft.errors, found.name, text=found.text, begins=found.begins)
        return framed(visit, problems=errors or unread, status=422)
    hosted = Hosted(url=f"{visit.services.base_url}/media/", images=made.images)
    return pages.mail_frame(page_of(made.rendered, hosted, look))


def page_of(rendered: Rendered, hosted: Hosted, look: str) -> str:
    """The mail in one look, whole: nothing of it is loaded from anywhere."""
    if look == "text":
        return text_page(rendered.text)
    page = alone(rendered.html, hosted, images=look != "images-off")
    return in_the_dark(page) if look == "dark" else in_the_light(page)


def framed(
    visit: Visit,
    *,
    error: NurtureError | None = None,
    problems: tuple[Told, ...] = (),
    good: str = "",
    status: int = 422,
) -> Response:
    """A page for the frame that is no mail: what went wrong, or `good`: what went well."""
    dutch = visit.language == "nl"
    if error is not None:
        status = error.status
        problems = told(visit, error.problems, "", text="", begins=1) if isinstance(error, ProblemsError) else problems
    waits = isinstance(error, UnavailableError)
    title = ("Even geduld" if dutch else "One moment") if waits else ""
    title = title or (("Nog geen voorbeeld" if dutch else "No preview yet") if not good else "")
    page = FramePage(
        frame=visit.frame(),
        title=good or title,
        told=visit.words(error) if error is not None and not problems else "",
        problems=problems,
        good=bool(good),
    )
    body = bytes(rendering.render(page).body).decode()
    response = pages.mail_frame(body)
    response.status_code = 200 if good else status
    return response
