"""`nurture audit`: who did what, when. The database lets nobody change or remove an entry."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from service.cli.opening import open_services
from service.cli.reading import MOST
from service.cli.telling import Told, in_words, say, tell_in
from service.domain.audit_words import DUTCH


def audit(
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many entries, the newest first.")] = 50,
    action: Annotated[str | None, typer.Option(help='Of one kind, such as "published" or "lead erased".')] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects, on stdout.")] = False,
    told: Told = None,
) -> None:
    """Who published, approved, exported, erased, paused or decided, and when. Lead numbers, never addresses."""
    tell_in(told)
    from service.flows import publishing
    from service.store import events

    action = next((english for english, dutch in DUTCH.items() if dutch == action), action)
    _, services = open_services()
    with services.database.reading() as session:
        found = events.audit_log(session, limit=limit, action=action)
        zone = None if publishing.nothing_published(session) else services.published.calendar(session).zone
    if as_json:
        rows = [
            {"id": each.id, "at": each.at.isoformat(), "actor": each.actor, "action": each.action}
            | {"details": each.details}
            for each in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not found:
        of, over = (f" of {action!r}", f" over {action!r}") if action else ("", "")
        say(f"Nothing{of} is in the audit log.", f"Er staat niets{over} in het logboek.")
    for each in found:
        at = each.at.astimezone(zone) if zone else each.at
        details = " ".join(f"{name}={_short(value)}" for name, value in each.details.items() if value not in (None, []))
        what = in_words(each.action, DUTCH.get(each.action, each.action))
        typer.echo(f"{at:%Y-%m-%d %H:%M:%S}  {each.actor:<18}  {what:<16}  {details}".rstrip())


def _short(value: object) -> str:
    """A list or a diff by its length: fifty warnings are told by --json."""
    return f"[{len(value)}]" if isinstance(value, list | dict) else str(value)
