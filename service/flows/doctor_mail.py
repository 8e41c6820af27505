"""The ways out of mail, and the ways back: can it be handed over, and does what comes back reach us? Sends nothing."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from service.flows.finding import Finding, in_days, sentence
from service.flows.server_certificates import days_left
from service.mail.mail_url import MailUrl
from service.mail.transport import Transport

_MAIL_SECONDS = 30.0  # a person waits; the transport's own limits are those of a queue
_LOOK_SECONDS = 10.0
_SOON = 14  # days: they are renewed a month before their end where that works by itself
_SECRETS: Mapping[str, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        "lettermint": (re.compile(r"whsec_.+"), "whsec_…"),
        "resend": (re.compile(r"whsec_.+"), "whsec_…"),
        "ses": (re.compile(r"arn:aws[a-z-]*:sns:.+"), "arn:aws:sns:…"),
    }
)
"""What a provider's secret looks like, and how that is told. The others' may be anything."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way out: its setting (NURTURE_MAIL_URL or that of the fallback), what it says, and the transport for it."""

    setting: str
    url: MailUrl
    open: Callable[[], Transport]

    @property
    def word(self) -> str:
        """What its findings begin with."""
        return "mail-fallback" if self.setting.endswith("FALLBACK_URL") else "mail"


@dataclass(frozen=True, kw_only=True)
class Box:
    """A mailbox that is read. `check` opens it, and returns what is in the way in one English sentence, or None."""

    setting: str
    check: Callable[[], str | None]


def ways_out(ways: Sequence[Way]) -> Iterator[Finding]:
    """Each way out, and the certificate of its server."""
    for way in ways:
        found = hand_over(way)
        yield found
        if found.level == "ok":
            yield from _certificate(way)


def ways_back(
    ways: Sequence[Way],
    boxes: Sequence[Box],
    *,
    webhook_secrets: Mapping[str, Sequence[str]],
    bounces_read: bool,
    production: bool,
) -> Iterator[Finding]:
    """Do bounces and complaints reach us: by a provider's events, or in a mailbox that can be opened?"""
    for way in ways:
        if way.url.provider is not None:
            yield _events(way.url.scheme, webhook_secrets, production=production)
    if any(way.url.host for way in ways) and not bounces_read:
        yield _bounces_unread()
    yield from map(_opened, boxes)


def hand_over(way: Way) -> Finding:
    """Could a mail be handed over now: connected, secured and logged in?"""
    wrong = asyncio.run(_checked(way))
    which = " (fallback)" if way.word == "mail-fallback" else ""
    if wrong is None:
        return Finding(
            id=way.word,
            level="ok",
            text=f"Mail can be handed over{which}.",
            dutch=f"Mail kan worden verstuurd{which}.",
        )
    return Finding(
        id=f"{way.word}-unreachable",
        level="error",
        text=f"Mail cannot be handed over{which}: {wrong}",
        dutch=f"Mail kan niet worden verstuurd{which}. De andere kant zegt: {wrong}",
        fix=f"Check host, port, user and password in {way.setting} with your mail provider.",
        dutch_fix=f"Controleer server, poort, gebruikersnaam en wachtwoord in {way.setting} bij je mailprovider.",
    )


async def _checked(way: Way) -> str | None:
    transport = way.open()
    try:
        async with asyncio.timeout(_MAIL_SECONDS):
            result = await transport.check()
    except TimeoutError:
        return f"The mail server did not answer within {_MAIL_SECONDS:g} seconds."
    finally:
        await transport.close()
    return None if result is None else f"{result.text or 'no reason given'} (at {result.stage})"


def _certificate(way: Way) -> Iterator[Finding]:
    """How long the mail server's certificate is good; that it is good now was seen on handing over."""
    url = way.url
    if not url.host or url.tls == "none":
        return
    days = _certificate_days(url)
    if days is None:
        return  # it was reached a moment ago, and would have to tell us a second time
    if days >= _SOON:
        yield Finding(
            id=f"{way.word}-certificate",
            level="ok",
            text=f"The certificate of {url.host} is good for {days} days.",
            dutch=f"Het certificaat van {url.host} is nog {days} dagen geldig.",
        )
        return
    in_english, in_dutch = in_days(days)
    yield Finding(
        id=f"{way.word}-certificate-ends",
        level="warning",
        text=f"The certificate of {url.host} ends {in_english}; after that no mail can be handed over.",
        dutch=f"Het certificaat van {url.host} verloopt {in_dutch}. Daarna kan er geen mail meer weg.",
        fix="Tell whoever keeps that mail server.",
        dutch_fix="Meld het aan de beheerder van die mailserver.",
    )


def _certificate_days(url: MailUrl) -> int | None:
    context = ssl.create_default_context(cafile=str(url.ca) if url.ca else None)
    try:
        if url.tls == "implicit":
            with smtplib.SMTP_SSL(url.host, url.port, timeout=_LOOK_SECONDS, context=context) as server:
                return days_left(server.sock)
        with smtplib.SMTP(url.host, url.port, timeout=_LOOK_SECONDS) as server:
            server.starttls(context=context)
            return days_left(server.sock)
    except (OSError, smtplib.SMTPException):
        return None


def _events(provider: str, secrets: Mapping[str, Sequence[str]], *, production: bool) -> Finding:
    name = f"NURTURE_WEBHOOK_SECRETS_{provider.upper()}"
    if kept := secrets.get(provider):
        form, told = _SECRETS.get(provider, (None, ""))
        if form is not None and not all(form.fullmatch(each) for each in kept):
            return Finding(
                id="webhook-secret-form",
                level="warning",
                text=f"A secret in {name} does not begin as those of {provider} do ({told}), so events may be refused.",
                dutch=f"Een geheim in {name} begint niet zoals die van {provider} ({told}). "
                "Berichten worden dan misschien geweigerd.",
                fix=f"Copy it again from the webhook at {provider}; which one it is: docs/feedback.md",
                dutch_fix=f"Kopieer het opnieuw uit de webhook bij {provider}. Welk geheim dat is: docs/feedback.md",
            )
        return Finding(
            id="webhook-secret",
            level="ok",
            text=f"There is a secret to tell events of {provider} from forged ones.",
            dutch=f"Er is een geheim waarmee berichten van {provider} van valse te onderscheiden zijn.",
        )
    return Finding(
        id="webhook-secret-missing",
        level="error" if production else "warning",
        text=f"{name} is not set, so every event of {provider} is refused: bounces and complaints change nothing.",
        dutch=f"{name} is niet gezet. Elk bericht van {provider} wordt geweigerd, ook over klachten en adressen die "
        "niet bestaan.",
        fix=f"Make a webhook at {provider} for this service, and put its secret there: docs/feedback.md",
        dutch_fix=f"Maak bij {provider} een webhook naar deze dienst, en zet het geheim ervan in {name}: "
        "docs/feedback.md",
    )


def _bounces_unread() -> Finding:
    return Finding(
        id="bounces-unread",
        level="warning",
        text="Mail that cannot be delivered comes back to a mailbox that nobody reads for us: nothing is learnt of it.",
        dutch="Mail die niet aankomt, komt terug in een mailbox die de dienst niet leest. Er wordt niets mee gedaan.",
        fix="Set NURTURE_BOUNCE_MAILBOX.",
        dutch_fix="Vul NURTURE_BOUNCE_MAILBOX in.",
    )


def _opened(box: Box) -> Finding:
    word = "bounce-mailbox" if "BOUNCE" in box.setting else "reply-mailbox"
    wrong = box.check()
    if wrong is None:
        return Finding(
            id=word,
            level="ok",
            text=f"The mailbox of {box.setting} can be opened.",
            dutch=f"De mailbox van {box.setting} kan worden geopend.",
        )
    return Finding(
        id=f"{word}-unreachable",
        level="error",
        text=f"The mailbox of {box.setting} cannot be opened: {sentence(wrong)}",
        dutch=f"De mailbox van {box.setting} kan niet worden geopend. De andere kant zegt: {sentence(wrong)}",
        fix=f"Check host, port, user and password in {box.setting} with whoever keeps the mailbox.",
        dutch_fix=f"Controleer server, poort, gebruikersnaam en wachtwoord in {box.setting} bij de beheerder van de "
        "mailbox.",
    )
