"""What leads agree to: the words, their versions, how many agreed; the proof of it; and changing the words."""

from __future__ import annotations

from typing import cast
from unicodedata import category

from starlette.responses import Response

from service.errors import InvalidInputError, NotFoundError, RefusedError
from service.flows import consent_texts, receipts
from service.flows.consent_texts import Counts
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.languages import sentence
from service.web.studio.settings.files import FORMS, Opened, kept, opened, raise_unless_readable
from service.web.studio.settings.views import ChainShown, ConsentPage, ConsentTextsPage

PATH = "/studio/settings/consent"
FIELDS = ("mark", "advice", "follow_up", "version")


def show(visit: Visit) -> Response:
    """`GET /studio/settings/consent`."""
    return rendering.render(_page(visit))


def check(visit: Visit) -> Response:
    """`POST /studio/settings/consent`: walk the chain of receipts, from the first to the last. Changes nothing."""
    with visit.services.database.reading() as session:
        found = receipts.verify(session)
    broken = found.broken
    told = "" if broken is None else sentence(broken.dutch if visit.language == "nl" else broken.english)
    chain = ChainShown(receipts=found.end.count, blanked=found.blanked, end=str(found.end), broken=told)
    return rendering.render(_page(visit, chain=chain))


def show_texts(visit: Visit) -> Response:
    """`GET /studio/settings/consent/{form}`."""
    return rendering.render(_texts_page(visit, opened(visit, FORMS)))


def act(visit: Visit) -> Response:
    """`POST /studio/settings/consent/{form}`: other words, under a version of their own."""
    before = opened(visit, FORMS)
    raise_unless_readable(before)
    name = visit.request.path_params["form"]
    advice, follow_up = (_words(visit.field(each)) for each in ("advice", "follow_up"))
    with visit.services.database.reading() as session:
        published = consent_texts.history(session)
    try:
        after = consent_texts.with_texts(
            before.text,
            name,
            advice=advice,
            follow_up=follow_up,
            version=visit.field("version").strip(),
            published=published,
        )
    except (InvalidInputError, RefusedError) as error:
        page = _texts_page(visit, before, typed=(advice, follow_up), told=visit.words(error))
        return rendering.render(page, status=422)
    return kept(visit, FORMS, before, after, done=PATH)


def _words(text: str) -> str:
    """One paragraph, without control characters that came along in a paste: it stands beside a box to tick."""
    return " ".join("".join(" " if category(sign) == "Cc" else sign for sign in text).split())


def _page(visit: Visit, *, chain: ChainShown | None = None) -> ConsentPage:
    services, file = visit.services, opened(visit, FORMS)
    drafted, _ = consent_texts.drafted(file.text)
    forms = drafted.forms if drafted else {}
    counts = cast("Counts", visit.request.app.state.consent_counts).read(services.database)
    with services.database.reading() as session:
        wordings = consent_texts.history(session)
    return ConsentPage(
        frame=visit.frame(),
        wordings=wordings,
        counts=counts,
        forms=tuple(forms),
        drafted=tuple(name for name, form in forms.items() if consent_texts.is_changed(form.consent, wordings, name)),
        chain=chain,
        unreadable=file.unreadable,
    )


def _texts_page(
    visit: Visit, file: Opened, *, typed: tuple[str, str] | None = None, told: str = ""
) -> ConsentTextsPage:
    name = visit.request.path_params["form"]
    drafted, _ = consent_texts.drafted(file.text)
    form = drafted.forms.get(name) if drafted else None
    if form is None:
        raise NotFoundError("there is no such form", "Dat formulier is er niet.")
    with visit.services.database.reading() as session:
        known = [each.version for each in consent_texts.history(session) if each.form == name]
    now = form.consent.advice.version
    offered = consent_texts.next_version(known, visit.now.year)
    return ConsentTextsPage(
        frame=visit.frame(),
        form=name,
        mark=visit.field("mark") or file.mark,
        advice=typed[0] if typed else form.consent.advice.text,
        follow_up=typed[1] if typed else form.consent.follow_up.text,
        # What is not published yet may keep the version that was made for it.
        version=offered if now in known else now,
        now=now,
        told=told,
    )
