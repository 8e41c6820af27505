"""Is a webhook call genuine? The checks that several providers share; every comparison takes constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from service.mail.providers.reading import seconds
from service.mail.providers.values import Hook

_AHEAD = timedelta(minutes=5)  # their clock and ours


def has_password(hook: Hook, secrets: Sequence[str], now: datetime) -> bool:
    """Basic (RFC 7617) for a secret `user:password`, bearer (RFC 6750) for one without a colon; no time is signed."""
    del now
    scheme, _, given = hook.headers.get("authorization", "").partition(" ")
    genuine = False
    for secret in secrets:
        wanted = base64.b64encode(secret.encode()).decode() if ":" in secret else secret
        kind = "basic" if ":" in secret else "bearer"
        genuine |= (scheme.lower() == kind) & same(given.strip(), wanted)
    return genuine


def same(given: str, wanted: str) -> bool:
    """Whether two texts are equal, in a time that tells nothing about where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def hex_mac(secret: bytes, signed: bytes) -> str:
    """HMAC-SHA256 in lower-case hex digits."""
    return hmac.new(secret, signed, hashlib.sha256).hexdigest()


def base64_mac(secret: bytes, signed: bytes) -> str:
    """HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def any_same(given: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether any of the signatures given is one of those wanted; all of them are compared."""
    expected = list(wanted)
    genuine = False
    for one in given:
        for other in expected:
            genuine |= same(one, other)
    return genuine


def is_fresh(timestamp: object, now: datetime, oldest: timedelta | None) -> bool:
    """Whether a signed time (seconds since the epoch) lies no longer ago than `oldest`, nor ahead of us."""
    signed_at = seconds(timestamp)
    if signed_at is None:
        return False
    return signed_at <= now + _AHEAD and (oldest is None or signed_at >= now - oldest)


def digest(*parts: object) -> str:
    """One key for what has none of its own: the same parts give the same 64 hex digits."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode("utf-8", "replace")).hexdigest()


def decoded(text: str) -> bytes | None:
    """Base64 as bytes, None where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
