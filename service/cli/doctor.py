"""`nurture doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services
from service.errors import ProblemsError

if TYPE_CHECKING:
    from service.flows.finding import Finding

NameServer = Annotated[
    str | None, typer.Option("--dns", metavar="HOST:PORT", help="Ask this name server, not the machine's own.")
]
Selectors = Annotated[
    list[str] | None, typer.Option("--dkim-selector", metavar="NAME", help="Where your DKIM key stands; repeatable.")
]


def doctor(dns: NameServer = None, dkim_selector: Selectors = None) -> None:
    """What is wrong with this installation, and how to mend it.

    Looks at settings, keys, database, mail hand-over and the sender's DNS records; sends and changes nothing.
    """
    found = examine(dns, dkim_selector or [])
    show(found)
    if any(finding.level == "error" for finding in found):
        raise typer.Exit(1)
    if not any(finding.level == "warning" for finding in found):
        typer.echo("All is well.")


def examine(dns: str | None, selectors: list[str]) -> list[Finding]:
    """Every finding; where the settings cannot be used, those of the settings alone."""
    from service.bootstrap import check_keys
    from service.flows import doctor as flow
    from service.mail.name_service import DnsResolver
    from service.settings import check_settings

    try:
        settings, services = open_services(ready=False)
    except ProblemsError as error:
        return flow.settings(error.problems)
    found = flow.settings(check_settings(settings))
    return found + flow.examine(
        services,
        check_keys=lambda session: check_keys(session, settings),
        resolver=DnsResolver(dns),
        selectors=selectors,
    )


def show(findings: Iterable[Finding]) -> None:
    """One line a finding, and beneath it how to mend it, in English and in Dutch."""
    for finding in findings:
        typer.echo(f"{finding.level:<8} {finding.id}: {finding.text}")
        if finding.fix:
            typer.echo(f"         Fix: {finding.fix}")
        if finding.dutch_fix:
            typer.echo(f"         Oplossing: {finding.dutch_fix}")
