"""Who works with the service: invited, given another role, locked out, removed. Each change ends their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.lead import normalise_address
from service.domain.staff import Role, StaffLanguage, clean_staff_name
from service.errors import NotFoundError, RefusedError
from service.flows import staff_codes
from service.flows.drafts import INVITATION
from service.flows.messages import add_service_mail
from service.flows.published import NAMES
from service.flows.services import Services
from service.flows.staff_secrets import new_token, token_hash
from service.store import events, sequences, staff, staff_sessions
from service.store.staff_tables import Staff, StaffInvitation

VALID = timedelta(hours=72)


@dataclass(frozen=True, kw_only=True)
class Invited:
    """Somebody, the link by which they set a password, until when it works, and whether it was mailed to them."""

    staff_id: int
    url: str
    until: datetime
    mailed: bool


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Somebody in the list. `invited_until`: an invitation waits; `second_step`: a code is asked for at log-in."""

    id: int
    name: str
    address: str
    role: Role
    language: StaffLanguage
    has_password: bool
    second_step: bool
    disabled: bool
    invited_until: datetime | None


def add(
    session: Session,
    services: Services,
    *,
    address: str,
    name: str,
    role: Role,
    language: StaffLanguage,
    actor: str,
    now: datetime,
) -> Invited:
    """Invite somebody who is not there yet. RefusedError where they are; InvalidInputError for what is no address."""
    known = normalise_address(address)
    staff.take_turn(session)
    if staff.by_address(session, known) is not None:
        raise RefusedError(
            "there is somebody with this address already; a new link: nurture staff reset",
            "er is al iemand met dit adres; een nieuwe link: nurture staff reset",
        )
    person = Staff(
        address=known, name=clean_staff_name(name), role=role.value, language=language, created_at=now, recovery=[]
    )
    session.add(person)
    session.flush()
    events.audit(session, actor, "staff added", services.clock.now(), staff=person.id, role=role.value)
    return _invite(session, services, person, now)


def reset(session: Session, services: Services, staff_id: int, *, actor: str, now: datetime) -> Invited:
    """A new link: password, second step and sessions are gone at once. RefusedError for whoever is locked out."""
    person = _held(session, staff_id)
    if person.disabled_at is not None:
        raise RefusedError(
            "they are locked out, so a link would not work; let them in again first in the studio, or remove them",
            "diegene is geblokkeerd, dus een link zou niet werken; laat diegene eerst weer toe in de studio, of "
            "verwijder diegene",
        )
    person.password_hash = None
    staff_codes.turn_off(person)
    staff_sessions.end_all(session, person.id)
    events.audit(session, actor, "staff reset", services.clock.now(), staff=person.id)
    return _invite(session, services, person, now)


def give_role(session: Session, services: Services, staff_id: int, role: Role, *, actor: str) -> bool:
    """Another role, and every session of theirs ends. False where it was theirs already."""
    person = _held(session, staff_id)
    if person.role == role:
        return False
    before, person.role = person.role, role.value
    _ended(session, person)
    at = services.clock.now()
    events.audit(session, actor, "staff role changed", at, staff=person.id, before=before, after=role.value)
    return True


def disable(session: Session, services: Services, staff_id: int, *, actor: str, now: datetime) -> bool:
    """They can log in no more, and are logged out at once. False where it was so already."""
    person = _held(session, staff_id)
    if person.disabled_at is not None:
        return False
    person.disabled_at = now
    _ended(session, person)
    events.audit(session, actor, "staff disabled", services.clock.now(), staff=person.id)
    return True


def enable(session: Session, services: Services, staff_id: int, *, actor: str) -> bool:
    """They can log in again, with the password of before. False where they could already."""
    person = _held(session, staff_id)
    if person.disabled_at is None:
        return False
    person.disabled_at = None
    events.audit(session, actor, "staff enabled", services.clock.now(), staff=person.id)
    return True


def remove(
    session: Session, services: Services, staff_id: int, *, actor: str, now: datetime, last_too: bool = False
) -> None:
    """Nothing is left but the name, which the audit log needs. `last_too`: even where no admin is left then."""
    person = _held(session, staff_id)
    person.address, person.password_hash, person.removed_at = None, None, now
    staff_codes.turn_off(person)
    staff.drop_invitations(session, person.id)
    staff_sessions.end_all(session, person.id)
    session.flush()
    if not last_too:
        _an_admin_is_left(session)
    events.audit(session, actor, "staff removed", services.clock.now(), staff=person.id)


def find(session: Session, address: str) -> int:
    """The id of whoever has this address. NotFoundError where nobody has."""
    person = staff.by_address(session, normalise_address(address))
    if person is None:
        raise NotFoundError(
            "nobody of the staff has this address; see: nurture staff list",
            "niemand van de medewerkers heeft dit adres; zie: nurture staff list",
        )
    return person.id


def person(session: Session, staff_id: int) -> Staff:
    """Somebody by number, for a look. NotFoundError where they were removed."""
    found = session.get(Staff, staff_id)
    if found is None or found.removed_at is not None:
        raise NotFoundError("there is nobody of that number", "er is niemand met dat nummer")
    return found


def speak(session: Session, staff_id: int, language: StaffLanguage) -> None:
    """The language of their pages and mails from here on."""
    person(session, staff_id).language = language


def everybody(session: Session, now: datetime) -> list[Shown]:
    """All who were not removed, by name."""
    invitations = staff.invited(session, now)
    return [
        Shown(
            id=each.id,
            name=each.name,
            address=each.address or "",
            role=Role(each.role),
            language="nl" if each.language == "nl" else "en",
            has_password=each.password_hash is not None,
            second_step=each.totp is not None,
            disabled=each.disabled_at is not None,
            invited_until=invitations.get(each.id),
        )
        for each in staff.everybody(session)
    ]


def _held(session: Session, staff_id: int) -> Staff:
    staff.take_turn(session)
    person = staff.locked(session, staff_id)
    if person is None:
        raise NotFoundError("there is nobody of that number", "er is niemand met dat nummer")
    return person


def _ended(session: Session, person: Staff) -> None:
    """Their sessions end; and an admin must be left."""
    staff_sessions.end_all(session, person.id)
    session.flush()
    _an_admin_is_left(session)


def _an_admin_is_left(session: Session) -> None:
    if not staff.admins(session):
        raise RefusedError(
            "then nobody would be an admin any more; make somebody else one first",
            "dan is er geen beheerder meer; maak eerst iemand anders beheerder",
        )


def _invite(session: Session, services: Services, person: Staff, now: datetime) -> Invited:
    """A new link, in place of those of before; mailed where the published mails have one for it."""
    staff.drop_invitations(session, person.id)
    token = new_token()
    until = now + VALID
    session.add(StaffInvitation(token_hash=token_hash(token), staff_id=person.id, created_at=now, expires_at=until))
    session.flush()
    link = f"{services.base_url}/studio/invitation/{token}"
    live = sequences.live(session, "mails", NAMES["mails"])
    mailed = live is not None and INVITATION in live.compiled
    if mailed:
        add_service_mail(
            session,
            services,
            cause=f"invitation:{token_hash(token)[:22]}",
            template=INVITATION,
            recipient=person.address or "",
            now=services.clock.now(),
            extra={"invitation": {"name": person.name, "url": link}},
        )
    return Invited(staff_id=person.id, url=link, until=until, mailed=mailed)
