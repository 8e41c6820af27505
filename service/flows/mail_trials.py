"""A draft sent to somebody of the staff, to see it in a real mailbox. Nothing of it enters the ledger."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.limits import Limit
from service.domain.staff import sees_addresses
from service.errors import NotFoundError, TooManyError
from service.flows import samples
from service.flows.services import Services
from service.flows.staff_sessions import Member
from service.mail.compiled import CompiledMail
from service.mail.compose import MailValues
from service.mail.transport import SendResult
from service.store import caps, events, staff
from service.store.db import take_locks
from service.store.staff_tables import Staff

SCOPE = "staff-test-mail"
LIMIT = Limit(count=10, seconds=10 * 60)
"""By one person: a mailbox that gets the same over and over takes it for junk."""


def recipients(session: Session, member: Member) -> tuple[Staff, ...]:
    """To whom somebody may send a test: editors to themselves, who sees addresses to all who can log in."""
    there = [each for each in staff.everybody(session) if each.address and each.disabled_at is None]
    mine = [each for each in there if each.id == member.id]
    others = [each for each in there if each.id != member.id and each.password_hash is not None]
    return tuple(mine + others) if sees_addresses(member.role) else tuple(mine)


def send(
    services: Services, compiled: CompiledMail, values: MailValues, *, to: int, member: Member, now: datetime
) -> tuple[str, SendResult]:
    """Hand this mail over to one of the staff, by number. Returns the address, and what the mail server said.

    `now` is real time: by it is counted. NotFoundError for anybody else, TooManyError above the limit.
    """
    with services.database.transaction() as session:
        found = next((each for each in recipients(session, member) if each.id == to), None)
        if found is None or found.address is None:
            raise NotFoundError("a test goes to staff alone", "Een testmail gaat alleen naar medewerkers.")
        address = found.address
        _count(session, services, member, now)
    given = values if compiled.for_lead else values.for_practice()
    result = samples.hand_over(services, samples.packed(services, compiled, given, address, services.clock.now()))
    with services.database.transaction() as session:
        told = {"mail": compiled.name, "staff": to, "outcome": str(result.outcome)}
        events.audit(session, member.actor, "test mail sent", services.clock.now(), **told)
    return address, result


def forget(session: Session, now: datetime) -> None:
    """Drop what is not looked at any more."""
    caps.forget(session, [SCOPE], now - timedelta(seconds=LIMIT.seconds))


def _count(session: Session, services: Services, member: Member, now: datetime) -> None:
    key = services.staff_key(f"test {member.id}")
    take_locks(session, [f"limits:{SCOPE}:{key}"])
    if caps.used(session, SCOPE, key, LIMIT.seconds, now) >= LIMIT.count:
        first = caps.newest(session, SCOPE, key, LIMIT.count) or now
        left = math.ceil((first + timedelta(seconds=LIMIT.seconds) - now).total_seconds())
        minutes = math.ceil(left / 60)
        in_dutch = f"{minutes} {'minuut' if minutes == 1 else 'minuten'}"
        raise TooManyError(
            f"that were {LIMIT.count} test mails; the next can go in {minutes} min",
            f"Dat waren {LIMIT.count} testmails. De volgende kan over {in_dutch}.",
            retry_after=left,
        )
    caps.count(session, SCOPE, key, now)
