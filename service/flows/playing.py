"""One run played against a clock that only jumps, by the code that makes it happen: `decide`, and planning's own moves.

What the hand-over adds (a mail that was refused for now waits for its next try) is told by its rules. Moves no data.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Rows
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from service.domain.calendar import Calendar
from service.domain.enrolment import Facts, Finish, Send, Skip, State, Stop, Wait, after_step, decide
from service.domain.retries import DEFAULT_RETRIES, Retries, backoff
from service.domain.sequence import Sequence
from service.domain.timing import in_window, next_opening, respaced
from service.domain.wording import Reason
from service.errors import InvalidInputError
from service.flows import answers, booking, next_step, planning
from service.store import enrolments
from service.store.tables import Enrolment

EventKind = Literal["confirmed", "booked", "unsubscribed", "reply", "request", "better", "same", "worse", "soft-bounce"]
_MOST_ROUNDS = 10_000
_NO_OTHERS: Mapping[date, datetime] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens on the way. "soft-bounce": the next try to hand a follow-up over is refused for now."""

    kind: EventKind
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """One step: when it leaves and why then; `at` is None for a step that is not sent, and the reason says why.

    `answers` are those known when it is written, which its text may go by; `since` is the moment its wait counts from,
    and `turn` when its turn came: also that of a step that was passed over.
    """

    step: str
    template: str
    at: datetime | None
    reason: Reason
    answers: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    turn: datetime | None = None


@dataclass(kw_only=True)
class _Refused:
    """A mail that was refused for now: as its row in the outbox."""

    send: Send
    answers: Mapping[str, str]
    first_tried_at: datetime
    due_at: datetime
    not_after: datetime | None
    tries: int = 1


class Play:
    """One run. `row` is changed, so give it a copy; `outcomes` and `days` are those of what happened before.

    `others` are days on which another run of hers brings a mail, each with the moment at which it leaves: nobody plans
    by it before then.
    """

    def __init__(
        self,
        row: Enrolment,
        sequence: Sequence,
        calendar: Calendar,
        *,
        outcomes: Mapping[str, str],
        days: set[date],
        others: Mapping[date, datetime] = _NO_OTHERS,
        events: Rows[Event] = (),
        retries: Retries = DEFAULT_RETRIES,
    ) -> None:
        self._row = row
        self._sequence = sequence
        self._calendar = calendar
        self._outcomes = dict(outcomes)
        self._days, self._others = days, others
        self._events = sorted(events, key=lambda event: event.at)
        self._retries = retries
        self._told: list[Simulated] = []
        self._refused: _Refused | None = None
        self._refusals = 0  # that are still to come
        self._asked = False  # a request for a pain check is open
        self._worse_on: set[date] = set()

    def run(self, now: datetime) -> list[Simulated]:
        """Decide, jump to when there is something to decide again, until the run ends or waits for the lead."""
        for _ in range(_MOST_ROUNDS):
            while self._events and self._events[0].at <= now:
                self._happen(self._events.pop(0))
            if self._refused is not None and self._refused.due_at <= now:
                self._try_again(self._refused, now)
                continue
            days = frozenset(self._days).union(day for day, leaves in self._others.items() if leaves <= now)
            facts = Facts(calendar=self._calendar, may_follow_up=True, follow_up_days=days)
            decision = decide(next_step.value(self._row, self._outcomes), self._sequence, facts, now)
            if isinstance(decision, Send | Skip):
                self._move_on(decision, now)
                continue
            moments = [self._events[0].at] if self._events else []
            moments += [decision.until] if isinstance(decision, Wait) and decision.until else []
            moments += [self._refused.due_at] if self._refused else []
            if not moments or (isinstance(decision, Stop | Finish) and not self._may_go_on()):
                return self._told + self.rest(decision.reason)
            now = min(moments)
        raise InvalidInputError(
            f"the simulation of {self._sequence.name} does not end",
            f"de simulatie van {self._sequence.name} komt niet tot een einde",
        )

    def rest(self, reason: Reason) -> list[Simulated]:
        """The steps that are never reached, each with the reason that ended the run."""
        left = [step for step in self._sequence.follow_ups if step.key not in self._outcomes]
        return [
            Simulated(step=step.key, template=step.template_for(self._row.split_id), at=None, reason=reason)
            for step in left
        ]

    def _may_go_on(self) -> bool:
        """Who unsubscribed and presses the button of the advice once more goes on."""
        stopped = self._row.state == State.STOPPED and self._row.goal_at is None
        return stopped and any(event.kind == "confirmed" for event in self._events)

    def _move_on(self, decision: Send | Skip, now: datetime) -> None:
        step = self._sequence.step(decision.step)
        template = step.template_for(self._row.split_id) if step else ""
        known, since = dict(self._row.answers), self._row.anchor
        if isinstance(decision, Skip):
            self._outcomes[decision.step] = "skipped"
            self._row.anchor = decision.planned_at
            self._tell(decision.step, template, None, decision.reason, known, since=since, turn=now)
        else:
            self._row.anchor = respaced(decision.planned_at, now, self._calendar)
            if self._refusals:
                self._outcomes[decision.step] = "due"
                self._refused = _Refused(
                    send=decision, answers=known, first_tried_at=now, due_at=now, not_after=decision.not_after, tries=0
                )
                self._put_back(self._refused, now)
            else:
                self._outcomes[decision.step] = "sent"
                self._days.add(self._calendar.local_day(now))
                self._tell(decision.step, template, now, decision.reason, known, since=since, turn=now)
        self._row.next_step = after_step(next_step.value(self._row, self._outcomes), self._sequence, decision.step)

    def _tell(
        self,
        step: str,
        template: str,
        at: datetime | None,
        reason: Reason,
        known: Mapping[str, str],
        *,
        since: datetime | None = None,
        turn: datetime | None = None,
    ) -> None:
        told = Simulated(step=step, template=template, at=at, reason=reason, answers=known, since=since, turn=turn)
        self._told.append(told)

    def _put_back(self, refused: _Refused, now: datetime) -> None:
        """One more try was refused."""
        self._refusals -= 1
        refused.tries += 1
        again = backoff(refused.tries, first_tried_at=refused.first_tried_at, now=now, retries=self._retries)
        if again is None:
            self._let_go(refused, "failed", "steeds opnieuw geweigerd", "refused again and again")
        else:
            refused.due_at = again

    def _try_again(self, refused: _Refused, now: datetime) -> None:
        """What the hand-over does with a mail whose next try is due: it still may wait, or not go at all."""
        window, paused_until = self._sequence.window, self._row.paused_until
        if paused_until is not None and now < paused_until:
            refused.due_at = next_opening(paused_until, window, self._calendar)
        elif refused.not_after is not None and now > refused.not_after:
            self._let_go(refused, "skipped", "te laat geworden", "too late by now")
        elif not in_window(now, window, self._calendar):
            refused.due_at = next_opening(now, window, self._calendar)
        elif self._refusals:
            self._put_back(refused, now)
        else:
            tries = refused.tries + 1
            reason = replace(
                refused.send.reason,
                dutch=f"{refused.send.reason.dutch}; eerst geweigerd, gelukt bij poging {tries}",
                english=f"{refused.send.reason.english}; refused at first, taken at try {tries}",
            )
            self._days.add(self._calendar.local_day(now))
            self._end_refused(refused, "sent", now, reason)

    def _let_go(self, refused: _Refused, outcome: str, dutch: str, english: str) -> None:
        self._end_refused(refused, outcome, None, Reason(code=outcome, dutch=dutch, english=english))

    def _end_refused(self, refused: _Refused, outcome: str, at: datetime | None, reason: Reason) -> None:
        self._refused = None
        self._outcomes[refused.send.step] = outcome
        self._tell(refused.send.step, refused.send.template, at, reason, refused.answers)

    def _happen(self, event: Event) -> None:
        """What the flows do to a run, and to its mail in the outbox, when this happens."""
        match event.kind:
            case "confirmed":
                self._confirm(event.at)
            case "booked":
                self._book(event.at)
            case "unsubscribed":
                self._unsubscribe(event.at)
            case "reply":
                self._reply(event.at)
            case "request" if not self._asked:  # asking again adds nothing to an open one
                self._put_off("pain_check_request", event.at + booking.PAUSE, event.at)
                self._asked = True
            case "soft-bounce":
                self._refusals += 1
            case "better" | "same" | "worse":
                self._answer(event.kind, event.at)

    def _confirm(self, now: datetime) -> None:
        """As consent.confirm: a run that had its end stays ended, an open one that runs already just goes on."""
        self._row.confirmed_at = self._row.confirmed_at or now
        if self._row.goal_at is None and self._row.state in {State.AWAITING_CONFIRMATION, State.STOPPED}:
            planning.begin(self._row, now)

    def _unsubscribe(self, now: datetime) -> None:
        self._cancel("de mails zijn gestopt", "mails were ended")
        if self._row.state in enrolments.OPEN:
            planning.end(self._row, State.STOPPED, "unsubscribed", now)

    def _reply(self, now: datetime) -> None:
        if self._row.state in {*enrolments.OPEN, State.STOPPED}:  # a stopped run may go on, and she wrote all the same
            self._row.replied_at = now
        self._put_off("reply", now + planning.RESTS_AFTER_A_REPLY, now)

    def _book(self, now: datetime) -> None:
        self._asked = False
        self._cancel("er is een afspraak gemaakt", "a pain check was booked")
        if "booked" in self._sequence.exit_on:
            self._row.goal_at = self._row.goal_at or now
            if self._row.state == State.AWAITING_CONFIRMATION:
                planning.end(self._row, State.STOPPED, "booked", now)

    def _answer(self, answer: answers.Answer, now: datetime) -> None:
        """As answers.record: "worse" counts once a local day, and no other answer ends its pause."""
        day = self._calendar.local_day(now)
        if self._row.answers.get("helped") == answer and (answer != "worse" or day in self._worse_on):
            return
        self._row.answers = {**self._row.answers, "helped": answer}
        if answer == "worse":
            self._worse_on.add(day)
            self._put_off("worse", now + answers.PAUSE, now)

    def _put_off(self, reason: str, until: datetime, now: datetime) -> None:
        before = self._row.anchor
        planning.pause(self._row, reason, until, now)
        if self._refused is not None:
            self._refused.due_at = max(self._refused.due_at, self._row.paused_until or self._refused.due_at)
            moved = self._row.anchor - before
            self._refused.not_after = self._refused.not_after and self._refused.not_after + moved

    def _cancel(self, dutch: str, english: str) -> None:
        if self._refused is not None:
            self._let_go(self._refused, "cancelled", dutch, english)
