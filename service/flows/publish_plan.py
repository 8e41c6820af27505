"""What publishing a draft means for everybody under way: who gets what when, who does not and why, whose date moves.

It looks, by the very code that plans the mails, and writes and locks nothing. Leads who stand alike are reckoned once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Rows
from datetime import datetime
from types import MappingProxyType

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.domain.practice import Practice
from service.domain.sequence import Sequence
from service.domain.step_changes import Difference, compare_rules, compare_steps, written
from service.domain.wording import Reason
from service.flows import publishing, under_way
from service.flows.drafts import Draft, Part
from service.flows.fates import Alike, Calendars, Fates, fates
from service.flows.plan_shown import Choice, Count, Fate, LeadPlan, Plan, SequencePlan, What
from service.flows.publishing import Change, Live
from service.flows.services import Services
from service.flows.under_way import Run
from service.store import outbox, sequences


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
        _look_at_leads(session, services, touched, (before, after), now)
    paused = outbox.paused(session)
    return Plan(
        at=now,
        calendar=after,
        live=live,
        found=tuple(found),
        practice=_facts_changed(*practice),
        service_mails=_service_mails(session, found),
        calendar_changes=moved,
        held_back=any(map(paused.holds_back, touched)),
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


def _service_mails(session: Session, found: Rows[Change]) -> tuple[str, ...]:
    """The service mails whose words or layout differ; a revision keeps more files than it sends from."""
    new = next((change.part for change in found if change.part.kind == "mails"), None)
    old = sequences.live(session, "mails", new.name) if new else None
    if new is None:
        return ()
    return tuple(name for name, mail in new.compiled.items() if old is None or old.compiled.get(name) != mail)


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

    def stands_still(self, run: Run) -> bool:
        """Count her among those whose dates are not known, or who get nothing."""
        self.outbox += len(run.leaving)
        self.waiting += run.row.state != "active"
        self.silent += run.row.state == "active" and not run.may_follow_up
        return run.row.state != "active" or not run.may_follow_up

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
    session: Session, services: Services, touched: Mapping[str, _Touched], calendars: Calendars, now: datetime
) -> None:
    drafts = {name: each.draft for name, each in touched.items() if each.draft is not None and each.live is not None}
    kept: dict[object, tuple[Alike, Fates]] = {}
    for runs in under_way.leads(session, services, touched, calendars[1], now):
        for run in runs:
            here = touched.get(run.row.sequence)
            if here is None or here.stands_still(run):
                continue
            reworded = here.reworded(session, run.row.sequence_revision_id)
            alike = Alike(run, here.draft, calendars, now)
            first, found = kept.get(alike.key, (alike, None)) if len(runs) == 1 else (alike, None)
            if found is None or not (found.by_days or alike.kept is None):
                first, found = alike, fates(runs, run, drafts, reworded, calendars, now)
                if len(runs) == 1:
                    kept[alike.key] = first, found
            here.twice.update(found.twice)
            stay, move = (each and alike.instead_of(first, each) for each in (found.stay, found.move))
            here.leads.append(LeadPlan(lead=run.row.lead_id, enrolment=run.row.id, stay=stay or (), move=move))


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
                counts[fate.step, fate.what, fate.days, fate.reworded, fate.reason] += 1
    found = [
        Count(step=step, what=what, days=days, reworded=reworded, reason=why, leads=leads)
        for (step, what, days, reworded, why), leads in counts.items()
    ]
    found.sort(key=lambda each: (place.get(each.step, len(order)), -each.leads, each.what, each.days))
    return Choice(unchanged=unchanged, ending=ending, twice=twice, counts=tuple(found))
