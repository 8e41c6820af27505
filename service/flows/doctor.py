"""Is this installation fit to work? Each part is looked at by itself, so that one fault does not hide the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from service.domain.mailbox import parse_mailbox
from service.errors import NurtureError, Problem, UnavailableError
from service.flows import clients, publishing, refused_origins, sender_records
from service.flows.finding import Finding
from service.flows.services import Services
from service.mail.name_service import Resolver
from service.store import events
from service.store.schema import Schema, schema_state

_ORIGINS_SHOWN = timedelta(days=30)
_MAIL_SECONDS = 30.0  # a person waits; the transport's own limits are those of a queue


def examine(
    services: Services,
    *,
    check_keys: Callable[[Session], None],
    resolver: Resolver,
    selectors: Sequence[str] = (),
) -> list[Finding]:
    """Database, keys, content, alerts, mail hand-over and the sender's DNS records. Sends and changes nothing.

    `check_keys` raises NurtureError when a key in use is gone.
    """
    return [
        *database(services, check_keys=check_keys),
        mail(services),
        *sender_records.examine(resolver, sender_domain(services), selectors),
    ]


def settings(problems: Sequence[Problem]) -> list[Finding]:
    """What is wrong with the settings, each with its own way to mend it in the sentence."""
    found = [
        Finding(
            id=problem.id,
            level=problem.severity,
            text=str(problem).removeprefix("warning: "),
            fix="Change it in .env, or where the environment is set, and start again.",
            dutch_fix="Pas de instelling aan in .env (of waar je ze bewaart) en start de dienst opnieuw.",
        )
        for problem in problems
    ]
    return found or [Finding(id="settings", level="ok", text="The settings can be read and go together.")]


def database(services: Services, *, check_keys: Callable[[Session], None]) -> Iterator[Finding]:
    """Reachable, with our schema; and where it is: the keys, what is published, and what needs a person."""
    try:
        state = schema_state(services.database)
    except UnavailableError as error:
        yield Finding(
            id="database-unreachable",
            level="error",
            text=_sentence(error.english),
            fix="Check NURTURE_DATABASE_URL, that the server runs, and that a SQLite file's folder can be written.",
            dutch_fix="Controleer NURTURE_DATABASE_URL, of de database draait, en of in de map geschreven mag worden.",
        )
        return
    yield _schema(state)
    if state is not Schema.CURRENT:
        return
    with services.database.reading() as session:
        yield _keys(session, check_keys)
        yield _published(session, services)
        yield from _alerts(session)
        yield from _clients(session, services)
        yield from _refused_origins(session, services)


def mail(services: Services) -> Finding:
    """Could a mail be handed over now: connected, secured and logged in? Nothing is sent."""

    async def check() -> str | None:
        transport = services.open_transport()
        try:
            async with asyncio.timeout(_MAIL_SECONDS):
                result = await transport.check()
        except TimeoutError:
            return f"The mail server did not answer within {_MAIL_SECONDS:g} seconds."
        finally:
            await transport.close()
        return None if result is None else f"{result.text or 'no reason given'} (at {result.stage})"

    wrong = asyncio.run(check())
    if wrong is None:
        return Finding(id="mail", level="ok", text="Mail can be handed over.")
    return Finding(
        id="mail-unreachable",
        level="error",
        text=f"Mail cannot be handed over: {wrong}",
        fix="Check host, port, user and password in NURTURE_MAIL_URL with your mail provider.",
        dutch_fix="Controleer server, poort, gebruikersnaam en wachtwoord in NURTURE_MAIL_URL bij je mailprovider.",
    )


def sender_domain(services: Services) -> str:
    """The domain after the @ of the From address."""
    return parse_mailbox(services.mail_from).address.rpartition("@")[2]


def _schema(state: Schema) -> Finding:
    if state is Schema.CURRENT:
        return Finding(id="database", level="ok", text="The database answers, and its schema is current.")
    if state is Schema.EMPTY:
        return Finding(
            id="database-empty",
            level="warning",
            text="The database is empty.",
            fix="Run: nurture setup (or nurture serve, which makes the schema).",
            dutch_fix="Draai: nurture setup.",
        )
    if state is Schema.OLDER:
        return Finding(
            id="database-older",
            level="error",
            text="The database has an older schema.",
            fix="Make a backup, then run: nurture migrate",
            dutch_fix="Maak een reservekopie en draai dan: nurture migrate",
        )
    return Finding(
        id="database-newer",
        level="error",
        text="The database was made by a newer version.",
        fix="Install that version again, or restore a backup from before.",
        dutch_fix="Installeer die versie opnieuw, of zet een reservekopie van ervoor terug.",
    )


def _keys(session: Session, check_keys: Callable[[Session], None]) -> Finding:
    try:
        check_keys(session)
    except NurtureError as error:
        return Finding(
            id="keys-gone",
            level="error",
            text=_sentence(error.english),
            fix="Put the old key back from where you keep your secrets, behind the newer ones.",
            dutch_fix="Zet de oude sleutel terug uit je kluis of reservekopie, achter de nieuwere.",
        )
    return Finding(id="keys", level="ok", text="Every key in use is there.")


def _published(session: Session, services: Services) -> Finding:
    if publishing.nothing_published(session):
        return Finding(
            id="nothing-published",
            level="error" if services.production else "warning",
            text="Nothing is published yet, so no opt-in can be taken.",
            fix="Run: nurture check, then: nurture publish",
            dutch_fix="Draai: nurture check, en daarna: nurture publish",
        )
    _, practice = services.published.live_practice(session)
    if practice.placeholder:
        return Finding(
            id="practice-placeholder",
            level="warning",
            text="The published facts of the practice are made up.",
            fix="Run: nurture setup, or fill in practice.yaml and run: nurture publish practice",
            dutch_fix="Draai: nurture setup, of vul practice.yaml in en draai: nurture publish practice",
        )
    return Finding(id="published", level="ok", text="Sequences, practice, forms and service mails are published.")


def _alerts(session: Session) -> Iterator[Finding]:
    for alert in events.open_alerts(session):
        yield Finding(
            id=f"alert-{alert.cause}",
            level="warning",
            text=f"An alert stands since {alert.raised_at:%Y-%m-%d %H:%M} UTC: {alert.english}.",
            fix="Mend the cause; the alert then ends by itself.",
            dutch_fix=f"{_sentence(alert.dutch)} Los de oorzaak op; de melding verdwijnt dan vanzelf.",
        )


def _clients(session: Session, services: Services) -> Iterator[Finding]:
    if services.demo or not clients.one_for_all(session):
        return
    known = ", ".join(map(str, services.trusted_proxies))
    yield Finding(
        id="opt-ins-from-one-client",
        level="error",
        text=(
            "The latest opt-ins all came from one and the same private address: a proxy stands before the service, and "
            f"{f'{known} (NURTURE_TRUSTED_PROXIES) does not hold its address' if known else 'none is trusted'}. So all "
            "visitors count as one, and the cap of a network turns them away."
        ),
        fix=(
            "Put the network of your proxy in NURTURE_TRUSTED_PROXIES, such as 127.0.0.1 or 172.18.0.0/16, have it "
            "send X-Forwarded-For, and start the service again. The next opt-in from outside clears this."
        ),
        dutch_fix=(
            "Zet het netwerk van je proxy in NURTURE_TRUSTED_PROXIES, bijvoorbeeld 127.0.0.1 of 172.18.0.0/16, laat de "
            "proxy X-Forwarded-For meesturen en start de dienst opnieuw. Na de eerste aanvraag van buiten is dit weg."
        ),
    )


def _refused_origins(session: Session, services: Services) -> Iterator[Finding]:
    since = datetime.now(UTC).date() - _ORIGINS_SHOWN
    for each in refused_origins.known(session, since):
        if each.origin in services.allowed_origins:
            continue  # the setting was mended since
        times = "once" if each.count == 1 else f"{each.count} times"
        yield Finding(
            id="origin-refused",
            level="warning",
            text=f"Posts of the opt-in form from {each.origin} were refused ({times}, last on {each.day}).",
            fix="Add it to NURTURE_ALLOWED_ORIGINS if it is yours; else all is well: it was kept out.",
            dutch_fix="Is dit je eigen website? Zet het adres dan in NURTURE_ALLOWED_ORIGINS. Anders is het goed zo.",
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
