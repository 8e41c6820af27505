"""The published versions of a mail: who, when, what changed, and back to one of them."""

from __future__ import annotations

import re

from starlette.responses import Response

from service.errors import InvalidInputError, NotFoundError
from service.flows import samples
from service.flows.content_desk import Change
from service.flows.mail_editing import file_of
from service.flows.mail_history import Version, difference, versions
from service.flows.pictures import Hosted
from service.flows.whole_files import as_before
from service.mail.compiled import CompiledMail
from service.mail.compose import HeldMailError, render
from service.store import media, sequences, staff
from service.web import pages
from service.web.studio import rendering
from service.web.studio.audit import who
from service.web.studio.doors import Visit
from service.web.studio.mails.preview import framed, page_of
from service.web.studio.mails.shelf import MAILS
from service.web.studio.mails.typed import name_of, opened
from service.web.studio.mails.views import HistoryPage, VersionShown
from service.web.studio.publishing.saving import save

_NUMBER = re.compile(r"[0-9]{1,9}")


def show(visit: Visit) -> Response:
    """`GET /studio/mails/{name}/history`; `?old=` and `?new=`: revisions to compare, `new` 0 for the draft."""
    found = opened(visit)
    name = name_of(visit)
    with visit.services.database.reading() as session:
        there = versions(session, name)
        names = staff.names(session)
    draft_differs = not there or there[0].text != _plain(found.text)
    old, new = _chosen(visit, there, draft_differs=draft_differs)
    before = next((each for each in there if each.revision == old), None)
    after = next((each for each in there if each.revision == new), None)
    texts = (before.text if before else "", after.text if after else _plain(found.text))
    page = HistoryPage(
        frame=visit.frame(),
        name=name,
        is_partial=name.startswith("_"),
        mark=found.mark,
        versions=tuple(VersionShown(version=each, who=who(each.by, names, visit.language)) for each in there),
        old=old,
        new=new,
        lines=difference(*texts) if old is not None else (),
        drawn_old=before.drawn if before else None,
        drawn_new=after.drawn if after else None,
        draft_differs=draft_differs,
        writable=visit.desk.writable,
    )
    return rendering.render(page)


def draw(visit: Visit) -> Response:
    """`GET /studio/mails/{name}/history/{revision}`: the mail as that revision has it, for a frame."""
    opened(visit)
    name, revision = name_of(visit), _number(str(visit.request.path_params["revision"]))
    with visit.services.database.reading() as session:
        row = sequences.find(session, revision) if revision else None
        if row is None or name not in row.compiled:
            raise NotFoundError("no such version of it", "Die versie is er niet.")
        compiled = CompiledMail.model_validate(row.compiled[name])
        _, practice = visit.services.published.live_practice(session)
        shown = (media.by_name(session, each.name) for each in compiled.images)
        images = {each.name: each.data for each in shown if each is not None}
    given = samples.values(visit.services, practice.model_dump(mode="json"))
    try:
        rendered = render(compiled, given if compiled.for_lead else given.for_practice())
    except HeldMailError as error:
        return framed(visit, error=error)
    hosted = Hosted(url=f"{visit.services.base_url}/media/", images=images)
    return pages.mail_frame(page_of(rendered, hosted, "phone"))


def restore(visit: Visit) -> Response:
    """`POST /studio/mails/{name}/restore`: the text of a version becomes the draft. Nothing is published by it."""
    found = opened(visit)
    name, revision = name_of(visit), _number(visit.field("revision"))
    with visit.services.database.reading() as session:
        version = next((each for each in versions(session, name) if each.revision == revision), None)
    if version is None:
        raise NotFoundError("no such version of it", "Die versie is er niet.")
    change = Change(data=as_before(found.data, version.text), seen=visit.field("mark"))
    return save(visit, {file_of(name): change}, done=f"{MAILS}/{name}?done=restored", typed=False)


def _chosen(visit: Visit, there: tuple[Version, ...], *, draft_differs: bool) -> tuple[int | None, int | None]:
    """The two to compare: those asked for, else the newest change there is."""
    known = {each.revision for each in there}
    asked_old, asked_new = visit.query("old"), visit.query("new")
    if asked_old or asked_new:
        old, new = _number(asked_old), _number(asked_new or "0")
        if old not in known or (new and new not in known):
            raise InvalidInputError("there is no such version", "Die versie is er niet.")
        return old, new
    if draft_differs and there:
        return there[0].revision, 0
    return (there[1].revision, there[0].revision) if len(there) > 1 else (None, None)


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0


def _plain(text: str) -> str:
    """As a revision keeps it: read without a byte order mark, line ends as LF (`flows/content.py`)."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")
