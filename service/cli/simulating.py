"""`nurture simulate`: what a sequence will do, and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services
from service.cli.reading import Answers, duration, moment, pairs
from service.errors import NotFoundError, ProblemsError

if TYPE_CHECKING:
    from service.flows.simulation import Simulated


def simulate(
    name: Annotated[str, typer.Argument(help="A sequence.")],
    opt_in_at: Annotated[
        str | None, typer.Option(help="ISO 8601; without an offset it is the practice's time.")
    ] = None,
    confirm_after: Annotated[str, typer.Option(help="How long after the opt-in: 0d, 3h, 2d, or never.")] = "0d",
    answer: Answers = None,
    event: Annotated[list[str] | None, typer.Option(help="What happens, such as booked@+9d; repeatable.")] = None,
    live: Annotated[bool, typer.Option("--live", help="The published revision, not the files.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")] = False,
) -> None:
    """Each mail with its date, and why; moves no data."""
    from service.domain.calendar import Calendar
    from service.flows import drafts, simulation

    _, services = open_services(ready=live)
    if live:
        with services.database.reading() as session:
            calendar = services.published.calendar(session)
            sequences = {each.sequence.name: each.sequence for each in services.published.live_sequences(session)}
    else:
        content = drafts.read_draft(services.content_dir).content
        if content.practice is None:
            raise ProblemsError([each for each in content.problems if each.severity == "error"])
        calendar, sequences = Calendar.of(content.practice), dict(content.sequences)
    if name not in sequences:
        raise NotFoundError(f"there is no sequence {name}; there are: {', '.join(sorted(sequences)) or 'none'}")
    begins = moment(opt_in_at, calendar) if opt_in_at else datetime.now(UTC)
    story = simulation.Story(
        opt_in_at=begins,
        confirmed_at=None if confirm_after == "never" else begins + duration(confirm_after),
        answers=pairs(answer),
        events=simulation.parse_events(event or (), begins),
    )
    told = simulation.simulate(sequences[name], calendar, story)
    if as_json:
        rows = [{**_row(each), "at": calendar.local(each.at).isoformat() if each.at else None} for each in told]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for each in told:
        when = calendar.local(each.at).strftime("%a %d %b %Y %H:%M") if each.at else "not sent"
        typer.echo(f"{when:<22}  {each.step:<24} {each.reason.english}")


def _row(each: Simulated) -> dict[str, str]:
    return {"step": each.step, "template": each.template, "reason": each.reason.english}
