"""What somebody chose at a conflict, or tried once more."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from service.errors import InvalidInputError
from service.web.studio.doors import Visit, see
from service.web.studio.publishing import held, saving

PATH = "/studio/publish/conflict"
CHOICES = ("mine", "theirs", "merged")


def act(visit: Visit) -> Response:
    """`POST /studio/publish/conflict`: save what was chosen, unless it changed once more: then the page again."""
    choice, kept = visit.field("choice"), held.unseal(visit)
    if choice not in CHOICES:
        raise InvalidInputError("choose which text to keep", "Kies welke tekst je wilt bewaren.")
    if choice == "theirs":
        return see(kept.done)
    merged = kept.merged if choice == "merged" else {}
    changes = {
        file: replace(change, data=merged.get(file, change.data)) if file in merged else change
        for file, change in kept.changes.items()
    }
    return saving.save(visit, changes, done=kept.done, typed=kept.typed)
