"""RSA signatures under an X.509 certificate, checked by `cryptography`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

Hash = Literal["sha1", "sha256"]

_SHORTEST, _LONGEST = 2048, 8192  # bits of a key


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """An RSA key, and from when until when its certificate holds."""

    key: RSAPublicKey
    begins: datetime
    ends: datetime

    def signed(self, text: bytes, signature: bytes, *, hash_name: Hash, now: datetime) -> bool:
        """Whether this is the key's PKCS #1 v1.5 signature of the text (RFC 8017), and its certificate holds now."""
        if not self.begins <= now <= self.ends:
            return False
        try:
            # SHA-1 is what SNS signs with by its older version; Amazon's page offers SHA-256 as version 2.
            self.key.verify(signature, text, PKCS1v15(), SHA1() if hash_name == "sha1" else SHA256())  # noqa: S303
        except InvalidSignature:
            return False
        return True


def public_key(pem: bytes) -> PublicKey | None:
    """The key of the first certificate in a PEM file; None where there is none, or none that is RSA of a sane size."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except ValueError:
        return None
    if not isinstance(key, RSAPublicKey) or not _SHORTEST <= key.key_size <= _LONGEST:
        return None
    return PublicKey(key=key, begins=certificate.not_valid_before_utc, ends=certificate.not_valid_after_utc)
