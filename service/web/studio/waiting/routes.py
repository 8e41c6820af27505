"""The doors of this room."""

from __future__ import annotations

from service.domain.staff import Least
from service.web.studio.doors import Door
from service.web.studio.waiting import alerts, mails, people

_CHOICES = ("sent", "resend", "drop")

DOORS: tuple[Door, ...] = (
    Door(method="GET", path=people.PEOPLE, least=Least.EDITOR, answer=people.show, query=("done", "of")),
    Door(
        method="POST",
        path=f"{people.PEOPLE}/request",
        least=Least.MANAGER,
        answer=people.answer_request,
        fields={"request": (), "outcome": (*people.OUTCOMES, people.TRIED), "day": (), "time": (), "tries": ()},
    ),
    Door(
        method="POST",
        path=f"{people.PEOPLE}/read",
        least=Least.MANAGER,
        answer=people.read_answers,
        fields={"lead": (), "upto": ()},
    ),
    Door(method="GET", path=mails.MAILS, least=Least.EDITOR, answer=mails.show, query=("done", "of")),
    Door(
        method="GET",
        path=f"{mails.MAILS}/{{why}}",
        least=Least.EDITOR,
        answer=mails.show_group,
        query=("after", "done", "of"),
    ),
    Door(
        method="POST",
        path="/studio/waiting/decide/group",
        least=Least.MANAGER,
        answer=mails.decide_group,
        fields={"why": (), "choice": _CHOICES, "upto": (), "seen": ()},
    ),
    Door(
        method="POST",
        path="/studio/waiting/decide/one",
        least=Least.MANAGER,
        answer=mails.decide_one,
        fields={"why": (), "message": (), "choice": _CHOICES, "seen": ()},
    ),
    Door(method="GET", path=alerts.ALERTS, least=Least.EDITOR, answer=alerts.show, query=("done",)),
    Door(method="POST", path=f"{alerts.ALERTS}/seen", least=Least.MANAGER, answer=alerts.see_to, fields={"alert": ()}),
)
