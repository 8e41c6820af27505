"""A test mail to somebody of the staff, by the way out itself: without any content, and beside the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.lead import normalise_address
from service.domain.limits import Limit
from service.domain.mailbox import parse_mailbox
from service.domain.staff import StaffLanguage
from service.errors import NotFoundError, RefusedError, TooManyError, UnavailableError
from service.flows.doctor_mail import Way
from service.flows.services import Services
from service.mail.links import new_public_id
from service.mail.mime import MailHeaders, build
from service.mail.outbound import OutboundMail, Outcome, SendResult
from service.store import caps, events
from service.store.db import take_locks
from service.store.staff_tables import Staff

_SCOPE = "staff-test"
_LIMIT = Limit(count=5, seconds=600)
_SECONDS = 45.0  # a person waits
_WORDS = {
    "nl": (
        "Testmail van de studio",
        "Deze mail is verstuurd vanuit de studio, om te zien of mail aankomt. Dat is gelukt. Je hoeft niets te doen.",
    ),
    "en": (
        "Test mail from the studio",
        "This mail was sent from the studio, to see whether mail arrives. It does. There is nothing you need to do.",
    ),
}


def recipients(session: Session, services: Services, staff_id: int) -> tuple[str, ...]:
    """To whom tests may go: one's own address, and those of the practice (practice.yaml, staff). To nobody else."""
    person = session.get(Staff, staff_id)
    own = (person.address,) if person is not None and person.address else ()
    try:
        _, practice = services.published.live_practice(session)
    except UnavailableError:
        return own
    return tuple(dict.fromkeys((*own, *practice.staff)))


def checked_recipient(to: str, allowed: Collection[str]) -> str:
    """The address, where tests may go there. RefusedError for any other."""
    address = normalise_address(to)
    if address not in allowed:
        raise RefusedError(
            "tests go to your own address and the practice's alone",
            "Een test gaat alleen naar je eigen adres of naar dat van de praktijk.",
        )
    return address


def count(session: Session, staff_id: int, real_now: datetime) -> None:
    """Count a test of somebody. Raises TooManyError where there were too many lately."""
    key = str(staff_id)
    take_locks(session, [f"{_SCOPE}:{key}"])
    caps.forget(session, [_SCOPE], real_now - timedelta(seconds=_LIMIT.seconds))
    if caps.over(session, _SCOPE, key, [_LIMIT], real_now):
        raise TooManyError(
            f"{_LIMIT.count} tests in ten minutes are enough; wait a moment",
            f"{_LIMIT.count} tests in tien minuten is genoeg. Wacht even.",
            retry_after=_LIMIT.seconds,
        )
    caps.count(session, _SCOPE, key, real_now)


def way_of(services: Services, word: str) -> Way:
    """The way out that is called so: `mail`, or `mail-fallback`. NotFoundError where there is none."""
    found = next((way for way in services.ways if way.word == word), None)
    if found is None:
        raise NotFoundError("there is no such way out", "Die weg naar buiten is er niet.")
    return found


def send(services: Services, way: Way, *, to: str, language: StaffLanguage) -> SendResult:
    """Hand it over and wait for the answer. No transaction is open meanwhile."""
    subject, text = _WORDS[language]
    sender, public_id = parse_mailbox(services.mail_from), new_public_id()
    headers = MailHeaders(
        message_id=f"<{public_id}@{sender.address.rpartition('@')[2]}>",
        date=services.clock.now(),
        boundary=f"=_{public_id}",
        mail_from=sender,
        to=to,
    )
    html = f'<!doctype html><html lang="{language}"><title>{subject}</title><p>{text}</p></html>'
    mail = OutboundMail(
        sender=sender.address,
        recipient=to,
        data=build(subject=subject, text=f"{text}\r\n", html=html, headers=headers),
        message_id=headers.message_id,
        idempotency_key=public_id,
    )
    return asyncio.run(_handed_over(way, mail))


def note(session: Session, way: Way, result: SendResult, *, actor: str, now: datetime) -> None:
    """Keep that somebody tried, and what came of it; not to which address."""
    events.audit(session, actor, "test mail sent", now, way=way.word, outcome=result.outcome.value)


async def _handed_over(way: Way, mail: OutboundMail) -> SendResult:
    transport = way.open()
    try:
        async with asyncio.timeout(_SECONDS):
            return await transport.send(mail)
    except TimeoutError:
        return SendResult(outcome=Outcome.UNKNOWN, stage="time-out", text="no answer in time")
    finally:
        await transport.close()
