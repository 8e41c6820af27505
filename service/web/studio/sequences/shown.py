"""From a sequence's file to what stands on its pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from service.domain.practice import Practice
from service.domain.sequence import Sequence, Step
from service.domain.step_words import Both, conditions_told, days_in, wait_told, window_told
from service.errors import NurtureError, Problem
from service.flows import outlook, publishing
from service.flows.drafts import Draft
from service.flows.sequence_editing import Card, OpenSequence
from service.mail.compose import HeldMailError
from service.web.studio.doors import Visit
from service.web.studio.sequences.views import Dot, MailView, ProblemLine, SequenceState, StepCard


def say(visit: Visit, both: Both) -> str:
    """In the language of whoever is there."""
    return both[0] if visit.language == "nl" else both[1]


def problem_lines(visit: Visit, problems: Iterable[Problem]) -> tuple[ProblemLine, ...]:
    """Problems in words, errors first."""
    ordered = sorted(problems, key=lambda each: (each.severity, each.line or 0))
    return tuple(
        ProblemLine(
            id=each.id,
            text=(visit.language == "nl" and each.dutch) or each.message,
            is_error=each.severity == "error",
            line=each.line,
        )
        for each in ordered
    )


def as_problem(error: NurtureError) -> Problem:
    """What was refused, as a line among what is wrong."""
    return Problem(id=error.code, message=error.english, dutch=error.dutch)


def states(session: Session, draft: Draft) -> dict[str, SequenceState]:
    """How each sequence of the draft that can be read stands beside what is live."""
    changed = {each.part.name: each for each in publishing.changes(session, draft) if each.part.kind == "sequence"}
    found: dict[str, SequenceState] = {}
    for name in draft.content.sequences:
        found[name] = "live" if name not in changed else "new" if changed[name].is_new else "changed"
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


def cards(visit: Visit, draft: Draft, opened: OpenSequence, waiting: Mapping[str, int]) -> tuple[StepCard, ...]:
    """The steps as cards. `waiting`: how many leads get each next."""
    practice = draft.content.practice
    days = [round(day) for day in days_in(opened.sequence)] if opened.sequence else None
    return tuple(
        StepCard(
            position=card.position,
            key=card.key,
            line=card.line,
            day=days[card.position] if days else None,
            when=say(visit, _when(opened, card)),
            window=say(visit, window_told(opened.window, card.step)) if opened.window and card.position else "",
            conditions=tuple(say(visit, each) for each in (conditions_told(card.step) if card.step else ())),
            mails=tuple(_mails(visit, draft, practice, card.step)) if card.step else (),
            waiting=waiting.get(card.key, 0),
            problems=problem_lines(visit, card.problems),
            mail_problems=len(card.mail_problems),
            is_readable=card.step is not None,
        )
        for card in opened.cards
    )


def _when(opened: OpenSequence, card: Card) -> Both:
    if card.step is None or (card.step.wait is None and card.position):
        return "Deze stap is nog niet te lezen", "This step cannot be read yet"
    confirmation = str(opened.rules.get("confirmation", "double"))
    return wait_told(card.step.wait, is_first=card.position == 1, confirmation=confirmation)


def _mails(visit: Visit, draft: Draft, practice: Practice | None, step: Step) -> Iterable[MailView]:
    named = step.variants.items() if step.variants else [("", step.template or "")]
    for variant, template in named:
        compiled = draft.mails.get(template)
        subject, preheader = (compiled.subject, compiled.preheader) if compiled else ("", "")
        if compiled and practice:
            try:
                rendered = outlook.shown(visit.services, compiled, practice, {}, "Anna")
            except HeldMailError:
                pass  # it needs a value that Anna has not; its words as written will do
            else:
                subject, preheader = rendered.subject, rendered.preheader
        drawn = compiled is not None and practice is not None
        yield MailView(template=template, variant=variant, subject=subject, preheader=preheader, is_drawn=drawn)
