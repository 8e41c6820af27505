"""What staff ask of the list: read from a query or a form, allow-listed, and written back into links (ACCEPTANCE E7).

An address that was searched for stands in no URL in the clear: links hold it encrypted, for whoever searched alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import cast, get_args
from urllib.parse import urlencode

from service.domain.calendar import Calendar
from service.errors import InvalidInputError
from service.flows import staff_secrets
from service.store.lead_list import Stand, Wanted
from service.web.studio.doors import Visit

FILTERS = ("stand", "sequence", "since", "suppressed", "asked", "booked", "search")
_SEARCH = "lead search"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The filters as they were asked for. `prefix` is what was searched for, in the clear, for the page alone."""

    stand: str = ""
    sequence: str = ""
    since: str = ""
    suppressed: str = ""
    asked: str = ""
    booked: str = ""
    search: str = ""
    prefix: str = ""

    @property
    def narrows(self) -> bool:
        """Is any filter set, besides where a run stands and what was searched for?"""
        return bool(self.sequence or self.since or self.suppressed or self.asked or self.booked)

    @property
    def fields(self) -> dict[str, str]:
        """Those that are set, as fields of a form or a query."""
        every = {name: str(getattr(self, name)) for name in FILTERS}
        return {name: value for name, value in every.items() if value}

    def link(self, **changes: str) -> str:
        """The list with these changes."""
        fields = {name: value for name, value in (self.fields | changes).items() if value}
        return "/studio/leads" + (f"?{urlencode(fields)}" if fields else "")


def read(visit: Visit, given: Callable[[str], str], sequences: Collection[str], calendar: Calendar | None) -> Asked:
    """The filters, checked. `sequences` are the names there are. Raises InvalidInputError for anything else."""
    asked = Asked(**{name: given(name).strip() for name in FILTERS}, prefix=_opened(visit, given("search")))
    on = {asked.suppressed, asked.asked, asked.booked}
    if (
        asked.stand not in ("", *get_args(Stand))
        or asked.sequence not in ("", *sequences)
        or not on <= {"", "1"}
        or (asked.since and _since(asked.since, calendar) is None)
    ):
        raise InvalidInputError("the list knows no such filter", "Zo kan de lijst niet gefilterd worden.")
    return asked


def wanted(asked: Asked, calendar: Calendar | None) -> Wanted:
    """What to look for."""
    return Wanted(
        stand=cast("Stand", asked.stand) if asked.stand else None,
        sequence=asked.sequence or None,
        since=_since(asked.since, calendar) if asked.since else None,
        suppressed=bool(asked.suppressed),
        asked=bool(asked.asked),
        booked=bool(asked.booked),
        prefix=asked.prefix or None,
    )


def sealed(visit: Visit, prefix: str) -> str:
    """What was searched for, as it may stand in a URL."""
    return staff_secrets.encrypt(visit.services.keyring, _SEARCH, visit.me.id, prefix)


def _opened(visit: Visit, given: str) -> str:
    """What an editor sees may not hang on an address, so editors search by number alone (ACCEPTANCE E4)."""
    if not given:
        return ""
    found = None
    if visit.me.sees_addresses:
        found = staff_secrets.decrypt(visit.services.keyring, _SEARCH, visit.me.id, given)
    if not found:
        raise InvalidInputError("search again: this link is not yours", "Zoek opnieuw: deze link is niet van jou.")
    return found


def _since(text: str, calendar: Calendar | None) -> datetime | None:
    """The local midnight of a day such as 2026-03-09; None for anything else."""
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-03-09") else None
        return calendar.instant(day, time()) if day and calendar else None
    except (ValueError, OverflowError):
        return None
