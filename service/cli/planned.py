"""A plan on the screen, the question, and what was done after the yes: for publish and rollback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from service.cli.opening import staff_name
from service.cli.telling import in_words, language, say

if TYPE_CHECKING:
    from service.flows.drafts import Draft
    from service.flows.plan_shown import Plan
    from service.flows.services import Services


def show(plan: Plan, *, by_lead: bool = False, as_json: bool = False) -> None:
    """Print the plan; `by_lead` also lists everybody, `as_json` prints all of it as one object."""
    from service.flows import plan_text

    if as_json:
        typer.echo(json.dumps(plan_text.as_json(plan), ensure_ascii=False))
        return
    for line in plan_text.lines(plan, language(), by_lead=by_lead):
        typer.echo(line)


def ask_and_publish(
    services: Services,
    draft: Draft,
    plan: Plan,
    *,
    yes: bool,
    move_leads: bool,
    override_by: str | None = None,
    back_to: int | None = None,
) -> bool:
    """Publish what the plan was about, once somebody says yes. False after a "no".

    Raises RefusedError where somebody else published while the question stood.
    """
    from service.flows import publishing

    if not yes and not typer.confirm(_question(plan, move_leads=move_leads)):
        return False
    now = services.clock.now()
    with services.database.transaction() as session:
        done = publishing.publish(
            session,
            services,
            draft,
            plan.found,
            by=staff_name(),
            override_by=override_by,
            move_leads=move_leads,
            seen=plan.live,
            back_to=back_to,
            now=now,
        )
    publishing.look_again(services, done, now)
    count = done.moved
    if count:
        say(
            f"{count} {'lead goes' if count == 1 else 'leads go'} on with the new revision.",
            f"{count} {'lead gaat' if count == 1 else 'leads gaan'} mee met de nieuwe versie.",
        )
    planned = sum(each.under_way for each in plan.sequences if each.move)
    if move_leads and count != planned:
        say(
            f"The plan said {planned}: people came or went meanwhile.",
            f"Het plan zei {planned}: intussen kwam of ging er iemand.",
        )
    say("Published.", "Gepubliceerd.")
    return True


def _question(plan: Plan, *, move_leads: bool) -> str:
    concerned = any(each.move and each.under_way for each in plan.sequences)
    if not concerned:
        return in_words("Publish this?", "Dit publiceren?")
    if move_leads:
        return in_words(
            "Publish this, and move the leads under way?", "Dit publiceren, en wie onderweg is mee laten gaan?"
        )
    return in_words(
        "Publish this? Leads under way stay on their own revision.",
        "Dit publiceren? Wie onderweg is, blijft op de eigen versie.",
    )
