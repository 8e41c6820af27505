"""One lead's run through one sequence: its states, and what is to be done with it now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from service.domain import conditions, skips
from service.domain.calendar import Calendar
from service.domain.sequence import Sequence, Step
from service.domain.timing import Due, add_wait, in_window, next_opening, step_due
from service.domain.wording import Reason, dutch_moment, english_moment


class State(StrEnum):
    """Where an enrolment stands; pausing is a reason and a time beside it, not a state."""

    AWAITING_CONFIRMATION = "awaiting_confirmation"
    ACTIVE = "active"
    FINISHED = "finished"
    STOPPED = "stopped"
    EXPIRED = "expired"


MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.AWAITING_CONFIRMATION: frozenset({State.ACTIVE, State.STOPPED, State.EXPIRED}),
        State.ACTIVE: frozenset({State.FINISHED, State.STOPPED, State.EXPIRED}),
        State.FINISHED: frozenset(),
        State.STOPPED: frozenset({State.ACTIVE}),  # who stopped and then presses the button again goes on
        State.EXPIRED: frozenset(),
    }
)
"""Every allowed move. A run that was finished never opens again: a new opt-in makes a new one."""

ON_ITS_WAY = frozenset({"due", "leased", "handed_over", "held_back"})
"""Outcomes of a step that is still to leave, or may be on its way just now: the next step waits for it."""

LOOK_AGAIN = timedelta(days=1)
"""At the latest, while the step before is on its way. Settling it has the run looked at sooner."""
_SOON = timedelta(hours=1)  # while it is in the outbox; while staff are to approve it, a day will do

WENT_OUT = frozenset({"accepted", "delivered", "bounced", "complained", "unknown", "held", "sent"})
"""Outcomes that count as sent in a condition: gone, or perhaps. Not: skipped, cancelled, failed."""


def can_move(before: State, after: State) -> bool:
    """Whether an enrolment may go from one state to the other."""
    return after in MOVES[before]


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What is stored of a run, as a value.

    `anchor` is what the next step's wait counts from: the later of the advice's planned time and the confirmation,
    then the planned time of the step before. `outcomes` maps the key of each step behind us to a message state, to
    "skipped", or to "held_back" where it waits for staff to approve a backlog. `answers` holds what was given; the
    rest is "unknown". `confirmed_at` is when the advice's button was pressed, `replied_at` when the lead last wrote.
    """

    state: State
    anchor: datetime
    split_id: str
    next_step: str | None
    opted_in_at: datetime
    confirmed_at: datetime | None = None
    replied_at: datetime | None = None
    pause_reason: str | None = None
    paused_until: datetime | None = None
    goal_at: datetime | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is so outside the enrolment: the calendar, the lead's consent, and the lead's other follow-ups.

    `follow_up_days` are the local days on which the lead gets or got a follow-up of any sequence. `stop_reason` is
    why it all ends for this lead (unsubscribed, complaint, hard bounce), or None.
    """

    calendar: Calendar
    may_follow_up: bool
    follow_up_days: frozenset[date] = frozenset()
    stop_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Send:
    """The step is due: queue this template now, and let it go when it has not left by `not_after`."""

    step: str
    template: str
    planned_at: datetime
    not_after: datetime | None
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Skip:
    """The step is passed over; its planned time is the anchor of the next all the same."""

    step: str
    planned_at: datetime
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Nothing to do before `until`; None is until something happens (a confirmation, an end of the pause).

    `late` is what leaves then where its planned time has passed already: the window is shut, or a mail went today.
    """

    until: datetime | None
    step: str | None
    reason: Reason
    late: Send | None = None


@dataclass(frozen=True, kw_only=True)
class Stop:
    """The run ends here, before its last step."""

    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Finish:
    """No step is left."""

    reason: Reason


Decision = Send | Skip | Wait | Stop | Finish


def decide(enrolment: Enrolment, sequence: Sequence, facts: Facts, now: datetime) -> Decision:
    """What is to be done now; ask again after a Send or a Skip, with its outcome and its planned time as the anchor.

    Never plans the advice (the opt-in queues that), never a step that has an outcome, and none while the one before it
    is on its way. Raises NeverOpensError when the calendar leaves no day for the step.
    """
    blocked = _ended(enrolment, sequence, facts) or _held_up(enrolment, facts, now)
    if blocked:
        return blocked
    step = _current(enrolment, sequence)
    if step is None:
        finished = Finish(reason=Reason(code="finished", dutch="alle mails zijn geweest", english="no step is left"))
        return _waits_for_the_one_before(enrolment, None, now) or finished
    due = step_due(enrolment.anchor, step.wait, step.at, sequence.window, facts.calendar, not_on=facts.follow_up_days)
    if now < due.planned_at:
        return Wait(until=due.planned_at, step=step.key, reason=due.reason)
    waits = _waits_for_the_one_before(enrolment, step.key, now)
    return waits or _now_or_later(enrolment, sequence, step, due, facts=facts, now=now)


def next_planned(enrolment: Enrolment, sequence: Sequence, calendar: Calendar) -> datetime | None:
    """When the next step falls due by its wait alone, whatever keeps the run waiting; None where no step is left.

    Raises NeverOpensError when the calendar leaves no day for it.
    """
    step = _current(enrolment, sequence)
    if step is None:
        return None
    return step_due(enrolment.anchor, step.wait, step.at, sequence.window, calendar).planned_at


def after_step(enrolment: Enrolment, sequence: Sequence, step_key: str) -> str | None:
    """The key of the next follow-up after this step that has no outcome yet, or None when none is left.

    A key that is no longer in the sequence counts as standing right behind the last step with an outcome, so that a
    removed step strands nobody.
    """
    keys = [step.key for step in sequence.steps]
    if step_key in keys:
        position = keys.index(step_key)
    else:
        position = max((i for i, key in enumerate(keys) if key in enrolment.outcomes), default=0)
    open_keys = {step.key for step in sequence.follow_ups} - set(enrolment.outcomes)
    return next((key for key in keys[position + 1 :] if key in open_keys), None)


def _ended(enrolment: Enrolment, sequence: Sequence, facts: Facts) -> Stop | None:
    """What ends the run, whatever its next step."""
    if facts.stop_reason:
        return Stop(reason=Reason(code=facts.stop_reason, dutch="de mails zijn gestopt", english="mails were ended"))
    if enrolment.goal_at and "booked" in sequence.exit_on:
        return Stop(reason=Reason(code="booked", dutch="er is een afspraak gemaakt", english="a pain check was booked"))
    if enrolment.state in {State.AWAITING_CONFIRMATION, State.ACTIVE}:
        return None
    return Stop(reason=Reason(code=enrolment.state.value, dutch="de reeks is voorbij", english="the run has ended"))


def _held_up(enrolment: Enrolment, facts: Facts, now: datetime) -> Wait | None:
    """What keeps the whole run waiting, whatever its next step."""
    if enrolment.state is State.AWAITING_CONFIRMATION:
        return _wait_for("awaiting_confirmation", "wacht op de bevestiging", "waits for the confirmation")
    if not facts.may_follow_up:
        return _wait_for("no_consent", "geen toestemming voor vervolgmails", "no consent for follow-ups")
    if enrolment.paused_until and now < enrolment.paused_until:
        local = facts.calendar.local(enrolment.paused_until)
        dutch, english = f"gepauzeerd tot {dutch_moment(local)}", f"paused until {english_moment(local)}"
        return Wait(
            until=enrolment.paused_until,
            step=enrolment.next_step,
            reason=Reason(code="paused", dutch=dutch, english=english),
        )
    if enrolment.pause_reason and not enrolment.paused_until:
        return _wait_for("paused", "gepauzeerd tot de praktijk hervat", "paused until staff resume it")
    return None


def _wait_for(code: str, dutch: str, english: str) -> Wait:
    return Wait(until=None, step=None, reason=Reason(code=code, dutch=dutch, english=english))


def _waits_for_the_one_before(enrolment: Enrolment, step: str | None, now: datetime) -> Wait | None:
    if ON_ITS_WAY.isdisjoint(enrolment.outcomes.values()):
        return None
    reason = Reason(
        code="one_on_its_way",
        dutch="de mail hiervoor is nog onderweg",
        english="the mail before it is still on its way",
    )
    waits_for_staff = not {"due", "leased", "handed_over"} & set(enrolment.outcomes.values())
    return Wait(until=now + (LOOK_AGAIN if waits_for_staff else _SOON), step=step, reason=reason)


def _current(enrolment: Enrolment, sequence: Sequence) -> Step | None:
    """The step to look at: the stored one, or what follows where that is gone or has been done.

    Where none is stored, what follows the last one done: it may have come with another revision. So may steps that
    stand before the stored one, behind the last one done: those come first.
    """
    key = enrolment.next_step or ""
    step = sequence.step(key)
    if step is None or step.purpose == "advice" or key in enrolment.outcomes:
        following = after_step(enrolment, sequence, key)
        return sequence.step(following) if following else None
    for before in reversed(sequence.follow_ups[: sequence.follow_ups.index(step)]):
        if before.key in enrolment.outcomes:
            break
        step = before
    return step


def _now_or_later(
    enrolment: Enrolment, sequence: Sequence, step: Step, due: Due, *, facts: Facts, now: datetime
) -> Send | Skip | Wait:
    """A step whose time has come: not for this lead, now, at the next opening, or too late."""
    unmet = _unmet(step, enrolment, facts.calendar, due)
    if unmet:
        return Skip(step=step.key, planned_at=due.planned_at, reason=unmet)
    not_after = add_wait(due.planned_at, step.max_late, facts.calendar) if step.max_late else None
    earliest = now
    if facts.calendar.local_day(now) in facts.follow_up_days or not in_window(now, sequence.window, facts.calendar):
        earliest = next_opening(now, sequence.window, facts.calendar, not_on=facts.follow_up_days)
    if step.max_late and not_after and earliest > not_after:
        reason = skips.too_late(step.max_late, facts.calendar.local(due.planned_at))
        return Skip(step=step.key, planned_at=due.planned_at, reason=reason)
    template = step.template_for(enrolment.split_id)
    send = Send(step=step.key, template=template, planned_at=due.planned_at, not_after=not_after, reason=due.reason)
    if earliest > now:
        local = facts.calendar.local(earliest)
        reason = Reason(
            code="late",
            dutch=f"{due.reason.dutch}; te laat, en nu pas weer mogelijk op {dutch_moment(local)}",
            english=f"{due.reason.english}; late, and possible again on {english_moment(local)}",
        )
        return Wait(until=earliest, step=step.key, reason=reason, late=send)
    return send


def _unmet(step: Step, enrolment: Enrolment, calendar: Calendar, due: Due) -> Reason | None:
    """Why the conditions of a step keep it back, or None."""
    known = conditions.Known(
        day=calendar.local_day(due.planned_at),
        opted_in_on=calendar.local_day(enrolment.opted_in_at),
        answers=enrolment.answers,
        gone_out=frozenset(key for key, outcome in enrolment.outcomes.items() if outcome in WENT_OUT),
        confirmed=enrolment.confirmed_at is not None,
        replied=enrolment.replied_at is not None,
    )
    if step.only_if and not conditions.holds(step.only_if, known):
        return skips.only_if(step.only_if)
    if step.skip_if and conditions.holds(step.skip_if, known):
        return skips.skip_if(step.skip_if)
    return None
