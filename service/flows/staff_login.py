"""Logging in: count the try, compare the password outside of any transaction, then a session or nothing.

Nobody can tell from an answer whether an address is known: an unknown one is counted, compared and refused alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain.lead import normalise_address
from service.domain.staff import check_password
from service.errors import InvalidInputError, NotFoundError, RefusedError
from service.flows import staff_codes, staff_demo, staff_news, staff_sessions, staff_throttle
from service.flows.services import Services
from service.flows.staff_secrets import HASHER, token_hash
from service.flows.staff_sessions import Member
from service.flows.staff_throttle import Try
from service.store import events, staff
from service.store.staff_tables import Staff

_LONGEST_ADDRESS = 320


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a password is to be compared with. `kept` None: with nothing, and it takes as long."""

    made: Try
    staff_id: int | None
    kept: str | None


@dataclass(frozen=True, kw_only=True)
class Entered:
    """A session was begun: its token, and whether a code is still to come."""

    token: str
    code_to_come: bool


def ask(session: Session, services: Services, address: str, network: str, now: datetime) -> Asked:
    """Count a try to log in. Raises TooManyError where there were too many."""
    account = _account_of(address)
    made = staff_throttle.count(session, services, account, network, now)
    person = staff.by_address(session, account) if account.isprintable() else None  # PostgreSQL takes no NUL
    if account == staff_demo.ADDRESS and not services.demo:
        person = None  # everybody knows that password; a database of the demo may have come along
    if person is None or person.disabled_at is not None or person.password_hash is None:
        return Asked(made=made, staff_id=None, kept=None)
    return Asked(made=made, staff_id=person.id, kept=person.password_hash)


def ask_again(session: Session, services: Services, member: Member, network: str, now: datetime) -> Asked:
    """Count a try of somebody who is logged in and is asked for their password once more."""
    person = _still_there(session, member)
    made = staff_throttle.count(session, services, person.address or "", network, now)
    return Asked(made=made, staff_id=person.id, kept=person.password_hash)


def not_compared(session: Session, asked: Asked) -> None:
    """There was no time to compare the password: the try counts no longer."""
    staff_throttle.take_back(session, asked.made)


def enter(
    session: Session, services: Services, asked: Asked, *, agent: str, fresh_hash: str | None, now: datetime
) -> Entered | None:
    """The password was right: begin a session, unless the account changed meanwhile (None).

    `fresh_hash`: the same password by today's measure, to be kept instead.
    """
    person = staff.locked(session, asked.staff_id) if asked.staff_id is not None else None
    if person is None or person.disabled_at is not None or person.password_hash != asked.kept:
        return None
    if fresh_hash:
        person.password_hash = fresh_hash
    if person.totp is not None:
        staff_throttle.take_back(session, asked.made)
        token = staff_sessions.begin(session, person, agent=agent, now=now, stage="code")
        return Entered(token=token, code_to_come=True)
    staff_throttle.was_right(session, asked.made)
    events.audit(session, f"studio:{person.id}", "staff logged in", services.clock.now())
    return Entered(token=staff_sessions.begin(session, person, agent=agent, now=now), code_to_come=False)


def count_code(session: Session, services: Services, member: Member, network: str, now: datetime) -> Try:
    """Count a try at the code. Raises TooManyError where there were too many."""
    address = _still_there(session, member).address or ""
    return staff_throttle.count(session, services, address, network, now, at_code=True)


def enter_code(
    session: Session, services: Services, member: Member, made: Try, code: str, *, agent: str, now: datetime
) -> str | None:
    """The code that was still to come: a whole session in place of the half one; None where it is wrong."""
    person = _still_there(session, member)
    if not staff_codes.is_right(session, services, person, code, now):
        # The one failure that is kept: whoever gave it has the password, and the limit lets few of them be made.
        events.audit(session, member.actor, "staff gave a wrong code", services.clock.now())
        return None
    if not staff_sessions.end(session, member):
        return None  # it was used, or ended, meanwhile
    staff_throttle.was_right(session, made)
    events.audit(session, member.actor, "staff logged in", services.clock.now())
    return staff_sessions.begin(session, person, agent=agent, now=now)


@dataclass(frozen=True, kw_only=True)
class TurnedOn:
    """The second step is on: the token of a new session, and the codes to write down."""

    token: str
    codes: list[str]


def needs_fresh_hash(kept: str) -> bool:
    """Was it made by another measure than today's?"""
    return HASHER.check_needs_rehash(kept)


def invited(session: Session, token: str, now: datetime) -> Staff:
    """Whom an invitation is for. NotFoundError, always the same, for one that is unknown, used or over."""
    found = staff.invitation(session, token_hash(token), now)
    person = session.get(Staff, found.staff_id) if found else None
    if person is None or person.removed_at is not None or person.disabled_at is not None:
        raise NotFoundError("no invitation of ours")
    return person


def check_new_password(person: Staff, password: str, again: str) -> None:
    """Raise InvalidInputError, in words, unless it will do."""
    check_password(password, name=person.name, address=person.address or "")
    if password != again:
        raise InvalidInputError("the two passwords differ", "De twee wachtwoorden zijn niet hetzelfde.")


def accept(session: Session, services: Services, token: str, password_hash: str, *, agent: str, now: datetime) -> str:
    """Use an invitation up: the password is set, and whoever set it is logged in. Returns the session's token."""
    found = staff.invitation(session, token_hash(token), now)
    person = staff.locked(session, found.staff_id) if found else None
    if found is None or person is None or person.disabled_at is not None:
        raise NotFoundError("no invitation of ours")
    if not staff.use_invitation(session, found.id, now):
        raise NotFoundError("no invitation of ours")
    person.password_hash = password_hash
    events.audit(session, f"studio:{person.id}", "staff set a password", services.clock.now())
    return staff_sessions.renew(session, person, agent=agent, now=now)


def change_password(
    session: Session, services: Services, member: Member, asked: Asked, password_hash: str, *, agent: str, now: datetime
) -> str:
    """Another password, after the old one was right: every session ends, and one begins. Returns its token."""
    person = _unchanged(session, member, asked)
    staff_throttle.was_right(session, asked.made)
    person.password_hash = password_hash
    events.audit(session, member.actor, "staff changed their password", services.clock.now())
    staff_news.tell(session, services, person, "password")
    return staff_sessions.renew(session, person, agent=agent, now=now)


def turn_code_on(
    session: Session,
    services: Services,
    member: Member,
    asked: Asked,
    sealed: str,
    code: str,
    *,
    agent: str,
    now: datetime,
) -> TurnedOn | None:
    """Ask for a code from here on, after the password was right; None where the code is wrong.

    RefusedError where it is on already: the app of whoever was first would know no code any more.
    """
    person = _unchanged(session, member, asked)
    if person.totp is not None:
        raise RefusedError("the second step is on already", "De tweede stap staat al aan.")
    codes = staff_codes.turn_on(services, person, sealed, code, now)
    if codes is None:
        staff_throttle.take_back(session, asked.made)
        return None
    staff_throttle.was_right(session, asked.made)
    events.audit(session, member.actor, "staff second step on", services.clock.now())
    staff_news.tell(session, services, person, "step-on")
    return TurnedOn(token=staff_sessions.renew(session, person, agent=agent, now=now), codes=codes)


def turn_code_off(
    session: Session, services: Services, member: Member, asked: Asked, *, agent: str, now: datetime
) -> str:
    """Ask for no code any more, after the password was right. Returns the token of a new session."""
    person = _unchanged(session, member, asked)
    staff_throttle.was_right(session, asked.made)
    staff_codes.turn_off(person)
    events.audit(session, member.actor, "staff second step off", services.clock.now())
    staff_news.tell(session, services, person, "step-off")
    return staff_sessions.renew(session, person, agent=agent, now=now)


def _account_of(address: str) -> str:
    """The address as it is kept of somebody; for what is no address, the text itself, so that tries at it count too."""
    text = address.strip().lower()[:_LONGEST_ADDRESS]
    try:
        return normalise_address(text)
    except InvalidInputError:
        return text


def _still_there(session: Session, member: Member) -> Staff:
    """Whoever is logged in, held. RefusedError where they may not be any more."""
    person = staff.locked(session, member.id)
    if person is None or person.disabled_at is not None:
        raise RefusedError("this account may not log in any more", "Met dit account kun je niet meer inloggen.")
    return person


def _unchanged(session: Session, member: Member, asked: Asked) -> Staff:
    """As `_still_there`, where the password that was compared is still theirs."""
    person = _still_there(session, member)
    if person.password_hash != asked.kept:
        raise RefusedError("the password was changed meanwhile", "Het wachtwoord is intussen veranderd.")
    return person
