"""What becomes of each step for one lead under way, by either choice; and for whom else that holds too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Rows
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.calendar import Calendar
from service.domain.sequence import Sequence
from service.domain.wording import Reason
from service.flows import under_way
from service.flows.plan_shown import Fate, What
from service.flows.simulation import Simulated
from service.flows.under_way import Rules, Run

Calendars = tuple[Calendar, Calendar]
"""The practice's days as they are, and as they would be."""


@dataclass(frozen=True, kw_only=True)
class Fates:
    """What both choices do to one run; `move` is None where there is no other revision to move to.

    `twice` holds the choices by which a mail would come a second time. `by_days`: nothing of it depends on the hour it
    is now, for no mail leaves today and none is too late.
    """

    stay: tuple[Fate, ...]
    move: tuple[Fate, ...] | None
    twice: frozenset[str]
    by_days: bool


def fates(
    runs: Rows[Run],
    run: Run,
    drafts: Mapping[str, Sequence],
    reworded: frozenset[str],
    calendars: Calendars,
    now: datetime,
) -> Fates:
    """Play what is to come for one of a lead's runs: as things are, with the new days, and with the drafts.

    `reworded` are the mails whose words in the draft are not those of the run's own revision.
    """
    mine, (calendar, new_calendar) = run.row.id, calendars
    stays = {each.row.id: Rules(sequence=each.sequence, calendar=new_calendar) for each in runs}
    as_is = {key: replace(rules, calendar=calendar) for key, rules in stays.items()}
    before = under_way.futures(runs, as_is, now)[mine]
    after = before if calendar == new_calendar else under_way.futures(runs, stays, now)[mine]
    stay = _compare(before, after, stays[mine], frozenset(), calendar)
    played = {"stay": after}
    move = None
    if run.row.sequence in drafts:
        moves = {
            each.row.id: Rules(sequence=drafts.get(each.row.sequence, each.sequence), calendar=new_calendar)
            for each in runs
        }
        played["move"] = under_way.futures(runs, moves, now)[mine]
        move = _compare(before, played["move"], moves[mine], reworded, calendar)
    had = _repeats(run, before)
    today = calendar.local_day(now)
    every = [each for told in (before, *played.values()) for each in told]
    return Fates(
        stay=stay,
        move=move,
        twice=frozenset(choice for choice, told in played.items() if _repeats(run, told) > had),
        by_days=not any(
            each.reason.code == "too_late" or (each.at is not None and calendar.local_day(each.at) <= today)
            for each in every
        ),
    )


class Alike:
    """What makes a run stand like another, so that one of them is played for both."""

    def __init__(self, run: Run, draft: Sequence | None, calendars: Calendars, now: datetime) -> None:
        self._calendar, new = calendars
        kept = run.keeps_its_hour(filter(None, (run.sequence, draft)), self._calendar, now)
        self.kept = kept if self._calendar.zone == new.zone else None
        self.key = run.stands_like(draft, self.kept.stands_for if self.kept else run.row.anchor, calendars)

    def instead_of(self, first: Alike, fates: tuple[Fate, ...]) -> tuple[Fate, ...]:
        """What the first gets, at this one's own hour wherever that one's was kept."""
        if self.kept is None or first.kept is None or self.kept.hour == first.kept.hour:
            return fates
        own, theirs = self.kept.hour, first.kept.hour

        def at(moment: datetime | None) -> datetime | None:
            local = self._calendar.local(moment) if moment else None
            return self._calendar.instant(local.date(), own) if local and local.time() == theirs else moment

        return tuple(replace(fate, before=at(fate.before), after=at(fate.after)) for fate in fates)


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
                reason=gone if what == "removed" else shown.reason if new_at is None else None,
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
