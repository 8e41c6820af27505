"""The doors of this room."""

from __future__ import annotations

from service.domain.staff import Least
from service.web.studio.doors import Door
from service.web.studio.results import pages

_ONE = f"{pages.RESULTS}/{{sequence}}"

DOORS: tuple[Door, ...] = (
    Door(method="GET", path=pages.RESULTS, least=Least.EDITOR, answer=pages.show, query=("weeks",)),
    Door(method="GET", path=_ONE, least=Least.EDITOR, answer=pages.show_one, query=("weeks",)),
    Door(method="POST", path=f"{_ONE}/pause", least=Least.EDITOR, answer=pages.pause),
    Door(method="POST", path=f"{_ONE}/resume", least=Least.MANAGER, answer=pages.resume),
)
