"""What the pages of this room read from an address or a form, and how much waits on each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.domain.staff import Least
from service.domain.waiting import Why
from service.errors import InvalidInputError, NotFoundError
from service.flows import answers_to_read
from service.store import bookings, events, waiting
from service.web.studio.doors import Visit
from service.web.studio.waiting.views import Tabs
from service.web.studio.waiting.words import Said

_DAY, _TIME = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII), re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)
_FURTHEST = timedelta(days=366)


def tabs(session: Session) -> Tabs:
    """How much waits on each page."""
    return Tabs(
        people=bookings.count_open(session) + answers_to_read.count(session),
        mails=waiting.count(session),
        alerts=len(events.open_alerts(session)),
    )


def may_act(visit: Visit) -> bool:
    """Are there buttons for whoever is here?"""
    return visit.me.level >= Least.MANAGER


def number(text: str) -> int:
    """A number as our own pages write it. Raises InvalidInputError for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInputError("that is no number of ours", "Dat is geen nummer van ons.")
    return int(text)


def done(visit: Visit, known: Mapping[str, Said]) -> str:
    """What was just done, in words; "" for nothing. `{of}` in them is the number in the address."""
    what = visit.query("done")
    if not what:
        return ""
    if what not in known:
        raise InvalidInputError("this page knows no such thing", "Dat kent deze pagina niet.")
    of = visit.query("of")
    return known[what].in_(visit.language).format(of=number(of) if of else "")


def case(text: str) -> Why:
    """A reason by its name in an address. Raises NotFoundError for none."""
    try:
        return Why(text)
    except ValueError:
        raise NotFoundError("there is no such reason", "Die reden is er niet.") from None


def appointment(day: str, time: str, calendar: Calendar, now: datetime) -> datetime | None:
    """A moment as two fields of a form have it, on the practice's clock; None where both were left empty.

    Raises InvalidInputError for what is no moment, and for one that must be a slip: more than a year away.
    """
    if not day and not time:
        return None
    try:
        typed = datetime.fromisoformat(f"{day}T{time}" if _DAY.fullmatch(day) and _TIME.fullmatch(time) else "")
        at = calendar.instant(typed.date(), typed.time())
    except (ValueError, OverflowError):
        raise InvalidInputError(
            "fill in both the day and the time of the appointment, or leave both empty",
            "Vul de dag en de tijd van de afspraak allebei in, of laat ze allebei leeg.",
        ) from None
    if abs(at - now) > _FURTHEST:
        raise InvalidInputError(
            "that appointment is more than a year away: is the year right?",
            "Die afspraak is meer dan een jaar hiervandaan. Klopt het jaar?",
        )
    return at
