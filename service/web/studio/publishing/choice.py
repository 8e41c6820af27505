"""What somebody chose at a conflict, or tried once more."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.responses import Response

from service.errors import InvalidInputError
from service.web.studio.doors import Visit, see
from service.web.studio.publishing import held, saving

PATH = "/studio/publish/conflict"
CHOICES = ("mine", "theirs", "merged")
_SAYS = ("done", "saved", "added", "removed")


def act(visit: Visit) -> Response:
    """`POST /studio/publish/conflict`: save what was chosen, unless it changed once more: then the page again."""
    choice, kept = visit.field("choice"), held.unseal(visit)
    if choice not in CHOICES:
        raise InvalidInputError("choose which text to keep", "Kies welke tekst je wilt bewaren.")
    if choice == "theirs":
        return see(_saying_nothing(kept.done))
    merged = kept.merged if choice == "merged" else {}
    changes = {
        file: replace(change, data=merged.get(file, change.data)) if file in merged else change
        for file, change in kept.changes.items()
    }
    return saving.save(visit, changes, done=kept.done, typed=kept.typed)


def _saying_nothing(done: str) -> str:
    """The page to go on to, which is not to say that the files were changed; what was published just now was."""
    parts = urlsplit(done)
    left = [
        (name, value)
        for name, value in parse_qsl(parts.query)
        if name not in _SAYS or (name == "done" and value.isdigit())
    ]
    return urlunsplit(parts._replace(query=urlencode(left)))
