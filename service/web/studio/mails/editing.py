"""The page a mail is written on, and saving it."""

from __future__ import annotations

from starlette.responses import Response

from service.domain.mailbox import parse_mailbox
from service.errors import InvalidInputError, Problem
from service.flows import mail_shelf, mail_trials
from service.flows.content import TEMPLATES
from service.flows.content_desk import Change
from service.flows.drafts import SERVICE_MAILS, Draft
from service.flows.kept_mails import included
from service.flows.mail_editing import apart, file_of
from service.flows.readers import asked
from service.mail.approvals import approval, needed
from service.mail.compose import HeldMailError, Rendered, render
from service.web import editor_script
from service.web.studio import rendering
from service.web.studio.doors import Visit, see
from service.web.studio.mails.preview import values, words
from service.web.studio.mails.shelf import MAILS
from service.web.studio.mails.typed import Typed, previews, saved, told, typed
from service.web.studio.mails.views import TABS, EditPage, Inbox, Recipient
from service.web.studio.publishing.saving import save

DONE = ("", "saved", "same", "approved", "restored", "made")


def show(visit: Visit) -> Response:
    """`GET /studio/mails/{name}`; `?tab=source`: the whole file in one field."""
    tab, done = visit.query("tab") or TABS[0], visit.query("done")
    if tab not in TABS or done not in DONE:
        raise InvalidInputError("this page knows no such question", "Die vraag kent deze pagina niet.")
    found = saved(visit)
    previews(visit).warm()
    return rendering.render(_page(visit, found, tab=tab, done=done))


def act(visit: Visit) -> Response:
    """`POST /studio/mails/{name}`: save it as it was typed."""
    found = typed(visit)
    tab = "&tab=source" if found.tab == "source" else ""
    here = f"{MAILS}/{found.name}"
    if found.text == found.opened.text and visit.field("mark") == found.opened.mark:
        return see(f"{here}?done=same{tab}")
    change = Change(data=found.text.encode(), seen=visit.field("mark"))
    return save(visit, {file_of(found.name): change}, done=f"{here}?done=saved{tab}")


def _page(visit: Visit, found: Typed, *, tab: str, done: str) -> EditPage:
    draft = visit.desk.draft()
    name, text = found.name, found.text
    pieces = apart(name, text)
    if not pieces.readable:
        tab = "source"
    begins = pieces.begins if tab == "text" else 1
    own = f"{TEMPLATES}/{name}.md"
    rendered = _rendered(visit, draft, name)
    with visit.services.database.reading() as session:
        people = mail_trials.recipients(session, visit.me)
    return EditPage(
        frame=visit.frame(),
        name=name,
        tab=tab,
        mark=found.opened.mark,
        fields=dict(pieces.fields) if pieces.readable else None,
        text=pieces.body if tab == "text" else text,
        is_partial=pieces.is_partial,
        is_service=name in SERVICE_MAILS,
        is_unused=mail_shelf.is_unused(draft, name),
        uses=mail_shelf.uses(draft, name),
        holders=mail_shelf.inside(draft, name) if pieces.is_partial else (),
        problems=told(visit, _problems(draft, name, own), name, text=text, begins=begins),
        inbox=Inbox(
            sender=parse_mailbox(visit.services.mail_from).name or _practice(draft),
            subject=rendered.subject if rendered else pieces.fields["subject"],
            preheader=rendered.preheader if rendered else pieces.fields["preheader"],
        ),
        words=words(rendered),
        approval=approval(text) if needed(text) else None,
        asked=asked(draft),
        recipients=tuple(Recipient(id=each.id, name=each.name, address=each.address or "") for each in people),
        me=visit.me.id,
        writable=visit.desk.writable,
        bundle=editor_script.url(),
        done=done,
    )


def _problems(draft: Draft, name: str, own: str) -> list[Problem]:
    """Those of the file itself, and of the partials in a mail that wait for an approval."""
    within = {f"{TEMPLATES}/{each}.md" for each in included(draft.content.templates, name)}
    return [each for each in draft.problems if each.file == own or (each.file in within and not name.startswith("_"))]


def _rendered(visit: Visit, draft: Draft, name: str) -> Rendered | None:
    """The saved mail as its usual reader gets it; None where it cannot be made."""
    compiled = draft.mails.get(name)
    given = values(visit, draft)
    if compiled is None or given is None:
        return None
    try:
        return render(compiled, given if compiled.for_lead else given.for_practice())
    except HeldMailError:
        return None


def _practice(draft: Draft) -> str:
    return draft.content.practice.name if draft.content.practice else ""
