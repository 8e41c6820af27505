"""The list of sequences, and one of them as a timeline: with what waits where, and what is wrong at which step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from pydantic import ValidationError
from starlette.responses import Response

from service.domain.sequence import Sequence
from service.domain.step_words import window_told
from service.domain.waits import Wait
from service.domain.wording import dutch_wait
from service.errors import InvalidInputError, NotFoundError, NurtureError, Problem
from service.flows import content_desk, samples, sequence_editing
from service.flows.content import SEQUENCES
from service.flows.drafts import Draft
from service.flows.pictures import alone
from service.flows.sequence_editing import OpenSequence
from service.store import enrolments
from service.web.pages import mail_frame
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.sequences import shown
from service.web.studio.sequences.choices import answer_groups, names
from service.web.studio.sequences.views import SequenceLine, SequencesPage, TimelinePage

ROOM = "/studio/sequences"
DONE = ("saved", "moved", "added", "removed", "archived", "reopened")


def show_all(visit: Visit) -> Response:
    """`GET /studio/sequences`."""
    draft = visit.desk.draft()
    problems = shown.problem_lines(visit, content_desk.unreadable(draft))
    return rendering.render(SequencesPage(frame=visit.frame(), lines=_lines(visit, draft), problems=problems))


def show(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}`."""
    done = visit.query("done")
    if done and done not in DONE:
        raise InvalidInputError("nothing of that name is done here", "Dat kan hier niet gedaan zijn.")
    draft, opened = opened_of(visit)
    return rendering.render(page_of(visit, draft, opened, done=done))


def show_mail(visit: Visit) -> Response:
    """`GET /studio/sequences/{name}/mails/{template}`: the draft mail as Anna gets it, for a small frame."""
    draft, opened = opened_of(visit)
    template = str(visit.request.path_params["template"])
    used = {name for card in opened.cards for name in card.templates}
    if template not in used or template not in draft.mails:
        raise NotFoundError("there is no such mail in this sequence", "Die mail staat niet in deze reeks.")
    try:
        sample = samples.of_draft(visit.services, draft, template, {}, now=visit.services.clock.now())
    except NurtureError:  # not to be drawn yet: what is wrong with it stands at its step
        return mail_frame("<!doctype html><html><head></head><body></body></html>")
    return mail_frame(alone(sample.rendered.html, sample.hosted))


def opened_of(visit: Visit) -> tuple[Draft, OpenSequence]:
    """The draft, and the sequence that the path names. NotFoundError where there is none."""
    name = str(visit.request.path_params["name"])
    sequence_editing.require(visit.desk, name)  # before anything is compiled for it
    draft = visit.desk.draft()
    return draft, sequence_editing.open_sequence(visit.desk, draft, name)


def page_of(
    visit: Visit,
    draft: Draft,
    opened: OpenSequence,
    *,
    done: str = "",
    error: NurtureError | None = None,
    refused: Iterable[Problem] = (),
) -> TimelinePage:
    """The timeline; with `error` or `refused`, what was asked and not done."""
    with visit.services.database.reading() as session:
        state = shown.states(session, draft).get(opened.name, "changed")
        waiting = enrolments.waiting(session).get(opened.name, {})
    at_step = {step: count for (where, step), count in waiting.items() if where == "active"}
    rules = opened.rules
    exits = rules.get("exit_on", ["booked"])
    return TimelinePage(
        frame=visit.frame(),
        name=opened.name,
        title=opened.title,
        mark=opened.mark,
        state=state,
        archived=rules.get("archived") is True,
        cards=shown.cards(visit, draft, opened, at_step, names(answer_groups(visit, draft.content.forms, {}, []))),
        problems=shown.problem_lines(visit, opened.problems),
        waits_for_button=sum(count for (where, _), count in waiting.items() if where == "awaiting_confirmation"),
        under_way=sum(waiting.values()),
        confirmation=str(rules.get("confirmation", "double")),
        window=shown.say(visit, window_told(opened.window)) if opened.window else "",
        exits_on_booking=isinstance(exits, list) and "booked" in exits,
        again=_again(visit, rules.get("again_after")),
        can_edit=not opened.yaml.problems,
        done=done,
        told=visit.words(error) if error else "",
        refused=shown.problem_lines(visit, refused),
    )


def _again(visit: Visit, raw: object) -> str:
    try:
        wait = Wait.model_validate(raw) if raw else cast("Wait", Sequence.model_fields["again_after"].default)
    except ValidationError:
        return ""
    return shown.say(visit, (dutch_wait(wait), str(wait)))


def _lines(visit: Visit, draft: Draft) -> tuple[SequenceLine, ...]:
    start = f"{SEQUENCES}/"
    files = [each for each in draft.content.sources if each.startswith(start) and each.count("/") == 1]
    drafts = {each.removeprefix(start).removesuffix(".yaml"): each for each in files}
    with visit.services.database.reading() as session:
        found = shown.states(session, draft)
        waiting = enrolments.waiting(session)
        live = {each.sequence.name: each.sequence for each in visit.services.published.live_sequences(session)}
    lines = []
    for name in sorted({*drafts, *live}):
        sequence = draft.content.sequences.get(name) or live.get(name)
        mails = {f"email_templates/{each}.md" for each in (sequence.templates() if sequence else ())}
        mine = [each for each in draft.problems if each.file in {drafts.get(name), *mails}]
        lines.append(
            SequenceLine(
                name=name,
                title=sequence.title if sequence else name,
                state=found[name],
                archived=name in draft.content.sequences and draft.content.sequences[name].archived,
                live_archived=name in live and live[name].archived,
                errors=sum(each.severity == "error" for each in mine),
                warnings=sum(each.severity == "warning" for each in mine),
                under_way=sum(waiting.get(name, {}).values()),
                dots=shown.dots(sequence) if sequence else (),
            )
        )
    return tuple(sorted(lines, key=lambda each: (each.archived, each.title.lower())))
