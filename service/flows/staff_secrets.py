"""What staff prove themselves by, as it is kept: argon2id of passwords, hashes of tokens, secrets encrypted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import unicodedata
from functools import cache

import argon2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.mail.links import Keyring

HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)
"""46 MiB and some 60 ms for one (RFC 9106; OWASP's smallest is 19 MiB): two at once is all that ever runs."""

RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
_NONCE = 12  # bytes, as AES-GCM wants it (NIST SP 800-38D)


def hash_password(password: str) -> str:
    """What is kept of a password. Takes its time and memory: never within a transaction."""
    return HASHER.hash(_plain(password))


def is_password(kept: str | None, password: str) -> bool:
    """Is it the one? None, for nobody or somebody without a password, takes as long and is never right."""
    try:
        HASHER.verify(kept or _nobodys(), _plain(password))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return kept is not None


def new_token() -> str:
    """256 random bits as 43 letters: a session's, or an invitation's."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of such a token: of 256 random bits a plain hash gives nothing away."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def form_token(keyring: Keyring, session_hash: str) -> str:
    """What each form of a session carries, so that only our own pages can post in its name (CSRF)."""
    return _form_tokens(keyring, session_hash)[0]


def is_form_token(keyring: Keyring, session_hash: str, given: str) -> bool:
    """Was it made for this session, with any key of ours?"""
    data = given.encode("utf-8", "replace")
    return any(hmac.compare_digest(data, each.encode()) for each in _form_tokens(keyring, session_hash))


def encrypt(keyring: Keyring, purpose: str, staff_id: int, text: str) -> str:
    """`text` for one purpose of one person, to be read with the keys of this installation alone (AES-256-GCM)."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(_keys(keyring)[0]).encrypt(nonce, text.encode(), _bound(purpose, staff_id))
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def decrypt(keyring: Keyring, purpose: str, staff_id: int, sealed: str) -> str | None:
    """What was encrypted for this purpose and person; None for anything else, or where the key is gone."""
    try:
        raw = base64.b64decode(sealed, altchars=b"-_", validate=True)
    except ValueError:
        return None
    for key in _keys(keyring):
        try:
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _bound(purpose, staff_id)).decode()
        except (InvalidTag, ValueError):
            continue
    return None


def new_recovery_codes() -> list[str]:
    """Codes to write down, for when the phone is lost: 59 random bits each."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3)) for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(key: str, code: str) -> str:
    """What is kept of such a code, whatever spaces, dashes and capitals it is typed with."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hmac.new(key.encode(), b"recovery\0" + plain.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _plain(password: str) -> bytes:
    """As it is hashed: written alike whichever keyboard it came from (NIST SP 800-63B, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    """A hash to be slow on where there is none to compare with."""
    return HASHER.hash(secrets.token_urlsafe(16))


def _form_tokens(keyring: Keyring, session_hash: str) -> list[str]:
    keys = keyring.derived("studio form")
    return [hmac.new(key.encode(), session_hash.encode(), hashlib.sha256).hexdigest() for key in keys]


def _keys(keyring: Keyring) -> list[bytes]:
    return [bytes.fromhex(key) for key in keyring.derived("staff secrets")]


def _bound(purpose: str, staff_id: int) -> bytes:
    return f"{purpose} {staff_id}".encode()
