"""Those under way, read in bulk and without a lock: how each stands, and what is to come by these or other rules.

All runs of a lead are looked at together, for she gets one mail a day over all of them.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Sequence as Rows
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, select

from service.domain.calendar import Calendar
from service.domain.enrolment import ON_ITS_WAY
from service.domain.lead import Kind, may_receive
from service.domain.sequence import Sequence
from service.domain.timing import NeverOpensError, next_opening
from service.flows import next_step, simulation
from service.flows.services import Services
from service.flows.simulation import Simulated
from service.store import consents, enrolments, message_rows, suppressions
from service.store.tables import Enrolment, Lead, Message

_AT_A_TIME = 500
_CLOCKS_HAVE_CHANGED = time(4)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a run goes by."""

    sequence: Sequence
    calendar: Calendar


@dataclass(frozen=True, kw_only=True)
class Run:
    """How one open run stands. `days` are the local days with a follow-up, of any sequence of the lead's.

    `leaving` are her mails on their way: (when, whether it is the first try); `had` the templates that left.
    """

    row: Enrolment
    sequence: Sequence
    outcomes: Mapping[str, str]
    days: frozenset[date]
    leaving: tuple[tuple[datetime, bool], ...]
    had: frozenset[str]
    may_follow_up: bool

    def stands_like(self, other: Sequence | None, anchor: object, calendars: Iterable[Calendar]) -> object:
        """Equal for runs that get the same at the same moments, by their own sequence and by the other.

        Of all that `decide` looks at, who somebody is counts by the variants she gets, her confirmation and reply by
        being, her opt-in by its day on these calendars, and the moment that waits count from by `anchor`.
        """
        row = self.row
        variants = tuple(
            step.template_for(row.split_id)
            for each in (self.sequence, other)
            if each is not None
            for step in each.follow_ups
            if step.variants
        )
        known = vars(next_step.value(row, dict(self.outcomes))) | {
            "split_id": variants,
            "anchor": anchor,
            "opted_in_at": tuple(each.local_day(row.created_at) for each in calendars),
            "confirmed_at": row.confirmed_at is None,
            "replied_at": row.replied_at is None,
        }
        seen = tuple((name, _hashable(each)) for name, each in known.items())
        return row.sequence_revision_id, seen, self.days, self.leaving, self.had

    def keeps_its_hour(self, sequences: Iterable[Sequence], calendar: Calendar, now: datetime) -> KeptHour | None:
        """The hour that this run keeps from mail to mail by all of these sequences; None where it may not.

        Waits in days keep the local time, and a window only asks on which side of its times that is. So whoever has
        her anchor on the same day, between the same of these times, gets the same mails on the same days. Not where
        waits count hours, a mail is on its way, a pause or today decides, or at night, when clocks change.
        """
        row = self.row
        today = calendar.local_day(now)
        if self.leaving or row.paused_until or row.next_at is None or calendar.local_day(row.next_at) <= today:
            return None
        times: set[time] = set()
        for each in sequences:
            times |= {each.window.opens, each.window.closes}
            times |= {step.at for step in each.follow_ups if step.at is not None}
            if any(step.wait is not None and step.wait.unit == "hours" for step in each.follow_ups):
                return None
        local = calendar.local(row.anchor)
        hour = local.time()
        if hour in times or hour < _CLOCKS_HAVE_CHANGED:
            return None
        return KeptHour(day=local.date(), hour=hour, after=bisect(sorted(times), hour))


@dataclass(frozen=True, kw_only=True)
class KeptHour:
    """The day and hour of an anchor, and how many of the times that matter lie before that hour."""

    day: date
    hour: time
    after: int

    @property
    def stands_for(self) -> object:
        """Equal for anchors that lead to the same days."""
        return self.day, self.after


def leads(
    session: Session, services: Services, sequences: Iterable[str], calendar: Calendar, now: datetime
) -> Iterator[list[Run]]:
    """Lead by lead, all open runs of everybody who is under way in one of these sequences."""
    names = list(sequences)
    after = 0
    while ids := enrolments.leads_under_way(session, names, after=after, limit=_AT_A_TIME):
        after = ids[-1]
        yield from _read(session, services, ids, calendar, now)


def upcoming(session: Session, services: Services, lead_id: int, now: datetime) -> dict[int, list[Simulated]]:
    """What this lead is to get from now on, as far as can be known: enrolment id -> steps, of each open run."""
    calendar = services.published.calendar(session)
    runs = next(_read(session, services, [lead_id], calendar, now), [])
    return futures(runs, {run.row.id: Rules(sequence=run.sequence, calendar=calendar) for run in runs}, now)


def futures(runs: Rows[Run], rules: Mapping[int, Rules], now: datetime) -> dict[int, list[Simulated]]:
    """What is to come in each run of one lead (enrolment id -> steps), when each goes by these rules.

    Over all of them at most one mail a day leaves: whichever is first takes the day, and the other makes way; of two at
    one moment, as planning has it, the one that waited longest.
    """
    taken: dict[int, dict[date, datetime]] = {run.row.id: {} for run in runs}
    found = {run.row.id: _coming(run, rules[run.row.id], taken[run.row.id], now) for run in runs}
    if len(runs) < 2:
        return found
    settled: set[tuple[int, str]] = set()
    while turns := sorted(
        (each.turn, each.since or each.turn, key, each.step, each.at is not None)
        for key, told in found.items()
        for each in told
        if each.turn is not None and (key, each.step) not in settled
    ):
        moment, _, mine, step, leaves = turns[0]
        settled.add((mine, step))
        day = rules[mine].calendar.local_day(moment)
        for run in runs if leaves else ():
            other = run.row.id
            if other != mine and day not in taken[other]:
                taken[other][day] = moment
                if any(key == other and rules[other].calendar.local_day(turn) == day for turn, _, key, *_ in turns):
                    found[other] = _coming(run, rules[other], taken[other], now)
    return found


def _coming(run: Run, rules: Rules, others: Mapping[date, datetime], now: datetime) -> list[Simulated]:
    if run.row.state == "active" and not run.may_follow_up:
        return []
    return simulation.coming(
        run.row,
        rules.sequence,
        rules.calendar,
        outcomes=run.outcomes,
        leaving=run.leaving,
        days=run.days,
        others=others,
        now=now,
    )


def _read(
    session: Session, services: Services, lead_ids: Rows[int], calendar: Calendar, now: datetime
) -> Iterator[list[Run]]:
    rows = enrolments.open_of(session, lead_ids)
    ids = [row.id for row in rows]
    addresses = dict(session.exec(select(Lead.id, Lead.address).where(col(Lead.id).in_(list(lead_ids)))).all())
    hmacs = {lead: services.hmac(address) for lead, address in addresses.items()}
    rules = suppressions.of(session, hmacs.values())
    consented = consents.active_for_enrolments(session, ids)
    outcomes = enrolments.outcomes(session, ids)
    moments = enrolments.follow_up_moments(session, lead_ids)
    had = message_rows.templates_gone_out(session, ids)
    leaving: dict[int, list[Message]] = {}
    for message in message_rows.of_runs(session, ids):
        if message.enrolment_id is not None:
            leaving.setdefault(message.enrolment_id, []).append(message)
    by_lead: dict[int, list[Run]] = {}
    for row in rows:
        done = outcomes.get(row.id, {})
        going = [each for each in leaving.get(row.id, []) if done.get(each.step or "") in ON_ITS_WAY]
        since = calendar.local_day(row.anchor)  # no step of hers is due before it
        refused = may_receive(
            Kind.FOLLOW_UP,
            suppressions=rules.get(hmacs.get(row.lead_id, ""), []),
            has_follow_up_consent=row.id in consented,
            now=now,
        )
        run = Run(
            row=row,
            sequence=services.published.sequence(session, row.sequence_revision_id),
            outcomes=done,
            days=frozenset(day for day in map(calendar.local_day, moments.get(row.lead_id, [])) if day >= since),
            leaving=tuple((leaves_at(session, services, each, calendar, now), each.attempts == 0) for each in going),
            had=frozenset(had.get(row.id, set())),
            may_follow_up=refused is None,
        )
        by_lead.setdefault(row.lead_id, []).append(run)
    yield from by_lead.values()


def _hashable(value: object) -> object:
    if isinstance(value, Mapping):
        return frozenset((name, _hashable(each)) for name, each in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value


def leaves_at(session: Session, services: Services, message: Message, calendar: Calendar, now: datetime) -> datetime:
    """When a mail in the outbox leaves: by the window of the revision it was made from."""
    due = max(message.due_at, now)
    window = services.published.sequence(session, message.revision_id).window
    try:
        return next_opening(due, window, calendar)
    except NeverOpensError:
        return due + timedelta(days=1)  # the hand-over looks again tomorrow
