"""The doors of this room."""

from __future__ import annotations

from service.domain.staff import Least
from service.store.lead_list import STANDS
from service.web.studio.doors import Door
from service.web.studio.leads import acts, erasing, listing, mails, one, taking
from service.web.studio.leads.wanted import FILTERS

_LEAD = "/studio/leads/{lead}"
_ON = ("", "1")

DOORS: tuple[Door, ...] = (
    Door(
        method="GET",
        path=listing.LEADS,
        least=Least.EDITOR,
        answer=listing.show,
        query=(*FILTERS, "before"),
    ),
    Door(method="POST", path=listing.LEADS, least=Least.EDITOR, answer=listing.search, fields={"q": ()}),
    Door(
        method="POST",
        path="/studio/leads.csv",
        least=Least.MANAGER,
        answer=taking.take_list,
        fields={
            "stand": ("", *STANDS),
            "sequence": (),
            "since": (),
            "suppressed": _ON,
            "asked": _ON,
            "booked": _ON,
            "search": (),
        },
    ),
    Door(method="GET", path=_LEAD, least=Least.EDITOR, answer=one.show, query=("done",)),
    Door(
        method="POST",
        path=_LEAD,
        least=Least.MANAGER,
        answer=acts.act,
        fields={"action": acts.ACTIONS, "mark": (), "until": (), "day": (), "time": ()},
    ),
    Door(method="GET", path=f"{_LEAD}/mails/{{mail}}", least=Least.MANAGER, answer=mails.show),
    Door(method="GET", path=f"{_LEAD}/mails/{{mail}}/html", least=Least.MANAGER, answer=mails.inside),
    Door(
        method="POST",
        path=f"{_LEAD}/export",
        least=Least.MANAGER,
        answer=taking.take_export,
        fields={"shape": taking.SHAPES, "mark": ()},
    ),
    Door(
        method="POST",
        path=f"{_LEAD}/receipt",
        least=Least.MANAGER,
        answer=taking.take_receipt,
        fields={"shape": taking.SHAPES, "mark": ()},
    ),
    Door(method="GET", path=f"{_LEAD}/erase", least=Least.MANAGER, answer=erasing.show),
    Door(
        method="POST", path=f"{_LEAD}/erase", least=Least.MANAGER, answer=erasing.act, fields={"number": (), "mark": ()}
    ),
)
