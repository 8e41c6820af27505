"""`nurture simulate`: what a sequence will do, and when."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services
from service.cli.reading import Answers, days, duration, moment, pairs
from service.cli.telling import Told, in_words, language, tell_in
from service.errors import NotFoundError, ProblemsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.domain.calendar import Calendar
    from service.domain.forms import Forms
    from service.domain.sequence import Sequence
    from service.flows.services import Services
    from service.flows.simulation import Simulated
    from service.mail.compose import Rendered

    _Texts = Callable[[Simulated], Rendered]


def simulate(
    name: Annotated[str, typer.Argument(help="A sequence.")],
    opt_in_at: Annotated[
        str | None, typer.Option(help="ISO 8601; without an offset it is the practice's time.")
    ] = None,
    confirm_after: Annotated[str, typer.Option(help="How long after the opt-in: 0d, 3h, 2d, or never.")] = "0d",
    answer: Answers = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            help="What happens after so long, such as booked@+9d; repeatable. Others: unsubscribed, reply, request, "
            "better, same, worse, soft-bounce."
        ),
    ] = None,
    closed: Annotated[
        list[str] | None,
        typer.Option(help="Closed days besides practice.yaml's: 2026-12-24 or 2026-07-27..2026-08-07; repeatable."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="The published revision, not the files.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Each mail's subject and text as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")] = False,
    told: Told = None,
) -> None:
    """Each mail with its date, and why; moves no data."""
    from service.flows import simulation

    tell_in(told)
    _, services = open_services(ready=live)
    answers = pairs(answer)
    sequence, calendar, forms, texts = _published(services, name) if live else _of_files(services, name)
    if forms is not None:
        forms.check(answers)
    calendar = replace(calendar, closed=(*calendar.closed, *days(closed)))
    begins = moment(opt_in_at, calendar) if opt_in_at else datetime.now(UTC)
    story = simulation.Story(
        opt_in_at=begins,
        confirmed_at=None if confirm_after == "never" else begins + duration(confirm_after),
        answers=answers,
        events=simulation.parse_events(event or (), begins),
    )
    steps = simulation.simulate(sequence, calendar, story, retries=services.retries)
    if as_json:
        rows = [_row(each, calendar) | (_rendered(each, texts) if text else {}) for each in steps]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for each in steps:
        typer.echo(_line(each, calendar))
        if text and each.at:
            mail = texts(each)
            typer.echo(f"\n{in_words('Subject', 'Onderwerp')}: {mail.subject}\n\n{mail.text}\n")


def _of_files(services: Services, name: str) -> tuple[Sequence, Calendar, Forms | None, _Texts]:
    from service.domain.calendar import Calendar
    from service.flows import drafts, outlook

    draft = drafts.read_draft(services.content_dir)
    practice = draft.content.practice
    if practice is None or (name not in draft.content.sequences and draft.errors):
        raise ProblemsError(draft.errors)
    sequence = _named(name, draft.content.sequences)

    def texts(each: Simulated) -> Rendered:
        if each.template not in draft.mails:
            raise ProblemsError(draft.errors)
        return outlook.shown(services, draft.mails[each.template], practice, each.answers)

    return sequence, Calendar.of(practice), draft.content.forms, texts


def _published(services: Services, name: str) -> tuple[Sequence, Calendar, Forms | None, _Texts]:
    from service.flows import outlook

    with services.database.reading() as session:
        calendar = services.published.calendar(session)
        _, practice = services.published.live_practice(session)
        _, forms = services.published.live_forms(session)
        revisions = {each.sequence.name: each for each in services.published.live_sequences(session)}
        sequence = _named(name, {each: found.sequence for each, found in revisions.items()})
        mails = {
            each: services.published.mail(session, revisions[name].revision_id, each) for each in sequence.templates()
        }
    return sequence, calendar, forms, lambda each: outlook.shown(services, mails[each.template], practice, each.answers)


def _named(name: str, sequences: Mapping[str, Sequence]) -> Sequence:
    if name not in sequences:
        there = ", ".join(sorted(sequences))
        raise NotFoundError(
            f"there is no sequence {name}; there are: {there or 'none'}",
            f"er is geen reeks {name}; dit zijn ze: {there or 'geen'}",
        )
    return sequences[name]


def _row(each: Simulated, calendar: Calendar) -> dict[str, str | None]:
    return {
        "step": each.step,
        "template": each.template,
        "at": calendar.local(each.at).isoformat() if each.at else None,
        "reason": in_words(each.reason.english, each.reason.dutch),
    }


def _rendered(each: Simulated, texts: _Texts) -> dict[str, str | None]:
    mail = texts(each) if each.at else None
    return {"subject": mail.subject if mail else None, "text": mail.text if mail else None}


def _line(each: Simulated, calendar: Calendar) -> str:
    from service.domain.wording import dutch_moment, english_moment

    if each.at is None:
        when = in_words("not sent", "niet verstuurd")
    else:
        worded = dutch_moment if language() == "nl" else english_moment
        when = worded(calendar.local(each.at), year=True)
    return f"{when:<33}  {each.step:<24} {in_words(each.reason.english, each.reason.dutch)}"
