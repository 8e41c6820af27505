"""The plan as the studio shows it: pictures of each sequence before and after, and people by what becomes of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence as Rows
from itertools import groupby

from sqlmodel import Session

from service.domain.sequence import Sequence
from service.domain.staff import StaffLanguage
from service.domain.waits import Unit
from service.errors import InvalidInputError, Problem
from service.flows import plan_text
from service.flows.plan_shown import Choice, Plan, SequencePlan
from service.flows.publishing import Change, Live
from service.flows.services import Services
from service.store import enrolments
from service.web.studio.publishing import parts
from service.web.studio.publishing.views import ChoiceShown, Dot, Part, PlanShown, SequenceShown, StepCounts, Strip

MOST = 500
"""Leads under way up to which a page reckons the plan at once, in half a second."""
_DAYS: dict[Unit, float] = {"hours": 1 / 24, "days": 1, "working_days": 1.4}
_LEFT, _WIDE = 4.0, 92.0  # per cent: dots at the very edge would be cut in two
_CLOSE = 5.0  # per cent between two days that are written below


def shown(session: Session, services: Services, plan: Plan, language: StaffLanguage) -> PlanShown:
    """The plan, and each sequence of it drawn."""
    drafts = {
        each.part.name: Sequence.model_validate(each.part.document)
        for each in plan.found
        if each.part.kind == "sequence"
    }
    told = []
    for each in plan.sequences:
        live_id = plan.live.get(("sequence", each.name))
        old = services.published.sequence(session, live_id) if live_id is not None else None
        told.append(_sequence(each, old, drafts.get(each.name), language))
    others = tuple(
        (parts.shown(each.part), each.is_new, _differences(plan, each.part.kind, language))
        for each in plan.found
        if each.part.kind != "sequence"
    )
    chooses = any(each.move is not None and each.under_way and not each.beside for each in told)
    return PlanShown(plan=plan, sequences=tuple(told), others=others, chooses=chooses)


def concerned(session: Session, found: Rows[Change]) -> int:
    """How many leads under way a plan of these parts has to look at; it takes about a second for a thousand."""
    if any(each.part.kind == "practice" for each in found):
        return sum(enrolments.count_by_revision(session).values())
    return sum(each.under_way for each in found)


def most(asked: str) -> int | None:
    """Of how many leads the plan is reckoned without being asked for; `asked` is the page's `plan`, "now" for all."""
    if asked not in {"", "now"}:
        raise InvalidInputError("that is no plan to ask for", "Dat plan bestaat niet.")
    return None if asked else MOST


def digest(found: Rows[Change], live: Live, warnings: Rows[Problem], extra: object = None) -> str:
    """Stands for what somebody says yes to: the parts to the byte, what they replace, and the warnings."""
    seen = [
        sorted((each.part.kind, each.part.name, each.part.hash) for each in found),
        sorted((kind, name, number) for (kind, name), number in live.items()),
        sorted((each.id, each.file, each.message) for each in warnings),
        extra,
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]


def _differences(plan: Plan, kind: str, language: StaffLanguage) -> tuple[str, ...]:
    if kind == "practice":
        return tuple(plan_text.in_words(each, language) for each in plan.practice)
    return plan.service_mails if kind == "mails" else ()


def _sequence(plan: SequencePlan, old: Sequence | None, new: Sequence | None, language: StaffLanguage) -> SequenceShown:
    either = new or old
    return SequenceShown(
        part=Part(kind="sequence", name=plan.name, title=either.title if either else plan.name),
        is_new=plan.is_new,
        only_dates=new is None,
        beside=new is not None and not plan.is_new and not plan.rules and not plan.steps,
        under_way=plan.under_way,
        waiting=plan.waiting,
        told_under_way=plan_text.in_words(plan, language),
        changes=(
            *(plan_text.in_words(each, language) for each in plan.rules),
            *(plan_text.in_words(each, language) for each in plan.steps),
        ),
        strip=_strip(plan, old, new or old),
        stay=_choice(plan, plan.stay, new or old, language),
        move=_choice(plan, plan.move, new or old, language) if plan.move is not None else None,
    )


def _choice(plan: SequencePlan, choice: Choice, sequence: Sequence | None, language: StaffLanguage) -> ChoiceShown:
    order = [step.key for step in sequence.steps] if sequence else []
    return ChoiceShown(
        leads=len(plan.leads),
        notice=len(plan.leads) - choice.unchanged,
        twice=choice.twice,
        ending=choice.ending,
        steps=tuple(
            StepCounts(
                step=step,
                number=order.index(step) + 1 if step in order else 0,
                told=tuple(plan_text.in_words(count, language) for count in counts),
            )
            for step, counts in groupby(choice.counts, key=lambda count: count.step)
        ),
    )


def _strip(plan: SequencePlan, old: Sequence | None, new: Sequence | None) -> Strip | None:
    """None where there is nothing to hold it against, or too much to draw."""
    if new is None:
        return None
    before, after = (_days(each) if each else {} for each in (old, new))
    last = max([1.0, *before.values(), *after.values()])
    kinds = {each.key: each.kind for each in plan.steps}

    def place(day: float | None) -> float | None:
        return None if day is None else round(_LEFT + _WIDE * day / last, 2)

    dots = tuple(
        Dot(
            key=key,
            kind=kinds.get(key, "same") if old else "added",
            before=place(before.get(key)),
            after=place(after.get(key)),
        )
        for key in dict.fromkeys([*after, *before])
    )
    written: list[tuple[float, int]] = []
    for day in sorted(after.values()):
        at = place(day) or 0.0
        if not written or at - written[-1][0] >= _CLOSE:
            written.append((at, round(day)))
    return Strip(dots=dots, days=tuple(written))


def _days(sequence: Sequence) -> dict[str, float]:
    """Step -> about how many days after the first it comes."""
    found: dict[str, float] = {}
    day = 0.0
    for step in sequence.steps:
        day += step.wait.amount * _DAYS[step.wait.unit] if step.wait else 0
        found[step.key] = day
    return found
