"""Addresses that mail comes back to: of our own mailbox, with a token that says which message it is about.

`LOCAL+TOKEN@DOMAIN` (RFC 5233). As the return path it is a variable envelope return path (VERP), where reports
(RFC 3464) and automatic answers (RFC 3834 section 4) go; another one stands in Reply-To. A token is good for its own
use alone, holds nobody's address, and is written in letters that survive a server which folds case.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection
from typing import Literal

from service.mail.links import Keyring
from service.mail.mailbox_url import TOKEN_LETTERS, MailboxUrl

Use = Literal["return-path", "reply-to"]
EVERY_USE: tuple[Use, ...] = ("return-path", "reply-to")

_PUBLIC_ID, _MAC = 16, 9  # bytes: 25 make forty letters of base32, with none of its = signs
# At the end of the local part, whatever a forwarder (SRS) or another sign than + put before it.
_TOKEN = re.compile(rf"(?:^|[^a-z2-7])([a-z2-7]{{{TOKEN_LETTERS}}})@", re.IGNORECASE)
_LONGEST_ADDRESS = 320


def address_for(mailbox: MailboxUrl, keyring: Keyring, use: Use, public_id: str) -> str:
    """The address of this box for one message; the plain one where its server knows no addresses with a +."""
    if not mailbox.plus:
        return mailbox.address
    local, _, domain = mailbox.address.rpartition("@")
    return f"{local}+{token(keyring, use, public_id)}@{domain}"


def token(keyring: Keyring, use: Use, public_id: str) -> str:
    """Forty lower-case letters, signed with the newest key."""
    raw = base64.urlsafe_b64decode(public_id + "==")
    return base64.b32encode(raw + _mac(keyring.derived(use)[0], raw)).decode().lower()


def read(keyring: Keyring, address: str, uses: Collection[Use] = EVERY_USE) -> str | None:
    """The public id of the message in an address of one of these uses; None for any other address, all alike."""
    found = _TOKEN.search(address) if len(address) <= _LONGEST_ADDRESS else None
    if found is None:
        return None
    data = base64.b32decode(found[1].upper())
    raw, mac = data[:_PUBLIC_ID], data[_PUBLIC_ID:]
    genuine = False
    for use in uses:
        for key in keyring.derived(use):
            genuine |= hmac.compare_digest(mac, _mac(key, raw))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode() if genuine else None


def _mac(key: str, raw: bytes) -> bytes:
    return hmac.new(key.encode(), b"address\0" + raw, hashlib.sha256).digest()[:_MAC]
