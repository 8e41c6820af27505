"""From a sequence's file to what stands on its pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from service.domain.practice import Practice
from service.domain.reading import mapping
from service.domain.sequence import Sequence
from service.domain.step_words import Both, conditions_told, days_in, late_told, wait_told, window_told
from service.errors import NurtureError, Problem
from service.flows import outlook, publishing
from service.flows.content import SEQUENCES
from service.flows.drafts import Draft
from service.flows.sequence_editing import Card, OpenSequence
from service.store import sequences
from service.web.studio.doors import Visit
from service.web.studio.sequences.step_fields import is_name
from service.web.studio.sequences.views import Dot, MailView, ProblemLine, SequenceState, StepCard


def say(visit: Visit, both: Both) -> str:
    """In the language of whoever is there."""
    return both[0] if visit.language == "nl" else both[1]


def problem_lines(visit: Visit, problems: Iterable[Problem]) -> tuple[ProblemLine, ...]:
    """Problems in words, errors first."""
    ordered = sorted(problems, key=lambda each: (each.severity, each.line or 0))
    return tuple(
        ProblemLine(
            text=(visit.language == "nl" and each.dutch) or each.message,
            is_error=each.severity == "error",
            line=each.line,
        )
        for each in ordered
    )


def refusal(visit: Visit, error: NurtureError) -> tuple[ProblemLine, ...]:
    """What was refused, as a line among what is wrong."""
    return (ProblemLine(text=visit.words(error), is_error=True),)


def states(session: Session, draft: Draft) -> dict[str, SequenceState]:
    """How each sequence stands beside what is live: those with a file, and those that are live without one."""
    changed = {each.part.name: each for each in publishing.changes(session, draft) if each.part.kind == "sequence"}
    live = {name for kind, name in sequences.live_ids(session) if kind == "sequence"}
    start = f"{SEQUENCES}/"
    files = {each.removeprefix(start).removesuffix(".yaml") for each in draft.content.sources if each.startswith(start)}
    found: dict[str, SequenceState] = dict.fromkeys(live - files, "gone")
    for name in files:
        readable = name in draft.content.sequences
        found[name] = "new" if name not in live else "live" if readable and name not in changed else "changed"
    return found


def dots(sequence: Sequence) -> tuple[Dot, ...]:
    """The small picture of a sequence."""
    return tuple(
        Dot(
            key=step.key,
            day=round(day),
            is_advice=step.purpose == "advice",
            is_for_some=step.only_if is not None or step.skip_if is not None,
        )
        for step, day in zip(sequence.steps, days_in(sequence), strict=True)
    )


def cards(
    visit: Visit,
    draft: Draft,
    opened: OpenSequence,
    waiting: Mapping[str, int],
    answers: Mapping[str, str],
) -> tuple[StepCard, ...]:
    """The steps as cards. `waiting`: how many leads get each next; `answers`: what each is called."""
    days = [round(day) for day in days_in(opened.sequence)] if opened.sequence else None
    mails = {card.key: tuple(_mails(visit, draft, draft.content.practice, card)) for card in opened.cards}
    subjects = {key: found[0].subject for key, found in mails.items() if found and found[0].subject}
    return tuple(
        StepCard(
            position=card.position,
            key=card.key,
            line=card.line,
            day=days[card.position] if days else None,
            when=say(visit, _when(opened, card)),
            window=say(visit, window_told(opened.window, card.step)) if opened.window and card.position else "",
            conditions=tuple(
                say(visit, each) for each in (conditions_told(card.step, answers, subjects) if card.step else ())
            ),
            late=say(visit, late_told(card.step)) if card.step else "",
            mails=mails[card.key],
            waiting=waiting.get(card.key, 0),
            problems=problem_lines(visit, card.problems),
            mail_problems=len(card.mail_problems),
            can_edit=is_name(card.key),
        )
        for card in opened.cards
    )


def _when(opened: OpenSequence, card: Card) -> Both:
    if card.step is None or (card.step.wait is None and card.position):
        return "Deze stap is nog niet te lezen", "This step cannot be read yet"
    confirmation = str(opened.rules.get("confirmation", "double"))
    return wait_told(card.step.wait, is_first=card.position == 1, confirmation=confirmation)


def _mails(visit: Visit, draft: Draft, practice: Practice | None, card: Card) -> Iterable[MailView]:
    variants = mapping(card.raw.get("variants"))
    named = variants.items() if variants else [("", card.raw.get("template"))]
    for variant, template in named:
        if not isinstance(template, str) or not is_name(template):
            continue
        compiled = draft.mails.get(template)
        subject, preheader = (compiled.subject, compiled.preheader) if compiled else ("", "")
        if compiled and practice:
            try:
                rendered = outlook.shown(visit.services, compiled, practice, {}, "Anna")
            except NurtureError:
                pass  # it needs a value that Anna has not; its words as written will do
            else:
                subject, preheader = rendered.subject, rendered.preheader
        drawn = compiled is not None and practice is not None
        yield MailView(template=template, variant=str(variant), subject=subject, preheader=preheader, is_drawn=drawn)
