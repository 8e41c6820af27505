"""Signed links in mails: a token says for what and for whom, proves it is ours, and holds nobody's address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from service.errors import RefusedError

Purpose = Literal["c", "u", "p", "b", "a", "d", "r"]
"""c confirm · u unsubscribe · p my data · b pain check · a answer · d fresh link to one's data

r is no page: the reference that goes along to the practice's own agenda, and comes back with the appointment.
"""

_KEY_ID, _PUBLIC_ID, _MAC = 3, 16, 17
_TOKEN = re.compile(r"[A-Za-z0-9_-]{48}")
_SEALED = re.compile(r"[A-Za-z0-9_-]{27,400}")
_PUBLIC = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")  # 16 bytes leave 4 bits unused: only these last letters are canonical


def new_public_id() -> str:
    """128 random bits as 22 letters of base64url: names a row to the outside without telling anything."""
    return _encode(secrets.token_bytes(_PUBLIC_ID))


def fingerprint(key: str) -> str:
    """64 hex digits that name a key without giving it away; the database keeps them to see that a key is gone."""
    return hashlib.sha256(b"nurture key\0" + key.encode()).hexdigest()


def key_mark(key: str) -> str:
    """The four letters that every token signed with this key begins with."""
    return _encode(_key_id(key))


def address_hmac(key: str, address: str) -> str:
    """64 hex digits that stand for a normalised address in the list of suppressions, and survive its erasure."""
    hashed = _keyed(key).copy()
    hashed.update(b"address\0" + address.encode())
    return hashed.hexdigest()


@lru_cache(maxsize=4)
def _keyed(key: str) -> hmac.HMAC:
    """To begin with: to set it up takes longer than an address does."""
    return hmac.new(key.encode(), digestmod="sha256")


def url(base_url: str, purpose: Purpose, token: str) -> str:
    """The address of a page behind a token: `https://host/u/TOKEN`."""
    return f"{base_url.rstrip('/')}/{purpose}/{token}"


class Keyring:
    """Secret keys, newest first: the first signs, all of them verify, so that old links outlive a rotation."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise RefusedError("a key ring needs at least one key, and no empty ones")
        self._keys = tuple((_key_id(key), key.encode()) for key in keys)

    def sign(self, purpose: Purpose, public_id: str) -> str:
        """48 letters over `A-Za-z0-9_-`, good for this purpose and id alone; the same again for the same key."""
        if not _PUBLIC.fullmatch(public_id):
            raise RefusedError("a token is made for a public id of 22 letters")
        own_id, key = self._keys[0]
        raw = _decode(public_id)
        return _encode(own_id + raw + _mac(key, purpose, raw))

    def read(self, purpose: Purpose, token: str) -> str | None:
        """The public id in a genuine token of this purpose; None for any other string, all alike."""
        if not _TOKEN.fullmatch(token):
            return None
        data = _decode(token)
        own_id, raw, mac = data[:_KEY_ID], data[_KEY_ID : _KEY_ID + _PUBLIC_ID], data[_KEY_ID + _PUBLIC_ID :]
        genuine = False
        for known_id, key in self._keys:
            genuine |= known_id == own_id and hmac.compare_digest(mac, _mac(key, purpose, raw))
        return _encode(raw) if genuine else None

    def seal(self, label: str, data: bytes) -> str:
        """`data` as letters of `A-Za-z0-9_-` that can be read but not changed; of no use under another label."""
        own_id, key = self._keys[0]
        return _encode(own_id + _seal(key, label, data) + data)

    def unseal(self, label: str, token: str) -> bytes | None:
        """What was sealed under this label; None for any other string, all alike."""
        if not _SEALED.fullmatch(token) or len(token) % 4 == 1:
            return None
        raw = _decode(token)
        own_id, mac, data = raw[:_KEY_ID], raw[_KEY_ID : _KEY_ID + _MAC], raw[_KEY_ID + _MAC :]
        genuine = _encode(raw) == token  # unused bits of the last letter would make a second token of one
        known = False
        for known_id, key in self._keys:
            known |= known_id == own_id and hmac.compare_digest(mac, _seal(key, label, data))
        return data if genuine and known else None

    def derived(self, label: str) -> tuple[str, ...]:
        """A key for one purpose from each of ours, newest first: 64 hex digits that do not give theirs away."""
        message = b"derived\0" + label.encode()
        return tuple(hmac.new(key, message, hashlib.sha256).hexdigest() for _, key in self._keys)


def _seal(key: bytes, label: str, data: bytes) -> bytes:
    return hmac.new(key, b"sealed\0" + label.encode() + b"\0" + data, hashlib.sha256).digest()[:_MAC]


def _mac(key: bytes, purpose: Purpose, raw: bytes) -> bytes:
    return hmac.new(key, b"link\0" + purpose.encode() + b"\0" + raw, hashlib.sha256).digest()[:_MAC]


def _key_id(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:_KEY_ID]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
