"""Is this installation fit to work? Each part is looked at by itself, so that one fault does not hide the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from service.domain.mailbox import parse_mailbox
from service.errors import NurtureError, Problem
from service.flows import dkim_records, doctor_database, doctor_mail, doctor_web, sender_records
from service.flows.doctor_mail import Box, Way
from service.flows.finding import Finding, sentence
from service.flows.sender_records import Sending
from service.flows.services import Services
from service.mail.mime import MailHeaders, build
from service.mail.name_service import Resolver


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is examined. `check_keys` raises NurtureError when a key in use is gone."""

    services: Services
    ways: Sequence[Way]
    sending: Sending
    check_keys: Callable[[Session], None]
    boxes: Sequence[Box] = ()
    bounces_read: bool = False


def examine(patient: Patient, resolver: Resolver) -> Iterator[Finding]:
    """Database, the ways mail leaves and comes back, the address in its links, and the sender in the DNS.

    Sends nothing. Changes nothing but for a lead of its own that it unsubscribes, gone a moment later.
    """
    services = patient.services
    of_database: list[Finding] = []

    def database() -> Iterator[Finding]:
        for finding in doctor_database.examine(services, check_keys=patient.check_keys):
            of_database.append(finding)
            yield finding

    yield from _looked_at("database", database())
    yield from _looked_at("mail", doctor_mail.ways_out(patient.ways))
    back = doctor_mail.ways_back(
        patient.ways,
        patient.boxes,
        webhook_secrets=services.webhook_secrets,
        bounces_read=patient.bounces_read,
        production=services.production,
    )
    yield from _looked_at("mail", back)
    yield from alerts_heard(services)
    published = {"published", "practice-placeholder"} & {finding.id for finding in of_database}
    yield from _looked_at("DKIM", _signature(services, patient.sending.domain))
    yield from _looked_at("NURTURE_BASE_URL", doctor_web.examine(services, published=bool(published)))
    yield from _looked_at("DNS", sender_records.examine(resolver, patient.sending))


def alerts_heard(services: Services) -> Iterator[Finding]:
    """Whether anybody is told when something needs a person. Nothing where it is so, or outside of production."""
    if services.production and not services.alert_to and services.alert_url is None:
        yield Finding(
            id="alerts-unheard",
            level="warning",
            text="Nobody gets a mail when something needs a person, such as mail that does not leave.",
            dutch="Niemand krijgt een mail als er iets is waar een mens naar moet kijken, zoals mail die niet weggaat.",
            fix="Put the addresses of whoever must hear of it in NURTURE_ALERT_TO; `staff` in practice.yaml gets none.",
            dutch_fix="Zet in NURTURE_ALERT_TO de adressen van wie dat moet horen. De adressen onder `staff` in "
            "practice.yaml krijgen ze niet.",
        )


def _signature(services: Services, domain: str) -> Iterator[Finding]:
    """Of a mail to a lead, as far as its head goes."""
    if services.dkim is None:
        return
    headers = MailHeaders(
        message_id="<doctor@example.org>",
        date=services.clock.now(),
        boundary="=_0123456789abcdef",
        mail_from=parse_mailbox(services.mail_from),
        to="anna@example.org",
        unsubscribe_url=f"{services.base_url}/u/doctor",
    )
    mail = build(subject="-", text="-", html="-", headers=headers)
    yield from dkim_records.of_a_mail(services.dkim.sign(mail), domain)


def _looked_at(part: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """What was found until something was in the way, such as a database that another holds; then that."""
    try:
        yield from findings
    except NurtureError as error:
        yield Finding(
            id="not-looked-at",
            level="error",
            text=f"Something of the {part} could not be looked at: {sentence(error.english)}",
            dutch=f"Niet alles kon worden bekeken ({part}): {sentence(error.staff)}",
            fix="Try again in a minute.",
            dutch_fix="Probeer het over een minuut opnieuw.",
        )


def settings(problems: Sequence[Problem]) -> list[Finding]:
    """What is wrong with the settings, each with its own way to mend it in the sentence."""
    found = [
        Finding(
            id=problem.id,
            level=problem.severity,
            text=str(problem).removeprefix("warning: "),
            dutch=problem.told("nl").removeprefix("waarschuwing: "),
            fix="Change it in .env, or where the environment is set, and start again.",
            dutch_fix="Pas de instelling aan in .env (of waar je ze bewaart) en start de dienst opnieuw. "
            "Uitleg: docs/meldingen.md",
        )
        for problem in problems
    ]
    return found or [
        Finding(
            id="settings",
            level="ok",
            text="The settings can be read and go together.",
            dutch="De instellingen zijn leesbaar en passen bij elkaar.",
        )
    ]
