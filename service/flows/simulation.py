"""What will happen, by the very code that makes it happen (`playing.py`): for a story, or for a lead as she stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast, get_args

from service.domain.calendar import Calendar
from service.domain.enrolment import ON_ITS_WAY, State
from service.domain.retries import DEFAULT_RETRIES, Retries
from service.domain.sequence import Sequence
from service.domain.timing import NeverOpensError, respaced
from service.domain.wording import Reason
from service.errors import InvalidInputError
from service.flows.playing import Event, EventKind, Play, Simulated
from service.store.tables import Enrolment

__all__ = ["Event", "EventKind", "Simulated", "Story", "coming", "parse_events", "simulate"]


@dataclass(frozen=True, kw_only=True)
class Story:
    """One lead's history to play: everything that is not in the sequence itself. Both boxes were ticked.

    `confirmed_at` None: the button is never pressed; with `confirmation: single` the follow-ups come all the same.
    """

    opt_in_at: datetime
    confirmed_at: datetime | None
    answers: Mapping[str, str]
    events: tuple[Event, ...] = ()


def simulate(
    sequence: Sequence,
    calendar: Calendar,
    story: Story,
    split_id: str = "simulation",
    *,
    retries: Retries = DEFAULT_RETRIES,
) -> list[Simulated]:
    """The advice, then every step as it is decided; those that are never reached come last."""
    needs_button = sequence.confirmation == "double"
    row = Enrolment(
        lead_id=0,
        topic=sequence.topic,
        sequence=sequence.name,
        sequence_revision_id=0,
        state=State.AWAITING_CONFIRMATION if needs_button else State.ACTIVE,
        split_id=split_id,
        answers=dict(story.answers),
        anchor=story.opt_in_at,
        next_step=sequence.follow_ups[0].key if sequence.follow_ups else None,
        created_at=story.opt_in_at,
    )
    pressed = [] if story.confirmed_at is None else [Event(kind="confirmed", at=story.confirmed_at)]
    play = Play(row, sequence, calendar, outcomes={}, days=set(), events=[*story.events, *pressed], retries=retries)
    advice = Simulated(
        step=sequence.advice.key,
        template=sequence.advice.template_for(split_id),
        at=story.opt_in_at,
        reason=Reason(code="advice", dutch="het gevraagde advies gaat meteen", english="the requested advice, at once"),
        answers=dict(story.answers),
    )
    return [advice, *play.run(story.opt_in_at)]


def coming(
    enrolment: Enrolment,
    sequence: Sequence,
    calendar: Calendar,
    *,
    outcomes: Mapping[str, str],
    leaving: Iterable[tuple[datetime, bool]],
    days: Iterable[date],
    others: Mapping[date, datetime],
    now: datetime,
) -> list[Simulated]:
    """What a run that stands so would bring by this sequence and this calendar; nothing is read or written.

    `outcomes` are those of its steps so far, `days` the local days on which the lead gets or got a follow-up,
    `leaving` her mails on their way: when each leaves, and whether this is its first try. `others` are as in `Play`.
    """
    copy = Enrolment(**enrolment.model_dump())
    taken = set(days)
    for leaves, first_try in leaving:  # what follows counts from when it leaves
        taken.add(calendar.local_day(leaves))
        if first_try:
            copy.anchor = respaced(copy.anchor, leaves, calendar)
    done = {step: "sent" if outcome in ON_ITS_WAY else outcome for step, outcome in outcomes.items()}
    play = Play(copy, sequence, calendar, outcomes=done, days=taken, others=others)
    try:
        return play.run(now)
    except NeverOpensError as error:  # staff are told of it; it keeps nobody from pressing a button, or from looking
        return play.rest(Reason(code=error.code, dutch=error.dutch, english=error.english))


_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_EVENT = re.compile(r"(?P<kind>[a-z-]+)@\+(?P<count>\d{1,4})(?P<unit>[hdw])")
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
_KINDS = [kind for kind in EVENT_KINDS if kind != "confirmed"]  # that one has an option of its own


def parse_events(texts: Iterable[str], opt_in_at: datetime) -> tuple[Event, ...]:
    """Read `booked@+9d` (hours `h`, days `d`, weeks `w` after the opt-in). Else InvalidInputError."""
    matches = {text: _EVENT.fullmatch(text) for text in texts}
    wrong = [text for text, match in matches.items() if match is None or match["kind"] not in _KINDS]
    if wrong:
        listed, kinds = ", ".join(wrong), ", ".join(_KINDS)
        raise InvalidInputError(
            f"{listed}: write KIND@+NUMBER and h, d or w, such as booked@+9d; kinds are {kinds}",
            f"{listed}: schrijf WAT@+GETAL en h (uur), d (dag) of w (week), zoals booked@+9d; kies uit {kinds}",
        )
    found = [match for match in matches.values() if match]
    return tuple(
        Event(kind=cast("EventKind", match["kind"]), at=opt_in_at + int(match["count"]) * _UNITS[match["unit"]])
        for match in found
    )
