"""Leads as the rows of a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.domain.lead_words import dutch_words
from service.domain.staff import StaffLanguage
from service.flows.services import Services
from service.store import lead_list, suppressions
from service.store.tables import Enrolment, Lead

_HEADS = (
    ("nummer", "number"),
    ("e-mailadres", "e-mail address"),
    ("voornaam", "first name"),
    ("sinds", "since"),
    ("op de knop gedrukt", "confirmed"),
    ("reeksen", "sequences"),
    ("pijncheck gevraagd", "asked for a pain check"),
    ("afspraak", "appointment"),
    ("krijgt geen (vervolg)mails", "gets no mails or follow-ups"),
)
_RUNS_ON = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for a formula, or for what leads up to one


def heads(language: StaffLanguage) -> list[str]:
    """The first row."""
    return [dutch if language == "nl" else english for dutch, english in _HEADS]


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (ACCEPTANCE E7): an apostrophe before it makes it text."""
    return f"'{cell}" if cell.startswith(_RUNS_ON) else cell


def rows(
    session: Session,
    services: Services,
    found: Sequence[Lead],
    *,
    named: Mapping[str, str],
    zone: ZoneInfo,
    now: datetime,
    language: StaffLanguage,
) -> list[list[str]]:
    """A row for each lead; moments in the practice's time, to the minute, as spreadsheets read them."""
    ids = [each.id for each in found]
    runs, asked = lead_list.runs_of(session, ids), lead_list.asked(session, ids)
    booked = lead_list.booked(session, ids)
    hashes = {each.id: services.hmac(each.address) for each in found}
    blocked = suppressions.of(session, hashes.values())

    def word(text: str) -> str:
        return dutch_words(text) if language == "nl" else text.replace("_", " ")

    def run(row: Enrolment) -> str:
        return f"{named.get(row.sequence, row.sequence)}: {word(row.state)}"

    def local(moment: datetime | None) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""

    yes = "ja" if language == "nl" else "yes"
    return [
        [
            str(each.id),
            each.address,
            each.first_name or "",
            local(each.created_at),
            local(each.confirmed_at),
            ", ".join(run(row) for row in runs.get(each.id, [])),
            yes if each.id in asked else "",
            yes if each.id in booked else "",
            ", ".join(
                word(rule.reason) for rule in blocked.get(hashes[each.id], []) if not rule.until or rule.until > now
            ),
        ]
        for each in found
    ]
