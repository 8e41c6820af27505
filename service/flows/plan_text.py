"""The plan in words, Dutch or English: for the command line and for the studio. Lead ids, never addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any

from service.domain.step_changes import Difference, StepChange
from service.domain.wording import dutch_moment, english_moment
from service.errors import Language
from service.flows.plan_shown import Choice, Count, Fate, Plan, SequencePlan

_LONGEST = 120


def lines(plan: Plan, language: Language, *, by_lead: bool = False) -> Iterator[str]:
    """The plan, line by line; with `by_lead` also each lead under way, by id."""
    say = _Say(language)
    if not plan.found:
        yield say("Er is niets veranderd sinds de laatste publicatie.", "Nothing has changed since it was published.")
        return
    for change in plan.found:
        if change.part.kind != "sequence":
            yield from _part(plan, change.part.kind, is_new=change.is_new, say=say)
    for each in plan.sequences:
        yield from _sequence(plan, each, say, by_lead=by_lead)
    if plan.held_back:
        yield say(
            "Let op: vervolgmails staan stil (nurture pause). Deze datums gelden pas na: nurture resume",
            "Mind: follow-ups are held back (nurture pause). These dates hold only after: nurture resume",
        )


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, moments in ISO 8601 with the practice's offset."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return (plan.calendar.local(value) if plan.calendar else value).isoformat()
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items()}
        return [plain(each) for each in value] if isinstance(value, list | tuple) else value

    parts = [{"kind": each.part.kind, "name": each.part.name, "new": each.is_new} for each in plan.found]
    told: dict[str, Any] = {
        "at": plain(plan.at),
        "parts": parts,
        "practice": [asdict(each) for each in plan.practice],
        "service_mails": list(plan.service_mails),
        "calendar_changes": plan.calendar_changes,
        "held_back": plan.held_back,
        "sequences": [plain(asdict(each)) for each in plan.sequences],
    }
    return told


def in_words(told: Count | StepChange | Difference | SequencePlan, language: Language) -> str:
    """One thing of a plan as a line of it says it: so many leads, a step, a fact, or those under way."""
    say = _Say(language)
    match told:
        case Count():
            return _count(told, say)
        case StepChange():
            return _step(told, say)
        case Difference():
            return _difference(told, say)
        case SequencePlan():
            return _under_way(told, say)


class _Say:
    """Chooses the language, of sentences and of moments."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, dutch: str, english: str) -> str:
        return dutch if self.language == "nl" else english

    def leads(self, count: int) -> str:
        """So many people."""
        return self(f"{count} {'lead' if count == 1 else 'leads'}", f"{count} {'lead' if count == 1 else 'leads'}")

    def days(self, count: int) -> str:
        """So many days; the hour alone where there are none."""
        return self(f"{count} {'dag' if count == 1 else 'dagen'}", f"{count} {'day' if count == 1 else 'days'}")


def _part(plan: Plan, kind: str, *, is_new: bool, say: _Say) -> Iterator[str]:
    what = say("de dienstmails", "the service mails") if kind == "mails" else f"{kind}.yaml"
    if kind == "mails" and not is_new and not plan.service_mails:
        yield say(f"{what}: dezelfde tekst als nu", f"{what}: the same text as now")
        return
    yield f"{what}: {say('nieuw', 'new') if is_new else say('veranderd', 'changed')}"
    if kind == "mails" and not is_new:
        yield say("  Nieuwe tekst in: ", "  New text in: ") + ", ".join(plan.service_mails)
    if kind == "practice":
        for each in plan.practice:
            yield f"  {_difference(each, say)}"
        if plan.practice:
            yield say(
                "  Ook wie al onderweg is, krijgt deze gegevens vanaf de eerstvolgende mail.",
                "  Those under way get these facts too, from their next mail on.",
            )


def _sequence(plan: Plan, each: SequencePlan, say: _Say, *, by_lead: bool) -> Iterator[str]:
    sequence = say("reeks", "sequence")
    if each.is_new:
        yield f"{sequence} {each.name}: {say('nieuw', 'new')}"
        return
    only_dates = say("andere dagen in practice.yaml", "other days in practice.yaml")
    yield f"{sequence} {each.name}: {say('veranderd', 'changed') if each.move else only_dates}"
    for rule in each.rules:
        yield f"  {_difference(rule, say)}"
    for step in each.steps:
        yield f"  {_step(step, say)}"
    if each.move and not each.rules and not each.steps:
        yield say(
            "  Geen stap en geen mail van deze reeks is anders; alleen bestanden ernaast.",
            "  No step and no mail of this sequence differs; only files beside them do.",
        )
    if not each.under_way:
        yield say("  Er is niemand onderweg.", "  Nobody is under way.")
        return
    yield f"  {_under_way(each, say)}"
    stay = (
        say("Blijven ze op hun eigen versie", "If they stay on their own revision")
        if each.move
        else say("Voor wie onderweg is", "For those under way")
    )
    move = say("Gaan ze mee (--move-leads)", "If they move (--move-leads)")
    yield from _choice(each, each.stay, stay, say)
    if each.move is not None:
        yield from _choice(each, each.move, move, say)
    if by_lead:
        yield from _by_lead(plan, each, say)


def _under_way(each: SequencePlan, say: _Say) -> str:
    told = [say(f"{each.under_way} onderweg", f"{each.under_way} under way")]
    if each.waiting:
        told.append(
            say(
                f"{each.waiting} van hen {'moet' if each.waiting == 1 else 'moeten'} nog op de knop drukken",
                f"{each.waiting} of them {'has' if each.waiting == 1 else 'have'} not pressed the button yet",
            )
        )
    if each.silent:
        may = "mag" if each.silent == 1 else "mogen"
        told.append(say(f"{each.silent} {may} geen mail krijgen", f"{each.silent} may get no mail"))
    if each.outbox == 1:
        told.append(say("1 mail staat al klaar en gaat weg zoals hij is", "1 mail is ready and leaves as it is"))
    elif each.outbox:
        told.append(
            say(
                f"{each.outbox} mails staan al klaar en gaan weg zoals ze zijn",
                f"{each.outbox} mails are ready and leave as they are",
            )
        )
    return "; ".join(told) + "."


def _choice(each: SequencePlan, choice: Choice, title: str, say: _Say) -> Iterator[str]:
    if not choice.counts:
        yield f"  {title}: {say('voor niemand verandert er iets', 'nothing changes for anybody')}."
    else:
        same, twice = choice.unchanged, choice.twice
        notice = say(f"{same} {'merkt' if same == 1 else 'merken'} niets", f"{same} notice{'s' * (same == 1)} nothing")
        double = say(
            f"{twice} {'krijgt' if twice == 1 else 'krijgen'} iets dubbel",
            f"{twice} get{'s' * (twice == 1)} anything twice",
        )
        yield f"  {title}: {notice}, {double}."
    for step, counts in groupby(choice.counts, key=lambda count: count.step):
        yield f"    `{step}`: {', '.join(_count(count, say) for count in counts)}"
    if choice.ending:
        yield say(
            f"    {say.leads(choice.ending)}: er komt niets meer", f"    {say.leads(choice.ending)}: nothing more comes"
        )
    if each.waiting and choice is each.move:
        yield say(
            f"    {say.leads(each.waiting)}: na de druk op de knop de nieuwe versie",
            f"    {say.leads(each.waiting)}: the new revision once they press the button",
        )


def _count(count: Count, say: _Say) -> str:
    who = say.leads(count.leads)
    words = say(" met de nieuwe tekst", " with the new text") if count.reworded else ""
    if count.what == "new":
        return f"{who} {say('extra', 'extra')}"
    if count.what in {"removed", "skipped"}:
        why = f" ({say(count.reason.dutch, count.reason.english)})" if count.reason else ""
        return f"{who} {say('niet meer', 'no more')}{why}"
    if count.what == "same":
        return f"{who} {say('op dezelfde dag', 'on the same day')}{words}"
    by = say.days(count.days) if count.days else say("enkele uren", "some hours")
    later = say("later", "later") if count.what == "later" else say("eerder", "earlier")
    return f"{who} {by} {later}{words}"


def _step(step: StepChange, say: _Say) -> str:
    kind = {
        "added": say("erbij", "added"),
        "removed": say("weg", "removed"),
        "moved": say("andere plaats", "moved"),
        "changed": say("veranderd", "changed"),
    }[step.kind]
    told = [_difference(each, say) for each in step.differences]
    told += [say(f"nieuwe tekst in {name}", f"new text in {name}") for name in step.texts]
    return f"{say('stap', 'step')} `{step.key}`: {kind}" + (f" ({'; '.join(told)})" if told else "")


def _difference(each: Difference, say: _Say) -> str:
    nothing = say("niets", "nothing")
    if not each.before:
        return f"{each.what}: {_short(each.after)}"
    return f"{each.what}: {_short(each.before)} -> {_short(each.after) or nothing}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _by_lead(plan: Plan, each: SequencePlan, say: _Say) -> Iterator[str]:
    """Every lead for whom either choice changes something."""
    for lead in each.leads:
        for choice, fates in ((say("blijft", "stays"), lead.stay), (say("gaat mee", "moves"), lead.move or ())):
            if any(fate.what != "same" or fate.reworded for fate in fates):
                yield f"  lead {lead.lead}, {choice}:"
                yield from (f"    {_fate(plan, fate, say)}" for fate in fates)


def _fate(plan: Plan, fate: Fate, say: _Say) -> str:
    if fate.after is None:
        why = say(fate.reason.dutch, fate.reason.english) if fate.reason else ""
        return say(
            f"{fate.step}: niet meer ({why}); was {_moment(plan, fate.before, say)}",
            f"{fate.step}: no more ({why}); was {_moment(plan, fate.before, say)}",
        )
    at = _moment(plan, fate.after, say)
    words = say(", nieuwe tekst", ", new text") if fate.reworded else ""
    if fate.what == "new":
        return f"{fate.step}: {at}, {say('nieuw', 'new')}"
    if fate.what == "same":
        return f"{fate.step}: {at}{words}"
    return f"{fate.step}: {at}{words}; {say('was', 'was')} {_moment(plan, fate.before, say)}"


def _moment(plan: Plan, moment: datetime | None, say: _Say) -> str:
    if moment is None or plan.calendar is None:
        return "-"
    local = plan.calendar.local(moment)
    return dutch_moment(local) if say.language == "nl" else english_moment(local)
