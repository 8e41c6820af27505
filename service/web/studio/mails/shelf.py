"""Every mail and partial, as cards: by the sequence that sends them, in the order in which leads get them."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from service.errors import InvalidInputError
from service.flows.mail_shelf import Shelved, shelf
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.mails.views import Card, Group, ShelfPage

MAILS = "/studio/mails"
DONE = ("", "deleted")


def show(visit: Visit) -> Response:
    """`GET /studio/mails`."""
    done = visit.query("done")
    if done not in DONE:
        raise InvalidInputError("this page knows no such question", "Die vraag kent deze pagina niet.")
    draft = visit.desk.draft()
    with visit.services.database.reading() as session:
        found = shelf(session, draft)
    by_name = {each.name: each for each in found}
    groups = tuple(
        Group(
            name=sequence.name,
            title=sequence.title,
            cards=tuple(
                Card(mail=by_name[name], step=place, variant=_variant(by_name[name], sequence.name, place))
                for place, step in enumerate(sequence.steps, 1)
                for name in step.template_names
                if name in by_name
            ),
        )
        for sequence in draft.content.sequences.values()
    )
    page = ShelfPage(
        frame=visit.frame(),
        groups=groups,
        service=_cards(each for each in found if each.is_service and not each.is_partial),
        partials=_cards(each for each in found if each.is_partial and not each.is_unused),
        unused=_cards(each for each in found if each.is_unused),
        writable=visit.desk.writable,
        done=done,
    )
    return rendering.render(page)


def _cards(mails: Iterable[Shelved]) -> tuple[Card, ...]:
    return tuple(Card(mail=each) for each in mails)


def _variant(mail: Shelved, sequence: str, place: int) -> str:
    return next((use.variant for use in mail.uses if (use.sequence, use.place) == (sequence, place)), "")
