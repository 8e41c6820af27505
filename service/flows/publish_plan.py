"""What publishing a draft means for everybody under way: who gets what when, who does not and why, whose date moves.

It looks, by the very code that plans the mails, and writes and locks nothing. Leads who stand alike are reckoned once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Rows
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.domain.practice import Practice
from service.domain.sequence import Sequence
from service.domain.step_changes import Difference, StepChange, compare_rules, compare_steps, written
from service.domain.wording import Reason
from service.flows import publishing, under_way
from service.flows.drafts import Draft, Part
from service.flows.publishing import Change, Live
from service.flows.services import Services
from service.flows.simulation import Simulated
from service.flows.under_way import Rules, Run
from service.store import outbox, sequences

What = Literal["same", "new", "earlier", "later", "removed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of one step for one lead: the moment it leaves at as things are, and after publishing.

    None is: it does not leave; `reason` says why, or why it leaves then. `days` is by how many local days the date
    moves, 0 where only the hour does. `reworded`: she gets other words than she would have.
    """

    step: str
    template: str
    what: What
    before: datetime | None
    after: datetime | None
    days: int
    reworded: bool
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Count:
    """So many leads for whom one step comes to the same. `reason` where it does not leave any more."""

    step: str
    what: What
    days: int
    reworded: bool
    reason: Reason | None
    leads: int


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What one choice does to those under way in a sequence.

    `unchanged` leads notice nothing; `ending` get nothing any more though something was to come; `twice` would get a
    mail that they had. `counts` holds what is not as it was, in the order of the steps.
    """

    unchanged: int
    ending: int
    twice: int
    counts: tuple[Count, ...]


@dataclass(frozen=True, kw_only=True)
class LeadPlan:
    """One lead under way, by id, and what each choice does to each step that is to come."""

    lead: int
    enrolment: int
    stay: tuple[Fate, ...]
    move: tuple[Fate, ...] | None


@dataclass(frozen=True, kw_only=True)
class SequencePlan:
    """One sequence: what changed in it, and what that does. `move` is None where there is no new revision to move to.

    Of those `under_way`, `waiting` have not pressed the button (dates are not known before they do), `silent` may get
    no mail, and `leads` are the rest. `outbox` mails are on their way already and leave as they were made.
    """

    name: str
    is_new: bool
    rules: tuple[Difference, ...]
    steps: tuple[StepChange, ...]
    under_way: int
    waiting: int
    silent: int
    outbox: int
    stay: Choice
    move: Choice | None
    leads: tuple[LeadPlan, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that publishing would change, as of `at`. `live` is what it was held against: see `publishing.publish`.

    `practice` is what differs in practice.yaml; `calendar` whether days or hours in it do. `held_back`: the brake is
    on, so the dates hold once it is let go. `others` are parts that concern nobody under way by dates.
    """

    at: datetime
    calendar: Calendar | None
    live: Live
    found: tuple[Change, ...]
    practice: tuple[Difference, ...]
    calendar_changes: bool
    held_back: bool
    sequences: tuple[SequencePlan, ...]


def plan(session: Session, services: Services, draft: Draft, now: datetime, names: Rows[str] = ()) -> Plan:
    """What publishing this draft, or these parts of it, would do now. NotFoundError for a part there is not.

    The draft must be without errors.
    """
    found = publishing.changes(session, draft, names)
    live = publishing.live(session)
    practice = _practice_before(session, services), _practice_after(session, services, found)
    before, after = (Calendar.of(each) if each else None for each in practice)
    moved = before is not None and before != after
    drafts = {change.part.name: change.part for change in found if change.part.kind == "sequence"}
    touched = {name: _Touched(session, services, name, drafts.get(name), live) for name in _names(live, drafts, moved)}
    if before is not None and after is not None:
        _look_at_leads(session, services, touched, before, after, now)
    paused = outbox.paused(session)
    return Plan(
        at=now,
        calendar=after,
        live=live,
        found=tuple(found),
        practice=_facts_changed(*practice),
        calendar_changes=moved,
        held_back=paused.all_mail or paused.follow_ups or not paused.sequences.isdisjoint(touched),
        sequences=tuple(each.told() for each in touched.values()),
    )


def _names(live: Live, drafts: Mapping[str, Part], calendar_moved: bool) -> list[str]:
    """The sequences whose leads may notice something: all that are live where the calendar changes."""
    every = {name for kind, name in live if kind == "sequence"} if calendar_moved else set()
    return sorted(every | set(drafts))


def _practice_before(session: Session, services: Services) -> Practice | None:
    row = sequences.live(session, "practice", "practice")
    return services.published.practice(session, row.id) if row else None


def _practice_after(session: Session, services: Services, found: Rows[Change]) -> Practice | None:
    new = next((change.part for change in found if change.part.kind == "practice"), None)
    return Practice.model_validate(new.document) if new else _practice_before(session, services)


def _facts_changed(before: Practice | None, after: Practice | None) -> tuple[Difference, ...]:
    """The facts of practice.yaml that differ, by name."""
    if before is None or after is None or before == after:
        return ()
    was, becomes = before.model_dump(mode="json"), after.model_dump(mode="json")
    return tuple(
        Difference(what=name, before=written(was[name]), after=written(becomes[name]))
        for name in was
        if was[name] != becomes[name]
    )


class _Touched:
    """One sequence while its leads are gone through."""

    def __init__(self, session: Session, services: Services, name: str, part: Part | None, live: Live) -> None:
        self.name, self.part = name, part
        self.draft = Sequence.model_validate(part.document) if part else None
        live_id = live.get(("sequence", name))
        self.live = services.published.sequence(session, live_id) if live_id is not None else None
        self._reworded: dict[int, frozenset[str]] = {}
        self.waiting = self.silent = self.outbox = 0
        self.leads: list[LeadPlan] = []
        self.twice: Counter[str] = Counter()
        self._live_words = self.reworded(session, live_id) if live_id is not None and part else frozenset()

    def reworded(self, session: Session, revision_id: int) -> frozenset[str]:
        """The mails whose words or layout in the draft are not those of this revision."""
        if self.part is None:
            return frozenset()
        if revision_id not in self._reworded:
            old = sequences.by_id(session, revision_id).compiled
            differ = (name for name, mail in self.part.compiled.items() if old.get(name) != mail)
            self._reworded[revision_id] = frozenset(differ)
        return self._reworded[revision_id]

    def told(self) -> SequencePlan:
        """All that was found."""
        old, new = self.live, self.draft
        order = [step.key for each in (new, old) if each for step in each.steps]
        return SequencePlan(
            name=self.name,
            is_new=old is None,
            rules=compare_rules(old, new) if old and new else (),
            steps=compare_steps(old, new, self._live_words) if old and new else (),
            under_way=self.waiting + self.silent + len(self.leads),
            waiting=self.waiting,
            silent=self.silent,
            outbox=self.outbox,
            stay=_choice([each.stay for each in self.leads], order, self.twice["stay"]),
            move=_choice([each.move or () for each in self.leads], order, self.twice["move"]) if new and old else None,
            leads=tuple(self.leads),
        )


def _look_at_leads(
    session: Session,
    services: Services,
    touched: Mapping[str, _Touched],
    calendar: Calendar,
    new_calendar: Calendar,
    now: datetime,
) -> None:
    kept: dict[object, tuple[tuple[Fate, ...], tuple[Fate, ...] | None, frozenset[str]]] = {}
    for runs in under_way.leads(session, services, touched, new_calendar, now):
        for run in runs:
            here = touched.get(run.row.sequence)
            if here is None:
                continue
            here.outbox += len(run.leaving)
            if run.row.state != "active":
                here.waiting += 1
                continue
            if not run.may_follow_up:
                here.silent += 1
                continue
            alone = len(runs) == 1
            key = run.stands_like(here.draft) if alone else (run.row.id, "of two")
            if key not in kept:
                kept[key] = _fates(session, touched, runs, run, calendar, new_calendar, now)
            stay, move, twice = kept[key]
            here.twice.update(twice)
            here.leads.append(LeadPlan(lead=run.row.lead_id, enrolment=run.row.id, stay=stay, move=move))


def _fates(
    session: Session,
    touched: Mapping[str, _Touched],
    runs: Rows[Run],
    run: Run,
    calendar: Calendar,
    new_calendar: Calendar,
    now: datetime,
) -> tuple[tuple[Fate, ...], tuple[Fate, ...] | None, frozenset[str]]:
    """What both choices do to one run, and under which of them a mail would come a second time."""
    here = touched[run.row.sequence]
    stays = {each.row.id: Rules(sequence=each.sequence, calendar=new_calendar) for each in runs}
    before = under_way.futures(runs, {key: replace(rules, calendar=calendar) for key, rules in stays.items()}, now)
    after = before if calendar == new_calendar else under_way.futures(runs, stays, now)
    mine = run.row.id
    stay = _compare(before[mine], after[mine], stays[mine], frozenset(), calendar)
    twice = {"stay"} if _repeats(run, after[mine]) > _repeats(run, before[mine]) else set()
    if here.draft is None or here.live is None:
        return stay, None, frozenset(twice)
    moves = dict(stays)
    for each in runs:
        other = touched.get(each.row.sequence)
        if other is not None and other.draft is not None:
            moves[each.row.id] = Rules(sequence=other.draft, calendar=new_calendar)
    moved = under_way.futures(runs, moves, now)
    reworded = here.reworded(session, run.row.sequence_revision_id)
    if _repeats(run, moved[mine]) > _repeats(run, before[mine]):
        twice.add("move")
    return stay, _compare(before[mine], moved[mine], moves[mine], reworded, calendar), frozenset(twice)


def _repeats(run: Run, coming: Iterable[Simulated]) -> int:
    """How many of these mails she had already, or gets twice: by their step or by their file."""
    leaving = [each for each in coming if each.at is not None]
    steps, mails = set(run.outcomes), set(run.had)
    again = 0
    for each in leaving:
        again += each.step in steps or each.template in mails
        steps.add(each.step)
        mails.add(each.template)
    return again


def _compare(
    before: Iterable[Simulated],
    after: Iterable[Simulated],
    rules: Rules,
    reworded: frozenset[str],
    calendar: Calendar,
) -> tuple[Fate, ...]:
    """Each step that leaves in one of the two, in the order of the new sequence, those that are gone last."""
    was, becomes = {each.step: each for each in before}, {each.step: each for each in after}
    found = []
    for step in dict.fromkeys([*becomes, *was]):
        old, new = was.get(step), becomes.get(step)
        old_at, new_at = (old.at if old else None), (new.at if new else None)
        shown = new or old
        if shown is None or (old_at is None and new_at is None):
            continue
        what, days = _what(old_at, new_at, calendar, is_there=rules.sequence.step(step) is not None)
        gone = Reason(code="removed", dutch="deze stap is er niet meer", english="this step is no longer there")
        found.append(
            Fate(
                step=step,
                template=shown.template,
                what=what,
                before=old_at,
                after=new_at,
                days=days,
                reworded=new_at is not None and old_at is not None and (shown.template in reworded),
                reason=gone if what == "removed" else shown.reason,
            )
        )
    return tuple(found)


def _what(old: datetime | None, new: datetime | None, calendar: Calendar, *, is_there: bool) -> tuple[What, int]:
    if new is None:
        return ("skipped" if is_there else "removed"), 0
    if old is None:
        return "new", 0
    if old == new:
        return "same", 0
    days = (calendar.local_day(new) - calendar.local_day(old)).days
    return ("later" if new > old else "earlier"), abs(days)


def _choice(fates: Iterable[tuple[Fate, ...]], order: Rows[str], twice: int) -> Choice:
    place = MappingProxyType({key: position for position, key in reversed(list(enumerate(order)))})
    counts: Counter[tuple[str, What, int, bool, Reason | None]] = Counter()
    unchanged = ending = 0
    for each in fates:
        unchanged += all(fate.what == "same" and not fate.reworded for fate in each)
        had_some = any(fate.before is not None for fate in each)
        ending += had_some and all(fate.after is None for fate in each)
        for fate in each:
            if fate.what != "same" or fate.reworded:
                why = fate.reason if fate.after is None else None
                counts[fate.step, fate.what, fate.days, fate.reworded, why] += 1
    found = [
        Count(step=step, what=what, days=days, reworded=reworded, reason=why, leads=leads)
        for (step, what, days, reworded, why), leads in counts.items()
    ]
    found.sort(key=lambda each: (place.get(each.step, len(order)), -each.leads, each.what, each.days))
    return Choice(unchanged=unchanged, ending=ending, twice=twice, counts=tuple(found))
