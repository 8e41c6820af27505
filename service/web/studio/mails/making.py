"""A new mail, one that goes, and a clinician's yes."""

from __future__ import annotations

from starlette.responses import Response

from service.errors import InvalidInputError, NotFoundError, NurtureError, RefusedError
from service.flows import mail_editing, mail_shelf
from service.flows.content import TEMPLATES
from service.flows.content_desk import NEW, Change
from service.flows.mail_editing import file_of
from service.flows.whole_files import as_before
from service.mail import approvals
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.mails.shelf import MAILS
from service.web.studio.mails.typed import name_of, opened, text_of
from service.web.studio.mails.views import NewPage
from service.web.studio.publishing.saving import save

FIELDS = ("title", "copy")


def show_new(visit: Visit) -> Response:
    """`GET /studio/mails/-/new`; `?copy=`: a mail to begin from."""
    return rendering.render(_page(visit, {"title": "", "copy": visit.query("copy")}))


def make(visit: Visit) -> Response:
    """`POST /studio/mails/-/new`: an empty mail, or a copy of another, as a file of its own."""
    typed = {name: visit.field(name) for name in FIELDS}
    try:
        name, data = _made(visit, typed)
    except (InvalidInputError, RefusedError) as error:
        return rendering.render(_page(visit, typed, told=visit.words(error)), status=422)
    change = Change(data=data.encode(), seen=NEW)
    return save(visit, {file_of(name): change}, done=f"{MAILS}/{name}?done=made")


def delete(visit: Visit) -> Response:
    """`POST /studio/mails/{name}/delete`: only what nothing uses."""
    opened(visit)
    name = name_of(visit)
    if not mail_shelf.is_unused(visit.desk.draft(), name):
        raise RefusedError(
            "this mail is in use; take it out of its sequence first",
            "Deze mail wordt gebruikt. Haal hem eerst uit de reeks of de mail waar hij in staat.",
        )
    return save(visit, {file_of(name): Change(data=None, seen=visit.field("mark"))}, done=f"{MAILS}?done=deleted")


def approve(visit: Visit) -> Response:
    """`POST /studio/mails/{name}/approve`: a clinician's name under the text as it was seen, and under no other."""
    found = opened(visit)
    name = name_of(visit)
    if visit.field("mark") != found.mark:
        raise RefusedError(
            "the text changed since you saw it, so nothing was approved; open the page again and read it",
            "De tekst is veranderd sinds je hem zag. Er is niets goedgekeurd. Open de pagina opnieuw en lees hem.",
        )
    by = visit.field("by")
    if len(by) > _LONGEST:
        raise InvalidInputError("that name is too long", "Die naam is te lang.")
    text = approvals.approve(text_of(found), by=by, on=visit.services.clock.now().date())
    change = Change(data=as_before(found.data, text), seen=visit.field("mark"))
    return save(visit, {file_of(name): change}, done=f"{MAILS}/{name}?done=approved")


_LONGEST = 120


def _made(visit: Visit, typed: dict[str, str]) -> tuple[str, str]:
    """Name and text. InvalidInputError for no name, RefusedError for one that is taken."""
    of = typed["copy"]
    name = mail_editing.new_name(f"_{typed['title'].lstrip('_')}" if of.startswith("_") else typed["title"])
    if visit.desk.open(file_of(name)).mark != NEW:
        raise RefusedError(
            f"there is a mail called {name} already; choose another name",
            f"Er is al een mail die {name} heet. Kies een andere naam.",
        )
    title = " ".join(typed["title"].strip().lstrip("_").split())
    if not of:
        return name, mail_editing.empty(name, dutch_title=title)
    try:
        source = visit.desk.open(file_of(of))
    except NotFoundError:
        source = None
    if source is None or source.mark == NEW:
        raise InvalidInputError("that mail to copy is not there", "De mail om te kopiëren is er niet.")
    text = text_of(source)
    try:
        return name, mail_editing.copy(text)
    except NurtureError:
        return name, text  # its head cannot be read: then no approval can either


def _page(visit: Visit, typed: dict[str, str], *, told: str = "") -> NewPage:
    folder = visit.services.content_dir / TEMPLATES  # the names alone: what stands in them need not be read
    names = sorted(path.stem for path in folder.glob("*.md") if mail_editing.is_name(path.stem))
    return NewPage(
        frame=visit.frame(),
        mails=tuple(each for each in names if not each.startswith("_")),
        partials=tuple(each for each in names if each.startswith("_")),
        typed=typed,
        told=told,
    )
