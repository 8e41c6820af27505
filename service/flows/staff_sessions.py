"""Sessions of staff: begun, looked up, ended. They are measured by real time, as leases are: the demo's clock jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from service.domain.staff import LEVELS, Least, Role, StaffLanguage, sees_addresses
from service.flows.services import Services
from service.flows.staff_secrets import form_token, is_form_token, new_token, token_hash
from service.store import staff, staff_sessions
from service.store.staff_tables import Staff, StaffSession

IDLE, LONGEST = timedelta(hours=12), timedelta(days=7)
CODE_WITHIN = timedelta(minutes=10)
_NOTED_EACH = timedelta(minutes=5)  # a page view need not write each time
Stage = Literal["code", "in"]


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody who is logged in, by what their session says: nothing secret in it."""

    id: int
    name: str
    role: Role
    language: StaffLanguage
    level: Least
    session_id: int
    session_hash: str
    second_step: bool  # is a code asked for at each log-in?

    @property
    def actor(self) -> str:
        """How the audit log names them: by number, for a name may change."""
        return f"studio:{self.id}"

    @property
    def sees_addresses(self) -> bool:
        """May addresses and names of leads be shown to them? (ACCEPTANCE E4)"""
        return sees_addresses(self.role)


def begin(session: Session, person: Staff, *, agent: str, now: datetime, stage: Stage = "in") -> str:
    """A new session for somebody. Returns its token, which is kept nowhere."""
    token = new_token()
    lasts = CODE_WITHIN if stage == "code" else LONGEST
    session.add(
        StaffSession(
            token_hash=token_hash(token),
            staff_id=person.id,
            stage=stage,
            agent=agent,
            created_at=now,
            seen_at=now,
            expires_at=now + lasts,
        )
    )
    return token


def renew(session: Session, person: Staff, *, agent: str, now: datetime) -> str:
    """End all of somebody's sessions and begin a new one: after whatever changes who may get in."""
    staff_sessions.end_all(session, person.id)
    return begin(session, person, agent=agent, now=now)


def find(session: Session, token: str, now: datetime) -> Member | None:
    """Whose session this token is; None where it ran out, was ended, or never was."""
    found = staff_sessions.find(session, token_hash(token))
    if found is None:
        return None
    row, person = found
    if row.expires_at <= now or row.seen_at + IDLE <= now:
        return None
    role = Role(person.role)
    return Member(
        id=person.id,
        name=person.name,
        role=role,
        language="nl" if person.language == "nl" else "en",
        level=LEVELS[role] if row.stage == "in" else Least.CODE,
        session_id=row.id,
        session_hash=row.token_hash,
        second_step=person.totp is not None,
    )


def end(session: Session, member: Member, session_id: int | None = None) -> bool:
    """End this session of theirs, or another one. False where it is not theirs, or not there."""
    return staff_sessions.end(session, member.id, member.session_id if session_id is None else session_id)


def end_others(session: Session, member: Member) -> None:
    """End all of their sessions but this one, those that wait for a code too."""
    staff_sessions.end_others(session, member.id, member.session_id)


def of(session: Session, member: Member) -> Sequence[StaffSession]:
    """Their sessions, the latest seen first."""
    return staff_sessions.of(session, member.id)


def note_use(services: Services, member: Member, now: datetime) -> None:
    """Keep that the session is in use; written now and then alone."""
    with services.database.reading() as session:
        row = session.get(StaffSession, member.session_id)
        if row is None or row.seen_at + _NOTED_EACH > now:
            return
    with services.database.transaction() as session:
        staff_sessions.saw(session, member.session_id, now)


def form_token_of(services: Services, member: Member) -> str:
    """What the forms of this session carry."""
    return form_token(services.keyring, member.session_hash)


def is_form_of(services: Services, member: Member, given: str) -> bool:
    """Was this form made for this session?"""
    return is_form_token(services.keyring, member.session_hash, given)


def forget(session: Session, now: datetime) -> None:
    """Drop sessions and invitations that can be used no longer."""
    staff_sessions.forget(session, now, now - IDLE)
    staff.forget_invitations(session, now)
