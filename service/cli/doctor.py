"""`nurture doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services
from service.cli.telling import Told, in_words, language, say, tell_in
from service.errors import ProblemsError

if TYPE_CHECKING:
    from service.flows.doctor import Patient
    from service.flows.doctor_mail import Way
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
    from service.flows.doctor import Patient
    from service.flows.doctor_mail import Box
    from service.flows.sender_records import Sending
    from service.mail import imap

    ways = list(_ways(settings, services))
    answers = [settings.reply_to.address] if settings.reply_to else []
    answers += [services.reply_mailbox.address] if services.reply_mailbox else []
    bounces = services.bounce_mailbox.address if services.bounce_mailbox else ""
    boxes = {"NURTURE_BOUNCE_MAILBOX": services.bounce_mailbox, "NURTURE_REPLY_MAILBOX": services.reply_mailbox}
    return Patient(
        services=services,
        ways=ways,
        boxes=[Box(setting=name, check=partial(imap.check, box)) for name, box in boxes.items() if box],
        bounces_read=services.bounce_mailbox is not None,
        sending=Sending(
            domain=_domain(settings.mail_from.address),
            selectors=selectors,
            signer=services.dkim,
            providers=[way.url.scheme for way in ways if way.url.provider is not None],
            servers=[way.url.host for way in ways if way.url.host],
            return_path=_domain(bounces) if any(way.url.host for way in ways) else "",
            answers=[_domain(address) for address in answers],
            production=settings.production,
        ),
        check_keys=lambda session: check_keys(session, settings),
    )


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


def _ways(settings: Settings, services: Services) -> Iterator[Way]:
    from service.flows.doctor_mail import Way
    from service.mail.mail_url import parse_mail_url
    from service.mail.transport import open_transport

    named = {"NURTURE_MAIL_URL": settings.mail_url, "NURTURE_MAIL_FALLBACK_URL": settings.mail_fallback_url}
    for setting, url in named.items():
        parsed, _ = parse_mail_url(url or "")
        if url and parsed is not None:
            yield Way(setting=setting, url=parsed, open=partial(open_transport, url, services.dkim))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
