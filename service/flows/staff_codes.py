"""The second step at log-in: six digits from a phone (TOTP, RFC 6238), or one of the codes that were written down."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlmodel import Session

from service.flows.services import Services
from service.flows.staff_secrets import decrypt, encrypt, new_recovery_codes, recovery_hash
from service.store import staff
from service.store.staff_tables import Staff

_STEP = 30  # seconds, as every app has it
_KEPT, _OFFERED = "totp", "totp offered"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A secret that may become somebody's: as text to type over, as an address for an app's QR code, and sealed to
    travel along with the form that confirms it."""

    secret: str
    uri: str
    sealed: str


def offer(services: Services, person: Staff, issuer: str, sealed: str | None = None) -> Offer:
    """A new secret, or the one that was offered before, where `sealed` is that of this very person."""
    secret = decrypt(services.keyring, _OFFERED, person.id, sealed) if sealed else None
    if secret is None:
        secret = pyotp.random_base32()
        sealed = None
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.address, issuer_name=issuer)
    return Offer(secret=secret, uri=uri, sealed=sealed or encrypt(services.keyring, _OFFERED, person.id, secret))


def turn_on(services: Services, person: Staff, sealed: str, code: str, now: datetime) -> list[str] | None:
    """From here on a code is asked for at each log-in. Returns the codes to write down; None where the code is wrong.

    The caller holds the person's row.
    """
    secret = decrypt(services.keyring, _OFFERED, person.id, sealed)
    step = _step_of(secret, code, now) if secret else None
    if secret is None or step is None:
        return None
    person.totp = encrypt(services.keyring, _KEPT, person.id, secret)
    person.totp_step = step
    return new_codes(services, person)


def new_codes(services: Services, person: Staff) -> list[str]:
    """Other codes to write down; those of before work no longer."""
    codes = new_recovery_codes()
    person.recovery = [recovery_hash(services.suppression_key, code) for code in codes]
    return codes


def turn_off(person: Staff) -> None:
    """No code is asked for any more."""
    person.totp, person.totp_step, person.recovery = None, None, []


def is_right(session: Session, services: Services, person: Staff, code: str, now: datetime) -> bool:
    """Is it the code of now, or one that was written down? Each works once. The caller holds the person's row."""
    if person.totp is None:
        return False
    secret = decrypt(services.keyring, _KEPT, person.id, person.totp)
    step = _step_of(secret, code, now) if secret else None
    if secret is not None and step is not None:
        if not staff.use_step(session, person.id, step):
            return False
        # With the newest key, so that an older one may be retired.
        person.totp = encrypt(services.keyring, _KEPT, person.id, secret)
        return True
    given = recovery_hash(services.suppression_key, code)
    left = [each for each in person.recovery if not hmac.compare_digest(each, given)]
    if len(left) == len(person.recovery):
        return False
    person.recovery = left
    return True


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step that a code belongs to: this one, the one before or the next (RFC 6238, section 5.2); None for none."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    here = int(now.timestamp()) // _STEP
    code_at = pyotp.TOTP(secret).at
    found = [step for step in (here - 1, here, here + 1) if hmac.compare_digest(code_at(step * _STEP), digits)]
    return found[-1] if found else None
