"""What will happen, by the very code that makes it happen: `decide` against a clock that only jumps. Moves no data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, cast, get_args

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.domain.enrolment import ON_ITS_WAY, Facts, Finish, Send, Skip, State, Stop, Wait, after_step, decide
from service.domain.sequence import Sequence
from service.domain.timing import NeverOpensError, respaced
from service.domain.wording import Reason
from service.errors import InvalidInputError
from service.flows import answers, booking, planning
from service.flows.services import Services
from service.store import enrolments, outbox
from service.store.tables import Enrolment

EventKind = Literal["booked", "stopped", "request", "better", "same", "worse"]
_MOST_ROUNDS = 10_000


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something the lead does on the way."""

    kind: EventKind
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """One step: when it leaves and why then; `at` is None for a step that is not sent, and the reason says why."""

    step: str
    template: str
    at: datetime | None
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Story:
    """One lead's history to play: everything that is not in the sequence itself."""

    opt_in_at: datetime
    confirmed_at: datetime | None
    answers: Mapping[str, str]
    events: tuple[Event, ...] = ()


def simulate(sequence: Sequence, calendar: Calendar, story: Story, split_id: str = "simulation") -> list[Simulated]:
    """Every step of the sequence in its order, the advice first."""
    first = sequence.follow_ups[0].key if sequence.follow_ups else None
    row = Enrolment(
        lead_id=0,
        topic=sequence.topic,
        sequence=sequence.name,
        sequence_revision_id=0,
        state=State.AWAITING_CONFIRMATION,
        split_id=split_id,
        answers=dict(story.answers),
        anchor=story.opt_in_at,
        next_step=first,
        created_at=story.opt_in_at,
    )
    events = sorted(story.events, key=lambda event: event.at)
    asked = [at for at, event in enumerate(events) if event.kind == "request"]
    events = [
        event for at, event in enumerate(events) if at not in asked[1:]
    ]  # asking again adds nothing to an open one
    now = story.opt_in_at
    if story.confirmed_at is not None:
        now = max(now, story.confirmed_at)
        while events and events[0].at <= now:
            _happen(row, events.pop(0))
        if row.goal_at is None:
            planning.move(row, State.ACTIVE)
            row.anchor = max(row.anchor, now)
    at_once = Reason(code="advice", dutch="het gevraagde advies gaat meteen", english="the requested advice, at once")
    template = sequence.advice.template_for(split_id)
    advice = Simulated(step=sequence.advice.key, template=template, at=story.opt_in_at, reason=at_once)
    played = _play(row, sequence, calendar, {}, set(), events, now=now)
    return [advice, *played]


def upcoming(session: Session, services: Services, enrolment: Enrolment, now: datetime) -> list[Simulated]:
    """What this lead is to get from now on, as far as can be known; the row itself is left alone."""
    calendar = services.published.calendar(session)
    outcomes = enrolments.outcomes(session, [enrolment.id]).get(enrolment.id, {})
    moments = enrolments.follow_up_moments(session, [enrolment.lead_id]).get(enrolment.lead_id, [])
    return coming(
        enrolment,
        services.published.sequence(session, enrolment.sequence_revision_id),
        calendar,
        outcomes=outcomes,
        leaving=[
            (max(message.due_at, now), message.attempts == 0)
            for message in outbox.of_run(session, enrolment.id)
            if outcomes.get(message.step or "") in ON_ITS_WAY
        ],
        days={calendar.local_day(moment) for moment in moments},
        now=now,
    )


def coming(
    enrolment: Enrolment,
    sequence: Sequence,
    calendar: Calendar,
    *,
    outcomes: Mapping[str, str],
    leaving: Iterable[tuple[datetime, bool]],
    days: Iterable[date],
    now: datetime,
) -> list[Simulated]:
    """What a run that stands so would bring by this sequence and this calendar; nothing is read or written.

    `outcomes` are those of its steps so far, `days` the local days on which the lead gets or got a follow-up,
    `leaving` her mails on their way: when each leaves, and whether this is its first try.
    """
    copy = Enrolment(**enrolment.model_dump())
    taken = set(days)
    for leaves, first_try in leaving:  # what follows counts from when it leaves
        taken.add(calendar.local_day(leaves))
        if first_try:
            copy.anchor = respaced(copy.anchor, leaves, calendar)
    done = {step: "sent" if outcome in ON_ITS_WAY else outcome for step, outcome in outcomes.items()}
    try:
        return _play(copy, sequence, calendar, done, taken, [], now=now)
    except NeverOpensError as error:  # staff are told of it; it keeps nobody from pressing a button, or from looking
        return _rest(copy, sequence, done, Reason(code=error.code, dutch=error.dutch, english=error.english))


def _play(
    row: Enrolment,
    sequence: Sequence,
    calendar: Calendar,
    outcomes: dict[str, str],
    days: set[date],
    events: list[Event],
    *,
    now: datetime,
) -> list[Simulated]:
    """Decide, jump to when there is something to decide again, until the run ends or waits for the lead."""
    told: list[Simulated] = []
    waiting = list(events)
    for _ in range(_MOST_ROUNDS):
        while waiting and waiting[0].at <= now:
            _happen(row, waiting.pop(0))
        facts = Facts(calendar=calendar, may_follow_up=True, follow_up_days=frozenset(days))
        decision = decide(planning.value(row, outcomes), sequence, facts, now)
        if isinstance(decision, Wait):
            moments = [waiting[0].at] if waiting else []
            moments += [decision.until] if decision.until else []
            if not moments:
                return told + _rest(row, sequence, outcomes, decision.reason)
            now = min(moments)
        elif isinstance(decision, Stop | Finish):
            return told + _rest(row, sequence, outcomes, decision.reason)
        else:
            told.append(_told(row, sequence, decision, now))
            outcomes = {**outcomes, decision.step: "sent" if isinstance(decision, Send) else "skipped"}
            if isinstance(decision, Send):
                days.add(calendar.local_day(now))
                row.anchor = respaced(decision.planned_at, now, calendar)
            else:
                row.anchor = decision.planned_at
            row.next_step = after_step(planning.value(row, outcomes), sequence, decision.step)
    raise InvalidInputError(f"the simulation of {sequence.name} does not end")


def _told(row: Enrolment, sequence: Sequence, decision: Send | Skip, now: datetime) -> Simulated:
    at = now if isinstance(decision, Send) else None
    step = sequence.step(decision.step)
    template = step.template_for(row.split_id) if step else ""
    return Simulated(step=decision.step, template=template, at=at, reason=decision.reason)


def _rest(row: Enrolment, sequence: Sequence, outcomes: Mapping[str, str], reason: Reason) -> list[Simulated]:
    """The steps that are never reached, each with the reason that ended the run."""
    left = (step for step in sequence.follow_ups if step.key not in outcomes)
    return [Simulated(step=step.key, template=step.template_for(row.split_id), at=None, reason=reason) for step in left]


def _happen(row: Enrolment, event: Event) -> None:
    """What the flows do to an enrolment when the lead does this."""
    if event.kind == "booked":
        row.goal_at = event.at
    elif event.kind == "stopped" and row.state in enrolments.OPEN:
        planning.end(row, State.STOPPED, "stopped", event.at)
    elif event.kind == "request":
        planning.pause(row, "pain_check_request", event.at + booking.PAUSE, event.at)
    elif row.answers.get("helped") != event.kind:
        row.answers = {**row.answers, "helped": event.kind}
        if event.kind == "worse":
            planning.pause(row, "worse", event.at + answers.PAUSE, event.at)
        elif row.pause_reason == "worse":
            planning.end_pause(row, event.at)


_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_EVENT = re.compile(r"(?P<kind>booked|stopped|request|better|same|worse)@\+(?P<count>\d{1,4})(?P<unit>[hdw])")


def parse_events(texts: Iterable[str], opt_in_at: datetime) -> tuple[Event, ...]:
    """Read `booked@+9d` (hours `h`, days `d`, weeks `w` after the opt-in). Else InvalidInputError."""
    matches = {text: _EVENT.fullmatch(text) for text in texts}
    wrong = [text for text, match in matches.items() if match is None]
    if wrong:
        raise InvalidInputError(
            f"{', '.join(wrong)}: write KIND@+NUMBER and h, d or w, such as booked@+9d; "
            f"kinds are {', '.join(get_args(EventKind))}"
        )
    found = [match for match in matches.values() if match]
    return tuple(
        Event(kind=cast("EventKind", match["kind"]), at=opt_in_at + int(match["count"]) * _UNITS[match["unit"]])
        for match in found
    )
