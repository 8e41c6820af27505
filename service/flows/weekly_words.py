"""The owner's weekly mail in words: whole Dutch sentences, so that nobody has to read a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from service.domain.wording import DUTCH_MONTHS, joined
from service.flows.result_words import FEWEST
from service.flows.results import SequenceResult

_GAP = "\xa0"
"""A line with nothing on it: an empty one would be left out of the mail."""
_ANSWERS = {"better": "beter", "same": "hetzelfde", "worse": "slechter"}


def name(monday: date) -> str:
    """Such as "week 48, 23 tot en met 29 november 2026"; the number is that of ISO 8601."""
    sunday = monday + timedelta(days=6)
    begins = str(monday.day)
    if monday.month != sunday.month:
        begins += f" {DUTCH_MONTHS[monday.month - 1]}"
    if monday.year != sunday.year:
        begins += f" {monday.year}"
    ends = f"{sunday.day} {DUTCH_MONTHS[sunday.month - 1]} {sunday.year}"
    return f"week {monday.isocalendar().week}, {begins} tot en met {ends}"


def lines(found: SequenceResult, before: SequenceResult | None) -> list[str]:
    """A sequence in a few lines under its title, and a gap after them. `before`: the week before that one."""
    told = [found.title]
    if found.is_empty:
        return [*told, "Geen aanvragen en geen mails in deze week.", _GAP]
    told.append(
        f"{_count(found.opt_ins, 'aanvraag', 'aanvragen')} van het advies"
        f"{_before(before.opt_ins if before else 0)}, {found.confirmed} keer ja op de vervolgmails."
    )
    told.append(_mails(found))
    answered = [f"{count} keer {_ANSWERS[answer]}" for answer, count in found.answers.items() if count]
    if answered:
        told.append(f"Hielp het? {joined(answered, last='en')}.")
    booked = _count(found.booked, "pijncheck", "pijnchecks")
    told.append(f"{booked} geboekt{_before(before.booked if before else 0)}.")
    return [*told, _GAP]


def note(found: Sequence[SequenceResult]) -> str:
    """That small numbers say little, where they are small; else nothing."""
    if not 0 < max((each.opt_ins for each in found), default=0) < FEWEST:
        return ""
    return "Dit zijn kleine aantallen: één persoon meer of minder maakt al veel uit."


def waiting(*, requests: int, to_read: int, mails: int) -> str:
    """What waits for a person at this moment, as one sentence; "" for nothing."""
    told = []
    if requests:
        told.append(_count(requests, "aanvraag voor een pijncheck", "aanvragen voor een pijncheck"))
    if to_read:
        told.append(_count(to_read, "antwoord dat nog niet gelezen is", "antwoorden die nog niet gelezen zijn"))
    if mails:
        told.append(_count(mails, "mail die op een beslissing wacht", "mails die op een beslissing wachten"))
    return f"{joined(told, last='en')}." if told else ""


def _mails(found: SequenceResult) -> str:
    sent = _count(found.accepted, "mail", "mails") + " verstuurd"
    after = []
    if found.bounced:
        after.append(f"{found.bounced} {'kwam' if found.bounced == 1 else 'kwamen'} terug")
    if found.left:
        after.append(f"{found.left} {'persoon meldde' if found.left == 1 else 'mensen meldden'} zich erna af")
    return f"{sent}{'; ' if after else ''}{joined(after, last='en')}."


def _before(count: int) -> str:
    return f" (de week ervoor {count})"


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
