"""`nurture doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services
from service.cli.telling import Told, in_words, language, say, tell_in
from service.errors import ProblemsError

if TYPE_CHECKING:
    from service.flows.doctor import Patient
    from service.flows.finding import Finding
    from service.flows.services import Services
    from service.settings import Settings

NameServer = Annotated[
    str | None, typer.Option("--dns", metavar="HOST:PORT", help="Ask this name server, not the machine's own.")
]
Selectors = Annotated[
    list[str] | None, typer.Option("--dkim-selector", metavar="NAME", help="Where a DKIM key stands; repeatable.")
]


def doctor(dns: NameServer = None, dkim_selector: Selectors = None, told: Told = None) -> None:
    """What is wrong with this installation, and how to mend it.

    Looks at settings, keys, database, clocks, mail hand-over, certificates, the base URL with its way out, mailboxes,
    and the sender's DNS records. Sends nothing; what it unsubscribes is a made-up lead, gone a moment later.
    """
    tell_in(told)
    levels = set()
    for finding in examine(dns, dkim_selector or []):
        show([finding])
        levels.add(finding.level)
    if "error" in levels:
        raise typer.Exit(1)
    if "warning" not in levels:
        say("All is well.", "Alles is in orde.")


def examine(dns: str | None, selectors: list[str]) -> Iterator[Finding]:
    """Every finding, each as it is found; where the settings cannot be used, those of the settings alone."""
    from service.flows import doctor as flow
    from service.mail.name_service import DnsResolver
    from service.settings import check_settings

    resolver = DnsResolver(dns)
    try:
        settings, services = open_services(ready=False)
    except ProblemsError as error:
        yield from flow.settings(error.problems)
        return
    yield from flow.settings(check_settings(settings))
    yield from flow.examine(patient(settings, services, selectors), resolver)


def patient(settings: Settings, services: Services, selectors: list[str]) -> Patient:
    """This installation, as far as doctor looks at it."""
    from service.bootstrap import check_keys
    from service.flows import patients

    return patients.of(services, selectors=selectors, check_keys=lambda session: check_keys(session, settings))


def show(findings: Iterable[Finding]) -> None:
    """One line a finding, and beneath it how to mend it: in Dutch always, before it in English where that is spoken."""
    for finding in findings:
        level = in_words(
            f"{finding.level:<8}", {"ok": "goed    ", "warning": "let op  ", "error": "fout    "}[finding.level]
        )
        typer.echo(f"{level} {finding.id}: {in_words(finding.text, finding.dutch)}")
        if finding.fix and language() == "en":
            typer.echo(f"         Fix: {finding.fix}")
        if finding.dutch_fix:
            typer.echo(f"         Oplossing: {finding.dutch_fix}")
