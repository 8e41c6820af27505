"""The doors of this room."""

from __future__ import annotations

from service.domain.staff import Least
from service.flows.mail_editing import FIELDS
from service.flows.readers import NAMES
from service.web.studio.doors import Door
from service.web.studio.mails import editing, history, making, media_routes, preview, shelf, testing
from service.web.studio.mails.views import LOOKS, TABS

_MAIL = "/studio/mails/{name}"
_LARGEST = 512 * 1024
_TYPED = {"tab": TABS, **dict.fromkeys(FIELDS, ()), "body": (), "source": (), "mark": ()}
_SEEN_AS = {"look": LOOKS, "as": tuple(NAMES), "in": ()}

DOORS: tuple[Door, ...] = (
    *media_routes.DOORS,
    Door(method="GET", path=shelf.MAILS, least=Least.EDITOR, answer=shelf.show, query=("done",)),
    Door(method="GET", path="/studio/mails/-/new", least=Least.EDITOR, answer=making.show_new, query=("copy",)),
    Door(
        method="POST",
        path="/studio/mails/-/new",
        least=Least.EDITOR,
        answer=making.make,
        fields=dict.fromkeys(making.FIELDS, ()),
    ),
    Door(method="GET", path=_MAIL, least=Least.EDITOR, answer=editing.show, query=("tab", "done")),
    Door(method="POST", path=_MAIL, least=Least.EDITOR, answer=editing.act, fields=_TYPED, largest=_LARGEST),
    Door(method="GET", path=f"{_MAIL}/preview", least=Least.EDITOR, answer=preview.show, query=("look", "in")),
    Door(
        method="POST",
        path=f"{_MAIL}/preview",
        least=Least.EDITOR,
        answer=preview.act,
        fields={**_TYPED, **_SEEN_AS},
        largest=_LARGEST,
    ),
    Door(
        method="POST",
        path=f"{_MAIL}/check",
        least=Least.EDITOR,
        answer=preview.check,
        fields={**_TYPED, **_SEEN_AS},
        largest=_LARGEST,
    ),
    Door(
        method="POST",
        path=f"{_MAIL}/test",
        least=Least.EDITOR,
        answer=testing.act,
        fields={**_TYPED, **_SEEN_AS, "to": ()},
        largest=_LARGEST,
    ),
    Door(method="GET", path=f"{_MAIL}/history", least=Least.EDITOR, answer=history.show, query=("old", "new")),
    Door(method="GET", path=f"{_MAIL}/history/{{revision}}", least=Least.EDITOR, answer=history.draw),
    Door(
        method="POST",
        path=f"{_MAIL}/restore",
        least=Least.EDITOR,
        answer=history.restore,
        fields={"revision": (), "mark": ()},
    ),
    Door(
        method="POST",
        path=f"{_MAIL}/approve",
        least=Least.MANAGER,
        answer=making.approve,
        fields={"by": (), "mark": ()},
    ),
    Door(method="POST", path=f"{_MAIL}/delete", least=Least.EDITOR, answer=making.delete, fields={"mark": ()}),
)
