"""The doors of this room."""

from __future__ import annotations

from service.domain.staff import Least
from service.web.studio.doors import Door
from service.web.studio.publishing import back, choice, download, held, history, publish

_CHOICE = ("stay", "move")

DOORS: tuple[Door, ...] = (
    Door(method="GET", path=publish.PATH, least=Least.EDITOR, answer=publish.show, query=("part", "done", "plan")),
    Door(
        method="POST",
        path=publish.PATH,
        least=Least.MANAGER,
        publishes=True,
        answer=publish.act,
        fields={"part": (), "seen": (), "move": _CHOICE, "override": ("yes",)},
    ),
    Door(
        method="POST",
        path=choice.PATH,
        least=Least.EDITOR,
        answer=choice.act,
        fields={"choice": choice.CHOICES, "held": ()},
        largest=held.LARGEST,
    ),
    Door(
        method="POST",
        path=download.PATH,
        least=Least.EDITOR,
        answer=download.act,
        fields={"file": (), "held": ()},
        largest=held.LARGEST,
    ),
    Door(method="GET", path=history.PATH, least=Least.EDITOR, answer=history.show),
    Door(method="GET", path=f"{history.PATH}/{{part}}", least=Least.EDITOR, answer=history.show_part),
    Door(
        method="GET",
        path=f"{history.PATH}/{{part}}/{{revision}}",
        least=Least.EDITOR,
        answer=history.show_revision,
    ),
    Door(method="GET", path=back.PATH, least=Least.EDITOR, answer=back.show, query=("plan",)),
    Door(
        method="POST",
        path=back.PATH,
        least=Least.MANAGER,
        publishes=True,
        answer=back.act,
        fields={"seen": (), "move": _CHOICE, "files": ("yes",)},
    ),
)
