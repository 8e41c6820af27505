"""RSA signatures under an X.509 certificate, checked with whole numbers alone: nothing here is secret.

Verifying (RFC 8017 section 8.2.2) takes one power of a public number. The expected block is built whole and compared,
never searched through, so that nothing can hide in its padding.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Hash = Literal["sha1", "sha256"]

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----")
_SEQUENCE, _INTEGER, _BITS, _UTC, _GENERAL, _VERSION = 0x30, 0x02, 0x03, 0x17, 0x18, 0xA0
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")  # rsaEncryption without parameters (RFC 3279 section 2.3.1)
_DIGEST_INFO = {  # RFC 8017 section 9.2, note 1
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}
_SHORTEST, _LONGEST = 2048, 8192  # bits of a key


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """An RSA key, and from when until when its certificate holds."""

    modulus: int
    exponent: int
    begins: datetime
    ends: datetime

    def signed(self, text: bytes, signature: bytes, *, hash_name: Hash, now: datetime) -> bool:
        """Whether this is the key's PKCS #1 v1.5 signature of the text, and its certificate holds now."""
        size = (self.modulus.bit_length() + 7) // 8
        number = int.from_bytes(signature)
        if len(signature) != size or number >= self.modulus or not self.begins <= now <= self.ends:
            return False
        info = _DIGEST_INFO[hash_name] + hashlib.new(hash_name, text, usedforsecurity=False).digest()
        expected = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
        return pow(number, self.exponent, self.modulus).to_bytes(size) == expected


def public_key(pem: bytes) -> PublicKey | None:
    """The key of the first certificate in a PEM file; None where there is none, or none that is RSA of a sane size."""
    found = _PEM.search(pem)
    if found is None:
        return None
    try:
        return _read(base64.b64decode(b"".join(found[1].split()), validate=True))
    except (binascii.Error, ValueError, IndexError):
        return None


def _read(der: bytes) -> PublicKey:
    """RFC 5280 section 4.1: version, serial number, algorithm, issuer, validity, subject, key."""
    certificate = _children(_only(der, _SEQUENCE))
    fields = _children(_content(certificate[0], _SEQUENCE))
    if fields[0][0] == _VERSION:
        fields = fields[1:]
    begins, ends = (_time(each) for each in _children(_content(fields[3], _SEQUENCE)))
    info = _children(_content(fields[5], _SEQUENCE))
    if info[0] != _RSA:
        raise ValueError("no RSA key")
    bits = _content(info[1], _BITS)
    modulus, exponent = (int.from_bytes(_content(each, _INTEGER)) for each in _children(_only(bits[1:], _SEQUENCE)))
    if bits[0] or not _SHORTEST <= modulus.bit_length() <= _LONGEST or not 3 <= exponent < 2**32 or not exponent % 2:
        raise ValueError("no RSA key of a sane size")
    return PublicKey(modulus=modulus, exponent=exponent, begins=begins, ends=ends)


def _children(content: bytes) -> list[bytes]:
    """The elements that lie one after the other, each with its tag and length (X.690 section 8.1)."""
    found = []
    while content:
        _, start, end = _header(content)
        if end > len(content) or end <= 0 or start > end:
            raise ValueError("cut short")
        found.append(content[:end])
        content = content[end:]
    return found


def _content(element: bytes, tag: int) -> bytes:
    if element[0] != tag:
        raise ValueError("another element was expected")
    _, start, end = _header(element)
    return element[start:end]


def _only(data: bytes, tag: int) -> bytes:
    elements = _children(data)
    if len(elements) != 1:
        raise ValueError("one element was expected")
    return _content(elements[0], tag)


def _header(data: bytes) -> tuple[int, int, int]:
    """Tag, where the content starts, where it ends."""
    length = data[1]
    if length < 0x80:
        return data[0], 2, 2 + length
    count = length & 0x7F
    if not 1 <= count <= 4 or len(data) < 2 + count:
        raise ValueError("no length")
    return data[0], 2 + count, 2 + count + int.from_bytes(data[2 : 2 + count])


def _time(element: bytes) -> datetime:
    """RFC 5280 section 4.1.2.5: two digits of a year are of 1950 to 2049."""
    kind = element[0]
    text = _content(element, kind).decode("ascii")
    if kind == _UTC:
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif kind != _GENERAL:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
