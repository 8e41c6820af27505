"""A proposed appointment as a file that any agenda opens: iCalendar (RFC 5545).

PUBLISH and not REQUEST (RFC 5546 section 3.2): nobody is invited by it, so no agenda answers it by mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event, vCalAddress

# A line break of somebody's own, and halves of characters; icalendar escapes what has a meaning in a line.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the practice may put into its agenda. `minutes` None: how long it takes is not known.

    `uid` and `made_at` are fixed with the mail, so that opening the file twice makes one appointment. `lines` is whom
    it is for and how to reach them.
    """

    uid: str
    made_at: datetime
    starts_at: datetime
    minutes: int | None
    summary: str
    location: str
    lines: tuple[str, ...]
    organiser: str


def icalendar(proposal: Proposal) -> str:
    """The object, CRLF at the end of each line, none of them longer than 75 bytes."""
    event = Event()
    event.add("uid", proposal.uid)
    event.add("dtstamp", proposal.made_at.replace(microsecond=0))
    event.add("dtstart", proposal.starts_at)
    if proposal.minutes is not None:
        event.add("dtend", proposal.starts_at + timedelta(minutes=proposal.minutes))
    event.add("summary", _one_line(proposal.summary))
    event.add("location", _one_line(proposal.location))
    event.add("description", "\n".join(_one_line(line) for line in proposal.lines))
    event.add("organizer", vCalAddress(f"mailto:{proposal.organiser}"))  # RFC 5546 asks for one
    event.add("status", "TENTATIVE")
    event.add("transp", "OPAQUE")
    calendar = Calendar()
    calendar.add("prodid", "-//nurture//pain check//NL")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")


def _one_line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()
