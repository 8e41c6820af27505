"""Runs of whole sequences with clocks that jump: every step once, in its window, and never two on a day."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain import skips
from service.domain.calendar import Calendar
from service.domain.conditions import DayCount
from service.domain.enrolment import Enrolment, Facts, Finish, Send, Skip, State, Wait, after_step, decide
from service.domain.practice import Closed
from service.domain.reading import WEEKDAYS
from service.domain.sequence import Condition, Sequence, Step, Window
from service.domain.sequence import Wait as Duration
from service.domain.timing import add_wait, in_window

durations = st.one_of(
    st.builds(Duration, amount=st.integers(1, 60), unit=st.just("hours")),
    st.builds(Duration, amount=st.integers(1, 9), unit=st.sampled_from(["days", "working_days"])),
)
conditions = st.sampled_from(
    [
        None,
        None,
        Condition(answer={"helped": ("same",)}),
        Condition(sent=("stap-1",)),
        Condition(days_since_opt_in=DayCount(at_least=9)),
        Condition(month=("apr", "oct", "dec")),
    ]
)


@st.composite
def sequences(draw: st.DrawFn) -> Sequence:
    follow_ups = [
        Step(
            key=f"stap-{number}",
            template="mail",
            wait=draw(durations),
            only_if=draw(conditions),
            skip_if=draw(conditions),
            max_late=draw(st.none() | durations),
        )
        for number in range(1, draw(st.integers(1, 6)) + 1)
    ]
    hours = sorted(draw(st.lists(st.builds(time, st.integers(0, 23)), min_size=2, max_size=2, unique=True)))
    days = tuple(draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True)))
    window = Window(days=days, opens=hours[0], closes=hours[1])
    advice = Step(key="advies", template="advies", purpose="advice")
    return Sequence(name="x", title="x", topic="x", window=window, steps=(advice, *follow_ups))


calendars = st.builds(
    lambda first, length: Calendar(
        zone=ZoneInfo("Europe/Amsterdam"), closed=(Closed(first=first, last=first + timedelta(days=length)),)
    ),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.integers(0, 60),
)


@dataclass(kw_only=True)
class Run:
    """What came of a run: the moments of the sends and the steps in the order they were decided."""

    sends: list[tuple[datetime, Send]] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    planned: list[datetime] = field(default_factory=list)
    finished: bool = False


def play(sequence: Sequence, calendar: Calendar, start: datetime, delays: list[timedelta], answer: str) -> Run:
    """Run a sequence to its end; each time the clock comes later than it was asked to by the next delay."""
    run = Run()
    facts = Facts(calendar=calendar, may_follow_up=True)
    enrolment = Enrolment(
        state=State.ACTIVE,
        anchor=start,
        split_id="x",
        next_step="stap-1",
        opted_in_at=start,
        answers={"helped": answer},
    )
    now, late = start, iter(delays)
    for _ in range(200):
        decision = decide(enrolment, sequence, facts, now)
        if isinstance(decision, Finish):
            run.finished = True
            break
        if isinstance(decision, Wait):
            assert decision.until is not None
            assert decision.until > now
            now = decision.until + next(late, timedelta(0))
            continue
        assert isinstance(decision, Send | Skip)
        if isinstance(decision, Skip):
            step = sequence.step(decision.step)
            assert step is not None
            assert decision.reason in skips.all_of(step, calendar.local(decision.planned_at))
        run.decided.append(decision.step)
        run.planned.append(decision.planned_at)
        if isinstance(decision, Send):
            run.sends.append((now, decision))
            facts = replace(facts, follow_up_days=facts.follow_up_days | {calendar.local_day(now)})
        outcome = "accepted" if isinstance(decision, Send) else "skipped"
        following = after_step(enrolment, sequence, decision.step)
        outcomes = {**enrolment.outcomes, decision.step: outcome}
        enrolment = replace(enrolment, anchor=decision.planned_at, next_step=following, outcomes=outcomes)
    return run


@settings(max_examples=100)
@given(
    sequence=sequences(),
    calendar=calendars,
    start=st.one_of(
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
        st.sampled_from([datetime(2026, 3, 28, 1, 30, tzinfo=UTC), datetime(2026, 10, 24, 0, 30, tzinfo=UTC)]),
    ),
    delays=st.lists(
        st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(days=1), timedelta(days=4)]), max_size=6
    ),
    answer=st.sampled_from(["same", "unknown"]),
)
def test_each_step_is_decided_once_in_order_within_its_window(
    sequence: Sequence, calendar: Calendar, start: datetime, delays: list[timedelta], answer: str
) -> None:
    run = play(sequence, calendar, start, delays, answer)
    assert run.finished
    assert run.decided == [step.key for step in sequence.follow_ups]
    assert all(in_window(moment, sequence.window, calendar) for moment in run.planned)
    assert [start, *run.planned] == sorted([start, *run.planned])
    days = [calendar.local_day(moment) for moment, _ in run.sends]
    assert len(days) == len(set(days)), "two follow-ups on one day"
    for moment, send in run.sends:
        step = sequence.step(send.step)
        assert step is not None
        assert in_window(moment, sequence.window, calendar)
        assert moment >= send.planned_at
        if step.max_late:
            assert send.not_after == add_wait(send.planned_at, step.max_late, calendar)
            assert moment <= send.not_after
